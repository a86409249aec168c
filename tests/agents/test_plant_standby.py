"""The terminal's standby line: when it takes over, what it carries, and that it may have failed unnoticed."""

from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.plant.terminal import LinkSettings, Standby, StandbySettings
from engine.clock import SECOND
from engine.streams import Streams
from tests.agents.plant_world import START_US, WITH_STANDBY, Receiving, at, bare_world, run_until


def test_messages_see_detection_and_switch_over_and_the_standbys_capacity() -> None:
    """A fibre cut at 10: the standby carries two messages a second from 100 on, the fibre the rest at 103.2; as events
    take the standby all the time, samples have only the fibre."""
    world = bare_world()
    office = Receiving(world, terminal_link=WITH_STANDBY)
    link = office.plant.link
    world.at(at(10), lambda: link.cut("dig", takes_over=True))
    world.at(at(103.2), lambda: link.mend("dig"))
    for number in range(10):
        office.send_at(20 + number, f"V1:{number}")
    run_until(world, 99)
    assert office.received == []
    assert office.plant.tools() == {"phone"}
    run_until(world, 300)
    assert [second for _, second in office.received] == [100.5, 101.0, 101.5, 102.0, 102.5, 103.0] + [103.2] * 4
    assert office.heard == [("plant_failed", 10.0), ("standby_took_over", 100.0), ("plant_restored", 103.2)]
    samples_us = link.through(np.zeros(10, int), np.array([at(20 + n) for n in range(10)]), at(300))
    assert samples_us.tolist() == [at(103.2)] * 10
    assert link.through(np.zeros(1, int), np.array([at(300)]), at(300)).tolist() == [at(300)]


def test_on_the_standby_samples_have_what_events_leave() -> None:
    """Half a second each, from 100 on. Two events at once take it until 101; the first sample is through at 101.5; the
    third event comes in the middle of the second sample, goes first, and delays it by its half second."""
    world = bare_world()
    office = Receiving(world, terminal_link=WITH_STANDBY)
    world.at(at(10), lambda: office.plant.link.cut("dig", takes_over=True))
    for number, second in enumerate((20, 21, 101.75)):
        office.send_at(second, f"V1:{number}")
    run_until(world, 300)
    assert [second for _, second in office.received] == [100.5, 101.0, 102.25]
    ready_us = np.array([at(second) for second in (30, 31, 32, 110)])
    expected = [at(second) for second in (101.5, 102.5, 103.0, 110.5)]
    assert office.plant.link.through(np.zeros(4, int), ready_us, at(300)).tolist() == expected


@given(st.lists(st.integers(0, 60), max_size=12), st.lists(st.integers(0, 60), max_size=12), st.integers(1, 7))
def test_the_standby_serves_one_at_a_time_and_never_idles(events: list[int], samples: list[int], service: int) -> None:
    """Against a line played microsecond by microsecond: events in their order, samples in what is left."""
    standby = Standby(Streams(1), StandbySettings(messages_per_s=SECOND / service), START_US)
    assert standby.service_us == service
    taken: list[int] = []
    for ready in sorted(events):
        taken.append(max(ready, taken[-1] + service if taken else 0))
    done, left, now = [], dict.fromkeys(range(len(samples)), service), 0
    ready_us = sorted(samples)
    while left:
        free = not any(start <= now < start + service for start in taken)
        mine = next((n for n in left if ready_us[n] <= now), None)
        if free and mine is not None:
            left[mine] -= 1
            if not left[mine]:
                done.append(now + 1)
                del left[mine]
        now += 1
    carried = standby.carry(np.array(ready_us, np.int64), 0, 0, np.array(taken, np.int64))
    assert carried.tolist() == done


def test_a_standby_that_has_failed_unnoticed_is_found_out_when_needed() -> None:
    """Messages wait for the fibre; the standby is repaired with it."""
    world = bare_world()
    office = Receiving(world, terminal_link=WITH_STANDBY)
    world.at(at(10), lambda: office.plant.link.cut("dig", takes_over=False))
    world.at(at(500), lambda: office.plant.link.mend("dig"))
    office.send_at(20, "V1:0")
    run_until(world, 600)
    assert office.received == [("V1:0", 500.0)]
    kinds = [("plant_failed", 10.0), ("plant_failed", 100.0), ("plant_restored", 500.0), ("plant_restored", 500.0)]
    assert office.heard == kinds
    assert office.plant.link.standby is not None
    assert office.plant.link.standby.works(world.now)


def test_a_short_cut_never_needs_the_standby() -> None:
    """Shorter than detection and switch-over: nothing is switched, nothing found out."""
    world = bare_world()
    office = Receiving(world, terminal_link=WITH_STANDBY)
    world.at(at(10), lambda: office.plant.link.cut("dig"))
    world.at(at(50), lambda: office.plant.link.mend("dig"))
    world.at(at(60), lambda: office.plant.link.cut("dig", takes_over=True))
    run_until(world, 149)
    assert [kind for kind, _ in office.heard] == ["plant_failed", "plant_restored", "plant_failed"]
    run_until(world, 150)
    assert office.heard[-1] == ("standby_took_over", 150.0)


def test_of_cuts_at_once_the_one_that_takes_the_standby_with_it_counts() -> None:
    """One of two diggers had both lines: nothing takes over, in whatever order they came."""
    for fails, takes_over in ((10, 20), (20, 10)):
        world = bare_world()
        office = Receiving(world, terminal_link=WITH_STANDBY)
        for name, second, works in (("both", fails, False), ("one", takes_over, True)):
            world.at(at(second), partial(office.plant.link.cut, name, works))
        run_until(world, 200)
        assert [kind for kind, _ in office.heard] == ["plant_failed", "plant_failed"]
        assert not office.plant.link.up


def test_a_standby_found_failed_is_repaired_with_the_primary() -> None:
    """It failed long ago; the first need finds it out, the second has it work."""
    world = bare_world()
    failing = LinkSettings(standby=StandbySettings(hidden_failures_per_year=50.0, in_service_days=3650.0))
    office = Receiving(world, terminal_link=failing)
    link = office.plant.link
    assert link.standby is not None
    assert not link.standby.works(world.now)
    for cut, mend in ((10, 200), (300, 500)):
        world.at(at(cut), lambda: link.cut("dig"))
        world.at(at(mend), lambda: link.mend("dig"))
    run_until(world, 600)
    told = [kind for kind, _ in office.heard]
    assert told == ["plant_failed", "plant_failed", "plant_restored", "plant_restored",
                    "plant_failed", "standby_took_over", "plant_restored"]  # fmt: skip


def test_nobody_drills_in_the_middle_of_an_outage() -> None:
    """Drills every quarter of an hour; for two hours the primary is down, and the next drill comes in its turn."""
    world = bare_world()
    drilled = LinkSettings(standby=StandbySettings(drill_every_days=900 / 86_400, hidden_failures_per_year=0.0))
    office = Receiving(world, terminal_link=drilled)
    office.plant.start()
    world.at(at(4_000), lambda: office.plant.link.cut("dig"))
    world.at(at(11_200), lambda: office.plant.link.mend("dig"))
    run_until(world, 20_000)
    drills = [second for kind, second in office.heard if kind == "standby_drilled"]
    assert [second for second in drills if 4_000 < second < 11_200] == []
    assert {round(second - drills[0]) % 900 for second in drills} == {0}
    assert len(drills) == 22 - 8
