"""Where a fit looks: the linear map from chi(k) to the numbers that are compared.

Symbols: Omega window of the data's own transform, w exponent of a k weight, C covariance of chi(k), A map from chi(k)
to residuals (real and imaginary parts apart), e standard uncertainty of a residual, one for each k weight.

    r   chi(R) for rmin <= R <= rmax, on the R grid of the transform
    q   its back transform over that range (no taper), where Omega is not 0
    k   Omega k^w chi itself, for which rmin and rmax mean nothing

    n   = 2 (rmax - rmin) (kmax - kmin) / pi + 1      independent points, as larch counts them (Nyquist's theorem; E. A.
          Stern, Phys. Rev. B 48, 9825 (1993) has + 2); in k space (kmax - kmin) / dk
    e^2 = mean of diag(A C A^T) over the rows of a k weight
    rows are divided by e and multiplied by sqrt(n / number of rows): chi2 = |A (data - model)|^2 counts n points

The grid of R is finer than what is independent, and several k weights repeat the same data: chi2 on the scale of n
takes care of both on average; the uncertainty of a fit's parameters is propagated exactly (`solve.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas import fourier

WINDOW_KEYS = ("kmin_inv_ang", "kmax_inv_ang", "dk_inv_ang", "window")


@dataclass(frozen=True)
class Space:
    """The map of one data set. rows: shape (rows, used), scaled as above, over the points of k that count."""

    rows: Array
    used: npt.NDArray[np.intp]
    independent: float
    epsilon: Array  # standard uncertainty of a residual, one a k weight


def space(
    k_inv_ang: Array, covariance: Array, *, where: str, kweights: Sequence[float], r_range_ang: Sequence[float],
    transform: Mapping[str, Any],
) -> Space:  # fmt: skip
    """The map for a uniform grid of k from 0, shape (k,), and the covariance of chi, shape (k, k).

    where: 'r', 'q' or 'k'; transform: the keywords of the data's own transform, of which window and nfft are taken.
    Raises ValueError for an R range without points, a window beyond the data, and data of no uncertainty.
    """
    window = fourier.weights(k_inv_ang, kweight=0, **{key: transform[key] for key in WINDOW_KEYS})[1]
    used = np.flatnonzero(window)
    k, shape = k_inv_ang[used], window[used]
    step = float(k_inv_ang[1] - k_inv_ang[0])
    blocks = [_block(k, shape * k**w, step, where, r_range_ang, transform["nfft"]) for w in kweights]
    reach = transform["kmax_inv_ang"] - transform["kmin_inv_ang"]
    independent = reach / step if where == "k" else 2.0 * (r_range_ang[1] - r_range_ang[0]) * reach / np.pi + 1.0
    noise = covariance[np.ix_(used, used)]
    epsilon = np.sqrt([np.mean(np.sum((b @ noise) * b, axis=1)) for b in blocks])
    if not (np.isfinite(epsilon).all() and (epsilon > 0).all()):
        raise ValueError("the uncertainty of chi(k) is not known")
    count = sum(len(b) for b in blocks)
    rows = np.concatenate([b / e for b, e in zip(blocks, epsilon, strict=True)]) * np.sqrt(independent / count)
    return Space(rows, used, float(independent), epsilon)


def _block(k: Array, weight: Array, step: float, where: str, r_range: Sequence[float], nfft: int) -> Array:
    """Unscaled rows of one k weight; real parts, then imaginary parts."""
    if where == "k":
        return np.diag(weight)
    r = fourier.r_grid(kstep_inv_ang=step, nfft=nfft, rmax_ang=r_range[1] + 1.0)
    r = r[(r >= r_range[0]) & (r <= r_range[1])]
    if r.size < 2:
        raise ValueError(f"chi(R) has no points between {r_range[0]:g} and {r_range[1]:g} A")
    kernel = step / np.sqrt(np.pi) * weight * fourier.phases(r, k)
    if where == "q":
        kernel = 2.0 * (r[1] - r[0]) / np.sqrt(np.pi) * np.conj(fourier.phases(k, r)) @ kernel
    return np.concatenate([kernel.real, kernel.imag])
