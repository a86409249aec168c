"""Who may take an order: at work, with what it needs, with room, at the right depot, not declined lately."""

from functools import cached_property

import numpy as np

from twin.orders import Place
from twin.policies.common import awaits_loading, committed_loads
from twin.policies.courses import Courses
from twin.policies.journal import backing_off
from twin.policies.settings import Settings
from twin.views import FleetView, OrderView


class Eligible:
    """Answers for all vehicles of ``courses`` at once; ``take`` keeps a vehicle for one order a call.

    One order a vehicle and call: every insertion is judged on a route that is known.
    """

    def __init__(self, view: FleetView, courses: Courses, settings: Settings) -> None:
        self._vehicles = [course.vehicle for course in courses.courses]
        self._row, self._settings = courses.row, settings
        self._free = np.ones(len(self._vehicles), bool)
        self._view = view
        self._able: dict[frozenset[str], np.ndarray] = {}
        self._at: dict[str, np.ndarray] = {}
        self._declined: dict[str, list[int]] = {}
        for order_id, vehicle_id in backing_off(view, settings.back_off_s):
            if vehicle_id in self._row:
                self._declined.setdefault(order_id, []).append(self._row[vehicle_id])

    def rows(self, known: OrderView) -> np.ndarray:
        """Rows of the vehicles that may take the order now."""
        order = known.order
        able = self._offering(order.needs) & self._free
        if order.priority < self._settings.urgent_priority:
            able &= self._may_change
        if known.onboard is None and self._units:
            for unit, room in zip(self._units, self._room):
                if amount := order.demand.get(unit, 0.0):
                    able &= amount <= room
        if awaits_loading(known) and order.depot is not None:
            able &= self._based(order.depot)
        if order.order_id in self._declined:
            able[self._declined[order.order_id]] = False
        if known.vehicle_id in self._row:
            able[self._row[known.vehicle_id]] = False
        rows = np.flatnonzero(able)
        return rows if known.onboard is None else rows[rows == self._row.get(known.onboard, -1)]

    def take(self, *vehicle_ids: str | None) -> None:
        """Nothing more for these vehicles in this call."""
        for vehicle_id in vehicle_ids:
            if vehicle_id in self._row:
                self._free[self._row[vehicle_id]] = False

    @cached_property
    def _may_change(self) -> np.ndarray:
        most = self._settings.changes_most
        return np.array([not most or vehicle.changes < most for vehicle in self._vehicles], bool)

    @cached_property
    def _units(self) -> list[str]:
        return sorted({unit for vehicle in self._vehicles for unit in vehicle.capacity})

    @cached_property
    def _room(self) -> list[np.ndarray]:
        """What there is beside what was given out already, by unit: float64 [vehicles]."""
        loads = committed_loads(self._view)
        return [
            np.array([v.capacity.get(unit, np.inf) - loads[v.vehicle_id].get(unit, 0.0) for v in self._vehicles])
            for unit in self._units
        ]

    def _offering(self, needs: frozenset[str]) -> np.ndarray:
        if needs not in self._able:
            self._able[needs] = np.array([needs <= vehicle.offers for vehicle in self._vehicles], bool)
        return self._able[needs]

    def _based(self, depot_id: str) -> np.ndarray:
        if depot_id not in self._at:
            self._at[depot_id] = np.array([vehicle.depot_id == depot_id for vehicle in self._vehicles], bool)
        return self._at[depot_id]


def first_place(known: OrderView) -> Place:
    """Where an order's first visit that is not at a depot is."""
    task = known.order.pickup if known.onboard is None else None
    return (task or known.order.last_task).place
