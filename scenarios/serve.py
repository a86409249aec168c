"""The engine's side of a live view: a day paced by a clock, its snapshots out, requests in, over a local socket.

``python -m scenarios.serve`` is a process of its own: it reads one line of JSON from stdin (what to show, and the token
a watcher must know), says on stdout where it listens, and ends when stdin does. What can be asked for, and the parts of
a snapshot, are in ``docs/live-parts.md``.
"""

import json
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.clock import SECOND
from scenarios.live import playhead
from scenarios.live.acts import Acts
from scenarios.live.asked import names, record, whole
from scenarios.live.lookup import answer_to
from scenarios.live.mailbox import Mailbox
from scenarios.live.other_days import OtherDays
from scenarios.live.pace import Pace, check_speed
from scenarios.live.playhead import Playhead
from scenarios.live.recorded import RecordedDay
from scenarios.live.snapshot import Day
from scenarios.live.switchboard import Line, Request, Switchboard
from scenarios.live.viewer import Viewer

PUBLISH_S = 0.1
"""At most this often a snapshot is taken."""
OPENING_US = 2 * SECOND
"""A day is first shown so long after its start: what was ordered before it has been heard of then."""
NEEDED = {"replay": "repair"} | dict.fromkeys(("set", "inject", "post", "compare", "branch"), "trainer")
"""The right that a request needs; acts need ``command``, and moving the day's own clock ``clock``."""


class Player:
    """Moves a day along, publishes it, and answers requests; one thread does all of it."""

    def __init__(self, day: Day, board: Switchboard, mailbox: Mailbox, pace: Pace) -> None:
        self.board, self.mailbox = board, mailbox
        self.note = ""
        self.viewers: dict[Line, Viewer] = {}
        self._due: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()  # left here by other threads
        self.others = OtherDays(self._due.put)
        self._published_s = -1.0
        self._stale = True
        self.open(day, pace)

    def open(self, day: Day, pace: Pace) -> None:
        """Play this day from now on."""
        self.head = Playhead(day, pace)
        self._fixed = day.fixed()
        self.acts = Acts(lambda: day.picture, day.projection)
        self.others.of(day)
        day.on_busy(self.say)

    @property
    def day(self) -> Day:
        """The one that everybody follows who has no moment of their own."""
        return self.head.day

    def run(self, stop: threading.Event) -> None:
        """Play until told to stop."""
        self.head.anchor()
        self.publish()
        while not stop.is_set():
            moved = self.head.move()
            for viewer in self._watching():
                moved |= viewer.head is not None and viewer.head.move()
            self._stale |= moved
            self._do_due()
            self._answer(0.0 if moved else 0.02)
            if self._stale and time.monotonic() - self._published_s >= PUBLISH_S:
                self.publish()
        self.others.close()

    def publish(self) -> None:
        """Put a snapshot of now into the mailbox, and on each line what is that viewer's own."""
        viewers = self._watching()
        common = self._fixed | self.day.parts() | self.others.parts | {"clock": self.head.clock(self.note)}
        for viewer in viewers:
            viewer.line.own = viewer.parts(self.head, common, self.note)
        self.mailbox.put(common)
        self._published_s, self._stale = time.monotonic(), False

    def say(self, note: str) -> None:
        """Publish what keeps the engine busy, shown until something else is said."""
        self.note = note
        self.publish()

    def _watching(self) -> list[Viewer]:
        """A viewer for every line; of a day told again each has a moment of their own from the start."""
        lines = self.board.watchers()
        if self.viewers.keys() != set(lines):
            gone = self.viewers.keys() - set(lines)
            self.viewers = {line: self.viewers.get(line) or self._viewer(line) for line in lines}
            self._stale = True
            if gone:
                self._follow()
        return [*self.viewers.values()]

    def _viewer(self, line: Line) -> Viewer:
        day = self.day
        if not isinstance(day, RecordedDay):
            return Viewer(line)
        own = day.again()
        own.seek(day.now_us)
        return Viewer(line, Playhead(own, Pace(self.head.pace.speed), own=True))

    def _follow(self) -> None:
        """The day keeps trails of the vehicles that anybody looks at."""
        self.day.follow({row for viewer in self.viewers.values() for row in viewer.rows})

    # --- requests ---

    def _do_due(self) -> None:
        while not self._due.empty():
            self._due.get()()
            self._stale = True

    def _answer(self, wait_s: float) -> None:
        """Answer what has been asked, waiting a little where nothing else is to be done."""
        try:
            request = self.board.requests.get(wait_s > 0, wait_s or None)
            while True:
                self._do(request)
                request = self.board.requests.get_nowait()
        except queue.Empty:
            return

    def _do(self, request: Request) -> None:
        """Do one thing asked and say how it went."""
        what, fields = str(request.fields.get("do")), request.fields
        self._watching()
        viewer = self.viewers.get(request.line)
        if viewer is None:  # it has left
            return
        try:
            if what == "tell":
                answer_to(request, (viewer.head or self.head).day, "truth" in viewer.line.rights)
                return
            text = self._done(what, fields, viewer)
        except (ValueError, KeyError, TypeError) as error:
            missing = f"{what}: {error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            request.answer(ok=False, text=missing)
            return
        self.head.anchor()
        self.publish()
        request.answer(ok=True, text=text)

    def _done(self, what: str, fields: dict[str, Any], viewer: Viewer) -> str:
        rights = viewer.line.rights
        if what in playhead.ACTS:
            if viewer.head is None and "clock" not in rights:
                raise ValueError(f"{what}: only who owns the day may move its clock")
            (viewer.head or self.head).do(what, fields)
            return ""
        if what == "look_at":
            viewer.look_at(names(fields, "vehicles"), self.day.picture.belief.index)
            self._follow()
            return ""
        if what in ("past", "now"):
            self.others.past(viewer, whole(fields, "at_us")) if what == "past" else self._back(viewer)
            return viewer.note
        if what not in self.acts.names and what not in NEEDED:
            raise ValueError(f"unknown request {what!r}")
        needed = NEEDED.get(what, "command")
        if needed not in rights:
            raise ValueError(f"{what}: this is not for you to do")
        if viewer.head is not None and self.day.can_command:
            raise ValueError(f"{what}: you are looking at the past; go back to now first")
        return self._acted(what, fields)

    def _acted(self, what: str, fields: dict[str, Any]) -> str:
        if what == "post":
            self.day.post(str(fields["kind"]), record(fields, "payload"), str(fields["by"]))
            return "recorded"
        if what == "compare":
            return self.others.compare()
        if what == "branch":
            self.open(self.others.branched(whole(fields, "at_us"), self.say), Pace(self.head.pace.speed))
            self.note = ""
            self._follow()
            return f"from here on another day: {self.day.folder}"
        given, text = self.acts.commands(what, fields)
        for kind, payload in given:
            self.day.post(kind, payload, str(fields["by"]))
        return text

    def _back(self, viewer: Viewer) -> None:
        """Follow the day again; of a day told again there is nothing to follow."""
        if not isinstance(self.day, RecordedDay):
            viewer.head, viewer.note = None, ""


