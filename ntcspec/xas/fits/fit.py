"""Stage `fit` of the technique exafs: models of FEFF paths fitted to chi(k), and which of them the data prefer.

Order of steps:
1. FEFF paths of the structures (the cache of the stage `paths`);
2. each model: its paths and expressions (`build.py`), least squares in the chosen space (`space.py`, `solve.py`) from
   its guesses and from E0 shifted by START_EV, since a path that is out of phase by one turn is a minimum too;
3. the same again for each systematic variant of the reduction and of the k range, from the nominal minimum;
4. metrics with both uncertainties (`report.py`), and the verdict between the models (`compare.py`).

A model that cannot be fitted is named with its reason and takes no other with it. The paths that were used are kept, so
that the fit can be made again, or together with other samples, without FEFF. FEFF's own error, 0.01 to 0.02 Angstrom in
R and about 10 % in N, is in no uncertainty: it is common to all samples that are fitted with the same path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Metric, Note
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed
from ntcspec.types.exafs_fit import ExafsFits, FeffTable, FittedModel
from ntcspec.xas.fits.build import build
from ntcspec.xas.fits.compare import prefer
from ntcspec.xas.fits.model import Model
from ntcspec.xas.fits.report import alone, correlations, fitted, metrics, statistics
from ntcspec.xas.fits.solve import DataSet, PathFit, fit_paths
from ntcspec.xas.fits.space import space
from ntcspec.xas.fourier import chi_covariance
from ntcspec.xas.paths.assign import CACHE, feff_paths
from ntcspec.xas.paths.feff_files import FeffPath

START_EV = (0.0, -8.0, 8.0)  # E0 of an unknown standard; a Ta-Cl path loses one turn in about 25 eV
SHIFTED = ("kmin_inv_ang", "kmax_inv_ang", "dk_inv_ang")


def fit_exafs(
    reduced: ExafsReduced,
    transformed: ExafsTransformed,
    *,
    element: str,
    edge: str,
    files: Mapping[str, Path],
    transform: Mapping[str, Any],
    paths: Mapping[str, Any],
    measure: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    space: str,
    kweights: Sequence[float],
    range_ang: Sequence[float],
    cache: Path = CACHE,
) -> ExafsFits:
    """Fit each of `models` to chi(k).

    transform, paths, measure: the sections of those stages, of which the window, the structures with the program, and
    the variants of the k range are taken; files: CIF of each structure. Raises UserError where no model could be fitted
    and for structures that FEFF cannot use.
    """
    structures, notes = _structures(files, paths, element, edge, cache)
    setup = {"where": space, "kweights": list(kweights), "r_range_ang": list(range_ang), "transform": dict(transform)}
    covariance, source = chi_covariance(reduced, transformed.chi_sigma)
    data = data_set(reduced.k_inv_ang, reduced.chi, covariance, setup)
    variants = _variants(reduced, covariance, setup, measure.get("systematic") or {})
    done = _fit_all(models, structures, data, variants)
    if not done.fits:
        raise UserError("fit.models", "; ".join(done.failed.values()), "mend at least one model")
    labels = [label for _, label, _ in variants]
    by_variant = [(label, {n: done.tried[n][i][2].bic for n in done.fits}) for i, label in enumerate(labels)]
    best, verdict = prefer({n: f.bic for n, f in done.fits.items()}, by_variant)
    found: list[Metric] = []
    drawn: list[FittedModel] = []
    for name, fit in done.fits.items():
        subject = alone(fit, models[name])
        found += metrics(fit, subject, done.tried[name], name)
        found += statistics(fit, name, done.fits[best].bic)
        drawn.append(fitted(fit, subject, data, transform, name))
        notes += _notes(fit)
    notes += [f"{name}: not fitted: {why}" for name, why in done.failed.items()]
    return ExafsFits(
        metrics=tuple(found),
        notes=(*notes, f"noise from {source}", verdict),
        models=tuple(drawn),
        failed=done.failed,
        best=best,
        verdict=verdict,
        kweight=float(transform["kweight"]),
        range_ang=tuple(float(r) for r in range_ang),
        k_inv_ang=reduced.k_inv_ang.copy(),
        chi=reduced.chi.copy(),
        chi_covariance=covariance,
        variant_names=reduced.variant_names,
        variant_chi=reduced.variant_chi,
        setup=setup,
        tables=_tables(done.fits, models, structures),
    )


@dataclass
class _Done:
    """Fits by model, those of the variants (group, name, fit), and models that could not be fitted, with the reason."""

    fits: dict[str, PathFit] = field(default_factory=dict)
    tried: dict[str, list[tuple[str, str, PathFit]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def _fit_all(
    models: Mapping[str, Mapping[str, Any]],
    structures: Mapping[str, Sequence[FeffPath]],
    data: DataSet,
    variants: Sequence[tuple[str, str, DataSet]],
) -> _Done:
    """Every model on the data and on each variant of them."""
    done = _Done()
    for name, given in models.items():
        try:
            model = build(name, given, structures)
            nominal = from_several_starts(model, [data])
            done.tried[name] = [(group, label, fit_paths(model, [d], nominal.free)) for group, label, d in variants]
            done.fits[name] = nominal
        except (UserError, ValueError) as problem:
            done.failed[name] = str(problem)
    return done


def data_set(k_inv_ang: Any, chi: Any, covariance: Any, setup: Mapping[str, Any]) -> DataSet:
    """One data set, seen as `setup` says. Raises UserError for a window or an R range that the data do not hold."""
    try:
        return DataSet(k_inv_ang, chi, covariance, space(k_inv_ang, covariance, **setup))
    except ValueError as problem:
        raise UserError("fit", str(problem), "check fit.range_ang and the k range of the transform") from None


def from_several_starts(model: Model, data: Sequence[DataSet]) -> PathFit:
    """The lowest minimum from the guesses and from shifted E0. Raises ValueError as `fit_paths`."""
    guess, low, high = model.start()
    is_e0 = np.zeros(guess.size, dtype=bool)
    for path in (path for paths in model.paths for path in paths):
        is_e0 |= np.isin(model.free, list(model.depends(path.slots["e0_ev"])))
    shifts = START_EV if is_e0.any() else (0.0,)
    found = [fit_paths(model, data, np.clip(guess + shift * is_e0, low, high)) for shift in shifts]
    return min(found, key=lambda fit: fit.chi2)


def _structures(
    files: Mapping[str, Path], paths: Mapping[str, Any], element: str, edge: str, cache: Path
) -> tuple[dict[str, Sequence[FeffPath]], list[Note]]:
    found: dict[str, Sequence[FeffPath]] = {}
    notes: list[Note] = []
    for name, structure in paths["structures"].items():
        site = structure["site"] if structure["site"] is not None else element
        found[name], more = feff_paths(
            files[name], site, structure["radius_ang"], edge, paths["program"], paths["max_length_ang"], cache
        )
        notes += [f"{name}: {words}" for words in more]
    return found, notes


def _variants(
    reduced: ExafsReduced, covariance: Any, setup: Mapping[str, Any], systematic: Mapping[str, Sequence[float]]
) -> list[tuple[str, str, DataSet]]:
    """Group, name and data set of each variant of the reduction (other chi) and of the k range (other window)."""
    found = [
        (name.partition("=")[0], name, data_set(reduced.k_inv_ang, chi, covariance, setup))
        for name, chi in zip(reduced.variant_names, reduced.variant_chi, strict=True)
    ]
    transform = setup["transform"]
    for parameter, values in systematic.items():
        base = parameter.replace("_shift", "")
        for value in values if base in SHIFTED else ():
            moved = {**transform, base: transform[base] + value if base != parameter else value}
            other = data_set(reduced.k_inv_ang, reduced.chi, covariance, {**setup, "transform": moved})
            found.append((parameter, f"{parameter}={value:g}", other))
    return found


def _notes(fit: PathFit) -> list[Note]:
    """What a reader must know of one fit."""
    name = fit.model.name
    notes = [
        f"{name}: {fit.free.size} parameters, {fit.independent:.1f} independent points, reduced chi2 "
        f"{fit.reduced_chi2:.3g}, R factor {fit.r_factor:.4f}"
    ]
    if not fit.converged:
        notes.append(f"{name}: the fit did not converge")
    if fit.at_bound:
        notes.append(f"{name}: at a bound: {', '.join(fit.at_bound)}")
    high = correlations(fit)
    return [*notes, f"{name}: strongly correlated: {'; '.join(high)}"] if high else notes


def _tables(
    fits: Mapping[str, PathFit], models: Mapping[str, Any], structures: Mapping[str, Sequence[FeffPath]]
) -> tuple[FeffTable, ...]:
    """The paths that any model uses, by structure and number."""
    used: dict[tuple[str, int], FeffPath] = {}
    only = next(iter(structures))
    for name, fit in fits.items():
        for path in fit.model.paths[0]:
            used[models[name]["paths"][path.entry].get("structure") or only, path.feff.index] = path.feff
    return tuple(
        FeffTable(
            structure, index, p.symbols, p.xyz_ang, p.degeneracy, p.reff_ang, p.k_inv_ang, p.phase, p.amplitude,
            p.lambda_ang, p.real_p_inv_ang,
        )
        for (structure, index), p in sorted(used.items())
    )  # fmt: skip
