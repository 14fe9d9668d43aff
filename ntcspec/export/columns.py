"""Columns of text with a header in the style of XDI, which larch, Athena, Origin and numpy read.

# XDI/1.0 ntcspec/0.1.0
# Element.symbol: Ta
# Column.1: k 1/angstrom
# ///
# words
# ---
#  k  chi
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec import __version__
from ntcspec.export.words import one_line
from ntcspec.types import Array

Column = tuple[str, str, Array]  # name, unit, values


def columns(found: Sequence[Column], *, facts: Mapping[str, str], words: Sequence[str] = ()) -> str:
    """The text. found: columns of one length; facts: 'Family.tag' -> value; words: free lines of the header.

    Raises ValueError for no column, columns of unlike length, and names with blanks.
    """
    if not found or len({values.shape for _, _, values in found}) != 1:
        raise ValueError("columns must be of one length: " + ", ".join(f"{n} {v.shape}" for n, _, v in found))
    for name, _, _ in found:
        if not name or name.split() != [name]:
            raise ValueError(f"the name of a column is one word, not {name!r}")
    head = [f"# XDI/1.0 ntcspec/{__version__}", *(f"# {key}: {one_line(value)}" for key, value in facts.items())]
    head += [f"# Column.{i}: {name} {unit}".rstrip() for i, (name, unit, _) in enumerate(found, 1)]
    head += ["# ///", *(f"# {one_line(line)}" for line in words), "# ---"]
    head.append("#  " + "  ".join(name for name, _, _ in found))
    rows = np.column_stack([values for _, _, values in found])
    return "\n".join([*head, *("  ".join(f"{value:.10g}" for value in row) for row in rows), ""])
