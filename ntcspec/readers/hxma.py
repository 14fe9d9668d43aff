"""CLS HXMA (06ID-1): text files of the beamline's "dacq" library.

    # CLS Data Acquisition                  perhaps below lines that an archive has put first
    #(1) Event-ID BL1606-ID-1:Energy ...    process variable of each column
    #(1) Event-ID "Energy Setting" ...      label of each column; macros such as $(Detector1) are not expanded
    #(2) ...                                the background event
    # Background counts time=T(x .1 microseconds), d1, d2, d3, d4, E0, ...
    1, 9459.000, ...                        rows of event 1

A detector's role comes from its label ("I0", "I1", "Idiode"); only where the label is a macro, from its process
variable. Dark counts d1..d4 belong to the scalers mcs03..mcs06: counts_corrected = counts - d / (T * 0.1 us) * dwell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.build import Draft, build_scan, unique_names
from ntcspec.readers.roles import NAMES, ColumnSpec, Pick, Roles
from ntcspec.readers.table import Rows, Table, parse_table, rows_below
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Note, XasScan

NAME = "hxma"
_FIRST = re.compile(r"\s*#\s*CLS Data Acquisition", re.IGNORECASE)
_LABELS = re.compile(r"\s*#\s*\(1\)\s+(.*)$")
_BEAMLINE = re.compile(r"BL1606-ID-?1\b")
_BACKGROUND = re.compile(
    r"\s*#\s*Background counts\s+time\s*=\s*([^\s(]+)\s*\(x \.1 microseconds\)\s*,(.*)$", re.IGNORECASE
)
_EVENT = re.compile(r"\s*([0-9]+)\s*(?:[,\s]|$)", re.ASCII)
_MACRO = re.compile(r"\$\(\w+\)")
TICK_S = 1e-7
NO_TIME = 1e-6  # the background time is a denormal number such as 4.9e-313 where none was taken
SCALERS = {"mcs03": "fluorescence", "mcs04": "i0", "mcs05": "transmitted", "mcs06": "reference"}
DIODES = NAMES["fluorescence"] | {"idiode", "diode", "lytle", "fluorescence", "ifluorescence"}


@dataclass(frozen=True)
class ColumnLabel:
    """What the two #(1) lines say about one column; `line` is where the label stands."""

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


