"""Nothing a viewer without the truth is sent depends on what head office has not heard."""

from typing import Any

import numpy as np
import pytest

from engine.clock import HOUR, MINUTE
from scenarios.live.frames import changes
from scenarios.live.picture import Picture
from scenarios.live.score import Score
from scenarios.live.simulated import SimulatedDay
from scenarios.live.truth import TRUTH, without_truth
from scenarios.run import Session
from tests.tiny import tiny
from twin.belief import Belief
from twin.kpis.contracts import Contracts
from twin.kpis.costs import Costs

UNHEARD: dict[str, Any] = {
    "incidents": {"far": {"kind": "road_closure", "at": "07:30", "lat": 47.0193069, "lon": 7.9853788, "radius_m": 60,
                          "lasts_s": 7200, "reported_after_s": None}},
}  # fmt: skip


def shots(day: SimulatedDay, every_us: int = 20 * MINUTE) -> dict[int, dict[str, Any]]:
    """The parts of a day by moment."""
    seen = {}
    day.follow({0})
    while day.now_us < day.end_us:
        day.advance(min(day.now_us + every_us, day.end_us))
        seen[day.now_us] = day.parts()
    return seen


def test_days_that_differ_in_unheard_truth_look_alike() -> None:
    """A road is closed where nobody drives and nobody tells of it: the true parts differ, no other part does."""
    plain, other = SimulatedDay(Session(tiny())), SimulatedDay(Session(tiny(**UNHEARD)))
    differed = set()
    for (at_us, one), two in zip(shots(plain).items(), shots(other).values()):
        assert not changes(without_truth(one), without_truth(two)), at_us
        differed |= changes(one, two).keys()
    assert {TRUTH + "incidents", TRUTH + "closed.x"} <= differed


def test_parts_are_made_without_a_look_at_the_truth() -> None:
    """With another truth in its place, none of the belief's parts changes."""
    day = SimulatedDay(Session(tiny()))
    day.advance(day.start_us + 5 * HOUR)
    honest = day.parts()
    for order in day.truth.records.values():
        order.end = order.end or "order_failed"
    day.truth.done = dict.fromkeys(day.truth.belief.vehicles, 99)
    day._true_xy = lambda: (np.full(3, 1e6), np.full(3, 1e6))  # type: ignore[method-assign]
    day.session.built.radio.courier.waiting = lambda: [7, 7, 7]  # type: ignore[method-assign]
    day._made.clear()  # what is counted now and then is counted again
    wrong = day.parts()
    assert not changes(without_truth(honest), without_truth(wrong))
    assert changes(honest, wrong).keys() >= {TRUTH + "x", TRUTH + "backlog.messages"}


def test_the_offices_figures_are_folded_from_the_office_alone() -> None:
    """Truth that happens changes the true readings only."""
    quiet, eventful = (Score("UTC", Costs(), Contracts(), 0, {}) for _ in range(2))
    task = {"place": {"place_id": "", "lat": 0.0, "lon": 0.0}, "windows_us": [], "service_s": 0.0}
    order = {"order_id": "O1", "customer": "C", "depot": None, "known_before": True, "demand": {}, "priority": 1}
    placed = order | {"pickup": None, "delivery": task, "needs": []}
    eventful.happen("order_placed", MINUTE, placed)
    for score in (quiet, eventful):
        score.go(HOUR)
    one, two = quiet.parts(HOUR), eventful.parts(HOUR)
    assert not changes(without_truth(one), without_truth(two))
    assert changes(one, two)
    assert len(one["trend.s"]) == 12


@pytest.mark.parametrize("kind", ["incident_started", "weather_changed"])
def test_what_is_done_to_the_world_stays_out_of_the_offices_picture(kind: str) -> None:
    """Incidents stand in the true picture only because only it hears of them."""
    picture = Picture(Belief())
    payload = {"name": "x", "incident": "y", "details": {}, "state": "rain", "speed_factor": 0.9}
    picture.hear(kind, 0, payload, 0)
    assert list(picture.incidents) == (["x"] if kind == "incident_started" else [])
    assert not picture.news
