"""What the live page tells of what head office heard."""

from scenarios.live.picture import Picture
from tests.worlds import at
from twin.belief import Belief


def test_alerts_and_outages_are_told_in_words() -> None:
    """Of an alert its text and whom it is about; of the plant what is down; nothing when an alert merely clears."""
    picture = Picture(Belief())
    alert = {"alert_id": "A1", "alert": "silent", "rule": "device_silent", "subject": "V1", "severity": "warning",
             "owner": "telematics-manager", "since_us": at(0), "detail": "", "text": "V1 silent for 20 min",
             "late": False}  # fmt: skip
    picture.hear("alert_raised", at(1), alert, at(1))
    picture.hear("alert_cleared", at(2), {"alert_id": "A1", "alert": "silent", "subject": "V1"}, at(2))
    picture.hear("plant_failed", at(3), {"component": "terminal_link", "cause": "digger"}, at(3))
    picture.hear("plant_restored", at(4), {"component": "terminal_link", "cause": "digger"}, at(4))
    assert [(line.subject, line.text) for line in picture.news] == [
        ("V1", "alert: V1 silent for 20 min"), ("", "terminal link is down"), ("", "terminal link is up again"),
    ]  # fmt: skip
