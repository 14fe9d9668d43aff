"""The same glass: any path, or sum of paths, through the window, Fourier transform and wavelet of the data.

Symbols: as in `ntcspec.xas.fourier` and `ntcspec.xas.wavelet`; Omega k^w weight, chi(R), W(R, k).

A lobe of the map says which path it is only by comparison with paths that went through the identical transform. So
nothing is chosen here: grid, weight and window are the arrays of the data's own `ExafsTransformed`, the length of the
FFT follows from its R grid, wavelet family, order and R grid from its `WaveletMap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.types.exafs import ExafsTransformed, WaveletMap
from ntcspec.xas import fourier, wavelet
from ntcspec.xas.paths.path_chi import PathTables, Value, path_chi

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Glass:
    """The transform that the data went through."""

    k_inv_ang: Array  # uniform from 0
    power: Array  # k^w, shape (k,)
    window: Array  # Omega, shape (k,)
    r_ang: Array  # grid of chi(R)
    nfft: int
    family: str
    order: float | None
    wavelet_r_ang: Array

    @property
    def weight(self) -> Array:
        """Omega k^w, shape (k,)."""
        return self.power * self.window


@dataclass(frozen=True)
class Seen:
    """chi through the glass; the leading axes are those of chi."""

    chi_r: Complex  # chi(R), shape (..., r)
    wavelet: Complex  # W(R, k), shape (..., R, k)


def data_glass(transformed: ExafsTransformed, wavelet_map: WaveletMap) -> Glass:
    """The glass of one measurement. Raises ValueError where the two results are not of the same transform."""
    k = transformed.k_inv_ang
    if not np.array_equal(k, wavelet_map.k_inv_ang) or transformed.kweight != wavelet_map.kweight:
        raise ValueError("the Fourier transform and the wavelet map are not of the same data")
    step = float(k[1] - k[0])
    nfft = round(np.pi / (step * float(transformed.r_ang[1] - transformed.r_ang[0])))
    order = wavelet_map.order if wavelet_map.family in wavelet.DEFAULT_ORDER else None
    power = k**transformed.kweight
    return Glass(k, power, transformed.window, transformed.r_ang, nfft, wavelet_map.family, order, wavelet_map.r_ang)


def glass_chi(
    tables: PathTables,
    glass: Glass,
    *,
    n: Value | None = None,
    s02: Value = 1.0,
    delta_r_ang: Value = 0.0,
    sigma2_ang2: Value = 0.0,
    e0_ev: Value = 0.0,
    c3_ang3: Value = 0.0,
    c4_ang4: Value = 0.0,
    ei_ev: Value = 0.0,
) -> Array:
    """chi(k) of each path on the grid of the glass, shape (paths, k); 0 where the glass lets nothing through.

    Raises ValueError as `path_chi`: the window must lie above the shifted E0.
    """
    used = glass.weight != 0
    out = np.zeros((tables.size, glass.k_inv_ang.size))
    out[:, used] = path_chi(
        tables, glass.k_inv_ang[used], n=n, s02=s02, delta_r_ang=delta_r_ang, sigma2_ang2=sigma2_ang2, e0_ev=e0_ev,
        c3_ang3=c3_ang3, c4_ang4=c4_ang4, ei_ev=ei_ev,
    )  # fmt: skip
    return out


def through_glass(chi: Array, glass: Glass) -> Seen:
    """chi(R) and W(R, k) of chi on the grid of the glass, shape (..., k); linear in chi."""
    weighted = chi * glass.power * glass.window  # in the order of the data's transform: the same bits
    step = float(glass.k_inv_ang[1] - glass.k_inv_ang[0])
    chi_r = fourier.forward(weighted, kstep_inv_ang=step, nfft=glass.nfft)[..., : glass.r_ang.size]
    flat = weighted.reshape(-1, weighted.shape[-1])
    rows = glass.wavelet_r_ang
    maps = [wavelet.wavelet(glass.k_inv_ang, x, rows, family=glass.family, order=glass.order) for x in flat]
    return Seen(chi_r, np.array(maps).reshape(*weighted.shape[:-1], rows.size, weighted.shape[-1]))
