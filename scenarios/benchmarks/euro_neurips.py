"""``twin solve`` on a dynamic day of EURO Meets NeurIPS 2022: played by a policy, or decisions replayed.

A policy is asked as each epoch begins and sees only what is known by then (``euro_neurips_view``). What it puts on a
vehicle's route leaves in that epoch. Nothing is corrected: an answer that breaks a rule of the day ends it.
"""

import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.streams import Streams
from scenarios.benchmarks import request as asked
from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.euro_neurips_day import Day, Request, read_day, read_json, recognises
from scenarios.benchmarks.euro_neurips_view import TableTravel, view_of
from scenarios.benchmarks.text import refuse
from scenarios.problems import BadInput, Problem, nearest
from scenarios.studies.worker_pool import worker_pool
from twin.commands import Command
from twin.policies import Policy, policies
from twin.policies.wave_search import Each
from twin.policies.waves import WAVE_POLICIES

__all__ = ["DEFAULT_ITERATIONS", "DEFAULT_POLICY", "play", "recognises", "replay", "solve", "solve_dynamic"]

DEFAULT_POLICY = "rolling"

DEFAULT_ITERATIONS = 60_000
"""Of PyVRP, a decision."""

PROCESSES = min(2, os.cpu_count() or 1)
"""That draws are solved in; how many changes no answer."""

WORTH_PROCESSES = 2_000, 1.0
"""Iterations and seconds a decision from which starting them pays."""

UNCOUNTED = 10**9
"""Iterations where only the clock limits."""

PUBLISHED = "published_results.csv"

Routes = Sequence[Sequence[int]]
"""Request ids by route."""


@dataclass(frozen=True)
class Epoch:
    """What left in an epoch: ``known`` requests could have, ``due`` of them had to."""

    epoch: int
    known: int
    due: int
    routes: tuple[tuple[int, ...], ...]
    cost: int
    violations: tuple[str, ...]


def solve(path: Path, request: asked.Request) -> dict[str, Any]:
    """The answer of ``twin solve``; ``--out`` takes the decisions in the form ``replay`` reads.

    Raises:
        BadInput: a file or an option is wrong, or the policy's answer breaks a rule of the day.
    """
    if request.objective == "vehicles" or request.rounding not in (None, "none"):
        name = "--objective" if request.objective == "vehicles" else "--rounding"
        refuse(str(path), name, request.objective or request.rounding, "none: a dynamic day has driving seconds only")
    answer = solve_dynamic(path, request.policy, request.iterations, request.seconds, request.decisions, request.seed)
    if request.out is not None and answer["feasible"]:
        by_epoch = {str(at["epoch"]): at["routes"] for at in answer["epochs"]}
        request.out.write_text(json.dumps({"routes_by_epoch": by_epoch}) + "\n")
    return answer


