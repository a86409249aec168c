"""The engine's side of a live view: a day paced by a clock, its snapshots out, requests in, over a local socket.

``python -m scenarios.serve`` is a process of its own: it reads one line of JSON from stdin (what to show, and the token
a watcher must know), says on stdout where it listens, and ends when stdin does.
"""

import json
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from engine.clock import SECOND
from scenarios.live.mailbox import Mailbox
from scenarios.live.pace import Pace, check_speed, next_speed
from scenarios.live.snapshot import Day
from scenarios.live.switchboard import Request, Switchboard

PUBLISH_S = 0.1
"""At most this often a snapshot is taken."""
STRIDE_S = 0.05
"""The day moves on in pieces that take about so much wall time: between them, requests are answered."""
LAG_S = 0.5
"""Further behind its due time than this, a day goes as fast as it can from here, without catching up."""
STEP_US = 60 * SECOND
OPENING_US = 2 * SECOND
"""A day is first shown so long after its start: what was ordered before it has been heard of then."""
REACHED_OVER_S = 2.0


class Player:
    """Moves a day along, publishes it, and answers requests."""

    def __init__(self, day: Day, board: Switchboard, mailbox: Mailbox, pace: Pace) -> None:
        self.day, self.board, self.mailbox, self.pace = day, board, mailbox, pace
        self.note = ""
        self._fixed = day.fixed()
        self._stride_us = 1_000_000
        self._published_s = -1.0
        self._stale = True
        self._reached: float | None = None
        self._since: tuple[float, int] = (time.monotonic(), day.now_us)
        day.on_busy(self.say)

    @property
    def ended(self) -> bool:
        """Whether the day is at its end."""
        return self.day.now_us >= self.day.end_us

    def run(self, stop: threading.Event) -> None:
        """Play until told to stop."""
        self.pace.anchor(time.monotonic(), self.day.now_us)
        self.publish()
        while not stop.is_set():
            moved = self._move()
            self._answer(0.0 if moved else 0.02)
            wall_s = time.monotonic()
            if self._stale and wall_s - self._published_s >= PUBLISH_S:
                self.publish()

    def publish(self) -> None:
        """Put a snapshot of now into the mailbox."""
        self._measure()
        self.mailbox.put(self._fixed | self.day.parts() | {"clock": self._clock()})
        self._published_s, self._stale = time.monotonic(), False

    def say(self, note: str) -> None:
        """Publish what keeps the engine busy, shown until something else is said."""
        self.note = note
        self.publish()

    # --- the clock ---

    def _move(self) -> bool:
        """A stride towards the moment that is due; False when there is nothing to do."""
        now_us, wall_s = self.day.now_us, time.monotonic()
        if not self.pace.playing or self.ended:
            return False
        due_us = self.pace.due_us(wall_s)
        if due_us is not None and due_us - now_us < (self.pace.speed or 0) * 1e6 * STRIDE_S / 2:
            return False  # too little time has gone by
        target_us = now_us + self._stride_us if due_us is None else min(due_us, now_us + self._stride_us)
        target_us = min(target_us, self.day.end_us)
        self.day.advance(target_us)
        self._stale = True
        took_s = time.monotonic() - wall_s
        self._adapt(took_s)
        if due_us is not None and due_us - target_us > LAG_S * 1e6 * (self.pace.speed or 0):
            self.pace.anchor(time.monotonic(), target_us)
        if self.ended:
            self.pace.playing = False
        return True

    def _adapt(self, took_s: float) -> None:
        """Strides that take about ``STRIDE_S``."""
        if took_s > 2 * STRIDE_S:
            self._stride_us = max(100_000, self._stride_us // 2)
        elif took_s < STRIDE_S / 2:
            self._stride_us = min(3_600_000_000, self._stride_us * 2)

    def _measure(self) -> None:
        wall_s, now_us = time.monotonic(), self.day.now_us
        before_s, before_us = self._since
        if not self.pace.playing:
            self._reached, self._since = None, (wall_s, now_us)
        elif wall_s - before_s >= REACHED_OVER_S:
            self._reached = round((now_us - before_us) / 1e6 / (wall_s - before_s), 1)
            self._since = (wall_s, now_us)

    def _clock(self) -> dict[str, Any]:
        return {
            "now_us": self.day.now_us,
            "playing": self.pace.playing,
            "speed": self.pace.speed,
            "reached": self._reached,
            "ended": self.ended,
            "can_seek": self.day.can_seek,
            "can_command": self.day.can_command and not self.ended,
            "note": self.note,
        }

    # --- requests ---

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
        what, fields = request.fields.get("do"), request.fields
        act = {
            "play": self._play, "pause": self._pause, "step": self._step, "speed": self._speed, "faster": self._faster,
            "slower": self._slower, "seek": self._seek, "assign": self._assign, "post": self._post,
        }.get(str(what))  # fmt: skip
        if act is None:
            request.answer(ok=False, text=f"unknown request {what!r}")
            return
        try:
            text = act(fields)
        except (ValueError, KeyError, TypeError) as error:
            missing = f"{what}: {error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            request.answer(ok=False, text=missing)
            return
        self.pace.anchor(time.monotonic(), self.day.now_us)
        self._since, self._reached = (time.monotonic(), self.day.now_us), None
        self.publish()
        request.answer(ok=True, text=text)

    def _play(self, _fields: dict[str, Any]) -> str:
        if self.ended:
            raise ValueError("the day is over")
        self.pace.playing = True
        return ""

    def _pause(self, _fields: dict[str, Any]) -> str:
        self.pace.playing = False
        return ""

    def _step(self, _fields: dict[str, Any]) -> str:
        self.pace.playing = False
        self.day.advance(min(self.day.now_us + STEP_US, self.day.end_us))
        return ""

    def _speed(self, fields: dict[str, Any]) -> str:
        self.pace.speed = check_speed(fields["value"])
        return ""

    def _faster(self, _fields: dict[str, Any]) -> str:
        self.pace.speed = next_speed(self.pace.speed, True)
        return ""

    def _slower(self, _fields: dict[str, Any]) -> str:
        self.pace.speed = next_speed(self.pace.speed, False)
        return ""

    def _seek(self, fields: dict[str, Any]) -> str:
        self.day.seek(int(fields["at_us"]))
        return ""

    def _assign(self, fields: dict[str, Any]) -> str:
        self.day.assign(str(fields["order_id"]), str(fields["vehicle_id"]), str(fields["by"]))
        return f"{fields['vehicle_id']} is told to take {fields['order_id']}"

    def _post(self, fields: dict[str, Any]) -> str:
        self.day.post(str(fields["kind"]), dict(fields["payload"]), str(fields["by"]))
        return "recorded"


def open_day(task: dict[str, Any]) -> Day:
    """The day a task asks for: ``run`` (a folder), or ``scenario`` with ``sets``, ``seed`` and ``out``.

    Raises:
        ValueError: bad input, as of ``load`` and ``prepare``.
        OSError: files that cannot be read or written.
    """
    if task.get("run"):
        from scenarios.live.recorded import RecordedDay

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
        day.close()
    except BaseException as error:
        day.close(error)
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
