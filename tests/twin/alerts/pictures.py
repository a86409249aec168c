"""Pictures of a fleet for alert tests: a depot at 50 N 8 E, orders a tenth of a degree apart, an hour a degree."""

from typing import Any

import numpy as np

from twin.belief import Belief
from twin.commands import set_route
from twin.orders import Place
from twin.samples import SampleBatch
from twin.travel import UNREACHABLE, TravelMatrix
from twin.views import FleetView, Stop

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
NOON_US = 12 * HOUR_US
M_PER_DEG = 111_195.0
DEPOT = {"place_id": "main", "lat": 50.0, "lon": 8.0}


class Crow:
    """Travel times as the crow flies in degrees, an hour each; asks are counted."""

    def __init__(self) -> None:
        self.asked = 0

    def matrix(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> TravelMatrix:
        raise AssertionError("arrivals need single legs only")

    def legs_ms(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> np.ndarray:
        self.asked += len(origins)
        return np.array([self._ms(a, b) for a, b in zip(origins, destinations)], np.int64)

    @staticmethod
    def _ms(a: Place, b: Place) -> int:
        if max(a.lat, b.lat) > 80:
            return UNREACHABLE
        return round(3_600_000 * float(np.hypot(a.lat - b.lat, a.lon - b.lon)))


class Fleet:
    """Head office's belief of a small fleet, told step by step; vehicle ``V0`` has driver ``D0`` and so on."""

    def __init__(self, vehicles: int = 1, at_work: bool = True) -> None:
        self.belief = Belief()
        self.samples = [0] * vehicles
        self.tell("depot_registered", 0, depot_id="main", place=DEPOT)
        for n in range(vehicles):
            self.tell(
                "vehicle_registered", 0, vehicle_id=f"V{n}", device_id=f"dev-V{n}", group="g", kind="van",
                profile="van", depot_id="main", capacity={"kg": 100.0}, offers=[],
            )  # fmt: skip
            self.tell("driver_registered", 0, n, group="c", depot_id="main", offers=[])
            if at_work:
                self.tell("shift_started", NOON_US, n, depot_id="main", until_us=NOON_US + 8 * HOUR_US)
                self.tell("loading_done", NOON_US, n, depot_id="main", orders=[], started_us=NOON_US)

    def tell(self, kind: str, at_us: int, vehicle: int | None = None, /, **payload: Any) -> None:
        """An event is heard."""
        who = {} if vehicle is None else {"vehicle_id": f"V{vehicle}", "driver_id": f"D{vehicle}"}
        self.belief.apply(kind, at_us, who | payload)

    def order(self, name: str, lat: float, lon: float, closes_us: int | None = None, opens_us: int = 0) -> None:
        """A delivery, on board already of nobody."""
        windows = [] if closes_us is None else [[opens_us, closes_us]]
        task = {"place": {"place_id": f"at-{name}", "lat": lat, "lon": lon}, "windows_us": windows, "service_s": 300.0}
        self.tell(
            "order_placed", 0, order_id=name, pickup=None, delivery=task, demand={}, priority=1, needs=[],
            customer="c", depot=None, known_before=True,
        )  # fmt: skip

    def route(
        self, vehicle: int, *names: str, at_us: int = NOON_US, planned_us: int | None = None, **more: Any
    ) -> None:
        """Goods are on board, and the vehicle is told to bring them in this order."""
        for name in names:
            self.tell("order_picked_up", NOON_US, vehicle, order_id=name, at_depot="main")
        command = set_route(f"V{vehicle}", [Stop(name, "delivery", planned_us) for name in names], "plan", **more)
        self.belief.apply("set_route", at_us, command.payload)

    def depart(self, vehicle: int, name: str, at_us: int, due_us: int, purpose: str = "task") -> None:
        self.tell(
            "departed", at_us, vehicle, trip_id="T", to=name, purpose=purpose, onboard=[], due_us=due_us
        )  # fmt: skip

    def sample(self, vehicle: int, at_us: int, lat: float, lon: float, speed_mps: float = 10.0, **columns: Any) -> None:
        """A sample is received as soon as it is taken."""
        number = self.samples[vehicle]
        self.samples[vehicle] += 1
        more = {"ignition": True, "supply_mv": 13_800} | columns
        self.belief.observe(
            SampleBatch.of([vehicle], [at_us], [lat], [lon], speed_mps=speed_mps, sample=number, **more)
        )

    def view(self, now_us: int) -> FleetView:
        return self.belief.view(now_us)
