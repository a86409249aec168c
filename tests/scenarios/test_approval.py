"""The human in dispatch, over whole days: who decides how often, what waits, and what becomes of it."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE, SECOND
from scenarios import Run, Scenario, run
from scenarios.folder import make_folder
from scenarios.problems import BadInput
from scenarios.run import Session
from scenarios.verify import verify
from tests.tiny import tiny, write_tiny
from viz.cli import main

BUSY: dict[str, Any] = {"orders": {"generate": {"arriving_per_day": 20}}}
SURE = {"refuse_share": 0.0, "habit_share": 0.0}


def day(policy: str = "insertion", approval: dict[str, Any] | None = None, **dispatch: Any) -> Scenario:
    """A busy tiny day."""
    return tiny(**BUSY, dispatch={"policy": policy, "approval": approval or {}, **dispatch})


def rows(run: Run, kind: str) -> list[tuple[int, dict[str, Any]]]:
    """Time (us) and payload of head office's rows of a kind."""
    columns = (run.office[name].to_pylist() for name in ("kind", "occurred_at", "payload"))
    return [(round(when.timestamp() * 1e6), json.loads(text)) for k, when, text in zip(*columns) if k == kind]


def answers(run: Run) -> list[dict[str, Any]]:
    return [payload for _, payload in rows(run, "recommendation_answered")]


# --- who decides how often ---


def test_a_policy_alone_decides_everything_at_once() -> None:
    """Nobody is asked, no time passes, nobody's time is needed; cost and reason are on record all the same."""
    done = run(day())
    made = {p["recommendation_id"]: (at, p) for at, p in rows(done, "recommendation_made")}
    assert len(made) > 10
    for at, p in rows(done, "recommendation_answered"):
        asked, what = made[p["recommendation_id"]]
        assert (p["answer"], p["by"], p["minutes"], at) == ("accepted", "policy", 0.0, asked)
        assert (what["source"], what["approval"], what["expires_us"]) == ("insertion", False, None)
        assert what["driving_s"] is not None
        assert what["reason"].startswith(what["moves"][0]["order_id"])
    assert done.kpis["advice_asked"]["value"] == 0
    assert done.kpis["advice_overridden_share"]["value"] is None


@pytest.mark.parametrize(("policy", "per_h"), [("manual", None), ("tracking_only", None), ("insertion", 4.0)])
def test_a_person_takes_only_so_many_decisions(policy: str, per_h: float | None) -> None:
    """At least an hour's share apart, twelve an hour for the policies that are people; their time is accounted."""
    done = run(day(policy, decisions_per_h=per_h))
    decided = rows(done, "recommendation_answered")
    assert len(decided) > 5
    each_us = HOUR / (per_h or 12)
    assert all(later - earlier >= each_us for (earlier, _), (later, _) in pairwise(decided))
    assert {(p["answer"], p["by"]) for _, p in decided} == {("accepted", "dispatcher")}
    assert done.kpis["dispatcher_deciding_h"]["value"] == pytest.approx(len(decided) / (per_h or 12))


def test_with_more_time_a_person_decides_sooner() -> None:
    """Twelve decisions an hour leave orders waiting that hundreds do not."""
    slow, quick = (
        run(day("manual", decisions_per_h=n)).kpis["assignment_latency_s_p50"]["value"] for n in (6.0, 600.0)
    )
    assert slow > quick


def test_a_person_who_never_decides_is_refused() -> None:
    with pytest.raises(BadInput, match=r"dispatch\.decisions_per_h.*greater than 0"):
        day("manual", decisions_per_h=0)


def test_another_policy_during_the_day_brings_its_own_pace() -> None:
    """From manual to a machine: what had to wait is decided at once."""
    session = Session(day("manual"))
    session.advance(session.scenario.start_us + 3 * HOUR)
    session.post("change_setting", {"key": "dispatch.policy", "value": "nearest", "by": "trainer"}, "trainer")
    done = session.run()
    assert {p["by"] for p in answers(done)} == {"dispatcher", "policy"}


