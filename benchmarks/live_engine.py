"""An engine process for measuring the live view: a fleet all on the road, routes dealt out instead of planned.

``python -m benchmarks.live_engine VEHICLES SPEED`` prints its address as JSON and plays until its stdin is closed.
"""

import json
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.day import deal
from scenarios.ground import prepare
from scenarios.live.mailbox import Mailbox
from scenarios.live.pace import Pace
from scenarios.live.simulated import SimulatedDay
from scenarios.live.switchboard import Switchboard
from scenarios.load import Scenario, load
from scenarios.run import Session
from scenarios.serve import Player

NODES = 4000
ORDERS_PER_VEHICLE = 4
UNTIL_ROLLING_S = 7.4 * 3600


def fleet_day(vehicles: int) -> Scenario:
    """A synthetic city; shifts begin at seven, a position every 10 s."""
    return load({
        "name": f"live-{vehicles}", "time_zone": "UTC", "start": "2026-03-02T00:00", "horizon_s": 24 * 3600, "seed": 3,
        "roads": {"synthetic": {"nodes": NODES, "seed": 1}},
        "depots": {"main": {"position": "centre"}},
        "fleet": {"vans": {"count": vehicles}},
        "drivers": {"crew": {"shift_start": "07:00", "shift_end": "17:00"}},
        "orders": {"generate": {
            "known_per_day": ORDERS_PER_VEHICLE * vehicles, "opens": "00:00", "closes": "20:00",
            "service": {"median_s": 60.0},
            "windows": {"all_day": 1, "half_day": 0, "two_hours": 0, "one_hour": 0},
        }},
        "devices": {"tracker": {"sample_period_s": 10}},
        "dispatch": {"plan": {"planner": "manual", "at": "23:59"}},
    })  # fmt: skip


def _wait_for_the_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main() -> None:
    """Roll out, say where, and play."""
    vehicles, speed = int(sys.argv[1]), float(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop, token = threading.Event(), secrets.token_hex(16)
    scenario = fleet_day(vehicles)
    with tempfile.TemporaryDirectory() as folder:
        day = SimulatedDay(Session(scenario, prepare(scenario), Path(folder), deal))
        day.advance(day.start_us + round(UNTIL_ROLLING_S * 1e6))
        mailbox = Mailbox()
        board = Switchboard(token, mailbox)
        print(json.dumps({"address": f"127.0.0.1:{board.port}/{token}"}), flush=True)
        threading.Thread(target=_wait_for_the_end, args=(stop,), daemon=True).start()
        Player(day, board, mailbox, Pace(speed)).run(stop)
        board.close()


if __name__ == "__main__":
    main()
