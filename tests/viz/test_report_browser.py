"""The report in a real browser: Chromium from the system, which these tests need (Debian: ``chromium``)."""

import pytest

from tests.viz.conftest import HOSTILE
from viz.report import write_report


class Visit:
    """A page opened from its file, with all it logged and all it asked for."""

    def __init__(self, browser, folder, scheme: str = "light") -> None:
        self.page = browser.new_context(color_scheme=scheme, viewport={"width": 1366, "height": 900}).new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append("dialog " + dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        path = folder / "report.html"
        self.page.goto(f"file://{path if path.exists() else write_report(folder)}")
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def evaluate(self, script: str):
        return self.page.evaluate(script)


@pytest.mark.parametrize(("run", "scheme"), [("tiny_run", "light"), ("hostile_run", "dark")])
def test_the_page_opens_without_errors_and_asks_nothing_of_any_network(browser, request, run, scheme):
    """Cards and both drawings are there; the only request is the file itself; hostile names run nothing."""
    visit = Visit(browser, request.getfixturevalue(run), scheme)
    visit.page.wait_for_timeout(300)
    assert visit.page.locator(".card").first.is_visible()
    for plot in ("map", "timeline"):
        box = visit.page.locator(f"section:has(#{plot}-title) figure canvas").first.bounding_box()
        assert box is not None
        assert box["width"] > 300
    assert visit.errors == []
    assert {url.split(":")[0] for url in visit.requests} == {"file"}
    assert len(visit.requests) == 1


def test_the_legend_and_the_choice_of_a_vehicle_steer_the_map(browser, tiny_run):
    """A cleared box hides its layer; choosing V1 fades V2's route."""
    visit = Visit(browser, tiny_run)
    model = "Bokeh.documents[0].get_model_by_name"
    visit.page.locator("input[data-layer=stop-late]").uncheck()
    assert visit.evaluate(f"{model}('stop-late').visible") is False
    visit.page.locator("#vehicle").select_option("V1")
    faded = visit.evaluate(f"Array.from({model}('route-driven').data_source.get_array('alpha'))")
    assert faded[0] > 0.5 > faded[1]
    visit.page.locator("#vehicle").select_option("")
    assert min(visit.evaluate(f"Array.from({model}('route-driven').data_source.get_array('alpha'))")) > 0.5
    assert visit.errors == []


def test_on_paper_the_drawings_are_pictures(browser, tiny_run):
    """Printing puts a picture of each drawing on the page and takes it away again."""
    visit = Visit(browser, tiny_run, "dark")
    visit.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    pictures = visit.page.locator(".plot > img.paper")
    assert [p.get_attribute("src")[:22] for p in pictures.all()] == ["data:image/png;base64,"] * 2
    visit.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert pictures.count() == 0
    assert visit.errors == []


def test_a_hostile_title_is_text(browser, hostile_run):
    """The heading shows the name as it was written."""
    assert Visit(browser, hostile_run).page.locator("h1").inner_text() == HOSTILE


def test_the_page_does_not_scroll_sideways_on_a_phone(browser, tiny_run):
    """Wide tables scroll within themselves."""
    visit = Visit(browser, tiny_run)
    visit.page.set_viewport_size({"width": 390, "height": 800})
    visit.page.wait_for_timeout(200)
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
