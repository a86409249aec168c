"""Reasons as a dispatcher reads them."""

import pytest

from tests.twin.alerts.pictures import HOUR_US, MINUTE_US, NOON_US, Fleet
from twin.policies.words import age

AT = NOON_US + HOUR_US


@pytest.mark.parametrize(
    ("ignition", "driving", "silent_min", "remark"),
    [
        (False, False, 5, ""),  # asleep at the depot, and heard of
        (False, False, 20, ""),  # as a parked tablet reports
        (False, False, 40, "; position of V0 is 40 min old"),  # not heard of either
        (True, False, 5, "; position of V0 is 89 min old"),  # jammed, perhaps on its way
        (False, True, 5, "; position of V0 is 89 min old"),  # it set out: its last fix tells where from
    ],
)
def test_a_position_is_old_unless_the_vehicle_is_parked_and_heard_of(
    ignition: bool, driving: bool, silent_min: int, remark: str
) -> None:
    """A fix at one o'clock, then samples without any, every five minutes."""
    fleet = Fleet(1)
    fleet.order("A", 50.2, 8.0)
    fleet.route(0, "A")
    if driving:
        fleet.depart(0, "A", AT, AT + 2 * HOUR_US)
    fleet.sample(0, AT, 50.0, 8.0, speed_mps=0.0, ignition=ignition)
    last = 89 - silent_min
    for minute in (*range(5, last, 5), last):
        fleet.sample(0, AT + minute * MINUTE_US, 50.0, 8.0, speed_mps=0.0, ignition=ignition, satellites=0)
    assert age(fleet.view(AT + 89 * MINUTE_US), "V0") == remark
