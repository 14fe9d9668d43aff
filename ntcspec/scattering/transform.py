"""Stage `transform` of the technique scattering: I(Q) to S(Q), F(Q), G(r), their errors and variants.

Symbols: as in `ntcspec.types.scattering_pdf`; the formulas stand in `adhoc`, `absolute`, `sine`, `errors`.

Order of steps:
1. checks: composition, density, range of Q, intensity; what is not given is taken from the data and noted;
2. F(Q) by the normalisation that was asked for; G(r); for adhoc the bias of its scale by composition;
3. standard uncertainties of S, F and G by counting, with the covariance of the exposures;
4. variants: each G(r) made again with one parameter changed, for the systematic uncertainty;
5. absolute only: the slope at low r decides whether G(r) is absolute; g(r), T(r), R(r) where rho0 is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.formula import fractions as parse
from ntcspec.scattering import absolute as abs_
from ntcspec.scattering import adhoc, errors
from ntcspec.scattering.atoms import averages, check_elements, compton, pair_names, pair_weights
from ntcspec.scattering.plan import Plan, Settings, plan
from ntcspec.scattering.requests import check_intensity, number_density_of, settings_of
from ntcspec.scattering.variants import Variant, half_range, variants
from ntcspec.types import Array
from ntcspec.types.scattering import ScatteringReduced
from ntcspec.types.scattering_pdf import Propagation, ScatteringTransformed

NAN = float("nan")
BLOCK = 4_000_000


@dataclass(frozen=True)
class _Scale:
    """What I(Q) was multiplied by."""

    value: float
    bias: float
    chosen: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Judged:
    """What the slope at low r says of the scale."""

    slope: abs_.Slope
    notes: tuple[str, ...]


def transform_scattering(
    reduced: ScatteringReduced,
    *,
    composition: str,
    normalisation: str,
    qmin_inv_ang: float | None,
    qmax_inv_ang: float | None,
    qmaxinst_inv_ang: float | None,
    rpoly_ang: float,
    resampling: str,
    window: str,
    below_qmin: str,
    rmin_ang: float,
    rmax_ang: float,
    rstep_ang: float,
    rho0_inv_ang3: float | None,
    density_g_cm3: float | None,
    absolute: Mapping[str, Any],
    systematic: Mapping[str, Sequence[Any]],
) -> ScatteringTransformed:
    """S(Q), F(Q), G(r) with uncertainties. Parameters as the config has them (ntcspec.config.scattering_pdf).

    Raises UserError for a composition that does not parse, an absurd density, a range outside the data, too few points,
    intensities that are missing or mostly negative, a polynomial below degree 1, and a missing wavelength.
    """
    fractions = parse(composition, "composition")
    check_elements(fractions, "composition")
    rho0 = number_density_of(fractions, rho0_inv_ang3=rho0_inv_ang3, density_g_cm3=density_g_cm3)
    settings, chosen, notes = settings_of(
        reduced, normalisation=normalisation, qmin=qmin_inv_ang, qmax=qmax_inv_ang, qmaxinst=qmaxinst_inv_ang,
        rpoly_ang=rpoly_ang, rule=resampling, lorch=window == "lorch", below_qmin=below_qmin,
        r=(rmin_ang, rmax_ang, rstep_ang), rho0=rho0, absolute=absolute,
    )  # fmt: skip
    notes += check_intensity(reduced, settings)
    made = plan(reduced.q_inv_ang, fractions, settings)
    on_grid = made.grid.to_grid(reduced.intensity)
    propagation = _propagation(reduced, made, on_grid)
    if not propagation.covariance.size:
        notes.append(f"no statistical uncertainties: {errors.unknown(reduced)}")
    tried = variants(reduced, fractions, settings, systematic)
    judged = _judged(made, on_grid, propagation, tried, settings)
    scale = _scale(made, on_grid, fractions)
    return ScatteringTransformed(
        normalisation=normalisation,
        absolute=judged.slope.passed,
        verdict=judged.slope.words,
        **_curves(made, on_grid, propagation, tried),
        rho0_inv_ang3=rho0,
        low_r_slope=judged.slope.found,
        low_r_slope_error=judged.slope.error,
        **_ranges(made),
        wavelength_ang=reduced.wavelength_ang,
        scale=scale.value,
        scale_bias=scale.bias,
        **_atoms(fractions),
        propagation=propagation,
        chosen=chosen | scale.chosen,
        notes=(*notes, *scale.notes, *judged.notes),
    )


def _curves(made: Plan, on_grid: Array, propagation: Propagation, tried: Sequence[Variant]) -> dict[str, Any]:
    """S, F and G with errors, what follows from G, and the variants."""
    unfiltered = made.unfiltered(on_grid)
    f = made.adhoc.corrected(unfiltered) if made.adhoc is not None else made.low_r(unfiltered)
    g = made.sine(f, made.r_ang)
    f_sigma = errors.standard_of_f(propagation)
    q, every = made.grid.q_inv_ang, np.array([g, *(v.g for v in tried)])
    inverse = np.divide(1.0, q, out=np.zeros(q.size), where=q > 0)
    found = {"q_inv_ang": q, "s_q": 1.0 + f * inverse, "f_q": f, "f_sigma": f_sigma, "i_q": on_grid}
    found |= {"s_sigma": f_sigma * inverse if f_sigma.size else f_sigma}
    found |= {"r_ang": made.r_ang, "g_r": g, "g_sigma": _sigma_of_g(made, propagation)}
    found |= {"g_low": every.min(axis=0), "g_high": every.max(axis=0), "variant_g": every[1:]}
    names = {"variant_groups": tuple(v.group for v in tried), "variant_names": tuple(v.name for v in tried)}
    return {**found, **names, **_functions(made.r_ang, g, made.settings.rho0_inv_ang3 if made.adhoc is None else NAN)}


def _ranges(made: Plan) -> dict[str, Any]:
    s = made.settings
    return {
        "qmin_inv_ang": s.qmin_inv_ang, "qmax_inv_ang": s.qmax_inv_ang, "qmaxinst_inv_ang": s.qmaxinst_inv_ang,
        "step_inv_ang": made.grid.step_inv_ang, "lorch": s.lorch, "line": s.line,
        "rpoly_ang": s.rpoly_ang if made.adhoc is not None else NAN,
    }  # fmt: skip


def _atoms(fractions: Mapping[str, float]) -> dict[str, Any]:
    weight = pair_weights(fractions, np.array([0.0, 3.0]))
    return {
        "elements": tuple(fractions), "fractions": np.array(list(fractions.values())),
        "pairs": tuple(f"{a}-{b}" for a, b in pair_names(fractions)), "pair_weight_q0": weight[:, 0],
        "pair_weight_q3": weight[:, 1],
    }  # fmt: skip


def _scale(made: Plan, on_grid: Array, fractions: Mapping[str, float]) -> _Scale:
    """The scale, and for adhoc how far it is off."""
    if made.adhoc is None:
        found = made.scaled(on_grid)
        return _Scale(found.alpha, NAN, {"scale": found.alpha, "constant": found.constant}, ())
    a, bias = float(made.adhoc.scale(on_grid)), _bias(fractions, made)
    return _Scale(a, bias, {"scale": a, "polynomial_degree": made.adhoc.degree}, (adhoc.words(bias, fractions),))


def _propagation(reduced: ScatteringReduced, made: Plan, on_grid: Array) -> Propagation:
    gain, left, right = made.terms(on_grid)
    filter_left, filter_right = made.filter
    return Propagation(errors.intensity_covariance(reduced, made.grid), gain, left, right, filter_left, filter_right)


def _sigma_of_g(made: Plan, propagation: Propagation) -> Array:
    """Standard uncertainty of G by blocks of r; empty where unknown."""
    if not propagation.covariance.size:
        return np.empty(0)
    block = max(1, BLOCK // made.grid.q_inv_ang.size)
    found = [
        errors.standard(propagation, made.rows(i, min(i + block, made.r_ang.size)))
        for i in range(0, made.r_ang.size, block)
    ]
    return np.concatenate(found)


def _bias(fractions: Mapping[str, float], made: Plan) -> float:
    """Bias of the ad hoc scale; Breit-Dirac's factor is not in it where the wavelength is unknown."""
    s, q = made.settings, made.grid.q_inv_ang
    known = np.isfinite(s.wavelength_ang)
    inelastic = compton(
        fractions, q, wavelength_ang=s.wavelength_ang if known else None, exponent=s.breit_dirac if known else 0
    )
    return adhoc.scale_bias(averages(fractions, q), inelastic)


