"""Other reasonable choices: the spectrum under another phase, other limits, another background.

A phase error e turns some dispersion D into the absorption: y cos e + D sin e. It makes lines lopsided and moves
centres of gravity, with both signs; so it is tried with both. Limits are moved outwards and inwards at both ends. A
background is one of the fit; for a range without a model `linear` is the line between its ends (a twentieth each).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.nmr.asked import Choices
from ntcspec.types import Array
from ntcspec.types.nmr import NmrReduced

END, MOST = 0.05, 0.2


@dataclass(frozen=True)
class Variant:
    """One choice. background: None for the nominal one."""

    name: str
    phase_deg: float = 0.0
    limits_ppm: float = 0.0
    background: str | None = None

    def spectrum(self, reduced: NmrReduced) -> Array:
        """Absorption under this phase."""
        if not self.phase_deg:
            return reduced.real
        turn = np.deg2rad(self.phase_deg)
        return reduced.real * np.cos(turn) + reduced.imaginary * np.sin(turn)

    def limits(self, range_ppm: Sequence[float], reduced: NmrReduced) -> tuple[float, float]:
        """The range, wider by limits_ppm (at most a fifth of itself) at both ends as far as the spectrum goes."""
        most = MOST * (range_ppm[1] - range_ppm[0])
        move = float(np.clip(self.limits_ppm, -most, most))
        low, high = range_ppm[0] - move, range_ppm[1] + move
        return max(low, float(reduced.shift_ppm[0])), min(high, float(reduced.shift_ppm[-1]))


NOMINAL = Variant("")


def variants(choices: Choices) -> tuple[Variant, ...]:
    """All other choices."""
    found = []
    if choices.phase_deg:
        found += [Variant(f"phase {s * choices.phase_deg:+g} deg", phase_deg=s * choices.phase_deg) for s in (1, -1)]
    if choices.limits_ppm:
        found += [
            Variant(f"limits {s * choices.limits_ppm:+g} ppm", limits_ppm=s * choices.limits_ppm) for s in (1, -1)
        ]
    return (*found, *(Variant(f"background {b}", background=b) for b in choices.backgrounds))


def without_ends(y: Array) -> Array:
    """y less the line between its ends."""
    m = max(1, int(END * y.size))
    low, high = float(y[:m].mean()), float(y[-m:].mean())
    at = (m - 1) / 2.0
    return y - (low + (high - low) * (np.arange(y.size) - at) / (y.size - 1 - 2.0 * at))
