"""Where an order costs least."""

from itertools import combinations_with_replacement, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.planning.builders import HOUR, plane, problem, van
from twin.planning.insertion import best_insertion
from twin.planning.prepared import COST_PARTS, Prepared, Visit, visits_of
from twin.planning.problem import PlanOrder, PlanTask

ANYWHERE = st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000))


@settings(max_examples=80, deadline=None)
@given(st.lists(ANYWHERE, min_size=6, max_size=6), st.integers(0, 3), st.sampled_from(["delivery", "pickup", "pair"]))
def test_cheapest_place_is_the_cheapest(points, aboard, shape):
    """No pair of positions makes the route cheaper than the one found, and it adds what it says."""
    ends = {"delivery": (None, PlanTask(4)), "pickup": (PlanTask(4), None), "pair": (PlanTask(4), PlanTask(5))}
    orders = [PlanOrder(f"O{i}", None, PlanTask(1 + i, (), 60), (1,)) for i in range(3)]
    orders.append(PlanOrder("new", *ends[shape], (1,)))
    vehicle = van(shift_s=(0, 40 * HOUR), cost_per_km=90, cost_per_h=2400, fixed_cost=700, load_s=600)
    prepared = Prepared(problem(orders, [vehicle], plane(points)))
    route = tuple(Visit(i, "delivery") for i in range(aboard))

    def parts(visits):
        places = [0, *(prepared.tasks[visit].place for visit in visits), 0]
        legs = list(pairwise(places))
        drive = prepared.drive(vehicle)
        time_s = vehicle.load_s + sum(drive(*leg) for leg in legs) + sum(prepared.tasks[v].service_s for v in visits)
        metres = prepared.metres(vehicle, visits)
        return COST_PARTS * vehicle.fixed_cost + 18 * 90 * metres + 5 * 2400 * time_s if visits else 0

    new = visits_of(orders[3], 3)
    longer = [
        (*route[: at[0]], new[0], *route[at[0] : at[-1]], *new[1:], *route[at[-1] :])
        for at in combinations_with_replacement(range(aboard + 1), len(new))
    ]
    found = best_insertion(prepared, {"V1": route}, 3)
    assert parts(found.visits) == min(map(parts, longer))
    assert found.cost == -(-(parts(found.visits) - parts(route)) // COST_PARTS)
