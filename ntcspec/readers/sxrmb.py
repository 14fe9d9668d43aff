"""CLS SXRMB (06B1-1): text files of Acquaman's general ASCII export.

    # Facility: CLS SXRMB Beamline          perhaps below lines that an archive has put first
    # Scanned Edge:<TAB>Zn K
    # Regions Of Interest
    # Zn Ka1<TAB>8511.06 eV<TAB>8766.66 eV   column ZnKa1: counts in this window, summed over detector elements
    # EnergyFeedback.X<TAB>EnergyFeedback<TAB>BeamlineI0Detector<TAB>TEYDetector<TAB>..<TAB>norm_ZnKa1<TAB>
    9629<TAB>9629.04<TAB>82229<TAB>..         a blank line above, a TAB at the end

Cells hold six significant digits. <X>.X is the scan axis of the first column X: the set point, unless the header says
"Note that <X>.X is the energy feedback." EnergyFeedback is the readback. norm_<X> is X / I0; it is checked, never used.
fluorescence = ROI of the scanned element / I0, tey (total electron yield) = TEY / I0, transmission = ln(I0/It).
Neither input nor output count rates of the fluorescence detector are here: its dead time cannot be corrected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.build import Draft, build_scan, edge_name, element_symbol, refuse_other_width, unique_names
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, yaml_ref
from ntcspec.readers.table import Table, parse_table, rows_below
from ntcspec.readers.text import TextFile
from ntcspec.types import Note
from ntcspec.types.xas import XasScan

NAME = "sxrmb"
_FACILITY = re.compile(r"\s*#\s*Facility:.*\bSXRMB\b", re.IGNORECASE)
_COLUMNS = re.compile(r"\s*#\s*(\S+\.X\t.*)$")
_IS_FEEDBACK = re.compile(r"\s*#\s*Note that (\S+) is the energy feedback", re.IGNORECASE)
_EDGE = re.compile(r"\s*#\s*Scanned Edge:\s*([A-Za-z]{1,2})\s+(\S+)", re.IGNORECASE)
_STATION = re.compile(r"\s*#\s*Endstation:\s*(\S.*)$", re.IGNORECASE)
_ROI = re.compile(r"\s*#\s*([A-Z][a-z]?)\s*([KLM][a-z]\w*)\t\s*([0-9.]+)\s*eV\t\s*([0-9.]+)\s*eV", re.ASCII)
I0_OF_STATION = {"solid state": "beamlinei0detector", "ambiant": "i0detector", "ambient": "i0detector"}
I0_OF_STATION["microprobe"] = "i0detector"
DETECTORS = {
    "i0": ("beamlinei0detector", "i0detector", "i0"),
    "transmitted": ("transmissiondetector",),
    "tey": ("teydetector", "tey"),
}
STRONGEST = {"K": "Ka", "L3": "La", "L2": "Lb", "L1": "Lb", "M5": "Ma", "M4": "Mb"}  # emission lines behind an edge
SPIKE = 10.0  # a first point above this many times each of the next three is one
PRINT_ERROR = 1.6e-5  # three numbers of six digits, each rounded by 5e-6 at most
DWELL = "scalerdwelltimefeedback"


@dataclass(frozen=True)
class Header:
    """What the header says; each with its line, 0 where it is missing.

    `windows` has the regions of interest by column: element, line, low and high (eV).
    """

    columns: tuple[str, ...]
    columns_line: int
    element: str
    edge: str
    edge_line: int
    station: str
    station_line: int
    feedback: str
    feedback_line: int
    windows: dict[str, tuple[str, int, float, float]]


def recognise(file: TextFile) -> str:
    """The lines of facility and columns, quoted; '' unless both are there."""
    facility = columns = 0
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            break
        facility = facility or (number if _FACILITY.match(words) else 0)
        columns = number if _COLUMNS.match(words) else columns
    return f"{file.quote(facility)}; {file.quote(columns)}" if facility and columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read an SXRMB file.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or no detector has a known role.
    """
    header = read_header(file)
    table = parse_table(file, rows_below(file, header.columns_line), header.columns)
    names = unique_names(header.columns)
    refuse_other_width(file, header.columns_line, len(names), table)
    roles, notes = find_roles(file, header, names, spec)
    table, dropped = without_first_spike(table, names, header)
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header.columns_line,
        table=table,
        names=names,
        units=tuple(_unit(name) for name in names),
        roles=roles,
        element=header.element,
        edge=header.edge,
        notes=(*notes, *dropped, *_energy_notes(header, names, roles, table), *_repeated(table, names, roles)),
    )
    scan = build_scan(draft, spec)
    return replace(scan, notes=(*scan.notes, *check_norms(scan, names)))


