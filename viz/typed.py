"""The command line's values: text as it was typed, read and checked. Nothing heavy is imported before it is needed."""

import argparse
import re


def speed(text: str) -> float | str:
    """A factor, or ``max``."""
    return text if text == "max" else float(text)


def seconds(text: str) -> float:
    """A positive number."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, not {text!r}")
    return value


def names(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(name.strip() for name in text.split(","))


def place(text: str) -> int | str | None:
    """A number of local processes (None: as many as is usual), or the address of a Dask scheduler."""
    address = re.fullmatch(r"(?:tcp|tls|ws|wss)://.+:(\d{1,5})", text)
    if address and 0 < int(address[1]) < 2**16:
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
