"""XDI, the XAS Data Interchange text format, in the dialects of BMM, GSE, XASDB and Athena.

    # XDI/1.0 GSE/1.0            version line
    # Family.key: value          families and keys whatever the case; GSE puts '|| PV' behind the value
    # Column.1: energy eV        name and unit of each column
    # ///                        end of the fields, comments follow
    # ---                        end of the header
    #  energy i0 itrans          labels (optional)

BMM's `Scan.plot_hint: ln(It/Ir)  --  ln($6/$7)` tells by column numbers what the sample's mu is; it counts, since
the sample may stand in the reference position. Detectors of many elements: see ntcspec.readers.elements.

BioXAS (CLS, Acquaman) writes '#/////' for '# ///', names such as I0Detector_DarkCorrect, and may label the energy of
the ring 'energy eV': a column that holds one value throughout is no axis, so the varying column named energy is taken.
No measured file of it was at hand; tests use files made to that layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers import axis, elements
from ntcspec.readers.build import Draft, build_scan, edge_name, element_symbol, unique_names
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, detectors_by_name, list_columns, yaml_ref
from ntcspec.readers.table import Table, parse_table, rows_below
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Note
from ntcspec.types.xas import Channel, XasScan

NAME = "xdi"
FEWEST_TO_VARY = 3  # rows: below, a column of one value may still be the axis of an aborted scan
_VERSION = re.compile(r"\s*#\s*XDI/[0-9]", re.IGNORECASE)
_FIELD = re.compile(r"\s*#\s*([A-Za-z]\w*)\.([^\s:]+)\s*:(.*)$")
_FIELDS_END = re.compile(r"\s*#\s*/{3,}")
_HEADER_END = re.compile(r"\s*#\s*-{2,}\s*$")
_LOG_HINT = re.compile(r"ln\(\s*(?:abs\s*)?\(?\s*\$(\d{1,4})\s*/\s*\$(\d{1,4})\s*\)?\s*\)", re.IGNORECASE)
_RATIO_HINT = re.compile(r"\(?\s*(\$\d{1,4}(?:\s*\+\s*\$\d{1,4})*)\s*\)?\s*/\s*\$(\d{1,4})")
_ELEMENTS_OF_DETECTOR = re.compile(r"(?:mca|dtfactor|icr|ocr|spectra|sdd|xs|dtc)_?(?:mca)?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """`fields` holds value and line of each 'family.key' in lower case; `end` is the last line of the header."""

    fields: dict[str, tuple[str, int]]
    labels: tuple[str, ...]
    end: int

    def value(self, *keys: str) -> str:
        """Value of the first of these keys that the header has; '' if it has none."""
        return next((self.fields[key][0] for key in keys if key in self.fields), "")


def recognise(file: TextFile) -> str:
    """The version line, quoted; '' if no line of the header is one."""
    for number, words in enumerate(file.lines, 1):
        if _VERSION.match(words):
            return file.quote(number)
        if words.strip() and not words.lstrip().startswith("#"):
            break
    return ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read an XDI file.

    Raises
    ------
    UserError
        Header and table contradict each other, or no column has a known role.
    """
    header = read_header(file)
    declared = [str(number) for number in range(1, 1 + _declared(file, header))]
    rough = [(header.value(f"column.{number}").split() or [""])[0] for number in declared]
    table = parse_table(file, rows_below(file, header.end), rough)
    width = table.values.shape[1]
    names, units = _columns(file, header, width)
    told = [_evidence(file, header, index, name) for index, name in enumerate(names)]
    roles, axis_notes, hint_notes = _roles(file, header, table, names, units, told, spec)
    element, edge, edge_notes = _element_and_edge(file, header)
    own_mu = next((Pick(i, told[i]) for i, name in enumerate(names) if name.casefold() == "xmu"), None)
    named = spec is not None and (spec.settles("fluorescence") or spec.settles("mu"))
    summed = None if named else elements.sum_elements(table, names, told, roles, element, file.source)
    notes: tuple[Note, ...] = _dead_time_note(names, spec) if spec else ()
    if summed:
        table, roles, notes = summed.table, summed.roles, summed.notes
        names, units = (*names, summed.name), (*units, "")
    elif not (spec and spec.names_detectors):
        _refuse_many_elements(file, table, names, roles)
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header.end,
        table=table,
        names=names,
        units=units,
        roles=roles,
        element=element,
        edge=edge,
        own_mu=own_mu,
        notes=(*edge_notes, *axis_notes, *notes),
        hint_notes=hint_notes,
    )
    return build_scan(draft, spec)


