"""Generated orders: the same whatever else changes, and distributed as stated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from engine.clock import HOUR, LocalTime
from engine.streams import Streams
from scenarios.orders.generate import arrivals_s, generate, service_time_s
from scenarios.places import Candidates, place_at
from scenarios.schema_orders import GenerateConfig, OrdersConfig, ServiceTime, WindowMix
from twin.orders import Place

LISBON = LocalTime("Europe/Lisbon")
DAY = 20_514
_RNG = np.random.default_rng(1)
GRID = Candidates(_RNG.uniform(41.0, 41.3, 3000), _RNG.uniform(-8.8, -8.4, 3000))
DEPOTS = (Place("north", 41.28, -8.6), Place("south", 41.02, -8.6))


def orders(days=(DAY,), seed=7, **changes):
    """Generate with the defaults of these tests."""
    return generate(GenerateConfig(**changes), days, GRID, DEPOTS, Streams(seed), LISBON)


@given(seed=st.integers(0, 2**40), known=st.integers(0, 30))
@settings(max_examples=25, deadline=None)
def test_one_order_more_leaves_the_others_unchanged(seed, known):
    """Also the arrivals, and the orders of the days after."""
    options = {"arriving_per_day": 5.0, "pair_share": 0.2, "needs": {"cool": 0.3}}
    fewer = orders((DAY, DAY + 1), seed, known_per_day=known, **options)
    more = orders((DAY, DAY + 1), seed, known_per_day=known + 1, **options)
    added = {f"O{known + 1}", f"O{known + 1}-d2"}
    assert [order for order in more if order.order_id not in added] == fewer
    assert {order.order_id for order in more} - {order.order_id for order in fewer} == added


def test_another_day_leaves_the_first_unchanged():
    """A longer horizon only adds orders, with ids of their own."""
    one, two = orders((DAY,), arriving_per_day=20.0), orders((DAY, DAY + 1), arriving_per_day=20.0)
    assert two[: len(one)] == one
    assert len({order.order_id for order in two}) == len(two)
    assert not {order.order_id for order in two[len(one) :]} & {order.order_id for order in one}


def test_the_seed_decides():
    """Same seed, same orders; another seed, others."""
    assert orders() == orders()
    assert orders() != orders(seed=8)


def test_every_order_is_well_formed():
    """Windows within the promised hours, places among the candidates, amounts positive, due notice."""
    known = {place_at(lat, lon) for lat, lon in zip(GRID.lat, GRID.lon)}
    config = {"known_per_day": 300, "arriving_per_day": 100.0, "pickup_share": 0.2, "pair_share": 0.2}
    for order in orders(**config):
        for task in order.tasks:
            assert task.place in known
            assert task.service_s >= 1
            (window,) = task.windows
            assert LISBON.at(DAY, 8 * 3600) <= window.open_us <= window.close_us <= LISBON.at(DAY, 18 * 3600)
        assert all(amount > 0 for amount in order.demand.values())
        assert order.demand["items"].is_integer()
        if order.placed_us is not None and order.delivery:
            assert order.delivery.windows[0].open_us >= order.placed_us + HOUR - 1
        if order.pickup and order.delivery:
            assert order.pickup.windows[0].open_us <= order.delivery.windows[0].open_us


def test_shares_are_as_asked():
    """Kinds, priorities, needs and window widths within four standard errors of their shares."""
    n = 4000
    found = orders(known_per_day=n, pickup_share=0.2, pair_share=0.1, needs={"cool": 0.3})
    widths = [(o.last_task.windows[0].close_us - o.last_task.windows[0].open_us) // HOUR for o in found]
    counts = {
        0.2: sum(o.delivery is None for o in found),
        0.1: sum(o.pickup is not None and o.delivery is not None for o in found),
        0.3: sum("cool" in o.needs for o in found),
        0.9: sum(o.priority == 1 for o in found),
        0.4: widths.count(10),
    }
    for share, count in counts.items():
        assert abs(count / n - share) < 4 * np.sqrt(share * (1 - share) / n)
    assert {1, 2, 5, 10} == set(widths)


def test_arrivals_are_a_poisson_process_with_the_hourly_profile():
    """Theory: the daily count has mean and variance 40; the share of each hour is its weight's."""
    weights = [0.0] * 24
    weights[9], weights[11], weights[14] = 1.0, 2.0, 1.0
    config = GenerateConfig(arriving_per_day=40.0, arrival_weights=weights)
    days = [arrivals_s(config, 1.0, ordinal, Streams(3)) for ordinal in range(1, 801)]
    counts = np.array([len(day) for day in days])
    assert abs(counts.mean() - 40) < 4 * np.sqrt(40 / 800)
    assert abs(counts.var() - 40) < 4 * 40 * np.sqrt(2 / 800)
    assert all(day == sorted(day) for day in days)
    hours = np.bincount((np.concatenate(days) // 3600).astype(int), minlength=24)
    assert set(np.flatnonzero(hours)) == {9, 11, 14}
    assert stats.chisquare(hours[[9, 11, 14]], hours.sum() * np.array([0.25, 0.5, 0.25])).pvalue > 1e-4
    within = np.concatenate(days)
    within = within[(within >= 11 * 3600) & (within < 12 * 3600)]
    assert stats.kstest(within / 3600 - 11, "uniform").pvalue > 1e-4


def test_a_higher_rate_keeps_the_attributes_of_each_arrival():
    """The n-th arrival is the same wish, only placed at another time."""
    low = [o for o in orders(arriving_per_day=10.0) if o.order_id.startswith("N")]
    high = {o.order_id: o for o in orders(arriving_per_day=20.0)}
    assert low
    for order in low:
        other = high[order.order_id]
        assert (order.demand, order.last_task.place) == (other.demand, other.last_task.place)
        assert other.placed_us <= order.placed_us


@pytest.mark.parametrize(
    ("service", "theory"),
    [
        (ServiceTime(median_s=1000, shape=3.0, most_s=86_400), stats.fisk(3.0, scale=1000)),
        (
            ServiceTime(distribution="lognormal", median_s=1000, log_sd=0.4, most_s=86_400),
            stats.lognorm(0.4, scale=1000),
        ),
    ],
)
def test_service_times_follow_the_stated_distribution(service, theory):
    """Theory: quantiles equal scipy's (fisk is its log-logistic), to the second they are rounded to."""
    for uniform in (0.01, 0.25, 0.5, 0.9, 0.999):
        assert service_time_s(service, uniform) == pytest.approx(theory.ppf(uniform), abs=0.51)


def test_clusters_gather_customers():
    """With clusters and nobody scattered, customers are far closer to each other than the candidates are."""
    gathered = orders(clusters=1, scattered_share=0.0, cluster_spread_m=500.0)
    spread = orders(clusters=0)
    lat = [np.std([o.last_task.place.lat for o in some]) for some in (gathered, spread)]
    assert lat[0] < 0.1 * lat[1]


def test_customers_who_order_again_live_where_they_lived():
    """From a pool of three there are at most three customers, each with one place on every day."""
    found = orders((DAY, DAY + 1), customers=3)
    places = {(order.customer, order.last_task.place) for order in found}
    assert len(places) == len({customer for customer, _ in places}) == 3


def test_goods_bound_to_the_nearest_depot():
    """Each order names the depot it is nearest to, unless it needs none."""
    for order in orders(depot="nearest", pair_share=0.2):
        expected = (
            None if order.pickup and order.delivery else "north" if order.last_task.place.lat > 41.15 else "south"
        )
        assert order.depot == expected
    with pytest.raises(ValueError, match="at least one depot"):
        generate(GenerateConfig(depot="nearest"), [DAY], GRID, (), Streams(1), LISBON)


def test_weekdays_change_the_numbers():
    """DAY is a Monday: a factor of 0 on Tuesday leaves that day empty."""
    found = orders((DAY, DAY + 1), known_per_day=10, weekday_factors=[2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert [order.order_id for order in found] == [f"O{n}" for n in range(1, 21)]


@pytest.mark.parametrize(
    "bad",
    [
        {"known_per_day": -1}, {"known_per_day": 1.5}, {"known_per_day": "10"}, {"knwon": 1},
        {"cluster_spread_m": float("nan")}, {"cluster_spread_m": float("inf")}, {"closes": "08:30"},
        {"opens": "8:99"},
        {"pickup_share": 0.7, "pair_share": 0.7}, {"priorities": {1: 0.0}}, {"priorities": {0: 1.0}},
        {"weekday_factors": [1.0] * 6}, {"arriving_per_day": 5.0, "arrival_weights": [1.0] * 24},
        {"arriving_per_day": 5.0, "arrival_weights": [0.0] * 24}, {"needs": {"cool": 1.1}},
    ],
)  # fmt: skip
def test_bad_configurations_are_refused(bad):
    """Wrong types, NaN, unknown keys and contradictions."""
    with pytest.raises(ValidationError):
        GenerateConfig(**bad)


def test_orders_come_from_somewhere():
    """A file, generated, or both; windows need a weight."""
    assert OrdersConfig(generate={}).generate == GenerateConfig()
    assert OrdersConfig(file="orders.csv").on_bad_row == "fail"
    with pytest.raises(ValidationError, match="file or generate"):
        OrdersConfig()
    with pytest.raises(ValidationError, match="weight above 0"):
        WindowMix(all_day=0, half_day=0, two_hours=0, one_hour=0)


def test_times_of_day_in_a_configuration():
    """As people write them or in seconds."""
    assert GenerateConfig(opens="07:30", closes=72_000).opens == 27_000


def test_candidates_must_be_usable():
    """Empty, unequal or weightless candidates are refused; a weight of zero keeps customers away."""
    one, two = np.array([41.0]), np.array([41.0, 41.1])
    for bad in (
        (one[:0], one[:0], None),
        (one, two, None),
        (two, two, np.zeros(2)),
        (two, two, np.array([1.0, -1.0])),
    ):
        with pytest.raises(ValueError, match="candidates"):
            Candidates(*bad)
    only_first = Candidates(two, two - 50, np.array([1.0, 0.0]))
    found = generate(GenerateConfig(known_per_day=20), [DAY], only_first, (), Streams(1), LISBON)
    assert {order.last_task.place.lat for order in found} == {41.0}
