"""Compare simulated with measured coverage along the road: a phone driven through Cork in 2019 and 2020.

Prints the tables of ``docs/validation.md``, "Coverage". Needs the reference data (``--data``, by default
``../shared/data`` beside the repository)::

    python benchmarks/cork_validation.py
"""

import argparse
import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from engine.clock import SECOND, to_us
from engine.coverage.code import LEVELS, LTE, NO_SIGNAL, NR, OLDER, level, pack
from engine.coverage.fields import gaussian_field
from engine.coverage.grid import Grid
from engine.coverage.map import CoverageMap
from engine.coverage.terrain import LENGTH_M, SMOOTH_M, by_share
from engine.geo import Projection
from engine.streams import Streams

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PLANE = Projection(51.9, -8.44)
LEAST_M = 2000.0  # below: parked
HELD_OUT = "Netflix"  # traces of November 2019; fitted on the others, November 2019 to February 2020
LAGS_M = np.array([50, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000])
DRAWS = 40
MENDED_S = 30.0
TECHNOLOGY = {"5G": NR, "LTE": LTE}  # anything else is older


@dataclass(frozen=True)
class Trace:
    """A drive, a row per second: time, distance along the way, what the phone was on and how well it heard it.

    ``at`` are keyframes of the way (t_us, x_mm, y_mm): the phone shows a new position only every few seconds.
    """

    name: str
    t_us: np.ndarray
    along_m: np.ndarray
    level: np.ndarray
    rsrp_dbm: np.ndarray
    at: tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Stretches:
    """Runs of one level: metres and seconds each."""

    level: np.ndarray
    metres: np.ndarray
    seconds: np.ndarray


def traces(data: Path = DATA) -> list[Trace]:
    """The moving traces of the data set."""
    with gzip.open(data / "fleet" / "cork-5g-driving" / "traces.csv.gz", "rt", encoding="utf-8") as file:
        by_name = [(name, list(rows)) for name, rows in groupby(csv.DictReader(file), lambda row: row["trace"])]
    found = [_trace(name, rows) for name, rows in by_name]
    return [trace for trace in found if trace.along_m[-1] >= LEAST_M]


def _trace(name: str, rows: list[dict[str, str]]) -> Trace:
    """One row per second: repeated seconds keep their first."""
    stamps = [to_us(datetime.strptime(row["Timestamp"], "%Y.%m.%d_%H.%M.%S").replace(tzinfo=UTC)) for row in rows]
    t_us, first = np.unique(stamps, return_index=True)
    rows = [rows[i] for i in first]
    lat, lon = (np.array([float(row[key]) for row in rows]) for key in ("Latitude", "Longitude"))
    x_m, y_m = PLANE.to_xy(lat, lon)
    moved = np.append(True, (np.diff(x_m) != 0) | (np.diff(y_m) != 0))
    moved[-1] = True
    way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x_m[moved]), np.diff(y_m[moved])))])
    mm = (np.rint(values[moved] * 1000).astype(np.int64) for values in (x_m, y_m))
    return Trace(
        name,
        t_us,
        np.interp(t_us, t_us[moved], way),
        np.array([TECHNOLOGY.get(row["NetworkMode"], OLDER) for row in rows]),
        np.array([float(row["RSRP"]) for row in rows]),
        (t_us[moved], *mm),
    )


def shares(some: list[Trace], levels: list[np.ndarray]) -> np.ndarray:
    """Share of the way on each level, from none to 5G."""
    metres = sum(np.bincount(of[:-1], np.diff(trace.along_m), minlength=len(LEVELS)) for trace, of in zip(some, levels))
    return metres / metres.sum()


def stretches(some: list[Trace], levels: list[np.ndarray]) -> Stretches:
    """Runs of a level in all traces, from the row where it begins to that where the next one does."""
    columns: list[list[np.ndarray]] = [[], [], []]
    for trace, of in zip(some, levels):
        edge = np.concatenate([[0], np.flatnonzero(np.diff(of)) + 1, [len(of) - 1]])
        begin, end = edge[:-1], edge[1:]
        columns[0].append(of[begin])
        columns[1].append(trace.along_m[end] - trace.along_m[begin])
        columns[2].append((trace.t_us[end] - trace.t_us[begin]) / SECOND)
    return Stretches(*map(np.concatenate, columns))


def one_step_share(some: list[np.ndarray]) -> float:
    """Share of changes of level that go to the neighbouring one."""
    steps = np.concatenate([np.abs(np.diff(of)) for of in some])
    return float((steps == 1).sum() / (steps > 0).sum())


