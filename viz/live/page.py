"""One visitor's page: a document that is sent what changed, and whose clicks become requests to the engine."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from twin.kpis.labels import LABELS
from viz.live.feed import Feed
from viz.live.look import ORDERS, ROADS, VEHICLES
from viz.live.map import sheets
from viz.live.roles import ROLES

TEMPLATES = Path(__file__).parents[1] / "templates" / "live"
FAST_MS, SLOW_MS, MANY = 250, 1000, 2000
"""How often changes are sent: less often above so many vehicles; in between the browser moves them itself."""
BEAT_MS = 2000
SCRIPTS = (
    "core.js", "map.js", "table.js", "desk.js", "work.js", "advice.js", "orders.js", "order_form.js", "sent.js",
    "detail.js", "order_card.js", "clock.js", "keys.js", "main.js",
)  # fmt: skip
STYLES = ("live.css", "work.css")
KPI_WORDS = {
    "delivered": "Delivered", "on_time_share": "On time so far", "late_orders": "Late",
    "orders_waiting": "Waiting for a vehicle", "vehicles_out": "Vehicles out", "messages_per_s": "Messages a second",
}  # fmt: skip


class Visit:
    """One browser session, with a line of its own to the engine.

    ``by`` names who acts, as it is recorded; neither it nor the role ever comes from the browser.
    """

    def __init__(self, feed: Feed, role: str, by: str) -> None:
        self.feed, self.role, self.by = feed, ROLES[role], by
        self.session = {
            "user": by, "role": role, "title": self.role.title, "pages": [*self.role.pages], "may": self.role.may,
            "truth": "truth" in self.role.rights,
        }  # fmt: skip
        self._seen = 0
        self._told_lost = self._greeted = False
        self._wire: Any = None
        self._doc: Any = None

    def template(self) -> Any:
        """The page as a Panel template; the script in it draws and listens."""
        import panel as pn

        from viz.live.wire import Wire

        self._seen, parts = self.feed.since(0)
        made = sheets(parts)
        shown = {name: value for name, value in parts.items() if not name.startswith("road.")}
        self._wire = Wire(name="wire", frame=packed({"session": self.session} | shown))
        made["vehicles"].tags = [self._wire]
        self._wire.on_change("action", lambda _attr, _old, action: self._act(action))
        template = pn.Template(page_source(parts["day"]["name"]))
        for name, plot in made.items():
            template.add_panel(f"pane_{name}", pn.pane.Bokeh(plot, sizing_mode="stretch_both"))
        self._many = len(parts["vehicles"]) > MANY
        self._doc = pn.state.curdoc
        self._doc.on_session_destroyed(lambda _context: self.feed.close())
        return template

    def _act(self, action: Any) -> None:
        """Something clicked: what the role may ask for goes on to the engine."""
        if not isinstance(action, dict):
            return
        number = action.get("n")
        if action.get("do") == "hello":
            self._greet()
            return
        try:
            asked = self.role.asked(action)
        except PermissionError as error:
            self._tell(number, {"ok": False, "text": str(error), "doc": None})
            return
        self.feed.ask(partial(self._answered, number), **asked, by=self.by)

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
        self._seen, parts = self.feed.since(self._seen)
        if parts:
            self._wire.frame = packed(parts)

    def _beat(self) -> None:
        self._wire.beat = self._wire.beat + 1
        if self.feed.lost and not self._told_lost:
            self._told_lost = True
            self._wire.lost = self.feed.lost


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
        "kpis": LABELS | KPI_WORDS,
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
