"""Alerts in a scenario: names and thresholds are checked, defaults are the rule's own."""

import pytest

from engine.clock import MINUTE
from scenarios.problems import BadInput
from scenarios.registries import registered
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
