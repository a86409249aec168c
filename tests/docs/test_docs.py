"""The pages under ``docs/`` are true to the code: made anew, run, typed and followed."""

import doctest
import json
import re
import shlex
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.energy import TYPES
from scenarios import document
from scenarios.incidents import INCIDENTS
from scenarios.yaml_file import read_yaml
from tests.tiny import merged
from twin.alerts import ALERTS
from twin.kpis.registry import KPIS
from viz.cli import OK, main, parser

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LONG_FILE = 400

every_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Paths on the pages are relative to the repository; what examples register is taken back."""
    monkeypatch.chdir(ROOT)
    registries: list[dict[str, Any]] = [TYPES, INCIDENTS, KPIS, ALERTS]
    before = [dict(registry) for registry in registries]
    yield
    for registry, entries in zip(registries, before):
        registry.clear()
        registry.update(entries)


# --- made from the code ---


@pytest.mark.parametrize("name", sorted(document.documents()))
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    """If not: ``python -m scenarios.document --write docs``."""
    assert (DOCS / name).read_text(encoding="utf-8") == document.documents()[name]


def test_the_document_module_prints_the_reference_and_writes_all(tmp_path: Path, capsys: Any) -> None:
    """Without arguments the page, with ``--write`` every file, else how to use it."""
    document.main([])
    assert capsys.readouterr().out == document.scenario_page()
    document.main(["--write", str(tmp_path)])
    assert {path.name for path in tmp_path.iterdir()} == set(document.documents())
    with pytest.raises(SystemExit, match="usage"):
        document.main(["elsewhere"])


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_published_schema_accepts_our_scenarios(path: Path) -> None:
    """An editor must not underline what we ship: a scenario, a device's profile in one, or a study."""
    raw = read_yaml(path)
    if path.parent.name == "overlays":
        raw = merged(read_yaml(ROOT / "configs" / "default.yaml"), raw)
    if path.parent.name in ("studies", "claims"):
        jsonschema.validate(raw, json.loads((DOCS / "study.schema.json").read_text(encoding="utf-8")))
        return
    if path.parent.name == "devices":
        raw = read_yaml(ROOT / "configs" / "default.yaml") | {"devices": {path.stem: raw}}
    jsonschema.validate(raw, json.loads((DOCS / "scenario.schema.json").read_text(encoding="utf-8")))


def test_the_published_schema_refuses_a_misspelt_key() -> None:
    """And it must underline what the loader refuses."""
    schema = json.loads((DOCS / "scenario.schema.json").read_text(encoding="utf-8"))
    raw = read_yaml(ROOT / "configs" / "default.yaml") | {"fleat": {}}
    with pytest.raises(jsonschema.ValidationError, match="fleat"):
        jsonschema.validate(raw, schema)


def test_every_message_schema_is_a_schema() -> None:
    """Each kind and version has one that a validator takes."""
    published = json.loads((DOCS / "schemas.json").read_text(encoding="utf-8"))
    schemas = [s for part in ("events", "commands") for kinds in published[part].values() for s in kinds.values()]
    assert len(schemas) > 30
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)


# --- run ---


