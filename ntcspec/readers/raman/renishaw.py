"""Renishaw WiRE files (.wdf), through `renishaw_wdf` of Renishaw plc (Apache-2.0), which is an optional dependency.

    WDF1    header: points, spectra, laser (absolute wavenumber), type of the measurement, flags
    XLST    spectral axis with its unit; descending
    DATA    float32, one row a spectrum
    ORGN    what differs from spectrum to spectrum: X, Y, Z, time ..; the primary ones are the coordinates
    TEXT    comment

The package finds and names the blocks. Spectra that were never collected (an aborted map) are left out. Exposure time
and number of exposures stand in properties that are not documented (the number in the header is another one: 3 where
one exposure was asked for) and are not read: give `exposure_s` and `accumulations`.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, plausible_laser
from ntcspec.types import Array, Note
from ntcspec.types.raman import RamanScan

NAME = "renishaw"
MAGIC = b"WDF1"
INSTALL = "pip install renishaw-wdf, or export the spectrum from WiRE as text"
EXPORT = "export the spectrum from WiRE as text"
UNITS = {"RamanShift": "1/cm", "Nanometre": "nm", "ElectronVolt": "eV"}
SYMBOLS = {"Micron": "µm", "Millimetres": "mm", "Seconds": "s", "Kelvin": "K", "Celcius": "°C", "Counts": "counts"}
SHORT = {"Spatial_X": "X", "Spatial_Y": "Y", "Spatial_Z": "Z"}
HEADER = 512
BLOCK = struct.Struct("<4sIQ")  # name, number, size with this header
BROKEN = (EOFError, OSError, ValueError, struct.error, UnicodeDecodeError, IndexError, KeyError, OverflowError)


def read(content: bytes, source: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read the spectra of a WDF file.

    Raises
    ------
    UserError
        The package is not installed; the file is cut off or broken; every spectrum has an axis of its own.
    """
    try:
        from wdf import Wdf
    except ImportError:
        what = "this is a Renishaw WiRE file (.wdf), and the package that reads it is not installed"
        raise UserError(source, what, INSTALL) from None
    file = Wdf()
    try:
        _walk(content)
        file.open_fd(BytesIO(content))
        draft = _draft(file, content, source)
    except BROKEN as error:
        what = f"this WiRE file is cut off or broken ({str(error) or type(error).__name__})"
        raise UserError(source, what, f"copy it again, or {EXPORT}") from None
    return build(draft, spec)


def _walk(content: bytes) -> None:
    """ValueError where a block has no size or leaves the file: the package would walk in a circle, or read nothing."""
    at, most = 0, len(content)
    while at < most:
        if most - at < BLOCK.size or (at == 0 and most < HEADER):
            raise ValueError("the last block has no header")
        name, _, size = BLOCK.unpack_from(content, at)
        if size < BLOCK.size or at + size > most:
            raise ValueError(f"the block {name.decode('ascii', 'replace')!r} at byte {at} says {size} bytes")
        at += size


def _draft(file: Any, content: bytes, source: str) -> RamanDraft:
    from wdf import WdfBlockId, WdfFlags

    head = file.hdr
    if head.flags & (WdfFlags.Multitrack | WdfFlags.XYXY):
        raise UserError(source, "each spectrum has an axis of its own in this WiRE file", EXPORT)
    axis = file.xlist()
    _, at = file.find_section(WdfBlockId.DATA)
    rows = min(head.ncollected, head.nspectra)
    values = np.frombuffer(content, "<f4", rows * head.npoints, at + BLOCK.size).reshape(rows, head.npoints)
    names, units, coordinates = _coordinates(file, rows) if rows > 1 else ((), (), np.zeros((0, 0)))
    unit = axis.units.name
    return RamanDraft(
        source=source,
        format=NAME,
        evidence=f"the file begins with {MAGIC.decode()}; written by {head.appname} {head.appversion}",
        axis=np.array(axis, dtype=float),
        intensity=values.astype(float),
        axis_unit=UNITS.get(unit, unit),
        axis_evidence=f"unit of the X list: {unit}",
        coordinates=coordinates,
        coordinate_names=names,
        coordinate_units=units,
        intensity_unit=SYMBOLS.get(head.units.name, head.units.name),
        laser_nm=plausible_laser(1e7 / head.laser_wavenumber) if head.laser_wavenumber > 0 else float("nan"),
        spike_filter="cosmic ray removal" if head.flags & WdfFlags.CosmicRayRemoval else "Off",
        pairs=(("title", head.title), ("user", head.user), ("comment", file.comment())),
        notes=_notes(file, rows),
        header=f"{head.title}\n{file.comment()}".strip(),
    )


def _coordinates(file: Any, rows: int) -> tuple[tuple[str, ...], tuple[str, ...], Array]:
    """Names, units and values, shape (spectra, coordinates), of the primary origins; without any the number."""
    names, units, columns = [], [], []
    for kind, origin in file.origins.items():
        if not origin.is_primary or kind.name in ("Flags", "Checksum"):
            continue
        values, unit = list(origin[0:rows]), origin.dataunit.name
        if unit == "FileTime":
            values, unit = [(one - values[0]).total_seconds() for one in values], "Seconds"
        names.append(SHORT.get(kind.name, kind.name))
        units.append(SYMBOLS.get(unit, unit))
        columns.append(np.array(values, dtype=float))
    if not columns:
        return ("number",), ("",), np.arange(1.0, rows + 1.0)[:, None]
    return tuple(names), tuple(units), np.stack(columns, axis=1)


def _notes(file: Any, rows: int) -> tuple[Note, ...]:
    from wdf import WdfBlockId, WdfFlags

    head, notes = file.hdr, []
    if rows < head.nspectra:
        notes.append(f"{rows} of {head.nspectra} spectra were collected: the others are left out")
    if head.flags & WdfFlags.Saturation:
        notes.append("WiRE says that the detector was saturated")
    if any(block.id == WdfBlockId.PROCESSING for block in file.sections()):
        notes.append("WiRE has processed the data: its list of steps is not read, so a baseline may be gone already")
    return tuple(notes)