def read_header(file: TextFile) -> Header:
    """The header of a file that `recognise` knows; where a line comes twice, the last one counts."""
    found: dict[str, tuple[re.Match[str], int]] = {}
    windows: dict[str, tuple[str, int, float, float]] = {}
    patterns = {"columns": _COLUMNS, "edge": _EDGE, "station": _STATION, "feedback": _IS_FEEDBACK}
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.lstrip().startswith("#"):
            break
        for key, pattern in patterns.items():
            match = pattern.match(words)
            if match:
                found[key] = match, number
        roi = _ROI.match(words)
        if roi:
            try:
                windows[roi[1] + roi[2]] = (roi[1], number, float(roi[3]), float(roi[4]))
            except ValueError:
                raise UserError(file.at(number), "the region of interest has no two energies", "mend it") from None
    columns, line = found["columns"]
    edge, edge_line = found.get("edge", (None, 0))
    station, station_line = found.get("station", (None, 0))
    feedback, feedback_line = found.get("feedback", (None, 0))
    return Header(
        columns=tuple(columns[1].rstrip("\t ").split("\t")),
        columns_line=line,
        element=element_symbol(edge[1], file.at(edge_line)) if edge else "",
        edge=edge_name(edge[2]) if edge else "",
        edge_line=edge_line,
        station=station[1].strip() if station else "",
        station_line=station_line,
        feedback=feedback[1] if feedback else "",
        feedback_line=feedback_line,
        windows=windows,
    )


def _unit(name: str) -> str:
    """Units that Acquaman writes: energies in eV, dwell times in ms."""
    if name.endswith(".X") or name == "EnergyFeedback":
        return "eV"
    return "ms" if name.casefold() == DWELL else ""


def find_roles(
    file: TextFile, header: Header, names: Sequence[str], spec: ColumnSpec | None
) -> tuple[Roles, tuple[Note, ...]]:
    """Roles by column labels and end station, and what to note about them.

    Raises
    ------
    UserError
        Two columns claim one role, and neither end station nor `spec` says which it is.
    """
    told = f"line {header.columns_line}: column"
    i0, notes = _find_i0(file, header, names, spec)
    picks = {}
    for role in ("transmitted", "tey"):
        index = next((i for known in DETECTORS[role] for i, n in enumerate(names) if n.casefold() == known), None)
        picks[role] = None if index is None else Pick(index, f"{told} {names[index]!r}")
    roi, roi_notes = _find_roi(file, header, names, spec)
    stored = next((i for i, name in enumerate(names) if name.casefold() == "transmission"), None)
    roles = Roles(
        energy=_find_energy(header, names),
        i0=i0,
        transmitted=picks["transmitted"],
        fluorescence=(roi,) if roi else (),
        tey=picks["tey"],
        mu={} if stored is None else {"transmission": Pick(stored, f"{told} {names[stored]!r}")},
    )
    return roles, (*notes, *roi_notes)


def _find_energy(header: Header, names: Sequence[str]) -> Pick:
    """The readback where there is one, else the scan axis."""
    unit = "Acquaman writes eV"
    if header.feedback in names:
        said = f"line {header.feedback_line}: 'Note that {header.feedback} is the energy feedback.'"
        if "EnergyFeedback" not in names:
            return Pick(names.index(header.feedback), f"{said}; {unit}")
    index = names.index("EnergyFeedback") if "EnergyFeedback" in names else 0
    return Pick(index, f"line {header.columns_line}: column {names[index]!r}; {unit}")


def _find_i0(
    file: TextFile, header: Header, names: Sequence[str], spec: ColumnSpec | None
) -> tuple[Pick | None, tuple[Note, ...]]:
    if spec and spec.settles("i0"):
        return None, ()
    found = [i for i, name in enumerate(names) if name.casefold() in DETECTORS["i0"]]
    wanted = I0_OF_STATION.get(header.station.casefold(), "")
    station = f"line {header.station_line}: 'Endstation: {header.station}'"
    by_station = [i for i in found if names[i].casefold() == wanted]
    if len(found) > 1 and not by_station:
        listed = " and ".join(f"{i + 1} {names[i]!r}" for i in found[:2])
        why = f"{station} does not say which" if header.station else "no end station is stated"
        raise UserError(
            file.at(header.columns_line),
            f"columns {listed} both look like I0, and {why}",
            f"say which: `columns: {{i0: {yaml_ref(names, found[0])}}}`",
        )
    if not found:
        return None, ()
    index = (by_station or found)[0]
    evidence = f"line {header.columns_line}: column {names[index]!r}"
    if by_station:
        return Pick(index, f"{evidence}; {station}"), ()
    note = f"I0: column {names[index]!r}, the only one; {station} would have {wanted}" if wanted else ""
    return Pick(index, evidence), ((note,) if note else ())


