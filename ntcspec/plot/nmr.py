"""NMR panels: spectra with their lines and sidebands, and fits of sites. numpy only; nothing is drawn here.

Shifts run from right to left. Heights of two measurements compare only where filling and number of scans were the same,
so spectra are divided by their maximum in the drawn range unless asked otherwise, fits by the highest point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, fitted, stack
from ntcspec.plot import nmr_options as options
from ntcspec.plot.build import NBSP, Found
from ntcspec.plot.data import BASELINE, CONTEXT, DATA, LINE, RESIDUAL, TOTAL, Mark, PanelData, Series
from ntcspec.types import Array
from ntcspec.types.nmr import NmrFit, NmrMeasured, NmrReduced

ONE_PLACE = 0.08  # of the drawn range: sites nearer than that share a name
LOW = 0.02  # of the highest point: a site lower than this gets no name


@dataclass(frozen=True)
class Drawn:
    """A spectrum over `top`, and what was measured of it."""

    spectrum: NmrReduced
    top: float
    measured: NmrMeasured | None


def _axes(found: Sequence[Found], y_label: str) -> dict[str, str]:
    nuclei = list(dict.fromkeys(f for f in (_nucleus(one) for one in found) if f))
    who = f"{_isotope(nuclei[0])} shift" if len(nuclei) == 1 else "Chemical shift"
    return {"x_label": who, "x_unit": "ppm", "y_label": y_label, "y_unit": "1"}


def _nucleus(f: Found) -> str:
    reduced: NmrReduced | None = build.artifact(f.entry, NmrReduced)
    return reduced.nucleus if reduced is not None else ""


def _isotope(nucleus: str) -> str:
    """'23Na' -> '²³Na'."""
    return nucleus.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


# --- spectra --------------------------------------------------------------------------------


def spectra(entries: Sequence[Entry], opts: options.SpectraOptions) -> PanelData:
    """Spectra, stacked, with the names of their lines and stars on spinning sidebands, from `reduce` and `measure`."""
    found, missing = build.find(entries, NmrReduced, "real")
    x_limits = opts.xlim or build.span([f.artifact.shift_ppm for f in found])
    found = build.drop_outside(found, missing, x_limits, "shift_ppm")
    axes = _axes(found, "Intensity")
    drawn = [replace(f, artifact=_over(f, opts.scale, x_limits)) for f in found]
    groups = [[f.series(DATA, f.artifact.spectrum.shift_ppm, f.artifact.spectrum.real / f.artifact.top)] for f in drawn]
    marks = [m for f in drawn for m in _marks(f, opts, x_limits)]
    notes = (
        *_scale_note(drawn, opts.scale),
        *(("*: spinning sidebands, by order.",) if any(m.name.startswith("*") for m in marks) else ()),
        *_references(drawn),
        *build.status_notes(found, missing),
    )
    offset = _clear_step(groups, x_limits) if opts.offset is None and marks and len(groups) > 1 else opts.offset
    data = build.curves("nmr.spectra", entries, groups, x_limits, axes, notes,
                        offset=offset, ylim=opts.ylim, marks=marks)  # fmt: skip
    return replace(data, x_descending=True)


def _clear_step(groups: Sequence[Sequence[Series]], x_limits: Sequence[float]) -> float:
    """Distance at which names over sharp lines stand below the next curve: they are wider than the lines.

    With h the tallest curve, n curves and c the share of the frame that a name takes: s = h + c ((n - 1) s + h).
    """
    tall = max(
        (float(np.ptp(e.high)) for g in groups for s in g if (e := stack.visible(s, x_limits)).x.size), default=1.0
    )
    n = len(groups)
    share = stack.MARK_IN / stack.frame_height(n) * (1.0 + 2.0 * stack.MARGIN)
    step = tall * (1.0 + share) / max(1.0 - share * (n - 1), 0.4)
    return stack.nice(step) if step > 0.0 else 1.0


def _over(f: Found, scale: str, x_limits: Sequence[float]) -> Drawn:
    a: NmrReduced = f.artifact
    inside = (a.shift_ppm >= x_limits[0]) & (a.shift_ppm <= x_limits[1])
    if scale == "maximum":
        top = float(np.nanmax(a.real[inside]))
    elif scale == "area":
        top = float(np.nansum(a.real[inside])) * float(a.shift_ppm[1] - a.shift_ppm[0])
    else:
        top = 1.0
    return Drawn(a, top if top > 0 else 1.0, build.artifact(f.entry, NmrMeasured))


def _scale_note(drawn: Sequence[Found], scale: str) -> tuple[str, ...]:
    words = {"maximum": "Each spectrum over its maximum.", "area": "Each spectrum over its area in the drawn range."}
    return (words[scale],) if drawn and scale in words else ()


def _references(drawn: Sequence[Found]) -> tuple[str, ...]:
    """'0 ppm: 1 M NaCl(aq) at 0.04 ppm.'; sample by sample where they differ."""
    named: dict[str, list[str]] = {}
    for f in drawn:
        a: NmrReduced = f.artifact.spectrum
        if a.reference_compound:
            named.setdefault(f"{a.reference_compound} at {a.reference_ppm:g}{NBSP}ppm", []).append(f.entry.label)
    if len(named) < 2:
        return tuple(f"Reference: {words}." for words in named)
    return ("Reference: " + "; ".join(f"{words}: {', '.join(who)}" for words, who in named.items()) + ".",)


def _marks(f: Found, opts: options.SpectraOptions, x_limits: Sequence[float]) -> list[Mark]:
    """Names of lines and stars of sidebands that were detected in this sample, inside the limits."""
    one: Drawn = f.artifact
    if one.measured is None:
        return []
    x, y = one.spectrum.shift_ppm, one.spectrum.real / one.top
    places = []
    if opts.lines:
        places += [(line.name, line.position_ppm) for line in one.measured.lines if line.detected]
    if opts.sidebands:
        bands = [band for band in one.measured.sidebands if band.detected]
        several = len({band.line for band in bands}) > 1
        places += [
            (f"*{band.order:+d}".replace("-", "−") + (f" {band.line}" if several else ""), band.shift_ppm)
            for band in bands
        ]
    return [
        Mark(f.entry.sample, name, f.index, at, float(np.interp(at, x, y)))
        for name, at in places
        if np.isfinite(at) and x_limits[0] <= at <= x_limits[1]
    ]


# --- fits -----------------------------------------------------------------------------------


def fits(entries: Sequence[Entry], opts: options.FitOptions) -> PanelData:
    """One fit of each sample: data, its sites and their sum, over the largest value, from `measure`."""
    found, missing = build.find(entries, NmrMeasured)
    name = opts.fit or next((fit.name for f in found for fit in f.artifact.fits), "")
    axes = _axes(found, "Intensity over maximum")
    found = build.pick(found, missing, lambda f: _fit_of(f.artifact, name))
    x_limits = opts.xlim or build.span([f.artifact.shift_ppm for f in found])
    found = build.drop_outside(found, missing, x_limits, "shift_ppm")
    groups = [_group(f) for f in found]
    if opts.residual:
        at = min((fitted.below(group, x_limits, data=CONTEXT) for group in groups), default=0.0)
        groups = [[*group, _residual(f, at)] for f, group in zip(found, groups, strict=True)]
    marks = [m for f in found for m in _site_marks(f, x_limits)] if opts.names else []
    notes = (*_key(groups), *_decisions(found), *build.status_notes(found, missing))
    data = build.curves("nmr.fit", entries, groups, x_limits, axes, notes,
                        offset=opts.offset, ylim=opts.ylim, zero_of=(CONTEXT, RESIDUAL), marks=marks)  # fmt: skip
    return replace(data, x_descending=True)


def _fit_of(measured: NmrMeasured, name: str) -> NmrFit | str:
    """The fit of that name, or why there is none."""
    if not measured.fits:
        return "nothing was fitted"
    fit = next((one for one in measured.fits if one.name == name), None)
    if fit is None:
        return f"no fit {name}, but {', '.join(one.name for one in measured.fits)}"
    return fit if np.any(np.isfinite(fit.data)) else "no finite values"


def _top(fit: NmrFit) -> float:
    highest = float(np.nanmax(fit.data))
    return highest if highest > 0 else 1.0


def _group(f: Found) -> list[Series]:
    fit: NmrFit = f.artifact
    top, x = _top(fit), fit.shift_ppm
    foot = fit.background / top
    group = [f.series(CONTEXT, x, fit.data / top, detail=fit.name), f.series(BASELINE, x, foot)]
    for name, site in zip(fit.site_names, fit.sites, strict=True):
        group.append(f.series(LINE, x, foot + site / top, y_range=(foot, foot + site / top), detail=name))
    return [*group, f.series(TOTAL, x, fit.total / top)]


def _residual(f: Found, at: float) -> Series:
    fit: NmrFit = f.artifact
    return f.series(RESIDUAL, fit.shift_ppm, (fit.data - fit.total) / _top(fit), offset=at)


def _site_marks(f: Found, x_limits: Sequence[float]) -> list[Mark]:
    """The name of each site over its highest point, at the height of the spectrum there.

    Sites at one place share a mark over the highest of them: names side by side would need lines that cross.
    """
    fit: NmrFit = f.artifact
    top = _top(fit)
    height = np.maximum(fit.data, fit.total) / top
    named = zip(fit.site_names, fit.sites, strict=True)
    tops = [(name, int(np.argmax(site)), float(site.max())) for name, site in named]
    seen = [one for one in tops if x_limits[0] <= fit.shift_ppm[one[1]] <= x_limits[1] and one[2] > LOW * top]
    apart = ONE_PLACE * (x_limits[1] - x_limits[0])
    groups: list[list[tuple[str, int, float]]] = []
    for one in sorted(seen, key=lambda one: one[1]):
        near = bool(groups) and fit.shift_ppm[one[1]] - fit.shift_ppm[groups[-1][-1][1]] < apart
        groups = [*groups[:-1], [*groups[-1], one]] if near else [*groups, [one]]
    marks = []
    for group in groups:
        k = max(group, key=lambda one: one[2])[1]
        names = " + ".join(name for name in fit.site_names if name in {one[0] for one in group})
        marks.append(Mark(f.entry.sample, names, f.index, float(fit.shift_ppm[k]), float(_near(height, k))))
    return marks


def _near(height: Array, k: int) -> float:
    return float(np.nanmax(height[max(k - 1, 0) : k + 2]))


def _key(groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    words = {
        BASELINE: "dashed: background",
        LINE: "filled: sites",
        TOTAL: "solid: sum",
        RESIDUAL: "small points below: data minus fit",
    }
    return fitted.key(groups, "Pale", words)


def _decisions(found: Sequence[Found]) -> tuple[str, ...]:
    """Which of several models was taken; nothing where there was one."""
    taken = []
    for f in found:
        fit: NmrFit = f.artifact
        if len(fit.compared) > 1:
            taken.append((f.entry.label, _decision(fit.model, delta_bic(fit)), delta_bic(fit)))
    return fitted.decisions(taken)


def _decision(model: str, margin: float) -> str:
    if margin <= -fitted.DECIDED:
        return f"model {model} taken, the better fit refused"
    return f"not decided, model {model} taken" if margin < fitted.DECIDED else f"model {model}"


def delta_bic(fit: NmrFit) -> float:
    """BIC of the best other model minus that of the chosen one; NaN if no other was tried."""
    bic = {name: float(values["bic"]) for name, values in fit.compared.items()}
    chosen = bic.pop(fit.model, np.nan)
    return min(bic.values()) - chosen if bic else np.nan


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {"nmr.spectra": spectra, "nmr.fit": fits}
