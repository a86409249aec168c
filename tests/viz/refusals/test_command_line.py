"""What the command line answers: JSON alone on stdout, help at once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.refused import refused
from viz.cli import main

HEAVY = ("pydantic", "simpy", "numpy", "pyarrow", "mesa", "scipy", "ruamel", "bokeh", "jinja2")


def test_json_is_all_there_is_on_stdout(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """``run`` and ``verify`` print one document each, as the contract has them, without NaN."""

    def no_constant(name: str) -> float:
        raise AssertionError(f"{name} in JSON")

    assert main(["run", str(scenario), "--out", "run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert set(answer) == {"run", "digest", "kpis"}
    assert answer["run"] == "run"
    assert answer["kpis"] == json.loads(Path("run/kpis.json").read_text())
    assert main(["verify", "run", "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["ok"] is True
    assert verdict["digest"] == answer["digest"]
    assert verdict["failures"] == []
    assert main(["explain", "run", "O1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    refused(["explain", "run", "O99999"], capsys, "O99999")


def test_help_imports_nothing_heavy_and_answers_quickly() -> None:
    """``twin --help`` in a process of its own."""
    script = (
        "import sys, viz.cli\n"
        "try: viz.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"assert not [m for m in {HEAVY} if m in sys.modules]"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root, capture_output=True, env=os.environ)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        out = subprocess.run(
            [sys.executable, "-m", "twin", "--help"], check=True, capture_output=True, text=True, cwd=root
        )
        times.append(time.perf_counter() - began)
    assert "run" in out.stdout
    assert min(times) < 1.0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["chek", "x"], "did you mean 'check'?"),
        (["check", "x", "--sed", "3"], "did you mean '--seed'?"),
        (["check", "x", "--seed", "one"], "expected a whole number, not 'one'"),
        (["list", "policy"], "did you mean 'policies'?"),
        (["live", "x", "--port", "70000"], "expected a port from 0 to 65535, not '70000'"),
        (["live", "x", "--speed", "fast"], "expected a factor above 0, or max, not 'fast'"),
        (["live", "x", "--speed", "-1"], "expected a factor above 0, or max, not '-1'"),
        (["compare", "x", "--on", "remote"], "expected local, local:N or tcp://HOST:PORT, not 'remote'"),
    ],
)
def test_what_is_typed_wrongly_is_one_line(typed: list[str], said: str, capsys: pytest.CaptureFixture) -> None:
    """With the name that was probably meant."""
    with pytest.raises(SystemExit) as caught:
        main(typed)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert said in err


@pytest.mark.parametrize("command", ["check", "compare"])
def test_a_study_is_named_where_it_may_stand(command: str, capsys: pytest.CaptureFixture) -> None:
    """In the help of what takes both."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "a scenario file or a study file" in capsys.readouterr().out


def test_an_empty_list_says_why(capsys: pytest.CaptureFixture) -> None:
    """On stderr: stdout is the list."""
    assert main(["list", "protocols"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "no protocols are registered: " in err
    assert main(["list", "protocols", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
