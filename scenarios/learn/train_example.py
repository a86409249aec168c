"""Train something small to dispatch, and hold it against the project's policies on days it has not seen.

``python -m scenarios.learn.train_example`` (about four minutes on one core, half of them for the comparison). The rule
is linear: each seat and waiting get a score, the best one that is allowed wins. Its ten weights are found by the
cross-entropy method (Rubinstein, "The cross-entropy method for combinatorial and continuous optimization", 1999): draw
weights, keep the best, draw around those. All candidates of a generation see the same days; every generation sees new
ones.
"""

import argparse
from collections.abc import Callable, Sequence

import gymnasium
import numpy as np

from scenarios.learn import ENV_ID
from scenarios.learn.dialogue import VEHICLE, policy_of
from scenarios.learn.dispatch_env import DispatchEnv
from scenarios.run import run
from scenarios.studies.replications import replication_seed
from scenarios.studies.statistics import difference

WEIGHTS = ("away", "extra", "late", "tight", "old position", "load", "stops", "short of hours", "wait", "wait, urgent")
START = np.array([-1.0, 0, 0, 0, 0, 0, 0, 0, -3.0, 0])
"""Before any training: the nearest vehicle, waiting only where all are far."""
HELD_OUT = 1_000_000
"""Numbers of the days to judge by begin here; those to train on at 0."""
BASELINES = ("nearest", "insertion", "smart")
AT = {feature.name: column for column, feature in enumerate(VEHICLE)}
Observation = dict[str, np.ndarray]


def choose(weights: np.ndarray, observation: Observation, mask: np.ndarray) -> int:
    """The seat (or, last, waiting) with the best score among those the mask allows."""
    seats = observation["vehicles"].astype(float)
    away, extra, slack = (seats[:, AT[name]] for name in ("away_h", "extra_h", "slack_h"))
    traits = np.stack([
        10 * away, 4 * extra, 4 * np.maximum(0, -slack), 4 * np.maximum(0, 0.5 - slack),
        2 * seats[:, AT["position_age_h"]], seats[:, AT["load_share"]], seats[:, AT["stops_ahead"]] / 3,
        np.maximum(0, 1 - seats[:, AT["hours_left_h"]]),
    ], axis=1)  # fmt: skip
    urgent = np.maximum(0, 1 - float(observation["order"][2]))  # closes_h
    scores = np.append(traits @ weights[:8], weights[8] + weights[9] * urgent)
    return int(np.where(mask, scores, -np.inf).argmax())


def cost_eur(env: gymnasium.Env, weights: np.ndarray, day_seed: int) -> float:
    """What a day costs under these weights."""
    observation, info = env.reset(options={"day_seed": day_seed})
    total, over = 0.0, False
    while not over:
        observation, reward, over, _, info = env.step(choose(weights, observation, info["action_mask"]))
        total -= float(reward)
    return total


def train(
    env: gymnasium.Env, seed: int, generations: int, population: int, days: int, tell: Callable[[str], None] = print
) -> np.ndarray:
    """Weights by the cross-entropy method; a third of each generation is kept."""
    rng = np.random.default_rng(seed)
    mean, spread = START.copy(), np.ones(len(START))
    for generation in range(generations):
        drawn = np.vstack([mean, rng.normal(mean, spread, (population - 1, len(mean)))])
        seeds = [replication_seed(seed, generation * days + day) for day in range(days)]
        costs = np.array([np.mean([cost_eur(env, weights, day) for day in seeds]) for weights in drawn])
        best = drawn[np.argsort(costs, kind="stable")[: max(2, population // 3)]]
        tell(
            f"generation {generation + 1}: {costs[0]:.0f} EUR a day at the mean, best of {population} {costs.min():.0f}"
        )
        mean, spread = best.mean(axis=0), best.std(axis=0) + 0.1
    return mean


def held_out(env: DispatchEnv, weights: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    """Costs by day, with the rule played as a policy like any other (the same day as in the environment)."""
    decide = policy_of(lambda question: choose(weights, question.observation, question.mask), env.asking)
    return np.array([run(env.scenario, seed, decide).kpis["cost_eur"]["value"] for seed in seeds])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and report."""
    parser = argparse.ArgumentParser(description="Train a small dispatch rule and compare it on held-out days.")
    for name, default in (("generations", 5), ("population", 12), ("days", 4), ("held-out", 40), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args(arguments)
    env = gymnasium.make(ENV_ID)
    weights = train(env, options.seed, options.generations, options.population, options.days)
    print("weights: " + ", ".join(f"{name} {value:+.2f}" for name, value in zip(WEIGHTS, weights)))
    day = env.unwrapped
    assert isinstance(day, DispatchEnv)  # noqa: S101
    seeds = [replication_seed(options.seed, HELD_OUT + number) for number in range(options.held_out)]
    learned = held_out(day, weights, seeds)
    print(f"{len(seeds)} held-out days: learned {learned.mean():.1f} EUR a day; saved (95 % paired interval) against")
    costs = {"untrained": held_out(day, START, seeds)}
    for name in BASELINES:
        costs[name] = np.array([run(day.scenario, seed, name).kpis["cost_eur"]["value"] for seed in seeds])
    for name, theirs in costs.items():
        print(f"  {name:<10} {theirs.mean():8.1f}: {_saved(theirs, learned)}")


def _saved(theirs: np.ndarray, learned: np.ndarray) -> str:
    saved = difference(theirs, learned)
    if saved.mean is None or saved.low is None or saved.high is None:
        return "too few days for an interval"
    return f"{saved.mean:+.1f} EUR a day ({saved.low:+.1f} to {saved.high:+.1f})"


if __name__ == "__main__":
    main()
