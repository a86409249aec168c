"""Plays a scenario's incidents: each starts, does its work, and leaves the world as it would have been."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from scenarios.build import Built
from scenarios.incidents import INCIDENTS
from scenarios.incidents.instruments import Instruments
from scenarios.incidents.outages import Outages
from scenarios.incidents.stage import Episode, Stage
from twin.orders import Order


class Director:
    """Starts incidents at their time; both ends are recorded in the truth ledger."""

    def __init__(self, built: Built) -> None:
        self.built, self.world = built, built.world
        self._outages = Outages(built.radio.surroundings, built.ground.roads.projection, built.world)
        self.stage = Stage(
            self.world, built.vehicles, built.ground.depots, self._close_roads, self._open_roads, built.place_order,
            self._surge, built.plant.plant, built.plant.attendance, self._outages.begin, self._outages.end,
            self._instruments(),
        )  # fmt: skip

    def schedule(self, incidents: dict[str, dict[str, Any]]) -> None:
        """Put incidents on the calendar, in the order of their names in the scenario."""
        for name, raw in incidents.items():
            what: Any = INCIDENTS[raw["kind"]].parameters.model_validate(raw)
            self._next(what, what.episodes(name, self.world))

    def _next(self, what: Any, episodes: Iterator[Episode]) -> None:
        episode = next(episodes, None)
        if episode is not None:
            self.world.at(episode.begins_us, partial(self._start, what, episode, episodes))

    def _start(self, what: Any, episode: Episode, later: Iterator[Episode]) -> None:
        self.world.env.process(self._play(what, episode, later))

    def _play(self, what: Any, episode: Episode, later: Iterator[Episode]) -> Any:
        name, what = episode.name, what.model_copy(update={"lasts_s": episode.lasts_s})
        details = what.model_dump(mode="json", exclude={"kind", "rate_per_day"})
        self.world.happen("incident_started", name, {"name": name, "incident": what.kind, "details": details})
        for pause_us in INCIDENTS[what.kind].play(self.stage, name, what):
            yield self.world.env.timeout(pause_us)
        self.world.happen("incident_ended", name, {"name": name, "incident": what.kind})
        self._next(what, later)

    def _instruments(self) -> Instruments:
        world, radio, telematics = self.world, self.built.radio, self.built.world.telematics
        assert telematics is not None  # noqa: S101
        number = {name: device for device, name in enumerate(self.built.vehicles)}
        away: Counter[int] = Counter()  # by device, incidents that took it away
        swapped: set[tuple[int, int]] = set()

        def end(device: int, cause: str) -> None:
            away[device] += 1
            if away[device] == 1:
                telematics.settle(world.now)
                radio.links.end_device(device, world.now, cause)

        def restore(device: int) -> None:
            away[device] -= 1
            if not away[device]:
                telematics.settle(world.now)
                radio.links.revive(device, world.now)

        def swap(one: str, other: str) -> None:
            low, high = sorted((number[one], number[other]))
            swapped.symmetric_difference_update({(low, high)})
            telematics.swap_devices(sorted(swapped), world.now)

        return Instruments(radio.receivers, number, end, restore, swap)

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
