"""Proofs of delivery as head office has them: a fold of received messages, searchable, and what was known by when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof; times in microseconds UTC."""

    proof_id: str
    order_id: str
    driver_id: str
    vehicle_id: str
    what: tuple[str, ...]  # photo, signature, note
    size_bytes: int
    sha256: str
    captured_us: int
    received_us: int


class ProofStore:
    """Every proof once, at the time it was first received, whatever is received again or out of order."""

    def __init__(self, time_zone: str = "UTC") -> None:
        self._zone = ZoneInfo(time_zone)
        self._proofs: dict[str, Proof] = {}
        self._by_order: dict[str, list[str]] = {}
        self._customers: dict[str, str] = {}

    def apply(self, kind: str, payload: dict[str, Any], received_us: int) -> None:
        """Fold one received event; only placed orders (for their customer's name) and proofs matter."""
        if kind == "order_placed":
            self._customers[payload["order_id"]] = payload["customer"]
        elif kind == "proof_captured":
            self._take(payload, received_us)

    def _take(self, p: dict[str, Any], received_us: int) -> None:
        known = self._proofs.get(p["proof_id"])
        if known is not None and known.received_us <= received_us:
            return
        if known is None:
            self._by_order.setdefault(p["order_id"], []).append(p["proof_id"])
        self._proofs[p["proof_id"]] = Proof(
            p["proof_id"], p["order_id"], p["driver_id"], p["vehicle_id"], tuple(p["what"]), p["bytes"], p["sha256"],
            p["captured_us"], received_us,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._proofs)

    def known_at(self, moment_us: int) -> list[Proof]:
        """What had arrived by a moment."""
        return self.find(known_at_us=moment_us)

    def find(
        self,
        order_id: str | None = None,
        customer: str | None = None,
        driver_id: str | None = None,
        vehicle_id: str | None = None,
        day: date | None = None,
        known_at_us: int | None = None,
    ) -> list[Proof]:
        """Proofs that match everything given, in order of capture; ``day`` is the local day of capture."""
        begin_us, end_us = (self._midnight_us(day), self._midnight_us(day + timedelta(1))) if day else (0, 0)
        found = [
            proof
            for proof in self._of_order(order_id)
            if customer in (None, self._customers.get(proof.order_id))
            and driver_id in (None, proof.driver_id)
            and vehicle_id in (None, proof.vehicle_id)
            and (day is None or begin_us <= proof.captured_us < end_us)
            and (known_at_us is None or proof.received_us <= known_at_us)
        ]
        return sorted(found, key=lambda proof: (proof.captured_us, proof.proof_id))

    def _of_order(self, order_id: str | None) -> Iterator[Proof]:
        names = self._proofs if order_id is None else self._by_order.get(order_id, ())
        return (self._proofs[name] for name in names)

    def _midnight_us(self, day: date) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
