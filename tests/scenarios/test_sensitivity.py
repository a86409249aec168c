"""Sensitivity indices against functions whose indices are known."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.studies.designs import Design, Factor, sample
from scenarios.studies.run import Figures
from scenarios.studies.sensitivity import noise_share, of_figure, sensitivity
from scenarios.studies.study import Study
from tests.tiny import tiny

ISHIGAMI_FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0}
ISHIGAMI_TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437}
"""Ishigami and Homma (1990) with a = 7, b = 0.1: closed form."""


def design(kind: str, samples: int | None, count: int = 3, seed: int = 1) -> Design:
    """Factors a, b, c over the unit cube."""
    return design_of(kind, [Factor(key) for key in "abcdef"[:count]], samples, seed)


def design_of(kind: str, factors: Sequence[Factor], samples: int | None, seed: int = 1) -> Design:
    """With a variant for each row."""
    rows = tuple(sample(kind, factors, samples, seed))
    return Design(kind, tuple(factors), rows, tuple(f"v{number}" for number in range(len(rows))))


def ishigami(rows: np.ndarray) -> np.ndarray:
    """Three factors from -pi to pi."""
    x = np.pi * (2 * rows - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def indices(kind: str, samples: int | None, function: Callable[[np.ndarray], np.ndarray] = ishigami) -> dict[str, Any]:
    """What is found of a function, from one replication without noise."""
    made = design(kind, samples)
    return of_figure(made, function(np.array(made.rows))[:, None], 5)


def covered(index: dict[str, float], true: float) -> bool:
    """Whether the interval holds the true value."""
    return index["ci_low"] <= true <= index["ci_high"]


def test_sobol_indices_of_the_ishigami_function() -> None:
    """First order and total, told, each in its interval."""
    found = indices("saltelli", 1024)
    assert found["told"]
    for key in "abc":
        assert covered(found["factors"][key]["first"], ISHIGAMI_FIRST[key])
        assert covered(found["factors"][key]["total"], ISHIGAMI_TOTAL[key])
    assert found["says"].startswith("a 5")


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_first_order_from_a_sample_that_fills_space(kind: str) -> None:
    """Within 0.05 of the closed form, and in the interval."""
    found = indices(kind, 1024)
    assert found["told"]
    for key, true in ISHIGAMI_FIRST.items():
        assert found["factors"][key]["first"]["value"] == pytest.approx(true, abs=0.05)
        assert covered(found["factors"][key]["first"], true)


def test_a_large_mean_changes_no_index() -> None:
    """A cost of a million has digits enough."""
    plain = indices("saltelli", 64)
    shifted = indices("saltelli", 64, lambda rows: 1e6 + ishigami(rows))
    for key in "abc":
        assert shifted["factors"][key]["total"]["value"] == pytest.approx(plain["factors"][key]["total"]["value"])


def test_elementary_effects_of_a_plane_are_its_slopes() -> None:
    """With no interval to speak of: told."""
    found = indices("morris", 8, lambda rows: rows @ np.array([4.0, -2.0, 0.0]))
    assert [found["factors"][key]["effect"]["value"] for key in "abc"] == pytest.approx([4.0, 2.0, 0.0])
    assert found["told"]


def test_a_handful_of_trajectories_tells_nothing_however_alike_they_are() -> None:
    """Two that agree have a bootstrap interval of hardly any width: it holds the truth 6 times in 10."""
    found = indices("morris", 2, lambda rows: rows @ np.array([4.0, -2.0, 0.0]))
    assert found["factors"]["a"]["effect"]["ci_low"] == pytest.approx(4.0)
    assert not found["told"]
    assert found["says"].endswith("; too few samples to tell: 2, at least 8")


def test_what_is_mostly_the_luck_of_the_days_is_not_told() -> None:
    """The sample's interval knows nothing of other days; that of main effects is over the days."""
    made, days = design("morris", 16), np.zeros(10)
    days[3] = 1.0  # a day on which the points differ, by what they are
    outputs = np.array(made.rows) @ np.array([4.0, -2.0, 0.0])[:, None] * days
    found = of_figure(made, outputs, 5)
    assert found["noise_share"] > 0.9
    assert not found["told"]
    assert "too few replications to tell; " in found["says"]
    assert of_figure(made, outputs + outputs[:, 3:4], 5)["told"]


COUNTED = (
    Factor("vans", (), 1.0, 3.0, True), Factor("policy", ("insertion", "nearest")), Factor("latency_s", (), 0.0, 60.0),
    Factor("orders", (), 10.0, 16.0, True), Factor("planner", ("a", "b", "c", "d", "e")),
)  # fmt: skip


@settings(max_examples=30)
@given(st.integers(2, 9), st.integers(0, 2**31))
def test_an_elementary_effect_is_of_the_whole_range_also_where_values_are_counted(samples: int, seed: int) -> None:
    """A step takes one of two values to the other, and one of three vans to the second or third; slopes stay."""
    made = design_of("morris", COUNTED, samples, seed)
    slopes = np.array([60.0, -9.0, 30.0, 12.0, 4.0])
    positions = [[factor.position(share) for factor, share in zip(COUNTED, row)] for row in made.rows]
    found = of_figure(made, (5 + np.array(positions) @ slopes)[:, None], 5)["factors"]
    assert [found[key]["effect"]["value"] for key in made.keys] == pytest.approx(np.abs(slopes))


