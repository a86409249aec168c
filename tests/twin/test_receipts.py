"""Belief is never ahead of what was received: everything in it carries a receipt, and nothing else moves it."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.belief import Belief
from twin.ingest import Ingest, Message
from twin.policies import POLICIES
from twin.samples import SampleBatch
from twin.travel import TravelMatrix
from twin.views import NEVER_US, FleetView

MINUTE = 60_000_000
NOON = 20_000 * 24 * 60 * MINUTE + 12 * 60 * MINUTE
VEHICLES = ("V0", "V1")
PLACE = {"place_id": "main", "lat": 50.0, "lon": 8.0}


class Sent(NamedTuple):
    """A message that sets out; ``received_us`` NEVER_US: it never gets through."""

    message: Message
    received_us: int


class Sampled(NamedTuple):
    """A sample that sets out."""

    vehicle: int
    sample: int
    recorded_us: int
    lat: float
    received_us: int


class Flat:
    """Travel times as the crow flies, an hour a degree."""

    def matrix(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> TravelMatrix:
        ms = np.array([[self._ms(a, b) for b in destinations] for a in origins], np.int64)
        return TravelMatrix(ms, ms)

    def legs_ms(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> np.ndarray:
        return np.array([self._ms(a, b) for a, b in zip(origins, destinations)], np.int64)

    def basis(self, depart_at_us: int) -> None:
        return None

    @staticmethod
    def _ms(a: Any, b: Any) -> int:
        return round(3_600_000 * (abs(a.lat - b.lat) + abs(a.lon - b.lon)))


def office() -> Belief:
    """Two vehicles at work and four orders nobody was told to do."""
    belief = Belief()
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": PLACE})
    for name in VEHICLES:
        belief.apply("vehicle_registered", 0, {
            "vehicle_id": name, "device_id": name, "group": "g", "kind": "van", "profile": "van", "depot_id": "main",
            "capacity": {}, "offers": [],
        })  # fmt: skip
        who = {"driver_id": f"D{name}", "vehicle_id": name, "depot_id": "main"}
        belief.apply("shift_started", NOON, {**who, "until_us": NOON + 600 * MINUTE})
        belief.apply("loading_done", NOON, {**who, "orders": [], "started_us": NOON})
    for n in range(4):
        task = {"place": {"place_id": f"P{n}", "lat": 50.0 + n / 20, "lon": 8.0}, "windows_us": [], "service_s": 60.0}
        belief.apply("order_placed", NOON, {
            "order_id": f"O{n}", "pickup": None, "delivery": task, "demand": {}, "priority": 1, "needs": [],
            "customer": "C", "depot": None, "known_before": False,
        })  # fmt: skip
    return belief


def listen(belief: Belief, sent: list[Sent | Sampled], until_us: int) -> FleetView:
    """What head office makes of what it has received by a moment."""
    ingest = Ingest()
    for item in sorted((s for s in sent if s.received_us <= until_us), key=lambda s: s.received_us):
        if isinstance(item, Sampled):
            belief.observe(SampleBatch.of(
                item.vehicle, item.recorded_us, item.lat, 8.0, sample=item.sample, received_us=item.received_us
            ))  # fmt: skip
            continue
        verdict = ingest.judge(item.message, item.received_us)
        if not verdict.refused:
            belief.hear(item.message.payload["vehicle_id"], verdict.occurred_us, item.received_us)
            belief.apply(item.message.kind, verdict.occurred_us, item.message.payload, item.message.event_id)
    return belief.view(until_us)


@st.composite
def days(draw: st.DrawFn) -> list[Sent | Sampled]:
    """What two vehicles send in an hour: arrivals, deliveries and samples; clocks may be wrong, much is lost."""
    sent: list[Sent | Sampled] = []
    for number in range(draw(st.integers(0, 12))):
        at_us = NOON + number * 5 * MINUTE
        vehicle = draw(st.integers(0, 1))
        wrong_us = draw(st.sampled_from([0, 0, 0, 90 * MINUTE, -90 * MINUTE, -NOON]))
        delay_us = draw(st.sampled_from([1, MINUTE, 20 * MINUTE, NEVER_US]))
        received_us = NEVER_US if delay_us == NEVER_US else at_us + delay_us
        lat = draw(st.sampled_from([50.0, 50.1, 50.2]))
        if draw(st.booleans()):
            sent.append(Sampled(vehicle, number, at_us + wrong_us, lat, received_us))
            continue
        who = {"vehicle_id": VEHICLES[vehicle], "driver_id": f"DV{vehicle}"}
        if draw(st.booleans()):
            kind, payload = "arrived", {
                **who, "trip_id": "t", "at": "x", "purpose": "depot", "lat": lat, "lon": 8.0, "distance_m": 1.0,
                "driving_s": 1.0, "fuel_ml": 0.0, "energy_wh": 0.0, "odometer_m": 1.0, "empty": True,
            }  # fmt: skip
        else:
            kind, payload = "order_delivered", {
                **who, "order_id": f"O{draw(st.integers(0, 3))}", "attempt": 1, "arrived_us": at_us,
                "started_us": at_us, "service_s": 1.0, "share": 1.0,
            }  # fmt: skip
        source = f"dev-{VEHICLES[vehicle]}"
        sent.append(Sent(Message(f"{source}:{number}", kind, at_us + wrong_us, "s", source, payload), received_us))
    return sent


@settings(max_examples=150, deadline=None)
@given(sent=days(), minute=st.integers(0, 90))
def test_nothing_in_belief_is_newer_than_its_receipt(sent: list[Sent | Sampled], minute: int) -> None:
    """Whatever clocks claim: no time in the picture lies after now, and no fix after its vehicle was heard."""
    now_us = NOON + minute * MINUTE
    view = listen(office(), sent, now_us)
    heard = [s for s in sent if s.received_us <= now_us]
    assert view.events_us == max((s.received_us for s in heard if isinstance(s, Sent)), default=0)
    for name, row in view.index.items():
        mine = [s for s in heard if (s.vehicle == row if isinstance(s, Sampled) else s.message.source == f"dev-{name}")]
        assert view.heard_us[row] == max((s.received_us for s in mine), default=0)
        assert view.told_us[row] == max((s.received_us for s in mine if isinstance(s, Sent)), default=0)
        assert view.told_of_us[row] <= view.told_us[row]
        assert view.fixed_us[row] <= view.sampled_us[row] <= view.heard_us[row] <= now_us
        vehicle = view.vehicles[name]
        assert max(vehicle.heard_us, vehicle.state_us) <= max(NOON, int(view.heard_us[row]))


@settings(max_examples=100, deadline=None)
@given(sent=days(), other=days(), minute=st.integers(0, 90), policy=st.sampled_from(sorted(POLICIES)))
def test_what_never_got_through_changes_no_decision(
    sent: list[Sent | Sampled], other: list[Sent | Sampled], minute: int, policy: str
) -> None:
    """Two truths that differ in messages lost or still under way: the same picture, the same commands."""
    now_us = NOON + minute * MINUTE
    received = [s for s in sent if s.received_us <= now_us]
    poison = [s._replace(received_us=max(s.received_us, now_us + 1)) for s in other]
    one, two = (listen(office(), truth, now_us) for truth in (sent, received + poison))
    assert str(one) == str(two)
    told = [POLICIES[policy](v, Flat(), np.random.default_rng(1), 50) for v in (one, two)]  # type: ignore[arg-type]
    assert told[0] == told[1]


@settings(max_examples=100, deadline=None)
@given(sent=days(), minutes=st.lists(st.integers(0, 90), min_size=2, max_size=6))
def test_a_last_known_position_is_never_replaced_by_an_older_one(
    sent: list[Sent | Sampled], minutes: list[int]
) -> None:
    """From look to look the time of each fix never goes back."""
    views = [listen(office(), sent, NOON + minute * MINUTE) for minute in sorted(minutes)]
    for before, after in pairwise(views):
        assert (after.fixed_us >= before.fixed_us).all()
        assert (after.heard_us >= before.heard_us).all()
