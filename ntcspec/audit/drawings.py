"""Two drawings of one panel: PNG by pixels, SVG and PDF by what they draw and where; the record is left out.

    PNG       at most 0.01 % of the pixels may differ by more than 8 of 255 levels
    SVG, PDF  the same strokes, words and fonts; coordinates within 0.05 pt (0.02 mm)

These hold for the same matplotlib. Another one sets text a little differently: then pixels can only say that nothing
large has moved (2 % of them by more than 64 levels), and SVG and PDF cannot be compared; what was drawn can, in the
.nxs of the panel.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ntcspec.audit.compare import Compared, Difference, words

FINE, COARSE = (8, 1e-4), (64, 0.02)  # levels, share of pixels
POINT = 0.05  # what a coordinate may differ by, in pt
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_NAME = re.compile(r"(?<=[\"#(])[a-zA-Z]+[0-9a-f]{10}(?=[\")])")  # ids of paths and clips are hashes of them


def compare_drawings(old: Path, new: Path, same_matplotlib: bool) -> Compared:
    """The drawing in a file against the one made again; both of one format, told by suffix."""
    if new.suffix == ".png":
        found = _pixels(old, new, *(FINE if same_matplotlib else COARSE))
    else:
        parts = _svg if new.suffix == ".svg" else _pdf
        found = _strokes(list(parts(old)), list(parts(new)))
    return Compared((found,) if found else (), 1)


def _pixels(old: Path, new: Path, levels: int, share: float) -> Difference | None:
    from ntcspec.plot.pixels import pixels

    mine, theirs = pixels(old), pixels(new)
    if mine.shape != theirs.shape:
        a, b = (f"{rows} x {columns} pixels" for rows, columns, _ in (mine.shape, theirs.shape))
        return Difference("drawing", a, b, np.inf)
    apart = np.abs(mine - theirs).max(axis=2)
    if not apart.any():
        return None
    part = float(np.mean(apart > levels))
    row, column = np.unravel_index(int(np.argmax(apart)), apart.shape)
    a, b = (str(image[row, column].tolist()) for image in (mine, theirs))
    where = f"drawing: {100 * part:.3g} % of the pixels differ by more than {levels} of 255 levels, most at "
    return Difference(f"{where}row {row}, column {column}", a, b, part / share)


def _strokes(old: list[str], new: list[str]) -> Difference | None:
    if len(old) != len(new):
        return Difference("drawing", f"{len(old)} parts", f"{len(new)} parts", np.inf)
    far = [words(a, b, POINT) for a, b in zip(old, new, strict=True)]
    worst = int(np.argmax(far)) if far else 0
    if not far or not far[worst]:
        return None
    return Difference(f"drawing, part {worst + 1}", *_first_unequal(old[worst], new[worst]), far[worst])


def _first_unequal(old: str, new: str) -> tuple[str, str]:
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(at - 20, 0)
    return tuple(" ".join(ascii(text[start : at + 20]).split()) for text in (old, new))  # type: ignore[return-value]


def _svg(path: Path) -> Iterator[str]:
    text = _METADATA.sub("", path.read_text(encoding="utf-8"))
    yield from _NAME.sub("name", text).splitlines()


def _pdf(path: Path) -> Iterator[str]:
    """What stands in the streams of a PDF: pages, fonts, images. Dictionaries beside them hold the record."""
    for found in _STREAM.finditer(path.read_bytes()):
        data = found[1]
        with contextlib.suppress(zlib.error):  # not packed
            data = zlib.decompress(data)
        yield data.decode("latin-1")
