"""Coordinates of the frames of a measurement: counted, in steps, listed, from a table or from the frames' headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError

NAN = float("nan")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class Coordinates:
    """How each frame gets its coordinates. rows: those that were listed, one a frame; `where` they are from."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    start: float
    step: float
    rows: tuple[tuple[float, ...], ...] = ()
    where: str = ""
    header: tuple[str, ...] = ()

    def of(self, index: int, header: str) -> tuple[float, float]:
        """Both coordinates of frame `index` (from 0); NaN for a second one that is not asked for, and for what the
        header does not say. Raises UserError for a frame beyond the rows."""
        if self.header:
            found = [field_of(header, name) for name in self.header]
        elif self.where:
            if index >= len(self.rows):
                self.check(index + 1)
            found = list(self.rows[index])
        else:
            found = [self.start + index * self.step]
        return found[0], found[1] if len(self.names) > 1 else NAN

    def check(self, count: int) -> None:
        """Raises UserError where there are more or fewer rows than frames."""
        if self.where and count != len(self.rows):
            number = f"at least {count}" if count > len(self.rows) else str(count)
            what = f"{len(self.rows)} values for {number} frames"
            raise UserError(self.where, what, "give one for each frame, in their order; also for frames that failed")


def coordinates_of(settings: Mapping[str, Any], table: tuple[Path, str] | None) -> Coordinates:
    """From the section `frames` of a measurement (ntcspec.config.frames); table: file of `table` and its name.

    Raises UserError for a table that cannot be read.
    """
    names = (settings["along"], *([settings["across"]] if settings["across"] else []))
    units = (settings["unit"],) * len(names)
    if settings["header"]:
        return Coordinates(names, units, 0.0, 0.0, header=tuple(settings["header"]))
    if table is not None:
        return Coordinates(names, units, 0.0, 0.0, read_table(*table, columns=len(names)), table[1])
    if settings["values"]:
        rows = tuple((float(value),) for value in settings["values"])
        return Coordinates(names, units, 0.0, 0.0, rows, "frames.values")
    if settings["step"] is None:
        return Coordinates(names, units, 1.0, 1.0)
    return Coordinates(names, units, float(settings["start"]), float(settings["step"]))


def field_of(header: str, name: str) -> float:
    """The number behind `name` in the first line of a header that begins with it; NaN if there is none.

    '# Sample.temperature: 300 K', '#T 300', 'temperature = 300' and 'entry/temperature = 300' are such lines.
    """
    line = re.compile(rf"^[\W_]*(?:\S*/)?{re.escape(name)}\b[\s:=]*({_NUMBER})", re.MULTILINE | re.IGNORECASE)
    found = line.search(header)
    return float(found[1]) if found else NAN


def read_table(path: Path, source: str, *, columns: int) -> tuple[tuple[float, ...], ...]:
    """Rows of numbers of a text file, blanks, commas, semicolons or tabs between them; lines that begin with no number
    and come before the first row are its head. Raises UserError, which names the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(source, f"the table cannot be read: {error}", "save it as text in UTF-8") from None
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = re.split(r"[\s,;]+", line.strip().strip(",;"))
        if not line.strip() or line.lstrip().startswith("#") or (not rows and not _is_number(words[0])):
            continue
        if len(words) != columns or not all(map(_is_number, words)):
            what = f"{line.strip()!r} is not {columns} number{'s' if columns > 1 else ''}"
            fix = "one row a frame, with the coordinate alone" if columns == 1 else "one row a frame, with x and y"
            raise UserError(f"{source}, line {number}", what, fix)
        rows.append(tuple(map(float, words)))
    if not rows:
        raise UserError(source, "the table holds no row of numbers", "one row a frame")
    return tuple(rows)


def _is_number(word: str) -> bool:
    return re.fullmatch(rf"{_NUMBER}|nan", word, re.IGNORECASE) is not None


def shown(names: Sequence[str], reasons: Sequence[str], most: int = 5) -> str:
    """'frame 3 (a.xdi): why; frame 9 (b.xdi): why; and 4 more' of the frames that have a reason."""
    bad = [(n, name, why) for n, (name, why) in enumerate(zip(names, reasons, strict=True), 1) if why]
    more = [f"and {len(bad) - most} more"] if len(bad) > most else []
    return "; ".join([*(f"frame {n} ({name}): {why}" for n, name, why in bad[:most]), *more])
