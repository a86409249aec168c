"""``twin live``: an engine process and a page about it, on this machine only unless there is a login."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from viz.live.door import LOOPBACK, Door, door_of
from viz.live.server import Address, make_server


def live(arguments: Namespace) -> int:
    """Start what was asked for, say where to look, and serve until interrupted.

    Raises:
        ValueError: bad input, an address that is not on this machine, or one where no engine answers.
        KeyboardInterrupt: somebody has seen enough; the engine has been ended.
    """
    import panel  # noqa: F401  (missing: say so before anything is started)

    from viz.live.engine import Engine

    door = door_of(arguments)
    if arguments.attach:
        serve_page(parse_address(arguments.attach), door, _say)
        return 0
    _say("reading the run" if arguments.run else "reading roads and orders")
    engine = Engine(task(arguments))
    try:
        _say(f"run folder   {engine.folder}")
        _say(f"attach with  twin live --attach {LOOPBACK}:{engine.port}/{engine.token}")
        serve_page((LOOPBACK, engine.port, engine.token), door, _say)
    finally:
        engine.stop()
    return 0


def task(arguments: Namespace) -> dict[str, Any]:
    """What the engine is asked to show."""
    from scenarios.live.pace import check_speed

    speed = None if arguments.speed == "max" else arguments.speed
    shared = {"speed": check_speed(speed), "playing": False}
    if arguments.run:
        from viz.cli import existing_run

        return shared | {"run": str(existing_run(arguments.run))}
    if not arguments.scenario:
        raise ValueError("twin live: expected SCENARIO, --run RUN or --attach ADDRESS")
    return shared | {
        "scenario": arguments.scenario, "sets": arguments.sets, "seed": arguments.seed, "out": arguments.out,
    }  # fmt: skip


def parse_address(text: str) -> Address:
    """``HOST:PORT/TOKEN``; without ``/TOKEN`` it is taken from TWIN_LIVE_TOKEN.

    Raises:
        ValueError: malformed, or another machine: what is sent is not encrypted.
    """
    address, _, token = text.partition("/")
    host, _, port = address.rpartition(":")
    token = token or os.environ.get("TWIN_LIVE_TOKEN", "")
    if host not in (LOOPBACK, "localhost") or not port.isdigit() or not token:
        expected = "127.0.0.1:PORT/TOKEN (make a tunnel to an engine on another machine)"
        raise ValueError(f"--attach '{address}': expected {expected}")
    return LOOPBACK, int(port), token


def serve_page(engine: Address, door: Door, say: Callable[[str], None]) -> None:
    """Serve the page.

    Raises:
        KeyboardInterrupt: interrupted, once the server has stopped.
    """
    import signal

    server = make_server(engine, door)
    loop = server.io_loop
    # Panel's own handler would end as if all had been said; raised inside a callback, an interrupt could be swallowed
    signal.signal(signal.SIGINT, lambda *_: loop.add_callback_from_signal(loop.stop))
    server.start()
    loop.add_callback(say, f"open         {door.url}")  # said once the page really answers
    try:
        loop.start()
    finally:
        server.stop()
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
