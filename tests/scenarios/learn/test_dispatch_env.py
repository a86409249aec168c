"""The dispatch environment: Gymnasium's own checks, the same day twice, honest masks, nothing of the truth."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from scenarios.learn import ENV_ID, register
from scenarios.learn.dialogue import FLEET, ORDER, VEHICLE, Asking, Question, dialogue, policy_of
from scenarios.learn.dispatch_env import DispatchEnv
from scenarios.learn.train_example import START, choose, train
from scenarios.run import Session, run
from scenarios.schema import ScenarioModel
from tests.contracts.policy_judge import wrongs
from tests.contracts.test_policies import Crow, picture
from tests.tiny import tiny

DAY = tiny(
    horizon_s=21_600,
    drivers={"crew": {"shift_end": "12:00"}},
    orders={
        "generate": {
            "known_per_day": 2,
            "arriving_per_day": 10,
            "arrival_weights": [0.0] * 7 + [1.0] * 2 + [0.0] * 15,
            "closes": "12:00",
        }
    },
    radio={"carriers": {"hills": {"terrain": {"dark_share": 0.4, "seed": 1}}}},
    devices={"tracker": {"sample_period_s": 60}},
)


@pytest.fixture
def env() -> Iterator[DispatchEnv]:
    made = DispatchEnv(DAY)
    yield made
    made.close()


def nearest_seat(mask: np.ndarray) -> int:
    """The first seat that is allowed, or waiting."""
    return int(np.flatnonzero(mask)[0])


def play(env: DispatchEnv, seed: int, pick: Callable[[np.ndarray], int]) -> list[tuple[Any, ...]]:
    """A day's steps: observation, mask, order, reward."""
    observation, info = env.reset(seed=seed)
    steps, over, reward = [], False, 0.0
    while not over:
        assert env.observation_space.contains(observation)
        seats, allowed = observation["vehicles"], info["action_mask"][:-1]
        assert seats[:, 0].tolist() == allowed.tolist()
        assert (seats[allowed == 1, 3] >= -0.5001).all()  # late by ``late_s`` at most
        steps.append((observation, info["action_mask"].tolist(), info["order_id"], info["now_us"], reward))
        observation, reward, over, truncated, info = env.step(np.int64(pick(info["action_mask"])))
        assert not truncated
    assert env.observation_space.contains(observation)
    return [*steps, (observation, info["action_mask"].tolist(), info["order_id"], info["now_us"], reward)]


def same(a: list[tuple[Any, ...]], b: list[tuple[Any, ...]]) -> bool:
    return len(a) == len(b) and all(
        x[1:] == y[1:] and all(np.array_equal(x[0][part], y[0][part]) for part in x[0]) for x, y in zip(a, b)
    )


def test_gymnasiums_own_checker_passes() -> None:
    """Warnings are errors here; registered, it can also be made again, reset and closed."""
    register()  # twice does no harm
    env = gymnasium.make(ENV_ID, scenario=DAY)
    check_env(env.unwrapped)
    env.close()


def test_it_is_made_without_importing_anything_first() -> None:
    """With the default scenario."""
    env = gymnasium.make("scenarios.learn:" + ENV_ID)
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    env.close()


def test_a_random_agent_finishes_a_day_and_the_same_one_twice(env: DispatchEnv) -> None:
    """Same seed, same trajectory and digest; another seed, another day. The reward is minus the cost, at the end."""
    days, digests = [], []
    for seed in (5, 5, 6):
        env.action_space.seed(7)
        days.append(play(env, seed, lambda mask: int(env.action_space.sample(mask))))
        assert env.run is not None
        digests.append(env.run.digest)
        assert days[-1][-1][-1] == -env.run.kpis["cost_eur"]["value"]
        assert all(step[-1] == 0 for step in days[-1][:-1])
    assert same(days[0], days[1])
    assert not same(days[0], days[2])
    assert digests[0] == digests[1] != digests[2]
    assert len(days[0]) > 8


def test_the_environment_is_the_day_that_a_policy_has(env: DispatchEnv) -> None:
    """Pausing for an answer changes no byte: played as a policy inside a run, the same choices give the same digest."""
    play(env, 5, nearest_seat)
    assert env.run is not None
    asked: list[str] = []

    def first(question: Question) -> int:
        asked.append(question.order_id)
        return nearest_seat(question.mask)

    assert run(DAY, env.day_seed, policy_of(first)).digest == env.run.digest
    assert asked


def test_masks_are_truthful(env: DispatchEnv) -> None:
    """What a mask allows breaks nothing a policy has to keep; what it forbids is not done."""
    strict = Asking(late_s=0.0)
    judged = {"allowed": 0, "forbidden": 0}

    def judge(view: Any, travel: Any, rng: Any, budget: int) -> list[Any]:
        for seat in range(strict.seats):
            commands, seen = answers(view, travel, seat)
            journal = dict(view.journal)
            assert [*wrongs(view, commands, travel)] == []
            assert journal == view.journal
            assert len(commands) <= sum(int(question.mask[seat]) for question in seen)
            judged["allowed"] += len(commands)
            judged["forbidden"] += sum(not question.mask[seat] for question in seen)
        return answers(view, travel, 0)[0]

    def answers(view: Any, travel: Any, seat: int) -> tuple[list[Any], list[Question]]:
        talk, seen = dialogue(view, travel, strict), []
        try:
            seen.append(next(talk))
            while True:
                seen.append(talk.send(seat))
        except StopIteration as end:
            return end.value, seen

    run(DAY, 5, judge)
    assert judged["allowed"] > 5
    assert judged["forbidden"] > 0


