"""The work at the desk, in a real browser: exceptions, recommendations, orders, vehicles, and the day's time."""

import pytest

from scenarios.folder import read_commands
from tests.tiny import write_tiny
from tests.viz.live.browsing import Live, Visit

MORNING = {
    "start": "2026-03-02T08:00",
    "horizon_s": 32_400,
    "drivers": {"crew": {"shift_start": "08:30"}},
    "orders": {
        "generate": {
            "arriving_per_day": 8, "opens": "08:30", "notice_s": 300,
            "arrival_weights": [0.0] * 8 + [1.0] * 2 + [0.0] * 14,
        }
    },
    "alerts": {"weak": {"rule": "low_battery", "set": {"wired_mv": 50_000}, "severity": "critical"}},  # all are
    "head_office": {
        "dispatchers": 0,
        "notifications": {"milestones": ["on_the_way", "next", "delivered"]},
        "proofs": {"photo_kb": 200, "signature_kb": 10},
    },
    "dispatch": {
        "plan": {"at": "08:05"},
        "policy": "insertion",
        "approval": {"mode": "live", "expires_s": 30_000},
    },
}  # fmt: skip
HEARD = "view.parts.pending.filter(r => r.state === 'sent').length === 0"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A tiny morning in which everything wants a person's answer."""
    folder = tmp_path_factory.mktemp("work")
    live = Live(str(write_tiny(folder, **MORNING)), "--out", str(folder / "run"), "--speed", "60")
    live.folder = folder / "run"
    yield live
    live.end()


def last(live) -> dict:
    return read_commands(live.folder)[-1]


def test_an_exception_is_worked_through_with_the_keyboard(visit, live):
    """New ones are announced and the focus stays; a takes one, t gives it to somebody, n notes, r resolves."""
    page = visit.page
    page.locator("#search").focus()
    visit.until("view.parts.exceptions.length === 3")
    page.locator("#alarm .alarm", has_text="3 new").wait_for()
    assert visit.js("document.activeElement.id") == "search"
    page.locator("#list-exceptions .count", has_text="3").wait_for()
    page.keyboard.press("Escape")
    for key in "ejj":
        page.keyboard.press(key)
    chosen = visit.js("queue.chosen")
    assert page.locator("#cases [aria-selected=true]").get_attribute("data-case") == chosen == "E2"
    assert visit.js("view.parts.vehicles[view.vehicle][0]") == visit.js("view.parts.exceptions[1].subject")
    page.keyboard.press("a")
    visit.wait("view.parts.posted.some(act => act.about === 'E2')")
    visit.until("view.parts.exceptions[1].state === 'acknowledged'")
    page.locator("#cases-mine").click()
    page.locator("#cases .case", has_text="taken by owner").wait_for()
    assert page.locator("#cases .case").count() == 1
    page.keyboard.press("t")
    page.keyboard.type("Ada <b>")
    page.keyboard.press("Enter")
    visit.until("view.parts.exceptions[1].assigned_to === 'Ada <b>'")
    page.keyboard.press("n")
    page.keyboard.type("rang the workshop")
    page.keyboard.press("Enter")
    visit.until("view.parts.exceptions[1].notes.length === 1")
    page.locator("#cases .note", has_text="owner: rang the workshop").wait_for()
    page.keyboard.press("r")
    page.keyboard.type("a new one is in")
    page.keyboard.press("Enter")
    visit.until("view.parts.exceptions.some(c => c.id === 'E2' && c.state === 'resolved')")
    page.locator("#cases-over").click()
    page.locator("#cases .case", has_text="by owner").wait_for()
    assert (last(live)["kind"], last(live)["by"]) == ("resolve_exception", "owner")


