"""Rows given back in sample order: what became of a sample is told once it is known of all before it."""

import numpy as np

from engine.radio.held import Columns, Held, Part
from engine.runs import opens, stops

_FATE = ("arrive_us", "network", "fate")


class InOrder:
    """Gapless rows per device, each device's from its sample 0 on."""

    def __init__(self, devices: int) -> None:
        self._next = np.zeros(devices, np.int64)
        self._held = Held(devices)

    def add(self, parts: list[Part]) -> list[Part]:
        """Rows in any order, each once; returns those whose turn has come, in each device's order."""
        return [ready for part in parts if len(part) for ready in self._one(part)]

    def waiting(self) -> int:
        """Rows held back."""
        return self._held.rows()

    def _one(self, part: Part) -> list[Part]:
        device, sample = part.column("device"), part.column("sample")
        first = opens(device).nonzero()[0]
        lengths, own = stops(first, len(device)) - first, device[first]
        ready = sample == np.arange(len(device)) - (first - self._next[own]).repeat(lengths)
        if ready.all():
            self._next[own] += lengths
            moved, now = own, part
        else:
            at = np.flatnonzero(ready)
            count = np.bincount(device[at], minlength=len(self._next))
            self._next += count
            moved, now = np.flatnonzero(count), part.rows_of(at)
            self._hold(part.rows_of(np.flatnonzero(~ready)))
        return [now, *self._freed(moved)]

    def _hold(self, part: Part) -> None:
        columns = {name: part.column(name) for name in part.columns}
        columns |= {name: getattr(part, name) for name in _FATE}
        self._held.add(columns, np.arange(len(part)))

    def _freed(self, devices: np.ndarray) -> list[Part]:
        """Held rows of devices whose turn has come: at most all of them, from the next sample on."""
        count = self._held.count(devices)
        devices, count = devices[count > 0], count[count > 0]
        table = self._held.take(devices, self._next[devices], self._next[devices] + count) if len(devices) else None
        if table is None:
            return []
        device = table["device"]
        first = opens(device).nonzero()[0]
        lengths = stops(first, len(device)) - first
        ready = table["sample"] == np.arange(len(device)) - np.repeat(first - self._next[device[first]], lengths)
        self._next += np.bincount(device[ready], minlength=len(self._next))
        self._held.add(table, np.flatnonzero(~ready))
        freed = _picked(table, np.flatnonzero(ready))
        return [Part(freed, None, *(freed[name] for name in _FATE))] if ready.any() else []


def _picked(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: values[rows] for name, values in columns.items()}
