"""Fourier transform of EXAFS, in the conventions of IFEFFIT and larch; numpy only.

Symbols: k wavenumber (1/Angstrom) on a uniform grid from 0 with step dk, w exponent of the k weight, Omega window,
R half path length (Angstrom), not phase-corrected; N = nfft.

Definitions:
    chi(R_m) = dk / sqrt(pi) sum_j Omega_j k_j^w chi_j exp(-2 i k_j R_m),   R_m = m pi / (dk N)
    chi(q_j) = 2 sqrt(pi) / dk * (1/N) sum_m Omega(R_m) chi(R_m) exp(2 i R_m q_j), m = 0..N/2
so that a back transform over all R gives Omega k^w chi again (twice its positive-frequency part).

Order of steps in `transform_exafs`: weight and window; transform; noise at high R; white sigma of chi that explains
it; uncertainty of |chi(R)|; back transform.

Noise (after M. Newville, B. I. Boyanov, D. E. Sayers, J. Synchrotron Rad. 6, 264 (1999)): at R of 15-25 Angstrom
there is no signal left. For white noise sigma in chi(k), real and imaginary part together have
    <|chi(R)|^2> = sigma^2 dk^2 / pi sum_j (Omega_j k_j^w)^2,
which is solved for sigma. (With only one of the two parts there would be a factor 1/2.)

Uncertainty of |chi(R)|: linear, u^2 = g C g with g = Re(conj(chi(R)) A) / |chi(R)| and A the transform's row; C is
the covariance of chi(k), or sigma^2 where that is not known. Where |chi(R)| is not above its own noise the linear
law overstates what a magnitude can tell: it cannot be negative.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed
from ntcspec.xas.windows import ft_window

Complex = npt.NDArray[np.complex128]


def weights(
    k_inv_ang: Array, *, kweight: float, kmin_inv_ang: float, kmax_inv_ang: float, dk_inv_ang: float, window: str
) -> tuple[Array, Array]:
    """k^w and window on the grid k, both of its shape; the taper beyond kmax may run past the end of the grid.

    Raises ValueError for a grid that is not uniform from 0 and for kmax beyond it.
    """
    k = np.asarray(k_inv_ang, dtype=np.float64)
    step = float(k[1] - k[0])
    if k[0] != 0 or np.abs(k - step * np.arange(k.size)).max() > 1e-6 * step:
        raise ValueError("k must be uniform and start at 0")
    if kmax_inv_ang > k[-1] + 1e-6 * step:
        raise ValueError(f"kmax {kmax_inv_ang:g} is beyond the data, {k[-1]:g} 1/A")
    points = int(1.01 + max(float(k[-1]), kmax_inv_ang + dk_inv_ang) / step)
    longer: Array = np.asarray(step * np.arange(points), dtype=np.float64)
    shape = ft_window(longer, x_min=kmin_inv_ang, x_max=kmax_inv_ang, taper=dk_inv_ang, window=window)
    return k**kweight, shape[: k.size]


def forward(weighted: Array, *, kstep_inv_ang: float, nfft: int) -> Complex:
    """chi(R) on R_m, m = 0..nfft/2 - 1, of the weighted and windowed chi(k), whose last axis runs along k."""
    if weighted.shape[-1] > nfft:
        raise ValueError(f"{weighted.shape[-1]} points of chi do not fit into nfft = {nfft}")
    return np.asarray(kstep_inv_ang / np.sqrt(np.pi) * np.fft.fft(weighted, n=nfft, axis=-1)[..., : nfft // 2])


def r_grid(*, kstep_inv_ang: float, nfft: int, rmax_ang: float) -> Array:
    """R grid (Angstrom) from 0 to `rmax_ang`."""
    step = np.pi / (kstep_inv_ang * nfft)
    return np.asarray(step * np.arange(int(min(nfft / 2, 1.01 + rmax_ang / step))))


def chi_r(
    k_inv_ang: Array,
    chi: Array,
    *,
    kweight: float,
    kmin_inv_ang: float,
    kmax_inv_ang: float,
    dk_inv_ang: float,
    window: str,
    nfft: int = 2048,
    rmax_ang: float = 10.0,
) -> tuple[Array, Complex]:
    """R (Angstrom) and complex chi(R) (Angstrom^-(w+1)) of chi on a uniform grid k from 0, both of shape (m,)."""
    power, shape = weights(
        k_inv_ang, kweight=kweight, kmin_inv_ang=kmin_inv_ang, kmax_inv_ang=kmax_inv_ang, dk_inv_ang=dk_inv_ang,
        window=window,
    )  # fmt: skip
    step = float(k_inv_ang[1] - k_inv_ang[0])
    r = r_grid(kstep_inv_ang=step, nfft=nfft, rmax_ang=rmax_ang)
    return r, forward(chi * power * shape, kstep_inv_ang=step, nfft=nfft)[: r.size]


def back(
    chir: Complex,
    *,
    kstep_inv_ang: float,
    nfft: int,
    points: int,
    rmin_ang: float,
    rmax_ang: float,
    dr_ang: float,
    window: str = "hanning",
) -> Complex:
    """chi(q) on q = 0, dk, ... (`points` of them) of chi(R) on the R grid from 0, windowed in R."""
    r: Array = np.asarray(np.pi / (kstep_inv_ang * nfft) * np.arange(nfft), dtype=np.float64)
    padded = np.zeros(nfft, dtype=np.complex128)
    padded[: chir.size] = chir
    shape = ft_window(r, x_min=rmin_ang, x_max=rmax_ang, taper=dr_ang, window=window)
    return np.asarray(2 * np.sqrt(np.pi) / kstep_inv_ang * np.fft.ifft(padded * shape)[:points])


def white_sigma(noise: float, weighted_window: Array, *, kstep_inv_ang: float) -> float:
    """sigma of white noise in chi(k) whose |chi(R)| has the rms `noise`; weighted_window is Omega k^w."""
    return float(noise / (kstep_inv_ang / np.sqrt(np.pi) * np.sqrt(np.sum(weighted_window**2))))


def phases(r_ang: Array, k_inv_ang: Array) -> Complex:
    """exp(-2 i k R), shape (R, k); cosine and sine apart are three times as fast as a complex exponential."""
    angle = np.outer(2.0 * r_ang, k_inv_ang)
    out = np.empty(angle.shape, dtype=np.complex128)
    np.cos(angle, out=out.real)
    np.negative(np.sin(angle), out=out.imag)
    return out


def magnitude_error(chir: Complex, r_ang: Array, k_inv_ang: Array, weighted_window: Array, covariance: Array) -> Array:
    """Standard uncertainty of |chi(R)|, shape of `chir`, from the covariance (k, k) of chi; see the module's head."""
    used = np.flatnonzero(weighted_window)
    k = k_inv_ang[used]
    step = float(k_inv_ang[1] - k_inv_ang[0])
    rows = step / np.sqrt(np.pi) * weighted_window[used] * phases(r_ang, k)
    size = np.abs(chir)
    unit = np.divide(chir, size, out=np.ones_like(chir), where=size > 0)  # at |chi| = 0: that of the real part
    gradient = (np.conj(unit)[:, None] * rows).real
    return np.asarray(np.sqrt(np.sum(gradient @ covariance[np.ix_(used, used)] * gradient, axis=1).clip(0.0)))