def test_whether_an_effect_is_told_does_not_hang_on_its_unit() -> None:
    """Its interval is held against the figure's spread over the design: euros and cents alike."""
    told = {}
    for unit in (1.0, 100.0):
        for bend in (0.1, 9.0):
            bent = indices("morris", 8, lambda rows: unit * (4 * rows[:, 0] + bend * rows[:, 0] * rows[:, 1]))  # noqa: B023
            told[unit, bend] = bent["told"]
    assert told == {(1.0, 0.1): True, (100.0, 0.1): True, (1.0, 9.0): False, (100.0, 9.0): False}


def test_effects_are_told_with_the_ends_they_lie_between() -> None:
    """Which of two policies costs more cannot be seen from a number; shares change by percentage points."""
    made = design_of("factorial", COUNTED[:2], None)
    outputs = np.array(made.rows) @ np.array([[0.2], [-0.1]]) + np.array([0.5, 0.51, 0.49])
    said = of_figure(made, outputs, 5, "share")["says"]
    assert said.startswith(
        "vans (1 to 3) +20.0 pp every time and policy (insertion to nearest) -10.0 pp every time over"
    )
    made = design_of("morris", COUNTED[:2], 4)
    positions = [[factor.position(share) for factor, share in zip(COUNTED, row)] for row in made.rows]
    assert (
        "policy (insertion to nearest) 10.0 pp"
        in of_figure(made, positions @ np.array([[0.2], [-0.1]]), 5, "share")["says"]
    )


def test_main_effects_of_a_factorial_have_intervals_from_the_days() -> None:
    """Of a plane with noise of a day and of a run; the day's part drops out."""
    made = design("factorial", None)
    rows, rng = np.array(made.rows), np.random.default_rng(7)
    days = rng.normal(0, 50, 20)
    outputs = (rows @ np.array([4.0, -2.0, 0.0]))[:, None] + days + rng.normal(0, 0.5, (len(rows), 20))
    found = of_figure(made, outputs, 5)
    for key, slope in zip("abc", (4.0, -2.0, 0.0)):
        assert covered(found["factors"][key]["effect"], slope)
        assert found["factors"][key]["effect"]["ci_high"] - found["factors"][key]["effect"]["ci_low"] < 1
    assert of_figure(made, outputs[:, :1], 5)["told"] is False


# --- when it cannot be told ---


@pytest.mark.parametrize(("kind", "samples"), [("saltelli", 16), ("latin_hypercube", 16), ("latin_hypercube", 64)])
def test_a_small_sample_is_said_to_be_too_small(kind: str, samples: int) -> None:
    """Rather than give figures that look exact."""
    found = indices(kind, samples)
    assert found["told"] is False
    assert "to tell" in found["says"]


def test_intervals_shrink_with_the_sample() -> None:
    """So that asking for more helps."""
    widths = []
    for samples in (32, 256, 2048):
        index = indices("saltelli", samples)["factors"]["a"]["total"]
        widths.append(index["ci_high"] - index["ci_low"])
    assert all(more < less for less, more in pairwise(widths))


def test_the_luck_of_days_is_measured_and_said() -> None:
    """Known variances: noise 3 in each run, 9 / 4 in the mean of 4; what a day adds everywhere is none."""
    rng = np.random.default_rng(1)
    made = design("saltelli", 256)
    true = 3 * np.array(made.rows)[:, 0] * np.sqrt(12)  # variance 9
    outputs = true[:, None] + rng.normal(0, 100, 4) + rng.normal(0, 3, (len(true), 4))
    assert noise_share(outputs) == pytest.approx((9 / 4) / (9 + 9 / 4), abs=0.03)
    assert "luck of the days" in of_figure(made, outputs, 5)["says"]
    assert noise_share(outputs[:, :1]) is None


def test_what_does_not_vary_or_is_undefined_has_no_index() -> None:
    """And the reason is said."""
    made = design("saltelli", 8)
    flat = np.ones((len(made.rows), 2))
    assert of_figure(made, flat, 5)["says"] == "the same whatever the factors"
    flat[3, 1] = np.nan
    assert of_figure(made, flat, 5)["says"] == f"undefined at 1 of {len(flat)} points"


# --- of a study ---


def test_rows_that_set_the_same_share_a_variant() -> None:
    """Figures are read by the variant of each row; no design or a grid: nothing."""
    made = design("factorial", None, 2)
    made = Design(made.kind, made.factors, made.rows, ("w", "x", "y", "w"))
    figures = Figures({name: {"cost_eur": [value, value]} for name, value in (("w", 1.0), ("x", 2.0), ("y", 5.0))})  # type: ignore[dict-item]
    study = Study("s", {"base": tiny()}, design=made)
    found = sensitivity(study, figures, ["cost_eur"])
    assert found is not None
    # rows in order (0, 0), (0, 1), (1, 0), (1, 1): a: (5 + 1) / 2 - (1 + 2) / 2
    assert found["figures"]["cost_eur"]["factors"]["a"]["effect"]["value"] == 1.5
    assert sensitivity(Study("s", study.variants), figures, ["cost_eur"]) is None
    assert sensitivity(Study("s", study.variants, design=design("grid", 2, 1)), figures, []) is None
