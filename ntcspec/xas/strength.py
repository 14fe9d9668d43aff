"""How strong a lobe of the wavelet map is beside the first shell, freed of that shell's tail and of noise.

Symbols: x = Omega k^w chi, T wavelet transform, <|W|^2>_B mean of |W|^2 over the box B of the map, n noise of x, Q what
of x can be made of distances in the R window of the first shell.

    L^2   = <|T (x - Q x)|^2>_lobe - <|T n|^2>_lobe
    F^2   = <|T x|^2>_first,   over the first shell's R window and the lobe's k range
    ratio = L / F

A wavelet is narrow in k and wide in R (1.3 Angstrom at R = 4 Angstrom for eta sigma 7), and a window in k has side
lobes in R, so the first shell, which is many times as strong, leaks into the box. Q is the orthogonal projection on
Omega cos 2Rk and Omega sin 2Rk for all R of the window, side lobes and all: singular vectors of that set down to
SMALLEST of the largest singular value. There a damped single shell leaves 5 % of its fake lobe, and a true lobe at 3.9
Angstrom loses 2 %, whether measured or computed. (A filter in R would leave the side lobes: 94 %.)

The mean square is used and not a maximum, since it is defined where the lobe has no maximum of its own any more, which
is where the question gets interesting. Noise adds to a mean square what it has there; without the last term a lobe
would never vanish. It is taken as white, with the sigma that explains |chi(R)| at high R.

Derivatives by chi are exact (adjoint of T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from ntcspec.types import Array
from ntcspec.xas.families import Family
from ntcspec.xas.lobes import overlap, pull
from ntcspec.xas.shells import Measured
from ntcspec.xas.wavelet import wavelet

STEP_ANG = 0.04  # of the distances: a quarter of what 10 1/A can resolve
SMALLEST = 0.03


def without_shell(k_inv_ang: Array, window: Array, r_range_ang: Sequence[float]) -> Array:
    """1 - Q, shape (k, k), symmetric. window: Omega, shape (k,); r_range_ang: R window of the shell."""
    low, high = float(r_range_ang[0]), float(r_range_ang[1])
    r = np.linspace(low, high, round((high - low) / STEP_ANG) + 2)
    angle = np.outer(2.0 * r, k_inv_ang)
    rows = np.concatenate([np.cos(angle), np.sin(angle)]) * window
    square, left = np.linalg.eigh(rows @ rows.T)  # of the few rows: ten times as fast as their singular vectors
    large = square > SMALLEST**2 * square[-1]
    kept = (left[:, large] / np.sqrt(square[large])).T @ rows
    return np.asarray(np.eye(k_inv_ang.size) - kept.T @ kept)


class Box:
    """A box of the map: mean square of W in it, with its derivatives.

    family, order, r_ang: of the map; k_box (1/A) and r_box (A) its ends. ValueError where the map has no point in it.
    """

    def __init__(
        self, mother: Family, k_inv_ang: Array, r_ang: Array, *, family: str, order: float | None,
        k_box: Sequence[float], r_box: Sequence[float],
    ) -> None:  # fmt: skip
        cell_r, cell_k = overlap(r_ang, *r_box), overlap(k_inv_ang, *k_box)
        rows = np.flatnonzero(cell_r)
        if not rows.size or not cell_k.any():
            raise ValueError(f"the map has no points inside k {list(k_box)} 1/A, R {list(r_box)} A")
        cells = cell_r[rows, None] * cell_k
        self.mother, self.k, self.r, self.cells = mother, k_inv_ang, r_ang[rows], cells / cells.sum()
        self.family, self.order = family, order

    def mean_square(self, x: Array, slopes: bool = True) -> tuple[float, Array]:
        """<|T x|^2> and its derivatives by x, shape (k,), unless they are not asked for."""
        w = wavelet(self.k, x, self.r, family=self.family, order=self.order)
        value = float(np.sum(self.cells * np.abs(w) ** 2))
        if not slopes:
            return value, np.empty(0)
        return value, 2.0 * pull(self.mother, self.k, self.r, np.conj(w) * self.cells)

    def noise(self, variance: Array) -> float:
        """<|T n|^2> of independent noise with that variance at each k, shape (k,)."""
        return float(self._by_variance @ variance)

    @cached_property
    def _by_variance(self) -> Array:
        """<|T n|^2> of unit variance at one k, shape (k,): the map of an impulse is that of another one, moved."""
        from scipy.signal import fftconvolve

        size = self.k.size
        impulse = np.zeros(2 * size - 1)
        impulse[size - 1] = 1.0
        grid: Array = np.asarray(float(self.k[1] - self.k[0]) * np.arange(2 * size - 1), dtype=np.float64)
        kernel = np.abs(wavelet(grid, impulse, self.r, family=self.family, order=self.order)) ** 2
        moved = fftconvolve(self.cells, kernel[:, ::-1], mode="full", axes=1)
        return np.asarray(moved[:, size - 1 : 2 * size - 1].sum(axis=0))


def strength_ratio(
    lobe: Box, first: Box, without_first: Array, chi: Array, weight: Array, chi_sigma: float, slopes: bool = True
) -> Measured:
    """L / F and its derivatives by chi; without_first: 1 - Q, shape (k, k). 0 where noise explains all of the lobe."""
    x = weight * chi
    rest, by_rest = lobe.mean_square(without_first @ x, slopes)
    rest -= lobe.noise((chi_sigma * weight) ** 2)
    whole, by_whole = first.mean_square(x, slopes)
    if rest <= 0.0 or whole <= 0.0:
        return Measured(0.0, np.full(chi.size, np.nan), "no stronger than noise")
    ratio = float(np.sqrt(rest / whole))
    if not slopes:
        return Measured(ratio, np.empty(0))
    gradient = 0.5 * ratio * (without_first @ by_rest / rest - by_whole / whole) * weight
    return Measured(ratio, gradient)


def lobe_ratio(
    mother: Family, k_inv_ang: Array, r_ang: Array, *, family: str, order: float | None, k_box: Sequence[float],
    r_box: Sequence[float], first: Sequence[float], kweight: float, chi_sigma: float,
) -> Callable[..., Measured]:  # fmt: skip
    """`strength_ratio` of a box of the map as a function of chi, weight (Omega k^w) and, where it is not `kweight`, w;
    `slopes=False` leaves the derivatives out.

    first: R window of the first shell. ValueError where the map has no point in a box.
    """
    lobe, shell = (
        Box(mother, k_inv_ang, r_ang, family=family, order=order, k_box=k_box, r_box=r) for r in (r_box, first)
    )
    known: dict[bytes, Array] = {}

    def ratio(chi: Array, weight: Array, other: float | None = None, slopes: bool = True) -> Measured:
        power = k_inv_ang ** (kweight if other is None else other)
        window = np.divide(weight, power, out=np.zeros_like(weight), where=power > 0)
        key = window.tobytes()
        if key not in known:
            known[key] = without_shell(k_inv_ang, window, first)
        return strength_ratio(lobe, shell, known[key], chi, weight, chi_sigma, slopes)

    return ratio