# --- a simulated dispatcher ---


def test_a_dispatcher_answers_one_after_the_other() -> None:
    """Each answer takes its time, none comes sooner; who agrees to everything is never overridden."""
    done = run(day(approval={"mode": "simulated", **SURE}, decisions_per_h=20))
    made = {p["recommendation_id"]: at for at, p in rows(done, "recommendation_made")}
    by_person = [(at, p) for at, p in rows(done, "recommendation_answered") if p["by"] == "dispatcher"]
    assert len(by_person) > 10
    assert all(at - made[p["recommendation_id"]] >= 3 * MINUTE for at, p in by_person)
    assert all(later - earlier >= 3 * MINUTE for (earlier, _), (later, _) in pairwise(by_person))
    assert done.kpis["advice_overridden_share"]["value"] == 0.0
    assert done.kpis["accepted_on_time_share"]["value"] is not None
    assert done.kpis["overridden_on_time_share"]["value"] is None


def test_who_refuses_everything_leaves_the_day_to_the_plan() -> None:
    """Nothing is commanded after it; everything that comes later stays undone."""
    done = run(day(approval={"mode": "simulated", "refuse_share": 1.0}))
    assert {p["answer"] for p in answers(done)} <= {"refused", "overtaken", "expired"}
    assert rows(done, "assign_order") == []
    assert done.kpis["advice_overridden_share"]["value"] == 1.0


def test_a_refused_vehicle_is_not_recommended_again_for_a_while() -> None:
    """The next recommendation for the order, within the half hour, is another vehicle."""
    done = run(day(approval={"mode": "simulated", "refuse_share": 1.0}, decisions_per_h=60))
    refused = {
        p["recommendation_id"]: at for at, p in rows(done, "recommendation_answered") if p["answer"] == "refused"
    }
    last: dict[tuple[str, str], int] = {}
    for at, p in rows(done, "recommendation_made"):
        for move in p["moves"]:
            pair = (move["order_id"], move["to_vehicle"])
            assert at - last.get(pair, at - HOUR) >= 30 * MINUTE
            last[pair] = refused.get(p["recommendation_id"], last.get(pair, at - HOUR))
    assert len(last) > 5


def test_habit_prefers_the_driver_of_the_area() -> None:
    """Changes go to another vehicle than was recommended, and say so."""
    done = run(day(approval={"mode": "simulated", "refuse_share": 0.0, "habit_share": 1.0}))
    made = {p["recommendation_id"]: p for _, p in rows(done, "recommendation_made")}
    changed = [p for p in answers(done) if p["answer"] == "changed"]
    assert len(changed) > 0
    for p in changed:
        asked, move = made[p["recommendation_id"]]["moves"][0], p["moves"][0]
        assert (asked["order_id"], asked["from_vehicle"]) == (move["order_id"], move["from_vehicle"])
        assert asked["to_vehicle"] != move["to_vehicle"]
        assert p["reason"] == "prefers the driver who knows the area"


def test_doubts_are_those_of_the_order_whatever_the_policy() -> None:
    """The first answer about an order is the same refusal under two policies."""
    first: list[dict[str, bool]] = [{}, {}]
    for found, policy in zip(first, ("insertion", "nearest")):
        done = run(day(policy, {"mode": "simulated", "refuse_share": 0.5, "habit_share": 0.0}))
        made = {p["recommendation_id"]: p["moves"] for _, p in rows(done, "recommendation_made")}
        for p in answers(done):
            if p["by"] == "dispatcher" and p["answer"] in ("accepted", "refused"):
                found.setdefault(made[p["recommendation_id"]][0]["order_id"], p["answer"] == "refused")
    shared = first[0].keys() & first[1].keys()
    assert len(shared) > 5
    assert {order: first[0][order] for order in shared} == {order: first[1][order] for order in shared}
    assert set(first[0].values()) == {True, False}


