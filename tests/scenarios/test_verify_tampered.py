"""A folder that was good and was tampered with afterwards: each damage is found and named."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.verify import verify
from tests.run_folders import folder_of
from tests.worlds import tiny_world


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return folder_of(tiny_world(), tmp_path_factory.mktemp("run") / "good")


def test_a_good_folder_verifies(good):
    """No failures, the digest is the manifest's."""
    verdict = verify(good)
    assert verdict.failures == []
    assert verdict.ok
    assert verdict.digest == json.loads((good / "manifest.json").read_text())["digest"]


@pytest.fixture
def copy(good, tmp_path):
    return shutil.copytree(good, tmp_path / "run")


def edit_table(path, edit):
    pq.write_table(edit(pq.read_table(path)), path)


def replaced(table, name, values):
    """The table with other values in a column."""
    i = table.schema.get_field_index(name)
    return table.set_column(i, table.schema.field(i), pa.array(values, table.schema.field(i).type))


def _another_reason(table):
    texts = table["payload"].to_pylist()
    return replaced(table, "payload", [text.replace("too heavy", "too light") for text in texts])


def _a_metre_east(table):
    return replaced(table, "x_m", [x + 0.5 for x in table["x_m"].to_pylist()])


def _a_litre_more(table):
    return replaced(table, "fuel_ml", [ml + 1 for ml in table["fuel_ml"].to_pylist()])


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("truth.parquet", _another_reason),
        ("office.parquet", _another_reason),
        ("trips.parquet", _a_metre_east),
        ("telemetry/part-00000.parquet", _a_litre_more),
    ],
)
def test_another_value_changes_the_digest(copy, name, edit):
    """A harmless-looking value in any of the four: digest and checksum both tell."""
    edit_table(copy / name, edit)
    failures = verify(copy).failures
    assert any(line.startswith("digest: the manifest says") for line in failures)
    assert any(line.startswith(f"checksums: {name}") for line in failures)


def test_a_gap_in_seq_is_found(copy):
    """A row taken out of the ledger leaves a hole in seq."""
    edit_table(copy / "truth.parquet", lambda table: pa.concat_tables([table.slice(0, 5), table.slice(6)]))
    assert any(line == "truth: seq 6 where 5 was expected" for line in verify(copy).failures)


def test_rows_out_of_order_are_found(copy):
    """Ledger rows in another order."""
    edit_table(copy / "office.parquet", lambda table: table.take(list(range(table.num_rows))[::-1]))
    assert any("comes after seq" in line for line in verify(copy).failures)


def test_a_better_kpi_is_found(copy):
    """A KPI polished by hand, in the last digit too."""
    kpis = json.loads((copy / "kpis.json").read_text())
    kpis["on_time_share"]["value"] = 0.25000000000000006
    (copy / "kpis.json").write_text(json.dumps(kpis))
    failures = verify(copy).failures
    assert any(line.startswith("kpis: on_time_share: 0.25000000000000006") for line in failures)


def test_a_better_kpi_of_a_driver_is_found(copy):
    """The table by dimension is recomputed too."""
    edit_table(copy / "kpis.parquet", lambda table: replaced(table, "value", [1.0] * table.num_rows))
    assert "kpis: kpis.parquet is not what the ledgers give" in verify(copy).failures


def test_a_missing_file_is_found(copy):
    """A file the manifest lists is gone."""
    (copy / "kpis.parquet").unlink()
    failures = verify(copy).failures
    assert "checksums: kpis.parquet: missing" in failures


@pytest.mark.parametrize("name", ["truth.parquet", "office.parquet", "trips.parquet", "telemetry/part-00000.parquet"])
def test_a_flipped_byte_is_found(copy, name):
    """Damage on the disk is a failure that names the file, not a crash."""
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 3] ^= 0xFF
    (copy / name).write_bytes(data)
    verdict = verify(copy)
    assert not verdict.ok
    assert any(line.startswith(f"checksums: {name}") for line in verdict.failures)


@pytest.mark.parametrize("name", ["truth.parquet", "office.parquet", "trips.parquet", "telemetry/part-00000.parquet"])
def test_a_file_cut_short_is_found(copy, name):
    """Half a Parquet file cannot be read, and the verdict says which."""
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    failures = verify(copy).failures
    assert any("cannot be read" in line and line.startswith(name.removesuffix(".parquet")) for line in failures)
