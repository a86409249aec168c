"""What travels between engine and page: a frame is a dict of named parts, numbers as raw little-endian arrays.

On the wire: ``TWL1``, the length of the head and of the body (uint32, little-endian), the head (JSON: the plain parts
under ``parts``, and ``[name, dtype, length]`` of each array under ``arrays``), then the arrays' bytes, one after the
other.
"""

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

Parts = Mapping[str, Any]
"""Named values: JSON values, or one-dimensional arrays of float32, int32 or uint8."""

MAGIC = b"TWL1"
HEADER = struct.Struct("<4sII")
DTYPES = ("<f4", "<i4", "|u1")
MAX_BYTES = 64 << 20
"""A frame larger than this is refused."""
MAX_REQUEST_BYTES = 64 << 10
"""What comes from outside is small."""


class FrameError(ValueError):
    """Bytes that are no frame."""


def encode(parts: Parts) -> bytes:
    """A frame's bytes.

    Raises:
        ValueError: an array of another kind, or a value JSON has no word for (NaN included).
    """
    plain, arrays, body = {}, [], []
    for name, value in parts.items():
        if isinstance(value, np.ndarray):
            if value.dtype.str not in DTYPES or value.ndim != 1:
                raise ValueError(f"part {name!r}: expected a flat array of {', '.join(DTYPES)}, not {value.dtype.str}")
            arrays.append([name, value.dtype.str, len(value)])
            body.append(value.tobytes())
        else:
            plain[name] = value
    text = json.dumps({"parts": plain, "arrays": arrays}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    head, data = text.encode(), b"".join(body)
    return HEADER.pack(MAGIC, len(head), len(data)) + head + data


def decode(frame: bytes) -> dict[str, Any]:
    """The parts of a whole frame; arrays are read-only views of its bytes.

    Raises:
        FrameError: damaged or of another protocol.
    """
    if len(frame) < HEADER.size:
        raise FrameError("a frame was cut short")
    head_bytes, body_bytes = _lengths(frame[: HEADER.size], MAX_BYTES)
    if len(frame) != HEADER.size + head_bytes + body_bytes:
        raise FrameError("a frame's length is not what its header says")
    try:
        head = json.loads(frame[HEADER.size : HEADER.size + head_bytes])
        parts, arrays = dict(head["parts"]), head["arrays"]
        at = HEADER.size + head_bytes
        for name, dtype, length in arrays:
            if dtype not in DTYPES:
                raise FrameError(f"part {name!r} is of unknown kind {dtype!r}")
            parts[name] = np.frombuffer(frame, dtype, length, at)
            at += parts[name].nbytes
    except FrameError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FrameError(f"a damaged frame: {error}") from None
    if at != len(frame):
        raise FrameError("a frame has bytes that belong to no part")
    return parts


def changes(before: Parts, now: Parts) -> dict[str, Any]:
    """The parts that are new or different; nothing ever goes away, parts become empty."""
    return {name: value for name, value in now.items() if name not in before or not _same(before[name], value)}


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and len(a) == len(b) and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def _lengths(header: bytes, limit: int) -> tuple[int, int]:
    magic, head, body = HEADER.unpack(header)
    if magic != MAGIC:
        raise FrameError("this is not the twin's live protocol")
    if head + body > limit:
        raise FrameError(f"a frame of {head + body} bytes: expected at most {limit}")
    return head, body


def send(sock: socket.socket, parts: Parts) -> int:
    """Send a frame; returns its size in bytes. Raises OSError when the other side has gone."""
    data = encode(parts)
    sock.sendall(data)
    return len(data)


def receive(sock: socket.socket, limit: int = MAX_BYTES) -> dict[str, Any] | None:
    """The next frame, None where the other side has ended the conversation.

    Raises:
        FrameError: damaged, too large, or cut short.
        OSError: the connection broke.
    """
    header = _exactly(sock, HEADER.size)
    if header is None:
        return None
    rest = _exactly(sock, sum(_lengths(header, limit)))
    if rest is None:
        raise FrameError("a frame was cut short")
    return decode(header + rest)


def _exactly(sock: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(min(count - len(data), 1 << 20))
        if not piece:
            if data:
                raise FrameError("a frame was cut short")
            return None if count else b""
        data += piece
    return bytes(data)
