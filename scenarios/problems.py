"""What is wrong with what a user gave us: one clear line per problem, all of them in one pass."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

VALUE_SHOWN_CHARS = 80
"""Longer values are cut when shown, so that one bad cell cannot fill a screen."""


@dataclass(frozen=True)
class Problem:
    """One thing to put right.

    ``key`` says where: a dotted key of a scenario, or ``row 7, column lat`` of a table (rows as in the file,
    the header is row 1). ``nearest`` is the valid name that was probably meant, None if there is none.
    """

    file: str
    key: str
    value: str
    expected: str
    nearest: str | None = None

    def line(self) -> str:
        """The problem as one line of text, whatever control characters the value contains."""
        hint = f"; did you mean {shown(self.nearest)}?" if self.nearest else ""
        where = f"{self.file}: {self.key}: " if self.key else f"{self.file}: "
        return one_line(f"{where}{shown(self.value)}: expected {self.expected}{hint}")

    def as_dict(self) -> dict[str, Any]:
        """``{file, key, value, expected, nearest}``, as ``twin check --json`` prints it."""
        return asdict(self)


class BadInput(ValueError):
    """Input that cannot be used; ``problems`` holds every problem found, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.line() for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """As it comes back from a worker process."""
        return BadInput, (self.problems,)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name most like ``name`` (difflib ratio of at least ``cutoff``, case ignored), or None.

    Ties go to the name that comes first in ``known``.
    """
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(name.casefold()[:200], list(by_folded), n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None


def shown(value: object) -> str:
    """A value in quotes, cut to ``VALUE_SHOWN_CHARS``; nothing at all is shown as ``nothing``."""
    text = str(value)
    if not text:
        return "nothing"
    return f"'{text}'" if len(text) <= VALUE_SHOWN_CHARS else f"'{text[:VALUE_SHOWN_CHARS]}…'"


def one_line(text: str) -> str:
    """The text with line breaks and other control characters made visible."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
