"""Many items of one kind that never lie in memory together: made, written and read block by block.

A block is a dataclass whose fields run over items along their first axis: arrays, or tuples of words. A field of a
stage's result that is declared `Blocks[Kind]` is made while the store writes it, and read again whenever it is gone
through, so that memory does not grow with the number of items. Blocks are small: numerics on whole blocks gain nothing
beyond some hundred rows, and hold several copies of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np

from ntcspec.errors import UserError

T = TypeVar("T", covariant=True)
BLOCK_BYTES = 1_000_000


class NotMadeError(UserError):
    """Why a block could not be made, found while the result was being written."""


@dataclass(frozen=True, eq=False)
class Blocks(Generic[T]):
    """Items in their order. `make` starts from the first one each time that it is called."""

    kind: type[T]
    make: Callable[[], Iterator[T]]

    def __iter__(self) -> Iterator[T]:
        return self.make()

    def parts(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """These fields alone, block by block."""
        return (tuple(getattr(block, name) for name in names) for block in self)

    def column(self, name: str) -> Any:
        """One field of all items: an array, or a tuple of words. For what is small."""
        found = [part for (part,) in self.parts(name)]
        if found and isinstance(found[0], tuple):
            return tuple(word for part in found for word in part)
        return np.concatenate(found) if found else np.empty(0)


def block_rows(kind: type, item_bytes: int) -> int:
    """How many items of that size make a block; a kind whose numerics need larger blocks says so (BLOCK_BYTES)."""
    return max(1, int(getattr(kind, "BLOCK_BYTES", BLOCK_BYTES)) // max(item_bytes, 1))


def make_all(result: Any) -> None:
    """Go through all blocks of a result, for the errors that making them may raise."""
    for field in fields(result):
        for _ in getattr(result, field.name) if isinstance(getattr(result, field.name), Blocks) else ():
            pass
