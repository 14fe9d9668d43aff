"""Reduced XANES spectra made by formulas, for tests of what is read from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ntcspec.types import Array
from ntcspec.types.xanes import Normalised, XanesReduced

NONE = np.empty(0)
NAN = float("nan")
GRID = np.arange(2790.0, 2890.0, 0.35)
E0 = 2822.0


def line(energy_ev: Array, centre: float, width: float, height: float = 1.0) -> Array:
    """A Gaussian."""
    return height * np.exp(-0.5 * ((energy_ev - centre) / width) ** 2)


def edge(energy_ev: Array, e0: float, width: float = 0.8) -> Array:
    """An arctangent of unit height."""
    return 0.5 + np.arctan((energy_ev - e0) / width) / np.pi


def phase(energy_ev: Array, which: int) -> Array:
    """One of four different spectra with unit edge step."""
    lines = [
        [(2827.0, 1.5, 1.2)],
        [(2819.5, 0.8, 0.7), (2831.0, 3.0, 0.3)],
        [(2838.0, 4.0, 0.5)],
        [(2825.0, 2.0, 0.9), (2846.0, 5.0, -0.2)],
    ][which]
    return edge(energy_ev, (2825.0, 2822.0, 2826.5, 2823.5)[which]) + sum(line(energy_ev, *one) for one in lines)


def choices_of(
    energy_ev: Array, count: int, *, scale: float = 0.15, slope: float = 0.0008
) -> tuple[tuple[str, ...], Array, Array]:
    """Names, relative edge steps and pre-edge slopes of `count` normalisations, the same for every sample."""
    along = np.linspace(-1.0, 1.0, count) if count > 1 else np.array([1.0])
    names = tuple(f"norm1_shift_ev={x:.3f}" for x in along)
    tilt = (energy_ev - E0) * slope
    return names, 1.0 + scale * along, along[::-1, None] * tilt


def normalised(
    norm: Array,
    *,
    energy_ev: Array = GRID,
    noise: float = 0.0,
    step: float = 2.0,
    step_error: float = NAN,
    mode: str = "transmission",
    choices: int = 5,
) -> Normalised:
    """A spectrum with white noise `noise` (standard uncertainty of a point of norm, 0: not known) and its choices."""
    names, steps, tilts = choices_of(energy_ev, choices)
    error = np.full(norm.size, noise) if noise else NONE
    others = (
        np.stack([norm / s + t for s, t in zip(steps, tilts, strict=True)]) if choices else np.empty((0, norm.size))
    )
    everything = np.vstack([norm, others])
    zero = np.zeros(norm.size)
    return Normalised(
        mode=mode, energy_ev=energy_ev, mu=norm * step, mu_error=error * step, pre_edge=zero, post_edge=zero + step,
        norm=norm, norm_error=error, norm_low=everything.min(axis=0), norm_high=everything.max(axis=0), flat=norm,
        norm_measured=NONE, e0_ev=E0, edge_step=step, edge_step_error=step_error, choice_names=names if choices else (),
        choice_norm=others, choice_edge_step=step * steps if choices else NONE, shift_ev=np.zeros(1),
        shift_error_ev=np.zeros(1), weight=np.ones(1), chosen={}, notes=(),
    )  # fmt: skip


def reduced(*spectra: Normalised, calibration_error_ev: float = NAN) -> XanesReduced:
    """An artifact of the stage reduce."""
    return XanesReduced(spectra[0].mode, spectra, 0.0, calibration_error_ev, "", ())


def series(
    fractions: Mapping[str, tuple[float, ...]],
    *,
    noise: float,
    seed: int = 1,
    energy_ev: Array = GRID,
    choices: int = 5,
) -> dict[str, XanesReduced]:
    """Samples as mixtures of the phases, with white noise."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, shares in fractions.items():
        norm = sum(f * phase(energy_ev, i) for i, f in enumerate(shares)) + rng.normal(0, noise, energy_ev.size)
        out[name] = reduced(normalised(norm, noise=noise, energy_ev=energy_ev, choices=choices))
    return out
