"""Documents made from the code: the scenario file's reference and the published JSON Schemas.

``python -m scenarios.document > docs/scenario.md`` prints the reference; with ``--write docs`` it writes
``scenario.md``, ``scenario.schema.json`` and ``schemas.json`` there.
"""

import inspect
import json
import sys
import typing
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.energy import TYPES as VEHICLE_TYPES
from scenarios.incidents import INCIDENTS
from scenarios.schema import ScenarioModel
from scenarios.studies.file import study_schema
from twin.alerts import ALERTS
from twin.events import COMMANDS, EVENTS, Kind
from twin.kpis.costs import Costs, sources
from twin.planning import PLANNERS
from twin.policies import POLICIES

Schema = dict[str, Any]

INTRO = """\
# The scenario file

Made from the code by `python -m scenarios.document`; a test compares.

A scenario is one YAML 1.2 file. Units stand in the key's name (`_s` seconds, `_m` metres, `_kg`, `_eur` …). Unknown
keys are errors, and the nearest known one is named. What there can be several of (`depots`, `fleet`, `drivers`,
`devices`, `incidents`, `alerts`) is a mapping by name, so that `--set fleet.vans.count+=2` reaches it; a name that is
not there is refused, `--set 'fleet.bikes+={count: 3}'` adds one. Relative paths are relative to the scenario file.
Setting one alternative of a "one of" replaces the other.

`scenario.schema.json` beside this page is the same for editors: put
`# yaml-language-server: $schema=PATH/docs/scenario.schema.json` into the first line of a scenario.

`[A]` marks an assumption of ours, `[2]` a secondary source; `agents/customer_behaviour.py` names it.

Only `roads`, `depots`, `fleet` and `orders` are required. `NAME` stands for a name of your own: letters, digits,
`-` and `_`.
"""


# --- the reference page ----------------------------------------------------------------------------------------


def scenario_page() -> str:
    """``docs/scenario.md``."""
    whole = scenario_schema()
    parts = [INTRO, "## Top level\n\n" + "\n".join(_table(whole, whole)) + "\n"]
    for name, field in whole["properties"].items():
        parts += _sections(name, field, whole)
    parts += [_incidents(), _alerts(), _vehicle_types(), _costs(), _names()]
    return "\n".join(parts)


def scenario_schema() -> Schema:
    """JSON Schema of a scenario file, with the defaults that are made when they are needed."""
    schema = ScenarioModel.model_json_schema()
    for model in _models(ScenarioModel):
        section = schema if model is ScenarioModel else schema["$defs"][model.__name__]
        for name, field in model.model_fields.items():
            made = field.default_factory() if field.default_factory is not None else None  # type: ignore[call-arg]
            if made is not None and not isinstance(made, BaseModel) and not _holds_models(made):
                section["properties"][name]["default"] = made
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "Scenario"}


def _holds_models(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values())


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and every model its fields hold, each as often as it is met."""
    yield model
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from _models(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)


def _sections(path: str, field: Schema, whole: Schema) -> Iterator[str]:
    """A heading and a table for every mapping below ``path``, depth first."""
    section, path = _section(path, field, whole)
    if section is None:
        return
    text = _first_paragraph(section.get("description", ""))
    yield f"## {path}\n\n" + (text + "\n\n" if text else "") + "\n".join(_table(section, whole)) + "\n"
    for name, inner in section["properties"].items():
        yield from _sections(f"{path}.{name}", inner, whole)


def _section(path: str, field: Schema, whole: Schema) -> tuple[Schema | None, str]:
    """The object a field holds, or that the values of its mapping hold, with its path."""
    for option in _options(field):
        found = _resolved(option, whole)
        if "properties" in found:
            return found, path
        inner = _resolved(_values(found), whole)
        if "properties" in inner:
            return inner, f"{path}.NAME"
    return None, path


def _table(section: Schema, whole: Schema) -> list[str]:
    required = section.get("required", [])
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    for name, field in section["properties"].items():
        default = "required" if name in required else _default(field, whole)
        rows.append(f"| `{name}` | {_type(field, whole)} | {default} | {_cell(field.get('description', ''))} |")
    return rows


def _type(field: Schema, whole: Schema) -> str:
    """What a value may be, in words."""
    names = [_one_type(option, whole) for option in _options(field) if option.get("type") != "null"]
    return " or ".join(dict.fromkeys(names))


def _one_type(option: Schema, whole: Schema) -> str:
    option = _resolved(option, whole)
    if "enum" in option:
        return " · ".join(f"`{value}`" for value in option["enum"])
    if "const" in option:
        return f"`{option['const']}`"
    kind = option.get("type", "any")
    if kind == "object":
        values = _values(option)
        if "properties" in option or not values:
            return "section"
        return f"mapping of names to {_type(values, whole)}"
    if kind == "array":
        return f"list of {_type(option['items'], whole)}"
    words = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}
    return f"{words.get(kind, kind)}{_bounds(option)}"


def _values(mapping: Schema) -> Schema:
    """The schema of a mapping's values, empty where anything goes."""
    patterns: Schema = mapping.get("patternProperties", {})
    values: Any = mapping.get("additionalProperties") or next(iter(patterns.values()), {})
    return values if isinstance(values, dict) else {}


