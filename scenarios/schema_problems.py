"""Pydantic's errors in our words: where, what was found, what was expected, the nearest known key or value."""

import re
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from scenarios.problems import Problem, nearest
from scenarios.section import PATTERNS

KINDS = {
    "model_type": "a section: {KEY: VALUE}", "dict_type": "a mapping: {NAME: VALUE}", "list_type": "a list",
    "string_type": "text", "bool_type": "true or false",
}  # fmt: skip
"""What was expected where something of another kind stands."""


def schema_problems(error: ValidationError, file: str, root: type[BaseModel]) -> list[Problem]:
    """The problems of a mapping that was validated as ``root``."""
    found = []
    for entry in error.errors(include_url=False):
        loc = tuple(str(part) for part in entry["loc"] if part != "[key]")
        value, expected, hint = entry.get("input"), entry["msg"], None
        if entry["type"] == "extra_forbidden":
            known = list(model.model_fields) if (model := model_at(loc[:-1], root)) else []
            hint = nearest(loc[-1], known)
            value, expected = loc[-1], "a known key" + (f" ({', '.join(known)})" if len(known) <= 12 else "")
        elif entry["type"] == "missing":
            value, expected = "", "this key, which has no default"
        else:
            expected = PATTERNS.get(entry.get("ctx", {}).get("pattern", ""), plain_message(expected))
            if isinstance(value, dict):
                value = ", ".join(map(str, value))
            if entry["type"] == "literal_error":
                hint = nearest(str(value), [part.strip("' ") for part in expected.replace(" or ", ",").split(",")])
        expected = KINDS.get(entry["type"], expected)
        found.append(Problem(file, ".".join(loc), "" if value is None else str(value), expected, hint))
    return found


def plain_message(message: str) -> str:
    """What was expected, out of one of pydantic's messages."""
    message = re.sub(r"^\w+ should have (.+) after validation, not \d+$", r"\1", message)
    return message.removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("expected ")


def model_at(path: tuple[str, ...], root: type[BaseModel]) -> type[BaseModel] | None:
    """The model that describes the section at a path below ``root``, None where there is none."""
    here: Any = root
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            if part not in here.model_fields:
                return None
            here = here.model_fields[part].annotation
        elif typing.get_origin(here) is dict:
            here = typing.get_args(here)[1]
        else:
            return None
        options = [o for o in typing.get_args(here) if isinstance(o, type) and issubclass(o, BaseModel)]
        if options and typing.get_origin(here) is not dict:
            here = options[0]
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None
