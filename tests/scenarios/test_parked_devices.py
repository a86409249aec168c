"""Parked tablets send four samples together, every twenty minutes: that is no silent feed."""

import json
from pathlib import Path

import pytest

from scenarios import load, run

NOON = Path(__file__).resolve().parents[2] / "configs" / "scenarios" / "carrier-outage-at-noon.yaml"
FEW = ["orders.generate.known_per_day=20", "orders.generate.arriving_per_day=0", "dispatch.plan.effort=20"]


def silent_feeds(*sets: str) -> list[tuple[str, str]]:
    """Feeds alerted as silent, and when (UTC, as Lisbon's clocks are in March)."""
    truth = run(load(NOON, [*FEW, *sets])).truth.to_pylist()
    raised = [(row["occurred_at"], json.loads(row["payload"])) for row in truth if row["kind"] == "alert_raised"]
    return [(p["subject"], f"{at:%H:%M}") for at, p in raised if p["rule"] == "feed_stale" and p["detail"] == "silent"]


@pytest.mark.parametrize("sims", ["red", "red, blue"])
def test_the_noon_outages_threshold_suits_its_devices(sims: str) -> None:
    """Neither the morning before the first departure nor the evening is taken for a broken feed; the limit lies above
    what parked devices leave between two requests, by a check or two at least."""
    model = load(NOON).model
    tablet, limit_s = model.devices["tablet"], model.alerts["feed"].set["telematics_s"]
    between_s = tablet.parked_every * tablet.sample_period_s * tablet.batch_samples
    assert between_s == 1200
    assert limit_s >= between_s + 2 * model.head_office.alerts_every_s
    assert silent_feeds(f"devices.tablet.sims=[{sims}]") == []


def test_the_usual_threshold_would_not() -> None:
    """It takes the first quiet morning for a break, once in each twenty minutes."""
    silent = silent_feeds("alerts.feed.set.telematics_s=360")
    assert [at for feed, at in silent if feed == "telematics" and at < "07:00"] == ["05:52", "06:12", "06:32", "06:52"]


def test_a_broken_feed_is_still_found() -> None:
    """Within the limit and two checks of a busy morning's last sample."""
    silent = silent_feeds("incidents.noon={kind: feed_break, at: '10:00', lasts_s: 7200}")
    (found,) = [at for feed, at in silent if feed == "telematics"]
    assert "10:20" <= found <= "10:27"


def test_the_runbooks_step_is_taken_for_each_silence() -> None:
    """Two breaks of an hour, noticed and well again in between: the supplier is called twice."""
    breaks = {f"b{hour}": f"{{kind: feed_break, at: '{hour}:00', lasts_s: 3600}}" for hour in (10, 13)}
    sets = [f"incidents.{name}={what}" for name, what in breaks.items()]
    step = "head_office.runbook.mute={trigger: feed_silent, does: call_supplier}"
    truth = run(load(NOON, [*FEW, "incidents={}", *sets, step])).truth.to_pylist()
    taken = [f"{row['occurred_at']:%H:%M}" for row in truth if row["kind"] == "runbook_step_taken"]
    assert len(taken) == 2
    assert "10:20" <= taken[0] <= "10:30"
    assert "13:20" <= taken[1] <= "13:30"