def test_recommendations_are_changed_refused_and_approved(visit, live):
    """Each says why; another vehicle, a refusal with a reason, and a yes, each recorded with who gave it."""
    page = visit.page
    page.locator("#list-recommendations").click()
    visit.until("view.parts.recommendations.filter(a => a.state === 'waiting').length > 1")
    first = page.locator("#advice [data-advice=R1]")
    reason = visit.js("view.parts.recommendations.find(a => a.recommendation_id === 'R1').reason")
    first.locator("p", has_text=f"Why: {reason}").wait_for()
    first.get_by_role("button", name="Change").click()
    to = first.get_by_label("Vehicle").input_value()
    first.get_by_label("Why").fill("knows the area")
    first.get_by_role("button", name="Send it there").click()
    page.locator("#toast", has_text="changed").wait_for()
    payload = last(live)["payload"]
    assert (payload["vehicle_id"], payload["reason"], payload["by"]) == (to, "knows the area", "owner")
    visit.until("!view.parts.recommendations.some(a => a.recommendation_id === 'R1' && a.state === 'waiting')")
    first.locator(".answer", has_text="changed by owner").wait_for()

    second = page.locator("#advice [data-advice=R2]")
    second.get_by_role("button", name="Refuse").click()
    second.locator("form input").press("Enter")
    assert last(live)["kind"] == "change_recommendation"  # nothing is refused without a reason
    second.locator("form input").fill("closed today")
    second.locator("form input").press("Enter")
    visit.until("!view.parts.recommendations.some(a => a.recommendation_id === 'R2' && a.state === 'waiting')")
    second.locator(".answer", has_text="refused by owner: closed today").wait_for()

    waiting = "view.parts.recommendations.find(a => a.state === 'waiting')"
    visit.until(f"{waiting}")
    third = visit.js(f"{waiting}.recommendation_id")
    page.locator(f"#advice [data-advice={third}]").get_by_role("button", name="Approve").click()
    page.locator("#toast", has_text="approved").wait_for()
    assert last(live)["payload"] == {"recommendation_id": third, "by": "owner"}


def test_an_order_is_dragged_onto_a_vehicle_and_waits_for_the_radio(visit, live):
    """From the list of orders over the list's tab onto a row; recorded, then sent, then accepted; all of it shown."""
    page = visit.page
    planned = (
        "view.parts.orders.findIndex((_, o) => orderStand(o) === 'planned' && view.parts['order.vehicle'][o] >= 0)"
    )
    visit.until(f"{HEARD} && {planned} >= 0")
    order = visit.js(planned)
    name, to = visit.js(f"[orderName({order}), view.parts['order.vehicle'][{order}] === 0 ? 1 : 0]")
    page.locator("#list-orders").click()
    page.locator("#orders-words").fill(name)
    page.locator("#orders [data-row]").first.hover()
    page.mouse.down()
    page.locator("#list-vehicles").hover()
    page.locator("#list-vehicles").hover(position={"x": 9, "y": 9})
    page.locator("#table").wait_for()
    row = page.locator(f"#table [data-row='{to}']")
    row.hover()
    row.hover(position={"x": 30, "y": 9})  # it is told where it is at the second move
    page.locator(f"#table [data-row='{to}'].target").wait_for()
    page.mouse.up()
    page.locator("#toast", has_text=f"is told to take {name}").wait_for()
    assert (last(live)["kind"], last(live)["payload"]["order_id"]) == ("assign_order", name)
    page.locator(f"#table [data-row='{to}']").click()
    page.locator("#vehicle-card .sent", has_text="takes effect at").first.wait_for()
    visit.js("act({ do: 'speed', value: 0.1 })")
    page.keyboard.press(" ")  # a tenth of real time: the radio takes a fifth of a second of the day
    page.locator("#vehicle-card .sent", has_text="not yet received").first.wait_for(timeout=20_000)
    page.keyboard.press(" ")
    visit.wait("!view.parts.clock.playing")
    visit.js("act({ do: 'speed', value: 60 })")
    visit.until(HEARD)
    visit.wait(f"view.parts['order.vehicle'][{order}] === {to}")
    page.locator("#vehicle-card .sent", has_text="accepted").first.wait_for()


