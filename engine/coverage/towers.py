"""Coverage from a register of cell towers: path loss, hills in the way, shadowing; the best server counts."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt
from scipy.spatial import cKDTree

from engine.coverage.code import LTE, NR, OLDER
from engine.coverage.path_loss import hata_suburban_db, knife_edge_db
from engine.coverage.problem import FileProblem, why
from engine.coverage.region import Region

COLUMNS = ("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat")
"""First columns of an OpenCelliD file."""
NEEDED = ("radio", "mcc", "net", "lon", "lat")
"""Those that are used."""

MAST_M, VEHICLE_M = 30.0, 1.5
SHADOWING_DB = 8.0
"""Standard deviation: 3GPP TR 38.901, table 7.4.1-1, rural macro without line of sight."""
SHADOWING_M = 120.0
"""Its decorrelation distance: TR 38.901, table 7.5-6, rural macro without line of sight."""

_SERVERS = 2  # nearest masts looked at where hills can hide the nearest
_PROFILE = np.arange(1, 24) / 24
_FAR_M = 30_000.0
_BLOCK = 20_000


@dataclass(frozen=True)
class Technology:
    """A radio technology on its coverage layer: the level it gives, the power of what phones measure, the least
    they need."""

    level: int
    frequency_mhz: float
    power_dbm: float
    least_dbm: float


TECHNOLOGIES = {
    "GSM": Technology(OLDER, 900.0, 58.0, -104.0),
    "CDMA": Technology(OLDER, 900.0, 58.0, -104.0),
    "UMTS": Technology(OLDER, 900.0, 48.0, -108.0),
    "LTE": Technology(LTE, 800.0, 30.0, -115.0),
    "NR": Technology(NR, 700.0, 30.0, -110.0),
}
"""By OpenCelliD's ``radio``. Power: 43 dBm and 15 dBi a sector, less the share of the measured reference signal
(pilot: 10 dB; one of 600 subcarriers: 28 dB) [A]. Least LTE and NR: the lowest 1 % of what a phone measured
while on them in Cork (``docs/validation.md``: -113 and -109 dBm); older ones: typical sensitivities [A]."""

STANDING = frozenset({"NBIOT"})
"""Technologies for meters, not vehicles, of which no cell is taken: no handover while connected (3GPP TS 36.300,
release 13)."""


@dataclass(frozen=True)
class Towers:
    """Cells of one operator: ``radio`` by name, positions in degrees."""

    radio: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray


def read_towers(path: str | Path, operator: int | None = None, country: int | None = None) -> Towers:
    """Read a file with OpenCelliD's columns (``.csv`` or ``.csv.gz``), in its order or as a header line names them; of
    its cells those of an operator (``net``), in a country (``mcc``): beyond a border the same net may be another one's.

    Raises:
        FileProblem: not readable, a bad row, or no cell of the operator in the country.
    """
    path = Path(path)
    radio, lat, lon = [], [], []
    nets: set[tuple[int, ...]] = set()
    try:
        for name, mcc, net, at_lon, at_lat in _cells(path):
            if name in STANDING:
                continue
            nets.add((net,) if country is None else (mcc, net))
            if operator in (None, net) and country in (None, mcc):
                radio.append(name)
                lat.append(at_lat)
                lon.append(at_lon)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise FileProblem("", path.name, f"a readable CSV file ({why(error)})") from None
    if not radio:
        asked = "" if operator is None else f" of net {operator}"
        asked += "" if country is None else f" in country {country}"
        there = f"; its nets are {', '.join('-'.join(map(str, net)) for net in sorted(nets))}" if nets else ""
        raise FileProblem("", path.name, f"cells{asked}{there}")
    return Towers(tuple(radio), np.array(lat), np.array(lon))


def levels(region: Region, towers: Towers, shadowing: np.ndarray) -> np.ndarray:
    """Level of each cell, uint8 [rows, columns]: of the newest technology received well enough.

    Args:
        shadowing: standard normal, how the surroundings raise or lower every signal.
    """
    best = np.zeros(region.grid.shape, np.uint8)
    x_m, y_m = region.projection.to_xy(towers.lat, towers.lon)
    for name, technology in TECHNOLOGIES.items():
        of_it = np.array([radio == name for radio in towers.radio])
        if of_it.any():
            sites = np.unique(np.round(np.column_stack([x_m[of_it], y_m[of_it]])), axis=0)  # sectors share a mast
            signal_dbm = technology.power_dbm - _loss_db(region, sites, technology.frequency_mhz)
            received = np.round(signal_dbm + SHADOWING_DB * shadowing, 3) >= technology.least_dbm
            best = np.where(received, np.maximum(best, technology.level), best).astype(np.uint8)
    return best


def _loss_db(region: Region, sites: np.ndarray, frequency_mhz: float) -> np.ndarray:
    """Least loss from the masts to each cell."""
    x_m, y_m = region.grid.centres_m()
    at = np.column_stack([np.tile(x_m, len(y_m)), np.repeat(y_m, len(x_m))])
    masts = cKDTree(sites)
    if region.height_m is None:
        return _free_db(masts.query(at)[0], frequency_mhz).reshape(region.grid.shape)
    near_roads = binary_dilation(region.roads, iterations=2)
    loss = np.zeros(region.grid.shape)
    loss[near_roads] = _hilly_db(_Ground(region, region.height_m), masts, at[near_roads.ravel()], frequency_mhz)
    row, column = distance_transform_edt(~near_roads, return_distances=False, return_indices=True)
    return loss[row, column]  # far from roads, where nobody drives: as at the nearest one


def _hilly_db(ground: "_Ground", masts: cKDTree, at: np.ndarray, frequency_mhz: float) -> np.ndarray:
    """Least loss from any of the nearest masts, hills between counted; float64 [positions]."""
    loss = np.empty(len(at))
    servers = list(range(1, min(_SERVERS, masts.n) + 1))
    for start in range(0, len(at), _BLOCK):
        part = at[start : start + _BLOCK]
        distance_m, site = masts.query(part, k=servers)
        each = [
            _free_db(away_m, frequency_mhz) + ground.hidden_db(part, masts.data[of], away_m, frequency_mhz)
            for away_m, of in zip(distance_m.T, site.T)
        ]
        loss[start : start + _BLOCK] = np.min(each, axis=0)
    return loss


def _free_db(distance_m: np.ndarray, frequency_mhz: float) -> np.ndarray:
    return hata_suburban_db(frequency_mhz, distance_m / 1000, MAST_M, VEHICLE_M)


class _Ground:
    """Heights by position, for profiles from phone to mast; the region's edge goes on outside."""

    def __init__(self, region: Region, height_m: np.ndarray) -> None:
        self._grid, self._height_m = region.grid, height_m.ravel()

    def hidden_db(self, at: np.ndarray, mast: np.ndarray, distance_m: np.ndarray, frequency_mhz: float) -> np.ndarray:
        """Loss over the worst hill between each position and its mast; beyond 30 km there is no signal to lose.

        The earth's curvature (3 m in the middle of 15 km) is left out.
        """
        low = self._heights(at) + VEHICLE_M
        high = self._heights(mast) + MAST_M
        way = at[:, None, :] + (mast - at)[:, None, :] * _PROFILE[None, :, None]
        line_m = low[:, None] + (high - low)[:, None] * _PROFILE[None, :]
        above_m = self._heights(way) - line_m
        length_m = np.maximum(distance_m, 1.0)[:, None]
        loss = knife_edge_db(above_m, length_m * _PROFILE, length_m * (1 - _PROFILE), frequency_mhz).max(axis=1)
        near = distance_m < 2 * self._grid.cell_m  # less than a raster can tell
        return np.where(near | (distance_m > _FAR_M), 0.0, loss)

    def _heights(self, at: np.ndarray) -> np.ndarray:
        x_mm, y_mm = (np.floor(at[..., axis] * 1000).astype(np.int64) for axis in (0, 1))
        return self._height_m[self._grid.cells(x_mm, y_mm)]


