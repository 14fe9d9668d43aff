"""What the counters of a transmission experiment see: I0, sample, I1, reference foil, I2, and a fluorescence detector.

Symbols: F photons per second in front of the I0 chamber, e0 e1 e2 fraction of the photons that a chamber absorbs, t
dwell time (s).

    <I0> = F t e0,  <I1> = F t (1 - e0) e1 exp(-mu_s),  <I2> = F t (1 - e0) (1 - e1) e2 exp(-mu_s - mu_ref)

Assumptions:
- One count is one absorbed photon, each chamber has Poisson noise of its own, rounded to integers by nature. A real
  chamber with amplifier and voltage-to-frequency converter counts far less often, and its counts are not Poisson
  distributed; the relative noise is what is meant here.
- Chambers absorb 15, 40 and 80 % (gas mixtures as usual), their change with energy is neglected. ln(I0/I1) has an
  offset, as real data have.
- F follows the ring current (exponential decay, life time 16 h, no top-up) and a slow drift of the optics with energy
  of 3 %, plus flicker of 0.1 % from point to point, which all chambers share.
- Dark counts come at a constant rate and are added to the counts; the background event of the file holds one dark
  measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.absorption import Material

Array = npt.NDArray[np.float64]

I0_PER_S = 3e8
CHAMBER = (0.15, 0.40, 0.80)
FLUORESCENCE_EFFICIENCY = 2e-3
FLUORESCENCE_SCATTER = 5e-5  # scattered photons per incident photon
RING_MA, RING_LIFE_S, DEAD_TIME_S = 220.0, 16 * 3600.0, 0.5
OPTICS_DRIFT, FLICKER = 0.03, 1e-3
DETECTORS = ("lytle", "i0", "i1", "i2")


@dataclass(frozen=True)
class Darks:
    """One dark measurement: its length and the counts of the four detectors; rates are the true ones."""

    time_s: float
    rates_per_s: tuple[float, float, float, float]
    counts: tuple[int, int, int, int]


@dataclass(frozen=True)
class Counts:
    """Counts of one scan, each of shape (points,)."""

    detectors: dict[str, npt.NDArray[np.int64]]
    ring_ma: Array
    mu_sigma: Array  # standard deviation of ln(I0/I1) by counting statistics


def measure_darks(rng: np.random.Generator, time_s: float, rates_per_s: tuple[float, float, float, float]) -> Darks:
    """A dark measurement of `time_s`; zero time gives zeros, as in files without one."""
    drawn = rng.poisson(np.array(rates_per_s) * time_s)
    return Darks(time_s, rates_per_s, (int(drawn[0]), int(drawn[1]), int(drawn[2]), int(drawn[3])))


def count(
    rng: np.random.Generator,
    sample: Material,
    reference: Material,
    *,
    energy_ev: Array,
    dwell_s: Array,
    dark_rates_per_s: tuple[float, float, float, float],
    start_s: float,
) -> Counts:
    """Counts at the true photon energies `energy_ev`; `start_s` is the time since the ring was filled."""
    clock = start_s + np.cumsum(dwell_s + DEAD_TIME_S)
    decay = np.exp(-clock / RING_LIFE_S)
    part = (energy_ev - energy_ev[0]) / (energy_ev[-1] - energy_ev[0])
    optics = 1.0 + OPTICS_DRIFT * np.sin(1.5 * np.pi * part + 0.4)
    incident = I0_PER_S / CHAMBER[0] * decay * optics * dwell_s * (1.0 + FLICKER * rng.standard_normal(len(clock)))
    mu_sample, mu_reference = sample.mu(energy_ev), reference.mu(energy_ev)
    behind_i0 = incident * (1.0 - CHAMBER[0])
    behind_i1 = behind_i0 * np.exp(-mu_sample) * (1.0 - CHAMBER[1])
    seen = sample.fluorescence(energy_ev, FLUORESCENCE_EFFICIENCY) + FLUORESCENCE_SCATTER
    mean = {
        "lytle": behind_i0 * seen,
        "i0": incident * CHAMBER[0],
        "i1": behind_i0 * np.exp(-mu_sample) * CHAMBER[1],
        "i2": behind_i1 * np.exp(-mu_reference) * CHAMBER[2],
    }
    total = {name: mean[name] + rate * dwell_s for name, rate in zip(DETECTORS, dark_rates_per_s, strict=True)}
    drawn = {name: rng.poisson(total[name]) for name in DETECTORS}
    noise = np.sqrt(total["i0"] / mean["i0"] ** 2 + total["i1"] / mean["i1"] ** 2)
    return Counts(drawn, RING_MA * decay, noise)
