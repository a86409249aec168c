"""Customer service as a scenario has it."""

import pytest

from engine.clock import MINUTE
from scenarios.customer_care import earlier
from twin.belief import Belief


@pytest.mark.parametrize(("early_minutes", "told_minutes"), [(0, 30), (12, 18)])
def test_times_told_are_so_much_earlier(early_minutes: int, told_minutes: int) -> None:
    """Of what is expected, 30 minutes from the start; 0 is honest."""
    etas = earlier(lambda view: {"O1": view.now_us + 30 * MINUTE}, early_minutes * MINUTE)
    assert etas(Belief().view(0)) == {"O1": told_minutes * MINUTE}
