"""The pages for roles, in a real browser: each shows what the engine says, and no role gets another's page."""

import json
import re

import pyarrow.parquet as pq
import pytest

from scenarios.folder import read_commands
from tests.tiny import write_tiny
from tests.viz.live.browsing import Live, Visit

MORNING = {
    "start": "2026-03-02T08:00",
    "horizon_s": 32_400,
    "drivers": {"crew": {"shift_start": "08:30"}},
    "orders": {"generate": {"opens": "08:30", "arrival_weights": [0.0] * 8 + [1.0] * 2 + [0.0] * 14}},
    "dispatch": {"plan": {"at": "08:05"}},
}
WITH_SAMPLES = ("cost_eur", "cost_per_stop_eur")
"""What data plans cost is known when the samples have been counted."""
EXPECTED = {"on_time_share": [0.5, 1.0], "distance_km": [0.0, 0.001]}


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A tiny day of which something is expected; the tests of this file go on from one another."""
    folder = tmp_path_factory.mktemp("pages")
    scenario = write_tiny(folder, kpis={name: {"expect": pair} for name, pair in EXPECTED.items()}, **MORNING)
    live = Live(str(scenario), "--out", str(folder / "run"), "--speed", "max")
    live.folder = folder / "run"
    yield live
    live.end()


def opened(visit, name: str):
    """A page of the view, once it is on the screen."""
    visit.page.locator(f"#tab-{name}").click()
    root = visit.page.locator(f"#page-{name}")
    root.wait_for()
    return root


def parts(visit, name: str):
    """A part as this browser has it, arrays as lists."""
    script = f"JSON.stringify(view.parts[{json.dumps(name)}], (_, v) => ArrayBuffer.isView(v) ? [...v] : v)"
    return json.loads(visit.js(script))


def table(root, label: str) -> list[list[str]]:
    """The cells of a short table."""
    rows = root.locator(f"table[aria-label='{label}'] tbody tr").all()
    return [[cell.inner_text().strip() for cell in row.locator("td").all()] for row in rows]


def test_before_anything_has_happened_every_page_says_so(visit):
    """Words instead of empty tables; the theme can be changed on each."""
    for name, words in {
        "planner": "The first figures are read five minutes into the day.",
        "maintenance": "Choose a vehicle",
        "compliance": "Choose a vehicle",
        "engineer": "None: every message could be used.",
        "trainer": "No comparison has been made yet.",
        "executive": "Costs are counted from five minutes into the day.",
    }.items():
        assert words in opened(visit, name).inner_text()
        visit.page.locator("#theme").click()


def test_a_trainer_makes_an_incident_from_its_schema(visit, live):
    """The form has the fields of the kind; what is wrong is said; what is right is recorded, and under way in truth."""
    root = opened(visit, "trainer")
    kinds = parts(visit, "incident_kinds")
    shown = root.locator("#incident-kind option").evaluate_all("options => options.map(o => o.value)")
    assert shown == [*kinds]
    root.locator("#incident-kind").select_option("schema_change")
    fields = set(kinds["schema_change"]["properties"]) - {"kind", "day", "rate_per_day"}
    assert root.locator(".inputs .field").count() == len(fields)
    root.get_by_label("kinds", exact=True).fill("service_startd")
    root.get_by_role("button", name="Make it happen").click()
    visit.page.locator("#toast.bad", has_text="service_started").wait_for()  # the nearest name
    root.get_by_label("kinds", exact=True).fill("service_started")
    root.get_by_label("renamed", exact=True).fill("order_id=order")
    root.get_by_label("lasts (seconds)", exact=True).fill("36000")
    root.get_by_role("button", name="Make it happen").click()
    visit.page.locator("#toast:not(.bad)", has_text="begins").wait_for()
    last = read_commands(live.folder)[-1]
    assert (last["kind"], last["by"]) == ("inject_incident", "owner")
    assert last["payload"]["incident"]["renamed"] == {"order_id": "order"}
    visit.js("act({ do: 'inject', incident: { kind: 'breakdown', vehicle: vehicleName(0), lasts_s: 14400 } })")
    visit.until("view.parts['truth.incidents'].length > 0")
    root.locator("table[aria-label='Under way']", has_text="schema change").wait_for()


def test_an_engineer_sees_dead_letters_and_has_them_read_again(visit, live):
    """Each with its reason; the form renames fields, says what is malformed, and is recorded."""
    visit.until("view.parts.engineer.letters.length > 0")
    root = opened(visit, "engineer")
    root.locator("table[aria-label='Dead letters']").wait_for()
    letters = parts(visit, "engineer")["letters"]
    shown = table(root, "Dead letters")
    assert [row[1:] for row in shown] == [letter[1:] for letter in reversed(letters)]
    root.get_by_label("Fields, as sent=as known").fill("order")
    root.get_by_role("button", name="Read them again").click()
    visit.page.locator("#toast.bad", has_text="sent=known").wait_for()
    root.get_by_label("Fields, as sent=as known").fill("order=order_id")
    root.get_by_role("button", name="Read them again").click()
    visit.page.locator("#toast:not(.bad)", has_text="read again").wait_for()
    last = read_commands(live.folder)[-1]
    assert (last["kind"], last["payload"]["rename"]) == ("replay_dead_letters", {"order": "order_id"})


def test_an_engineer_sees_the_flow_as_it_is(visit):
    """Tiles, kinds, ages and what waits in devices are the engine's own counts."""
    visit.until("view.parts['x'].some(Number.isFinite)")
    root = opened(visit, "engineer")
    visit.page.wait_for_timeout(600)
    told = parts(visit, "engineer")
    for name, value in (("Messages received", told["messages"]), ("Dead letters", told["dead_letters"])):
        assert root.locator(f"[data-tile='{name}'] .value").inner_text() == f"{value:,}"
    kinds = root.locator("[aria-label='Messages by kind'] li").evaluate_all(
        "rows => rows.map(row => [row.children[0].textContent, row.children[2].textContent])"
    )
    assert kinds == [[kind.replace("_", " "), f"{n:,}"] for kind, n in told["kinds"].items()]
    ages = root.locator("ul[aria-label='Age of information'] .num").all_inner_texts()
    assert [int(text) for text in ages] == parts(visit, "age.vehicles")
    waiting = sum(
        a > 0 or b > 0 for a, b in zip(*(parts(visit, f"truth.backlog.{k}") for k in ("samples", "messages")))
    )
    assert len(table(root, "Waiting in devices")) == waiting


