"""Dispatch policies: ``decide(view, travel, rng, budget) -> [Command]``, functions of a snapshot.

A policy sees belief only. Its memory is ``view.journal``; randomness and effort come only from what it is given.
One with parameters takes them as ``settings``, a frozen dataclass that is its own default. Register a policy with a
line here; other packages use the entry point group ``fleet_twin.policies``.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import entry_points
from typing import Any, TypeAlias

import numpy as np

from twin.commands import Command
from twin.policies.insertion import insertion
from twin.policies.manual import manual
from twin.policies.nearest import nearest
from twin.policies.plan_only import plan_only
from twin.policies.rolling import rolling
from twin.policies.smart import smart
from twin.policies.tracking_only import tracking_only
from twin.settings import configured
from twin.travel import TravelTimes
from twin.views import FleetView

Policy: TypeAlias = Callable[[FleetView, TravelTimes, np.random.Generator, int], list[Command]]

POLICIES: dict[str, Policy] = {
    "insertion": insertion,
    "manual": manual,
    "nearest": nearest,
    "plan_only": plan_only,
    "rolling": rolling,
    "smart": smart,
    "tracking_only": tracking_only,
}


def policies() -> dict[str, Policy]:
    """All registered policies by name, ours and those of installed packages."""
    found = {point.name: point.load() for point in entry_points(group="fleet_twin.policies")}
    return dict(sorted((found | POLICIES).items()))


def default_settings(policy: Policy) -> Any:
    """A policy's parameters as they are if nothing is set, None where it has none."""
    parameter = inspect.signature(policy).parameters.get("settings")
    return None if parameter is None else parameter.default


def make_policy(name: str, settings: Mapping[str, Any] | None = None) -> Policy:
    """The policy of that name with some of its parameters set.

    Raises:
        ValueError: no such policy or parameter (with the nearest known), or a value that does not fit.
    """
    known = policies()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise ValueError(f"no policy {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    decide: Callable[..., list[Command]] = known[name]
    default = default_settings(decide)
    if not settings:
        return decide
    if default is None:
        raise ValueError(f"{next(iter(settings))}: {name} has no parameters")
    return partial(decide, settings=configured(default, settings))
