"""Signing in by OAuth/OIDC, against a provider of the test's own on this machine."""

import base64
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlparse

import pytest

from tests.tiny import write_tiny
from tests.viz.live.knocking import Client, Server
from viz.live.door import LOOPBACK, free_port, local_door
from viz.live.engine import Engine
from viz.live.users import User, write_users


class Provider(BaseHTTPRequestHandler):
    """Authorises at once, as whom the test says; gives an id token for the code it gave out."""

    who = "anna@example.com"
    asked: list[dict[str, list[str]]] = []  # noqa: RUF012  (of one test module)

    def do_GET(self) -> None:
        asked = parse_qs(urlparse(self.path).query)
        self.asked.append(asked)
        back = urlencode({"code": "the-code", "state": asked["state"][0]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
        self.end_headers()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(form)
        good = form.get("code") == ["the-code"] and form.get("client_secret") == ["its-secret"]
        claims = base64.urlsafe_b64encode(json.dumps({"email": self.who}).encode()).decode().rstrip("=")
        token = f"e30.{claims}.c2ln"
        answer = {"access_token": token, "id_token": token, "expires_in": 60} if good else {"error": "invalid_grant"}
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def provider():
    server = ThreadingHTTPServer((LOOPBACK, 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def page(tmp_path_factory, provider):
    folder = tmp_path_factory.mktemp("oauth")
    users = folder / "users.yaml"
    write_users(users, {"anna@example.com": User("anna@example.com", ("trainee",))})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("KEY", "our-id"), ("SECRET", "its-secret"), ("AUTHORIZE_URL", f"{provider}/authorize"),
            ("TOKEN_URL", f"{provider}/token"), ("USER_URL", f"{provider}/userinfo"), ("SCOPE", "openid,email"),
        ):  # fmt: skip
            patch.setenv(f"PANEL_OAUTH_{name}", value)
        engine = Engine({"scenario": str(write_tiny(folder)), "out": str(folder / "run")})
        address = (LOOPBACK, engine.port, engine.token)
        server = Server(address, replace(local_door(free_port(None)), users=users, oauth="generic"))
        server.users = users
        yield server
        server.end()
        engine.stop()


def follow(client, path):
    """From one answer to the next, to the provider and back; every address on the way."""
    way = []
    while True:
        answer = client.ask(path)
        way.append(path)
        if answer.status != 302:
            return answer, way
        target = urlparse(answer.headers["Location"])
        if target.port not in (None, client.url.port):
            elsewhere = Client(answer.headers["Location"])
            target = urlparse(elsewhere.ask(f"{target.path}?{target.query}").headers["Location"])
            assert target.netloc == client.url.netloc
        path = f"/{target.path.lstrip('./')}" + (f"?{target.query}" if target.query else "")


def test_a_user_of_the_file_comes_in(page, monkeypatch):
    """By the provider's word, in the role the file says; sent back to our own origin, and its tokens are not kept."""
    monkeypatch.setattr(Provider, "who", "anna@example.com")
    client = Client(page.url)
    answer, way = follow(client, "/")
    assert answer.status == 200
    assert way[-1] == "/"
    authorised = next(asked for asked in reversed(Provider.asked) if "response_type" in asked)
    assert authorised["redirect_uri"] == [f"{page.url}login"]
    assert authorised["client_id"] == ["our-id"]
    assert {"access_token", "id_token", "refresh_token", "user"}.isdisjoint(client.cookies)
    assert any("anna@example.com" in str(part) for part in client.socket(client.token()))


def test_somebody_else_stays_outside(page, monkeypatch):
    """Known to the provider, unknown to us: no session, and no reason given."""
    monkeypatch.setattr(Provider, "who", "mallory@example.com")
    client = Client(page.url)
    answer, _ = follow(client, "/")
    assert answer.status == 403
    assert "mallory" not in answer.text
    assert client.ask("/").status == 302
    assert '"about": "OAuth: 403"' in page.users.with_suffix(".audit.jsonl").read_text(encoding="utf-8")


def test_an_answer_to_somebody_elses_question_is_refused(page, monkeypatch):
    """The state must be that of this browser (CSRF), and a provider's error text is not repeated."""
    monkeypatch.setattr(Provider, "who", "anna@example.com")
    client = Client(page.url)
    assert client.ask("/login?code=the-code&state=guess").status == 401
    answer = client.ask("/login?error=x&error_description=%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 401
    assert "script>alert" not in answer.text
    assert client.ask("/").status == 302
