"""Names and texts as an attacker would choose them, in every part that a page draws: shown as text, running nothing."""

import queue
from typing import Any

import numpy as np
import pytest

from tests.tiny import write_tiny
from tests.viz.live.browsing import Visit
from tests.viz.live.knocking import Server
from viz.live.door import LOOPBACK, free_port, local_door
from viz.live.engine import Engine
from viz.live.feed import Feed

ATTACKS = (
    "<img class=pwned src=x onerror=alert(1)>",
    "<script class=pwned>alert(2)</script>",
    "'\"><svg class=pwned onload=alert(3)>",
    "</textarea></style></script><b class=pwned onmouseover=alert(4)>",
    "javascript:alert(5)//{{ 7*7 }}${alert(6)}$$x$$",
    "\u202e\u2066شحن\u05d0\u05d1",  # right to left, and never ended
    "very long " * 60,
)
WORDS_OF_OURS = {"state", "kind", "severity", "approval", "channel", "milestone", "what", "unit", "better", "range"}
"""Fields whose values are words of a list, not names: a page looks them up."""
NAMED = (
    "vehicles", "depots", "orders", "exceptions", "recommendations", "pending", "posted", "calls", "notifications",
    "proofs", "notes", "news", "engineer", "geofences", "truth.incidents",
)  # fmt: skip
EVERY_MINUTE = {
    "start": "2026-03-02T08:00",
    "horizon_s": 32_400,
    "drivers": {"crew": {"shift_start": "08:30"}},
    "orders": {"generate": {"arriving_per_day": 8, "opens": "08:30", "notice_s": 300}},
    "alerts": {"weak": {"rule": "low_battery", "set": {"wired_mv": 50_000}, "severity": "critical"}},
    "head_office": {
        "dispatchers": 0,
        "notifications": {"milestones": ["on_the_way", "next", "delivered"]},
        "proofs": {"photo_kb": 200, "signature_kb": 10},
    },
    "dispatch": {"plan": {"at": "08:05"}, "policy": "insertion", "approval": {"mode": "live", "expires_s": 30_000}},
}
PWNED = """(() => {
  const all = root => [...root.querySelectorAll("*")].flatMap(e => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  return all(document).filter(e => e.matches(".pwned, img, iframe, object, embed, [onerror], [onload], [onmouseover]"))
    .map(e => e.outerHTML.slice(0, 200));
})()"""


def hostile(value: Any, number: int = 0) -> Any:
    """Every name and text in it with an attack added, the same name always with the same."""
    if isinstance(value, str):
        return value + ATTACKS[sum(map(ord, value)) % len(ATTACKS)] if value else value
    if isinstance(value, list):
        return [hostile(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in WORDS_OF_OURS else hostile(item) for key, item in value.items()}
    return value


class HostileFeed(Feed):
    """A line on which every name that arrives is an attack."""

    def since(self, version: int) -> tuple[int, dict[str, Any]]:
        now, parts = super().since(version)
        for name in NAMED:
            if name in parts and not isinstance(parts[name], np.ndarray):
                parts[name] = hostile(parts[name])
        if "day" in parts:
            parts["day"] = parts["day"] | {key: hostile(parts["day"][key]) for key in ("name", "attribution")}
        return now, parts

    def ask(self, answer, **fields: Any) -> None:
        super().ask(lambda told: answer({key: hostile(value) for key, value in told.items()}), **fields)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A day half over, in which everything has happened that people see."""
    folder = tmp_path_factory.mktemp("hostile")
    engine = Engine({"scenario": str(write_tiny(folder, **EVERY_MINUTE)), "out": str(folder / "run"), "speed": None})
    address = (LOOPBACK, engine.port, engine.token)
    feed, answers = Feed(*address), queue.Queue()

    def ask(**fields: Any) -> dict[str, Any]:
        feed.ask(answers.put, by=ATTACKS[0], **fields)
        return answers.get(timeout=30)

    for minute in range(240):
        ask(do="step")
        parts = feed.since(0)[1]
        if minute % 40 == 39:
            for row in parts["recommendations"]:
                if row["state"] == "waiting":
                    ask(do="approve", recommendation_id=row["recommendation_id"])
    vehicle, order = parts["vehicles"][0][0], parts["orders"][-1][0]
    for case, attack in zip(parts["exceptions"], ATTACKS):
        ask(do="assign_exception", exception_id=case["id"], to=attack[:60])
        ask(do="note", exception_id=case["id"], text=attack[:400])
    for attack in ATTACKS:
        ask(do="message", vehicle_id=vehicle, text=attack[:400])
    ask(do="call", vehicle_id=vehicle, about=ATTACKS[1])
    ask(do="change_order", order_id=order, note=ATTACKS[2])
    ask(do="inject", incident={"kind": "breakdown", "vehicle": vehicle})
    for _ in range(20):
        ask(do="step")
    filled = feed.since(0)[1]
    feed.close()
    for name in set(NAMED) - {"geofences", "engineer"}:
        assert len(filled[name]), name  # or else nothing of it is probed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viz.live.server.Feed", HostileFeed)
        server = Server(address, local_door(free_port(None)))
        yield server
        server.end()
    engine.stop()


def test_no_view_runs_a_name(browser, page):
    """Every page, list, row and tooltip: no dialog, no element made of a name, nothing wider than the window."""
    visit = Visit(browser, page.url)
    tabs = visit.js("[...document.querySelectorAll('#tabs [role=tab], #desk-tabs [role=tab]')].map(e => e.id)")
    assert len(tabs) >= 10
    told = ""
    for tab in tabs:
        if tab.startswith("list-"):
            visit.page.click("#tab-operations")
        visit.page.click(f"#{tab}")
        visit.page.wait_for_timeout(700)  # pages are redrawn twice a second
        told += visit.js("document.body.innerText")
        assert visit.js(PWNED) == []
        assert visit.js("document.documentElement.scrollWidth <= innerWidth"), tab
    for attack in ATTACKS[:5]:
        assert attack in told, attack  # it came, and stands there as text
    visit.page.click("#tab-operations")
    for script in (
        "view.parts.vehicles.forEach((_, i) => { choose(i); showDetail(); })",
        "view.parts.orders.forEach((_, o) => { choose(view.parts['order.vehicle'][o], o); showDetail(); })",
        "toast({ ok: false, text: view.parts.vehicles[0][0] }); engineLost(view.parts.vehicles[0][0])",
    ):
        visit.js(script)
        visit.page.wait_for_timeout(400)
        assert visit.js(PWNED) == []
    box = visit.page.locator("#map").bounding_box()
    for share in (0.3, 0.5, 0.7):
        visit.page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
    assert visit.js(PWNED) == []
    assert visit.errors == []
    visit.context.close()


def test_the_probe_would_see_it(browser, page):
    """A name put in as markup is found, and runs."""
    visit = Visit(browser, page.url)
    visit.js(
        "document.querySelector('#tip').innerHTML = view.parts.vehicles.map(v => v[0]).join() + " + repr(ATTACKS[0])
    )
    visit.page.wait_for_timeout(300)
    assert visit.js(PWNED) != []
    assert any(error.startswith("dialog") for error in visit.errors)
    visit.context.close()
