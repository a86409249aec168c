"""Who may come in: settings that are refused, the file of users, passwords, tries, and how long a session lasts."""

import io
import json
import re
import stat
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.problems import BadInput
from tests.viz.live.knocking import cheap
from viz.cli import main, parser
from viz.live.door import door_of, local_door
from viz.live.login import TRIES_BY_ADDRESS, TRIES_BY_NAME, WINDOW_S, Attempts
from viz.live.roles import REQUESTS, ROLES
from viz.live.server import session_secret
from viz.live.sessions import LONGEST_S, Audit, Sessions, Visitor
from viz.live.users import Roster, User, hashed, matches, read_users, write_users

PASSWORD = "correct horse battery"  # noqa: S105  (of users made up here)
STORED = hashed(PASSWORD)


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users.yaml"
    write_users(path, {"anna": User("anna", ("trainer", "trainee"), STORED), "ben": User("ben", ("trainee",))})
    return path


@pytest.fixture
def tls(tmp_path):
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    for file in files:
        file.write_text("PEM", encoding="utf-8")
    return ["--certfile", str(files[0]), "--keyfile", str(files[1])]


def door(*typed):
    return door_of(parser().parse_args(["live", "x.yaml", *typed]))


# --- where the page is served ---


def test_without_a_login_this_machine_only_and_one_role():
    """Loopback, the two names of it as origins, whoever runs the sandbox."""
    made = door()
    assert (made.host, made.role, made.users, made.encrypted) == ("127.0.0.1", "owner", None, False)
    assert made.origins == local_door(made.port).origins
    assert door("--role", "trainee").role == "trainee"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--host", "0.0.0.0"], "expected a login"),  # noqa: S104  (refused)
        (["--host", "192.0.2.7"], "expected a login"),
        (["--behind-proxy", "--origin", "fleet.example:443"], "expected a login"),
        (["--behind-proxy"], "expected --origin"),
        (["--origin", "*:5006"], "no *"),
        (["--origin", "*"], "expected HOST:PORT"),
        (["--origin", "http://fleet.example:80"], "expected HOST:PORT"),
        (["--role", "trainr"], "nearest is trainer"),
        (["--certfile", "c.pem"], "both or neither"),
        (["--oauth", "generic"], "expected --users FILE too"),
        (["--users", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_settings_that_do_not_go_together(typed, words):
    """Refused in words before anything is started."""
    with pytest.raises(ValueError, match=re.escape(words)):
        door(*typed)


def test_others_come_in_only_by_login_and_only_encrypted(users, tls):
    """Another address needs TLS or a proxy; all addresses need origins; then it is served."""
    login = ["--users", str(users)]
    with pytest.raises(ValueError, match="expected TLS"):
        door(*login, "--host", "192.0.2.7", "--origin", "a.example:1")
    with pytest.raises(ValueError, match="expected --origin"):
        door(*login, *tls, "--host", "0.0.0.0")  # noqa: S104
    made = door(*login, *tls, "--host", "0.0.0.0", "--origin", "fleet.example:5006")  # noqa: S104
    assert (made.encrypted, made.url) == (True, "https://fleet.example:5006/")
    proxied = door(*login, "--behind-proxy", "--origin", "fleet.example:443")
    assert proxied.encrypted
    assert (proxied.url, proxied.socket_origins) == ("https://fleet.example/", ["fleet.example:80"])


def test_a_role_and_a_login_exclude_each_other(users):
    """With a login each user has their own."""
    with pytest.raises(ValueError, match="with --users each user has"):
        door("--users", str(users), "--role", "owner")
    with pytest.raises(ValueError, match="more than 0 minutes"):
        door("--users", str(users), "--idle", "0")


def test_oauth_needs_its_key_and_a_provider_there_is(users, monkeypatch):
    """From the environment, never from the command line."""
    with pytest.raises(ValueError, match="did you mean github"):
        door("--users", str(users), "--oauth", "gitub")
    monkeypatch.delenv("PANEL_OAUTH_KEY", raising=False)
    with pytest.raises(ValueError, match="expected PANEL_OAUTH_KEY"):
        door("--users", str(users), "--oauth", "github")


def test_bokehs_variable_cannot_open_the_door(monkeypatch):
    """BOKEH_ALLOW_WS_ORIGIN would replace the list of origins."""
    monkeypatch.setenv("BOKEH_ALLOW_WS_ORIGIN", "*")
    with pytest.raises(ValueError, match="BOKEH_ALLOW_WS_ORIGIN"):
        door()


def test_a_secret_has_256_bits(monkeypatch):
    """New each time; one from the environment must be long enough."""
    monkeypatch.delenv("BOKEH_SECRET_KEY", raising=False)
    assert session_secret() != session_secret()
    assert len(session_secret()) == 32
    monkeypatch.setenv("BOKEH_SECRET_KEY", "secret")
    with pytest.raises(ValueError, match="256 random bits"):
        session_secret()


# --- users and passwords ---


def test_a_password_matches_its_hash_only():
    """Salted: the same password hashes differently; a name without one lets nobody in."""
    assert matches(PASSWORD, STORED)
    assert not matches(PASSWORD + " ", STORED)
    assert not matches("", "")
    assert not matches(PASSWORD, "")
    assert not matches("x" * 10_000, STORED)
    assert PASSWORD not in STORED
    assert STORED.split("$")[:4] == ["scrypt", "15", "8", "3"]


def test_twin_user_add(tmp_path, monkeypatch, capsys):
    """Made, replaced, readable by its owner only; a short password or an unknown role is one line and exit 2."""
    path = tmp_path / "users.yaml"
    add = ["user", "add", "anna", "--role", "trainer", "--role", "trainee", "--file", str(path)]
    for said in (PASSWORD, "a wholly other one"):
        monkeypatch.setattr("sys.stdin", io.StringIO(said + "\n"))
        assert main(add) == 0
    found = read_users(path)["anna"]
    assert found.roles == ("trainer", "trainee")
    assert matches("a wholly other one", found.password)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert main(["user", "add", "ben@example.com", "--role", "trainee", "--no-password", "--file", str(path)]) == 0
    assert [*read_users(path)] == ["anna", "ben@example.com"]
    capsys.readouterr()
    before = path.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(add) == 2
    assert "expected 12 to 128 characters" in capsys.readouterr().err
    assert main([*add[:3], "--role", "trainr", "--file", str(path)]) == 2
    assert "did you mean 'trainer'" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("users: {}", "names, each with roles"),
        ("user: {}", "did you mean 'users'"),
        ("users: {anna: {}}", "users.anna.roles"),
        ("users: {anna: {roles: [traineee]}}", "did you mean 'trainee'"),
        ("users: {anna: {roles: [trainee], pasword: x}}", "did you mean 'password'"),
        ("users: {anna: {roles: [trainee], password: plain}}", "twin user add"),
        ("users: {'<b>': {roles: [trainee]}}", "letters, digits"),
    ],
)
def test_a_bad_file_of_users(text, words, tmp_path):
    """Every problem with its key; a password that is not hashed is refused, and not repeated."""
    path = tmp_path / "users.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_users(path)
    assert words in str(refused.value)
    assert "plain" not in str(refused.value)


