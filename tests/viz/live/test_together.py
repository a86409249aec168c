"""Several people at one running day, each with a login: what each sees, what is recorded, what they come back to."""

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlparse

import numpy as np
import pytest

from scenarios.folder import read_commands
from scenarios.live.columns import STATES
from tests.tiny import write_tiny
from tests.viz.live.knocking import Server, cheap
from viz.live.door import LOOPBACK, free_port, local_door
from viz.live.engine import Engine
from viz.live.feed import Feed
from viz.live.users import User, read_users, write_users

PASSWORD = "correct horse battery"  # noqa: S105  (of users made up here)
ROLE = "document.documentElement.dataset.ready && view.parts.session.role === 'trainee'"
MORNING = {
    "start": "2026-03-02T08:00",
    "horizon_s": 32_400,
    "drivers": {"crew": {"shift_start": "08:30"}},
    "orders": {"generate": {"opens": "08:30"}},
    "dispatch": {"plan": {"at": "08:05"}},
}


class Tunnel:
    """A way to a port that can be cut and mended, as a line to another machine can."""

    def __init__(self, port: int) -> None:
        self.to, self.whole = port, True
        self._server = socket.create_server((LOOPBACK, 0))
        self.port = self._server.getsockname()[1]
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._server.accept()
                if not self.whole:
                    near.close()
                    continue
                far = socket.create_connection((LOOPBACK, self.to))
                self._ends += [near, far]
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    def _carry(self, a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):  # cut
            while data := a.recv(1 << 16):
                b.sendall(data)
        with suppress(OSError):
            b.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self.whole = False
        for end in self._ends:
            with suppress(OSError):  # closed by the other side
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def end(self) -> None:
        self.cut()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class Person:
    """A browser of somebody who has signed in, every frame it was sent, and what it asked for."""

    def __init__(self, browser, url: str, name: str) -> None:
        self.context = browser.new_context(viewport={"width": 1366, "height": 860})
        self.page = self.context.new_page()
        self.frames: list[bytes] = []
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda r: self.hosts.add(urlparse(r.url).netloc) if r.url.startswith("http") else None)
        self.page.on("websocket", self._socket)
        self.page.goto(url)
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button")
        self.ready()

    def _socket(self, opened) -> None:
        self.hosts.add(urlparse(opened.url).netloc)
        opened.on("framereceived", lambda data: self.frames.append(data.encode() if isinstance(data, str) else data))

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]", state="attached", timeout=30_000)

    def js(self, script: str):
        return self.page.evaluate(script)

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(condition, timeout=30_000)

    def act(self, **action) -> dict:
        return self.js(f"new Promise(done => act({json.dumps(action)}, done))")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A day, a tunnel to its engine, and a page for anna, who trains ben."""
    folder = tmp_path_factory.mktemp("together")
    users = folder / "users.yaml"
    stored = cheap(PASSWORD)
    write_users(users, {"anna": User("anna", ("trainer", "trainee"), stored), "ben": User("ben", ("trainee",), stored)})
    engine = Engine({"scenario": str(write_tiny(folder, **MORNING)), "out": str(folder / "run"), "speed": None})
    tunnel = Tunnel(engine.port)
    server = Server((LOOPBACK, tunnel.port, engine.token), replace(local_door(free_port(None)), users=users))
    server.folder, server.tunnel, server.users = folder / "run", tunnel, users
    server.engine = (LOOPBACK, engine.port, engine.token)
    yield server
    server.end()
    tunnel.end()
    engine.stop()


def audit(house):
    return [json.loads(line) for line in house.users.with_suffix(".audit.jsonl").read_text("utf-8").splitlines()]


def test_two_people_see_the_same_day_and_each_other(browser, house):
    """Ben holds a vehicle: Anna sees it at once, with his name; it is recorded as his, whatever his browser says; both
    see the same clock; nothing leaves this machine."""
    anna, ben = Person(browser, house.url, "anna"), Person(browser, house.url, "ben")
    anna.act(do="step")
    assert ben.act(do="hold", vehicle_id="e-vans-1", reason="", by="anna")["ok"]
    anna.wait("view.parts.posted.some(row => row.by === 'ben' && row.about === 'e-vans-1')")
    last = read_commands(house.folder)[-1]
    assert (last["kind"], last["by"]) == ("hold_vehicle", "ben")
    anna.act(do="step")
    for person in (anna, ben):
        person.wait("view.parts.pending.some(row => row.vehicle === 'e-vans-1')")
        person.wait("view.parts.news.some(row => row[3] === 'e-vans-1' && row[4].includes('ben'))")
    clock = "view.parts.clock.now_us"
    ben.wait(f"{clock} === {anna.js(clock)}")
    for person in (anna, ben):
        assert person.errors == []
        assert person.hosts == {urlparse(house.url).netloc}
        person.context.close()


def test_what_a_trainee_may_not_is_refused_by_the_server(browser, house):
    """The page hides it, and asking all the same is refused and recorded."""
    ben = Person(browser, house.url, "ben")
    assert ben.js("[view.parts.session.truth, view.parts.session.pages]") == [False, ["operations"]]
    for action in (
        {"do": "inject", "incident": {"kind": "breakdown", "vehicle": "vans-1"}},
        {"do": "set", "key": "dispatch.policy", "value": "nearest"},
        {"do": "post", "kind": "hold_vehicle", "payload": {}},
        {"do": "play"},
        {"do": "switch", "role": "trainer"},
        {"do": "switch", "role": "owner", "roles": ["owner"], "user": "anna"},
        {"do": "hold", "vehicle_id": "x" * 100_000},
    ):
        answer = ben.act(**action)
        assert not answer["ok"], action
        assert answer["text"]
    for name in ("play", "step", "slower", "faster", "max"):
        clock = ben.page.locator(f"#{name}")
        assert clock.is_disabled()
        assert clock.get_attribute("title") == "Only who owns the day may move its clock"
    ben.page.keyboard.press(" ")
    ben.page.locator("#toast.bad", has_text="Only who owns the day").wait_for()
    about = [row["about"] for row in audit(house) if row["what"] == "refused" and row["user"] == "ben"]
    assert "inject: not for trainee" in about
    assert "role trainer: not one of yours" in about
    ben.context.close()


def test_no_frame_of_a_trainees_browser_holds_truth(browser, house):
    """A whole morning, every byte of every frame: no part of the truth by name, and no true position by its bytes.
    A trainer's frames do hold them, so the test can tell."""
    knows = Feed(*house.engine)
    ben, anna = Person(browser, house.url, "ben"), Person(browser, house.url, "anna")
    true_x: set[bytes] = set()
    for minute in range(120):
        anna.act(do="step")
        parts = knows.since(0)[1]
        unknown = ~np.isclose(parts["truth.x"], parts["x"], rtol=0, atol=0.01)
        unknown &= parts["truth.state"] == STATES.index("driving")  # at a stop it stands where the plan says
        true_x |= {parts["truth.x"][i : i + 2].tobytes() for i in range(2) if unknown[i : i + 2].any()}
        if minute % 30 == 0:
            ben.act(do="look_at", vehicles=["vans-1", "vans-2"])
            ben.act(do="tell", vehicle_id="vans-1")
    knows.close()
    anna.page.wait_for_timeout(600)
    sent, shown = b"".join(ben.frames), b"".join(anna.frames)
    assert len(true_x) > 20
    assert b"truth.x" in shown
    assert any(points in shown for points in true_x)
    assert b"truth." not in sent
    assert [points for points in true_x if points in sent] == []
    assert ben.js("Object.keys(view.parts).filter(name => name.startsWith('truth.'))") == []
    assert len(sent) > 100_000
    for person in (anna, ben):
        person.context.close()


