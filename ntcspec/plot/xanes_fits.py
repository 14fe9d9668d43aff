"""The XANES panel of peak fits: data, baseline, lines and their sum. numpy only; nothing is drawn here.

Delta BIC is the BIC of the best other number of lines minus that of the number that was taken. Below 2 the notes call
it not decided (R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90 (1995) 773: not worth more than a bare mention);
below -2 another number fits better, but `measure` refused it: its notes say why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, fitted
from ntcspec.plot import xanes_options as options
from ntcspec.plot.build import Found
from ntcspec.plot.data import BASELINE, CONTEXT, LINE, POINTS, RESIDUAL, TOTAL, PanelData, Series
from ntcspec.types import Array
from ntcspec.types.xanes import Normalised, PeakFit, XanesMeasured, XanesReduced

PAD = 0.02  # of the fitted range, free on either side
NUMBERS = ("no lines", "one line", "two lines", "three lines", "four lines")


@dataclass(frozen=True)
class Drawn:
    """A fit, and the spectrum that it is part of."""

    fit: PeakFit
    spectrum: Normalised

    @property
    def energy_ev(self) -> Array:
        """Energies of the fit (eV)."""
        return self.fit.energy_ev


def pre_edge(entries: Sequence[Entry], opts: options.PreEdgeOptions) -> PanelData:
    """One named peak fit of each sample, from `measure`; the spectrum around it from `reduce`."""
    found, missing = build.find(entries, XanesMeasured)
    name = opts.fit or next((fit.name for f in found for fit in f.artifact.fits), "")
    found = build.pick(found, missing, lambda f: _drawn(f.entry, f.artifact, name))
    x_limits = opts.xlim or _padded(*build.span([f.artifact.energy_ev for f in found]))
    found = build.drop_outside(found, missing, x_limits, "energy_ev")
    overlaid = not opts.offset and (opts.subtract or opts.offset is not None)
    groups = [_group(f, opts.subtract, with_lines=not overlaid) for f in found]
    if opts.residual:
        at = min((fitted.below(group, x_limits) for group in groups), default=0.0)
        groups = [[*group, _residual(f, at)] for f, group in zip(found, groups, strict=True)]
    if opts.xlim and not opts.subtract:
        groups = [[*group, *_context(f, x_limits)] for f, group in zip(found, groups, strict=True)]
    notes = (*_key(groups, opts.subtract), *_decisions(found), *build.status_notes(found, missing))
    label = "Normalised absorption" + (" − baseline" if opts.subtract else "")
    axes = {"x_label": "Photon energy", "x_unit": "eV", "y_label": label, "y_unit": "1"}
    return build.curves(
        "xanes.pre_edge", entries, groups, x_limits, axes, notes,
        offset=0.0 if overlaid else opts.offset, ylim=opts.ylim,
        label_at_end=True, zero_of=(RESIDUAL, POINTS) if opts.subtract else (RESIDUAL,),
    )  # fmt: skip


def _padded(low: float, high: float) -> tuple[float, float]:
    """A little wider, so that the points at the ends are whole."""
    return low - PAD * (high - low), high + PAD * (high - low)


def _drawn(entry: Entry, measured: XanesMeasured, name: str) -> Drawn | str:
    """The fit of that name with its spectrum, or why there is none."""
    if not measured.fits:
        return "no peak fit"
    fit = next((one for one in measured.fits if one.name == name), None)
    if fit is None:
        return f"no fit {name}, but {', '.join(one.name for one in measured.fits)}"
    reduced: XanesReduced | None = build.artifact(entry, XanesReduced)
    if reduced is None:
        return "no result"
    return Drawn(fit, reduced.primary) if np.any(np.isfinite(fit.data)) else "no finite values"


def _group(f: Found, subtract: bool, *, with_lines: bool) -> list[Series]:
    """Data, lines and sum of one sample; the baseline as a curve or taken off."""
    fit: PeakFit = f.artifact.fit
    error = build.band(fit.data_error, fit.data.shape, True)
    points = fit.data - fit.baseline if subtract else fit.data
    group = [f.series(POINTS, fit.energy_ev, points, error, detail=fit.name)]
    x, foot = fit.curve_ev, np.zeros_like(fit.curve_baseline) if subtract else fit.curve_baseline
    if not subtract:
        group.append(f.series(BASELINE, x, foot))
    for i, line in enumerate(fit.curve_lines if with_lines else ()):
        group.append(f.series(LINE, x, foot + line, y_range=(foot, foot + line), detail=f"line {i + 1}"))
    return [*group, f.series(TOTAL, x, fit.curve_total - fit.curve_baseline + foot)]


def _residual(f: Found, at: float) -> Series:
    fit: PeakFit = f.artifact.fit
    return f.series(RESIDUAL, fit.energy_ev, fit.data - fit.total, offset=at)


def _context(f: Found, x_limits: Sequence[float]) -> list[Series]:
    """The spectrum, if more of it is drawn than was fitted."""
    a: Normalised = f.artifact.spectrum
    x = f.artifact.energy_ev
    outside = (a.energy_ev < x[0]) | (a.energy_ev > x[-1])
    seen = (a.energy_ev >= x_limits[0]) & (a.energy_ev <= x_limits[1])
    return [f.series(CONTEXT, a.energy_ev, a.norm)] if np.any(outside & seen) else []


def _key(groups: Sequence[Sequence[Series]], subtract: bool) -> tuple[str, ...]:
    lines = any(s.role == LINE for group in groups for s in group)
    words = {
        BASELINE: "dashed: baseline",
        LINE: "filled: lines of the fit",
        TOTAL: "solid: sum" if lines or not subtract else "solid: fit",
        RESIDUAL: "small points below: data minus fit",
        CONTEXT: "pale: spectrum around the fitted range",
    }
    return fitted.key(groups, "Points", words)


def _decisions(found: Sequence[Found]) -> tuple[str, ...]:
    taken = []
    for f in found:
        fit: PeakFit = f.artifact.fit
        taken.append((f.entry.label, _decision(len(fit.lines), delta_bic(fit)), delta_bic(fit)))
    return fitted.decisions(taken)


def _decision(number: int, distance: float) -> str:
    """What is said of the number of lines that was taken."""
    words = NUMBERS[number] if number < len(NUMBERS) else f"{number} lines"
    if distance <= -fitted.DECIDED:
        return f"{words} taken, the better fit refused"
    return f"not decided, {words} taken" if distance < fitted.DECIDED else words


def delta_bic(fit: PeakFit) -> float:
    """BIC of the best other number of lines minus that of the chosen one; NaN if no other number was tried."""
    bic = {int(number): _bic(values) for number, values in fit.compared.items()}
    chosen = bic.pop(len(fit.lines), math.nan)
    others = [value for value in bic.values() if math.isfinite(value)]
    return min(others) - chosen if others else math.nan


def _bic(values: Any) -> float:
    bic = values.get("bic") if isinstance(values, Mapping) else None
    return math.nan if bic is None else float(bic)
