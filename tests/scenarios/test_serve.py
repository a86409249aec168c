"""The engine's side of the live view: frames, mailbox, pace, watched days, and the socket between."""

import contextlib
import json
import socket
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import HOUR, SECOND
from scenarios.folder import read_commands
from scenarios.live.frames import DTYPES, HEADER, MAGIC, FrameError, changes, decode, encode
from scenarios.live.mailbox import Mailbox
from scenarios.live.pace import SPEEDS, Pace, check_speed, next_speed
from scenarios.live.recorded import RecordedDay
from scenarios.live.simulated import SimulatedDay
from scenarios.live.truth import TRUTH, without_truth
from scenarios.results import Run
from scenarios.run import Session, run
from tests.served import WORD, Served, Watcher
from tests.tiny import tiny

# --- frames ---

ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: st.lists(st.integers(0, 255), max_size=20).map(lambda values: np.array(values, dtype))
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text()
PLAIN = st.recursive(LEAVES, lambda x: st.lists(x, max_size=3), max_leaves=6)
FRAMES = st.dictionaries(st.text(max_size=8), ARRAYS | PLAIN, max_size=6)


def same(a, b) -> bool:
    """Equal parts, arrays by kind and bytes."""
    return a.keys() == b.keys() and not changes(a, b) and not changes(b, a)


@given(FRAMES)
def test_a_frame_comes_out_as_it_went_in(parts):
    """Names, JSON values and arrays, empty ones included."""
    assert same(decode(encode(parts)), parts)


@given(FRAMES, FRAMES)
def test_what_changed_is_enough(before, now):
    """Whoever has the parts before and gets the changes has the parts of now; nothing is sent twice."""
    now = before | now
    sent = changes(before, now)
    assert same(before | sent, now)
    assert changes(before | sent, now) == {}


@given(FRAMES, st.data())
def test_a_damaged_frame_is_refused_or_read_but_never_breaks(parts, data):
    """Any byte changed, or the frame cut short: FrameError, or parts, and no other error."""
    frame = bytearray(encode(parts))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(frame), bytes(frame[:place])):
        try:
            decode(bad)
        except FrameError:
            continue


def test_a_not_a_number_travels_in_arrays_only():
    """NaN in an array is a missing value; in JSON it is refused."""
    assert np.isnan(decode(encode({"a": np.array([np.nan], np.float32)}))["a"][0])
    with pytest.raises(ValueError, match="JSON"):
        encode({"a": float("nan")})
    with pytest.raises(ValueError, match="<f8"):
        encode({"a": np.zeros(2)})


# --- mailbox and pace ---


def test_the_mailbox_keeps_the_latest_only():
    """A reader that was away gets the newest value once, and then waits."""
    box = Mailbox()
    for value in range(5):
        box.put(value)
    assert box.take(0) == (5, 4)
    assert box.take(5, 0.01) is None
    box.close()
    assert box.take(5, 10.0) is None  # at once: nothing will come


def test_pace_runs_at_its_speed():
    """Sixty times real time from where it was anchored; no limit at full speed."""
    pace = Pace(60.0)
    pace.anchor(100.0, 5 * HOUR)
    assert pace.due_us(101.5) == 5 * HOUR + 90 * SECOND
    assert Pace(None).due_us(1.0) is None


def test_faster_and_slower_go_through_all_speeds_and_stop_at_the_ends():
    """From the slowest to as fast as possible and back."""
    speed: float | None = SPEEDS[0]
    up = [speed]
    while speed is not None:
        speed = next_speed(speed, True)
        up.append(speed)
    assert up == [*SPEEDS, None]
    assert next_speed(None, True) is None
    assert next_speed(None, False) == SPEEDS[-1]
    assert next_speed(SPEEDS[0], False) == SPEEDS[0]


@pytest.mark.parametrize("bad", [0, -1, True, "60", float("nan"), 1e9])
def test_a_bad_speed_is_named(bad):
    """What it should be, and what it was."""
    with pytest.raises(ValueError, match=r"speed: expected a number from 0\.1"):
        check_speed(bad)


# --- watched days ---


