"""KPIs of a world small enough to compute by hand, truth against what the office knew."""

import json
import math
import time
import tracemalloc
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA
from tests.worlds import END_US, T0_US, HandMade, at, delivery, route, tiny_ledgers, tiny_world
from twin.kpis import Costs, Tables, by_dimension, compute, gather
from twin.kpis.alerting import score_alerts
from twin.kpis.records import Alarm, OrderRecord, zone_of


def evidence_of(world: HandMade, **changes):
    """The folded facts of a hand-made world."""
    truth, office, telemetry = world.tables()
    return gather(Tables(**{"truth": truth, "office": office, "start_us": T0_US, "end_us": END_US,
                            "telemetry": telemetry} | changes))  # fmt: skip


def figures(world: HandMade, what: str = "value") -> dict:
    return {name: row[what] for name, row in compute(evidence_of(world)).items()}


V1_AREA = 1802**2 / 2 + 4 * (1802**2 - 2**2) / 2 + (1800**2 - 2**2) / 2
V2_AREA = 1802**2 / 2 + (3602**2 - 2**2) / 2 + (1802**2 - 2**2) / 2 + (1800**2 - 2**2) / 2
BY_HAND = {
    "orders_total": 4,
    "orders_due": 4,
    "delivered_share": 2 / 4,
    "on_time_share": 1 / 4,
    "otif_share": 1 / 4,
    "first_attempt_share": 2 / 3,  # O4 was never visited
    "left_out_share": 1 / 4,
    "failed_share": 1 / 4,
    "late_orders": 1,
    "lateness_s_p95": 10 * 60,  # O2: window to 130, served at 140
    "eta_error_s_p50": 5 * 60,  # O1 planned 95, there at 100; O2 planned 120, there at 140
    "stops_done": 2,
    "stops_per_h": 2 / 5.5,
    "distance_km": 50.0,
    "driving_h": 2.0,
    "duty_h": 5.5,
    "longest_shift_h": 3.0,
    "empty_distance_share": 15 / 50,
    "utilisation_share": (120 + 15) / 600,
    "workload_spread": 15 / 165,  # 180 and 150 minutes
    "fuel_l": 5.0 + 2 * 0.1,
    "energy_kwh": 0.0,
    "idle_share": 1200 / 12_000,
    "route_adherence_share": 1.0,
    "plan_changes_per_driver": 0.0,
    "assignment_latency_s_p50": 300 - 2,  # O3 heard two seconds after 80, commanded at 85
    "belief_age_s_mean": (V1_AREA + V2_AREA) / (10_800 + 9000),
    "samples_lost_share": 1 / 14,
    "co2_kg": 5.2 * 2.70,
    "cost_eur": 5.5 * 36.8 + 50 * 0.45 + 5.2 * 1.60 + 15.8 + 5.0 + 15.8,
    "cost_per_stop_eur": (5.5 * 36.8 + 50 * 0.45 + 5.2 * 1.60 + 15.8 + 5.0 + 15.8) / 2,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_four_orders_by_hand(name):
    """Each KPI of the tiny world is the number worked out on paper."""
    assert math.isclose(figures(tiny_world())[name], BY_HAND[name], rel_tol=1e-12)


def test_ninety_fifth_percentile_of_the_age():
    """The age spends 5 % of 19,800 s above the p95: the top of V2's long gap and of nothing else."""
    p95 = figures(tiny_world())["belief_age_s_p95"]
    assert math.isclose(p95, 3602 - 0.05 * 19_800, rel_tol=0.008)


def test_office_knows_only_what_it_heard():
    """A delivery whose proof never arrived counts in truth and is missing in what was reported."""
    world = tiny_world()
    world.office = [row for row in world.office if not (row[1] == "order_delivered" and '"O1"' in row[6])]
    assert figures(world)["on_time_share"] == 1 / 4
    assert figures(world, "reported")["on_time_share"] == 0.0
    assert figures(world, "reported")["delivered_share"] == 1 / 4


@pytest.mark.parametrize("reason", ["duplicate", "dead_letter: unknown kind"])
def test_duplicates_and_dead_letters_are_not_believed(reason):
    """Rows kept only as a record change no reported number."""
    world = tiny_world()
    before = figures(world, "reported")
    extra = next(row for row in world.office if row[1] == "delivery_attempted")
    world.office.append((*extra[:-1], reason))
    assert figures(world, "reported") == before


def test_an_order_cancelled_before_anyone_set_out_is_not_due():
    """Cancelled at the desk: out of the denominator; cancelled with the goods on the road: a miss."""
    world = tiny_world()
    for order in ("O5", "O6"):
        world.happen(1, "order_placed", delivery(order, (100, 130)))
    picked = {"order_id": "O6", "vehicle_id": "V2", "driver_id": "D2", "at_depot": "X"}
    world.happen(87, "order_picked_up", picked, "V2")
    for order in ("O5", "O6"):
        world.happen(90, "order_cancelled", {"order_id": order, "by": "customer", "reason": "changed mind"}, "customer")
    assert figures(world)["orders_total"] == 6
    assert figures(world)["on_time_share"] == 1 / 5


def test_an_order_still_open_counts_once_its_window_has_closed():
    """A run that was killed: an order whose window closes after the end is not yet due."""
    world = HandMade()
    world.happen(0, "order_placed", delivery("O1", (100, 130)))
    world.happen(0, "order_placed", delivery("O2", (100, 1000)))
    assert figures(world)["on_time_share"] == 0.0
    assert len(evidence_of(world).truth.due()) == 1


def test_plan_changes_count_what_disturbs_a_shift():
    """The first route is the plan, whenever it comes; another one during the shift is a change, unless declined."""
    world = tiny_world()
    for minute, answer in ((100, "accepted"), (110, "declined")):
        world.answer(minute, "V1", world.command(minute - 1, "set_route", route("V1", ("O2", 135))), answer)
    assert figures(world)["plan_changes_per_driver"] == 1 / 2
    assert figures(world)["eta_error_s_p50"] == 5 * 60  # O2 now planned at 135, there at 140


def test_route_adherence_counts_neighbours_kept():
    """Planned O1 O2 O9, driven O1 O2: one of two pairs kept."""
    world = tiny_world()
    world.office = [
        row if row[1] != "set_route" or "V1" not in row[4] else (*row[:6], json.dumps(
            route("V1", ("O1", 95), ("O2", 120), ("O9", 160))), *row[7:])
        for row in world.office
    ]  # fmt: skip
    assert figures(world)["route_adherence_share"] == 1 / 2


windows = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 50)).map(lambda w: (w[0], w[0] + w[1])), max_size=3
).map(tuple)


