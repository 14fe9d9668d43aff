"""From points to a spectrum: beginning of time, first point, zero filling, transform.

Symbols: s(n) points, c beginning of time in points (`echo`), w = nearest whole point, r = c - w its rest, N size.

    S(nu_k) = sum_n f_n a_n s(n) exp(-2 pi i k (n - c) / N),   nu_k = k width / N,   k = -N/2 ... N/2 - 1.

c, not w, stands in the exponent: the rest becomes a phase of first order, 360 r degrees over the width.

Points before the beginning. Behind a digital filter they hold its rise, which belongs to the signal: they are kept as
negative times (at the end of the filled array), and f = 1, as the filter itself weighs the beginning by half. In front
of an echo's top they are left out: the absorption spectrum is that of the second half, and the trapezoid rule gives
the first point kept the weight f_w = 1/2 - r (from 0 to 1), all others 1. With any other weight a flat offset remains
under the spectrum.

Scale: a line of amplitude A has the area A/2 times N in units of points, A times N behind a filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.nmr.apodise import apodisation
from ntcspec.nmr.echo import Top
from ntcspec.types import Array

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Transformed:
    """A spectrum over ascending frequency from the carrier (Hz), and the weights that made it.

    weights, distance: of the points that were used, their weight and their distance from the beginning in points.
    """

    frequency_hz: Array
    spectrum: Complex
    weights: Array
    distance: Array
    first_point: float


def transform(
    points: Complex,
    top: Top,
    *,
    dwell_s: float,
    broadening_hz: float = 0.0,
    gaussian_hz: float = 0.0,
    zero_fill: int = 2,
    first_point: float | None = None,
) -> Transformed:
    """The spectrum of a decay, not phased.

    points : shape (n,), exp(+2 pi i nu t) for a line at +nu. zero_fill : N is the next power of two of this times the
    points used. first_point : weight of the first point after the beginning; None for the rule above.
    """
    whole = top.whole
    circular = top.kind == "filter" and whole > 0
    kept = points if circular else points[whole:]
    distance = np.arange(points.size - kept.size, points.size, dtype=np.float64) - top.points
    weights = apodisation(distance * dwell_s, broadening_hz=broadening_hz, gaussian_hz=gaussian_hz)
    first = (1.0 if circular else 0.5 - top.rest) if first_point is None else float(first_point)
    weights[whole if circular else 0] *= first
    size = next_power(zero_fill * kept.size)
    filled = np.zeros(size, dtype=np.complex128)
    begin = whole if circular else 0
    filled[: kept.size - begin] = (kept * weights)[begin:]
    if circular:
        filled[size - whole :] = (kept * weights)[:whole]
    spectrum = np.fft.fftshift(np.fft.fft(filled))
    frequency = np.fft.fftshift(np.fft.fftfreq(size, dwell_s))
    if top.rest:
        spectrum *= np.exp(2j * np.pi * frequency * dwell_s * top.rest)
    return Transformed(frequency, spectrum, weights, distance, first)


def next_power(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << max(0, int(count) - 1).bit_length()