# --- tries and sessions ---


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_name_has_so_many_tries_from_wherever():
    """Then none, not even from elsewhere, until the window has passed; another name is not held up."""
    watch = Watch()
    attempts = Attempts(watch)
    assert all(attempts.allow("anna", f"192.0.2.{i}") for i in range(TRIES_BY_NAME))
    assert not attempts.allow("anna", "198.51.100.1")
    assert attempts.allow("ben", "198.51.100.2")
    watch.s = WINDOW_S + 1
    assert attempts.allow("anna", "192.0.2.1")


def test_an_address_has_so_many_tries_for_whomever():
    """Guessing one password for many names."""
    attempts = Attempts(Watch())
    assert [attempts.allow(f"n{i}", "192.0.2.1") for i in range(TRIES_BY_ADDRESS + 1)].count(True) == TRIES_BY_ADDRESS
    assert attempts.allow("anna", "192.0.2.2")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 400)), max_size=80))
def test_never_more_tries_in_a_window_than_allowed(tries):
    """Whatever the order and the pace."""
    watch = Watch()
    attempts = Attempts(watch)
    made = []
    for name, address, later_s in tries:
        watch.s += later_s
        if attempts.allow(name, address):
            made.append((watch.s, name))
    for at_s, name in made:
        assert sum(n == name and at_s <= s < at_s + WINDOW_S for s, n in made) <= TRIES_BY_NAME


