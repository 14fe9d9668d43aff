"""Line shapes of unit area and steps of unit height, each with its analytic derivatives.

Symbols: x abscissa, c centre, w full width at half maximum, s share of the Lorentzian (0 to 1), t = (x - c) / w,
L, G, V Lorentzian, Gaussian, Voigt of unit area, sigma and gamma standard deviation of G, half width of L.

    G(x) = sqrt(4 ln2 / pi) / w * exp(-4 ln2 t^2)                L(x) = 2 / (pi w) / (1 + 4 t^2)
    pseudo-Voigt = s L + (1 - s) G        (both of width w; s is the Lorentzian share of the AREA)
    Voigt = G * L (convolution) = Re w(z) / (sigma sqrt(2 pi)), z = (x - c + i gamma) / (sigma sqrt 2), w Faddeeva
    arctan step = 1/2 + arctan(2 t) / pi           (integral of L)
    erf step = (1 + erf(2 sqrt(ln2) t)) / 2        (integral of G)

The amplitude of a line is its AREA, not its height: areas of overlapping lines add, an instrument that broadens a line
leaves its area alone, and it means the same for all four shapes; the height follows from it (`height`).

Voigt: w is the whole width and s w that of its Lorentzian, so that a change of s does not change the width. From
w = a f_L + sqrt((1 - a)^2 f_L^2 + f_G^2), a = 0.5346 (Olivero and Longbothum 1977; true to 0.03 %) follows
f_G^2 = w^2 (1 - s) (1 - (2a - 1) s). Below f_G = 0.01 w, where Faddeeva's derivatives lose digits, V is the first two
terms of its series in sigma, L + sigma^2/2 L'' (relative error 2e-8). dV/dsigma^2 = V''/2 (diffusion equation).

A width of a step is that of its derivative. All functions return the values and one derivative per parameter after x,
as rows of an array of shape (1 + parameters, points).

Sources: J. J. Olivero, R. L. Longbothum, J. Quant. Spectrosc. Radiat. Transfer 17, 233 (1977); G. K. Wertheim et al.,
Rev. Sci. Instrum. 45, 1369 (1974) (pseudo-Voigt); NIST DLMF 7.10, 7.19 (derivatives of Faddeeva, Voigt).
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi, sqrt

import numpy as np

from ntcspec.types import Array

LN2_4 = 4.0 * log(2.0)
GAUSS_TOP = sqrt(LN2_4 / pi)  # height of G times its width
LORENTZ_TOP = 2.0 / pi
SIGMA = 1.0 / sqrt(8.0 * log(2.0))  # standard deviation over full width
OLIVERO = 0.5346
SMALLEST_GAUSS = 0.01  # f_G / w below which the series is used


def gaussian(x: Array, centre: float, fwhm: float) -> Array:
    """G; rows: value, d/dcentre, d/dfwhm."""
    out = np.empty((3, x.size))
    t = (x - centre) / fwhm
    square = LN2_4 * t * t
    np.exp(-square, out=out[0])
    out[0] *= GAUSS_TOP / fwhm
    out[1] = out[0] * t * (2.0 * LN2_4 / fwhm)
    out[2] = out[0] * (2.0 * square - 1.0) / fwhm
    return out


def lorentzian(x: Array, centre: float, fwhm: float) -> Array:
    """L; rows: value, d/dcentre, d/dfwhm."""
    out = np.empty((3, x.size))
    t = (x - centre) / fwhm
    inverse = 1.0 / (1.0 + 4.0 * t * t)
    out[0] = inverse * (LORENTZ_TOP / fwhm)
    out[1] = out[0] * inverse * t * (8.0 / fwhm)
    out[2] = out[0] * (1.0 - 2.0 * inverse) / fwhm
    return out


def pseudo_voigt(x: Array, centre: float, fwhm: float, share: float) -> Array:
    """s L + (1 - s) G; rows: value, d/dcentre, d/dfwhm, d/dshare."""
    out = np.empty((4, x.size))
    t = (x - centre) * (1.0 / fwhm)
    square = t * t
    inverse = 1.0 / (1.0 + 4.0 * square)
    lorentz = inverse * (LORENTZ_TOP / fwhm)
    square *= LN2_4
    gauss = np.exp(-square) * (GAUSS_TOP / fwhm)
    np.subtract(lorentz, gauss, out=out[3])
    lorentz *= share
    gauss *= 1.0 - share
    np.add(lorentz, gauss, out=out[0])
    lorentz *= inverse  # s L / (1 + 4 t^2), of which both derivatives are made
    gauss *= 2.0 * LN2_4 / fwhm
    np.multiply(lorentz * (8.0 / fwhm) + gauss, t, out=out[1])
    np.multiply(out[1], t, out=out[2])
    out[2] -= out[0] * (1.0 / fwhm)
    return out


def voigt(x: Array, centre: float, fwhm: float, share: float) -> Array:
    """G * L; rows: value, d/dcentre, d/dfwhm, d/dshare."""
    gauss_square = (1.0 - share) * (1.0 - (2.0 * OLIVERO - 1.0) * share)
    slope = -1.0 - (2.0 * OLIVERO - 1.0) * (1.0 - 2.0 * share)  # d gauss_square / d share
    gamma, variance = 0.5 * share * fwhm, (SIGMA * fwhm) ** 2 * gauss_square
    wide = gauss_square > SMALLEST_GAUSS**2
    parts = _voigt_faddeeva if wide else _voigt_series
    value, d_x, d_gamma, d_xx = parts(x - centre, gamma, variance)
    out = np.empty((4, x.size))
    out[0] = value
    out[1] = -d_x
    out[2] = (d_gamma * gamma + d_xx * variance) / fwhm
    out[3] = d_gamma * (0.5 * fwhm) + d_xx * (0.5 * (SIGMA * fwhm) ** 2 * slope)
    return out


def _voigt_faddeeva(x: Array, gamma: float, variance: float) -> tuple[Array, Array, Array, Array]:
    """V, dV/dx, dV/dgamma, d2V/dx2 by w' = -2 z w + 2i/sqrt(pi), w'' = -2 w - 2 z w'."""
    from scipy.special import wofz

    scale = 1.0 / sqrt(2.0 * variance)
    z = (x + 1j * gamma) * scale
    w = wofz(z)
    first = 2j / sqrt(pi) - 2.0 * z * w
    second = -2.0 * (w + z * first)
    top = scale / sqrt(pi)
    return top * w.real, (top * scale) * first.real, (-top * scale) * first.imag, (top * scale**2) * second.real


def _voigt_series(x: Array, gamma: float, variance: float) -> tuple[Array, Array, Array, Array]:
    """The same from L + variance/2 L'': derivatives of L = Im(1/(pi (x - i gamma))) taken in the complex plane."""
    inverse = 1.0 / (x - 1j * gamma)
    half = 0.5 * variance
    value = inverse + 2.0 * half * inverse**3
    first = -(inverse**2) - 6.0 * half * inverse**4
    second = 2.0 * inverse**3 + 24.0 * half * inverse**5
    return value.imag / pi, first.imag / pi, (-1j * first).imag / pi, second.imag / pi


def arctan_step(x: Array, centre: float, fwhm: float) -> Array:
    """Integral of L; rows: value, d/dcentre, d/dfwhm."""
    out = np.empty((3, x.size))
    t = (x - centre) / fwhm
    out[0] = 0.5 + np.arctan(2.0 * t) / pi
    out[1] = (-LORENTZ_TOP / fwhm) / (1.0 + 4.0 * t * t)
    out[2] = out[1] * t
    return out


def erf_step(x: Array, centre: float, fwhm: float) -> Array:
    """Integral of G; rows: value, d/dcentre, d/dfwhm."""
    from scipy.special import erf

    out = np.empty((3, x.size))
    t = (x - centre) / fwhm
    out[0] = 0.5 * (1.0 + erf(sqrt(LN2_4) * t))
    out[1] = (-GAUSS_TOP / fwhm) * np.exp(-LN2_4 * t * t)
    out[2] = out[1] * t
    return out


Shape = Callable[..., Array]
LINES: dict[str, Shape] = {
    "gaussian": gaussian,
    "lorentzian": lorentzian,
    "pseudo_voigt": pseudo_voigt,
    "voigt": voigt,
}
STEPS: dict[str, Shape] = {"arctan": arctan_step, "erf": erf_step}
SHARED = ("pseudo_voigt", "voigt")  # shapes with a Lorentzian share


def height(shape: str, area: float, fwhm: float, share: float = 0.0) -> float:
    """Height of one line of given area, in units of the ordinate."""
    parameters = (0.0, fwhm, share) if shape in SHARED else (0.0, fwhm)
    return area * float(LINES[shape](np.zeros(1), *parameters)[0, 0])
