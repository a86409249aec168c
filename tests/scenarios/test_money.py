"""The money of a study: a year's, item by item, each difference with its interval, and on which prices it rests."""

import json
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.contracts import contracts_in, contracts_of
from scenarios.load import Scenario
from scenarios.problems import BadInput
from scenarios.run import run
from scenarios.studies.money import ALL, money_table
from scenarios.studies.run import Figures, replicate
from scenarios.studies.statistics import difference
from scenarios.studies.study import read_study
from scenarios.telling.report_money import cost_lines
from tests.tiny import tiny, write_tiny
from twin.kpis.contracts import Device
from twin.kpis.costs import Costs, sources
from twin.kpis.money import FIGURES, ITEMS
from viz.money import money_lines

N = 12
NOISE = np.tile([3.0, -3.0, 1.0, -1.0], 3)


def figures(**variants: dict[str, Any]) -> Figures:
    """Twelve days; of what is not given nothing was spent, and the cost is the sum."""
    made = Figures(replications=N)
    for name, spent in variants.items():
        items = {f: np.broadcast_to(spent.get(f, 0.0), N).astype(float) for f in FIGURES}
        items["cost_eur"] = np.sum([*items.values()], axis=0)
        made.values[name] = {f: array("d", column) for f, column in items.items()}
    return made


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return tiny()


BASE: dict[str, Any] = {"cost.drivers_eur": 900 + 20 * NOISE, "cost.fuel_eur": 50 + NOISE, "cost.devices_eur": 10.0}
CHEAP = BASE | {"cost.drivers_eur": 800 + 21 * NOISE, "cost.devices_eur": 12.0}
NOISY = BASE | {"cost.fuel_eur": 50 - NOISE}


@pytest.fixture(scope="module")
def money(scenario: Scenario) -> dict[str, Any]:
    given = figures(base=BASE, cheap=CHEAP, noisy=NOISY, twin=BASE)
    return money_table(given, dict.fromkeys(given.values, scenario))


def test_a_year_is_its_days_and_every_difference_has_its_interval(money: dict[str, Any]) -> None:
    """As the paired difference of the day has it; items nothing was spent on are left out."""
    assert (money["currency"], money["days_per_year"]) == ("EUR", 252)
    assert [*money["base"]["items"]] == ["drivers", "fuel", "devices"]
    cell, own = (
        money["variants"]["cheap"]["items"]["drivers"],
        difference(CHEAP["cost.drivers_eur"], BASE["cost.drivers_eur"]),
    )
    assert (cell["diff_per_day"], cell["ci_low"], cell["ci_high"]) == pytest.approx((own.mean, own.low, own.high))
    assert own.mean is not None
    assert own.low is not None
    assert own.high is not None
    assert cell["diff_per_year"] == pytest.approx(252 * own.mean)
    assert (cell["ci_low_per_year"], cell["ci_high_per_year"]) == pytest.approx((252 * own.low, 252 * own.high))
    assert money["base"]["total"] == {"per_day": pytest.approx(960), "per_year": pytest.approx(252 * 960)}
    assert json.loads(json.dumps(money, allow_nan=False)) == money


def test_a_saving_is_one_only_if_it_is_told(money: dict[str, Any]) -> None:
    """An interval that holds 0 is no saving; a fixed price is told without a test; itself is the same."""
    said = {name: {item: cell["said"] for item, cell in account["items"].items()} | {"total": account["total"]["said"]}
            for name, account in money["variants"].items()}  # fmt: skip
    assert said["cheap"] == {"drivers": "saves", "fuel": "same", "devices": "costs more", "total": "saves"}
    assert said["noisy"]["fuel"] == said["noisy"]["total"] == "cannot be told"
    assert set(said["twin"].values()) == {"same"}
    assert money["comparisons"] == 4  # drivers, their total; fuel, its total
    text = "\n".join(money_lines(money, "base", 120))
    assert text.count("saves") == 2
    assert "driver_eur_per_h 36.8" in text


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 10), st.floats(1, 366))
def test_items_sum_and_money_scales(factor: float, days: float) -> None:
    """Sums of cells, whatever the days of a year; twice the money is twice the difference."""
    given = figures(base=BASE, more={name: factor * np.asarray(value) for name, value in CHEAP.items()})
    found = money_table(given, dict.fromkeys(given.values, TINY), days)
    for account in (found["base"], found["variants"]["more"]):
        for key in ("per_day", "per_year"):
            assert account["total"][key] == pytest.approx(sum(cell[key] for cell in account["items"].values()))
        assert account["total"]["per_year"] == pytest.approx(days * account["total"]["per_day"])
    account = found["variants"]["more"]
    together = sum(cell["diff_per_year"] for cell in account["items"].values())
    assert account["total"]["diff_per_year"] == pytest.approx(together, abs=1e-6)


TINY = tiny()


def test_a_year_has_the_working_days_of_the_bases_costs_and_an_item_may_be_the_variants_alone() -> None:
    """A second line that head office has not had."""
    given = figures(base=BASE, more=BASE | {"cost.standby_line_eur": 3.0})
    base, more = (tiny(costs={"working_days_per_year": days}) for days in (300, 200))
    found = money_table(given, {"base": base, "more": more})
    assert (found["days_per_year"], found["base"]["total"]["per_year"]) == (300, pytest.approx(300 * 960))
    line = found["variants"]["more"]["items"]["standby_line"]
    assert (line["per_year"], line["diff_per_year"], line["said"]) == (900, 900, "costs more")
    assert found["base"]["items"]["standby_line"] == {"per_day": 0.0, "per_year": 0.0}


