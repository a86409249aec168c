"""What a vehicle's surroundings offer, in one uint16: coverage of each carrier, Wi-Fi and the view of the sky.

Bits 2c and 2c+1 are the level of carrier c (0 to 4), bit 10 is Wi-Fi, bits 11 and 12 the sky. Every function
takes one code or an array of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

NO_SIGNAL, OLDER, LTE, NR = range(4)
"""Levels of a carrier: nothing, 3G or older, LTE, 5G (New Radio)."""
LEVELS = ("none", "3g", "lte", "5g")

OPEN_SKY, STREET_CANYON, NO_SKY = range(3)
"""Views of the sky: open, between tall buildings, none (in a tunnel)."""

MOST_CARRIERS = 5
WIFI = 1 << 10
_SKY = 11
CARRIER_BITS = WIFI - 1


def level(code: Any, carrier: Any) -> Any:
    """Level of a carrier, 0 to 3."""
    return (code >> (2 * carrier)) & 3


def has_wifi(code: Any) -> Any:
    """Whether there is Wi-Fi."""
    return (code & WIFI) != 0


def sky(code: Any) -> Any:
    """View of the sky, 0 to 2."""
    return (code >> _SKY) & 3


def pack(levels: Sequence[Any], wifi: Any = False, sky: Any = OPEN_SKY) -> np.ndarray:
    """Codes from the levels of each carrier in turn, Wi-Fi and sky: scalars or arrays of equal shape; uint16."""
    code = np.asarray(wifi).astype(np.uint16) * np.uint16(WIFI) + np.asarray(sky).astype(np.uint16) * np.uint16(
        1 << _SKY
    )
    for carrier, of_carrier in enumerate(levels):
        code = code + (np.asarray(of_carrier).astype(np.uint16) << np.uint16(2 * carrier))
    return code


def underground(code: Any, dark: bool) -> Any:
    """The same place in a tunnel: no sky and, where tunnels are dark, no signal of any kind."""
    kept = 0 if dark else CARRIER_BITS
    return (code & kept) | (NO_SKY << _SKY)
