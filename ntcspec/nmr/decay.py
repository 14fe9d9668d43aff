"""Lines as decays: shift and broadening are products in time, so models are made there and seen in frequency.

Symbols: n points of the spectrum, W spectral width (Hz), t_j = j/W, j = 0 ... n/2, s(t) decay (1 at t = 0 for a line of
area 1), f_k frequency of point k from 0 ppm, f_0 that of point n/2, w_G, w_L full widths (Hz).

    line at delta     s(t) = exp(2 pi i (delta nu0 - f_0) t)
    broadening        exp(-(pi w_G t)^2 / (4 ln 2) - pi w_L t)
    spectrum          S(f_k) = (1/W) [s(0) + 2 Re sum_j>0 s(t_j) exp(-2 pi i (f_k - f_0) t_j)]

S is the absorption part of a decay whose first point was halved, per Hz; the model gives it per ppm, so that areas are
in units of the ordinate times ppm. A decay that was cut before it was over makes wiggles that no model here has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log, pi

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Complex = npt.NDArray[np.complex128]
GAUSS = pi**2 / (4.0 * log(2.0))


@dataclass(frozen=True)
class Grid:
    """The axis of a spectrum (count points from `first_ppm`, ascending) and what broadens every line on it."""

    first_ppm: float
    step_ppm: float
    count: int
    larmor_mhz: float
    lorentzian_hz: float = 0.0
    gaussian_hz: float = 0.0

    @property
    def width_hz(self) -> float:
        """Spectral width."""
        return self.step_ppm * self.larmor_mhz * self.count

    @cached_property
    def time_s(self) -> Array:
        """t_j, (n // 2 + 1,)."""
        return np.arange(self.count // 2 + 1) / self.width_hz

    @cached_property
    def instrument(self) -> Array:
        """Broadening that all lines share, (n // 2 + 1,)."""
        return broadening(self.time_s, self.gaussian_hz, self.lorentzian_hz)

    def shift(self, delta_ppm: float) -> Complex:
        """The decay of a sharp line at a shift."""
        middle = self.first_ppm + (self.count // 2) * self.step_ppm
        return np.asarray(np.exp(2j * np.pi * (delta_ppm - middle) * self.larmor_mhz * self.time_s))

    def by_shift(self) -> Complex:
        """What a decay is multiplied with to give its derivative by the shift (1/ppm)."""
        return np.asarray(2j * np.pi * self.larmor_mhz * self.time_s)

    def spectrum(self, decays: Complex) -> Array:
        """Absorption spectra (per ppm) of decays, (..., n // 2 + 1) -> (..., n)."""
        found = np.fft.hfft(decays * self.instrument, self.count, axis=-1)
        return np.fft.fftshift(found, axes=-1) / (self.width_hz / self.larmor_mhz)


def broadening(time_s: Array, gaussian_hz: float, lorentzian_hz: float = 0.0) -> Array:
    """Envelope of a line with these full widths."""
    return np.exp(-GAUSS * (gaussian_hz * time_s) ** 2 - np.pi * lorentzian_hz * time_s)


def decay_of(density: Array) -> Complex:
    """The decay of a spectrum given as what falls into each hat, (..., n) -> (..., n // 2 + 1); the hats taken out.

    An average over a hat is in time a factor sinc(j/n)^2, which is divided out.
    """
    n = density.shape[-1]
    found = np.fft.ihfft(np.fft.ifftshift(density, axes=-1), axis=-1) * n
    return np.asarray(found / np.sinc(np.arange(n // 2 + 1) / n) ** 2)