def test_nobody_answers_while_nobody_is_there() -> None:
    """Recommendations expire meanwhile; the next answers come once the dispatcher is back."""
    away = {"kind": "dispatcher_absent", "at": "10:00", "lasts_s": 5400}
    model = day(approval={"mode": "simulated", **SURE})
    absent = run(tiny(**BUSY, dispatch=model.model.dispatch.model_dump(), incidents={"away": away}))
    ten = model.local.at(model.local.day(model.start_us), 10 * 3600)
    by_person = [at for at, p in rows(absent, "recommendation_answered") if p["by"] == "dispatcher"]
    assert not [at for at in by_person if ten < at < ten + 5400 * SECOND]
    assert [at for at in by_person if at >= ten + 5400 * SECOND]


@pytest.mark.parametrize(("at_expiry", "answer"), [("drop", "expired"), ("accept", "accepted")])
def test_what_nobody_answers_ends_as_the_scenario_says(at_expiry: str, answer: str) -> None:
    """After a quarter of an hour, by the clock."""
    done = run(day(approval={"mode": "live", "at_expiry": at_expiry}))
    made = {p["recommendation_id"]: p for _, p in rows(done, "recommendation_made")}
    why = "nobody answered in time" if answer == "expired" else ""
    timed = [(at, p) for at, p in rows(done, "recommendation_answered") if (p["answer"], p["reason"]) == (answer, why)]
    assert len(timed) > 5
    assert {p["by"] for _, p in timed} == {"clock"}
    assert all(at == made[p["recommendation_id"]]["expires_us"] for at, p in timed)
    assert done.kpis["advice_overridden_share"]["value"] is None  # nobody was against anything


# --- a live one ---


def answer(session: Session, number: int, kind: str) -> None:
    """Somebody answers one of those that wait, or one that never was."""
    waiting = [*session.built.office.dispatcher.waiting.values()]
    what = waiting[number % len(waiting)] if waiting else None
    payload: dict[str, Any] = {"recommendation_id": what.recommendation_id if what else "R0", "by": "kim"}
    if kind != "approve":
        payload["reason"] = "knows better"
    if kind == "change":
        vehicles = sorted(session.built.vehicles)
        order_id = what.moves[0]["order_id"] if what and what.moves else "O1"
        payload |= {
            "order_id": order_id,
            "vehicle_id": vehicles[number % len(vehicles)],
            "position": number % 3 or None,
        }
    session.post(f"{kind}_recommendation", payload, "kim")


some_answers = st.lists(
    st.tuples(st.integers(1, 25), st.integers(0, 5), st.sampled_from(["approve", "approve", "refuse", "change"])),
    max_size=12,
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=some_answers, policy=st.sampled_from(["insertion", "manual", "rolling"]))
def test_whatever_people_answer_each_recommendation_ends_once(
    acts: list[tuple[int, int, str]], policy: str, tmp_path: Path
) -> None:
    """The run verifies, orders end once, and the same commands give the same run again."""
    scenario = tiny(
        horizon_s=5 * 3600, orders={"generate": {"arriving_per_day": 12}},
        dispatch={"policy": policy, "approval": {"mode": "live"}, "policy_settings": FEW.get(policy, {})},
    )  # fmt: skip
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    session = Session(scenario, folder=make_folder(tmp_path / "run"))
    session.advance(scenario.start_us + 2 * HOUR)
    for minutes, number, kind in acts:
        session.advance(min(scenario.end_us - SECOND, session.world.now + minutes * MINUTE))
        answer(session, number, kind)
    done = session.run()
    made = [p["recommendation_id"] for _, p in rows(done, "recommendation_made")]
    assert sorted(made) == sorted(p["recommendation_id"] for p in answers(done))
    assert verify(tmp_path / "run").ok
    said = [json.loads(line) for line in (tmp_path / "run" / "commands.jsonl").read_text().splitlines()]
    assert run(scenario, commands=said).digest == done.digest


FEW = {"rolling": {"iterations": 5}}


