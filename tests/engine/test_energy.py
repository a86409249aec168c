"""Fuel and battery figures against the published table, hand computation and physical bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.energy import TYPES


def per_100_km(name: str, kmh: float) -> float:
    """Steady flat use over 100 km: litres or kWh."""
    return TYPES[name].drive(np.full(100, 1000.0), np.full(100, 3600 / kmh))[-1] / 1e6


@pytest.mark.parametrize(
    ("name", "litres"),
    [
        ("van_diesel", (6.4, 6.9, 10.3, 14.9)),
        ("box_truck_diesel", (13.7, 14.0, 19.6, 27.3)),
        ("tractor_diesel", (22.7, 22.6, 28.3, 36.4)),
    ],
)
def test_steady_consumption_is_the_published_table(name, litres):
    """30, 50, 80 and 105 km/h on the flat give the table's litres per 100 km."""
    assert [round(per_100_km(name, kmh), 1) for kmh in (30, 50, 80, 105)] == list(litres)


@pytest.mark.parametrize(
    ("name", "kwh_per_mile"),
    [("van_electric", (0.35, 0.61, 0.92)), ("box_truck_electric", (0.76, 1.21, 1.76))],
)
def test_electric_consumption_is_the_published_table(name, kwh_per_mile):
    """50, 80 and 105 km/h give the table's kWh per mile, auxiliaries included."""
    assert [round(per_100_km(name, kmh) * 0.01609344, 2) for kmh in (50, 80, 105)] == list(kwh_per_mile)


def test_a_stop_from_40_kmh_costs_a_van_about_15_ml():
    """The stop-and-go term: m v^2 / 2 over both efficiencies, 15 ml for a 3 t van."""
    van = TYPES["van_diesel"]
    piece = np.array([1000.0]), np.array([90.0])
    assert 14_000 < van.drive(*piece, stops=1.0)[-1] - van.drive(*piece)[-1] < 16_000


def test_idling_burns_the_hourly_figure():
    """An hour of idling is the type's litres per hour; an electric van feeds its auxiliaries."""
    assert TYPES["tractor_diesel"].idle(3600) == 2_400_000
    assert TYPES["van_electric"].idle(3600) == 800_000


def test_electric_descents_charge_and_diesel_descents_idle():
    """Down 6 % at 50 km/h: an electric van gains energy, a diesel burns its idle litres only."""
    piece = np.array([1000.0]), np.array([72.0])
    assert TYPES["van_electric"].drive(*piece, grade=-0.06)[-1] < 0
    assert TYPES["van_diesel"].drive(*piece, grade=-0.06)[-1] == TYPES["van_diesel"].idle(72)


def test_up_and_down_costs_more_than_flat():
    """Regeneration gives back less than the climb took."""
    van = TYPES["van_electric"]
    up, down = (van.drive([1000.0], [72.0], grade=g)[-1] for g in (0.06, -0.06))
    assert up + down > 2 * van.drive([1000.0], [72.0])[-1]


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(TYPES)),
    st.lists(st.tuples(st.floats(1, 2000), st.floats(1, 33)), min_size=1, max_size=30),
    st.floats(0, 2),
)
def test_use_adds_up_and_never_falls_on_the_flat(name, pieces, stops):
    """Use starts at 0, never falls on the flat, grows with stops and load; halves add up to the whole."""
    length = np.array([p[0] for p in pieces])
    duration = length / np.array([p[1] for p in pieces])
    kind = TYPES[name]
    used = kind.drive(length, duration, stops)
    assert used[0] == 0
    assert len(used) == len(length) + 1
    assert (np.diff(used) >= 0).all()
    assert kind.drive(length, duration, stops + 1)[-1] > used[-1]
    assert kind.drive(length, duration, stops, load_kg=500)[-1] >= used[-1]
    halves = kind.drive(length / 2, duration / 2, stops / 2)
    assert 2 * halves[-1] == pytest.approx(used[-1], abs=2)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(3, 400))
def test_charge_time_is_the_integral_of_the_power_curve(a, b, charger_kw):
    """Closed form against a fine midpoint sum, for any charger."""
    low, high = min(a, b), max(a, b)
    kind = TYPES["box_truck_electric"]
    soc = low + (high - low) * (np.arange(1000) + 0.5) / 1000
    hours = sum(kind.battery_kwh * (high - low) / 1000 / kind.charge_power_kw(s, charger_kw) for s in soc)
    assert kind.charge_time_s(low, high, charger_kw) == pytest.approx(hours * 3600, rel=1e-3, abs=1e-6)


def test_charging_by_hand():
    """75 kWh from 20 to 80 % at 50 kW takes 54 minutes; the tapered fifth is a logarithm."""
    van = TYPES["van_electric"]
    assert van.charge_time_s(0.2, 0.8, 50) == pytest.approx(54 * 60)
    assert van.charge_time_s(0.8, 1.0, 500) == pytest.approx(75 / 115 * np.log(10) / 4.5 * 3600)
    assert van.charge_power_kw(1.0, 500) == pytest.approx(11.5)


def test_charging_keyframes_end_where_charging_ends():
    """Keyframes rise strictly in time and put in exactly the energy asked for."""
    van = TYPES["van_electric"]
    t_us, energy = van.charge(0.31, 0.947, 50)
    assert (np.diff(t_us) > 0).all()
    assert t_us[-1] == round(van.charge_time_s(0.31, 0.947, 50) * 1e6)
    assert energy[0] == 0
    assert energy[-1] == round((0.31 - 0.947) * 75e6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TYPES["car"].charge_time_s(0.1, 0.2, 50), "no battery"),
        (lambda: TYPES["van_electric"].charge_time_s(0.5, 0.2, 50), "from 0.5 to 0.2"),
        (lambda: TYPES["van_electric"].charge_time_s(0.1, 0.2, 0), "charger_kw"),
        (lambda: TYPES["car"].drive([10.0], [0.0]), "take time"),
    ],
)
def test_nonsense_is_refused_by_name(call, words):
    """Errors name the vehicle type and the value."""
    with pytest.raises(ValueError, match=words):
        call()