def test_a_route_is_put_in_another_sequence_with_the_keyboard(visit, live):
    """Alt with an arrow moves a stop; nothing is sent before it is said so; then the vehicle is told."""
    page = visit.page
    starts = "view.parts['route.start']"
    visit.until(f"{HEARD} && [0, 1, 2].some(i => {starts}[i + 1] - {starts}[i] > 2)")
    row = visit.js(f"[0, 1, 2].find(i => {starts}[i + 1] - {starts}[i] > 2)")
    page.locator(f"#table [data-row='{row}']").click()
    route = f"[...view.parts['route.order'].slice({starts}[{row}], {starts}[{row + 1}])]"
    before = visit.js(route)
    assert page.locator("#send-route").count() == 0
    page.locator("#vehicle-card .stop").nth(len(before) - 1).press("Alt+ArrowUp")
    count = len(read_commands(live.folder))
    page.locator("#send-route").click()
    page.locator("#toast", has_text="another route").wait_for()
    sent = last(live)
    names = [visit.js(f"orderName({o})") for o in [*before[:-2], before[-1], before[-2]]]
    assert len(read_commands(live.folder)) == count + 1
    assert [stop["order_id"] for stop in sent["payload"]["stops"]] == names
    visit.until(HEARD)
    page.locator("#vehicle-card .sent", has_text="route").first.wait_for()


def test_a_vehicle_is_held_called_and_written_to(visit, live):
    """Held with a sign of it in the list, let go, phoned, and sent a message, which is shown as text."""
    page = visit.page
    page.locator("#table [data-row='1']").click()
    page.get_by_role("button", name="Hold …").click()
    page.locator("#vehicle-line input").fill("waits for goods")
    page.locator("#vehicle-line input").press("Enter")
    page.locator("#toast", has_text="told to wait").wait_for()
    assert (last(live)["kind"], last(live)["payload"]["reason"]) == ("hold_vehicle", "waits for goods")
    visit.until("view.parts.held[1] === 1")
    page.locator("#table [data-row='1'] .sign").wait_for()
    page.get_by_role("button", name="Let it go on").click()
    visit.until("view.parts.held[1] === 0")
    page.get_by_role("button", name="Call driver …").click()
    page.locator("#vehicle-line input").fill("the gate")
    page.locator("#vehicle-line input").press("Enter")
    visit.until("view.parts.calls.some(call => call.about === 'the gate')")
    page.locator("#vehicle-card .sent", has_text="the gate").wait_for()
    page.get_by_role("button", name="Message …").click()
    page.locator("#vehicle-line input").fill("<i>ring twice</i>")
    page.locator("#vehicle-line input").press("Enter")
    visit.until("view.parts.pending.some(record => record.text.includes('twice'))")
    page.locator("#vehicle-card .sent", has_text="<i>ring twice</i>").wait_for()


def test_an_order_is_placed_by_a_click_on_the_map(visit, live):
    """What is missing is said; the place is where the map was clicked, the window as written in local time."""
    page = visit.page
    form = page.locator(".order-form")
    page.keyboard.press("o")
    page.locator("#place-order").click()
    page.locator(".order-form [role=alert]", has_text="Where is it?").wait_for()
    form.get_by_label("Name").fill("late-pie")
    form.get_by_label("From").fill("13:30")
    form.get_by_label("Until").fill("15:00")
    form.get_by_label("Weight in kg").fill("12.5")
    page.locator("#pick-place").click()
    x, y, mpp = visit.js(
        "(() => { const m = view.map, b = m.element.getBoundingClientRect(); "
        "m.show(view.parts['depot.x'][0], view.parts['depot.y'][0], 5); "
        "return [b.left + b.width / 2, b.top + b.height / 2, m.mpp]; })()"
    )
    page.mouse.click(x + 40, y)
    page.locator("#new-order-place", has_text="as clicked").wait_for()
    page.locator("#place-order").click()
    page.locator("#toast", has_text="late-pie is placed").wait_for()
    order = last(live)["payload"]["order"]
    assert order["demand"] == {"weight_kg": 12.5}
    (window,) = order["delivery"]["windows_us"]
    assert window == [visit.js("view.parts.day.start_us") + round(h * 3600e6) for h in (5.5, 7.0)]
    visit.until("orderRow('late-pie') >= 0")
    depot_x = visit.js("view.parts['depot.x'][0]")
    assert visit.js("view.parts['order.x'][orderRow('late-pie')]") == pytest.approx(depot_x + 40 * mpp, abs=2 * mpp)


