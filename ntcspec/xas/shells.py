"""Position, height and area of a peak in |chi(R)|, with their derivatives by chi(k).

Symbols: a_j = dk / sqrt(pi) Omega_j k_j^w, u(R) = sum_j a_j chi_j exp(-2 i k_j R) (which is chi(R) at any R, not only
on the FFT grid), f = |u|^2 / 2, prime = d/dR.

    position R*   f'(R*) = Re(conj(u) u') = 0, by Newton from a fine grid
    height        |u(R*)|
    area          int |u| dR over the window, trapezoid on a grid of 0.005 Angstrom

Derivatives (delta method): a maximum does not move to first order, so d height = Re(conj(u) du) / |u|; by the implicit
function theorem dR* = -d f'(R*) / f''(R*); d area = int Re(conj(u) du) / |u| dR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.fourier import Complex, phases

FINE_ANG = 0.005


@dataclass(frozen=True)
class Measured:
    """A number and its derivatives by chi(k), shape (k,); NaN, and why, where there is none."""

    value: float
    gradient: Array
    reason: str = ""


def missing(size: int, reason: str) -> Measured:
    """No number."""
    return Measured(float("nan"), np.full(size, np.nan), reason)


def over(part: Measured, whole: Measured) -> Measured:
    """part / whole with its derivatives; missing where one of them is."""
    if part.reason or whole.reason:
        return missing(part.gradient.size, part.reason or f"first shell: {whole.reason}")
    ratio = part.value / whole.value
    return Measured(ratio, (part.gradient - ratio * whole.gradient) / whole.value)


def shell(
    k_inv_ang: Array, chi: Array, weight: Array, *, rmin_ang: float, rmax_ang: float, slopes: bool = True
) -> dict[str, Measured]:
    """'position', 'height' and 'area' of the highest point of |chi(R)| between rmin and rmax.

    weight is Omega k^w, shape (k,); slopes: with derivatives by chi, which are empty otherwise. Where the highest point
    is an end of the window, position and height are missing.
    """
    used = np.flatnonzero(weight)
    k, x = np.asarray(k_inv_ang, dtype=np.float64)[used], chi[used]
    a = float(k_inv_ang[1] - k_inv_ang[0]) / np.sqrt(np.pi) * weight[used]
    r = np.linspace(rmin_ang, rmax_ang, max(int(np.ceil((rmax_ang - rmin_ang) / FINE_ANG)) + 1, 3))
    waves = _phases(r.tobytes(), np.asarray(k_inv_ang, dtype=np.float64).tobytes())
    signal = np.zeros(waves.shape[1])
    signal[used] = a * x
    u = waves @ signal
    size = np.abs(u)
    spacing = np.full(r.size, r[1] - r[0])
    spacing[[0, -1]] *= 0.5
    area = Measured(float(spacing @ size), np.empty(0))
    if slopes:
        phase = np.divide(np.conj(u), size, out=np.zeros_like(u), where=size > 0)
        area = Measured(area.value, a * ((spacing * phase) @ waves).real[used])
    top = int(size.argmax())
    if top in (0, r.size - 1):
        none = missing(used.size if slopes else 0, f"no maximum inside {rmin_ang:g}-{rmax_ang:g} A")
        found = {"position": none, "height": none, "area": area}
    else:
        position, height = _peak(k, a, x, float(r[top]), float(r[1] - r[0]))
        found = {"position": position, "height": height, "area": area}
    return {n: _spread(m, used, chi.size) if slopes else replace(m, gradient=np.empty(0)) for n, m in found.items()}


@lru_cache(maxsize=8)
def _phases(r_bytes: bytes, k_bytes: bytes) -> Complex:
    """`phases`, kept: all variants of a measurement ask for the same window."""
    return phases(np.frombuffer(r_bytes), np.frombuffer(k_bytes))


def _spread(measured: Measured, used: npt.NDArray[np.int64], size: int) -> Measured:
    """The same with a gradient over the whole of chi: 0 (NaN where the number is missing) at points of no weight."""
    gradient = np.full(size, 0.0 if np.isfinite(measured.value) else np.nan)
    gradient[used] = measured.gradient
    return Measured(measured.value, gradient, measured.reason)


def _peak(k: Array, a: Array, chi: Array, start: float, reach: float) -> tuple[Measured, Measured]:
    """Position and height of the maximum within `reach` of `start`."""
    r = start
    for _ in range(30):
        kernel = a * np.exp(-2j * k * r)
        u, u1, u2 = kernel @ chi, (-2j * k * kernel) @ chi, (-4 * k**2 * kernel) @ chi
        slope, curvature = (np.conj(u) * u1).real, abs(u1) ** 2 + (np.conj(u) * u2).real
        step = -slope / curvature if curvature < 0 else np.sign(slope) * reach / 4
        r = float(np.clip(r + step, start - reach, start + reach))
        if abs(step) < 1e-13:
            break
    slope_gradient = (np.conj(kernel) * u1 + np.conj(u) * (-2j * k * kernel)).real
    return Measured(r, -slope_gradient / curvature), Measured(float(abs(u)), (np.conj(u) * kernel).real / abs(u))
