"""What a browser sends is what it should be, or is refused in words, and the day goes on."""

import json
import math
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import HOUR
from scenarios.live import asked, frames
from scenarios.live.pace import Pace
from scenarios.live.simulated import SimulatedDay
from scenarios.run import Session
from tests.served import Served
from tests.tiny import tiny

NUMBERS = st.integers() | st.floats()
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
BAD = (None, True, "12", "", 1.5, math.inf, math.nan, 10**30, [], [1], {"a": 1})
REFUSED = re.compile("f: expected .+, not .+")
RAW = ("argument", "literal", "object", "iterable", "sequence", "infinity")


@given(ANYTHING)
def test_every_reader_gives_its_kind_or_says_what_it_expected(value: Any) -> None:
    """One line, which begins with the field."""
    kinds: list[tuple[Any, Any]] = [
        (asked.whole, int), (asked.number, float), (asked.text, str), (asked.needed, str), (asked.names, list),
        (asked.record, dict),
    ]  # fmt: skip
    for read, kind in kinds:
        found = _read(read, value)
        assert type(found) is kind or (isinstance(found, ValueError) and REFUSED.fullmatch(str(found)))


def _read(read: Any, value: Any) -> Any:
    try:
        return read({"f": value}, "f")
    except ValueError as refused:
        return refused


def test_numbers_are_read_as_they_are_and_nothing_else_is_one() -> None:
    """A number with nothing behind the point is whole; text that looks like one is text."""
    assert asked.whole({"at_us": 3.0}, "at_us") == 3
    assert asked.whole({}, "priority", 1) == 1
    assert asked.number({"lat": -1}, "lat") == -1.0
    assert asked.text({"note": " so "}, "note") == "so"
    assert asked.position({}) is None
    for value in BAD:
        with pytest.raises(ValueError, match=r"^at_us: expected a whole number, not "):
            asked.whole({"at_us": value}, "at_us")
    with pytest.raises(KeyError):
        asked.whole({}, "at_us")
    with pytest.raises(ValueError, match="at most 500 characters, not 501"):
        asked.text({"note": "x" * 501}, "note")


@pytest.fixture
def served() -> Iterator[Served]:
    """A tiny day, four hours on, paused."""
    day = SimulatedDay(Session(tiny()))
    day.advance(day.start_us + 4 * HOUR)
    served = Served(day, Pace(None))
    yield served
    served.end()


def _send_any(sock: socket.socket, parts: dict[str, Any]) -> int:
    """As ``frames.send``, with numbers that are none: who writes a client of their own can send them."""
    head = json.dumps({"parts": parts, "arrays": []}).encode()
    sock.sendall(frames.HEADER.pack(frames.MAGIC, len(head), 0) + head)
    return len(head)


def test_what_cannot_be_meant_is_refused_in_words_and_the_day_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request ends the engine, and none is answered in the words of the language it is written in."""
    monkeypatch.setattr("tests.served.send", _send_any)
    watcher = served.watch()
    order_id = next(iter(served.day.picture.belief.orders))
    known = {"order_id": order_id, "vehicle_id": "vans-1", "by": "x"}
    for what, field in (
        ("seek", "at_us"), ("past", "at_us"), ("branch", "at_us"), ("look_at", "vehicles"), ("route", "orders"),
        ("assign", "position"), ("add_order", "x_m"), ("add_order", "order_id"), ("message", "text"),
        ("inject", "incident"), ("replay", "rename"), ("post", "payload"),
    ):  # fmt: skip
        for value in (True, "", 1.5, math.inf, math.nan, 10**30, [1]):
            answer = watcher.ask(do=what, **(known | {"kind": "hold_vehicle", "y_m": 0.0, field: value}))
            assert not answer["ok"], (what, field, value)
            assert not any(word in answer["text"] for word in RAW), answer["text"]
    assert watcher.ask(do="step")["ok"]
