"""Vehicles and orders as known, each field resting on the newest fact that told it."""

from typing import Any, NamedTuple

from twin.views import NEVER_US, OrderView, VehicleView


class When(NamedTuple):
    """When a fact became one, and its place in what its source told: number ``-1`` without a source."""

    us: int
    source: str = ""
    number: int = -1

    def older_than(self, other: "When") -> bool:
        """Whether what rests on the other fact stands; at the same time, what is heard later counts."""
        if self.source and self.source == other.source:
            return self.number < other.number
        return self.us < other.us


ALWAYS = When(-NEVER_US)
"""Before every fact."""


class Known:
    """What is known of vehicles and open orders, and of each field the fact behind it."""

    def __init__(self) -> None:
        self.vehicles: dict[str, VehicleView] = {}
        self.orders: dict[str, OrderView] = {}
        self._rests: dict[tuple[str, str], dict[str, When]] = {}  # (what, id) -> field -> the fact behind it

    def _newest(self, when: When, what: tuple[str, str], fields: dict[str, Any]) -> dict[str, Any]:
        """The fields that rest on nothing newer; from now on they rest on this fact."""
        rests = self._rests.setdefault(what, {})
        new = {name: fields[name] for name in fields if name not in rests or not when.older_than(rests[name])}
        for name in new:
            rests[name] = when
        return new

    def _vehicle(self, when: When, vehicle_id: str, **fields: Any) -> None:
        """Set those fields of a vehicle that rest on nothing newer."""
        if "state" in fields:
            fields["state_us"] = when.us
        new = self._newest(when, ("vehicle", vehicle_id), fields)
        self.vehicles[vehicle_id] = self.vehicles[vehicle_id]._replace(**new)

    def _order(self, when: When, order_id: str, **fields: Any) -> None:
        """Set those fields of an open order that rest on nothing newer."""
        known = self.orders.get(order_id)
        if known is not None:
            self.orders[order_id] = known._replace(**self._newest(when, ("order", order_id), fields))
