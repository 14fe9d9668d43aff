"""How many components a series of spectra holds: abstract factor analysis.

Symbols: D data, shape (c samples, r energies); s_1 >= s_2 ... singular values, lambda = s^2; U, V singular vectors;
n number of components; m = min(r, c).

    D = sum_k s_k u_k v_k'          scores u_k s_k, components v_k; no mean is subtracted

Order of steps: singular value decomposition, then three decisions side by side:
1. noise: s_(n+1) against the 99 % quantile of the largest singular value of (1 - U_n U_n') N (1 - V_n V_n'), N drawn
   from the standard uncertainties of the points (fixed seed), on the samples' own grids and interpolated as the data.
   This is parallel analysis with known noise; for white noise it tends to the edge of Marchenko and Pastur,
   sigma (sqrt(r - n) + sqrt(c - n)). The number is that of the first n whose next singular value noise can make;
2. IND(n) = RE / (m - n)^2, RE = sqrt(sum_(k>n) lambda_k / (max(r, c) (m - n))): its minimum;
3. F test of reduced eigenvalues REV_k = lambda_k / ((r - k + 1)(c - k + 1)): F(1, m - n) = REV_n / mean of REV behind,
   weighted by their degrees; from the last component down, the first with significance below 5 %.
IND and F assume the same independent noise at all points; so interpolated spectra, and noise that changes with energy,
disturb them. 1 does not. None of them sees a systematic difference as such: an energy misalignment or a difference in
normalisation between samples is a component.

Target transformation: t candidate, t_hat = sum_k (v_k . t) v_k, T_k = (v_k . t) / s_k. AET rms of t - t_hat over r - n,
REP = RE |T| what the noise of D does to t_hat, RET = sqrt(AET^2 - REP^2) what is left as error of the candidate itself,
SPOIL = RET / REP: below 3 acceptable, above 6 not.

Sources: E. R. Malinowski, Factor Analysis in Chemistry (3rd ed. 2002), ch. 3, 4; Anal. Chem. 49, 612 (1977) (IND);
J. Chemometrics 3, 49 (1988) (REV, F); Anal. Chim. Acta 103, 339 (1978) (SPOIL). J. L. Horn, Psychometrika 30, 179
(1965) (parallel analysis); V. A. Marchenko and L. A. Pastur, Math. USSR Sb. 1, 457 (1967).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.peaks.value import NAN
from ntcspec.types import Array

DRAWS = 400
SEED = 20240229
QUANTILE = 0.99
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Decomposition:
    """Result of `pca`. Arrays over k have one entry a component, as many as spectra.

    rank_noise is -1 where the noise is not known; rank_f is 0 where the F test finds nothing significant.
    """

    energy_ev: Array  # (E,)
    data: Array  # (samples, E)
    singular_values: Array  # (k,)
    noise_singular_values: Array  # (k,)
    ind: Array  # (k,)
    significance: Array  # (k,)
    scores: Array  # (samples, k)
    components: Array  # (k, E)
    rank_noise: int
    rank_ind: int
    rank_f: int

    @property
    def real_error(self) -> Array:
        """RE for n = 1 ... k components: rms error of a point; NaN for all of them."""
        return _real_error(self.singular_values, max(self.data.shape))


@dataclass(frozen=True)
class Target:
    """Target transformation of one candidate, with n components."""

    target: Array  # (E,)
    projected: Array  # (E,)
    residual_rms: float
    expected_rms: float  # from noise alone; NaN if it is not known
    spoil: float  # NaN if all components are used


def pca(
    energies: Sequence[Array],
    spectra: Sequence[Array],
    errors: Sequence[Array],
    *,
    range_ev: Sequence[float],
    draws: int = DRAWS,
) -> Decomposition:
    """Decompose spectra (each on its own energies, eV) inside range_ev, on the grid of the one with fewest points.

    errors: standard uncertainties of the points, empty where unknown; then there is no comparison with noise.
    Raises ValueError for fewer than 2 spectra, fewer points than spectra, and a spectrum that does not cover the range.
    """
    if len(spectra) < 2:
        raise ValueError("a decomposition needs at least 2 spectra")
    grid = common_grid(energies, range_ev)
    if grid.size <= len(spectra):
        raise ValueError(f"{grid.size} points in the range for {len(spectra)} spectra")
    data = np.stack([on_grid(e, y, grid) for e, y in zip(energies, spectra, strict=True)])
    left, singular, right = np.linalg.svd(data, full_matrices=False)
    sign = np.sign(right[np.arange(len(right)), np.argmax(np.abs(right), axis=1)])
    left, right = left * sign, right * sign[:, None]
    noise = np.full(len(singular), NAN)
    if all(e.size for e in errors):
        noise = _noise_singular_values(left, right, _draws(energies, errors, grid, draws))
    ind, significance = _indicator(singular, max(data.shape)), _significance(singular, data.shape)
    below = np.flatnonzero(~(singular > noise))
    count = int(below[0]) if below.size else len(singular)
    small = np.flatnonzero(significance < SIGNIFICANCE)
    return Decomposition(
        energy_ev=grid,
        data=data,
        singular_values=singular,
        noise_singular_values=noise,
        ind=ind,
        significance=significance,
        scores=left * singular,
        components=right,
        rank_noise=count if np.isfinite(noise).all() else -1,
        rank_ind=int(np.nanargmin(ind)) + 1,
        rank_f=int(small[-1]) + 1 if small.size else 0,
    )


def common_grid(energies: Sequence[Array], range_ev: Sequence[float]) -> Array:
    """Energies inside range_ev of the spectrum with the fewest there. Raises ValueError where one does not cover it."""
    low, high = range_ev
    for i, e in enumerate(energies):
        if e[0] > low or e[-1] < high:
            raise ValueError(f"spectrum {i + 1} has data from {e[0]:.1f} to {e[-1]:.1f} eV only")
    return min((e[(e >= low) & (e <= high)] for e in energies), key=len)


def on_grid(energy_ev: Array, curves: Array, grid: Array) -> Array:
    """Cubic spline through (..., E) curves, on the grid; the curves themselves where the grid is a part of theirs."""
    first = int(np.searchsorted(energy_ev, grid[0]))
    if np.array_equal(energy_ev[first : first + grid.size], grid):
        return np.asarray(curves[..., first : first + grid.size])
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(energy_ev, curves, axis=-1)(grid))


def target(decomposition: Decomposition, candidate: Array, error: Array, *, count: int) -> Target:
    """Test whether `candidate`, on the grid, lies in the space of the first `count` components.

    error: standard uncertainty of the candidate's points, empty if unknown. expected_rms adds to it what the noise of
    the data does to the projection, RE from the singular values behind.
    """
    basis = decomposition.components[:count]
    inner = basis @ candidate
    projected = inner @ basis
    freedom = candidate.size - count
    apparent = float(np.sqrt(np.sum((candidate - projected) ** 2) / freedom))
    real = float(decomposition.real_error[count - 1])
    predicted = real * float(np.linalg.norm(inner / decomposition.singular_values[:count]))
    own = float(np.sqrt(np.mean(error**2))) if error.size else NAN
    spoil = float(np.sqrt(max(apparent**2 - predicted**2, 0.0))) / predicted
    return Target(candidate, projected, apparent, float(np.hypot(own, predicted)), spoil)


def _draws(energies: Sequence[Array], errors: Sequence[Array], grid: Array, draws: int) -> Array:
    """Noise of each spectrum, (draws, samples, grid), made on its own points."""
    random = np.random.default_rng(SEED)
    made = [s * random.standard_normal((draws, s.size)) for s in errors]
    made = [on_grid(e, m, grid) for e, m in zip(energies, made, strict=True)]
    return np.stack(made, axis=1)


def _noise_singular_values(left: Array, right: Array, noise: Array) -> Array:
    """Quantile of the largest singular value of noise outside the first n components, for n = 0 ... k - 1."""
    gram = noise @ noise.transpose(0, 2, 1)
    inner = noise @ right.T  # (draws, samples, k)
    out = []
    for n in range(left.shape[1]):
        rest = gram - inner[:, :, :n] @ inner[:, :, :n].transpose(0, 2, 1)
        outside = np.eye(len(left)) - left[:, :n] @ left[:, :n].T
        largest = np.linalg.eigvalsh(outside @ rest @ outside)[:, -1]
        out.append(float(np.sqrt(max(float(np.quantile(largest, QUANTILE)), 0.0))))
    return np.array(out)


def _real_error(singular: Array, longest: int) -> Array:
    """RE for n = 1 ... k."""
    square = singular**2
    behind = np.append(np.cumsum(square[::-1])[::-1][1:], 0.0)
    free = np.arange(len(singular) - 1, -1, -1.0)
    return np.sqrt(np.divide(behind, longest * free, out=np.full(len(singular), NAN), where=free > 0))


def _indicator(singular: Array, longest: int) -> Array:
    free = np.arange(len(singular) - 1, -1, -1.0)
    return np.divide(_real_error(singular, longest), free**2, out=np.full(len(singular), NAN), where=free > 0)


def _significance(singular: Array, shape: tuple[int, ...]) -> Array:
    """Significance of each component against those behind it, NaN for the last."""
    from scipy.special import fdtrc

    size = len(singular)
    k = np.arange(size)
    degrees = (shape[0] - k) * (shape[1] - k)
    out = np.full(size, NAN)
    for n in range(size - 1):
        behind = np.sum(singular[n + 1 :] ** 2)
        ratio = np.inf if behind == 0 else np.sum(degrees[n + 1 :]) / degrees[n] * singular[n] ** 2 / behind
        out[n] = float(fdtrc(1, size - 1 - n, ratio))
    return out
