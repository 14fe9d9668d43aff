"""XANES panels of a series: singular values beside those of noise, and scores of the samples. numpy only.

Symbols: norm(sample, E) = sum_n score(sample, n) component(n, E), components of unit length (see
ntcspec.types.xanes_series). An entry is a series here, and colours tell series apart, or components in the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ntcspec.plot import Entry, build
from ntcspec.plot import xanes_options as options
from ntcspec.plot.build import NONE, Found
from ntcspec.plot.data import JOINED, NOISE, PanelData, Series
from ntcspec.types import Array
from ntcspec.types.xanes_series import XanesRank

UNKNOWN_RANK = 3  # components in the scores where the rank is not known
LOG_MARGIN = 1.4  # factor free above and below the points


def rank(entries: Sequence[Entry], opts: options.RankOptions) -> PanelData:
    """Singular values over their number on a logarithmic axis, dashed what noise alone gives."""
    found, missing = build.find(entries, XanesRank, "singular_values")
    groups = [_scree(f, opts.band) for f in found]
    last = max((f.artifact.component[-1] for f in found), default=2.0)
    axes = {"x_label": "Component", "x_unit": "1", "y_label": "Singular value", "y_unit": "1"}
    notes = (
        *((f"Dashed: {NOISE_WORDS}.",) if any(len(g) > 1 for g in groups) else ()),
        *_choice_notes(found, groups),
        *(f"{_whose(f, found)}{rank_words(f.artifact)}" for f in found),
        *build.status_notes(found, missing),
    )
    data = build.curves(
        "xanes.rank", entries, groups, (0.5, last + 0.5), axes, notes,
        offset=0.0, ylim=opts.ylim, label_at_end=True, zero_of=(),
    )  # fmt: skip
    limits = data.y_limits if opts.ylim else _log_limits(data.series)
    return replace(data, y_log=True, y_limits=limits)


NOISE_WORDS = "99 % quantile of what noise alone gives"


def _scree(f: Found, band: bool) -> list[Series]:
    a: XanesRank = f.artifact
    choices = a.choice_singular_values
    wanted = band and choices.ndim == 2 and choices.shape[0] > 1
    y_range = (_positive(choices.min(axis=0)), _positive(choices.max(axis=0))) if wanted else (NONE, NONE)
    group = [f.series(JOINED, a.component, _positive(a.singular_values), y_range=y_range)]
    if np.any(np.isfinite(a.noise_singular_values)):
        group.append(f.series(NOISE, a.component, _positive(a.noise_singular_values)))
    return group


def _positive(values: Array) -> Array:
    """What a logarithmic axis can show; NaN for the rest."""
    return np.where(values > 0, values, np.nan)


def _log_limits(series: Sequence[Series]) -> Array:
    parts = [values[np.isfinite(values)] for s in series for values in (s.y, s.y_low, s.y_high)]
    shown = np.concatenate([*parts, NONE])
    return np.array([shown.min() / LOG_MARGIN, shown.max() * LOG_MARGIN]) if shown.size else np.array([0.1, 1.0])


def _choice_notes(found: Sequence[Found], groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    number = {len(f.artifact.choice_names) for f, group in zip(found, groups, strict=True) if group[0].y_low.size}
    many = " or ".join(str(n) for n in sorted(number))
    return (f"Band: range over {many} normalisations.",) if number else ()


def _whose(f: Found, found: Sequence[Found]) -> str:
    return f"{f.entry.label}: " if len(found) > 1 else ""


def rank_words(a: XanesRank) -> str:
    """'3 components in 6 spectra.', with what speaks against it."""
    metric = next((m for m in a.metrics if m.name == "rank"), None)
    spectra = f"{len(a.samples)} spectra"
    if metric is None or not np.isfinite(metric.value):
        return f"Number of components in {spectra} not known" + (f" ({metric.reason})." if metric else ".")
    return f"{metric.value:.0f} component{'s' if metric.value != 1 else ''} in {spectra}."


def scores(entries: Sequence[Entry], opts: options.ScoresOptions) -> PanelData:
    """Scores of the first components over the samples, of the first series that has any."""
    found, missing = build.find(entries, XanesRank, "scores")
    missing.extend((f.entry, "one series a panel") for f in found[1:])
    a: XanesRank | None = found[0].artifact if found else None
    number = min(opts.components or _known_rank(a), a.scores.shape[1]) if a else 0
    groups = [[_score(found[0], n)] for n in range(number)]
    names = a.samples if a else ()
    axes = {"x_label": "", "x_unit": "1", "y_label": "Score", "y_unit": "1"}
    notes = (*((rank_words(a),) if a else ()), *build.status_notes(found[:1], missing))
    limits = (0.5, max(len(names), 1) + 0.5)
    data = build.curves(
        "xanes.scores", entries, groups, limits, axes, notes, offset=0.0, ylim=opts.ylim, zero_of=(JOINED,)
    )
    return replace(data, x_names=names, palette=max(number, len(entries)))


def _known_rank(a: XanesRank) -> int:
    value = next((m.value for m in a.metrics if m.name == "rank"), np.nan)
    return int(value) if np.isfinite(value) and value >= 1 else UNKNOWN_RANK


def _score(f: Found, number: int) -> Series:
    a: XanesRank = f.artifact
    x = np.arange(1.0, len(a.samples) + 1)
    one = f.series(JOINED, x, a.scores[:, number], detail=f"component {number + 1}")
    return replace(one, colour=number, label=f"Component {number + 1}")
