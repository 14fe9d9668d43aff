"""A spectrum as linear combination of standards.

Symbols: y(E) the spectrum, s_j(E) standard j, w_j >= 0 its weight, d_j its energy shift (eV), sigma standard
uncertainties of points, W their weights in the fit, P the map from a change of y to a change of the parameters, B_j the
matrix of the spline of standard j, N points, p free parameters.

    model(E) = sum_j w_j s_j(E - d_j)          a positive d_j moves standard j to higher energy

Order of steps:
1. each standard on the points of the spectrum, by the cubic spline through all its points;
2. weights and shifts (`nonnegative.py`). A weight is the fraction of the absorbing atoms if the norms are right;
3. once more with W = 1 / (sigma_y^2 + sum w_j^2 sigma_j^2): effective variance, errors of standards to first order;
4. covariance of the parameters P C P', C = diag(sigma_y^2) + sum w_j^2 B_j diag(sigma_j^2) B_j', and the statistical
   errors of the edge steps, each of which scales a spectrum as a whole. Where the noise is not known, C from the
   scatter of the residuals. Neglected: errors of pre-edge lines and of slopes above the edge beside those in u_sys;
5. a weight at the bound 0 has no symmetric uncertainty: what is said is a limit that it is below with 95 % credibility,
   from the normal distribution of the unbounded weight, cut at 0, with a flat prior;
6. R factor sum r^2 / sum y^2; reduced chi-square sum W r^2 / (N - p).

Source of 3: J. Orear, Am. J. Phys. 50, 912 (1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array, Note
from ntcspec.types.xanes import Mixture
from ntcspec.xas.xanes.factors import on_grid
from ntcspec.xas.xanes.nonnegative import Curve, Mask, Solution, linear_map, nonnegative, solve
from ntcspec.xas.xanes.spectra import Spectrum

TOO_ALIKE = 100.0  # condition number: 1 % of error in a standard, as normalisation makes it, is 100 % of a weight
CREDIBILITY = 0.95
POOR = 5.0  # standard deviations of chi-square above its expectation
NEIGHBOURS = 40  # points
FLOOR = 0.1  # of the median noise: no point decides alone
METHOD = "least squares, weights >= 0"


@dataclass(frozen=True)
class MixtureFit:
    """Values by name, the curve (none if there was nothing to fit), and what is needed to fit again alike."""

    values: dict[str, Value]
    mixture: tuple[Mixture, ...]
    notes: tuple[Note, ...]
    points: Mask  # of the sample's energies: those fitted
    point_weight: Array
    shift_ev: Array
    sum_to_one: bool
    shift_max_ev: float


def fit_mixture(
    sample: Spectrum,
    standards: Sequence[Spectrum],
    *,
    range_ev: Sequence[float],
    sum_to_one: bool = False,
    shift_max_ev: float = 0.0,
) -> MixtureFit:
    """Fit `sample` on its own points inside range_ev (eV).

    Values: '<standard>.fraction', '<standard>.shift' if shift_max_ev > 0, 'sum', 'r_factor', 'chi2_reduced'. Those that
    cannot be had are NaN with the reason: too few points, a standard that does not cover the range, standards alike.
    """
    low, high = range_ev
    points = (sample.energy_ev >= low) & (sample.energy_ev <= high)
    energy, data = sample.energy_ev[points], sample.norm[points]
    problem = _uncovered(energy, standards, shift_max_ev) or _alike(energy, standards)
    if problem:
        values = nothing([s.name for s in standards], problem, shift_max_ev)
        return MixtureFit(values, (), (), points, np.empty(0), np.empty(0), sum_to_one, shift_max_ev)
    curves = [_curve(s.energy_ev, s.norm) for s in standards]
    known = bool(sample.noise.size)
    own = np.maximum(sample.noise[points], FLOOR * np.median(sample.noise[points])) if known else np.ones(len(data))
    weight = 1.0 / own**2
    options: dict[str, Any] = {"sum_to_one": sum_to_one, "shift_max_ev": shift_max_ev}
    found = solve(energy, data, curves, weight, start_ev=np.zeros(len(standards)), **options)
    spreads = [_spread(s, energy - d) for s, d in zip(standards, found.shift_ev, strict=True)]
    if known:
        weight = 1.0 / (own**2 + _carried(spreads, found.weight))
        found = solve(energy, data, curves, weight, start_ev=found.shift_ev, **options)
    if not found.weight.any():
        values = nothing([s.name for s in standards], "no positive weight describes it", shift_max_ev)
        return MixtureFit(values, (), (), points, weight, found.shift_ev, **options)
    fit = _Fit(sample, standards, points, found, weight, spreads, **options)
    curve = Mixture(energy, data, found.columns @ found.weight, tuple(s.name for s in standards), found.weight)
    return MixtureFit(fit.values(), (curve,), fit.notes(), points, weight, found.shift_ev, **options)


def mixture_by_choice(
    fit: MixtureFit, sample_norm: Array, energy_ev: Array, standards: Sequence[tuple[str, Array, Array]]
) -> dict[str, Array]:
    """The values of `fit` for other normalisations made alike: name -> (choices,), NaN where a value is missing.

    sample_norm: (choices, E) on energy_ev; standards: (name, energy_ev, norm (choices, E)). Points and their weights
    are those of `fit`, its shifts are the start.
    """
    out = {name: np.full(len(sample_norm), NAN) for name in fit.values}
    if not fit.mixture or not len(sample_norm):
        return out
    energy = energy_ev[fit.points]
    splines = [_curve(e, norm.T) for _, e, norm in standards]
    fixed = np.stack([f(energy, 0) for f in splines], axis=1)  # (points, standards, choices)
    for k, norm in enumerate(sample_norm):
        data = norm[fit.points]
        if fit.shift_max_ev:
            found = _solve_choice(fit, energy, data, splines, k)
            weights, residual = found.weight, found.residual
            for (name, _, _), shift in zip(standards, found.shift_ev, strict=True):
                out[f"{name}.shift"][k] = shift
        else:
            columns = fixed[:, :, k]
            weights = nonnegative(columns, data, fit.point_weight, sum_to_one=fit.sum_to_one)
            residual = data - columns @ weights
        for (name, _, _), weight in zip(standards, weights, strict=True):
            out[f"{name}.fraction"][k] = weight
            if fit.shift_max_ev and weight == 0:
                out[f"{name}.shift"][k] = NAN
        out["sum"][k], out["r_factor"][k] = weights.sum(), _r_factor(residual, data)
    return out


def _solve_choice(fit: MixtureFit, energy_ev: Array, data: Array, splines: Sequence[Curve], k: int) -> Solution:
    def of_choice(spline: Curve) -> Curve:
        return lambda energy, order: spline(energy, order)[:, k]

    curves = [of_choice(spline) for spline in splines]
    options: dict[str, Any] = {"sum_to_one": fit.sum_to_one, "shift_max_ev": fit.shift_max_ev, "start_ev": fit.shift_ev}
    return solve(energy_ev, data, curves, fit.point_weight, **options)


def _curve(energy_ev: Array, norm: Array) -> Curve:
    """The cubic spline (not-a-knot) through all points; norm has shape (E,) or (E, choices)."""
    from scipy.interpolate import CubicSpline

    return CubicSpline(energy_ev, norm)


def _spread(standard: Spectrum, energy_ev: Array) -> Array:
    """Root of the noise covariance of a standard at these energies, shape (points, E); (points, 0) if unknown.

    E: its points at these energies, and 40 on either side, beyond which a spline knows nothing of them.
    """
    if not standard.noise.size:
        return np.empty((len(energy_ev), 0))
    low, high = np.searchsorted(standard.energy_ev, [energy_ev[0], energy_ev[-1]])
    near = slice(max(int(low) - NEIGHBOURS, 0), int(high) + NEIGHBOURS)
    return on_grid(standard.energy_ev[near], np.diag(standard.noise[near]), energy_ev).T


def _carried(spreads: Sequence[Array], weight: Array) -> Array:
    """Variance that the standards bring to each point."""
    return np.sum([w**2 * np.sum(b**2, axis=1) for w, b in zip(weight, spreads, strict=True)], axis=0)


def _uncovered(energy_ev: Array, standards: Sequence[Spectrum], shift_max_ev: float) -> str:
    """Why there is nothing to fit, or ''."""
    parameters = len(standards) * (2 if shift_max_ev else 1)
    if len(energy_ev) <= parameters:
        return f"{len(energy_ev)} points in the range for {parameters} parameters"
    for one in standards:
        first, last = one.energy_ev[0] + shift_max_ev, one.energy_ev[-1] - shift_max_ev
        if first > energy_ev[0] or last < energy_ev[-1]:
            return f"{one.name} has data from {one.energy_ev[0]:.1f} to {one.energy_ev[-1]:.1f} eV only"
    return ""


def _alike(energy_ev: Array, standards: Sequence[Spectrum]) -> str:
    """Says which standards cannot be told apart, from the direction in which the columns nearly cancel, or ''."""
    columns = np.stack([_curve(s.energy_ev, s.norm)(energy_ev, 0) for s in standards], axis=1)
    _, singular, directions = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
    if singular[0] <= TOO_ALIKE * singular[-1]:
        return ""
    first, second = sorted(np.argsort(np.abs(directions[-1]))[-2:])
    condition = f"{singular[0] / singular[-1]:.3g}" if singular[-1] > 1e-12 * singular[0] else "infinite"
    return (
        f"{standards[first].name} and {standards[second].name} are too alike in this range: condition number "
        f"{condition}, above {TOO_ALIKE:g}"
    )


def nothing(names: Sequence[str], why: str, shift_max_ev: float) -> dict[str, Value]:
    """Every value of a fit, missing for that reason."""
    out = {}
    for name in names:
        out[f"{name}.fraction"] = missing("1", METHOD, why)
        if shift_max_ev:
            out[f"{name}.shift"] = missing("eV", METHOD, why)
    return out | {name: missing("1", METHOD, why) for name in ("sum", "r_factor", "chi2_reduced")}


def _r_factor(residual: Array, data: Array) -> float:
    return float(np.sum(residual**2) / np.sum(data**2))


@dataclass(frozen=True)
class _Fit:
    """The solution with all that its uncertainties need."""

    sample: Spectrum
    standards: Sequence[Spectrum]
    points: Mask
    found: Solution
    point_weight: Array
    spreads: Sequence[Array]
    sum_to_one: bool
    shift_max_ev: float

    @property
    def used(self) -> Mask:
        return self.found.weight > 0

    @property
    def shifted(self) -> Mask:
        """Shifts that are free: neither at the bound nor of a standard with weight 0."""
        return self.used & (np.abs(self.found.shift_ev) < self.shift_max_ev)

    @property
    def freedom(self) -> int:
        return len(self.found.residual) - int(self.used.sum()) - int(self.shifted.sum()) + int(self.sum_to_one)

    @property
    def known(self) -> bool:
        return bool(self.sample.noise.size)

    def covariance(self, mapped: Array) -> Array:
        """P C P' for rows of P."""
        if not self.known:
            return mapped @ mapped.T * float(self.found.residual @ self.found.residual) / self.freedom
        roots = [mapped * self.sample.noise[self.points]]
        roots += [mapped @ (w * b) for w, b in zip(self.found.weight, self.spreads, strict=True)]
        data = self.found.residual + self.found.columns @ self.found.weight
        roots.append(self.sample.step_error * (mapped @ data)[:, None])
        steps = np.array([s.step_error for s in self.standards])
        roots.append(mapped @ (self.found.columns * self.found.weight * steps))
        whole = np.hstack(roots)
        return whole @ whole.T

    def values(self) -> dict[str, Value]:
        """All values of the fit."""
        mapped = linear_map(self.found, self.point_weight, self.used, self.shifted, self.sum_to_one)
        covariance = self.covariance(mapped)
        count = int(self.used.sum())
        of_weight, of_shift = np.full(len(self.standards), NAN), np.full(len(self.standards), NAN)
        of_weight[self.used] = np.sqrt(np.diag(covariance)[:count])
        of_shift[self.shifted] = np.sqrt(np.diag(covariance)[count:])
        out: dict[str, Value] = {}
        for j, standard in enumerate(self.standards):
            out[f"{standard.name}.fraction"] = self._fraction(j, float(of_weight[j]))
            if self.shift_max_ev:
                out[f"{standard.name}.shift"] = self._shift(j, float(of_shift[j]))
        total = NAN if self.sum_to_one else sqrt(float(covariance[:count, :count].sum()))
        why = "the sum was forced to 1" if self.sum_to_one else ""
        out["sum"] = Value(float(self.found.weight.sum()), total, "1", self._method(), why)
        return out | self._quality()

    def _method(self) -> str:
        unknown = [s.name for s in self.standards if not s.noise.size]
        if not self.known:
            return f"{METHOD}; u_stat: scatter of the residuals"
        without = f", that of {', '.join(unknown)} unknown" if unknown else ""
        return f"{METHOD}; u_stat: noise of spectrum and standards{without}"

    def _fraction(self, j: int, u_stat: float) -> Value:
        value = float(self.found.weight[j])
        if value == 0:
            return Value(0.0, NAN, "1", self._method(), f"at the bound 0: {self._limit(j)}")
        if self.sum_to_one and self.used.sum() == 1:
            return Value(value, NAN, "1", self._method(), "all other weights are at the bound 0, and the sum is forced")
        return Value(value, u_stat, "1", self._method())

    def _limit(self, j: int) -> str:
        """What can be said of a weight at 0: the normal distribution that it would have unbounded, cut at 0."""
        used = self.used.copy()
        used[j] = True
        mapped = linear_map(self.found, self.point_weight, used, self.shifted, self.sum_to_one)
        row = int(used[:j].sum())
        centre = float(mapped[row] @ self.found.residual)
        sigma = sqrt(float(self.covariance(mapped[row : row + 1])[0, 0]))
        if not sigma > 0:
            return "no noise is known to set a limit"
        normal = NormalDist()
        tail = normal.cdf(centre / sigma)
        if tail < 1e-12:
            return f"unbounded it would be {centre:.3g}, far below 0: the standards do not describe the spectrum"
        limit = centre - sigma * normal.inv_cdf((1.0 - CREDIBILITY) * tail)
        return f"below {limit:.2g} with {100 * CREDIBILITY:g} % credibility (one-sided)"

    def _shift(self, j: int, u_stat: float) -> Value:
        method = f"{self._method()}; positive: the standard was moved to higher energy"
        if not self.used[j]:
            return missing("eV", method, "the weight is at the bound 0")
        value = float(self.found.shift_ev[j])
        if not self.shifted[j]:
            return Value(value, NAN, "eV", method, f"at the bound {self.shift_max_ev:g} eV that is allowed")
        return Value(value, u_stat, "eV", method)

    def _quality(self) -> dict[str, Value]:
        """R factor and reduced chi-square."""
        data = self.found.residual + self.found.columns @ self.found.weight
        no_error = "a measure of the fit, without an uncertainty of its own"
        out = {"r_factor": Value(_r_factor(self.found.residual, data), NAN, "1", "sum r^2 / sum norm^2", no_error)}
        method = "sum r^2 / sigma^2 / degrees of freedom"
        if not self.known:
            out["chi2_reduced"] = missing("1", method, "the noise of the spectrum is not known")
        else:
            value = float(self.point_weight @ self.found.residual**2) / self.freedom
            out["chi2_reduced"] = Value(value, sqrt(2.0 / self.freedom), "1", f"{method}; u_stat: that of a true model")
        return out

    def notes(self) -> tuple[Note, ...]:
        """A fit that noise does not explain."""
        chi2 = self._quality()["chi2_reduced"]
        if not chi2.value > 1.0 + POOR * chi2.u_stat:
            return ()
        return (
            f"the standards do not describe the spectrum within noise (reduced chi-square {chi2.value:.3g}): fractions "
            "are those of the best description, not of what is in the sample, and u_stat does not hold the misfit",
        )
