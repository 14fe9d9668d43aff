"""Fit of sites to a range of the spectrum: starts, least squares, covariance with correlated noise.

Symbols: y data, s their uncertainty, A_i area of site i, L_i(x) its line of area 1, B background (none, a constant, or
a straight line).

    y = sum A_i L_i + B

With `satellites` L_i of a coupled site is that of its central transition plus R times the centreband of its inner
satellites, one R for all: how well the pulse excites them.

Order of steps:
1. candidates of each site: shapes over the ranges of its parameters, moved so that its top meets the highest point of
   the data where it may stand, and those of simpler fits; of all combinations the areas are linear, so chi2 of each
   costs one small solve;
2. the best combination with each candidate of a coupling goes through 30 steps of Levenberg-Marquardt with few
   orientations (lines of crystals have many minima, and the way to the lowest may lead over a high pass), the two
   lowest then to their ends with all orientations;
3. covariance: `noise.covariance`, times chi2 over its expected value where that is above 1: model or noise are wrong by
   that much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from ntcspec.nmr import noise
from ntcspec.nmr.decay import Grid
from ntcspec.nmr.sites import COUPLED, Nucleus, Site, decays
from ntcspec.peaks import least_squares
from ntcspec.peaks.least_squares import Flags
from ntcspec.types import Array

BACKGROUNDS = {"none": 0, "constant": 1, "linear": 2}
STARTS, FIRST_STEPS, FINISHED, MAX_STEPS = 14, 30, 2, 60
START_RATIO = 0.1
ROUGH_CUTS = 12  # fineness of orientations during the search
SIGMAS, CQS, ETAS, WIDTHS = 4, 5, (0.15, 0.75), 2


@dataclass(frozen=True)
class Data:
    """Points first ... first + n of a spectrum on a grid, and what the lines hang on."""

    grid: Grid
    nucleus: Nucleus
    first: int
    y: Array
    sigma: Array
    correlation: Array
    satellites: bool = False  # whether the centreband of the inner satellites is part of coupled sites

    @property
    def shift_ppm(self) -> Array:
        """Shifts of the points, (n,)."""
        return np.asarray(self.grid.first_ppm + self.grid.step_ppm * (self.first + np.arange(self.y.size)))


@dataclass(frozen=True)
class SiteFit:
    """A minimum of chi2. covariance: NaN at a bound, infinite diagonal where undetermined; scaled by `scale`^2."""

    sites: tuple[Site, ...]
    background: str
    data: Data
    p: Array
    covariance: Array
    scale: float
    chi2: float
    freedom: float  # what chi2 should be
    at_bound: tuple[str, ...]
    converged: bool
    curves: Array  # of each site, then the background: (sites + 1, points)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, 'site.parameter'."""
        found = [f"{site.name}.{name}" for site in self.sites for name in site.parameters]
        found += ("background.constant", "background.slope")[: BACKGROUNDS[self.background]]
        return (*found, *(("satellites.ratio",) if _with_satellites(self.data, self.sites) else ()))

    @property
    def reduced_chi2(self) -> float:
        """chi2 over its expected value."""
        return self.chi2 / self.freedom

    @property
    def total(self) -> Array:
        """Sites and background."""
        return self.curves.sum(axis=0)

    def at(self, name: str) -> int:
        """Where a parameter stands."""
        return self.names.index(name)


def evaluate(sites: Sequence[Site], background: str, data: Data, p: Array) -> tuple[Array, Array]:
    """Curves of the sites and the background, (sites + 1, n), and derivatives by all parameters, (m, n)."""
    n = data.y.size
    inside = slice(data.first, data.first + n)
    curves, rows = np.zeros((len(sites) + 1, n)), np.zeros((p.size, n))
    ratio = float(p[-1]) if _with_satellites(data, sites) else None
    at = 0
    for i, site in enumerate(sites):
        size = len(site.parameters)
        with_ratio = ratio if site.model in COUPLED else None
        shape = p[at + 1 : at + size]
        lines = data.grid.spectrum(decays(site, shape, data.grid, data.nucleus, with_ratio))[:, inside]
        rows[at : at + size] = lines[:size]
        rows[at + 1 : at + size] *= p[at]
        curves[i] = p[at] * lines[0]
        if with_ratio is not None:
            rows[-1] += p[at] * lines[size]
        at += size
    for k in range(BACKGROUNDS[background]):
        rows[at + k] = np.linspace(-1.0, 1.0, n) ** k
        curves[-1] += p[at + k] * rows[at + k]
    return curves, rows


