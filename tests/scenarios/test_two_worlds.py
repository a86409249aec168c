"""Truth and belief over whole runs: only messages cross, all of them are accounted for, and blindness has a price."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agents.courier import TO_OFFICE
from benchmarks.soak.belief import blind_day, decisions, heard, told_apart
from benchmarks.soak.days import rough_day
from benchmarks.soak.runs import unbalanced
from scenarios.results import Run
from scenarios.run import Session, run
from scenarios.verify import verify
from tests.tiny import tiny
from twin.events import ORDER_ENDS
from twin.ingest import refused

HOUR_US = 3_600_000_000
DARK: dict[str, Any] = {"carriers": {"red": {"terrain": {"dark_share": 0.5}}}, "latency_s": 0.0, "depot_wifi_m": 50.0}
ASKING: dict[str, Any] = {
    "seed": 3, "horizon_s": 28_800, "devices": {"tracker": {"gnss_sigma_m": 0.0}},
    "orders": {"generate": {"known_per_day": 4, "arriving_per_day": 30}},
}  # fmt: skip
"""A day whose decisions rest on where vehicles are."""


def us(column: pa.ChunkedArray) -> np.ndarray:
    """Times as microseconds, int64."""
    return np.asarray(column.cast(pa.int64()))


# --- belief never ahead of truth ---


@pytest.mark.parametrize("number", [1, 2, 5])
def test_nothing_is_known_before_it_happens(number: int) -> None:
    """Rows of the office: received at or after the true moment of the same event, whatever time they claim; samples:
    received after they were measured."""
    done = run(rough_day(number))
    happened = dict(zip(done.truth["event_id"].to_pylist(), us(done.truth["occurred_at"]).tolist()))
    told = done.office.filter(pc.is_valid(done.office["received_at"]))
    for event_id, received_us in zip(told["event_id"].to_pylist(), us(told["received_at"]).tolist()):
        assert received_us >= happened[event_id], event_id
    samples = done.telemetry.filter(pc.is_valid(done.telemetry["received_at"]))
    assert (us(samples["received_at"]) >= us(samples["occurred_at"])).all()


def test_every_position_believed_has_a_receipt() -> None:
    """At any moment a vehicle is where the newest fix received by then says, and heard of no later than now."""
    session = Session(tiny(radio=DARK | {"latency_s": 3.0}, devices={"tracker": {"clock": {"drift_ppm": 0.0}}}))
    views = []
    for hour in range(1, 12):
        session.advance(session.scenario.start_us + hour * HOUR_US)
        views.append(session.built.office.belief.view(session.world.now))
    told = session.finish().telemetry
    told = told.filter(pc.and_(pc.is_valid(told["received_at"]), pc.greater(told["satellites"], 0)))
    received_us, occurred_us = us(told["received_at"]), us(told["occurred_at"])
    vehicle, lat = np.array(told["vehicle_id"].to_pylist()), told["lat"].to_numpy()
    behind = 0
    for view in views:
        assert (view.heard_us <= view.now_us).all()
        for name, row in view.index.items():
            mine = np.flatnonzero((vehicle == name) & (received_us <= view.now_us))
            newest = mine[np.argmax(occurred_us[mine])]
            assert (view.fixed_us[row], view.lat[row]) == (occurred_us[newest], lat[newest])
            behind += occurred_us[newest] < occurred_us[(vehicle == name) & (occurred_us <= view.now_us)].max()
    assert behind > 0, "no vehicle was ever out of reach"


# --- poisoned truth ---


@pytest.mark.parametrize("case", [0, 3])
def test_what_never_got_through_changes_no_decision(case: int) -> None:
    """Dark from some time in the morning on, and no sample of the whole day received: breakdowns, closures, storms
    and other positions are in the truth, and every command, its reason included, is the same."""
    commands, problems = told_apart(case)
    assert problems == []
    assert commands > 5


def test_what_head_office_writes_off_too_late_ends_nothing(tmp_path: Path) -> None:
    """Orders delivered unheard are given up at head office, which is in its ledger; in truth each ended once."""
    done = run(blind_day(0, True), out=tmp_path / "day")
    assert verify(tmp_path / "day").ok
    truth, office = (_by_kind(table.to_pylist()) for table in (done.truth, done.office))
    overtaken = {row["event_id"]: json.loads(row["payload"]) for row in truth["order_end_overtaken"]}
    assert overtaken
    written_off = {row["event_id"]: row for row in (*office["order_left_out"], *office["order_failed"])}
    for event_id, payload in overtaken.items():
        assert written_off[event_id]["subject"] == payload["order_id"]
        assert written_off[event_id]["kind"] == payload["end"]
    ends = Counter(row["subject"] for kind in ORDER_ENDS for row in truth[kind])
    assert set(ends.values()) == {1}
    assert len(ends) == done.kpis["orders_total"]["value"]
    assert done.kpis["delivered_share"]["reported"] < done.kpis["delivered_share"]["value"]


def _by_kind(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["kind"]].append(row)
    return found


def test_the_same_poison_changes_decisions_where_it_gets_through() -> None:
    """Else the test before would show nothing."""
    calm, poisoned = (run(blind_day(3, poison, incidents=_of(3, poison))) for poison in (False, True))
    assert heard(calm) != heard(poisoned)
    assert decisions(calm) != decisions(poisoned)


def test_head_office_gives_up_what_it_cannot_know_to_be_over() -> None:
    """The next morning orders that were delivered unheard are as open, or as given up, as those that were not."""
    open_orders, delivered = [], []
    for poison in (False, True):
        session = Session(blind_day(0, poison))
        session.advance(session.scenario.start_us + 25 * HOUR_US)
        open_orders.append({*session.built.office.belief.orders})
        delivered.append(session.world.truth.table()["kind"].to_pylist().count("order_delivered"))
    assert open_orders[0] == open_orders[1]
    assert delivered[0] != delivered[1]


def _of(case: int, poison: bool) -> dict[str, Any]:
    """A blind day's incidents without the dark."""
    incidents = blind_day(case, poison).model.incidents
    return {name: what for name, what in incidents.items() if name not in ("dark", "silent")}


