"""Mother wavelets as functions of frequency, and their resolution.

Symbols: u = omega / (2 R) frequency over the frequency of a sinusoid sin(2 k R); h(u) response of the wavelet that
belongs to R, h(1) = 1 its maximum; t = 2 R k; n order.

    Morlet   h = exp(-n (u - 1)^2 / 2),            n = (eta sigma)^2    H. Funke, A. C. Scheinost, M. Chukalina,
                                                                        Phys. Rev. B 71, 094110 (2005)
    Cauchy   h = exp(n (ln u + 1 - u)),            n the Cauchy order   M. Munoz, P. Argoul, F. Farges,
                                                                        Am. Mineral. 88, 694 (2003)
    others   h from the complex wavelets of PyWavelets, Fourier-transformed numerically; n = -h''(1), the Morlet order
             of the same curvature

Only u > 0 counts (analytic signal). The Morlet wavelet does not vanish at u = 0; what is cut there is exp(-n/2), and
rings through the map at that level: 2e-11 for n = 49, 4e-7 for n = 30, 4e-6 for n = 25.

Resolution: a delta in k has a |W| of full width at half maximum t_full / (2 R) in k; a sinusoid of R0 has one of
R0 (1/u_low - 1/u_high) in R, where h(u_low) = h(u_high) = 1/2. For Morlet these are 2 sqrt(2 ln 2) sqrt(n) / (2 R) and,
with d = sqrt(2 ln 2 / n), R 2 d / (1 - d^2), which is 2 sqrt(2 ln 2) R / sqrt(n) for large n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ntcspec.types import Array

MIN_ORDER = 4.0  # below, half the response lies at u <= 0.4 or none: no frequency is selected
TAIL = 1e-11  # the kernel in k is followed until it is below this share of its maximum
TABLE = 1 << 18  # points of the numerical Fourier transform


@dataclass(frozen=True)
class Family:
    """A mother wavelet of given order."""

    name: str
    order: float
    response: Callable[[Array], Array]  # h(u), u >= 0
    reach: float  # t beyond which the kernel in k is negligible
    t_full: float  # full width at half maximum of the kernel, in t
    u_low: float  # where h is one half
    u_high: float

    def resolution(self, r_ang: Array) -> tuple[Array, Array]:
        """FWHM in k (1/Angstrom) and in R (Angstrom) at each R, both of the shape of `r_ang`."""
        r = np.asarray(r_ang, dtype=np.float64)
        return self.t_full / (2 * r), r * (1 / self.u_low - 1 / self.u_high)


@lru_cache(maxsize=16)
def family(name: str, order: float | None = None) -> Family:
    """Mother wavelet 'morlet' or 'cauchy' of the given order, or a complex family of PyWavelets (order None).

    Raises ValueError for an unknown name, an order below 4 and an order given to a PyWavelets family.
    """
    if name not in ("morlet", "cauchy"):
        if order is not None:
            raise ValueError(f"the name {name!r} sets the order: give none")
        return _from_pywavelets(name)
    if order is None or not order >= MIN_ORDER:
        raise ValueError(f"order {order} of the {name} wavelet is below {MIN_ORDER:g}")
    n = float(order)
    if name == "morlet":
        half = np.sqrt(2 * np.log(2) / n)
        return Family(
            name, n, lambda u: np.exp(-0.5 * n * (u - 1) ** 2), float(np.sqrt(-2 * n * np.log(TAIL))),
            float(2 * np.sqrt(2 * np.log(2) * n)), 1 - half, 1 + half,
        )  # fmt: skip
    low, high = (_cauchy_half(n, start) for start in (0.0, 10.0))
    return Family(
        name, n, lambda u: _cauchy(u, n), n * float(np.sqrt(TAIL ** (-2 / (n + 1)) - 1)),
        2 * n * float(np.sqrt(2 ** (2 / (n + 1)) - 1)), low, high,
    )  # fmt: skip


def _cauchy(u: Array, n: float) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(n * (np.log(u) + 1 - u)))


def _cauchy_half(n: float, far: float) -> float:
    """The u between `far` and 1 where h = 1/2, by bisection."""
    near = 1.0
    for _ in range(200):
        middle = 0.5 * (far + near)
        value = n * (np.log(middle) + 1 - middle) + np.log(2)
        far, near = (middle, near) if value < 0 else (far, middle)
    return 0.5 * (far + near)


def _from_pywavelets(name: str) -> Family:
    """h(u) of a complex continuous wavelet of PyWavelets, from a table of its Fourier integral.

    psi(t) is sampled until it has decayed, at steps that leave nothing above the Nyquist frequency, so that the sum
    is the integral to rounding for 'cmor' and 'cgau'. 'shan' and 'fbsp' decay like powers of 1/t: they are cut at
    t = 64, and their sharp bands are reproduced to about 1 % only.
    """
    import pywt

    known = pywt.wavelist(kind="continuous")
    if not any(name.startswith(base) for base in known):
        raise ValueError(f"unknown wavelet {name!r}: morlet, cauchy, or one of PyWavelets: {', '.join(known)}")
    wavelet = pywt.ContinuousWavelet(name)
    if not wavelet.complex_cwt:
        raise ValueError(
            f"the wavelet {name!r} is real: its map would oscillate; take a complex family such as cmor1.5-1.0"
        )
    end = max(8.0, 6.0 * np.sqrt(wavelet.bandwidth_frequency or 1.0)) if name.startswith(("cmor", "cgau")) else 64.0
    wavelet.lower_bound, wavelet.upper_bound = -end, end
    psi, t = wavelet.wavefun(length=1 << 14)
    step = float(t[1] - t[0])
    amplitude = np.abs(np.fft.fft(psi, TABLE))
    spacing = 2 * np.pi / (TABLE * step)
    half = TABLE // 2
    if amplitude[half:].max() > amplitude[:half].max():  # psi turns the other way, as 'cgau' does
        amplitude = amplitude[np.r_[0, TABLE - 1 : half : -1]]
    amplitude = amplitude[:half]
    centre, top = _centre(amplitude, name)
    table = amplitude / top

    def response(u: Array) -> Array:
        return _lagrange(table, np.asarray(u) * centre)

    far = np.abs(t[np.abs(psi) > TAIL * np.abs(psi).max()]).max()
    kernel = np.abs(np.fft.fftshift(np.fft.ifft(table, n=TABLE)))[half - (1 << 14) : half + (1 << 14)]
    delay: Array = np.asarray(step * np.arange(-(1 << 14), 1 << 14), dtype=np.float64)
    omega = centre * spacing  # so that omega t = 2 R k
    return _measured(name, response, reach=far * omega, t=delay * omega, kernel=kernel / kernel.max())


def _centre(amplitude: Array, name: str) -> tuple[float, float]:
    """Position (in samples) and value of the maximum of h; the middle of the half-height band where that is flat."""
    if name.startswith(("shan", "fbsp")):
        band = np.flatnonzero(amplitude >= 0.5 * amplitude.max())
        middle = 0.5 * float(band[0] + band[-1])
        return middle, float(_lagrange(amplitude, np.array([middle]))[0])
    i = int(amplitude.argmax())
    below, at, above = np.log(amplitude[i - 1 : i + 2])
    shift = 0.5 * (below - above) / (below - 2 * at + above)
    return i + shift, float(_lagrange(amplitude, np.array([i + shift]))[0])


def _lagrange(table: Array, at: Array) -> Array:
    """Six-point interpolation of a uniform table; 0 outside of it."""
    base = np.clip(np.floor(at).astype(int) - 2, 0, table.size - 6)
    x = at - base
    out = np.zeros_like(at)
    for i in range(6):
        others = [j for j in range(6) if j != i]
        coefficient = np.prod([(x - j) / (i - j) for j in others], axis=0)
        out += coefficient * table[base + i]
    return np.asarray(np.where(at <= table.size - 1, out, 0.0))


def _measured(name: str, response: Callable[[Array], Array], *, reach: float, t: Array, kernel: Array) -> Family:
    """Order and widths of a numerical family, read off its curves."""
    u = np.linspace(0.0, 3.0, 30001)
    h = response(u)
    above, wide = np.flatnonzero(h >= 0.5), np.flatnonzero(kernel >= 0.5)
    u_low, u_high = (_crossing(u, h - 0.5, i) for i in (above[0], above[-1] + 1))
    t_low, t_high = (_crossing(t, kernel - 0.5, i) for i in (wide[0], wide[-1] + 1))
    d = 1e-3
    curvature = -float(np.diff(response(np.array([1 - d, 1.0, 1 + d])), 2)[0]) / d**2
    return Family(name, curvature, response, float(reach), t_high - t_low, u_low, u_high)


def _crossing(x: Array, y: Array, i: int) -> float:
    """Zero of y between points i - 1 and i, by a straight line."""
    return float(x[i - 1] - y[i - 1] * (x[i] - x[i - 1]) / (y[i] - y[i - 1]))
