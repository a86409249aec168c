"""The latest-value mailbox: who is slow misses frames, and never slows the sender down."""

import threading
from typing import Any


class Mailbox:
    """Holds one value. ``put`` never waits; ``take`` gives the latest that a reader has not seen."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: Any = None
        self._version = 0
        self._closed = False

    def put(self, value: Any) -> None:
        """Replace what is there, read or not."""
        with self._changed:
            self._value, self._version = value, self._version + 1
            self._changed.notify_all()

    def latest(self) -> tuple[int, Any]:
        """The version (0: none yet) and the value."""
        with self._changed:
            return self._version, self._value

    def take(self, seen: int, timeout_s: float | None = None) -> tuple[int, Any] | None:
        """Wait for a version after ``seen``; None when ``wake`` was called, the time is up or the mailbox closed."""
        with self._changed:
            if self._version == seen and not self._closed:
                self._changed.wait(timeout_s)
            return (self._version, self._value) if self._version != seen else None

    def wake(self) -> None:
        """Let every waiting reader go on."""
        with self._changed:
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing will come any more."""
        return self._closed

    def close(self) -> None:
        """Nothing will come any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
