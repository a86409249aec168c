"""A good scenario to be spoilt, in an empty working folder."""

from pathlib import Path

import pytest

from tests.tiny import write_tiny


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A good scenario to be spoilt."""
    return write_tiny(tmp_path)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("working"))
