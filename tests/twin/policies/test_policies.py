"""Parameters by name, reasons, limits, and orders that are moved."""

from typing import Any

import numpy as np
import pytest

from tests.contracts.test_policies import Crow, picture
from twin.policies import POLICIES, default_settings, make_policy

ORDER = {"lat": 50.1, "lon": 8.0, "window": False, "kind": "pickup", "kg": 1.0, "needs": []}


def ask(name: str, view: Any, **parameters: Any) -> list[Any]:
    """A policy's commands with some parameters set."""
    return make_policy(name, parameters)(view, Crow(), np.random.default_rng(1), 100)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("insertio", {}, "no policy 'insertio'; did you mean 'insertion'"),
        ("smart", {"proximty": 1}, "proximty: no such parameter; did you mean 'proximity'"),
        ("smart", {"proximity": "much"}, "proximity: expected a number, not 'much'"),
        ("smart", {"look_at": 2.5}, "look_at: expected a whole number, not 2.5"),
        ("smart", {"proximity": -1}, "proximity: expected a number from 0"),
        ("plan_only", {"speed": 1}, "speed: plan_only has no parameters"),
    ],
)
def test_bad_parameters_are_named(name: str, settings: dict[str, Any], words: str) -> None:
    """One line that says what was wrong and what was meant."""
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        make_policy(name, settings)


def test_every_parameter_is_documented() -> None:
    """The dataclass of a policy describes each of its own parameters."""
    for policy in POLICIES.values():
        kind = type(default_settings(policy))
        for base in (kind, *kind.__mro__[1:-1]) if kind is not type(None) else ():
            for name in base.__annotations__:
                assert f"{name}:" in (base.__doc__ or ""), f"{base.__name__}.{name}"


def test_a_reason_compares() -> None:
    """The nearest vehicle, how much nearer, and than which."""
    (command,) = ask("nearest", picture(2, [ORDER]))
    assert command.payload["reason"].startswith("O0 to V1: 5 min away, 1 min nearer than V0")


def test_a_route_that_has_changed_often_is_left_alone() -> None:
    """Except for urgent orders."""
    held = [ORDER | {"held": 0, "aboard": False, "started": False}]
    assert ask("insertion", picture(1, [*held, ORDER]), changes_most=1) == []
    assert len(ask("insertion", picture(1, [*held, ORDER]), changes_most=2)) == 1
    assert len(ask("insertion", picture(1, [*held, ORDER | {"priority": 9}]), changes_most=1)) == 1


def test_balance_spares_who_has_much_to_do() -> None:
    """V1 is nearer and busier: with balance, V0 goes."""
    held = [ORDER | {"held": 1, "aboard": False, "started": False, "lat": 51.5}]
    assert [c.vehicle_id for c in ask("nearest", picture(2, [*held, ORDER]))] == ["V1"]
    assert [c.vehicle_id for c in ask("nearest", picture(2, [*held, ORDER]), balance=3600)] == ["V0"]


@pytest.mark.parametrize("name", ["insertion", "smart", "rolling", "tracking_only"])
def test_orders_of_a_broken_vehicle_move(name: str) -> None:
    """Those not on board go to the vehicle that still drives; what is on board stays."""
    free = ORDER | {"held": 0, "aboard": False, "started": False}
    aboard = ORDER | {"kind": "delivery", "held": 0, "aboard": True, "started": False}
    commands = ask(name, picture(2, [free, aboard], broken=("V0",)))
    assert [(c.kind, c.payload["order_id"], c.vehicle_id) for c in commands] == [
        ("unassign_order", "O0", "V0"), ("assign_order", "O0", "V1")]  # fmt: skip
    assert "broken down for 30 min" in commands[1].payload["reason"]


def test_a_human_takes_the_oldest_order_first() -> None:
    """As they came in; how many of them there is time for is not the policy's affair."""
    commands = ask("manual", picture(4, [ORDER] * 6))
    assert [c.payload["order_id"] for c in commands] == ["O0", "O1", "O2", "O3"]  # one a vehicle and call
