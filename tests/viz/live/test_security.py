"""The page's server as an attacker meets it: no browser, only requests."""

import http.client
import json
import re
import subprocess
from dataclasses import replace

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload

from tests.tiny import write_tiny
from tests.viz.live.knocking import Client, Server, cheap
from viz.live.door import LOOPBACK, free_port, local_door
from viz.live.engine import Engine
from viz.live.users import User, write_users

PASSWORD = "correct horse battery"  # noqa: S105  (of users made up here)


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    path = tmp_path_factory.mktemp("users") / "users.yaml"
    stored = cheap(PASSWORD)
    names = {"anna": ("trainer", "trainee"), "ben": ("trainee",), "carl": ("trainee",)}
    write_users(path, {name: User(name, roles, stored) for name, roles in names.items()})
    return path


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A day that all the servers show."""
    folder = tmp_path_factory.mktemp("day")
    engine = Engine({"scenario": str(write_tiny(folder)), "out": str(folder / "run")})
    yield LOOPBACK, engine.port, engine.token
    engine.stop()


@pytest.fixture(scope="module")
def guarded(engine, users):
    """Behind a login."""
    server = Server(engine, replace(local_door(free_port(None)), users=users))
    yield server
    server.end()


@pytest.fixture(scope="module")
def open_to_all(engine):
    """Without one."""
    server = Server(engine, local_door(free_port(None), "trainee"))
    yield server
    server.end()


def audit(users):
    return [json.loads(line) for line in users.with_suffix(".audit.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("path", ["/", "/static/js/bokeh.min.js", "/nowhere"])
def test_every_answer_says_what_a_browser_may_not_do(open_to_all, path):
    """Pages, files and errors alike; and none says what the server is made of."""
    headers = Client(open_to_all.url).ask(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "*" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Server"] is None


def test_a_page_elsewhere_cannot_open_the_socket(open_to_all):
    """Origin checked, with a good token too; its own origin gets the document."""
    client = Client(open_to_all.url)
    for origin in ("http://evil.example", "null", f"http://evil.example:{client.url.port}"):
        assert client.knock(client.token(), origin) == 403
    assert any("PULL-DOC-REPLY" in str(part) for part in client.socket(client.token()))


def test_errors_tell_nothing(open_to_all):
    """Neither where the code lies nor what went wrong in it."""
    client = Client(open_to_all.url)
    for path in ("/nowhere", "/autoload.js", "/static/../../etc/passwd", "/?bokeh-token=%00&bokeh-session-id=x"):
        answer = client.ask(path)
        assert answer.status in (400, 403, 404, 500)
        assert not re.search(r"Traceback|site-packages|\.py\b|tornado|/work|/home", answer.text)
    assert client.ask("/admin").status == client.ask("/rest/session_info").status == 404


def test_a_form_too_large_is_not_read(guarded):
    """The sign-in form is small."""
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        Client(guarded.url).ask("/login", {"name": "x" * 10_000_000})


def test_nothing_without_signing_in(guarded):
    """The page leads to the form, the socket stays closed; neither headers nor arguments say who somebody is."""
    client = Client(guarded.url)
    for path in ("/", "/?user=anna&role=owner"):
        answer = client.ask(path, **{"X-User": "anna", "X-Role": "owner", "Remote-User": "anna"})
        assert (answer.status, answer.headers["Location"].split("?")[0]) == (302, "./login")
        assert "vans-1" not in answer.text
    assert client.ask("/autoload.js?bokeh-autoload-element=x").status in (302, 403)
    client.cookies = {"twin": "guess", "user": "anna", "role": "owner"}
    assert client.ask("/").status == 302
    assert client.knock(generate_jwt_token(generate_session_id())) == 403


def test_a_wrong_password_and_a_wrong_name_look_alike(guarded, users):
    """The same words and status; recorded, without the password; the form needs its token."""
    client = Client(guarded.url)
    texts = set()
    for name in ("ben", "nobody", "<script>alert(1)</script>"):
        answer = client.sign_in(name, "a wholly wrong one")
        assert answer.status == 403
        texts.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(texts) == 1
    assert client.ask("/login", {"name": "ben", "password": PASSWORD}).status == 403  # forged: no token
    rows = audit(users)
    assert {
        "what": "refused",
        "user": "'nobody'",
        "address": "127.0.0.1",
        "about": "wrong name or password",
    }.items() <= (rows[-2].items())
    assert "wholly wrong" not in json.dumps(rows)


def test_after_five_tries_not_even_the_right_password(guarded, users):
    """By name; others still come in."""
    client = Client(guarded.url)
    assert [client.sign_in("carl", "a wholly wrong one").status for _ in range(5)] == [403] * 5
    assert client.sign_in("carl", PASSWORD).status == 429
    assert Client(guarded.url).sign_in("ben", PASSWORD).status == 303
    assert audit(users)[-2]["about"] == "too many tries"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded):
    """HttpOnly and SameSite, new at every sign-in, not in the page, where Bokeh would put it; gone after /bye."""
    client = Client(guarded.url)
    answer = client.sign_in("anna", PASSWORD)
    line = next(line for line in answer.headers.get_all("Set-Cookie") if line.startswith("twin="))
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    key = client.cookies["twin"]
    assert key not in client.ask("/").text
    payload = get_token_payload(client.token())
    assert payload["cookies"] == {}
    assert payload["headers"] == {}
    client.sign_in("anna", PASSWORD)
    assert client.cookies["twin"] != key


def test_a_forged_context_is_refused(guarded):
    """A token of one's own making, with any role in it, opens nothing: unsigned, or signed with another secret."""
    client = Client(guarded.url)
    client.sign_in("ben", PASSWORD)
    claims = {"headers": {"X-Role": "owner"}, "cookies": {"user": "anna"}, "arguments": {"role": ["owner"]}}
    unsigned = generate_jwt_token(generate_session_id(), extra_payload=claims)
    secret = {"secret_key": b"guess" * 10, "signed": True}
    signed = generate_jwt_token(generate_session_id(**secret), extra_payload=claims, **secret)
    for token in (unsigned, signed):
        assert client.socket(token, **{"X-Role": "owner"}) == []
    came = "".join(str(part) for part in client.socket(client.token(), **{"X-Role": "owner"}))
    assert "PULL-DOC-REPLY" in came


def test_nobody_takes_over_anothers_page(guarded, users):
    """A stolen token without the cookie it belongs to opens nothing, not even for somebody who has signed in."""
    anna, ben = Client(guarded.url), Client(guarded.url)
    anna.sign_in("anna", PASSWORD)
    ben.sign_in("ben", PASSWORD)
    token = anna.token()
    for thief in (ben, Client(guarded.url)):
        assert thief.knock(token) == 403
    assert any("PULL-DOC-REPLY" in str(part) for part in anna.socket(token))


def test_behind_tls_everything_is_secure(tmp_path, engine, users):
    """Its own certificate: the page answers by https only, cookies are bound to it, and browsers are told to stay."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    files = {"certfile": str(tmp_path / "cert.pem"), "keyfile": str(tmp_path / "key.pem")}
    live = Server(engine, replace(local_door(free_port(None)), users=users, **files))
    try:
        assert live.url.startswith("https://")
        client = Client(live.url)
        answer = client.sign_in("anna", PASSWORD)
        line = next(line for line in answer.headers.get_all("Set-Cookie") if line.startswith("__Host-twin="))
        assert "Secure" in line
        assert answer.headers["Strict-Transport-Security"]
        assert any("PULL-DOC-REPLY" in str(part) for part in client.socket(client.token()))
    finally:
        live.end()
