"""Energy of the edge, found in two ways that answer different questions.

Symbols: V smoothed norm, D and S its first and second derivative (`derivative.py`), [a, b] range of the edge.

derivative  the energy of the largest maximum of D in [a, b]: the steepest point, zero of S. It follows whatever is
            steepest, so a strong pre-edge peak can take it: another maximum of D of at least 0.8 times its size is
            told in a note, since noise or normalisation may swap the two;
half_step   the energy where V passes 0.5 upward for the last time below the white line, the highest V in [a, b].

A pre-edge peak higher than 0.5 has two cases. Behind it V falls below 0.5 again: the last passage is on the edge and
counts. V stays above 0.5: then the passage is on the peak, the edge itself never passes 0.5, and the value is missing.
Such a peak is a maximum below 1, the absorption of the continuum, from which V falls by more than 3 standard
uncertainties before it first reaches 1. A pre-edge peak above 1 cannot be told from a white line this way, nor a
pre-edge shoulder, from which V does not fall, from a slow edge: there the passage counts. Compare half steps only
between spectra in which norm has not crossed 0.5 in the pre-edge.

Order of steps: V and D on a grid of a quarter of smooth_ev; candidates; zeros by root finding on the maps;
uncertainties, linear in the noise: dE = -(row of S) dy / (dS/dE), and -(row of V) dy / D. `edge_choices` follows both
in other normalisations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array
from ntcspec.xas.xanes.derivative import Smoother, point_error

COMPARABLE = 0.8  # of the largest derivative
SIGNIFICANT = 3.0
HALF = 0.5
HOW = {
    "derivative": "maximum of the first derivative",
    "half_step": "last upward passage of norm through 0.5 below the white line",
}


def edge_position(
    energy_ev: Array, norm: Array, norm_error: Array, *, smooth_ev: float, range_ev: Sequence[float]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """'derivative' and 'half_step' (eV) of the edge in range_ev (low, high), and notes.

    energy_ev, norm (E,); norm_error (E,), or empty: then the scatter of the points stands in for it.
    Raises ValueError as `derivative.Smoother` does. The range is cut to the data.
    """
    sigma, _ = point_error(energy_ev, norm, norm_error)
    smoother = Smoother(energy_ev, smooth_ev=smooth_ev)
    low, high = max(float(range_ev[0]), energy_ev[0]), min(float(range_ev[1]), energy_ev[-1])
    if high - low < smooth_ev:
        words = f"the range {range_ev[0]:g} to {range_ev[1]:g} eV has no data"
        return {name: missing("eV", how, words) for name, how in HOW.items()}, ()
    at = np.linspace(low, high, int(np.ceil(4 * (high - low) / smooth_ev)) + 1)
    value, first, second = smoother.at(at).apply(norm, (0, 1, 2))
    steepest, notes = _steepest(smoother, norm, sigma, at, first, second)
    half = _half_step(smoother, norm, sigma, at, value)
    return {"derivative": steepest, "half_step": half}, notes


def edge_choices(energy_ev: Array, spectra: Array, nominal: dict[str, Value], *, smooth_ev: float) -> dict[str, Array]:
    """The same two energies in other spectra (n, E) on the same grid, followed from the nominal ones; NaN if lost."""
    smoother = Smoother(energy_ev, smooth_ev=smooth_ev)
    spectra = np.atleast_2d(spectra)
    out = {}
    for name, order, level in (("derivative", 2, 0.0), ("half_step", 0, HALF)):
        start = nominal[name].value
        out[name] = np.full(spectra.shape[0], NAN)
        if np.isfinite(start) and spectra.shape[0]:
            out[name] = smoother.follow(spectra, np.array([start]), order=order, level=level)[0][0]
    return out


def _steepest(
    smoother: Smoother, norm: Array, sigma: Array, at: Array, first: Array, second: Array
) -> tuple[Value, tuple[str, ...]]:
    """Largest maximum of D that is significant, and a note on another of comparable size."""
    crossing = np.flatnonzero((second[:-1] > 0) & (second[1:] <= 0))
    roots = [smoother.root(norm, order=2, low_ev=at[i], high_ev=at[i + 1]) for i in crossing]
    if not roots:
        return missing("eV", HOW["derivative"], f"no maximum of the derivative in {at[0]:g} to {at[-1]:g} eV"), ()
    fit = smoother.at(np.array(roots))
    heights = fit.apply(norm, (1,))[0]
    best = int(heights.argmax())
    x, height = roots[best], float(heights[best])
    if height <= SIGNIFICANT * (float(fit.error(sigma, (1,))[0, best]) if sigma.size else 0.0):
        return missing("eV", HOW["derivative"], "no rise of norm above 3 sigma of the noise"), ()
    if first.max() > height * (1 + 1e-6) and int(first.argmax()) in (0, first.size - 1):
        return missing("eV", HOW["derivative"], "norm is steepest at an end of the range"), ()
    others = [f"{r:.2f} eV ({h / height:.2f} of the largest)" for r, h in zip(roots, heights, strict=True)
              if r != x and h >= COMPARABLE * height]  # fmt: skip
    notes = (f"edge: the derivative has a comparable maximum at {', '.join(others)}",) if others else ()
    return _value(smoother, norm, sigma, x, order=2, name="derivative"), notes


def _half_step(smoother: Smoother, norm: Array, sigma: Array, at: Array, value: Array) -> Value:
    """Last upward passage through 0.5 below the highest V, if that is not on a peak before the edge."""
    how = HOW["half_step"]
    top = int(value.argmax())
    below = np.flatnonzero(value[: top + 1] < HALF)
    if value[top] <= HALF or not below.size:
        return missing("eV", how, f"norm does not pass 0.5 upward in {at[0]:g} to {at[-1]:g} eV")
    i = int(below[-1])
    x = smoother.root(norm, order=0, low_ev=at[i], high_ev=at[i + 1], level=HALF)
    passed = np.flatnonzero(value[i : top + 1] >= 1.0)
    rising = value[i : i + int(passed[0]) + 1] if passed.size else value[i : top + 1]
    fall = np.maximum.accumulate(rising) - rising
    valley = int(fall.argmax())
    noise = 1e-6  # rounding
    if sigma.size:
        noise += float(smoother.at(at[[i + valley]]).error(sigma, (0,))[0, 0])
    if fall[valley] > SIGNIFICANT * np.sqrt(2.0) * noise:
        peak = at[i + int(rising[: valley + 1].argmax())]
        return missing("eV", how, f"0.5 is passed on a peak before the edge, at {x:.2f} eV (peak {peak:.2f} eV)")
    return _value(smoother, norm, sigma, x, order=0, name="half_step")


def _value(smoother: Smoother, norm: Array, sigma: Array, x: float, *, order: int, name: str) -> Value:
    """The value at x with its uncertainty: dx = -(row of the map) dy / slope of the map."""
    half = 0.05 * smoother.smooth_ev
    fit = smoother.at(np.array([x - half, x, x + half]))
    ends = fit.apply(norm, (order,))[0]
    if not sigma.size:
        return Value(x, NAN, "eV", HOW[name], "u_stat: the noise is not known")
    u_stat = float(fit.error(sigma, (order,))[0, 1] / abs((ends[2] - ends[0]) / (2 * half)))
    return Value(x, u_stat, "eV", HOW[name])
