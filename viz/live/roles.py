"""Roles: the pages each sees, and what each may do. Checked on the server at every request, and again by the engine."""

import difflib
from dataclasses import dataclass, field
from typing import Any

CLOCK = ("play", "pause", "step", "speed", "faster", "slower", "seek")
NEW_ORDER = (
    "order_id", "lat", "lon", "x_m", "y_m", "opens_us", "closes_us", "service_s", "demand", "priority", "customer",
)  # fmt: skip
REQUESTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "look_at": ("", ("vehicles",)),
    "tell": ("", ("order_id", "vehicle_id", "driver_id")),
    "past": ("", ("at_us",)),
    "now": ("", ()),
    **dict.fromkeys(CLOCK, ("", ("value", "at_us"))),  # the engine knows whose clock it is
    "assign": ("command", ("order_id", "vehicle_id", "position")),
    "unassign": ("command", ("order_id",)),
    "route": ("command", ("vehicle_id", "orders")),
    "add_order": ("command", NEW_ORDER),
    "change_order": ("command", ("order_id", "windows_us", "note")),
    "cancel_order": ("command", ("order_id", "reason")),
    "hold": ("command", ("vehicle_id", "reason")),
    "release": ("command", ("vehicle_id", "reason")),
    "call": ("command", ("vehicle_id", "about")),
    "message": ("command", ("vehicle_id", "text")),
    "acknowledge": ("command", ("exception_id",)),
    "assign_exception": ("command", ("exception_id", "to")),
    "note": ("command", ("exception_id", "text")),
    "resolve": ("command", ("exception_id", "note")),
    "approve": ("command", ("recommendation_id",)),
    "refuse": ("command", ("recommendation_id", "reason")),
    "change": ("command", ("recommendation_id", "order_id", "vehicle_id", "position", "reason")),
    "replay": ("repair", ("kind", "rename")),
    "inject": ("trainer", ("incident", "name")),
    "set": ("trainer", ("key", "value")),
    "compare": ("trainer", ()),
    "branch": ("trainer", ("at_us",)),
}
"""What a browser may ask for: the right it needs ("" none), and the fields that go on to the engine."""


@dataclass(frozen=True)
class Role:
    """A role: its pages in order, and its rights of ``scenarios.live.switchboard.RIGHTS``."""

    title: str
    pages: tuple[str, ...]
    rights: frozenset[str] = field(default=frozenset())

    @property
    def may(self) -> list[str]:
        """The requests it may make."""
        return [name for name, (right, _) in REQUESTS.items() if not right or right in self.rights]

    def asked(self, action: dict[str, Any]) -> dict[str, Any]:
        """The request as it goes on to the engine: known fields only.

        Raises:
            PermissionError: nothing this role may ask for.
        """
        name = str(action.get("do"))
        right, fields = REQUESTS.get(name, ("nobody's", ()))
        if right and right not in self.rights:
            raise PermissionError(f"{name}: not for {self.title.lower()}")
        return {"do": name} | {key: action[key] for key in fields if key in action}


WORK = frozenset({"command", "clock"})
EVERYTHING = frozenset({"truth", "command", "clock", "repair", "trainer"})
ROLES: dict[str, Role] = {
    "owner": Role(
        "Owner",
        ("operations", "planner", "maintenance", "compliance", "engineer", "trainer", "executive"),
        EVERYTHING,
    ),
    "operations": Role("Operations", ("operations",), WORK),
    "planner": Role("Planner", ("planner", "operations"), WORK),
    "maintenance": Role("Maintenance", ("maintenance",)),
    "compliance": Role("Compliance", ("compliance",)),
    "engineer": Role("Engineer", ("engineer", "operations"), frozenset({"truth", "clock", "repair"})),
    "trainer": Role("Trainer", ("operations", "trainer", "planner"), EVERYTHING),
    "trainee": Role("Trainee", ("operations",), frozenset({"command"})),
    "executive": Role("Executive", ("executive",)),
}
"""``owner`` is whoever runs the sandbox alone. A trainee has the console and nothing else."""
DEFAULT_ROLE = "owner"


def check_role(name: str) -> str:
    """The name, if it is that of a role.

    Raises:
        ValueError: it is none.
    """
    if name not in ROLES:
        close = difflib.get_close_matches(name, ROLES, n=1)
        nearest = f"; the nearest is {close[0]}" if close else ""
        raise ValueError(f"--role '{name}': expected one of {', '.join(ROLES)}{nearest}")
    return name
