"""The price of blindness: the same day decided on paper, on what got through, and on the truth."""

import numpy as np
import pytest

from scenarios.run import Session
from scenarios.studies.blindness import Blindness, price_of_blindness
from scenarios.studies.statistics import estimate
from tests.tiny import tiny
from viz.blindness import blindness_lines


def test_estimate_gives_the_worked_interval() -> None:
    """Differences of a published pair of samples: mean 1.070, half-width 0.2741 (Law & Kelton's paired t)."""
    a = np.array([52.1, 48.7, 50.3, 55.0, 49.6, 51.2, 47.9, 53.4, 50.8, 52.5])
    b = np.array([50.9, 47.8, 49.6, 53.2, 48.8, 50.5, 46.5, 52.6, 49.9, 51.0])
    found = estimate(a - b)
    assert found.mean == pytest.approx(1.070)
    assert found.high - found.mean == pytest.approx(0.2741, abs=1e-4)
    assert estimate(np.array([3.0])) == (3.0, None, None)


def test_a_source_that_misses_nothing_costs_nothing_more() -> None:
    """Full coverage and a short latency: belief decides as the truth does on a day whose decisions rest on orders."""
    found = price_of_blindness(tiny(radio={"latency_s": 0.0}), 2)
    assert found.price("belief", "cost_eur") == (0.0, 0.0, 0.0)
    assert found.price("belief", "not_on_time_orders").mean == 0.0
    assert {*found.as_dict()} == {"paper", "belief", "perfect"}


def test_the_table_names_figures_and_intervals() -> None:
    """One day: no interval; several: one."""
    one = Blindness({s: {"cost_eur": np.array([v]), "not_on_time_orders": np.array([1.0])}
                     for s, v in (("paper", 120.0), ("belief", 110.0), ("perfect", 100.0))})  # fmt: skip
    lines = blindness_lines(one)
    assert any("paper" in line and "+20.0" in line and "no interval" in line for line in lines)
    assert not any("perfect" in line and "price" in line for line in lines)


def test_on_paper_head_office_hears_when_drivers_phone_in() -> None:
    """Between check-ins the picture of a van stands still; the evening's papers complete it."""
    session = Session(tiny(dispatch={"information": "paper", "check_in_s": 3600.0}))
    office = session.built.office
    assert office.paper is not None
    behind = 0
    for hour in range(7, 18):
        session.advance(session.scenario.local.at(session.scenario.local.day(session.scenario.start_us), hour * 3600))
        assert set(office.belief.orders) <= set(office.paper.belief.orders) | {
            order_id for order_id in office.belief.orders if order_id not in session.built.customers
        }
        behind += len(set(office.paper.belief.orders) - set(office.belief.orders))
    assert behind > 0  # deliveries that telematics had told and paper had not
    assert set(office.paper.belief.orders) == set(office.belief.orders)


def test_the_evenings_papers_tell_all_that_was_not_phoned_in() -> None:
    """Where nobody ever phones in, with the end of the shift head office knows of every visit."""
    session = Session(tiny(dispatch={"information": "paper", "check_in_s": 86_400.0, "policy": "plan_only"}))
    office, behind = session.built.office, []
    assert office.paper is not None
    for hour in (13, 17):
        session.advance(session.scenario.local.at(session.scenario.local.day(session.scenario.start_us), hour * 3600))
        behind.append(len(set(office.paper.belief.orders) - set(office.belief.orders)))
    assert behind[0] > 0
    assert behind[1] == 0