def _judged(made: Plan, on_grid: Array, propagation: Propagation, tried: Sequence[Variant], s: Settings) -> _Judged:
    """The gate: slope of G at low r before the filter, its error by counting, ripples, variants and tables."""
    if made.adhoc is not None:
        words = "not absolute: the ad hoc scale has Compton scattering in it"
        return _Judged(abs_.Slope(NAN, NAN, NAN, False, words), ())
    slope, ripple, row = abs_.low_r_slope(made.sine, made.unfiltered(on_grid), range_ang=s.slope_range_ang)
    bare = Propagation(
        propagation.covariance, propagation.gain, propagation.left, propagation.right,
        np.empty((0, row.size)), np.empty((0, row.size)),
    )  # fmt: skip
    counting = float(np.nan_to_num(errors.standard(bare, row[None])[0]))
    spread = half_range(slope, [(v.group, v.slope) for v in tried])
    tables = abs_.TABLES * abs(slope)
    error = float(np.sqrt(ripple**2 + counting**2 + tables**2 + np.nan_to_num(spread) ** 2))
    judged = abs_.judge(slope, error, s.rho0_inv_ang3)
    parts = f"error of the slope: ripples {ripple:.2g}, counting {counting:.2g}, variants {np.nan_to_num(spread):.2g}"
    parts += f", tables {tables:.2g}"
    return _Judged(judged, (judged.words, parts))


def _functions(r: Array, g: Array, rho0: float) -> dict[str, Array]:
    """g(r), T(r), R(r); empty without rho0."""
    if not np.isfinite(rho0):
        return dict.fromkeys(("pair_g", "t_r", "r_r"), np.empty(0))
    flat = 4.0 * np.pi * rho0 * r
    pair = 1.0 + np.divide(g, flat, out=np.full(r.size, -1.0), where=flat > 0)
    return {"pair_g": pair, "t_r": g + flat, "r_r": r * (g + flat)}
