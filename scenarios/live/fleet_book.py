"""What head office knows of vehicles' health and drivers' hours: a fold of what was reported, a row a vehicle.

Hours are those of the present shift and as told: of what a driver has not reported yet nothing is counted. The longest
time at the wheel is measured since the last break.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from agents.office import Entry
from twin.kpis.facts import MOST_DRIVING_US

ROW = np.dtype([
    ("odometer_m", "f8"), ("engine_s", "f8"), ("breakdowns", "i4"), ("harsh", "i4"), ("fuel_ml", "f8"),
    ("energy_wh", "f8"), ("inspected_us", "i8"), ("refuelled_us", "i8"), ("began_us", "i8"), ("until_us", "i8"),
    ("driven_s", "f8"), ("since_break_s", "f8"), ("break_us", "i8"), ("rested_s", "f8"), ("breaks", "i4"),
])  # fmt: skip
HEALTH = ("odometer_m", "engine_s", "fuel_ml", "energy_wh")
COUNTS = ("breakdowns", "harsh")
HOURS = ("driven_s", "since_break_s", "rested_s")
MOMENTS = {
    "health.inspected_s": "inspected_us", "health.refuelled_s": "refuelled_us", "hours.began_s": "began_us",
    "hours.until_s": "until_us", "hours.last_break_s": "break_us",
}  # fmt: skip


Breaks = Sequence[tuple[int, int]]
"""Beginnings and ends, in turn."""


class FleetBook:
    """The fold; fuel and energy are what was used since the vehicle was last filled up."""

    def __init__(self) -> None:
        self._rows = np.zeros(0, ROW)
        self._rules = {name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_on_")}

    def take(self, entry: Entry, index: Mapping[str, int]) -> None:
        """Note one row of the office ledger; ``index`` gives each vehicle's row."""
        rule, row = self._rules.get(entry.kind), index.get(entry.payload.get("vehicle_id", ""))
        if rule is None or row is None:
            return
        if row >= len(self._rows):
            self._rows = np.append(self._rows, np.zeros(max(64, row), ROW))
        rule(self._rows[row], entry.occurred_us, entry.payload)

    def copy(self) -> "FleetBook":
        """The same, to go on from later."""
        other = FleetBook()
        other._rows = self._rows.copy()
        return other

    def parts(self, vehicles: int, start_us: int, now_us: int, planned: Iterable[Breaks]) -> dict[str, np.ndarray]:
        """``health.*`` and ``hours.*``; ``planned`` are the breaks on each vehicle's route, as it was sent.

        Moments (``MOMENTS`` and ``hours.next_break_s``) are seconds since the start of the run, NaN: not yet. The next
        break is the first one of the route not taken since it was sent, and may be overdue. ``hours.left_s`` is the
        time to the rostered end, ``hours.wheel_left_s`` what may still be driven in the shift; both can be exceeded.
        """
        rows = np.append(self._rows, np.zeros(max(0, vehicles - len(self._rows)), ROW))[:vehicles]

        def moment(at_us: np.ndarray) -> np.ndarray:
            return np.where(at_us > 0, (at_us - start_us) / 1e6, np.nan).astype(np.float32)

        taken = rows["breaks"].tolist()
        next_us = [breaks[n][0] if n < len(breaks) else 0 for breaks, n in zip(planned, taken, strict=True)]
        on_duty = rows["until_us"] > 0
        left_s = np.where(on_duty, (rows["until_us"] - now_us) / 1e6, np.nan)
        wheel_left_s = np.where(on_duty, MOST_DRIVING_US / 1e6 - rows["driven_s"], np.nan)
        return (
            {f"health.{name}": rows[name].astype(np.float32) for name in HEALTH}
            | {f"health.{name}": rows[name].copy() for name in COUNTS}
            | {f"hours.{name}": rows[name].astype(np.float32) for name in HOURS}
            | {name: moment(rows[column]) for name, column in MOMENTS.items()}
            | {"hours.next_break_s": moment(np.array(next_us, np.int64)), "hours.left_s": left_s.astype(np.float32)}
            | {"hours.wheel_left_s": wheel_left_s.astype(np.float32)}
        )

    # --- vehicles ---

    def _on_arrived(self, row: Any, at_us: int, p: dict[str, Any]) -> None:
        row["odometer_m"] = max(row["odometer_m"], p["odometer_m"])
        if at_us >= row["refuelled_us"]:
            row["fuel_ml"] += p["fuel_ml"]
            row["energy_wh"] += p["energy_wh"]
        if at_us >= row["began_us"]:
            row["driven_s"] += p["driving_s"]
        if at_us >= row["break_us"]:
            row["since_break_s"] += p["driving_s"]

    def _on_shift_ended(self, row: Any, at_us: int, p: dict[str, Any]) -> None:
        row["odometer_m"] = max(row["odometer_m"], p["odometer_m"])
        row["engine_s"] += p["engine_s"]
        if at_us >= row["began_us"]:
            row["began_us"] = row["until_us"] = 0

    def _on_breakdown_started(self, row: Any, _at_us: int, _p: dict[str, Any]) -> None:
        row["breakdowns"] += 1

    def _on_harsh_event(self, row: Any, _at_us: int, _p: dict[str, Any]) -> None:
        row["harsh"] += 1

    def _on_inspection_done(self, row: Any, at_us: int, _p: dict[str, Any]) -> None:
        row["inspected_us"] = max(row["inspected_us"], at_us)

    def _on_refuelled(self, row: Any, at_us: int, _p: dict[str, Any]) -> None:
        row["refuelled_us"] = max(row["refuelled_us"], at_us)
        row["fuel_ml"] = row["energy_wh"] = 0.0

    # --- drivers ---

    def _on_set_route(self, row: Any, _at_us: int, _p: dict[str, Any]) -> None:
        row["breaks"] = 0

    def _on_shift_started(self, row: Any, at_us: int, p: dict[str, Any]) -> None:
        row["began_us"], row["until_us"] = at_us, p["until_us"]
        row["driven_s"] = row["since_break_s"] = row["rested_s"] = 0.0
        row["break_us"] = 0

    def _on_break_taken(self, row: Any, at_us: int, p: dict[str, Any]) -> None:
        row["break_us"] = max(row["break_us"], at_us)
        row["breaks"] += 1
        row["rested_s"] += (p["until_us"] - at_us) / 1e6
        row["since_break_s"] = 0.0
