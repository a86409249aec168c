"""Every changed route: what, why, at what cost, and who approved; told by order, by vehicle and in the report."""

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios import run
from scenarios.rows import RunLedgers, ledger_rows
from scenarios.telling.history import RunHistory
from scenarios.telling.route_changes import changes_of_order, changes_of_vehicle, route_changes
from tests.tiny import tiny, write_tiny
from tests.worlds import HandMade, at, tiny_world
from viz.cli import main


def history(w: HandMade) -> RunHistory:
    truth, office, _ = w.tables()
    return RunHistory(RunLedgers(ledger_rows(truth), ledger_rows(office), {}))


def moved(order: str, whence: str | None, to: str | None, stop: int | None = None) -> dict[str, Any]:
    return {"order_id": order, "from_vehicle": whence, "to_vehicle": to, "stop": stop}


def advised(
    w: HandMade, minute: float, number: int, vehicles: list[str], moves: list[dict], commands: list[tuple[str, dict]],
    answer: str = "accepted", by: str = "policy", done: list[dict] | None = None, cost: tuple = (180, 0),
    source: str = "insertion", reason: str = "",
) -> None:  # fmt: skip
    """A recommendation, its answer, and between them the commands."""
    name = f"R{number}"
    w.happen(minute, "recommendation_made", {
        "recommendation_id": name, "source": source, "vehicles": vehicles, "moves": moves, "reason": f"why {name}",
        "driving_s": 60, "late_s": 0, "alternative": None, "approval": by != "policy", "expires_us": None,
    }, "office")  # fmt: skip
    ids = [w.command(minute, kind, payload | {"reason": f"why {name}"}) for kind, payload in commands]
    w.happen(minute, "recommendation_answered", {
        "recommendation_id": name, "answer": answer, "by": by, "reason": reason, "minutes": 0.0, "command_ids": ids,
        "moves": moves if done is None else done, "driving_s": cost[0], "late_s": cost[1],
    }, "office")  # fmt: skip


def give(order: str, vehicle: str) -> tuple[str, dict]:
    return "assign_order", {"order_id": order, "vehicle_id": vehicle, "position": 0, "arrive_us": at(150)}


def take(order: str, vehicle: str) -> tuple[str, dict]:
    return "unassign_order", {"order_id": order, "vehicle_id": vehicle}


@pytest.fixture
def world() -> HandMade:
    """A policy gives O3 to V1; a dispatcher lets it go to V2 with words; a person refuses; a customer calls O4 off."""
    w = tiny_world()
    advised(w, 81, 1, ["V1"], [moved("O3", None, "V1", 2)], [give("O3", "V1")])
    advised(
        w, 83, 2, ["V1", "V9"], [moved("O3", "V1", "V9", 1)], [take("O3", "V1"), give("O3", "V2")], "changed", "kim",
        [moved("O3", "V1", "V2", 1)], (-600, 240), reason="knows the yard",
    )  # fmt: skip
    advised(w, 84, 3, ["V1"], [moved("O4", None, "V1", 1)], [], "refused", "kim", [], (None, None))
    again = {"vehicle_id": "V1", "stops": [], "leave_us": None, "breaks_us": []}
    advised(w, 86, 4, ["V1"], [], [("set_route", again)], cost=(None, None))
    kind, payload = take("O4", "V2")
    w.command(90, kind, payload | {"reason": "cancelled by the customer"})
    return w


def test_changes_by_hand(world: HandMade) -> None:
    """What was followed, in the words of a dispatcher; what was refused changed nothing."""
    found = [(c.recommendation_id, c.vehicles, c.what, c.cost, c.approved_by) for c in route_changes(history(world))]
    assert found == [
        ("R1", ("V1",), "O3 to V1 as stop 2", "3 min more driving", "insertion alone"),
        ("R2", ("V2", "V1"), "O3 to V2 as stop 1, from V1", "10 min less driving, 4 min more lateness", "kim"),
        ("R4", ("V1",), "V1: the same stops in another order", "not known", "insertion alone"),
        ("", ("V2",), "O4 off V2", "not known", "nobody had to"),
    ]
    why = [change.why for change in route_changes(history(world))]
    assert why == ["why R1", "knows the yard; recommended: why R2", "why R4", "cancelled by the customer"]


def test_an_order_is_told_of_the_routes_it_stood_on(world: HandMade) -> None:
    """Its own moves, and changes of the route that it was on then: O1 and O2 stand on V1's until 86."""
    h = history(world)

    def changes(order: str) -> list[str]:
        return [change.recommendation_id for change in changes_of_order(h, order)]

    assert changes("O3") == ["R1", "R2", ""]
    assert changes("O1") == ["R1", "R2"]
    assert changes("O4") == [""]
    assert [c.recommendation_id for c in changes_of_vehicle(h, "V1").changes] == ["R1", "R2", "R4"]


def test_what_a_run_tells_of_its_changed_routes(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """By order, by vehicle, as JSON and in the report; each change with cost and who stands for it."""
    sections: dict[str, Any] = {
        "orders": {"generate": {"arriving_per_day": 20}},
        "dispatch": {"approval": {"mode": "simulated", "habit_share": 0.5}},
    }
    path = write_tiny(tmp_path, **sections)
    assert main(["run", str(path), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["explain", str(tmp_path / "run"), "vans-1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["changes"]) > 2
    for change in told["changes"]:
        assert "vans-1" in change["vehicles"]
        assert change["approved_by"] == "dispatcher"
        assert change["why"]
        assert change["cost"] != "not known"
    order_id = told["changes"][0]["orders"][0]
    assert main(["explain", str(tmp_path / "run"), order_id]) == 0
    text = capsys.readouterr().out
    assert "Recommended by insertion" in text
    assert "approved by: dispatcher" in text
    assert main(["explain", str(tmp_path / "run"), "vans-1"]) == 0
    assert capsys.readouterr().out.startswith(f"Vehicle vans-1, changes of its route: {len(told['changes'])}\n")
    assert main(["report", str(tmp_path / "run")]) == 0
    assert "Route changes" in (tmp_path / "run" / "report.html").read_text()


def test_a_run_in_memory_tells_the_same() -> None:
    """And a policy alone stands for its own changes."""
    done = run(tiny(orders={"generate": {"arriving_per_day": 10}}))
    h = RunHistory(RunLedgers(ledger_rows(done.truth), ledger_rows(done.office), done.manifest))
    assert {change.approved_by for change in route_changes(h) if change.source != "routine"} == {"insertion alone"}
