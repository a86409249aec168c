"""The append-only ledger: stream, seal, digest, torn tail."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger, ledger_digest, ledger_rows, payload_json, read_ledger


def fill(ledger: Ledger, rows: int, start: int = 0) -> Ledger:
    """Rows with texts that would break a careless format."""
    for n in range(start, start + rows):
        text = payload_json({"n": n, "text": 'a\x1fb\n"c" é'})
        ledger.append(f"s:{n}", "arrived", 1, 1_000_000 * n, "V1", "s", text)
    return ledger


def test_stream_parquet_and_memory_have_one_digest(tmp_path: Path) -> None:
    """The digest is over values: kept in memory, streaming or sealed."""
    kept, written = fill(Ledger("truth", TRUTH_SCHEMA), 10_000), fill(Ledger("truth", TRUTH_SCHEMA, tmp_path), 10_000)
    assert kept.digest() == written.digest()
    assert ledger_digest(tmp_path, "truth") == kept.digest()
    written.seal()
    assert not (tmp_path / "truth.arrows").exists()
    assert ledger_digest(tmp_path, "truth") == kept.digest()
    sealed = pa.Table.from_batches(read_ledger(tmp_path, "truth"), TRUTH_SCHEMA)
    assert sealed.equals(kept.table())
    assert sealed["seq"].to_pylist() == list(range(10_000))


@given(st.lists(st.integers(0, 200), max_size=5))
def test_when_it_is_flushed_does_not_matter(pieces: list[int]) -> None:
    """The digest does not depend on how rows were grouped."""
    once, often = Ledger("t", TRUTH_SCHEMA), Ledger("t", TRUTH_SCHEMA)
    fill(once, sum(pieces))
    done = 0
    for piece in pieces:
        fill(often, piece, done)
        done += piece
        often.flush()
    assert once.digest() == often.digest()


@pytest.mark.parametrize("changed", [(0, "s:9"), (1, "departed"), (3, 7), (6, "{}")])
def test_every_value_counts(changed: tuple) -> None:
    """One changed value is another digest."""
    row = ["s:0", "arrived", 1, 0, "V1", "s", '{"a":1}']
    first, second = Ledger("t", TRUTH_SCHEMA), Ledger("t", TRUTH_SCHEMA)
    first.append(*row)
    row[changed[0]] = changed[1]
    second.append(*row)
    assert first.digest() != second.digest()


def test_never_received_is_not_received_at_zero() -> None:
    """A missing time differs from every time."""
    row = ("s:0", "set_route", 1, 0, "V1", "s", "{}")
    first, second = Ledger("o", OFFICE_SCHEMA), Ledger("o", OFFICE_SCHEMA)
    first.append(*row, None, "radio", "")
    second.append(*row, 0, "radio", "")
    assert first.digest() != second.digest()


def test_a_torn_tail_loses_only_what_was_not_whole(tmp_path: Path) -> None:
    """Cut anywhere, the stream gives a prefix of its rows, and never an error."""
    ledger = Ledger("truth", TRUTH_SCHEMA, tmp_path)
    for _ in range(4):
        fill(ledger, 50, ledger.rows)
        ledger.flush()
    path = tmp_path / "truth.arrows"
    ledger.close()
    content = path.read_bytes()
    rows = [row for _, row in ledger_rows(tmp_path, "truth")]
    assert len(rows) == 200
    counts = set()
    for size in [*range(0, len(content), 997), len(content)]:
        path.write_bytes(content[:size])
        left = [row for _, row in ledger_rows(tmp_path, "truth")]
        assert left == rows[: len(left)]
        counts.add(len(left))
    assert counts == {0, 50, 100, 150, 200}


def test_rows_come_with_the_time_they_became_known(tmp_path: Path) -> None:
    """Office rows are placed by when they were received; own commands by when they were given."""
    ledger = Ledger("office", OFFICE_SCHEMA, tmp_path)
    ledger.append("s:0", "arrived", 1, 5, "V1", "s", "{}", 9, "radio", "")
    ledger.append("o:0", "set_route", 1, 10, "V1", "o", "{}", None, "radio", "")
    ledger.flush()
    ledger.close()
    assert [at_us for at_us, _ in ledger_rows(tmp_path, "office")] == [9, 10]


def test_payloads_are_compact_json_and_never_nan() -> None:
    """What is stored can be read by any parser."""
    assert payload_json({"a": [1, 2.5], "b": None, "c": "é"}) == '{"a":[1,2.5],"b":null,"c":"é"}'
    with pytest.raises(ValueError, match="JSON compliant"):
        payload_json({"a": float("nan")})
    assert json.loads(payload_json({"a": "\u2028"})) == {"a": "\u2028"}


def test_a_ledger_is_not_written_over(tmp_path: Path) -> None:
    """A second one in the same place is refused."""
    fill(Ledger("truth", TRUTH_SCHEMA, tmp_path), 1).close()
    with pytest.raises(FileExistsError):
        Ledger("truth", TRUTH_SCHEMA, tmp_path)
