"""Every kind of incident in a real run: something changes while it lasts, and afterwards the world is as without it."""

from typing import Any

import pytest

from scenarios.incidents import INCIDENTS
from scenarios.run import Session
from tests.tiny import tiny

HOUR_US = 3_600_000_000
LASTS: dict[str, Any] = {"at": "08:00", "lasts_s": 3600.0}
HERE = {"vehicle": "vans-1"}
EACH: dict[str, dict[str, Any]] = {
    "breakdown": HERE,
    "carrier_outage": {},
    "clock_jump": HERE | {"by_s": 7200.0},
    "demand_surge": {"orders": 4},
    "device_gone": HERE | {"cause": "stolen"},
    "device_swapped": HERE | {"other": "vans-2"},
    "device_unplugged": HERE,
    "dispatcher_absent": {},
    "feed_break": {},
    "gnss_jamming": HERE,
    "gnss_spoofing": HERE,
    "platform_outage": {},
    "road_closure": {"near_depot": "main", "radius_m": 900.0},
    "schema_change": {},
    "terminal_link_cut": {},
    "weather": {"state": "storm"},
}
"""Parameters of each kind."""


def session(incidents: dict[str, Any]) -> Session:
    """A day with coverage everywhere, samples every ten seconds and nothing else that fails."""
    radio = {"carriers": {"red": {"loss_share": 0.0}}, "depot_wifi_m": 0.0}
    return Session(
        tiny(
            radio=radio, incidents=incidents, traffic={"weather": "clear"}, devices={"tracker": {"parked_every": 1}},
            fleet={"vans": {"breakdowns_per_1000_km": 0.0}}, depots={"main": {"position": "centre"}},
        )
    )  # fmt: skip


def state(session: Session) -> dict[str, Any]:
    """What incidents may move, by what moves it."""
    built, world = session.built, session.world
    telematics = world.telematics
    assert telematics is not None
    telematics.advance(world.now)
    plant, devices = built.plant.plant, built.radio.devices.ids
    told = built.office.belief.last.rows
    return {
        "breakdown": dict(built.vehicles["vans-1"].faults),
        "carrier_outage": [built.radio.courier.cut_off_by(device) for device in devices],
        "clock_jump": [world.clock(device, world.now) - world.now for device in devices],
        "demand_surge": [name for name in world.truth.table()["subject"].to_pylist() if name.startswith("it-")],
        "device_gone": [built.radio.links.gone(number) for number in range(len(devices))],
        "device_swapped": telematics.registered.tolist(),
        "device_unplugged": (told["supply_mv"] > 9000).tolist(),
        "dispatcher_absent": built.plant.may_decide(),
        "feed_break": [feed.component.up for feed in plant.feeds.values()],
        "gnss_jamming": (told["satellites"] > 0).tolist(),
        "gnss_spoofing": (told["cn0_spread_db"] > 3).tolist(),
        "platform_outage": plant.platform.component.up,
        "road_closure": sorted(world.closed_edges),
        "schema_change": sorted(plant.changes),
        "terminal_link_cut": plant.link.up,
        "weather": None if world.weather is None else world.weather.factor(world.now),
    }


def states(incidents: dict[str, Any]) -> list[dict[str, Any]]:
    """At 07:59, 08:10, and ten minutes after it is over."""
    running = session(incidents)
    found = []
    for hours in (1.99, 2.17, 3.17):
        running.advance(running.scenario.start_us + round(hours * HOUR_US))
        found.append(state(running))
    return found


@pytest.fixture(scope="module")
def usual() -> list[dict[str, Any]]:
    """The day without any."""
    return states({})


def test_all_kinds_are_here() -> None:
    """A new kind needs a line above."""
    assert {*EACH} == {*INCIDENTS}


@pytest.mark.parametrize("kind", sorted(EACH))
def test_something_changes_and_all_is_restored(kind: str, usual: list[dict[str, Any]]) -> None:
    """In the middle its own state differs; before it and after it nothing does, but for orders that were placed."""
    before, during, after = states({"it": {"kind": kind, **LASTS, **EACH[kind]}})
    assert before == usual[0]
    assert during[kind] != usual[1][kind]
    assert after | {"demand_surge": []} == usual[2]