def test_a_live_day_is_resumed_and_branched_byte_for_byte(tmp_path: Path) -> None:
    """Approved, changed and refused by a person: the run is the same when finished after a kill, and when branched."""
    sections: dict[str, Any] = {**BUSY, "horizon_s": 6.5 * 3600, "dispatch": {"approval": {"mode": "live"}}}
    path = write_tiny(tmp_path, **sections)
    session = Session(tiny(**sections), folder=make_folder(tmp_path / "run"))
    for number in range(12):
        session.advance(session.scenario.start_us + 2 * HOUR + number * 17 * MINUTE)
        answer(session, number, ("approve", "change", "approve", "refuse")[number % 4])
    done = session.run()
    assert {p["answer"] for p in answers(done) if p["by"] == "kim"} == {"accepted", "changed", "refused"}
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    at = ["--branch", str(tmp_path / "run"), "--at", "11:30:00"]
    assert main(["run", str(path), *at, "--out", str(tmp_path / "branch"), "--quiet"]) == 0
    assert json.loads((tmp_path / "branch" / "manifest.json").read_text())["digest"] == manifest["digest"]
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(manifest | {"status": "running"}))
    assert main(["run", str(path), "--resume", "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["digest"] == manifest["digest"]


def test_what_a_person_commands_by_hand_needs_no_approval() -> None:
    """It is given at once, under the person's name."""
    session = Session(day(approval={"mode": "live"}))
    session.advance(session.scenario.start_us + 3 * HOUR)
    view = session.built.office.view()
    order_id = next(iter(view.orders))
    payload = {"order_id": order_id, "vehicle_id": "vans-1", "position": None, "arrive_us": None, "reason": "asked for"}
    session.post("assign_order", payload, "kim")
    done = session.run()
    (what,) = [p for _, p in rows(done, "recommendation_made") if p["source"] == "by hand"]
    assert (what["approval"], what["reason"]) == (False, "asked for")
    (given,) = [p for p in answers(done) if p["recommendation_id"] == what["recommendation_id"]]
    assert (given["answer"], given["by"], len(given["command_ids"])) == ("accepted", "kim", 1)


def test_nothing_can_be_answered_where_nothing_waits() -> None:
    session = Session(day())
    with pytest.raises(ValueError, match=r"dispatch\.approval\.mode is none"):
        session.post("approve_recommendation", {"recommendation_id": "R1", "by": "kim"})
    session.built.population.close()


def test_odd_commands_by_hand_end_no_run(tmp_path: Path) -> None:
    """An order nobody placed, a vehicle that is off, a place far down the route, a route of nothing."""
    scenario = day(approval={"mode": "live"})
    session = Session(scenario, folder=make_folder(tmp_path / "run"))
    session.advance(scenario.start_us + HOUR // 2)
    for order_id in ("NEVER", "O1"):
        odd = {"order_id": order_id, "vehicle_id": "vans-1", "position": 99, "arrive_us": None, "reason": ""}
        session.post("assign_order", odd, "kim")
        session.post("unassign_order", {"order_id": order_id, "vehicle_id": "vans-2", "reason": ""}, "kim")
    stops = [{"order_id": "NEVER", "task": "pickup", "arrive_us": None}]
    for some in ([], stops):
        empty = {"vehicle_id": "vans-2", "stops": some, "leave_us": None, "breaks_us": [], "reason": ""}
        session.post("set_route", empty, "kim")
    with pytest.raises(ValueError, match="position: expected 0 or more"):
        session.post("assign_order", odd | {"position": -1}, "kim")
    done = session.run()
    assert [p["by"] for p in answers(done) if p["by"] == "kim"] == ["kim"] * 6
    assert verify(tmp_path / "run").ok


@pytest.mark.parametrize("payload", [{"by": "kim"}, {"recommendation_id": "R1", "by": "kim", "why": "no"}])
def test_an_answer_that_says_something_else_is_refused(payload: dict[str, Any]) -> None:
    session = Session(day(approval={"mode": "live"}))
    with pytest.raises(ValueError, match="approve_recommendation"):
        session.post("approve_recommendation", payload)
    session.built.population.close()
