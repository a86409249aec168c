"""One digest for a run: what must be the same for the run to be the same."""

import hashlib


def combine(truth: str, office: str, trips: str, telemetry: str) -> str:
    """Hex SHA-256 over the hex digests of both ledgers, the trips and the telemetry, in this order."""
    return hashlib.sha256((truth + office + trips + telemetry).encode("ascii")).hexdigest()
