"""Raman panels: spectra without baseline, and fits of bands. numpy only; nothing is drawn here.

Heights of two files compare only where throughput and focus were the same, so each spectrum is divided by its own
maximum in the drawn range unless asked otherwise; fits are divided by the largest value of their data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, fitted, raman_frames, stack
from ntcspec.plot import raman_options as options
from ntcspec.plot.build import NONE, Found
from ntcspec.plot.data import BASELINE, CONTEXT, DATA, LINE, POINTS, RESIDUAL, TOTAL, PanelData, Series, Span
from ntcspec.types import Array
from ntcspec.types.raman import BandFit, RamanMeasured, RamanReduced

SHIFT = {"x_label": "Raman shift", "x_unit": "1/cm"}
NUMBERS = ("not detected", "one line", "two lines", "three lines", "four lines")


def spectra(entries: Sequence[Entry], opts: options.StackOptions) -> PanelData:
    """Spectra without baseline, stacked, with named regions shaded; the band is the range over other baselines.

    With `fits` the fitted bands are drawn over paler data, with `residual` data minus fit below.
    """
    found, missing = build.find(entries, RamanReduced, "mean_corrected")
    x_limits = opts.xlim or build.span([f.artifact.shift_cm1 for f in found])
    found = build.drop_outside(found, missing, x_limits, "shift_cm1")
    groups = [_spectrum(f, opts, x_limits) for f in found]
    number = {len(f.artifact.variant_names) + 1 for f in found if opts.band and f.artifact.variant_names}
    many = " or ".join(str(n) for n in sorted(number))
    notes = (
        *((f"Band: range over {many} baselines.",) if number else ()),
        *((("Pale: data; strong: fits.",)) if any(s.role == TOTAL for group in groups for s in group) else ()),
        *(("Small points below: data minus fit.",) if any(s.role == RESIDUAL for g in groups for s in g) else ()),
        *build.status_notes(found, missing),
    )
    relative = opts.scale == "maximum"
    units = {f.artifact.intensity_unit for f in found}
    axes = {**SHIFT, "y_label": "Intensity over maximum", "y_unit": "1"}
    if not relative:
        axes |= {"y_label": "Intensity", "y_unit": units.pop() if len(units) == 1 else "arb. units"}
    data = build.curves(
        "raman.stack", entries, groups, x_limits, axes, notes,
        offset=opts.offset, ylim=opts.ylim, zero_of=(DATA, CONTEXT),
    )  # fmt: skip
    return replace(data, spans=tuple(Span(name, low, high) for name, (low, high) in (opts.regions or {}).items()))


def _spectrum(f: Found, opts: options.StackOptions, x_limits: Sequence[float]) -> list[Series]:
    a: RamanReduced = f.artifact
    inside = (a.shift_cm1 >= x_limits[0]) & (a.shift_cm1 <= x_limits[1])
    top = float(np.nanmax(a.mean_corrected[inside])) if opts.scale == "maximum" else 1.0
    top = top if top > 0 else 1.0
    y_range: tuple[Array, Array] = (NONE, NONE)
    if opts.band and a.variant_names:
        all_of_them = np.vstack([a.mean_corrected, a.mean_intensity - a.variant_baseline]) / top
        y_range = (np.nanmin(all_of_them, axis=0), np.nanmax(all_of_them, axis=0))
    measured = build.artifact(f.entry, RamanMeasured)
    drawn = [fit for fit in measured.fits if len(fit.lines)] if measured and (opts.fits or opts.residual) else []
    role = CONTEXT if drawn and opts.fits else DATA
    group = [f.series(role, a.shift_cm1, a.mean_corrected / top, y_range=y_range)]
    if opts.fits:
        group += [f.series(TOTAL, fit.shift_cm1, fit.total / top, detail=fit.name) for fit in drawn]
    if opts.residual and drawn:
        rest = [(fit.data - fit.total) / top for fit in drawn]
        low = min(e.low.min() for e in (stack.visible(s, x_limits) for s in group) if e.x.size)
        at = (
            float(low)
            - fitted.RESIDUAL_GAP * float(np.ptp(group[0].y[inside]))
            - max(float(np.nanmax(r)) for r in rest)
        )
        group += [
            f.series(RESIDUAL, fit.shift_cm1, r, offset=at, detail=fit.name) for fit, r in zip(drawn, rest, strict=True)
        ]
    return group


def fits(entries: Sequence[Entry], opts: options.FitOptions) -> PanelData:
    """One band of each sample: data, lines and their sum on a straight background, over the largest value."""
    found, missing = build.find(entries, RamanMeasured)
    name = opts.fit or next((fit.name for f in found for fit in f.artifact.fits), "")
    found = build.pick(found, missing, lambda f: _fit_of(f.artifact, name))
    x_limits = opts.xlim or build.span([f.artifact.shift_cm1 for f in found])
    found = build.drop_outside(found, missing, x_limits, "shift_cm1")
    groups = [_group(f) for f in found]
    if opts.residual:
        at = min((fitted.below(group, x_limits) for group in groups), default=0.0)
        groups = [[*group, _residual(f, at)] for f, group in zip(found, groups, strict=True)]
    notes = (*_key(groups), *_decisions(found), *build.status_notes(found, missing))
    return build.curves(
        "raman.fit", entries, groups, x_limits, {**SHIFT, "y_label": "Intensity over maximum", "y_unit": "1"}, notes,
        offset=opts.offset, ylim=opts.ylim, zero_of=(POINTS, RESIDUAL),
    )  # fmt: skip


def _fit_of(measured: RamanMeasured, name: str) -> BandFit | str:
    """The fit of that name, or why there is none."""
    if not measured.fits:
        return "no band was fitted"
    fit = next((one for one in measured.fits if one.name == name), None)
    if fit is None:
        return f"no band {name}, but {', '.join(one.name for one in measured.fits)}"
    return fit if np.any(np.isfinite(fit.data)) else "no finite values"


def _top(fit: BandFit) -> float:
    highest = float(np.nanmax(fit.data))
    return highest if highest > 0 else 1.0


def _group(f: Found) -> list[Series]:
    fit: BandFit = f.artifact
    top, x = _top(fit), fit.shift_cm1
    error = build.band(fit.data_error / top, fit.data.shape, True)
    foot = fit.background / top
    group = [f.series(POINTS, x, fit.data / top, error, detail=fit.name), f.series(BASELINE, x, foot)]
    for i, line in enumerate(fit.lines if len(fit.lines) > 1 else ()):
        group.append(f.series(LINE, x, foot + line / top, y_range=(foot, foot + line / top), detail=f"line {i + 1}"))
    return [*group, f.series(TOTAL, x, fit.total / top)]


def _residual(f: Found, at: float) -> Series:
    fit: BandFit = f.artifact
    return f.series(RESIDUAL, fit.shift_cm1, (fit.data - fit.total) / _top(fit), offset=at)


def _key(groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    words = {
        BASELINE: "dashed: straight background",
        LINE: "filled: lines",
        TOTAL: "solid: sum",
        RESIDUAL: "small points below: data minus fit",
    }
    return fitted.key(groups, "Points", words)


def _decisions(found: Sequence[Found]) -> tuple[str, ...]:
    taken = []
    for f in found:
        fit: BandFit = f.artifact
        taken.append((f.entry.label, _decision(len(fit.lines), _delta_bic(fit)), _delta_bic(fit)))
    return fitted.decisions(taken)


def _decision(number: int, margin: float) -> str:
    """What is said of the number of lines that was taken."""
    words = NUMBERS[number] if number < len(NUMBERS) else f"{number} lines"
    if margin <= -fitted.DECIDED:
        return f"{words} taken, the better fit refused" if number else "no line that can be told from the background"
    return f"not decided, {words} taken" if margin < fitted.DECIDED else words


def _delta_bic(fit: BandFit) -> float:
    """BIC of the best other number of lines minus that of the chosen one; NaN if no other was tried."""
    bic = {
        int(number): float(values["bic"]) for number, values in fit.compared.items() if values.get("bic") is not None
    }
    chosen = bic.pop(len(fit.lines), np.nan)
    others = [value for value in bic.values() if np.isfinite(value)]
    return min(others) - chosen if others else np.nan


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "raman.stack": spectra,
    "raman.fit": fits,
    **raman_frames.BUILDERS,
}
