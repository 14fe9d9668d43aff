"""Noise of the points, of the spectrum, and how it is correlated from point to point.

White noise of standard deviation s in each channel of a point becomes, in the real part of a spectrum of N points made
with the weights a_n at the distances t_n from the beginning,

    sigma^2 = s^2 sum_n a_n^2,      rho(m) = sum_n a_n^2 cos(2 pi m t_n / N) / sum_n a_n^2

(m points apart). The same at every frequency. Zero filling interpolates and adds no information: neighbours are
correlated, the more so the more apodisation.

s is taken from the last eighth of the decay, unless that still holds signal: then, and for files that hold a spectrum,
sigma is 1.4826 times the median absolute deviation where there is no line, and rho the correlation there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Complex = npt.NDArray[np.complex128]
Mask = npt.NDArray[np.bool_]
MAD = 1.482602218505602  # standard deviation of a normal distribution over its median absolute deviation
SMALLEST = 0.01  # correlations below are left out
MOST = 1024  # points apart
ENOUGH = 8192  # points for a first guess


def tail_noise(points: Complex) -> tuple[float, bool]:
    """Standard deviation of one channel in the last eighth, and whether it is noise alone there.

    It is where neighbours are not correlated and the eighth before has the same size (within 4 standard errors).
    """
    n = max(8, points.size // 8)
    last, before = points[-n:], points[-2 * n : -n]
    last, before = last - last.mean(), before - before.mean()
    power = float(np.mean(np.abs(last) ** 2))
    if power == 0.0:
        return 0.0, False
    neighbours = abs(np.mean(last[1:] * np.conj(last[:-1]))) / power
    growth = float(np.mean(np.abs(before) ** 2)) / power - 1.0 if before.size else 0.0
    alone = neighbours < 4.0 / np.sqrt(n) and growth < 4.0 * np.sqrt(2.0 / n)
    return float(np.sqrt(power / 2.0)), bool(alone)


def spectral_noise(weights: Array, sigma: float) -> float:
    """Noise of the real part of the spectrum, of points with noise `sigma` in each channel."""
    return float(sigma * np.sqrt(np.sum(weights**2)))


def correlation_of_weights(weights: Array, distance: Array, size: int) -> Array:
    """rho(0), rho(1), ... of a spectrum of `size` points, up to where it stays below 0.01."""
    squares = np.zeros(size)
    np.add.at(squares, np.floor(distance + 0.5).astype(int) % size, weights**2)
    rest = float(distance[0] - np.floor(distance[0] + 0.5))
    lags = np.arange(min(MOST, size // 2))
    total = np.fft.fft(squares)[: lags.size] * np.exp(-2j * np.pi * lags * rest / size)
    rho: Array = total.real / squares.sum()
    return _shortened(rho)


def averaged_noise(sigma: float, rho: Array, points: int) -> float:
    """Noise of the mean of neighbouring points."""
    lags = np.zeros(points)
    lags[: min(points, rho.size)] = rho[:points]
    pairs = points - np.arange(points)
    variance = (2.0 * np.sum(pairs * lags) - points * lags[0]) / points**2
    return float(sigma * np.sqrt(max(variance, 1.0 / points**2)))


def region_noise(real: Array, free: Mask) -> float:
    """Standard deviation of the free points, by their median absolute deviation."""
    inside = real[free]
    return float(MAD * np.median(np.abs(inside - np.median(inside)))) if inside.size else float("nan")


def clipped_noise(real: Array) -> float:
    """Standard deviation of what is left when points beyond 3 of it are left out, again and again: the first guess."""
    left = real[:: max(1, real.size // ENOUGH)]
    for _ in range(20):
        sigma = MAD * float(np.median(np.abs(left - np.median(left))))
        kept = left[np.abs(left - np.median(left)) <= 3.0 * sigma]
        if kept.size in (left.size, 0):
            break
        left = kept
    return sigma


def correlation_of_region(real: Array, free: Mask) -> Array:
    """rho of the free points, of pairs of which both are free. rho(0) is 1."""
    values = np.where(free, real - np.mean(real[free]), 0.0) if free.any() else np.zeros_like(real)
    size = 1 << (2 * real.size - 1).bit_length()
    power = np.abs(np.fft.rfft(values, size)) ** 2
    counts = np.abs(np.fft.rfft(free.astype(float), size)) ** 2
    lags = min(MOST, real.size // 8)
    sums, number = np.fft.irfft(power, size)[:lags], np.fft.irfft(counts, size)[:lags]
    if number.size == 0 or number[0] < 8 or sums[0] <= 0:
        return np.ones(1)
    covariance = sums / np.maximum(number, 1.0)
    rho: Array = covariance / covariance[0]
    noise = 3.0 / np.sqrt(np.maximum(number, 1.0))
    below = np.flatnonzero(np.abs(rho) < noise)
    return rho[: below[0]] if below.size else rho  # what lies beyond is scatter of the estimate


def _shortened(rho: Array) -> Array:
    large = np.flatnonzero(np.abs(rho) >= SMALLEST)
    return rho[: large[-1] + 1] if large.size else rho[:1]
