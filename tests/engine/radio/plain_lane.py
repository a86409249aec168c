"""The sample lane of one device, one event after the other, in exact fractions of time: slow and plain."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from engine.streams import mix_u64
from tests.engine.radio.world import Row

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Device:
    """What a device is like."""

    key: int
    room: int  # batches
    batch: int  # samples
    work: int  # of a batch, kbit/s times us
    newest_first: bool
    drop_newest: bool
    retry_us: int
    retry_most_us: int
    jitter: bool
    lost_below: dict[int, int]  # of 2**32, by network
    twice_below: int
    rates: dict[tuple[int, int], int]  # kbit/s by network and level
    latency_us: int


def outcome(device: Device, batch: int, attempt: int, network: int) -> tuple[bool, bool, int]:
    """Lost, doubled, and the wait before the next attempt (of a double: its wait is that of the first)."""
    number = (batch * 256 + attempt) & _MASK
    bits = int(mix_u64(np.array([(device.key + number * 0x9E3779B97F4A7C15) & _MASK], np.uint64))[0])
    lost = (bits >> 32) < device.lost_below[network]
    twice = not lost and (bits & 0xFFFFFFFF) < device.twice_below
    wait = min(device.retry_us * 2 ** (attempt if lost else 0), device.retry_most_us)
    if device.jitter:
        wait = int(mix_u64(np.array([(bits + 1) & _MASK], np.uint64))[0]) % wait + 1
    return lost, twice, wait


def connected_from(contacts: list[Row], t: Fraction) -> Fraction | None:
    """The first moment from t on at which something can begin."""
    for start, end, *_ in contacts:
        if t < end:
            return max(t, Fraction(start))
    return None


def finish(device: Device, contacts: list[Row], t: Fraction) -> tuple[Fraction, int] | None:
    """When a batch begun at t is through, and over which network."""
    left = Fraction(device.work)
    for start, end, network, level in contacts:
        if end <= t:
            continue
        begin, rate = max(t, Fraction(start)), device.rates[network, level]
        if left <= rate * (end - begin):
            return begin + left / rate, network
        left -= rate * (end - begin)
    return None


def repeat(device: Device, contacts: list[Row], batch: int, network: int, t: int, until: int):
    """What follows a transmission over at t: (arrival or None, network, doubles)."""
    attempt, doubles = 0, []
    while True:
        lost, twice, wait = outcome(device, batch, attempt, network)
        due = t + wait
        moment, then = None, network
        for start, end, via, _ in contacts:
            if due <= end:
                moment, then = max(due, start + 1), via
                break
        here = moment is not None and moment <= until
        if not lost:
            if twice and here:
                doubles.append((moment + device.latency_us, then))
            return t + device.latency_us, network, doubles
        if not here:
            return None, network, doubles
        t, network, attempt = moment, then, attempt + 1


def life(device: Device, contacts: list[Row], samples: list[tuple[int, int]], from_us: int, until_us: int):
    """Fates of the samples (number, moment) of one life of a device: {sample: (arrive, network)} or "overrun";
    samples missing from it have got nowhere by the end. And doubles (first sample, arrive, network)."""
    ready: list[tuple[int, int]] = []
    for before, (n, t) in zip([None, *samples], samples):
        if before is not None and (before[0] + 1) % device.batch and before[0] // device.batch < n // device.batch:
            ready.append((t, before[0] // device.batch))  # its last samples were never measured
        if (n + 1) % device.batch == 0:
            ready.append((t, n // device.batch))
    waiting: list[int] = []
    sending: tuple[int, Fraction, int] | None = None
    fates: dict[int, tuple[int, int] | str] = {}
    doubles: list[tuple[int, int, int]] = []
    now = Fraction(from_us)
    while True:
        begins = connected_from(contacts, now) if sending is None and waiting else None
        candidates = [(sending[1], 0)] if sending else []
        candidates += [(Fraction(ready[0][0]), 1)] if ready else []
        candidates += [(begins, 2)] if begins is not None else []
        if not candidates or min(candidates)[0] > until_us:
            break
        now, what = min(candidates)
        if what == 0:
            assert sending is not None
            batch, _, network = sending
            arrive, via, twice = repeat(device, contacts, batch, network, ceil(now), until_us)
            if arrive is not None:
                fates[batch] = (arrive, via)
            doubles += [(batch * device.batch, *double) for double in twice]
            sending = None
        elif what == 1:
            batch = ready.pop(0)[1]
            if len(waiting) + (sending is not None) >= device.room:
                if device.drop_newest or not waiting:
                    fates[batch] = "overrun"
                    continue
                fates[waiting.pop(0)] = "overrun"
            waiting.append(batch)
        else:
            batch = waiting.pop(-1 if device.newest_first else 0)
            through = finish(device, contacts, now)
            sending = (batch, *through) if through else (batch, Fraction(1 << 62), -1)
    return {n: fates[n // device.batch] for n, _ in samples if n // device.batch in fates}, doubles
