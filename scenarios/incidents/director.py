"""Plays a scenario's incidents: each starts, does its work, and leaves the world as it would have been."""

from functools import partial
from typing import Any

from scenarios.build import Built
from scenarios.incidents import INCIDENTS
from scenarios.incidents.stage import Stage
from twin.orders import Order


class Director:
    """Starts incidents at their time; both ends are recorded in the truth ledger."""

    def __init__(self, built: Built) -> None:
        self.built, self.world = built, built.world
        self.stage = Stage(
            self.world, built.vehicles, built.ground.depots, self._close_roads, self._open_roads, built.place_order,
            self._surge,
        )  # fmt: skip

    def schedule(self, incidents: dict[str, dict[str, Any]]) -> None:
        """Put incidents on the calendar, in the order of their names in the scenario."""
        for name, raw in incidents.items():
            incident = INCIDENTS[raw["kind"]]
            what = incident.parameters.model_validate(raw)
            self.world.at(what.begins_us(self.world), partial(self.start, name, what))  # type: ignore[attr-defined]

    def start(self, name: str, what: Any) -> None:
        """Begin an incident now."""
        self.world.env.process(self._play(name, what))

    def _play(self, name: str, what: Any) -> Any:
        details = what.model_dump(mode="json", exclude={"kind"})
        self.world.happen("incident_started", name, {"name": name, "incident": what.kind, "details": details})
        for pause_us in INCIDENTS[what.kind].play(self.stage, name, what):
            yield self.world.env.timeout(pause_us)
        self.world.happen("incident_ended", name, {"name": name, "incident": what.kind})

    def _close_roads(self, name: str, edges: tuple[int, ...]) -> None:
        self.world.closed[name] = edges
        self.world.happen("road_closed", name, {"closure": name, "edges": list(edges)})
        for driver in self.built.drivers.values():
            driver.closure_ahead()

    def _open_roads(self, name: str) -> None:
        edges = self.world.closed.pop(name)
        self.world.happen("road_opened", name, {"closure": name, "edges": list(edges)})
        for driver in self.built.drivers.values():
            driver.known_closed -= set(edges)

    def _surge(self, name: str, count: int, over_s: float) -> list[Order]:
        from scenarios.demand import surge_orders

        return surge_orders(self.built, name, count, self.world.now, over_s)