def test_drivers_hours_are_those_reported(visit, live):
    """Shift, what is left of it and time at the wheel; whose break is overdue is among those to look at."""
    visit.until("view.parts['hours.driven_s'].some(s => s > 0)")
    root = opened(visit, "compliance")
    row = root.locator(".rows [role=option]").first
    row.wait_for()
    began, until, left = (parts(visit, f"hours.{name}_s")[0] for name in ("began", "until", "left"))
    now_s = (parts(visit, "clock")["now_us"] - parts(visit, "day")["start_us"]) / 1e6
    assert left == pytest.approx(until - now_s, abs=0.01)
    cells = row.locator("span").all_inner_texts()
    assert f"{_hhmm(8 * 3600 + began)}–{_hhmm(8 * 3600 + until)}" in cells
    visit.js("view.parts['hours.next_break_s'][0] = 0; view.fresh.add('hours.next_break_s')")  # as if it were due
    root.get_by_role("button", name="Only those to look at").click()
    root.locator(".flag", has_text="break due since 08:00").wait_for()
    row.click()
    root.locator(".doc h2", has_text=parts(visit, "vehicles")[0][0]).wait_for()


def _hhmm(s: float) -> str:
    return f"{int(s // 3600):02}:{int(s % 3600 // 60):02}"


def test_the_figures_are_those_of_the_kpi_functions(visit, live):
    """At the end of the day the planner's page says what the sealed run's KPIs say, each against its range."""
    visit.js("act({ do: 'play' })")
    visit.wait("view.parts.clock.ended")
    root = opened(visit, "planner")
    visit.page.wait_for_timeout(600)
    sealed = json.loads((live.folder / "kpis.json").read_text(encoding="utf-8"))
    reported = {n: kpi["value"] if kpi["reported"] is None else kpi["reported"] for n, kpi in sealed.items()}
    for name, value in {kpi["name"]: kpi["value"] for kpi in parts(visit, "kpi_table")}.items():
        assert value is None or name in WITH_SAMPLES or value == pytest.approx(reported[name]), name
    shown = {row.get_attribute("data-row"): row for row in root.locator("table tr[data-row]").all()}
    assert shown.keys() >= {"delivered_share", "late_orders", "orders_due"} | EXPECTED.keys()
    for name, row in shown.items():
        first = row.locator("td").nth(1).inner_text()
        value, unit = reported[name], sealed[name]["unit"]
        if unit == "share":
            assert first == f"{100 * value:.1f} %", name
        elif unit == "orders":
            assert first == f"{value:,} orders", name
    assert "within" in shown["on_time_share"].inner_text()
    assert "above" in shown["distance_km"].inner_text()
    shown["distance_km"].get_by_role("button").click()
    root.locator(".about h2", has_text="Distance").wait_for()
    assert root.locator(".chart path.series.belief").count() == 1
    points = root.locator(".chart path.series.belief").get_attribute("d")
    assert len(re.findall("[ML]", points)) == sum(v is not None for v in parts(visit, "trend.distance_km"))


