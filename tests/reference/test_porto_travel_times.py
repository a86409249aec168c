"""Simulated against driven travel times: taxis in Porto (see ``docs/validation.md``)."""

import numpy as np
import pytest

from benchmarks.porto_validation import (
    CALIBRATE,
    EVENING,
    LENGTH_TOLERANCE,
    TEST,
    ZONE,
    calibrate,
    fit,
    pieces,
    porto,
    usual_s,
)
from engine.clock import SECOND
from engine.traffic import PRESETS, TrafficConfig


@pytest.fixture(scope="module")
def graph():
    """Porto's road graph."""
    return porto()


@pytest.fixture(scope="module")
def by_day(graph):
    """Matched pieces of taxi trips by day."""
    found = pieces(graph)
    return {day: [piece for piece in found if piece.day == day] for day in sorted({p.day for p in found})}


def test_pieces_are_connected_ways_of_the_length_driven(graph, by_day):
    """Every piece is a chain of edges about as long as its track, and pieces of a trip do not overlap."""
    until: dict[str, int] = {}
    for some in by_day.values():
        for piece in some:
            assert np.array_equal(graph.head[piece.edges[:-1]], graph.tail[piece.edges[1:]])
            assert abs(piece.route_m / piece.gps_m - 1) <= LENGTH_TOLERANCE
            assert piece.depart_us >= until.get(piece.trip, 0)
            until[piece.trip] = piece.depart_us + int(piece.driven_s * SECOND)
    assert sum(map(len, by_day.values())) > 200
    assert len(by_day) == 5


def test_the_preset_is_what_calibration_gives(graph, by_day):
    """One number is fitted, on 14 August alone, and it is the one in the preset."""
    factor = calibrate(graph, by_day[CALIBRATE])
    preset, usual = PRESETS["porto"].congestion_weekday, TrafficConfig().congestion_weekday
    assert [preset[hour] / usual[hour] for hour in EVENING] == pytest.approx([factor] * 2, abs=0.03)
    assert np.median(usual_s(graph, PRESETS["porto"], by_day[CALIBRATE]) / [p.driven_s for p in by_day[CALIBRATE]]) == (
        pytest.approx(1, abs=0.03)
    )


def test_calibration_helps_on_the_test_evening(graph, by_day):
    """On 6 October, not calibrated on, ratio, error and bias all get better."""
    before = fit(graph, TrafficConfig(), by_day[TEST], repeats=5)
    after = fit(graph, PRESETS["porto"], by_day[TEST], repeats=5)
    assert abs(after.median_ratio - 1) < abs(before.median_ratio - 1) - 0.05
    assert after.mape < before.mape
    assert abs(after.bias) < abs(before.bias) - 0.05


def test_other_hours_are_right_in_the_middle(graph, by_day):
    """On the held-out days, at other hours, the default's median ratio is within 15 % of 1."""
    for day, some in by_day.items():
        if day in (CALIBRATE, TEST):
            continue
        assert not {ZONE.second_of_day(piece.depart_us) // 3600 for piece in some} & set(EVENING)
        ratio = usual_s(graph, TrafficConfig(), some) / [piece.driven_s for piece in some]
        assert np.median(ratio) == pytest.approx(1, abs=0.15)
