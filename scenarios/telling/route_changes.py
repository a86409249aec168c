"""Every change of a route after the day's plan: what changed, why, what it cost, and who approved it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from engine.clock import MINUTE
from scenarios.rows import Row
from scenarios.telling.history import RunHistory

FOLLOWED = ("accepted", "changed")


@dataclass(frozen=True)
class RouteChange:
    """One change, of one route or of several together; times in microseconds UTC, costs as expected then.

    ``recommendation_id`` is empty where nobody had to decide: an order that was called off is taken off its route.
    """

    at_us: int
    recommendation_id: str
    vehicles: tuple[str, ...]
    orders: tuple[str, ...]
    what: str
    why: str
    driving_s: int | None  # more than without it; None: not known
    late_s: int | None
    source: str  # the policy, "by hand", or "routine"
    approved_by: str

    @property
    def cost(self) -> str:
        """The cost in words."""
        if self.driving_s is None or self.late_s is None:
            return "not known"
        later = [f"{_more(self.late_s)} lateness"] if _minutes(self.late_s) else []
        return ", ".join([f"{_more(self.driving_s)} driving", *later])

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"vehicles": [*self.vehicles], "orders": [*self.orders], "cost": self.cost}


@dataclass(frozen=True)
class VehicleChanges:
    """What became of one vehicle's route after the day's plan."""

    vehicle_id: str
    changes: tuple[RouteChange, ...]
    time_zone: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "vehicle_id": self.vehicle_id, "changes": [change.as_dict() for change in self.changes],
            "time_zone": self.time_zone,
        }  # fmt: skip


def route_changes(history: RunHistory) -> list[RouteChange]:
    """All changes of a run that were commanded, in order of time."""
    made, found, decided = {}, [], set()
    for row in history.ledgers.truth:
        if row.kind == "recommendation_made":
            made[row.payload["recommendation_id"]] = row.payload
        elif row.kind == "recommendation_answered":
            decided.update(row.payload["command_ids"])
            advice = made.get(row.payload["recommendation_id"])
            if advice is not None and row.payload["answer"] in FOLLOWED:
                found.append(_change(row, advice))
    routine = (row for row in history.ledgers.office if row.kind == "unassign_order" and row.event_id not in decided)
    return sorted([*found, *map(_routine, routine)], key=lambda change: change.at_us)


def changes_of_order(history: RunHistory, order_id: str) -> tuple[RouteChange, ...]:
    """The changes that moved an order, and those of the route it stood on, until it ended."""
    end = history.order(order_id).end
    end_us = end.at_us if end is not None else 1 << 62
    holders = _holders(history, order_id)

    def touches(change: RouteChange) -> bool:
        holder = next((vehicle for at_us, vehicle in reversed(holders) if at_us <= change.at_us), None)
        return order_id in change.orders or (holder in change.vehicles and change.at_us < end_us)

    return tuple(change for change in route_changes(history) if touches(change))


def _holders(history: RunHistory, order_id: str) -> list[tuple[int, str | None]]:
    """Whose route an order was put on, and since when, as commanded."""
    found: list[tuple[int, str | None]] = []
    holder = None
    for row in history.ledgers.office:
        if row.kind not in ("set_route", "assign_order", "unassign_order"):
            continue
        p = row.payload
        if row.kind == "set_route":
            has = any(stop["order_id"] == order_id for stop in p["stops"])
        else:
            has = row.kind == "assign_order" and p["order_id"] == order_id
        if has:
            holder = p["vehicle_id"]
        elif holder == p["vehicle_id"] and (row.kind == "set_route" or p["order_id"] == order_id):
            holder = None
        else:
            continue
        found.append((row.at_us, holder))
    return found


def changes_of_vehicle(history: RunHistory, vehicle_id: str) -> VehicleChanges:
    """The changes of a vehicle's route."""
    changes = (change for change in route_changes(history) if vehicle_id in change.vehicles)
    return VehicleChanges(vehicle_id, tuple(changes), history.ledgers.time_zone)


def _change(row: Row, advice: dict[str, Any]) -> RouteChange:
    p = row.payload
    changed = p["answer"] == "changed"
    vehicles = dict.fromkeys(
        vehicle for move in p["moves"] for vehicle in (move["to_vehicle"], move["from_vehicle"]) if vehicle
    )
    return RouteChange(
        at_us=row.at_us,
        recommendation_id=p["recommendation_id"],
        vehicles=tuple(vehicles if changed else advice["vehicles"]),
        orders=tuple(move["order_id"] for move in p["moves"]),
        what=moves_text(p["moves"]) or f"{', '.join(advice['vehicles'])}: the same stops in another order",
        why=f"{p['reason']}; recommended: {advice['reason']}" if changed else advice["reason"],
        driving_s=p["driving_s"],
        late_s=p["late_s"],
        source=advice["source"],
        approved_by=approved_by(p, advice),
    )


def _routine(row: Row) -> RouteChange:
    p = row.payload
    return RouteChange(
        row.at_us, "", (p["vehicle_id"],), (p["order_id"],), f"{p['order_id']} off {p['vehicle_id']}", p["reason"],
        None, None, "routine", "nobody had to",
    )  # fmt: skip


def moves_text(moves: Iterable[dict[str, Any]]) -> str:
    """Orders that change hands, in words."""
    return "; ".join(_move_text(move) for move in moves)


def _move_text(move: dict[str, Any]) -> str:
    if move["to_vehicle"] is None:
        return f"{move['order_id']} off {move['from_vehicle']}"
    whence = f", from {move['from_vehicle']}" if move["from_vehicle"] else ""
    return f"{move['order_id']} to {move['to_vehicle']} as stop {move['stop']}{whence}"


def approved_by(answer: dict[str, Any], advice: dict[str, Any]) -> str:
    """Who stands for a change, in words."""
    if answer["by"] == "policy":
        return f"{advice['source']} alone"
    if answer["by"] == "clock":
        return "nobody in time: done as the scenario says"
    return answer["by"]


def _more(seconds: int) -> str:
    return f"{abs(_minutes(seconds))} min {'more' if seconds >= 0 else 'less'}"


def _minutes(seconds: int) -> int:
    return round(seconds * 1_000_000 / MINUTE)