@given(windows, st.integers(0, 200))
def test_late_and_on_time_exclude_each_other(listed, started):
    """Lateness is positive only for what missed a window, and never more than the time since the first close."""
    order = OrderRecord("O1", windows=listed, end="order_delivered", started_us=started)
    assert order.on_time == (not listed or any(a <= started <= b for a, b in listed))
    assert order.lateness_us >= 0
    assert not (order.on_time and order.lateness_us)
    if order.lateness_us:
        assert order.lateness_us <= started - min(close for _, close in listed)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_bit(random):
    """Shuffled tables, and another order of what happened at the same instant, give the same KPIs to the bit."""
    world, shuffled = tiny_world(), tiny_world()
    moments = Counter(row[3] for row in shuffled.truth if row[1] in ("order_placed", "shift_ended"))
    for rows in (shuffled.truth, shuffled.office):
        for moment in moments:
            same = [i for i, row in enumerate(rows) if row[3] == moment and row[1] in ("order_placed", "shift_ended")]
            values = [rows[i] for i in same]
            random.shuffle(values)
            for i, row in zip(same, values):
                rows[i] = row
    tables = [table.take(random.sample(range(table.num_rows), table.num_rows)) for table in shuffled.tables()]
    got = gather(Tables(tables[0], tables[1], T0_US, END_US, tables[2]))
    expected = evidence_of(world)
    assert json.dumps(compute(got)) == json.dumps(compute(expected))
    assert by_dimension(got).equals(by_dimension(expected))


def test_a_stream_out_of_order_is_refused():
    """A ledger that is read as a stream must rise in seq."""
    truth, office, _ = tiny_ledgers()
    backwards = truth.take(list(range(truth.num_rows))[::-1])
    with pytest.raises(ValueError, match="expected rising numbers"):
        gather(Tables(lambda: iter(backwards.to_batches()), office, T0_US, END_US))


