"""Simulated against measured coverage along the road: drives in Cork (see ``docs/validation.md``)."""

import numpy as np
import pytest

from benchmarks.cork_validation import (
    HELD_OUT,
    autocorrelation,
    changes_a_km,
    dark_share,
    decorrelation_m,
    gaps,
    low_signal,
    shares,
    simulated,
    simulated_gaps,
    smoothing_m,
    summary,
    traces,
)
from engine.coverage.code import LTE, NR, OLDER
from engine.coverage.terrain import COVERED_SHARES, LENGTH_M, SMOOTH_M
from engine.coverage.towers import TECHNOLOGIES

DRAWS = 30


@pytest.fixture(scope="module")
def every():
    """The moving traces."""
    return traces()


@pytest.fixture(scope="module")
def fitted(every):
    """Those that the constants were fitted on."""
    return [trace for trace in every if not trace.name.startswith(HELD_OUT)]


@pytest.fixture(scope="module")
def held_out(every):
    """The others."""
    return [trace for trace in every if trace.name.startswith(HELD_OUT)]


def test_the_traces_are_the_published_ones(every):
    """30 traces, of which one was parked; none loses service, so gaps cannot be fitted on them."""
    assert len(every) == 29
    assert sum(trace.along_m[-1] for trace in every) / 1000 == pytest.approx(297, abs=2)
    assert all((trace.level >= OLDER).all() and (np.diff(trace.t_us) > 0).all() for trace in every)


def test_the_constants_are_what_the_fit_gives(every, fitted):
    """Two lengths on the fitted traces; shares of the way on all; least signals from the lowest 1 %."""
    assert decorrelation_m(autocorrelation(fitted)[0]) == LENGTH_M
    assert smoothing_m(fitted) == pytest.approx(SMOOTH_M, abs=25)
    measured = shares(every, [trace.level for trace in every])
    assert [COVERED_SHARES[of] for of in (OLDER, LTE, NR)] == pytest.approx(measured[1:], abs=0.01)
    for name, of in (("LTE", LTE), ("NR", NR)):
        heard = np.concatenate([trace.rsrp_dbm[trace.level == of] for trace in every])
        assert TECHNOLOGIES[name].least_dbm == pytest.approx(np.quantile(heard, 0.01), abs=3)


def test_held_out_drives_change_technology_as_often(held_out):
    """Simulated changes a kilometre on the held-out ways are within a fifth of the measured."""
    drawn = [changes_a_km(held_out, levels) for levels in simulated(held_out, DRAWS)]
    assert np.mean(drawn) == pytest.approx(changes_a_km(held_out, [t.level for t in held_out]), rel=0.2)


def test_stretches_on_each_technology_are_about_as_long(fitted, held_out):
    """5G and LTE: measured means on the held-out drives lie within a factor of 2 of the simulated.

    3G: the two halves of the data differ tenfold (36 and 361 s); the simulated mean lies between them.
    """
    of_held_out, of_fitted = (summary(some, [trace.level for trace in some]) for some in (held_out, fitted))
    drawn = [summary(held_out, levels) for levels in simulated(held_out, DRAWS)]
    for unit in ("m", "s"):
        mean = {name: np.mean([one[f"{name}: mean {unit}"] for one in drawn]) for name in ("5G", "LTE", "3G")}
        for name in ("5G", "LTE"):
            assert 0.5 < of_held_out[f"{name}: mean {unit}"] / mean[name] < 2, (name, unit)
        assert of_held_out[f"3G: mean {unit}"] < mean["3G"] < of_fitted[f"3G: mean {unit}"]
    assert of_held_out["to the next level"] >= 0.9
    assert min(one["to the next level"] for one in drawn) >= 0.9


@pytest.mark.parametrize("dbm", [-105.0, -110.0])
def test_gaps_are_about_as_long_as_stretches_of_low_signal(every, dbm):
    """Mean metres within a half; seconds within a factor of 4 (ours are fewer and longer)."""
    low = low_signal(every, dbm)
    measured, drawn = gaps(every, low), simulated_gaps(every, dark_share(every, low), DRAWS)
    ratio = drawn.mean(axis=0) / measured.mean(axis=0)
    assert 2 / 3 < ratio[0] < 1.5
    assert 1 / 4 < ratio[1] < 4
