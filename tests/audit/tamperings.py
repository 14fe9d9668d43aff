"""The table of tamperings: what is done, and the file that verify must name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

A, B, PANELS = "results/a/exafs", "results/b/exafs", "results/panels"
Tampering = Callable[[Path], Any]
TABLE: dict[str, tuple[str, Tampering]] = {}  # by what was done: the file that must be named, and the deed


def tampering(what: str, named: str) -> Callable[[Tampering], Tampering]:
    def add(deed: Tampering) -> Tampering:
        assert what not in TABLE
        TABLE[what] = (named, deed)
        return deed

    return add


def simple(what: str, name: str, deed: Tampering) -> None:
    """A deed that is done to one file, and must be found in it."""
    tampering(what, name)(lambda root: deed(root / name))
