"""I(Q) of each exposure, from images or from patterns, before anything is taken off.

Patterns of repeats must share one axis and are averaged with equal weights. Zeros at the ends of a pattern, without
intensity and without uncertainty, are where the program that integrated had no pixel: they are no measurement and
are left out. PDFgetX3 takes them for data; to compare with it they can be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array, Note
from ntcspec.types.scattering import ScatteringPattern

FEWEST = 16
SAME_AXIS = 1e-5  # of the last Q
EDGE = 0.02  # of the range: what a container may lack at its ends


@dataclass(frozen=True)
class Exposure:
    """One role. q, intensity, sigma (empty: unknown): (points,); time_s: NaN where no header says it."""

    role: str
    source: str
    q: Array
    intensity: Array
    sigma: Array
    time_s: float
    notes: tuple[Note, ...]
    scatter: float = float("nan")


def from_patterns(patterns: Sequence[ScatteringPattern], role: str, zeros: str = "leave_out") -> Exposure | None:
    """The patterns of one role; None without any. zeros: `leave_out` or `keep`, see the top.

    Raises UserError where repeats cannot be averaged.
    """
    chosen = [one for one in patterns if one.role == role]
    if not chosen:
        return None
    first = chosen[0]
    notes = [f"{one.source}: {note}" for one in chosen for note in one.notes]
    for one in chosen[1:]:
        if one.q_inv_ang.size != first.q_inv_ang.size or not np.allclose(
            one.q_inv_ang, first.q_inv_ang, rtol=0.0, atol=SAME_AXIS * first.q_inv_ang[-1]
        ):
            what = f"its axis is not that of {first.source}"
            raise UserError(one.source, what, "repeats must share one axis: integrate them alike")
    intensity = np.mean([one.intensity for one in chosen], axis=0)
    sigma = np.zeros(0)
    if all(one.sigma.size for one in chosen):
        sigma = np.sqrt(np.sum([one.sigma**2 for one in chosen], axis=0)) / len(chosen)
    if len(chosen) > 1:
        notes.append(f"{len(chosen)} repeats were averaged with equal weights")
    source = " + ".join(one.source for one in chosen)
    found = Exposure(role, source, first.q_inv_ang, intensity, sigma, float("nan"), tuple(notes))
    return found if zeros == "keep" else without_empty(found)


def without_empty(one: Exposure) -> Exposure:
    """Without the points where no pixel lay, and without an uncertainty that is 0 beside an intensity."""
    nothing = (one.intensity == 0.0) & ((one.sigma == 0.0) if one.sigma.size else True)
    inside = np.flatnonzero(~nothing)
    if inside.size < FEWEST:
        raise UserError(one.source, f"{inside.size} points of the pattern are not 0", "is the file complete?")
    kept = np.zeros(one.q.size, dtype=bool)
    kept[inside[0] : inside[-1] + 1] = True
    if one.sigma.size:
        kept &= ~nothing
    notes = list(one.notes)
    if not kept.all():
        notes.append(f"{one.source}: {int((~kept).sum())} points of 0 without a pixel were left out")
    sigma = one.sigma[kept] if one.sigma.size else one.sigma
    if sigma.size and (sigma <= 0.0).any():
        notes.append(f"{one.source}: the uncertainty is 0 at {int((sigma <= 0).sum())} points: it is taken as unknown")
        sigma = np.zeros(0)
    return replace(one, q=one.q[kept], intensity=one.intensity[kept], sigma=sigma, notes=tuple(notes))


def cut(one: Exposure, low: float, high: float) -> Exposure:
    """The points within [low, high] (1/A), and of what is taken off the next one on each side."""
    if one.role == "sample":
        kept = (one.q >= low) & (one.q <= high)
    else:
        first = max(int(np.searchsorted(one.q, low, "right")) - 1, 0)
        last = min(int(np.searchsorted(one.q, high, "left")), one.q.size - 1)
        kept = np.zeros(one.q.size, dtype=bool)
        kept[first : last + 1] = True
    return replace(
        one, q=one.q[kept], intensity=one.intensity[kept], sigma=one.sigma[kept] if one.sigma.size else one.sigma
    )


def common_range(
    sample: Exposure, others: Sequence[Exposure], wanted: Sequence[float] | None
) -> tuple[float, float, tuple[Note, ...]]:
    """The range of Q (1/A) that is kept.

    Raises
    ------
    UserError
        A container or air that was measured over less of it; a range without points.
    """
    low, high = (float(one) for one in wanted) if wanted is not None else (float(sample.q[0]), float(sample.q[-1]))
    low, high = max(low, float(sample.q[0])), min(high, float(sample.q[-1]))
    notes: list[Note] = []
    allowed = EDGE * max(high - low, 0.0)
    for one in others:
        short = max(float(one.q[0]) - low, high - float(one.q[-1]))
        if short <= 1e-9:
            continue
        if short > allowed:
            what = (
                f"the {one.role} was measured from {one.q[0]:.3g} to {one.q[-1]:.4g} 1/A, "
                f"the sample is kept from {low:.3g} to {high:.4g}"
            )
            raise UserError(one.source, what, "measure both alike, or narrow reduce.q_range_inv_ang")
        low, high = max(low, float(one.q[0])), min(high, float(one.q[-1]))
        notes.append(f"the range was cut to {low:.4g} to {high:.4g} 1/A, where the {one.role} was measured as well")
    points = int(np.count_nonzero((sample.q >= low) & (sample.q <= high)))
    if points < FEWEST:
        what = f"{points} points of the sample lie between {low:.3g} and {high:.3g} 1/A"
        raise UserError(f"{sample.source}: reduce.q_range_inv_ang", what, "widen the range")
    return low, high, tuple(notes)
