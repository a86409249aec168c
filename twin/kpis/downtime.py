"""Vehicles off the road, folded: how long each was broken down."""

from typing import TYPE_CHECKING

from twin.kpis.tables import Event

if TYPE_CHECKING:
    from twin.kpis.records import Facts


class DowntimeRules:
    """The part of a fold that vehicles' breakdowns are told to."""

    facts: "Facts"

    def __init__(self) -> None:
        self._down: dict[str, int] = {}  # vehicle -> since when

    def on_breakdown_started(self, event: Event, at_us: int, p: dict) -> None:
        self._down.setdefault(p["vehicle_id"], event.occurred_us)

    def on_breakdown_ended(self, event: Event, at_us: int, p: dict) -> None:
        since_us = self._down.pop(p["vehicle_id"], event.occurred_us)
        down_us = self.facts.downtime_us
        down_us[p["vehicle_id"]] = down_us.get(p["vehicle_id"], 0) + max(0, event.occurred_us - since_us)

    def downtime_us(self, now_us: int) -> dict[str, int]:
        """By vehicle, breakdowns that are not yet over counted until now."""
        down_us = dict(self.facts.downtime_us)
        for vehicle, since_us in self._down.items():
            down_us[vehicle] = down_us.get(vehicle, 0) + max(0, now_us - since_us)
        return down_us
