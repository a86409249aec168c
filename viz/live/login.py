"""Signing in: by name and password, or by OAuth (``viz.live.oauth``); who is behind a request; and signing out.

A browser holds one cookie, a random key without meaning; who it belongs to, and their role, is known here only.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bokeh.server.auth_provider import AuthProvider
from bokeh.util.token import get_session_id
from tornado.web import HTTPError, RequestHandler

from scenarios.problems import shown
from viz.live.door import Door
from viz.live.sessions import Sessions, Visitor
from viz.live.users import MOST_CHARS, User, matches, read_users

WINDOW_S = 15 * 60
TRIES_BY_NAME, TRIES_BY_ADDRESS = 5, 30
"""Passwords tried in ``WINDOW_S`` before no more are looked at, the right one included."""
MAX_KEPT = 10_000
AT_ONCE = 2
"""Passwords checked at the same time: each takes 32 MiB."""
WRONG = "That name and password do not go together. After a few wrong tries you have to wait a quarter of an hour."
TEMPLATE = Path(__file__).parents[1] / "templates" / "live" / "door.html.j2"


class Attempts:
    """When passwords were tried, by name and by address."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._tried: dict[str, deque[float]] = {}

    def allow(self, name: str, address: str) -> bool:
        """Count a try; whether it may be made."""
        now_s = self._now_s()
        allowed = True
        for key, most in ((f"name {name}", TRIES_BY_NAME), (f"address {address}", TRIES_BY_ADDRESS)):
            tried = self._tried.pop(key, deque(maxlen=most))
            while tried and now_s - tried[0] > WINDOW_S:
                tried.popleft()
            allowed &= len(tried) < most
            tried.append(now_s)
            self._tried[key] = tried  # the newest last
        while len(self._tried) > MAX_KEPT:
            del self._tried[next(iter(self._tried))]
        return allowed

    def forget(self, name: str) -> None:
        """They are in."""
        self._tried.pop(f"name {name}", None)


class Guard(AuthProvider):
    """Lets in who has signed in; ``owners`` says whose each page is, so that nobody else's socket can take it over."""

    def __init__(self, door: Door, sessions: Sessions) -> None:
        assert door.users is not None  # noqa: S101  (a door without users has no guard)
        self.door, self.users_file, self.sessions = door, door.users, sessions
        self.cookie = "__Host-twin" if door.encrypted else "twin"
        self.attempts = Attempts()
        self.owners: dict[str, str] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        super().__init__()

    @property
    def get_user(self) -> Callable[[Any], Visitor | None]:
        return self.visitor

    @property
    def login_url(self) -> str:
        return "/login"

    @property
    def login_handler(self) -> type[RequestHandler]:
        return type("SignIn", (self._kind(),), {"guard": self})

    @property
    def endpoints(self) -> list[tuple[str, type[RequestHandler]]]:
        return [*super().endpoints, ("/bye", type("Bye", (FrontPage,), {"guard": self}))]

    def _kind(self) -> type[RequestHandler]:
        if not self.door.oauth:
            return PasswordSignIn
        from viz.live.oauth import oauth_sign_in

        return oauth_sign_in(self.door.oauth)

    def visitor(self, handler: RequestHandler) -> Visitor | None:
        """Who asks, by the cookie only; None: refused."""
        visitor = self.sessions.find(handler.get_cookie(self.cookie))
        token = handler.request.headers.get("Sec-WebSocket-Protocol", "").rpartition(",")[2].strip()
        if visitor is not None and token and self.owners.get(_session_of(token), visitor.key) != visitor.key:
            self.sessions.audit.row("refused", user=visitor.user, about="somebody else's page")
            return None
        handler.request.visitor = visitor  # type: ignore[attr-defined]  # for the page about to be made
        return visitor

    async def user_of(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs. A name that is none takes as long."""
        user = read_users(self.users_file).get(name)
        stored = user.password if user else ""
        right = await asyncio.get_running_loop().run_in_executor(self._pool, matches, password, stored)
        return user if right else None

    def let_in(self, handler: RequestHandler, user: User, how: str) -> None:
        """Open a session and give the browser its key."""
        visitor = self.sessions.open(user.name, user.roles)
        self.sessions.audit.row("sign in", user=user.name, address=handler.request.remote_ip, about=how)
        handler.set_cookie(
            self.cookie, visitor.key, path="/", httponly=True, samesite="Lax", secure=self.door.encrypted
        )  # fmt: skip

    def refused(self, handler: RequestHandler, name: str, why: str) -> None:
        """Record that somebody was not let in."""
        self.sessions.audit.row("refused", user=shown(name), address=handler.request.remote_ip, about=why)


def _session_of(token: str) -> str:
    try:
        return get_session_id(token)
    except Exception:  # not a token at all: Bokeh raises whatever its decoders do, and refuses it itself a moment later
        return ""


class FrontPage(RequestHandler):
    """A page in front of the door. Opening it by ``/bye`` says good-bye."""

    guard: Guard

    def show(self, **fields: Any) -> None:
        """Write the page; names are escaped."""
        from jinja2 import Environment

        template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
        self.set_header("Cache-Control", "no-store")
        self.write(template.render(fields))

    def get(self) -> None:
        self.clear_cookie(self.guard.cookie, path="/", secure=self.guard.door.encrypted)
        self.show(title="Signed out", words="You are signed out.", link="/login", link_words="Sign in again")

    def write_error(self, status_code: int, **_: Any) -> None:
        """Nothing about the reason; that is in the log."""
        self.show(
            title="Not signed in", words=f"That did not work ({status_code}). Please try again.", link="/login",
            link_words="Sign in",
        )  # fmt: skip


class PasswordSignIn(FrontPage):
    """``/login``: a form for name and password."""

    def get(self) -> None:
        self._form()

    async def post(self) -> None:
        name = self.get_body_argument("name", "")[:MOST_CHARS]
        password = self.get_body_argument("password", "", strip=False)
        address = str(self.request.remote_ip)
        if not self.guard.attempts.allow(name, address):
            self.guard.refused(self, name, "too many tries")
            self.set_status(429)
            self._form(WRONG)
            return
        user = await self.guard.user_of(name, password)
        if user is None:
            self.guard.refused(self, name, "wrong name or password")
            self.set_status(403)
            self._form(WRONG)
            return
        self.guard.attempts.forget(name)
        self.guard.let_in(self, user, "password")
        self.redirect("/", status=303)

    def _form(self, words: str = "") -> None:
        self.show(title="Sign in", words=words, token=self.xsrf_token.decode())


def known_user(guard: Guard, name: str) -> User:
    """The user of the file whom an OAuth provider vouches for.

    Raises:
        HTTPError: none of this name.
    """
    user = read_users(guard.users_file).get(name)
    if user is None:
        raise HTTPError(403)
    return user
