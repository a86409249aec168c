"""Alerts in a scenario: names and thresholds are checked, defaults are the rule's own; no tools, no alerts."""

import json

import pytest

from engine.clock import MINUTE
from scenarios.problems import BadInput
from scenarios.registries import registered
from scenarios.run import run
from scenarios.schema_network import AlertConfig
from tests.tiny import tiny
from twin.alerts import ALERTS, watches
from twin.alerts.standing import LongStop


@pytest.mark.parametrize(
    ("alerts", "key", "answer"),
    [
        ({"late": {"rule": "late_delivry"}}, "alerts.late.rule", "late_delivery"),
        ({"long_stop": {"set": {"after": 60}}}, "alerts.long_stop.set", "did you mean 'after_s'"),
        ({"long_stop": {"set": {"after_s": "an hour"}}}, "alerts.long_stop.set", "expected a number"),
    ],
)
def test_what_is_wrong_with_an_alert_is_said(alerts: dict, key: str, answer: str) -> None:
    """An unknown rule with the nearest one, an unknown threshold, a value of another type."""
    with pytest.raises(BadInput) as refused:
        tiny(alerts=alerts)
    (line,) = [problem.line() for problem in refused.value.problems]
    assert key in line
    assert answer in line


def test_a_watch_is_the_rule_with_what_the_scenario_changes() -> None:
    """Owner and other thresholds stay the rule's own."""
    config = AlertConfig(rule="long_stop", set={"after_s": 600}, escalate_after_s=900.0, clear_after_s=60.0)
    (made,) = watches({"stops": config.model_dump()})
    assert (made.name, made.rule, made.owner) == ("stops", "long_stop", "dispatcher")
    assert made.params == LongStop(after_s=600.0)
    assert (made.clear_after_us, made.escalate_after_us) == (MINUTE, 15 * MINUTE)


def test_every_rule_is_listed() -> None:
    """As ``twin list alerts`` prints them."""
    assert [name for name, summary in registered("alerts") if summary] == sorted(ALERTS)


@pytest.mark.parametrize("kind", ["platform_outage", "terminal_link_cut"])
def test_no_alert_while_the_platform_is_down_or_out_of_reach(kind: str) -> None:
    """Without the outage N1 is found late at 9:46; with it nothing is found from 9 to 11, and then it is still late."""
    found = {}
    for name, incidents in (("calm", {}), ("down", {"x": {"kind": kind, "at": "09:00", "lasts_s": 7_200.0}})):
        rows = run(tiny(alerts={"late_delivery": {}, "device_silent": {}}, incidents=incidents)).truth.to_pylist()
        raised = [row for row in rows if row["kind"] == "alert_raised"]
        found[name] = {(json.loads(row["payload"])["subject"], f"{row['occurred_at']:%H:%M}") for row in raised}
    assert ("N1", "09:46") in found["calm"]
    assert ("N1", "11:00") in found["down"]
    assert not [at for _, at in found["down"] if "09:00" < at < "11:00"]
