"""HORIBA LabSpec text: LabSpec 4 (LabRam), 5 and 6; single spectrum, series, line, map, volume.

    #Key=<TAB>value       header, 20 to 51 lines; LabSpec 5 and 'data only' exports have none
    #AxisType[i]=..       newest files: type and unit of axis i (0 intensity, 1 spectral, 2.. coordinates)
    rows of numbers       see ntcspec.readers.raman.body

Keys repeat (`Range`: of the scan, then of the optics; `Base:Fit`, `Base:Sub`: once an operation), so they are kept as a
list; values may hold '='. Encoding is cp1252 (so far always) or UTF-8; lines end with LF, CRLF or both in one file.

The unit of the axis is told by, in this order: AxisUnit of the axis of type Spectr, `Spectro (..)`, `Range (..)`. Of
two coordinates the first column is taken for AxisType[2] (slow), as hyperSpec and WrightTools do; the format is not
documented. What the program did after the measurement stands as keys with a time (`Base:Sub=<TAB>23.10.2023 17:07:17`).

The counts of LabSpec 6 are the mean of the exposures, those of LabSpec 4 may be their sum; see ntcspec.raman.noise.
"""

from __future__ import annotations

import re

from ntcspec.readers.raman.body import Body, data_lines, read_body
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.table import numbers_of
from ntcspec.readers.text import TextFile
from ntcspec.types import Note
from ntcspec.types.raman import RamanScan

NAME = "labspec"
_KEY = re.compile(r"#([^=]+)=\t?(.*)$")
_AXIS = re.compile(r"(AxisType|AxisUnit)\[(\d+)\]$")
_STAMP = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{2,4}\s+\d{1,2}:\d{2}(:\d{2})?$")
_UNIT = re.compile(r"(?:Spectro|Range)\s*\(([^)]*)\)$")
_TELLING = {"Acq. time (s)", "Exposition", "Accumulations", "Accumulation", "Acquired", "AxisType[0]"}
DATES = ("Date", "Acquired", "Imported")
ACTIVE = ("DeNoise", "ICS correction", "Dark correction", "Inst. Process")
PLAIN_NAMES = {1: ("coordinate",), 2: ("X", "Y"), 3: ("X", "Y", "Z")}


def recognise(file: TextFile) -> str:
    """A telling header line, or the tab before the axis of a series or a map, quoted; '' if there is neither."""
    for number, words in enumerate(file.lines, 1):
        found = _KEY.match(words)
        if found and found.group(1) in _TELLING:
            return file.quote(number)
        if words.strip() and not words.startswith("#"):
            cells = words.replace(",", ".").split()
            if words.startswith("\t") and len(cells) >= 8 and numbers_of(cells) is not None:
                return f"line {number}: the axis stands in the first row behind an empty cell"
            return ""
    return ""


def read(file: TextFile, evidence: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read a LabSpec text file.

    Raises
    ------
    UserError
        No numbers, a row that is broken, an axis in nm without a laser.
    """
    pairs, end = read_header(file)
    body = read_body(file, data_lines(file, end + 1))
    unit, told = axis_unit(pairs)
    names, units = _coordinates(pairs, body)
    value = dict(reversed(pairs))  # of repeated keys the first
    laser = plausible_laser(number_in(value.get("Laser (nm)", "") or value.get("Laser", "")))
    filters, filter_notes = _processing(pairs)
    draft = RamanDraft(
        source=file.source,
        format=NAME,
        evidence=evidence,
        axis=body.axis,
        intensity=body.intensity,
        axis_unit=unit,
        axis_evidence=told,
        coordinates=body.coordinates,
        coordinate_names=names,
        coordinate_units=units,
        intensity_unit=value.get("AxisUnit[0]", ""),
        laser_nm=laser,
        exposure_s=number_in(value.get("Acq. time (s)", "") or value.get("Exposition", "")),
        accumulations=number_in(value.get("Accumulations", "") or value.get("Accumulation", "")),
        spike_filter=value.get("Spike filter", ""),
        history=filters,
        pairs=tuple(pairs),
        notes=(*file.notes, *body.notes, *filter_notes, *_map_note(pairs, body)),
        header="\n".join(file.lines[:end]),
    )
    return build(draft, spec)


def read_header(file: TextFile) -> tuple[list[tuple[str, str]], int]:
    """Key and value of each header line, in order, and the last line of the header (0 without one)."""
    pairs, end = [], 0
    for number, words in enumerate(file.lines, 1):
        if words.strip() and not words.startswith("#"):
            break
        end = number
        found = _KEY.match(words)
        if found:
            pairs.append((found.group(1).strip(), found.group(2).strip()))
    return pairs, end


def axis_unit(pairs: list[tuple[str, str]]) -> tuple[str, str]:
    """Unit of the spectral axis as the header names it, and the line that told; ('', '') without."""
    types = {key: value for key, value in pairs if _AXIS.match(key)}
    for key, kind in types.items():
        unit = types.get(key.replace("Type", "Unit"), "")
        if key.startswith("AxisType") and kind == "Spectr" and unit:
            return unit, f"{key.replace('Type', 'Unit')}={unit}"
    for wanted in ("Spectro", "Range"):
        for key, value in pairs:
            found = _UNIT.match(key)
            if found and key.startswith(wanted):
                return found.group(1), f"{key}={value}"
    return "", ""


def _coordinates(pairs: list[tuple[str, str]], body: Body) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of the lead columns."""
    count = body.coordinates.shape[1] if body.coordinates.size else 0
    if not count:
        return (), ()
    value = dict(pairs)
    names = tuple(value.get(f"AxisType[{i + 2}]", "") for i in range(count))
    if all(names):
        return names, tuple(value.get(f"AxisUnit[{i + 2}]", "") for i in range(count))
    return PLAIN_NAMES.get(count, tuple(f"coordinate {i + 1}" for i in range(count))), ("",) * count


def _processing(pairs: list[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """What LabSpec did to the data: corrections that were on, then operations with their time."""
    active = [f"{key}: {value}" for key, value in pairs if key in ACTIVE and value.casefold() not in ("off", "", "no")]
    done = [f"{key} {value}" for key, value in pairs if _STAMP.match(value) and key not in DATES]
    history = (*active, *done)
    return history, tuple(f"LabSpec did: {one}" for one in history)


def _map_note(pairs: list[tuple[str, str]], body: Body) -> tuple[Note, ...]:
    if body.coordinates.size and body.coordinates.shape[1] == 2:
        return ("of the two coordinates the first column is taken for X: LabSpec does not document the order",)
    return ()
