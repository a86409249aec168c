"""Alert rules: pure functions of what head office knows, ``(view, thresholds) -> alerts``.

Register one with a line here; other packages use the entry point group ``fleet_twin.alerts`` (a ``Rule`` each).
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from twin.alerts.devices import (
    Implausible,
    LowBattery,
    Silent,
    Tampering,
    device_silent,
    feed_stale,
    low_battery,
    position_implausible,
    tampering,
)
from twin.alerts.driving import HarshDriving, Speeding, harsh_driving, speeding
from twin.alerts.episodes import Episodes, Watch
from twin.alerts.places import Deviation, Zone, geofence_entered, geofence_left, route_deviation
from twin.alerts.rule import SECOND_US, Alert, Rule
from twin.alerts.service import Late, LatePredicted, Missed, late_delivery, late_delivery_predicted, missed_stop
from twin.alerts.standing import Idling, LongStop, idling, long_stop
from twin.feed_monitor import FeedSettings

ALERTS: dict[str, Rule] = {
    "late_delivery_predicted": Rule(late_delivery_predicted, LatePredicted),
    "late_delivery": Rule(late_delivery, Late, "customer-service"),
    "missed_stop": Rule(missed_stop, Missed),
    "route_deviation": Rule(route_deviation, Deviation),
    "geofence_entered": Rule(geofence_entered, Zone),
    "geofence_left": Rule(geofence_left, Zone),
    "long_stop": Rule(long_stop, LongStop),
    "idling": Rule(idling, Idling, "fleet-manager"),
    "speeding": Rule(speeding, Speeding, "safety-manager"),
    "harsh_driving": Rule(harsh_driving, HarshDriving, "safety-manager"),
    "device_silent": Rule(device_silent, Silent, "telematics-manager"),
    "feed_stale": Rule(feed_stale, FeedSettings, "telematics-manager"),
    "low_battery": Rule(low_battery, LowBattery, "telematics-manager"),
    "tampering": Rule(tampering, Tampering, "telematics-manager"),
    "position_implausible": Rule(position_implausible, Implausible, "telematics-manager"),
}

__all__ = ["ALERTS", "Alert", "Episodes", "Rule", "Watch", "alert_rules", "watches"]


def alert_rules() -> dict[str, Rule]:
    """All registered rules by name, ours and those of installed packages."""
    found = {point.name: point.load() for point in entry_points(group="fleet_twin.alerts")}
    return dict(sorted((found | ALERTS).items()))


def watches(alerts: Mapping[str, Mapping[str, Any]]) -> list[Watch]:
    """Rules at work from a scenario's ``alerts``: sections by name, with every key of an alert's section.

    Raises:
        KeyError: there is no such rule.
        ValueError: a threshold the rule does not have, or of another type.
    """
    rules, made = alert_rules(), []
    for name, config in alerts.items():
        rule_name = config["rule"] or name
        rule, escalate_s = rules[rule_name], config["escalate_after_s"]
        made.append(
            Watch(
                name,
                rule_name,
                rule,
                rule.configured(config["set"]),
                config["owner"] or rule.owner,
                config["severity"],
                config["exception"],
                round(config["clear_after_s"] * SECOND_US),
                None if escalate_s is None else round(escalate_s * SECOND_US),
                config["escalate_to"],
            )
        )
    return made
