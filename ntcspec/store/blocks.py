"""Fields of type `Blocks` (ntcspec.types.blocks) to growing datasets and back, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from ntcspec.errors import UserError
from ntcspec.store.tree import TEXT, label, new_group
from ntcspec.types.blocks import Blocks, NotMadeError, block_rows

T = TypeVar("T")
CHUNK_BYTES, MOST_ROWS = 1 << 17, 4096  # of one chunk of a dataset


def put_blocks(group: Any, name: str, blocks: Blocks[Any]) -> None:
    """Write all items as one dataset a field. Rows that are shorter than others end in NaN.

    Raises NotMadeError where making a block raises UserError.
    """
    inside = new_group(group, name, "NXcollection")
    inside.attrs["type"] = blocks.kind.__name__
    for block in _made(blocks):
        for field in fields(block):
            _append(inside, field.name, getattr(block, field.name), field.metadata)


def _made(blocks: Blocks[Any]) -> Iterator[Any]:
    try:
        yield from blocks
    except UserError as error:
        raise NotMadeError(error.where, error.what, error.fix) from None


def _append(group: Any, name: str, value: Any, about: Any) -> None:
    words = isinstance(value, tuple)
    rows = np.array(value, dtype=object) if words else np.asarray(value)
    if name not in group:
        width = int(np.prod(rows.shape[1:], dtype=int)) * (16 if words else rows.itemsize)
        chunk = min(max(1, CHUNK_BYTES // max(width, 1)), MOST_ROWS)
        dataset = group.create_dataset(
            name,
            shape=(0, *rows.shape[1:]),
            maxshape=(None,) * rows.ndim,
            chunks=(chunk, *(max(n, 1) for n in rows.shape[1:])),
            dtype=TEXT if words else rows.dtype,
            fillvalue=np.nan if rows.dtype.kind == "f" else None,
            compression=None if words else "gzip",
            shuffle=not words,
        )
        label(dataset, about.get("unit", ""), about.get("meaning", ""))
    dataset = group[name]
    start, shape = dataset.shape[0], np.maximum(dataset.shape[1:], rows.shape[1:]).astype(int)
    dataset.resize((start + len(rows), *shape))
    dataset[(slice(start, None), *(slice(n) for n in rows.shape[1:]))] = rows


@dataclass(frozen=True, eq=False)
class StoredBlocks(Blocks[T]):
    """Items of an artifact; the file is open while they are gone through."""

    path: Path = Path()
    place: str = ""

    def __iter__(self) -> Iterator[T]:
        names = [field.name for field in fields(self.kind)]  # type: ignore[arg-type]
        return (self.kind(*values) for values in self.parts(*names))

    def parts(self, *names: str) -> Iterator[tuple[Any, ...]]:
        with h5py.File(self.path, "r") as file:
            group = file[self.place]
            if not len(group):
                return
            sets = [group[name] for name in names]
            count = len(sets[0])
            size = sum(s.dtype.itemsize * int(np.prod(s.shape[1:], dtype=int)) for s in sets)
            rows = block_rows(self.kind, size)
            for start in range(0, count, rows):
                yield tuple(_rows(one, slice(start, start + rows)) for one in sets)


def stored(group: Any, name: str, kind: type[T]) -> Blocks[T]:
    """The blocks that stand in an artifact under that name."""

    def nothing() -> Iterator[T]:
        return iter(())

    return StoredBlocks(kind, nothing, Path(group.file.filename), f"{group.name}/{name}")


def _rows(dataset: Any, rows: slice) -> Any:
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return tuple(str(word) for word in dataset.asstr()[rows])
    return dataset[rows]