def read_header(file: TextFile) -> Header:
    """Fields and labels from the comment lines above the table."""
    fields: dict[str, tuple[str, int]] = {}
    in_fields, ruled, end, last = True, False, 0, ""
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            break
        end = number
        ruled_here = bool(_HEADER_END.match(words))
        in_fields = in_fields and not ruled_here and not _FIELDS_END.match(words)
        found = _FIELD.match(words) if in_fields else None
        if found:
            family, key, value = found.groups()
            fields[f"{family}.{key}".casefold()] = (value.split("||")[0].strip(), number)
        last = words if ruled and words.strip(" \t#") else last
        ruled = ruled or ruled_here
    return Header(fields, tuple(last.replace("#", " ").split()), end)


def _declared(file: TextFile, header: Header) -> int:
    """Largest N of the fields Column.N."""
    numbers = [key.removeprefix("column.") for key in header.fields if key.startswith("column.")]
    return max((int(n) for n in numbers if re.fullmatch(r"[0-9]{1,4}", n)), default=0)


def _columns(file: TextFile, header: Header, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units: from Column.N, else from the label line, else 'column N' without unit."""
    declared = _declared(file, header)
    if declared > width:
        line = header.fields[f"column.{declared}"][1]
        raise UserError(
            file.at(line), f"the header declares {declared} columns, the rows hold {width}", "is the file complete?"
        )
    labels = header.labels if len(header.labels) == width else ()
    names, units = [], []
    for index in range(width):
        name, *unit = header.value(f"column.{index + 1}").split() or [labels[index] if labels else ""]
        names.append(name)
        units.append(" ".join(unit))
    folded = [name.casefold() for name in names]
    swapped = [label.casefold() for label in labels]
    if labels and folded != swapped and sorted(folded) == sorted(swapped):
        raise UserError(
            file.source,
            f"Column.N and the label line name the columns in another order: {names} and {list(labels)}",
            "correct the one that is wrong",
        )
    return unique_names(names), tuple(units)


def _evidence(file: TextFile, header: Header, index: int, name: str) -> str:
    field = header.fields.get(f"column.{index + 1}")
    return file.quote(field[1]) if field else f"label {name!r}, line {header.end}"


def _roles(
    file: TextFile,
    header: Header,
    table: Table,
    names: Sequence[str],
    units: Sequence[str],
    told: Sequence[str],
    spec: ColumnSpec | None,
) -> tuple[Roles, tuple[Note, ...], tuple[Note, ...]]:
    """Roles by names, units and plot hint, and what to note about the axis and about the hint."""
    roles = detectors_by_name(names, told, file.source, spec)
    notes: tuple[Note, ...] = ()
    energy = _axis_column(names, units, "energy", ("eV", "keV"))
    angle = _axis_column(names, units, "angle", ("degrees",))
    spacing_key = next((key for key in ("mono.d_spacing", "mono.dspacing") if key in header.fields), "")
    if energy is not None:
        if not (spec and (spec.settles("energy") or spec.settles("angle"))):
            energy, notes = _without_constant(file, table, names, energy)
        roles = replace(roles, energy=Pick(energy, told[energy]))
    elif angle is not None:
        roles = replace(roles, angle=Pick(angle, told[angle]))
    if spacing_key:
        words, line = header.fields[spacing_key]
        found = re.match(r"[0-9]*\.?[0-9]+", words)
        if found and float(found.group()) > 0:
            roles = replace(roles, d_spacing=(float(found.group()), file.quote(line)))
    roles, hint_notes = _with_hint(file, header, roles, names)
    return roles, notes, hint_notes


def _axis_column(names: Sequence[str], units: Sequence[str], name: str, kinds: tuple[str, ...]) -> int | None:
    """The column of that name, else the first column if its unit is of that kind."""
    for index, found in enumerate(names):
        if found.casefold() == name:
            return index
    return 0 if axis.unit_kind(units[0]) in kinds else None


def _without_constant(file: TextFile, table: Table, names: Sequence[str], energy: int) -> tuple[int, tuple[Note, ...]]:
    """The energy column; where it holds one value throughout, the varying one whose name begins with energy.

    Raises
    ------
    UserError
        The energy does not vary, and no other column, or more than one, can stand for it.
    """
    if len(table.values) < FEWEST_TO_VARY or _varies(table, energy):
        return energy, ()
    others = [i for i, n in enumerate(names) if n.casefold().startswith("energy") and _varies(table, i)]
    others = [i for i in others if "feedback" in names[i].casefold()] or others
    says = f"column {energy + 1} {names[energy]!r} holds {table.values[0, energy]:g} in every row"
    if len(others) != 1:
        fix = f"name the column that was scanned: `columns: {{energy: ..}}`; {list_columns(names)}"
        raise UserError(file.source, f"{says}: this is no axis (the energy of the ring?)", fix)
    note = f"energy: column {others[0] + 1} {names[others[0]]!r}; {says} (the energy of the ring?)"
    return others[0], (note,)


def _varies(table: Table, index: int) -> bool:
    return bool(np.any(table.values[:, index] != table.values[0, index]))


def _with_hint(file: TextFile, header: Header, roles: Roles, names: Sequence[str]) -> tuple[Roles, tuple[Note, ...]]:
    """Roles with the channel of `Scan.plot_hint`, and what to note while nothing overrides it."""
    hint, line = header.fields.get("scan.plot_hint", ("", 0))
    if not hint:
        return roles, ()
    spoken, _, numbers = (part.strip() for part in hint.rpartition("--"))
    given = _channel_of_hint(file, line, numbers, names)
    if given is None:
        return roles, (f"the plot hint was not understood and not used ({file.quote(line)})",)
    notes = [f"{given.formula} is the sample's {given.mode}: the file says so ({file.quote(line)})"]
    if given.kind == "log" and spoken and _squeezed(spoken) != _squeezed(given.formula):
        notes.append(f"the hint names {spoken!r}, but its column numbers count: {given.formula}")
    pair = (given.numerator[0], given.denominator)
    i0, transmitted, reference = (names[p.index] if p else "" for p in (roles.i0, roles.transmitted, roles.reference))
    if given.kind == "log" and i0 and transmitted and pair != (i0, transmitted):
        notes.append(f"ln({i0} / {transmitted}) is therefore not offered as transmission")
    if pair == (transmitted, reference):
        notes.append("the sample stands in the reference position: there is no reference spectrum")
    return replace(roles, given=given), tuple(notes)


def _channel_of_hint(file: TextFile, line: int, numbers: str, names: Sequence[str]) -> Channel | None:
    """Channel of 'ln($6/$7)' or '($8+$9)/$5'; None if it is neither."""
    log, ratio = _LOG_HINT.fullmatch(numbers), _RATIO_HINT.fullmatch(numbers)
    found = log or ratio
    if found is None:
        return None
    above, below = [int(n) for n in re.findall(r"[0-9]+", found.group(1))], int(found.group(2))
    missing = [n for n in (*above, below) if not 1 <= n <= len(names)]
    if missing:
        raise UserError(file.at(line), f"the plot hint names column {missing[0]} of {len(names)}", list_columns(names))
    mode, kind = ("transmission", "log") if log else ("fluorescence", "ratio")
    return Channel(mode, kind, tuple(names[n - 1] for n in above), names[below - 1], file.quote(line))


def _squeezed(formula: str) -> str:
    return formula.replace(" ", "").casefold()


def _refuse_many_elements(file: TextFile, table: Table, names: Sequence[str], roles: Roles) -> None:
    """A detector of many elements must be summed by name: dead elements and dead time need a decision."""
    parts = [i for i, name in enumerate(names) if _ELEMENTS_OF_DETECTOR.search(name)]
    if len(parts) < 2 or roles.fluorescence or roles.given:
        return
    regions = [i for i in parts if elements.ROI.fullmatch(names[i])]
    with np.errstate(invalid="ignore"):
        live = [i for i in regions if np.any(table.values[:, i] > 0)]
    dead = f" (all zero: {', '.join(names[i] for i in regions if i not in live)})" if len(live) < len(regions) else ""
    summed = ", ".join(yaml_ref(names, i) for i in live) or "first, second, .."
    i0, energy = (yaml_ref(names, pick.index) if pick else ".." for pick in (roles.i0, roles.energy))
    raise UserError(
        file.source,
        f"the file has a fluorescence detector of many elements, {shorten(', '.join(names[i] for i in parts), 80)}: "
        "which to add up is not for the program to choose",
        f"name them: `columns: {{energy: {energy}, i0: {i0}, fluorescence: [{summed}]}}`{dead}; "
        "dead time is not corrected; columns that are not named are kept but not used",
    )


def _dead_time_note(names: Sequence[str], spec: ColumnSpec) -> tuple[Note, ...]:
    factors = [name for name in names if "dtfactor" in name.casefold()]
    if not (factors and spec.fluorescence):
        return ()
    return (
        f"fluorescence is not corrected for dead time ({len(factors)} columns such as {factors[0]!r} were not used)",
    )


def _element_and_edge(file: TextFile, header: Header) -> tuple[str, str, tuple[Note, ...]]:
    """Element and edge that the header states, '' where it states none, and a note on an edge not understood."""
    keys = ("element.symbol", "scan.element", "scanparameters.element")
    words, line = next((header.fields[key] for key in keys if key in header.fields), ("", 0))
    element = element_symbol(words, file.at(line))
    keys = ("element.edge", "scan.edge", "scanparameters.edge")
    stated, line = next((header.fields[key] for key in keys if key in header.fields), ("", 0))
    edge = edge_name(stated)
    odd = f"line {line} states the edge {stated!r}, which is none: it was not compared with that of the study"
    return element, edge, ((odd,) if stated and not edge else ())
