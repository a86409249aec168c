"""Files of a run: complete ones only, and a digest that depends on values, not on how they were cut.

Parquet files are written under another name, synced and renamed when complete; a leftover of a killed run
ends in ``.tmp`` and is never read. Errors of the disk (OSError) reach the caller.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

INSTANT = pa.timestamp("us", tz="UTC")
_NAMES = pa.dictionary(pa.int32(), pa.string())


def natural_key(name: str) -> tuple:
    """Sort key in natural order: D2 before D10."""
    return (*(int(p) if i % 2 else p for i, p in enumerate(re.split("([0-9]+)", name))), name)


def instants(values_us: np.ndarray, missing: int | None = None) -> pa.Array:
    """Microseconds UTC as an Arrow array; ``missing`` becomes null."""
    mask = None if missing is None else values_us == missing
    return pa.array(values_us, mask=mask if mask is not None and mask.any() else None).view(INSTANT)


def names(index: np.ndarray, of: Sequence[str]) -> pa.Array:
    """An index into names as an Arrow dictionary array of strings."""
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int32()), pa.array(of, pa.string()))


def write_parquet(path: Path, schema: pa.Schema, tables: Iterable[pa.Table | pa.RecordBatch]) -> None:
    """Write a Parquet file that is complete or not there.

    Integers are delta-encoded, names are dictionaries, pages carry checksums.
    Raises OSError when the disk refuses; nothing of the file is left then.
    """
    text = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    encoding = {}
    for field in schema:
        if pa.types.is_floating(field.type):
            encoding[field.name] = "BYTE_STREAM_SPLIT"
        elif pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type):
            encoding[field.name] = "DELTA_BINARY_PACKED"
    part = path.with_name(path.name + ".tmp")
    try:
        with open(part, "wb") as file:
            with pq.ParquetWriter(
                file,
                schema,
                compression="zstd",
                use_dictionary=text,
                column_encoding=encoding,
                write_page_checksum=True,
                write_statistics=[name for name in schema.names if name not in text],
            ) as writer:
                for table in tables:
                    writer.write(table)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Chains:
    """A SHA-256 chain for each name (a device, a vehicle), and a digest over all in natural order."""

    def __init__(self) -> None:
        self._chains: dict[str, Any] = {}

    def update(self, name: str, data: bytes | memoryview) -> None:
        """Append bytes to a name's chain."""
        chain = self._chains.get(name)
        if chain is None:
            chain = self._chains[name] = hashlib.sha256()
        chain.update(data)

    def digest(self) -> str:
        """Hex SHA-256 over ``name, 0, hash`` of each name in natural order."""
        total = hashlib.sha256()
        for name in sorted(self._chains, key=natural_key):
            total.update(name.encode() + b"\0" + self._chains[name].digest())
        return total.hexdigest()


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a Parquet file (pages checked) or of an Arrow stream up to its torn tail.

    Raises OSError for a damaged Parquet file.
    """
    if path.suffix == ".parquet":
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield from file.iter_batches(batch_size=1 << 17, use_threads=False)
        return
    with pa.OSFile(str(path)) as source:
        try:
            yield from pa.ipc.open_stream(source)
        except (pa.ArrowInvalid, OSError):  # the tail a killed writer left: all before it is whole
            return