def test_a_live_twin_has_reported_figures_only():
    """With an empty truth ledger, values are unknown and reports remain."""
    truth, office, telemetry = tiny_ledgers()
    rows = compute(gather(Tables(truth.slice(0, 0), office, T0_US, END_US, telemetry)))
    assert rows["on_time_share"]["value"] is None
    assert rows["on_time_share"]["reported"] == 1 / 4
    assert rows["belief_age_s_mean"]["value"] > 0


def test_parts_add_up():
    """Kilometres by driver and by hour, and orders by customer, add up to the whole; shares per zone are shares."""
    table = by_dimension(evidence_of(tiny_world()))

    def total(kpi, dimension, source="truth"):
        rows = [pc.equal(table[c], v) for c, v in (("kpi", kpi), ("dimension", dimension), ("source", source))]
        return pc.sum(table.filter(pc.and_(pc.and_(rows[0], rows[1]), rows[2]))["value"]).as_py()

    assert total("distance_km", "driver") == 50.0
    assert total("distance_km", "hour", "office") == 50.0
    assert total("orders_total", "customer") == 4
    assert total("on_time_share", "zone") == 1 / 4
    assert total("samples_lost_share", "vehicle", "office") == 1 / 7
    assert set(table["dimension"].to_pylist()) == {
        "driver", "vehicle", "depot", "zone", "customer", "hour", "cost_item",
    }  # fmt: skip
    assert math.isclose(total("cost_eur", "cost_item"), BY_HAND["cost_eur"])
    assert table.column_names == ["kpi", "source", "dimension", "key", "value"]


def test_hours_are_those_of_the_wall_clock():
    """In Tokyo the day of the tiny world is afternoon."""
    table = by_dimension(evidence_of(tiny_world(), time_zone="Asia/Tokyo"))
    keys = set(table.filter(pc.equal(table["dimension"], "hour"))["key"].to_pylist())
    assert keys == {"15", "16", "17", "19"}


def test_a_zone_is_named_after_its_corner():
    """Cells of two hundredths of a degree, south and west of zero too."""
    assert zone_of(50.039, 8.05) == "50.02,8.04"
    assert zone_of(-0.001, -0.001) == "-0.02,-0.02"


def test_prices_are_checked():
    """An unknown price is an error that names the known ones."""
    assert Costs.from_mapping({"fuel_eur_per_l": 2}).fuel_eur_per_l == 2.0
    with pytest.raises(ValueError, match=r"unknown cost 'fuel_eur'.*fuel_eur_per_l"):
        Costs.from_mapping({"fuel_eur": 2})


def test_alerts_are_scored_against_causes():
    """Ten seconds late, five early, a repeat, one of no cause, and one cause nobody noticed."""
    causes = [Alarm("late", "O1", at(10)), Alarm("late", "O2", at(20)), Alarm("late", "O3", at(30))]
    alerts = [
        Alarm("late", "O1", at(10) + 10), Alarm("late", "O1", at(12)), Alarm("late", "O2", at(20) - 5),
        Alarm("late", "O9", at(20)), Alarm("breakdown", "O3", at(30)),
    ]  # fmt: skip
    assert score_alerts(alerts, causes) == (2, 2, 1, (10, -5))
    assert score_alerts([Alarm("late", "O1", at(26))], causes) == (0, 1, 3, ())


