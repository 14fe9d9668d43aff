"""NeXus files with X-ray absorption: NXxas of the standard, its proposed successor, and Diamond's GDA (B18).

NXxas             instrument/monochromator/energy, instrument/incoming_beam/data, instrument/absorbed_beam/data,
                  and the mode in data/mode
successor         energy, intensity, element, edge, mode right below the entry, or in one group below it
GDA               instrument/<detector>/{I0,It,Iref,lnI0It} and an energy in instrument/<name with energy>/

Each NXentry (or NXsubentry with one of these) is a scan, named as in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers._hdf5 import Hdf5File
from ntcspec.readers.build import Draft, build_scan, edge_name, element_symbol, unique_names
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, detectors_by_name
from ntcspec.readers.table import Table
from ntcspec.types import Note
from ntcspec.types.xas import Channel, XasScan

NAME = "nexus"
FEWEST = 2  # points: an energy of one point is a setting, not a scan
_TRANSMISSION = re.compile(r"trans", re.IGNORECASE)
_YIELD = re.compile(r"fluo|[tp]fy\b|herfd", re.IGNORECASE)
_ELECTRONS = re.compile(r"electron|[tpa]ey\b", re.IGNORECASE)
MU_STORED = {"lnI0It": "transmission", "lnItIref": "reference", "FFI0": "fluorescence"}


@dataclass(frozen=True)
class Layout:
    """Where the arrays of one scan are. `columns` pairs a name with a path, the energy first."""

    name: str
    entry: str
    kind: str
    told: str
    columns: tuple[tuple[str, str], ...]
    mode: str = ""
    mode_told: str = ""


def recognise(file: Hdf5File) -> str:
    """What in the first scan tells the layout; '' if no entry has a known one."""
    found = layouts_of(file)
    return found[0].told if found else ""


def names(file: Hdf5File) -> tuple[str, ...]:
    """Names of the entries that hold a scan."""
    return tuple(layout.name for layout in layouts_of(file))


def read(file: Hdf5File, evidence: str, spec: ColumnSpec | None = None, name: str = "") -> XasScan:
    """Read the entry called `name`; the first scan where no name is given.

    Raises
    ------
    UserError
        Arrays of different length, or no detection mode that the file or the study states.
    """
    found = layouts_of(file)
    layout = next(one for one in found if one.name == name or not name)
    where = f"{file.source}::{name}" if name and len(found) > 1 else file.source
    values = [file.numbers(path).ravel() for _, path in layout.columns]
    sizes = {path: array.size for (_, path), array in zip(layout.columns, values, strict=True)}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{path} {size}" for path, size in sizes.items())
        raise UserError(where, f"arrays of different length: {shown}", "was the scan aborted? Take the file out")
    columns = unique_names([name for name, _ in layout.columns])
    units = tuple(_unit(file, path) for _, path in layout.columns)
    told = [_evidence(file, path) for _, path in layout.columns]
    header = file.header(layout.entry)
    count = values[0].size
    draft = Draft(
        file=replace(header, source=where),
        format=NAME,
        evidence=layout.told,
        header_end=len(header.lines),
        table=Table(np.column_stack(values), np.arange(1, count + 1, dtype=np.int64), ()),
        names=columns,
        units=units,
        roles=_roles(layout, columns, told, where, spec),
        element=_element(file, layout.entry, where),
        edge=_edge(file, layout.entry),
        notes=_notes(layout),
    )
    return build_scan(draft, spec)


# --- layouts ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)  # names() and each read() of the same file follow each other
def layouts_of(file: Hdf5File) -> tuple[Layout, ...]:
    """The scans of a file, in its order."""
    found = []
    for entry in file.children(""):
        if file.nodes[entry].shape is not None:
            continue
        for place in (entry, *(f"{entry}/{name}" for name in _subentries(file, entry))):
            layout = _nxxas(file, place) or _successor(file, place) or _gda(file, place)
            if layout:
                found.append(layout)
                break
    return tuple(found)


def _subentries(file: Hdf5File, entry: str) -> list[str]:
    known = ("NXsubentry", "NXxas", "NXdata", "NXprocess")
    return [n for n in file.children(entry) if file.attribute(f"{entry}/{n}", "NX_class") in known]


def _is_array(file: Hdf5File, path: str) -> bool:
    shape = file.shape(path)
    return shape is not None and max(shape, default=0) >= FEWEST and int(np.prod(shape)) == max(shape)


def _nxxas(file: Hdf5File, entry: str) -> Layout | None:
    inside = f"{entry}/instrument"
    instrument = next(iter(file.groups("NXinstrument", entry)), inside)
    energy = f"{instrument}/monochromator/energy"
    incoming, absorbed = f"{instrument}/incoming_beam/data", f"{instrument}/absorbed_beam/data"
    if not all(_is_array(file, path) for path in (energy, incoming, absorbed)):
        return None
    place = next((p for p in _mode_places(file, entry) if file.text(p)), "")
    definition = file.text(f"{entry}/definition")
    told = f"{entry}/definition = {definition!r}; " if definition else ""
    return Layout(
        entry.split("/")[0],
        entry,
        "NXxas",
        f"{told}{energy}, incoming_beam/data and absorbed_beam/data",
        (("energy", energy), ("incoming_beam", incoming), ("absorbed_beam", absorbed)),
        file.text(place),
        f"{place} = {file.text(place)!r}" if place else "",
    )


def _mode_places(file: Hdf5File, entry: str) -> list[str]:
    return [f"{entry}/mode", *(f"{data}/mode" for data in file.groups("NXdata", entry)), f"{entry}/data/mode"]


def _successor(file: Hdf5File, entry: str) -> Layout | None:
    energy, intensity, mode = f"{entry}/energy", f"{entry}/intensity", f"{entry}/mode"
    definition = file.text(f"{entry}/definition")
    stated = "xas" in definition.casefold() or bool(file.text(mode) or file.text(f"{mode}/name"))
    if not (stated and _is_array(file, energy) and _is_array(file, intensity)):
        return None
    said, place = next(((file.text(p), p) for p in (mode, f"{mode}/name") if file.text(p)), (definition, "definition"))
    told = f"{entry}/definition = {definition!r}; " if definition else ""
    return Layout(
        entry.split("/")[0],
        entry,
        "NXxas (energy, intensity)",
        f"{told}{energy} and {intensity}",
        (("energy", energy), ("intensity", intensity)),
        said,
        f"{place} = {said!r}",
    )


def _gda(file: Hdf5File, entry: str) -> Layout | None:
    """The detector with I0 and It (or If), its 1-D neighbours, and the energy of the same length."""
    instrument = next(iter(file.groups("NXinstrument", entry)), f"{entry}/instrument")
    for detector in file.groups("NXdetector", instrument):
        inside = [n for n in file.children(detector) if _is_array(file, f"{detector}/{n}")]
        if "I0" not in inside or not {"It", "If", "FF"} & set(inside):
            continue
        points = file.shape(f"{detector}/I0")
        energy = _energy_of_gda(file, instrument, points)
        if energy:
            program = file.text(f"{entry}/program_name")
            by = f"{entry}/program_name = {program!r}; " if program else ""
            return Layout(
                entry,
                entry,
                "GDA",
                f"{by}{detector}/I0 and {energy}",
                (("energy", energy), *((n, f"{detector}/{n}") for n in inside)),
            )
    return None


def _energy_of_gda(file: Hdf5File, instrument: str, points: tuple[int, ...] | None) -> str:
    for group in file.children(instrument):
        if "energy" not in group.casefold():
            continue
        for name in file.children(f"{instrument}/{group}"):
            path = f"{instrument}/{group}/{name}"
            if _is_array(file, path) and file.shape(path) == points:
                return path
    return ""


# --- roles ------------------------------------------------------------------------------------


def _roles(layout: Layout, columns: Sequence[str], told: Sequence[str], where: str, spec: ColumnSpec | None) -> Roles:
    energy = Pick(0, told[0])
    if layout.kind == "GDA":
        roles = detectors_by_name(columns, told, where, spec)
        stored = {MU_STORED[n]: Pick(i, told[i]) for i, n in enumerate(columns) if n in MU_STORED}
        return replace(roles, energy=energy, mu={**stored, **roles.mu})
    mode = _mode(layout.mode)
    evidence = "; ".join((*told[1:], layout.mode_told))
    if layout.kind == "NXxas":
        roles = Roles(energy=energy, i0=Pick(1, told[1]))
        above, below = (columns[1], columns[2]) if mode == "transmission" else (columns[2], columns[1])
        kind = "log" if mode == "transmission" else "ratio"
        return replace(roles, given=Channel(mode, kind, (above,), below, evidence)) if mode else roles
    return Roles(energy=energy, given=Channel(mode, "direct", (columns[1],), "", evidence) if mode else None)


def _mode(words: str) -> str:
    """Detection mode of 'Total Electron Yield' and the like; '' if it is none."""
    if _ELECTRONS.search(words):
        return "tey"
    if _TRANSMISSION.search(words):
        return "transmission"
    return "fluorescence" if _YIELD.search(words) else ""


def _notes(layout: Layout) -> tuple[Note, ...]:
    notes = ["rows are counted by point: this is no text file"]
    if layout.kind != "GDA" and not _mode(layout.mode):
        notes.append(f"the file does not state a detection mode that is known ({layout.mode_told or 'no mode'})")
    return tuple(notes)


def _unit(file: Hdf5File, path: str) -> str:
    return file.attribute(path, "units") or file.attribute(path, "unit")


def _evidence(file: Hdf5File, path: str) -> str:
    unit = _unit(file, path)
    return f"{path} [{unit}]" if unit else path


def _element(file: Hdf5File, entry: str, where: str) -> str:
    places = (f"{entry}/element", f"{entry}/element/symbol", f"{entry}/scan/element")
    place = next((p for p in places if file.text(p)), "")
    return element_symbol(file.text(place), f"{where}, {place}") if place else ""


def _edge(file: Hdf5File, entry: str) -> str:
    places = (f"{entry}/edge", f"{entry}/absorption_edge", f"{entry}/edge/name", f"{entry}/scan/edge")
    return edge_name(next((file.text(p) for p in places if file.text(p)), ""))
