"""The EXAFS panel of path fits: data, model and its paths, with the range of the fit shaded. numpy only.

Delta BIC is the BIC of the best other model minus that of the model drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.plot import Entry, build, units
from ntcspec.plot import exafs_options as options
from ntcspec.plot.build import NBSP, Found
from ntcspec.plot.data import LINE, POINTS, TOTAL, PanelData, Series, Span
from ntcspec.types import Array
from ntcspec.types.exafs_fit import ExafsFits, FittedModel

MAX_R = 4.0  # angstrom, least end of the R axis unless told otherwise
PAST_RANGE = 1.0  # angstrom drawn past the range of the fit
UNDECIDED = "cannot be decided"


@dataclass(frozen=True)
class Drawn:
    """A model, and the fits that it was chosen from."""

    model: FittedModel
    fits: ExafsFits

    @property
    def kweight(self) -> float:
        return self.fits.kweight

    @property
    def r_ang(self) -> Array:
        return self.model.r_ang

    @property
    def k_inv_ang(self) -> Array:
        return self.model.k_inv_ang


def fit(entries: Sequence[Entry], opts: options.FitOptions) -> PanelData:
    """The fit of each sample: magnitude or real part of chi(R), or chi(k) inside the window, from `fit`."""
    found, missing = build.find(entries, ExafsFits)
    found = build.pick(found, missing, lambda f: _drawn(f.artifact, opts.model))
    found = build.same(found, missing, lambda d: d.kweight, "k weight {:g}, not that of the axis")
    weight = found[0].artifact.kweight if found else 2.0
    in_k = opts.part == "k"
    x_limits = opts.xlim or _range([f.artifact for f in found], in_k)
    found = build.drop_outside(found, missing, x_limits, "k_inv_ang" if in_k else "r_ang")
    groups = [_group(f, opts) for f in found]
    notes = (*_key(groups), *_models(found), *build.status_notes(found, missing))
    symbol = {"magnitude": "|χ(R)|", "real": "Re χ(R)", "k": units.k_weighted("χ(k)", weight)}[opts.part]
    axes = {
        "x_label": "k" if in_k else "R, not phase-corrected",
        "x_unit": "1/angstrom" if in_k else "angstrom",
        "y_label": symbol + (", windowed" if in_k else ""),
        "y_unit": units.angstrom_power(-weight if in_k else -(weight + 1)),
    }
    data = build.curves(
        "exafs.fit", entries, groups, x_limits, axes, notes,
        offset=opts.offset, ylim=opts.ylim, zero_of=(POINTS,),
    )  # fmt: skip
    ranges = {tuple(f.artifact.fits.range_ang) for f in found}
    spans = () if in_k or len(ranges) != 1 else tuple(Span("range of the fit", *one) for one in ranges)
    return replace(data, spans=spans)


def _drawn(fits: ExafsFits, wanted: str | None) -> Drawn | str:
    """The model that is drawn, or why there is none."""
    name = wanted or fits.best
    model = next((m for m in fits.models if m.name == name), None)
    if model is None:
        known = ", ".join(m.name for m in fits.models) or "none could be fitted"
        return fits.failed.get(name) or f"no model {name}, but {known}"
    return Drawn(model, fits) if np.any(np.isfinite(model.data_mag)) else "no finite values"


def _range(drawn: Sequence[Drawn], in_k: bool) -> tuple[float, float]:
    if in_k:
        return build.span([d.k_inv_ang for d in drawn])
    return 0.0, max([MAX_R, *(d.fits.range_ang[1] + PAST_RANGE for d in drawn)])


def _group(f: Found, opts: options.FitOptions) -> list[Series]:
    """Data, paths and sum of one sample."""
    m: FittedModel = f.artifact.model
    x, data, model = _curves(m, opts.part)
    group = [f.series(POINTS, x, data, detail=m.name)]
    if opts.paths and opts.part == "magnitude" and len(m.entries) > 1:
        foot = np.zeros_like(x)
        for name, y in zip(m.entries, m.entry_chir_mag, strict=True):
            group.append(f.series(LINE, x, y, y_range=(foot, y), detail=name))
    return [*group, f.series(TOTAL, x, model)]


def _curves(m: FittedModel, part: str) -> tuple[Array, Array, Array]:
    if part == "k":
        return m.k_inv_ang, m.data_chi, m.model_chi
    return (m.r_ang, m.data_re, m.model_re) if part == "real" else (m.r_ang, m.data_mag, m.model_mag)


def _key(groups: Sequence[Sequence[Series]]) -> tuple[str, ...]:
    """What the kinds of curves are."""
    if not groups:
        return ()
    parts = "; filled: each path alone" if any(s.role == LINE for group in groups for s in group) else ""
    return (f"Points: data; solid: fit{parts}.",)


def _models(found: Sequence[Found]) -> tuple[str, ...]:
    """'two_distances: NTC 6 h (R factor 0.011, ΔBIC 19), ...; skewed, not decided: NTC 40 h (...).'"""
    parts: dict[str, list[str]] = {}
    for f in found:
        d: Drawn = f.artifact
        others = [m.bic - d.model.bic for m in d.fits.models if m is not d.model]
        delta = f", ΔBIC{NBSP}{round(min(others))}".replace("-", "−") if others else ""
        undecided = ", not decided" if len(d.fits.models) > 1 and UNDECIDED in d.fits.verdict else ""
        evidence = f"{f.entry.label} (R{NBSP}factor{NBSP}{d.model.r_factor:.2g}{delta})"
        parts.setdefault(f"{d.model.name}{undecided}", []).append(evidence)
    words = [f"{kind}: {', '.join(who)}" for kind, who in parts.items()]
    several = any(len(f.artifact.fits.models) > 1 for f in found)
    key = ("ΔBIC: of the best other model, above that of the one drawn.",) if several else ()
    return (f"{'; '.join(words)}.", *key) if words else ()
