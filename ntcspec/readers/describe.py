"""How a raw file was read, and why, in lines for the terminal."""

from __future__ import annotations

import numpy as np

from ntcspec.types import Array
from ntcspec.types.xas import Channel, Column, XasScan


def describe(scan: XasScan) -> list[str]:
    """Format, columns with their roles, formulas with their evidence, energy range, notes: what `show` prints."""
    finite = scan.energy_ev[np.isfinite(scan.energy_ev)]
    span = f"{finite.min():.3f} to {finite.max():.3f} eV" if finite.size else "no finite energy"
    first, last = (scan.row_line[0], scan.row_line[-1]) if scan.row_line.size else (0, 0)
    edge = " ".join(word for word in (scan.element, scan.edge) if word) or "not stated in the file"
    lines = [
        f"file      {scan.source}",
        f"format    {scan.format}: {scan.format_evidence}",
        f"element   {edge}",
        f"energy    {span}: {scan.energy_evidence}",
        f"rows      {scan.energy_ev.size} (lines {first} to {last})",
        "columns",
    ]
    width = max((len(column.name) for column in scan.columns), default=0)
    axis = _axis(scan)
    for number, column in enumerate(scan.columns, 1):
        unit = f"[{column.unit}]" if column.unit else ""
        energy = ["energy"] if column is axis else []
        roles = ", ".join([*energy, *_roles(scan.channels, column.name)])
        lines.append(f"  {number:2d} {column.name:{width}}  {unit:10} {roles}".rstrip())
    lines.append("modes")
    for channel in scan.channels:
        mark = " (the file's choice)" if channel.mode == scan.preferred else ""
        lines.append(f"  {channel.mode}{mark}: {channel.formula}")
        lines.append(f"      {channel.evidence}")
    if scan.notes:
        lines.append("notes")
        lines += [f"  - {note}" for note in scan.notes]
    return lines


def describe_one_of(name: str, scan: XasScan) -> list[str]:
    """A scan among several: name, range, formulas, why, and notes, in a few lines."""
    finite = scan.energy_ev[np.isfinite(scan.energy_ev)]
    span = f"{finite.min():.3f} to {finite.max():.3f} eV" if finite.size else "no finite energy"
    lines = [f"  {name!r}", f"      {scan.energy_ev.size} rows, {span}: {scan.energy_evidence}"]
    lines += [f"      {channel.mode}: {channel.formula} ({channel.evidence})" for channel in scan.channels]
    return lines + [f"      - {note}" for note in scan.notes]


def _axis(scan: XasScan) -> Column | None:
    """The column that the energy was made from, as eV, keV or Bragg angle; of several, the one in the evidence."""
    with np.errstate(all="ignore"):
        made = [column for column in scan.columns if _makes(column.values, scan.energy_ev)]
    return next((column for column in made if column.name in scan.energy_evidence), made[0] if made else None)


def _makes(values: Array, energy_ev: Array) -> bool:
    sines = energy_ev * np.sin(np.deg2rad(values))  # h c / 2 d in every row, if this is the angle
    good = np.isfinite(sines)
    angle = values.size > 1 and bool(np.any(values != values[0])) and bool(np.all(good))
    return (
        np.array_equal(values, energy_ev, equal_nan=True)
        or np.array_equal(values * 1000.0, energy_ev, equal_nan=True)
        or (angle and np.ptp(sines) <= 1e-9 * abs(sines[0]))
    )


def _roles(channels: tuple[Channel, ...], name: str) -> list[str]:
    """'above in transmission' where a column is divided, 'below' where it divides."""
    found = []
    for channel in channels:
        if name in channel.numerator:
            found.append(f"{channel.mode}: {'mu' if channel.kind == 'direct' else 'numerator'}")
        if name == channel.denominator:
            found.append(f"{channel.mode}: denominator")
    return found
