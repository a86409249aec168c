"""Honest recorded drives raise no alert about positions: no jump, no spoofing, no jamming, no geofence.

Every recording goes through the detectors as telemetry would: columns that were not recorded are as a device under open
sky sends them, and its wheels turn as its fixes move (a recording without wheels cannot be compared with them).
"""

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.twin.alerts.pictures import MINUTE_US, NOON_US, Fleet
from twin.alerts import ALERTS, Episodes, Watch
from twin.geofences import distance_m
from twin.samples import SampleBatch
from twin.sightings import Sightings

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
M_PER_DEG = 111_195.0
Drive = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # seconds, lat, lon, m/s, satellites


def _drive(t_s: list, lat: list, lon: list, speed_mps: list | None = None, satellites: list | None = None) -> Drive:
    """Columns of one recording; speed where it was not recorded is that from fix to fix."""
    t, y, x = (np.array(column, float) for column in (t_s, lat, lon))
    if speed_mps is None:
        gone = np.diff(t, prepend=t[0] - 1)
        speed = np.append(0.0, distance_m(y[:-1], x[:-1], y[1:], x[1:])) / np.where(gone > 0, gone, 1.0)
    else:
        speed = np.array(speed_mps, float)
    return t, y, x, speed, np.array([12] * len(t) if satellites is None else satellites)


def gpx(name: str) -> Iterator[Drive]:
    """A track of points with times."""
    root = ElementTree.parse(SHARED / "traces" / name).getroot()  # noqa: S314  (our own copy)
    points = [point for point in root.iter() if point.tag.endswith("}trkpt")]
    times = [next(child.text for child in point if child.tag.endswith("}time")) for point in points]
    yield _drive(
        [datetime.fromisoformat(str(time).replace("Z", "+00:00")).timestamp() for time in times],
        [float(point.get("lat", "")) for point in points], [float(point.get("lon", "")) for point in points],
    )  # fmt: skip


def nmea() -> Iterator[Drive]:
    """The RMC sentences of a cold start: void ones have no fix and repeat the last position."""
    rows, last = [], (0.0, 0.0, 0.0)
    for line in (SHARED / "traces" / "quectel-eg25g-coldstart-moving.nmea").read_text().splitlines():
        field = line.partition("*")[0].split(",")
        if not re.fullmatch(r"\$..RMC", field[0]):
            continue
        if field[2] == "A":
            clock, day = field[1], field[9]
            moment = datetime(2000 + int(day[4:]), int(day[2:4]), int(day[:2]), int(clock[:2]), int(clock[2:4]),
                              int(float(clock[4:])), tzinfo=UTC)  # fmt: skip
            degrees = [int(v[:n]) + float(v[n:]) / 60 for v, n in ((field[3], 2), (field[5], 3))]
            signs = [-1 if field[4] == "S" else 1, -1 if field[6] == "W" else 1]
            last = (moment.timestamp(), degrees[0] * signs[0], degrees[1] * signs[1])
            rows.append((*last, float(field[7] or 0) * 0.514444, 8))
        elif last[0]:
            rows.append((*last, 0.0, 0))
    yield _drive(*(list(column) for column in zip(*rows)))


