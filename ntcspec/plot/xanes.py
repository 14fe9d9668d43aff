"""XANES panels of spectra: normalised, difference, detection modes, derivative. numpy only; nothing is drawn here.

Symbols: norm, the normalised absorption; a *choice*, one of the normalisations that the study calls reasonable.
The band of a curve is the range from the lowest to the highest choice (systematic), not a standard uncertainty;
where both are drawn the notes tell them apart. `xanes_fits` draws peak fits, `xanes_rank` what a series holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, inset, stack, units, xanes_fits, xanes_frames, xanes_rank
from ntcspec.plot import xanes_options as options
from ntcspec.plot.build import Found
from ntcspec.plot.data import DATA, SECOND, THIRD, InsetSeries, Mark, PanelData, Series
from ntcspec.types import Array
from ntcspec.types.xanes import Difference, Normalised, XanesMeasured, XanesReduced, XanesTransformed

MODE_WORDS = {"tey": "total electron yield"}
MODE_ROLES = (DATA, SECOND, THIRD)
MODE_LINES = ("solid", "dashed", "dotted")  # how these roles are drawn


def _axes(y_label: str, y_unit: str = "1") -> dict[str, str]:
    return {"x_label": "Photon energy", "x_unit": "eV", "y_label": y_label, "y_unit": y_unit}


def _words(mode: str) -> str:
    return MODE_WORDS.get(mode, mode)


def _spectrum(f: Found, mode: str | None, flat: bool) -> Normalised | str:
    """The spectrum in that mode (the primary one for None), or why there is none."""
    spectra: dict[str, Normalised] = {s.mode: s for s in f.artifact.spectra}
    if mode and mode not in spectra:
        return f"not measured in {_words(mode)}, but in {', '.join(_words(m) for m in spectra)}"
    one = spectra[mode] if mode else f.artifact.primary
    return one if np.any(np.isfinite(_ordinate(one, flat))) else "no finite values"


def _ordinate(one: Normalised, flat: bool) -> Array:
    return one.flat if flat else one.norm


# --- normalised -----------------------------------------------------------------------------


def norm(entries: Sequence[Entry], opts: options.NormOptions) -> PanelData:
    """Normalised spectra with marks of the features and an inset, from `reduce` and `measure`."""
    found, missing = build.find(entries, XanesReduced)
    found = build.pick(found, missing, lambda f: _spectrum(f, opts.mode, opts.flat))
    x_limits = opts.xlim or build.span([f.artifact.energy_ev for f in found])
    found = build.drop_outside(found, missing, x_limits, "energy_ev")
    groups = [[_norm_curve(f, opts)] for f in found]
    marks = [m for f in found for m in _marks(f, opts, x_limits)] if opts.marks else []
    notes = (
        *_choice_notes(found, groups),
        *_mode_notes(found),
        *_correction_notes(found),
        *(_unmarked_notes(found) if opts.marks else ()),
        *build.status_notes(found, missing),
    )
    label = "Flattened absorption" if opts.flat else "Normalised absorption"
    data = build.curves(
        "xanes.norm", entries, groups, x_limits, _axes(label), notes,
        label_at_end=True, zero_of=(), marks=marks, offset=opts.offset, ylim=opts.ylim,
    )  # fmt: skip
    return _with_inset(data, [group[0] for group in groups], opts)


def _norm_curve(f: Found, opts: options.NormOptions) -> Series:
    a: Normalised = f.artifact
    known = a.choice_names and not opts.flat
    low, high = (build.band(edge, a.norm.shape, bool(opts.band and known)) for edge in (a.norm_low, a.norm_high))
    y = _ordinate(a, opts.flat)
    return f.series(DATA, a.energy_ev, y, y_range=(low, high), detail=a.mode)


def _marks(f: Found, opts: options.NormOptions, x_limits: Sequence[float]) -> list[Mark]:
    """The features that were found in this sample, in the mode that is drawn, inside the limits."""
    measured = build.artifact(f.entry, XanesMeasured)
    reduced = build.artifact(f.entry, XanesReduced)
    wanted = opts.mark_samples is None or f.entry.sample in opts.mark_samples
    if measured is None or not wanted or f.artifact.mode != reduced.primary.mode:
        return []
    energy, y = f.artifact.energy_ev, _ordinate(f.artifact, opts.flat)
    low, high = max(x_limits[0], energy[0]), min(x_limits[1], energy[-1])
    return [
        Mark(f.entry.sample, m.name, f.index, m.energy_ev, float(np.interp(m.energy_ev, energy, y)))
        for m in measured.marks
        if m.kind and low <= m.energy_ev <= high
    ]


def _choice_notes(found: Sequence[Found], groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    """'Band: range over 24 normalisations.'"""
    number = [len(f.artifact.choice_names) for f, group in zip(found, groups, strict=True) if group[0].y_low.size]
    return (f"Band: range over {_numbers(number)} normalisations.",) if number else ()


def _numbers(values: Sequence[int]) -> str:
    """'24', or '12–24' where they differ."""
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low}–{high}"


def _mode_notes(found: Sequence[Found]) -> tuple[str, ...]:
    """'Detection: fluorescence.', sample by sample where they differ."""
    modes = list(dict.fromkeys(f.artifact.mode for f in found))
    if len(modes) == 1:
        return (f"Detection: {_words(modes[0])}.",)
    samples = {m: ", ".join(f.entry.label for f in found if f.artifact.mode == m) for m in modes}
    return (f"Detection: {'; '.join(f'{_words(m)}: {samples[m]}' for m in modes)}.",) if modes else ()


def _correction_notes(found: Sequence[Found]) -> tuple[str, ...]:
    corrected = [f.entry.label for f in found if f.artifact.norm_measured.size]
    whom = "" if len(corrected) == len(found) else f": {', '.join(corrected)}"
    return (f"Corrected for over-absorption{whom}.",) if corrected else ()


def _unmarked_notes(found: Sequence[Found]) -> tuple[str, ...]:
    """Where the drawn mode is not the one that features were looked for in."""
    primary = {f.entry.label: build.artifact(f.entry, XanesReduced).primary.mode for f in found}
    other = [f.entry.label for f in found if primary[f.entry.label] != f.artifact.mode]
    whom = "" if len(other) == len(found) else f" on {', '.join(other)}"
    searched = " and ".join(sorted({_words(primary[label]) for label in other}))
    return (f"No marks{whom}: features were looked for in {searched}.",) if other else ()


def _with_inset(data: PanelData, curves: Sequence[Series], opts: options.NormOptions) -> PanelData:
    """With the curves once more, overlaid in another range; with a note in its place if there are none."""
    if opts.inset is None or not curves:
        return data
    inner = [s for s in curves if build.inside(s.x[np.isfinite(s.y)], opts.inset)]
    low, high = opts.inset
    if not inner:
        return replace(data, notes=(*data.notes, f"no inset: no data in {low:g}–{high:g} eV"))
    drawn = tuple(InsetSeries.of(stack.trim(s, opts.inset)) for s in inner)
    y_limits = data.y_limits
    if opts.ylim is None:
        y_limits = inset.make_room(data.series, data.marks, data.x_limits, data.y_limits)
    return replace(
        data,
        inset=drawn,
        inset_x_limits=np.array(opts.inset),
        inset_y_limits=stack.y_limits(drawn, opts.inset, opts.inset_ylim, {}),
        y_limits=y_limits,
        notes=(f"Inset: {low:g}–{high:g} eV, same units, curves without offset.", *data.notes),
    )


# --- difference, derivative -----------------------------------------------------------------


def difference(entries: Sequence[Entry], opts: options.DifferenceOptions) -> PanelData:
    """Difference spectra to a standard, from `transform`."""
    found, missing = build.find(entries, XanesTransformed, "energy_ev")
    standard = opts.standard or next((d.standard for f in found for d in f.artifact.differences), "")
    found = build.pick(found, missing, lambda f: _difference_to(f, standard))
    x_limits = opts.xlim or build.span([f.artifact.energy_ev for f in found])
    found = build.drop_outside(found, missing, x_limits, "energy_ev")
    groups = [[_difference_curve(f, opts.band)] for f in found]
    label = next((e.label for e in entries if e.sample == standard), standard)
    notes = (*((f"Minus the normalised absorption of {label}.",) if found else ()), *_two_bands(groups))
    axes = _axes("Δ normalised absorption")
    return build.curves(
        "xanes.difference",
        entries,
        groups,
        x_limits,
        axes,
        (*notes, *build.status_notes(found, missing)),
        offset=opts.offset,
        ylim=opts.ylim,
    )


def _difference_to(f: Found, standard: str) -> Difference | str:
    a: XanesTransformed = f.artifact
    if f.entry.sample == standard:
        return "it is the standard"
    if not a.differences:
        return "no standard is subtracted"
    one = next((d for d in a.differences if d.standard == standard), None)
    if one is None:
        return f"standard {standard} is not subtracted, but {', '.join(d.standard for d in a.differences)}"
    return one if np.any(np.isfinite(one.difference)) else "no finite values"


def _difference_curve(f: Found, band: bool) -> Series:
    a: Difference = f.artifact
    error, low, high = (
        build.band(edge, a.difference.shape, band) for edge in (a.difference_error, a.difference_low, a.difference_high)
    )
    return f.series(DATA, a.energy_ev, a.difference, error, y_range=(low, high), detail=f"minus {a.standard}")


def _two_bands(groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    ranged = any(s.y_low.size for group in groups for s in group)
    return ("Pale band: range over the normalisations, made alike for both spectra.",) if ranged else ()


def derivative(entries: Sequence[Entry], opts: options.DerivativeOptions) -> PanelData:
    """First derivative of the normalised spectra, from `transform`."""
    found, missing = build.find(entries, XanesTransformed, "derivative")
    x_limits = opts.xlim or build.span([f.artifact.energy_ev for f in found])
    found = build.drop_outside(found, missing, x_limits, "energy_ev")
    groups = []
    for f in found:
        a: XanesTransformed = f.artifact
        error = build.band(a.derivative_error, a.derivative.shape, opts.band)
        groups.append([f.series(DATA, a.energy_ev, a.derivative, error, detail=a.mode)])
    widths = sorted({f.artifact.smooth_ev for f in found})
    smooth = f"Local parabola, σ = {' and '.join(units.number(w) for w in widths)} eV."
    notes = (*((smooth,) if found else ()), *_mode_notes(found), *build.status_notes(found, missing))
    axes = _axes("First derivative of normalised absorption", "1/eV")
    return build.curves("xanes.derivative", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim)


# --- detection modes ------------------------------------------------------------------------


def modes(entries: Sequence[Entry], opts: options.ModesOptions) -> PanelData:
    """The detection modes of each sample overlaid, from `reduce`: over-absorption flattens fluorescence."""
    found, missing = build.find(entries, XanesReduced)
    found = build.pick(found, missing, lambda f: _finite_modes(f.artifact, opts.flat))
    x_limits = opts.xlim or build.span([s.energy_ev for f in found for s in f.artifact])
    kept = [f for f in found if any(build.inside(s.energy_ev, x_limits) for s in f.artifact)]
    missing.extend((f.entry, build.OUTSIDE) for f in found if f not in kept)
    known = list(dict.fromkeys(s.mode for f in kept for s in f.artifact))
    groups = [
        [f.series(MODE_ROLES[known.index(s.mode)], s.energy_ev, _ordinate(s, opts.flat), detail=s.mode)
         for s in f.artifact if build.inside(s.energy_ev, x_limits)]
        for f in kept
    ]  # fmt: skip
    lines = "; ".join(f"{line}: {_words(mode)}" for line, mode in zip(MODE_LINES, known, strict=False))
    single = [f.entry.label for f in kept if len(f.artifact) == 1]
    notes = (
        *((f"{lines[0].upper()}{lines[1:]}.",) if lines else ()),
        *((f"One detection mode only: {', '.join(single)}.",) if single else ()),
        *build.status_notes(kept, missing),
    )
    label = "Flattened absorption" if opts.flat else "Normalised absorption"
    return build.curves(
        "xanes.modes",
        entries,
        groups,
        x_limits,
        _axes(label),
        notes,
        label_at_end=True,
        zero_of=(),
        offset=opts.offset,
        ylim=opts.ylim,
    )


def _finite_modes(a: XanesReduced, flat: bool) -> tuple[Normalised, ...] | str:
    return tuple(s for s in a.spectra if np.any(np.isfinite(_ordinate(s, flat)))) or "no finite values"


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "xanes.norm": norm,
    "xanes.pre_edge": xanes_fits.pre_edge,
    "xanes.difference": difference,
    "xanes.modes": modes,
    "xanes.derivative": derivative,
    "xanes.rank": xanes_rank.rank,
    "xanes.scores": xanes_rank.scores,
    **xanes_frames.BUILDERS,
}
