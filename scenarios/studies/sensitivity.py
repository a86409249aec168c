"""Sensitivity: how much of a figure's variation over a design comes from each factor, with 95 % intervals.

By kind of design: Saltelli gives Sobol' indices, first order and total (Saltelli et al., Comput. Phys. Commun. 181
(2010)); Latin hypercube and Sobol sequence the first order by RBD-FAST (Plischke, Reliab. Eng. Syst. Saf. 95 (2010));
Morris the mean absolute elementary effect (Campolongo et al., Environ. Model. Softw. 22 (2007)); all by SALib, with
bootstrap intervals. A factorial gives main effects, the unit being the replication. A grid gives none. An effect is
that of the whole way from a factor's first value to its last.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from engine.streams import Streams
from scenarios.studies.comparison import unit_and_better
from scenarios.studies.designs import MORRIS_LEVELS, Design, problem_of
from scenarios.studies.run import Figures
from scenarios.studies.statistics import CONFIDENCE, estimate
from scenarios.studies.study import Study
from scenarios.studies.wording import listed, signed, spread

RESAMPLES = 200
TOLD_WITHIN = 0.1
"""An index is told if its interval reaches no further than this from it (an effect: than this part of the spread of
the figure over the design). [A] Sarrazin, Pianosi, Wagener, Environ.
Model. Softw. 79 (2016) ask for half of it, which is beyond what days of simulation can pay for."""
NOISE_SHARE = 0.1
"""More of the variation than this from day to day, rather than from the factors, blurs every index. [A]"""

MOSTLY_NOISE = 0.5
"""Above, nothing is told: intervals are over the sample, and do not know that other days would give another index. Main
effects are told from day to day as it is. [A]"""
FEWEST_TRAJECTORIES = 8
"""Of a Morris sample: the bootstrap's intervals hold the truth 9 times in 10 with so many, 6 in 10 with two."""
FEWEST_ROWS = {"latin_hypercube": 64, "sobol": 64}
"""RBD-FAST reads 20 coefficients of a spectrum; with hardly more rows than that every index comes out as 1. [A]"""

Index = dict[str, float | None]
"""``value, ci_low, ci_high``; the interval None where one replication tells nothing."""
Indices = dict[str, dict[str, Index]]
"""By factor and measure: ``first``, ``total`` (shares of the variance), ``effect`` (in the figure's unit)."""

SHARES = ("first", "total")
EFFECTS = ("factorial", "morris")
"""Kinds of design whose measure is an effect."""
WORDS = {
    "total": "of the variation, interactions included", "first": "of the variation, each alone",
    "effect": "over the factor's range",
}  # fmt: skip
"""What is told of, if there is more than one, and how."""

METHODS = {
    "saltelli": "Sobol' indices", "latin_hypercube": "RBD-FAST", "sobol": "RBD-FAST", "morris": "elementary effects",
    "factorial": "main effects",
}  # fmt: skip


def sensitivity(study: Study, figures: Figures, names: Iterable[str]) -> dict[str, Any] | None:
    """Indices of every figure named, as JSON; None where the study has no design to compute them from.

    ``{method, rows, replications, figures: {name: {factors, noise_share, told, says}}}``; ``factors`` is empty and
    ``says`` the reason where a figure is undefined somewhere or does not vary.

    Raises:
        ImportError: SALib is missing.
    """
    design = study.design
    if design is None or design.kind not in METHODS:
        return None
    seed = Streams(study.variants[study.base].model.seed).key("sensitivity") % 2**31
    return {
        "method": METHODS[design.kind],
        "rows": len(design.rows),
        "replications": figures.replications,
        "figures": {
            name: of_figure(design, _outputs(design, figures, name), seed, unit_and_better(name)[0]) for name in names
        },
    }


