"""``make claims``: every study in ``configs/claims`` in full, then ``docs/claims.md`` out of what the studies found.

Each is run as ``twin compare FILE --out runs/claims/NAME``; a study begun before is gone on with, a finished one only
read. ``python -m benchmarks.claims NAME …`` runs some; ``--write`` alone writes the page.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scenarios.folder import read_json
from scenarios.studies.claims import FAILS, HOLDS, OPEN
from scenarios.studies.comparison import unit_and_better
from scenarios.studies.file import StudyModel, read_study_file
from scenarios.studies.report_data import COMPARISON
from scenarios.studies.store import RECORD
from scenarios.studies.wording import number, reach, signed
from twin.kpis.labels import label
from viz.cli import OK
from viz.cli import main as twin

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = ROOT / "configs" / "claims"
PAGE = ROOT / "docs" / "claims.md"
OUT = Path("runs") / "claims"

HEAD = """# The claims lab

What the industry says fleet software achieves, each tried as a study of simulated days. Made by `make claims` from the
studies in `configs/claims/`; no figure here is typed. What is said is said of our model of a fleet, and of the
scenarios named; a claim that does not reproduce here may be true elsewhere, and the other way round.

A figure is the mean over the days of a study, with an interval. A claim's conditions are figures with a range: a
condition *holds* where the whole interval lies within, *fails* where the whole interval lies outside, else it is
*open*. The intervals of a claim hold together 95 % of the time (each at a higher level, Bonferroni). A case holds where
all its conditions do; a claim *reproduces* where all its cases hold, *does not reproduce* where all fail, *only if* a
case is one of those that hold, and *cannot be told* where none holds and some are open (`scenarios/studies/claims.py`).
"""


def page(files: Sequence[Path], out: Path = OUT) -> str:
    """``docs/claims.md``: a table of verdicts, then each claim; the studies lie in ``out``."""
    models = [read_study_file(path) for path in files]
    found = [_found(out / model.name) for model in models]
    rows = [
        f"| [{model.claim.says}](#{model.name}) | {_verdict(one)} |"
        for model, one in zip(models, found)
        if model.claim is not None
    ]
    parts = [HEAD, "\n".join(["| claim | here |", "|---|---|", *rows]) + "\n"]
    parts += ["\n".join(_section(*what)) + "\n" for what in zip(files, models, found)]
    return "\n".join(parts)


def _found(folder: Path) -> dict[str, Any] | None:
    """What a finished study found, with its record; None: not run."""
    if not (folder / COMPARISON).exists():
        return None
    return read_json(folder / COMPARISON) | {"record": read_json(folder / RECORD)}


def _verdict(found: dict[str, Any] | None) -> str:
    return "not run" if found is None else found["claim"]["says_verdict"]


def _section(path: Path, model: StudyModel, found: dict[str, Any] | None) -> Iterator[str]:
    """A claim: what is said, how it was tried, what came out, and where it turns."""
    claim = model.claim
    if claim is None:
        raise ValueError(f"{path}: claim: missing")
    yield f'<a id="{model.name}"></a>\n\n## {claim.says}\n'
    yield f"Source: {claim.source}." + (f" Claimed: {claim.range}." if claim.range else "")
    if claim.tried:
        yield f"\n**Tried.** {claim.tried.strip()}"
    if claim.assumes:
        yield "\n**Assumed.**\n"
        yield from (f"- {text}" for text in claim.assumes)
    yield f"\n**Verdict: {_verdict(found)}.**"
    if found is None:
        return
    yield "\n| case | figure | claimed | here | |\n|---|---|---|---|---|"
    for name, case in found["claim"]["cases"].items():
        for place, condition in enumerate(case["conditions"]):
            yield f"| {'' if place else name} | {_row(condition)} |"
    if claim.flips:
        yield f"\n**Turns on** {claim.flips}."
    if found["break_even"] is not None:
        yield f"\n**Break-even.** {found['break_even']['says']}."
    record = found["record"]
    day = record["started_at"][:10]
    count = found["replications_at_most"]
    fewer = "" if count == model.replications else f" --replications {count}"
    yield f"\n{found['replications']} days of each variant, {day}; `twin compare configs/claims/{path.name}{fewer}`,"
    yield f"digest `{found['digest'][:12]}`."


def _row(condition: dict[str, Any]) -> str:
    """Figure, range, what was found, and whether it holds."""
    against, unit = condition["against"], condition["unit"]
    what = f"{label(condition['kpi'])}: {condition['variant']}" + (f" against {against}" if against else "")
    if condition["beyond"]:
        what += f", less {' against '.join(condition['beyond'])}"
    counted, above = condition["fewer_by"], condition["where_above"]
    if counted is not None:
        what += f", share of days with {f'over {100 * counted:g} % ' if counted else ''}less"
    if above is not None:
        what += f", after days above {number(above, unit_and_better(condition['kpi'])[0])}"
    write = _percent if condition["relative"] else signed if against and counted is None else number
    low, high = (None if condition[end] is None else write(condition[end], unit) for end in ("low", "high"))
    claimed = f"{low} to {high}" if low and high else f"above {low}" if low else f"below {high}"
    words = {HOLDS: "holds", FAILS: "fails", OPEN: "open"}[condition["verdict"]]
    return f"{what} | {claimed} | {_here(condition, write)} | {words}"


def _here(condition: dict[str, Any], write: Any) -> str:
    value, low, high, unit = (condition[key] for key in ("value", "ci_low", "ci_high", "unit"))
    if value is None or low is None:
        return "undefined" if value is None else f"{write(value, unit)} (no interval)"
    if write is signed:
        return f"{signed(value, unit)} ({reach(low, high, unit)})"
    return f"{write(value, unit)} ({write(low, unit)} to {write(high, unit)})"


def _percent(value: float, unit: str) -> str:
    """A relative change."""
    return f"{100 * value:+.1f} %"


def run(path: Path, out: Path, more: Sequence[str]) -> int:
    """A study as the user runs it, gone on with where it was begun before; the exit code."""
    folder = out / read_study_file(path).name
    resume = ["--resume"] if (folder / RECORD).exists() else []
    print(f"--- {path.name}", flush=True)
    return twin(["compare", str(path), "--out", str(folder), *resume, *more])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the studies, write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claims", description=__doc__)
    parser.add_argument("names", nargs="*", help="studies in configs/claims; all if none is named")
    parser.add_argument("--replications", help="for every study; as its file says if not given")
    parser.add_argument("--on", help="as twin compare")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the studies")
    parser.add_argument("--write", action="store_true", help="only write the page of all claims")
    asked = parser.parse_args(arguments)
    files = sorted(CLAIMS.glob("*.yaml"))
    if unknown := sorted({*asked.names} - {path.stem for path in files}):
        parser.error(f"{', '.join(unknown)}: expected of {', '.join(path.stem for path in files)}")
    more = [f"--{key}={value}" for key in ("replications", "on") if (value := getattr(asked, key))]
    if not asked.write:
        for path in files:
            if (not asked.names or path.stem in asked.names) and (code := run(path, asked.out, more)):
                return code
    PAGE.write_text(page(files, asked.out), encoding="utf-8")
    return OK


if __name__ == "__main__":
    sys.exit(main())
