"""What a user waits for: ``twin --help``, the default day, the time from installed packages to the first report."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scenarios.ground import prepare
from scenarios.load import load
from scenarios.run import Session

DEFAULT = Path(__file__).resolve().parents[1] / "configs" / "default.yaml"


def main() -> None:
    """Print a line each."""
    walls = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "twin", "--help"], check=True, capture_output=True)
        walls.append(time.perf_counter() - start)
    print(json.dumps({"item": "cli.help", "seconds": round(statistics.median(walls), 3)}))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        start = time.perf_counter()
        command = [sys.executable, "-m", "twin", "run", str(DEFAULT), "--out", str(out), "--quiet"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        seconds = time.perf_counter() - start
        assert (out / "report.html").exists()  # noqa: S101
        print(json.dumps({"item": "first_report", "seconds": round(seconds, 1)}))
    scenario = load(DEFAULT)
    session = Session(scenario, prepare(scenario))
    planning = [0.0]

    def planned(plan: object) -> None:
        planning[0] += time.perf_counter() * (1 if plan is not None else -1)

    session.on_plan(planned)
    start = time.perf_counter()
    session.advance(scenario.end_us)
    wall = time.perf_counter() - start - planning[0]
    hours = (scenario.end_us - scenario.start_us) / 3.6e9
    print(json.dumps({"item": "default.simulation", "seconds": round(wall, 2), "planning_s": round(planning[0], 2),
                      "times_real_time": round(hours * 3600 / wall)}))  # fmt: skip


if __name__ == "__main__":
    main()
