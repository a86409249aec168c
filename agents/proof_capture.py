"""What a driver records at the door as proof of delivery, and how many bytes it takes."""

import hashlib
from dataclasses import dataclass
from typing import Any

from engine.streams import Streams

SPREAD = 0.3
"""Sizes vary evenly by this much to either side (assumption)."""
NOTE_BYTES = 200
"""A note is typed where goods were not taken in full (assumption)."""


@dataclass(frozen=True)
class ProofCapture:
    """A photo and a signature of mean sizes in bytes, 0: none. Draws are keyed by order and attempt."""

    photo_bytes: int
    signature_bytes: int
    streams: Streams

    def proof(self, order_id: str, attempt: int, share: float, now_us: int) -> dict[str, Any]:
        """The payload of ``proof_captured``, without who and with what."""
        sizes = {
            "photo": self._size("photo", self.photo_bytes, order_id, attempt),
            "signature": self._size("signature", self.signature_bytes, order_id, attempt),
            "note": NOTE_BYTES if share < 1 else 0,
        }
        content = self.streams.key("proof", order_id, attempt)
        return {
            "order_id": order_id,
            "proof_id": f"{order_id}-P{attempt}",
            "what": [part for part, size in sizes.items() if size],
            "bytes": sum(sizes.values()),
            "sha256": hashlib.sha256(content.to_bytes(8, "little")).hexdigest(),
            "captured_us": now_us,
        }

    def _size(self, part: str, mean_bytes: int, order_id: str, attempt: int) -> int:
        u = self.streams.uniform("proof", part, order_id, attempt)
        return round(mean_bytes * (1 - SPREAD + 2 * SPREAD * u))
