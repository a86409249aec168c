"""The command line's values: text as it was typed, read and checked. Nothing heavy is imported before it is needed."""

import argparse
import re

MOST_PORTS = 2**16


def speed(text: str) -> float | str:
    """A factor, or ``max``."""
    if text == "max":
        return text
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"expected a factor above 0, or max, not {text!r}")
    return value


def seed(text: str) -> int:
    """A whole number; which ones a scenario takes is said where all its keys are."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, not {text!r}") from None


def port(text: str) -> int:
    """Of a TCP service; 0: any that is free."""
    if not text.isascii() or not text.isdigit() or int(text) >= MOST_PORTS:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to {MOST_PORTS - 1}, not {text!r}")
    return int(text)


def seconds(text: str) -> float:
    """A positive number."""
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, not {text!r}")
    return value


def names(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(name.strip() for name in text.split(","))


def place(text: str) -> int | str | None:
    """A number of local processes (None: as many as is usual), or the address of a Dask scheduler."""
    address = re.fullmatch(r"(?:tcp|tls|ws|wss)://.+:(\d{1,5})", text)
    if address and 0 < int(address[1]) < MOST_PORTS:
        return text
    place, _, number = text.partition(":")
    if place != "local":
        raise argparse.ArgumentTypeError(f"expected local, local:N or tcp://HOST:PORT, not {text!r}")
    return count_of(number) if number else None


def count_of(text: str) -> int:
    """A number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text!r}")
    return int(text)


def replications(text: str) -> int:
    """How many days of other draws."""
    from scenarios.studies.replications import MOST_REPLICATIONS

    count = count_of(text)
    if count > MOST_REPLICATIONS:
        raise argparse.ArgumentTypeError(f"expected {MOST_REPLICATIONS:,} at most, not {text!r}")
    return count


def _number(text: str) -> float:
    """The number a text stands for, 0 if it is none."""
    try:
        return float(text)
    except ValueError:
        return 0.0
