"""From what is the case at each check to episodes: raised once, cleared when it has been gone for a while."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from twin.alerts.rule import Alert, Rule
from twin.payloads_alerts import Severity
from twin.sightings import Detector
from twin.views import FleetView


@dataclass(frozen=True)
class Watch:
    """A rule at work: its name in the scenario, its thresholds, who acts and how urgent it is."""

    name: str
    rule: str
    check: Rule
    params: Any
    owner: str
    severity: Severity = "warning"
    exception: bool = True  # somebody has to deal with it
    clear_after_us: int = 300_000_000
    escalate_after_us: int | None = None
    escalate_to: str = "supervisor"

    def alerts(self, view: FleetView) -> list[Alert]:
        """What is the case now."""
        return self.check.check(view, self.params)

    def detectors(self) -> tuple[Detector, ...]:
        """What the rule needs from single samples."""
        return self.params.detectors() if hasattr(self.params, "detectors") else ()


class Episode(NamedTuple):
    """An alert under way."""

    alert_id: str
    watch: Watch
    alert: Alert  # as it was when raised
    raised_us: int


@dataclass
class _Open:
    episode: Episode
    seen_us: int


class Episodes:
    """An alert is raised once for each (watch, subject) until it has not been the case for ``clear_after_us``.

    What was over when it was heard of (``late``) is an episode of its own: raised marked as late, it does not pass
    for something that is the case now.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, bool], _Open] = {}
        self._raised = 0

    @property
    def open(self) -> list[Episode]:
        """Alerts under way, oldest first."""
        return [one.episode for one in self._open.values()]

    def step(
        self, now_us: int, current: Iterable[tuple[Watch, Iterable[Alert]]]
    ) -> tuple[list[Episode], list[Episode]]:
        """One check: what is the case now; returns what is new and what has cleared, each in a fixed order."""
        raised = []
        for watch, alerts in current:
            for alert in alerts:
                key = (watch.name, alert.subject, alert.late)
                known = self._open.get(key)
                if known is None:
                    self._raised += 1
                    episode = Episode(f"A{self._raised}", watch, alert, now_us)
                    self._open[key] = _Open(episode, now_us)
                    raised.append(episode)
                else:
                    known.seen_us = now_us
        gone = [k for k, one in self._open.items() if now_us - one.seen_us >= one.episode.watch.clear_after_us]
        gone = [k for k in gone if self._open[k].seen_us < now_us]
        return raised, [self._open.pop(key).episode for key in gone]