def _with_satellites(data: Data, sites: Sequence[Site]) -> bool:
    return data.satellites and any(site.model in COUPLED for site in sites)


def bounds(data: Data, sites: Sequence[Site], background: str) -> tuple[Array, Array]:
    """Lower and upper bounds of all parameters; areas are not negative."""
    more = BACKGROUNDS[background]
    low = [v for site in sites for v in (0.0, *site.lower)] + [-np.inf] * more
    high = [v for site in sites for v in (np.inf, *site.upper)] + [np.inf] * more
    if _with_satellites(data, sites):
        low, high = [*low, 0.0], [*high, ideal_ratio(data.nucleus.spin)]
    return np.array(low), np.array(high)


def ideal_ratio(spin: float) -> float:
    """Intensity of both inner satellites over that of the central transition, all excited alike: 1.5 for spin 3/2."""
    j = spin * (spin + 1.0)
    return 2.0 * (j - 0.75) / (j + 0.25)


def fit_sites(
    data: Data, sites: Sequence[Site], background: str = "constant", simpler: Sequence[SiteFit] = ()
) -> SiteFit:
    """Fit from the best of many starts.

    simpler : fits of fewer of the same sites, which are good places to start from.
    Raises ValueError where the points are fewer than the parameters.
    """
    _enough(data, sites, background)
    rough = replace(data, nucleus=replace(data.nucleus, cuts=ROUGH_CUTS))
    first = starts(rough, sites, background, simpler)
    tried = [_minimise(rough, sites, background, p, FIRST_STEPS) for p in first]
    tried.sort(key=lambda one: one[1])
    ends = [fit_from(data, sites, background, one[0]) for one in tried[:FINISHED]]
    return min(ends, key=lambda one: one.chi2)


def fit_from(data: Data, sites: Sequence[Site], background: str, start: Array, steps: int = MAX_STEPS) -> SiteFit:
    """Fit from one start."""
    _enough(data, sites, background)
    p, chi2, converged = _minimise(data, sites, background, start, steps)
    low, high = bounds(data, sites, background)
    held = least_squares.at_bound(p, low, high)
    curves, rows = evaluate(sites, background, data, p)
    covariance, freedom = noise.covariance(rows / data.sigma, held, data.correlation)
    scale = float(np.sqrt(max(1.0, chi2 / freedom)))
    covariance *= scale**2
    found = SiteFit(tuple(sites), background, data, p, covariance, scale, chi2, freedom, (), converged, curves)
    return replace(found, at_bound=tuple(n for n, is_held in zip(found.names, held, strict=True) if is_held))


def change_background(fit: SiteFit, background: str) -> Array:
    """Start for the same sites over another background."""
    sites = sum(len(site.parameters) for site in fit.sites)
    satellites = fit.p[sites + BACKGROUNDS[fit.background] :]
    return np.concatenate([fit.p[:sites], np.zeros(BACKGROUNDS[background]), satellites])


def _enough(data: Data, sites: Sequence[Site], background: str) -> None:
    m = bounds(data, sites, background)[0].size
    if data.y.size <= m:
        raise ValueError(f"{data.y.size} points cannot determine {m} parameters")


def _minimise(
    data: Data, sites: Sequence[Site], background: str, start: Array, steps: int
) -> tuple[Array, float, bool]:
    low, high = bounds(data, sites, background)

    def residuals(p: Array) -> tuple[Array, Array]:
        curves, rows = evaluate(sites, background, data, p)
        return (curves.sum(axis=0) - data.y) / data.sigma, rows / data.sigma

    return least_squares.minimise(residuals, start, low, high, steps)


