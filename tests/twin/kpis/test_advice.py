"""What became of recommendations, in a world small enough to reckon by hand."""

from typing import Any

from tests.twin.kpis.test_dispatching import figures
from tests.worlds import HandMade, tiny_world


def recommended(
    w: HandMade, minute: float, number: int, order: str, answer: str, after: float, by: str = "kim",
    approval: bool = True,
) -> None:  # fmt: skip
    """A recommendation to give an order to V1, answered some minutes later; two of them the dispatcher's."""
    move = {"order_id": order, "from_vehicle": None, "to_vehicle": "V1", "stop": 1}
    made: dict[str, Any] = {
        "recommendation_id": f"R{number}", "source": "insertion", "vehicles": ["V1"], "moves": [move],
        "reason": f"{order} to V1: near", "driving_s": 60, "late_s": 0, "alternative": None, "approval": approval,
        "expires_us": None,
    }  # fmt: skip
    said = {
        "recommendation_id": f"R{number}", "answer": answer, "by": by, "reason": "", "minutes": 2.0,
        "command_ids": [], "moves": [], "driving_s": None, "late_s": None,
    }  # fmt: skip
    w.happen(minute, "recommendation_made", made, "office")
    w.happen(minute + after, "recommendation_answered", said, "office")


def test_accepted_and_overridden_advice_by_hand() -> None:
    """O1 is on time and was accepted in the end, O2 is ten minutes late and was changed, O3 failed and was refused.
    What lapsed, went by the clock or needed no approval is nobody's judgement."""
    w = tiny_world()
    recommended(w, 10, 1, "O1", "refused", 1)
    recommended(w, 12, 2, "O1", "accepted", 3)
    recommended(w, 15, 3, "O2", "changed", 5)
    recommended(w, 20, 4, "O3", "refused", 7)
    recommended(w, 22, 5, "O3", "expired", 15, "clock")
    recommended(w, 23, 6, "O3", "overtaken", 1)
    recommended(w, 24, 7, "O3", "accepted", 15, "clock")
    recommended(w, 25, 8, "O4", "accepted", 0, "policy", approval=False)
    found = figures(w)
    assert found["advice_asked"] == (7, None)
    assert found["advice_overridden_share"] == (3 / 4, None)
    assert found["advice_lapsed_share"] == (2 / 7, None)
    assert found["advice_answer_s_p50"] == (3 * 60, None)
    assert found["accepted_on_time_share"] == (1.0, 1.0)
    assert found["overridden_on_time_share"] == (0.0, 0.0)
    assert found["accepted_lateness_s_mean"] == (0.0, 0.0)
    assert found["overridden_lateness_s_mean"] == (600.0, 600.0)
    assert found["dispatcher_deciding_h"] == (8 * 2 / 60, None)


def test_without_anybody_asked_there_is_nothing_to_compare() -> None:
    found = figures(tiny_world())
    assert found["advice_asked"] == (0, None)
    assert found["dispatcher_deciding_h"] == (0.0, None)
    for name in ("advice_overridden_share", "advice_lapsed_share", "advice_answer_s_p50"):
        assert found[name] == (None, None)
    assert found["accepted_on_time_share"] == found["overridden_lateness_s_mean"] == (None, None)
