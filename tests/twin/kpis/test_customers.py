"""KPIs of customers in worlds small enough to reckon by hand."""

from typing import Any

import pytest

from tests.worlds import END_US, T0_US, HandMade, at, delivery, tiny_world
from twin.kpis import Costs, Tables, compute, gather

WITHIN_US = 15 * 60_000_000


def notified(order_id: str, eta: float | None, cost_eur: float = 0.07) -> dict[str, Any]:
    """The payload of a message telling an arrival, minutes after six."""
    return {
        "order_id": order_id, "customer": f"C-{order_id}", "milestone": "on_the_way", "channel": "sms",
        "eta_us": None if eta is None else at(eta), "within_us": WITHIN_US, "cost_eur": cost_eur, "text": "",
    }  # fmt: skip


def proof(order_id: str, minute: float) -> dict[str, Any]:
    return {
        "order_id": order_id, "proof_id": f"{order_id}-P1", "vehicle_id": "V1", "driver_id": "D1", "what": ["photo"],
        "bytes": 9, "sha256": "", "captured_us": at(minute),
    }  # fmt: skip


def figures(w: HandMade, **costs: float) -> dict[str, tuple]:
    """(value, reported) of every KPI."""
    truth, office, telemetry = w.tables()
    tables = Tables(truth, office, T0_US, END_US, telemetry, costs=Costs(**costs))
    return {name: (row["value"], row["reported"]) for name, row in compute(gather(tables)).items()}


def test_times_told_are_held_against_the_visit_they_were_about() -> None:
    """The tiny day: O1 comes at 100, O2 at 140, O3 is visited at 160 in vain, O4 is never visited.

    O1: told 80 (wrong) and 120 (15 minutes after it began at 105: right); O2: 130 right; O3: 176 wrong; O4: 300
    wrong. Of a cancelled order nothing counts, nor what tells no time. Three of five.
    """
    w = tiny_world()
    w.happen(0, "order_placed", delivery("O5", (100, 130)))
    told = (("O1", 80), ("O1", 120), ("O2", 130), ("O3", 176), ("O4", 300), ("O5", 10), ("O1", None))
    for order_id, eta in told:
        w.happen(90, "customer_notified", notified(order_id, eta), "office")
    w.happen(95, "order_cancelled", {"order_id": "O5", "by": "customer", "reason": ""}, "web")
    found = figures(w)
    assert found["eta_told_wrong_share"] == (0.6, 0.6)
    assert found["notification_cost_eur"] == (pytest.approx(0.49), None)


def test_a_time_told_after_the_driver_had_come_is_held_against_that_visit() -> None:
    """Head office did not know that O1 had been delivered, and told 106 and then 150 at 107."""
    w = tiny_world()
    for eta in (106, 150):
        w.happen(110.5, "customer_notified", notified("O1", eta), "office")
    assert figures(w)["eta_told_wrong_share"] == (0.5, 0.5)


def test_times_that_lie_ahead_when_the_run_ends_are_neither_right_nor_wrong() -> None:
    """O4 told for after the end."""
    w = tiny_world()
    w.happen(90, "customer_notified", notified("O4", 480), "office")
    assert figures(w)["eta_told_wrong_share"] == (None, None)


def test_calls_count_when_made_and_are_reported_when_taken() -> None:
    """Three calls, one given up: two reported, ten minutes on the phone."""
    w = tiny_world()
    for minute, heard in ((101, True), (102, False), (103, True)):
        call = {"order_id": "O2", "reason": "no_word", "about_us": None}
        w.happen(minute, "customer_called", call, "phone", heard)
    for minute in (106, 110):
        answer = {"order_id": "O2", "waited_s": 1.0, "call_s": 300.0, "eta_us": at(200), "within_us": WITHIN_US}
        w.happen(minute, "customer_answered", answer, "office")
    before, found = figures(tiny_world()), figures(w, call_eur=7.0)
    assert found["wismo_calls"] == (3, 2)
    assert found["call_h"] == (pytest.approx(1 / 6), None)
    assert found["eta_told_wrong_share"] == (1.0, 1.0)
    assert found["cost_eur"][0] == pytest.approx(before["cost_eur"][0] + 14.0)
    assert before["wismo_calls"] == before["call_h"] == (None, None)


def test_disputes_are_lost_to_late_proofs_and_to_missing_ones() -> None:
    """O1: proof in time; O2: captured, never heard of; O3: none was captured. One of two lost was there, late."""
    w = tiny_world()
    w.happen(110, "proof_captured", proof("O1", 109), "V1")
    w.happen(150, "proof_captured", proof("O2", 150), "V1", heard=False)
    for order_id, upheld in (("O1", False), ("O2", True), ("O3", True)):
        w.happen(300, "dispute_opened", {"order_id": order_id, "customer": ""}, "web", heard=order_id != "O3")
        decision = {"order_id": order_id, "upheld": upheld, "proof_id": None, "reason": ""}
        w.happen(400, "dispute_decided", decision, "office")
    found, without = figures(w), figures(w, dispute_lost_eur=0.0)
    assert found["proofs"] == (2, 1)
    assert found["proof_delay_s_p95"] == (62.0, None)
    assert found["disputes"] == (3, 2)
    assert found["disputes_lost_share"] == (pytest.approx(2 / 3), None)
    assert found["disputes_lost_to_late_proof"] == (1, None)
    assert found["cost_eur"][0] == pytest.approx(without["cost_eur"][0] + 2 * 15.8)
