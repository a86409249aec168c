"""What a run cost, item by item: by hand, and in proportion to each price."""

from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import END_US, T0_US, HandMade, tiny_world
from twin.kpis import Costs, Tables, by_dimension, compute, gather
from twin.kpis.contracts import Contracts, Device
from twin.kpis.costs import MONTHS, sources
from twin.kpis.labels import ITEMS as LABELLED
from twin.kpis.money import FIGURES, ITEMS, cost_eur, cost_items_eur, figure_of
from twin.kpis.records import Duty, DutyKey, ExceptionRecord, Facts, OrderRecord, Work, WorkKey
from twin.kpis.telemetry import TelemetryFacts

H = 3_600_000_000
PRICES = [price.name for price in fields(Costs) if price.name not in ("working_days_per_year", "sms_eur", "email_eur")]
"""Those that the facts are multiplied with; messages carry what they cost."""


def telemetry(*over_sim: int) -> TelemetryFacts:
    """Samples sent over SIMs by V1, V2, …."""
    none = np.zeros(len(over_sim), np.int64)
    names = tuple(f"V{k + 1}" for k in range(len(over_sim)))
    return TelemetryFacts(names, none, none, none, none, np.array(over_sim, np.int64), None)


def day() -> Facts:
    """One of everything."""
    facts = Facts(END_US, contracts=Contracts(
        1, {"V1": Device(2, 100), "V2": Device(1, 100, 50.0, 1.0)}, 1, frozenset({"north"})
    ))  # fmt: skip
    facts.duty[DutyKey("D1", "V1", "X")] = Duty(
        duty_us=10 * H, overtime_us=H // 2, violations=1, idle_fuel_ul=1_000_000
    )
    facts.work[WorkKey("D1", "V1", "X", "08")] = Work(
        3, distance_mm=100_000_000, fuel_ul=9_000_000, energy_mwh=4_000_000
    )
    facts.orders["late"] = OrderRecord("late", windows=((0, 1),), end="order_delivered", started_us=2, failed_visits=2)
    facts.orders["left"] = OrderRecord("left", end="order_left_out")
    facts.downtime_us["V1"] = 2 * H
    facts.phone_us, facts.runbook_us, facts.deciding_us = H // 4, H // 4, H // 4
    facts.exceptions["E1"] = ExceptionRecord("late", 0, worked_us=H // 4)
    facts.telemetry = telemetry(10_000, 30_000)  # 1 and 3 MB
    facts.proof_bytes["V1"] = 2_000_000
    return facts


def test_a_day_by_hand() -> None:
    """At prices that are easy to multiply."""
    prices = {
        "driver_eur_per_h": 30.0, "overtime_eur_per_h": 15.0, "vehicle_eur_per_km": 0.5, "fuel_eur_per_l": 2.0,
        "energy_eur_per_kwh": 0.25, "downtime_eur_per_h": 10.0, "failed_delivery_eur": 16.0, "late_delivery_eur": 5.0,
        "left_out_eur": 20.0, "dispatcher_eur_per_h": 32.0, "violation_eur": 100.0, "device_eur_per_month": 21.0,
        "sim_eur_per_month": 2.1, "data_plan_eur_per_mb": 0.42, "data_eur_per_mb": 0.5,
        "data_over_plan_eur_per_mb": 3.0, "standby_line_eur_per_month": 42.0, "working_days_per_year": 252.0,
    }  # fmt: skip
    items = cost_items_eur(replace(day(), costs=Costs(**prices)))
    assert items == pytest.approx({
        "drivers": 300, "overtime": 7.5, "vehicles": 50, "fuel": 20, "energy": 1, "downtime": 20, "failed_visits": 32,
        "late": 5, "left_out": 20, "notifications": 0, "calls": 0, "disputes_lost": 0, "dispatchers": 32,
        "violations": 100, "devices": 2, "sims": 0.3, "data": 3 * 0.5 + 50 * 0.42 / 21 + (3 - 1) * 3,
        "standby_line": 2,
    })  # fmt: skip


def test_every_item_is_named_and_every_price_has_a_source() -> None:
    """In the order of the figures of a study."""
    assert tuple(cost_items_eur(day())) == ITEMS == tuple(LABELLED)
    assert tuple(map(figure_of, ITEMS)) == FIGURES
    assert all(sources().values())


costs = st.builds(Costs, **{name: st.floats(0, 1e4) for name in PRICES}, working_days_per_year=st.floats(1, 366))


@given(costs)
def test_items_sum_to_the_cost_exactly(prices: Costs) -> None:
    """To the last bit, of the whole and of each part; the parts of vehicles hold each device once."""
    facts = replace(day(), costs=prices)
    assert sum(cost_items_eur(facts).values()) == cost_eur(facts)
    parts = facts.split("vehicle")
    for item in ("devices", "sims", "data", "downtime", "drivers", "violations"):
        together = sum(cost_items_eur(part)[item] for part in parts.values())
        assert together == pytest.approx(cost_items_eur(facts)[item])
    assert all(cost_items_eur(part)[item] == 0 for part in parts.values() for item in ("dispatchers", "standby_line"))


def test_no_prices_no_cost() -> None:
    """Of whatever happened."""
    free = Costs(**dict.fromkeys(PRICES, 0.0))
    assert set(cost_items_eur(replace(day(), costs=free)).values()) == {0}


@given(st.sampled_from(PRICES), st.floats(0.01, 100))
def test_a_doubled_price_doubles_what_it_is_the_price_of(name: str, price: float) -> None:
    """The cost is linear in each price."""

    def at(value: float) -> float:
        return cost_eur(replace(day(), costs=replace(Costs(), **{name: value})))

    assert at(2 * price) - at(0.0) == pytest.approx(2 * (at(price) - at(0.0)), abs=1e-6)


@given(st.floats(1, 366), st.integers(1, 10))
def test_a_year_of_days_costs_twelve_months(days_per_year: float, days: int) -> None:
    """However many days a run has, and a year."""
    facts = replace(day(), costs=Costs(working_days_per_year=days_per_year))
    facts.contracts = replace(facts.contracts, days=days)
    a_year = cost_items_eur(facts)["devices"] / days * days_per_year
    assert a_year == pytest.approx(2 * MONTHS * facts.costs.device_eur_per_month)


@pytest.mark.parametrize(("given", "message"), [
    ({"driver_eur": 1}, "unknown cost 'driver_eur'"), ({"working_days_per_year": 0}, "0: expected 1 to 366"),
])  # fmt: skip
def test_bad_prices_are_named(given: dict[str, float], message: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match=message):
        Costs.from_mapping(given)


# --- from ledgers ---


def shift_ended(minute: float, duty_h: float, driving_h: float) -> tuple:
    payload = {
        "driver_id": "D1", "vehicle_id": "V1", "duty_s": duty_h * 3600, "driving_s": driving_h * 3600, "break_s": 0.0,
        "idle_s": 0.0, "engine_s": 0.0, "odometer_m": 0.0, "unserved": [],
    }  # fmt: skip
    return minute, "shift_ended", payload, "V1"


def folded(world: HandMade, **more: object) -> Facts:
    truth, office, _ = world.tables()
    facts = gather(Tables(**{"truth": truth, "office": office, "start_us": T0_US, "end_us": END_US} | more)).truth
    assert facts is not None
    return facts


def test_overtime_and_limits_of_a_shift() -> None:
    """Half an hour after the rostered end; on duty 14 and at the wheel 11 hours are still allowed."""
    for duty_h, driving_h, violations in ((14.0, 11.0, 0), (14.1, 11.0, 1), (14.1, 11.1, 2)):
        world = HandMade()
        started = {"driver_id": "D1", "vehicle_id": "V1", "depot_id": "X", "until_us": T0_US + 330 * 60_000_000}
        world.happen(60, "shift_started", started, "V1")
        world.happen(*shift_ended(360, duty_h, driving_h))
        items = cost_items_eur(folded(world))
        assert items["overtime"] == pytest.approx(0.5 * Costs().overtime_eur_per_h)
        assert items["violations"] == violations * Costs().violation_eur


def test_a_vehicle_is_off_the_road_until_it_is_repaired_or_the_run_ends() -> None:
    """One repaired after an hour, one never."""
    world = HandMade()
    for vehicle in ("V1", "V2"):
        world.happen(60, "breakdown_started", {"vehicle_id": vehicle, "minutes": 60.0}, vehicle)
    world.happen(120, "breakdown_ended", {"vehicle_id": "V1"}, "V1")
    assert folded(world).downtime_us == {"V1": H, "V2": END_US - T0_US - H}


def test_samples_over_sims_are_counted_and_those_over_wifi_are_not() -> None:
    """Lost ones too, if they were sent."""
    truth, office, samples = tiny_world().tables()
    networks = ["north", "wifi", "none"] * samples.num_rows
    place = samples.schema.get_field_index("network")
    samples = samples.set_column(place, "network", pa.array(networks[: samples.num_rows]))
    contracts = Contracts(1, {"V1": Device(1, 1000), "V2": Device(1, 1000)}, 0, frozenset({"north"}))
    tables = Tables(truth, office, T0_US, END_US, samples, contracts=contracts)
    evidence = gather(tables)
    sent_mb = networks[: samples.num_rows].count("north") * 1000 / 1e6
    assert evidence.truth is not None
    assert cost_items_eur(evidence.truth)["data"] == pytest.approx(sent_mb * Costs().data_eur_per_mb)
    rows = [row for row in by_dimension(evidence).to_pylist() if row["dimension"] == "cost_item"]
    found = {source: sum(row["value"] for row in rows if row["source"] == source) for source in ("truth", "office")}
    total = compute(evidence)["cost_eur"]
    assert found == pytest.approx({"truth": total["value"], "office": total["reported"]})
