"""Things looked up in the ledgers when somebody asks: the story of an order, what a vehicle or its driver did."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agents.office import Entry
from scenarios.live.desk import DeskBook
from scenarios.live.picture import WORDS, plain_words
from scenarios.live.snapshot import Day
from scenarios.live.switchboard import Request
from scenarios.rows import Row, RunLedgers
from scenarios.telling.story import order_story
from twin.events import COMMANDS
from twin.ingest import refused

LINES = 300
"""Lines of a vehicle's doings, the newest."""


def answer_to(request: Request, day: Day, truth: bool) -> None:
    """Answer ``tell`` with a document ``doc``; reading takes a while, and is done on a thread of its own.

    Raises:
        KeyError: none of ``order_id``, ``vehicle_id``, ``driver_id`` is given.
    """
    fields, belief = request.fields, day.picture.belief
    driver_id = fields.get("driver_id")
    vehicle_id = fields.get("vehicle_id") or next(
        (name for name, view in belief.vehicles.items() if view.driver_id == driver_id and driver_id is not None), None
    )
    if fields.get("order_id"):
        order_id = str(fields["order_id"])
        look: Callable[[RunLedgers], dict[str, Any]] = lambda found: order_document(found, order_id, ended)  # noqa: E731
    elif vehicle_id is not None:
        name = str(vehicle_id)
        look = lambda found: vehicle_document(found, name)  # noqa: E731
    else:
        raise KeyError("order_id")
    ledgers, ended = day.ledgers, day.now_us >= day.end_us
    if day.folder is None:  # what is in memory is still being written: read it now
        in_memory = ledgers()
        ledgers = lambda: in_memory  # noqa: E731

    def tell() -> None:
        try:
            found = ledgers()
            request.answer(ok=True, text="", doc=look(found if truth else as_known(found)))
        except (ValueError, OSError) as error:
            request.answer(ok=False, text=str(error))

    threading.Thread(target=tell, name="lookup", daemon=True).start()


def as_known(ledgers: RunLedgers) -> RunLedgers:
    """The same with what head office believes in the truth's place."""
    believed = [row for row in ledgers.office if row.kind not in COMMANDS and not refused(row.reason)]
    return replace(ledgers, truth=believed)


def order_document(ledgers: RunLedgers, order_id: str, ended: bool = True) -> dict[str, Any]:
    """An order's story with what customers were told, proofs and notes; ``ended``: the run has.

    Raises:
        UnknownOrder: there is none of this name.
    """
    book = DeskBook()
    for row in ledgers.office:
        if row.payload.get("order_id") == order_id and not refused(row.reason):
            heard_us = row.at_us if row.received_us is None else row.received_us
            book.take(Entry(heard_us, row.event_id, row.kind, row.at_us, row.payload, row.reason, row.source))
    lists = book.parts()
    told = {name: lists[name] for name in ("notifications", "proofs", "notes")}
    story = order_story(ledgers, order_id)
    if story.state == "open" and not ended:
        story = replace(story, verdict="Still open.")
    return {"order": story.as_dict(), **told}


def vehicle_document(ledgers: RunLedgers, vehicle_id: str) -> dict[str, Any]:
    """What a vehicle and its driver did: trips, and everything else in words."""
    mine = [row for row in ledgers.truth if row.payload.get("vehicle_id") == vehicle_id]
    sent = [row for row in ledgers.office if row.kind in COMMANDS and row.payload.get("vehicle_id") == vehicle_id]
    lines = [line for row in sorted([*mine, *sent], key=lambda row: row.at_us) if (line := _line(row)) is not None]
    return {"vehicle": vehicle_id, "trips": _trips(mine), "lines": lines[-LINES:]}


def _trips(rows: list[Row]) -> list[dict[str, Any]]:
    trips: dict[str, dict[str, Any]] = {}
    for row in rows:
        p = row.payload
        if row.kind == "departed":
            trips[p["trip_id"]] = {
                "trip_id": p["trip_id"], "driver_id": p["driver_id"], "to": p["to"], "purpose": p["purpose"],
                "left_us": row.at_us, "due_us": p["due_us"], "arrived_us": None, "distance_m": None, "driving_s": None,
            }  # fmt: skip
        elif row.kind == "arrived" and p["trip_id"] in trips:
            trips[p["trip_id"]] |= {"arrived_us": row.at_us, "distance_m": p["distance_m"], "driving_s": p["driving_s"]}
    return [*trips.values()]


def _line(row: Row) -> list[Any] | None:
    words = WORDS.get(row.kind)
    return None if words is None else [row.at_us, row.kind, plain_words(words, row.payload)]
