"""What passed between head office and an order's customer, in words."""

from typing import Any

from engine.clock import LocalTime
from scenarios.rows import Row


def customer_text(row: Row, clock: LocalTime) -> str | None:
    """A row about notifications, calls, proofs and disputes as a sentence; None for any other."""
    p = row.payload
    match row.kind:
        case "customer_notified":
            return f"Told the customer by {'SMS' if p['channel'] == 'sms' else 'e-mail'}: {p['text']}"
        case "customer_called":
            return f"The customer calls: {_reason(p, clock)}"
        case "customer_answered":
            waited = f" after waiting {p['waited_s'] / 60:.0f} min" if p["waited_s"] >= 30 else ""
            eta = "not known" if p["eta_us"] is None else clock.text(p["eta_us"])[:5]
            return f"Answered the customer's call{waited}; arrival told: {eta}"
        case "proof_captured":
            return f"Proof {p['proof_id']} recorded: {', '.join(p['what'])} ({p['bytes'] / 1000:.0f} kB)"
        case "dispute_opened":
            return "The customer disputes the delivery"
        case "dispute_decided":
            return f"Dispute {'lost' if p['upheld'] else 'turned down'}: {p['reason']}"
        case _:
            return None


def _reason(payload: dict[str, Any], clock: LocalTime) -> str:
    at = "" if payload["about_us"] is None else clock.text(payload["about_us"])[:5]
    match payload["reason"]:
        case "time_told_passed":
            return f"nobody there at {at} as told"
        case "window_passed":
            return f"nobody there by {at} as promised"
        case _:
            return "no word yet"
