"""Starting the live view: what it accepts, what it refuses, and that the engine ends with it."""

import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from scenarios.live.columns import ORDER_STATES, STATES
from tests.tiny import write_tiny
from viz.cli import main
from viz.live.app import parse_address
from viz.live.door import free_port
from viz.live.engine import Engine, EngineFailed
from viz.live.feed import Feed, NoEngine
from viz.live.look import ORDERS, VEHICLES
from viz.live.page import packed, page_source


def test_every_state_has_a_look_of_its_own():
    """No state without one, and no two of the same shape and colour: colour is never alone."""
    assert [*VEHICLES] == [*STATES]
    assert [*ORDERS] == [*ORDER_STATES]
    for looks in (VEHICLES, ORDERS):
        assert len({(look.marker, look.colour, look.hollow) for look in looks.values()}) == len(looks)
    shapes = {look.marker for looks in (VEHICLES, ORDERS) for look in looks.values()}
    assert all(f'id="m-{shape}"' in page_source("x") for shape in shapes)


def test_the_page_asks_for_nothing_outside_itself():
    """No address in it but those of namespaces; a hostile name is text, also for the template engine."""
    source = page_source("<script>{{ 7*7 }}</script>")
    assert "<script>{{" not in source.split("</h1>")[0]
    addresses = {line.strip() for line in source.splitlines() if "http://" in line or "https://" in line}
    assert all("w3.org/2000/svg" in line for line in addresses)


def test_a_frame_for_the_browser_keeps_arrays_raw():
    """Arrays as they are, all else one JSON text."""
    frame = packed({"x": np.zeros(2, np.float32), "clock": {"now_us": 1}})
    assert frame["x"].dtype == np.float32
    assert frame["json"] == '{"clock": {"now_us": 1}}'


@pytest.mark.parametrize("bad", ["", "127.0.0.1", "127.0.0.1:80", "10.0.0.7:80/token", "127.0.0.1:x/token"])
def test_only_an_engine_on_this_machine_can_be_attached_to(bad, monkeypatch):
    """Another host, no port or no token: refused, saying what is expected."""
    monkeypatch.delenv("TWIN_LIVE_TOKEN", raising=False)
    with pytest.raises(ValueError, match=r"expected 127\.0\.0\.1:PORT/TOKEN"):
        parse_address(bad)


def test_the_token_may_come_from_the_environment(monkeypatch):
    """So that it need not stand on a command line."""
    monkeypatch.setenv("TWIN_LIVE_TOKEN", "t")
    assert parse_address("localhost:81") == ("127.0.0.1", 81, "t")


def test_a_port_somebody_has_is_refused():
    """By its number; without a wish any free one is taken."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(ValueError, match="expected a free port"):
        free_port(other.getsockname()[1])
    assert free_port(None) > 0


def test_nobody_there(capsys):
    """An address where no engine is: one line, exit 2."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    assert main(["live", "--attach", f"127.0.0.1:{port}/token"]) == 2
    assert capsys.readouterr().err.startswith("no engine answers at 127.0.0.1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected SCENARIO, --run RUN or --attach"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["--run", "nowhere"], "nowhere"),
        (["x.yaml", "--speed", "0"], "speed: expected"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(arguments, words, capsys):
    """Found by the engine or before it, it reads the same."""
    assert exit_code(["live", *arguments]) == 2
    assert words in capsys.readouterr().err


def exit_code(arguments):
    """Of the command, whether it answers or its options are refused before it begins."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code


def test_without_panel_one_line_says_what_to_install(monkeypatch, capsys):
    """As for every extra."""
    monkeypatch.setitem(sys.modules, "panel", None)
    assert main(["live", "x.yaml"]) == 1
    assert "fleet-twin[live]" in capsys.readouterr().err


def test_the_engine_opens_answers_and_ends(tmp_path):
    """A process of its own, without Panel in it; a wrong token does not get in; stopping ends it cleanly."""
    engine = Engine({"scenario": str(write_tiny(tmp_path)), "out": str(tmp_path / "run")})
    try:
        with pytest.raises(NoEngine, match="wrong token"):
            Feed("127.0.0.1", engine.port, "guess")
        feed = Feed("127.0.0.1", engine.port, engine.token)
        version, parts = feed.since(0)
        assert len(parts["vehicles"]) == 3
        assert feed.since(version)[1] == {}
        with open(f"/proc/{engine.pid}/maps", encoding="utf-8") as maps:
            assert "tornado" not in maps.read()
        feed.close()
    finally:
        assert engine.stop() == 0


def test_the_engine_says_what_is_wrong_with_a_scenario(tmp_path):
    """Its message comes through, file and key included."""
    path = write_tiny(tmp_path, fleet={"vans": {"count": -1}})
    with pytest.raises(EngineFailed, match=r"scenario\.yaml.*fleet\.vans\.count"):
        Engine({"scenario": str(path), "out": str(tmp_path / "run")})


def test_ctrl_c_ends_everything_with_130(tmp_path):
    """The page's process exits 130, the engine is gone, and the run folder says it can be resumed."""
    command = [sys.executable, "-m", "viz.cli", "live", str(write_tiny(tmp_path)), "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("open"):
                break
        children = [int(p) for p in os.listdir("/proc") if p.isdigit() and _parent(int(p)) == process.pid]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert children
    assert not any(os.path.exists(f"/proc/{child}") for child in children)
    assert '"status": "running"' in (tmp_path / "run" / "manifest.json").read_text(encoding="utf-8")


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # ended meanwhile