def solve_dynamic(
    path: Path,
    policy: str | None = None,
    iterations: int | None = None,
    seconds: float | None = None,
    decisions: Path | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Play a day with a policy, or price recorded ``decisions``; costs are driving seconds, routes request ids.

    ``iterations`` and ``seconds`` are of one decision. Beside the keys of ``twin solve --json``: ``epochs`` (what
    left when, and its cost), ``violations``, and ``published``, the day's costs in the results beside its folder.

    Raises:
        BadInput: a file or an option is wrong, or the policy's answer breaks a rule of the day.
    """
    started = time.perf_counter()
    day = read_day(path)
    if decisions is not None:
        if policy is not None:
            refuse(str(path), "--policy", policy, "no policy beside --decisions, which holds the decisions")
        epochs, name = replay(day, decisions), "decisions"
    else:
        name = policy or DEFAULT_POLICY
        count = iterations if iterations is not None else (UNCOUNTED if seconds is not None else DEFAULT_ITERATIONS)
        epochs = _play_at_once(day, _policy(path, name), count, seconds, seed)
    violations = [f"epoch {at.epoch}: {text}" for at in epochs for text in at.violations] + _unserved(day, epochs)
    return {
        "instance": path.stem,
        "policy": name,
        "cost": sum(at.cost for at in epochs),
        "feasible": not violations,
        "routes": [list(route) for at in epochs for route in at.routes],
        "best_known": None,
        "gap_pct": None,
        "wall_s": round(time.perf_counter() - started, 3),
        "problem": "EURO Meets NeurIPS 2022, dynamic",
        "violations": violations,
        "epochs": [
            {"epoch": at.epoch, "known": at.known, "due": at.due, "cost": at.cost,
             "routes": [list(route) for route in at.routes]}
            for at in epochs
        ],
        "published": _published(path, day),
    }  # fmt: skip


def play(
    day: Day, policy: Policy, iterations: int, seconds: float | None = None, seed: int = 0, each: Each = map
) -> list[Epoch]:
    """Ask a policy at each epoch; requests of later epochs do not exist for it. ``each``: see ``Prospect``.

    Raises:
        BadInput: what it answers breaks a rule of the day.
    """
    travel, journal = TableTravel(day.travel_s), dict[str, Any]()
    waiting: dict[int, Request] = {}
    epochs = []
    for epoch in day.epochs:
        waiting |= {request.id: request for request in day.released(epoch)}
        clock = Budget(iterations, seconds).seconds_left if seconds is not None else None
        view = view_of(day, epoch, waiting, journal, clock, each)
        commands = policy(view, travel, Streams(seed).generator("decision", epoch), iterations)
        routes = routes_of(day, epoch, waiting, commands)
        epochs.append(judge(day, epoch, waiting, routes))
        for text in epochs[-1].violations[:1]:
            refuse(day.file, f"epoch {epoch}", text, "an answer of the policy that keeps the rules of the day")
        waiting = _without(waiting, epochs[-1])
    return epochs


def _play_at_once(day: Day, policy: Policy, iterations: int, seconds: float | None, seed: int) -> list[Epoch]:
    """Play a day over several processes where that pays."""
    least_iterations, least_s = WORTH_PROCESSES
    if iterations < least_iterations or (seconds is not None and seconds < least_s):
        return play(day, policy, iterations, seconds, seed)
    with worker_pool(PROCESSES, "twin.policies.wave_search") as pool:
        return play(day, policy, iterations, seconds, seed, pool.map)


def replay(day: Day, decisions: Path) -> list[Epoch]:
    """Recorded decisions, ``{"routes_by_epoch": {epoch: [[request id, ...], ...]}}``, each epoch judged.

    Raises:
        BadInput: not such a file, or it names epochs or requests the day has not.
    """
    by_epoch = _recorded(day, decisions)
    waiting: dict[int, Request] = {}
    epochs = []
    for epoch in day.epochs:
        waiting |= {request.id: request for request in day.released(epoch)}
        epochs.append(judge(day, epoch, waiting, by_epoch.get(epoch, [])))
        waiting = _without(waiting, epochs[-1])
    return epochs


def _recorded(day: Day, decisions: Path) -> dict[int, list[list[int]]]:
    """Recorded routes by epoch.

    Raises:
        BadInput: not such a file, or it names epochs or requests the day has not.
    """
    by_epoch = read_json(decisions).get("routes_by_epoch")
    if not isinstance(by_epoch, dict):
        refuse(str(decisions), "routes_by_epoch", by_epoch or "nothing", "request ids by route, by epoch")
    epochs = {str(epoch): epoch for epoch in day.epochs}
    for name, routes in by_epoch.items():
        key = f"routes_by_epoch.{name}"
        if name not in epochs:
            refuse(str(decisions), key, name, f"an epoch of the day, {day.epochs[0]} to {day.epochs[-1]}")
        if not isinstance(routes, list) or not all(isinstance(route, list) for route in routes):
            refuse(str(decisions), key, routes, "a list of routes, each a list of request ids")
        for at in (at for route in routes for at in route):
            if type(at) is not int or at not in day.requests:
                refuse(str(decisions), key, at, "the id of one of the day's requests")
    return {epochs[name]: routes for name, routes in by_epoch.items()}


def _without(waiting: dict[int, Request], sent: Epoch) -> dict[int, Request]:
    """What waits on after an epoch."""
    gone = {at for route in sent.routes for at in route}
    return {at: request for at, request in waiting.items() if at not in gone}


def routes_of(day: Day, epoch: int, waiting: dict[int, Request], commands: Sequence[Command]) -> list[list[int]]:
    """Routes out of commands, in the order vehicles were first spoken to.

    Raises:
        BadInput: a command for a vehicle or an order that is not there, or of a kind that sets no route.
    """
    routes: dict[str, list[str]] = {}
    names = {f"V{n + 1}" for n in range(len(waiting))}
    for command in commands:
        payload, where = command.payload, f"epoch {epoch}, {command.kind}"
        if payload.get("vehicle_id") not in names:
            refuse(day.file, where, payload.get("vehicle_id"), f"a vehicle of the view, V1 to V{len(names)}")
        route = routes.setdefault(command.vehicle_id, [])
        if command.kind == "set_route":
            route[:] = [stop["order_id"] for stop in payload["stops"]]
        elif command.kind == "assign_order":
            at = len(route) if payload["position"] is None else payload["position"]
            route.insert(at, payload["order_id"])
        elif command.kind == "unassign_order" and payload["order_id"] in route:
            route.remove(payload["order_id"])
        else:
            refuse(day.file, where, command.kind, "set_route, assign_order or unassign_order of an order on the route")
    known = {str(at): at for at in waiting}
    for order_id in (at for route in routes.values() for at in route):
        if order_id not in known:
            refuse(day.file, f"epoch {epoch}", order_id, "an order that waits in this epoch")
    return [[known[at] for at in route] for route in routes.values() if route]


def judge(day: Day, epoch: int, waiting: dict[int, Request], routes: Routes) -> Epoch:
    """What routes that leave in an epoch cost, and which rules they break; knows no solver."""
    sent = [at for route in routes for at in route]
    due = {at for at, request in waiting.items() if request.must_dispatch_epoch <= epoch}
    found = [f"request {at} is not waiting" for at in dict.fromkeys(sent) if at not in waiting]
    found += [f"request {at} is sent {sent.count(at)} times" for at in dict.fromkeys(sent) if sent.count(at) > 1]
    found += [f"request {at} must leave now and does not" for at in sorted(due - set(sent))]
    cost = 0
    for number, route in enumerate(routes, 1):
        stops = [day.requests[at] for at in route]
        found += [f"route {number}: {text}" for text in _violations(day, epoch, stops)]
        places = [0, *(stop.customer for stop in stops), 0]
        cost += int(day.travel_s[places[:-1], places[1:]].sum())
    return Epoch(epoch, len(waiting), len(due), tuple(tuple(route) for route in routes), cost, tuple(found))


def _violations(day: Day, epoch: int, stops: Sequence[Request]) -> list[str]:
    """What a vehicle that leaves in an epoch breaks on its way."""
    found, now, place = [], day.leaves_s(epoch), 0
    load = sum(stop.demand for stop in stops)
    if load > day.capacity:
        found.append(f"carries {load}, the capacity is {day.capacity}")
    for stop in stops:
        now = max(now + int(day.travel_s[place, stop.customer]), stop.tw_open)
        if now > stop.tw_close:
            found.append(f"request {stop.id} starts at {now} s, its window closes at {stop.tw_close} s")
        now, place = now + stop.service, stop.customer
    now += int(day.travel_s[place, 0])
    if now > day.closes_s:
        found.append(f"is back at {now} s, the depot closes at {day.closes_s} s")
    return found


def _unserved(day: Day, epochs: Sequence[Epoch]) -> list[str]:
    sent = {at for epoch in epochs for route in epoch.routes for at in route}
    return [f"request {at} is never sent" for at in day.requests if at not in sent]


def _policy(path: Path, name: str) -> Policy:
    """A wave policy, else a registered one."""
    known: dict[str, Callable[..., list[Command]]] = policies() | WAVE_POLICIES
    if name not in known:
        expected = f"one of {', '.join(sorted(known))}"
        raise BadInput([Problem(str(path), "--policy", name, expected, nearest(name, known))])
    return known[name]


def _published(path: Path, day: Day) -> dict[str, int]:
    """Published costs of the day by entry, cheapest first; empty where there is no table."""
    table = path.resolve().parent.parent / PUBLISHED
    number = path.stem.lstrip("0") or "0"
    if not table.is_file():
        return {}
    with table.open(newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if (row["dynamic_config_nr"], row["instance"]) == (number, day.instance)
        ]
    return {row["team"]: int(row["dynamic_cost"]) for row in sorted(rows, key=lambda row: int(row["dynamic_cost"]))}
