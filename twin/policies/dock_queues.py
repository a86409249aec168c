"""How long a vehicle would wait for a dock, by place and time of arrival, if all routes were driven as they stand."""

import heapq
from collections.abc import Mapping, Sequence
from itertools import pairwise

from twin.policies.loading import Act, Lorry, Prices

PERIODS = 36
"""Waits are foreseen for so many periods ahead [A]."""


def queues(
    prices: Prices, lorries: Sequence[Lorry], routes: Sequence[Sequence[Act]], ports: Mapping[int, int],
    taken: Mapping[int, Sequence[int]],
) -> list[list[int]]:  # fmt: skip
    """Waits by place and period of arrival, of somebody who comes last; an empty list where nobody ever waits.

    ``ports`` is the number of docks by place; ``taken`` are the times at which vehicles there now will leave.
    """
    docks = {place: _docks(count, taken.get(place, ()), prices.now_s) for place, count in ports.items()}
    full: dict[int, list[tuple[int, int]]] = {place: [(prices.now_s, heap[0])] for place, heap in docks.items()}
    visits = [_visits(acts) for acts in routes]
    arrivals = [
        (lorry.start.leave_s + prices.seconds[lorry.start.place][own[0][0]], k, 0)
        for k, (lorry, own) in enumerate(zip(lorries, visits))
        if own
    ]
    heapq.heapify(arrivals)
    while arrivals:
        at_s, k, number = heapq.heappop(arrivals)
        place, service_s = visits[k][number]
        free_s = max(at_s, docks[place][0]) + prices.docking_s + service_s
        heapq.heapreplace(docks[place], free_s)
        full[place].append((at_s, docks[place][0]))
        if number + 1 < len(visits[k]):
            heapq.heappush(arrivals, (free_s + prices.seconds[place][visits[k][number + 1][0]], k, number + 1))
    return [_waits(full[place], prices) for place in sorted(ports)]


def _docks(count: int, taken: Sequence[int], now_s: int) -> list[int]:
    """When each dock is free once those who are there now have left, a heap."""
    last = sorted(taken)[-count:]
    return sorted([*last, *[now_s] * (count - len(last))])


def _visits(acts: Sequence[Act]) -> list[tuple[int, int]]:
    """(place, seconds of unloading and loading) of each docking."""
    found: list[tuple[int, int]] = []
    for before, act in pairwise([None, *acts]):
        assert act is not None  # noqa: S101  (only the first is)
        if before is None or before.place != act.place or (act.unload and not before.unload):
            found.append((act.place, 0))
        found[-1] = (act.place, found[-1][1] + act.service_s)
    return found


def _waits(full: Sequence[tuple[int, int]], prices: Prices) -> list[int]:
    """Waits by period; ``full`` says from when on docks are full, and until when."""
    waits, at = [], 0
    for period in range(PERIODS):
        begin_s = prices.now_s + period * prices.period_s
        while at + 1 < len(full) and full[at + 1][0] <= begin_s:
            at += 1
        waits.append(max(0, full[at][1] - begin_s))
    return waits if any(waits) else []
