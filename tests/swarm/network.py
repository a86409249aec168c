"""Random carriers, devices, head offices and incidents: what stands between truth and belief, and what befalls it."""

from typing import Any

from hypothesis import strategies as st

from scenarios.section import clock_s
from twin.alerts import ALERTS

CARRIERS = ("north", "south")
PROFILES = ("tracker", "tablet")


def sometimes(strategy: st.SearchStrategy, usual: Any) -> st.SearchStrategy:
    """Half of the time the usual value."""
    return st.one_of(st.just(usual), strategy)


def mapping(**options: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A section in which each key has one of some values; the first is the usual one."""
    keys = {name: sometimes(st.sampled_from(values[1:]), values[0]) for name, values in options.items()}
    return st.fixed_dictionaries(keys)


@st.composite
def radios(draw: st.DrawFn) -> dict[str, Any]:
    """None, one or two carriers, with holes, losses and faults."""
    terrain = mapping(dark_share=[0.2, 0.0, 0.9], seed=[1, 2])
    carrier = mapping(
        best=["lte", "5g", "3g"], loss_share=[0.01, 0.0, 0.5], faults_per_day=[0.0, 40.0], fault_s_mean=[120.0, 1.0]
    )
    names = CARRIERS[: draw(st.integers(0, len(CARRIERS)))]
    return draw(
        mapping(
            latency_s=[0.2, 0.0, 45.0, 3000.0],
            shared_correlation=[0.58, 0.0, 1.0],
            tunnels_dark=[True, False],
            depot_wifi_m=[100.0, 0.0],
            station_wifi_m=[0.0, 80.0],
        )
    ) | {"carriers": {name: draw(carrier) | {"terrain": draw(sometimes(terrain, None))} for name in names}}


@st.composite
def devices(draw: st.DrawFn, carriers: list[str]) -> dict[str, dict[str, Any]]:
    """Two profiles of any sort."""
    plan = mapping(month_mb=[50.0, 0.02], used_share_at_start=[0.99, 0.0, 1.0], throttled_kbps=[128.0, 0.0, 1.0])
    profile = mapping(
        sample_period_s=[60.0, 5.0, 700.0],
        parked_every=[30, 1, 3],
        wifi=[True, False],
        reattach_s_median=[5.0, 0.0, 30.0],
        switch_s=[15.0, 0.0],
        buffer_samples=[10_000, 0, 1, 7, 60],
        when_full=["drop_oldest", "drop_newest"],
        flush=["oldest_first", "newest_first"],
        batch_samples=[1, 3, 40],
        sample_bytes=[100, 1, 65_536],
        event_bytes=[400, 1, 65_536],
        retry_s=[5.0, 1.0, 600.0],
        retry_most_s=[300.0, 30.0],
        retry_jitter=[True, False],
        duplicate_share=[0.0, 0.3, 1.0],
        supply=["wired", "battery"],
        battery_h=[14.0, 0.5, 3.0],
        offline_mode=[True, False],
        wait_at_most_s=[1800.0, 0.0, 20_000.0],
    )
    clock = mapping(drift_ppm=[0.0, 50.0], resync=["fix", "daily", "never"])
    gnss = mapping(
        canyon_sigma_m=[20.0, 0.0], canyon_share=[0.0, 0.2], cold_start_s=[0.0, 30.0], hot_start_s=[2.0, 0.0]
    )
    sims = st.none() if not carriers else st.lists(st.sampled_from(carriers), min_size=1, unique=True)
    return {
        name: draw(profile)
        | {
            "data_plan": draw(sometimes(plan, None)),
            "clock": draw(clock),
            "gnss": draw(gnss),
            "sims": draw(sometimes(sims, None)),
            "hotspot": draw(sometimes(st.sampled_from([None, *carriers]), None)),
        }
        for name in PROFILES
    }


feeds = mapping(breaks_per_year=[0.0, 3000.0], repair_s_mean=[7200.0, 60.0], backfill=[True, False])
standbys = mapping(
    messages_per_s=[50.0, 0.02],
    detect_s=[60.0, 0.0],
    switch_s=[30.0, 0.0],
    hidden_failures_per_year=[1.0, 0.0, 400.0],
    drill_every_days=[None, 0.1],
    in_service_days=[365.0, 0.0],
)
steps = mapping(
    trigger=["platform_down", "terminal_link_down", "feed_silent", "dispatcher_absent"],
    after_s=[0.0, 600.0],
    minutes=[5.0, 0.0, 90.0],
    does=["nothing", "call_drivers", "dispatch_by_phone", "call_supplier", "stand_in"],
)
MILESTONES = ["placed", "on_the_way", "next", "delivered", "failed", "delayed"]


@st.composite
def head_offices(draw: st.DrawFn) -> dict[str, Any]:
    """Systems that fail, people who answer, what customers are told and may dispute."""
    link = mapping(failures_per_year=[0.0, 3000.0], repair_s_mean=[14_400.0, 60.0])
    return {
        "platform": draw(
            mapping(availability=[1.0, 0.9, 0.3], outage_s_mean=[1800.0, 60.0], response_s=[0.0, 2.0, 900.0])
        ),
        "terminal_link": draw(link) | {"standby": draw(sometimes(standbys, None))},
        "telematics_feed": draw(feeds),
        "maintenance_feed": draw(feeds),
        "phone": draw(mapping(lines=[2, 1], call_s_mean=[180.0, 3000.0], patience_s=[600.0, 0.0])),
        "runbook": {f"step-{n}": step for n, step in enumerate(draw(st.lists(steps, max_size=4)))},
        "dispatchers": draw(st.integers(1, 2)),
        "exception_minutes": draw(st.sampled_from([2.0, 200.0])),
        "alerts_every_s": draw(st.sampled_from([60.0, 1800.0])),
        "notifications": draw(
            mapping(
                next_minutes=[30.0, 1.0],
                wrong_by_minutes=[15.0, 1.0],
                call_share=[0.0, 1.0],
                call_after_minutes=[10.0, 0.0],
            )
        )
        | {"milestones": draw(sometimes(st.lists(st.sampled_from(MILESTONES), unique=True), []))},
        "proofs": draw(
            mapping(
                photo_kb=[0.0, 300.0, 20_000.0],
                signature_kb=[0.0, 10.0],
                dispute_share=[0.0, 1.0],
                dispute_after_h=[2.0, 0.0],
                decide_after_h=[1.0, 0.0],
            )
        ),
    }


@st.composite
def alerts(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Any of the rules, or none."""
    config = mapping(exception=[True, False], clear_after_s=[300.0, 1.0], escalate_after_s=[None, 600.0])
    names = draw(sometimes(st.lists(st.sampled_from(sorted(ALERTS)), unique=True), []))
    return {name: draw(config) for name in names}


@st.composite
def incidents(
    draw: st.DrawFn, depots: list[str], vehicles: list[str], carriers: list[str], horizon_s: int
) -> dict[str, Any]:
    """Up to five of any kind, once at any time of the run or again and again, on top of one another."""
    depot, vehicle = {"near_depot": st.sampled_from(depots)}, {"vehicle": st.sampled_from(vehicles)}
    kinds: dict[str, dict[str, st.SearchStrategy]] = {
        "breakdown": vehicle,
        "carrier_outage": {
            "carriers": st.sampled_from([None, *([name] for name in carriers)]),
            "near_depot": st.sampled_from([None, *depots]),
            "radius_m": st.sampled_from([800.0, 10_000.0]),
        },
        "clock_jump": vehicle | {"by_s": st.sampled_from([-86_400.0, 90.0])},
        "demand_surge": {"orders": st.integers(1, 6)},
        "device_gone": vehicle | {"cause": st.sampled_from(["dead", "lost", "stolen"])},
        "device_swapped": {"vehicle": st.just(vehicles[0]), "other": st.sampled_from(vehicles[1:] or vehicles)},
        "device_unplugged": vehicle,
        "dispatcher_absent": {},
        "feed_break": {"feed": st.sampled_from(["telematics_feed", "maintenance_feed"])},
        "gnss_jamming": st.sampled_from([depot, vehicle]),
        "gnss_spoofing": vehicle | {"mode": st.sampled_from(["jump", "frozen", "drift"])},
        "platform_outage": {},
        "road_closure": depot
        | {"radius_m": st.sampled_from([100.0, 800.0, 3000.0]), "reported_after_s": st.sampled_from([None, 0.0, 30.0])},
        "schema_change": {"renamed": st.sampled_from([{}, {"vehicle_id": "unit"}])},
        "terminal_link_cut": {},
        "weather": {"state": st.sampled_from(["rain", "fog", "storm", "snow"])},
    }
    if len(vehicles) < 2:
        del kinds["device_swapped"]
    if not carriers:
        del kinds["carrier_outage"]
    found = {}
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(sorted(kinds)))
        fields: Any = kinds[kind] if isinstance(kinds[kind], dict) else draw(kinds[kind])
        found[f"i{number}"] = {"kind": kind, **draw(times(horizon_s)), **draw(st.fixed_dictionaries(fields))}
    return found


@st.composite
def times(draw: st.DrawFn, horizon_s: int) -> dict[str, Any]:
    """Once, within a run from six o'clock on, or at a rate of ten a day."""
    clock = ("06:00", "06:20", "07:30", "08:15", "09:00", "11:59:59", "15:00", "17:55")
    at = st.sampled_from([at for at in clock if clock_s(at) < clock_s("06:00") + horizon_s])
    when = draw(sometimes(st.just({"rate_per_day": 10.0}), None))
    lasts_s = draw(st.sampled_from([1.0, 600.0, 7200.0, 100_000.0]))
    return {"lasts_s": lasts_s} | (when or {"at": draw(at)})
