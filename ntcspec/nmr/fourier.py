"""From points to a spectrum: beginning of time, first point, zero filling, transform.

Symbols: s(n) points, c beginning of time in points (`echo`), w = nearest whole point, r = c - w its rest, N size.

    S(nu_k) = exp(2 pi i k r / N) sum_n f_n a_n s(n) exp(-2 pi i k (n - w) / N) - h_k,   nu_k = k width / N.

The sum is `transform`; the rest, a phase of first order of 360 r degrees over the width, and h are applied by
`begun_at`, so that the phase may still be refined as what it is, a time.

Points before the beginning. Behind a digital filter they hold its rise, which belongs to the signal: they are kept as
negative times (at the end of the filled array), and f = 1, as the filter itself weighs the beginning by half. In front
of an echo's top they are left out: the absorption spectrum is that of the second half, and a sum over points is not the
integral over time. With theta = 2 pi k/N, a signal that begins with s_w has far from its lines the real part

    s_w sin(theta (r + 1/2)) / (2 sin(theta/2)) = s_w [cos(theta r) + sin(theta r) cot(theta/2)] / 2

too much. The first term goes with f_w = 1/2, the second is h (r s_w in the middle, less towards the edges). Without it
a hump of some per cent of the first point remains under the spectrum, and a wrong phase can hide in it. A weight that
the user gives replaces both.

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
    """The sum over ascending frequency from the carrier (Hz), and the weights that made it.

    start: s_w a_w, or 0 where h is not taken off. weights, distance: of the points that were used, their weight and
    their distance from the whole point w.
    """

    frequency_hz: Array
    spectrum: Complex
    weights: Array
    distance: Array
    first_point: float
    start: complex


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
    """The sum over the points of a decay, not phased.

    points : shape (n,), exp(+2 pi i nu t) for a line at +nu. zero_fill : N is the next power of two of this times the
    points used. first_point : weight of the first point after the beginning; None for the rule above.
    """
    whole = top.whole
    circular = top.kind == "filter" and whole > 0
    kept = points if circular else points[whole:]
    distance = np.arange(points.size - kept.size, points.size, dtype=np.float64) - whole
    weights = apodisation((distance - top.rest) * dwell_s, broadening_hz=broadening_hz, gaussian_hz=gaussian_hz)
    begin = whole if circular else 0
    start = 0j if circular or first_point is not None else complex(kept[0] * weights[0])
    first = (1.0 if circular else 0.5) if first_point is None else float(first_point)
    weights[begin] *= first
    size = next_power(zero_fill * kept.size)
    filled = np.zeros(size, dtype=np.complex128)
    filled[: kept.size - begin] = (kept * weights)[begin:]
    if circular:
        filled[size - whole :] = (kept * weights)[:whole]
    spectrum = np.fft.fftshift(np.fft.fft(filled))
    frequency = np.fft.fftshift(np.fft.fftfreq(size, dwell_s))
    return Transformed(frequency, spectrum, weights, distance, first, start)


def begun_at(spectrum: Complex, start: complex, rest: float, theta: Array) -> Complex:
    """The spectrum of a time that begins `rest` points behind the whole point; theta as above, one for each point."""
    if rest == 0.0:
        return spectrum
    begun: Complex = spectrum * np.exp(1j * theta * rest)
    return begun - start * excess(theta, rest) if start else begun


def angles(size: int) -> Array:
    """theta of a spectrum of `size` points, from -pi on."""
    theta: Array = 2.0 * np.pi * (np.arange(size) - size // 2) / size
    return theta


def excess(theta: Array, rest: float) -> Array:
    """sin(theta r) cot(theta/2) / 2, which is r at theta = 0."""
    half = np.where(theta == 0.0, 1.0, theta / 2.0)
    values: Array = np.where(theta == 0.0, rest, 0.5 * np.sin(theta * rest) / np.tan(half))
    return values


def next_power(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << max(0, int(count) - 1).bit_length()
