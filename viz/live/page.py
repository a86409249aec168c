"""One visitor's page: a document that is sent what changed, and whose clicks become requests to the engine."""

import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.live.frames import MAX_REQUEST_BYTES
from scenarios.live.truth import without_truth
from twin.kpis.labels import ITEMS, LABELS
from viz.live.feed import Feed, NoEngine
from viz.live.look import DEAD_ZONES, LAYERS, ORDERS, ROADS, VEHICLES
from viz.live.map import sheets
from viz.live.roles import ROLES
from viz.live.sessions import Sessions, Visitor

TEMPLATES = Path(__file__).parents[1] / "templates" / "live"
FAST_MS, SLOW_MS, MANY = 250, 1000, 2000
"""How often changes are sent: less often above so many vehicles; in between the browser moves them itself."""
BEAT_MS = 2000
LOOK_S = 3.0
"""How often a lost engine is looked for."""
SCRIPTS = (
    "core.js", "sheets.js", "layers.js", "labels.js", "draw.js", "map.js", "legend.js", "table.js", "desk.js",
    "work.js", "advice.js", "orders.js", "order_form.js", "sent.js", "detail.js", "order_card.js", "clock.js",
    "keys.js", "pages_common.js", "pages_chart.js", "pages_story.js", "pages_planner.js", "pages_fleet.js",
    "pages_engineer.js", "pages_inject.js", "pages_trainer.js", "pages_executive.js", "account.js", "kept.js",
    "main.js",
)  # fmt: skip
STYLES = ("live.css", "map.css", "work.css", "pages.css")
KPI_WORDS = {
    "delivered": "Delivered", "on_time_share": "On time so far", "late_orders": "Late",
    "orders_waiting": "Waiting for a vehicle", "vehicles_out": "Vehicles out", "messages_per_s": "Messages a second",
}  # fmt: skip


