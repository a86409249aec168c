"""Proofs of delivery: none lost, none doubled, found by whatever one knows of them, as of any moment."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from twin.ingest import Ingest, Message
from twin.proofs import ProofStore

HOUR_US = 3_600_000_000
NOON_US = 1_772_452_800_000_000  # Monday 2 March 2026, 12:00 UTC


def proof(order_id: str, captured_us: int = NOON_US, vehicle: str = "V1") -> dict[str, Any]:
    """The payload of a photo."""
    return {
        "order_id": order_id, "proof_id": f"{order_id}-P1", "vehicle_id": vehicle, "driver_id": "D" + vehicle[1:],
        "what": ["photo"], "bytes": 90_000, "sha256": "ab" * 32, "captured_us": captured_us,
    }  # fmt: skip


def names(found: list) -> list[str]:
    return [p.order_id for p in found]


def test_proofs_are_found_by_order_customer_driver_vehicle_and_local_day() -> None:
    """A proof just after midnight in Tokyo belongs to the new day there; a search may combine everything."""
    store = ProofStore("Asia/Tokyo")
    store.apply("order_placed", {"order_id": "O1", "customer": "Ana"}, 0)
    store.apply("proof_captured", proof("O1", NOON_US), NOON_US + 5)
    store.apply("proof_captured", proof("O2", NOON_US + 3 * HOUR_US, "V2"), NOON_US + 3 * HOUR_US)  # 00:00 in Tokyo
    store.apply("order_placed", {"order_id": "O2", "customer": "Bo"}, NOON_US + 4 * HOUR_US)  # heard of late
    assert names(store.find()) == ["O1", "O2"]
    assert names(store.find(order_id="O2")) == names(store.find(customer="Bo")) == ["O2"]
    assert names(store.find(driver_id="D1")) == names(store.find(vehicle_id="V1")) == ["O1"]
    assert names(store.find(day=date(2026, 3, 2))) == ["O1"]
    assert names(store.find(day=date(2026, 3, 3), customer="Bo", known_at_us=NOON_US + 3 * HOUR_US)) == ["O2"]
    assert store.find(day=date(2026, 3, 3), customer="Ana") == store.find(order_id="O3") == []


def test_known_at_tells_what_had_arrived_by_then() -> None:
    """Captured at noon, arrived at three: unknown until then."""
    store = ProofStore()
    store.apply("proof_captured", proof("O1"), NOON_US + 3 * HOUR_US)
    assert store.known_at(NOON_US + 3 * HOUR_US - 1) == []
    assert names(store.known_at(NOON_US + 3 * HOUR_US)) == ["O1"]


@given(st.data())
def test_no_proof_is_lost_or_doubled_over_a_wild_connection(data: st.DataObject) -> None:
    """Delays of hours, repetitions and any order of arrival: once connected, each proof is there exactly once, since
    its first arrival."""
    count = data.draw(st.integers(0, 12))
    delays = st.integers(0, 20 * HOUR_US)
    sent = [Message(f"dev-V1:{n}", "proof_captured", NOON_US, f"O{n}", "dev-V1", proof(f"O{n}")) for n in range(count)]
    copies = [(m, NOON_US + d) for m in sent for d in data.draw(st.lists(delays, min_size=1, max_size=4))]
    ingest, store = Ingest(), ProofStore()
    for message, received_us in sorted(data.draw(st.permutations(copies)), key=lambda copy: copy[1]):
        if not ingest.judge(message, received_us).refused:
            store.apply(message.kind, message.payload, received_us)
    first = {m.subject: min(at for other, at in copies if other is m) for m in sent}
    assert {p.order_id: p.received_us for p in store.find()} == first
    assert len(store) == len(store.find()) == count
    moment = data.draw(st.integers(NOON_US, NOON_US + 20 * HOUR_US))
    assert {p.order_id for p in store.known_at(moment)} == {name for name, at in first.items() if at <= moment}


@given(st.permutations([(n, at) for n in range(4) for at in (5, 9, 2)]))
def test_the_store_itself_does_not_depend_on_the_order_of_arrival(copies: list[tuple[int, int]]) -> None:
    """Also without deduplication before it, as when a ledger is read again."""
    store = ProofStore()
    for number, received_us in copies:
        store.apply("proof_captured", proof(f"O{number}"), received_us)
    assert [(p.order_id, p.received_us) for p in store.find()] == [(f"O{n}", 2) for n in range(4)]
