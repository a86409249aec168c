"""Money: what the run cost at the scenario's prices."""

from twin.kpis.customers import total
from twin.kpis.driving import distance_km, duty_h, energy_kwh, fuel_l, stops_done
from twin.kpis.kpi import SHIFTS, Kpi
from twin.kpis.numbers import ratio
from twin.kpis.records import Facts
from twin.kpis.service import late_orders


def cost_items_eur(f: Facts) -> dict[str, float]:
    """What ``cost_eur`` is the sum of."""
    c = f.costs
    left_out = sum(order.end == "order_left_out" for order in f.due())
    return {
        "drivers": duty_h(f) * c.driver_eur_per_h,
        "vehicles": distance_km(f) * c.vehicle_eur_per_km,
        "fuel": fuel_l(f) * c.fuel_eur_per_l,
        "energy": energy_kwh(f) * c.energy_eur_per_kwh,
        "failed_visits": sum(order.failed_visits for order in f.orders.values()) * c.failed_delivery_eur,
        "late": late_orders(f) * c.late_delivery_eur,
        "left_out": left_out * c.left_out_eur,
        "notifications": total(f, lambda care: care.cost_ueur) / 1e6,
        "calls": total(f, lambda care: care.answered) * c.call_eur,
        "disputes_lost": total(f, lambda care: care.lost) * c.dispute_lost_eur,
    }


def cost_eur(f: Facts) -> float:
    return sum(cost_items_eur(f).values())


def cost_per_stop_eur(f: Facts) -> float | None:
    return ratio(cost_eur(f), stops_done(f))


KPIS = (
    Kpi("cost_eur", "EUR", "lower", "lagging", "controller",
        "On-duty hours, kilometres, litres, kilowatt-hours, visits that did not deliver, late deliveries, left-out "
        "orders, customers' calls taken and disputes lost, each at its price in `costs`, and notifications sent, over "
        "the run.", cost_eur, SHIFTS),
    Kpi("cost_per_stop_eur", "EUR/stop", "lower", "lagging", "controller",
        "cost_eur / tasks completed (deliveries, and pickups at customers), over the run.",
        cost_per_stop_eur, SHIFTS),
)  # fmt: skip
