"""Rough days: small scenarios with poor radio, failing systems and incidents, each a function of its number.

Faults are far denser than in life: most days lose a network, a device, the platform or the line, several at once.
"""

import random
from typing import Any

from scenarios import Scenario
from tests.tiny import tiny

VEHICLES = ("vans-1", "vans-2", "e-vans-1")
TIMES = ("06:20", "07:10", "07:40", "08:20", "09:00", "09:45", "10:30", "11:15")
MORNING_S = 21_600
"""Six hours, 06:00 to 12:00."""


def rough_day(number: int, **sections: Any) -> Scenario:
    """One of endlessly many; ``sections`` are merged in last."""
    draw = random.Random(f"rough day {number}")  # noqa: S311
    day: dict[str, Any] = {
        "name": f"rough-{number}", "seed": number, "horizon_s": MORNING_S, "radio": _radio(draw),
        "devices": {"tracker": _device(draw)}, "head_office": _head_office(draw), "alerts": _alerts(draw),
        "incidents": {f"i{n}": _incident(draw) for n in range(draw.randint(1, 5))},
        "orders": {"generate": {
            "known_per_day": draw.choice([4, 8, 14]), "closes": "13:00",
            "arrival_weights": [0.0] * 8 + [1.0] * 3 + [0.0] * 13,
            "arriving_per_day": draw.choice([0, 4]), "pickup_share": draw.choice([0.0, 0.0, 0.3]),
            "needs": draw.choice([{}, {}, {"cold": 0.2}]), "service": {"median_s": draw.choice([60.0, 400.0])},
        }},
        "customers": {
            "not_home_share": draw.choice([0.0, 0.3]), "cancelled_share": draw.choice([0.0, 0.2]),
            "partial_share": draw.choice([0.0, 0.3]),
        },
        "dispatch": {
            "policy": draw.choice(["insertion", "nearest", "plan_only"]), "locate": draw.random() < 0.2,
            "information": draw.choice(["belief", "belief", "belief", "perfect", "paper"]), "check_in_s": 1800.0,
        },
    }  # fmt: skip
    if day["radio"]["carriers"]:
        day["devices"]["tracker"]["sims"] = draw.choice([["red"], ["red", "blue"], ["blue", "red"]])
    if draw.random() < 0.15:  # a thief with a jammer: what the device holds goes with it
        day["incidents"] |= {
            "jammer": {"kind": "carrier_outage", "at": "07:30", "lasts_s": 9000.0},
            "thief": {"kind": "device_gone", "vehicle": draw.choice(VEHICLES), "cause": "stolen", "at": "09:30"},
        }
    if not day["radio"]["carriers"]:  # none can fail
        day["incidents"] = {n: what for n, what in day["incidents"].items() if what["kind"] != "carrier_outage"}
    if day["head_office"]["terminal_link"]["standby"] is None:
        for what in day["incidents"].values():
            what.pop("standby", None)
    for name, section in sections.items():
        day[name] = day[name] | section if isinstance(day.get(name), dict) and isinstance(section, dict) else section
    return tiny(**day)


def _radio(draw: random.Random) -> dict[str, Any]:
    carrier = {
        "loss_share": draw.choice([0.0, 0.01, 0.3]), "faults_per_day": draw.choice([0.0, 20.0]),
        "best": draw.choice(["5g", "lte", "3g"]),
    }  # fmt: skip
    dark = draw.choice([0.0, 0.2, 0.6])
    carriers = {
        name: carrier | {"terrain": {"dark_share": dark, "seed": seed}}
        for name, seed in (("red", 1), ("blue", draw.randint(2, 9)))
    }
    return {
        "latency_s": draw.choice([0.0, 0.2, 5.0, 60.0]), "carriers": draw.choice([carriers, carriers, carriers, {}]),
        "depot_wifi_m": draw.choice([0.0, 100.0]),
    }  # fmt: skip


