"""Incidents at head office and of the carriers: each begins, ends, and leaves nothing behind; times and rates."""

from typing import Any

import numpy as np
import pytest

from agents.plant.plant import FeedSettings
from agents.plant.runbook import Attendance
from agents.plant.terminal import LinkSettings, StandbySettings
from engine.clock import HOUR, SECOND
from scenarios.incidents import INCIDENTS
from scenarios.incidents.stage import Stage, Timing
from scenarios.problems import BadInput
from tests.agents.plant_world import START_US, Receiving, at, bare_world, run_until
from tests.tiny import tiny
from twin.orders import Place


class Scene:
    """A stage with a plant on it and nothing else; what carriers are told is written down."""

    def __init__(self) -> None:
        self.world = bare_world()
        self.office = Receiving(
            self.world, telematics_feed=FeedSettings(backfill=True),
            terminal_link=LinkSettings(standby=StandbySettings(detect_s=60.0, switch_s=30.0)),
        )  # fmt: skip
        self.carriers: list[tuple] = []
        nothing: Any = None
        self.stage = Stage(
            self.world, {}, {"main": Place("main", 50.0, 8.0)}, nothing, nothing, nothing, nothing,
            plant=self.office.plant, attendance=Attendance(),
            carrier_outage=lambda *what: self.carriers.append(what),
            carrier_restored=lambda name: self.carriers.append((name,)), instruments=nothing,
        )  # fmt: skip

    def play(self, kind: str, name: str = "x", **what: Any) -> None:
        """From second 10 on, for 1000 seconds."""
        incident = INCIDENTS[kind]
        made = incident.parameters.model_validate({"kind": kind, "at": "06:00", "lasts_s": 1000.0, **what})

        def process() -> Any:
            yield self.world.env.timeout(10 * SECOND)
            for pause_us in incident.play(self.stage, name, made):
                yield self.world.env.timeout(pause_us)

        self.world.env.process(process())

    def whole(self) -> bool:
        """Everything is as it was."""
        plant = self.office.plant
        return (
            plant.command_path_open()
            and all(feed.component.up for feed in plant.feeds.values())
            and not plant.changes
            and not plant.held
            and not self.stage.attendance.absent
        )


@pytest.mark.parametrize(
    ("kind", "what", "received_s"),
    [
        ("platform_outage", {}, 1010.0),
        ("terminal_link_cut", {"standby": "fails"}, 1010.0),
        ("terminal_link_cut", {"standby": "takes_over"}, 100.02),
        ("feed_break", {"feed": "telematics_feed"}, 1010.0),
        ("feed_break", {"feed": "maintenance_feed"}, 50.0),
        ("dispatcher_absent", {}, 50.0),
        ("schema_change", {"kinds": ["harsh_event"]}, 50.0),
    ],
)
def test_what_is_down_holds_messages_until_the_incident_ends(kind: str, what: dict, received_s: float) -> None:
    """A message of second 50 by the telematics feed; afterwards the world is whole."""
    scene = Scene()
    scene.play(kind, **what)
    scene.office.send_at(50, "dev-1:0", "harsh_event")
    run_until(scene.world, 11)
    assert not scene.whole()
    run_until(scene.world, 2000)
    assert scene.office.received == [("dev-1:0", received_s)]
    assert scene.whole()


def test_overlapping_incidents_end_with_the_last() -> None:
    """Two outages of one part, and an absence for two reasons."""
    scene = Scene()
    for name, lasts_s in (("a", 1000.0), ("b", 2000.0)):
        scene.play("platform_outage", name, lasts_s=lasts_s)
        scene.play("dispatcher_absent", name, lasts_s=lasts_s)
        scene.play("terminal_link_cut", name, lasts_s=lasts_s)
    run_until(scene.world, 1500)
    assert scene.stage.attendance.absent
    assert not scene.office.plant.platform.component.up
    run_until(scene.world, 2010)
    assert scene.whole()