def of_figure(design: Design, outputs: np.ndarray, seed: int, unit: str = "") -> dict[str, Any]:
    """One figure's indices from its values, float64 [rows of the design, replications]."""
    nothing: dict[str, Any] = {"factors": {}, "noise_share": None, "told": None}
    undefined = int(np.isnan(outputs).any(axis=1).sum())
    if undefined:
        return nothing | {"says": f"undefined at {undefined} of {len(outputs)} points"}
    means = outputs.mean(axis=1)
    if np.ptp(means) <= 1e-12 * np.abs(means).max():
        return nothing | {"says": "the same whatever the factors"}
    if (fewest := FEWEST_ROWS.get(design.kind, 0)) > len(outputs):
        return nothing | {"told": False, "says": f"too few samples to tell: {len(outputs)}, at least {fewest}"}
    factors, noise = ANALYSES[design.kind](design, outputs, seed), noise_share(outputs)
    doubts = [*_doubts(design, uncertainty(factors, float(np.ptp(means))), noise)]
    says = "; ".join([_ranked(design, factors, unit), *doubts, *_blur(noise)])
    return {"factors": factors, "noise_share": noise, "told": not doubts, "says": says}


def noise_share(outputs: np.ndarray) -> float | None:
    """The share of the points' variance that is days' luck; None from one replication.

    What a day adds at every point alike is no noise: the points met the same days.
    """
    rows, days = outputs.shape
    if days < 2 or rows < 2:
        return None
    means = outputs.mean(axis=1)
    residual = outputs - means[:, None] - outputs.mean(axis=0)[None, :] + outputs.mean()
    variance = (residual**2).sum() / ((rows - 1) * (days - 1)) / days
    return float(min(variance / means.var(ddof=1), 1.0))


def uncertainty(factors: Indices, spread_of_means: float) -> float | None:
    """The widest half-interval: of a share as it is, of an effect as a share of the spread; None if unknown."""
    widest = 0.0
    for measures in factors.values():
        for measure, index in measures.items():
            if index["ci_low"] is None or index["ci_high"] is None:
                return None
            scale = 1.0 if measure in SHARES else spread_of_means
            widest = max(widest, (index["ci_high"] - index["ci_low"]) / 2 / scale)
    return widest


# --- in words ---


def _ranked(design: Design, factors: Indices, unit: str) -> str:
    """The factors by weight."""
    measure = next(measure for measure in WORDS if measure in next(iter(factors.values())))
    ranked = sorted(design.factors, key=lambda factor: -abs(factors[factor.key][measure]["value"] or 0.0))
    parts = [
        f"{factor.key}{'' if measure in SHARES else f' ({factor.span})'} "
        f"{_shown(factors[factor.key][measure], measure, design.kind, unit)}"
        for factor in ranked
    ]
    return f"{listed(parts)} {WORDS[measure]}"


def _doubts(design: Design, uncertain: float | None, noise: float | None) -> Iterator[str]:
    """Why the weights cannot be told."""
    trajectories = len(design.rows) // (len(design.factors) + 1)
    if uncertain is None:
        yield "no intervals from one replication"
    elif design.kind == "morris" and trajectories < FEWEST_TRAJECTORIES:
        yield f"too few samples to tell: {trajectories}, at least {FEWEST_TRAJECTORIES}"
    elif uncertain > TOLD_WITHIN:
        more = "replications" if design.kind == "factorial" else "samples"
        of = " of the spread" if design.kind in EFFECTS else ""
        yield f"too few {more} to tell: known to ±{_percent(uncertain)}{of}, wanted ±{_percent(TOLD_WITHIN)}"
    if design.kind != "factorial" and noise is not None and noise > MOSTLY_NOISE:
        yield "too few replications to tell"


def _blur(noise: float | None) -> Iterator[str]:
    if noise is not None and noise > NOISE_SHARE:
        yield f"{_percent(noise)} of the variation is the luck of the days: more replications would sharpen it"


def _shown(index: Index, measure: str, kind: str, unit: str) -> str:
    numbers = index["value"], index["ci_low"], index["ci_high"]
    if measure not in SHARES and kind == "factorial":
        return spread(*numbers, unit)
    value, low, high = ("?" if n is None else weight(n, measure, unit) for n in numbers)
    return f"{value} ({low.split()[0]} to {high.split()[0]})"


