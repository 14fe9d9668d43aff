"""One fit of sites: all models, the choice between them, its values, and what comes out under other choices.

Order of steps:
1. every model is fitted to the nominal spectrum (`fit.py`), one is taken (`choose.py`);
2. its values and uncertainties (`values.py`); of a site that is not in it, or below 3 sigma, it is said why not;
3. the same model again from where it is, under each other choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.asked import FitAsked
from ntcspec.nmr.central import quadrupole_shift_ppm
from ntcspec.nmr.choose import Choice, choose
from ntcspec.nmr.czjzek import RMS_PQ
from ntcspec.nmr.decay import Grid
from ntcspec.nmr.fit import Data, SiteFit, change_background, fit_from, fit_sites
from ntcspec.nmr.lines import points_in
from ntcspec.nmr.sites import COUPLED, UNITS, Nucleus
from ntcspec.nmr.values import (
    MORE_UNITS,
    TOGETHER,
    WHAT,
    Quantity,
    covariance_of,
    gradients,
    numbers,
    quantities,
    quantity_names,
)
from ntcspec.nmr.variants import NOMINAL, Variant
from ntcspec.peaks.value import NAN, SIGNIFICANT, WEAK, Value, missing
from ntcspec.types import Array
from ntcspec.types.nmr import NmrFit, NmrReduced

ALWAYS = ("area", "fraction")  # kept of a site below 3 sigma, as what they are
PLAIN = "no site of the model has a coupling: at one field the place of a plain line tells no shielding from coupling"
CAVEAT = "of the signal, not of nuclei: pulse response, recycle delay and satellites differ between sites"
CONFUSED = 0.95
AGAIN_STEPS = 10  # of a fit under another choice, from the nominal one: enough for a spread


@dataclass(frozen=True)
class Fitted:
    """Values by 'site.quantity' in order, under each variant alike, the artifact's part, and notes."""

    values: dict[str, Value]
    by_choice: dict[str, Array]
    stored: NmrFit
    notes: tuple[str, ...]


def fit_one(reduced: NmrReduced, nucleus: Nucleus, name: str, asked: FitAsked, variants: Sequence[Variant]) -> Fitted:
    """Fit, choose, measure. Raises UserError for a range or a sigma that the spectrum cannot hold."""
    where = f"measure.fits.{name}"
    grid = _grid(reduced, asked)
    _refuse_wide(where, asked, grid, nucleus)
    data = _data(reduced, grid, nucleus, asked, NOMINAL, where)
    try:
        choice = choose(_fit_all(data, asked))
    except ValueError as problem:
        raise UserError(f"{where}.range_ppm", str(problem), "widen the range, or fit fewer sites") from None
    fit = choice.fit
    values = _values(choice, asked)
    others = [_again(reduced, fit, asked, variant, where) for variant in variants]
    by_choice = {key: np.array([one.get(key, NAN) for one in others]) for key in values}
    return Fitted(values, by_choice, _stored(name, choice, by_choice), _notes(choice))


def _fit_all(data: Data, asked: FitAsked) -> dict[str, SiteFit]:
    """All models, those with few sites first: they are starts for the others. In the order of the config."""
    found: dict[str, SiteFit] = {}
    for key in sorted(asked.models, key=lambda one: len(asked.models[one])):
        found[key] = fit_sites(data, asked.models[key], asked.background, tuple(found.values()))
    return {key: found[key] for key in asked.models}


def _grid(reduced: NmrReduced, asked: FitAsked) -> Grid:
    x = reduced.shift_ppm
    step = float(x[-1] - x[0]) / (x.size - 1)
    lorentz = reduced.broadening_hz + asked.lorentzian_hz
    return Grid(float(x[0]), step, x.size, reduced.larmor_mhz, lorentz, reduced.gaussian_hz)


def _data(reduced: NmrReduced, grid: Grid, nucleus: Nucleus, asked: FitAsked, variant: Variant, where: str) -> Data:
    inside = points_in(reduced.shift_ppm, variant.limits(asked.range_ppm, reduced) if variant is not NOMINAL
                       else asked.range_ppm, f"{where}.range_ppm")  # fmt: skip
    y = variant.spectrum(reduced)[inside]
    return Data(grid, nucleus, inside.start, y, reduced.sigma[inside], reduced.noise_correlation, asked.satellites)


