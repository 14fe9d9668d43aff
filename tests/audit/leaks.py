"""Where in a file given words stand: in its bytes, and in whatever of it is packed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py
import numpy as np


def leaks(path: Path, words: Iterable[str]) -> list[tuple[str, str]]:
    """(place in the file, word) for every word found."""
    wanted = [(word, word.encode()) for word in words]
    return [(place, word) for place, data in parts(path) for word, code in wanted if code in data]


def parts(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and those of everything in it that may be packed or in pieces."""
    data = path.read_bytes()
    yield "bytes", data
    if data.startswith(b"\x89HDF"):
        yield from _hdf5(path)
    elif data.startswith(b"\x89PNG"):
        yield from _png(data)
    elif data.startswith(b"%PDF"):
        for number, found in enumerate(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)):
            yield from _unpacked(f"stream {number}", found[1])
    for start in (m.start() for m in re.finditer(rb"\x1f\x8b\x08", data)):
        yield from _unpacked(f"gzip at {start}", data[start:], 31)


def _unpacked(place: str, data: bytes, bits: int = 15) -> Iterator[tuple[str, bytes]]:
    try:
        yield place, zlib.decompressobj(bits).decompress(data)
    except zlib.error:
        yield place, b""  # not packed: its bytes were seen


def _hdf5(path: Path) -> Iterator[tuple[str, bytes]]:
    def whole(value: object) -> bytes:
        array = np.asarray(value)
        return (
            b"\0".join(str(one).encode() for one in array.reshape(-1)) if array.dtype.kind in "OUS" else array.tobytes()
        )

    with h5py.File(path) as file:
        nodes: list[tuple[str, h5py.Group | h5py.Dataset]] = [("", file)]
        file.visititems(lambda name, node: nodes.append((name, node)))
        for name, node in nodes:
            for key, value in node.attrs.items():
                yield f"{name}@{key}", whole(value)
            if isinstance(node, h5py.Dataset):
                text = h5py.check_string_dtype(node.dtype) is not None
                yield name, whole(node.asstr()[()] if text else node[()])


def _png(data: bytes) -> Iterator[tuple[str, bytes]]:
    at, pixels = 8, b""
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        pixels += body if kind == b"IDAT" else b""
        if kind in (b"zTXt", b"iCCP"):
            yield from _unpacked(kind.decode(), body.partition(b"\0")[2][1:])
        elif kind == b"iTXt":
            yield from _unpacked("iTXt", body.split(b"\0", 1)[1][2:].split(b"\0", 2)[2])
        at += 12 + length
    yield from _unpacked("pixels", pixels)
