"""Series `exafs.fit`: one model fitted to several samples at once, with parameters that they share.

What all samples have in common (E0 against the same path of FEFF, S02) is then known from all of them, and what sets
them apart does not take its errors. The paths, chi(k), covariances and variants are those that the stage `fit` of each
sample kept; FEFF is not run again. A variant counts where every sample has it, and all samples take it together.

Parameters that are not shared are each sample's own. The samples need the same model in their config; what is set or
guessed in it may differ from sample to sample, but for the shared parameters, of which the first sample's word counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ntcspec.errors import UserError, did_you_mean
from ntcspec.expressions import expression
from ntcspec.types import Array, Metric, Note
from ntcspec.types.exafs_fit import ExafsFits, ExafsJointFit, FittedModel
from ntcspec.xas.fits.build import build, joined, joint_names, unit_of
from ntcspec.xas.fits.fit import data_set, from_several_starts
from ntcspec.xas.fits.model import Model
from ntcspec.xas.fits.report import Subject, Tried, correlations, fitted, metric, metrics, statistics
from ntcspec.xas.fits.solve import DataSet, PathFit, fit_paths
from ntcspec.xas.paths.feff_files import FeffPath


def fit_together(found: Mapping[str, ExafsFits | str], *, model: str, shared: Sequence[str]) -> ExafsJointFit:
    """Fit `model` to all samples with the parameters `shared` in common.

    found: sample -> result of its stage `fit`, or why there is none, in study order. Raises UserError for fewer than
    two samples, a model or parameter that is not there, and for a fit that cannot be made.
    """
    notes: list[Note] = [f"left out: {name} ({why})" for name, why in found.items() if isinstance(why, str)]
    fits = {name: one for name, one in found.items() if isinstance(one, ExafsFits)}
    for name, one in list(fits.items()):
        if model not in [m.name for m in one.models]:
            notes.append(f"left out: {name} ({one.failed.get(model, f'no model {model!r}')})")
            del fits[name]
    if len(fits) < 2:
        known = sorted({m.name for one in found.values() if isinstance(one, ExafsFits) for m in one.models})
        what = f"{len(fits)} samples with a fit of the model {model!r}{did_you_mean(model, known)}"
        raise UserError("series: exafs.fit", what, "give two or more samples a fit of that model")
    given = {name: next(m.definition for m in one.models if m.name == model) for name, one in fits.items()}
    models = {name: build(model, given[name], _structures(one)) for name, one in fits.items()}
    data = [data_set(one.k_inv_ang, one.chi, one.chi_covariance, one.setup) for one in fits.values()]
    try:
        whole = joined(model, models, shared)
        fit = from_several_starts(whole, data)
        tried = _under_variants(whole, fit, list(fits.values()))
    except ValueError as problem:
        raise UserError("series: exafs.fit", str(problem), "mend `model` or `shared`") from None
    told, drawn = _tell(fit, models, given, data, list(fits.values()), shared, tried)
    high = correlations(fit)
    notes += [f"strongly correlated: {'; '.join(high)}"] if high else []
    notes += [f"at a bound: {', '.join(fit.at_bound)}"] if fit.at_bound else []
    return ExafsJointFit(
        metrics=tuple(told), notes=tuple(notes), model=model, shared=tuple(shared), samples=tuple(fits),
        parameters=whole.free, value=fit.free.copy(), correlation=fit.correlation, fits=tuple(drawn),
    )  # fmt: skip


def _structures(one: ExafsFits) -> dict[str, Sequence[FeffPath]]:
    """The paths that a sample's fit kept, by structure."""
    found: dict[str, list[FeffPath]] = {}
    for t in one.tables:
        path = FeffPath(
            t.index, t.degeneracy, t.reff_ang, t.symbols, t.xyz_ang, (), t.k_inv_ang, t.phase, t.amplitude,
            t.lambda_ang, t.real_p_inv_ang,
        )  # fmt: skip
        found.setdefault(t.structure, []).append(path)
    return dict(found)


def _under_variants(whole: Model, nominal: PathFit, fits: Sequence[ExafsFits]) -> Tried:
    """The fit again for each variant of the reduction that all samples have."""
    names = [n for n in fits[0].variant_names if all(n in one.variant_names for one in fits)]
    tried = []
    for name in names:
        chis: list[Array] = [one.variant_chi[one.variant_names.index(name)] for one in fits]
        data = [
            data_set(one.k_inv_ang, chi, one.chi_covariance, one.setup) for one, chi in zip(fits, chis, strict=True)
        ]
        tried.append((name.partition("=")[0], name, fit_paths(whole, data, nominal.free)))
    return tried


def _tell(
    fit: PathFit,
    models: Mapping[str, Model],
    given: Mapping[str, Mapping[str, object]],
    data: Sequence[DataSet],
    fits: Sequence[ExafsFits],
    shared: Sequence[str],
    tried: Tried,
) -> tuple[list[Metric], list[FittedModel]]:
    """Metrics of the shared parameters, then of each sample; and the curves of each sample."""
    first = next(iter(given.values()))
    paths = first["paths"]
    assert isinstance(paths, Mapping)
    told = [
        metric(fit, name, unit_of(name, paths), expression(name), {}, tried)
        for name in shared
        if name in fit.model.free
    ]
    told += statistics(fit, fit.model.name)
    drawn = []
    for i, (name, one) in enumerate(zip(models, fits, strict=True)):
        subject = Subject(i, given[name], joint_names(models[name], i, shared), frozenset(shared))
        told += metrics(fit, subject, tried, name)
        drawn.append(fitted(fit, subject, data[i], one.setup["transform"], name))
    return told, drawn