@pytest.fixture(scope="module")
def plain_run():
    """The tiny day, unwatched."""
    return run(tiny())


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The tiny day, watched in steps of odd length: its folder, and the parts seen on the way."""
    folder = tmp_path_factory.mktemp("runs") / "watched"
    folder.mkdir()
    day = SimulatedDay(Session(tiny(), None, folder))
    seen, at_us = {}, day.start_us
    while at_us < day.end_us:
        at_us = min(at_us + 611_234_567, day.end_us)
        day.advance(at_us)
        seen[at_us] = day.parts()
    return folder, seen


def test_watching_changes_no_byte(plain_run, watched):
    """A day watched in odd steps has the digest of one nobody watched."""
    assert Run.read(watched[0]).digest == plain_run.digest


def test_the_last_figures_are_the_kpis(watched):
    """What the strip shows at the end is what the KPI functions say of the sealed run, in belief and in truth."""
    kpis, (*_, last) = Run.read(watched[0]).kpis, watched[1].values()
    for name, field in (("kpis", "reported"), (TRUTH + "kpis", "value")):
        shown = {figure["name"]: figure for figure in last[name]}
        assert shown["delivered"]["of"] == kpis["orders_total"][field]
        assert shown["on_time_share"]["value"] == pytest.approx(kpis["on_time_share"][field])
        assert shown["late_orders"]["value"] == kpis["late_orders"][field]


def test_a_recorded_day_shows_what_was_seen_live(watched):
    """At every moment: the same states, stops, orders, news, and positions to a centimetre."""
    folder, seen = watched
    day = RecordedDay(folder)
    loose = ("x", "y", "truth.x", "truth.y")
    for at_us, live in seen.items():
        day.advance(at_us)
        told = day.parts()
        for name in loose:
            np.testing.assert_allclose(told[name], live[name], atol=0.02, err_msg=name)
        orders = ("route.order", "order.state", "order.vehicle")
        for name in ("state", "done", "stops", "next", "age_s", "truth.state", *orders):
            np.testing.assert_array_equal(told[name], live[name], err_msg=name)
        assert told["news"] == live["news"]


def test_jumping_shows_what_going_there_shows(watched):
    """Forth, back and forth again: the parts of a moment do not depend on how one came there."""
    first, second = RecordedDay(watched[0]), RecordedDay(watched[0])
    noon = first.start_us + 6 * HOUR
    first.advance(noon)
    second.seek(second.end_us)
    second.seek(noon - HOUR)
    second.seek(noon)
    a, b = first.parts(), second.parts()
    skip = {"heading", "truth.heading", "kpis"}  # headings and rates come from the way there
    assert not changes({k: v for k, v in a.items() if k not in skip}, {k: v for k, v in b.items() if k not in skip})


def test_vehicles_that_move_head_where_they_go(watched):
    """Between two looks at a driving vehicle, its heading is the direction of its move."""
    parts = [*watched[1].values()]
    turned = 0
    for before, after in pairwise(parts):
        dx, dy = after["truth.x"] - before["truth.x"], after["truth.y"] - before["truth.y"]
        moved = np.hypot(dx, dy) > 10
        expected = np.degrees(np.arctan2(dx, dy)) % 360
        off = (after["truth.heading"] - expected + 180) % 360 - 180
        assert np.abs(off[moved]).max(initial=0) < 0.1
        turned += int(moved.sum())
    assert turned >= 5


def test_only_a_finished_run_can_be_told_again(watched, tmp_path):
    """A run that is still going says so."""
    (tmp_path / "manifest.json").write_text(json.dumps({"status": "running"}), encoding="utf-8")
    with pytest.raises(ValueError, match="finished"):
        RecordedDay(tmp_path)


# --- over the socket ---


@pytest.fixture
def served(tmp_path):
    """A tiny day in a folder, paused at its start."""
    folder = tmp_path / "run"
    folder.mkdir()
    served = Served(SimulatedDay(Session(tiny(), None, folder)), Pace(None))
    served.folder = folder
    yield served
    served.end()


def test_a_day_played_at_full_speed_over_the_socket_changes_no_byte(served, plain_run):
    """Two watchers, one of them slow: the same digest, and both end with the same picture."""
    quick, slow = served.watch(), served.watch()
    assert quick.ask(do="play")["ok"]
    quick.until(lambda p: p.get("clock", {}).get("ended"))
    slow.until(lambda p: p.get("clock", {}).get("ended"))
    assert same(quick.parts, slow.parts)
    assert Run.read(served.folder).digest == plain_run.digest


def test_a_paced_day_keeps_its_pace(served):
    """At 600 times real time, half a second of waiting is five minutes of the day, give or take."""
    watcher = served.watch()
    watcher.ask(do="speed", value=600)
    watcher.ask(do="play")
    began, from_us = time.monotonic(), watcher.parts["clock"]["now_us"]
    watcher.until(lambda p: p["clock"]["now_us"] >= from_us + 300 * SECOND)
    took_s = time.monotonic() - began
    assert 0.35 < took_s < 5
    assert watcher.ask(do="pause")["ok"]
    watcher.until(lambda p: not p["clock"]["playing"])


def test_two_watchers_see_each_others_actions(served):
    """One steps, the other's clock moves."""
    one, two = served.watch(), served.watch()
    start_us = two.until(lambda p: "clock" in p)["clock"]["now_us"]
    assert one.ask(do="step")["ok"]
    two.until(lambda p: p["clock"]["now_us"] == start_us + 60 * SECOND)


