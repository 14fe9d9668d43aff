"""Names of raw files with `*` and `?` in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path


def expand(top: Path, pattern: str, absent: Iterable[str] = ()) -> list[str]:
    """Files below `top`, and of those known but not here, that a pattern stands for, in the order of their numbers.

    Empty where it is no pattern, or finds nothing. Hidden files are none of them.
    """
    if not set(pattern) & set("*?") or Path(pattern).is_absolute():
        return []
    here = (path.relative_to(top).as_posix() for path in top.glob(pattern) if path.is_file())
    parts = pattern.split("/")
    known = (name for name in absent if _alike(name.split("/"), parts))
    found = {name for name in (*here, *known) if not name.rpartition("/")[2].startswith(".")}
    return sorted(found, key=natural)


def _alike(names: list[str], parts: list[str]) -> bool:
    return len(names) == len(parts) and all(fnmatchcase(n, p) for n, p in zip(names, parts, strict=True))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts 'scan_2' before 'scan_10'."""
    words = re.split(r"(\d+)", name)
    return [(1, int(word), word) if word.isdigit() else (0, 0, word) for word in words]
