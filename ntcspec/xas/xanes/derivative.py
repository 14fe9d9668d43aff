"""Smoothed value and derivatives of a spectrum on a grid of any spacing, as linear maps of the measured points.

Symbols: E energy (eV), y measured curve, s `smooth_ev`, h step of the grid, w = exp(-(E_j - x)^2 / 2 s^2) weights,
p degree of the polynomial that is fitted round x, r order of the derivative read from it at x.

Degrees: p = 4 for the value, r + 1 for derivative r. With p - r odd an uneven grid and the ends of the data add no
bias of leading order (Fan and Gijbels, Local Polynomial Modelling, 1996, chapter 3). On an even grid the derivatives
are those of the curve convolved with a Gaussian of standard deviation s, as if the resolution had been worse by
2.355 s in quadrature. A Gaussian is the one smoothing that makes no new maximum and no new inflection (Babaud et al.,
IEEE PAMI 8, 26 (1986)); kernels of higher order ring beside a sharp edge and would make up shoulders. Positions and
widths are read from derivatives. Heights are read from the value, where a convolution would cost too much: there
p = 4 cancels the two leading terms of the bias and leaves -0.31 (s / g)^6 of the height of a Gaussian line of standard
deviation g.

Bias for lines of height 1 and full width 1 at half maximum (FWHM), s in units of that width, steps of s / 4. Width is
the distance between the inflections; centre is the shift of the maximum on a slope of 0.1 heights a FWHM:

      s    | Gaussian: height  width   centre | Lorentzian: height  width   centre
    0.10   |      -0.0000     +2.7 %   0.0015 |       -0.0005     +11 %    0.0029
    0.20   |      -0.0020    +10.5 %   0.0063 |       -0.0096     +36 %    0.0109
    0.30   |      -0.0132    +22.4 %   0.0151 |       -0.0356     +66 %    0.0240
    0.40   |      -0.0403    +37.4 %   0.0288 |       -0.0742     +98 %    0.0429

Choose s below a quarter of the FWHM of the narrowest line that is read: heights are then right to 1 to 2 %.

Order of steps: width s(x), no smaller than what reaches MIN_POINTS points and the neighbours on both sides at 3 s;
orthonormal polynomials over the weights; rows that give value and derivatives when multiplied by y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.merge import noise_of

MIN_POINTS = 5
REACH = 5.0  # weights beyond this many s are left out: below 4e-6
INNER = 3.0  # the points that a fit cannot do without lie within this many s
DEGREES = (4, 2, 3, 4)  # of the polynomial for the value and derivatives 1 to 3
_TERMS = np.array([[math.factorial(r) * (k <= p) for k in range(max(DEGREES) + 1)] for r, p in enumerate(DEGREES)])
MAPPED = 500_000  # points times neighbours of a block
ROOT_NODES = np.cos(np.pi * (np.arange(7) + 0.5) / 7)  # Chebyshev points, for a stretch of at most half an s
ROOT_SERIES = np.linalg.inv(np.vander(ROOT_NODES, increasing=True))
FOLLOW_REACH = 2.0  # smooth_ev
FOLLOW_NODES = 13
FOLLOW_STEPS = 10


@dataclass(frozen=True)
class LocalFit:
    """Rows of the linear maps at m energies: value and derivatives 1 to 3 are rows[r] times y[columns]."""

    columns: npt.NDArray[np.intp]  # (m, points): indices of the measured points
    rows: Array  # (4, m, points)
    size: int  # number of measured points

    def matrix(self, order: int) -> Array:
        """Matrix (m, size) of the derivative of that order; of the value for order 0."""
        full = np.zeros((self.columns.shape[0], self.size))
        np.put_along_axis(full, self.columns, self.rows[order], axis=1)
        return full

    def apply(self, spectra: Array, orders: tuple[int, ...] = (0, 1, 2, 3)) -> Array:
        """Value and derivatives, shape (orders, m) for one spectrum (size,), (orders, n, m) for n of them."""
        if spectra.ndim == 1:
            return np.asarray(np.einsum("rmj,mj->rm", self.rows[list(orders)], spectra[self.columns]))
        return np.stack([spectra @ self.matrix(r).T for r in orders])

    def apply_own(self, spectra: Array, order: int) -> Array:
        """Derivative `order` at energy i of spectrum i, shape (m,): spectra has shape (m, size)."""
        return np.asarray(np.einsum("mj,mj->m", self.rows[order], np.take_along_axis(spectra, self.columns, axis=1)))

    def error(self, sigma: Array, orders: tuple[int, ...] = (0, 1, 2, 3)) -> Array:
        """Standard uncertainty of value and derivatives, (orders, m), for independent errors sigma (size,) of y."""
        return np.asarray(np.sqrt(np.einsum("rmj,mj->rm", self.rows[list(orders)] ** 2, sigma[self.columns] ** 2)))


class Smoother:
    """The local polynomial on one grid: `at` gives the linear maps anywhere inside it.

    energy_ev (E,) must ascend. Raises ValueError if it does not, for fewer than 5 points and for smooth_ev <= 0.
    """

    def __init__(self, energy_ev: Array, *, smooth_ev: float) -> None:
        self.energy_ev = np.asarray(energy_ev, dtype=np.float64)
        self.smooth_ev = smooth_ev
        self.width_ev = smoothing_width(self.energy_ev, smooth_ev=smooth_ev)

    def at(self, at_ev: Array | None = None) -> LocalFit:
        """Maps to value and derivatives at these energies (m,), or at the measured ones."""
        energy, scale = self.energy_ev, self.width_ev
        at = energy
        if at_ev is not None:
            at = np.asarray(at_ev, dtype=np.float64)
            scale = np.interp(at, energy, scale)
        first = np.searchsorted(energy, at - REACH * scale)
        last = np.searchsorted(energy, at + REACH * scale, side="right")
        count = min(max(int((last - first).max(initial=0)), MIN_POINTS), energy.size)
        columns = np.minimum(first, energy.size - count)[:, None] + np.arange(count)
        x = (energy[columns] - at[:, None]) / scale[:, None]
        weight = np.exp(-0.5 * np.square(x))
        weight[np.abs(x) > REACH] = 0.0
        rows = _rows(x, weight) / (scale ** np.arange(4)[:, None])[:, :, None]
        return LocalFit(columns, rows, energy.size)

    def everywhere(self, spectrum: Array, sigma: Array) -> tuple[Array, Array]:
        """Value and derivatives 1 and 2 at the measured energies, (3, E), and the uncertainties of the derivatives,
        (2, E) or (2, 0) where sigma is empty. In blocks: the maps of a fine grid are as large as its square."""
        reach = np.searchsorted(self.energy_ev, self.energy_ev + 2.0 * REACH * self.width_ev) - np.arange(spectrum.size)
        block = max(MAPPED // max(int(reach.max()), 1), 1)
        curves, errors = np.empty((3, spectrum.size)), np.empty((2, spectrum.size if sigma.size else 0))
        for start in range(0, spectrum.size, block):
            here = slice(start, start + block)
            fit = self.at(self.energy_ev[here])
            curves[:, here] = fit.apply(spectrum, (0, 1, 2))
            if sigma.size:
                errors[:, here] = fit.error(sigma, (1, 2))
        return curves, errors

    def root(self, spectrum: Array, *, order: int, low_ev: float, high_ev: float, level: float = 0.0) -> float:
        """Energy where value or derivative `order` equals `level`, between two energies where it is on either side.

        They are at most about half an s apart, where a polynomial through seven points is exact to some 1e-8.
        """
        from scipy.optimize import brentq

        middle, half = 0.5 * (low_ev + high_ev), 0.5 * (high_ev - low_ev)
        values = self.at(middle + half * np.append(ROOT_NODES, [-1.0, 1.0])).apply(spectrum, (order,))[0] - level
        series = (ROOT_SERIES @ values[:-2])[::-1].tolist()

        def excess(t: float) -> float:
            total = 0.0
            for coefficient in series:
                total = total * t + coefficient
            return total

        ends = excess(-1.0), excess(1.0)
        if ends[0] * ends[1] > 0:  # the root is at an end, within rounding
            return low_ev if abs(values[-2]) <= abs(values[-1]) else high_ev
        return float(middle + half * brentq(excess, -1.0, 1.0, xtol=1e-12))

    def follow(
        self, spectra: Array, start_ev: Array, *, order: int, level: float = 0.0, read: tuple[int, ...] = ()
    ) -> tuple[Array, Array]:
        """Where value or derivative `order` of other spectra equals `level`, near where the nominal one has it.

        spectra (n, E), start_ev (m,). Returns the energies (m, n), and the derivatives `read` there (read, m, n). NaN
        where a spectrum has it not within 2 smooth_ev of the start. Newton steps on the polynomial through the values
        at Chebyshev points round each start; energies are right to some 1e-5 smooth_ev.
        """
        nodes = np.cos(np.pi * (np.arange(FOLLOW_NODES) + 0.5) / FOLLOW_NODES)
        half = FOLLOW_REACH * self.smooth_ev
        at = np.clip(start_ev[:, None] + half * nodes, self.energy_ev[0], self.energy_ev[-1])
        values = self.at(at.ravel()).apply(np.atleast_2d(spectra), (order, *read))  # (orders, n, m * nodes)
        values = values.reshape(1 + len(read), -1, start_ev.size, FOLLOW_NODES).transpose(3, 0, 2, 1)
        fit = np.linalg.solve(np.vander(nodes, increasing=True), values.reshape(FOLLOW_NODES, -1))
        series = fit.reshape(values.shape)  # (power, orders, m, n)
        tilted = series[1:, 0] * np.arange(1.0, FOLLOW_NODES)[:, None, None]
        t, step = np.zeros(series.shape[2:]), np.full(series.shape[2:], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(FOLLOW_STEPS):
                step = (_horner(series[:, 0], t) - level) / _horner(tilted, t)
                t = np.clip(t - np.clip(step, -0.25, 0.25), -1.0, 1.0)
                if (np.abs(step) < 1e-8).all():
                    break
        found = start_ev[:, None] + half * t
        lost = ~(np.abs(step) < 1e-6) | (found <= self.energy_ev[0]) | (found >= self.energy_ev[-1])
        found[lost], t[lost] = np.nan, np.nan
        return found, np.array([_horner(series[:, i + 1], t) for i in range(len(read))])


def _horner(series: Array, t: Array) -> Array:
    """Polynomial with coefficients (power, ...) at t (...)."""
    value = np.zeros_like(t)
    for coefficient in series[::-1]:
        value *= t
        value += coefficient
    return value


def _rows(x: Array, weight: Array) -> Array:
    """Value and derivatives at x = 0 of polynomials fitted to points at x, all (m, points), as rows (4, m, points).

    sqrt(w) x^k = Q R: column k of Q is the polynomial q_k, orthonormal over the weights, whose coefficient of x^r is
    (R^-1)_rk. Derivative r of the fit of degree p is r! sum over k <= p of (R^-1)_rk sum_j(sqrt(w_j) Q_jk y_j).
    """
    root = np.sqrt(weight)
    powers = np.empty((*x.shape, max(DEGREES) + 1))
    powers[:, :, 0] = root
    for k in range(1, powers.shape[2]):
        np.multiply(powers[:, :, k - 1], x, out=powers[:, :, k])
    q, r = np.linalg.qr(powers)
    q *= root[:, :, None]
    return np.asarray(np.matmul(np.linalg.inv(r)[:, :4] * _TERMS, q.transpose(0, 2, 1)).transpose(1, 0, 2))


def smoothing_width(energy_ev: Array, *, smooth_ev: float) -> Array:
    """s at each measured energy (n,): `smooth_ev`, or a third of the reach to MIN_POINTS points and both neighbours.

    Raises ValueError as `Smoother` does.
    """
    n = energy_ev.size
    if n < MIN_POINTS:
        raise ValueError(f"a local polynomial needs {MIN_POINTS} points, there are {n}")
    if not (np.isfinite(energy_ev).all() and (np.diff(energy_ev) > 0).all()):
        raise ValueError("energies must ascend")
    if not smooth_ev > 0:
        raise ValueError(f"smooth_ev must be above 0, not {smooth_ev:g}")
    reach = np.full(n, np.inf)
    index = np.arange(n)
    for before in range(MIN_POINTS):
        low, high = index - before, index - before + MIN_POINTS - 1
        inside = (low >= 0) & (high < n)
        i = index[inside]
        farthest = np.maximum(energy_ev[i] - energy_ev[low[inside]], energy_ev[high[inside]] - energy_ev[i])
        reach[i] = np.minimum(reach[i], farthest)
    step = np.diff(energy_ev)
    reach[1:] = np.maximum(reach[1:], step)
    reach[:-1] = np.maximum(reach[:-1], step)
    return np.maximum(reach / INNER, smooth_ev)


def point_error(energy_ev: Array, norm: Array, norm_error: Array, *, e0_ev: float | None = None) -> tuple[Array, str]:
    """Standard uncertainty of each point (E,), and a note on where it is from; empty if it cannot be known.

    `norm_error` if there is one. Else the scatter of points about the cubic through their four neighbours
    (`merge.noise_of`), taken where the spectrum bends least and still has 20 points: 30 eV above e0, above e0, all.
    Where steps are as long as features are wide this is an upper estimate.
    """
    if norm_error.size:
        return norm_error, "errors rest on norm_error, taken as independent from point to point"
    regions = [(-np.inf, "all points")]
    if e0_ev is not None:
        regions = [(e0_ev, "the points 30 eV above the edge"), (e0_ev - 30.0, "the points above the edge"), *regions]
    for above, words in regions:
        noise = noise_of(energy_ev, norm, above_ev=above)
        if np.isfinite(noise):
            return np.full(energy_ev.size, noise), f"one scan: errors rest on the scatter of {words}, {noise:.2g}"
    return np.empty(0), "one scan of fewer than 20 points: errors are not known"