def chi_covariance(reduced: ExafsReduced, chi_sigma: float) -> tuple[Array, str]:
    """Covariance (k, k) of chi(k) and where it is from: repeat scans, or white noise that explains high R."""
    if reduced.chi_covariance.size:
        return reduced.chi_covariance, "scatter of repeat scans"
    return chi_sigma**2 * np.eye(reduced.k_inv_ang.size), "white noise seen at high R"


def transform_exafs(
    reduced: ExafsReduced,
    *,
    kweight: float = 2,
    kmin_inv_ang: float = 3.0,
    kmax_inv_ang: float = 12.0,
    dk_inv_ang: float = 1.0,
    window: str = "hanning",
    nfft: int = 2048,
    rmax_ang: float = 10.0,
    back_rmin_ang: float = 1.0,
    back_rmax_ang: float = 3.0,
    back_dr_ang: float = 0.5,
    noise_range_ang: tuple[float, float] = (15.0, 25.0),
) -> ExafsTransformed:
    """Fourier transform, noise, uncertainties and back transform. Raises UserError for ranges beyond the data."""
    k = reduced.k_inv_ang
    step = float(k[1] - k[0])
    _check_ranges(k, kmin_inv_ang, kmax_inv_ang, nfft, noise_range_ang)
    power, shape = weights(
        k, kweight=kweight, kmin_inv_ang=kmin_inv_ang, kmax_inv_ang=kmax_inv_ang, dk_inv_ang=dk_inv_ang, window=window
    )
    full = forward(reduced.chi * power * shape, kstep_inv_ang=step, nfft=nfft)
    all_r = r_grid(kstep_inv_ang=step, nfft=nfft, rmax_ang=np.inf)
    quiet = (all_r >= noise_range_ang[0]) & (all_r <= noise_range_ang[1])
    noise = float(np.sqrt(np.mean(np.abs(full[quiet]) ** 2)))
    sigma = white_sigma(noise, power * shape, kstep_inv_ang=step)
    r = r_grid(kstep_inv_ang=step, nfft=nfft, rmax_ang=rmax_ang)
    chir = full[: r.size]
    covariance, source = chi_covariance(reduced, sigma)
    chiq = back(
        full, kstep_inv_ang=step, nfft=nfft, points=k.size, rmin_ang=back_rmin_ang, rmax_ang=back_rmax_ang,
        dr_ang=back_dr_ang,
    )  # fmt: skip
    notes = [f"uncertainty of |chi(R)| from the {source}"]
    if kmax_inv_ang + dk_inv_ang / 2 > k[-1] + 1e-6 and window in ("hanning", "parzen", "welch"):
        notes.append(f"the window's taper is cut by the end of data at k = {k[-1]:.2f} 1/A")
    return ExafsTransformed(
        kweight=float(kweight),
        k_inv_ang=k.copy(),
        chi_weighted=power * reduced.chi,
        window=shape,
        r_ang=r,
        chir_re=chir.real.copy(),
        chir_im=chir.imag.copy(),
        chir_mag=np.abs(chir),
        chir_mag_error=magnitude_error(chir, r, k, power * shape, covariance),
        noise=noise,
        chi_sigma=sigma,
        q_inv_ang=k.copy(),
        chiq_re=chiq.real.copy(),
        chiq_mag=np.abs(chiq),
        notes=tuple(notes),
    )


def _check_ranges(k: Array, kmin: float, kmax: float, nfft: int, noise_range_ang: tuple[float, float]) -> None:
    """UserError for a k range that the data do not hold and for a noise range beyond the R grid."""
    if kmax > k[-1] + 1e-6:
        raise UserError(
            "transform.kmax_inv_ang",
            f"{kmax:g} 1/A is asked, data end at k = {k[-1]:.1f} 1/A",
            "set transform.kmax_inv_ang or check for an aborted scan",
        )
    if kmin >= kmax:
        raise UserError("transform.kmin_inv_ang", f"{kmin:g} is not below kmax {kmax:g} 1/A", "give an ascending range")
    if k.size > nfft:
        raise UserError(
            "transform.nfft", f"{nfft} is less than the {k.size} points of chi(k)", "take a higher power of 2"
        )
    end = np.pi / (2 * float(k[1] - k[0]))
    if not 0 <= noise_range_ang[0] < noise_range_ang[1] <= end:
        raise UserError(
            "transform.noise_range_ang",
            f"{list(noise_range_ang)} is not an ascending range within 0 to {end:.1f} A",
            "give a range of R that holds nothing but noise",
        )
