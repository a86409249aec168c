"""KPIs while the day goes on: both accounts are folded as they come, and read every five minutes of the day.

What is shown at a moment is what was read last, so neither how fast the day is played nor who watches changes it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from agents.office import Entry
from engine.clock import MINUTE
from scenarios.live.truth import TRUTH
from twin.events import COMMANDS
from twin.ingest import refused
from twin.kpis.contracts import Contracts
from twin.kpis.costs import Costs
from twin.kpis.facts import Fold
from twin.kpis.money import cost_items_eur
from twin.kpis.records import Facts, OrderRecord
from twin.kpis.registry import KPIS
from twin.kpis.tables import Event, LocalHours

EVERY_US = 5 * MINUTE
TREND = (
    "delivered_share", "on_time_share", "late_orders", "left_out_share", "first_attempt_share", "lateness_s_p95",
    "eta_error_s_p50", "stops_per_h", "distance_km", "driving_h", "fuel_l", "cost_eur", "cost_per_stop_eur",
    "wismo_calls", "exceptions_opened", "assignment_latency_s_p50",
)  # fmt: skip
"""KPIs drawn as a series; those with an expected range come on top."""
AFTERWARDS = ("idle_while_waiting_share",)
"""KPIs that need the whole day at once: not to be had while it goes on."""


class Reading(NamedTuple):
    """One account at one moment: KPIs by name (None: not defined, or not to be had so), and what costs consist of."""

    kpis: dict[str, float | None]
    money: dict[str, float]


class Score:
    """Both accounts of a day under way, and their readings so far."""

    def __init__(
        self, time_zone: str, costs: Costs, contracts: Contracts, start_us: int, expect: Mapping[str, Sequence[float]]
    ) -> None:
        hours = LocalHours(time_zone)
        self._office, self._truth = (Fold(hours, costs, start_us, contracts) for _ in range(2))
        self._start_us, self._expect = (
            start_us,
            {name: [float(low), float(high)] for name, (low, high) in expect.items()},
        )
        self._next_us = start_us + EVERY_US
        self._at_us: list[int] = []
        self._readings: list[tuple[Reading, Reading]] = []  # office, truth
        self._made: tuple[int, dict[str, Any]] = (-1, {})

    @property
    def trend(self) -> list[str]:
        """KPIs that are drawn as a series."""
        return [*TREND, *(name for name in self._expect if name not in TREND)]

    # --- taking in, in order of time ---

    def hear(self, entry: Entry) -> None:
        """A row of the office ledger."""
        self.go(entry.heard_us - 1)
        command = entry.kind in COMMANDS
        if not command and refused(entry.reason):
            return
        received_us = None if command else entry.heard_us
        event = Event(
            0, entry.event_id, entry.kind, entry.occurred_us, received_us, "", entry.source, entry.payload, entry.reason
        )
        self._office.take(event, entry.heard_us)
        if command:
            self._office.sent(event)
            self._truth.sent(event)

    def happen(self, kind: str, at_us: int, payload: dict[str, Any]) -> None:
        """A row of the truth ledger."""
        self.go(at_us - 1)
        self._truth.take(Event(0, "", kind, at_us, None, "", "", payload), at_us)

    def go(self, now_us: int) -> None:
        """Everything up to a moment has been told: read what is due."""
        while self._next_us <= now_us:
            at_us = self._next_us
            self._at_us.append(at_us)
            self._readings.append((_read(self._office, "office", at_us), _read(self._truth, "truth", at_us)))
            self._next_us += EVERY_US

    # --- showing ---

    def parts(self, now_us: int) -> dict[str, Any]:
        """``trend.*``, ``kpi_table``, ``money`` and their true counterparts, of the readings up to a moment."""
        count = bisect_right(self._at_us, now_us)
        if self._made[0] != count:
            self._made = count, self._shown(count)
        return self._made[1]

    def _shown(self, count: int) -> dict[str, Any]:
        seconds = (np.array(self._at_us[:count], np.int64) - self._start_us) / 1e6
        parts: dict[str, Any] = {"trend.s": seconds.astype(np.float32)}
        for side, prefix in enumerate(("", TRUTH)):
            readings = [both[side] for both in self._readings[:count]]
            for name in self.trend:
                values = [reading.kpis[name] for reading in readings]
                parts[f"{prefix}trend.{name}"] = np.array([np.nan if v is None else v for v in values], np.float32)
            last = readings[-1] if readings else Reading({}, {})
            parts[prefix + "kpi_table"] = [self._row(name, value) for name, value in last.kpis.items()]
            items = {name: round(value, 2) for name, value in last.money.items()}
            parts[prefix + "money"] = {"items_eur": items, "total_eur": round(sum(last.money.values()), 2)}
        return parts

    def _row(self, name: str, value: float | None) -> dict[str, Any]:
        kpi = KPIS[name]
        return {
            "name": name, "value": value, "unit": kpi.unit, "better": kpi.better, "kind": kpi.kind, "owner": kpi.owner,
            "range": self._expect.get(name),
        }  # fmt: skip


@dataclass
class _Still(Facts):
    """Facts that do not change while they are read: a dozen KPIs ask for the same orders."""

    def due(self) -> list[OrderRecord]:
        return self._due

    @cached_property
    def _due(self) -> list[OrderRecord]:
        return super().due()


def _read(fold: Fold, basis: str, now_us: int) -> Reading:
    facts = _Still(**vars(fold.so_far(now_us)))
    now = {kpi.name for kpi in KPIS.values() if kpi.basis in ("both", basis)}.difference(AFTERWARDS)
    kpis = {kpi.name: kpi.of(facts) if kpi.name in now else None for kpi in KPIS.values()}
    return Reading(kpis, cost_items_eur(facts))
