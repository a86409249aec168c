"""The local socket: every watcher has a line that gets the latest snapshot and its own answers, and may ask things."""

import hmac
import queue
import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from scenarios.live.frames import MAX_REQUEST_BYTES, FrameError, Parts, changes, receive, send
from scenarios.live.mailbox import Mailbox
from scenarios.live.truth import without_truth

RIGHTS = ("truth", "clock", "command", "repair", "trainer")
"""What a line may do: see the truth, move the day's clock, act in it, mend what head office could not read, and play
with the day as trainers do."""
MAX_LINES = 64
MAX_WAITING = 256
"""Requests not yet answered; beyond it, they are refused."""
HELLO_S = 5.0
LOOK_S = 0.1
"""A line looks for answers at least this often, should a call have come just before it began to wait."""
SEND_S = 20.0
"""A watcher that takes longer to take in a frame is cut off."""


@dataclass(frozen=True)
class Request:
    """Something asked by a watcher; ``line.answer`` reaches that watcher only."""

    line: "Line"
    fields: dict[str, Any]

    def answer(self, **fields: Any) -> None:
        """Answer it; the request's number goes back with the answer."""
        self.line.answer({"n": self.fields.get("n"), **fields})


class Line:
    """One watcher. ``own`` are parts sent on this line only, over those that everybody is sent.

    ``rights``: what may be asked for on it, of ``RIGHTS``; without ``truth`` no part of the truth is ever sent.
    """

    def __init__(self, sock: socket.socket, rights: frozenset[str], mailbox: Mailbox) -> None:
        self._sock, self.rights, self._mailbox = sock, rights, mailbox
        self._truth = "truth" in rights
        self.own: Parts = {}
        self._answers: deque[dict[str, Any]] = deque()
        self.sent_bytes = self.sent_frames = 0
        self.ended = False

    def answer(self, fields: dict[str, Any]) -> None:
        """Answer, after a snapshot that shows what was done."""
        self._answers.append(fields)
        self._mailbox.wake()

    def talk(self) -> None:
        """Send answers, and of each snapshot what this watcher does not have yet, until one side ends it."""
        seen = 0
        has: Parts = {}
        try:
            while not self.ended and not (self._mailbox.closed and self._mailbox.latest()[0] == seen):
                self._mailbox.take(seen, LOOK_S)
                answers = [self._answers.popleft() for _ in range(len(self._answers))]
                version, parts = self._mailbox.latest()  # after the answers were taken: it shows what they tell of
                if version != seen:
                    seen, had = version, has
                    has = {**parts, **self.own}
                    has = has if self._truth else without_truth(has)
                    self._send_changes(had, has)
                for answer in answers:
                    self.sent_bytes += send(self._sock, {"answer": answer})
        except OSError:
            pass  # the watcher has left: that ends the line, and is nobody's error
        finally:
            self.hang_up()

    def _send_changes(self, before: Parts, now: Parts) -> None:
        new = changes(before, now)
        if new:
            self.sent_bytes += send(self._sock, new)
            self.sent_frames += 1

    def hang_up(self) -> None:
        """End the conversation."""
        self.ended = True
        with suppress(OSError):  # ended already, by the other side
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class Switchboard:
    """Listens on the loopback interface; a watcher's first frame must carry the token."""

    def __init__(self, token: str, mailbox: Mailbox, port: int = 0) -> None:
        self._token, self._mailbox = token, mailbox
        self.requests: queue.Queue[Request] = queue.Queue(MAX_WAITING)
        self.lines: list[Line] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, name="switchboard", daemon=True).start()

    def watchers(self) -> list[Line]:
        """Who is there now."""
        with self._lock:
            return [*self.lines]

    def close(self) -> None:
        """Hang up on everybody."""
        self._mailbox.close()
        with suppress(OSError):  # some systems refuse to shut down a listening socket; closing it is enough there
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for line in self.watchers():
            line.hang_up()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._receive, args=(sock,), name="watcher", daemon=True).start()

    def _receive(self, sock: socket.socket) -> None:
        """Let a watcher in, then take its requests."""
        try:
            line = self._welcome(sock)
        except (OSError, FrameError):
            sock.close()
            return
        if line is None:
            sock.close()
            return
        threading.Thread(target=line.talk, name="line", daemon=True).start()
        try:
            while (fields := receive(sock, MAX_REQUEST_BYTES)) is not None:
                self._take(Request(line, fields))
        except (OSError, FrameError):
            pass  # broken off, or no speaker of this protocol: either way the line ends
        finally:
            line.hang_up()
            with self._lock:
                self.lines.remove(line)

    def _welcome(self, sock: socket.socket) -> Line | None:
        sock.settimeout(HELLO_S)
        hello = receive(sock, MAX_REQUEST_BYTES)
        if hello is None or not hmac.compare_digest(str(hello.get("token", "")).encode(), self._token.encode()):
            send(sock, {"refused": "wrong token"})
            return None
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_S))
        line = Line(sock, frozenset(right for right in RIGHTS if hello.get(right, right != "truth")), self._mailbox)
        with self._lock:
            if len(self.lines) >= MAX_LINES:
                send(sock, {"refused": f"{MAX_LINES} watchers are connected already"})
                return None
            self.lines.append(line)
        return line

    def _take(self, request: Request) -> None:
        try:
            self.requests.put_nowait(request)
        except queue.Full:
            request.answer(ok=False, text="too many requests are waiting; try again")


def _timeval(seconds: float) -> bytes:
    """A C ``struct timeval``."""
    return struct.pack("@ll", int(seconds), 0)
