"""What a series of frames says as a whole about one quantity: its mean, its spread beyond noise, its change.

Symbols: v_i value of frame i, u_i its statistical standard uncertainty, x_i its coordinate, n number of frames that
have the value, c a choice that is made alike for all frames.

    mean     m = sum v_i / n
             u_stat = sqrt(sum u_i^2) / n
    spread   sqrt(S - U), S = sum (v_i - m)^2 / (n - 1), U = sum u_i^2 / n
             u_stat = sqrt((4 (S - U) U + 2 U^2) / (n - 1)) / (2 spread)
    change   b (x_max - x_min), v = a + b x by least squares with weights 1 / u_i^2
             u_stat = u(b) (x_max - x_min) sqrt(max(1, chi2 / (n - 2)))

All three are of these very frames: u_stat is what their noise makes of it, not what other frames would have given.
The spread is missing where S is not 3 standard uncertainties above what noise alone gives, U sqrt(2 / (n - 1)): then
the frames do not differ beyond their noise. The change says how far a straight line rises over the series; a series
that rises and falls again has none, and its spread shows it. Where noise is not known weights are equal and u_stat of
the change rests on the scatter about the line.

u_sys is half the range over the nominal value and all choices, from the frames that have v under every choice. For this
only sums are kept, so that memory does not grow with frames times choices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ntcspec.peaks.value import NAN
from ntcspec.types import Array, Metric

SIGNIFICANT = 3.0
FEWEST = 3
NO_CHOICE = "u_sys: no other {} was asked for"
LOST = "u_sys: no frame has it under every {}"


@dataclass
class _Sums:
    """What mean, spread and slope of every choice need, over the frames that have the value under all of them.

    The nominal value stands first. Values and coordinates are counted from the first ones, so that sums keep digits.
    """

    value_from: float
    x_from: float
    n: int
    v: Array
    vv: Array
    w: float
    wx: float
    wxx: float
    wv: Array
    wxv: Array

    @classmethod
    def empty(cls, value: float, x: float, count: int) -> _Sums:
        """Nothing yet; the first value and coordinate, and the number of choices with the nominal one."""
        nothing = [np.zeros(count) for _ in range(4)]
        return cls(value, x, 0, nothing[0], nothing[1], 0.0, 0.0, 0.0, nothing[2], nothing[3])

    def add(self, x: Array, every: Array, u_stat: Array) -> None:
        """Frames (frames,), with their values under every choice (frames, 1 + choices)."""
        off = every - self.value_from
        self.n += len(off)
        self.v += off.sum(axis=0)
        self.vv += (off**2).sum(axis=0)
        there = np.isfinite(x)
        off, x, weight = off[there], x[there] - self.x_from, weights(u_stat[there])
        self.w += float(weight.sum())
        self.wx += float(weight @ x)
        self.wxx += float(weight @ x**2)
        self.wv += weight @ off
        self.wxv += (weight * x) @ off

    def mean(self) -> Array:
        """Means under every choice, from `value_from` on."""
        return np.asarray(self.v / self.n)

    def spread(self, noise_variance: float) -> Array:
        """Spreads beyond noise under every choice; 0 where there is none."""
        variance = (self.vv - self.v**2 / self.n) / max(self.n - 1, 1)
        return np.asarray(np.sqrt(np.maximum(variance - noise_variance, 0.0)))

    def slope(self) -> Array:
        """Slopes against the coordinate under every choice."""
        return np.asarray((self.w * self.wxv - self.wx * self.wv) / (self.w * self.wxx - self.wx**2))


def weights(u_stat: Array) -> Array:
    """1 / u_stat^2; equal where noise is not known."""
    known = np.isfinite(u_stat) & (u_stat > 0)
    return np.where(known, 1.0 / np.where(known, u_stat, 1.0) ** 2, 0.0) if known.any() else np.ones_like(u_stat)


@dataclass
class Summary:
    """Gathers one quantity block by block. along: coordinate that a change goes along; '' where there are two.
    choice: what u_sys is the half range over.
    """

    name: str
    unit: str
    method: str
    along: str
    choice: str = "normalisation"
    values: list[Array] = field(default_factory=list)
    errors: list[Array] = field(default_factory=list)
    places: list[Array] = field(default_factory=list)
    choices: int = 0
    _sums: _Sums | None = None

    def add(self, x: Array, value: Array, u_stat: Array, by_choice: Array) -> None:
        """One block: coordinates, values and uncertainties (frames,), values under each choice (frames, choices)."""
        self.values.append(value)
        self.errors.append(u_stat)
        self.places.append(x)
        self.choices = by_choice.shape[1]
        every = np.column_stack([value, by_choice])
        whole = np.isfinite(every).all(axis=1)
        if whole.any():
            if self._sums is None:
                self._sums = _Sums.empty(float(value[whole][0]), float(np.nan_to_num(x[whole][0])), every.shape[1])
            self._sums.add(x[whole], every[whole], u_stat[whole])

    def metrics(self) -> list[Metric]:
        """'<name>.mean', '<name>.spread' and, of frames with one coordinate, '<name>.change'."""
        value, u_stat, x = (np.concatenate(parts) for parts in (self.values, self.errors, self.places))
        has = np.isfinite(value)
        value, u_stat, x = value[has], u_stat[has], x[has]
        found = [self._mean(value, u_stat), self._spread(value, u_stat)]
        return [*found, self._change(value, u_stat, x)] if self.along else found

    def _metric(self, what: str, value: float, u_stat: float, by_choice: Array | None, words: str, why: str) -> Metric:
        """A metric with the systematic uncertainty that the choices give it."""
        name, method = f"{self.name}.{what}", f"{words} of: {self.method}"
        if not np.isfinite(value):
            return Metric(name, NAN, self.unit, NAN, NAN, method, why)
        if by_choice is None:
            reason = (LOST if self.choices else NO_CHOICE).format(self.choice)
            return Metric(name, value, self.unit, u_stat, NAN, method, "; ".join(w for w in (why, reason) if w))
        u_sys = 0.5 * float(by_choice.max() - by_choice.min())
        method += f"; u_sys: half the range over {self.choices} {self.choice}s made alike for all frames"
        return Metric(name, value, self.unit, u_stat, u_sys, method, why)

    def _under(self, get: Callable[[_Sums], Array]) -> Array | None:
        return get(self._sums) if self._sums is not None and self.choices else None

    def _mean(self, value: Array, u_stat: Array) -> Metric:
        if not value.size:
            return self._metric("mean", NAN, NAN, None, "mean", "no frame has it")
        error = float(np.sqrt(np.sum(u_stat**2))) / value.size
        why = "" if np.isfinite(error) else "u_stat: the noise of the frames is not known"
        words = f"mean over {value.size} frames"
        return self._metric("mean", float(value.mean()), error, self._under(_Sums.mean), words, why)

    def _spread(self, value: Array, u_stat: Array) -> Metric:
        words = "standard deviation over frames beyond their noise"
        if value.size < FEWEST:
            return self._metric("spread", NAN, NAN, None, words, f"{value.size} frames have it, {FEWEST} are needed")
        scatter, noise = float(value.var(ddof=1)), float(np.mean(u_stat**2))
        relative = float(np.sqrt(2.0 / (value.size - 1)))
        if not np.isfinite(noise):
            return self._metric("spread", NAN, NAN, None, words, "the noise of the frames is not known")
        if scatter - noise <= SIGNIFICANT * noise * relative:
            found = f"scatter {scatter**0.5:.2g}, noise {noise**0.5:.2g}"
            return self._metric("spread", NAN, NAN, None, words, f"not {SIGNIFICANT:g} sigma above the noise: {found}")
        spread = float(np.sqrt(scatter - noise))
        by_choice = self._under(lambda sums: sums.spread(noise))
        error = float(np.sqrt((4.0 * spread**2 * noise + 2.0 * noise**2) / (value.size - 1))) / (2.0 * spread)
        return self._metric("spread", spread, error, by_choice, words, "")

    def _change(self, value: Array, u_stat: Array, x: Array) -> Metric:
        words = f"slope against {self.along} times its span, straight line weighted by 1/u_stat^2,"
        there = np.isfinite(x)
        value, u_stat, x = value[there], u_stat[there], x[there]
        if value.size < FEWEST or np.ptp(x) == 0:
            why = f"{value.size} frames have it at {len(set(x))} different coordinates, {FEWEST} are needed"
            return self._metric("change", NAN, NAN, None, words, why)
        weight = weights(u_stat)
        centred = x - weight @ x / weight.sum()
        off = value - weight @ value / weight.sum()
        strength = float(weight @ centred**2)
        slope = float((weight * centred) @ off) / strength
        chi2 = float(weight @ (off - slope * centred) ** 2) / (value.size - 2)
        known = bool(np.isfinite(u_stat).any())
        error = np.sqrt((max(1.0, chi2) if known else chi2) / strength)
        why = "" if known else "the noise of the frames is not known: u_stat rests on the scatter about the line"
        span = float(np.ptp(x))
        by_choice = self._under(lambda sums: sums.slope() * span)
        return self._metric("change", slope * span, float(error) * span, by_choice, words, why)
