"""The report: self-contained, true to its sources, deaf to hostile names."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.telling import report_map
from scenarios.telling.report_data import report_data
from tests.viz.conftest import HOSTILE, KPIS, write_run
from tests.worlds import HandMade, at, delivery, tiny_world
from viz.report import report_html, write_report


class Page(HTMLParser):
    """What a browser would see: tags with attributes, scripts apart from text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside:
            self.text += data


def page(folder) -> Page:
    """The report of a run folder, written if it is not there yet."""
    path = folder / "report.html"
    return Page((path if path.exists() else write_report(folder)).read_text(encoding="utf-8"))


def test_nothing_on_the_page_is_loaded_from_anywhere(tiny_run):
    """No tag refers to a resource, no style imports one, and the page forbids itself to fetch."""
    found = page(tiny_run)
    html = (tiny_run / "report.html").read_text(encoding="utf-8")
    loading = {"src", "href", "srcset", "data", "action", "poster", "background"}
    assert [(tag, name) for tag, attrs in found.tags for name in attrs if name in loading] == []
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"url\(|@import|https?:", style)
    policy = next(a["content"] for tag, a in found.tags if tag == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_every_kpi_is_shown_with_exactly_the_value_of_kpis_json(tiny_run):
    """What the card carries is the number in the file, and undefined ones are shown as such."""
    shown = {}
    kpi = None
    for _, attrs in page(tiny_run).tags:
        kpi = attrs.get("data-kpi", kpi)
        if "data-value" in attrs:
            shown[kpi] = json.loads(attrs["data-value"])
    assert shown == {name: fields["value"] for name, fields in KPIS.items()}


def test_cards_say_in_words_where_a_figure_stands(tiny_run):
    """Not by colour alone: below, within and above expected are words; the office's figure stands beside."""
    text = re.sub(r"\s+", " ", page(tiny_run).text)
    assert "Delivered 50 % office believed 25 % ▼ below expected 90 % to 100 %" in text
    assert "On time 25 % ✓ within expected 20 % to 100 %" in text
    assert "▲ above expected at most 1 000 €" in text


def test_names_are_text_never_markup(hostile_run, tiny_run):
    """Scripts, tags and quotes in names end up as text; the page has the tags it always has."""
    found = page(hostile_run)
    assert found.text.count(HOSTILE) >= 3
    assert "'><img src=x onerror=alert(1)>" in found.text
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in page(tiny_run).tags]
    assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)


def test_the_summary_and_the_tables_tell_the_tiny_day(tiny_run):
    """One on time, one late by its cause, one failed, one left out, each with its reason."""
    data = report_data(tiny_run)
    assert data.summary.startswith("2 vehicles completed 2 of 4 orders, 1 of them on time. 1 came late, most often")
    assert data.date == "Monday, 2 March 2026"
    assert [(row.order_id, row.late_min) for row in data.late] == [("O2", 10.0)]
    assert [row.reason for row in data.left_out] == ["too heavy for every vehicle"]
    assert [(row.order_id, row.reason) for row in data.failed] == [("O3", "not home at attempt 1")]
    assert data.timeline.lanes == ("D1 · V1", "D2 · V2")
    assert data.late[0].window == "08:40–09:10"  # Berlin, an hour ahead
    text = page(tiny_run).text
    assert "© OpenStreetMap contributors" in text
    assert "twin run tiny.yaml --seed 7" in text
    assert "twin explain RUN O2" in text
    assert re.search(r"costs\.vehicle_eur_per_km\s*0\.45", text)  # a default price, not in the scenario


def test_outages_of_head_office_are_lanes_above_the_drivers(tmp_path):
    """One mended, one not: the latter lasts to the end of the ledger; each bar names its cause."""
    world = tiny_world()
    last_us = max(row[3] for row in world.truth)
    world.happen(30, "plant_failed", {"component": "platform", "cause": "down"}, "platform")
    world.happen(60, "plant_restored", {"component": "platform", "cause": "down"}, "platform")
    world.happen(90, "plant_failed", {"component": "telematics_feed", "cause": "own failure"}, "telematics_feed")
    data = report_data(write_run(tmp_path / "run", world))
    assert data.timeline.lanes == ("office · platform", "office · telematics feed", "D1 · V1", "D2 · V2")
    platform, feed = (bar for bar in data.timeline.bars if bar.what == "down")
    assert platform.text == "down, 07:30–08:00, cause: down"
    assert feed.end_ms - feed.start_ms == (last_us - at(90)) / 1000
    assert "out of order at head office" in page(tmp_path / "run").text


