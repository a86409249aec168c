"""``twin explain`` on a terminal."""

from scenarios.rows import RunLedgers, ledger_rows
from scenarios.telling.story import order_story
from tests.viz.conftest import with_names
from tests.worlds import tiny_world
from viz.explain import explain_text


def text(order_id: str, world=None, width: int = 100) -> str:
    truth, office, _ = (world or tiny_world()).tables()
    ledgers = RunLedgers(ledger_rows(truth), ledger_rows(office), {"time_zone": "UTC"})
    return explain_text(order_story(ledgers, order_id), width)


def test_both_sides_stand_beside_each_other():
    """What happened on the left, when head office heard of it on the right, the sum at the end."""
    lines = text("O2").splitlines()
    assert lines[0] == "Order O2: late"
    assert any(line.startswith("08:20:00  V1 arrived") and "heard 2.0 s later, radio" in line for line in lines)
    assert any(line.endswith("  late") and "+10.0" in line for line in lines)


def test_no_line_is_wider_than_the_terminal():
    """At eighty columns too."""
    for width in (60, 80, 120):
        assert max(map(len, text("O2", width=width).splitlines())) <= width


def test_control_characters_in_names_do_not_reach_the_terminal():
    """An escape sequence in a customer's name is shown, not obeyed."""
    assert "\x1b" not in text("O2", with_names(tiny_world(), {"C-O2": "\x1b[31mred"}))
