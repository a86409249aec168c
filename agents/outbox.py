"""What waits at one end of a device's radio link, and what is on its way: one message at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.clock import SECOND
from engine.radio.links import Contact


class Piece(NamedTuple):
    """A stretch on the air at one speed."""

    start_us: int
    until_us: int
    bps: int
    contact: Contact

    def work(self, now_us: int) -> int:
        """Millionths of a bit sent by now."""
        return max(0, min(now_us, self.until_us) - self.start_us) * self.bps


@dataclass(frozen=True)
class Transport:
    """How a device's single messages travel; ``latency_us`` is one way."""

    latency_us: int
    event_bytes: int = 400
    retry_us: int = 5 * SECOND
    retry_most_us: int = 300 * SECOND
    jitter: bool = True
    duplicate_share: float = 0.0

    def most_us(self, failures: int) -> int:
        """The longest wait after so many failures: doubled each time, to a limit."""
        return min(self.retry_most_us, self.retry_us << min(failures, 40))


@dataclass
class Tally:
    """Messages of one direction: offered = delivered + waiting + in transit + lost; duplicates and attempts apart."""

    offered: int = 0
    delivered: int = 0
    waiting: int = 0
    in_transit: int = 0
    lost: dict[str, int] = field(default_factory=dict)  # by cause
    duplicates: int = 0
    attempts: int = 0

    def lose(self, cause: str) -> None:
        self.lost[cause] = self.lost.get(cause, 0) + 1


@dataclass(slots=True, eq=False)
class Item:
    """One message. ``bits`` are still to be sent; ``key`` names its draws."""

    key: tuple[object, ...]
    bits: int
    deliver: Callable[[], None]
    large: bool = False  # lets others go first, and resumes where it was interrupted
    attempts: int = 0
    failures: int = 0  # since the link was last away
    not_before_us: int = 0
    delivered: bool = False  # has arrived; while it is still queued, its receipt got lost


@dataclass(slots=True, eq=False)
class Flight:
    """One attempt to send what is left of an item: on the air until ``air_us``, then through or the link has vanished.

    In transit beyond the air a message that is through may still be ``lost``.
    """

    item: Item
    pieces: list[Piece]
    air_us: int = 0
    through: bool = False
    lost: bool = False

    def work_left(self, now_us: int) -> int:
        """What is not yet sent, in millionths of a bit (whole, so that cutting a piece in two changes nothing)."""
        return max(0, self.item.bits * SECOND - sum(piece.work(now_us) for piece in self.pieces))

    def bits_left(self, now_us: int) -> int:
        """What is not yet wholly sent."""
        return -(-self.work_left(now_us) // SECOND)

    def on_air(self, now_us: int) -> bool:
        return now_us < self.air_us

    def arrives(self, now_us: int) -> bool:
        """Whether nothing can stop it any more."""
        return self.through and not self.lost and not self.on_air(now_us)


@dataclass(slots=True, eq=False)
class Outbox:
    """A first-in first-out queue that survives power cuts, and a second one for what is large, which yields to it."""

    device: int
    transport: Transport
    tally: Tally
    small: deque[Item] = field(default_factory=deque)
    large: deque[Item] = field(default_factory=deque)
    flight: Flight | None = None
    free_us: int = 0  # when the last receipt is back
    link_us: int | None = None  # waiting for the link, which is known to return then
    wake_us: int = 0  # when it will be used
    turn: int = 0  # only the newest wake-up counts

    def __iter__(self) -> Iterator[Item]:
        yield from self.small
        yield from self.large

    @property
    def head(self) -> Item | None:
        """What is sent next."""
        return self.small[0] if self.small else self.large[0] if self.large else None

    def put(self, item: Item) -> None:
        (self.large if item.large else self.small).append(item)

    def done(self, item: Item) -> None:
        """The front of its queue has arrived (the queue may have been lost meanwhile)."""
        queue = self.large if item.large else self.small
        if queue and queue[0] is item:
            queue.popleft()

    def halt(self) -> None:
        """Stop what is under way."""
        self.flight = None
        self.turn += 1