def test_a_change_of_role_and_signing_out(browser, house):
    """The page is made anew, in every window; what the new role may not see is not sent; recorded."""
    anna = Person(browser, house.url, "anna")
    other = anna.context.new_page()
    other.goto(house.url)
    other.wait_for_selector("html[data-ready]", state="attached")
    anna.page.select_option("#who select", "trainee")
    for page in (anna.page, other):
        page.wait_for_function(ROLE, timeout=30_000)
        assert page.evaluate("Object.keys(view.parts).some(name => name.startsWith('truth.'))") is False
    anna.page.click("#sign-out")
    anna.page.wait_for_url("**/bye")
    other.wait_for_url("**/login*", timeout=30_000)
    anna.page.goto(house.url)
    assert "/login" in anna.page.url
    assert [row["what"] for row in audit(house)][-2:] == ["role", "sign out"]
    anna.context.close()


def test_a_reload_in_mid_run_shows_the_same_day(browser, house):
    """Nothing on the page is lost by it, what was looked at included, and nobody has to sign in again."""
    ben = Person(browser, house.url, "ben")
    ben.page.locator("#table .rows [role=option]").nth(1).click()
    ben.page.keyboard.press("5")
    before = ben.js("[view.parts.clock.now_us, view.parts.orders.length, view.parts.done.length]")
    ben.page.reload()
    ben.ready()
    assert ben.js("[view.parts.clock.now_us, view.parts.orders.length, view.parts.done.length]") == before
    ben.wait("view.parts.looked_at?.join() === '1'")
    assert ben.js("[view.vehicle, view.panel]") == [1, "sent"]
    assert ben.errors == []
    ben.context.close()