def test_down_to_an_order_a_trip_and_a_driver(visit):
    """An order's story, from there its vehicle's trips, from there an order again; filters narrow the list."""
    root = opened(visit, "planner")
    root.locator("[data-choice=orders]").click()
    delivered = visit.js("view.parts.orders.findIndex((_, o) => view.parts['order.state'][o] === 5)")
    name = visit.js(f"view.parts.orders[{delivered}][0]")
    root.get_by_label("Order or customer").fill(name.lower())
    root.locator(".rows .who").get_by_text(name, exact=True).click()
    doc = root.locator(".doc:visible")
    doc.locator(".verdict").wait_for()
    doc.get_by_role("button", name=re.compile("^Trips of")).click()
    doc.locator("table[aria-label='Trips']").wait_for()
    assert any(row[0] == name for row in table(doc, "Trips"))
    doc.get_by_role("button", name=name, exact=True).click()
    doc.locator("h2", has_text=name).wait_for()


def test_odometers_are_those_reported(visit, live):
    """Kilometres as in the last message that told them."""
    rows = pq.read_table(live.folder / "office.parquet", columns=["kind", "payload"]).to_pylist()
    read: dict[str, float] = {}
    for row in rows:
        payload = json.loads(row["payload"])
        if row["kind"] in ("arrived", "shift_ended") and "odometer_m" in payload:
            read[payload["vehicle_id"]] = max(read.get(payload["vehicle_id"], 0.0), payload["odometer_m"])
    root = opened(visit, "maintenance")
    root.locator(".rows [role=option]").first.wait_for()
    shown = [row.locator(":scope > span").all_inner_texts() for row in root.locator(".rows [role=option]").all()]
    assert {cells[0]: cells[2] for cells in shown} == {v: f"{round(m / 1000):,}" for v, m in read.items()}


def test_the_executive_reads_what_the_day_cost(visit):
    """Three sentences with the engine's figures; every item of cost that is not nothing."""
    root = opened(visit, "executive")
    money, strip = parts(visit, "money"), {kpi["name"]: kpi for kpi in parts(visit, "kpis")}
    service, cost, trouble = root.locator(".said p").all_inner_texts()
    assert f"{strip['delivered']['value']} of {strip['delivered']['of']} orders were delivered" in service
    assert f"{round(money['total_eur']):,} €" in cost
    assert (strip["late_orders"]["value"] == 0) == ("late" not in trouble or "no order" in trouble)
    shown = root.locator("[aria-label='Cost by what it was spent on'] .num").all_inner_texts()
    spent = sorted((eur for eur in money["items_eur"].values() if eur > 0), reverse=True)
    assert [text.removesuffix(" €").replace(",", "") for text in shown] == [f"{eur:.0f}" for eur in spent]


def test_the_session_is_compared_with_the_day_untouched_and_under_smart(visit):
    """Asked for at the end: each figure as the engine found it, the best of three marked."""
    root = opened(visit, "trainer")
    root.get_by_role("button", name="Compare up to now").click()
    root.locator("text=★ marks the best of the three").wait_for(timeout=40_000)
    found = {kpi["name"]: kpi for kpi in parts(visit, "truth.debrief")["kpis"]}
    rows = root.locator("table[aria-label='Debrief'] tr[data-row]").all()
    assert rows
    for row in rows:
        kpi, cells = found[row.get_attribute("data-row")], row.locator("td").all_inner_texts()
        told = [kpi[side] for side in ("played", "untouched", "smart")]
        if kpi["unit"] == "share" and None not in told:
            assert [text.removeprefix("★ ") for text in cells[1:4]] == [f"{100 * v:.1f} %" for v in told]
        if kpi["better"] != "neither" and None not in told:
            best = (max if kpi["better"] == "higher" else min)(told)
            assert cells[1 + told.index(best)].startswith("★")


def test_a_role_has_its_own_pages_and_no_other(browser, live):
    """Maintenance gets one page, without tabs, truth, or any of the trainer's parts."""
    address = next(line.split()[-1] for line in live.said if line.startswith("attach with"))
    other = Live("--attach", address, "--role", "maintenance")
    try:
        visit = Visit(browser, other.url)
        assert visit.page.locator("#page-maintenance").is_visible()
        assert visit.page.locator("[id^=page-]:visible").count() == 1
        assert visit.page.locator("#page-planner, #page-trainer, #page-engineer").count() == 0
        assert visit.js("Object.keys(view.parts).filter(name => name.startsWith('truth.')).length") == 0
        answer = "await new Promise(done => act({ do: '%s', kind: 'arrived', incident: {} }, done))"
        for asked in ("inject", "compare", "replay"):
            refused = visit.js(f"(async () => {answer % asked})()")
            assert not refused["ok"]
            assert "not for maintenance" in refused["text"]
        assert visit.errors == []
        visit.context.close()
    finally:
        other.end()
