"""Normalised spectra as fits and decompositions take them: white noise of the points apart from what all points share.

Symbols: mu absorption, sigma standard uncertainty of a point of norm, step edge step.

    sigma = sigma(mu) / |step|

The error of the step scales norm as a whole, so it is kept apart: as if independent from point to point it would
average out. norm_error holds both; it is used only where norm was corrected for over-absorption, which changes sigma.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.types import Array
from ntcspec.types.xanes import Normalised, XanesReduced
from ntcspec.xas.xanes.derivative import point_error


@dataclass(frozen=True)
class Spectrum:
    """norm(E) of one sample. noise: standard uncertainty of each point, empty if unknown; step_error: relative
    standard uncertainty of the edge step, 0 if unknown; noise_from: what the noise rests on."""

    name: str
    energy_ev: Array
    norm: Array
    noise: Array
    step_error: float = 0.0
    noise_from: str = ""


def as_spectrum(name: str, one: Normalised) -> Spectrum:
    """A spectrum with its noise: from mu_error, or, for one scan, from the scatter of neighbouring points."""
    if one.norm_measured.size and one.norm_error.size:
        noise, source = one.norm_error, "errors rest on norm_error, as corrected for over-absorption"
    elif one.mu_error.size:
        noise, source = one.mu_error / abs(one.edge_step), "errors rest on mu_error and on the error of the edge step"
    else:
        noise, source = point_error(one.energy_ev, one.norm, np.empty(0), e0_ev=one.e0_ev)
        source += "; the error of the edge step is not in u_stat"
    relative = abs(one.edge_step_error / one.edge_step) if np.isfinite(one.edge_step_error) else 0.0
    return Spectrum(name, one.energy_ev, one.norm, noise, relative, source)


def shared_choices(spectra: Sequence[Normalised]) -> tuple[str, ...]:
    """Choices of normalisation that all spectra have under the same name, in the order of the first."""
    others = [set(one.choice_names) for one in spectra[1:]]
    return tuple(name for name in spectra[0].choice_names if all(name in names for names in others))


def choice_norm(one: Normalised, names: Sequence[str]) -> Array:
    """norm of the named choices, shape (names, E)."""
    index = {name: i for i, name in enumerate(one.choice_names)}
    return one.choice_norm[[index[name] for name in names]] if names else np.empty((0, one.energy_ev.size))


def like_mode(one: XanesReduced, mode: str) -> Normalised:
    """The spectrum of that detection mode, or the primary one if there is none."""
    return next((s for s in one.spectra if s.mode == mode), one.primary)


def placed(found: Array, shared: Sequence[str], one: Normalised) -> Array:
    """Values under the shared choices, in the order of the choices of `one`; NaN for its other choices."""
    out = np.full(len(one.choice_names), np.nan)
    out[[one.choice_names.index(name) for name in shared]] = found
    return out
