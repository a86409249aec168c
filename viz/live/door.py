"""Where the page is served, and to whom: settings that do not go together are refused before anything is started."""

import ipaddress
import os
import socket
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from scenarios.problems import nearest
from viz.live.roles import DEFAULT_ROLE, check_role
from viz.live.sessions import IDLE_S
from viz.live.users import read_users

LOOPBACK = "127.0.0.1"
PORT = 5006
OAUTH = ("generic", "auth_code", "auth0", "azure", "azurev2", "bitbucket", "github", "gitlab", "google", "okta")
"""Panel's providers, without those that would take passwords here."""


@dataclass(frozen=True)
class Door:
    """``origins`` are the HOST:PORT from which a browser may open the page's socket; ``users`` None: no login."""

    host: str
    port: int
    origins: tuple[str, ...]
    role: str = DEFAULT_ROLE
    users: Path | None = None
    oauth: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    behind_proxy: bool = False
    idle_s: float = IDLE_S

    @property
    def encrypted(self) -> bool:
        """Whether browsers speak TLS, to us or to the proxy before us."""
        return self.certfile is not None or self.behind_proxy

    @property
    def url(self) -> str:
        """Where to look, written as a browser writes it."""
        scheme, usual = ("https", ":443") if self.encrypted else ("http", ":80")
        return f"{scheme}://{self.origins[0].removesuffix(usual)}/"

    @property
    def socket_origins(self) -> list[str]:
        """The origins as Bokeh compares them: one that a browser writes without its usual port has port 80 there."""
        return [f"{name[:-4]}:80" if self.encrypted and name.endswith(":443") else name for name in self.origins]


def local_door(port: int, role: str = DEFAULT_ROLE) -> Door:
    """On this machine only, no login, one role."""
    return Door(LOOPBACK, port, (f"{LOOPBACK}:{port}", f"localhost:{port}"), role)


def door_of(arguments: Namespace) -> Door:
    """What ``twin live`` was asked for.

    Raises:
        ValueError: settings that do not go together, a port somebody has, users that cannot be read.
    """
    if os.environ.get("BOKEH_ALLOW_WS_ORIGIN"):
        raise ValueError("BOKEH_ALLOW_WS_ORIGIN: expected nothing; it would override --origin")
    check_login(arguments)
    check_reach(arguments)
    port = free_port(arguments.port, arguments.host)
    origins = tuple(arguments.origins) or own_origins(arguments.host, port)
    return Door(
        arguments.host, port, origins, check_role(arguments.role or DEFAULT_ROLE),
        Path(arguments.users) if arguments.users else None, arguments.oauth, arguments.certfile, arguments.keyfile,
        arguments.behind_proxy, 60 * arguments.idle,
    )  # fmt: skip


def check_login(arguments: Namespace) -> None:
    """With a login each user has roles of their own; OAuth says who somebody is, never what they may do."""
    if not arguments.users:
        if arguments.oauth:
            raise ValueError("--oauth: expected --users FILE too, which says what roles each name has")
        return
    if arguments.role:
        raise ValueError("--role: with --users each user has the roles that the file says")
    if arguments.idle <= 0:
        raise ValueError(f"--idle {arguments.idle:g}: expected more than 0 minutes")
    users = read_users(Path(arguments.users))
    if arguments.oauth:
        if arguments.oauth not in OAUTH:
            close = nearest(arguments.oauth, OAUTH)
            hint = f"; did you mean {close}?" if close else ""
            raise ValueError(f"--oauth '{arguments.oauth}': expected one of {', '.join(OAUTH)}{hint}")
        for name in ("PANEL_OAUTH_KEY", *(() if arguments.oauth == "auth_code" else ("PANEL_OAUTH_SECRET",))):
            if not os.environ.get(name):
                raise ValueError(f"--oauth {arguments.oauth}: expected {name} in the environment")
    elif not any(user.password for user in users.values()):
        raise ValueError(f"{arguments.users}: expected a user with a password (twin user add), or --oauth")


def check_reach(arguments: Namespace) -> None:
    """Another machine gets in only by login, and only encrypted; and only from origins that are named."""
    for origin in arguments.origins:
        host, _, port = origin.rpartition(":")
        if "*" in origin or "/" in origin or not host or not port.isdigit():
            raise ValueError(f"--origin '{origin}': expected HOST:PORT as in the browser's address, no *")
    if bool(arguments.certfile) != bool(arguments.keyfile):
        raise ValueError("--certfile and --keyfile: expected both or neither")
    for name in (arguments.certfile, arguments.keyfile):
        if name and not Path(name).is_file():
            raise ValueError(f"{name}: expected a PEM file")
    if arguments.behind_proxy and not arguments.origins:
        raise ValueError("--behind-proxy: expected --origin HOST:PORT, the proxy's as browsers see it")
    if is_loopback(arguments.host) and not arguments.behind_proxy:
        return
    why = "--behind-proxy" if arguments.behind_proxy else f"--host {arguments.host}"
    if not arguments.users:
        raise ValueError(f"{why}: others can come: expected a login (--users FILE)")
    if not arguments.certfile and not arguments.behind_proxy:
        raise ValueError(f"{why}: expected TLS (--certfile, --keyfile), or --behind-proxy where one encrypts")
    if arguments.host in ("0.0.0.0", "::", "") and not arguments.origins:  # noqa: S104  (refused)
        raise ValueError(f"{why}: expected --origin HOST:PORT, the names under which browsers open it")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_origins(host: str, port: int) -> tuple[str, ...]:
    """The addresses under which the page answers."""
    name = f"[{host}]" if ":" in host else host
    return (f"{name}:{port}", f"localhost:{port}") if is_loopback(host) else (f"{name}:{port}",)


def free_port(wanted: int | None, host: str = LOOPBACK) -> int:
    """The port wanted, or else the usual one if nobody has it, or any.

    Raises:
        ValueError: somebody else has the port that was asked for, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in [wanted] if wanted else [PORT, 0]:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    if wanted:
        raise ValueError(f"--port {wanted}: expected a free port; another program has it")
    raise ValueError(f"--host {host}: expected an address of this machine")
