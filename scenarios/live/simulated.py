"""A day being simulated, as it is watched: a session, and accounts that listen to it."""

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from agents.office import Entry
from engine.clock import SECOND
from engine.geo import Projection
from engine.roads.lines import road_lines
from scenarios.contracts import contracts_of
from scenarios.incidents import INCIDENTS
from scenarios.live.account import OfficeAccount
from scenarios.live.gaze import Line
from scenarios.live.ground_parts import coverage_parts, edge_lines, geofence_parts, places_ahead, way
from scenarios.live.picture import Picture
from scenarios.live.score import Score
from scenarios.live.snapshot import Shots, fixed_parts
from scenarios.live.trails import Trails
from scenarios.live.truth import TRUTH
from scenarios.rows import RunLedgers, folder_rows, ledger_rows
from scenarios.run import Session
from twin.kpis.costs import Costs

ABOUT = ("vehicle_id", "order_id", "exception_id", "recommendation_id", "name")
"""What an act is about: the first of these it has."""
POSTED_KEPT = 50
BACKLOG_US = 5 * SECOND
"""How often what waits in devices is counted."""


class SimulatedDay:
    """Watches a session without changing a byte of what it writes."""

    can_command, can_seek = True, False

    def __init__(self, session: Session) -> None:
        self.session, self.folder, world = session, session.folder, session.world
        model, built = session.scenario.model, session.built
        self.start_us, self.end_us = session.scenario.start_us, session.scenario.end_us
        self.account = OfficeAccount(built.office.belief)
        self.truth = Picture(built.office.belief.copy())  # so far it has heard of depots, vehicles and drivers only
        expect = {name: kpi.expect for name, kpi in model.kpis.items()}
        costs, contracts = Costs.from_mapping(model.costs), contracts_of(model)
        self.score = Score(model.time_zone or "UTC", costs, contracts, self.start_us, expect)
        self.sealed = False
        self.posted: deque[dict[str, Any]] = deque(maxlen=POSTED_KEPT)
        self.projection: Projection = built.ground.roads.projection
        self._shots = Shots(self.account.picture, self.truth, self.projection, (self.start_us, self.end_us))
        self._trails = Trails(built.office.belief, built.vehicles.values(), self.projection, self.start_us)
        self._made: dict[str, tuple[Any, dict[str, Any]]] = {}  # parts that seldom change, with what they are made of
        built.office.clerks.append(self._hear)
        world.onlookers.append(self._see)

    @property
    def now_us(self) -> int:
        """The session's clock."""
        return self.session.world.now

    @property
    def picture(self) -> Picture:
        """What head office knows."""
        return self.account.picture

    def _hear(self, entry: Entry) -> None:
        self.account.hear(entry)
        self.score.hear(entry)

    def _see(self, kind: str, at_us: int, payload: dict[str, Any]) -> None:
        self.truth.fold(kind, at_us, payload, at_us)
        self.score.happen(kind, at_us, payload)

    def advance(self, until_us: int) -> None:
        """Simulate on; at the end of the day the run is sealed and judged."""
        self.session.advance(min(until_us, self.end_us))
        if self._trails:
            self._trails.look()
        if self.now_us >= self.end_us and not self.sealed:
            self._last_xy = self._true_xy()
            self.session.finish()
            self.sealed = True

    def seek(self, at_us: int) -> None:
        """Not while it is being simulated."""
        raise ValueError("a day being simulated cannot jump; look at its past instead")

    def post(self, kind: str, payload: dict[str, Any], by: str) -> int:
        """Record an outside command."""
        if self.sealed:
            raise ValueError("the day is over: nothing can be ordered any more")
        at_us = self.session.post(kind, payload, by)
        about = next((payload[key] for key in ABOUT if payload.get(key)), "")
        self.posted.append({"kind": kind, "by": by, "at_us": at_us, "about": about})
        return at_us

    # --- parts ---

    def fixed(self) -> dict[str, Any]:
        """The day, its vehicles, depots, roads, geofences, and where carriers say they are."""
        scenario, ground = self.session.scenario, self.session.built.ground
        lines = road_lines(ground.roads.graph) if ground.roads.graph is not None else None
        span, name = (self.start_us, self.end_us), scenario.model.name
        credit = str((ground.notes.get("roads") or {}).get("attribution") or "")
        alerts = scenario.model.json_ready()["alerts"]
        fences = geofence_parts(alerts, ground.depots, self.projection)
        kinds = {name: incident.parameters.model_json_schema() for name, incident in INCIDENTS.items()}
        own = {"geofences": fences, "incident_kinds": kinds, **coverage_parts(ground.coverage)}
        return own | fixed_parts(
            self.account.picture, self.projection, scenario.local, name, span, False, lines, credit, alerts
        )

    def parts(self) -> dict[str, Any]:
        """The parts as of the session's clock."""
        session, now_us = self.session, self.now_us
        telematics = session.world.telematics
        assert telematics is not None  # noqa: S101  (every built world has one)
        self.score.go(now_us)
        true_xy = self._last_xy if self.sealed else self._true_xy()
        parts = self._shots.parts(self.account, self.truth, now_us, telematics.received, true_xy)
        closures, shut = self.account.picture.belief.closures, session.world.closed
        return (
            parts
            | self.score.parts(now_us)
            | {"posted": [*self.posted]}
            | self._lines("closed", closures)
            | self._lines(TRUTH + "closed", shut)
            | self._coverage()
            | self._backlog()
        )

    def _lines(self, name: str, closures: dict[str, tuple[int, ...]]) -> dict[str, Any]:
        """The closed roads as broken lines; drawn anew only when another set is closed."""
        made = self._made.get(name)
        if made is None or made[0] != closures:
            graph, edges = self.session.built.ground.roads.graph, [e for edges in closures.values() for e in edges]
            x = y = np.empty(0, np.float32)
            if graph is not None:
                x, y = edge_lines(graph, edges, self.projection)
            made = self._made[name] = dict(closures), {f"{name}.x": x, f"{name}.y": y}
        return made[1]

    def _coverage(self) -> dict[str, Any]:
        """Where carriers really are now; drawn anew only when an outage begins or ends."""
        surroundings = self.session.built.radio.surroundings
        coverage = None if surroundings is None else surroundings.map
        made = self._made.get("coverage")
        if made is None or made[0] is not coverage:
            made = self._made["coverage"] = coverage, coverage_parts(coverage, TRUTH)
        return made[1]

    def _backlog(self) -> dict[str, Any]:
        """What waits in devices and for them: nobody at head office can know it."""
        radio, telematics = self.session.built.radio, self.session.world.telematics
        assert telematics is not None  # noqa: S101
        read_us, made = self._made.get("backlog", (-BACKLOG_US, {}))
        if read_us + BACKLOG_US > self.now_us:
            return made
        counts = {way: vars(tally) for way, tally in radio.courier.counts().items()}
        made = {
            TRUTH + "backlog.samples": telematics.lane.held_by_device().astype(np.int32),
            TRUTH + "backlog.messages": np.array(radio.courier.waiting(), np.int32),
            TRUTH + "courier": counts,
        }
        self._made["backlog"] = self.now_us, made
        return made

    def _true_xy(self) -> tuple[np.ndarray, np.ndarray]:
        telematics = self.session.world.telematics
        assert telematics is not None  # noqa: S101
        x_mm, y_mm = telematics.motion.positions(self.now_us)
        return x_mm / 1000, y_mm / 1000

    # --- what viewers look at ---

    def follow(self, rows: set[int]) -> None:
        """Keep trails of these vehicles; samples are listened to only while there are any."""
        telematics = self.session.world.telematics
        assert telematics is not None  # noqa: S101
        before = bool(self._trails)
        self._trails.follow(rows)
        if bool(self._trails) != before:
            (telematics.listeners.remove if before else telematics.listeners.append)(self._trails.observe)

    def way(self, row: int) -> Line:
        """Along the roads, at usual speeds, round closures as reported."""
        belief, built = self.account.picture.belief, self.session.built
        vehicle = built.vehicles[[*belief.index][row]]
        places = places_ahead(belief, vehicle.name)
        closed = frozenset(edge for edges in belief.closures.values() for edge in edges)
        x, y = way(built.ground.roads, vehicle.profile, places, self.now_us, closed)
        return Line(x, y, np.empty(0, np.float32))

    def trail(self, row: int) -> Line:
        """Received fixes."""
        return self._trails.fixes(row)

    def true_trail(self, row: int) -> Line:
        """Keyframes driven."""
        return self._trails.driven(row, self.now_us)

    def ledgers(self) -> RunLedgers:
        """From the folder as flushed by now, or from memory."""
        world, zone = self.session.world, {"time_zone": self.session.scenario.model.time_zone or "UTC"}
        if self.folder is None:
            return RunLedgers(ledger_rows(world.truth.table()), ledger_rows(world.office_ledger.table()), zone)
        truth, office = (folder_rows(self.folder, name, without=("harsh_event",)) for name in ("truth", "office"))
        return RunLedgers(truth, office, zone)

    # --- the end ---

    def on_busy(self, tell: Callable[[str], None]) -> None:
        """Planning takes a while."""
        self.session.on_plan(lambda plan: tell("planning the day" if plan is None else ""))

    def close(self, error: BaseException | None = None) -> None:
        """Leave the folder as a failed run does, or as an interrupted one, which can be resumed."""
        if not self.sealed:
            self.session._fail(error or KeyboardInterrupt())
