"""Least squares of a model's paths on one or several data sets, and what the data say about each parameter.

Symbols: A map of a data set (`space.py`), d its chi(k), C covariance of d, f(p) chi of the model, r = A (f - d),
J = dr/dp, P = (J J^T)^-1 J, m free parameters, n independent points of all data sets.

    chi2 = sum r^2,   reduced chi2 = chi2 / (n - m),   R factor = sum r^2 / sum (A d)^2
    AIC = n ln(chi2 / n) + 2 m,   BIC = n ln(chi2 / n) + m ln n

Uncertainties, kept apart:
    noise     P A C A^T P^T: what the measured noise does to p, exact to first order although points of chi(R) and
              several k weights are correlated
    misfit    (J J^T)^-1 times reduced chi2: the habit of the field, which takes misfit of any origin (most of it from
              the model) for noise; what it has more than the noise is told apart as systematic
    constants set parameters move the free ones by -P J_c du

Sources: M. Newville, B. Ravel, D. Haskel, J. J. Rehr, E. A. Stern, Y. Yacoby, Physica B 208, 154 (1995) (FEFFIT); IXS
Standards and Criteria Committee, report on error reporting (2000); G. Schwarz, Ann. Stat. 6, 461 (1978) (BIC). AIC and
BIC as larch.xafs.feffit has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.expressions import Expression, value
from ntcspec.peaks import least_squares
from ntcspec.types import Array
from ntcspec.xas.fits.model import Model
from ntcspec.xas.fits.space import Space

UNPHYSICAL = 1e3  # residuals of a trial that has no chi at all, in units of those of the data


@dataclass(frozen=True)
class DataSet:
    """chi on a uniform grid of k from 0, shape (k,), its covariance, and where it is looked at."""

    k_inv_ang: Array
    chi: Array
    covariance: Array
    space: Space


@dataclass(frozen=True)
class PathFit:
    """A minimum of chi2."""

    model: Model
    free: Array  # values of model.free
    values: Mapping[str, float]  # of all parameters
    chi2: float
    independent: float
    r_factor: float
    noise: Array  # covariance of the free parameters by measured noise
    scaled: Array  # (J J^T)^-1 times reduced chi2
    by_constant: Array  # change of each free parameter by one standard uncertainty of each constant, (free, constants)
    at_bound: tuple[str, ...]
    converged: bool

    @property
    def freedom(self) -> float:
        """n - m."""
        return self.independent - self.free.size

    @property
    def reduced_chi2(self) -> float:
        """chi2 / (n - m)."""
        return self.chi2 / self.freedom

    @property
    def aic(self) -> float:
        """Akaike's criterion, without a constant."""
        return float(self.independent * np.log(self.chi2 / self.independent) + 2 * self.free.size)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, without a constant."""
        count = self.free.size
        return float(self.independent * np.log(self.chi2 / self.independent) + count * np.log(self.independent))

    @property
    def correlation(self) -> Array:
        """Correlation of the free parameters, (m, m)."""
        u = np.sqrt(np.diag(self.scaled))
        with np.errstate(invalid="ignore"):
            return np.asarray(self.scaled / np.outer(u, u))

    def of(self, words: Expression, facts: Mapping[str, float] | None = None) -> tuple[float, float, float]:
        """An expression of the parameters: value, u by noise, u by misfit beyond the noise and by constants.

        NaN where a parameter at a bound or one that is not determined stands in it.
        """
        here = {**self.values, **(facts or {})}
        row = self.model.derivative(words, here, self.model.slopes(self.values))
        by_free, by_known = row[: self.free.size], row[self.free.size :]
        used = by_free != 0
        noise, scaled = (self._variance(c, by_free, used) for c in (self.noise, self.scaled))
        moved = by_known * self.model.u_constants + by_free[used] @ self.by_constant[used]  # by each constant
        with np.errstate(invalid="ignore"):
            return value(words, here), float(np.sqrt(noise)), float(np.sqrt(max(scaled - noise, 0.0) + moved @ moved))

    @staticmethod
    def _variance(covariance: Array, row: Array, used: Array) -> float:
        part = covariance[np.ix_(used, used)]
        variance = float(row[used] @ part @ row[used]) if used.any() else 0.0
        return variance if np.isfinite(variance) else np.nan


def fit_paths(model: Model, data: Sequence[DataSet], start: Array | None = None) -> PathFit:
    """Fit from the guesses of the model, or from `start`, shape (free,).

    Raises ValueError for as many parameters as independent points, and where the start has no chi.
    """
    guess, low, high = model.start()
    independent = sum(one.space.independent for one in data)
    if guess.size >= independent:
        raise ValueError(f"{guess.size} free parameters, but the data hold {independent:.1f} independent points")
    seen = [one.space.rows @ one.chi[one.space.used] for one in data]
    size = float(sum(s @ s for s in seen))
    last: list[Array] = []

    def residuals(p: Array) -> tuple[Array, Array]:
        try:
            r, j = _residuals(model, data, seen, p)
        except ValueError:  # of a trial: a step too far is refused by its size
            if not last:
                raise
            return np.full(sum(map(len, seen)), UNPHYSICAL * np.sqrt(size)), last[0]
        last[:] = [j[: p.size]]
        return r, last[0]

    free, chi2, converged = least_squares.minimise(residuals, guess if start is None else start, low, high)
    _, j = _residuals(model, data, seen, free)
    fixed = least_squares.at_bound(free, low, high)
    bare = least_squares.covariance(j[: free.size], fixed)
    noise, by_constant = _propagate(bare, j, data, model.u_constants)
    held = tuple(n for n, is_fixed in zip(model.free, fixed, strict=True) if is_fixed)
    scaled = bare * chi2 / (independent - free.size)
    return PathFit(
        model, free, model.at(free), chi2, independent, chi2 / size, noise, scaled, by_constant, held, converged
    )


def _residuals(model: Model, data: Sequence[DataSet], seen: Sequence[Array], free: Array) -> tuple[Array, Array]:
    """Model minus data of all data sets, shape (rows,), and its derivative by each p, shape (p, rows)."""
    values = model.at(free)
    parts, slopes = [], []
    for i, (one, target) in enumerate(zip(data, seen, strict=True)):
        chi, by_p = model.chi_and_slopes(i, one.k_inv_ang[one.space.used], values)
        parts.append(one.space.rows @ chi.sum(axis=0) - target)
        slopes.append(by_p @ one.space.rows.T)
    return np.concatenate(parts), np.concatenate(slopes, axis=1)


def _propagate(bare: Array, j: Array, data: Sequence[DataSet], u_constants: Array) -> tuple[Array, Array]:
    """Covariance of the free parameters by the noise of the data, and their change by each constant's uncertainty.

    NaN (at a bound) and infinity (not determined) stay where they are in `bare`.
    """
    count = len(bare)
    good = np.flatnonzero(np.isfinite(np.diag(bare)))
    estimator = bare[np.ix_(good, good)] @ j[good]  # d p = - estimator d r
    noise, by_constant = bare.copy(), np.full((count, u_constants.size), np.nan)
    total, begin = np.zeros((good.size, good.size)), 0
    for one in data:
        end = begin + len(one.space.rows)
        by_chi = estimator[:, begin:end] @ one.space.rows
        total += by_chi @ one.covariance[np.ix_(one.space.used, one.space.used)] @ by_chi.T
        begin = end
    noise[np.ix_(good, good)] = total
    by_constant[good] = -(estimator @ j[count:].T) * u_constants
    return noise, by_constant