def porto() -> Iterator[Drive]:
    """Taxi trips, a fix every 15 s."""
    with gzip.open(SHARED / "fleet" / "porto-taxi" / "trips.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            pairs = [pair.split() for pair in row["shape"].partition("(")[2].rstrip(")").split(",")]
            times = [float(value) for value in re.findall(r"\d+", row["timestamps"])]
            yield _drive(times, [float(lat) for _, lat in pairs], [float(lon) for lon, _ in pairs])


def goal() -> Iterator[Drive]:
    """Delivery agents, driving and on foot, a fix every 5 s in metres from a hidden centre."""
    with gzip.open(SHARED / "fleet" / "delivery-gps-goal" / "trajectories.csv.gz", "rt") as file:
        for _, rows in groupby(csv.DictReader(file), key=lambda row: row["trajectory"]):
            some = list(rows)
            times = [datetime.fromisoformat(row["timestamp"][:26]).replace(tzinfo=UTC).timestamp() for row in some]
            north = [50.0 + float(row["y"]) / M_PER_DEG for row in some]
            east = [8.0 + float(row["x"]) / (M_PER_DEG * np.cos(np.radians(50.0))) for row in some]
            yield _drive(times, north, east)


def cork() -> Iterator[Drive]:
    """A phone in a moving car, about a row a second, some seconds twice."""
    with gzip.open(SHARED / "fleet" / "cork-5g-driving" / "traces.csv.gz", "rt") as file:
        for _, rows in groupby(csv.DictReader(file), key=lambda row: row["trace"]):
            some = list(rows)
            times = [datetime.strptime(row["Timestamp"], "%Y.%m.%d_%H.%M.%S").replace(tzinfo=UTC) for row in some]
            lat, lon = ([float(row[name]) for row in some] for name in ("Latitude", "Longitude"))
            speeds = [float(row["Speed"]) / 3.6 for row in some]
            yield _drive([time.timestamp() for time in times], lat, lon, speeds)


def batch(drive: Drive, wheels: bool) -> SampleBatch:
    """A recording as received telemetry; ``wheels``: an odometer driven by the recorded speed, else none."""
    t_s, lat, lon, speed, satellites = drive
    odometer = np.cumsum(speed * np.diff(t_s, prepend=t_s[0])) if wheels else np.full(len(t_s), np.nan)
    at_us = np.rint((t_s - t_s[0] + 1e9) * 1e6).astype(np.int64)
    return SampleBatch.of(
        np.zeros(len(t_s), int), at_us, lat, lon, speed_mps=speed, sample=np.arange(len(t_s)), odometer_m=odometer,
        ignition=True, satellites=satellites, cn0_dbhz=44, cn0_spread_db=6, supply_mv=13_800,
    )  # fmt: skip


RULE = ALERTS["position_implausible"]
RECORDINGS = {
    "visnjan-car": (lambda: gpx("visnjan-car.gpx"), False, 1, 104),
    "limerick-bus": (lambda: gpx("limerick-bus-304.gpx"), False, 1, 2_144),
    "cold start": (nmea, False, 1, 32),
    "porto-taxi": (porto, False, 159, 6_305),
    "delivery-gps-goal": (goal, False, 500, 36_000),
    "cork-5g-driving": (cork, False, 30, 49_841),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_honest_drive_looks_honest(name: str) -> None:
    """Not one finding in all recordings of a kind, one batch a drive; and as many as the folder's notes count."""
    read, wheels, drives, samples = RECORDINGS[name]
    params = RULE.configured({})
    seen, n = 0, 0
    for drive in read():
        sightings = Sightings(params.detectors())
        sightings.take(batch(drive, wheels))
        found = sightings.recent(-(2**62), 2**62)
        assert not any(found.values()), found
        seen, n = seen + 1, n + len(drive[0])
    assert (seen, n) == (drives, samples)


def test_a_phone_that_holds_its_fix_is_not_driven_harshly() -> None:
    """A row a second, a fix each twelve seconds or so; six times it stood held at exactly 0 m/s before it was off."""
    (harsh,) = ALERTS["harsh_driving"].configured({}).detectors()
    found = 0
    for drive in cork():
        sightings = Sightings((harsh,))
        sightings.take(batch(drive, False))
        found += len(sightings.recent(-(2**62), 2**62).get(harsh, ()))
    assert found <= 6


@pytest.mark.parametrize("name", ["visnjan-car.gpx", "limerick-bus-304.gpx"])
def test_a_moved_stretch_of_an_honest_drive_is_noticed(name: str) -> None:
    """The same drive led 2 km astray half-way: the test above can fail."""
    t_s, lat, lon, speed, satellites = next(gpx(name))
    astray = np.arange(len(t_s)) >= len(t_s) // 2
    params = RULE.configured({})
    sightings = Sightings(params.detectors())
    sightings.take(batch((t_s, lat + astray * 2_000 / M_PER_DEG, lon, speed, satellites), False))
    assert sum(map(len, sightings.recent(-(2**62), 2**62).values())) == 1


@pytest.mark.parametrize(("name", "visits"), [("visnjan-car.gpx", 2), ("limerick-bus-304.gpx", 1)])
def test_an_honest_drive_crosses_fences_when_it_does(name: str, visits: int) -> None:
    """At its start a drive is inside (the car comes back): an alert a visit, each cleared; none where it never goes."""
    t_s, lat, lon, *_ = next(gpx(name))
    fleet = Fleet(1)
    zones = {"start": (lat[0], lon[0], 150.0), "beside": (lat.max() + 0.005, lon.max() + 0.005, 150.0)}
    watches = [
        Watch(zone, "geofence_entered", rule, rule.configured({"zone": corners}), "dispatcher")
        for rule in [ALERTS["geofence_entered"]]
        for zone, corners in zones.items()
    ]
    episodes, raised, cleared = Episodes(), [], []
    at_us = NOON_US + np.rint((t_s - t_s[0]) * 1e6).astype(np.int64)
    row = 0
    for now_us in range(NOON_US, int(at_us[-1]) + 20 * MINUTE_US, MINUTE_US):
        while row < len(at_us) and at_us[row] <= now_us:
            fleet.sample(0, int(at_us[row]), lat[row], lon[row])
            row += 1
        view = fleet.view(now_us)
        new, gone = episodes.step(now_us, [(watch, watch.alerts(view)) for watch in watches])
        raised += [episode.watch.name for episode in new]
        cleared += [episode.watch.name for episode in gone]
    assert raised == cleared == ["start"] * visits
