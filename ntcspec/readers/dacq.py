"""Text files of the "dacq" library, which several beamlines of the CLS used: header, rows and labels.

    # CLS Data Acquisition                  perhaps below lines that an archive has put first
    #(1) Event-ID BL1606-ID-1:Energy ...    process variable of each column of event 1
    #(1) Event-ID "Energy Setting" ...      label of each column; macros such as $(Detector1) are not expanded
    #(2) ...                                the background event
    # Background counts time=T(x .1 microseconds), d1, d2, d3, d4, E0, ...
    1, 9459.000, ...                        rows of event 1

A role comes from the label; only where the label is missing or a macro, from the process variable. Which process
variable is which detector differs from beamline to beamline: hxma, sxrmb_dacq and vlspgm say what is known of theirs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.build import refuse_other_width
from ntcspec.readers.roles import ColumnSpec, Pick, Roles
from ntcspec.readers.table import Rows, Table, parse_table, rows_below
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Note

_FIRST = re.compile(r"\s*#\s*CLS Data Acquisition", re.IGNORECASE)
_COLUMNS = re.compile(r"\s*#\s*\(1\)\s+(.*)$")
_EVENT = re.compile(r"\s*([0-9]+)\s*(?:[,\s]|$)", re.ASCII)
_MACRO = re.compile(r"\$\(\w+\)")
_BACKGROUND = re.compile(
    r"\s*#\s*Background counts\s+time\s*=\s*([^\s(]+)\s*\(x \.1 microseconds\)\s*,(.*)$", re.IGNORECASE
)
TICK_S = 1e-7
NO_TIME = 1e-6  # the background time is a denormal number such as 4.9e-313 where none was taken

# what the energy is, best first: its label or macro, and its process variable
ENERGIES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "achieved",
        re.compile(r"energy.*achieved|achieved.*energy|\$\(EnergyAchieved\)", re.I),
        re.compile(r":Energy:sp$"),
    ),
    (
        "feedback",
        re.compile(r"energy.*feedback|feedback.*energy|\$\(EnergyFeedback\)", re.I),
        re.compile(r":Energy:fbk$"),
    ),
    ("setting", re.compile(r"energy.*setting|\$\(AbsEnergyName\)", re.I), re.compile(r"^BL[0-9A-Z-]+:Energy$")),
)


@dataclass(frozen=True)
class ColumnLabel:
    """What the two #(1) lines say about one column; `label_line` is where the label stands."""

    pv: str
    label: str
    pv_line: int
    label_line: int

    @property
    def is_macro(self) -> bool:
        """Whether the label tells nothing: missing, or a macro that was not expanded."""
        return not self.label or bool(_MACRO.search(self.label))

    @property
    def name(self) -> str:
        """The label, or the process variable where the label is a macro."""
        return self.pv if self.is_macro and self.pv else self.label

    @property
    def evidence(self) -> str:
        """The line and the words that name the column."""
        if not self.is_macro:
            return f"line {self.label_line}: label {self.label!r}"
        why = f" (label {self.label!r} is not expanded)" if self.label else ""
        return f"line {self.pv_line}: process variable {self.pv!r}{why}"


def recognise(file: TextFile, energy: re.Pattern[str]) -> tuple[int, int]:
    """Lines of 'CLS Data Acquisition' and of the columns of event 1 that hold `energy`; 0 for one that is missing."""
    first = columns = 0
    for number, words in enumerate(file.lines[: header_end(file)], 1):
        first = first or (number if _FIRST.match(words) else 0)
        if not columns and _COLUMNS.match(words) and "Event-ID" in words and energy.search(words):
            columns = number
    return first, columns


def header_end(file: TextFile) -> int:
    """The last line above the rows."""
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            return number - 1
    return len(file.lines)


def read_labels(file: TextFile, end: int) -> tuple[ColumnLabel, ...]:
    """The columns as the #(1) lines of a header that `recognise` knows name them.

    Raises
    ------
    UserError
        Two #(1) lines of different length.
    """
    found: list[tuple[int, list[str]]] = []
    for number, words in enumerate(file.lines[:end], 1):
        match = _COLUMNS.match(words)
        if match:
            found.append((number, _split(match.group(1))))
    pv_line, pvs = found[0]
    label_line, labels = found[1] if len(found) > 1 else (pv_line, [""] * len(pvs))
    if len(pvs) != len(labels):
        raise UserError(
            file.at(label_line),
            f"{len(labels)} labels for the {len(pvs)} columns of line {pv_line}",
            "one of the two lines is damaged: copy the file again, or mend the line",
        )
    return tuple(ColumnLabel(pv, label, pv_line, label_line) for pv, label in zip(pvs, labels, strict=True))


