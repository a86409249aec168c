"""Integer microseconds, and the wall clocks of regions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import HOUR, LocalTime, from_us, to_us

ZONES = (
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
)
moments = st.integers(to_us(datetime(1975, 1, 1, tzinfo=UTC)), to_us(datetime(2100, 1, 1, tzinfo=UTC)))


@given(moments)
def test_microseconds_are_exact(t_us: int) -> None:
    """There and back without a float in between."""
    assert to_us(from_us(t_us)) == t_us


@given(moments, st.sampled_from(ZONES))
def test_local_time_is_that_of_the_time_zone_database(t_us: int, zone: str) -> None:
    """Offset, day, second of the day and weekday at any moment, quarter-hour and half-hour shifts included."""
    local, expected = LocalTime(zone), from_us(t_us).astimezone(ZoneInfo(zone))
    assert local.offset_us(t_us) == expected.utcoffset() // timedelta(microseconds=1)
    assert local.day(t_us) == (expected.date() - datetime(1970, 1, 1).date()).days
    assert local.second_of_day(t_us) == expected.hour * 3600 + expected.minute * 60 + expected.second
    assert local.weekday(t_us) == expected.weekday()
    assert local.text(t_us) == expected.strftime("%H:%M:%S")


@given(moments, st.sampled_from(ZONES))
def test_a_moment_is_found_by_its_local_day_and_second(t_us: int, zone: str) -> None:
    """Except in the hour that happens twice, where the first is meant."""
    local, t_us = LocalTime(zone), t_us // 1_000_000 * 1_000_000
    found = local.at(local.day(t_us), local.second_of_day(t_us))
    assert found == t_us or 0 < t_us - found <= HOUR


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        ("Europe/Lisbon", (2026, 3, 29), 23),
        ("Europe/Lisbon", (2026, 10, 25), 25),
        ("Europe/Lisbon", (2026, 3, 2), 24),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("UTC", (2026, 3, 29), 24),
    ],
)
def test_days_have_23_to_25_hours(zone: str, date: tuple[int, int, int], hours: float) -> None:
    """A day ends where the next begins."""
    local, day = LocalTime(zone), (datetime(*date) - datetime(1970, 1, 1)).days
    assert local.at(day + 1, 0) - local.at(day, 0) == hours * HOUR
    assert local.at(day, 86_400) == local.at(day + 1, 0)
    assert local.day(local.at(day, 0)) == day
    assert local.day(local.at(day + 1, 0) - 1) == day
