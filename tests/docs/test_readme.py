"""The README is true: what it shows can be typed, and what it prints is what comes out."""

import re
import subprocess
import sys
from argparse import _SubParsersAction
from pathlib import Path

import pytest

from viz.cli import parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> dict[str, str]:
    """Subcommands of ``twin`` and their one-line help."""
    action = next(a for a in parser()._actions if isinstance(a, _SubParsersAction))
    return {choice.dest: choice.help or "" for choice in action._choices_actions}


def console_block(command: str) -> list[str]:
    """The lines the README shows for a command, without the command."""
    block = next(b for b in re.findall(r"```console\n(.*?)```", README, re.S) if b.startswith(f"$ {command}\n"))
    return block.splitlines()[1:]


def shape(line: str) -> str:
    """A line of output with numbers, digests, paths and judgements made alike."""
    line = re.sub(r"[0-9a-f]{64}", "DIGEST", line)
    line = re.sub(r"\S*report\.html", "PATH", line)
    line = re.sub(r"\b(within|OUTSIDE)\b", "JUDGED", line)
    line = re.sub(r"   reported .*?(?=   |$)", "", line)
    line = re.sub(r"-?\d[\d,.]*", "N", line)
    return re.sub(r"\s+", " ", line).strip()


def test_make_run_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """The pasted run is a real one, numbers aside."""
    shown = console_block("make run")
    assert shown[0] in (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(BIN)", ".venv/bin")
    out = subprocess.run(
        [sys.executable, "-m", "twin", "run", "configs/default.yaml", "--out", str(tmp_path / "run")],
        cwd=ROOT, check=True, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ).stdout  # fmt: skip
    assert sorted(map(shape, shown[1:])) == sorted(map(shape, out.splitlines()))


def test_shapes_differ_where_words_differ() -> None:
    """The comparison above forgives numbers, nothing else."""
    assert shape("on_time_share  86.9 %   within 80.0 % to 95.0 %") == shape("on_time_share  7 %   OUTSIDE 1 % to 2 %")
    assert shape("distance_km 394.2 km") != shape("distance_km 394.2 m")


def test_make_targets_shown_exist() -> None:
    """Every ``make X`` in the README is a target."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    shown = set(re.findall(r"(?:`|\$ )make ([a-z]+)", README))
    assert {"run", "test"} <= shown <= targets


def test_the_table_of_commands_is_the_command_line() -> None:
    """Each command documented exists, and each that exists is documented."""
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `twin (\w+)", table, re.M)) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_mentions_each_command(name: str) -> None:
    """``twin --help`` has a line for each, with what it does."""
    assert re.search(rf"^ +{name}\s+\w", parser().format_help(), re.M)


def test_the_picture_is_there_and_small() -> None:
    """Under 300 kB, as a page is loaded on the train."""
    picture = ROOT / re.search(r"!\[[^]]+\]\(([^)]+)\)", README)[1]  # type: ignore[index]
    assert 10_000 < picture.stat().st_size < 300_000
