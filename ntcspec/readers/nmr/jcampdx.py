"""NMR spectra in JCAMP-DX, versions 5 and 6: XYDATA of one block, or NTUPLES with pages of real and imaginary part.

    XYDATA    x from FIRSTX to LASTX in XUNITS, y times YFACTOR
    NTUPLES   SYMBOL X, R, I with UNITS, FIRST, LAST, FACTOR of each; a page DATA TABLE=(X++(R..R)) and (X++(I..I))
    x         HZ or PPM. A shift needs a zero: .SHIFT REFERENCE (its last two values: number and shift of a point), else
              $OFFSET (shift of the first point); and the frequency of shift 0, $SF, else .OBSERVE FREQUENCY

Such a file holds a spectrum that another program has transformed and phased: it is taken as a spectrum. With OBSERVE
FREQUENCY in place of $SF distances between lines are wrong by their ratio (some 1e-4), which a note says. A file of a
decay (NMR FID) is refused: the delay of its digital filter and the quadrature of its points are not in it.

Source: A. N. Davies, P. Lampen, Appl. Spectrosc. 47, 1093 (1993).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.jcamp import EXPORT, Record, ordinates, plain, records
from ntcspec.readers.nmr.nuclei import nucleus_of
from ntcspec.readers.nmr.parts import NAN, number, whole
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrSpectrum

NAME = "jcampdx"
FEWEST = 16


@dataclass(frozen=True)
class Table:
    """One table of numbers, from its first point to its last."""

    first_x: float
    last_x: float
    unit: str
    real: Array
    imaginary: Array
    notes: tuple[Note, ...]


def recognise(file: TextFile) -> str:
    """The record DATA TYPE of a JCAMP-DX file, where it speaks of NMR; '' otherwise."""
    listed = records(file)
    if not listed or plain(listed[0][0]) not in ("TITLE", "JCAMPDX"):
        return ""
    for label, value, _, _ in listed:
        if plain(label) == "DATATYPE" and "NMR" in value.upper():
            return f"##DATA TYPE= {shorten(value, 40)}"
    return ""


def read(file: TextFile, evidence: str) -> NmrSpectrum:
    """Read the one spectrum of a file.

    Raises
    ------
    UserError
        A decay, no table or several, a number of points other than stated, an axis in another unit, a failing check.
    """
    listed = records(file)
    labels = {plain(label): value for label, value, _, _ in reversed(listed)}
    if "FID" in labels.get("DATATYPE", "").upper():
        fix = "give the raw directory (fid and acqus, or fid and procpar), or the processed spectrum"
        raise UserError(file.source, "it holds a decay, not a spectrum", fix)
    table = _ntuples(file, listed, labels) if "NTUPLES" in labels else _xydata(file, listed, labels)
    if table.real.size < FEWEST:
        raise UserError(file.source, f"{table.real.size} points: a spectrum needs at least {FEWEST}", EXPORT)
    if not (np.isfinite(table.real).all() and (np.isfinite(table.imaginary) | np.isnan(table.imaginary)).all()):
        raise UserError(file.source, "a number of the table is too large to be one", EXPORT)
    offset, zero, told, said = _axis(file, labels, table)
    if not (np.isfinite(offset).all() and offset[0] != offset[-1]):
        what = f"the axis runs from {table.first_x:g} to {table.last_x:g} {table.unit}"
        raise UserError(file.source, what, "without its two ends there is no axis: " + EXPORT)
    order = slice(None) if offset[-1] > offset[0] else slice(None, None, -1)
    header_ends = next((first for label, _, first, _ in listed if plain(label) in ("XYDATA", "DATATABLE")), 1)
    rate = number(labels, "MASR")
    return NmrSpectrum(
        source=file.source,
        format=NAME,
        format_evidence=evidence,
        files=(file.source,),
        offset_hz=offset[order].copy(),
        real=table.real[order].copy(),
        imaginary=table.imaginary[order].copy(),
        zero_mhz=zero,
        zero_evidence=told,
        observe_mhz=number(labels, "OBSERVEFREQUENCY"),
        nucleus=nucleus_of(labels.get("OBSERVENUCLEUS", "")),
        spinning_hz=rate if rate > 0 else NAN,
        broadening_hz=number(labels, "LB") if whole(number(labels, "WDW")) == 1 else NAN,
        scans=number(labels, "AVERAGES"),
        pulse_program=labels.get("PULSESEQUENCE", "").strip(),
        keys=tuple(label.strip() for label, _, _, _ in listed),
        values=tuple(shorten(value) for _, value, _, _ in listed),
        notes=(*file.notes, *table.notes, *said, "phased and transformed by the program that wrote it"),
        header="\n".join(file.lines[: header_ends - 1]),
    )


def _xydata(file: TextFile, listed: list[Record], labels: dict[str, str]) -> Table:
    tables = [one for one in listed if plain(one[0]) == "XYDATA"]
    if len(tables) != 1:
        raise UserError(file.source, f"{len(tables)} tables XYDATA", "give a file with one spectrum: " + EXPORT)
    y, checked = ordinates(file, *tables[0][2:])
    _count(file, len(y), number(labels, "NPOINTS"), "NPOINTS")
    factor = number(labels, "YFACTOR")
    with np.errstate(over="ignore"):  # told by the caller
        real = np.array(y) * (factor if math.isfinite(factor) and factor else 1.0)
    unit = labels.get("XUNITS", "").strip().upper()
    first, last = number(labels, "FIRSTX"), number(labels, "LASTX")
    if not (math.isfinite(first) and math.isfinite(last)):
        raise UserError(file.source, "FIRSTX or LASTX is missing", EXPORT)
    said = ("the file holds no imaginary part: it cannot be phased again",)
    return Table(first, last, unit, real, np.full(real.size, NAN), (*_checks(checked), *said))


def _ntuples(file: TextFile, listed: list[Record], labels: dict[str, str]) -> Table:
    """Pages of a table of several variables, named by SYMBOL."""
    symbols = [one.upper() for one in _cells(labels, "SYMBOL")]
    pages: dict[str, tuple[list[float], int]] = {}
    for label, value, first, last in listed:
        form = value.replace(" ", "").upper()
        name = next((s for s in symbols if f"({s}..{s})" in form), "")
        if plain(label) != "DATATABLE" or not name:
            continue
        if name in pages:
            raise UserError(file.at(first - 1), "a second page of the same part: several spectra", EXPORT)
        pages[name] = ordinates(file, first, last)
    if "X" not in symbols or "R" not in pages:
        what = f"no pages of X and R (SYMBOL={labels.get('SYMBOL', '')})"
        raise UserError(file.source, what, "it holds two dimensions, or no spectrum: " + EXPORT)
    column = {name: _column(file, labels, symbols.index(name)) for name in pages}
    parts: dict[str, Array] = {}
    for name, (y, _) in pages.items():
        _count(file, len(y), column[name]["VARDIM"], f"VAR_DIM of {name}")
        parts[name] = np.array(y) * (column[name]["FACTOR"] or 1.0)
    x = _column(file, labels, symbols.index("X"))
    unit = _cells(labels, "UNITS")[symbols.index("X")].upper()
    imaginary = -parts["I"] if "I" in parts else np.full(parts["R"].size, NAN)
    if imaginary.size != parts["R"].size:
        raise UserError(file.source, "real and imaginary part differ in length", EXPORT)
    said = () if "I" in parts else ("the file holds no imaginary part: it cannot be phased again",)
    notes = (*_checks(sum(one for _, one in pages.values())), *said)
    return Table(x["FIRST"], x["LAST"], unit, parts["R"], imaginary, notes)


def _checks(passed: int) -> tuple[Note, ...]:
    return (f"differences: {passed} checks between lines passed",) if passed else ()


def _cells(labels: dict[str, str], label: str) -> list[str]:
    return [one.strip() for one in labels.get(label, "").split(",")]


def _column(file: TextFile, labels: dict[str, str], index: int) -> dict[str, float]:
    found = {}
    for label in ("VARDIM", "FACTOR", "FIRST", "LAST"):
        cells = _cells(labels, label)
        try:
            found[label] = float(cells[index])
        except (IndexError, ValueError):
            raise UserError(file.source, f"{label} has no number for variable {index + 1}", EXPORT) from None
    return found


def _count(file: TextFile, points: int, stated: float, label: str) -> None:
    if math.isfinite(stated) and int(stated) != points:
        raise UserError(file.source, f"{points} points, {label} says {int(stated)}", "is it complete? " + EXPORT)


def _axis(file: TextFile, labels: dict[str, str], table: Table) -> tuple[Array, float, str, tuple[Note, ...]]:
    """Frequency relative to shift 0 in the file's order, the frequency of shift 0, what told it, notes."""
    x = np.linspace(table.first_x, table.last_x, table.real.size)
    zero, observe = number(labels, "SF"), number(labels, "OBSERVEFREQUENCY")
    said: tuple[Note, ...] = ()
    if math.isnan(zero) and math.isfinite(observe):
        zero = observe
        said = ("no $SF: OBSERVE FREQUENCY is taken for that of shift 0, distances may be wrong by some 1e-4",)
    if not zero > 0:
        raise UserError(file.source, "neither $SF nor .OBSERVE FREQUENCY is a frequency", EXPORT)
    if table.unit == "PPM":
        return x * zero, zero, "##UNITS of the axis are PPM", said
    if table.unit not in ("HZ", "HERTZ"):
        raise UserError(file.source, f"an axis in {table.unit or 'no unit'!r}", "HZ and PPM are known. " + EXPORT)
    point, shift, told = 1.0, number(labels, "OFFSET"), "$OFFSET"
    reference = _cells(labels, "SHIFTREFERENCE")
    if len(reference) >= 4:
        cells = {"point": reference[-2], "shift": reference[-1]}
        if math.isfinite(number(cells, "point")) and math.isfinite(number(cells, "shift")):
            point, shift, told = number(cells, "point"), number(cells, "shift"), ".SHIFT REFERENCE"
    if math.isnan(shift):
        return x - x[0], NAN, "the axis is in Hz, without .SHIFT REFERENCE and $OFFSET", said
    if not 1 <= point <= x.size:
        raise UserError(file.source, f".SHIFT REFERENCE names point {point:g} of {x.size}", EXPORT)
    evidence = f"{told}: point {point:g} is {shift:g} ppm; shift 0 at {zero:.9g} MHz"
    return x - x[int(point) - 1] + shift * zero, zero, evidence, said
