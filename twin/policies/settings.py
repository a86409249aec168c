"""Parameters of policies: frozen dataclasses with defaults."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Settings:
    """What every dispatch policy of ours lets you set.

    Attributes:
        back_off_s: an order that was declined, or came too late, is not offered to the same vehicle before this.
        changes_most: a route is changed at most so often in a shift; 0: no limit.
        urgent_priority: orders of at least this priority are excepted from ``changes_most``.
        balance: seconds of driving that an hour of work more than the average of the fleet counts for.
    """

    back_off_s: float = 1800.0
    changes_most: int = 0
    urgent_priority: int = 5
    balance: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, bool | str) and not 0 <= value <= 1e9:
                raise ValueError(f"{field.name}: expected a number from 0 to 1e9, not {value!r}")