def _find_roi(
    file: TextFile, header: Header, names: Sequence[str], spec: ColumnSpec | None
) -> tuple[Pick | None, tuple[Note, ...]]:
    """The column of the scanned element's region of interest; a note names the others."""
    present = [name for name in header.windows if name in names]
    if (spec and spec.settles("fluorescence")) or not present:
        return None, ()
    mine = [name for name in present if header.windows[name][0] == header.element]
    line = STRONGEST.get(header.edge, "")
    strongest = [name for name in mine if line and name.removeprefix(header.element).startswith(line)]
    chosen = strongest if len(strongest) == 1 else mine
    if len(chosen) > 1:
        raise UserError(
            file.at(header.columns_line),
            f"{len(chosen)} regions of interest are of {header.element}: {', '.join(chosen)}",
            f"say which, or which to sum: `columns: {{fluorescence: [{chosen[0]}]}}`",
        )
    if not chosen:
        wanted = f"is of {header.element}" if header.element else "can be chosen, no scanned edge is stated"
        return None, (f"no fluorescence: none of the regions of interest ({', '.join(present)}) {wanted}",)
    name = chosen[0]
    _, number, low, high = header.windows[name]
    evidence = (
        f"line {header.columns_line}: column {name!r}; line {number}: {low:g} to {high:g} eV; "
        f"line {header.edge_line}: scanned edge {header.element} {header.edge}"
    )
    others = [other for other in present if other != name]
    note = f"fluorescence: region of interest {name}; not used: {', '.join(others)}" if others else ""
    return Pick(list(names).index(name), evidence), ((note,) if note else ())


def _energy_notes(header: Header, names: Sequence[str], roles: Roles, table: Table) -> tuple[Note, ...]:
    if roles.energy is None:
        return ()
    index, axis = roles.energy.index, names[0]
    column = f"column {index + 1} {names[index]!r}"
    if index == 0:
        kind = "the energy feedback, as the header says" if header.feedback == axis else "the scan axis, a set point"
        notes: tuple[Note, ...] = (f"energy: {column}, {kind}",)
    else:
        off = np.abs(table.values[:, index] - table.values[:, 0])
        worst = int(np.argmax(np.where(np.isfinite(off), off, -1.0)))
        far = f"differs by up to {off[worst]:.2g} eV (line {table.row_line[worst]})"
        notes = (f"energy: the readback, {column}; the set point {axis!r} {far}",)
    if roles.fluorescence:
        name = names[roles.fluorescence[0].index]
        _, _, low, high = header.windows[name]
        energies = table.values[:, index]
        inside = int(np.count_nonzero((energies >= low) & (energies <= high)))
        if inside:
            notes = (*notes, f"{inside} of {energies.size} photon energies lie in {name}: it counts scattering too")
    return notes


def without_first_spike(table: Table, names: Sequence[str], header: Header) -> tuple[Table, tuple[Note, ...]]:
    """Leave the first row out where a region of interest starts with one isolated spike."""
    for name in header.windows:
        if name not in names or len(table.values) < 5:
            continue
        counts = table.values[:, list(names).index(name)]
        nearby = counts[1:4]
        if np.all(nearby >= 0) and nearby.max() > 0 and counts[0] > SPIKE * nearby.max():
            note = (
                f"line {table.row_line[0]}, the first point, was left out: {name} holds {counts[0]:g} counts there, "
                f"{counts[1]:g} in the next"
            )
            return replace(table, values=table.values[1:], row_line=table.row_line[1:]), (note,)
    return table, ()


def _repeated(table: Table, names: Sequence[str], roles: Roles) -> tuple[Note, ...]:
    """A note where the scaler gave the counts of the point before once more."""
    scaled = [pick.index for pick in (roles.i0, roles.transmitted, roles.tey) if pick]
    if len(scaled) < 2:
        return ()
    same = np.flatnonzero(np.all(np.diff(table.values[:, scaled], axis=0) == 0, axis=1)) + 1
    if not same.size:
        return ()
    which = ", ".join(names[i] for i in scaled)
    return (
        f"{same.size} row(s) repeat the counts of the row above in {which} (first: line {table.row_line[same[0]]})",
    )


def check_norms(scan: XasScan, names: Sequence[str]) -> tuple[Note, ...]:
    """Compare the stored norm_<X> with X / I0: one note for all that agree within print precision, one a mismatch."""
    counted = [c for c in scan.channels if c.kind != "direct" and c.mode != "reference"]
    i0 = next((c.denominator if c.kind == "ratio" else c.numerator[0] for c in counted), "")
    agree: dict[str, float] = {}
    notes: list[Note] = []
    for name in names if i0 else ():
        of = name.removeprefix("norm_")
        if of == name or of not in names:
            continue
        stored = scan.column(name).values
        with np.errstate(all="ignore"):
            off = np.abs(stored * scan.column(i0).values / scan.column(of).values - 1.0)
        off = np.where(np.isfinite(off), off, 0.0)
        worst = int(off.argmax()) if off.size else 0
        if off.size and off[worst] > PRINT_ERROR:
            line = scan.row_line[worst]
            notes.append(f"{name} of the file differs from {of} / {i0} by up to {off[worst]:.2g} of it (line {line})")
        else:
            agree[name] = float(off.max(initial=0.0))
    if agree:
        far = max(agree.values())
        listed = ", ".join(agree)
        notes.insert(0, f"{listed}: equal to the column / {i0} within {far:.1g} of it, the precision of print")
    return tuple(notes)