def test_a_line_whose_standby_takes_over_is_down_until_then(tmp_path):
    """The digger's cut lasts an hour, the office is cut off for two minutes of it."""
    world = tiny_world()
    cut = {"component": "terminal_link", "cause": "digger"}
    world.happen(30, "plant_failed", cut, "terminal_link")
    world.happen(32, "standby_took_over", {"after_s": 120.0}, "terminal_link")
    world.happen(90, "plant_restored", cut, "terminal_link")
    folder = write_run(tmp_path / "run", world)
    (line,) = report_data(folder).office.outages
    assert line == ("terminal link", "07:30", "07:32", 2.0, "digger, until the standby took over")


def test_incidents_are_listed_and_one_that_met_nothing_says_so(tmp_path):
    """With what the scenario says of each but for what is as usual; V2 began no trip while it would have failed."""
    world = tiny_world()
    for name, kind, minute, more in (
        ("fails", "breakdown", 70, {"vehicle": "V1"}),
        ("idle", "breakdown", 300, {"vehicle": "V2"}),
        ("led", "gnss_spoofing", 40, {"vehicle": "V1", "mode": "drift", "offset_m": 2000.0, "drift_mps": 9.0}),
    ):
        details = {"at": "06:30", "day": 1, "lasts_s": 1800.0, **more}
        world.happen(minute, "incident_started", {"name": name, "incident": kind, "details": details}, "world")
        if name != "led":
            world.happen(minute + 30, "incident_ended", {"name": name, "incident": kind}, "world")
    folder = write_run(tmp_path / "run", world)
    idle = ("idle", "breakdown", "12:00", "12:30", "vehicle V2 (it began no trip: nothing happened)")
    assert set(report_data(folder).incidents) == {
        ("fails", "breakdown", "08:10", "08:40", "vehicle V1"), idle,
        ("led", "gnss spoofing", "07:40", "", "vehicle V1, mode drift, drift_mps 9"),
    }  # fmt: skip
    assert "ledgnss spoofing07:40end of the runvehicle V1, mode drift, drift_mps 9" in page(folder).text


def test_head_offices_tables_count_rows_and_repeat_the_kpis(tmp_path):
    """Alerts as many as raised, with the KPIs of the file and none of its own; outages, steps, calls by purpose."""
    world = tiny_world()
    for minute, rule in ((30, "long_stop"), (40, "long_stop"), (50, "speeding")):
        alert = {"alert_id": f"A{minute}", "alert": rule, "rule": rule, "subject": "V1", "severity": "info",
                 "owner": "dispatcher", "since_us": at(minute), "detail": "", "text": "", "late": False}  # fmt: skip
        world.happen(minute, "alert_raised", alert, "office")
    world.happen(60, "plant_failed", {"component": "platform", "cause": "down"}, "platform")
    world.happen(90, "plant_restored", {"component": "platform", "cause": "down"}, "platform")
    for minute, failed in ((95, True), (99, False)):
        world.happen(minute, "standby_drilled", {"found_failed": failed}, "standby")
    step = {
        "step": "<b>ring</b>",
        "trigger": "platform_down",
        "role": "planner",
        "minutes": 5.0,
        "does": "call_drivers",
    }
    world.happen(65, "runbook_step_taken", step, "office")
    for waited_s in (0.0, 90.0):
        call = {"who": "D1", "purpose": "status", "waited_s": waited_s, "call_s": 60.0}
        world.happen(75, "phone_call_ended", call, "office")
    folder = write_run(tmp_path / "run", world)
    scores = {"alert_precision": 0.125, "alert_recall": 0.875, "alert_delay_s_p50": 90.0, "exceptions_opened": 2.0}
    lines = [{"kpi": kpi, "source": "truth", "dimension": "rule", "key": "long_stop", "value": value}
             for kpi, value in scores.items()]  # fmt: skip
    pq.write_table(
        pa.Table.from_pylist([*lines, lines[0] | {"dimension": "hour", "key": "8"}]), folder / "kpis.parquet"
    )
    office = report_data(folder).office
    assert office.rules == (
        ("long_stop", 2, 0.125, 0.875, 90.0, None, 2.0), ("speeding", 1, None, None, None, None, None)
    )  # fmt: skip
    assert office.outages == (("platform", "08:00", "08:30", 30.0, "down"),)
    assert office.drills == (("08:35", "had failed, and was mended"), ("08:39", "worked"))
    assert office.steps == (("08:05", "<b>ring</b>", "platform down", "planner", 5.0, "call the drivers"),)
    assert office.calls == (("how things stand", 2, 2.0, 1.5),)
    text = re.sub(r"\s+", " ", page(folder).text)
    assert "long stop212.5 %87.5 %90 s–2" in text
    assert "08:05<b>ring</b>platform downplanner5.0call the drivers" in text


