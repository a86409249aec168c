"""Trips and telemetry on disk: values back, digests from files alone, kills, full disks, damage."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.devices import Devices
from engine.geo import Projection
from engine.motion import Motion
from engine.radio import NEVER_US
from engine.radio.held import Part
from engine.radio.samples import FATES, RECEIVED
from engine.records import natural_key, write_parquet
from engine.samples import Samples
from engine.signals import Signals, constant
from engine.streams import Streams
from engine.telemetry import Sampler
from engine.telemetry_log import SCHEMA, TelemetryLog, telemetry_digest
from engine.trip_log import TripLog, cut, trips_digest

S = 1_000_000
IDS = ("D1", "D2", "D10")
VEHICLES = ("V1", "V2", "V3")
SETTLED = ("received_us", "network", "fate")


def windows(cuts=(300,), end_s=600) -> list[Samples]:
    """Samples of three parked, noisy devices, in windows."""
    motion = Motion()
    for i, name in enumerate(VEHICLES):
        motion.add(name, 1000 * i, 0, 0)
    sampler = Sampler(motion, Devices.fit(IDS, [0, 1, 2], Streams(1), period_s=1), Projection(50.0, 8.0), 0)
    return [sampler.sample(until * S) for until in sorted({*cuts, end_s})]


def signals(samples: Samples) -> Signals:
    """Clocks three microseconds fast, and something else in every column."""
    satellites, cn0, spread, supply = (
        (samples.sample % n).astype(dtype) for n, dtype in ((13, "u1"), (50, "u1"), (9, "u1"), (999, "u2"))
    )
    power = (samples.sample % 30 - 5).astype("i1")
    return Signals(samples.occurred_us + 3, satellites, cn0, spread, power, supply, satellites > 0)


def fates(samples: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every seventh sample is lost, every fifth comes by the second network: reception, network, fate."""
    lost = samples.sample % 7 == 0
    received = np.where(lost, NEVER_US, samples.occurred_us + S)
    network = np.where(lost, -1, samples.sample % 5 == 0).astype(np.int8)
    return received, network, np.where(lost, FATES.index("dead"), RECEIVED).astype(np.uint8)


def part(samples: Samples, told: Signals, fate: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Part:
    """Settled rows of all columns."""
    return Part({**vars(samples), **vars(told)}, None, *fate)


def fill(log: TelemetryLog, parts: list[Samples]) -> TelemetryLog:
    for samples in parts:
        log.add(part(samples, signals(samples), fates(samples)))
    log.seal()
    return log


def log_in(folder: Path | None, rows: int = 1_500_000) -> TelemetryLog:
    return TelemetryLog(folder, IDS, VEHICLES, ("lte", "satellite"), rows)


def test_stored_rows_are_the_samples(tmp_path):
    """Names, times with their zone, nulls for what was lost; sorted by device and sample within a part."""
    log = fill(log_in(tmp_path), windows())
    table = pq.read_table(tmp_path / "part-00000.parquet")
    assert table.schema.equals(SCHEMA)
    assert table.equals(fill(log_in(None), windows()).table())
    assert table.num_rows == log.rows == 1800
    assert table.column("device_id").to_pylist() == ["D1"] * 600 + ["D2"] * 600 + ["D10"] * 600
    assert table.column("sample").to_pylist() == list(range(600)) * 3
    assert table.column("vehicle_id").to_pylist()[600] == "V2"
    assert table.column("network").to_pylist()[:6] == ["none", "lte", "lte", "lte", "lte", "satellite"]
    assert table.column("received_at").to_pylist()[0] is None
    assert table.column("fate").to_pylist()[:8] == ["dead", *["received"] * 6, "dead"]
    assert table.column("rf_power_db").to_pylist()[:7] == [-5, -4, -3, -2, -1, 0, 1]
    occurred, recorded, received = (
        table.column(name).cast(pa.int64()).to_numpy()[1] for name in ("occurred_at", "recorded_at", "received_at")
    )
    assert (recorded - occurred, received - occurred) == (3, S)
    page = pq.ParquetFile(tmp_path / "part-00000.parquet").metadata.row_group(0).column(6)
    assert set(page.encodings) == {"RLE", "DELTA_BINARY_PACKED"}  # RLE: the levels of nulls
    assert page.compression == "ZSTD"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 599), max_size=6), st.integers(300, 3000))
