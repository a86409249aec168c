"""The live view in a real browser: frames a second, frame times, bytes, and whether the simulation keeps its pace.

Three processes as for a user: engine, page, headless Chromium (software drawing, without a graphics card).
``drawn_per_s`` counts frames of the map really painted while vehicles move; ``frame_ms`` are the browser's own times
between animation frames (p50, p95, longest); ``kb_per_push`` is what travels over the socket when something has
changed, counted by the browser's developer protocol; ``pan_ms_p50`` is a frame while the map is pushed about, where
Bokeh paints the ground anew each time, on canvas or by WebGL; ``page_ms_per_push`` is the page process's time for it;
``pace_kept`` is the speed reached over the speed asked for. ``first_view``: the default day, from asking for the page
until map, table and figures are there; median of five. CHROMIUM names the browser's executable.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage")
DEFAULT = Path(__file__).resolve().parents[1] / "configs" / "default.yaml"
WARM_S, MEASURE_S = 6.0, 15.0
SPEED = 10.0
PAGE = (
    "import sys, viz.live.map as m; m.BACKEND = sys.argv.pop(1); from viz.cli import main; sys.exit(main(sys.argv[1:]))"
)
TICKS = os.sysconf("SC_CLK_TCK")
WATCH = """seconds => new Promise(done => {
  const gaps = [], began = performance.now(), frames = view.map.frames;
  let last = began, pushes = 0;
  const pushed = () => { pushes++; };
  view.wire.properties.frame.change.connect(pushed);
  const tick = now => {
    gaps.push(now - last);
    last = now;
    if (now - began < 1000 * seconds) { requestAnimationFrame(tick); return; }
    view.wire.properties.frame.change.disconnect(pushed);
    done({gaps: gaps.slice(1), drawn: view.map.frames - frames, pushes, seconds: (now - began) / 1000});
  };
  requestAnimationFrame(tick);
})"""


PAN = """seconds => new Promise(done => {
  const gaps = [], began = performance.now(), [cx, cy] = view.map.centre(), mpp = view.map.mpp;
  let last = began;
  const tick = now => {
    gaps.push(now - last);
    last = now;
    view.map.show(cx + 80 * mpp * Math.sin((now - began) / 500), cy, mpp);
    if (now - began < 1000 * seconds) requestAnimationFrame(tick); else done(gaps.slice(1));
  };
  requestAnimationFrame(tick);
})"""
PAN_S = 5.0


@contextmanager
def engine(vehicles: int) -> Iterator[str]:
    """A process that plays a fleet at work, all on the road; gives its address."""
    command = [sys.executable, "-m", "benchmarks.live_engine", str(vehicles), str(SPEED)]
    with _process(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        yield json.loads(process.stdout.readline())["address"]  # type: ignore[union-attr]


@contextmanager
def page(*arguments: str, backend: str = "canvas") -> Iterator[tuple[str, int]]:
    """``twin live``; gives where its page is, and its process id."""
    with _process([sys.executable, "-c", PAGE, backend, "live", *arguments], stderr=subprocess.PIPE) as process:
        for line in process.stderr or ():
            if found := re.match(r"open\s+(\S+)", line):
                yield found[1], process.pid
                return
        raise RuntimeError("twin live did not open")


@contextmanager
def _process(command: list[str], **pipes: Any) -> Iterator[subprocess.Popen]:
    with subprocess.Popen(command, text=True, **pipes) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)  # the engine ends when its stdin does
            process.communicate(timeout=30)


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


def visit(chromium: Any, url: str) -> Any:
    """A page on which the day can be seen."""
    opened = chromium.new_page(viewport={"width": 1366, "height": 768})
    opened.goto(url)
    opened.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    return opened


def measure(vehicles: int, backend: str) -> dict[str, float]:
    """One fleet, one way of drawing."""
    with ExitStack() as stack:
        address = stack.enter_context(engine(vehicles))
        url, pid = stack.enter_context(page("--attach", address, backend=backend))
        opened = visit(stack.enter_context(browser()), url)
        opened.evaluate("act({do: 'play'})")
        opened.wait_for_timeout(1000 * WARM_S)
        wire, received = opened.context.new_cdp_session(opened), [0]

        def count(event: dict[str, Any]) -> None:
            frame = event["response"]
            size = len(frame["payloadData"])
            received[0] += size if frame["opcode"] == 1 else 3 * size // 4  # binary comes as base64

        wire.send("Network.enable")
        wire.on("Network.webSocketFrameReceived", count)
        before_s = _cpu_s(pid)
        seen = opened.evaluate(WATCH, MEASURE_S)
        cpu_s, gaps = _cpu_s(pid) - before_s, sorted(seen["gaps"])
        clock = opened.evaluate("view.parts.clock")
        panned = sorted(opened.evaluate(PAN, PAN_S))
        return {
            "drawn_per_s": round(seen["drawn"] / seen["seconds"], 1),
            "frame_ms_p50": round(gaps[len(gaps) // 2], 1),
            "frame_ms_p95": round(gaps[int(0.95 * len(gaps))], 1),
            "frame_ms_longest": round(gaps[-1], 1),
            "pushes_per_s": round(seen["pushes"] / seen["seconds"], 1),
            "kb_per_push": round(received[0] / 1000 / max(1, seen["pushes"]), 1),
            "page_ms_per_push": round(1000 * cpu_s / max(1, seen["pushes"]), 1),
            "pan_ms_p50": round(panned[len(panned) // 2], 1),
            "pace_kept": round((clock["reached"] or 0.0) / SPEED, 3),
            "driving": opened.evaluate("view.parts.state.filter(s => view.parts.day.states[s] === 'driving').length"),
        }


def first_view() -> float:
    """Seconds from asking for the page of the default day until it is there; median of five visits."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url, _ = stack.enter_context(page(str(DEFAULT), "--out", str(Path(folder) / "run")))
        chromium = stack.enter_context(browser())
        took_ms = []
        for _ in range(5):
            opened = visit(chromium, url)
            took_ms.append(float(opened.evaluate("document.documentElement.dataset.ready")))
            opened.close()
    return statistics.median(took_ms) / 1000


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    """Print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--backends", nargs="*", default=["canvas", "webgl"])
    parser.add_argument("--no-first-view", action="store_true")
    arguments = parser.parse_args()
    if not arguments.no_first_view:
        print(json.dumps({"item": "live.first_view", "seconds": round(first_view(), 2)}), flush=True)
    for vehicles in arguments.vehicles:
        for backend in arguments.backends:
            began = time.perf_counter()
            line = {"item": f"live.{vehicles}.{backend}", **measure(vehicles, backend)}
            print(json.dumps(line | {"took_s": round(time.perf_counter() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
