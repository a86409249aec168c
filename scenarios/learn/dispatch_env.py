"""Dispatch under partial observability as a Gymnasium environment: one episode is one run of a scenario's day.

A step answers one question: to which of the nearest vehicles an open order goes, or that it waits. The day stands
still meanwhile, then goes on until head office has the next question. Observations are made from belief: what the
messages of devices, drivers and customers have told by then. What truly happened enters the reward alone, at the end.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

import configs
from scenarios.learn.dialogue import FLEET, ORDER, VEHICLE, Asking, Dialogue, Feature, Question, dialogue, nothing_asked
from scenarios.load import Scenario, load
from scenarios.results import Run
from scenarios.run import Session
from twin.commands import Command
from twin.travel import TravelTimes
from twin.views import FleetView

DEFAULT = Path(configs.__file__).parent / "scenarios" / "learn-dispatch.yaml"


class DispatchEnv(gymnasium.Env[dict[str, Any], np.int64]):
    """``FleetTwin/Dispatch-v0``.

    Observation: ``Dict`` of three float32 boxes, hours and shares as ``scenarios.learn.dialogue`` names them:
    ``order`` [6], ``vehicles`` [seats, 8], ``fleet`` [6]. Seats hold the vehicles that can take the order, nearest
    first by usual driving time from the last known position (or from the stop they are bound for), then those that
    have room but not the time; empty seats are zero. All is zero when the day is over.

    Action: ``Discrete(seats + 1)``; the last one lets the order wait until head office looks again (a period of
    ``dispatch.period_s``, or earlier if something is heard). ``info["action_mask"]`` (int8) says which seats can take
    the order: room, skills and hours suffice, no other promise breaks, its own by no more than ``late_s``, all as far
    as is known. A masked action counts as waiting. Questions nobody could be chosen for are not put.

    Reward: 0 until the day is over, then minus ``cost_eur`` of the true day, at the prices of the scenario: hours,
    kilometres, fuel, failed visits, late deliveries and left-out orders.

    ``info``: ``action_mask``, ``order_id``, ``vehicle_ids`` by seat, ``now_us`` and ``day_seed``; after the last step
    ``kpis`` (true values by name). ``run`` is then the whole day. ``terminated`` at the end; never ``truncated``.
    """

    metadata = {"render_modes": []}  # noqa: RUF012  (Gymnasium's own spelling)

    def __init__(self, scenario: Scenario | str | Path = DEFAULT, seats: int = 3, late_s: float = 1800.0) -> None:
        """``scenario``: a file, or a loaded one; ``seats`` and ``late_s`` as in ``dialogue.Asking``.

        Raises:
            BadInput: the scenario cannot be used.
            ValueError: ``seats`` or ``late_s`` are out of range.
        """
        if seats < 1:
            raise ValueError(f"seats: expected at least 1, not {seats}")
        self.scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
        self.asking = Asking(seats=seats, late_s=late_s)
        self.observation_space = spaces.Dict(
            {
                "order": _box(ORDER),
                "vehicles": _box(VEHICLE, seats),
                "fleet": _box(FLEET),
            }
        )
        self.action_space = spaces.Discrete(seats + 1)
        self.day_seed = 0
        self.run: Run | None = None
        self._session: Session | None = None
        self._dialogue: Dialogue | None = None
        self._question: Question | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a day. Its seed is drawn from the environment's generator; ``options={"day_seed": n}`` names it."""
        super().reset(seed=seed)
        self.close()
        drawn = int(self.np_random.integers(2**63))
        self.day_seed = int((options or {}).get("day_seed", drawn))
        model = self.scenario.model.model_copy(update={"seed": self.day_seed})
        self._session = Session(replace(self.scenario, model=model), policy=self._asked)
        self._go_on()
        return self._observation(), self._info()

    def step(self, action: np.int64) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Answer the question and let the day go on until the next.

        Raises:
            RuntimeError: there is no day under way.
        """
        if self._session is None:
            raise RuntimeError("no day under way: call reset() first")
        if self._question is not None:
            self._answer(int(action))
            self._go_on()
        if self._question is not None:
            return self._observation(), 0.0, False, False, self._info()
        self.run, self._session = self._session.finish(), None
        kpis = {name: kpi["value"] for name, kpi in self.run.kpis.items()}
        return self._observation(), -float(kpis["cost_eur"]), True, False, self._info() | {"kpis": kpis}

    def close(self) -> None:
        """Let go of the day under way, if there is one."""
        if self._session is not None:
            self._session.built.population.close()
        self._session = self._dialogue = self._question = self.run = None

    # --- the day ---

    def _asked(self, view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
        """Head office's policy: takes the question down. The commands follow before anything else happens."""
        self._dialogue = dialogue(view, travel, self.asking)
        return []

    def _go_on(self) -> None:
        """Run until there is a question, or the day is over."""
        assert self._session is not None  # noqa: S101
        end_us = self._session.scenario.end_us
        while self._question is None:
            self._session.advance(end_us, paused=lambda: self._dialogue is not None)
            if self._dialogue is None:
                return
            self._answer(None)

    def _answer(self, action: int | None) -> None:
        """Answer the last question (None: there was none yet) and take the next, or give the commands."""
        assert self._session is not None  # noqa: S101
        assert self._dialogue is not None  # noqa: S101
        try:
            self._question = self._dialogue.send(action)  # type: ignore[arg-type]
        except StopIteration as said:
            self._dialogue = self._question = None
            self._session.built.office.give(said.value)

    def _observation(self) -> dict[str, np.ndarray]:
        shown = nothing_asked(self.asking.seats) if self._question is None else self._question.observation
        return {name: values.copy() for name, values in shown.items()}  # questions of one call share what is the same

    def _info(self) -> dict[str, Any]:
        only_wait = np.zeros(self.asking.seats + 1, np.int8)
        only_wait[-1] = 1
        question = self._question or Question("", (), {}, only_wait)
        now_us = self.scenario.end_us if self._session is None else self._session.world.now
        return {
            "action_mask": question.mask, "order_id": question.order_id, "vehicle_ids": question.vehicle_ids,
            "now_us": now_us, "day_seed": self.day_seed,
        }  # fmt: skip


def _box(features: tuple[Feature, ...], rows: int | None = None) -> spaces.Box:
    low, high = (np.array([getattr(f, bound) for f in features], np.float32) for bound in ("low", "high"))
    return spaces.Box(low, high) if rows is None else spaces.Box(np.tile(low, (rows, 1)), np.tile(high, (rows, 1)))