def test_the_digest_is_of_values_not_of_windows_or_parts(tmp_path_factory, cuts, part_rows):
    """Any windows, any part size, on disk, in memory or recomputed from the files: one digest."""
    folder = tmp_path_factory.mktemp("log")
    whole = fill(log_in(None), windows())
    on_disk = fill(log_in(folder, part_rows), windows(cuts))
    in_memory = fill(log_in(None, part_rows), windows(cuts))
    assert on_disk.digest() == in_memory.digest() == telemetry_digest(folder) == whole.digest()
    assert sum(pq.read_metadata(p).num_rows for p in folder.iterdir()) == 1800
    assert in_memory.table().equals(whole.table())


def test_every_stored_column_counts_in_the_digest():
    """Changing one value of any column by one changes the digest."""
    whole = fill(log_in(None), windows()).digest()

    def digest(change):
        log = log_in(None)
        for number, samples in enumerate(windows()):
            told, settled = signals(samples), fates(samples)
            if number == 1:
                change(vars(samples) | vars(told) | dict(zip(SETTLED, settled)))
            log.add(part(samples, told, settled))
        return log.digest()

    assert digest(lambda columns: None) == whole
    for name in [*vars(windows()[0]), *vars(signals(windows()[0])), *SETTLED]:

        def one_more(columns, name=name):
            column, most = columns[name], {"vehicle": 3, "network": 2, "fate": len(FATES), "ignition": 2}
            column[17] = (int(column[17]) + 1) % most.get(name, 1 << 62)

        if name not in ("device", "powered"):  # whose chain it is, and what is stored as a fate
            assert digest(one_more) != whole, name


def test_constant_columns_are_not_copied_in_memory(tmp_path):
    """True clocks and constants: the very arrays are kept, on disk and in memory there is one digest."""
    logs = TelemetryLog(None, IDS, VEHICLES), TelemetryLog(tmp_path, IDS, VEHICLES)
    for log in logs:
        for samples in windows():
            n = len(samples)
            columns = [constant(value, dtype, n) for value, dtype in ((12, "u1"), (44, "u1"), (6, "u1"), (0, "i1"))]
            told = Signals(samples.occurred_us, *columns, constant(13_800, "u2", n), constant(True, "?", n))
            log.add(part(samples, told, (samples.occurred_us, constant(0, "i1", n), constant(RECEIVED, "u1", n))))
        log.seal()
    table = pq.read_table(tmp_path)
    assert table.column("recorded_at").equals(table.column("occurred_at"))
    assert set(table.column("network").to_pylist()) == {"perfect"}
    assert set(table.column("fate").to_pylist()) == {"received"}
    assert set(table.column("satellites").to_pylist()) == {12}
    assert telemetry_digest(tmp_path) == logs[0].digest() == logs[1].digest()
    kept = logs[0]._kept[0]
    assert kept["recorded_at"] is kept["occurred_at"]
    assert {kept[name].strides for name in ("satellites", "rf_power_db", "fate")} == {(0,)}


def test_an_empty_log_has_a_digest_and_a_table(tmp_path):
    """No rows: nothing written, a table of the schema, the digest of nothing."""
    assert log_in(None).table().schema.equals(SCHEMA)
    log = log_in(tmp_path / "telemetry")
    log.seal()
    assert telemetry_digest(tmp_path / "telemetry") == log.digest() == log_in(None).digest()


def test_a_half_written_part_is_not_read_and_a_damaged_one_is_reported(tmp_path):
    """A leftover of a killed run is ignored; a flipped byte raises instead of giving another digest."""
    log = fill(log_in(tmp_path, 900), windows())
    (tmp_path / "part-00002.parquet.tmp").write_bytes(b"PAR1 torn")
    assert telemetry_digest(tmp_path) == log.digest()
    part = tmp_path / "part-00001.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 3] ^= 1
    part.write_bytes(data)
    with pytest.raises(OSError, match=r"(?i)crc|corrupt|checksum"):
        telemetry_digest(tmp_path)


def test_other_columns_are_refused(tmp_path):
    """A part with foreign columns is named."""
    write_parquet(
        tmp_path / "part-00000.parquet",
        pa.schema([("a", pa.int32())]),
        [pa.table({"a": pa.array([1], pa.int32())})],
    )
    with pytest.raises(ValueError, match=r"part-00000.parquet: columns are \['a'\]"):
        telemetry_digest(tmp_path)


def test_a_full_disk_surfaces_and_leaves_no_torn_part(tmp_path):
    """A file-size limit in a process of its own stands for a full disk: OSError, no part, no leftover."""
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from pathlib import Path
import test_records as here
try:
    here.fill(here.log_in(Path({str(tmp_path)!r})), here.windows())
except OSError as error:
    print("OSError", error)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("OSError")
    assert list(tmp_path.iterdir()) == []


