"""Baselines by name: pybaselines with its parameters pinned, on a uniform grid.

A baseline is written as a name and, where wanted, parameters: 'arpls', 'arpls lam=1e6', 'imodpoly poly_order=4'. `lam`
is that at a step of 1.75 cm^-1 and is scaled (`grid`); windows (`half_window_cm1`) are in cm^-1. 'none' is zero.

Which one? arpls leaves noise without bias and suits broad, weak bands; snip, mor and airpls tend to run through the
lower edge of the noise, and can raise areas by three quarters. None is right: the spread over those that the study
names is the systematic uncertainty. Polynomials and splines are fitted in cm^-1 and know no step.

Source: D. Erb, pybaselines (BSD-3), and the papers named there.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.raman.arpls import arpls_many
from ntcspec.raman.grid import Grid, smoothness
from ntcspec.types import Array

METHODS: dict[str, dict[str, float]] = {
    "arpls": {"lam": 1e5},
    "iarpls": {"lam": 1e5},
    "drpls": {"lam": 1e5},
    "aspls": {"lam": 1e5},
    "asls": {"lam": 1e6, "p": 0.01},
    "iasls": {"lam": 1e6, "p": 0.01, "lam_1": 1e-4},
    "airpls": {"lam": 1e6},
    "psalsa": {"lam": 1e5, "p": 0.5},
    "derpsalsa": {"lam": 1e6, "p": 0.01},
    "modpoly": {"poly_order": 5},
    "imodpoly": {"poly_order": 5},
    "quant_reg": {"poly_order": 5, "quantile": 0.05},
    "pspline_arpls": {"lam": 1e3},
    "pspline_asls": {"lam": 1e3, "p": 0.01},
    "irsqr": {"lam": 1e3, "quantile": 0.05},
    "mixture_model": {"lam": 1e5},
    "snip": {"half_window_cm1": 70.0},
    "mor": {"half_window_cm1": 60.0},
    "rubberband": {},
    "std_distribution": {"half_window_cm1": 20.0},
}
NONE = "none"
WHITTAKER = ("arpls", "iarpls", "drpls", "aspls", "asls", "iasls", "airpls", "psalsa", "derpsalsa")
SPLINES = ("pspline_arpls", "pspline_asls", "irsqr", "mixture_model")
WHOLE = ("poly_order",)
MANY = 8  # spectra: from here on arPLS takes all at once


def parse(words: str, where: str = "reduce.baseline") -> tuple[str, dict[str, float]]:
    """Method and parameters of 'arpls lam=1e6'.

    Raises UserError for an unknown method or parameter, and for a value that is no number above 0.
    """
    name, *given = words.split() or [""]
    if name == NONE:
        return name, {}
    if name not in METHODS:
        known = ", ".join([NONE, *METHODS])
        raise UserError(where, f"unknown baseline {name!r}{did_you_mean(name, METHODS)}", f"one of: {known}")
    parameters = dict(METHODS[name])
    for one in given:
        key, _, value = one.partition("=")
        if key not in parameters:
            raise UserError(where, f"{name} has no parameter {key!r}", "it has: " + (", ".join(parameters) or "none"))
        try:
            parameters[key] = float(value)
        except ValueError:
            raise UserError(where, f"{key}={value!r} is no number", f"for example {key}={parameters[key]:g}") from None
        if not (np.isfinite(parameters[key]) and parameters[key] > 0):
            raise UserError(where, f"{key}={value} must be above 0", f"for example {key}={METHODS[name][key]:g}")
    return name, parameters


def find_baseline(grid: Grid, intensity: Array, words: str, where: str = "reduce.baseline") -> Array:
    """Baseline of each spectrum at the points as measured, shape (spectra, points).

    Raises UserError as `parse`, and where the method cannot be applied to these data.
    """
    name, parameters = parse(words, where)
    if name == NONE:
        return np.zeros_like(intensity)
    uniform = grid.onto(intensity)
    if name == "arpls" and intensity.shape[0] >= MANY:
        return grid.back(arpls_many(uniform, smoothness(parameters["lam"], grid.step_cm1)))
    keywords = _keywords(name, parameters, grid)
    method = getattr(_fitter(grid), name)
    out = np.empty_like(uniform)
    for i, one in enumerate(uniform):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of convergence: the spread over methods is what counts
                out[i] = method(one, **keywords)[0]
        except (ValueError, np.linalg.LinAlgError) as error:
            raise UserError(where, f"{words}: not possible here ({error})", "take another baseline") from None
    if not np.isfinite(out).all():
        raise UserError(where, f"{words}: gave no finite baseline", "take another baseline, or other parameters")
    return grid.back(out)


def variants(grid: Grid, intensity: Array, wanted: Sequence[str]) -> Array:
    """Baselines of one spectrum, shape (points,), by each method; shape (methods, points)."""
    where = "reduce.baselines"
    found = [find_baseline(grid, intensity[None, :], words, where)[0] for words in wanted]
    return np.array(found).reshape(len(found), intensity.size)


def _keywords(name: str, parameters: dict[str, float], grid: Grid) -> dict[str, Any]:
    """Parameters as pybaselines wants them."""
    out: dict[str, Any] = {}
    for key, value in parameters.items():
        if key == "lam" and name in WHITTAKER:
            out[key] = smoothness(value, grid.step_cm1)
        elif key == "half_window_cm1":
            half = max(round(value / grid.step_cm1), 1)
            out["max_half_window" if name == "snip" else "half_window"] = half
        else:
            out[key] = int(value) if key in WHOLE else value
    if name == "snip":
        out |= {"decreasing": True, "smooth_half_window": 3}
    return out


def _fitter(grid: Grid) -> Any:
    from pybaselines import Baseline

    return Baseline(grid.uniform_cm1, check_finite=False, assume_sorted=True)