def test_an_assignment_is_recorded_travels_and_shows(served):
    """The order leaves the vehicle that had it, comes to the other one, and both commands stand in the log."""
    watcher = served.watch()
    watcher.ask(do="speed", value=3600)
    watcher.ask(do="play")
    watcher.until(lambda p: "order.vehicle" in p and (p["order.state"] == 1).any() and (p["state"] > 1).sum() > 1)
    watcher.ask(do="pause")
    parts = watcher.parts
    row = int(np.flatnonzero(parts["order.state"] == 1)[-1])
    order, old = parts["orders"][row][0], int(parts["order.vehicle"][row])
    new = next(i for i in range(len(parts["vehicles"])) if i != old)
    names = [vehicle[0] for vehicle in parts["vehicles"]]
    answer = watcher.ask(do="assign", order_id=order, vehicle_id=names[new], by="anna")
    assert answer == {"n": 7, "ok": True, "text": f"{names[new]} is told to take {order}"}
    assert int(watcher.parts["order.vehicle"][row]) == old  # the clock stands still
    watcher.ask(do="step")
    watcher.until(lambda p: int(p["order.vehicle"][row]) == new)
    said = [(c["kind"], c["payload"]["vehicle_id"], c["by"]) for c in read_commands(served.folder)]
    assert said == [("unassign_order", names[old], "anna"), ("assign_order", names[new], "anna")]
    watcher.ask(do="speed", value=None)
    watcher.ask(do="play")
    watcher.until(lambda p: p["clock"]["ended"])
    again = run(tiny(), commands=read_commands(served.folder))
    assert again.digest == Run.read(served.folder).digest  # a steered day is a function of what was recorded


def test_what_cannot_be_done_is_said(served):
    """Unknown requests, missing fields, bad speeds, orders and kinds: an answer, and the day goes on."""
    watcher = served.watch()
    for fields, words in (
        ({"do": "dance"}, "unknown request"),
        ({"do": "speed"}, "'value' is missing"),
        ({"do": "speed", "value": -1}, "expected a number"),
        ({"do": "seek", "at_us": 0}, "cannot jump"),
        ({"do": "assign", "order_id": "nope", "vehicle_id": "vans-1", "by": "x"}, "expected an open order"),
        ({"do": "post", "kind": "assign_ordr", "payload": {}, "by": "x"}, "assign_order"),
    ):
        answer = watcher.ask(**fields)
        assert not answer["ok"]
        assert words in answer["text"]
    assert watcher.ask(do="step")["ok"]


def test_a_watcher_without_the_truth_gets_none_of_it(served):
    """No part of the truth is ever sent on such a line."""
    watcher = served.watch(truth=False)
    watcher.ask(do="step")
    watcher.ask(do="step")
    assert {"x", "y", "kpis"} <= watcher.names
    assert not [name for name in watcher.names if name.startswith(TRUTH)]
    assert without_truth({"x": 1, "truth.x": 2}) == {"x": 1}


def test_strangers_are_turned_away(served):
    """A wrong token, no frame at all, or one too large ends that line; others are not disturbed."""
    stranger = Watcher(served.board.port, token=WORD[::-1])
    assert stranger.next() == {"refused": "wrong token"}
    stranger.sock.close()
    raw = socket.create_connection(("127.0.0.1", served.board.port), 10)
    raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert raw.recv(100) == b""
    raw.close()
    greedy = served.watch()
    greedy.sock.sendall(HEADER.pack(MAGIC, 1 << 30, 0))
    with contextlib.suppress(ConnectionResetError):  # either way it has been hung up on
        while greedy.next() is not None:
            pass
    assert served.watch().ask(do="step")["ok"]