def autocorrelation(some: list[Trace]) -> tuple[np.ndarray, float]:
    """Of RSRP on LTE and 5G along the way, at ``LAGS_M``; and its standard deviation in dB."""
    on_grid = [_every_10_m(trace) for trace in some]
    every = np.concatenate(on_grid)
    mean, variance = np.nanmean(every), np.nanvar(every)
    products = [
        np.nanmean(np.concatenate([(q[: -lag // 10] - mean) * (q[lag // 10 :] - mean) for q in on_grid]))
        for lag in LAGS_M.tolist()
    ]
    return np.array(products) / variance, float(variance**0.5)


def _every_10_m(trace: Trace) -> np.ndarray:
    at = np.arange(0.0, trace.along_m[-1], 10.0)
    row = np.searchsorted(trace.along_m, at, side="right") - 1
    return np.where(trace.level[row] >= LTE, trace.rsrp_dbm[row], np.nan)


def decorrelation_m(correlation: np.ndarray) -> float:
    """Where exp(-distance / metres) is nearest to an autocorrelation, least squares over ``LAGS_M``; to 10 m."""
    best = minimize_scalar(lambda m: float(((np.exp(-LAGS_M / m) - correlation) ** 2).sum()), (100, 1000))
    return round(float(best.x), -1)


def simulated(
    some: list[Trace], draws: int = DRAWS, smooth_m: float = SMOOTH_M, dark_share: float = 0.0
) -> Iterator[list[np.ndarray]]:
    """The levels of the same drives through seeded coverage: one list of arrays a draw.

    No roads come with the data, so the fields are random alone.
    """
    x_mm, y_mm = (np.concatenate([trace.at[axis] for trace in some]) for axis in (1, 2))
    grid = Grid.around(x_mm, y_mm)
    driven = np.zeros(grid.rows * grid.columns, bool)
    for trace in some:
        driven[grid.cells(*_filled(trace))] = True
    for seed in range(draws):
        field = gaussian_field(grid, Streams(seed).generator("coverage", "a"), LENGTH_M, smooth_m)
        raster = pack([by_share(field, driven.reshape(grid.shape), dark_share)])
        coverage = CoverageMap(("a",), raster, grid.x0_mm, grid.y0_mm, grid.cell_mm)
        yield [_levels(coverage, trace) for trace in some]


def smoothing_m(some: list[Trace], draws: int = DRAWS) -> int:
    """The smoothing, in steps of 25 m, with which drives change technology as often as these did."""
    measured = changes_a_km(some, [trace.level for trace in some])
    off = {
        smooth_m: abs(np.mean([changes_a_km(some, of) for of in simulated(some, draws, smooth_m)]) - measured)
        for smooth_m in range(50, 301, 25)
    }
    return min(off, key=lambda smooth_m: off[smooth_m])


def changes_a_km(some: list[Trace], levels: list[np.ndarray]) -> float:
    """Changes of technology in a kilometre of way."""
    changes = sum(int((np.diff(of) != 0).sum()) for of in levels)
    return changes / sum(trace.along_m[-1] for trace in some) * 1000


def _filled(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Positions along the way every row."""
    x_mm, y_mm = (np.interp(trace.t_us, trace.at[0], trace.at[axis]) for axis in (1, 2))
    return x_mm.astype(np.int64), y_mm.astype(np.int64)


def _levels(coverage: CoverageMap, trace: Trace) -> np.ndarray:
    start_us, code = coverage.along(*trace.at, np.zeros(len(trace.at[0]) - 1, bool))
    row = np.maximum(np.searchsorted(start_us, trace.t_us) - 1, 0)
    return level(code[row], 0).astype(np.int64)


def low_signal(some: list[Trace], dbm: float) -> list[np.ndarray]:
    """Where the phone, on LTE or 5G, heard no more than ``dbm``: a bool array a trace."""
    return [(trace.rsrp_dbm <= dbm) & (trace.level >= LTE) for trace in some]


def gaps(some: list[Trace], low: list[np.ndarray]) -> np.ndarray:
    """Metres and seconds of each stretch without good signal, [gaps, 2]; good ones under ``MENDED_S`` do not
    end it."""
    found = [np.empty((0, 2))]
    for trace, of in zip(some, low):
        edge = np.flatnonzero(np.diff(of, prepend=False, append=False))
        if not len(edge):
            continue
        begin, end = edge[::2], np.minimum(edge[1::2], len(of) - 1)
        parted = trace.t_us[begin[1:]] - trace.t_us[end[:-1]] >= MENDED_S * SECOND
        begin, end = begin[np.append(True, parted)], end[np.append(parted, True)]
        seconds = (trace.t_us[end] - trace.t_us[begin]) / SECOND
        found.append(np.column_stack([trace.along_m[end] - trace.along_m[begin], seconds]))
    return np.concatenate(found)


def dark_share(some: list[Trace], low: list[np.ndarray]) -> float:
    """Share of the way without good signal."""
    metres = sum(float(np.diff(trace.along_m)[of[:-1]].sum()) for trace, of in zip(some, low))
    return metres / sum(float(trace.along_m[-1]) for trace in some)


def simulated_gaps(some: list[Trace], share: float, draws: int = DRAWS) -> np.ndarray:
    """Gaps of the same drives through seeded coverage that leaves so much dark, [gaps, 2]."""
    return np.concatenate(
        [gaps(some, [of == NO_SIGNAL for of in levels]) for levels in simulated(some, draws, dark_share=share)]
    )


def summary(some: list[Trace], levels: list[np.ndarray]) -> dict[str, float]:
    """The figures compared: shares of the way, stretches by technology, changes."""
    found, share = stretches(some, levels), shares(some, levels)
    figures = {"changes a km": changes_a_km(some, levels), "to the next level": one_step_share(levels)}
    for number, name in ((NR, "5G"), (LTE, "LTE"), (OLDER, "3G")):
        of = found.level == number
        figures[f"{name}: share of way"] = float(share[number])
        for unit, values in (("m", found.metres[of]), ("s", found.seconds[of])):
            figures[f"{name}: mean {unit}"] = float(values.mean()) if len(values) else 0.0
            weighted = np.sort(values)
            half = np.searchsorted(np.cumsum(weighted), weighted.sum() / 2)
            figures[f"{name}: half in stretches over, {unit}"] = float(weighted[half]) if len(values) else 0.0
    return figures


def main() -> None:
    """Print the tables of ``docs/validation.md``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    every = traces(parser.parse_args().data)
    held_out = [trace for trace in every if trace.name.startswith(HELD_OUT)]
    fitted = [trace for trace in every if not trace.name.startswith(HELD_OUT)]
    for name, some in (("fitted", fitted), ("held out", held_out)):
        correlation, spread_db = autocorrelation(some)
        km = sum(trace.along_m[-1] for trace in some) / 1000
        print(f"{name}: {len(some)} traces, {km:.0f} km; RSRP spread {spread_db:.1f} dB, ", end="")
        print(f"decorrelation {decorrelation_m(correlation):.0f} m")
        print("  " + ", ".join(f"{lag} m {value:.2f}" for lag, value in zip(LAGS_M, correlation)))
        for number in (LTE, NR):
            heard = np.concatenate([trace.rsrp_dbm[trace.level == number] for trace in some])
            print(f"  {LEVELS[number]}: lowest 1 % at {np.quantile(heard, 0.01):.0f} dBm")
    print(f"smoothing as in the fitted traces: {smoothing_m(fitted)} m")
    print(
        "\n| figure | fitted: measured | held out: measured | simulated: mean | 90 % of draws |\n" + "| --- " * 5 + "|"
    )
    drawn = [summary(every, levels) for levels in simulated(every)]
    measured = [summary(some, [trace.level for trace in some]) for some in (fitted, held_out)]
    for key in drawn[0]:
        values = np.array([one[key] for one in drawn])
        numbers = (measured[0][key], measured[1][key], values.mean(), *np.quantile(values, [0.05, 0.95]))
        cells = [_text(number) for number in numbers]
        print(f"| {key} | {' | '.join(cells[:3])} | {cells[3]} to {cells[4]} |")
    print("\n| signal at most | share of way | gaps: | mean m | median m | mean s | median s |\n" + "| --- " * 7 + "|")
    for dbm in (-105.0, -110.0):
        low = low_signal(every, dbm)
        share = dark_share(every, low)
        for name, found in (("measured", gaps(every, low)), ("simulated", simulated_gaps(every, share))):
            (mean_m, mean_s), (median_m, median_s) = found.mean(axis=0), np.median(found, axis=0)
            cells = [_text(number) for number in (mean_m, median_m, mean_s, median_s)]
            print(f"| {dbm:.0f} dBm | {share:.1%} | {name} | {' | '.join(cells)} |")


def _text(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:,.0f}"


if __name__ == "__main__":
    main()
