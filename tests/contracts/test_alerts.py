"""What every registered alert rule keeps to."""

import copy
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest

from tests.twin.alerts.pictures import HOUR_US, MINUTE_US, NOON_US, Crow, Fleet
from twin.alerts import ALERTS, Episodes, Watch, alert_rules
from twin.belief import Belief
from twin.eta import KnownCourses, etas
from twin.sightings import Finding, Sightings
from twin.views import FleetView

every_rule = pytest.mark.parametrize("name", sorted(ALERTS))
ABOUT_PLACES = ("geofence_entered", "geofence_left")


def watch(name: str) -> Watch:
    rule = ALERTS[name]
    return Watch(name, name, rule, rule.configured({}), rule.owner)


def calm_day(minutes: int, every: int = 1) -> list[FleetView]:
    """Four vehicles drive to their stop and back in good time and report twice a minute; a view a minute."""
    fleet, views = Fleet(4), []
    detectors = [d for name in ALERTS for d in watch(name).detectors()]
    sightings = Sightings(detectors)
    for n in range(4):
        fleet.order(f"O{n}", 50.4, 8.0 + n / 10, closes_us=NOON_US + 6 * HOUR_US)
        fleet.route(n, f"O{n}", planned_us=NOON_US + 25 * MINUTE_US)
        fleet.depart(n, f"O{n}", NOON_US + MINUTE_US, NOON_US + 25 * MINUTE_US)
    for minute in range(2, minutes):
        share = min(1.0, minute / 90)
        for n in range(4):
            fleet.sample(n, NOON_US + minute * MINUTE_US, 50.0 + 0.4 * share, 8.0 + n / 10 * share, speed_mps=12.0)
        now_us = NOON_US + minute * MINUTE_US
        if minute % every == 0:
            view = fleet.view(now_us)
            views.append(replace(view, etas=etas(view, KnownCourses(Crow())), sightings=sightings.recent(0, now_us)))
    return views


def troubled() -> FleetView:
    """Something is wrong with everything."""
    fleet = Fleet(3)
    for n in range(3):
        fleet.order(f"O{n}", 50.4, 8.0, closes_us=NOON_US + (105 * MINUTE_US if n == 1 else HOUR_US))
        fleet.route(n, f"O{n}", planned_us=NOON_US)
        fleet.depart(n, f"O{n}", NOON_US, NOON_US + 25 * MINUTE_US, purpose="task" if n else "depot")
    now_us = NOON_US + 100 * MINUTE_US
    for minute in range(40):
        for n in range(2):
            fleet.sample(n, now_us - (40 - minute) * MINUTE_US, 51.3, 8.0, speed_mps=0.0, supply_mv=3_000)
    view = fleet.view(now_us)
    found = (Finding(1, now_us - MINUTE_US, now_us, now_us, 50.0),)
    sightings = {detector: found for name in ALERTS for detector in watch(name).detectors()}
    return replace(view, etas=etas(view, KnownCourses(Crow())), sightings=sightings)


@every_rule
def test_a_reader_finds_what_it_is(name: str) -> None:
    """A summary line, an owner, and thresholds that are a frozen dataclass with units and documentation."""
    rule = ALERTS[name]
    assert rule.summary.endswith(".")
    assert rule.owner
    params = rule.configured({})
    assert is_dataclass(params)
    assert type(params).__doc__
    for field in fields(params):
        with pytest.raises(FrozenInstanceError):
            setattr(params, field.name, field.default)
        if isinstance(field.default, float):
            assert field.name in ("detour", "factor", "feed_share") or "_" in field.name
    assert alert_rules()[name] is rule


@every_rule
def test_quiet_on_nothing(name: str) -> None:
    """No fleet; a fleet of which nothing was heard yet."""
    assert watch(name).alerts(Belief().view(NOON_US)) == []
    assert watch(name).alerts(Fleet(3).view(NOON_US + MINUTE_US)) == []
    assert watch(name).alerts(Fleet(3, at_work=False).view(NOON_US + HOUR_US)) == []


@every_rule
def test_quiet_on_a_calm_day(name: str) -> None:
    """Vehicles that do what they are to do; being at a depot is what the fence rules are to tell."""
    told = [alert for view in calm_day(80, 5) for alert in watch(name).alerts(view)]
    assert told == [] if name not in ABOUT_PLACES else all(alert.detail == "main" for alert in told)


@every_rule
def test_the_same_picture_the_same_alerts(name: str) -> None:
    """Asked twice; the picture is left as it was; subjects are known and told once."""
    view = troubled()
    before = copy.deepcopy({name: getattr(view, name) for name in ("etas", "sightings")}), str(view)
    first = watch(name).alerts(view)
    assert watch(name).alerts(troubled()) == first
    assert ({name: getattr(view, name) for name in ("etas", "sightings")}, str(view)) == before
    subjects = [(alert.subject, alert.late) for alert in first]
    known = {*view.vehicles, *view.orders, "telematics"}
    assert {subject.partition("@")[0] for subject, _ in subjects} <= known
    assert all(alert.text and (alert.at_us <= view.now_us or "predicted" in name) for alert in first)
    if name not in ("feed_stale", *ABOUT_PLACES):  # two devices report, and far away from any depot
        assert first, "no rule may be quiet on this"


@every_rule
def test_no_flapping(name: str) -> None:
    """A condition seen at every other check of an hour is raised once."""
    view, episodes, raised = troubled(), Episodes(), 0
    quiet = Belief().view(view.now_us)
    rng = np.random.default_rng(1)
    one = watch(name)
    for minute in range(60):
        shown = view if minute % 2 == 0 or rng.random() < 0.3 else quiet
        new, _ = episodes.step(NOON_US + minute * MINUTE_US, [(one, one.alerts(shown))])
        raised += len(new)
    assert raised == len({(alert.subject, alert.late) for alert in one.alerts(view)})
