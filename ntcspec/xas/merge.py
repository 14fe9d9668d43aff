"""Merge repeat scans: align, one grid, weighted mean, and what the scatter says about its error.

Symbols: mu_i(E) scan i, m_i(E) its reference foil (or mu_i itself, where asked), dE_i the shift that is added to the
energies of scan i, s_i rms noise of scan i, w_i weights with sum 1, rho_i deviation of scan i from the mean without
its smooth part.

Order of steps:
1. shifts: dm_0/dE = a dm_i/dE(E - dE_i) + b by least squares on (dE, a, b) in a window round the edge. The derivative
   and the free a, b make the result blind to gain, offset and slope. The estimate is linear in the noise of both
   foils, so its standard uncertainty follows exactly from their white noise (a naive covariance of the derivative fit
   would be wrong: noise of a derivative is correlated). Both foils are smoothed over 1 eV first;
2. grid: that of scan 0; scans on another grid are interpolated by a cubic spline. A straight line would lower the
   white line (error h^2 mu''/8, 0.3 % at h = 0.5 eV for a 5 eV wide line) and halve the noise variance midway between
   points; a scan that is on the grid already is not touched. Points that a scan does not cover are cut. Where points of
   a scan were dropped, the other scans stand in, moved to the level of that scan on either side;
3. noise of each scan: clipped rms distance of a point from the cubic through its four neighbours, above the edge, so
   that it is known for two scans as for ten;
4. weights 1/s_i^2 or equal; equal weights give the plain mean;
5. uncertainty: from each deviation mu_i - mean, its instrumental part c0 + c1 E + c2 mean (offset, slope, gain) is
   removed by least squares, for these are absorbed later by the pre-edge line and the edge step. Then
       var(E) = N / (N - 3) * sum_i w_i rho_i^2 / (n - 1),
   averaged over 31 points since n is 2 or 3. This is unbiased for w_i proportional to 1/s_i^2, and for equal weights
   whatever the s_i are.

One scan: no uncertainty can be known, mu_error is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

SAME_GRID_EV = 1e-6
MAX_SHIFT_EV = 10.0
ALIGN_WINDOW_EV = 30.0  # half width of the window round the edge of the foil
EDGE_SIGNIFICANCE = 10.0  # edge step of a foil over its uncertainty
MOST_NEAR = 1000  # steps of 0.1 eV
SMOOTH_EV = 1.0  # without it the noise of the second derivative biases the fit
MIN_EXPLAINED = 0.5  # share of the variance of dm_0/dE that a shifted scan must explain
POOL_POINTS = 31


@dataclass(frozen=True)
class Merged:
    """Mean of the scans. Arrays over E have the length of the cut grid, arrays over scans the number of scans."""

    energy_ev: Array
    mu: Array
    mu_error: Array  # empty for one scan
    shift_ev: Array
    shift_error_ev: Array
    weight: Array
    chosen: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Shifts:
    """Shift and standard uncertainty of each scan (eV; 0 and NaN where none was sought), and what they rest on."""

    ev: Array
    error_ev: Array
    on: str  # 'reference', 'signal' or 'none'
    note: str


def merge_arrays(
    energies: Sequence[Array],
    mus: Sequence[Array],
    shifts: Shifts,
    *,
    where: str,
    weights: str,
    edge_energy_ev: float,
    dropped: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> Merged:
    """Merge scans, given as energies (eV, as measured) and mu, with known shifts; weights: 'variance' or 'equal'.

    dropped: for each scan which of its points do not count. `where` names the measurement in the UserError for scans
    that do not overlap.
    """
    if weights not in ("variance", "equal"):
        raise ValueError(f"unknown weights {weights!r}")
    shifted = [e + d for e, d in zip(energies, shifts.ev, strict=True)]
    grid, stack, cut = on_first_grid(shifted, mus, dropped)
    if grid.size < 20:
        raise UserError(where, "the scans do not overlap in energy", "check that they are repeats")
    notes = [shifts.note] if shifts.note else []
    if cut:
        notes.append(f"{cut} points of the first scan are not covered by every scan and were cut")
    kept = [np.ones(e.size, dtype=bool) if dropped is None else ~dropped[i] for i, e in enumerate(energies)]
    noise = np.array([_noise(e[k], m[k], above_ev=edge_energy_ev) for e, m, k in zip(energies, mus, kept, strict=True)])
    chosen: dict[str, Any] = {"aligned": shifts.on, "noise_of_scans": noise.tolist()}
    shift, error = shifts.ev, shifts.error_ev
    if len(mus) == 1:
        one = np.ones(1)
        return Merged(grid, stack[0], np.empty(0), shift, error, one, chosen, tuple(notes))
    weight = np.full(len(mus), 1.0 / len(mus))
    if weights == "variance" and (noise > 0).all() and np.isfinite(noise).all():
        weight = noise**-2.0 / np.sum(noise**-2.0)
        mean = np.asarray(weight @ stack)
    else:
        mean = np.asarray(np.mean(stack, axis=0))
        if weights == "variance":
            notes.append("the noise of a scan could not be measured: equal weights")
    deviation, instrumental = remove_instrumental(grid, stack - mean, mean)
    chosen |= {"instrumental_offset_slope_gain": instrumental.tolist(), "mu_error_pooled_points": POOL_POINTS}
    return Merged(grid, mean, pooled_error(deviation, weight), shift, error, weight, chosen, tuple(notes))


def on_first_grid(
    energies: Sequence[Array], mus: Sequence[Array], dropped: Sequence[npt.NDArray[np.bool_]] | None = None
) -> tuple[Array, Array, int]:
    """Scans on the grid of the first: grid (n,), stack (scans, n) and the number of points that were cut."""
    low, high = max(e[0] for e in energies), min(e[-1] for e in energies)
    first = energies[0]
    keep = (first >= low - SAME_GRID_EV) & (first <= high + SAME_GRID_EV)
    grid = first[keep]
    stack = np.empty((len(mus), grid.size))
    missing = np.zeros(stack.shape, dtype=bool)
    for i, (energy, mu) in enumerate(zip(energies, mus, strict=True)):
        bad = None if dropped is None or not dropped[i].any() else dropped[i]
        if bad is None and energy.shape == first.shape and np.abs(energy - first).max() <= SAME_GRID_EV:
            stack[i] = mu[keep]
        elif grid.size:
            from scipy.interpolate import CubicSpline

            used = slice(None) if bad is None else ~bad
            stack[i] = CubicSpline(energy[used], mu[used])(grid)
            missing[i] = _between(grid, energy, bad)
    somewhere = ~missing.all(axis=0)
    return grid[somewhere], _stand_in(stack[:, somewhere], missing[:, somewhere]), int(first.size - grid.size)


def _between(grid: Array, energy: Array, bad: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
    """Points of the grid that lie strictly between the good neighbours of a bad point."""
    found = np.zeros(grid.size, dtype=bool)
    for k in np.flatnonzero(bad) if bad is not None else ():
        good = np.flatnonzero(~bad) if bad is not None else np.empty(0, dtype=int)
        below, above = energy[good[good < k]], energy[good[good > k]]
        low, high = (below[-1] if below.size else -np.inf), (above[0] if above.size else np.inf)
        found |= (grid > low + SAME_GRID_EV) & (grid < high - SAME_GRID_EV)
    return found


def _stand_in(stack: Array, missing: npt.NDArray[np.bool_]) -> Array:
    """Missing points from the mean of the other scans, plus the offset to it interpolated from either side.

    Without the offset a scan of another gain would leave a step in the mean where it is missing.
    """
    if not missing.any():
        return stack
    filled = stack.copy()
    points = np.arange(stack.shape[1])
    complete = ~missing.any(axis=0)
    for i, (row, lost, values) in enumerate(zip(filled, missing, stack, strict=True)):
        if not lost.any():
            continue
        rest = np.arange(len(stack)) != i
        others = np.ma.mean(np.ma.masked_array(stack[rest], missing[rest]), axis=0).filled(np.nan)
        row[lost] = others[lost] + np.interp(points[lost], points[complete], (values - others)[complete])
    return filled


def _noise(energy_ev: Array, mu: Array, *, above_ev: float) -> float:
    """`noise_of` above the edge, or of the whole scan where that is too short: clipping leaves the edge out."""
    noise = noise_of(energy_ev, mu, above_ev=above_ev)
    return noise if np.isfinite(noise) else noise_of(energy_ev, mu)


def noise_of(energy_ev: Array, mu: Array, *, above_ev: float = -np.inf) -> float:
    """rms noise of one scan (1), taken as white: NaN with fewer than 20 points above `above_ev` + 30 eV.

    Residual of each point from the cubic through its four neighbours, over the root of 1 + sum of squared Lagrange
    coefficients. Glitches do not count: residuals above four times the rms that their median stands for are left out.
    """
    scaled = _from_neighbours(energy_ev, mu, above_ev)
    if not scaled.size:
        return float("nan")
    limit = 4.0 * np.median(scaled) / 0.6744897501960817  # median of |normal|
    return float(np.sqrt(np.mean(scaled[scaled <= limit] ** 2)))


def noises_of(energy_ev: Array, mus: Array, *, above_ev: float = -np.inf) -> Array:
    """`noise_of` each of the spectra mus (m, n) on one grid, shape (m,)."""
    scaled = _from_neighbours(energy_ev, mus, above_ev)
    if not scaled.size:
        return np.full(len(mus), np.nan)
    limit = 4.0 * np.median(scaled, axis=1) / 0.6744897501960817
    counts = scaled <= limit[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):  # spectra that are NaN
        return np.asarray(np.sqrt(np.sum(np.where(counts, scaled, 0.0) ** 2, axis=1) / counts.sum(axis=1)))


def _from_neighbours(energy_ev: Array, mu: Array, above_ev: float) -> Array:
    """Distances of points of mu (..., n) from the cubic through their neighbours, in units that white noise of standard
    deviation 1 would give; empty with fewer than 20 points above `above_ev` + 30 eV."""
    keep = energy_ev > above_ev + 30.0
    x, y = energy_ev[keep], mu[..., keep]
    if x.size < 20:
        return np.empty(0)
    around = (0, 1, 3, 4)
    at = np.stack([x[i : x.size - 4 + i] for i in around])
    centre = x[2:-2]
    lagrange = np.ones_like(at)
    for i in range(4):
        for j in range(4):
            if i != j:
                lagrange[i] *= (centre - at[j]) / (at[i] - at[j])
    expected = sum(c * y[..., i : x.size - 4 + i] for c, i in zip(lagrange, around, strict=True))
    return np.asarray(np.abs(y[..., 2:-2] - expected) / np.sqrt(1.0 + np.sum(lagrange**2, axis=0)))


def remove_instrumental(energy_ev: Array, deviation: Array, mean: Array) -> tuple[Array, Array]:
    """Deviations (scans, n) without c0 + c1 (E - E_mid) / 1000 eV + c2 (mean - average), and c, shape (scans, 3)."""
    design = np.stack([np.ones_like(energy_ev), (energy_ev - energy_ev.mean()) / 1000.0, mean - mean.mean()], axis=1)
    coefficients = np.linalg.lstsq(design, deviation.T, rcond=None)[0]
    return deviation - (design @ coefficients).T, coefficients.T


def pooled_error(deviation: Array, weight: Array) -> Array:
    """Standard uncertainty of the weighted mean, shape (n,), from the deviations (scans, n), scans >= 2."""
    scans, points = deviation.shape
    variance = weight @ deviation**2 / (scans - 1) * points / (points - 3)
    half = min(POOL_POINTS, points) // 2
    total = np.concatenate([[0.0], np.cumsum(variance)])
    index = np.arange(points)
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, points)
    return np.asarray(np.sqrt((total[high] - total[low]) / (high - low)))


def shifts_on_reference(scans: Sequence[XasScan], *, align: str, edge_energy_ev: float) -> Shifts:
    """Shifts that bring the reference channel of each scan onto that of the first.

    align: 'auto' (where every scan has one with an edge), 'reference' or 'none'. Raises UserError where 'reference' is
    asked and a scan has none, and where a shift cannot be found within 10 eV.
    """
    count = len(scans)
    none = Shifts(np.zeros(count), np.full(count, np.nan), "none", "")
    if align == "none" or count == 1:
        return none
    foils = []
    for scan in scans:
        has = any(c.mode == "reference" for c in scan.channels)
        if not has and align == "reference":
            raise UserError(scan.source, "no reference channel to align on", "set reduce.align: none")
        if has:
            foils.append((np.asarray(scan.energy_ev, dtype=np.float64), scan.mu("reference")))
    if len(foils) < count:
        return replace(none, note="not aligned: not every scan has a reference channel")
    if align == "auto" and not all(has_edge(e, m, edge_energy_ev=edge_energy_ev) for e, m in foils):
        return replace(none, note="not aligned: the reference channel shows no edge in every scan")
    sources = [scan.source for scan in scans]
    ev, error = shifts_on(foils, sources, edge_energy_ev=edge_energy_ev, what="reference channel")
    return Shifts(ev, error, "reference", "")


def shifts_on(
    spectra: Sequence[tuple[Array, Array]],
    sources: Sequence[str],
    *,
    edge_energy_ev: float,
    what: str,
    reach_ev: float = MAX_SHIFT_EV,
) -> tuple[Array, Array]:
    """Shift (eV) of each spectrum (energy, mu) onto the first, and its standard uncertainty.

    Raises UserError, which names the source, where a shift within reach_ev cannot be found; `what` names the spectra.
    """
    shift, error = np.zeros(len(spectra)), np.zeros(len(spectra))
    for i in range(1, len(spectra)):
        try:
            shift[i], error[i] = find_shift(
                *spectra[0], *spectra[i], edge_energy_ev=edge_energy_ev, what=what, reach_ev=reach_ev
            )
        except ValueError as problem:
            raise UserError(sources[i], str(problem), "set reduce.align: none") from None
    return shift, error


def has_edge(energy_ev: Array, mu: Array, *, edge_energy_ev: float) -> bool:
    """Whether mu steps up at the edge: step of two parallel lines over 20-150 eV on either side, above 10 sigma."""
    x = energy_ev - edge_energy_ev
    use = (np.abs(x) > 20.0) & (np.abs(x) < 150.0)
    if not np.isfinite(mu).all() or (use & (x < 0)).sum() < 5 or (use & (x > 0)).sum() < 5:
        return False
    design = np.stack([np.ones(use.sum()), x[use], x[use] > 0], axis=1).astype(float)
    solution, *_ = np.linalg.lstsq(design, mu[use], rcond=None)
    residual = mu[use] - design @ solution
    variance = residual @ residual / (use.sum() - 3) * np.linalg.inv(design.T @ design)[2, 2]
    return bool(solution[2] > EDGE_SIGNIFICANCE * np.sqrt(variance))


def find_shift(
    energy0_ev: Array,
    mu0: Array,
    energy_ev: Array,
    mu: Array,
    *,
    edge_energy_ev: float,
    what: str = "reference channel",
    reach_ev: float = MAX_SHIFT_EV,
) -> tuple[float, float]:
    """Shift (eV) that brings the foil of a scan onto that of scan 0, and its standard uncertainty.

    Raises ValueError where the best shift is at the end of +-reach_ev or data are missing round the edge; `what` names
    the spectra.
    """
    from scipy.interpolate import make_interp_spline

    energy0_ev, mu0 = _thinned(energy0_ev, mu0, edge_energy_ev)
    energy_ev, mu = _thinned(energy_ev, mu, edge_energy_ev)
    near = np.abs(energy0_ev - edge_energy_ev) < 50.0
    if near.sum() < 20:
        raise ValueError(f"the {what} has too few points at the edge")
    slope0 = np.gradient(mu0, energy0_ev)
    centre = energy0_ev[near][slope0[near].argmax()]
    window = energy0_ev[np.abs(energy0_ev - centre) <= ALIGN_WINDOW_EV]
    window = window[(window >= energy_ev[0] + reach_ev) & (window <= energy_ev[-1] - reach_ev)]
    far = ALIGN_WINDOW_EV + MAX_SHIFT_EV + 20.0
    part0, part = (np.abs(e - centre) <= far for e in (energy0_ev, energy_ev))
    if part.sum() < 20 or window.size < 20 or not window[0] < centre < window[-1]:
        raise ValueError(f"the {what} has too few points at the edge")
    spline0, spline = (
        make_interp_spline(e[p], smoother(e[p]) @ np.column_stack([m[p], np.eye(p.sum())]), k=3).derivative()
        for e, m, p in ((energy0_ev, mu0, part0), (energy_ev, mu, part))
    )
    at0 = spline0(window)  # column 0: dm_0/dE; columns 1..: its response to each point of mu0
    shift, jacobian, scale = _fit_shift(window, at0[:, 0], spline, what, reach_ev)
    estimator = np.linalg.pinv(jacobian)[0]  # d(shift) = estimator @ d(residual)
    noise0, noise = (_noise(e, m, above_ev=centre) for e, m in ((energy0_ev, mu0), (energy_ev, mu)))
    variance0 = noise0**2 * np.sum((estimator @ at0[:, 1:]) ** 2)
    variance = noise**2 * np.sum((scale * (estimator @ spline(window - shift)[:, 1:])) ** 2)
    return shift, float(np.sqrt(variance0 + variance))


def _thinned(energy_ev: Array, mu: Array, edge_energy_ev: float) -> tuple[Array, Array]:
    """Means of as many neighbours as leave 1000 points within 50 eV of the edge: the work grows with their square."""
    size = int(np.ceil(np.count_nonzero(np.abs(energy_ev - edge_energy_ev) < 50.0) / MOST_NEAR))
    if size <= 1:
        return energy_ev, mu
    whole = energy_ev.size - energy_ev.size % size
    return energy_ev[:whole].reshape(-1, size).mean(axis=1), mu[:whole].reshape(-1, size).mean(axis=1)


def smoother(energy_ev: Array) -> Array:
    """Matrix (n, n) that replaces each point by the parabola fitted to its neighbours, normal weights of 1 eV.

    It leaves parabolas as they are, so that it moves no edge, and does nothing where points are far apart.
    """
    x = (energy_ev - energy_ev[:, None]) / SMOOTH_EV
    root = np.exp(-0.25 * x**2)
    design = np.stack([np.ones_like(x), x, x**2], axis=2) * root[:, :, None]
    return np.asarray(np.linalg.pinv(design, rcond=1e-6)[:, 0, :] * root)


def _fit_shift(window: Array, target: Array, spline: Any, what: str, reach_ev: float) -> tuple[float, Array, float]:
    """Least squares of target = a f(E - dE) + b: dE, Jacobian (points, 3) by (dE, a, b), and a."""
    spline = type(spline)(spline.t, spline.c[:, :1], spline.k)  # without its response to each point
    curvature = spline.derivative()

    def linear(shift: float) -> tuple[Array, Array, float]:
        design = np.stack([spline(window - shift)[:, 0], np.ones_like(window)], axis=1)
        solution = np.linalg.lstsq(design, target, rcond=None)[0]
        residual = target - design @ solution
        return solution, residual, float(residual @ residual) if solution[0] > 0 else np.inf

    trial = np.arange(-reach_ev, reach_ev + 0.25, 0.5)
    shift = float(trial[np.argmin([linear(t)[2] for t in trial])])
    if abs(shift) >= reach_ev:
        raise ValueError(f"no shift within {reach_ev:g} eV brings the {what} onto that of the first scan")
    for _ in range(50):
        solution, residual, _cost = linear(shift)
        at = window - shift
        jacobian = np.stack([-solution[0] * curvature(at)[:, 0], spline(at)[:, 0], np.ones_like(at)], axis=1)
        step = float(np.linalg.lstsq(jacobian, residual, rcond=None)[0][0])
        shift += float(np.clip(step, -0.5, 0.5))
        if abs(step) < 1e-9:
            break
    explained = 1.0 - linear(shift)[2] / float(np.sum((target - target.mean()) ** 2))
    if abs(shift) >= reach_ev or explained < MIN_EXPLAINED:
        raise ValueError(f"the {what} cannot be aligned on that of the first scan")
    return shift, jacobian, float(solution[0])
