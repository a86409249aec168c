"""Codes: what is packed comes out again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.coverage.code import (
    MOST_CARRIERS,
    NO_SIGNAL,
    NO_SKY,
    STREET_CANYON,
    has_wifi,
    level,
    pack,
    sky,
    underground,
)


def test_the_layout_is_as_documented():
    """Carrier 1 on LTE, carrier 4 on 5G, Wi-Fi, a street canyon: bit by bit."""
    code = pack([0, 2, 0, 0, 3], True, STREET_CANYON)
    assert int(code) == 0b01_1_11_00_00_10_00
    assert code.dtype == np.uint16


@given(st.lists(st.integers(0, 3), min_size=1, max_size=MOST_CARRIERS), st.booleans(), st.integers(0, 2))
def test_packing_loses_nothing(levels, wifi, view):
    """Scalars and arrays alike."""
    for shape in ((), (2, 3)):
        code = pack([np.full(shape, of) for of in levels], np.full(shape, wifi), np.full(shape, view))
        assert [np.unique(level(code, carrier)).tolist() for carrier in range(len(levels))] == [[of] for of in levels]
        assert (has_wifi(code) == wifi).all()
        assert (sky(code) == view).all()


def test_a_tunnel_has_no_sky_and_is_dark_where_tunnels_are():
    """With leaky feeders (not dark) carriers stay; Wi-Fi outside does not reach in."""
    code = pack([3, 2], True, STREET_CANYON)
    dark, lit = underground(code, True), underground(code, False)
    assert [level(dark, carrier) for carrier in (0, 1)] == [NO_SIGNAL, NO_SIGNAL]
    assert [level(lit, carrier) for carrier in (0, 1)] == [3, 2]
    for inside in (dark, lit):
        assert sky(inside) == NO_SKY
        assert not has_wifi(inside)