def _cells(path: Path) -> Iterator[tuple[str, int, int, float, float]]:
    """Technology, country, net, longitude and latitude of every row but the header and empty ones."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    at = [COLUMNS.index(name) for name in NEEDED]
    with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
        for number, row in enumerate(csv.reader(text), start=1):
            names = [name.strip().lower() for name in row] if number == 1 else []
            if "radio" in names:
                if not set(NEEDED) <= set(names):
                    raise FileProblem("row 1", ",".join(row), f"the columns {', '.join(NEEDED)}")
                at = [names.index(name) for name in NEEDED]
            elif row:
                yield _cell(number, row, at)


def _cell(number: int, row: list[str], at: list[int]) -> tuple[str, int, int, float, float]:
    """The columns ``NEEDED`` of a row, which stand ``at`` these places."""
    if len(row) <= max(at):
        raise FileProblem(f"row {number}", ",".join(row), f"the columns {', '.join(COLUMNS)}, …")
    radio, mcc, net, lon, lat = (row[column] for column in at)
    name = radio.strip().upper()
    if name not in TECHNOLOGIES and name not in STANDING:
        raise FileProblem(f"row {number}, column radio", radio, f"one of {', '.join(TECHNOLOGIES)}")
    return (
        name, _whole(number, "mcc", mcc), _whole(number, "net", net),
        _degrees(number, "lon", lon, 180.0), _degrees(number, "lat", lat, 90.0),
    )  # fmt: skip


def _whole(number: int, column: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise FileProblem(f"row {number}, column {column}", text, "a whole number") from None


def _degrees(number: int, column: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not abs(value) <= most:
        raise FileProblem(f"row {number}, column {column}", text, f"degrees within {most:.0f}")
    return value