def big_world(orders: int) -> HandMade:
    """A day of many orders, ten to a van."""
    world = HandMade()
    for v in range(orders // 10):
        van, driver = f"V{v}", f"D{v}"
        who = {"driver_id": driver, "vehicle_id": van}
        world.happen(60, "shift_started", {**who, "depot_id": "X", "until_us": at(400)}, van)
        mine = [f"O{v}-{k}" for k in range(10)]
        for order in mine:
            world.happen(0, "order_placed", delivery(order, (100, 300)))
            world.happen(70, "order_picked_up", {**who, "order_id": order, "at_depot": "X"}, van)
        world.answer(7, van, world.command(6, "set_route", route(van, *((o, 90 + 10 * k) for k, o in enumerate(mine)))))
        for k, order in enumerate(mine):
            world.drive(80 + 10 * k, 5, van, order, 1000.0 * k, 0, onboard=tuple(mine[k:]))
            world.happen(90 + 10 * k, "order_delivered", {
                **who, "order_id": order, "attempt": 1, "arrived_us": at(85 + 10 * k),
                "started_us": at(86 + 10 * k), "service_s": 120.0, "share": 1.0,
            }, van)  # fmt: skip
    return world


def test_a_day_of_a_thousand_orders_takes_a_moment():
    """KPIs and all their dimensions of 1,000 orders; about 0.3 s here, the bound leaves room for a busy machine."""
    truth, office, telemetry = big_world(1000).tables()
    begin = time.perf_counter()
    evidence = gather(Tables(truth, office, T0_US, END_US, telemetry))
    assert compute(evidence)["orders_total"]["value"] == 1000
    assert by_dimension(evidence).num_rows > 1000
    assert time.perf_counter() - begin < 3.0


def test_empty_ledgers_have_no_figures():
    """No rows at all: nothing is known, nothing raises."""
    tables = Tables(TRUTH_SCHEMA.empty_table(), OFFICE_SCHEMA.empty_table(), T0_US, END_US, pa.table({
        "vehicle_id": pa.array([], pa.string()), "occurred_at": pa.array([], pa.timestamp("us", "UTC")),
        "received_at": pa.array([], pa.timestamp("us", "UTC"))}))  # fmt: skip
    rows = compute(gather(tables))
    assert all(row["value"] in (None, 0) for row in rows.values())


def test_harsh_events_are_counted_by_driver():
    """Two of one driver, one of another."""
    world = tiny_world()
    for driver, vehicle, minute in (("D1", "V1", 40), ("D1", "V1", 50), ("D2", "V2", 60)):
        world.happen(minute, "harsh_event", {"vehicle_id": vehicle, "driver_id": driver, "what": "brake"})
    assert figures(world)["harsh_events"] == 3
    by_driver = {row["key"]: row["value"] for row in by_dimension(evidence_of(world)).to_pylist()
                 if (row["kpi"], row["dimension"], row["source"]) == ("harsh_events", "driver", "truth")}  # fmt: skip
    assert (by_driver["D1"], by_driver["D2"]) == (2, 1)


def _peak_bytes(batches: int) -> int:
    """Peak memory of folding a stream of harsh events, a batch at a time."""

    rows = 1000
    text = '{"vehicle_id":"V1","driver_id":"D1","what":"brake"}'

    def stream():
        for batch in range(batches):
            seq = range(batch * rows, (batch + 1) * rows)
            columns = [seq, [f"V1:{s}" for s in seq], ["harsh_event"] * rows, [1] * rows, [T0_US + s for s in seq],
                       ["V1"] * rows, ["V1"] * rows, [text] * rows]  # fmt: skip
            arrays = [pa.array(column, field.type) for column, field in zip(columns, TRUTH_SCHEMA)]
            yield pa.RecordBatch.from_arrays(arrays, schema=TRUTH_SCHEMA)

    tracemalloc.start()
    gather(Tables(stream, OFFICE_SCHEMA.empty_table(), T0_US, END_US))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_run():
    """Eight times as many events need no more memory."""
    _peak_bytes(1)
    assert _peak_bytes(40) < 1.2 * _peak_bytes(5) + 100_000


def test_a_delivery_heard_of_late_counts_whatever_the_office_had_decided():
    """Written off at head office, delivered on the road: once it is heard, the office's account says so too."""
    world = tiny_world()
    row = next(i for i, row in enumerate(world.office) if row[1] == "order_delivered")
    order_id = json.loads(world.office[row][6])["order_id"]
    before = figures(world, "reported")
    failed = {"order_id": order_id, "reason": "nobody could take it", "attempts": 1}
    just_before_us = world.office[row][7] - 1
    ended = ("office:1000", "order_failed", 1, just_before_us, order_id, "office", json.dumps(failed))
    world.office.append((*ended, just_before_us, "office", ""))
    assert figures(world, "reported") == before
    world.office = [r for r in world.office if r[1] != "order_delivered" or json.loads(r[6])["order_id"] != order_id]
    assert figures(world, "reported")["failed_share"] > before["failed_share"]