def _bounds(option: Schema) -> str:
    low, high = option.get("minimum"), option.get("maximum")
    above, below = option.get("exclusiveMinimum"), option.get("exclusiveMaximum")
    parts = []
    if low is not None or above is not None:
        parts.append(f"from {_number(low)}" if low is not None else f"above {_number(above)}")
    if high is not None and high < 1e9:
        parts.append(f"to {_number(high)}")
    if below is not None and below < 1e9:
        parts.append(f"below {_number(below)}")
    return f", {' '.join(parts)}" if parts else ""


def _number(value: float | None) -> str:
    return f"{value:,.10g}" if value is not None else ""


def _default(field: Schema, whole: Schema) -> str:
    if "default" not in field:
        return ""
    default = field["default"]
    if default is None:
        return "none"
    if isinstance(default, dict | list) and len(json.dumps(default)) > 60:
        return "see below" if isinstance(default, dict) else "see the schema file"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _options(field: Schema) -> list[Schema]:
    return field.get("anyOf") or field.get("allOf") or [field]


def _resolved(schema: Schema, whole: Schema) -> Schema:
    if "$ref" in schema:
        return whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n")[0].replace("``", "`").split())


def _incidents() -> str:
    parts = ["## Kinds of incidents\n\n`incidents.NAME` is one of these; all also have `kind`.\n"]
    for kind, incident in INCIDENTS.items():
        schema = incident.parameters.model_json_schema()
        schema["properties"].pop("kind")
        about = _first_paragraph(schema.get("description", ""))
        parts.append(f"### {kind}\n\n{incident.summary} {about}\n\n" + "\n".join(_table(schema, schema)) + "\n")
    return "\n".join(parts)


def _alerts() -> str:
    head = "`alerts.NAME.rule` is one of these, `NAME` itself if not given; `set` changes thresholds."
    parts = [f"## Alert rules\n\n{head}\n"]
    for name, rule in ALERTS.items():
        thresholds = ", ".join(
            f"`{field.name}` {json.dumps(field.default) if not isinstance(field.default, str) else field.default}"
            for field in fields(rule.params)
        )
        about = " ".join((inspect.getdoc(rule.params) or "").replace("``", "`").split())
        parts.append(f"### {name}\n\n{rule.summary} {about}\n\nFor the {rule.owner}. Thresholds: {thresholds}.\n")
    return "\n".join(parts)


def _vehicle_types() -> str:
    rows = [
        "## Kinds of vehicles\n\n`fleet.NAME.kind`. Figures and sources: `engine/energy.py`.\n",
        "| kind | mass kg | top speed km/h | truck | tank l | battery kWh | charges at kW |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, kind in VEHICLE_TYPES.items():
        figures = (kind.mass_kg, kind.max_speed_mps * 3.6)
        power = (kind.tank_l, kind.battery_kwh, kind.charge_kw)
        cells = [*(f"{value:,.0f}" for value in figures), "yes" if kind.truck else "no"]
        rows.append(f"| `{name}` | " + " | ".join([*cells, *(f"{value:g}" if value else "" for value in power)]) + " |")
    return "\n".join(rows) + "\n"


def _costs() -> str:
    head = "## Prices\n\n`costs` replaces any of these; what they make up: [money.md](money.md).\n"
    rows = [head, "| key | default | source ([A]: our assumption) |", "|---|---|---|"]
    rows += [f"| `{name}` | {getattr(Costs(), name):g} | {source} |" for name, source in sources().items()]
    return "\n".join(rows) + "\n"


def _names() -> str:
    return (
        "## Registered names\n\n"
        f"- `dispatch.plan.planner`: {_listed(PLANNERS)}\n"
        f"- `dispatch.policy`: {_listed(POLICIES)}\n"
        "- `kpis`: see [kpis.md](kpis.md)\n\n"
        "`twin list planners` and `twin list policies` say what each does, those of installed packages included.\n"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- the schemas of events and commands ------------------------------------------------------------------------


def message_schemas() -> Schema:
    """``docs/schemas.json``: ``{events: {kind: {version: schema}}, commands: …}``."""

    def of(kinds: dict[str, Kind]) -> Schema:
        return {name: {str(kinds[name].version): kinds[name].json_schema()} for name in sorted(kinds)}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "JSON Schema of the payload of each kind and schema_version in the ledgers.",
        "events": of(EVENTS),
        "commands": of(COMMANDS),
    }


def documents() -> dict[str, str]:
    """File name in ``docs/`` and content of every document made here."""
    return {
        "scenario.md": scenario_page(),
        "scenario.schema.json": json.dumps(scenario_schema(), indent=1, ensure_ascii=False) + "\n",
        "study.schema.json": json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n",
        "schemas.json": json.dumps(message_schemas(), indent=1, ensure_ascii=False) + "\n",
    }


def main(arguments: list[str]) -> None:
    """Print the reference page, or write every document into the folder after ``--write``."""
    if arguments[:1] == ["--write"] and len(arguments) == 2:
        for name, text in documents().items():
            (Path(arguments[1]) / name).write_text(text, encoding="utf-8")
    elif not arguments:
        sys.stdout.write(scenario_page())
    else:
        raise SystemExit("usage: python -m scenarios.document [--write FOLDER]")


if __name__ == "__main__":
    main(sys.argv[1:])
