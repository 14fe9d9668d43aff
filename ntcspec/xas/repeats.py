"""Repeat scans of all detection modes of a measurement, merged on one energy axis.

Order of steps:
1. points closer than a quarter of the steps beside them are averaged (regions of a scan overlap at their ends);
2. spikes are dropped from the scan that has them, mode by mode;
3. scans are aligned, on the reference channel or on the spectrum of the primary mode; all modes share the shifts;
4. each mode is merged on the grid of the first scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import XasScans
from ntcspec.xas.merge import Merged, Shifts, merge_arrays, shifts_on, shifts_on_reference
from ntcspec.xas.spikes import close_pairs, find_spikes, join_pairs

REACH_EV = 5.0  # repeat scans do not drift further, and near-edge scans are short
OPTIONS = {"align": ("auto", "reference", "signal", "none"), "spikes": ("drop", "keep")}


@dataclass(frozen=True)
class Repeats:
    """The repeat scans of one mode: ascending energies (eV), mu, and which points were dropped."""

    sources: tuple[str, ...]
    energies: tuple[Array, ...]
    mus: tuple[Array, ...]
    dropped: tuple[npt.NDArray[np.bool_], ...]
    notes: tuple[str, ...]


def modes_of(scans: XasScans, primary: str) -> list[str]:
    """Modes that every scan has, the primary one first, the reference channel left out."""
    shared = [c.mode for c in scans.scans[0].channels if c.mode != "reference" and c.mode != primary]
    return [primary, *(m for m in shared if all(m in [c.mode for c in s.channels] for s in scans.scans))]


def repeats_of(
    scans: XasScans, mode: str, *, spikes: str, glitches_ev: Sequence[tuple[float, float]] = (), pairs: str = "join"
) -> Repeats:
    """The scans of one mode without close pairs (pairs 'join'; else 'keep') and with points marked that do not count.

    These are the spikes, with spikes 'drop', and what lies in the ranges glitches_ev (eV, as measured).
    """
    energies, mus, notes = [], [], []
    for scan in scans.scans:
        energy = np.asarray(scan.energy_ev, dtype=np.float64)
        close = close_pairs(energy) if pairs == "join" else np.empty(0, dtype=np.intp)
        if close.size:
            at = ", ".join(f"{energy[i]:.2f}" for i in close[:4]) + (", .." if close.size > 4 else "")
            notes.append(f"{scan.source}: {close.size} pair(s) of points almost at one energy averaged ({at} eV)")
        energies.append(join_pairs(energy, close) if close.size else energy)
        mus.append(join_pairs(scan.mu(mode), close) if close.size else scan.mu(mode))
    dropped = [_inside(e, glitches_ev) for e in energies]
    for scan, bad in zip(scans.scans, dropped, strict=True):
        if bad.any():
            notes.append(f"{scan.source}: {bad.sum()} points in the ranges of reduce.glitches_ev dropped")
    for spike in find_spikes(energies, mus) if spikes == "drop" else ():
        dropped[spike.scan][spike.index] = True
        notes.append(
            f"{scans.scans[spike.scan].source}: spike in {mode} at {spike.energy_ev:.2f} eV dropped, "
            f"{spike.size:+.3g} off what is expected there, {spike.sigmas:.0f} times the noise"
        )
    sources = tuple(scan.source for scan in scans.scans)
    return Repeats(sources, tuple(energies), tuple(mus), tuple(dropped), tuple(notes))


def _inside(energy_ev: Array, ranges_ev: Sequence[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    """Which points lie in any of the ranges."""
    bad = np.zeros(energy_ev.size, dtype=bool)
    for low, high in ranges_ev:
        bad |= (energy_ev >= low) & (energy_ev <= high)
    return bad


def align(scans: XasScans, primary: Repeats, *, how: str, edge_energy_ev: float) -> Shifts:
    """Shifts of the scans. Raises UserError for scans that cannot be aligned as asked."""
    if how != "signal" or len(scans.scans) == 1:
        how = "none" if len(scans.scans) == 1 else how
        return shifts_on_reference(scans.scans, align=how, edge_energy_ev=edge_energy_ev)
    spectra = [(e[~d], m[~d]) for e, m, d in zip(primary.energies, primary.mus, primary.dropped, strict=True)]
    ev, error = shifts_on(spectra, primary.sources, edge_energy_ev=edge_energy_ev, what="spectrum", reach_ev=REACH_EV)
    return Shifts(ev, error, "signal", "")


def merge_repeats(repeats: Repeats, shifts: Shifts, *, weights: str, edge_energy_ev: float) -> Merged:
    """Merge the scans of one mode; its notes begin with those of the repeats."""
    merged = merge_arrays(
        repeats.energies, repeats.mus, replace(shifts, note=""), where=repeats.sources[-1], weights=weights,
        edge_energy_ev=edge_energy_ev, dropped=repeats.dropped,
    )  # fmt: skip
    return replace(merged, notes=(*repeats.notes, *merged.notes))


def check_options(options: Sequence[tuple[str, str]]) -> None:
    """Raises UserError for a value that an option does not have."""
    for key, value in options:
        if value not in OPTIONS[key]:
            raise UserError(f"reduce.{key}", f"{value!r} is unknown", "one of: " + ", ".join(OPTIONS[key]))
