"""Supplies: the alternator, a battery by hand, flat devices, back-up cells, and windows that change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR
from engine.device_rows import DeviceRows
from engine.samples import Samples
from engine.supply import BACKUP_US, CHARGES_FASTER, EMPTY_MV, FULL_MV, Supply

MINUTE = HOUR // 60


def window(ignition: list[list[bool]], first: int = 0, step_us: int = 10 * MINUTE) -> DeviceRows:
    """Samples of devices with the given ignition, from number ``first`` + 1 on."""
    n = sum(map(len, ignition))
    samples = Samples.empty(n)
    samples.device[:] = np.repeat(np.arange(len(ignition)), [len(on) for on in ignition])
    samples.occurred_us[:] = np.concatenate([(np.arange(len(on)) + first + 1) * step_us for on in ignition])
    samples.ignition[:] = np.concatenate(ignition) if n else []
    return DeviceRows(samples, len(ignition))


def test_a_wired_device_shows_the_alternator():
    """12.6 V at rest, 13.8 V with the engine on; never without power."""
    supply_mv, powered = Supply.fit(["wired"], [1.0], 0).read(window([[False, True, False]]))
    assert supply_mv.dtype == np.uint16
    assert supply_mv.tolist() == [12_600, 13_800, 12_600]
    assert powered is None


def test_a_battery_empties_and_charges_by_hand():
    """An hour of life, a sample every ten minutes: a sixth less each; four sixths more each while charging."""
    supply = Supply.fit(["battery"], [1.0], 0)
    on = [False] * 7 + [True, True, False]
    supply_mv, powered = supply.read(window([on]))
    share = [5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0, 0, CHARGES_FASTER / 6, 1, 5 / 6]
    expected = [EMPTY_MV + int((FULL_MV - EMPTY_MV) * s + 1e-9) for s in share]
    expected[5] = expected[6] = 0
    assert supply_mv.tolist() == expected
    assert powered.tolist() == [s > 0 for s in share]


def test_an_unplugged_device_lives_on_its_back_up_cell():
    """Below 5 V at once, off after six hours, and back when plugged in; others and the moment itself untouched."""
    supply = Supply.fit(["wired", "wired", "battery"], [1.0] * 3, 0)
    supply.plug(supply.unplug(0, 10 * MINUTE), BACKUP_US + 40 * MINUTE)
    supply.plug(supply.unplug(2, 10 * MINUTE), 20 * MINUTE)  # has its own battery: nothing to notice
    on = [False] * 42
    supply_mv, powered = supply.read(window([on, on, on]))
    mine, other, own = supply_mv.reshape(3, -1)
    assert mine[0] == 12_600
    assert 4_150 <= mine[1] < 4_200
    assert (np.diff(mine[1:36].astype(int)) < 0).all()
    assert mine[36:40].tolist() == [0] * 4
    assert powered.reshape(3, -1)[0].tolist() == [True] * 36 + [False] * 4 + [True] * 2
    assert mine[40:].tolist() == [12_600] * 2
    assert set(other.tolist()) == {12_600}
    assert own[:3].tolist() == Supply.fit(["battery"], [1.0], 0).read(window([on]))[0][:3].tolist()


def test_flat_share_against_its_closed_form():
    """Off for a, on for b each day: what charging cannot give back is time without power."""
    supply = Supply.fit(["battery"], [8.0], 0)
    day = [False] * (20 * 6) + [True] * 6 + [False] * (3 * 6)  # an hour's drive gives four hours of life
    _, powered = supply.read(window([day * 50]))
    assert 1 - powered.mean() == pytest.approx((23 - CHARGES_FASTER) / 24, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.booleans(), min_size=24, max_size=24), min_size=3, max_size=3),
    st.lists(st.sampled_from([0.4, 1.0, 2.5]), min_size=3, max_size=3),
    st.sets(st.integers(1, 23)),
    st.tuples(st.integers(0, 24), st.integers(0, 24)),
)
def test_windows_change_no_supply(ignition, hours, cuts, away):
    """However samples are cut into windows: the same voltages and the same power."""

    def run(edges):
        supply = Supply.fit(["battery", "wired", "battery"], hours, 0)
        supply.plug(supply.unplug(1, away[0] * 10 * MINUTE), sum(away) * 10 * MINUTE)
        out = []
        for a, b in zip([0, *edges], [*edges, 24]):
            supply_mv, powered = supply.read(window([on[a:b] for on in ignition], a))
            out.append((supply_mv.reshape(3, -1), (supply_mv > 0 if powered is None else powered).reshape(3, -1)))
        return [np.concatenate(parts, axis=1).tolist() for parts in zip(*out)]

    assert run([]) == run(sorted(cuts)) == run(range(1, 24))