def test_a_session_ends_when_nobody_is_there_and_in_the_end():
    """Idle, too old, or signed out; keys are never used twice and cannot be guessed."""
    watch = Watch()
    sessions = Sessions(idle_s=600, now_s=watch)
    anna = sessions.open("anna", ("trainer", "trainee"))
    other = sessions.open("anna", ("trainer", "trainee"))
    assert anna.key != other.key
    assert len(anna.key) >= 43
    watch.s = 599
    sessions.touch(anna)
    watch.s = 700
    assert sessions.find(anna.key) is anna
    assert sessions.find(other.key) is None
    while watch.s <= LONGEST_S:
        watch.s += 500
        sessions.touch(anna)
    assert sessions.find(anna.key) is None
    third = sessions.open("anna", ("trainer",))
    sessions.close(third)
    assert sessions.find(third.key) is None
    assert sessions.find(None) is None
    assert sessions.find("") is None


def test_a_session_ends_when_the_file_of_users_says_something_else(tmp_path):
    """Taken out, or given other roles or another password: signed out at the next look. Nobody else is touched. In a
    file that cannot be read nobody is."""
    path = tmp_path / "users.yaml"
    users = {name: User(name, ("trainee",), cheap(name)) for name in ("anna", "ben", "carl", "dora")}
    write_users(path, users)
    sessions = Sessions(Audit(tmp_path / "a.jsonl"), entry_of=Roster(path).entry)
    anna, ben, carl, dora = (sessions.open(name, users[name].roles) for name in users)
    assert all(map(sessions.alive, (anna, ben, carl, dora)))
    del users["anna"]
    users["ben"] = replace(users["ben"], roles=("trainer",))
    users["carl"] = replace(users["carl"], password=cheap("another one"))
    write_users(path, users)
    assert [sessions.find(v.key) for v in (anna, ben, carl, dora)] == [None, None, None, dora]
    rows = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["user"] for row in rows] == ["anna", "ben", "carl"]
    assert "taken out of the file of users" in rows[0]
    again = sessions.open("ben", ("trainer",))
    assert sessions.alive(again)
    path.write_text("users:\n", encoding="utf-8")
    assert not sessions.alive(again)
    assert not sessions.alive(dora)


def test_only_ones_own_roles_and_every_change_is_recorded(tmp_path):
    """In the audit file: who, when, what."""
    sessions = Sessions(Audit(tmp_path / "a.jsonl"))
    anna = sessions.open("anna", ("trainer", "trainee"))
    sessions.switch(anna, "trainee")
    with pytest.raises(PermissionError, match="not one of yours"):
        sessions.switch(anna, "owner")
    assert anna.role == "trainee"
    rows = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    assert '"what": "role", "user": "anna", "role": "trainee", "about": "before: trainer"' in rows
    assert sessions.alive(Visitor("owner", ("owner",), "owner"))  # without a login nothing ends


# --- roles ---


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_ask_for_what_its_rights_say_and_nothing_else(role):
    """Known requests by right; fields that nobody asked for do not go on, whoever claims to act."""
    for name, (right, fields) in REQUESTS.items():
        action = dict.fromkeys(fields, 1) | {"do": name, "by": "somebody else", "role": "owner", "truth": True}
        if right and right not in ROLES[role].rights:
            with pytest.raises(PermissionError):
                ROLES[role].asked(action)
        else:
            assert ROLES[role].asked(action).keys() == {"do", *fields}
    with pytest.raises(PermissionError):
        ROLES[role].asked({"do": "post", "kind": "assign_order", "payload": {}})


def test_a_trainee_has_the_console_and_nothing_else():
    """No truth, no trainer's things, not the clock."""
    assert ROLES["trainee"].pages == ("operations",)
    assert ROLES["trainee"].rights == {"command"}
