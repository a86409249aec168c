"""Small worlds built by hand, with known answers: ledgers, trips and telemetry as a run would have left them."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger, payload_json
from engine.records import write_parquet
from engine.telemetry_log import SCHEMA as TELEMETRY_SCHEMA
from engine.trip_log import TripLog

T0_US = 1_772_431_200_000_000
"""Monday 2 March 2026, 06:00 UTC."""
MINUTE_US = 60_000_000
END_US = T0_US + 480 * MINUTE_US
HEARD_AFTER_US = 2_000_000
TIME = pa.timestamp("us", tz="UTC")


def at(minute: float) -> int:
    """Minutes after six as microseconds UTC."""
    return T0_US + round(minute * MINUTE_US)


class HandMade:
    """A run written by hand, row by row; minutes count from ``T0_US``."""

    def __init__(self) -> None:
        self.truth: list[tuple] = []  # without seq
        self.office: list[tuple] = []
        self.trips: list[tuple] = []
        self.telemetry: list[dict] = []
        self._numbers: dict[str, int] = {}
        self._where: dict[str, tuple[float, float, float]] = {}  # vehicle: x, y, odometer (m)
        self._samples: dict[str, int] = {}

    def happen(self, minute: float, kind: str, payload: dict, source: str = "world", heard: bool = True) -> str:
        """Something happens; the office hears of it two seconds later, or, if it did it itself, at once."""
        event_id = self._id(source)
        text, when = payload_json(payload), at(minute)
        self.truth.append((event_id, kind, 1, when, source, source, text))
        if heard:
            channel, delay = ("office", 0) if source == "office" else ("radio", HEARD_AFTER_US)
            self.office.append((event_id, kind, 1, when, source, source, text, when + delay, channel, ""))
        return event_id

    def command(self, minute: float, kind: str, payload: dict) -> str:
        """The office gives a command."""
        event_id = self._id("office")
        row = (event_id, kind, 1, at(minute), payload["vehicle_id"], "office", payload_json(payload))
        self.office.append((*row, None, "radio", payload["reason"]))
        return event_id

    def answer(self, minute: float, vehicle: str, command_id: str, answer: str = "accepted") -> None:
        payload = {"command_id": command_id, "vehicle_id": vehicle, "answer": answer, "orders": [], "reason": ""}
        self.happen(minute, "command_received", payload, vehicle)

    def drive(
        self, minute: float, minutes: float, vehicle: str, to: str, x_m: float, y_m: float,
        purpose: str = "task", onboard: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """A trip in a straight line, with its departure, its arrival and a litre burnt in ten kilometres."""
        x0, y0, odometer = self._where.get(vehicle, (0.0, 0.0, 1000.0))
        distance_m = ((x_m - x0) ** 2 + (y_m - y0) ** 2) ** 0.5
        trip_id = f"{vehicle}-{len(self.trips) // 2}"
        who = {"vehicle_id": vehicle, "driver_id": "D" + vehicle[1:], "trip_id": trip_id, "purpose": purpose}
        due_us = at(minute + minutes)
        self.happen(minute, "departed", {**who, "to": to, "onboard": list(onboard), "due_us": due_us}, vehicle)
        self.trips += [(trip_id, vehicle, at(minute), x0, y0), (trip_id, vehicle, due_us, x_m, y_m)]
        self._where[vehicle] = (x_m, y_m, odometer + distance_m)
        arrived = {
            **who, "at": to, "lat": 50.0 + y_m / 111_195, "lon": 8.0 + x_m / 71_475, "distance_m": distance_m,
            "driving_s": minutes * 60.0, "fuel_ml": distance_m / 10, "energy_wh": 0.0,
            "odometer_m": odometer + distance_m, "empty": not onboard,
        }  # fmt: skip
        self.happen(minute + minutes, "arrived", arrived, vehicle)

    def sample(self, minute: float, vehicle: str, odometer_m: int = 1000, received: bool = True) -> None:
        """One telemetry sample, received two seconds after it was taken or never."""
        number = self._samples[vehicle] = self._samples.get(vehicle, -1) + 1
        when = at(minute)
        heard = when + HEARD_AFTER_US if received else None
        zeros = dict.fromkeys(("speed_cmps", "heading_cdeg", "fuel_ml", "energy_wh", "engine_s"), 0)
        self.telemetry.append({
            "device_id": f"dev-{vehicle}", "sample": number, "vehicle_id": vehicle, "occurred_at": when,
            "recorded_at": when, "received_at": heard, "lat_e7": 500_000_000, "lon_e7": 80_000_000, **zeros,
            "odometer_m": odometer_m, "ignition": True, "satellites": 12, "cn0_dbhz": 44, "cn0_spread_db": 6,
            "rf_power_db": 0, "supply_mv": 13_800, "network": "perfect", "fate": "received" if received else "lost",
        })  # fmt: skip

    def _id(self, source: str) -> str:
        number = self._numbers[source] = self._numbers.get(source, -1) + 1
        return f"{source}:{number}"

    # --- tables and folders ---

    def truth_rows(self) -> list[tuple]:
        return sorted(self.truth, key=lambda row: row[3])

    def office_rows(self) -> list[tuple]:
        return sorted(self.office, key=lambda row: row[3] if row[7] is None else row[7])

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Truth, office and telemetry."""
        return (
            _table(TRUTH_SCHEMA, [(seq, *row) for seq, row in enumerate(self.truth_rows())]),
            _table(OFFICE_SCHEMA, [(seq, *row) for seq, row in enumerate(self.office_rows())]),
            self.telemetry_table(),
        )

    def write(self, folder: Path, seal: bool = True) -> Path:
        """Write ledgers, trips and telemetry as a run folder has them; no manifest, no KPIs."""
        (folder / "telemetry").mkdir(parents=True, exist_ok=True)
        for name, schema, rows in (
            ("truth", TRUTH_SCHEMA, self.truth_rows()), ("office", OFFICE_SCHEMA, self.office_rows()),
        ):  # fmt: skip
            ledger = Ledger(name, schema, folder)
            for row in rows:
                ledger.append(*row)
            if seal:
                ledger.seal()
            else:
                ledger.flush()
                ledger.close()
        trips = TripLog(folder)
        for start, end in zip(self.trips[::2], self.trips[1::2]):
            t, x, y = (np.array(pair) for pair in zip(start[2:], end[2:]))
            trips.add(start[0], start[1], t, np.rint(x * 1000).astype(int), np.rint(y * 1000).astype(int))
        if seal:
            trips.seal()
        else:
            trips.flush()
        write_parquet(folder / "telemetry" / "part-00000.parquet", TELEMETRY_SCHEMA, [self.telemetry_table()])
        return folder

    def telemetry_table(self) -> pa.Table:
        """All samples, by device and number."""
        rows = sorted(self.telemetry, key=lambda row: (row["device_id"], row["sample"]))
        return pa.Table.from_pylist(rows, schema=TELEMETRY_SCHEMA)