class Visit:
    """One browser session, with a line of its own to the engine.

    The visitor's name is recorded with what they do; neither it nor the role ever comes from the browser. ``line``
    opens a line to the engine, again where the first is lost.

    Raises:
        NoEngine: nobody answers.
    """

    def __init__(self, line: Callable[[], Feed], visitor: Visitor, sessions: Sessions) -> None:
        self.visitor, self.sessions = visitor, sessions
        self.role_name, self.role = visitor.role, ROLES[visitor.role]
        self.line, self.feed = line, line()
        self.session = {
            "user": visitor.user, "role": visitor.role, "title": self.role.title, "pages": [*self.role.pages],
            "may": self.role.may, "truth": "truth" in self.role.rights, "clock": "clock" in self.role.rights,
            "roles": [[name, ROLES[name].title] for name in visitor.roles], "signed_in": bool(visitor.key),
        }  # fmt: skip
        self._seen = 0
        self._told_lost = self._greeted = self._over = False
        self._left = threading.Event()
        self._wire: Any = None
        self._doc: Any = None

    def template(self) -> Any:
        """The page as a Panel template; the script in it draws and listens."""
        import panel as pn

        from viz.live.wire import Wire

        self._seen, parts = self._news(0)
        made = sheets(parts)
        shown = {name: value for name, value in parts.items() if not name.startswith("road.")}
        self._wire = Wire(name="wire", frame=packed({"session": self.session} | shown))
        made["ways"].tags = [self._wire]
        self._wire.on_change("action", lambda _attr, _old, action: self._act(action))
        template = pn.Template(page_source(parts["day"]["name"]))
        for name, plot in made.items():
            template.add_panel(f"pane_{name}", pn.pane.Bokeh(plot, sizing_mode="stretch_both"))
        self._many = len(parts["vehicles"]) > MANY
        self._doc = pn.state.curdoc
        self._doc.on_session_destroyed(lambda _context: self._leave())
        return template

    @property
    def _welcome(self) -> bool:
        """Whether they are still signed in, and in the role that this page was made for."""
        return self.sessions.alive(self.visitor) and self.visitor.role == self.role_name

    def _act(self, action: Any) -> None:
        """Something clicked: what the role may ask for goes on to the engine."""
        if not isinstance(action, dict):
            return
        if not self._welcome:
            self._open_again()
            return
        self.sessions.touch(self.visitor)
        number, own = action.get("n"), self._own(action)
        if own is not None:
            own()
            return
        try:
            asked = self.role.asked(action)
            self._check(asked)
        except (PermissionError, ValueError) as error:
            self.sessions.audit.row("refused", user=self.visitor.user, role=self.role_name, about=str(error))
            self._tell(number, {"ok": False, "text": str(error), "doc": None})
            return
        self.feed.ask(partial(self._answered, number), **asked, by=self.visitor.user)

    def _own(self, action: dict[str, Any]) -> Callable[[], None] | None:
        """What is between the visitor and this server, and none of the engine's business."""
        own: dict[str, Callable[[], None]] = {
            "hello": self._greet,
            "here": lambda: None,  # somebody is at the screen
            "sign_out": self._sign_out,
            "switch": partial(self._switch, action),
        }
        return own.get(str(action.get("do")))

    def _check(self, asked: dict[str, Any]) -> None:
        """Refuse what the engine would hang up on."""
        try:
            size = len(json.dumps(asked, allow_nan=False))
        except (TypeError, ValueError):
            raise ValueError(f"{asked['do']}: this cannot be sent") from None
        if size > MAX_REQUEST_BYTES // 4:
            raise ValueError(f"{asked['do']}: this is too long to be sent")

    def _switch(self, action: dict[str, Any]) -> None:
        """Go on in another role: the page is made anew, here and in the visitor's other windows."""
        try:
            self.sessions.switch(self.visitor, str(action.get("role")))
        except PermissionError as error:
            self.sessions.audit.row("refused", user=self.visitor.user, role=self.role_name, about=str(error))
            self._tell(action.get("n"), {"ok": False, "text": str(error), "doc": None})
            return
        self._open_again()

    def _sign_out(self) -> None:
        self.sessions.close(self.visitor)
        self._open_again()

    def _open_again(self) -> None:
        """This page is over: nothing more is sent to it, and the browser is to ask for it anew."""
        if not self._over:
            self._over = True
            self.feed.close()
            self._wire.again = True

    def _leave(self) -> None:
        self._over = True
        self._left.set()
        self.feed.close()

    def _news(self, since: int) -> tuple[int, dict[str, Any]]:
        """What changed, cut to what the role may see; the engine has cut it already."""
        version, parts = self.feed.since(since)
        return version, parts if self.session["truth"] else without_truth(parts)

    def _greet(self) -> None:
        """The browser has the page: from now on it gets what changes."""
        if not self._greeted:
            self._greeted = True
            self._doc.add_periodic_callback(self._push, SLOW_MS if self._many else FAST_MS)
            self._doc.add_periodic_callback(self._beat, BEAT_MS)

    def _answered(self, number: Any, answer: dict[str, Any]) -> None:
        """On the feed's thread: hand over to the document's."""
        self._doc.add_next_tick_callback(lambda: self._tell(number, answer))

    def _tell(self, number: Any, answer: dict[str, Any]) -> None:
        """How a request went, after what it changed; ``to`` is the number the browser gave it."""
        self._push()
        doc = None if answer["doc"] is None else json.dumps(answer["doc"], ensure_ascii=False)
        self._wire.answer = answer | {"doc": doc, "to": number, "n": self._wire.answer.get("n", 0) + 1}

    def _push(self) -> None:
        """Send what changed since the last time."""
        if self._over:
            return
        self._seen, parts = self._news(self._seen)
        if parts:
            self._wire.frame = packed(parts)

    def _beat(self) -> None:
        if self._over:
            return
        self._wire.beat = self._wire.beat + 1
        if not self._welcome:
            self._open_again()
        elif self.feed.lost and not self._told_lost:
            self._told_lost = True
            self._wire.lost = self.feed.lost
            self._look_for_engine()

    def _look_for_engine(self) -> None:
        """Try for a new line, off the document's thread; once there is one, the browser opens the page again."""

        def look() -> None:
            while not self._over:
                try:
                    self.line().close()
                except NoEngine:
                    self._left.wait(LOOK_S)
                else:
                    self._doc.add_next_tick_callback(self._open_again)
                    return

        threading.Thread(target=look, name="look for engine", daemon=True).start()


def packed(parts: dict[str, Any]) -> dict[str, Any]:
    """A frame as the browser takes it: arrays as they are (they travel raw), everything else as one JSON text."""
    plain = {name: value for name, value in parts.items() if not isinstance(value, np.ndarray)}
    return {name: value for name, value in parts.items() if isinstance(value, np.ndarray)} | {
        "json": json.dumps(plain, ensure_ascii=False)
    }


def page_source(name: str) -> str:
    """The page's HTML with its style and script; a Panel template still to be filled with the map."""
    from markupsafe import escape

    looks = {
        "vehicles": {state: look._asdict() for state, look in VEHICLES.items()},
        "orders": {state: look._asdict() for state, look in ORDERS.items()},
        "roads": {band: {"width": width, "coarsest": coarsest} for band, (width, coarsest) in ROADS.items()},
        "layers": {name: layer._asdict() for name, layer in LAYERS.items()},
        "dead_zones": DEAD_ZONES,
        "kpis": LABELS | KPI_WORDS,
        "labels": LABELS,
        "costs": ITEMS,
    }
    source = (TEMPLATES / "live.html.j2").read_text(encoding="utf-8")
    script = "\n".join((TEMPLATES / file).read_text(encoding="utf-8") for file in SCRIPTS)
    for mark, text in (
        ("/*STYLE*/", "\n".join((TEMPLATES / file).read_text(encoding="utf-8") for file in STYLES)),
        ("/*LOOKS*/", json.dumps(looks).replace("<", "\\u003c")),
        ("/*SCRIPT*/", script),
        ("<!--NAME-->", str(escape(name)).replace("{", "&#123;")),
    ):
        source = source.replace(mark, text)
    return source
