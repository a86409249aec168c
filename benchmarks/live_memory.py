"""Memory of the live view over a long play: the browser's page, the page's process, the engine's.

The default day told again and again at high speed would hide what a day itself needs, so a finished run is watched: its
clock goes round from morning to evening and back, vehicles selected, truth and themes switched, other pages opened. The
first round is not counted: what is kept on purpose has been made by then.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.live_view import browser, page, visit
from benchmarks.soak.figures import Figure
from scenarios.load import load
from scenarios.run import run

SLACK = 1.05
"""The median of the last quarter of the rounds may be so much of the first quarter's: [A] rounds differ by more."""
ROUND_S = 20.0
ROUND = """async seconds => {
  const wait = ms => new Promise(done => setTimeout(done, ms)), { day, session } = view.parts;
  const until = performance.now() + 1000 * seconds;
  act({ do: "seek", at_us: day.start_us });
  act({ do: "speed", value: (day.end_us - day.start_us) / 1e6 / seconds });
  act({ do: "play" });
  for (let k = 0; performance.now() < until; k++) {
    choose(k % view.map.n);
    if (k % 3 === 0) toggleTruth();
    if (k % 5 === 0) setTheme(view.map.theme === "dark" ? "light" : "dark");
    if (k % 4 === 0) openPage(session.pages[k % session.pages.length]);
    view.map.zoom(k % 2 ? 2 : 0.5);
    await wait(250);
  }
  openPage("operations");
}"""


def grows(scenario: Path | dict[str, Any], seconds: float, round_s: float = ROUND_S) -> Figure:
    """Play round after round; wrong is what needs more than ``SLACK`` at the end of what it needed at the beginning."""
    figure = Figure(
        "R9", "memory of browser, page and engine over an hour of play", "an hour, no growth", unit="rounds"
    )
    played = [*rounds(scenario, seconds, round_s)]
    figure.tried = len(played) - 1
    quarter = max(1, figure.tried // 4)
    said = []
    for name in played[0]:
        used = [each[name] for each in played[1:] or played]
        begun, ended = median(used[:quarter]), median(used[-quarter:])
        said.append(f"{name} {begun:.1f} to {ended:.1f} MB (at most {max(used):.1f})")
        figure.take(figure.tried, [said[-1]] if ended > SLACK * begun else [])
    figure.note = ", ".join(said)
    return figure


def rounds(scenario: Path | dict[str, Any], seconds: float, round_s: float) -> Iterator[dict[str, float]]:
    """Megabytes after each round: the browser's heap once collected, resident memory of page and engine."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
        run(load(scenario), out=folder)
        url, pid = stack.enter_context(page("--run", str(folder)))
        opened = visit(stack.enter_context(browser()), url)
        tools = opened.context.new_cdp_session(opened)
        until = time.monotonic() + seconds
        while True:
            opened.evaluate(ROUND, round_s)
            yield {"browser": heap_mb(tools), "page": resident_mb(pid), "engine": resident_mb(child_of(pid))}
            if time.monotonic() > until:
                return


def heap_mb(tools: Any) -> float:
    """What the scripts of a page hold once the rest is collected; ``tools`` is a session of the developer protocol."""
    tools.send("HeapProfiler.collectGarbage")
    return tools.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def resident_mb(pid: int) -> float:
    """What of a process is in memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def child_of(pid: int) -> int:
    """The only process it has started."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()[0])


if __name__ == "__main__":
    print(grows(Path(sys.argv[1]), 60 * float(sys.argv[2])).line())
