"""The command line: ``twin COMMAND``. Data on stdout, narration on stderr, imports only where they are used.

Exit: 0 answered; 1 ran but the answer is bad; 2 bad input (nothing written); 130 interrupted.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from viz.typed import count_of, names, place, port, replications, seconds, seed, speed

OK, BAD_ANSWER, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
EXTRAS = {"ortools": "ortools", "osmnx": "place", "panel": "live", "SALib": "studies", "distributed": "studies"}
"""Packages that are not in the core, and the extra each is in."""


class _OneLine(argparse.ArgumentParser):
    """Refuses in one line, as a bad file is refused, with the name that was probably meant."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}{_meant(message, self)}\n")


def _meant(message: str, parser: argparse.ArgumentParser) -> str:
    """The nearest choice or option, where a message of argparse's names one that is none."""
    import re

    from scenarios.problems import nearest

    if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
        name, known = choice[1], [word.strip("' ") for word in choice[2].split(",")]
    elif option := re.match(r"unrecognized arguments: (-[^\s=]+)", message):
        name, known = option[1], [word for words in _options(parser) for word in words]
    else:
        return ""
    near = nearest(name, known)
    return f"; did you mean '{near}'?" if near else ""


def _options(parser: argparse.ArgumentParser) -> Iterator[Sequence[str]]:
    """The options of a parser and of its commands."""
    for action in parser._actions:
        yield action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _options(command)


def parser() -> argparse.ArgumentParser:
    """The argument parser, built without importing anything heavy."""
    top: argparse.ArgumentParser = _OneLine(
        prog="twin", description="Simulate a fleet: what head office knows against what is."
    )
    top.add_argument("--version", action="store_true", help="print the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common.add_argument("--quiet", action="store_true", help="no progress, no summary")
    scenario = _of_scenario(common, "a scenario file (YAML)")
    or_study = _of_scenario(common, "a scenario file or a study file (YAML)")

    new = commands.add_parser("new", parents=[common], help="write a commented starter scenario")
    new.add_argument("folder", metavar="FOLDER")
    new.add_argument("--orders", metavar="FILE", help="your order file (CSV, XLSX or ODS)")
    new.add_argument("--roads", metavar="FILE", help="your roads (.osm, .osm.gz, .osm.bz2, .osm.pbf)")
    listed = commands.add_parser("list", parents=[common], help="what is registered, a line each")
    listed.add_argument("what", choices=("policies", "planners", "incidents", "kpis", "alerts", "protocols"))
    commands.add_parser("check", parents=[or_study], help="validate a scenario or a study, run nothing")
    run = commands.add_parser("run", parents=[scenario], help="run a scenario into a run folder")
    run.add_argument("--out", metavar="DIR", help="the run folder (default: runs/<name>/<utc>-<digest8>)")
    run.add_argument("--resume", action="store_true", help="finish the killed run in --out")
    run.add_argument("--branch", metavar="RUN", help="continue a finished run differently; needs --at")
    run.add_argument("--at", metavar="HH:MM:SS", help="local time from which on it is different")
    run.add_argument("--commands", metavar="FILE", help="outside commands to replay (lines as in commands.jsonl)")
    blindness = commands.add_parser(
        "blindness", parents=[scenario], help="what deciding on paper or on messages costs more than on the truth"
    )
    blindness.add_argument(
        "--replications", type=replications, default=1, metavar="N", help="days of other draws, paired"
    )
    _add_league(commands, common)
    compare = commands.add_parser(
        "compare", parents=[or_study], help="what-if: variants of a scenario, or a study file"
    )
    compare.add_argument(
        "--with", action="append", default=[], metavar="'NAME: KEY=VALUE, …'", dest="variants",
        help="a variant, its keys as for --set; NAME: @FILE: as in an overlay file (repeatable)",
    )  # fmt: skip
    _add_replications(compare)
    compare.add_argument(
        "--precision", action="append", default=[], metavar="KPI=REL",
        help="stop once it is known to this share of its mean; --replications is the most (repeatable)",
    )  # fmt: skip
    compare.add_argument(
        "--choose", metavar="KPI=DELTA", help="stop once the best is known; differences below DELTA do not matter"
    )
    compare.set_defaults(replications=None)  # a study file says how many
    explain = commands.add_parser("explain", parents=[common], help="what happened to one order, and why it was late")
    explain.add_argument("run", metavar="RUN")
    explain.add_argument("order", metavar="ORDER", help="or a vehicle: the changes of its route")
    _add_solve(commands, common)
    _add_live(commands)
    for name, text in (
        ("verify", "recompute a run's digest and invariants from its files"),
        ("report", "write a run's or a study's HTML report"),
    ):
        command = commands.add_parser(name, parents=[common], help=text)
        command.add_argument("run", metavar="RUN")
    return top


def _of_scenario(common: argparse.ArgumentParser, what: str) -> argparse.ArgumentParser:
    """What every command about a scenario is asked for."""
    made = argparse.ArgumentParser(add_help=False, parents=[common])
    made.add_argument("scenario", metavar="SCENARIO", help=what)
    made.add_argument("--seed", type=seed, metavar="N", help="the same as --set seed=N")
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="sets",
        help="set a dotted key; VALUE is YAML; += adds; @FILE: as in an overlay file (repeatable)",
    )  # fmt: skip
    return made


