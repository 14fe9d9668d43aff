"""Energy calibration: the shift that puts a point of known energy where it belongs.

shift = true energy - energy found; its variance is that of the point found (from noise) plus that of the true energy.
The point is looked for on the axis as measured, in the spectrum of the sample or of the reference channel, of this
measurement or of a standard's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import XasScans
from ntcspec.xas import points
from ntcspec.xas.edge_step import Normaliser, Ranges, through
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import choose_mode, cut_ranges
from ntcspec.xas.repeats import Repeats, align, merge_repeats, repeats_of

WORDS = {"derivative": "steepest point", "maximum": "maximum", "half_step": "half of the edge step"}


@dataclass(frozen=True)
class Calibration:
    """Shift (eV) that is added to all energies, its standard uncertainty, and how it was found."""

    shift_ev: float
    error_ev: float
    words: str
    notes: tuple[str, ...]


def calibrate(
    energy_ev: Array,
    mu: Array,
    mu_error: Array,
    settings: Mapping[str, Any],
    *,
    where: str,
    edge_ranges: Mapping[str, Any],
) -> Calibration:
    """Find the point of `settings` (section `calibrate` of the config) in a merged spectrum, arrays of shape (n,).

    mu_error is empty where the noise is unknown. edge_ranges: pre1_ev .. norm2_ev, norm_degree and victoreen, used for
    half of the step. Raises UserError, which names `where`, if the point is not in the range.
    """
    low, high = settings["range_ev"]
    kind = settings["point"]
    notes: list[str] = []
    try:
        if kind == "maximum":
            found = points.maximum(energy_ev, mu, low_ev=low, high_ev=high)
        else:
            found, other = points.steepest(energy_ev, mu, low_ev=low, high_ev=high)
            if other and kind == "derivative":
                at = ", ".join(f"{e:.2f}" for e in other)
                notes.append(
                    f"calibration: mu rises almost as steeply at {at} eV, narrow calibrate.range_ev if that is meant"
                )
        if kind == "half_step":
            found = _half_step(energy_ev, mu, found.energy_ev, low, high, where, edge_ranges)
    except ValueError as problem:
        fix = "set reduce.calibrate.range_ev and point to what the spectrum shows"
        raise UserError(where, f"calibration: {problem}", fix) from None
    shift = float(settings["energy_ev"] - found.energy_ev)
    statistical = found.error_ev(mu_error)
    error = float(np.hypot(statistical, settings["error_ev"]))
    if not np.isfinite(statistical):
        notes.append("calibration: its uncertainty is unknown, as the noise of the spectrum is")
    words = (
        f"{WORDS[kind]} of {where} at {found.energy_ev:.3f} +- {statistical:.3f} eV put at "
        f"{settings['energy_ev']:.3f} +- {settings['error_ev']:g} eV: shift {shift:+.3f} eV"
    )
    return Calibration(shift, error, words, tuple(notes))


def _half_step(
    energy_ev: Array, mu: Array, e0_ev: float, low: float, high: float, where: str, edge_ranges: Mapping[str, Any]
) -> points.Point:  # fmt: skip
    """Half of the step, of the norm with the ranges of the config relative to the steepest point."""
    ranges = {k: edge_ranges[k] for k in ("pre2_ev", "norm1_ev")}
    pre1, norm2, _ = cut_ranges(
        energy_ev, where=where, e0_ev=e0_ev, pre1_ev=edge_ranges["pre1_ev"], norm2_ev=edge_ranges["norm2_ev"], **ranges
    )
    used = Ranges(e0_ev, pre1, ranges["pre2_ev"], ranges["norm1_ev"], norm2, edge_ranges["norm_degree"],
                  edge_ranges["victoreen"])  # fmt: skip
    edge = Normaliser(energy_ev).normalise(mu, used, response=True)
    found = points.half_step(energy_ev, edge.norm, low_ev=low, high_ev=high)
    return points.Point(found.energy_ev, through(edge, found.response))


@dataclass(frozen=True)
class Merging:
    """How repeat scans are merged; names as in the config."""

    mode: str
    align: str
    weights: str
    spikes: str
    edge_energy_ev: float
    glitches_ev: tuple[tuple[float, float], ...] = ()
    pairs: str = "join"

    def repeats(self, scans: XasScans, mode: str) -> Repeats:
        """The scans of one mode, without what does not count."""
        return repeats_of(scans, mode, spikes=self.spikes, glitches_ev=self.glitches_ev, pairs=self.pairs)


def calibrate_scans(
    scans: XasScans,
    merged: Merged,
    how: Merging,
    settings: Mapping[str, Any],
    ranges: Mapping[str, Any],
    references: Mapping[str, XasScans | str],
) -> Calibration:
    """The calibration of the config, on the spectrum that it names."""
    standard = str(settings.get("standard") or "")
    reference = settings.get("channel") == "reference"
    where = scans.scans[0].source
    if standard in references:
        scans_of = references[standard]
        if isinstance(scans_of, str):
            fix = "measure it, or leave calibrate.standard out"
            raise UserError("reduce.calibrate.standard", f"{standard}: {scans_of}", fix)
        scans, where = scans_of, f"{standard} ({scans_of.scans[0].source})"
        if not reference:
            primary, _ = choose_mode(scans, how.mode)
            merged = _merge_one(scans, primary, how)
    if reference:
        for scan in scans.scans:
            if not any(c.mode == "reference" for c in scan.channels):
                fix = "set reduce.calibrate.channel: sample"
                raise UserError(scan.source, "no reference channel to calibrate on", fix)
        merged = _merge_one(scans, "reference", how)
    return calibrate(merged.energy_ev, merged.mu, _errors(merged), settings, where=where, edge_ranges=ranges)


def _merge_one(scans: XasScans, mode: str, how: Merging) -> Merged:
    """One mode merged; the shifts are those of the whole measurement."""
    primary = mode if mode != "reference" else choose_mode(scans, how.mode)[0]
    aligned = how.repeats(scans, primary)
    shifts = align(scans, aligned, how=how.align, edge_energy_ev=how.edge_energy_ev)
    wanted = aligned if mode == primary else how.repeats(scans, mode)
    return merge_repeats(wanted, shifts, weights=how.weights, edge_energy_ev=how.edge_energy_ev)


def _errors(merged: Merged) -> Array:
    """Uncertainty of mu: that of the merge, or the noise of a single scan; empty where neither is known."""
    noise = merged.chosen["noise_of_scans"][0]
    if merged.mu_error.size or not np.isfinite(noise):
        return merged.mu_error
    return np.full(merged.mu.size, noise)