def weight(value: float, measure: str, unit: str) -> str:
    """An index as people read it: a share of the variation, or an effect, of shares in percentage points."""
    return _percent(value) if measure in SHARES else signed(value, unit).removeprefix("+")


def _percent(share: float) -> str:
    return f"{round(share * 100)} %"


def _outputs(design: Design, figures: Figures, name: str) -> np.ndarray:
    return np.array([figures.of(variant, name) for variant in design.variants])


# --- analyses: (design, outputs, seed) -> indices ---


def _saltelli(design: Design, outputs: np.ndarray, seed: int) -> Indices:
    from SALib.analyze import sobol

    found = sobol.analyze(
        problem_of(design.keys), outputs.mean(axis=1), calc_second_order=False, num_resamples=RESAMPLES,
        conf_level=CONFIDENCE, seed=seed,
    )  # fmt: skip
    first, total = (_indices(found[name], found[f"{name}_conf"]) for name in ("S1", "ST"))
    return {key: {"first": one, "total": all_} for key, one, all_ in zip(design.keys, first, total)}


def _rbd_fast(design: Design, outputs: np.ndarray, seed: int) -> Indices:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(
        problem_of(design.keys), np.array(design.rows), outputs.mean(axis=1), num_resamples=RESAMPLES,
        conf_level=CONFIDENCE, seed=seed,
    )  # fmt: skip
    return {key: {"first": one} for key, one in zip(design.keys, _indices(found["S1"], found["S1_conf"]))}


def _morris(design: Design, outputs: np.ndarray, seed: int) -> Indices:
    from SALib.analyze import morris

    found = morris.analyze(
        problem_of(design.keys), np.array(design.rows), _evenly_stepped(design, outputs.mean(axis=1)),
        num_resamples=RESAMPLES, conf_level=CONFIDENCE, num_levels=MORRIS_LEVELS, seed=seed,
    )  # fmt: skip
    return {key: {"effect": one} for key, one in zip(design.keys, _indices(found["mu_star"], found["mu_star_conf"]))}


def _evenly_stepped(design: Design, means: np.ndarray) -> np.ndarray:
    """What the figure had been, had each step of a trajectory moved its factor as far as the sample's step.

    Values that can be counted are moved further or less: one of two by the whole range, where the sample's step is two
    thirds of it.
    """
    size = len(design.factors) + 1
    rows = np.array(design.rows).reshape(-1, size, size - 1)
    positions = np.array(
        [[factor.position(share) for factor, share in zip(design.factors, row)] for row in design.rows]
    )
    stepped, moved = (np.diff(of, axis=1).sum(axis=2) for of in (rows, positions.reshape(rows.shape)))
    paths = means.reshape(-1, size)
    changes = np.diff(paths, axis=1) * stepped / moved
    return np.hstack([paths[:, :1], paths[:, :1] + changes.cumsum(axis=1)]).ravel()


def _main_effects(design: Design, outputs: np.ndarray, seed: int) -> Indices:
    """High less low, averaged over the other factors, day by day."""
    high = np.array(design.rows) > 0.5
    made: Indices = {}
    for column, key in enumerate(design.keys):
        found = estimate(outputs[high[:, column]].mean(axis=0) - outputs[~high[:, column]].mean(axis=0))
        made[key] = {"effect": {"value": found.mean, "ci_low": found.low, "ci_high": found.high}}
    return made


def _indices(values: Iterable[float], half_widths: Iterable[float]) -> list[Index]:
    return [
        {"value": float(value), "ci_low": float(value - half), "ci_high": float(value + half)}
        for value, half in zip(values, half_widths)
    ]


ANALYSES: dict[str, Callable[[Design, np.ndarray, int], Indices]] = {
    "saltelli": _saltelli, "latin_hypercube": _rbd_fast, "sobol": _rbd_fast, "morris": _morris,
    "factorial": _main_effects,
}  # fmt: skip
