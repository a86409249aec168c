"""PyVRP's search, put together for a few hundred iterations (docs/decisions/0025-a-short-search.md)."""

from typing import Any

LONGEST_HISTORY, ITERATIONS_A_MEMORY = 300, 30
"""A plan is accepted that is cheaper than the current one so many iterations ago: PyVRP's own 300 for long searches, a
thirtieth of a short one, which would otherwise wander from beginning to end."""


def search(data: Any, seed: int, effort: int) -> Any:
    """PyVRP's best ``Solution`` of its ``ProblemData`` after so many iterations.

    As its own ``solve``, but begun with orders inserted into empty vehicles, not scattered at random, soon keeping to
    what is cheaper, and without going through all orders again at every gain.
    """
    from pyvrp import IteratedLocalSearch, IteratedLocalSearchParams, PenaltyManager, RandomNumberGenerator, Solution
    from pyvrp.PenaltyManager import PenaltyParams
    from pyvrp.search import OPERATORS, LocalSearch, compute_neighbours
    from pyvrp.stop import MaxIterations

    local = LocalSearch(data, RandomNumberGenerator(seed=seed), compute_neighbours(data))
    for operator in OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    penalties = PenaltyManager(PenaltyParams().midpoint_penalties(data))
    first = local(Solution(data, []), penalties.max_cost_evaluator(), exhaustive=True)
    history = min(LONGEST_HISTORY, max(1, effort // ITERATIONS_A_MEMORY))
    params = IteratedLocalSearchParams(history_length=history, exhaustive_on_best=False)
    iterated = IteratedLocalSearch(data, penalties, local, first, params)
    return iterated.run(MaxIterations(effort), collect_stats=False, display=False).best
