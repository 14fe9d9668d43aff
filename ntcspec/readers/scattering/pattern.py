"""Patterns that were integrated elsewhere: text with an axis, an intensity and perhaps its uncertainty.

    unit of the axis   Q (1/A)
    1/A                as it is
    1/nm               / 10
    2theta_deg, _rad   4 pi / lambda sin(theta)      needs the wavelength

The unit is what the study says, else what the header says (`pattern_header`); without either the file is refused.
Nothing is resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.scattering.pattern_header import UNITS, PatternHeader, read_header
from ntcspec.readers.table import Rows, Table, parse_table, rows_below
from ntcspec.readers.text import TextFile, load_text
from ntcspec.types import Array, Note
from ntcspec.types.scattering import ScatteringPattern

FEWEST = 16
Q_LAST_INV_ANG = (4.0, 100.0)  # where total scattering ends
WAVELENGTH_ANG = (0.01, 10.0)
SAME = 1e-3


@dataclass(frozen=True)
class PatternSpec:
    """What the study says of patterns; it wins over the header. None leaves it to the file."""

    axis_unit: str | None = None
    wavelength_ang: float | None = None


def read_pattern(path: Path, source: str, role: str = "sample", spec: PatternSpec | None = None) -> ScatteringPattern:
    """Read one pattern.

    path: where to open the file; source: its name in the study; role: what it is of.

    Raises
    ------
    UserError
        No numbers, a broken row, a unit or a wavelength that nothing says or that cannot be, points that repeat.
    """
    spec = spec or PatternSpec()
    file = load_text(path, source)
    head = read_header(file)
    table = parse_table(file, _rows(file, head), ("axis", "intensity", "uncertainty"))
    values = _checked(file, table)
    unit, told, notes = _unit(file, head, spec)
    wave, wave_told, more = _wavelength(file, head, spec)
    axis, y, sigma, turned = _ascending(file, table, values)
    q = to_q(axis, unit, wave, source)
    _check_range(file, q, unit, head)
    sigma, said = _known(sigma, source)
    return ScatteringPattern(
        role=role,
        source=source,
        format=head.format,
        format_evidence=head.evidence,
        axis_unit=unit,
        axis_evidence=told,
        wavelength_ang=wave,
        wavelength_evidence=wave_told,
        q_inv_ang=q,
        intensity=y,
        sigma=sigma,
        notes=(*file.notes, *table.notes, *notes, *more, *turned, *said),
        header="\n".join(file.lines[: max(int(table.row_line[0]) - 1, 0)]),
    )


def to_q(axis: Array, unit: str, wavelength_ang: float, source: str) -> Array:
    """Q (1/A) of an axis. Raises UserError where the wavelength is missing or an angle cannot be."""
    if unit == "1/A":
        return axis
    if unit == "1/nm":
        return axis / 10.0
    two_theta = np.radians(axis) if unit == "2theta_deg" else axis
    if np.isnan(wavelength_ang):
        raise UserError(source, "the axis is an angle, and nothing says the wavelength", "give ingest.wavelength_ang")
    if two_theta[0] < 0.0 or two_theta[-1] > np.pi:
        low, high = np.degrees(two_theta[[0, -1]])
        what = f"2theta runs from {low:.4g} to {high:.4g} degrees: that is no scattering angle"
        raise UserError(source, what, "is it a pattern, and is ingest.axis_unit right?")
    return 4.0 * np.pi / wavelength_ang * np.sin(0.5 * two_theta)


def describe_pattern(path: Path, source: str) -> list[str]:
    """How a pattern would be read, and why: what `show` prints."""
    one = read_pattern(path, source)
    q = one.q_inv_ang
    wave = f"{one.wavelength_ang:g} A: {one.wavelength_evidence}" if one.wavelength_evidence else "not said"
    lines = [
        f"file        {source}",
        f"format      {one.format}: {one.format_evidence}",
        f"axis        {one.axis_unit}: {one.axis_evidence}",
        f"Q           {q[0]:g} to {q[-1]:g} 1/A, {q.size} points",
        f"wavelength  {wave}",
        f"uncertainty {'in the file' if one.sigma.size else 'not in the file'}",
    ]
    return lines + [f"note        {note}" for note in one.notes]


def _rows(file: TextFile, head: PatternHeader) -> Rows:
    return rows_below(file, head.first - 1)


def _checked(file: TextFile, table: Table) -> Array:
    values = table.values
    if values.shape[1] not in (2, 3):
        what = f"{values.shape[1]} columns: an axis, an intensity and perhaps its uncertainty are expected"
        raise UserError(file.at(int(table.row_line[0])), what, "leave only these columns in the file")
    if values.shape[0] < FEWEST:
        raise UserError(file.source, f"{values.shape[0]} rows of numbers are no pattern", "is the file complete?")
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        raise UserError(
            file.at(int(table.row_line[bad[0][0]])), "a value is NaN or infinite", "mend or delete this row"
        )
    return values


def _unit(file: TextFile, head: PatternHeader, spec: PatternSpec) -> tuple[str, str, tuple[Note, ...]]:
    if spec.axis_unit:
        notes: tuple[Note, ...] = ()
        if head.unit and head.unit != spec.axis_unit:
            notes = (f"the study says the axis is {spec.axis_unit}, the header {head.unit} ({head.unit_evidence})",)
        return spec.axis_unit, "ingest.axis_unit of the study", notes
    if not head.unit:
        what = "nothing in the file says the unit of its axis"
        raise UserError(file.source, what, f"give ingest.axis_unit: one of {', '.join(UNITS)}")
    return head.unit, head.unit_evidence, ()


def _wavelength(file: TextFile, head: PatternHeader, spec: PatternSpec) -> tuple[float, str, tuple[Note, ...]]:
    said = head.wavelength_ang
    if spec.wavelength_ang is not None:
        notes: tuple[Note, ...] = ()
        if abs(said - spec.wavelength_ang) > SAME * spec.wavelength_ang:
            words = f"the study says {spec.wavelength_ang:g} A, the header {said:g} A ({head.wavelength_evidence})"
            notes = (f"wavelength: {words}: the study's counts",)
        return spec.wavelength_ang, "ingest.wavelength_ang of the study", notes
    low, high = WAVELENGTH_ANG
    if not np.isnan(said) and not low <= said <= high:
        what = f"a wavelength of {said:g} A cannot be ({head.wavelength_evidence})"
        raise UserError(file.source, what, "give ingest.wavelength_ang")
    return said, head.wavelength_evidence, ()


def _ascending(file: TextFile, table: Table, values: Array) -> tuple[Array, Array, Array, tuple[Note, ...]]:
    """Axis, intensity and uncertainty (empty without), ascending."""
    notes: tuple[Note, ...] = ()
    lines = table.row_line
    if values[0, 0] > values[-1, 0]:
        values, lines, notes = values[::-1], lines[::-1], ("the axis ran downwards: it was turned round",)
    wrong = np.flatnonzero(np.diff(values[:, 0]) <= 0.0)
    if wrong.size:
        what = (
            f"the axis goes from {values[wrong[0], 0]:g} to {values[wrong[0] + 1, 0]:g}: it must rise from row to row"
        )
        raise UserError(file.at(int(lines[wrong[0] + 1])), what, "sort the rows, and leave each point once")
    sigma = values[:, 2].copy() if values.shape[1] == 3 else np.zeros(0)
    return values[:, 0].copy(), values[:, 1].copy(), sigma, notes


def _check_range(file: TextFile, q: Array, unit: str, head: PatternHeader) -> None:
    low, high = Q_LAST_INV_ANG
    key = "ingest.axis_unit"
    if q[0] < 0.0:
        raise UserError(file.source, f"Q starts at {q[0]:g} 1/A: it cannot be negative", f"is {key} right?")
    if low <= q[-1] <= high:
        return
    how = f"read as {unit}" + (f" ({head.unit_evidence})" if head.unit_evidence else "")
    fix = f"is {key} 1/nm?" if q[-1] > high and unit == "1/A" else f"check {key} and the wavelength"
    if q[-1] < low and unit == "1/nm":
        fix = f"is {key} 1/A?"
    raise UserError(
        file.source, f"{how} the pattern ends at Q = {q[-1]:.4g} 1/A, not between {low:g} and {high:g}", fix
    )


def _known(sigma: Array, source: str) -> tuple[Array, tuple[Note, ...]]:
    """Uncertainties; none where the column holds nothing but zeros."""
    if sigma.size and (sigma < 0.0).any():
        raise UserError(source, "the third column, the uncertainty, is negative in places", "is it another quantity?")
    if sigma.size and not (sigma > 0.0).any():
        return np.zeros(0), ("the uncertainties in the file are all 0: they are taken as unknown",)
    return sigma, ()
