"""A small part of ``make soak`` on every change: the same cases by the same code, fewer of them (docs/reliability.md).

Cases are taken from all over their range; a failure names the one to play again.
"""

import pytest

from benchmarks.soak import belief, messages, runs
from benchmarks.soak.__main__ import ROWS, main
from benchmarks.soak.days import rough_day
from scenarios.run import Session

HOUR_S = 3600.0


@pytest.mark.parametrize("case", [12, 20, 1978])
def test_rough_days_keep_every_invariant(case: int) -> None:
    """R3: ``verify`` and the conservation of messages and samples; three thousand rows, from days of few samples."""
    rows, problems = runs.violations(case)
    assert problems == []
    assert rows > 100


@pytest.mark.parametrize("case", [9, 1203])
def test_a_rough_day_in_other_windows_is_the_same(case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1, but for the other process and hash seed."""
    usual = Session(rough_day(case)).run().digest
    monkeypatch.setattr(runs.RUN, "WINDOW_US", runs.WINDOWS_US[1])
    assert Session(rough_day(case)).run().digest == usual


@pytest.mark.parametrize("case", [0, 77])
def test_proofs_arrive_once(case: int) -> None:
    """R4: twenty thousand of the million."""
    sent, refused, problems = messages.delivered(case)
    assert problems == []
    assert sent == 10_000
    assert refused["duplicate"] > 0


def test_a_lost_and_a_doubled_proof_would_be_found() -> None:
    """The count can fail: one message taken away at the door, another one taken in twice."""
    post = messages.Post(1, devices=2, proofs=3)
    admit, seen = post.plant.admit, []

    def lossy(message, then) -> None:
        seen.append(message.event_id)
        if message.event_id != "dev-0:1":
            admit(message, then)

    post.plant.admit = lossy  # type: ignore[method-assign]
    post.run(8 * messages.FAULTS_END_S)
    post.taken["dev-1:2"] += 1
    assert "dev-0:1" in seen
    assert post.problems()[:2] == ["1 lost", "1 doubled"]


def test_backlogs_are_gone_when_they_can_be() -> None:
    """R7: thirty of the five hundred."""
    figure = messages.liveness(range(30), 1, HOUR_S)
    assert figure.wrong == []
    assert figure.tried == 30


def test_the_order_of_hearing_does_not_matter() -> None:
    """R6: forty of the thousand."""
    assert belief.shuffles(range(960, 1000), 1, HOUR_S).wrong == []


def test_what_must_happen_sometimes_does() -> None:
    """R8: on days on which the full search found it first."""
    happened = {name for case in (1, 2, 4, 9, 11, 3) for name in belief.what_happened(case)}
    assert happened == {*belief.SOMETIMES}


def test_the_command_prints_a_table_and_says_what_went_wrong(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row a figure; with a case that fails, its number and exit 1."""
    monkeypatch.setattr("sys.argv", ["soak", "R7", "R6", "--cases", "2", "--processes", "1"])
    assert main() == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| R")]
    assert [line.split("|")[1].strip() for line in lines] == ["R7", "R6"]
    monkeypatch.setitem(ROWS, "R6", (5, lambda *_: _wrong()))
    assert main() == 1
    assert "R6 case 3: bad" in capsys.readouterr().err


def _wrong() -> belief.Figure:
    figure = belief.Figure("R6", "x", "y", tried=5)
    figure.take(3, ["bad"])
    return figure
