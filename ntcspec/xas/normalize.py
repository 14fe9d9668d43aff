"""Which mu(E), which E0 and which ranges: everything that is decided before larch normalises.

Symbols: E energy (eV); pre1 < pre2 < 0 < norm1 < norm2 relative to E0 (eV).

Order of steps: detection mode (asked, named by the file, or the first of those that every scan has); E0 (asked, or the
steepest point near the tabulated edge); ranges cut to the data. Less than half of an asked range is an error, as an
edge step from it would not be what was asked; less than all of it is a note.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import XasScans

T = TypeVar("T")


def choose_mode(scans: XasScans, mode: str) -> tuple[str, str]:
    """Detection mode and why. Raises UserError for a scan without it and for scans that prefer different modes."""
    if not scans.scans:
        raise UserError("reduce", "no scans", "name at least one raw file")
    have = [[c.mode for c in s.channels] for s in scans.scans]
    why = "asked for"
    if mode == "auto":
        preferred = {s.preferred for s in scans.scans} - {""}
        if len(preferred) > 1:
            names = " and ".join(sorted(preferred))
            raise UserError(scans.scans[0].source, f"repeat scans name different modes: {names}", "set reduce.mode")
        usable = [m for m in ("transmission", "fluorescence", "tey") if all(m in h for h in have)]
        if preferred:
            mode, why = preferred.pop(), "named by the file"
        elif usable:
            mode, why = usable[0], "first of transmission, fluorescence and electron yield that every scan has"
        else:
            raise UserError(
                scans.scans[0].source, "no mode that every scan has: " + "; ".join(map(str, have)), "set reduce.mode"
            )
    for scan, modes in zip(scans.scans, have, strict=True):
        if mode not in modes:
            known = ", ".join(modes) or "none"
            raise UserError(
                scan.source, f"no {mode} channel (there is: {known})", "set reduce.mode or name the columns"
            )
    return mode, why


def cut_ranges(
    energy_ev: Array,
    *,
    where: str,
    e0_ev: float,
    pre1_ev: float | None,
    pre2_ev: float,
    norm1_ev: float,
    norm2_ev: float | None,
) -> tuple[float, float, list[str]]:
    """pre1 and norm2 (eV, relative to E0) as the data allow, and notes; pre1 None is the start of the data, norm2 None
    the end.

    Raises UserError (`where` names the file) where less than half of an asked range is left.
    """
    first, last = float(energy_ev[0] - e0_ev), float(energy_ev[-1] - e0_ev)
    extent = f"data run from {energy_ev[0]:g} to {energy_ev[-1]:g} eV, e0 is {e0_ev:g} eV"
    if not energy_ev[1] <= e0_ev <= energy_ev[-2]:
        raise UserError(
            where, f"e0 {e0_ev:g} eV is outside the data ({energy_ev[0]:g} to {energy_ev[-1]:g} eV)", "set reduce.e0_ev"
        )
    notes = []
    pre1 = first if pre1_ev is None else max(pre1_ev, first)
    if pre1_ev is None and pre2_ev <= first:
        raise UserError(
            where,
            f"data start {first:.1f} eV from e0, the pre-edge range ends at {pre2_ev:g} eV: {extent}",
            "set reduce.pre2_ev",
        )
    if pre1_ev is not None and pre2_ev - pre1 < 0.5 * (pre2_ev - pre1_ev):
        raise UserError(
            where,
            f"data start {first:.0f} eV from e0, the pre-edge range is {pre1_ev:g} to {pre2_ev:g} eV: {extent}",
            "set reduce.pre1_ev and pre2_ev",
        )
    if pre1_ev is not None and pre1 > pre1_ev:
        notes.append(f"pre-edge range cut to {pre1:.1f} to {pre2_ev:g} eV, where the data start")
    norm2 = last if norm2_ev is None else min(norm2_ev, last)
    if norm2_ev is None and norm2 < norm1_ev + 2.0:
        raise UserError(
            where,
            f"data end {last:.0f} eV from e0, the post-edge range starts at {norm1_ev:g} eV: {extent}",
            "set reduce.norm1_ev",
        )
    if norm2_ev is not None and norm2 - norm1_ev < 0.5 * (norm2_ev - norm1_ev):
        raise UserError(
            where,
            f"data end {last:.0f} eV from e0, the post-edge range is {norm1_ev:g} to {norm2_ev:g} eV: {extent}",
            "set reduce.norm1_ev and norm2_ev, or check for an aborted scan",
        )
    if norm2_ev is not None and norm2 < norm2_ev:
        notes.append(f"post-edge range cut to {norm1_ev:g} to {norm2:.1f} eV, where the data end")
    return pre1, norm2, notes


def explain(where: str, fix: str, call: Callable[[], T]) -> T:
    """Result of `call`; its ValueError becomes a UserError that names the file."""
    try:
        return call()
    except ValueError as problem:
        raise UserError(where, str(problem), fix) from None