# --- what the road cannot know ---


def drives_in_vain(incidents: dict[str, Any]) -> int:
    """Trips that set off to an order that had been called off."""
    done = run(tiny(
        seed=2, radio={"carriers": {"red": {}}, "depot_wifi_m": 0.0, "station_wifi_m": 0.0}, incidents=incidents,
        customers={"cancelled_share": 0.6}, orders={"generate": {"known_per_day": 30, "arriving_per_day": 0}},
    ))  # fmt: skip
    told = _by_kind(done.truth.to_pylist())
    called_off = {row["subject"]: row["occurred_at"] for row in told["order_cancelled"]}
    trips = [(row["occurred_at"], json.loads(row["payload"])["to"]) for row in told["departed"]]
    return sum(order_id in called_off and at > called_off[order_id] for at, order_id in trips)


def test_a_driver_nobody_can_reach_drives_to_orders_that_were_called_off() -> None:
    """And one who is told does not."""
    assert drives_in_vain({}) == 0
    assert drives_in_vain({"dark": {"kind": "carrier_outage", "at": "07:00", "lasts_s": 100_000.0}}) > 5


# --- conservation ---

LOSING: dict[str, Any] = {
    "radio": {"carriers": {"red": {"terrain": {"dark_share": 0.4}, "loss_share": 0.1}}, "depot_wifi_m": 0.0},
    "devices": {"tracker": {"buffer_samples": 20, "duplicate_share": 0.1, "battery_h": 6.0}},
    "head_office": {"proofs": {"photo_kb": 300.0}},
    "incidents": {
        "noon": {"kind": "carrier_outage", "at": "10:00", "lasts_s": 100_000.0},
        "thief": {"kind": "device_gone", "vehicle": "vans-1", "cause": "stolen", "at": "11:00", "lasts_s": 600.0},
    },
}


