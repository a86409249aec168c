"""``twin live``: an engine process and a page about it, on this machine only."""

import os
import socket
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from viz.live.feed import Feed

HOST = "127.0.0.1"
PORT = 5006
MAX_MESSAGE_BYTES = 2 << 20
MAX_SESSIONS = 50


def live(arguments: Namespace) -> int:
    """Start what was asked for, say where to look, and serve until interrupted.

    Raises:
        ValueError: bad input, an address that is not on this machine, or one where no engine answers.
        KeyboardInterrupt: somebody has seen enough; the engine has been ended.
    """
    import panel  # noqa: F401  (missing: say so before anything is started)

    from viz.live.engine import Engine
    from viz.live.roles import check_role

    role = check_role(arguments.role)
    port = free_port(arguments.port)
    if arguments.attach:
        serve_page(parse_address(arguments.attach), port, role, _say)
        return 0
    _say("reading the run" if arguments.run else "reading roads and orders")
    engine = Engine(task(arguments))
    try:
        _say(f"run folder   {engine.folder}")
        _say(f"attach with  twin live --attach {HOST}:{engine.port}/{engine.token}")
        serve_page((HOST, engine.port, engine.token), port, role, _say)
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


def parse_address(text: str) -> "Address":
    """``HOST:PORT/TOKEN``; without ``/TOKEN`` it is taken from TWIN_LIVE_TOKEN.

    Raises:
        ValueError: malformed, or another machine: what is sent is not encrypted.
    """
    address, _, token = text.partition("/")
    host, _, port = address.rpartition(":")
    token = token or os.environ.get("TWIN_LIVE_TOKEN", "")
    if host not in (HOST, "localhost") or not port.isdigit() or not token:
        expected = "127.0.0.1:PORT/TOKEN (make a tunnel to an engine on another machine)"
        raise ValueError(f"--attach '{address}': expected {expected}")
    return HOST, int(port), token


def free_port(wanted: int | None) -> int:
    """The port wanted, or else the usual one if nobody has it, or any.

    Raises:
        ValueError: somebody else has the port that was asked for.
    """
    for port in [wanted] if wanted else [PORT, 0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise ValueError(f"--port {wanted}: expected a free port; another program has it")


Address = tuple[str, int, str]
"""Host, port and token of an engine."""


def serve_page(engine: Address, port: int, role: str, say: Callable[[str], None]) -> None:
    """Serve the page until interrupted."""
    import signal

    server = make_server(engine, port, role)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Panel's own would end as if all had been said
    server.start()
    server.io_loop.add_callback(say, f"open         http://{HOST}:{port}/")  # said once the page really answers
    try:
        server.io_loop.start()
    finally:
        server.stop()


def make_server(engine: Address, port: int, role: str) -> Any:
    """A Panel server for the page, not started; bound to this machine, for pages from it only."""
    import logging

    import panel as pn

    from viz.live.page import Visit
    from viz.live.roles import ROLES

    logging.getLogger("bokeh").setLevel(logging.WARNING)

    def page() -> Any:
        if len(server.get_sessions()) >= MAX_SESSIONS:
            return pn.pane.Str(f"{MAX_SESSIONS} people are watching already. Please try again later.")
        return Visit(Feed(*engine, ROLES[role].rights), role, role).template()

    first = Feed(*engine, ())  # is anybody there?
    name = first.since(0)[1]["day"]["name"]
    first.close()
    origins = [f"{HOST}:{port}", f"localhost:{port}"]
    server = pn.serve(
        {"/": page}, port=port, address=HOST, websocket_origin=origins, show=False, start=False, verbose=False,
        title=name, websocket_max_message_size=MAX_MESSAGE_BYTES, admin=False,
        check_unused_sessions_milliseconds=5000, unused_session_lifetime_milliseconds=10_000,
    )  # fmt: skip
    return server


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
