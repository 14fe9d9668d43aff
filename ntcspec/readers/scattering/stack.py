"""The frames of an exposure, few in memory or many in a temporary file: blocks of pixels of all frames at once.

A median over frames needs the same pixel of each. Frames of more than 256 MB together go, each as it is read, into a
temporary file in the folder for such files (`TMPDIR`), which is gone when it is closed: memory stays that of a few
frames, however many there are.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.scattering import Pixels

IN_MEMORY = 256_000_000  # bytes of all frames together
ROOM = 200_000_000  # bytes that are left free on the disc


class Stack(Sequence[Pixels]):
    """Frames of one shape (rows, columns), each in the type that it came in."""

    def __init__(self, frames: Iterable[Pixels], *, source: str = "", size: int = 0) -> None:
        """size: bytes of all frames together, as far as known before. Raises UserError where the disc has no room."""
        self._file: IO[bytes] | None = _temporary(source, size) if size > IN_MEMORY else None
        self._kept: list[Pixels] = []
        self._places: list[tuple[int, np.dtype[Any]]] = []  # in the file
        self.shape = (0, 0)
        try:
            for frame in frames:
                self._add(np.ascontiguousarray(frame))
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            raise UserError(
                source, f"its frames do not fit into {tempfile.gettempdir()} ({error.strerror})", FIX
            ) from None

    def _add(self, frame: Pixels) -> None:
        self.shape = (frame.shape[0], frame.shape[1])
        if self._file is None:
            self._kept.append(frame)
        else:
            self._places.append((self._file.tell(), frame.dtype))
            self._file.write(frame.data)

    def __len__(self) -> int:
        return len(self._kept) or len(self._places)

    def __getitem__(self, number: Any) -> Any:
        """Frame `number`, counted from 0."""
        return self._kept[number] if self._file is None else self._rows(number, 0, self.shape[0])

    def __iter__(self) -> Iterator[Pixels]:
        return (self[i] for i in range(len(self)))

    def rows(self, top: int, bottom: int) -> Array:
        """Rows top to bottom - 1 of all frames, shape (frames, rows, columns)."""
        found = np.empty((len(self), bottom - top, self.shape[1]))
        for number in range(len(self)):
            found[number] = self._rows(number, top, bottom)
        return found

    def _rows(self, number: int, top: int, bottom: int) -> Pixels:
        if self._file is None:
            return self._kept[number][top:bottom]
        place, kind = self._places[number]
        columns = self.shape[1]
        self._file.seek(place + top * columns * kind.itemsize)
        data = np.fromfile(self._file, dtype=kind, count=(bottom - top) * columns)
        return data.reshape(bottom - top, columns)

    def only(self, numbers: Sequence[int]) -> Stack:
        """These frames alone, in the same place."""
        found = Stack(())
        found.shape, found._file = self.shape, self._file
        found._kept = [self._kept[i] for i in numbers] if self._file is None else []
        found._places = [] if self._file is None else [self._places[i] for i in numbers]
        return found


FIX = "set TMPDIR to a folder on a larger disc, or average the frames first"


def _temporary(source: str, size: int) -> IO[bytes]:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size + ROOM:
        what = f"its frames need {size / 1e9:.1f} GB of {folder} for a while, and {free / 1e9:.1f} GB are free there"
        raise UserError(source, what, FIX)
    return tempfile.TemporaryFile(prefix="ntcspec-")