def unheard(done: Run) -> tuple[int, int, int]:
    """From the files alone: events of devices received by radio, waiting at the end, and lost with a stolen device.

    Nobody phones, and plant and platform work. So what was never received and happened before a device was stolen
    went with it, and the rest waits; what happened while there was no device was never sent.
    """
    by_radio = pc.and_(pc.equal(done.office["channel"], "radio"), pc.is_valid(done.office["received_at"]))
    received = set(done.office.filter(by_radio)["event_id"].to_pylist())
    rows = done.truth.select(["kind", "subject", "source", "event_id", "occurred_at"]).to_pylist()
    begins, ends = (
        next(row["occurred_at"] for row in rows if row["kind"] == kind and row["subject"] == "thief")
        for kind in ("incident_started", "incident_ended")
    )
    counts: Counter[str] = Counter()
    for row in rows:
        if row["source"].startswith("dev-"):
            stolen = row["source"] == "dev-vans-1" and row["occurred_at"] < begins
            between = row["source"] == "dev-vans-1" and begins <= row["occurred_at"] < ends
            if row["event_id"] in received:
                counts["received"] += 1
            elif stolen or (between and row["kind"] == "proof_captured"):
                counts["lost"] += 1
            elif not between:
                counts["waiting"] += 1
    return counts["received"], counts["waiting"], counts["lost"]


def test_every_message_and_sample_is_accounted_for() -> None:
    """The files against the counts kept while running: received, waiting, or lost by cause; no other state."""
    session = Session(tiny(**LOSING))
    done = session.run()
    tally = session.built.radio.courier.counts()[TO_OFFICE]
    assert unheard(done) == (tally.delivered, tally.waiting + tally.in_transit, sum(tally.lost.values()))
    assert {*tally.lost} == {"stolen"}
    assert tally.waiting > 0
    assert [*unbalanced(session, done)] == []
    assert {"received", "overrun", "buffered", "stolen"} <= {*done.telemetry["fate"].to_pylist()}
    doubles = sum(refused(reason) for reason in done.office["reason"].to_pylist())
    assert doubles == tally.duplicates > 0


# --- the price of blindness ---


def asked(information: str, locate: bool, **sections: Any) -> Run:
    dispatch = {"policy": "nearest", "period_s": 600.0, "information": information, "locate": locate}
    return run(tiny(**(ASKING | {"dispatch": dispatch} | sections)))


def test_a_fix_at_each_decision_and_no_latency_leave_nothing_to_know() -> None:
    """Full coverage: belief gives the commands that the truth does, and its price is exactly 0; asked less often than
    decided, it does not."""
    belief, perfect, unasked = (
        asked(information, locate, radio={"latency_s": 0.0})
        for information, locate in (("belief", True), ("perfect", True), ("belief", False))
    )
    assert len(decisions(belief)) > 20
    assert decisions(belief) == decisions(perfect)
    assert belief.kpis["cost_eur"]["value"] - perfect.kpis["cost_eur"]["value"] == 0
    assert belief.kpis["not_on_time_orders"] == perfect.kpis["not_on_time_orders"]
    assert decisions(unasked) != decisions(perfect)


def test_in_dead_zones_belief_decides_otherwise_and_pays_for_it() -> None:
    """Who cannot be reached cannot answer, and what happened there is not heard: other commands, dearer by 2 EUR."""
    outage = {"noon": {"kind": "carrier_outage", "at": "08:30", "lasts_s": 10_800.0}}
    belief, perfect = (asked(information, True, radio=DARK, incidents=outage) for information in ("belief", "perfect"))
    assert decisions(belief) != decisions(perfect)
    assert belief.kpis["cost_eur"]["value"] - perfect.kpis["cost_eur"]["value"] > 1


