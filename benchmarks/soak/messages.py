"""R4 and R7: proofs of delivery over the real courier, plant and ingest, under random connectivity.

Devices are connected in random spells, transmissions and receipts get lost, the platform and the line go down, what is
at the door is doubled or held up, and clocks are wrong. Devices live; so every proof must arrive, once.
"""

import random
from collections import Counter
from functools import partial
from typing import Any

from agents.courier import TO_OFFICE, Courier
from agents.outbox import Transport
from agents.plant.plant import Plant, PlantSettings
from agents.proof_capture import ProofCapture
from benchmarks.soak.figures import Figure, each
from engine.clock import SECOND
from tests.agents.couriers import BPS, HandMadeLinks
from tests.agents.plant_world import START_US, at, bare_world, run_until
from twin.ingest import Ingest, Message
from twin.proofs import ProofStore

DEVICES, PROOFS = 40, 250
"""Of one world: ten thousand proofs."""
FAULTS_END_S = 20_000
LATENCY_US = 200_000
GRACE_S = 60.0


class Post:
    """One world of devices, with what head office has taken in."""

    def __init__(
        self, seed: int, devices: int = DEVICES, proofs: int = PROOFS, loss_share: float = 0.2,
        receipts_lost: tuple[float, ...] = (0.0, 0.05, 0.5),
    ) -> None:  # fmt: skip
        self.draw = draw = random.Random(f"post {seed}")  # noqa: S311
        self.world = world = bare_world(seed, lasts_s=10 * FAULTS_END_S)
        self.links: Any = HandMadeLinks([self._spells() for _ in range(devices)], loss_share)
        twice = draw.choice(receipts_lost)
        transport = Transport(LATENCY_US, 400, jitter=draw.random() < 0.8, duplicate_share=twice)
        self.courier = Courier(world, self.links, [transport] * devices, self._door)
        self.plant = Plant(world, PlantSettings(), lambda message, received_us: None)
        self.ingest, self.store = Ingest(), ProofStore()
        self.taken: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.sent = devices * proofs
        self.wrong_clock = [draw.choice([0, 0, 0, -3600 * SECOND, 7200 * SECOND, -START_US]) for _ in range(devices)]
        self._capture = ProofCapture(2_000, 300, world.streams)
        for device in range(devices):
            for number, second in enumerate(sorted(draw.uniform(0, FAULTS_END_S) for _ in range(proofs))):
                world.at(at(second), partial(self._capture_proof, device, number))
        for part in (self.plant.platform.component, self.plant.link.primary):
            for number in range(draw.randint(0, 4)):
                begins = draw.uniform(0, 0.9 * FAULTS_END_S)
                ends = min(begins + draw.choice([1.0, 60.0, 1800.0]), FAULTS_END_S)
                world.at(at(begins), partial(part.fail, f"x{number}"))
                world.at(at(ends), partial(part.restore, f"x{number}"))

    def _spells(self) -> list[tuple[float, float]]:
        """Connected now and then, and always once the faults are over."""
        edges = sorted(self.draw.uniform(0, FAULTS_END_S) for _ in range(2 * self.draw.randint(0, 10)))
        edges = [START_US / SECOND + second for second in edges]
        return [*zip(edges[::2], edges[1::2]), (START_US / SECOND + FAULTS_END_S, 1e12)]

    def _capture_proof(self, device: int, number: int) -> None:
        name, now = f"dev-{device}", self.world.now
        who = {"vehicle_id": f"V{device}", "driver_id": f"D{device}"}
        proof = who | self._capture.proof(f"O{device}.{number}", 1, 1.0, now)
        claimed_us = now + self.wrong_clock[device]
        message = Message(f"{name}:{number}", "proof_captured", claimed_us, who["driver_id"], name, proof)
        self.courier.send(message, name, proof["bytes"])

    def _door(self, message: Message) -> None:
        """At the door some come late, some twice."""
        for _ in range(2 if self.draw.random() < 0.03 else 1):
            held_s = self.draw.uniform(0, 600) if self.draw.random() < 0.05 and self.second < FAULTS_END_S - 600 else 0
            self.world.after(round(held_s * SECOND), partial(self.plant.admit, message, self._receive))

    def _receive(self, message: Message) -> None:
        verdict = self.ingest.judge(message, self.world.now)
        if verdict.refused:
            self.refused[verdict.reason] += 1
        else:
            self.taken[message.event_id] += 1
            self.store.apply(message.kind, message.payload, self.world.now)

    @property
    def second(self) -> float:
        return (self.world.now - START_US) / SECOND

    def run(self, second: float) -> None:
        """Up to a second of the world."""
        run_until(self.world, second)

    def problems(self) -> list[str]:
        """What is lost, doubled or unaccounted for."""
        lost = self.sent - len(self.taken)
        doubled = sum(count - 1 for count in self.taken.values())
        found = [f"{lost} lost"] * (lost != 0) + [f"{doubled} doubled"] * (doubled != 0)
        if len(self.store) != len(self.taken):
            found.append(f"{len(self.store)} proofs are found, {len(self.taken)} were taken in")
        tally, plant = self.courier.counts()[TO_OFFICE], self.plant.counts()
        if tally.delivered + tally.waiting + tally.in_transit != tally.offered or plant["held"]:
            found.append(f"{tally}, {plant}")
        return found


# --- R4 ---


def proofs(cases: range, processes: int, seconds: float) -> Figure:
    """Ten thousand proofs a case."""
    figure = Figure("R4", "proofs lost or doubled (F2, F4, F5, F8)", "0 of 1,000,000", unit="proofs")
    refused: Counter[str] = Counter()
    for case, (sent, more, problems) in each(delivered, cases, processes, seconds):
        figure.tried += sent
        refused += more
        figure.take(case, problems)
    figure.note = ", ".join(f"{count:,} {reason}s dropped" for reason, count in sorted(refused.items()))
    return figure


def delivered(case: int) -> tuple[int, Counter[str], list[str]]:
    """Proofs sent in one world, what was refused, and what is wrong once all had time to arrive."""
    post = Post(case)
    post.run(8 * FAULTS_END_S)
    return post.sent, post.refused, post.problems()


# --- R7 ---


def liveness(cases: range, processes: int, seconds: float) -> Figure:
    """Faults stop; what has piled up is gone as soon as it can be."""
    figure = Figure("R7", "backlog gone within its time on the air and 60 s", "500 seeds, 0 left", unit="seeds")
    backlog = 0
    for case, (left, problems) in each(recovered, cases, processes, seconds):
        figure.tried += 1
        backlog += left
        figure.take(case, problems)
    figure.note = f"{backlog:,} messages were waiting"
    return figure


def recovered(case: int) -> tuple[int, list[str]]:
    """Messages waiting when the faults stop, and what is wrong when they should all have arrived."""
    post = Post(case, devices=10, proofs=60, loss_share=0.02, receipts_lost=(0.0,))
    post.run(FAULTS_END_S)
    post.links.share = 0.0
    waiting = Counter({f"dev-{device}": 60 for device in range(10)})
    waiting.subtract(event_id.partition(":")[0] for event_id in post.taken)
    on_air_s = 8 * (400 + 3_000) / BPS + 3 * LATENCY_US / SECOND  # of one, at most
    post.run(FAULTS_END_S + max(waiting.values()) * on_air_s + GRACE_S)
    return sum(waiting.values()), post.problems()
