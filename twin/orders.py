"""The one order model: deliveries, pickups and pickup-and-delivery pairs are all this."""

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

TaskKind = Literal["pickup", "delivery"]


class Place(NamedTuple):
    """A named position; equal names are the same place (travel times given by name look only at it)."""

    place_id: str
    lat: float
    lon: float


class Window(NamedTuple):
    """When service may start: microseconds UTC, ``open_us <= start <= close_us``."""

    open_us: int
    close_us: int


@dataclass(frozen=True)
class Task:
    """One end of an order: where, when and how long."""

    kind: TaskKind
    place: Place
    windows: tuple[Window, ...] = ()
    service_s: float = 0.0


@dataclass(frozen=True)
class Order:
    """A customer's wish, as placed.

    A delivery has only a delivery task (picked up at a depot), a collection only a pickup task (brought to a depot),
    a pair has both. ``depot`` names the depot of the missing end, None: any. ``demand`` is by unit.
    ``priority`` 1 is ordinary, larger matters more. ``needs`` are properties the vehicle or driver must have.
    """

    order_id: str
    pickup: Task | None
    delivery: Task | None
    demand: dict[str, float] = field(default_factory=dict)
    priority: int = 1
    needs: frozenset[str] = frozenset()
    customer: str = ""
    depot: str | None = None
    placed_us: int | None = None  # None: known before its day

    def __post_init__(self) -> None:
        if self.pickup is None and self.delivery is None:
            raise ValueError(f"order {self.order_id}: needs a pickup or a delivery")

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in (self.pickup, self.delivery) if task is not None)

    @cached_property
    def last_task(self) -> Task:
        """The task that decides whether the order was on time."""
        task = self.delivery or self.pickup
        assert task is not None  # noqa: S101  (guaranteed above)
        return task

    def moved(self, **changes: Any) -> "Order":
        """A copy with some fields changed."""
        return replace(self, **changes)


@lru_cache(maxsize=1 << 16)
def natural_key(name: str) -> tuple:
    """Sort key in natural order: O2 before O10."""
    parts: list[tuple[int, int | str]] = []
    digits = ""
    for char in name:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            parts.append((0, int(digits)))
            digits = ""
        parts.append((1, char))
    if digits:
        parts.append((0, int(digits)))
    return (*parts, (2, name))