def _add_live(commands: Any) -> None:
    """``twin live`` and ``twin user``."""
    live = commands.add_parser("live", help="watch and steer a day in the browser")
    live.add_argument("scenario", metavar="SCENARIO", nargs="?", help="a scenario file (YAML) to simulate")
    live.add_argument("--run", metavar="RUN", help="a finished run to watch instead")
    live.add_argument("--attach", metavar="ADDRESS", help="a running engine's HOST:PORT/TOKEN, as it said itself")
    live.add_argument("--port", type=port, metavar="P", help="of the page (default: 5006, or any that is free)")
    live.add_argument("--speed", type=speed, default=60.0, metavar="X", help="times real time, or max (default: 60)")
    live.add_argument("--role", metavar="NAME", help="without a login: what the page shows and may do (default: owner)")
    live.add_argument("--out", metavar="DIR", help="the run folder (default: runs/<name>/<utc>-<digest8>)")
    live.add_argument("--seed", type=seed, metavar="N", help="the same as --set seed=N")
    live.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets", help="as for run")
    live.add_argument("--users", metavar="FILE", help="ask for a login: users, roles and passwords (twin user add)")
    live.add_argument("--oauth", metavar="PROVIDER", help="who says who somebody is, in place of passwords")
    live.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="to listen at (default: 127.0.0.1)")
    origins = {"action": "append", "default": [], "metavar": "HOST:PORT", "dest": "origins"}
    live.add_argument("--origin", **origins, help="where browsers open the page, if elsewhere (repeatable)")
    live.add_argument("--certfile", metavar="PEM", help="TLS certificate; needs --keyfile")
    live.add_argument("--keyfile", metavar="PEM", help="its private key")
    live.add_argument("--behind-proxy", action="store_true", help="a proxy before this encrypts (needs --origin)")
    live.add_argument("--idle", type=float, default=30.0, metavar="MIN", help="sign out after so long (default: 30)")
    live.set_defaults(json=False, quiet=False)
    user = commands.add_parser("user", help="who may sign in to the live view")
    acts = user.add_subparsers(dest="act", metavar="add", required=True)
    add = acts.add_parser("add", help="add or replace a user; asks for the password")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", action="append", required=True, metavar="ROLE", dest="roles", help="repeatable")
    add.add_argument("--file", required=True, metavar="FILE", help="the file of users (YAML), made if there is none")
    add.add_argument("--no-password", action="store_true", help="signs in with OAuth only")
    add.set_defaults(json=False, quiet=False)


def _add_league(commands: Any, common: argparse.ArgumentParser) -> None:
    """``twin league``."""
    league = commands.add_parser("league", parents=[common], help="a table of policies over scenarios")
    league.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="scenario files (YAML)")
    league.add_argument("--policies", type=names, required=True, metavar="A,B,C", help="differences are from the first")
    league.add_argument("--seed", type=seed, metavar="N", help="the same as --set seed=N")
    league.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="sets", help="as for run")
    _add_replications(league)


