"""Search over last-in-first-out routes: take some lots out, put each back where it is cheapest, keep what is better."""

from collections.abc import Callable

import numpy as np

from twin.policies.loading import Act, Best, Lorry, Lot, Prices, insertion
from twin.policies.lots import Lots

MOST_REMOVED = 4
SPLIT_SHARE = 0.25
"""How often a lot taken out goes back order by order [A]."""


class LifoSearch:
    """Routes of all lorries, better with every iteration; ``routes[k]`` is that of ``lorries[k]``."""

    def __init__(self, prices: Prices, lorries: list[Lorry], lots: Lots, routes: list[list[Act]]) -> None:
        self._prices, self._lorries, self._lots = prices, lorries, lots
        self.routes = routes
        self._costs = [prices.cost(lorry, acts) for lorry, acts in zip(lorries, routes)]

    def insert(self, lot: Lot) -> None:
        """Put a lot where it adds least: into a route, or to a lot that goes the same way."""
        most, found, into = float("inf"), None, 0
        for k, lorry in enumerate(self._lorries):
            joined = self._join(k, lot, most)
            if joined is not None:
                most, found, into = joined.added, joined, k
            apart = insertion(self._prices, lorry, self.routes[k], self._costs[k], lot, most)
            if apart is not None:
                most, found, into = apart.added, apart, k
        if found is None:
            raise ValueError(f"orders {', '.join(lot.orders)} are more than any vehicle has room for")
        self._set(into, found.acts)

    def _join(self, k: int, lot: Lot, most: float) -> Best | None:
        """The cheapest lot of a route to be added to."""
        lorry, acts, best = self._lorries[k], self.routes[k], None
        for act in acts:
            if act.unload or act.place != lot.load.place:
                continue
            other = self._lots.by_number[act.lot]
            if other.unload.place != lot.unload.place or act.change + lot.load.change > lorry.room:
                continue
            both = self._lots.of(other.orders + lot.orders)
            new = [(both.unload if a.unload else both.load) if a.lot == act.lot else a for a in acts]
            added = self._prices.cost(lorry, new) - self._costs[k]
            if added < most:
                most, best = added, Best(added, new)
        return best

    def _set(self, k: int, acts: list[Act]) -> None:
        self.routes[k] = acts
        self._costs[k] = self._prices.cost(self._lorries[k], acts)

    def improve(self, iterations: int, rng: np.random.Generator, left_s: Callable[[], float] | None) -> None:
        """Iterations of ruin and recreate (Schrimpf et al. 2000), or until time is up; what costs more is undone."""
        for _ in range(iterations):
            free = self._free()
            if not free or (left_s is not None and left_s() <= 0):
                return
            routes, costs = self.routes.copy(), self._costs.copy()
            for lot in self._ruin(free, rng):
                self.insert(lot)
            if sum(self._costs) > sum(costs) - 1e-9:
                self.routes, self._costs = routes, costs

    def _free(self) -> list[tuple[int, int]]:
        """(lorry, lot) of lots that may move; one that brings a lorry to where it is bound stays."""
        return [
            (k, act.lot)
            for k, (lorry, acts) in enumerate(zip(self._lorries, self.routes))
            for act in acts
            if not act.unload and (lorry.bound is None or act.lot != acts[0].lot)
        ]

    def _ruin(self, free: list[tuple[int, int]], rng: np.random.Generator) -> list[Lot]:
        """Take out a lot and some that are like it: of the same places, or of the same lorry."""
        seed_k, seed = free[int(rng.integers(len(free)))]
        like = self._lots.by_number[seed]
        places = {like.load.place, like.unload.place}

        def distance(entry: tuple[int, int]) -> float:
            lot = self._lots.by_number[entry[1]]
            shared = (lot.load.place in places) + (lot.unload.place in places) + (entry[0] == seed_k)
            return float(rng.random()) - shared

        count = min(len(free), 1 + int(rng.integers(MOST_REMOVED)))
        chosen = [entry for entry in sorted(free, key=distance) if entry[1] != seed][: count - 1]
        chosen.append((seed_k, seed))
        taken: list[Lot] = []
        for k, number in chosen:
            self._set(k, [act for act in self.routes[k] if act.lot != number])
            lot = self._lots.by_number[number]
            apart = len(lot.orders) > 1 and rng.random() < SPLIT_SHARE
            taken += [self._lots.of((name,)) for name in lot.orders] if apart else [lot]
        return [taken[i] for i in rng.permutation(len(taken))]
