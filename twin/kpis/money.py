"""Money: what the run cost at the scenario's prices, item by item."""

from twin.kpis.customers import total
from twin.kpis.driving import US_PER_H, distance_km, duty_h, energy_kwh, fuel_l, stops_done
from twin.kpis.kpi import SHIFTS, Kpi
from twin.kpis.numbers import ratio
from twin.kpis.records import Facts
from twin.kpis.service import late_orders

ITEM = "cost_item"
"""The dimension of ``cost_eur`` whose keys are ``ITEMS``."""


def cost_items_eur(f: Facts) -> dict[str, float]:
    """What ``cost_eur`` is the sum of."""
    c = f.costs
    left_out = sum(order.end == "order_left_out" for order in f.due())
    return {
        "drivers": duty_h(f) * c.driver_eur_per_h,
        "overtime": f.duty_total(lambda d: d.overtime_us) / US_PER_H * c.overtime_eur_per_h,
        "vehicles": distance_km(f) * c.vehicle_eur_per_km,
        "fuel": fuel_l(f) * c.fuel_eur_per_l,
        "energy": energy_kwh(f) * c.energy_eur_per_kwh,
        "downtime": sum(f.downtime_us.values()) / US_PER_H * c.downtime_eur_per_h,
        "failed_visits": sum(order.failed_visits for order in f.orders.values()) * c.failed_delivery_eur,
        "late": late_orders(f) * c.late_delivery_eur,
        "left_out": left_out * c.left_out_eur,
        "notifications": total(f, lambda care: care.cost_ueur) / 1e6,
        "calls": total(f, lambda care: care.answered) * c.call_eur,
        "disputes_lost": total(f, lambda care: care.lost) * c.dispute_lost_eur,
        "dispatchers": _dispatching_us(f) / US_PER_H * c.dispatcher_eur_per_h,
        "violations": f.duty_total(lambda d: d.violations) * c.violation_eur,
        **f.contracts.items_eur(c, sent_bytes(f)),
    }


def sent_bytes(f: Facts) -> dict[str, int]:
    """By vehicle, what its device sent over SIMs: samples, and proofs, all of which count for mobile [A].

    Other messages are left out: a few a stop, each of hundreds of bytes.
    """
    sent = dict(f.proof_bytes)
    if f.telemetry is not None:
        for vehicle, samples in zip(f.telemetry.vehicles, f.telemetry.over_sim.tolist()):
            device = f.contracts.devices.get(vehicle)
            sent[vehicle] = sent.get(vehicle, 0) + samples * (device.sample_bytes if device else 0)
    return sent


def _dispatching_us(f: Facts) -> int:
    return f.phone_us + f.runbook_us + f.deciding_us + sum(case.worked_us for case in f.exceptions.values())


ITEMS = tuple(cost_items_eur(Facts()))
"""What costs consist of, by name."""


def figure_of(item: str) -> str:
    """An item's name among the figures of a study."""
    return f"cost.{item}_eur"


FIGURES = tuple(map(figure_of, ITEMS))


def cost_eur(f: Facts) -> float:
    return sum(cost_items_eur(f).values())


def cost_per_stop_eur(f: Facts) -> float | None:
    return ratio(cost_eur(f), stops_done(f))


KPIS = (
    Kpi("cost_eur", "EUR", "lower", "lagging", "controller",
        "On-duty hours, and those after the rostered end on top; kilometres, litres, kilowatt-hours; hours broken "
        "down; visits that did not deliver, late deliveries, left-out orders; customers' calls taken and disputes "
        "lost; dispatchers' time on exceptions, decisions, the runbook and calls to drivers; shifts over a limit; "
        "devices, SIMs, data and the standby line for the run's days: each at its price in `costs`; and notifications "
        "sent, over the run.", cost_eur, (*SHIFTS, ITEM)),
    Kpi("cost_per_stop_eur", "EUR/stop", "lower", "lagging", "controller",
        "cost_eur / tasks completed (deliveries, and pickups at customers), over the run.",
        cost_per_stop_eur, SHIFTS),
)  # fmt: skip