def starts(data: Data, sites: Sequence[Site], background: str, simpler: Sequence[SiteFit] = ()) -> list[Array]:
    """For each coupling among the candidates the best combination with it, as full parameter vectors, best first.

    Two candidates of a coupling differ in more than broadening: in sigma, or in CQ or eta.
    """
    taken = [(site.lower[0], site.upper[0]) for site in sites if site.model not in COUPLED]
    pools = [_candidates(site, data, taken) + _known(site, simpler) for site in sites]
    inside = slice(data.first, data.first + data.y.size)
    lines = [
        np.array([data.grid.spectrum(decays(s, c, data.grid, data.nucleus)[:1])[0, inside] for c in pool])
        for s, pool in zip(sites, pools, strict=True)
    ]
    more = [np.linspace(-1.0, 1.0, data.y.size) ** k for k in range(BACKGROUNDS[background])]
    target = data.y / data.sigma
    found = []
    for combo in product(*(range(len(pool)) for pool in pools)):
        columns = np.array([lines[i][k] for i, k in enumerate(combo)] + more) / data.sigma
        amplitudes, cost = _linear(columns, target, len(sites))
        parts = [[a, *pools[i][k]] for i, (k, a) in enumerate(zip(combo, amplitudes, strict=False))]
        rest = [*amplitudes[len(sites) :], *([START_RATIO] if _with_satellites(data, sites) else [])]
        p = np.array([v for part in parts for v in part] + rest)
        keys = [
            (site.name, *pools[i][k][1:-1].tolist())
            for i, (site, k) in enumerate(zip(sites, combo, strict=True))
            if site.model in COUPLED
        ]
        found.append((cost, keys or [("",)], p))
    found.sort(key=lambda one: one[0])
    seen: set[tuple[Any, ...]] = set()
    chosen = []
    for _, keys, p in found:
        if not seen.issuperset(keys):
            chosen.append(p)
            seen.update(keys)
    return chosen[:STARTS]


def _known(site: Site, simpler: Sequence[SiteFit]) -> list[Array]:
    """Shapes of the site in simpler fits."""
    where = [(fit, fit.at(f"{site.name}.area")) for fit in simpler if site in fit.sites]
    return [fit.p[at + 1 : at + len(site.parameters)].copy() for fit, at in where]


def _linear(columns: Array, target: Array, positive: int) -> tuple[Array, float]:
    """Amplitudes and chi2 of columns; the first `positive` may not be negative: such are left out, one at a time."""
    use = list(range(len(columns)))
    amplitudes = np.zeros(len(columns))
    while use:
        gram = columns[use] @ columns[use].T
        solved = np.linalg.lstsq(gram, columns[use] @ target, rcond=1e-12)[0]
        bad = [(a, k) for k, a in zip(use, solved, strict=True) if k < positive and a < 0]
        if not bad:
            amplitudes[use] = solved
            break
        use.remove(min(bad)[1])
    rest = target - amplitudes @ columns
    return amplitudes, float(rest @ rest)


def _candidates(site: Site, data: Data, taken: Sequence[tuple[float, float]]) -> list[Array]:
    """Shapes to start from: geometric steps over the ranges, tops on the highest point of the data."""
    first, last = site.lower[0], site.upper[0]
    widths = _between(site.lower[-1 if site.model in COUPLED else 1], site.upper[-1 if site.model in COUPLED else 1])
    x = data.shift_ppm
    if site.model not in COUPLED:
        at = _highest(x, data.y, (x >= first) & (x <= last), 0.5 * (first + last))
        more = (0.5,) if site.model == "pseudo_voigt" else ()
        return [np.array([at, w, *more]) for w in widths]
    free = np.all([(x < a) | (x > b) for a, b in taken], axis=0) if taken else np.ones(x.size, dtype=bool)
    top = _highest(x, data.y, free, 0.5 * (first + last))
    middle = 0.5 * (first + last)
    if site.model == "czjzek":
        inner: list[tuple[float, ...]] = [(s,) for s in _between(site.lower[1], site.upper[1], SIGMAS)]
    else:
        etas = np.clip(ETAS, site.lower[2], site.upper[2])
        inner = list(product(_between(site.lower[1], site.upper[1], CQS), etas))
    out = []
    for shape in inner:
        for width in widths:
            one = np.array([middle, *shape, width])
            line = data.grid.spectrum(decays(site, one, data.grid, data.nucleus)[:1])[0]
            there = data.grid.first_ppm + data.grid.step_ppm * int(np.argmax(line))
            one[0] = np.clip(middle + top - there, first, last)
            out.append(one)
    return out


def _between(low: float, high: float, number: int = WIDTHS) -> Array:
    """Geometric steps inside a range."""
    low = max(low, 1e-3 * high)
    return np.asarray(low * (high / low) ** ((np.arange(number) + 1.0) / (number + 1.0)))


def _highest(x: Array, y: Array, where: Flags, otherwise: float) -> float:
    return float(x[where][np.argmax(y[where])]) if np.any(where) else otherwise
