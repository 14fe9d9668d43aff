"""How many images a TIFF file says that it holds: a reader that loses its way gives the first one alone.

Each image has a directory of tags, which says where the next one is (TIFF 6.0, section 2; BigTIFF).
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

MOST = 100_000
BIG = 43  # the number of BigTIFF, whose places have 8 bytes


def pages(file: BinaryIO, length: int) -> int:
    """Number of images in a file of `length` bytes. Raises ValueError where it ends before they do, or lists no end."""
    head = _exactly(file, 16)
    order = "<" if head[:2] == b"II" else ">"
    large = struct.unpack_from(f"{order}H", head, 2)[0] == BIG
    many, entry, offset = ("Q", 20, "Q") if large else ("H", 12, "I")
    place = struct.unpack_from(f"{order}{offset}", head, 8 if large else 4)[0]
    found = 0
    while place:
        found += 1
        if found > MOST:
            raise ValueError("its list of images has no end")
        if place >= length:
            raise ValueError(f"image {found} begins behind its end")
        file.seek(place)
        tags = struct.unpack(f"{order}{many}", _exactly(file, struct.calcsize(many)))[0]
        file.seek(entry * tags, os.SEEK_CUR)
        place = struct.unpack(f"{order}{offset}", _exactly(file, struct.calcsize(offset)))[0]
    return found


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError("it ends within its list of images")
    return data
