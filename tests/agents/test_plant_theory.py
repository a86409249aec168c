"""What fails in head office's plant, and how often, against closed forms of reliability theory."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from agents.plant.component import YEAR_S, Reliability, outages
from agents.plant.plant import PlatformSettings
from agents.plant.terminal import LinkSettings, Standby, StandbySettings
from agents.world import World
from engine.clock import SECOND
from engine.streams import Streams
from tests.agents.plant_world import START_US, Receiving, bare_world, run_until


@pytest.mark.parametrize(("availability", "down_s"), [(0.9, 600.0), (0.5, 30.0)])
def test_a_component_is_up_its_availability(availability: float, down_s: float) -> None:
    """Alternating renewal: the share of time down is down / (up + down), and outages are exponential."""
    what, cycles = Reliability.of_availability(availability, down_s), 4000
    spells = outages(Streams(5), "platform", what, 0)
    drawn = np.array([next(spells) for _ in range(cycles)])
    lengths_s = (drawn[:, 1] - drawn[:, 0]) / SECOND
    assert lengths_s.sum() / (drawn[-1, 1] / SECOND) == pytest.approx(1 - availability, rel=0.07)
    assert lengths_s.mean() == pytest.approx(down_s, rel=0.05)
    assert lengths_s.std() == pytest.approx(down_s, rel=0.07)
    assert all(before[1] < after[0] for before, after in pairwise(drawn.tolist()))


def test_a_component_starts_in_its_steady_state() -> None:
    """Down at the start of a run in 1 - availability of runs."""
    what = Reliability.of_availability(0.7, 600.0)
    down = [next(outages(Streams(seed), "platform", what, 0))[0] == 0 for seed in range(2000)]
    assert np.mean(down) == pytest.approx(0.3, abs=0.03)


def test_platform_and_line_in_series_are_up_the_product_of_their_availabilities() -> None:
    """Commands need both; their failures are independent."""
    platform = PlatformSettings(availability=0.9, outage_s_mean=600.0)
    line = LinkSettings(failures_per_year=YEAR_S / 4000.0, repair_s_mean=1000.0)  # up 4000 s, down 1000 s
    world = bare_world(lasts_s=1e7)
    office = Receiving(world, platform=platform, terminal_link=line)
    office.plant.start()
    open_s = np.zeros(2)
    last = [0.0, True]

    def note(*_told: object) -> None:
        open_s[int(last[1])] += office.second - last[0]
        last[:] = office.second, office.plant.command_path_open()

    office.plant.listeners.append(note)
    run_until(world, 1e7)
    note()
    assert open_s[1] / open_s.sum() == pytest.approx(0.9 * 0.8, abs=0.01)


def unavailability(rate_x_interval: float) -> float:
    """Failure on demand of a component whose failures only a test reveals: 1 - (1 - exp(-x)) / x."""
    return 1 - (1 - math.exp(-rate_x_interval)) / rate_x_interval


@pytest.mark.parametrize("rate_x_interval", [0.25, 1.0, 3.0])
def test_a_drilled_standby_fails_on_demand_as_often_as_theory_says(rate_x_interval: float) -> None:
    """On average over the moments of need: the first drill was at a random moment before the run."""
    what = StandbySettings(hidden_failures_per_year=rate_x_interval * YEAR_S / 864_000, drill_every_days=10.0)
    failed = [not Standby(Streams(seed), what, START_US).works(START_US) for seed in range(2500)]
    assert np.mean(failed) == pytest.approx(unavailability(rate_x_interval), abs=0.025)


def test_drills_during_a_run_keep_a_standby_as_good_as_theory_says() -> None:
    """Needed long after the start, with drills every fifth of the mean time to failure, it fails as seldom as then."""
    what = StandbySettings(hidden_failures_per_year=0.2 * YEAR_S / 86_400, drill_every_days=1.0)
    failed, found = [], []
    for seed in range(1200):
        world = bare_world(seed, lasts_s=864_000)
        office = Receiving(world, terminal_link=LinkSettings(standby=what))
        office.plant.start()
        run_until(world, 4.6 * 86_400)
        assert office.plant.link.standby is not None
        failed.append(not office.plant.link.standby.works(world.now))
        found += [row["found_failed"] for row in _drills(world)]
    assert np.mean(failed) == pytest.approx(unavailability(0.2), abs=0.02)
    assert np.mean(found) == pytest.approx(1 - math.exp(-0.2), abs=0.015)


def _drills(world: World) -> list[dict]:
    return [json.loads(text) for text in world.truth.table()["payload"].to_pylist()]


def test_without_drills_a_standby_gets_ever_worse() -> None:
    """1 - exp(-rate x age): the age counts from when it was last known to work, before or during the run."""
    what = StandbySettings(hidden_failures_per_year=1.0, in_service_days=365.25 / 2)
    standbys = [Standby(Streams(seed), what, START_US) for seed in range(2500)]
    for years in (0.0, 0.5, 2.0):
        failed = [not standby.works(START_US + round(years * YEAR_S) * SECOND) for standby in standbys]
        assert np.mean(failed) == pytest.approx(1 - math.exp(-(years + 0.5)), abs=0.025)


def test_drill_plans_meet_the_same_failures() -> None:
    """Pairing: a standby drilled more often never fails where the other works, from the first common drill on."""
    seldom, often = (
        StandbySettings(hidden_failures_per_year=30.0, drill_every_days=days, in_service_days=40.0)
        for days in (None, 5.0)
    )
    works = [
        [Standby(Streams(seed), what, START_US).works(START_US) for what in (seldom, often)] for seed in range(300)
    ]
    assert [True, False] not in works
    assert [False, True] in works
