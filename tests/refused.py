"""Bad input through the front door: exit 2, a clear line a problem, no traceback, nothing written."""

from pathlib import Path

import pytest

from viz.cli import main


def refused(arguments: list[str], capsys: pytest.CaptureFixture, *named: str, problems: int | None = 1) -> list[str]:
    """Check that a command line is refused as the contract says; returns the lines on stderr."""
    before = {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}
    code = main(arguments)
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert code == 2, (out, err)
    assert out == ""
    assert "Traceback" not in err
    assert problems is None or len(lines) == problems, lines
    for name in named:
        assert name in err, f"{name!r} not in {err!r}"
    assert {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")} == before
    return lines