def python_blocks(page: Path) -> list[str]:
    """Fenced Python of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("page", [p for p in PAGES if python_blocks(p)], ids=lambda page: page.stem)
def test_python_blocks_run(page: Path) -> None:
    """In order, in one namespace, as a reader would paste them."""
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in python_blocks(page):
        exec(compile(block, page.name, "exec"), namespace)  # noqa: S102


def test_the_python_page_is_a_doctest() -> None:
    """What it shows is what is printed."""
    results = doctest.testfile(str(DOCS / "python.md"), module_relative=False)
    assert results.attempted > 15
    assert results.failed == 0


# --- typed ---


def command_lines() -> list[tuple[str, str]]:
    """``twin …`` lines that stand alone on a page; one that ends in a backslash goes on in the next."""
    found = []
    for page in PAGES:
        text = re.sub(r" \\\n +", " ", page.read_text(encoding="utf-8"))
        lines = re.findall(r"^    (twin .*)$", text, re.M)
        found += [(page.name, line) for line in lines]
    return found


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_a_command_line_shown_can_be_typed(page: str, line: str) -> None:
    """Its options exist, and so do the files of ours it names."""
    arguments = shlex.split(line)[1:]
    parser().parse_args(arguments)
    for path in (word for word in re.findall(r"configs/\S+", line)):
        assert (ROOT / path.strip("\"'})")).is_file(), path


@pytest.mark.parametrize(("page", "line"), [x for x in command_lines() if "configs/" in x[1] and "FILE" not in x[1]])
def test_a_scenario_command_shown_is_valid(page: str, line: str) -> None:
    """With its ``--set``, the scenario loads, or the study with its variants."""
    from scenarios import load
    from scenarios.studies.study import study_at

    arguments = parser().parse_args(shlex.split(line)[1:])
    if arguments.command == "compare":
        study_at(Path(arguments.scenario), arguments.sets, arguments.seed, arguments.variants, None)
        return
    if arguments.command == "check":
        assert main([*shlex.split(line)[1:], "--quiet"]) == OK
        return
    for scenario in getattr(arguments, "scenarios", None) or [arguments.scenario]:
        load(scenario, arguments.sets, arguments.seed)


# --- followed ---


def prose(page: Path) -> str:
    """A page without its code."""
    return re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)


@every_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Files and folders exist."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose(page)):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@every_page
def test_source_files_named_exist(page: Path) -> None:
    """A path in backticks below one of our folders is there (names with <…> or upper-case parts are patterns)."""
    rooms = "engine|twin|agents|scenarios|viz|configs|tests|benchmarks|docs"
    for path in re.findall(rf"`((?:{rooms})/[a-z0-9_./-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


def test_every_page_is_reached_from_the_readme() -> None:
    """Following links from page to page, none is left out (notes of decisions are listed by their folder)."""
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            todo += sorted(path.glob("*.md")) if path.is_dir() else [path] if path.suffix == ".md" else []
    assert set(PAGES) - seen == set()


# --- kept clean ---


def tracked() -> list[Path]:
    """Files under version control; outside a clone, what lies in our folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    rooms = ("engine", "twin", "agents", "scenarios", "viz", "configs", "tests", "benchmarks")
    return [path for room in rooms for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".yaml", ".csv")]


PRIVATE = re.compile(
    r"(?<![\w.$])/(?:home|root|work|Users|private|mnt)/\w|https?://[^\s)\"'>]*(?:pypi|artifact|nexus|registry|simple/)"
    r"|--(?:extra-)?index-url|-----BEGIN [A-Z ]*PRIVATE KEY",
)


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Paths of somebody's computer and hosts of package registries are nobody else's business."""
    found = []
    for path in {*tracked(), *PAGES} - {Path(__file__).resolve()}:
        text = path.read_bytes()
        if b"\0" not in text:
            found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in PRIVATE.finditer(text.decode("utf-8"))]
    assert found == []


def test_the_pattern_finds_what_it_should() -> None:
    """A pattern that finds nothing would pass for ever."""
    workplace = "/".join(("at ", "work", "main"))  # spelled apart: this file is searched by others, too
    bad = ["see /home/me/x", workplace, "https://pypi.example.org/simple/", "pip --index-url=x"]
    assert all(PRIVATE.search(text) for text in bad)
    assert not PRIVATE.search("https://pyvrp.org and " + "/".join(("a", "work", "b")))


def test_long_source_files_are_listed() -> None:
    """Most files are short; the ones over the limit are a warning, not a failure."""
    code = [path for path in tracked() if path.suffix == ".py" and "tests" not in path.parts]
    long = {
        str(p.relative_to(ROOT)): n for p in code if (n := len(p.read_text(encoding="utf-8").splitlines())) > LONG_FILE
    }
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # shown, never an error
        for name, lines in sorted(long.items()):
            warnings.warn(f"{name}: {lines} lines, more than {LONG_FILE}", stacklevel=1)
    assert len(long) <= 6