def open_day(task: dict[str, Any]) -> Day:
    """The day a task asks for: ``run`` (a folder), or ``scenario`` with ``sets``, ``seed`` and ``out``.

    Raises:
        ValueError: bad input, as of ``load`` and ``prepare``.
        OSError: files that cannot be read or written.
    """
    if task.get("run"):
        told = RecordedDay(Path(task["run"]))
        told.seek(told.start_us + OPENING_US)
        return told
    from scenarios.folder import make_folder
    from scenarios.ground import prepare
    from scenarios.live.simulated import SimulatedDay
    from scenarios.load import load
    from scenarios.run import Session, default_folder

    scenario = load(Path(task["scenario"]), task.get("sets") or [], task.get("seed"))
    ground = prepare(scenario)
    folder = make_folder(Path(task["out"]) if task.get("out") else default_folder(scenario))
    day = SimulatedDay(Session(scenario, ground, folder))
    day.advance(day.start_us + OPENING_US)
    return day


def serve(task: dict[str, Any], stop: threading.Event) -> None:
    """Open a day, say where it can be watched, and play it until told to stop."""
    mailbox = Mailbox()
    day = open_day(task)
    board = Switchboard(task["token"], mailbox)
    player = Player(day, board, mailbox, Pace(check_speed(task.get("speed", 60.0)), bool(task.get("playing"))))
    _tell({"port": board.port, "folder": str(day.folder)})
    try:
        player.run(stop)
        player.day.close()
    except BaseException as error:
        player.day.close(error)
        raise
    finally:
        board.close()


def _tell(fields: dict[str, Any]) -> None:
    print(json.dumps(fields), flush=True)


def main() -> int:
    """The engine process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it decides when it ends
    task = json.loads(sys.stdin.readline())
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, name="stdin", daemon=True).start()
    try:
        serve(task, stop)
    except (ValueError, OSError) as error:
        _tell({"error": str(error)})
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
