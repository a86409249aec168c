"""A day played behind a socket on a thread of the test's own, and viewers of it."""

import socket
import threading
from pathlib import Path

from scenarios.live.frames import receive, send
from scenarios.live.mailbox import Mailbox
from scenarios.live.pace import Pace
from scenarios.live.switchboard import Switchboard
from scenarios.serve import Player

WORD = "open sesame"


class Watcher:
    """A client of the socket that keeps the latest parts."""

    def __init__(self, port: int, token: str = WORD, truth: bool = True, **rights: bool) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), 20)
        self.parts: dict = {}
        self.names: set[str] = set()
        send(self.sock, {"token": token, "truth": truth, **rights})

    def next(self) -> dict | None:
        """The next frame, merged into the parts."""
        frame = receive(self.sock)
        if frame is not None and "answer" not in frame:
            self.parts.update(frame)
            self.names |= frame.keys()
        return frame

    def ask(self, **fields) -> dict:
        """Ask, and read on until the answer is there."""
        send(self.sock, {"n": 7, **fields})
        while "answer" not in (frame := self.next()):
            pass
        return frame["answer"]

    def until(self, true) -> dict:
        """Read on until the parts are so."""
        while not true(self.parts):
            assert self.next() is not None
        return self.parts


class Served:
    """A day played on its own thread behind a socket."""

    def __init__(self, day, pace: Pace) -> None:
        self.day, self.mailbox, self.stop = day, Mailbox(), threading.Event()
        self.board = Switchboard(WORD, self.mailbox)
        self.player = Player(day, self.board, self.mailbox, pace)
        self.thread = threading.Thread(target=self.player.run, args=(self.stop,))
        self.thread.start()
        self.watchers: list[Watcher] = []

    def folder_of(self) -> Path:
        """The run folder of the day it began with."""
        return self.day.folder

    def watch(self, **options) -> Watcher:
        """Another watcher."""
        self.watchers.append(Watcher(self.board.port, **options))
        return self.watchers[-1]

    def end(self) -> None:
        """Stop everything."""
        self.stop.set()
        self.thread.join(20)
        self.player.day.close()
        self.board.close()
        for watcher in self.watchers:
            watcher.sock.close()
