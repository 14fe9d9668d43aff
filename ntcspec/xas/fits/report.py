"""What a fit tells: metrics of its parameters with both uncertainties, and the arrays that are drawn.

Symbols: v a value, noise and misfit as in `solve.py`.

    u_stat   noise of the data
    u_sys    in quadrature: misfit beyond the noise, uncertain constants, and half the range of v over each group of
             systematic variants (each is fitted again, from the nominal minimum)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.expressions import Expression, expression
from ntcspec.types import Array, Metric
from ntcspec.types.exafs_fit import FittedModel
from ntcspec.xas import fourier
from ntcspec.xas.fits.build import renamed, unit_of
from ntcspec.xas.fits.solve import DataSet, PathFit
from ntcspec.xas.variants import half_ranges

NAN = float("nan")
Tried = Sequence[tuple[str, str, PathFit]]  # group, name, fit
HOW = "FEFF path fit; u_stat: noise of the data; u_sys: misfit beyond it, constants"
NO_ERROR = "a statistic of the fit has no uncertainty"


@dataclass(frozen=True)
class Subject:
    """Which part of a fit is told: the number of its data set, its definition in the config, and the names that its
    parameters have in the fit (in a joint fit those that are not shared are renamed)."""

    data: int
    given: Mapping[str, Any]
    names: Mapping[str, str]
    shared: frozenset[str] = frozenset()  # told elsewhere


def alone(fit: PathFit, given: Mapping[str, Any]) -> Subject:
    """The only data set of a fit."""
    return Subject(0, given, {name: name for name in fit.model.parameters})


def asked(fit: PathFit, of: Subject) -> Iterator[tuple[str, str, Expression, Mapping[str, float]]]:
    """What is to be told: name, unit, expression and facts of the path that it is about."""
    for name in of.given["parameters"]:
        if of.names[name] in fit.model.free and name not in of.shared:
            yield name, unit_of(name, of.given["paths"]), expression(of.names[name]), {}
    paths = fit.model.paths[of.data]
    entries = [path.entry for path in paths]
    for path in paths:
        length = path.slots["delta_r_ang"]
        is_told = str(of.given["paths"][path.entry].get("r_ang")) in of.given["parameters"]  # by its own name
        if path.feff.nlegs == 2 and entries.count(path.entry) == 1 and fit.model.depends(length) and not is_told:
            yield f"{path.entry}.r", "angstrom", expression(f"reff + ({length.text})"), path.facts
    for name, one in (of.given.get("derived") or {}).items():
        yield name, one["unit"], renamed(expression(one["expr"]), of.names), {}


def metrics(fit: PathFit, of: Subject, tried: Tried, head: str) -> list[Metric]:
    """'<head>.<parameter>', '<head>.<path>.r', '<head>.<derived>'."""
    return [metric(fit, f"{head}.{name}", unit, words, facts, tried) for name, unit, words, facts in asked(fit, of)]


def metric(
    fit: PathFit, name: str, unit: str, words: Expression, facts: Mapping[str, float], tried: Tried
) -> Metric:  # fmt: skip
    """One number of a fit with both uncertainties."""
    groups = ", ".join(dict.fromkeys(group for group, _, _ in tried))
    method = f"{HOW}, half ranges over {groups}" if groups else HOW
    value, noise, misfit = fit.of(words, facts)
    spread = half_ranges(value, [(group, other.of(words, facts)[0]) for group, _, other in tried])
    reason = "" if np.isfinite(noise) else _why(fit, words)
    return Metric(name, value, unit, noise, NAN if reason else float(np.hypot(misfit, spread)), method, reason)


def statistics(fit: PathFit, head: str, best_bic: float = NAN) -> list[Metric]:
    """'<head>.reduced_chi2', '.r_factor' and, against the best of several models, '.bic_above_best'."""
    told = {
        "reduced_chi2": (fit.reduced_chi2, "chi2 on the scale of the independent points, over their excess"),
        "r_factor": (fit.r_factor, "sum of squared residuals over that of the data"),
        "bic_above_best": (fit.bic - best_bic, "BIC minus the lowest of the models"),
    }
    return [
        Metric(f"{head}.{name}", value, "1", NAN, NAN, how, NO_ERROR)
        for name, (value, how) in told.items()
        if np.isfinite(value)
    ]


def _why(fit: PathFit, words: Expression) -> str:
    held = sorted(set(fit.at_bound) & fit.model.depends(words))
    return f"no uncertainty: {', '.join(held)} at a bound" if held else "no uncertainty: the data do not determine it"


def fitted(fit: PathFit, of: Subject, data: DataSet, transform: Mapping[str, Any], name: str) -> FittedModel:
    """The arrays of a fit to one data set, drawn with the k weight of its own transform."""
    power, window = fourier.weights(
        data.k_inv_ang,
        **{key: transform[key] for key in ("kweight", "kmin_inv_ang", "kmax_inv_ang", "dk_inv_ang", "window")},
    )
    used, step = data.space.used, float(data.k_inv_ang[1] - data.k_inv_ang[0])
    parts, _ = fit.model.chi_and_slopes(of.data, data.k_inv_ang[used], fit.values)
    entries = tuple(dict.fromkeys(path.entry for path in fit.model.paths[of.data]))
    paths = fit.model.paths[of.data]
    member = np.array([[path.entry == entry for path in paths] for entry in entries], dtype=np.float64)
    whole = np.zeros((2 + len(entries), data.k_inv_ang.size))
    whole[:, used] = np.concatenate([data.chi[None, used], parts.sum(axis=0)[None], member @ parts])
    weighted = whole * power * window
    r = fourier.r_grid(kstep_inv_ang=step, nfft=transform["nfft"], rmax_ang=transform["rmax_ang"])
    chir = fourier.forward(weighted, kstep_inv_ang=step, nfft=transform["nfft"])[:, : r.size]
    u = np.array([fit.of(expression(name)) for name in fit.model.free]).reshape(-1, 3)
    return FittedModel(
        name=name, definition=dict(of.given), parameters=fit.model.free, value=fit.free.copy(), u_noise=u[:, 1],
        u_misfit=u[:, 2], correlation=fit.correlation, at_bound=fit.at_bound, chi2=fit.chi2,
        independent=fit.independent, reduced_chi2=fit.reduced_chi2, r_factor=fit.r_factor, aic=fit.aic, bic=fit.bic,
        entries=entries, entry_chir_mag=np.abs(chir[2:]), k_inv_ang=data.k_inv_ang[used],
        data_chi=weighted[0, used], model_chi=weighted[1, used], r_ang=r, data_re=chir[0].real.copy(),
        data_mag=np.abs(chir[0]), model_re=chir[1].real.copy(), model_mag=np.abs(chir[1]),
    )  # fmt: skip


def correlations(fit: PathFit, above: float = 0.8) -> list[str]:
    """Pairs of parameters whose correlation is above `above`, in words."""
    names: Sequence[str] = fit.model.free
    matrix: Array = fit.correlation
    return [
        f"{names[i]} and {names[j]} {matrix[i, j]:+.2f}"
        for i in range(len(names))
        for j in range(i)
        if np.isfinite(matrix[i, j]) and abs(matrix[i, j]) > above
    ]