def _device(draw: random.Random) -> dict[str, Any]:
    plans = [None, None, {"month_mb": 1.0, "throttled_kbps": 8.0}, {"month_mb": 0.5, "throttled_kbps": 0.0}]
    return {
        "sample_period_s": draw.choice([10.0, 60.0]), "parked_every": draw.choice([1, 30]),
        "buffer_samples": draw.choice([0, 5, 40, 10_000]), "when_full": draw.choice(["drop_oldest", "drop_newest"]),
        "flush": draw.choice(["oldest_first", "newest_first"]), "batch_samples": draw.choice([1, 1, 4]),
        "duplicate_share": draw.choice([0.0, 0.1]), "retry_jitter": draw.random() < 0.7,
        "clock": {"drift_ppm": draw.choice([0.0, 200.0]), "resync": draw.choice(["fix", "daily", "never"])},
        "gnss": {"cold_start_s": draw.choice([0.0, 30.0])}, "data_plan": draw.choice(plans),
        "supply": draw.choice(["wired", "battery"]), "battery_h": draw.choice([1.5, 14.0]),
        "offline_mode": draw.random() < 0.7,
    }  # fmt: skip


def _head_office(draw: random.Random) -> dict[str, Any]:
    standby = {"detect_s": 60.0, "switch_s": 30.0, "messages_per_s": draw.choice([0.2, 20.0])}
    steps = {
        "calls": {"trigger": "platform_down", "after_s": 300.0, "does": "call_drivers"},
        "phone": {"trigger": "terminal_link_down", "after_s": 600.0, "does": "dispatch_by_phone"},
        "stand-in": {"trigger": "dispatcher_absent", "after_s": 900.0, "does": "stand_in"},
        "supplier": {"trigger": "feed_silent", "after_s": 0.0, "does": "call_supplier"},
    }
    return {
        "platform": {"availability": draw.choice([1.0, 0.9]), "response_s": draw.choice([0.0, 0.0, 2.0])},
        "terminal_link": {"standby": draw.choice([None, standby]), "failures_per_year": draw.choice([0.0, 2000.0]),
                          "repair_s_mean": 1800.0},
        "telematics_feed": {"backfill": draw.random() < 0.5, "breaks_per_year": draw.choice([0.0, 3000.0])},
        "runbook": {name: step for name, step in steps.items() if draw.random() < 0.5},
        "proofs": {"photo_kb": draw.choice([0.0, 300.0]), "signature_kb": 10.0, "dispute_share": 0.2},
        "notifications": {"milestones": ["on_the_way", "delayed"], "call_share": draw.choice([0.0, 0.5])},
    }  # fmt: skip


def _alerts(draw: random.Random) -> dict[str, Any]:
    rules = ("late_delivery_predicted", "missed_stop", "device_silent", "feed_stale", "position_implausible",
             "tampering", "route_deviation", "long_stop")  # fmt: skip
    return {name: {} for name in rules if draw.random() < 0.6}


def _incident(draw: random.Random) -> dict[str, Any]:
    one, other = draw.sample(VEHICLES, 2)
    kinds: dict[str, dict[str, Any]] = {
        "carrier_outage": draw.choice([{}, {"near_depot": "main", "radius_m": 3000.0}]),
        "platform_outage": {}, "dispatcher_absent": {}, "demand_surge": {"orders": draw.randint(1, 5)},
        "terminal_link_cut": {"standby": draw.choice(["as_drawn", "takes_over", "fails"])},
        "feed_break": {"feed": draw.choice(["telematics_feed", "maintenance_feed"])},
        "schema_change": {"kinds": [draw.choice(["arrived", "order_delivered"])],
                          "renamed": draw.choice([{}, {"vehicle_id": "unit"}])},
        "gnss_jamming": draw.choice([{"vehicle": one}, {"near_depot": "main", "radius_m": 1500.0}]),
        "gnss_spoofing": {"vehicle": one, "mode": draw.choice(["jump", "drift", "frozen"])},
        "device_gone": {"vehicle": one, "cause": draw.choice(["dead", "lost", "stolen"])},
        "device_swapped": {"vehicle": one, "other": other}, "device_unplugged": {"vehicle": one},
        "clock_jump": draw.choice([{"vehicle": one, "by_s": draw.choice([-7200.0, 90.0, 7200.0])},
                                   {"vehicle": one, "to": "1970"}]),
        "breakdown": {"vehicle": one}, "weather": {"state": "storm"},
        "road_closure": {"near_depot": "main", "radius_m": draw.choice([300.0, 900.0])},
    }  # fmt: skip
    kind = draw.choice(sorted(kinds))
    when: dict[str, Any] = {"at": draw.choice(TIMES), "lasts_s": draw.choice([60.0, 900.0, 3600.0, 30_000.0])}
    if draw.random() < 0.15:
        when = {"rate_per_day": 12.0, "lasts_s": 600.0}
    return {"kind": kind, **when, **kinds[kind]}
