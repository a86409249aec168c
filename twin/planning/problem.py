"""What a planner is given and what it returns: plain values, times in whole seconds since a stated origin."""

from dataclasses import dataclass, field
from typing import Protocol

from twin.orders import TaskKind
from twin.travel import TravelMatrix


@dataclass(frozen=True)
class PlanTask:
    """One end of an order: index into ``PlanProblem.places``, allowed starts of service and its length."""

    place: int
    windows_s: tuple[tuple[int, int], ...] = ()
    service_s: int = 0


@dataclass(frozen=True)
class PlanOrder:
    """An order to plan. A missing end is a depot: ``depot`` (index into places) or else the vehicle's own.

    Leaving it out costs ``penalty * priority``; with ``penalty`` 0 it must be served wherever possible.
    """

    order_id: str
    pickup: PlanTask | None
    delivery: PlanTask | None
    demand: tuple[int, ...]  # by PlanProblem.units, whole units (grams, litres, items ...)
    penalty: int = 0  # cost units for leaving it out; 0: more than serving it could ever cost
    priority: int = 1
    needs: frozenset[str] = frozenset()
    depot: int | None = None


@dataclass(frozen=True)
class PlanBreak:
    """A break of ``duration_s`` that starts between ``earliest_s`` and ``latest_s``, anywhere on the way.

    It is owed only where the vehicle is on the road at ``latest_s``: leaves no later and is back after it.
    """

    earliest_s: int
    latest_s: int
    duration_s: int


@dataclass(frozen=True)
class PlanVehicle:
    """A vehicle with its driver, available for one shift."""

    vehicle_id: str
    profile: str
    capacity: tuple[int, ...]  # by PlanProblem.units
    start: int  # index into places
    end: int
    shift_s: tuple[int, int]  # leave no earlier, be back no later
    breaks: tuple[PlanBreak, ...] = ()
    offers: frozenset[str] = frozenset()
    cost_per_km: int = 100
    cost_per_h: int = 1000
    fixed_cost: int = 0
    load_s: int = 0  # loading at the start, before departure
    speed_factor: float = 1.0  # driving times are divided by it


@dataclass(frozen=True)
class PlanProblem:
    """A day to plan. ``travel[profile]`` covers all places both ways; costs are in integer units (cents).

    ``margin_s`` is how much earlier than the latest useful moment a vehicle leaves its depot: a plan without
    it arrives just in time, and any delay on the road makes it late.
    """

    places: tuple[str, ...]
    orders: tuple[PlanOrder, ...]
    vehicles: tuple[PlanVehicle, ...]
    travel: dict[str, TravelMatrix]
    units: tuple[str, ...] = ()
    balance_weight: float = 0.0  # 0: cheapest; above: cost units per hour by which the longest route exceeds the mean
    margin_s: int = 0


@dataclass(frozen=True)
class PlannedStop:
    """A planned visit."""

    order_id: str
    task: TaskKind
    arrive_s: int
    start_s: int
    leave_s: int


@dataclass(frozen=True)
class PlannedRoute:
    """The planned stops of one vehicle and shift; depot ends are implied. Loading ends at ``leave_s``."""

    vehicle_id: str
    leave_s: int
    stops: tuple[PlannedStop, ...]
    back_s: int
    breaks: tuple[tuple[int, int], ...] = ()  # (start, end)


@dataclass(frozen=True)
class Plan:
    """A planner's answer: every order is in exactly one route or in ``left_out`` with its reason."""

    routes: tuple[PlannedRoute, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    cost: int = 0
    planner: str = ""
    effort: int = 0


class Planner(Protocol):
    """A planner declares what it can respect; the same problem, seed and effort give the same plan."""

    name: str

    def supports(self) -> frozenset[str]:
        """Features out of ``twin.planning.FEATURES``."""
        ...

    def plan(self, problem: PlanProblem, seed: int, effort: int) -> Plan:
        """Plan; ``effort`` counts iterations (or solutions), never seconds."""
        ...
