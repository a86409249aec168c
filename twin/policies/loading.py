"""Last-in-first-out routes as loads and unloads of lots, and what they cost; times in whole seconds of the view."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


class Act(NamedTuple):
    """Loading or unloading a lot at a place (a row of the tables); ``change`` of the load, ``due_s`` if unloaded."""

    place: int
    unload: bool
    change: float
    service_s: int
    due_s: tuple[int, ...]
    lot: int


class Lot(NamedTuple):
    """Orders fetched and brought together: between the same two places, loaded in this order."""

    orders: tuple[str, ...]
    load: Act
    unload: Act


class Along(NamedTuple):
    """A vehicle at some point of its route: when it leaves ``place``, with what on board, at what cost so far.

    ``loaded``: goods were loaded in the present visit, so that unloading needs another docking.
    """

    leave_s: int
    place: int
    load: float
    loaded: bool
    arrive_s: int
    cost: float


class Lorry(NamedTuple):
    """A vehicle as the search sees it; ``bound`` is the place of the visit it is bound for."""

    vehicle_id: str
    room: float
    start: Along
    bound: int | None


@dataclass(frozen=True)
class Prices:
    """Travel and what things cost.

    ``seconds`` and ``leg_cost`` are by place to leave and place to reach, all rows twice: what begins a route leaves
    from ``place + stands``, so that a visit to the place it stands at is a docking. A lorry's time costs ``second``;
    arriving less than ``margin_s`` before it is due costs ``close_second`` a second, arriving late ``late_second``
    more. ``queue_s`` are waits for a dock by place and period after ``now_s`` of arrival, empty: none.
    """

    seconds: list[list[int]]
    leg_cost: list[list[float]]
    stands: int
    docking_s: int
    second: float
    late_second: float
    close_second: float
    margin_s: int
    now_s: int
    period_s: int
    queue_s: list[list[int]]

    def with_queues(self, queue_s: list[list[int]]) -> "Prices":
        """The same with waits for docks."""
        return replace(self, queue_s=queue_s)

    def drive(self, along: Along, acts: Iterable[Act], room: float, most: float = float("inf")) -> Along | None:
        """Go on with some acts; None where there is no room, or the cost so far exceeds ``most``."""
        leave_s, place, load, loaded, arrive_s, cost = along
        seconds, leg_cost, docking_s, margin_s = self.seconds, self.leg_cost, self.docking_s, self.margin_s
        for to, unload, change, service_s, due_s, _ in acts:
            if to != place or (unload and loaded):
                arrive_s = leave_s + seconds[place][to]
                cost += leg_cost[place][to]
                leave_s = arrive_s + docking_s
                queue_s = self.queue_s[to]
                if queue_s:
                    leave_s += queue_s[min((arrive_s - self.now_s) // self.period_s, len(queue_s) - 1)]
                place, loaded = to, False
            leave_s += service_s
            load += change
            if load > room:
                return None
            if unload:
                for due in due_s:
                    if arrive_s > due - margin_s:
                        cost += self.close_second * (arrive_s - due + margin_s)
                        if arrive_s > due:
                            cost += self.late_second * (arrive_s - due)
            else:
                loaded = True
            if cost > most:
                return None
        return Along(leave_s, place, load, loaded, arrive_s, cost)

    def cost(self, lorry: Lorry, acts: Sequence[Act]) -> float:
        """What a feasible route costs, the lorry's time included."""
        end = self.drive(lorry.start, acts, lorry.room)
        if end is None:
            return float("inf")
        return end.cost + self.second * (end.leave_s - lorry.start.leave_s if acts else 0)


class Best(NamedTuple):
    """The cheapest way found to put a lot into a route: what it adds, and the acts then."""

    added: float
    acts: list[Act]


def insertion(prices: Prices, lorry: Lorry, acts: list[Act], before: float, lot: Lot, most: float) -> Best | None:
    """The cheapest positions for a lot in a route that costs ``before``; None where it adds ``most`` or more.

    A lot's unloading may come wherever all that was loaded after it has been unloaded.
    """
    best: Best | None = None
    limit = before + most
    reached: Along | None = lorry.start
    base_s = lorry.start.leave_s
    first = 0
    if lorry.bound is not None and lot.load.place != lorry.bound:
        first = 1
        reached = prices.drive(lorry.start, acts[:1], lorry.room)
    for at in range(first, len(acts) + 1):
        if reached is None or reached.cost > limit:
            break
        with_lot = prices.drive(reached, (lot.load,), lorry.room, limit)
        depth = 0
        for to in range(at, len(acts) + 1):
            if with_lot is None:
                break
            if depth == 0:
                end = prices.drive(with_lot, (lot.unload, *acts[to:]), lorry.room, limit)
                if end is not None and end.cost + prices.second * (end.leave_s - base_s) < limit:
                    limit = end.cost + prices.second * (end.leave_s - base_s)
                    best = Best(limit - before, [*acts[:at], lot.load, *acts[at:to], lot.unload, *acts[to:]])
            if to == len(acts):
                break
            depth += -1 if acts[to].unload else 1
            if depth < 0:
                break
            with_lot = prices.drive(with_lot, acts[to : to + 1], lorry.room, limit)
        if at < len(acts):
            reached = prices.drive(reached, acts[at : at + 1], lorry.room)
    return best


def slack_s(prices: Prices, lorry: Lorry, acts: Sequence[Act]) -> int:
    """By how much the tightest unloading of a route is early."""
    least, along = 2**40, lorry.start
    for act in acts:
        after = prices.drive(along, (act,), lorry.room)
        assert after is not None  # noqa: S101  (the route is feasible)
        if act.unload:
            least = min(least, min(act.due_s) - after.arrive_s)
        along = after
    return least
