"""The page's server: a Panel server behind a door, with a page for each visitor and a line to the engine for each."""

import logging
import os
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from viz.live.door import Door
from viz.live.feed import Feed, NoEngine
from viz.live.roles import ROLES
from viz.live.sessions import Audit, Sessions, Visitor
from viz.live.users import Roster

MAX_MESSAGE_BYTES = 2 << 20
MAX_FORM_BYTES = 16 << 10
MAX_SESSIONS = 50
SECRET_CHARS = 43
"""Characters of 256 random bits in base64; a secret in hexadecimal has 64."""
GONE = "The engine does not answer. This page looks for it again every few seconds."
AGAIN_S = 5
"""How often a visitor without an engine looks for it again."""
FULL = f"{MAX_SESSIONS} people are watching already. Please try again later."
FAILED = "This page could not be opened. Whoever runs the server finds the reason in its log under {}."

Address = tuple[str, int, str]
"""Host, port and token of an engine."""

log = logging.getLogger("twin.live")


def make_server(engine: Address, door: Door) -> Any:
    """The server, not started.

    Raises:
        ValueError: no engine there, or a secret in the environment that is too short.
    """
    import panel as pn

    from viz.live.headers import headers, with_headers

    logging.getLogger("bokeh").setLevel(logging.WARNING)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)  # refusals are in the audit file
    secret = session_secret()
    name = _name_of_day(engine)
    sessions = _sessions(door)
    guard = _guard(door, sessions)
    reception = Reception(engine, sessions, door, guard)
    login = {"auth_provider": guard, "xsrf_cookies": True, "cookie_secret": secrets.token_hex(32)} if guard else {}
    server = pn.serve(
        {"/": reception.page}, port=door.port, address=door.host, websocket_origin=door.socket_origins, show=False,
        start=False, verbose=False, title=name, websocket_max_message_size=MAX_MESSAGE_BYTES, admin=False,
        check_unused_sessions_milliseconds=5000, unused_session_lifetime_milliseconds=10_000, sign_sessions=True,
        secret_key=secret, include_headers=[], include_cookies=[], ssl_certfile=door.certfile,
        ssl_keyfile=door.keyfile, use_xheaders=door.behind_proxy,
        http_server_kwargs={"max_body_size": MAX_FORM_BYTES, "idle_connection_timeout": 300}, **login,
    )  # fmt: skip
    reception.open_pages = lambda: len(server.get_sessions())
    server._tornado.settings["xsrf_cookie_kwargs"] = {
        "httponly": True, "samesite": "Strict", "secure": door.encrypted,
    }  # fmt: skip
    server._tornado.add_transform(with_headers(headers([*door.origins], door.encrypted)))
    return server


def session_secret() -> bytes:
    """What pages' tokens are signed with: BOKEH_SECRET_KEY, or a new one each time.

    Raises:
        ValueError: the one in the environment has less than 256 bits.
    """
    given = os.environ.get("BOKEH_SECRET_KEY")
    if given is None:
        return secrets.token_bytes(32)
    if len(given) < SECRET_CHARS:
        raise ValueError(f"BOKEH_SECRET_KEY: expected 256 random bits or more, {SECRET_CHARS} characters at least")
    return given.encode()


def _name_of_day(engine: Address) -> str:
    first = Feed(*engine, ())  # is anybody there?
    name = first.since(0)[1]["day"]["name"]
    first.close()
    return str(name)


def _sessions(door: Door) -> Sessions:
    if door.users is None:
        return Sessions()
    audit, roster = Audit(door.users.with_suffix(".audit.jsonl")), Roster(door.users)
    return Sessions(audit, door.idle_s, entry_of=roster.entry)


def _guard(door: Door, sessions: Sessions) -> Any:
    if door.users is None:
        return None
    from viz.live.login import Guard

    return Guard(door, sessions)


class Reception:
    """Makes a page for each visitor; what goes wrong is told in words without reasons, and logged with them."""

    def __init__(self, engine: Address, sessions: Sessions, door: Door, guard: Any) -> None:
        self._engine, self._sessions, self._door, self._guard = engine, sessions, door, guard
        self.open_pages: Callable[[], int] = lambda: 0

    def page(self) -> Any:
        """The page for the request that Panel is answering."""
        import panel as pn

        from viz.live.page import Visit

        if self.open_pages() >= MAX_SESSIONS:
            return notice(FULL)
        context = pn.state.curdoc.session_context  # type: ignore[union-attr]  # there is one while a page is made
        try:
            visitor = self._visitor(context)
            rights = ROLES[visitor.role].rights
            visit = Visit(partial(Feed, *self._engine, rights), visitor, self._sessions)
        except NoEngine as error:
            log.warning("%s", error)
            return notice(GONE, AGAIN_S)
        except Exception:  # a visitor is told a number and nothing else; what happened is in the log under it
            number = secrets.token_hex(4)
            log.exception("page %s", number)
            return notice(FAILED.format(number))
        return visit.template()

    def _visitor(self, context: Any) -> Visitor:
        """Who asked, as the guard found by their cookie; nobody without one where there is a login."""
        if self._guard is None:
            return Visitor(self._door.role, (self._door.role,), self._door.role)
        visitor: Visitor | None = context.request.visitor
        if visitor is None:
            raise PermissionError("nobody is signed in")
        owners = self._guard.owners
        owners[context.id] = visitor.key
        context._document.on_session_destroyed(lambda _: owners.pop(context.id, None))
        return visitor


def notice(words: str, again_s: int | None = None) -> Any:
    """A page that says something, and nothing else; ``words`` are ours. After ``again_s`` it is asked for again."""
    import panel as pn

    refresh = "" if again_s is None else f'<meta http-equiv="refresh" content="{again_s}">'
    return pn.Template(
        "{% extends base %}{% block postamble %}" + refresh + "{% endblock %}{% block contents %}"
        f'<p style="font: 1.1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30em">{words}</p>'
        "{% endblock %}"
    )