def a_trip(n: int, start_us: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps = np.arange(n)
    return start_us + steps * S, steps * 12_345, steps * -777


def drive(log: TripLog, n: int = 40) -> TripLog:
    """Trips of three vehicles, interleaved, some longer than a batch."""
    for i in range(n):
        log.add(f"T{i}", VEHICLES[i * 7 % 3], *a_trip(2 + i * 5 % 11 if i != 11 else 140_000, i * 100 * S))
    return log


def test_trips_come_back_as_metres(tmp_path):
    """Ids, times and metres; the stream is gone once sealed; memory and file agree."""
    log = drive(TripLog(tmp_path))
    log.seal()
    assert [p.name for p in tmp_path.iterdir()] == ["trips.parquet"]
    table = pq.read_table(tmp_path / "trips.parquet")
    assert table.schema.names == ["trip_id", "vehicle_id", "t", "x_m", "y_m"]
    assert table.num_rows == log.rows
    assert table.column("x_m").to_pylist()[:2] == [0.0, 12.345]
    assert table.column("y_m").to_pylist()[1] == -0.777
    assert table.column("t").type == pa.timestamp("us", tz="UTC")
    memory = drive(TripLog(None))
    plain = pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema])
    assert memory.table().cast(plain).equals(table.cast(plain))
    assert memory.digest() == log.digest() == trips_digest(tmp_path / "trips.parquet")


def test_the_trip_digest_chains_each_vehicle():
    """The order of trips matters within a vehicle only; every coordinate does."""

    def digest(trips, shift=0):
        log = TripLog(None)
        for trip, vehicle in trips:
            t, x, y = a_trip(5)
            log.add(trip, vehicle, t, x + (shift if trip == "B" else 0), y)
        return log.digest()

    base = digest([("A", "V1"), ("B", "V1"), ("C", "V2")])
    assert base == digest([("A", "V1"), ("C", "V2"), ("B", "V1")])
    assert base != digest([("B", "V1"), ("A", "V1"), ("C", "V2")])
    assert base != digest([("A", "V1"), ("B", "V1"), ("C", "V2")], shift=1)
    assert base != digest([("A", "V1"), ("B", "V2"), ("C", "V2")])


def test_a_killed_run_keeps_its_flushed_trips(tmp_path):
    """Cut anywhere, the stream gives the digest of the whole batches before the cut."""
    log = TripLog(tmp_path)
    prefixes = [TripLog(None).digest()]
    sizes = [0]
    for i in range(4):
        log.add(f"T{i}", "V1", *a_trip(50 + i))
        log.flush()
        prefixes.append(log.digest())
        sizes.append((tmp_path / "trips.arrows").stat().st_size)
    data = (tmp_path / "trips.arrows").read_bytes()
    torn = tmp_path / "torn.arrows"
    for length in (0, 3, sizes[1] - 1, sizes[1], sizes[2] + 5, sizes[3] - 9, sizes[4]):
        torn.write_bytes(data[:length])
        whole = sum(size <= length for size in sizes[1:])
        assert trips_digest(torn) in prefixes[max(0, whole) : whole + 2]
        if length in sizes:
            assert trips_digest(torn) == prefixes[whole]
    log.seal()


def test_a_full_disk_while_sealing_leaves_the_stream(tmp_path, monkeypatch):
    """If the Parquet file cannot be written the stream with all rows stays."""
    log = drive(TripLog(tmp_path), 5)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.records.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        log.seal()
    assert [p.name for p in tmp_path.iterdir()] == ["trips.arrows"]
    assert trips_digest(tmp_path / "trips.arrows") == log.digest()


@settings(deadline=None)
@given(st.integers(2, 20), st.integers(0, 19 * S))
def test_cut_is_where_motion_truncates(n, at_us):
    """The trip as driven ends where the vehicle stands after a breakdown, to the millimetre."""
    t, x, y = a_trip(n)
    at_us = min(at_us, int(t[-1]))
    motion = Motion()
    motion.add("V1", 0, 0, 0)
    motion.append(0, t, x, y)
    motion.truncate(0, at_us)
    t2, x2, y2 = cut(t, x, y, at_us)
    state = motion.state(0, at_us + S)
    assert (t2[-1], x2[-1], y2[-1]) == (at_us, state.x_mm, state.y_mm)
    assert t2[:-1].tolist() == [v for v in t.tolist() if v < at_us]
    with pytest.raises(ValueError, match="cannot cut a trip"):
        cut(t, x, y, int(t[-1]) + 1)


def test_natural_order():
    """D2 before D10, and D02 apart from D2."""
    assert sorted(["D10", "D2", "D02", "E1", "9"], key=natural_key) == ["9", "D02", "D2", "D10", "E1"]