def test_dead_letters_are_counted_by_kind_and_reason_with_those_taken_in_later(tmp_path):
    """One that came twice counts once; one replayed in vain stays refused for its first reason."""
    world = tiny_world()
    newer = "dead_letter: arrived version 2 is newer than this office, which knows 1"
    for event_id, kind, channel, reason in (
        ("v:1", "arrived", "radio", newer),
        ("v:1", "arrived", "radio", newer),
        ("v:2", "arrived", "radio", newer),
        ("v:3", "refuelled", "radio", "dead_letter: refuelled.<b>: unknown field"),
        ("v:4", "arrived", "radio", "duplicate"),
        ("v:1", "arrived", "replay", "clock: claimed 00:10:00 ahead"),
        ("v:1", "arrived", "replay", "duplicate"),
        ("v:2", "arrived", "replay", "dead_letter: arrived.lat: missing"),
        ("v:3", "refuelled", "replay", ""),
    ):
        world.office.append((event_id, kind, 1, at(5), "V1", "v", "{}", at(5), channel, reason))
    folder = write_run(tmp_path / "run", world)
    why = newer.removeprefix("dead_letter: ")
    assert report_data(folder).office.dead_letters == (
        ("arrived", why, 2, 1), ("refuelled", "refuelled.<b>: unknown field", 1, 1)
    )  # fmt: skip
    text = page(folder).text
    assert f"arrived{why}21" in text
    assert "refuelledrefuelled.<b>: unknown field11" in text


def test_without_head_offices_troubles_there_are_no_tables_of_them(tiny_run):
    """The tiny day had none."""
    office = report_data(tiny_run).office
    assert (office.rules, office.outages, office.drills, office.steps, office.calls) == ((), (), (), (), ())
    assert office.dead_letters == ()
    assert "Runbook steps" not in page(tiny_run).text


def killed_run(folder: Path) -> Path:
    """What ``kill -9`` leaves: streams, a manifest that says ``running``, nothing that is made at the end."""
    world = tiny_world()
    world.truth = [row for row in world.truth if row[3] < at(130)]
    write_run(folder, world, seal=False, status="running", digest=None)
    for name in ("kpis.json", "roads.parquet"):
        (folder / name).unlink()
    stream = folder / "truth.arrows"
    stream.write_bytes(stream.read_bytes()[:-9])
    return folder


def test_a_killed_run_is_reported_as_such(tmp_path):
    """Torn ledgers, no KPIs: a page that says so, with what there is."""
    folder = killed_run(tmp_path / "killed")
    text = re.sub(r"\s+", " ", page(folder).text)
    assert "This run did not finish" in text
    assert "KPIs were not computed" in text
    assert "Late orders 0" in text
    assert all(len(route.driven.x_km) for route in report_data(folder).map.routes)


def test_a_run_without_trips_says_so(tmp_path):
    """A twin fed live has no true motion to draw."""
    folder = write_run(tmp_path / "run", tiny_world())
    (folder / "trips.parquet").unlink()
    assert "Driven routes are not drawn" in page(folder).text


def test_an_empty_run_has_a_report(tmp_path):
    """No orders, no vehicles: nothing to draw, nothing to trip over."""
    assert "No orders were placed." in page(write_run(tmp_path / "empty", HandMade())).text


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    """One clear error, and no report is left behind."""
    with pytest.raises(FileNotFoundError, match="not a run folder"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_big_run_is_cut_to_size_and_says_so(tmp_path, monkeypatch):
    """Ninety vans with six hundred points each: the page stays under 5 MB and names what it leaves away."""
    monkeypatch.setattr(report_map, "MAX_DRIVEN_POINTS", 10_000)
    w = tiny_world()
    for n in range(3, 93):
        who = {"vehicle_id": f"V{n}", "driver_id": f"D{n}"}
        w.happen(60, "shift_started", {**who, "depot_id": "X", "until_us": at(360)})
        path_m = [(37.0 * ((i * n) % 101), 41.0 * ((i * 7) % 97)) for i in range(600)]
        w.trips += [(f"V{n}:1", f"V{n}", at(61 + i / 100), *point) for i, point in enumerate(path_m)]
        w.happen(0, "order_placed", delivery(f"P{n}", None))
        w.happen(99, "order_left_out", {"order_id": f"P{n}", "reason": "no room"}, "office")
    data = report_data(write_run(tmp_path / "big", w))
    assert len(report_html(data).encode()) < 5_000_000
    assert sum(len(route.driven.x_km) for route in data.map.routes) <= 10_000
    limits = " ".join(data.limits)
    assert "routes of 60 of 92 vehicles" in limits
    assert "60 of 92 drivers" in limits
    assert "left out orders shows 60 of 91" in limits
    assert "Driven routes are drawn to within 64 m, one in " in limits
    assert "O2" in [row.order_id for row in data.late]
    assert "V1" in [route.vehicle_id for route in data.map.routes]


def test_a_small_runs_report_is_small(tiny_run):
    """The drawing library is most of it."""
    assert write_report(tiny_run).stat().st_size < 1_700_000
