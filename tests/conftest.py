"""Shared by all tests: the reference data is optional, the user's cache is not touched."""

import signal
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
collect_ignore = [] if SHARED.is_dir() else ["reference"]

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell ignores Ctrl-C for what it starts in the background, and children inherit that; here some must be stopped."""


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """Road graphs are cached in a folder of this test session."""
    import os

    before = os.environ.get("TWIN_CACHE_DIR")
    os.environ["TWIN_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["TWIN_CACHE_DIR"]
    else:
        os.environ["TWIN_CACHE_DIR"] = before
