"""Tables of travel times between named places, as CSV or ``.npz``."""

import csv
import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.geo import great_circle_m
from engine.roads.raw import RoadFileError
from engine.roads.router import UNREACHABLE

_PROBLEMS_SHOWN = 20


class TravelTable(NamedTuple):
    """The arguments of MatrixRoads: names, degrees, and int64 [places, places] in ms and m."""

    names: list[str]
    lat: np.ndarray
    lon: np.ndarray
    duration_ms: np.ndarray
    distance_m: np.ndarray


def read_matrix(path: str | Path, positions: Mapping[str, tuple[float, float]] | None = None) -> TravelTable:
    """Read a table of travel times.

    Formats: CSV ``from,to,seconds[,metres]`` with a row for each pair (pairs not listed are unreachable); a
    square CSV of seconds with names along both sides; ``.npz`` with ``names`` and ``duration_s`` and where
    known ``distance_m``, ``lat``, ``lon``. ``positions`` (name to latitude and longitude) places what the
    file does not; places known to neither lie at 0, 0. Where distances are not given they are great-circle
    distances.

    Raises:
        RoadFileError: the file is missing or not such a table; a line for each problem with its row.
    """
    path = Path(path)
    if not path.is_file():
        raise RoadFileError(f"{path}: no such file")
    if path.suffix.lower() == ".npz":
        names, seconds, metres, lat, lon = _read_npz(path)
    else:
        names, seconds, metres = _read_csv(path)
        lat = lon = None
    if lat is None or lon is None:
        at = [(positions or {}).get(name, (0.0, 0.0)) for name in names]
        lat, lon = np.array([place[0] for place in at], float), np.array([place[1] for place in at], float)
    straight_m = great_circle_m(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    metres = straight_m if metres is None else np.where(np.isnan(metres), straight_m, metres)
    reachable = np.isfinite(seconds)
    duration_ms = np.rint(np.minimum(seconds * 1000, UNREACHABLE))
    distance_m = np.where(reachable, np.rint(metres), UNREACHABLE)
    return TravelTable(names, lat, lon, duration_ms.astype(np.int64), distance_m.astype(np.int64))


def _read_npz(
    path: Path,
) -> tuple[list[str], np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            columns = {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise RoadFileError(f"{path}: cannot be read as .npz: {error}") from error
    if missing := [name for name in ("names", "duration_s") if name not in columns]:
        raise RoadFileError(
            f"{path}: lacks {' and '.join(missing)}; it holds {', '.join(sorted(columns)) or 'nothing'}"
        )
    names = [str(name) for name in columns["names"].tolist()]
    n = len(names)
    shapes = {"duration_s": (n, n), "distance_m": (n, n), "lat": (n,), "lon": (n,)}
    problems = [
        f"{path}: {name} has shape {columns[name].shape}, expected {shape}"
        for name, shape in shapes.items()
        if name in columns and columns[name].shape != shape
    ]
    if n == 0 or len(set(names)) < n:
        problems.append(f"{path}: names are {'empty' if n == 0 else 'not all different'}")
    if not problems and bool((np.isnan(columns["duration_s"]) | (columns["duration_s"] < 0)).any()):
        problems.append(f"{path}: duration_s holds NaN or negative values; unreachable is inf")
    _refuse(problems)
    optional = (columns[name].astype(float) if name in columns else None for name in ("distance_m", "lat", "lon"))
    return names, columns["duration_s"].astype(float), *optional


def _read_csv(path: Path) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    try:
        rows = [row for row in csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RoadFileError(f"{path}: cannot be read as CSV in UTF-8: {error}") from error
    if len(rows) < 2:
        raise RoadFileError(f"{path}: holds no travel times")
    header = [cell.strip().lower() for cell in rows[0]]
    if header[:3] == ["from", "to", "seconds"]:
        return _read_pairs(path, header, rows[1:])
    return _read_square(path, rows)


def _read_pairs(path: Path, header: list[str], rows: list[list[str]]) -> tuple[list[str], np.ndarray, np.ndarray]:
    problems: list[str] = []
    number: dict[str, int] = {}
    pairs: dict[tuple[int, int], tuple[float, float]] = {}
    for line, row in enumerate(rows, 2):
        if len(row) < 3:
            problems.append(f"{path}: row {line}: expected from,to,seconds[,metres], got {','.join(row)!r}")
            continue
        seconds = _number(row[2], f"{path}: row {line}: seconds", problems)
        metres = (
            _number(row[3], f"{path}: row {line}: metres", problems) if len(row) > 3 and row[3].strip() else math.nan
        )
        a, b = (number.setdefault(row[column].strip(), len(number)) for column in (0, 1))
        if (a, b) in pairs:
            problems.append(f"{path}: row {line}: {row[0].strip()} to {row[1].strip()} is given twice")
        pairs[a, b] = seconds, metres
    _refuse(problems)
    seconds_table = np.full((len(number), len(number)), np.inf)
    np.fill_diagonal(seconds_table, 0.0)
    metres_table = np.full_like(seconds_table, np.nan)
    for (a, b), (seconds, metres) in pairs.items():
        seconds_table[a, b], metres_table[a, b] = seconds, metres
    return list(number), seconds_table, metres_table


def _read_square(path: Path, rows: list[list[str]]) -> tuple[list[str], np.ndarray, None]:
    names = [cell.strip() for cell in rows[0][1:]]
    problems: list[str] = []
    if len(rows) - 1 != len(names) or len(set(names)) < len(names):
        problems.append(
            f"{path}: expected columns from,to,seconds or a square table of different names; "
            f"got {len(names)} columns and {len(rows) - 1} rows under {','.join(rows[0])[:60]!r}"
        )
        _refuse(problems)
    table = np.zeros((len(names), len(names)))
    for line, (name, row) in enumerate(zip(names, rows[1:]), 2):
        if row[0].strip() != name or len(row) != len(names) + 1:
            problems.append(
                f"{path}: row {line}: expected {name!r} and {len(names)} values, got {row[0]!r} and {len(row) - 1}"
            )
            continue
        for column, cell in enumerate(row[1:]):
            table[line - 2, column] = _number(cell, f"{path}: row {line}, column {names[column]}", problems)
    _refuse(problems)
    return names, table, None


def _number(text: str, where: str, problems: list[str]) -> float:
    """A number from 0; the problem is noted where it is not."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value) or value < 0:
        problems.append(f"{where}: {text!r} is not a number from 0")
        return 0.0
    return value


def _refuse(problems: list[str]) -> None:
    if problems:
        more = [f"... and {len(problems) - _PROBLEMS_SHOWN} more"] if len(problems) > _PROBLEMS_SHOWN else []
        raise RoadFileError("\n".join(problems[:_PROBLEMS_SHOWN] + more))
