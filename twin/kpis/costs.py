"""What things cost: the prices that turn hours, kilometres, litres and contracts into money, with their sources.

Driver and vehicle are American trucking figures of 2024 (ATRI, An Analysis of the Operational Costs of Trucking, 2025:
2.260 USD a mile in all, 1.779 without fuel, 40.2 miles an hour; of it 0.995 for the driver, wages 0.798 and benefits
0.197), so 40.0 USD an hour and 0.487 USD a kilometre. [A]: an assumption, to be replaced by what one pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

EUR_PER_USD = 0.92
"""Mean of 2024, rounded (European Central Bank: 1.082 USD per EUR)."""
MONTHS = 12
MOST_DAYS = 366


def _price(default: float, source: str) -> Any:
    return field(default=default, metadata={"source": source})


@dataclass(frozen=True)
class Costs:
    """Prices in EUR; scenarios override them one by one.

    What is paid by the month falls on the working days of a year alike: ``monthly * 12 / working_days_per_year`` a day.
    """

    driver_eur_per_h: float = _price(36.8, "ATRI 2025: wages and benefits")
    overtime_eur_per_h: float = _price(14.8, "on top, after the rostered end: half of ATRI's wages (29 USC 207) [A]")
    vehicle_eur_per_km: float = _price(0.45, "ATRI 2025: all but driver and fuel")
    fuel_eur_per_l: float = _price(1.60, "[A]")
    energy_eur_per_kwh: float = _price(0.25, "[A]")
    downtime_eur_per_h: float = _price(10.0, "a broken-down vehicle, as hiring one; its driver's hours are paid [A]")
    failed_delivery_eur: float = _price(15.8, "a visit that did not deliver: 17.20 USD (OneRail)")
    late_delivery_eur: float = _price(5.0, "about a call to customer service; 0 where calls are simulated [A]")
    left_out_eur: float = _price(15.8, "as a failed delivery: it has to be tried another day [A]")
    sms_eur: float = _price(0.07, "[A]")
    email_eur: float = _price(0.001, "[A]")
    call_eur: float = _price(5.0, "a customer's call that was taken, with all it takes: 4 to 7 USD (trade figure)")
    dispute_lost_eur: float = _price(15.8, "as a failed delivery [A]")
    dispatcher_eur_per_h: float = _price(32.0, "time on exceptions, decisions, the runbook and calls to drivers [A]")
    violation_eur: float = _price(100.0, "a shift over 14 h on duty or 11 h at the wheel (49 CFR 395.3) [A]")
    device_eur_per_month: float = _price(25.0, "a vehicle's device with its software [A]")
    sim_eur_per_month: float = _price(2.0, "a SIM, without data [A]")
    data_plan_eur_per_mb: float = _price(0.02, "a month's plan, by its size [A]")
    data_eur_per_mb: float = _price(0.05, "over a SIM where a device has no data plan [A]")
    data_over_plan_eur_per_mb: float = _price(0.0, "beyond the plan: it is throttled or cut off, not charged [A]")
    standby_line_eur_per_month: float = _price(60.0, "head office's second line [A]")
    working_days_per_year: float = _price(252.0, "weekdays less holidays; a simulated day is one of them [A]")

    @property
    def monthly(self) -> float:
        """The part of a monthly payment that falls on a working day."""
        return MONTHS / self.working_days_per_year

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "Costs":
        """Defaults with some prices replaced.

        Raises:
            ValueError: a price is unknown, named with the known ones; a year without a working day.
        """
        known = [price.name for price in fields(cls)]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ValueError(f"unknown cost {unknown[0]!r}: expected one of {', '.join(known)}")
        costs = cls(**{name: float(value) for name, value in given.items()})
        if not 1 <= costs.working_days_per_year <= MOST_DAYS:
            raise ValueError(f"working_days_per_year {costs.working_days_per_year:g}: expected 1 to {MOST_DAYS}")
        return costs


def sources() -> dict[str, str]:
    """Where the default of each price is from, or why it is assumed."""
    return {price.name: price.metadata["source"] for price in fields(Costs)}
