"""The run folder: where a run's files are, its manifest, its outside commands."""

import hashlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

VERSIONED = ("fleet-twin", "numpy", "scipy", "pyarrow", "simpy", "mesa", "pyvrp", "ortools", "pyroutingkit", "osmium")


class FolderInUse(ValueError):
    """The output folder exists and is not empty, or cannot be written into."""


def make_folder(out: Path) -> Path:
    """Make an output folder.

    Raises:
        FolderInUse: it exists and is not empty, or cannot be made or written into.
    """
    check_free(out)
    return writable(out)


def check_free(out: Path) -> None:
    """Refuse an output folder with something in it.

    Raises:
        FolderInUse: it exists and is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderInUse(f"--out: '{out}': expected a new or empty folder (use --resume to finish a killed run)")


def writable(out: Path) -> Path:
    """The folder, made if it is not there.

    Raises:
        FolderInUse: it cannot be made or written into.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(out, os.W_OK) else "Permission denied"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise FolderInUse(f"--out: '{out}': expected a folder that can be written into ({reason})")
    return out


def stamped_folder(name: str, what: Any) -> Path:
    """``runs/<name>/<utc>-<digest8>``: the digest is that of ``what``, as JSON."""
    stamp = utc_now()[:19].replace(":", "").replace("-", "")
    return Path("runs") / name / f"{stamp}-{digest8(what)}"


def digest8(what: Any) -> str:
    """Eight hexadecimal digits by which a value, as JSON, is known again."""
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:8]


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that is complete or not there; NaN is refused."""
    part = path.with_name(path.name + ".tmp")
    with open(part, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        ValueError: no such file, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every finished file of a run but the manifest and what is made from it."""
    left_out = {"manifest.json", "report.html", "people.json"}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in left_out)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def sha256_of(path: Path) -> str:
    """A file's SHA-256, hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of what a run's bytes depend on."""
    found = {"python": sys.version.split()[0], "machine": platform.machine(), "system": platform.system()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def utc_now() -> str:
    """The wall clock, for manifests only."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class CommandLog:
    """``commands.jsonl``: what came from outside, on disk before it is acknowledged."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None
        if folder is not None:
            path = folder / "commands.jsonl"
            drop_torn_line(path)
            self._file = open(path, "ab")  # noqa: SIM115

    def record(self, at_us: int, kind: str, payload: dict[str, Any], by: str) -> None:
        """Append one command and force it to the disk."""
        if self._file is not None:
            line = {"at_us": at_us, "kind": kind, "payload": payload, "by": by}
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def drop_torn_line(path: Path) -> None:
    """A kill in the middle of a write leaves half a line; it was never acknowledged."""
    if path.exists():
        whole = path.read_bytes().rpartition(b"\n")
        if whole[2]:
            os.truncate(path, len(whole[0]) + len(whole[1]))


def read_commands(folder: Path) -> list[dict[str, Any]]:
    """The recorded commands of a run, without a line torn by a kill.

    Raises:
        ValueError: a whole line that is no command.
    """
    path = folder / "commands.jsonl"
    return _commands(path, path.read_bytes().rpartition(b"\n")[0]) if path.exists() else []


def read_command_file(path: Path) -> list[dict[str, Any]]:
    """Commands from lines of JSON ``{at_us, kind, payload, by}`` that somebody gives us.

    Raises:
        ValueError: no such file, or a line that is no command.
    """
    if not path.is_file():
        raise ValueError(f"{path}: expected a file of commands, as commands.jsonl of a run")
    return _commands(path, path.read_bytes())


def _commands(path: Path, text: bytes) -> list[dict[str, Any]]:
    commands = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            command = json.loads(line, parse_constant=_no_constant)
            commands.append({key: command[key] for key in ("at_us", "kind", "payload", "by")})
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"{path}: line {number}: expected a command with at_us, kind, payload, by") from None
    return commands


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
