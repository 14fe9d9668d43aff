"""What panels of fits share: where the residual stands, what the kinds of curves are, which model was taken.

numpy only; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec.plot import stack
from ntcspec.plot.build import NBSP
from ntcspec.plot.data import POINTS, TOTAL, Series

RESIDUAL_GAP = 0.08  # between a curve and its residual, in heights of the curve
DECIDED = 2.0  # of BIC; R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90 (1995) 773


def below(group: Sequence[Series], x_limits: Sequence[float], *, data: str = POINTS) -> float:
    """Where the zero of the residual stands, so that it ends below the curves; data: role of what was fitted."""
    parts = [e for e in (stack.visible(s, x_limits) for s in group) if e.x.size]
    if not parts:
        return 0.0
    low, high = min(float(e.low.min()) for e in parts), max(float(e.high.max()) for e in parts)
    points = next(s for s in group if s.role == data)
    total = next(s for s in group if s.role == TOTAL)
    highest = float(np.nanmax(points.y - np.interp(points.x, total.x, total.y), initial=0.0))
    return low - RESIDUAL_GAP * (high - low) - highest


def key(groups: Sequence[Sequence[Series]], first: str, words: Mapping[str, str]) -> tuple[str, ...]:
    """What the kinds of curves are: `first` for the data, and of `words` those by role that are drawn."""
    if not groups:
        return ()
    roles = {s.role for group in groups for s in group}
    return (f"{first}: data; {'; '.join(text for role, text in words.items() if role in roles)}.",)


def decisions(taken: Sequence[tuple[str, str, float]]) -> tuple[str, ...]:
    """'Two lines: NTC 40 h (ΔBIC 12); one line: NaCl (ΔBIC 31).'

    taken: sample, what was taken, and the margin of its BIC, NaN where nothing else was tried.
    """
    parts: dict[str, list[str]] = {}
    for label, words, margin in taken:
        evidence = "" if np.isnan(margin) else f" (ΔBIC{NBSP}{signed(margin)})"
        parts.setdefault(words, []).append(f"{label}{evidence}")
    text = "; ".join(f"{words}: {', '.join(samples)}" for words, samples in parts.items())
    return (f"{text[0].upper()}{text[1:]}.",) if text else ()


def signed(value: float) -> str:
    """Two digits, or whole from 10 on, with a true minus sign."""
    return (f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}").replace("-", "−")
