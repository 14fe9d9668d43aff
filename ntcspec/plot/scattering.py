"""Panels of total scattering: I(Q), S(Q), F(Q), G(r), differences. numpy only; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, scattering_images
from ntcspec.plot import scattering_options as options
from ntcspec.plot.build import NONE, Found
from ntcspec.plot.data import BASELINE, DATA, REAL, PanelData, Series, Span
from ntcspec.types import Array
from ntcspec.types.scattering import ScatteringReduced
from ntcspec.types.scattering_pdf import PdfDifference, ScatteringMeasured, ScatteringTransformed

FIRST_R = 0.5  # angstrom; below it there is nothing but what is left of the normalisation
SPREAD_NOTE = "Pale: range over all reasonable treatments."
Q_AXIS = {"x_label": "Q", "x_unit": "1/angstrom"}
FUNCTIONS = {  # option -> field, name on the axis, unit
    "G": ("g_r", "G(r)", "angstrom^-2"),
    "g": ("pair_g", "g(r)", "1"),
    "T": ("t_r", "T(r)", "angstrom^-2"),
    "R": ("r_r", "R(r)", "angstrom^-1"),
}


def g_r(entries: Sequence[Entry], opts: options.GrOptions) -> PanelData:
    """G(r) of each sample, or a function of it where it is absolute, with its two uncertainties; from `transform`."""
    name, label, unit = FUNCTIONS[opts.function]
    found, missing = build.find(entries, ScatteringTransformed, "g_r")
    found = build.pick(found, missing, lambda f: f.artifact if getattr(f.artifact, name).size else "not absolute")
    x_limits = opts.xlim or _r_range([f.artifact.r_ang for f in found])
    found = build.drop_outside(found, missing, x_limits, "r_ang")
    whole = opts.function == "G"
    groups = []
    for f in found:
        a: ScatteringTransformed = f.artifact
        band = build.band(a.g_sigma, a.r_ang.shape, opts.band and whole)
        spread = (a.g_low, a.g_high) if opts.spread and whole and a.variant_names else (NONE, NONE)
        groups.append([f.series(DATA, a.r_ang, getattr(a, name), band, y_range=spread)])
    axes = {"x_label": "r", "x_unit": "angstrom", "y_label": label, "y_unit": unit}
    notes = (*_spread_note(groups), *_normalisation(found), *build.status_notes(found, missing))
    data = build.curves("scattering.g_r", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim)
    return replace(data, spans=_spans(opts.regions))


def _r_range(axes: Sequence[Array]) -> tuple[float, float]:
    low, high = build.span(axes)
    return (max(low, FIRST_R), high) if high > FIRST_R else (low, high)


def _spans(regions: Mapping[str, tuple[float, float]] | None) -> tuple[Span, ...]:
    return tuple(Span(name, low, high) for name, (low, high) in (regions or {}).items())


def _spread_note(groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    return (SPREAD_NOTE,) if any(s.y_low.size for group in groups for s in group) else ()


def _normalisation(found: Sequence[Found]) -> tuple[str, ...]:
    """How the samples were normalised, and whether amplitudes are absolute: once where all are alike."""
    words = {f.entry.label: _words(f.artifact) for f in found}
    if len(set(words.values())) <= 1:
        return tuple(f"{text[0].upper()}{text[1:]}." for text in set(words.values()))
    return tuple(f"{label}: {text}." for label, text in words.items())


def _words(a: ScatteringTransformed) -> str:
    scale = "amplitudes are absolute" if a.absolute else "amplitudes are relative"
    window = "Lorch window" if a.lorch else "no window"
    return f"{a.normalisation} normalisation: {scale}; Qmax {a.qmax_inv_ang:.3g} Å⁻¹, {window}"


def i_q(entries: Sequence[Entry], opts: options.IqOptions) -> PanelData:
    """I(Q) of the sample alone; on request as measured and what was taken off; from `reduce`."""
    found, missing = build.find(entries, ScatteringReduced, "intensity")
    x_limits = opts.xlim or build.span([f.artifact.q_inv_ang for f in found])
    found = build.drop_outside(found, missing, x_limits, "q_inv_ang")
    groups = []
    for f in found:
        a: ScatteringReduced = f.artifact
        group = [f.series(DATA, a.q_inv_ang, a.intensity, build.band(a.sigma, a.intensity.shape, opts.band))]
        for part in a.parts if opts.parts and len(a.parts) > 1 else ():
            role = REAL if part.role == "sample" else BASELINE
            group.append(f.series(role, part.q_inv_ang, np.abs(part.factor) * part.intensity, detail=part.role))
        groups.append(group)
    axes = {**Q_AXIS, "y_label": "I(Q)", "y_unit": "counts"}
    drawn = opts.parts and any(len(group) > 1 for group in groups)
    key = ("Thick: sample alone; thin: as measured; dashed: what was taken off.",) if drawn else ()
    if not drawn and found and all(len(f.artifact.parts) > 1 for f in found):
        key = ("Sample alone: container or air is taken off.",)
    notes = (*key, *build.status_notes(found, missing))
    return build.curves("scattering.i_q", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim)


def s_q(entries: Sequence[Entry], opts: options.SqOptions) -> PanelData:
    """Structure factor S(Q), from `transform`; the thin lines are where it ends, at 1."""
    axes = {**Q_AXIS, "y_label": "S(Q)", "y_unit": "1"}
    data = _reciprocal("scattering.s_q", "s_q", "s_sigma", axes, entries, opts, label_at_end=True)
    key = ("S(Q) after Faber and Ziman; thin lines: S = 1.",) if data.series else ()
    return replace(data, zeros=data.zeros + 1.0, notes=(*data.notes, *key))


def f_q(entries: Sequence[Entry], opts: options.SqOptions) -> PanelData:
    """F(Q) = Q (S(Q) − 1), what is transformed, from `transform`."""
    axes = {**Q_AXIS, "y_label": "F(Q)", "y_unit": "angstrom^-1"}
    return _reciprocal("scattering.f_q", "f_q", "f_sigma", axes, entries, opts)


def _reciprocal(
    kind: str, name: str, error: str, axes: Mapping[str, str], entries: Sequence[Entry], opts: options.SqOptions,
    *, label_at_end: bool = False,
) -> PanelData:  # fmt: skip
    found, missing = build.find(entries, ScatteringTransformed, name)
    ends = [f.artifact.qmax_inv_ang for f in found]
    low, _ = build.span([f.artifact.q_inv_ang for f in found])
    x_limits = opts.xlim or (low, max(ends, default=1.0))
    found = build.drop_outside(found, missing, x_limits, "q_inv_ang")
    groups = []
    for f in found:
        x, y = f.artifact.q_inv_ang, getattr(f.artifact, name)
        groups.append([f.series(DATA, x, y, build.band(getattr(f.artifact, error), y.shape, opts.band))])
    notes = (*_normalisation(found), *build.status_notes(found, missing))
    return build.curves(
        kind, entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim, label_at_end=label_at_end
    )


def difference(entries: Sequence[Entry], opts: options.DifferenceOptions) -> PanelData:
    """G(r) minus that of a standard, from `measure`."""
    found, missing = build.find(entries, ScatteringMeasured)
    names = {e.sample: e.label for e in entries}
    found = build.pick(found, missing, lambda f: _difference_of(f, opts.standard))
    x_limits = opts.xlim or _r_range([f.artifact.r_ang for f in found])
    found = build.drop_outside(found, missing, x_limits, "r_ang")
    groups = []
    for f in found:
        a: PdfDifference = f.artifact
        spread = (a.low, a.high) if opts.spread and a.low.size else (NONE, NONE)
        band = build.band(a.sigma, a.r_ang.shape, opts.band)
        groups.append([f.series(DATA, a.r_ang, a.difference, band, y_range=spread, detail=f"minus {a.standard}")])
    standards = sorted({names.get(f.artifact.standard, f.artifact.standard) for f in found})
    label = f"G(r) − G(r) of {standards[0]}" if len(standards) == 1 else "G(r) − G(r) of a standard"
    axes = {"x_label": "r", "x_unit": "angstrom", "y_label": label, "y_unit": "angstrom^-2"}
    which = tuple(f"{f.entry.label}: minus {f.artifact.standard}." for f in found) if len(standards) > 1 else ()
    notes = (*_spread_note(groups), *which, *build.status_notes(found, missing))
    data = build.curves(
        "scattering.difference", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim
    )
    return replace(data, spans=_spans(opts.regions))


def _difference_of(f: Found, standard: str | None) -> PdfDifference | str:
    """The difference from that standard, or why there is none."""
    measured: ScatteringMeasured = f.artifact
    if f.entry.sample == standard:
        return "it is the standard"
    if not measured.differences:
        return "no standard was subtracted"
    chosen = next((d for d in measured.differences if standard in (None, d.standard)), None)
    if chosen is None:
        return f"no difference from {standard}, but from {', '.join(d.standard for d in measured.differences)}"
    return chosen if np.any(np.isfinite(chosen.difference)) else "no finite values"


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "scattering.g_r": g_r,
    "scattering.i_q": i_q,
    "scattering.s_q": s_q,
    "scattering.f_q": f_q,
    "scattering.difference": difference,
    "scattering.image": scattering_images.image,
    "scattering.rings": scattering_images.rings,
}
