"""Who makes a lobe: the share of each path in a box of the wavelet map, or in a window of R.

Symbols: W_i what is seen of path i (wavelet map or chi(R), complex), W = sum W_i, <A, B> = sum conj(A) B over the cells
of the box (those at its border by the part that lies inside), x_i = chi_i(k), L the linear map from chi to the box,
G = Re(L* L) with the cells' sizes, t = sum x_i.

    s_i = Re <W_i, W> / <W, W> = x_i G t / t G t,      sum_i s_i = 1

The projection is used since complex sums interfere: |W_i| do not add up to |W|. s_i says how much of the lobe would be
lost, to first order, with path i. A path in antiphase to the sum has a negative share, and another then one above 1;
how much cancels is told by sum <W_i, W_i> / <W, W>: 1 for paths that do not overlap, larger for paths that cancel, up
to 1/n for n equal paths in phase.

The first shell is many times as strong and leaks into any box beside it. Its tail is taken out of data and model alike
before anything is shared out, by the projection of `strength.py`: x_i becomes (1 - Q) Omega k^w chi_i.

Uncertainty: first order, ds_i = (dx_i G t + x_i G dt - 2 s_i t G dt) / t G t, with the covariance of the parameters
that the caller gives; what the model leaves out (other structures, FEFF's own errors) is not in it.

Stand-alone size: max |W_i| in the box over max |W_first| in the whole map, alike for chi(R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.fourier import phases
from ntcspec.xas.lobes import overlap
from ntcspec.xas.paths.glass import Complex, Glass, Seen
from ntcspec.xas.wavelet import wavelet

COVERAGE = 2.0  # standard uncertainties that a difference must exceed
MAJORITY = 0.5
UNDECIDED = "cannot be decided"


@dataclass(frozen=True)
class Shares:
    """Shares of the paths in one region; they sum to 1."""

    share: Array  # shape (paths,)
    covariance: Array  # of the shares from the parameters, shape (paths, paths)
    cancellation: float  # sum <W_i, W_i> / <W, W>


@dataclass(frozen=True)
class Assignment:
    """Which kind makes a lobe."""

    verdict: str  # a name of `groups`, or UNDECIDED
    reason: str
    groups: tuple[str, ...]  # by size of the share, largest first
    share: Array
    uncertainty: Array  # standard uncertainty of each


def box_gram(
    glass: Glass, *, k_box: tuple[float, float], r_box: tuple[float, float], rest: Array | None = None
) -> Array:  # fmt: skip
    """G of a box of the wavelet map (1/A and A), shape (k, k): x G y = Re <W_x, W_y>.

    rest: 1 - Q of `strength.without_shell`, shape (k, k), which takes the first shell's tail out of the box. Raises
    ValueError: empty box.
    """
    cell_r, cell_k = overlap(glass.wavelet_r_ang, *r_box), overlap(glass.k_inv_ang, *k_box)
    rows, columns, used = np.flatnonzero(cell_r), np.flatnonzero(cell_k), np.flatnonzero(glass.weight)
    if not rows.size or not columns.size:
        raise ValueError(f"the map has no points inside k {k_box} 1/A, R {r_box} A")
    size = glass.k_inv_ang.size
    step = float(glass.k_inv_ang[1] - glass.k_inv_ang[0])
    impulse = np.zeros(2 * size - 1)  # in the middle: the map of any other impulse is this one, moved along k
    impulse[size - 1] = 1.0
    grid: Array = np.asarray(step * np.arange(2 * size - 1), dtype=np.float64)
    kernel = wavelet(grid, impulse, glass.wavelet_r_ang[rows], family=glass.family, order=glass.order)
    seen = kernel[:, columns - used[:, None] + size - 1]  # shape (R, used, k)
    seen = seen * np.sqrt(cell_r[rows, None, None] * cell_k[columns])
    seen = np.moveaxis(seen, 1, 0).reshape(used.size, -1)
    if rest is not None:
        seen = rest[np.ix_(used, used)] @ seen
    return _gram(glass.weight[used, None] * seen, used, size)


def window_gram(glass: Glass, *, r_window: tuple[float, float]) -> Array:
    """G of a window of chi(R) (A), shape (k, k). Raises ValueError: no point of the R grid in it."""
    cell = overlap(glass.r_ang, *r_window)
    rows, used = np.flatnonzero(cell), np.flatnonzero(glass.weight)
    if not rows.size:
        raise ValueError(f"chi(R) has no points inside R {r_window} A")
    step = float(glass.k_inv_ang[1] - glass.k_inv_ang[0])
    kernel = phases(glass.r_ang[rows], glass.k_inv_ang[used]) * glass.weight[used] * step / np.sqrt(np.pi)
    return _gram((kernel * np.sqrt(cell[rows, None])).T, used, glass.k_inv_ang.size)


def _gram(seen: Complex, used: npt.NDArray[np.intp], size: int) -> Array:
    """Re(L* L) spread over the whole of k; seen: L transposed, shape (used, cells)."""
    out = np.zeros((size, size))
    out[np.ix_(used, used)] = (np.conj(seen) @ seen.T).real
    return out


def path_shares(chi: Array, gram: Array, *, d_chi: Array, covariance: Array) -> Shares:
    """Shares of paths in the region of `gram`.

    chi: shape (paths, k); d_chi: derivative of each by each parameter, shape (parameters, paths, k); covariance of the
    parameters, shape (parameters, parameters).
    Raises:
        ValueError: shapes that do not fit, or a sum that vanishes in the region.
    """
    count = len(covariance)
    if d_chi.shape != (count, *chi.shape) or covariance.shape != (count, count):
        raise ValueError(f"chi {chi.shape}, d_chi {d_chi.shape} and covariance {covariance.shape} do not fit")
    total = chi.sum(axis=0)
    seen = gram @ total
    norm = float(total @ seen)
    alone = float(np.einsum("ik,kl,il->", chi, gram, chi))
    if not norm > 1e-24 * alone or alone == 0.0:
        raise ValueError("the sum of the paths vanishes in this region")
    share = chi @ seen / norm
    d_total = d_chi.sum(axis=1)
    d_share = d_chi @ seen + d_total @ gram @ chi.T - 2.0 * np.outer(d_total @ seen, share)
    d_share = d_share / norm
    return Shares(share, d_share.T @ covariance @ d_share, alone / norm)


def stand_alone(
    paths: Seen, first: Seen, glass: Glass, *, k_box: tuple[float, float], r_box: tuple[float, float]
) -> Array:
    """max |W_i| in the box over max |W| of the first shell anywhere, shape (paths,). Raises ValueError: empty box."""
    rows = (glass.wavelet_r_ang >= r_box[0]) & (glass.wavelet_r_ang <= r_box[1])
    columns = (glass.k_inv_ang >= k_box[0]) & (glass.k_inv_ang <= k_box[1])
    if not rows.any() or not columns.any():
        raise ValueError(f"the map has no points inside k {k_box} 1/A, R {r_box} A")
    inside = np.abs(paths.wavelet[:, rows][:, :, columns]).max(axis=(1, 2))
    return np.asarray(inside / np.abs(first.wavelet).max())


def stand_alone_r(paths: Seen, first: Seen, glass: Glass, *, r_window: tuple[float, float]) -> Array:
    """max |chi_i(R)| in the window over max |chi(R)| of the first shell, shape (paths,). Raises ValueError: none."""
    rows = (glass.r_ang >= r_window[0]) & (glass.r_ang <= r_window[1])
    if not rows.any():
        raise ValueError(f"chi(R) has no points inside R {r_window} A")
    return np.asarray(np.abs(paths.chi_r[:, rows]).max(axis=1) / np.abs(first.chi_r).max())


def assign(shares: Shares, groups: Sequence[str]) -> Assignment:
    """Which group of paths makes the lobe; groups: one name a path, such as its kind.

    Undecided where no group has more than half, or where the two largest differ by less than two standard
    uncertainties. Size counts, not sign: a group that takes away as much as another brings is no minority.
    """
    names = tuple(dict.fromkeys(groups))
    member = np.array([[group == name for group in groups] for name in names], dtype=np.float64)
    share, covariance = member @ shares.share, member @ shares.covariance @ member.T
    order = np.argsort(-np.abs(share), kind="stable")
    share, covariance = share[order], covariance[np.ix_(order, order)]
    names = tuple(names[i] for i in order)
    uncertainty = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    verdict, reason = _verdict(names, share, covariance)
    return Assignment(verdict, reason, names, share, uncertainty)


def _verdict(names: tuple[str, ...], share: Array, covariance: Array) -> tuple[str, str]:
    """The name, or UNDECIDED, and why."""
    if not np.isfinite(covariance).all():
        return UNDECIDED, "the uncertainty of the shares is not known"
    if not share[0] > MAJORITY:
        return UNDECIDED, f"no kind has more than half: {names[0]} has the largest share, {share[0]:.2f}"
    if len(names) == 1:
        return names[0], "there is no other kind"
    sign = np.sign(share[:2])
    difference = float(np.abs(share[:2]) @ [1.0, -1.0])
    row = sign * np.array([1.0, -1.0])
    spread = float(np.sqrt(max(row @ covariance[:2, :2] @ row, 0.0)))
    what = f"{names[0]} {share[0]:.2f}, {names[1]} {share[1]:.2f}, their difference {difference:.2f} +- {spread:.2f}"
    return (names[0] if difference > COVERAGE * spread else UNDECIDED), what