def test_a_carrier_outage_is_everywhere_or_in_an_area() -> None:
    """All carriers or some; around a point or a depot."""
    scene = Scene()
    scene.play("carrier_outage", "all")
    scene.play("carrier_outage", "some", carriers=["north"], lat=1.0, lon=2.0, radius_m=300.0, lasts_s=2000.0)
    scene.play("carrier_outage", "depot", near_depot="main", lasts_s=3000.0)
    run_until(scene.world, 5000)
    assert scene.carriers == [
        ("all", None, None), ("some", ("north",), (1.0, 2.0, 300.0)), ("depot", None, (50.0, 8.0, 10_000.0)),
        ("all",), ("some",), ("depot",),
    ]  # fmt: skip


# --- times and rates ---


def test_a_scripted_incident_happens_once() -> None:
    """At a local time of a day of the run."""
    (episode,) = Timing(kind="x", at="09:00", day=2, lasts_s=5.0).episodes("i", bare_world())
    assert episode == ("i", START_US + 27 * HOUR, 5.0)


def test_a_seeded_incident_happens_at_its_rate() -> None:
    """Gaps exponential with mean 1 / rate, lengths with mean ``lasts_s``; never two at once; names of their own."""
    timing = Timing(kind="x", rate_per_day=4.0, lasts_s=3600.0)
    drawn = timing.episodes("i", bare_world())
    episodes = [next(drawn) for _ in range(3000)]
    begins_s = np.array([(episode.begins_us - START_US) / SECOND for episode in episodes])
    lasts_s = np.array([episode.lasts_s for episode in episodes])
    gaps_s = begins_s[1:] - (begins_s + lasts_s)[:-1]
    assert gaps_s.min() > 0
    for lengths_s, mean_s in ((gaps_s, 21_600.0), (lasts_s, 3600.0)):
        assert lengths_s.mean() == pytest.approx(mean_s, rel=0.06)
        assert lengths_s.std() == pytest.approx(mean_s, rel=0.1)
    assert [episode.name for episode in episodes[:3]] == ["i", "i#2", "i#3"]


def test_draws_belong_to_the_name_and_begin_with_the_day() -> None:
    """Another name, other times; from a later day on, or from now in a run under way, nothing before it."""
    timing = Timing(kind="x", rate_per_day=4.0, day=3)
    world = bare_world()
    first, again, other = (next(timing.episodes(name, world)) for name in ("i", "i", "j"))
    assert first == again
    assert first.begins_us != other.begins_us
    assert first.begins_us > START_US + 42 * HOUR  # the third midnight
    run_until(world, 400_000)
    assert next(timing.episodes("i", world)).begins_us > at(400_000)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"kind": "platform_outage"}, ("incidents.x", "at or rate_per_day, one of them")),
        ({"kind": "platform_outage", "at": "09:00", "rate_per_day": 1.0}, ("at or rate_per_day",)),
        ({"kind": "platform_outage", "rate_per_day": 0.0}, ("incidents.x.rate_per_day",)),
        ({"kind": "feed_break", "at": "09:00", "feed": "telematic"}, ("incidents.x.feed",)),
        ({"kind": "schema_change", "at": "09:00", "kinds": ["arived"]}, ("x.kinds", "did you mean 'arrived'")),
        ({"kind": "schema_change", "at": "09:00", "renamed": {"vehicle": "a"}}, ("did you mean 'vehicle_id'",)),
        ({"kind": "schema_change", "at": "09:00", "renamed": {"at": "vehicle_id"}}, ("x.renamed.at", "no field")),
        ({"kind": "carrier_outage", "at": "09:00", "carriers": ["nord"]}, ("x.carriers", "did you mean 'north'")),
        ({"kind": "carrier_outage", "at": "09:00", "lat": 1.0}, ("lat and lon, both or neither",)),
        ({"kind": "carrier_outage", "at": "09:00", "lat": 1.0, "lon": 1.0, "near_depot": "main"}, ("everywhere",)),
        ({"kind": "carrier_outage", "at": "09:00", "near_depot": "man"}, ("x.near_depot", "did you mean 'main'")),
        ({"kind": "terminal_link_cut", "at": "09:00", "standby": "fails"}, ("terminal_link.standby",)),
    ],
)
def test_a_bad_incident_is_named(what: dict[str, Any], words: tuple[str, ...]) -> None:
    """File, key, value, what is expected, and the nearest name."""
    with pytest.raises(BadInput) as error:
        tiny(radio={"carriers": {"north": {}}}, incidents={"x": what})
    for word in words:
        assert word in str(error.value)
