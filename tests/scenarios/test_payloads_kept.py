"""Payloads kept in memory instead of as text: nobody changes them, and text read again would be the same."""

import json
from pathlib import Path

import pytest

from engine.ledger import Ledger, payload_json
from scenarios import load
from scenarios.run import Session
from tests.test_configs import ROOT, reduced

EVENTFUL = ("scenarios/bad-afternoon", "scenarios/fibre-cut", "scenarios/disturbed-day")


@pytest.mark.parametrize("name", EVENTFUL)
def test_rows_in_memory_stay_what_was_appended(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the moment of an event until KPIs have been counted; plain JSON values all the way down."""
    texts: dict[str, list[str]] = {"truth": [], "office": []}

    def append(ledger: Ledger, *values: object) -> int:
        texts[ledger.name].append(payload_json(values[6]))  # type: ignore[arg-type]
        return appended(ledger, *values)

    appended = Ledger.append
    monkeypatch.setattr(Ledger, "append", append)
    path: Path = ROOT / "configs" / f"{name}.yaml"
    session = Session(load(path, reduced(path)))
    session.run_for_evidence()
    for ledger in (session.world.truth, session.world.office_ledger):
        kept = [row[7] for row in ledger.in_memory()]
        assert len(kept) > 100
        assert [payload_json(payload) for payload in kept] == texts[ledger.name]
        assert [repr(json.loads(text)) for text in texts[ledger.name]] == [repr(payload) for payload in kept]
