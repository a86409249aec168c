"""A day being simulated, as it is watched: a session, and two pictures that listen to it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.geo import Projection
from engine.roads.lines import road_lines
from scenarios.live.picture import Picture
from scenarios.live.snapshot import TRUTH, Shots, fixed_parts
from scenarios.run import Session
from twin.belief import Belief
from twin.commands import assign_order, unassign_order


class SimulatedDay:
    """Watches a session without changing a byte of what it writes."""

    can_command, can_seek = True, False

    def __init__(self, session: Session) -> None:
        self.session, self.folder, world = session, session.folder, session.world
        self.start_us, self.end_us = session.scenario.start_us, session.scenario.end_us
        office = session.built.office
        self.office = Picture(office.belief)
        self.truth = Picture(office.belief.copy())  # so far it has heard of depots, vehicles and drivers only
        self.sealed = False
        self._projection: Projection = session.built.ground.roads.projection
        self._shots = Shots(self.office, self.truth, self._projection, self.start_us)
        self._closures: tuple[Any, dict[str, np.ndarray]] = (None, _no_lines("closed"))
        self._truly_closed: tuple[Any, dict[str, np.ndarray]] = (None, _no_lines(TRUTH + "closed"))
        _overhear(office.belief, lambda kind, at_us, payload: self.office.hear(kind, at_us, payload, world.now))
        world.onlookers.append(lambda kind, at_us, payload: self.truth.fold(kind, at_us, payload, at_us))

    @property
    def now_us(self) -> int:
        """The session's clock."""
        return self.session.world.now

    def advance(self, until_us: int) -> None:
        """Simulate on; at the end of the day the run is sealed and judged."""
        self.session.advance(min(until_us, self.end_us))
        if self.now_us >= self.end_us and not self.sealed:
            self._last_xy = self._true_xy()
            self.session.finish()
            self.sealed = True

    def seek(self, at_us: int) -> None:
        """Not while it is being simulated."""
        raise ValueError("a day being simulated cannot jump; watch its run folder with --run once it has ended")

    def post(self, kind: str, payload: dict[str, Any], by: str) -> int:
        """Record an outside command."""
        if self.sealed:
            raise ValueError("the day is over: nothing can be ordered any more")
        return self.session.post(kind, payload, by)

    def assign(self, order_id: str, vehicle_id: str, by: str) -> int:
        """Give an order to a vehicle: whoever was told to do it before is told to leave it."""
        known = self.office.belief.orders.get(order_id)
        if known is None:
            raise ValueError(f"order {order_id!r}: expected an open order")
        if known.onboard is not None:
            raise ValueError(f"order {order_id}: its goods are on board {known.onboard}, no other vehicle can take it")
        if known.vehicle_id == vehicle_id:
            raise ValueError(f"order {order_id}: {vehicle_id} has it already")
        reason = f"{by} decided"
        if known.vehicle_id is not None:
            command = unassign_order(order_id, known.vehicle_id, reason)
            self.post(command.kind, command.payload, by)
        command = assign_order(order_id, vehicle_id, reason)
        return self.post(command.kind, command.payload, by)

    def fixed(self) -> dict[str, Any]:
        """The day, its vehicles, depots and roads."""
        scenario, ground = self.session.scenario, self.session.built.ground
        lines = road_lines(ground.roads.graph) if ground.roads.graph is not None else None
        span, name = (self.start_us, self.end_us), scenario.model.name
        credit = str((ground.notes.get("roads") or {}).get("attribution") or "")
        return fixed_parts(self.office, self._projection, scenario.local, name, span, False, lines, credit)

    def parts(self) -> dict[str, Any]:
        """The parts as of the session's clock."""
        true_xy = self._last_xy if self.sealed else self._true_xy()
        samples = self.session.built.telemetry.rows
        parts = self._shots.parts(self.office, self.truth, self.now_us, samples, true_xy)
        self._closures = self._lines("closed", self.office.belief.closures, self._closures)
        self._truly_closed = self._lines(TRUTH + "closed", self.session.world.closed, self._truly_closed)
        return parts | self._closures[1] | self._truly_closed[1]

    def on_busy(self, tell: Callable[[str], None]) -> None:
        """Planning takes a while."""
        self.session.on_plan(lambda plan: tell("planning the day" if plan is None else ""))

    def close(self, error: BaseException | None = None) -> None:
        """Leave the folder as a failed run does, or as an interrupted one, which can be resumed."""
        if not self.sealed:
            self.session._fail(error or KeyboardInterrupt())

    def _true_xy(self) -> tuple[np.ndarray, np.ndarray]:
        telematics = self.session.world.telematics
        assert telematics is not None  # noqa: S101  (every built world has one)
        x_mm, y_mm = telematics.motion.positions(self.now_us)
        return x_mm / 1000, y_mm / 1000

    def _lines(self, name: str, closures: dict[str, tuple[int, ...]], old: tuple[Any, dict]) -> tuple[Any, dict]:
        """The closed roads as broken lines; drawn anew only when another set is closed."""
        graph = self.session.built.ground.roads.graph
        if graph is None or old[0] == closures:
            return old
        x, y = [], []
        for edge in dict.fromkeys(edge for edges in closures.values() for edge in edges):
            points = slice(graph.shape_ptr[edge], graph.shape_ptr[edge + 1])
            east, north = self._projection.to_xy(graph.shape_lat[points], graph.shape_lon[points])
            x += [*east.tolist(), np.nan]
            y += [*north.tolist(), np.nan]
        return dict(closures), {f"{name}.x": np.array(x, np.float32), f"{name}.y": np.array(y, np.float32)}


def _no_lines(name: str) -> dict[str, np.ndarray]:
    return {f"{name}.x": np.empty(0, np.float32), f"{name}.y": np.empty(0, np.float32)}


def _overhear(belief: Belief, tell: Any) -> None:
    """Be told of all that a belief takes in, just before it does."""
    apply = belief.apply

    def told(kind: str, occurred_us: int, payload: dict[str, Any], event_id: str = "") -> None:
        tell(kind, occurred_us, payload)
        apply(kind, occurred_us, payload, event_id)

    belief.apply = told  # type: ignore[method-assign]
