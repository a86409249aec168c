"""Who is signed in, for how long, and the record of who came, went, changed role or was refused."""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEY_BYTES = 32
IDLE_S, LONGEST_S = 30 * 60, 12 * 3600
"""A session ends when nothing has been done in it for so long, or however busy after so long
(NIST SP 800-63B, 7.2, AAL2)."""
MAX_SIGNED_IN = 500

log = logging.getLogger("twin.live")


@dataclass
class Visitor:
    """Somebody at the page: a user in one of their roles, or without a login whoever is there, in the role chosen.

    ``key`` is the secret that the browser's cookie carries, "" without a login; ``entry`` what the file of users said
    of them when they signed in.
    """

    user: str
    roles: tuple[str, ...]
    role: str
    key: str = ""
    since_s: float = 0.0
    seen_s: float = 0.0
    entry: object = None


class Audit:
    """Rows ``{at, what, user, role, address, about}``, a JSON line each, added to a file; without one, to the log."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def row(self, what: str, **fields: Any) -> None:
        """Record something that happened at the door, or was refused."""
        row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "what": what} | fields
        if self._path is None:
            log.info("%s", row)
            return
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


class Sessions:
    """Signed-in visitors by key. They live in memory: when the server ends, everybody is signed out.

    ``entry_of`` says what the file of users has on a name now: once that is another, or nothing, the session is over.
    """

    def __init__(
        self,
        audit: Audit | None = None,
        idle_s: float = IDLE_S,
        now_s: Callable[[], float] = time.monotonic,
        entry_of: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.audit = audit or Audit()
        self._idle_s, self._now_s, self._entry_of = idle_s, now_s, entry_of
        self._visitors: dict[str, Visitor] = {}

    def open(self, user: str, roles: tuple[str, ...]) -> Visitor:
        """Sign a user in, in the first of their roles; the key is new each time."""
        self._sweep()
        while len(self._visitors) >= MAX_SIGNED_IN:
            del self._visitors[next(iter(self._visitors))]  # the oldest
        now_s = self._now_s()
        key, entry = secrets.token_urlsafe(KEY_BYTES), self._entry_of(user)
        visitor = Visitor(user, roles, roles[0], key, now_s, now_s, entry)
        self._visitors[visitor.key] = visitor
        return visitor

    def find(self, key: str | None) -> Visitor | None:
        """Whose key it is, while they are signed in."""
        visitor = self._visitors.get(key or "")
        return visitor if visitor is not None and self.alive(visitor) else None

    def alive(self, visitor: Visitor) -> bool:
        """Whether they are still signed in; without a login everybody is."""
        if not visitor.key:
            return True
        why = self._why_over(visitor)
        if why and visitor.key in self._visitors:
            del self._visitors[visitor.key]
            self.audit.row("session ended", user=visitor.user, about=why)
        return visitor.key in self._visitors

    def _why_over(self, visitor: Visitor) -> str:
        now_s = self._now_s()
        if now_s - visitor.seen_s > self._idle_s or now_s - visitor.since_s > LONGEST_S:
            return "idle, or open for too long"
        return (
            "" if self._entry_of(visitor.user) == visitor.entry else "taken out of the file of users, or changed there"
        )

    def touch(self, visitor: Visitor) -> None:
        """They have just done something."""
        visitor.seen_s = self._now_s()

    def switch(self, visitor: Visitor, role: str) -> None:
        """Go on in another of their roles.

        Raises:
            PermissionError: it is not theirs.
        """
        if role not in visitor.roles:
            raise PermissionError(f"role {role}: not one of yours")
        self.audit.row("role", user=visitor.user, role=role, about=f"before: {visitor.role}")
        visitor.role = role

    def close(self, visitor: Visitor) -> None:
        """Sign them out, in every window."""
        if visitor.key in self._visitors:
            del self._visitors[visitor.key]
            self.audit.row("sign out", user=visitor.user, role=visitor.role)

    def _sweep(self) -> None:
        for visitor in [*self._visitors.values()]:
            self.alive(visitor)
