"""The page's end of the engine's socket: the latest of every part, and requests with their answers."""

import itertools
import socket
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from scenarios.live.frames import FrameError, receive, send
from scenarios.live.switchboard import RIGHTS

CONNECT_S = 10.0
Answer = Callable[[dict[str, Any]], None]
"""Takes ``{ok, text}``, and ``doc`` where one was asked for."""


class NoEngine(ValueError):
    """Nobody answers at the address, or not to us."""


class Feed:
    """One visitor's line to the engine, with the rights of the visitor's role."""

    def __init__(self, host: str, port: int, token: str, rights: Collection[str] = RIGHTS) -> None:
        """Connect and start to listen.

        Raises:
            NoEngine: nobody there, or the token is wrong.
        """
        try:
            self._socket = socket.create_connection((host, port), CONNECT_S)
        except OSError as error:
            raise NoEngine(f"no engine answers at {host}:{port} ({error.strerror or error})") from None
        self._socket.settimeout(None)
        self.received_bytes = self.received_frames = 0
        self.lost = ""
        self._parts: dict[str, Any] = {}
        self._stamps: dict[str, int] = {}
        self._version = 0
        self._lock = threading.Lock()
        self._complete = threading.Event()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Answer] = {}
        send(self._socket, {"token": token} | {right: right in rights for right in RIGHTS})
        threading.Thread(target=self._listen, name="feed", daemon=True).start()
        self._complete.wait(CONNECT_S)
        if "day" not in self._parts:
            self.close()
            raise NoEngine(f"the engine at {host}:{port} did not let us in: {self.lost or 'no answer'}")

    def since(self, version: int) -> tuple[int, dict[str, Any]]:
        """The present version, and the parts that changed after an earlier one (0: all)."""
        with self._lock:
            return self._version, {name: self._parts[name] for name, stamp in self._stamps.items() if stamp > version}

    def ask(self, answer: Answer, **fields: Any) -> None:
        """Send a request; ``answer`` is called once, on the feed's own thread."""
        number = next(self._numbers)
        with self._lock:
            self._waiting[number] = answer
        try:
            send(self._socket, {**fields, "n": number})
            reached = not self.lost  # what is sent after the last word was heard may seem to have arrived
        except OSError:
            reached = False
        with self._lock:
            unanswered = None if reached else self._waiting.pop(number, None)
        if unanswered is not None:
            answer({"ok": False, "text": "the engine has stopped", "doc": None})

    def close(self) -> None:
        """End the conversation."""
        with suppress(OSError):  # the engine has ended it already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        try:
            while (parts := receive(self._socket)) is not None:
                self._take(parts)
        except (OSError, FrameError) as error:
            self.lost = str(error)
        self.lost = self.lost or "the engine has stopped"
        self._complete.set()
        with self._lock:
            waiting, self._waiting = [*self._waiting.values()], {}
        for answer in waiting:
            answer({"ok": False, "text": self.lost, "doc": None})

    def _take(self, parts: dict[str, Any]) -> None:
        if "refused" in parts:
            self.lost = str(parts["refused"])
            return
        if "answer" in parts:
            fields = parts["answer"]
            with self._lock:
                answer = self._waiting.pop(fields.get("n"), None)
            if answer is not None:
                answer({"ok": bool(fields.get("ok")), "text": str(fields.get("text", "")), "doc": fields.get("doc")})
            return
        with self._lock:
            self._version += 1
            self._parts.update(parts)
            self._stamps.update(dict.fromkeys(parts, self._version))
        self.received_frames += 1
        self._complete.set()
