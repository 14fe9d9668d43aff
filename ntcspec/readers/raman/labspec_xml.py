"""HORIBA LabSpec XML (`LSX_Data`): tree of axes and header, then a matrix of one row a spectrum.

    LSX_Tree / data / axes / 0        intensity: type, unit
                            / 1        spectral: vector of values, type `Spectr`, unit
                            / 2, 3     coordinates: vector, type (X, Y, Time ..), unit; the first runs fastest
             / parameters              entries of name and value (and a more exact number)
    LSX_Matrix / LSX_Row               intensities

Elements have no names, only hexadecimal IDs, the same in all files seen; they are constants below. The format is not
documented. Intensity is per second where its unit is `Cnt/sec`; nothing is multiplied here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.raman.build import NAN, RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.raman.labspec import _processing
from ntcspec.readers.text import TextFile
from ntcspec.types import Array
from ntcspec.types.raman import RamanScan

NAME = "labspec_xml"
DATA, AXES, VECTOR = "0x7A74D9D6", "0x7B697861", "0x7D6CD4DB"
TYPE, UNIT = "0x6D707974", "0x7C696E75"
PARAMETERS, KEY, VALUE, EXACT = "0x6C62D4D9", "0x6D6D616E", "0x7D6C61DB", "0x8736F70"
EXPORT = "export it from LabSpec as text"


def recognise(file: TextFile) -> str:
    """The line of the root element, quoted; '' if it is another."""
    for number, words in enumerate(file.lines[:20], 1):
        if "<LSX_Data" in words:
            return file.quote(number)
    return ""


def read(file: TextFile, evidence: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read a LabSpec XML file.

    Raises
    ------
    UserError
        Broken XML, an axis or rows that are missing or of unlike length.
    """
    try:
        root = ET.fromstring("\n".join(line for line in file.lines if not line.lstrip().startswith("<?xml")))
    except ET.ParseError as error:
        raise UserError(file.source, f"this XML is broken: {error}", "is the file complete? " + EXPORT) from None
    axes = _axes(file, root)
    rows = [_numbers(row, file) for row in root.iterfind("LSX_Matrix/LSX_Row")]
    spectral = next((axis for axis in axes[1:] if axis[0] == "Spectr"), None)
    if spectral is None or not rows:
        raise UserError(file.source, "this LabSpec XML file holds no spectrum", EXPORT)
    points = spectral[2].size
    if any(row.size != points for row in rows):
        raise UserError(file.source, f"rows of other lengths than the axis ({points} points)", EXPORT)
    others = [axis for axis in axes[1:] if axis is not spectral and axis[2].size]
    pairs, exact = _parameters(root)
    value = dict(reversed(pairs))
    laser_key = "Laser (nm)" if "Laser (nm)" in value else "Laser"
    history, notes = _processing(pairs)
    draft = RamanDraft(
        source=file.source,
        format=NAME,
        evidence=evidence,
        axis=spectral[2],
        intensity=np.array(rows),
        axis_unit=spectral[1],
        axis_evidence=f"unit of the axis of type Spectr: {spectral[1]}",
        coordinates=_coordinates(file, [axis[2] for axis in others], len(rows)),
        coordinate_names=tuple(axis[0] for axis in others),
        coordinate_units=tuple(axis[1] for axis in others),
        intensity_unit=axes[0][1],
        laser_nm=plausible_laser(exact.get(laser_key, number_in(value.get(laser_key, "")))),
        exposure_s=number_in(value.get("Acq. time (s)", "")),
        accumulations=number_in(value.get("Accumulations", "")),
        spike_filter=value.get("Spike filter", ""),
        history=history,
        pairs=tuple(pairs),
        notes=(*file.notes, *notes),
        header="\n".join(f"{key}={words}" for key, words in pairs),
    )
    return build(draft, spec)


def _child(element: ET.Element | None, wanted: str) -> ET.Element | None:
    return None if element is None else next((one for one in element if one.get("ID") == wanted), None)


def _words(element: ET.Element | None, wanted: str) -> str:
    found = _child(element, wanted)
    return (found.text or "").strip() if found is not None else ""


def _numbers(element: ET.Element | None, file: TextFile) -> Array:
    if element is None:
        return np.zeros(0)
    try:
        return np.array([float(word.replace(",", ".")) for word in (element.text or "").split()])
    except ValueError as error:
        raise UserError(file.source, f"a value in this XML is no number: {error}", EXPORT) from None


def _axes(file: TextFile, root: ET.Element) -> list[tuple[str, str, Array]]:
    """Type, unit and values of each axis, intensity first; UserError where there are none."""
    listed = _child(_child(root.find("LSX_Tree"), DATA), AXES)
    if listed is None or len(listed) < 2:
        raise UserError(file.source, "this LabSpec XML file holds no axes", EXPORT)
    return [(_words(one, TYPE), _words(one, UNIT), _numbers(_child(one, VECTOR), file)) for one in listed]


def _coordinates(file: TextFile, axes: list[Array], rows: int) -> Array:
    """Shape (rows, axes): every combination, the first axis fastest."""
    if not axes:
        return np.zeros((0, 0))
    grid = np.meshgrid(*axes[::-1], indexing="ij")[::-1]
    if grid[0].size != rows:
        raise UserError(file.source, f"{rows} spectra where the axes ask for {grid[0].size}", EXPORT)
    return np.stack([one.ravel() for one in grid], axis=1)


def _parameters(root: ET.Element) -> tuple[list[tuple[str, str]], dict[str, float]]:
    """Name and value of every entry, in order, and the exact numbers that stand beside some."""
    pairs: list[tuple[str, str]] = []
    exact: dict[str, float] = {}
    parameters = _child(root.find("LSX_Tree"), PARAMETERS)
    for element in parameters.iter() if parameters is not None else ():
        name = _words(element, KEY)
        if name and _child(element, VALUE) is not None:
            pairs.append((name, _words(element, VALUE)))
            number = _child(element, EXACT)
            if number is not None and not np.isnan(number_in(number.text or "")):
                exact.setdefault(name, number_in(number.text or str(NAN)))
    return pairs, exact
