"""Simulated time: integer microseconds UTC everywhere, local time only at the edges."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(t_us: int) -> datetime:
    """Microseconds since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=int(t_us))


class LocalTime:
    """The wall clock of a region. Days start at local midnight; daylight saving is respected."""

    def __init__(self, time_zone: str) -> None:
        self.name = time_zone
        self.zone = ZoneInfo(time_zone)
        self._hours: dict[int, int] = {}

    def offset_us(self, t_us: int) -> int:
        """What local time is ahead of UTC at a moment, in microseconds (offsets change on whole quarter hours)."""
        quarter = t_us // (900 * SECOND)
        offset = self._hours.get(quarter)
        if offset is None:
            local = from_us(quarter * 900 * SECOND).astimezone(self.zone)
            offset = self._hours[quarter] = (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
        return offset

    def day(self, t_us: int) -> int:
        """Number of the local day (days since 1970-01-01)."""
        return (t_us + self.offset_us(t_us)) // (24 * HOUR)

    def second_of_day(self, t_us: int) -> int:
        """Seconds on the wall clock since local midnight."""
        return (t_us + self.offset_us(t_us)) % (24 * HOUR) // SECOND

    def weekday(self, t_us: int) -> int:
        """0 Monday to 6 Sunday."""
        return (self.day(t_us) + 3) % 7

    def at(self, day: int, second_of_day: float) -> int:
        """The moment a wall clock shows ``second_of_day`` on a local day; later than 24 h runs into the next day."""
        extra_days, second = divmod(second_of_day, 86_400)
        naive = datetime(1970, 1, 1) + timedelta(days=day + int(extra_days), seconds=second)
        return to_us(naive.replace(tzinfo=self.zone))

    def text(self, t_us: int) -> str:
        """``HH:MM:SS`` local."""
        return from_us(t_us).astimezone(self.zone).strftime("%H:%M:%S")
