"""Dynamic days of the EURO Meets NeurIPS 2022 vehicle routing competition: files, rules, and the known demand.

Rules (https://github.com/ortec/euro-neurips-vrp-2022-quickstart): a request becomes known at an epoch, vehicles sent
out in an epoch leave the depot a dispatch margin after it begins, windows are hard, waiting is free, vehicles are
without number. Times are whole seconds of the day. The static file holds the driving times and the customers whose
places, windows, demands and service times requests are drawn from.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.streams import Streams
from scenarios.benchmarks.instance import Instance
from scenarios.benchmarks.static import read_instance
from scenarios.benchmarks.text import number, refuse

REQUESTS_PER_EPOCH = 100
"""Drawn by the competition's environment; those that could not be served any more are dropped."""

DAY_KEYS = ("instance", "capacity", "depot_tw", "epoch_duration_s", "dispatch_margin_s", "start_epoch", "end_epoch",
            "requests")  # fmt: skip
REQUEST_KEYS = ("id", "customer", "release_epoch", "tw_open", "tw_close", "demand", "service", "must_dispatch_epoch")


class Request(NamedTuple):
    """A request as in the file; service starts between ``tw_open`` and ``tw_close``."""

    id: int
    customer: int
    release_epoch: int
    tw_open: int
    tw_close: int
    demand: int
    service: int
    must_dispatch_epoch: int


@dataclass(frozen=True)
class Day:
    """A dynamic day with its static file: ``travel_s`` int64 [customers + 1, customers + 1], 0 is the depot."""

    file: str
    instance: str
    static: Instance
    capacity: int
    closes_s: int
    epoch_s: int
    margin_s: int
    epochs: range
    requests: dict[int, Request]

    @cached_property
    def travel_s(self) -> np.ndarray:
        """Driving times."""
        return self.static.legs.astype(np.int64)

    def starts_s(self, epoch: int) -> int:
        """When an epoch begins."""
        return epoch * self.epoch_s

    def leaves_s(self, epoch: int) -> int:
        """When its vehicles leave."""
        return self.starts_s(epoch) + self.margin_s

    def released(self, epoch: int) -> list[Request]:
        """What becomes known in an epoch."""
        return [request for request in self.requests.values() if request.release_epoch == epoch]


def recognises(path: Path) -> bool:
    """Whether a file is a dynamic day: a JSON object that has epochs and requests."""
    if not path.is_file() or not path.read_bytes()[:64].lstrip().startswith(b"{"):
        return False
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return path.suffix == ".json"  # read_day says what is wrong with it
    return isinstance(found, dict) and {"requests", "epoch_duration_s"} & found.keys() != set()


def read_day(path: Path) -> Day:
    """Read a day and its static file (``../static`` beside the day's folder, or beside the day).

    Raises:
        BadInput: not such a file, keys missing, values out of range, or no static file.
    """
    raw = read_json(path)
    file = str(path)
    for key in DAY_KEYS:
        if key not in raw:
            refuse(file, key, "nothing", "this key of a dynamic day")
    whole = {key: _whole(file, key, raw[key], 1) for key in ("capacity", "epoch_duration_s")}
    whole |= {key: _whole(file, key, raw[key], 0) for key in ("dispatch_margin_s", "start_epoch", "end_epoch")}
    if whole["end_epoch"] < whole["start_epoch"]:
        refuse(file, "end_epoch", whole["end_epoch"], f"at least start_epoch {whole['start_epoch']}")
    depot = raw["depot_tw"]
    if not isinstance(depot, list) or len(depot) != 2:
        refuse(file, "depot_tw", depot, "when the depot opens and closes, in seconds")
    static = _static(path, raw["instance"])
    return Day(
        file=file,
        instance=str(raw["instance"]),
        static=static,
        capacity=whole["capacity"],
        closes_s=_whole(file, "depot_tw", depot[1], 0),
        epoch_s=whole["epoch_duration_s"],
        margin_s=whole["dispatch_margin_s"],
        epochs=range(whole["start_epoch"], whole["end_epoch"] + 1),
        requests=_requests(file, raw["requests"], static.nodes - 1, whole),
    )


