"""A day run once more beside the one being played, in a process of its own, so that nobody who watches has to wait.

Its past: the same scenario and commands up to now, sealed as a run folder of its own, in which any moment can be looked
up. And what would have been: the same seed untouched, or under another policy. ``python -m scenarios.live.aside`` reads
one line of JSON from stdin and answers with one on stdout.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.again import original
from scenarios.folder import make_folder, read_json
from scenarios.ground import prepare
from scenarios.run import Session

Variant = dict[str, Any]
"""``policy`` (None: the scenario's), ``commands``, ``out`` (a folder, None: in memory)."""


def play(manifest: dict[str, Any], until_us: int, variants: dict[str, Variant]) -> dict[str, dict[str, Any]]:
    """Run each variant from the start up to a moment; its KPIs by name."""
    scenario = original(manifest)
    ground, found = prepare(scenario), {}
    for name, variant in variants.items():
        out = make_folder(Path(variant["out"])) if variant["out"] else None
        commands = [command for command in variant["commands"] if command["at_us"] <= until_us]
        session = Session(scenario, ground, out, variant["policy"], commands)
        session.advance(until_us)
        found[name] = session.finish().kpis
    return found


class Aside:
    """The process; ``then`` is called with what it found, ``failed`` with one line, on a thread of its own."""

    def __init__(
        self, folder: Path, until_us: int, variants: dict[str, Variant], then: Callable[[dict[str, Any]], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """``folder`` is of the run being played: its manifest says which scenario."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scenarios.live.aside"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        task = json.dumps({"folder": str(folder), "until_us": until_us, "variants": variants})
        self._then, self._failed = then, failed
        threading.Thread(target=self._wait, args=(task,), name="aside", daemon=True).start()

    def _wait(self, task: str) -> None:
        said, _ = self._process.communicate(task + "\n")
        if self._process.returncode == 0 and said:
            self._then(json.loads(said))
        elif self._process.returncode >= 0:  # not stopped by us
            self._failed("the day could not be run again; see what the engine wrote")

    @property
    def running(self) -> bool:
        """Whether it has not answered yet."""
        return self._process.poll() is None

    def stop(self) -> None:
        """It is not needed any more."""
        if self._process.poll() is None:
            self._process.kill()


def main() -> int:
    """The process."""
    task = json.loads(sys.stdin.readline())
    manifest = read_json(Path(task["folder"]) / "manifest.json")
    print(json.dumps(play(manifest, task["until_us"], task["variants"])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
