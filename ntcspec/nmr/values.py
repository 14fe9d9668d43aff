"""What a fit says of each site and of all coupled sites together, with uncertainties from its covariance.

Symbols: A_i area, d_i isotropic shift (ppm), q_i = delta_QIS of its coupling (ppm), C covariance of the parameters.

    quadrupole_shift  q = -25000 (PQ/nu0)^2 for spin 3/2; PQ^2 = CQ^2 (1 + eta^2/3), for a Czjzek site 5 sigma^2
    cog               d + q, the centre of gravity of the line without its sidebands folded in
    fraction          A_i / sum A
    of all coupled sites: means weighted by area; uncertainty sqrt(D C D), D the derivative

d is the shielding, q the coupling: a line that moves by d + q moves because of one or the other, and their covariance
says how well the line's SHAPE tells them apart. A plain line has no shape that could: it has a position only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ntcspec.nmr.central import quadrupole_shift_ppm
from ntcspec.nmr.czjzek import RMS_PQ
from ntcspec.nmr.fit import SiteFit
from ntcspec.nmr.sites import COUPLED, UNITS, Site
from ntcspec.types import Array

SIGMA = "sigma of Czjzek's distribution as in ssNake and DMFit (twice that of mrsimulator)"
WHAT = {
    "area": "area of the line, sidebands of the central transition included where it has a coupling",
    "position": "centre of the line",
    "delta_iso": "isotropic shift: the shielding part of the position",
    "fwhm": "full width at half maximum",
    "gaussian": "full width of the Gaussian broadening beside the second order; a spread of shifts is part of it",
    "share": "Lorentzian share",
    "cq": "quadrupolar coupling constant",
    "eta": "asymmetry of the field gradient",
    "sigma": SIGMA,
    "pq": "CQ sqrt(1 + eta^2/3)",
    "rms_pq": "root mean square of PQ, sqrt(5) sigma",
    "quadrupole_shift": "mean quadrupolar shift of the second order: the coupling's part of the position",
    "cog": "centre of gravity, delta_iso + quadrupole_shift",
    "fraction": "area over that of all sites of the fit",
    "shift_correlation": "correlation of delta_iso with the coupling (sigma, cq)",
}
MORE_UNITS = {
    "pq": "MHz", "rms_pq": "MHz", "quadrupole_shift": "ppm", "cog": "ppm", "fraction": "1", "shift_correlation": "1",
}  # fmt: skip
BY_MODEL = {
    "czjzek": ("rms_pq", "quadrupole_shift", "cog", "fraction", "shift_correlation"),
    "quadrupolar": ("pq", "quadrupole_shift", "cog", "fraction", "shift_correlation"),
}
TOGETHER = ("delta_iso", "quadrupole_shift", "cog")
STEP = 1e-5


@dataclass(frozen=True)
class Quantity:
    """value and its standard uncertainty; infinite or NaN where the data do not determine it. reason: why."""

    value: float
    error: float
    unit: str
    what: str
    reason: str = ""


def quantity_names(site: Site) -> tuple[str, ...]:
    """What is known of a site."""
    return (*site.parameters, *BY_MODEL.get(site.model, ("fraction",)))


def numbers(fit: SiteFit, p: Array | None = None) -> dict[str, float]:
    """All quantities as functions of the parameters, 'site.quantity', and 'quantity' of all coupled sites."""
    p = fit.p if p is None else p
    known = dict(zip(fit.names, p.tolist(), strict=True))
    whole = sum(known[f"{site.name}.area"] for site in fit.sites)
    found: dict[str, float] = {}
    coupled = []
    for site in fit.sites:
        one = {name: known[f"{site.name}.{name}"] for name in site.parameters}
        one["fraction"] = one["area"] / whole if whole else float("nan")
        if site.model in COUPLED:
            one |= _coupled(one, fit)
            coupled.append(one)
        found |= {f"{site.name}.{name}": value for name, value in one.items()}
    area = sum(one["area"] for one in coupled)
    for name in TOGETHER if area > 0 else ():
        found[name] = sum(one["area"] * one[name] for one in coupled) / area
    return found


def _coupled(one: Mapping[str, float], fit: SiteFit) -> dict[str, float]:
    if "sigma" in one:
        name, pq = "rms_pq", RMS_PQ * one["sigma"]
    else:
        name, pq = "pq", one["cq"] * float(np.sqrt(1.0 + one["eta"] ** 2 / 3.0))
    shift = quadrupole_shift_ppm(pq * 1e6, fit.data.grid.larmor_mhz * 1e6, fit.data.nucleus.spin)
    return {name: pq, "quadrupole_shift": shift, "cog": one["delta_iso"] + shift}


def gradients(fit: SiteFit) -> dict[str, Array]:
    """Derivatives of all quantities by the parameters (central differences; they are smooth and cheap)."""
    out = {name: np.zeros(fit.p.size) for name in numbers(fit)}
    for i, value in enumerate(fit.p):
        step = STEP * max(abs(float(value)), 1e-6)
        up, down = fit.p.copy(), fit.p.copy()
        up[i], down[i] = value + step, value - step
        above, below = numbers(fit, up), numbers(fit, down)
        for name in out:
            out[name][i] = (above[name] - below[name]) / (2.0 * step)
    return out


def covariance_of(fit: SiteFit, first: Array, second: Array) -> float:
    """D C D': parameters at a bound are fixed; infinite where one is used that the data do not determine."""
    variance = np.diag(fit.covariance)
    used = (np.abs(first) > 0) | (np.abs(second) > 0)
    if np.isinf(variance[used]).any():
        return float("inf")
    free = np.isfinite(variance)
    return float(first[free] @ fit.covariance[np.ix_(free, free)] @ second[free])


def quantities(fit: SiteFit) -> dict[str, Quantity]:
    """All quantities with uncertainties, by the names of `numbers`."""
    slopes, out = gradients(fit), {}
    for name, value in numbers(fit).items():
        owner, _, kind = name.rpartition(".")
        unit = {**UNITS, **MORE_UNITS}[kind]
        error = float(np.sqrt(max(covariance_of(fit, slopes[name], slopes[name]), 0.0)))
        reason = "" if np.isfinite(error) else "not determined by the data"
        if name in fit.at_bound:
            error, reason = float("nan"), "at the limit of its range"
        what = WHAT[kind] if owner else f"{WHAT[kind]}; mean of the coupled sites, weighted by area"
        out[name] = Quantity(value, error, unit, what, reason)
    for site in fit.sites:
        if site.model in COUPLED:
            out[f"{site.name}.shift_correlation"] = _correlation(fit, site)
    return out


def _correlation(fit: SiteFit, site: Site) -> Quantity:
    i, j = (fit.at(f"{site.name}.{name}") for name in ("delta_iso", site.parameters[2]))
    c = fit.covariance
    value = float(c[i, j] / np.sqrt(c[i, i] * c[j, j])) if np.isfinite([c[i, i], c[j, j], c[i, j]]).all() else np.nan
    reason = "" if np.isfinite(value) else "not determined by the data"
    return Quantity(value, float("nan"), "1", WHAT["shift_correlation"], reason)
