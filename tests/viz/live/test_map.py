"""The map in a real browser: layers, the truth beside the belief, selection, labels, motion, memory."""

import pytest

from benchmarks.live_memory import ROUND, heap_mb
from engine.geo import Projection
from scenarios.live.ground_parts import struck_area
from tests.tiny import write_tiny
from tests.viz.live.browsing import Live
from twin.orders import Place

JAM = {"kind": "gnss_jamming", "near_depot": "main", "radius_m": 900, "at": "06:01", "lasts_s": 40_000}
INK = """id => {
  const c = document.getElementById(id), copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {
    willReadFrequently: true});
  copy.drawImage(c, 0, 0);
  const d = copy.getImageData(0, 0, c.width, c.height).data;
  return d.reduce((sum, v, k) => sum + (k % 4 === 3 && v > 0), 0);
}"""
OVERLAPS = """() => {
  const m = view.map, all = m.labels.chosen.filter(l => !l.always), at = l => [
    (l.xs[l.row] - m.xr.start) / m.mpp + l.dx, (m.yr.end - l.ys[l.row]) / m.mpp + l.dy, l.wide];
  return [all.length, all.some((a, i) => all.some((b, j) => i < j && meets(at(a), ...at(b))))];
}"""
HATCHED = """() => {
  const p = view.parts, d = view.map.renderer('dead-1').data_source.data, c = p.coverage.cell_m;
  return [d.left.reduce((sum, x, k) => sum + (d.right[k] - x) * (d.top[k] - d.bottom[k]), 0) / c / c,
    p['coverage.b'].filter(v => v === 0).length];
}"""


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A tiny day with dead zones, a watched zone and a jammer at its depot."""
    folder = tmp_path_factory.mktemp("map")
    more = {
        "radio": {"carriers": {name: {"terrain": {"dark_share": 0.2, "seed": n}} for n, name in enumerate("ab")}},
        "alerts": {"yard": {"rule": "geofence_left", "set": {"radius_m": 400}}},
        "incidents": {"jam": JAM},
    }
    path = write_tiny(folder, **more)
    live = Live(str(path), "--out", str(folder / "run"), "--speed", "900")
    yield live
    live.end()


def test_layers_are_switched_in_the_legend(visit):
    """Orders away: their canvas is empty; dead zones of a carrier: as many square metres as its cells have."""
    page = visit.page
    page.locator("#legend summary").click()
    assert page.evaluate(INK, "still") > 0
    page.locator("[data-layer=stops]").uncheck()
    page.wait_for_function(f"({INK})('still') === 0")
    assert not visit.js("view.map.renderer('dead-1').visible")
    page.locator("[data-layer='dead b']").check()
    assert visit.js("view.map.renderer('dead-1').visible && !view.map.renderer('dead-0').visible")
    hatched, dead = page.evaluate(HATCHED)
    assert dead > 0
    assert hatched == pytest.approx(dead)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert visit.js("!view.map.on('stops') && view.map.on('dead b')")


def test_the_truth_is_beside_the_belief_for_those_who_may_see_it(visit):
    """The jammer's reach and the true places are drawn only while one looks at the truth."""
    visit.page.keyboard.press(".")
    visit.wait("view.parts['truth.incidents'].some(i => i.name === 'jam')")
    area = visit.js("view.parts['truth.incidents'][0].area")
    assert area["radius_m"] == JAM["radius_m"]
    assert area["x"] == pytest.approx(visit.js("view.parts['depot.x'][0]"), abs=0.1)
    assert not visit.js("view.map.renderer('incidents').visible")
    visit.page.keyboard.press("b")
    assert visit.js("view.map.renderer('incidents').visible && view.map.renderer('true-trail').visible")
    visit.page.keyboard.press("b")
    assert not visit.js("view.map.renderer('incidents').visible")


