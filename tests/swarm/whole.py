"""After a day: the world is whole but for incidents still under way, and nothing was lost without a cause."""

import json
from collections import Counter

from agents.plant.component import FAULT, Component
from engine.motion import FOREVER_US
from scenarios.results import Run
from scenarios.run import Session
from twin.events import ORDER_ENDS


def rows(run: Run, *kinds: str) -> list[tuple[str, str, dict]]:
    """Rows of truth: kind, subject, payload."""
    table = run.truth.select(["kind", "subject", "payload"])
    found = zip(*(table[name].to_pylist() for name in table.column_names))
    return [(kind, subject, json.loads(payload)) for kind, subject, payload in found if kind in kinds]


def under_way(run: Run) -> dict[str, list[tuple[str, dict]]]:
    """Incidents that had not ended with the run, by kind: names and details."""
    ended = {name for _, name, _ in rows(run, "incident_ended")}
    found: dict[str, list[tuple[str, dict]]] = {}
    for _, name, payload in rows(run, "incident_started"):
        if name not in ended:
            found.setdefault(payload["incident"], []).append((name, payload["details"]))
    return found


def assert_each_order_ended_once(run: Run) -> None:
    """And none that was not placed."""
    ended = Counter(subject for _, subject, _ in rows(run, *ORDER_ENDS))
    assert sorted(ended.elements()) == sorted(subject for _, subject, _ in rows(run, "order_placed"))


def assert_each_recommendation_ended_once(run: Run) -> None:
    """Accepted, changed, refused, expired or overtaken; and nobody waits for an answer any more."""
    made = [subject for _, subject, _ in rows(run, "recommendation_made")]
    assert sorted(made) == sorted(subject for _, subject, _ in rows(run, "recommendation_answered"))
    assert len(set(made)) == len(made)


def assert_whole(session: Session, run: Run) -> None:
    """Only incidents under way hold anything down, and only as many disturbances last."""
    built, left = session.built, under_way(run)
    names = {kind: {name for name, _ in found} for kind, found in left.items()}
    plant, receivers = built.plant.plant, built.radio.receivers
    assert _held(plant.platform.component) <= names.get("platform_outage", set()) | {FAULT}
    assert _held(plant.link.primary) <= names.get("terminal_link_cut", set()) | {FAULT}
    for feed in plant.feeds.values():
        assert _held(feed.component) <= names.get("feed_break", set()) | {FAULT}
        assert not (feed.component.up and feed.held)
    assert not (plant.platform.component.up and plant.platform.held)
    assert not (plant.link.primary.up and plant.link.held)
    assert plant.changes.keys() == names.get("schema_change", set())
    assert built.plant.attendance._away == names.get("dispatcher_absent", set())
    assert session.world.closed.keys() == names.get("road_closure", set())
    if built.radio.surroundings is not None and "carrier_outage" not in left:
        assert built.radio.surroundings.map is built.ground.coverage
    device_of = session.director.stage.instruments.device_of
    gone = {device_of[details["vehicle"]] for _, details in left.get("device_gone", [])}
    assert built.radio.links.all_gone().keys() == gone
    assert session.world.telematics is not None
    if "device_swapped" not in left:
        assert session.world.telematics.registered.tolist() == [*range(len(device_of))]
    if "breakdown" not in left:
        assert not any(vehicle.faults for vehicle in built.vehicles.values())
    assert _lasting(receivers.clocks._jumps) == len(left.get("clock_jump", []))
    disturbed = sum(len(left.get(kind, [])) for kind in ("gnss_jamming", "gnss_spoofing", "device_gone"))
    assert _lasting(receivers.interference._all) == disturbed
    assert _lasting(receivers.supply._unplugged) <= len(left.get("device_unplugged", []))


def _held(component: Component) -> set[str]:
    return component._held_by


def _lasting(disturbances: list) -> int:
    return sum(one.end_us == FOREVER_US for one in disturbances)


def assert_conserved(session: Session, run: Run) -> None:
    """Samples, messages and commands: each received, waiting, under way, or lost with its cause."""
    built = session.built
    assert session.world.telematics is not None
    fates = Counter(run.telemetry["fate"].to_pylist())
    lane = built.radio.lane.counts()
    power = fates.pop("power", 0)
    assert lane.pop("open") == 0
    assert lane["taken"] + power == built.telemetry.rows
    assert all(lane[fate] == fates[fate] for fate in ("overrun", "dead", "stolen", "lost")), (lane, fates)
    behind = lane["received"] - fates["received"]  # the door: lost by a feed, or still waiting there
    assert behind == fates["feed"] + fates["buffered"] - lane["buffered"], (lane, fates)
    assert behind >= fates["feed"] == built.plant.plant.lost_samples
    for way, tally in built.radio.courier.counts().items():
        known = tally.delivered + tally.waiting + tally.in_transit + sum(tally.lost.values())
        assert tally.offered == known, (way, tally)
    events = built.plant.plant.counts()
    assert events["admitted"] == events["received"] + events["held"] + events["lost"], events
