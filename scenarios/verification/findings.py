"""What verification finds: one specific line each, a bounded number per check."""

from collections import Counter

SHOWN_PER_CHECK = 20


class Findings:
    """Failures by check; beyond ``SHOWN_PER_CHECK`` of a check they are only counted."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()

    def add(self, check: str, line: str) -> None:
        """Record a failure of a check; the line names row, id and value."""
        self._counts[check] += 1
        if self._counts[check] <= SHOWN_PER_CHECK:
            self._lines.setdefault(check, []).append(line)

    def lines(self) -> list[str]:
        """All failures, each starting with its check."""
        shown = []
        for check, lines in self._lines.items():
            shown += [f"{check}: {line}" for line in lines]
            if self._counts[check] > len(lines):
                shown.append(f"{check}: {self._counts[check] - len(lines)} more")
        return shown
