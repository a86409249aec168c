"""Rows of samples whose fate is not known yet, or known before that of an earlier sample of the same device."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Columns = dict[str, np.ndarray]
"""Columns of equal length, among them ``device`` and ``sample``."""
_MOST_TABLES = 16


@dataclass(frozen=True)
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


class Held:
    """Tables of rows, each by device and then by sample; a device's rows rise from table to table."""

    def __init__(self, devices: int) -> None:
        self._tables: list[Columns] = []
        self._count = np.zeros(devices, np.int64)  # rows by device

    def add(self, columns: Columns, rows: np.ndarray) -> None:
        """Keep copies of some rows."""
        if len(rows):
            table = {name: values[rows] for name, values in columns.items()}
            self._tables.append(table)
            self._count += np.bincount(table["device"], minlength=len(self._count))
            if len(self._tables) > _MOST_TABLES:
                self._tables = [sorted_rows(self._tables)]

    def holds(self, device: np.ndarray) -> np.ndarray:
        """Whether there are rows of devices, bool."""
        return self._count[device] > 0

    def by_device(self) -> np.ndarray:
        """How many rows there are of each device, int64."""
        return self._count.copy()

    def rows(self) -> int:
        """How many rows there are."""
        return int(self._count.sum())

    def take(self, find: Callable[[Columns], np.ndarray]) -> list[tuple[Columns, np.ndarray]]:
        """Give away rows: ``find`` tells, for each table, which places of it are wanted (rising)."""
        taken, tables = [], []
        for table in self._tables:
            rows = find(table)
            if len(rows):
                taken.append((table, rows))
                self._count -= np.bincount(table["device"][rows], minlength=len(self._count))
                stay = np.ones(len(table["device"]), bool)
                stay[rows] = False
                table = {name: values[stay] for name, values in table.items()}
            if len(table["device"]):
                tables.append(table)
        self._tables = tables
        return taken

    def clear(self) -> list[Columns]:
        """Give away all."""
        tables, self._tables = self._tables, []
        self._count[:] = 0
        return tables


def sorted_rows(tables: Sequence[Columns]) -> Columns:
    """Several tables as one, by device and then by sample."""
    table = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    order = np.lexsort((table["sample"], table["device"]))
    return {name: values[order] for name, values in table.items()}
