"""What things cost: the prices that turn hours, kilometres and litres into money."""

from dataclasses import dataclass, fields
from typing import Any

EUR_PER_USD = 0.92
"""Mean of 2024, rounded (European Central Bank: 1.082 USD per EUR)."""


@dataclass(frozen=True)
class Costs:
    """Prices in EUR; scenarios override them one by one.

    Driver and vehicle are American trucking figures of 2024 (ATRI, An Analysis of the Operational Costs of Trucking,
    2025: 2.260 USD a mile in all, 1.779 without fuel, 40.2 miles an hour; of it 0.995 for the driver, wages 0.798 and
    benefits 0.197), so 40.0 USD an hour and 0.487 USD a kilometre. A failed delivery at 17.20 USD is a trade figure
    (OneRail), and so is a customer's call, 4 to 7 USD. Prices of messages, of fuel and current, and of late and
    left-out orders, are assumptions to be replaced.
    """

    driver_eur_per_h: float = 36.8
    vehicle_eur_per_km: float = 0.45
    fuel_eur_per_l: float = 1.60
    energy_eur_per_kwh: float = 0.25
    failed_delivery_eur: float = 15.8  # a visit that did not deliver
    late_delivery_eur: float = 5.0  # about one call to customer service; to be 0 where calls are simulated
    left_out_eur: float = 15.8  # as a failed delivery: it has to be tried another day
    sms_eur: float = 0.07  # assumption, as is the next
    email_eur: float = 0.001
    call_eur: float = 5.0  # a customer's call that was taken
    dispute_lost_eur: float = 15.8  # as a failed delivery

    @classmethod
    def from_mapping(cls, given: dict[str, Any]) -> "Costs":
        """Defaults with some prices replaced.

        Raises:
            ValueError: a price is unknown, named with the known ones.
        """
        known = [field.name for field in fields(cls)]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ValueError(f"unknown cost {unknown[0]!r}: expected one of {', '.join(known)}")
        return cls(**{name: float(value) for name, value in given.items()})
