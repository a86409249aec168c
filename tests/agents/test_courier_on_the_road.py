"""The courier over real links: a vehicle drives out of coverage and back, nobody knowing beforehand when."""

from typing import Any

import numpy as np
import pytest
import simpy

from agents.courier import TO_OFFICE, TO_ROAD, Courier
from agents.outbox import Transport
from agents.world import World
from engine.clock import SECOND, LocalTime
from engine.coverage.code import pack
from engine.coverage.map import CoverageMap
from engine.coverage.surroundings import Surroundings
from engine.motion import FOREVER_US
from engine.radio.links import Links
from engine.radio.settings import Carriers, LinkSettings
from engine.streams import Streams
from twin.commands import Command
from twin.ingest import Message

LTE = 2
KM_MM = 1_000_000
NO_TUNNEL = np.zeros(1, bool)


def valley(lit: tuple[bool, ...]) -> CoverageMap:
    """Cells of a kilometre from west to east, with LTE or nothing."""
    raster = np.array([[int(pack([LTE if light else 0])) for light in lit]], np.uint16)
    return CoverageMap(("a",), raster, 0, 0, KM_MM)


class Drive:
    """One vehicle with a device that has one SIM; a kilometre takes 100 s."""

    def __init__(self, surroundings: bool = True, latency_us: int = 200_000, **settings: Any) -> None:
        self.env = simpy.Environment(0)
        nothing: Any = None
        streams = Streams(1)
        self.world = World(self.env, 0, FOREVER_US, LocalTime("UTC"), streams, nothing, None, nothing, nothing, nothing)
        self.surroundings = Surroundings(valley((True, True, False, False, True, True)), 0)
        self.surroundings.add(KM_MM // 2, KM_MM // 2)
        fitted = LinkSettings.fit(["dev"], [0], [[0]], **settings)
        carriers = Carriers(("a",), (0.0,), (0.0,), (1.0,))
        self.links = Links(fitted, carriers, streams, 0, self.surroundings if surroundings else None)
        self.heard: list[tuple[float, str]] = []
        self.courier = Courier(self.world, self.links, [Transport(latency_us, 400, jitter=False)], self._hear)
        self._sent = 0

    def _hear(self, message: Message) -> None:
        self.heard.append((self.now_s, message.event_id))

    def go(self, from_km: float, to_km: float) -> None:
        """Set off now; head office and device know the way only from now on."""
        t_us = self.world.now + np.array([0, round(abs(to_km - from_km) * 100 * SECOND)])
        x_mm = np.array([round(km * KM_MM) for km in (from_km, to_km)])
        self.surroundings.follow(0, t_us, x_mm, np.full(2, KM_MM // 2), NO_TUNNEL)

    def send(self, size_bytes: int | None = None) -> None:
        message = Message(f"dev:{self._sent}", "harsh_event", self.world.now, "D", "dev", {})
        self._sent += 1
        self.courier.send(message, "dev", size_bytes)

    def command(self) -> None:
        command = Command("unassign_order", {})
        self.courier.command("office:0", command, "dev", lambda name, _: self.heard.append((self.now_s, name)))

    @property
    def now_s(self) -> float:
        return self.env.now / SECOND

    def at(self, at_s: float, act: Any) -> None:
        self.world.at(round(at_s * SECOND), act)

    def run(self, until_s: float) -> "Drive":
        self.env.run(round(until_s * SECOND))  # type: ignore[arg-type]
        return self


def test_a_proof_taken_in_the_dark_is_heard_after_the_drive_back() -> None:
    """Dark from kilometre 2 on, at 150 s; parked there until it drives back from 1000 s on, in coverage at 1100 s.
    The event then goes first, the command its own way."""
    drive, why = Drive(), []
    drive.at(0, lambda: drive.go(0.5, 3.0))
    for at_s in (100, 300):
        drive.at(at_s, drive.send)
    drive.at(300, lambda: drive.send(1_000_000))
    drive.at(310, drive.command)
    for at_s in (100, 300, 1200):
        drive.at(at_s, lambda: why.append(drive.courier.cut_off_by("dev")))
    drive.at(1000, lambda: drive.go(3.0, 1.0))
    drive.run(2000)
    assert why == ["", "dead_zone", ""]
    heard = {event_id: at_s for at_s, event_id in drive.heard}
    assert heard["dev:0"] == pytest.approx(100.2, abs=0.001)
    assert heard["dev:1"] == heard["office:0"] == pytest.approx(1100, abs=0.25 * 100)
    assert heard["dev:2"] == pytest.approx(heard["dev:1"] + 0.4 + 8_003_200 / 5e6, abs=0.001)
    for way, offered in ((TO_OFFICE, 3), (TO_ROAD, 1)):
        tally = drive.courier.counts()[way]
        assert (tally.offered, tally.delivered) == (offered, offered)


def test_an_outage_interrupts_and_its_end_wakes() -> None:
    """The carrier goes dark in the middle of a photo and comes back: the photo goes on where it was."""
    heard = []
    for outage_s in (0.0, 60.0):
        drive = Drive()
        dark, light = drive.surroundings.map.without("a"), drive.surroundings.map
        drive.at(10, lambda drive=drive: drive.send(5_000_000))
        if outage_s:
            drive.at(12, lambda drive=drive, dark=dark: drive.surroundings.change_map(dark, drive.world.now))
            drive.at(13, lambda drive=drive: heard.append(drive.courier.cut_off_by("dev")))
            drive.at(
                12 + outage_s, lambda drive=drive, light=light: drive.surroundings.change_map(light, drive.world.now)
            )
        heard.append(drive.run(300).heard[0][0])
    assert heard[0] == pytest.approx(10 + 5_000_400 * 8 / 5e6 + 0.2, abs=1e-6)
    assert heard[1:] == ["outage", pytest.approx(heard[0] + 60, abs=0.001)]


def test_an_outage_is_told_from_a_dead_zone_and_from_somebody_elses_outage() -> None:
    """Under way from coverage into the dark at 150 s, the carrier out from 50 s on: what is dark anyway stays a dead
    zone; after the outage's end there is coverage again only where there always was."""
    drive, why = Drive(), []
    light = drive.surroundings.map
    drive.at(0, lambda: drive.go(0.5, 3.0))
    drive.at(50, lambda: drive.surroundings.change_map(light.without("a"), drive.world.now))
    drive.at(400, lambda: drive.surroundings.change_map(light, drive.world.now))
    drive.at(1000, lambda: drive.go(3.0, 1.0))
    for at_s in (40, 100, 300, 500, 1200):
        drive.at(at_s, lambda: why.append(drive.courier.cut_off_by("dev")))
    drive.run(1300)
    assert why == ["", "outage", "dead_zone", "dead_zone", ""]


def test_a_stolen_device_loses_what_it_holds_by_that_cause() -> None:
    """The links tell; nothing else has to."""
    drive = Drive()
    drive.at(0, lambda: drive.go(0.5, 3.0))
    drive.at(300, drive.send)
    drive.run(400)
    drive.links.advance(drive.world.now)
    drive.links.end_device(0, drive.world.now, "stolen")
    drive.send()
    assert drive.courier.gone("dev")
    assert drive.courier.cut_off_by("dev") == ""
    assert drive.courier.counts()[TO_OFFICE].lost == {"stolen": 2}


def test_without_surroundings_all_arrives_a_latency_later() -> None:
    """Events, proofs and commands."""
    drive = Drive(surroundings=False)
    drive.at(5, drive.send)
    drive.at(5, lambda: drive.send(10_000_000))
    drive.at(5, drive.command)
    assert drive.run(10).heard == [(5.2, "dev:0"), (5.2, "dev:1"), (5.2, "office:0")]
