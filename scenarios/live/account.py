"""Head office's account of a day, kept for screens: a picture and three books, folded row by row."""

from agents.office import Entry
from scenarios.live.desk import DeskBook
from scenarios.live.fleet_book import FleetBook
from scenarios.live.inbox import Inbox
from scenarios.live.picture import Picture
from twin.belief import Belief
from twin.events import COMMANDS
from twin.ingest import refused


class OfficeAccount:
    """``hear`` must be told of each row of the office ledger before the belief is, ``fold`` does both."""

    def __init__(self, belief: Belief) -> None:
        self.picture = Picture(belief)
        self.desk, self.fleet, self.inbox = DeskBook(), FleetBook(), Inbox()

    def hear(self, entry: Entry) -> bool:
        """Note a row; whether it is believed."""
        self.inbox.take(entry)
        if entry.kind not in COMMANDS and refused(entry.reason):
            return False
        self.picture.hear(entry.kind, entry.occurred_us, entry.payload, entry.heard_us)
        self.desk.take(entry)
        self.fleet.take(entry, self.picture.belief.index)
        return True

    def fold(self, entry: Entry) -> None:
        """Note a row, and let the belief take it in."""
        if self.hear(entry):
            self.picture.belief.apply(entry.kind, entry.occurred_us, entry.payload, entry.event_id)

    def copy(self) -> "OfficeAccount":
        """The same account, to go on from later."""
        other = OfficeAccount(Belief())
        for name in ("picture", "desk", "fleet", "inbox"):
            setattr(other, name, getattr(self, name).copy())
        return other