def _table(schema: pa.Schema, rows: list[tuple]) -> pa.Table:
    columns = list(zip(*rows)) if rows else [()] * len(schema)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema)], schema=schema)


def delivery(order_id: str, window: tuple[float, float] | None, kg: float = 20.0, known: bool = True) -> dict:
    """The payload of a placed delivery; the window in minutes."""
    place = {"place_id": f"home-{order_id}", "lat": 50.03, "lon": 8.05}
    windows = [] if window is None else [[at(window[0]), at(window[1])]]
    return {
        "order_id": order_id, "pickup": None, "demand": {"weight_kg": kg}, "priority": 1, "needs": [],
        "delivery": {"place": place, "windows_us": windows, "service_s": 120.0},
        "customer": f"C-{order_id}", "depot": "X", "known_before": known,
    }  # fmt: skip


def route(vehicle: str, *stops: tuple[str, float]) -> dict:
    """The payload of a route of deliveries: order and planned arrival in minutes."""
    listed = [{"order_id": order, "task": "delivery", "arrive_us": at(minute)} for order, minute in stops]
    return {"vehicle_id": vehicle, "stops": listed, "leave_us": None, "breaks_us": [], "reason": "day plan"}


def tiny_world() -> HandMade:
    """Two vans, four orders: one on time, one late and half refused, one not at home and failed, one left out.

    V1 drives 10 km to O1, 5 km on to O2 and 15 km back (empty); V2 drives 10 km to O3 and 10 km back with it.
    """
    w = HandMade()
    depot = {"place_id": "X", "lat": 50.0, "lon": 8.0}
    w.happen(0, "depot_registered", {"depot_id": "X", "place": depot})
    for n in "12":
        w.happen(0, "vehicle_registered", {
            "vehicle_id": f"V{n}", "device_id": f"dev-V{n}", "group": "vans", "kind": "van_diesel", "profile": "van",
            "depot_id": "X", "capacity": {"weight_kg": 50.0}, "offers": [],
        })  # fmt: skip
        w.happen(0, "driver_registered", {
            "driver_id": f"D{n}", "group": "crew", "vehicle_id": f"V{n}", "depot_id": "X", "offers": [],
        })  # fmt: skip
    w.happen(0, "order_placed", delivery("O1", (100, 130)))
    w.happen(0, "order_placed", delivery("O2", (100, 130), kg=30.0))
    w.happen(0, "order_placed", delivery("O4", (100, 130), kg=400.0))
    w.happen(5, "order_left_out", {"order_id": "O4", "reason": "too heavy for every vehicle"}, "office")
    first = w.command(6, "set_route", route("V1", ("O1", 95), ("O2", 120)))
    w.answer(7, "V1", first)
    for n in "12":
        who = {"driver_id": f"D{n}", "vehicle_id": f"V{n}"}
        w.happen(60, "shift_started", {**who, "depot_id": "X", "until_us": at(360)}, f"V{n}")
    for order in ("O1", "O2"):
        picked = {"order_id": order, "vehicle_id": "V1", "driver_id": "D1", "at_depot": "X"}
        w.happen(75, "order_picked_up", picked, "V1")
    w.happen(80, "order_placed", delivery("O3", (140, 200), known=False), "customer")
    w.drive(80, 20, "V1", "O1", 10_000, 0, onboard=("O1", "O2"))
    second = w.command(85, "set_route", route("V2", ("O3", 150)))
    w.answer(86, "V2", second)
    w.happen(87, "order_picked_up", {"order_id": "O3", "vehicle_id": "V2", "driver_id": "D2", "at_depot": "X"}, "V2")
    _serve(w, "O1", "V1", 100, 105, 5, 1.0)
    w.drive(120, 20, "V1", "O2", 15_000, 0, onboard=("O2",))
    _serve(w, "O2", "V1", 140, 140, 10, 0.5)
    w.drive(140, 20, "V2", "O3", 0, 10_000, onboard=("O3",))
    w.happen(165, "delivery_attempted", {
        "order_id": "O3", "vehicle_id": "V2", "driver_id": "D2", "attempt": 1, "arrived_us": at(160),
        "outcome": "not_home",
    }, "V2")  # fmt: skip
    w.drive(170, 20, "V2", "X", 0, 0, purpose="depot", onboard=("O3",))
    w.drive(160, 40, "V1", "X", 0, 0, purpose="depot")
    for n, driving, end in (("1", 80, 240), ("2", 40, 210)):
        w.happen(end, "shift_ended", {
            "driver_id": f"D{n}", "vehicle_id": f"V{n}", "duty_s": (end - 60) * 60.0, "driving_s": driving * 60.0,
            "break_s": 1800.0, "idle_s": 600.0, "idle_fuel_ml": 100.0, "engine_s": 6000.0, "odometer_m": 31_000.0,
            "unserved": [],
        }, f"V{n}")  # fmt: skip
    w.happen(250, "order_failed", {"order_id": "O3", "reason": "not home at attempt 1", "attempts": 1}, "office")
    for minute in range(60, 241, 30):
        for vehicle in ("V1", "V2"):
            w.sample(minute, vehicle, 1000 + 10 * minute, received=(vehicle, minute) != ("V2", 120))
    return w


def _serve(w: HandMade, order: str, vehicle: str, arrived: float, started: float, minutes: float, share: float) -> None:
    who = {"order_id": order, "vehicle_id": vehicle, "driver_id": "D" + vehicle[1:]}
    started_fields = {**who, "task": "delivery", "arrived_us": at(arrived), "due_us": at(started + 2)}
    w.happen(started, "service_started", started_fields, vehicle)
    w.happen(started + minutes, "order_delivered", {
        **who, "attempt": 1, "arrived_us": at(arrived), "started_us": at(started), "service_s": minutes * 60.0,
        "share": share,
    }, vehicle)  # fmt: skip


def tiny_ledgers() -> tuple[pa.Table, pa.Table, pa.Table]:
    """Truth, office and telemetry tables of ``tiny_world``."""
    return tiny_world().tables()
