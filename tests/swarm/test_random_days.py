"""Random small days: whatever the scenario, it ends, every order ends once, and the run verifies.

Each option is drawn wildly on purpose (a swarm): rare combinations are where days go wrong.
"""

import os
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.energy import TYPES
from scenarios import Scenario, load
from scenarios.folder import make_folder
from scenarios.ground import prepare
from scenarios.names import vehicle_names
from scenarios.run import Session
from scenarios.verify import verify
from tests.swarm.network import PROFILES, alerts, devices, head_offices, incidents, radios, sometimes
from tests.swarm.whole import (
    assert_conserved,
    assert_each_order_ended_once,
    assert_each_recommendation_ended_once,
    assert_whole,
)
from tests.tiny import TINY, merged

RUN = sys.modules["scenarios.run"]
STEPS_MOST = 100_000
"""A tiny day takes some thousand steps: more is a loop that never ends."""
SECONDS_MOST = 60


@pytest.fixture(autouse=True)
def _no_endless_loop():
    """A loop that does not even take steps is broken off, by the processor's time: neighbours cost nothing."""

    def stop(_signal: int, _frame: Any) -> None:
        raise AssertionError(f"a tiny day took more than {SECONDS_MOST} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


shares = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@st.composite
def fleets(draw: st.DrawFn, depots: list[str]) -> dict[str, Any]:
    """One to three groups of any kinds, sizes and depots."""
    kinds = tuple(TYPES)
    groups = {}
    for number in range(draw(st.integers(1, 3))):
        groups[f"g{number}"] = {
            "count": draw(st.integers(0, 2)) if number else draw(st.integers(1, 3)),
            "kind": draw(st.sampled_from(kinds)),
            "device": draw(st.sampled_from(PROFILES)),
            "depot": draw(st.sampled_from(depots)),
            "capacity": draw(
                st.sampled_from([{"weight_kg": 8.0}, {"weight_kg": 900.0, "volume_m3": 9.0}, {}, {"items": 2.0}])
            ),
            "offers": draw(st.sampled_from([[], ["cold"], ["cold", "lift"]])),
            "low_emission": draw(st.booleans()),
            "start_fill_share": draw(sometimes(st.sampled_from([0.0, 0.05, 0.16]), 0.9)),
            "breakdowns_per_1000_km": draw(sometimes(st.sampled_from([0.0, 50.0, 1000.0]), 0.05)),
            "breakdown_s_mean": draw(sometimes(st.sampled_from([1.0, 40_000.0]), 5400.0)),
        }
    return groups


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Generated orders of every sort."""
    pickup = draw(shares)
    return {
        "generate": {
            "known_per_day": draw(st.integers(0, 14)),
            "arriving_per_day": draw(st.sampled_from([0.0, 2.0, 8.0])),
            "closes": draw(st.sampled_from(["16:00", "18:00", "24:00"])),
            "service": {"median_s": draw(st.sampled_from([5.0, 75.0, 3000.0])), "most_s": 20_000.0},
            "weight_kg": draw(sometimes(st.just({"median": 7.0, "most": 40.0}), {"median": 2.5})),
            "needs": draw(sometimes(st.just({"cold": 0.4, "lift": 0.3, "crane": 0.1}), {})),
            "pickup_share": pickup,
            "pair_share": draw(st.sampled_from([0.0, 0.4])) if pickup <= 0.5 else 0.0,
            "customers": draw(sometimes(st.just(3), None)),
            "depot": draw(st.sampled_from(["any", "nearest"])),
            "windows": draw(
                sometimes(st.just({"all_day": 0.0, "half_day": 0.0, "two_hours": 0.0, "one_hour": 1.0}), {})
            ),
        }
    }


def approvals() -> st.SearchStrategy[dict[str, Any]]:
    """A dispatcher who answers, or nobody who does."""
    return st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["simulated", "simulated", "live"]),
            "refuse_share": shares,
            "habit_share": shares,
            "expires_s": st.sampled_from([1.0, 900.0, 20_000.0]),
            "at_expiry": st.sampled_from(["drop", "accept"]),
        }
    )


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any]:
    """Everything a scenario may say, merged into the tiny one."""
    depots = {
        "main": {"position": "centre"},
        "east": {"position": "edge", "charger_kw": 3.7},
        "any": {"position": "random"},
    }
    names = list(depots)[: draw(st.integers(1, 3))]
    days = draw(sometimes(st.just(2), 1))
    fleet, radio, rules = draw(fleets(names)), draw(radios()), draw(alerts())
    office = draw(head_offices())
    office["notifications"]["answered_by"] = draw(st.sampled_from(["phone", "dispatchers"] if rules else ["phone"]))
    vehicles = [f"{group}-{n + 1}" for group, config in fleet.items() for n in range(config["count"])]
    carriers = list(radio["carriers"])
    horizon_s = draw(sometimes(st.sampled_from([1800, 20_000, 50_000]), 43_200)) + (days - 1) * 86_400
    return {
        "start": draw(sometimes(st.just("2026-03-31T06:00"), "2026-03-02T06:00")),  # a month ends
        "seed": draw(st.integers(0, 1000)),
        "horizon_s": horizon_s,
        "roads": {"stations": draw(st.sampled_from([0, 2]))},
        "traffic": {
            "congestion": draw(st.sampled_from([0.0, 1.0, 2.0])),
            "local_cv": draw(st.sampled_from([0.0, 0.25, 1.0])),
            "weather_spells": draw(
                sometimes(st.just({"a": {"state": "snow", "at": "08:00", "lasts_s": 90_000.0}}), {})
            ),
        },
        "depots": {name: depots[name] for name in names},
        "fleet": fleet,
        "drivers": {
            "crew": {
                "shift_start": draw(st.sampled_from(["06:00", "07:00", "08:30"])),
                "shift_end": draw(st.sampled_from(["09:00", "16:00", "30:00"])),
                "count": draw(sometimes(st.just(1), None)),
                "rest": draw(
                    sometimes(
                        st.sampled_from(
                            [None, {"after_s": 0.0, "within_s": 0.0}, {"after_s": 3600.0, "lasts_s": 9000.0}]
                        ),
                        {},
                    )
                ),
                "inspection_s": draw(sometimes(st.sampled_from([0.0, 7200.0]), 300.0)),
                "overtime_s": draw(sometimes(st.just(0.0), 1800.0)),
                "stand_by_s": draw(sometimes(st.just(0.0), 3600.0)),
                "work_cv": draw(sometimes(st.just(1.0), 0.15)),
                "idle_share": draw(shares),
                "harsh_per_100_km": draw(sometimes(st.just(500.0), 2.0)),
            }
        },
        "orders": draw(orders()),
        "customers": {
            "not_home_share": draw(shares),
            "refused_share": draw(sometimes(st.just(0.3), 0.0)),
            "damaged_share": draw(sometimes(st.just(0.3), 0.0)),
            "partial_share": draw(sometimes(st.just(0.4), 0.0)),
            "cancelled_share": draw(shares),
        },
        "radio": radio,
        "head_office": office
        | {
            "max_attempts": draw(st.integers(1, 3)),
            "penalty_left_out": draw(sometimes(st.just(0.0), 60.0)),
        },
        "devices": draw(devices(carriers)),
        "alerts": rules,
        "dispatch": {
            "plan": {
                "planner": draw(st.sampled_from(["manual", "manual", "pyvrp"])),
                "at": draw(sometimes(st.sampled_from(["06:00", "09:30"]), "06:15")),
                "margin_s": draw(sometimes(st.sampled_from([0, 7200]), 300)),
            },
            "policy": draw(st.sampled_from(["insertion", "nearest", "manual", "tracking_only", "plan_only"])),
            "approval": draw(sometimes(approvals(), {})),
            "decisions_per_h": draw(sometimes(st.sampled_from([0.5, 20.0, 3600.0]), None)),
            "information": draw(st.sampled_from(["belief", "belief", "perfect", "paper", "hindsight"])),
            "release": draw(sometimes(st.just("phone"), "broadcast")),
            "check_in_s": draw(sometimes(st.just(600.0), 7200.0)),
            "locate": draw(sometimes(st.just(True), False)),
            "period_s": draw(sometimes(st.sampled_from([30.0, 7200.0]), 300.0)),
            "decision_s": draw(sometimes(st.sampled_from([0.0, 900.0]), 10.0)),
        },
        "incidents": draw(incidents(names, vehicles, carriers, horizon_s)),
    }


def counted(session: Session) -> Session:
    """The session, failing when it takes more steps than any tiny day can need."""
    step, taken = session.world.env.step, Counter()

    def one_more() -> None:
        taken["steps"] += 1
        assert taken["steps"] < STEPS_MOST, f"no end at {session.scenario.local.text(session.world.now)}"
        step()

    session.world.env.step = one_more  # type: ignore[method-assign]
    return session


DAYS = os.environ.get("SWARM_DAYS")
"""How many days, each time others; without it a few, always the same."""

usual = settings(
    max_examples=int(DAYS or 5),
    deadline=None,
    derandomize=DAYS is None,
    phases=[phase for phase in Phase if phase != Phase.explain],  # it would trace every line of a day
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def commands(draw: st.DrawFn, scenario: Scenario) -> list[dict[str, Any]]:
    """What a dispatcher in a hurry might say: doubled, contradictory, about orders long done, in the wrong order."""
    vehicles = st.sampled_from(sorted(vehicle_names(scenario.model)))
    names = st.sampled_from(["O1", "O2", "O3", "O4", "N1", "X1", "nonsense"])
    stops = st.lists(
        st.builds(
            lambda o, t: {"order_id": o, "task": t, "arrive_us": None}, names, st.sampled_from(["pickup", "delivery"])
        )
    )
    kinds = {
        "assign_order": {
            "order_id": names,
            "vehicle_id": vehicles,
            "position": st.sampled_from([None, 0, 3]),
            "arrive_us": st.none(),
        },
        "unassign_order": {"order_id": names, "vehicle_id": vehicles},
        "set_route": {"vehicle_id": vehicles, "stops": stops, "leave_us": st.none(), "breaks_us": st.just([])},
        "cancel_order": {"order_id": names, "by": st.sampled_from(["office", "customer"])},
    }
    given_ = []
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(sorted(kinds)))
        at_us = (
            scenario.start_us
            + draw(st.integers(0, round(scenario.model.horizon_s)).map(lambda s: s // 60 * 60)) * 1_000_000
        )
        payload = {key: draw(value) for key, value in kinds[kind].items()} | {"reason": "in a hurry"}
        given_.append({"at_us": at_us, "kind": kind, "payload": payload, "by": "swarm"})
    return given_


@st.composite
def days(draw: st.DrawFn) -> tuple[Scenario, list[dict[str, Any]]]:
    """A scenario and what is said to it while it runs."""
    scenario = load(
        merged({key: value for key, value in TINY.items() if key not in ("fleet", "depots")}, draw(sections()))
    )
    return scenario, draw(sometimes(commands(scenario), []))


@usual
@given(days(), st.sampled_from([61_000_000, 1_200_000_001, 10**12]))
def test_every_random_day_ends_well(drawn: tuple[Scenario, list[dict[str, Any]]], window_us: int) -> None:
    """No exception, no endless loop, each order ends exactly once, the written run verifies, nothing is lost without a
    cause, the world is whole, and windows change no byte."""
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_MOST)
    scenario, said = drawn
    ground = prepare(scenario)
    with tempfile.TemporaryDirectory() as folder:
        session = counted(Session(scenario, ground, make_folder(Path(folder) / "run"), commands=said))
        run = session.run()
        verdict = verify(Path(folder) / "run")
        assert verdict.ok, verdict.failures
        assert_each_order_ended_once(run)
        assert_each_recommendation_ended_once(run)
        assert_conserved(session, run)
        assert_whole(session, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RUN, "WINDOW_US", window_us)
        assert Session(scenario, ground, commands=said).run().digest == run.digest
