"""Rows of samples whose fate is not known yet, or known before that of an earlier sample of the same device."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.runs import ranges

Columns = dict[str, np.ndarray]
"""Columns of equal length, among them ``device`` and ``sample``."""
_MOST_TABLES = 16
_HALF = 32  # bits: of a row's key the upper half is its device, the lower half its sample


@dataclass
class Part:
    """Rows of columns (all when ``rows`` is None) with what became of each.

    ``arrive_us`` is NEVER_US for what did not arrive; ``network`` is -1 then, but for what was lost behind the door.
    """

    columns: Columns
    rows: np.ndarray | None
    arrive_us: np.ndarray  # int64
    network: np.ndarray  # int8
    fate: np.ndarray  # uint8, index into FATES

    def __len__(self) -> int:
        return len(self.fate)

    def column(self, name: str) -> np.ndarray:
        """The values of a column in these rows."""
        values = self.columns[name]
        return values if self.rows is None else values[self.rows]

    def rows_of(self, picked: np.ndarray) -> "Part":
        """Some of these rows."""
        rows = picked if self.rows is None else self.rows[picked]
        return Part(self.columns, rows, self.arrive_us[picked], self.network[picked], self.fate[picked])


def as_one(parts: Sequence[Part]) -> Part:
    """Several parts as one, by device and then by sample."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([part.column(name) for part in parts]) for name in parts[0].columns}
    settled = (np.concatenate([getattr(part, name) for part in parts]) for name in ("arrive_us", "network", "fate"))
    return Part(columns, None, *settled).rows_of(np.argsort(_key(columns), kind="stable"))


class Held:
    """Rows by device and sample, in a few tables sorted by both: what many devices hold for hours is copied seldom."""

    def __init__(self, devices: int) -> None:
        self._tables: list[_Table] = []
        self._count = np.zeros(devices, np.int64)  # rows by device

    def add(self, columns: Columns, rows: np.ndarray) -> None:
        """Keep copies of some rows, which are by device and then by sample."""
        if len(rows):
            self._tables.append(_Table.of({name: values[rows] for name, values in columns.items()}))
            self._count += np.bincount(columns["device"][rows], minlength=len(self._count))
            if len(self._tables) > _MOST_TABLES:
                self._merge()

    def count(self, device: np.ndarray) -> np.ndarray:
        """How many rows there are of devices, int64."""
        return self._count[device]

    def by_device(self) -> np.ndarray:
        """How many rows there are of each device, int64."""
        return self._count.copy()

    def rows(self) -> int:
        """How many rows there are."""
        return int(self._count.sum())

    def take(self, device: np.ndarray, first: np.ndarray | int, stop: np.ndarray | int) -> Columns | None:
        """Give away what is held of samples first to stop of devices (each sample asked for once), sorted; None if
        nothing is."""
        zero = device.astype(np.int64) << _HALF
        low, high = zero + first, zero + stop
        taken = [columns for columns in (table.take(low, high) for table in self._tables) if columns is not None]
        if not taken:
            return None
        self._tables = [table for table in self._tables if len(table.key)]
        columns = sorted_rows(taken)
        self._count -= np.bincount(columns["device"], minlength=len(self._count))
        return columns

    def clear(self) -> list[Columns]:
        """Give away all."""
        tables, self._tables = self._tables, []
        self._count[:] = 0
        return [table.living() for table in tables]

    def _merge(self) -> None:
        """Make one of the newest tables, as many as are no larger than the newer ones together (two at least): so a
        row is copied a few times, however long it is held."""
        start, newer = len(self._tables) - 1, len(self._tables[-1].key)
        while start and (len(self._tables[start - 1].key) <= newer or start == len(self._tables) - 1):
            start -= 1
            newer += len(self._tables[start].key)
        self._tables[start:] = [_Table.of(sorted_rows([table.living() for table in self._tables[start:]]))]


def sorted_rows(tables: Sequence[Columns]) -> Columns:
    """Several tables as one, by device and then by sample."""
    if len(tables) == 1:
        return tables[0]
    table = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    order = np.argsort(_key(table), kind="stable")
    return {name: values[order] for name, values in table.items()}


@dataclass
class _Table:
    """Rows by rising key. Those given away are dead, and cleared away once they are as many as the others."""

    columns: Columns
    key: np.ndarray  # int64
    alive: np.ndarray  # bool
    dead: int = 0

    @classmethod
    def of(cls, columns: Columns) -> "_Table":
        key = _key(columns)
        return cls(columns, key, np.ones(len(key), bool))

    def take(self, low: np.ndarray, high: np.ndarray) -> Columns | None:
        """Living rows with keys in [low, high) of any pair, which are dead from now on; None if there are none."""
        first = np.searchsorted(self.key, low)
        rows = ranges(first, np.searchsorted(self.key, high) - first)
        rows = rows[self.alive[rows]]
        if not len(rows):
            return None
        taken = {name: values[rows] for name, values in self.columns.items()}
        self.alive[rows] = False
        self.dead += len(rows)
        if 2 * self.dead >= len(self.key):
            self.columns = self.living()
            self.key, self.alive, self.dead = self.key[self.alive], np.ones(len(self.key) - self.dead, bool), 0
        return taken

    def living(self) -> Columns:
        """The rows that are left."""
        return {name: values[self.alive] for name, values in self.columns.items()} if self.dead else self.columns


def _key(columns: Columns) -> np.ndarray:
    return (columns["device"].astype(np.int64) << _HALF) + columns["sample"]