def _add_replications(study: argparse.ArgumentParser) -> None:
    """What every study is asked for."""
    study.add_argument(
        "--replications", type=replications, default=10, metavar="N", help="days of other draws, paired (default: 10)"
    )
    study.add_argument(
        "--on", type=place, metavar="local[:N]|tcp://HOST:PORT",
        help="in how many processes (default: one a core, 2 at most), or on a Dask cluster, by its scheduler's address",
    )  # fmt: skip
    study.add_argument("--out", metavar="DIR", help="the study's folder (default: runs/<name>/<utc>-<digest8>)")
    study.add_argument("--resume", action="store_true", help="go on with the interrupted study in --out")


def _add_solve(commands: Any, common: argparse.ArgumentParser) -> None:
    """``twin solve``."""
    solve = commands.add_parser(
        "solve", parents=[common], help="a policy on a benchmark instance, against the best known"
    )
    solve.add_argument("instance", metavar="INSTANCE", help="a benchmark file, or the folder of a DPDP instance")
    solve.add_argument("--policy", metavar="NAME", help="static: pyvrp (default), ortools, insertion")
    solve.add_argument(
        "--iterations", type=count_of, metavar="N", help="how long to search, by count: the same every time"
    )
    solve.add_argument("--seconds", type=seconds, metavar="S", help="how long to search (dynamic: at each decision)")
    solve.add_argument("--objective", choices=("distance", "vehicles"), help="what is least (first), default distance")
    solve.add_argument("--rounding", choices=("none", "integer", "truncate"), help="of a leg (default: the set's own)")
    solve.add_argument("--decisions", metavar="FILE", help="price these decisions on a dynamic day")
    solve.add_argument("--out", metavar="FILE", help="write the routes as a CVRPLIB solution (dynamic: as --decisions)")
    solve.add_argument("--seed", type=seed, default=0, metavar="N", help="of the search (default: 0)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = parser().parse_args(argv)
    arguments.typed = shlex.join(["twin", *(sys.argv[1:] if argv is None else argv)])
    if arguments.version:
        from importlib.metadata import version

        print(version("fleet-twin"))
        return OK
    if arguments.command is None:
        parser().print_help()
        return BAD_INPUT
    return _guarded(arguments)


def _guarded(arguments: argparse.Namespace) -> int:
    from viz import commands

    try:
        if arguments.command == "live":
            from viz.live.app import live

            return live(arguments)
        if arguments.command == "user":
            from viz.live.users import user

            return user(arguments)
        return getattr(commands, arguments.command.replace("list", "list_"))(arguments)
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _say(f'{error.name} is not installed; install it with: pip install "fleet-twin[{extra}]"')
        return BAD_ANSWER
    except ImportError as error:  # an extra's own message says what to install
        _say(str(error))
        return BAD_ANSWER
    except BrokenPipeError:
        sys.stderr.close()  # the reader of stdout has left; nothing more to say
        return OK
    except RuntimeError as error:
        if type(error).__name__ not in ("NotReproduced", "RunFailed"):  # by name: their modules are heavy
            raise
        _say(str(error))
        return BAD_ANSWER
    except OSError as error:
        _say(f"{error.filename or 'disk'}: {error.strerror or error}")
        return BAD_ANSWER
    except ValueError as error:
        problems = getattr(error, "problems", None)
        if problems is None:
            lines = [{"file": "", "key": "", "value": "", "expected": str(error), "nearest": None}]
        else:
            lines = [problem.as_dict() for problem in problems]
        if arguments.json and arguments.command == "check":
            emit({"ok": False, "errors": lines})
        _say(str(error))
        return BAD_INPUT


def emit(value: Any) -> None:
    """Print one JSON document; undefined numbers are null, never NaN."""
    json.dump(value, sys.stdout, ensure_ascii=False, allow_nan=False, indent=1)
    sys.stdout.write("\n")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def existing_run(text: str) -> Path:
    """The folder of a run.

    Raises:
        ValueError: there is no manifest in it.
    """
    folder = Path(text)
    if (folder / "manifest.json").is_file():
        return folder
    if any((folder / name).is_file() for name in ("study.json", "league.json")):
        raise ValueError(
            f"'{text}': expected the folder of a run; this is a study's, which keeps figures, not days. Their seeds "
            "are in replications.parquet: twin run SCENARIO --seed N --out RUN plays one again"
        )
    raise ValueError(f"'{text}': expected a run folder (one with a manifest.json)")


def console() -> None:
    """The ``twin`` command."""
    sys.exit(main())


if __name__ == "__main__":
    console()
