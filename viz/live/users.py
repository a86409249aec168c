"""Who may sign in to the live view: a YAML file of names, roles and hashed passwords, and ``twin user add``.

users:
  anna:
    roles: [trainer, planner]
    password: scrypt$15$8$3$<salt>$<hash>
  ben@example.com:
    roles: [trainee]      # no password: signs in with OAuth only
"""

import base64
import getpass
import hashlib
import hmac
import logging
import os
import re
import secrets
import sys
import tempfile
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.problems import BadInput, Problem, nearest
from scenarios.yaml_file import read_yaml
from viz.live.roles import ROLES

LOG2_N, BLOCK, LANES = 15, 8, 3
"""scrypt's costs: 32 MiB and some 0.3 s a try (OWASP Password Storage Cheat Sheet)."""
SALT_BYTES = HASH_BYTES = 32
LEAST_CHARS, MOST_CHARS = 12, 128
"""Of a password; no rules about what is in it (NIST SP 800-63B, 5.1.1)."""
NAME = re.compile(r"[\w.@+-]{1,64}")

log = logging.getLogger("twin.live")


@dataclass(frozen=True)
class User:
    """Somebody who may sign in. ``password``: as ``hashed`` writes it, "" where only OAuth lets them in."""

    name: str
    roles: tuple[str, ...]
    password: str = ""


def read_users(path: Path) -> dict[str, User]:
    """The users in a file.

    Raises:
        BadInput: with every problem found.
    """
    found = read_yaml(path)
    problems: list[Problem] = [
        Problem(str(path), key, "", "only users", nearest(key, ["users"])) for key in found if key != "users"
    ]
    users: dict[str, User] = {}
    listed = found.get("users")
    if not isinstance(listed, dict) or not listed:
        problems.append(Problem(str(path), "users", str(listed or ""), "names, each with roles"))
        listed = {}
    for name, fields in listed.items():
        user = _user(str(path), str(name), fields if isinstance(fields, dict) else {}, problems)
        users[user.name] = user
    if problems:
        raise BadInput(problems)
    return users


def _user(file: str, name: str, fields: dict[str, Any], problems: list[Problem]) -> User:
    key = f"users.{name}"
    if not NAME.fullmatch(name):
        problems.append(Problem(file, key, name, "1 to 64 letters, digits and . @ + - _"))
    known = ["roles", "password"]
    for unknown in [field for field in fields if field not in known]:
        problems.append(Problem(file, f"{key}.{unknown}", "", "roles, password", nearest(str(unknown), known)))
    roles = fields.get("roles")
    if not isinstance(roles, list) or not roles:
        problems.append(Problem(file, f"{key}.roles", str(roles or ""), f"a list of {', '.join(ROLES)}"))
        roles = []
    for role in roles:
        if role not in ROLES:
            problems.append(Problem(file, f"{key}.roles", str(role), ", ".join(ROLES), nearest(str(role), ROLES)))
    password = str(fields.get("password", ""))
    if password and _parts(password) is None:
        problems.append(Problem(file, f"{key}.password", "something else", "a hash written by twin user add"))
    return User(name, tuple(dict.fromkeys(str(role) for role in roles)), password)


class Roster:
    """The file of users as it is now; while it cannot be read, as when somebody signs in, there is nobody in it."""

    def __init__(self, path: Path) -> None:
        self._path, self._stamp = path, _stamp(path)
        self._users = read_users(path)

    def entry(self, name: str) -> User | None:
        """What the file says of somebody; None: nothing."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._users = read_users(self._path)
            except (OSError, ValueError) as error:
                log.warning("%s", error)
                self._users = {}
        return self._users.get(name)


def _stamp(path: Path) -> tuple[int, ...]:
    """What is another once a file is; none of a file that cannot be found."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


# --- passwords ---


def hashed(password: str, salt: bytes | None = None) -> str:
    """``scrypt$log2(n)$r$p$salt$hash``, salt and hash in base64 (RFC 7914)."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    key = _derived(password, salt, LOG2_N, BLOCK, LANES)
    return "$".join(["scrypt", str(LOG2_N), str(BLOCK), str(LANES), _text(salt), _text(key)])


NOBODYS = "$".join(["scrypt", str(LOG2_N), str(BLOCK), str(LANES), "AAAA", "AAAA"])
"""Tried in place of the password of a name that is none, so that both take equally long."""


def matches(password: str, stored: str) -> bool:
    """Whether it is the password, compared in constant time. Without one stored, nothing is."""
    parts = _parts(stored or NOBODYS)
    if parts is None or len(password) > MOST_CHARS:
        return False
    log2_n, block, lanes, salt, key = parts
    found = _derived(password, salt, log2_n, block, lanes)
    return hmac.compare_digest(found, key)


def _derived(password: str, salt: bytes, log2_n: int, block: int, lanes: int) -> bytes:
    room = 2 * 128 * block * (2**log2_n + lanes)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=2**log2_n, r=block, p=lanes, maxmem=room, dklen=HASH_BYTES
    )  # fmt: skip


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes] | None:
    """Costs, salt and hash; None of what is no hash, or one that would take minutes."""
    found = re.fullmatch(r"scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w+/=]+)\$([\w+/=]+)", stored)
    if not found:
        return None
    log2_n, block, lanes = (int(found[i]) for i in (1, 2, 3))
    if not (10 <= log2_n <= 20 and 1 <= block <= 32 and 1 <= lanes <= 16):
        return None
    try:
        salt, key = (base64.b64decode(found[i], validate=True) for i in (4, 5))
    except ValueError:
        return None
    return log2_n, block, lanes, salt, key


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# --- twin user add ---


def user(arguments: Namespace) -> int:
    """``twin user add``: write a user into the file, asking for the password; one that is there already is replaced.

    Raises:
        ValueError: a role or name that is none, a password too short, or two that differ.
    """
    path = Path(arguments.file)
    users = read_users(path) if path.exists() else {}
    problems: list[Problem] = []
    new = _user(str(path), arguments.name, {"roles": arguments.roles}, problems)
    if problems:
        raise BadInput(problems)
    password = "" if arguments.no_password else hashed(asked_password())
    was = users.get(new.name)
    users[new.name] = User(new.name, new.roles, password)
    write_users(path, users)
    print(f"{new.name}: {', '.join(new.roles)} ({'replaced' if was else 'added'} in {path})", file=sys.stderr)
    return 0


def asked_password() -> str:
    """A new password: asked for twice at a terminal, or the first line of what is piped in.

    Raises:
        ValueError: too short, too long, or not the same twice.
    """
    if sys.stdin.isatty():
        password = getpass.getpass("password: ")
        if password != getpass.getpass("once more: "):
            raise ValueError("password: expected the same twice")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        raise ValueError(f"password: expected {LEAST_CHARS} to {MOST_CHARS} characters, not {len(password)}")
    return password


def write_users(path: Path, users: dict[str, User]) -> None:
    """Replace the file in one step; only its owner may read it."""
    from ruamel.yaml import YAML

    fields = {
        name: {"roles": [*user.roles]} | ({"password": user.password} if user.password else {})
        for name, user in users.items()
    }
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:  # mode 0600
        YAML().dump({"users": fields}, file)
    os.replace(file.name, path)
