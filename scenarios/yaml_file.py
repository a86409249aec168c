"""YAML 1.2 as we accept it: small, flat enough, no aliases, no duplicate keys, no guessing."""

from pathlib import Path
from typing import Any

from scenarios.problems import BadInput, Problem

MAX_BYTES, MAX_DEPTH, MAX_NODES = 1_000_000, 32, 100_000


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        BadInput: no such file, not UTF-8, too large or deep, aliases, duplicate keys, not a mapping.
    """
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _bad(name, "", name, f"a readable YAML file ({error.strerror or error})") from None
    if len(raw) > MAX_BYTES:
        raise _bad(name, "", f"{len(raw)} bytes", f"at most {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(name, f"byte {error.start}", f"0x{raw[error.start]:02x}", "UTF-8 text") from None
    value = parse_yaml(text, name)
    if not isinstance(value, dict):
        raise _bad(name, "", _kind_of(value), "a mapping, keys with values such as 'seed: 1'")
    return value


def parse_yaml(text: str, name: str) -> Any:
    """A YAML document as plain values; ``name`` is used in problems."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        _check_events(text, name)
        return YAML(typ="safe", pure=True).load(text)
    except BadInput:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        found = str(getattr(error, "problem", None) or str(error).splitlines()[0])
        raise _bad(name, where, found, "YAML 1.2") from None
    except (RecursionError, ValueError) as error:
        raise _bad(name, "", str(error).splitlines()[0], "YAML 1.2") from None


def _kind_of(value: Any) -> str:
    return "" if value is None else "a list" if isinstance(value, list) else str(value)


def _check_events(text: str, name: str) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent

    depth = 0
    for nodes, event in enumerate(YAML(typ="safe", pure=True).parse(text), start=1):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        if isinstance(event, AliasEvent):
            raise _bad(name, where, f"*{event.anchor}", "no aliases: write the value out")
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            depth += 1
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise _bad(name, where, f"depth {depth}, {nodes} nodes", f"depth {MAX_DEPTH} and {MAX_NODES} nodes at most")


def _bad(name: str, key: str, value: str, expected: str) -> BadInput:
    return BadInput([Problem(name, key, value, expected)])
