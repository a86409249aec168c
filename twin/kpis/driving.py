"""Vehicles and drivers: distance, hours, how well they are used and how evenly."""

from collections import defaultdict

from twin.kpis.kpi import SHIFTS, WORK, Kpi
from twin.kpis.numbers import ratio, spread
from twin.kpis.records import Facts

US_PER_H = 3600e6
KG_CO2_PER_L_DIESEL = 2.70
"""10.21 kg per US gallon (EPA Emission Factors Hub)."""


def stops_done(f: Facts) -> int:
    return f.total(lambda w: w.stops)


def stops_per_h(f: Facts) -> float | None:
    return ratio(stops_done(f) * US_PER_H, f.duty_total(lambda d: d.duty_us))


def distance_km(f: Facts) -> float:
    return f.total(lambda w: w.distance_mm) / 1e6


def driving_h(f: Facts) -> float:
    return f.total(lambda w: w.driving_us) / US_PER_H


def duty_h(f: Facts) -> float:
    return f.duty_total(lambda d: d.duty_us) / US_PER_H


def longest_shift_h(f: Facts) -> float | None:
    longest_us = max((duty.longest_us for duty in f.duty.values()), default=0)
    return longest_us / US_PER_H if longest_us else None


def empty_distance_share(f: Facts) -> float | None:
    return ratio(f.total(lambda w: w.empty_mm), f.total(lambda w: w.distance_mm))


def utilisation_share(f: Facts) -> float | None:
    in_use_us = f.total(lambda w: w.driving_us + w.service_us)
    return ratio(in_use_us, f.duty_total(lambda d: d.rostered_us))


def workload_spread(f: Facts) -> float | None:
    by_driver: dict[str, int] = defaultdict(int)
    for key, duty in f.duty.items():
        by_driver[key.driver] += duty.duty_us
    return spread(by_driver.values())


def fuel_l(f: Facts) -> float:
    return (f.total(lambda w: w.fuel_ul) + f.duty_total(lambda d: d.idle_fuel_ul)) / 1e6


def energy_kwh(f: Facts) -> float:
    return f.total(lambda w: w.energy_mwh) / 1e6


def co2_kg(f: Facts) -> float:
    return fuel_l(f) * KG_CO2_PER_L_DIESEL


def idle_share(f: Facts) -> float | None:
    return ratio(f.duty_total(lambda d: d.idle_us), f.duty_total(lambda d: d.engine_us))


def harsh_events(f: Facts) -> int:
    return f.total(lambda w: w.harsh_events)


def route_adherence_share(f: Facts) -> float | None:
    return ratio(f.duty_total(lambda d: d.kept_pairs), f.duty_total(lambda d: d.planned_pairs))


def plan_changes_per_driver(f: Facts) -> float | None:
    return ratio(f.duty_total(lambda d: d.plan_changes), f.duty_total(lambda d: d.shifts))


KPIS = (
    Kpi("stops_done", "stops", "neither", "lagging", "operations manager",
        "Tasks completed (deliveries, and pickups at customers), over the run.", stops_done, WORK),
    Kpi("stops_per_h", "stops/h", "higher", "lagging", "operations manager",
        "Tasks completed (deliveries, and pickups at customers) / on-duty hours of shifts that ended, over the run.",
        stops_per_h, SHIFTS),
    Kpi("distance_km", "km", "lower", "lagging", "fleet manager",
        "Distance of all trips that ended, empty ones included, over the run.", distance_km, WORK),
    Kpi("driving_h", "h", "lower", "lagging", "fleet manager",
        "Driving time of all trips that ended, over the run.", driving_h, WORK),
    Kpi("duty_h", "h", "lower", "lagging", "fleet manager",
        "On-duty time of all shifts that ended, over the run.", duty_h, SHIFTS),
    Kpi("longest_shift_h", "h", "lower", "lagging", "planner",
        "Longest on-duty time of a shift that ended: where shifts start together, when the last driver is done.",
        longest_shift_h, SHIFTS),
    Kpi("empty_distance_share", "share", "lower", "lagging", "planner",
        "Distance of trips with nothing on board / distance of all trips, over the run.", empty_distance_share, WORK),
    Kpi("utilisation_share", "share", "higher", "leading", "planner",
        "Time in use (driving, and service at stops) / rostered time of the shifts that began, over the run. Overtime "
        "can take it above 1.", utilisation_share, SHIFTS),
    Kpi("workload_spread", "share", "lower", "leading", "planner",
        "Coefficient of variation (population standard deviation / mean) of on-duty time between drivers who had a "
        "shift, over the run; 0 is even.", workload_spread, ("depot",)),
    Kpi("fuel_l", "l", "lower", "lagging", "fleet manager",
        "Fuel burnt on trips that ended and idling in shifts that ended, over the run.", fuel_l, SHIFTS),
    Kpi("energy_kwh", "kWh", "lower", "lagging", "fleet manager",
        "Energy drawn from traction batteries on trips that ended, over the run.", energy_kwh, WORK),
    Kpi("co2_kg", "kg", "lower", "lagging", "fleet manager",
        "Carbon dioxide from the exhaust: fuel burnt times 2.70 kg/l, all of it taken for diesel; electricity counts "
        "nothing.", co2_kg, SHIFTS),
    Kpi("idle_share", "share", "lower", "lagging", "fleet manager",
        "Engine-on time standing / engine-on time, of shifts that ended, as the engine counters have it.",
        idle_share, SHIFTS),
    Kpi("harsh_events", "events", "lower", "leading", "safety manager",
        "Harsh braking, acceleration and cornering, over the run.", harsh_events, WORK),
    Kpi("route_adherence_share", "share", "neither", "lagging", "planner",
        "Neighbouring stops of the first route a driver accepted that were visited one right after the other / all "
        "its neighbouring stops, over shifts that ended.", route_adherence_share, SHIFTS),
    Kpi("plan_changes_per_driver", "changes", "lower", "leading", "dispatcher",
        "Commands that change a route (the first route itself not counted) accepted during a shift / shifts begun, "
        "over the run.", plan_changes_per_driver, SHIFTS),
)  # fmt: skip
