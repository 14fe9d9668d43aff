"""Stage `transform` of the technique xanes: derivatives of norm, and differences to standards.

Symbols: E energy (eV) of the sample's grid, y norm of the sample, z norm of a standard, B cubic spline from the grid
of the standard to that of the sample, sigma_y and sigma_z standard uncertainties of a point.

Order of steps:
1. noise: norm_error; for one scan the scatter of the points (`derivative.point_error`);
2. smoothed norm and its derivatives with the uncertainties that the noise gives them (`derivative.py`);
3. each standard: d = y - B z where both have data; B is the identity where the grids are the same. A spline is linear,
   so var d = sigma_y^2 + (B o B) sigma_z^2 holds exactly for independent points;
4. envelope of d: over every choice of normalisation that both have by name, the choice made alike for both, so that
   what a choice does to both alike cancels.

The same detection mode is compared where the standard has it. The energy axes are taken as they come from `reduce`: an
error of their relative calibration makes a difference shaped like the first derivative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec.types import Array
from ntcspec.types.xanes import Difference, Normalised, XanesReduced, XanesTransformed
from ntcspec.xas.xanes.derivative import Smoother, point_error

SAME_GRID_EV = 1e-6
MIN_OVERLAP = 5  # points
BLOCK, NEIGHBOURS = 256, 40  # points
ITSELF = "it is the sample itself"


def transform_xanes(
    reduced: XanesReduced,
    *,
    smooth_ev: float,
    standards: Sequence[str],
    references: Mapping[str, XanesReduced | str] | None = None,
) -> XanesTransformed:
    """Derivatives of the primary mode and differences to `standards`.

    references: the reduced measurement of each standard, or the reason why there is none; the sample itself is in
    neither. A standard that is missing, does not overlap or is the sample itself is left out with a note.
    Raises ValueError as `derivative.Smoother` does.
    """
    sample = reduced.primary
    sigma, note = point_error(sample.energy_ev, sample.norm, sample.norm_error, e0_ev=sample.e0_ev)
    notes = [note]
    curves, errors = Smoother(sample.energy_ev, smooth_ev=smooth_ev).everywhere(sample.norm, sigma)
    differences = []
    for name in standards:
        standard = (references or {}).get(name, ITSELF)
        if isinstance(standard, str):
            notes.append(f"difference to {name} left out: {standard}")
            continue
        found, more = _difference(sample, sigma, name, standard)
        notes += more
        if found is not None:
            differences.append(found)
    return XanesTransformed(
        mode=sample.mode,
        energy_ev=sample.energy_ev,
        smooth_ev=smooth_ev,
        smooth=curves[0],
        derivative=curves[1],
        derivative_error=errors[0],
        second=curves[2],
        second_error=errors[1],
        noise=float(np.median(sigma)) if sigma.size else float("nan"),
        differences=tuple(differences),
        notes=tuple(notes),
    )


def interpolated(from_ev: Array, curves: Array, to_ev: Array) -> Array:
    """B z of curves (..., from): the cubic spline through points at from_ev, read at to_ev."""
    if _same(from_ev, to_ev):
        return curves
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(from_ev, curves, axis=-1)(to_ev))


def carried(from_ev: Array, variance: Array, to_ev: Array) -> Array:
    """(B o B) v of independent variances (from,): in blocks, for a point hangs on its neighbours alone.

    A spline answers to a point n steps away with some 0.27^n, so that 40 points on either side are all there are.
    """
    if _same(from_ev, to_ev):
        return variance
    found = np.empty(to_ev.size)
    for start in range(0, to_ev.size, BLOCK):
        at = to_ev[start : start + BLOCK]
        low = max(int(np.searchsorted(from_ev, at[0])) - NEIGHBOURS, 0)
        near = slice(low, int(np.searchsorted(from_ev, at[-1])) + NEIGHBOURS)
        matrix = interpolated(from_ev[near], np.eye(from_ev[near].size), at).T
        found[start : start + BLOCK] = matrix**2 @ variance[near]
    return found


def _same(one_ev: Array, other_ev: Array) -> bool:
    return one_ev.shape == other_ev.shape and bool(np.abs(one_ev - other_ev).max() <= SAME_GRID_EV)


def _difference(
    sample: Normalised, sigma: Array, name: str, standard: XanesReduced
) -> tuple[Difference | None, list[str]]:
    """Sample minus standard, and notes; None where it cannot be made."""
    other, notes = standard.primary, []
    same = [s for s in standard.spectra if s.mode == sample.mode]
    if same:
        other = same[0]
    else:
        notes.append(f"difference to {name}: no {sample.mode} of it, {other.mode} taken")
    low, high = other.energy_ev[[0, -1]]
    keep = (sample.energy_ev >= low - SAME_GRID_EV) & (sample.energy_ev <= high + SAME_GRID_EV)
    energy = sample.energy_ev[keep]
    if energy.size < MIN_OVERLAP:
        return None, [f"difference to {name} left out: {energy.size} points of the sample lie in its range of energy"]
    difference = sample.norm[keep] - interpolated(other.energy_ev, other.norm, energy)
    other_sigma, note = point_error(other.energy_ev, other.norm, other.norm_error, e0_ev=other.e0_ev)
    if not other.norm_error.size:
        notes.append(f"{name}: {note}")
    error = np.empty(0)
    if sigma.size and other_sigma.size:
        error = np.sqrt(sigma[keep] ** 2 + carried(other.energy_ev, other_sigma**2, energy))
    mine, theirs = ({n: i for i, n in enumerate(s.choice_names)} for s in (sample, other))
    alike = [n for n in mine if n in theirs]
    if len(alike) < max(len(mine), len(theirs)):
        most = max(len(mine), len(theirs))
        notes.append(f"difference to {name}: envelope over the {len(alike)} of {most} choices that both have")
    a = sample.choice_norm[np.ix_([mine[n] for n in alike], keep)]
    chosen = a - interpolated(other.energy_ev, other.choice_norm[[theirs[n] for n in alike]], energy)
    every = np.concatenate([difference[None], chosen])
    low_high = every.min(axis=0), every.max(axis=0)
    return Difference(name, energy, difference, error, tuple(alike), chosen, *low_high), notes