def _refuse_wide(where: str, asked: FitAsked, grid: Grid, nucleus: Nucleus) -> None:
    """The mean line of the widest coupling must stand on the axis, or the model would be a fragment."""
    half = 0.5 * grid.count * grid.step_ppm
    for site in asked.sites:
        if site.model not in COUPLED:
            continue
        pq = site.upper[1] * (RMS_PQ if site.model == "czjzek" else (1.0 + site.upper[2] ** 2 / 3.0) ** 0.5)
        shift = quadrupole_shift_ppm(pq * 1e6, grid.larmor_mhz * 1e6, nucleus.spin)
        if abs(shift) > half:
            key = "sigma_mhz" if site.model == "czjzek" else "cq_mhz"
            what = f"{site.upper[1]:g} MHz moves the line by {shift:.0f} ppm, the spectrum is {2 * half:.0f} ppm wide"
            raise UserError(f"{where}.sites.{site.name}.{key}", what, "lower the end of the range")


def _again(reduced: NmrReduced, fit: SiteFit, asked: FitAsked, variant: Variant, where: str) -> dict[str, float]:
    data = _data(reduced, fit.data.grid, fit.data.nucleus, asked, variant, where)
    if not np.isfinite(data.y).all():
        return {}  # a spectrum without its dispersion has no other phase
    background = variant.background or fit.background
    start = fit.p if background == fit.background else change_background(fit, background)
    return numbers(fit_from(data, fit.sites, background, start, AGAIN_STEPS))


def _values(choice: Choice, asked: FitAsked) -> dict[str, Value]:
    how = _method(choice, asked)
    found = quantities(choice.fit)
    here = {site.name: site for site in choice.fit.sites}
    values: dict[str, Value] = {}
    for site in asked.sites:
        weak = site.name in here and not _detected(found[f"{site.name}.area"])
        for kind in quantity_names(site):
            method = f"{WHAT[kind]}{', ' + CAVEAT if kind == 'fraction' else ''}; {how}"
            unit = {**UNITS, **MORE_UNITS}[kind]
            if site.name not in here:
                values[f"{site.name}.{kind}"] = missing(unit, method, _why_not(choice))
            elif weak and kind not in ALWAYS:
                values[f"{site.name}.{kind}"] = missing(unit, method, WEAK)
            else:
                values[f"{site.name}.{kind}"] = _value(found[f"{site.name}.{kind}"], method, WEAK if weak else "")
    for kind in TOGETHER:
        method = f"{WHAT[kind]}, mean of the coupled sites by area; {how}"
        values[kind] = _value(found[kind], method) if kind in found else missing("ppm", method, PLAIN)
    margin = f"BIC of the runner-up minus that of the best model ({choice.winner}): {choice.evidence}; {how}"
    one = "only one model was tried" if len(choice.fits) == 1 else ""
    values["delta_bic"] = Value(choice.delta_bic, NAN, "1", margin, one)
    return values


def _detected(area: Quantity) -> bool:
    return bool(np.isfinite(area.error) and area.value > SIGNIFICANT * area.error)


def _value(one: Quantity, method: str, reason: str = "") -> Value:
    if np.isinf(one.error):
        return missing(one.unit, method, one.reason)
    return Value(one.value, one.error, one.unit, method, reason or one.reason)


def _why_not(choice: Choice) -> str:
    margin = f"delta BIC {choice.delta_bic:.1f}"
    if choice.winner in choice.refused and choice.chosen != choice.winner:
        why = choice.refused[choice.winner]
        return f"not in the model taken ({choice.chosen}): {choice.winner} would be better, but {why}"
    if not choice.decided:
        return f"undecided between models ({margin}); not in the one with fewer parameters ({choice.chosen})"
    return f"not in the model that describes the data best ({choice.chosen}, {margin})"