def recognise(file: TextFile) -> str:
    """The dacq line and the first line of columns, quoted; '' unless both are there and speak of HXMA."""
    first = columns = 0
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            break
        first = first or (number if _FIRST.match(words) else 0)
        if not columns and _LABELS.match(words) and "Event-ID" in words and _BEAMLINE.search(words):
            columns = number
    return f"{file.quote(first)}; {file.quote(columns)}" if first and columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read an HXMA file.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or no column has a known role.
    """
    header_end = _header_end(file)
    labels = read_labels(file, header_end)
    rows, notes = _rows_of_event_1(file, header_end)
    table = parse_table(file, rows, [label.name for label in labels])
    width = table.values.shape[1]
    if width != len(labels):
        line = labels[-1].label_line
        raise UserError(
            file.at(line), f"{len(labels)} columns are named, the rows hold {width}", "is the file complete?"
        )
    roles, energy_note = find_roles(file, labels, spec)
    names = list(unique_names([label.name for label in labels]))
    units = ["eV" if _is_energy(label) else "" for label in labels]
    table, roles, dark_notes = subtract_dark(file, header_end, table, labels, names, roles)
    units += [""] * (len(names) - len(units))
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=tuple(names),
        units=tuple(units),
        roles=roles,
        notes=(*notes, *energy_note, *dark_notes),
    )
    return build_scan(draft, spec)


def _header_end(file: TextFile) -> int:
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            return number - 1
    return len(file.lines)


def read_labels(file: TextFile, header_end: int) -> tuple[ColumnLabel, ...]:
    """The columns as the #(1) lines name them.

    Raises
    ------
    UserError
        Two #(1) lines of different length.
    """
    found: list[tuple[int, list[str]]] = []
    for number, words in enumerate(file.lines[:header_end], 1):
        match = _LABELS.match(words)
        if match:
            found.append((number, _split_labels(match.group(1))))
    pv_line, pvs = found[0]
    label_line, labels = found[1] if len(found) > 1 else (pv_line, [""] * len(pvs))
    if len(pvs) != len(labels):
        raise UserError(
            file.at(label_line),
            f"{len(labels)} labels for the {len(pvs)} columns of line {pv_line}",
            "is the file complete?",
        )
    return tuple(ColumnLabel(pv, label, pv_line, label_line) for pv, label in zip(pvs, labels, strict=True))


def _split_labels(words: str) -> list[str]:
    """Labels with blanks are quoted; separators are tabs or blanks."""
    try:
        return shlex.split(words)
    except ValueError:  # a lone quote
        return [label.strip(" \"'") for label in words.split("\t" if "\t" in words else None)]


def _rows_of_event_1(file: TextFile, header_end: int) -> tuple[Rows, tuple[Note, ...]]:
    below = rows_below(file, header_end)
    lines, kept, others = [], [], []
    for line, words in zip(below.lines, below.words, strict=True):
        event = _EVENT.match(words)
        if event is None:
            if line == below.lines[-1] and not file.ends_with_newline:
                others.append(line)
                continue
            raise UserError(
                f"{file.at(line)}, column 1 'Event-ID'",
                f"{shorten(words, 40)!r} does not begin with the number of an event",
                "mend or delete this row",
            )
        if event.group(1) == "1":
            lines.append(line)
            kept.append(words)
        else:
            others.append(line)
    note = f"{len(others)} row(s) that are not of event 1 were left out (first: line {others[0]})" if others else ""
    return Rows(tuple(lines), tuple(kept)), ((note,) if note else ())


def _is_energy(label: ColumnLabel) -> bool:
    return _energy_rank(label) < len(_ENERGIES)


# achieved energy first, then feedback, then the setting: (label, macro, process variable), what it is
_ENERGIES: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (
        re.compile(r"energy.*achieved|achieved.*energy|\$\(EnergyAchieved\)", re.I),
        re.compile(r":Energy:sp$"),
        "achieved",
    ),
    (
        re.compile(r"energy.*feedback|feedback.*energy|\$\(EnergyFeedback\)", re.I),
        re.compile(r":Energy:fbk$"),
        "feedback",
    ),
    (re.compile(r"energy.*setting|\$\(AbsEnergyName\)", re.I), re.compile(r"BL1606-ID-?1:Energy$"), "setting"),
)


def _energy_rank(label: ColumnLabel) -> int:
    for rank, (words, pv, _) in enumerate(_ENERGIES):
        if words.search(label.label) or (label.is_macro and pv.search(label.pv)):
            return rank
    return len(_ENERGIES)


def find_roles(
    file: TextFile, labels: Sequence[ColumnLabel], spec: ColumnSpec | None = None
) -> tuple[Roles, tuple[Note, ...]]:
    """Roles from labels, and from process variables where labels are macros.

    Raises
    ------
    UserError
        Two columns claim one role, and `spec` does not say which it is.
    """
    found: dict[str, Pick] = {}
    for index, label in enumerate(labels):
        role = _detector(label)
        if spec and spec.settles(role):
            continue
        if role in found:
            first, second = found[role].index + 1, index + 1
            raise UserError(
                file.at(label.label_line),
                f"columns {first} and {second} both look like {role}",
                f"say which: `columns: {{energy: .., {role}: {first}}}`",
            )
        if role:
            found[role] = Pick(index, _evidence(label))
    roles = Roles(i0=found.get("i0"), transmitted=found.get("transmitted"), reference=found.get("reference"))
    if "fluorescence" in found:
        roles = replace(roles, fluorescence=(found["fluorescence"],))
    ranks = [_energy_rank(label) for label in labels]
    best = min(ranks)
    if best == len(_ENERGIES):
        return roles, ()
    index = ranks.index(best)
    label = labels[index]
    note = f"energy: the {_ENERGIES[best][2]} energy, column {index + 1} {label.name!r}; dacq writes eV"
    return replace(roles, energy=Pick(index, f"{_evidence(label)}; dacq writes eV")), (note,)


def _detector(label: ColumnLabel) -> str:
    if label.is_macro:
        return next((role for scaler, role in SCALERS.items() if f":{scaler}:" in label.pv), "")
    folded = label.label.casefold()
    if folded in DIODES:
        return "fluorescence"
    return next((role for role, known in NAMES.items() if folded in known), "")


def _evidence(label: ColumnLabel) -> str:
    if label.label and not label.is_macro:
        return f"line {label.label_line}: label {label.label!r}"
    return f"line {label.pv_line}: process variable {label.pv!r} (label {label.label!r} is not expanded)"


def subtract_dark(
    file: TextFile,
    header_end: int,
    table: Table,
    labels: Sequence[ColumnLabel],
    names: list[str],
    roles: Roles,
) -> tuple[Table, Roles, tuple[Note, ...]]:
    """Add dark-corrected detector columns and give them the roles, where dark counts were taken.

    Columns as measured stay; `names` grows by the new ones.
    """
    seconds, darks, notes = _background(file, header_end)
    dwell = next((i for i, label in enumerate(labels) if label.pv.endswith("mcs:delay")), None)
    if not seconds or not any(darks):
        return table, roles, notes
    if dwell is None:
        return table, roles, (*notes, "dark counts were not subtracted: no column holds the dwell time (mcs:delay)")
    dwell_s = table.values[:, dwell] * 1e-3
    moved: dict[int, int] = {}
    columns = [table.values]
    for scaler, dark in zip(SCALERS, darks, strict=False):
        index = next((i for i, label in enumerate(labels) if f":{scaler}:" in label.pv), None)
        if index is None or not dark:
            continue
        moved[index] = len(names)
        names.append(f"{names[index]} (dark-corrected)")
        columns.append((table.values[:, index] - dark / seconds * dwell_s)[:, None])
        notes = (*notes, f"dark: {dark / seconds:g} counts/s x dwell time subtracted from {names[index]!r} ({scaler})")
    return replace(table, values=np.hstack(columns)), _moved(roles, moved), notes


def _background(file: TextFile, header_end: int) -> tuple[float, list[float], tuple[Note, ...]]:
    """Background time (s; 0 if none was taken) and dark counts of mcs03..mcs06."""
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
            return (
                0.0,
                darks,
                ((f"no dark counts: background time is {ticks:g} ({file.quote(number)})",) if odd else ()),
            )
        return ticks * TICK_S, darks, ()
    return 0.0, [], ()


def _moved(roles: Roles, moved: dict[int, int]) -> Roles:
    def move(pick: Pick | None) -> Pick | None:
        return Pick(moved[pick.index], pick.evidence) if pick and pick.index in moved else pick

    return replace(
        roles,
        i0=move(roles.i0),
        transmitted=move(roles.transmitted),
        reference=move(roles.reference),
        fluorescence=tuple(p for p in map(move, roles.fluorescence) if p),
    )