def test_a_masked_action_counts_as_waiting(env: DispatchEnv) -> None:
    """An order is given to nobody by an action its mask forbids."""
    two_more = DispatchEnv(DAY, seats=5)  # of three vehicles: the last two seats stay empty
    _, info = two_more.reset(seed=5)
    assert info["action_mask"][3:5].tolist() == [0, 0]
    assert len(info["vehicle_ids"]) <= 3
    over = False
    while not over:
        _, _, over, _, info = two_more.step(np.int64(4))
    _, info = env.reset(seed=5)
    over = False
    while not over:
        _, _, over, _, info = env.step(np.int64(3))
    assert two_more.run is not None
    assert env.run is not None
    assert two_more.run.digest == env.run.digest
    assert env.run.kpis["left_out_share"]["value"] > 0.5


def test_what_nobody_reported_is_not_in_a_question(env: DispatchEnv) -> None:
    """At a question all roads are closed in truth, and every customer has been visited: it is put as before."""
    env.reset(seed=5)
    session = env._session
    assert isinstance(session, Session)
    office = session.built.office
    before = next(dialogue(office.view(), office.travel, env.asking))
    graph = session.world.roads.graph
    assert graph is not None
    session.world.closed["all"] = tuple(range(graph.edges))
    for customer in session.built.customers.values():
        customer.attempts += 1
    after = next(dialogue(office.view(), office.travel, env.asking))
    assert all(np.array_equal(before.observation[part], after.observation[part]) for part in before.observation)
    assert before.mask.tolist() == after.mask.tolist()
    assert before.vehicle_ids == after.vehicle_ids


def test_a_question_by_hand() -> None:
    """A collection in an hour's fleet: as the crow flies an hour a degree, vehicles 0.02 degrees apart."""
    order = {"lat": 50.1, "lon": 8.0, "window": True, "kind": "pickup", "kg": 40.0, "needs": []}
    view = picture(4, [order], broken=("V3",))
    question = next(dialogue(view, Crow(), Asking(seats=4)))
    assert question.vehicle_ids == ("V2", "V1", "V0")
    assert question.mask.tolist() == [1, 1, 1, 0, 1]
    order_h = dict(zip([feature.name for feature in ORDER], question.observation["order"].tolist()))
    assert order_h == pytest.approx(
        {"age_h": 1, "opens_h": 0, "closes_h": 7, "demand_share": 0.4, "priority": 1, "service_h": 1 / 60}, abs=1e-5
    )
    first = dict(zip([feature.name for feature in VEHICLE], question.observation["vehicles"][0].tolist()))
    extra_h = 0.06 + 1 / 60 + 0.1 - 0.04
    assert first == pytest.approx(
        {"can_take": 1, "away_h": 0.06, "extra_h": extra_h, "slack_h": 7 - 0.06, "position_age_h": 1}
        | {"load_share": 0, "stops_ahead": 0, "hours_left_h": 8 - 0.04},
        abs=1e-5,
    )
    assert not question.observation["vehicles"][3].any()
    fleet = dict(zip([feature.name for feature in FLEET], question.observation["fleet"].tolist()))
    assert fleet == pytest.approx(
        {"day_left_h": 8, "at_work": 3, "without_work_share": 1, "waiting": 1, "underway": 0, "position_age_h": 1},
        abs=1e-5,
    )


def test_dark_roads_make_positions_older() -> None:
    """The oldest position of any question: of this minute if the truth is known, much older where there is no radio."""
    oldest = {}
    for information in ("perfect", "belief"):
        ages: list[float] = []

        def note(question: Question, ages: list[float] = ages) -> int:
            ages.append(float(question.observation["fleet"][-1]))
            return nearest_seat(question.mask)

        run(replace(DAY, model=informed(information)), 5, policy_of(note))
        oldest[information] = max(ages)
    assert oldest["perfect"] < 0.05 < 0.1 < oldest["belief"]


def informed(information: str) -> ScenarioModel:
    dispatch = DAY.model.dispatch.model_copy(update={"information": information})
    return DAY.model.model_copy(update={"dispatch": dispatch})


def test_a_closed_environment_leaves_nothing_behind(env: DispatchEnv) -> None:
    """No thread, whether closed during the day or after it; stepping then is an error."""
    threads = threading.active_count()
    play(env, 5, nearest_seat)
    env.close()
    env.reset(seed=5)
    assert threading.active_count() == threads
    env.close()
    env.close()
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(np.int64(0))


@pytest.mark.parametrize("wrong", [{"seats": 0}, {"late_s": -1.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """With the name of the setting."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DispatchEnv(DAY, **wrong)


def test_the_example_trains_on_any_day(env: DispatchEnv) -> None:
    """The same weights from the same seed; masked seats are never chosen, whatever the weights."""
    told: list[str] = []
    first, again = (train(env, seed=1, generations=1, population=2, days=1, tell=told.append) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, START)
    assert len(told) == 2
    observation, _ = env.reset(seed=5)
    for mask in ([0, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1]):
        assert mask[choose(first, observation, np.array(mask))]
