"""``make bench``: every benchmark in turn, each in its own process, with the bar it is held to.

Prints JSON lines and, last, a table. Ratios are between things run side by side on this machine; counts asserted inside
the benchmarks say that the behaviour did not change. ``--quick`` leaves out what takes minutes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass

WARM = {"MALLOC_MMAP_THRESHOLD_": str(1 << 33), "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
"""glibc keeps what it was given: a virtual machine's first touch of a page costs more than what is measured."""


@dataclass(frozen=True)
class Bar:
    """A figure of a benchmark's line and what it should be."""

    item: str
    figure: str
    least: float | None = None
    most: float | None = None

    def judge(self, lines: list[dict]) -> str:
        """A row of the table."""
        found = next((line[self.figure] for line in lines if line["item"] == self.item and self.figure in line), None)
        bar = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        if found is None:
            return f"| {self.item} | {self.figure} | {bar} | not measured | |"
        good = found >= self.least if self.least is not None else found <= self.most  # type: ignore[operator]
        return f"| {self.item} | {self.figure} | {bar} | {found:,} | {'reached' if good else 'not reached'} |"


BARS = (
    Bar("kernel.1000x100", "times_faster", least=2),
    Bar("kernel.2000x100", "times_faster", least=2),
    Bar("day.200x24h@1s.memory", "vehicle_h_per_s", least=1800),
    Bar("day.200x24h@1s.disk", "vehicle_h_per_s", least=700),
    Bar("sampling.10000x1s.300s", "samples_per_s", least=10e6),
    Bar("sampling.10000x1s.300s", "of_bare", least=0.5),
    Bar("travel_times.matrix_1000x1000", "seconds", most=1),
    Bar("travel_times.new_metric", "seconds", most=0.1),
    Bar("radio.day", "s_per_day", most=30),
    Bar("default.simulation", "times_real_time", least=5000),
    Bar("solve.pyvrp.100", "points_worse", most=0.2),
    Bar("solve.pyvrp.400", "points_worse", most=0.2),
    Bar("solve.ortools.100", "points_worse", most=0.2),
    Bar("solve.ortools.400", "points_worse", most=0.2),
    Bar("policies.nearest", "given_ms", most=20),
    Bar("policies.nearest", "computed_ms", most=60),
    Bar("policies.insertion", "given_ms", most=20),
    Bar("policies.insertion", "computed_ms", most=60),
    Bar("policies.smart", "given_ms", most=20),
    Bar("policies.smart", "computed_ms", most=60),
    Bar("cli.help", "seconds", most=0.25),
    Bar("first_report", "seconds", most=60),
    Bar("study.100x1000.vans", "free_cores_s", most=120),
    Bar("study.100x1000.policy", "free_cores_s", most=120),
    Bar("study.100x1000.vans", "busy_share", least=0.9),
    Bar("study.overhead", "overhead_share", most=0.05),
    Bar("study.memory", "grows", most=1.05),
    Bar("live.first_view", "seconds", most=3),
    Bar("live.1000.canvas", "drawn_per_s", least=10),
    Bar("live.1000.canvas", "pace_kept", least=0.95),
    Bar("live.10000.canvas", "drawn_per_s", least=2),
    Bar("live.10000.canvas", "pace_kept", least=0.95),
)

QUICK = (
    ["benchmarks.kernel", "--orders", "500", "1000", "2000", "4000"],
    ["benchmarks.telemetry", "--only", "sampling"],
    ["benchmarks.day", "--only", "memory"],
    ["benchmarks.day", "--only", "disk"],
    ["benchmarks.radio", "--quick"],
    ["benchmarks.travel_times"],
    ["benchmarks.planning"],
    ["benchmarks.policies"],
    ["benchmarks.front_door"],
    ["benchmarks.study", "--only", "memory,same"],
)
LONG = (
    ["benchmarks.day", "--only", "disk", "--vehicles", "10000", "--orders", "30000", "--period-s", "10"],
    ["benchmarks.solve"],
    ["benchmarks.live_view"],
    ["benchmarks.study", "--only", "vans,policy,overhead"],
)


def run(module: list[str]) -> list[dict]:
    """The JSON lines of one benchmark."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", *module], capture_output=True, text=True, env=os.environ | WARM, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(module)} failed:\n{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        if "case" in line:
            line["item"] = ".".join([line["case"], f"{line['vehicles']}x{line['period_s']}s", *_window(line)])
        line.setdefault("item", line.get("benchmark", ""))
        print(json.dumps(line), flush=True)
    return lines


def _window(line: dict) -> list[str]:
    return [f"{line['window_s']}s"] if "window_s" in line else []


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="modules whose name contains this")
    arguments = parser.parse_args()
    print(json.dumps({"machine": platform.processor() or platform.machine(), "python": platform.python_version(),
                      "cores": os.cpu_count(), "load": os.getloadavg()[0],
                      "date": time.strftime("%Y-%m-%d")}))  # fmt: skip
    lines = []
    for module in (*QUICK, *(() if arguments.quick else LONG)):
        if not arguments.only or arguments.only in module[0]:
            lines += run(module)
    print("\n| item | figure | bar | measured | |\n|---|---|---|---|---|")
    for bar in BARS:
        print(bar.judge(lines))


if __name__ == "__main__":
    main()
