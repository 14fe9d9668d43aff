"""From line shapes to what a receiver digitises: a free induction decay or an echo, with its imperfections.

Orientation: high frequency positive, a line at +nu from the carrier turns as exp(+2 pi i nu t) (IUPAC). With t the time
of a point, t_e the top of the echo, t' = t - t_e, S_c the spectrum of component c and w_c its Gaussian FWHM (Hz),

    s(t) = exp(i phi - t'/T2) sum_c exp(-(pi w_c t')^2 / (4 ln 2)) sum_nu S_c(nu) exp(2 pi i nu t') + noise.

The Gaussian part and the spectrum are refocused and symmetric about the top, the decay with T2 is not. The top need not
fall on a point. Who shifts left by the nearest whole point has a rest r = top - whole (-1/2 to 1/2) to correct: a phase
of first order, exp(2 pi i nu r dwell), and the weight 1/2 - r instead of 1/2 for the first point; with 1/2 a flat
baseline remains that moves centres of gravity by tenths of a ppm. The digital filter delays everything by
`group_points`: the points before hold noise alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.nmr_lines import deposit

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

GRID = 32768  # frequencies over the spectral width


@dataclass(frozen=True)
class Component:
    """A spectrum on the frequency grid (bin j stands for (j - GRID/2) sw/GRID from the carrier) and its broadening."""

    spectrum: Array
    gauss_hz: float
    share: float


@dataclass(frozen=True)
class Timing:
    """When the points are taken. top_points: top of the echo or start of the decay, in points after the first."""

    points: int
    dwell_s: float
    top_points: float
    group_points: int
    t2_s: float


@dataclass(frozen=True)
class Fid:
    """Time domain data in IUPAC orientation and what a spectrometer file says of them.

    carrier_mhz: frequency of the receiver. zero_mhz: frequency of 0 ppm. float_data: as floats, not integers.
    """

    points: Complex
    dwell_s: float
    carrier_mhz: float
    zero_mhz: float
    sample: str
    pulse_program: str
    scans: int
    spinning_hz: float
    reference_ppm: float
    float_data: bool = False

    @property
    def width_hz(self) -> float:
        """Spectral width (Hz)."""
        return 1.0 / self.dwell_s


def frequency_grid(width_hz: float) -> Array:
    """Frequencies (Hz from the carrier) of the bins."""
    return (np.arange(GRID) - GRID // 2) * width_hz / GRID


def deposit_frequencies(frequency_hz: Array, weight: Array, dwell_s: float) -> Array:
    """Weighted sticks on the frequency grid; what lies beyond the spectral width folds back."""
    return deposit(frequency_hz * dwell_s * GRID + GRID // 2, weight, GRID)


def clean(components: list[Component], timing: Timing) -> Complex:
    """The signal without phase error, noise and filter delay, 1 at its top. Shape (points,)."""
    away_s = (np.arange(timing.points) - timing.top_points) * timing.dwell_s
    frequency = frequency_grid(1.0 / timing.dwell_s)
    shift = np.exp(-2j * np.pi * frequency * timing.top_points * timing.dwell_s)
    total, top = np.zeros(timing.points, dtype=np.complex128), 0.0
    for part in components:
        turning = np.fft.ifft(np.fft.ifftshift(part.spectrum * shift))[: timing.points] * GRID
        damping = np.exp(-((np.pi * part.gauss_hz * away_s) ** 2) / (4.0 * np.log(2.0)))
        total += part.share * damping * turning
        top += part.share * float(part.spectrum.sum())
    return total * np.exp(-away_s / timing.t2_s) / top


def digitise(
    rng: np.random.Generator, signal: Complex, timing: Timing, *, phase_deg: float, noise: float, full_scale: float
) -> Complex:
    """The points of the file: phase, filter delay and noise (standard deviation of each channel, top = 1) put in.

    Rounded to integers; a top of 1 becomes `full_scale`.
    """
    seen = np.where(np.arange(timing.points) < timing.group_points, 0.0, signal) * np.exp(1j * np.deg2rad(phase_deg))
    channels = noise * rng.standard_normal((2, timing.points))
    digital = full_scale * (seen + channels[0] + 1j * channels[1])
    return np.rint(digital.real) + 1j * np.rint(digital.imag)