def _method(choice: Choice, asked: FitAsked) -> str:
    low, high = asked.range_ppm
    fit = choice.fit
    sites = " + ".join(f"{site.model} {site.name}" for site in fit.sites)
    extra = ", satellites' centreband" if fit.data.satellites else ""
    noise = f"reduced chi2 {fit.reduced_chi2:.3g}" + (f": errors times {fit.scale:.2f}" if fit.scale > 1.0 else "")
    apodised = fit.data.grid.lorentzian_hz or fit.data.grid.gaussian_hz
    widths = "; known broadening not in the widths" if apodised else ""
    return f"{sites}{extra} on background {fit.background}, {low:g} to {high:g} ppm; {noise}{widths}"


def _notes(choice: Choice) -> tuple[str, ...]:
    fit = choice.fit
    notes = [f"{name} is at the limit of its range: other values hold for it there" for name in fit.at_bound]
    if choice.misfit:
        notes.append(f"no model describes the data within their noise: chi2 {choice.inflation:.2f} times too large; "
                     "what the models differ by can then be a wrong line shape or phase")  # fmt: skip
    if not fit.converged:
        notes.append("the fit did not come to an end")
    if choice.chosen in choice.refused:
        why = choice.refused[choice.chosen]
        notes.append(f"model {choice.chosen} is needed although {why}: no simpler one describes the data")
    if not choice.decided and len(choice.fits) > 1:
        why = choice.refused.get(choice.winner, f"margin {choice.delta_bic:.1f} in BIC")
        notes.append(f"model {choice.chosen} taken although {choice.winner} has the smallest BIC: {why}")
    rate, coupled = fit.data.nucleus.spinning_hz, any(site.model in COUPLED for site in fit.sites)
    if not np.isfinite(rate) and coupled:
        notes.append("simulated as infinitely fast spinning: the spinning rate is unknown")
    if rate == 0.0 and coupled:
        notes.append("simulated as a sample that does not spin: the spinning rate is 0")
    return (*notes, *_confusion(fit))


def _confusion(fit: SiteFit) -> list[str]:
    """Where shape alone does not tell shielding from coupling."""
    found = quantities(fit)
    out = []
    for site in fit.sites:
        if site.model not in COUPLED:
            continue
        one = found[f"{site.name}.shift_correlation"].value
        shift, quadrupole = found[f"{site.name}.delta_iso"], found[f"{site.name}.quadrupole_shift"]
        if not shift.error < abs(quadrupole.value) / SIGNIFICANT:
            out.append(f"{site.name}: shielding and coupling cannot be told apart: delta_iso is known to "
                       f"{shift.error:.2g} ppm, the quadrupolar shift is {quadrupole.value:.2g} ppm")  # fmt: skip
        elif abs(one) > CONFUSED:
            out.append(f"{site.name}: delta_iso and the coupling are correlated ({one:.3f}): their sum is known better")
    return out


def _stored(name: str, choice: Choice, by_choice: Mapping[str, Array]) -> NmrFit:
    fit = choice.fit
    both = ("delta_iso", "quadrupole_shift")
    found, slopes = numbers(fit), gradients(fit)
    spread = np.full((2, 2), NAN)
    if both[0] in found:
        spread = np.array([[covariance_of(fit, slopes[a], slopes[b]) for a in both] for b in both])
    n = len(fit.sites)
    return NmrFit(
        name, choice.chosen, choice.decided, fit.data.shift_ppm, fit.data.y, fit.data.sigma, fit.total, fit.curves[n],
        fit.curves[:n], tuple(site.name for site in fit.sites), tuple(site.model for site in fit.sites), fit.names,
        fit.p, fit.covariance, found.get(both[0], NAN), found.get(both[1], NAN), spread, by_choice[both[0]],
        by_choice[both[1]], {key: _summary(choice, key) for key in choice.fits},
    )  # fmt: skip


def _summary(choice: Choice, key: str) -> dict[str, Any]:
    """JSON without NaN: an error that is not there is null."""
    one = choice.fits[key]
    errors = np.sqrt(np.diag(one.covariance))
    parameters = {
        name: [float(value), float(error) if np.isfinite(error) else None]
        for name, value, error in zip(one.names, one.p, errors, strict=True)
    }
    return {
        "chi2": one.chi2,
        "degrees_of_freedom": one.freedom,
        "parameters": parameters,
        "at_bound": list(one.at_bound),
        "bic": choice.bic[key],
        "refused": choice.refused.get(key, ""),
    }