def test_a_run_of_a_week_is_seven_working_days() -> None:
    """A day costs a seventh of it, and so does a difference."""
    given = figures(base=BASE, more=CHEAP)
    day, week = (money_table(given, dict.fromkeys(given.values, of)) for of in (TINY, tiny(horizon_s=7 * 86400.0)))
    assert week["base"]["total"]["per_day"] == pytest.approx(day["base"]["total"]["per_day"] / 7)
    for key in ("diff_per_year", "ci_low_per_year", "ci_high_per_year"):
        total, of_day = (found["variants"]["more"]["total"][key] for found in (week, day))
        assert total == pytest.approx(of_day / 7)


def test_assumptions_are_every_price_with_its_source(scenario: Scenario) -> None:
    """What the scenario sets, and what a variant has otherwise, is said to be so."""
    base, other = tiny(costs={"fuel_eur_per_l": 2.0}), tiny(costs={"fuel_eur_per_l": 3.0})
    given = figures(base=BASE, other=BASE)
    found = money_table(given, {"base": base, "other": other})["assumptions"]
    assert [one["key"] for one in found if one["variant"] is None] == [f"costs.{name}" for name in sources()]
    fuel = [one for one in found if one["key"] == "costs.fuel_eur_per_l"]
    assert [(one["value"], one["source"], one["variant"]) for one in fuel] == [
        (2.0, "the scenario", None), (3.0, "the scenario", "other"),
    ]  # fmt: skip
    assert next(one for one in found if one["key"] == "costs.sms_eur")["source"] == sources()["sms_eur"]


# --- from runs ---


def test_a_replication_has_its_items_and_they_sum_to_its_cost() -> None:
    """Exactly; without prices there is no cost."""
    free = {name: 0.0 for name in vars(Costs()) if name != "working_days_per_year"}
    outcomes = replicate({"base": tiny(), "free": tiny(costs=free)}, 0).outcomes
    of = outcomes["base"].figures
    assert sum(of[figure] or 0.0 for figure in FIGURES) == of["cost_eur"]
    assert of["cost.drivers_eur"]
    assert of["cost.devices_eur"] == pytest.approx(3 * Costs().device_eur_per_month * 12 / 252)
    assert {outcomes["free"].figures[figure] for figure in ALL} == {0}


def test_a_runs_report_has_its_items(tmp_path: Path) -> None:
    """Those that came to anything, of both accounts; none before there are any."""
    assert cost_lines(tmp_path) == ()
    made = run(tiny(), out=tmp_path / "run")
    lines = cost_lines(tmp_path / "run")
    cost = made.kpis["cost_eur"]
    assert sum(line.value or 0.0 for line in lines) == pytest.approx(cost["value"])
    assert sum(line.reported or 0.0 for line in lines) == pytest.approx(cost["reported"])
    assert {"drivers", "devices", "sims"} <= {line.item for line in lines}
    assert all(line.value or line.reported for line in lines)


def test_contracts_are_those_of_the_scenario_and_of_its_manifest() -> None:
    """A device a vehicle, its SIMs and plan; the standby line; every day begun of the run."""
    made = tiny(
        horizon_s=86_400 + 1,
        radio={"carriers": {"north": {}, "south": {}}},
        devices={"tracker": {"sims": ["north", "south"], "data_plan": {"month_mb": 40.0, "used_share_at_start": 0.25}}},
        head_office={"terminal_link": {"standby": {}}},
    )
    contracts = contracts_of(made.model)
    assert [*contracts.devices] == ["vans-1", "vans-2", "e-vans-1"]
    assert set(contracts.devices.values()) == {Device(2, 100, 40.0, 30.0)}
    assert (contracts.days, contracts.standby_lines) == (2, 1)
    assert contracts.sim_networks == {"north", "south"}
    assert contracts_in({"scenario": json.loads(json.dumps(made.model.json_ready()))}) == contracts
    assert contracts_of(tiny().model).devices["vans-1"].sims == 1  # a world without carriers


def test_a_studys_working_days_are_those_of_its_costs(tmp_path: Path) -> None:
    """So that twelve months make a year; a year without any, and an unknown item, are named."""
    write_tiny(tmp_path)
    path = tmp_path / "study.yaml"
    text = "name: s\nscenario: scenario.yaml\nvariants: {more: {fleet.vans.count: 3}}\n"
    path.write_text(text + "days_per_year: 300\n")
    study = read_study(path)
    assert {variant.model.costs["working_days_per_year"] for variant in study.variants.values()} == {300}
    break_even = "break_even: {factor: fleet.vans.count, low: 1, high: 4, integer: true, figure: cost.%s_eur}\n"
    path.write_text(text + break_even % "fuel")
    asked = read_study(path).break_even
    assert asked is not None
    assert asked.figure == "cost.fuel_eur"
    for wrong, message in ((break_even % "fuell", "cost.fuel_eur"), ("days_per_year: 0\n", "days_per_year")):
        path.write_text(text + wrong)
        with pytest.raises(BadInput, match=message):
            read_study(path)
    with pytest.raises(BadInput, match=r"working_days_per_year.*1 to 366 days"):
        tiny(costs={"working_days_per_year": 400})
    assert len(ITEMS) == len(FIGURES)