def _requests(file: str, rows: Any, customers: int, day: dict[str, int]) -> dict[int, Request]:
    """Requests by id.

    Raises:
        BadInput: a row that cannot be used.
    """
    if not isinstance(rows, list):
        refuse(file, "requests", type(rows).__name__, "a list of requests")
    found: dict[int, Request] = {}
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or not row.keys() >= set(REQUEST_KEYS):
            refuse(file, f"requests[{at}]", row, f"an object with {', '.join(REQUEST_KEYS)}")
        request = Request(*(_whole(file, f"requests[{at}].{key}", row[key], 0) for key in REQUEST_KEYS))
        if request.id in found:
            refuse(file, f"requests[{at}].id", request.id, "an id that no other request has")
        if not 1 <= request.customer <= customers:
            refuse(
                file, f"requests[{at}].customer", request.customer, f"a customer of the static file, 1 to {customers}"
            )
        if not day["start_epoch"] <= request.release_epoch <= request.must_dispatch_epoch <= day["end_epoch"]:
            span = f"{request.release_epoch} to {request.must_dispatch_epoch}"
            expected = f"epochs in order, within {day['start_epoch']} to {day['end_epoch']}"
            refuse(file, f"requests[{at}].release_epoch to must_dispatch_epoch", span, expected)
        if request.demand > day["capacity"]:
            refuse(file, f"requests[{at}].demand", request.demand, f"at most the capacity {day['capacity']}")
        found[request.id] = request
    return found


def _static(path: Path, name: Any) -> Instance:
    """The static instance of a day, in whole seconds."""
    if not isinstance(name, str) or Path(name).name != name:
        refuse(str(path), "instance", name, "the name of a static file")
    folders = (path.resolve().parent.parent / "static", path.resolve().parent)
    beside = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if beside is None:
        refuse(str(path), "instance", name, f"a file in {folders[0]}")
    static = read_instance(beside)
    if static.problem != "VRPTW" or not static.integral or static.depots != 1:
        refuse(str(beside), "TYPE", static.problem, "a VRPTW with one depot and whole driving times")
    return static


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        BadInput: the file is something else.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        refuse(str(path), "", error.strerror, "a file that can be read")
    except ValueError as error:
        refuse(str(path), "", str(error)[:60], "JSON; is the file cut off?")
    if not isinstance(found, dict):
        refuse(str(path), "", type(found).__name__, "a JSON object")
    return found


def _whole(file: str, key: str, value: Any, least: int) -> int:
    return int(number(file, key, value, least=least, whole=True))


def in_time(day: Day, epoch: int, customer: Any, opens: Any, closes: Any, service: Any) -> Any:
    """Whether a vehicle of an epoch with nothing else to do can serve and be back; numbers or arrays alike."""
    start = np.maximum(day.leaves_s(epoch) + day.travel_s[0, customer], opens)
    return (start <= closes) & (start + service + day.travel_s[customer, 0] <= day.closes_s)


def last_epoch(day: Day, request: Request) -> int:
    """The last epoch that is in time for a request, at least that of its release."""
    columns = (request.customer, request.tw_open, request.tw_close, request.service)
    return max((at for at in day.epochs[1:] if in_time(day, at, *columns)), default=request.release_epoch)


def draw_requests(day: Day, rng: np.random.Generator, epoch: int) -> list[Request]:
    """Requests of an epoch as the competition draws them; ids count from 1, the epoch is their last one too.

    Customer, window, demand and service are drawn independently and uniformly from the static file's customers; what
    is not in time is dropped.
    """
    static = day.static
    customer, window, demand, service = rng.integers(1, static.nodes, size=(4, REQUESTS_PER_EPOCH))
    columns = [customer, static.opens[window], static.closes[window], static.service[service]]
    customer, opens, closes, lasts = (column.astype(np.int64) for column in columns)
    kept = in_time(day, epoch, customer, opens, closes, lasts)
    rows = np.stack([customer, opens, closes, static.demand[demand], lasts], axis=1)[kept].tolist()
    return [
        Request(at, place, epoch, first, last, load, service, epoch)
        for at, (place, first, last, load, service) in enumerate(rows, 1)
    ]


def draw_day(static_file: Path, seed: int) -> Day:
    """A day as the competition would draw it from a static file, with our own random numbers.

    Vehicles leave an hour after the start of each epoch of an hour, in all epochs that are in time for the first
    window to open and not too late for the last.
    """
    static, hour_s = read_instance(static_file), 3600
    opens = static.opens[1:]
    epochs = range(*(max(int(at - hour_s) // hour_s, 0) + end for end, at in enumerate((opens.min(), opens.max()))))
    file, capacity = f"{static_file.stem}, seed {seed}", static.vehicles[0].capacity
    empty = Day(file, static_file.name, static, capacity, int(static.closes[0]), hour_s, hour_s, epochs, {})
    found: dict[int, Request] = {}
    for epoch in epochs:
        for request in draw_requests(empty, Streams(seed).generator("requests", static_file.stem, epoch), epoch):
            named = request._replace(id=len(found) + 1)
            found[named.id] = named._replace(must_dispatch_epoch=last_epoch(empty, named))
    return replace(empty, requests=found)
