"""Plain text: rows of Raman shift and intensity, whatever program wrote them.

Lines above the first row of numbers are the header; a unit is taken from them where they name one and no other
(`cm-1`, `nm`), else the axis is taken as Raman shift in 1/cm, with a note. More columns are more spectra.
"""

from __future__ import annotations

import re

from ntcspec.errors import UserError
from ntcspec.readers.raman.body import COMMENT, data_lines, read_body
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.text import TextFile
from ntcspec.types.raman import RamanScan

NAME = "columns_text"
_ROW = re.compile(r"\s*[+-]?(?:[0-9]|[.,][0-9])[0-9.,eE+-]*(?:[\s;,]+[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?)+\s*[;,]?\s*$")
_CM1 = re.compile(r"(?:cm\s*\^?\s*[-⁻][1¹]|1/cm|wave ?number|raman ?shift)", re.IGNORECASE)
_NM = re.compile(r"(?:\bnm\b|wavelength)", re.IGNORECASE)
_LASER = re.compile(r"(?:laser|excitation)[^0-9\n]{0,30}([0-9]{3,4}(?:[.,][0-9]+)?)", re.IGNORECASE)


def recognise(file: TextFile) -> str:
    """The first row of two numbers or more, quoted; '' if there is none."""
    first = _first_row(file)
    return file.quote(first) if first else ""


def _first_row(file: TextFile) -> int:
    return next((n for n, words in enumerate(file.lines, 1) if _ROW.match(words)), 0)


def read(file: TextFile, evidence: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read rows of shift and intensity.

    Raises
    ------
    UserError
        No row of numbers, a broken row, an axis in nm without a laser.
    """
    first = _first_row(file)
    if not first:
        fix = "give the text file with shift and intensity in columns"
        raise UserError(file.source, "there is no row of two numbers in this file", fix)
    body = read_body(file, data_lines(file, first))
    header = "\n".join(file.lines[: first - 1])
    unit, told = _unit(header)
    laser = _LASER.search(header)
    count = body.coordinates.shape[1] if body.coordinates.size else 0
    draft = RamanDraft(
        source=file.source,
        format=NAME,
        evidence=evidence,
        axis=body.axis,
        intensity=body.intensity,
        axis_unit=unit,
        axis_evidence=told,
        coordinates=body.coordinates,
        coordinate_names=("column",) * count,
        coordinate_units=("",) * count,
        laser_nm=plausible_laser(number_in(laser.group(1))) if laser else float("nan"),
        pairs=_pairs(header),
        notes=(*file.notes, *body.notes),
        header=header,
    )
    return build(draft, spec)


def _unit(header: str) -> tuple[str, str]:
    """Unit that the last line of the header names, and that line; ('', '') if it names none or two."""
    for words in reversed(header.splitlines()):
        shift, wavelength = _CM1.search(words), _NM.search(words)
        if bool(shift) != bool(wavelength):
            return ("1/cm" if shift else "nm"), repr(words.strip())
    return "", ""


def _pairs(header: str) -> tuple[tuple[str, str], ...]:
    """'key: value' and 'key = value' of the header."""
    found = []
    for words in header.splitlines():
        parts = re.split(r"\s*[:=]\s*", words.lstrip("".join(COMMENT) + " \t"), maxsplit=1)
        if len(parts) == 2 and parts[0]:
            found.append((parts[0], parts[1].strip()))
    return tuple(found)
