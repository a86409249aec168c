"""A browser at the page of a test file's own ``live`` day."""

import pytest

from tests.viz.live.browsing import Visit


@pytest.fixture
def visit(browser, live):
    """Somebody at the page who finds nothing wrong with it."""
    visit = Visit(browser, live.url)
    yield visit
    assert visit.errors == []
    visit.context.close()