def test_an_engine_lost_and_found(browser, house):
    """Said in words, with what was known still there; once the line is back the page opens again by itself."""
    ben = Person(browser, house.url, "ben")
    house.tunnel.cut()
    ben.page.locator("#notice.bad", has_text="opens again by itself").wait_for(timeout=20_000)
    assert ben.js("view.parts.vehicles.length") == 3
    assert "stopped" in ben.act(do="hold", vehicle_id="vans-2")["text"]
    stranger = browser.new_page()
    stranger.goto(house.url)  # signed out: the form, which needs no engine
    assert "/login" in stranger.url
    stranger.close()
    ben.page.reload()
    ben.page.locator("text=The engine does not answer").wait_for(timeout=20_000)
    house.tunnel.whole = True
    ben.page.reload()
    ben.ready()
    ben.page.locator("#table .rows [role=option]").nth(0).click()
    ben.page.locator("#table .rows [role=option]").nth(2).click(modifiers=["Shift"])
    ben.wait("view.parts.looked_at?.length === 3")
    house.tunnel.cut()
    ben.page.locator("#notice.bad").wait_for(timeout=20_000)
    house.tunnel.whole = True
    ben.wait("document.documentElement.dataset.ready && document.querySelector('#notice').hidden")
    assert ben.js("view.parts.vehicles.length") == 3
    ben.wait("view.parts.looked_at?.join() === '2,1,0'")
    ben.context.close()


def test_a_page_without_an_engine_looks_for_it_by_itself(browser, house):
    """Nobody has to reload."""
    ben = Person(browser, house.url, "ben")
    house.tunnel.cut()
    ben.page.reload()
    ben.page.locator("text=The engine does not answer").wait_for(timeout=20_000)
    house.tunnel.whole = True
    ben.ready()
    ben.context.close()


def test_a_server_started_again(browser, house):
    """Said in words, nothing can be asked for meanwhile; then the page opens again by itself, looking at the same."""
    door = local_door(free_port(None), "trainee")
    server = Server(house.engine, door)
    try:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]", state="attached")
        page.locator("#table .rows [role=option]").nth(1).click()
        server.end()
        page.locator("#notice.bad", has_text="connection to the server is lost").wait_for(timeout=30_000)
        page.evaluate("act({ do: 'hold', vehicle_id: 'vans-1' })")
        page.locator("#toast.bad", has_text="nothing can be asked for now").wait_for()
        server = Server(house.engine, door)
        page.wait_for_function("typeof view === 'object' && !view.away && view.parts.session", timeout=30_000)
        page.wait_for_function("view.parts.looked_at?.join() === '1'", timeout=30_000)
        page.close()
    finally:
        server.end()


def test_whoever_is_taken_out_of_the_file_is_signed_out(browser, house):
    """At the next look, without their doing anything; who stays in it stays."""
    anna, ben = Person(browser, house.url, "anna"), Person(browser, house.url, "ben")
    users = read_users(house.users)
    write_users(house.users, {"anna": users["anna"]})
    ben.page.wait_for_url("**/login*", timeout=20_000)
    assert audit(house)[-1]["about"] == "taken out of the file of users, or changed there"
    assert anna.act(do="look_at", vehicles=["vans-1"])["ok"]
    write_users(house.users, users)
    for person in (anna, ben):
        person.context.close()
