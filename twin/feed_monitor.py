"""Watches the feeds into head office for silence and staleness, by comparing with what has been usual.

A feed is silent when nothing has come for much longer than usual, stale when what comes is much older than usual. What
is usual is learned from the feed itself while it is well: of silence the longest that has ended, forgotten by half in
``half_life_s``; of delay the mean over about that time, so that a backlog that builds up is not taken for usual.
Feeds: ``telematics`` (samples of any vehicle), ``events`` (messages, while anybody is on shift), and each vehicle on
shift (anything of it; it is ``silent`` or not), unless telematics is silent as a whole. What one device says late may
be its own doing: events are as late as the least late of two vehicles at least, and of all heard lately; unless for
``events_s`` no other was heard.

A break is found at the first check after the limit has passed, so within ``max(least, factor x usual)`` plus the time
between two checks.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from twin.views import FleetView

SECOND_US = 1_000_000
TELEMATICS, EVENTS = "telematics", "events"


@dataclass(frozen=True)
class FeedSettings:
    """Limits; [A]. Vehicles with the ignition off report every five minutes, all of them at once in the worst case; a
    driver has something to report every few hours at least. Where parked devices send more rarely (``parked_every``
    times ``sample_period_s`` times ``batch_samples``), a night is silence: raise ``telematics_s`` above that.
    """

    factor: float = 2.0  # of what is usual
    telematics_s: float = 360.0  # silence below this is never remarked
    events_s: float = 2_700.0  # a morning's drivers all waiting for the first windows
    events_vehicle_s: float = 14_400.0  # the same, divided by the number of vehicles on shift
    vehicle_s: float = 900.0
    stale_s: float = 300.0  # nor is delay below this
    half_life_s: float = 7_200.0


class Finding(NamedTuple):
    """Something about a feed has changed: it has been so since ``since_us``."""

    feed: str
    since_us: int
    what: Literal["silent", "stale", "recovered"]


class FeedMonitor:
    """Learns what is usual, and says once that a feed has fallen silent or stale, and once that it is well again."""

    def __init__(self, settings: FeedSettings | None = None) -> None:
        self.settings = settings or FeedSettings()
        self._usual_us = np.zeros((2, 0))  # silence and delay, a column a feed
        self._ill = np.zeros((2, 0), bool)
        self._heard_us = np.zeros(0, np.int64)
        self._checked_us: int | None = None
        self.ill: dict[str, Finding] = {}
        """Feeds that are silent or stale now, as found at the last check."""

    def check(self, view: FleetView, now_us: int) -> list[Finding]:
        """What is new since the last check, in order of the feeds: telematics, events, vehicles."""
        heard_us, newest_us, watched = _heard(view, self.settings)
        self._grow(len(heard_us) - len(self._heard_us))
        news = heard_us > self._heard_us
        watched[1] &= news  # else what is there is as old as it was
        value_us = np.array([now_us - heard_us, np.maximum(heard_us - newest_us, 0)])
        limit_us = np.maximum(self._least_us(watched[0, 2:]), self.settings.factor * self._usual_us)
        ill = np.where(watched, value_us > limit_us, self._ill)
        ill[0] &= watched[0]  # who is not on shift need not be heard
        if ill[0, 0]:
            ill[:, 2:] &= self._ill[:, 2:]  # of no vehicle anything new can be said
        names = [TELEMATICS, EVENTS, *view.index]
        found = self._changes(names, ill, heard_us, newest_us, watched[0], now_us)
        self._learn(news & ~_either(self._ill), watched[1] & ~_either(ill), value_us[1], now_us)
        self._ill, self._heard_us, self._checked_us = ill, heard_us, now_us
        still = {names[feed] for feed in np.flatnonzero(_either(ill)).tolist()}
        self.ill = {feed: finding for feed, finding in self.ill.items() if feed in still}
        self.ill |= {finding.feed: finding for finding in found if finding.what != "recovered"}
        return found

    def _grow(self, more: int) -> None:
        if more:
            self._usual_us = np.append(self._usual_us, np.zeros((2, more)), axis=1)
            self._ill = np.append(self._ill, np.zeros((2, more), bool), axis=1)
            self._heard_us = np.append(self._heard_us, np.zeros(more, np.int64))

    def _least_us(self, on_shift: np.ndarray) -> np.ndarray:
        s = self.settings
        least_s = np.full((len(on_shift) + 2, 2), (s.vehicle_s, s.stale_s)).T
        least_s[0, :2] = s.telematics_s, max(s.events_s, s.events_vehicle_s / max(1, on_shift.sum()))
        return least_s * SECOND_US

    def _changes(
        self, names: list[str], ill: np.ndarray, heard_us: np.ndarray, newest_us: np.ndarray, watched: np.ndarray,
        now_us: int,
    ) -> list[Finding]:  # fmt: skip
        found = []
        for feed in np.flatnonzero(_either(ill != self._ill)).tolist():
            before, after = self._ill[:, feed], ill[:, feed]
            if after[0] and not before[0]:
                found.append(Finding(names[feed], int(heard_us[feed]), "silent"))
            elif after[1] and not before[1]:
                found.append(Finding(names[feed], int(newest_us[feed]), "stale"))
            elif before.any() and not after.any() and watched[feed]:
                found.append(Finding(names[feed], now_us, "recovered"))
        return found

    def _learn(self, ended: np.ndarray, told: np.ndarray, delay_us: np.ndarray, now_us: int) -> None:
        """Take in silences that have ended, as long as they were at the last check, and delays told of."""
        if self._checked_us is None:
            return
        keep = 0.5 ** ((now_us - self._checked_us) / SECOND_US / self.settings.half_life_s)
        silence_us, mean_us = self._usual_us
        was_us = np.where(ended & (self._heard_us > 0), self._checked_us - self._heard_us, 0)
        mean_us = np.where(told, mean_us * keep + delay_us * (1 - keep), mean_us)
        self._usual_us = np.array([np.maximum(was_us, silence_us * keep), mean_us])


def _either(of: np.ndarray) -> np.ndarray:
    """By feed."""
    return of[0] | of[1]


def _heard(view: FleetView, limits: FeedSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By feed: last reception, newest time told of, and whether silence and delay are watched now.

    Before the first reception there is nothing to compare with. A shift counts as heard of.
    """
    since_us = view.shift_began_us
    on_shift = since_us > 0
    sampled_us, recorded_us = view.sampled_us.max(initial=0), view.recorded_us.max(initial=0)
    began_us = since_us[on_shift].min(initial=view.now_us)
    late_us = _late_us(view.told_us[on_shift], view.told_of_us[on_shift], limits)
    heard_us = np.array([sampled_us, max(view.events_us, began_us)], np.int64)
    newest_us = np.array([recorded_us, max(view.events_us - late_us, began_us)], np.int64)
    own_us = np.maximum(view.heard_us, since_us)
    watched = np.zeros((2, len(since_us) + 2), bool)
    watched[:, 0] = sampled_us > 0
    watched[:, 1] = on_shift.any()
    watched[0, 2:] = on_shift
    return np.append(heard_us, own_us), np.append(newest_us, own_us), watched


def _late_us(told_us: np.ndarray, told_of_us: np.ndarray, limits: FeedSettings) -> int:
    """How late messages are: the least of the two vehicles heard last, and of all heard within ``stale_s`` of the last;
    not of one heard more than ``events_s`` before it.
    """
    late_us, told_us = (told_us - told_of_us)[told_us > 0], told_us[told_us > 0]
    if not len(told_us):
        return 0
    second_us, last_us = np.sort(np.append(0, told_us))[-2:].tolist()
    since_us = min(second_us, last_us - limits.stale_s * SECOND_US)
    return int(late_us[told_us >= max(since_us, last_us - limits.events_s * SECOND_US)].min())