def _split(words: str) -> list[str]:
    """Labels with blanks are quoted; separators are tabs or blanks."""
    try:
        return shlex.split(words)
    except ValueError:  # a lone quote
        return [label.strip(" \"'") for label in words.split("\t" if "\t" in words else None)]


def rows_of_event_1(file: TextFile, end: int) -> tuple[Rows, tuple[Note, ...]]:
    """The rows of event 1 below the header, and a note where rows of other events stand among them.

    Raises
    ------
    UserError
        A row, other than a last one cut off, that does not begin with the number of an event.
    """
    below = rows_below(file, end)
    lines, kept, others = [], [], []
    for line, words in zip(below.lines, below.words, strict=True):
        event = _EVENT.match(words)
        if event is None and (line != below.lines[-1] or file.ends_with_newline):
            raise UserError(
                f"{file.at(line)}, column 1 'Event-ID'",
                f"{shorten(words, 40)!r} does not begin with the number of an event",
                "mend or delete this row",
            )
        if event is not None and event.group(1) == "1":
            lines.append(line)
            kept.append(words)
        else:
            others.append(line)
    note = f"{len(others)} row(s) that are not of event 1 were left out (first: line {others[0]})" if others else ""
    return Rows(tuple(lines), tuple(kept)), ((note,) if note else ())


def read_event_1(file: TextFile) -> tuple[int, tuple[ColumnLabel, ...], Table, tuple[Note, ...]]:
    """Last line of the header, columns, numbers and notes of event 1.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or a row cannot be read.
    """
    end = header_end(file)
    labels = read_labels(file, end)
    rows, notes = rows_of_event_1(file, end)
    table = parse_table(file, rows, [label.name for label in labels])
    refuse_other_width(file, labels[-1].label_line, len(labels), table)
    return end, labels, table, notes


def energy_rank(label: ColumnLabel) -> int:
    """Position in ENERGIES; its length where the column is no energy."""
    for rank, (_, words, pv) in enumerate(ENERGIES):
        if words.search(label.label) or (label.is_macro and pv.search(label.pv)):
            return rank
    return len(ENERGIES)


def find_roles(
    file: TextFile, labels: Sequence[ColumnLabel], detector: Callable[[ColumnLabel], str], spec: ColumnSpec | None
) -> tuple[Roles, tuple[Note, ...]]:
    """Roles of the columns, and a note about the energy; `detector` tells the role of a label, '' if it has none.

    Raises
    ------
    UserError
        Two columns claim one role, and `spec` does not say which it is.
    """
    found: dict[str, Pick] = {}
    for index, label in enumerate(labels):
        role = detector(label)
        if not role or (spec and spec.settles(role)):
            continue
        if role in found:
            first, second = found[role].index, index
            raise UserError(
                file.at(label.label_line),
                f"columns {first + 1} {labels[first].name!r} and {second + 1} {label.name!r} both look like {role}",
                f"say which: `columns: {{energy: .., {role}: {first + 1}}}`",
            )
        found[role] = Pick(index, label.evidence)
    ranks = [energy_rank(label) for label in labels]
    best = min(ranks)
    energy, notes = None, tuple[Note, ...]()
    if best < len(ENERGIES):
        index = ranks.index(best)
        energy = Pick(index, f"{labels[index].evidence}; dacq writes eV")
        notes = (f"energy: the {ENERGIES[best][0]} energy, column {index + 1} {labels[index].name!r}; dacq writes eV",)
    roles = Roles(
        energy=energy,
        i0=found.get("i0"),
        transmitted=found.get("transmitted"),
        reference=found.get("reference"),
        fluorescence=(found["fluorescence"],) if "fluorescence" in found else (),
        tey=found.get("tey"),
    )
    return roles, notes


def background(file: TextFile, header_end: int) -> tuple[float, list[float], tuple[Note, ...]]:
    """Background time (s; 0 if none was taken) and the dark counts of four detectors.

    Raises
    ------
    UserError
        The line of background counts cannot be read.
    """
    for number, words in enumerate(file.lines[:header_end], 1):
        match = _BACKGROUND.match(words)
        if not match:
            continue
        try:
            ticks = float(match.group(1))
            darks = [float(cell) for cell in match.group(2).split(",")[:4]]
        except ValueError:
            raise UserError(
                file.at(number), f"the background counts cannot be read: {shorten(words, 80)!r}", "mend the line"
            ) from None
        if not (np.isfinite(ticks) and np.all(np.isfinite(darks))) or ticks < 0:
            raise UserError(file.at(number), f"the background counts make no sense: {shorten(words, 80)!r}", "mend it")
        if ticks < NO_TIME:
            odd = ticks != 0 or any(darks)
            note = f"no dark counts: background time is {ticks:g} ({file.quote(number)})"
            return 0.0, darks, ((note,) if odd else ())
        return ticks * TICK_S, darks, ()
    return 0.0, [], ()
