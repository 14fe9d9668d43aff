"""What the counters of an electron-yield and fluorescence experiment see while the energy is scanned.

Symbols: I(t, E) mean counts of the incident-intensity monitor per point, N core absorption in edge steps, b mu of
everything else over the edge step J, both of `xanes_matter`; q, f counts per count of I0.

    <I0> = I0max exp(-t/life) (1 - d exp(-((E - Ed) / w)^2)) (1 + flicker)
    <TEY> = <I0> q (b(E)/J + N(E))               so TEY / (I0 q) is mu in edge steps
    <PFY> = <I0> f (P(E) + scatter)              P: fluorescence of a thick sample over its value at N = 1, E0

Assumptions:
- Each detector has Poisson noise of its own; flicker of 0.1 % from point to point is common to all and divides out.
- The dip is a smooth feature of the optics, the same in all detectors; the monitor's efficiency does not change with E.
- q is such that the largest mean of TEY is TEY_MAX, f such that PFY at N = 1 is PFY_STEP: gains and distances are set
  for each sample, so heights of raw signals cannot be compared between samples.
- Scattered photons in the region of interest: a constant part of the edge step. No dead time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.xanes_matter import Matter

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FLICKER = 1e-3


@dataclass(frozen=True)
class Beam:
    """Intensity along a scan and gains of the detectors."""

    i0_max: float  # counts per point
    life_s: float
    dip_ev: float
    dip_width_ev: float
    dip_depth: float
    tey_max: float  # counts per point
    pfy_step: float  # counts per point
    scatter: float  # of the fluorescence edge step


@dataclass(frozen=True)
class Response:
    """Signals of one sample per count of I0, without noise."""

    background: Array  # b/J
    tey: Array
    pfy: Array
    tey_scale: float  # q
    pfy_scale: float  # f


def intensity(rng: np.random.Generator, beam: Beam, energy_ev: Array, clock_s: Array) -> Array:
    """Mean counts of I0, flicker included."""
    dip = 1.0 - beam.dip_depth * np.exp(-(((energy_ev - beam.dip_ev) / beam.dip_width_ev) ** 2))
    flicker = 1.0 + FLICKER * rng.standard_normal(len(energy_ev))
    return beam.i0_max * np.exp(-clock_s / beam.life_s) * dip * flicker


def response(matter: Matter, beam: Beam, energy_ev: Array, core: Array, top: float) -> Response:
    """Signals per count of I0 at the true photon energies, core absorption N = `core`; top: the largest b/J + N."""
    background = matter.other(energy_ev) / matter.step
    tey_scale = beam.tey_max / beam.i0_max / top
    pfy_scale = beam.pfy_step / beam.i0_max
    at_step = matter.fluorescence(np.array([matter.edge.e0_ev]), np.ones(1))
    relative = matter.fluorescence(energy_ev, core) / at_step
    return Response(
        background, tey_scale * (background + core), pfy_scale * (relative + beam.scatter), tey_scale, pfy_scale
    )


def detect(rng: np.random.Generator, i0_mean: Array, seen: Response) -> tuple[Counts, Counts, Counts]:
    """Counts of I0, TEY, PFY."""
    return rng.poisson(i0_mean), rng.poisson(i0_mean * seen.tey), rng.poisson(i0_mean * seen.pfy)


def tey_noise(i0_mean: Array, seen: Response) -> Array:
    """Standard deviation of TEY / I0 in edge steps, by counting statistics."""
    ratio = seen.tey
    return ratio * np.sqrt(1.0 / (i0_mean * ratio) + 1.0 / i0_mean) / seen.tey_scale
