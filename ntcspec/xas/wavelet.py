"""Wavelet transform of EXAFS, evaluated in Fourier space; numpy only.

Symbols: x(k) = Omega k^w chi(k) weighted and windowed signal, X(omega) its Fourier transform, R half path length
(Angstrom), not phase-corrected, h(u) response of the mother wavelet (`families.py`).

    W(R, k) = (1 / 2 pi) int_0^inf 2 h(omega / 2R) X(omega) exp(i omega k) d omega

so that x = A sin(2 k R0) has |W| = A at R = R0, whatever the family.

Exactness. The integral is a sum over FFT frequencies of x padded with zeros; x is band-limited by its sampling and
the kernel is followed in k until it has decayed to 1e-11, so padding makes the sum equal to the integral (wrap-around
below 1e-9, or what `families.py` says of the cut at frequency 0). A Gaussian-enveloped sinusoid
x = A exp(-(k-k0)^2 / 2 s^2) sin(2 R0 k) has under Morlet of order n, with a = sqrt(n) / 2R, p = s^2 + a^2,
m = (2 R0 s^2 + 2 R a^2) / p, the closed form
    W = -i A s p^-1/2 exp(2 i R0 k0 + i m (k-k0) - (k-k0)^2 / 2p - 2 s^2 a^2 (R - R0)^2 / p),
less the same with -R0 for R0 (its negative frequencies); this is the test of this module.

Why not pywt.cwt: it convolves with differences of the integrated wavelet taken at whole samples counted from the end
of the wavelet's support, so that t = 0 falls between two samples, at a place that changes from row to row. W is
shifted by up to half a sample (a phase of R dk, 0.1 rad at R = 2 and dk = 0.05) and averaged over one sample; both
depend on the sampling of the signal and not on `precision`. On an EXAFS-like signal the error is 9.8 % of the
maximum, 0.7 % in |W|; with the shifts undone 0.2 % are left, the averaging (`benchmarks/pywt_cwt_error.py`).

Order of steps: filter bank (cached: it depends on grids and family only), rows grouped by the padding that they need;
one real FFT of x a group; one inverse FFT of H X over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.exafs import ExafsTransformed, WaveletMap
from ntcspec.xas.families import Family, family

Complex = npt.NDArray[np.complex128]
DEFAULT_ORDER = {"morlet": 49.0, "cauchy": 50.0}


@dataclass(frozen=True)
class _Group:
    """Rows of the map that share a padded length."""

    rows: npt.NDArray[np.int64]
    length: int
    filters: Array  # 2 h, shape (rows, length // 2 + 1)


def fast_length(least: int) -> int:
    """Smallest product of powers of 2, 3 and 5 that is not below `least`."""
    best = 1 << max(least - 1, 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = three << max(0, (-(-least // three) - 1).bit_length())
            best = min(best, two) if two >= least else best
            three *= 3
        five *= 5
    return best


def padded_length(mother: Family, r_ang: Array, points: int, kstep_inv_ang: float) -> Array:
    """Points that each R needs, signal and decay of the kernel together, shape of `r_ang`."""
    return np.asarray(points + np.ceil(mother.reach / (2 * r_ang * kstep_inv_ang))).astype(np.int64)


def filters(mother: Family, r_ang: Array, length: int, kstep_inv_ang: float) -> Array:
    """2 h(omega / 2R) on the frequencies of a real FFT, shape (R, length // 2 + 1); omega = 0 gets 0."""
    omega = 2 * np.pi / (length * kstep_inv_ang) * np.arange(length // 2 + 1)
    out = 2 * mother.response(omega / (2 * r_ang[:, None]))
    out[:, 0] = 0.0
    return np.asarray(out)


@lru_cache(maxsize=8)
def _bank(name: str, order: float | None, points: int, kstep_inv_ang: float, r_bytes: bytes) -> tuple[_Group, ...]:
    mother, r = family(name, order), np.frombuffer(r_bytes)
    needed = padded_length(mother, r, points, kstep_inv_ang)
    octave = np.floor(3 * np.log2(needed)).astype(int)
    groups = []
    for value in np.unique(octave):
        rows = np.flatnonzero(octave == value)
        length = fast_length(int(needed[rows].max()))
        groups.append(_Group(rows, length, filters(mother, r[rows], length, kstep_inv_ang)))
    return tuple(groups)


def wavelet(
    k_inv_ang: Array, chi_weighted_windowed: Array, r_ang: Array, *, family: str = "morlet", order: float | None = None
) -> Complex:
    """W(R, k), shape (len(r), len(k)), unit of the signal.

    k uniform and ascending (any start), signal of its shape, R > 0. Raises ValueError for grids that are not, for R
    above half of what the sampling can hold, and for unknown families and orders.
    """
    k, x = np.asarray(k_inv_ang, dtype=np.float64), np.asarray(chi_weighted_windowed, dtype=np.float64)
    r = np.ascontiguousarray(r_ang, dtype=np.float64)
    step = float(k[-1] - k[0]) / (k.size - 1)
    if k.shape != x.shape or step <= 0 or np.abs(np.diff(k) - step).max() > 1e-6 * step:
        raise ValueError("k must be uniform and ascending, the signal of its shape")
    if r.ndim != 1 or not r.min() > 0 or r.max() > np.pi / (4 * step):
        raise ValueError(
            f"R must lie above 0 and below {np.pi / (4 * step):.1f} A, half of what a k step of {step:g} holds"
        )
    out = np.empty((r.size, k.size), dtype=np.complex128)
    for group in _bank(family, order, k.size, round(step, 12), r.tobytes()):
        spectrum = np.fft.rfft(x, group.length)
        out[group.rows] = np.fft.ifft(group.filters * spectrum, n=group.length, axis=-1)[:, : k.size]
    return out


def resolution(order: float | None, r_ang: Array, family_name: str = "morlet") -> tuple[Array, Array]:
    """FWHM in k (1/Angstrom) and R (Angstrom) of a wavelet at each R; see `families.py` for the definitions."""
    return family(family_name, order).resolution(r_ang)


def resolve_order(family_name: str, *, eta_sigma: float | None, order: float | None) -> float | None:
    """Order from the two ways of stating it; None for a PyWavelets family. Raises UserError where they do not fit."""
    if eta_sigma is not None and order is not None:
        raise UserError("wavelet.order", "eta_sigma and order are both given", "give one: order = (eta sigma)^2")
    if family_name not in DEFAULT_ORDER:
        if eta_sigma is not None or order is not None:
            raise UserError(
                "wavelet.order", f"the name {family_name!r} sets the order", "leave eta_sigma and order out"
            )
        return None
    if eta_sigma is not None and family_name != "morlet":
        raise UserError("wavelet.eta_sigma", "eta_sigma belongs to the Morlet wavelet", "give wavelet.order")
    if eta_sigma is not None:
        return float(eta_sigma) ** 2
    return float(order) if order is not None else DEFAULT_ORDER[family_name]


def wavelet_exafs(
    transformed: ExafsTransformed,
    *,
    family: str = "morlet",
    eta_sigma: float | None = None,
    order: float | None = None,
    rmin_ang: float = 1.0,
    rmax_ang: float = 6.0,
    rstep_ang: float = 0.025,
) -> WaveletMap:
    """Wavelet map of the signal that the Fourier transform used: same range, window and weight.

    family: 'morlet' (eta_sigma, 7 by default), 'cauchy' (order, 50 by default) or a complex family of PyWavelets.
    Raises UserError for parameters that do not fit.
    """
    resolved = resolve_order(family, eta_sigma=eta_sigma, order=order)
    rows = int(np.floor((rmax_ang - rmin_ang) / rstep_ang + 1e-9)) + 1
    r: Array = np.asarray(rmin_ang + rstep_ang * np.arange(rows), dtype=np.float64)
    try:
        mother = _mother(family, resolved)
        values = wavelet(
            transformed.k_inv_ang, transformed.chi_weighted * transformed.window, r, family=family, order=resolved
        )
    except ValueError as problem:
        raise UserError("wavelet", str(problem), "check wavelet.family, order and the R range") from None
    fwhm_k, fwhm_r = mother.resolution(r)
    middle = r.size // 2
    return WaveletMap(
        family=family,
        order=mother.order,
        kweight=transformed.kweight,
        k_inv_ang=transformed.k_inv_ang.copy(),
        r_ang=r,
        magnitude=np.abs(values),
        real=values.real.copy(),
        imag=values.imag.copy(),
        fwhm_k_inv_ang=fwhm_k,
        fwhm_r_ang=fwhm_r,
        notes=(
            f"order {mother.order:.4g}: resolution (FWHM) {fwhm_k[middle]:.2f} 1/A in k and {fwhm_r[middle]:.2f} A "
            f"in R at R = {r[middle]:.2f} A",
        ),
    )


def _mother(name: str, order: float | None) -> Family:
    """`families.family`, under a name that the keyword `family` does not hide."""
    return family(name, order)