@pytest.mark.parametrize(
    ("sections", "answers"),
    [
        ({}, {0, 1, 2}),
        ({"radio": {"latency_s": 0.1}}, set()),
        ({"head_office": {"platform": {"response_s": 1.0}}}, set()),
        ({"incidents": {"down": {"kind": "platform_outage", "at": "08:59"}}}, set()),
        ({"incidents": {"mute": {"kind": "feed_break", "at": "08:59"}}}, set()),
        ({"incidents": {"jam": {"kind": "gnss_jamming", "vehicle": "vans-2", "at": "08:00", "lasts_s": 9e3}}}, {0, 2}),
        ({"incidents": {"gone": {"kind": "device_gone", "vehicle": "vans-1", "at": "08:00", "lasts_s": 9e3}}}, {1, 2}),
        ({"radio": DARK, "incidents": {"out": {"kind": "carrier_outage", "at": "08:00", "lasts_s": 9e3}}}, set()),
    ],
    ids=["all", "latency", "slow platform", "platform down", "feed broken", "jammed", "stolen", "no network"],
)
def test_devices_answer_where_they_can(sections: dict[str, Any], answers: set[int]) -> None:
    """Asked at 09:00 and something: a fix of that very moment from those that can tell it at once."""
    radio = {"latency_s": 0.0, "depot_wifi_m": 0.0} | sections.get("radio", {})
    devices = {"tracker": {"gnss_sigma_m": 0.0, "sample_period_s": 60.0}}
    session = Session(tiny(**(sections | {"radio": radio | {"depot_wifi_m": 0.0}, "devices": devices})))
    session.advance(session.scenario.start_us + 3 * HOUR_US + 34_567_891)
    view = session.built.office.view(locate=True)
    assert set(np.flatnonzero(view.fixed_us == view.now_us).tolist()) == answers
    x_mm, y_mm = session.world.telematics.motion.positions(view.now_us)  # type: ignore[union-attr]
    lat, lon = session.ground.roads.projection.to_lat_lon(x_mm / 1000, y_mm / 1000)
    found = sorted(answers)
    assert view.lat[found] == pytest.approx(lat[found], abs=6e-8)
    assert view.lon[found] == pytest.approx(lon[found], abs=6e-8)


# --- availability ---


def test_commands_get_through_when_link_and_platform_and_coverage_are_up() -> None:
    """Independent parts: the share of moments at which a vehicle can be told something is the product of the three."""
    day_s = 86_400
    scenario = tiny(
        horizon_s=20 * day_s, dispatch={"period_s": 86_400.0},
        orders={"generate": {"known_per_day": 0, "arriving_per_day": 0}},
        radio={"carriers": {"red": {"faults_per_day": 40.0, "fault_s_mean": 600.0}}, "depot_wifi_m": 0.0},
        devices={"tracker": {"sample_period_s": 3600.0, "reattach_s_median": 0.0}},
        head_office={"platform": {"availability": 0.8, "outage_s_mean": 3000.0},
                     "terminal_link": {"failures_per_year": 3000.0, "repair_s_mean": 3000.0}},
    )  # fmt: skip
    session = Session(scenario)
    plant, links = session.built.plant.plant, session.built.radio.links
    up: list[tuple[bool, bool, bool]] = []
    for minute in range(10, 20 * day_s // 60, 10):
        session.advance(scenario.start_us + minute * 60_000_000)
        for device in range(3):
            connected = links.connected(device, session.world.now) is not None
            up.append((plant.link.up, plant.platform.component.up, connected))
    link, platform, coverage = np.array(up).mean(axis=0).tolist()
    expected = 1 / (1 + 3000 / (365.25 * day_s / 3000)), 0.8, 1 / (1 + 600 / (day_s / 40 - 600))
    for found, wanted in zip((link, platform, coverage), expected):
        assert found == pytest.approx(wanted, abs=0.07)
    assert np.array(up).all(axis=1).mean() == pytest.approx(link * platform * coverage, abs=0.05)