def test_an_order_gets_another_window_and_a_note(visit, live):
    """Found by part of its name; the window agreed anew is shown in the list and in its card."""
    page = visit.page
    name = visit.js("view.parts.orders.findLast((_, o) => orderOpen(o))[0]")
    page.keyboard.press("/")
    page.locator("#search").fill(name)
    page.locator("#search").press("Enter")
    page.locator("#change-window").click()
    page.locator("#order-line").get_by_label("From").fill("14:00")
    page.locator("#order-line").get_by_label("Until").fill("13:00")
    page.locator("#order-line").get_by_label("Until").press("Enter")
    page.locator("#toast", has_text="ends before it begins").wait_for()
    page.locator("#order-line").get_by_label("Until").fill("15:30")
    page.locator("#order-line").get_by_label("Note").fill("the concierge")
    page.locator("#order-line").get_by_label("Note").press("Enter")
    visit.until(f"window_(orderRow('{name}')) === '14:00–15:30'")
    page.locator("#story", has_text="the concierge").wait_for()
    assert last(live)["kind"] == "change_order"


def test_a_delivered_order_shows_what_its_customer_was_told_and_its_proof(visit, live):
    """Photo and signature drawn from the fingerprint, their time, the messages, and the story with both sides."""
    page = visit.page
    visit.until("view.parts.proofs.length > 0")
    proof = visit.js("view.parts.proofs[0]")
    page.locator("#search").fill(proof["order_id"])
    page.locator("#search").press("Enter")
    figure = page.locator(f"#order-card [data-proof='{proof['proof_id']}']")
    figure.wait_for()
    assert figure.locator("svg").count() == 2
    assert proof["sha256"][:16] in figure.inner_text()
    assert visit.js(f"localTime({proof['captured_us']})") in figure.inner_text()
    story = page.locator("#story").inner_text()
    assert visit.js(f"view.parts.notifications.find(n => n.order_id === '{proof['order_id']}').text") in story
    assert "when head office knew" in story


def test_somebody_looks_back_while_the_day_goes_on(visit, live):
    """The scrubber shows the day as it was; nothing can be ordered there; the way back is on the page."""
    page = visit.page
    now = visit.clock()
    visit.js("choose(-1, view.parts.orders.length - 1)")
    page.locator("#order-card").wait_for()
    page.locator("#scrub").fill("50")
    page.locator("#scrub").dispatch_event("change")
    page.locator("#past", has_text="You look at").wait_for(timeout=60_000)
    assert visit.clock() < now
    assert page.locator("#order-card").count() == 0  # nobody had ordered it then
    page.locator("#table [data-row='0']").click()
    assert page.locator("#assign").is_disabled()
    page.keyboard.press("g")
    page.locator("#goto input").fill("08:40")
    page.locator("#goto input").press("Enter")
    visit.wait("document.getElementById('clock').textContent === '08:40:00'")
    page.locator("#now").click()
    page.locator("#past").wait_for(state="hidden")
    assert visit.clock() == now
    page.locator("#scrub").fill("999")
    page.locator("#scrub").dispatch_event("change")
    page.locator("#toast", has_text="still to come").wait_for()


@pytest.mark.parametrize("role", ["engineer", "trainee"])
def test_a_role_is_offered_only_what_it_may_do(browser, live, role):
    """Who may not act has no buttons for it; who does not own the clock cannot move it; truth is only for some."""
    address = next(line.split()[-1] for line in live.said if line.startswith("attach with"))
    other = Live("--attach", address, "--role", role)
    visit = Visit(browser, other.url)
    page = visit.page
    visit.js("openPage('operations')")
    page.locator("#table [data-row='0']").click()
    acts = role == "trainee"
    assert page.locator("#assign").is_visible() == acts
    assert page.get_by_role("button", name="Hold …").count() == acts
    assert page.locator("#play").is_disabled() == (role == "trainee")
    assert page.locator("#truth").is_visible() == (role == "engineer")
    page.locator("#list-orders").click()
    assert page.locator("#add-order").is_visible() == acts
    assert visit.errors == []
    visit.context.close()
    other.end()
