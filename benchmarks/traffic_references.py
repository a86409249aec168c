"""Compare the default traffic profile and weather rates with loop detectors and weather stations.

Prints the tables of ``docs/validation.md``, "Congestion profile" and "Weather rates". Needs the reference
data (``--data``, by default ``../shared/data`` beside the repository)::

    python benchmarks/traffic_references.py
"""

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np

from engine.roads.graph import ROAD_CLASSES
from engine.traffic import TrafficConfig
from engine.weather import KINDS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WEEKDAYS = (0, 1)  # of the four days in the file; the other two have no morning rush hour


def detector_times(data: Path = DATA) -> np.ndarray:
    """Travel times relative to free flow, float [days, 5-minute steps, detectors]; NaN where a detector was
    silent.

    Free flow is each detector's 95th percentile of speed.
    """
    path = data / "fleet" / "la-traffic" / "speed_days1-4.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        mph = np.genfromtxt(file, delimiter=",", skip_header=1)
    mph = np.where(mph > 0, mph, np.nan).reshape(-1, 288, mph.shape[1])
    return np.nanpercentile(mph, 95, axis=(0, 1)) / mph


def congestion_by_hour(times: np.ndarray) -> np.ndarray:
    """Mean excess over free travel time on weekdays by hour, 1 in the worst hour and 0 in the best: float
    [24]."""
    hourly = np.nanmean(times[list(WEEKDAYS)], axis=(0, 2)).reshape(24, 12).mean(1)
    return (hourly - hourly.min()) / (hourly.max() - hourly.min())


def speed_by_hour(times: np.ndarray) -> np.ndarray:
    """Weekday speed as a share of free flow by hour, from mean travel times: float [24]."""
    return 1 / np.nanmean(times[list(WEEKDAYS)], axis=(0, 2)).reshape(24, 12).mean(1)


def local_variation(times: np.ndarray) -> np.ndarray:
    """Coefficient of variation, over weekdays, of a detector's quarter-hour times around its own mean: float
    [24]."""
    quarter = np.nanmean(times[list(WEEKDAYS)].reshape(len(WEEKDAYS), 96, 3, -1), axis=2)
    residual = quarter / np.nanmean(quarter, axis=0)
    spread = np.sqrt(np.nanvar(residual, axis=(0, 2)) * len(WEEKDAYS) / (len(WEEKDAYS) - 1))
    return spread.reshape(24, 4).mean(1)


def day_variation(times: np.ndarray) -> np.ndarray:
    """Coefficient of variation between weekdays of the mean over all detectors, by hour: float [24]."""
    hourly = np.nanmean(times[list(WEEKDAYS)], axis=2).reshape(len(WEEKDAYS), 24, 12).mean(2)
    return hourly.std(axis=0, ddof=1) / hourly.mean(axis=0)


def station_weather(data: Path = DATA) -> dict[str, tuple[float, float]]:
    """Spells a day and mean hours of each kind of weather, over three New York airports in 2013.

    Rain and snow: hours with precipitation above and up to 33 F; heavy rain from 0.1 inch an hour; fog:
    visibility below 1 mile without precipitation; storm: mean wind from 30 mph. Snow is per day of December
    to March.
    """
    with gzip.open(data / "fleet" / "nyc-weather-2013" / "weather.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) if row[name] not in ("", "NA") else np.nan for row in rows])

    station = np.array([row["origin"] for row in rows])
    month = column("month")
    rain = (column("precip") > 0) & (column("temp") > 33)
    wet = {
        "rain": rain & (column("precip") < 0.1),
        "heavy_rain": rain & (column("precip") >= 0.1),
        "fog": (column("visib") < 1) & (column("precip") == 0),
        "storm": (column("wind_speed") >= 30) & (column("wind_speed") < 200),
        "snow": (column("precip") > 0) & (column("temp") <= 33),
    }
    days = len({(row["origin"], row["month"], row["day"]) for row in rows})
    winter = len({(row["origin"], row["month"], row["day"]) for row in rows if int(row["month"]) in (12, 1, 2, 3)})
    found = {}
    for kind, hours in wet.items():
        begins = hours & ~(np.roll(hours, 1) & (station == np.roll(station, 1)))
        if kind == "snow":
            hours, begins = hours & np.isin(month, (12, 1, 2, 3)), begins & np.isin(month, (12, 1, 2, 3))
        found[kind] = (begins.sum() / (winter if kind == "snow" else days), hours.sum() / begins.sum())
    return found


def main() -> None:
    """Print the tables of ``docs/validation.md``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args().data
    times, config = detector_times(data), TrafficConfig()
    level = np.array(config.congestion_weekday)
    speed = 1 - level * (1 - config.speed_at_peak[ROAD_CLASSES.index("motorway")])
    local = config.local_cv * (config.calm_share + (1 - config.calm_share) * level)
    print("| hour | detectors: level | default: level | detectors: speed | default: motorway speed | ", end="")
    print("detectors: local cv | default: local cv | detectors: day cv |")
    print("| --- " * 8 + "|")
    columns = (congestion_by_hour(times), level, speed_by_hour(times), speed, local_variation(times), local,
               day_variation(times))  # fmt: skip
    for hour in range(24):
        print(f"| {hour} | " + " | ".join(f"{column[hour]:.2f}" for column in columns) + " |")
    print(f"\ncorrelation of levels {np.corrcoef(columns[0], level)[0, 1]:.2f}\n")
    print("| weather | stations: spells a day | default | stations: mean hours | default |\n" + "| --- " * 5 + "|")
    for kind, (spells, hours) in station_weather(data).items():
        default = KINDS[kind]
        shown = (spells, default.spells_per_day, hours, default.mean_hours)
        print(f"| {kind} | " + " | ".join(f"{value:.2f}" for value in shown) + " |")


if __name__ == "__main__":
    main()