def test_several_vehicles_can_be_looked_at(visit):
    """A click selects one, with shift another beside it; again with shift it goes; table and map agree; ways come."""
    page = visit.page
    visit.js("act({do: 'play'})")
    visit.wait("view.parts.stops.some(s => s > 1)")
    visit.js("act({do: 'pause'})")
    i = visit.js("view.parts.stops.findIndex(s => s > 1)")
    other = (i + 1) % 3
    page.locator(".rows [role=option]").nth(i).click()
    assert visit.js("view.map.looked") == [i]
    visit.wait(f"view.parts.looked_at?.join() === '{i}'")
    visit.js(f"choose({other}, -1, true)")
    visit.wait("view.parts.looked_at.length === 2")
    assert page.locator(".rows [aria-current=true]").inner_text().startswith(visit.js(f"vehicleName({other})"))
    assert page.locator(".rows [aria-selected=true]").count() == 2
    visit.wait("view.map.renderer('way').data_source.data.x.length > 2")
    visit.js(f"choose({other}, -1, true)")
    assert visit.js("[view.vehicle, ...view.map.looked]") == [i, i]
    page.keyboard.press("Escape")
    visit.wait("view.parts.looked_at.length === 0")
    assert visit.js("view.map.renderer('way').data_source.data.x.length") == 0


def test_labels_do_not_lie_on_one_another(visit):
    """At street scale names of vehicles, orders and depots are there, none over another."""
    for mpp in (10, 3, 1):
        visit.js(f"view.map.show(view.parts['depot.x'][0], view.parts['depot.y'][0], {mpp})")
        visit.page.wait_for_timeout(500)
        number, overlap = visit.page.evaluate(OVERLAPS)
        assert number > 0
        assert not overlap
    assert visit.js("document.querySelector('#scale span').textContent") == "100 m"


def test_marks_move_between_two_positions_and_the_map_follows(visit):
    """While it plays a followed vehicle stays in the middle, and what is drawn lies between what came."""
    page = visit.page
    visit.js("act({do: 'play'})")
    visit.wait("view.parts.state.some(s => view.parts.day.states[s] === 'driving')")
    visit.js("act({do: 'speed', value: 60})")
    i = visit.js("view.parts.state.findIndex(s => view.parts.day.states[s] === 'driving')")
    visit.js(f"choose({i})")
    visit.js("view.map.show(view.map.drawn.x[view.vehicle], view.map.drawn.y[view.vehicle], 4)")
    page.keyboard.press("f")
    seen = set()
    for _ in range(100):
        page.wait_for_timeout(60)
        away_px, x = visit.js(
            "(m => [Math.hypot(m.drawn.x[m.vehicle] - m.centre()[0], m.drawn.y[m.vehicle] - m.centre()[1]) / m.mpp,"
            "m.drawn.x[m.vehicle]])(view.map)"
        )
        seen.add(x)
        assert away_px < 2
        if len(seen) > 4:
            break
    visit.js("act({do: 'pause'})")
    assert len(seen) > 4


def test_memory_does_not_grow_with_play(visit):
    """The short version of an hour in ``make soak``: after the first round nothing more is kept in the browser."""
    tools = visit.context.new_cdp_session(visit.page)
    used_mb = []
    for seconds in (4, 2, 2):
        visit.page.evaluate(ROUND, seconds)
        used_mb.append(heap_mb(tools))
    assert used_mb[-1] < 1.10 * used_mb[0] + 1


def test_an_incident_without_a_place_has_no_area():
    """Near a depot: around it; with a place: there; of a vehicle or everywhere: none."""
    plane, depots = Projection(50.0, 8.0), {"d": Place("d", 50.01, 8.0)}
    around = struck_area({"near_depot": "d", "radius_m": 70.0, "lat": None}, depots, plane)
    assert around == struck_area({"lat": 50.01, "lon": 8.0, "radius_m": 70.0}, depots, plane)
    assert around is not None
    assert (around["x"], around["radius_m"]) == (0.0, 70.0)
    assert struck_area({"vehicle": "v", "radius_m": 70.0}, depots, plane) is None
    assert struck_area({"lat": None, "lon": None, "radius_m": 1e4, "near_depot": None}, depots, plane) is None
