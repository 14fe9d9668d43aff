"""Simulated total scattering at BXDS: raw detector images of TaCl5 and the five NaTaCl6 samples, and the truth.

Order of the work: `scattering_pairs` (g(r) of the phases), `scattering_curves` (S(Q), G(r) of a sample),
`scattering_beam` (Compton, container, absorption; electron units), `bxds` (pixels, counts, files). NaTaCl6 samples
differ in their fraction of glass and in the domain of the crystalline part, both from `series`, and in nothing else;
TaCl5 has the domain of the annealed crystal. All samples, the empty capillary and the darks share one exposure, set
once so that the strongest ring has about 2e4 counts; Ni is exposed for a tenth of it.

The truth holds, for each sample, G(r) in 1/A^2 on r = 0, 0.01 ... 30 A:
- `g`: the pair distribution itself (Qmax infinite, weights at Q = 0; counted in steps of 0.01 A and therefore noisy);
- `g_qmax24`: transform of F(Q) up to 24 1/A without a window;
- `g_seen`: the same of F(Q) as spread by the instrument, from 0.5 1/A: what a perfect reduction of these images finds.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import bxds
from ntcspec.demo.scattering_beam import (
    COMPTON_POWER,
    NI_ANG,
    NI_PACKING,
    PACKING,
    WAVELENGTH_ANG,
    Filling,
    absorption,
    compton,
    halo,
    load_compton,
    nickel,
    q_of,
)
from ntcspec.demo.scattering_curves import Curves, averages, g_of_r, g_unterminated, mix, weights
from ntcspec.demo.scattering_pairs import CRYSTAL_REPEATS, TACL5_REPEATS, Phase, make_phase, r_grid, tacl5_snapshots
from ntcspec.demo.series import GLASS, NOTICE, SERIES, Made, Member
from ntcspec.demo.snapshots import CRYSTAL, load_snapshots

Array = npt.NDArray[np.float64]

EXPOSURE_A2 = 4.0e-5  # photons at full solid angle per (electron unit times atoms per A^2)
NI_EXPOSURE = 0.1
FOLDER = "bxds"
Q_RANGE = (0.5, 24.0)
MIDDLE_ANG, CHLORINE_ANG, FIRST_ANG = (5.0, 20.0), (3.5, 4.0), (2.0, 3.0)
R_POINTS = 3001
TACL5_CIF = "TaCl5_C2m_MODEL_P1.cif"


def phases(resources: Path, glass: str) -> dict[str, Phase]:
    """Pair distributions of the crystal and of a glass of NaTaCl6.

    Raises:
        UserError: snapshots are missing.
    """
    return {
        "crystal": make_phase(load_snapshots(resources, CRYSTAL), CRYSTAL_REPEATS),
        "glass": make_phase(load_snapshots(resources, glass)),
    }


def curves(member: Member, known: dict[str, Phase], resources: Path) -> Curves:
    """S(Q) of one sample; `known` holds the phases of NaTaCl6."""
    if member.glass is None:
        crystal = make_phase(tacl5_snapshots(resources / TACL5_CIF), TACL5_REPEATS)
        return mix([(1.0, crystal, next(m.domain_ang for m in SERIES if m.glass == 0.0))])
    return mix([(1.0 - member.glass, known["crystal"], member.domain_ang), (member.glass, known["glass"], None)])


class Beam:
    """Photons on the detector from intensities in electron units."""

    def __init__(self, resources: Path, detector: bxds.Detector) -> None:
        self.detector = detector
        self.compton = load_compton(resources)
        self.two_theta = np.arctan(detector.grid_m / detector.geometry.distance_m)
        self.q = q_of(self.two_theta)
        self.halo = EXPOSURE_A2 * halo(self.compton, self.q)

    @cached_property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Pixels that are not masked."""
        return self.detector.mask() == 0

    @cached_property
    def empty(self) -> Array:
        """Photons of each pixel behind the empty capillary."""
        return self.detector.expected(bxds.spread(self.halo))

    def filled(self, filling: Filling, coherent: Array) -> tuple[Array, dict[str, Any]]:
        """Photons of each pixel behind a filled capillary, and its truth; `coherent` is given on `self.q`.

        Ripples of the sum over distances, which ends at 150 A, are below zero in places until the rings are spread.
        """
        own, wall = absorption(filling.mu_inv_ang, self.two_theta[::100])
        a_own = np.interp(self.two_theta, self.two_theta[::100], own)
        a_wall = np.interp(self.two_theta, self.two_theta[::100], wall)
        scattered = coherent + compton(self.compton, filling.fractions, self.q)
        scale = EXPOSURE_A2 * filling.column_inv_ang2
        total = np.maximum(bxds.spread(scale * a_own * scattered + a_wall * self.halo), 0.0)
        angles = np.degrees(self.two_theta[::100])
        truth = {
            "mu_inv_cm": filling.mu_inv_ang * 1e8,
            "photons_per_electron_unit": scale,
            "two_theta_deg": np.round(angles, 3).tolist(),
            "absorption": np.round(own, 5).tolist(),
            "empty_scale": np.round(wall, 5).tolist(),
        }
        return self.detector.expected(total), truth


def g_metrics(r_ang: Array, g: Array) -> dict[str, float]:
    """First peak (A, vertex of the parabola through its top), rms G over 5-20 A and mean G over 3.5-4 A (1/A^2)."""

    def within(span: tuple[float, float]) -> npt.NDArray[np.bool_]:
        return (r_ang >= span[0] - 1e-9) & (r_ang <= span[1] + 1e-9)

    top = int(np.flatnonzero(within(FIRST_ANG))[np.argmax(g[within(FIRST_ANG)])])
    left, mid, right = g[top - 1 : top + 2]
    shift = 0.5 * (left - right) / (left - 2.0 * mid + right)
    return {
        "first_peak_ang": float(r_ang[top] + shift * (r_ang[1] - r_ang[0])),
        "rms_g_5_20": float(np.sqrt(np.mean(g[within(MIDDLE_ANG)] ** 2))),
        "mean_g_3p5_4": float(np.mean(g[within(CHLORINE_ANG)])),
    }


def f_seen(sample: Curves, beam: Beam) -> Array:
    """F(Q) as spread by the instrument, on the points of `sample`."""
    coherent = np.interp(beam.q, sample.q_inv_ang, sample.coherent)
    blurred = np.interp(sample.q_inv_ang, beam.q, bxds.spread(coherent))
    mean, square = averages(sample.fractions, sample.q_inv_ang)
    return sample.q_inv_ang * (blurred - square) / mean**2


def _truth(member: Member, sample: Curves, beam: Beam) -> dict[str, Any]:
    """Truth of one sample but for what the beam did to it."""
    g = {
        "g": g_unterminated(sample),
        "g_qmax24": g_of_r(sample.f_inv_ang, 0.0, Q_RANGE[1]),
        "g_seen": g_of_r(f_seen(sample, beam), *Q_RANGE),
    }
    at = np.array([0.0, 3.0])
    return {
        "composition": member.composition,
        "glass": member.glass,
        "domain_ang": member.domain_ang,
        "rho0_inv_ang3": sample.rho0_inv_ang3,
        "weights_at_q_0_and_3": {"-".join(k): v.tolist() for k, v in weights(sample.fractions, at).items()},
        **{name: np.round(value[:R_POINTS], 5).tolist() for name, value in g.items()},
        "metrics": {name: g_metrics(r_grid(), value) for name, value in g.items()},
    }


def noise_of_g(beam: Beam, sample: Curves, photons: Array, seen: dict[str, Any]) -> float:
    """Standard deviation of G (1/A^2) by counting alone, for r beyond 1 A, Qmax 24, no window.

    A ring k of 0.01 1/A sums counts of variance v over pixels of acceptance a, those of the scaled empty capillary
    and of the rounded dark included: sigma_F = Q sqrt(sum v) / (sum a) / (scale A <f>^2), and
    sigma_G^2 = (2 dQ / pi)^2 sum sigma_F^2 / 2.
    """
    step = 0.01
    two_theta = np.arctan(beam.detector.radius_m / beam.detector.geometry.distance_m)
    bins = np.floor((q_of(two_theta) - Q_RANGE[0]) / step).astype(np.int64)
    count = round((Q_RANGE[1] - Q_RANGE[0]) / step)
    used = beam.usable & (bins >= 0) & (bins < count)
    wall = np.interp(np.degrees(two_theta[used]), seen["two_theta_deg"], seen["empty_scale"])
    one = bxds.READ_NOISE**2 * (1.0 + 1.0 / bxds.DARK_EXPOSURES) + 2.0 / 12.0
    variance = photons[used] + one + wall**2 * (beam.empty[used] + one)
    q = Q_RANGE[0] + (np.arange(count, dtype=np.float64) + 0.5) * step
    angle = np.degrees(2.0 * np.arcsin(q * WAVELENGTH_ANG / (4.0 * np.pi)))
    scale = seen["photons_per_electron_unit"] * np.interp(angle, seen["two_theta_deg"], seen["absorption"])
    acceptance = np.bincount(bins[used], beam.detector.acceptance[used], count)
    sigma = q * np.sqrt(np.bincount(bins[used], variance, count)) / acceptance
    sigma /= scale * averages(sample.fractions, q)[0] ** 2
    return float(2.0 * step / np.pi * np.sqrt(0.5 * np.sum(sigma**2)))


def _setting(detector: bxds.Detector, calibrant: dict[str, Any]) -> dict[str, Any]:
    """What all images share."""
    return {
        "geometry": asdict(detector.geometry),
        "polarisation": bxds.POLARISATION,
        "compton_power": COMPTON_POWER,
        "spread_m": bxds.SPREAD_M,
        "dark": {"offset": bxds.OFFSET, "read_noise": bxds.READ_NOISE, "exposures": bxds.DARK_EXPOSURES},
        "ni": {"a_ang": NI_ANG, "exposure": NI_EXPOSURE, **calibrant},
        "r_step_ang": 0.01,
    }


def make(resources: Path, seed: int, *, glass: str = GLASS, samples: tuple[str, ...] | None = None) -> Made:
    """Raw images below bxds/ and their truth. `glass` 'gl0' is the control glass; `samples` limits them by name.

    The same seed gives the same bytes; each image has random numbers of its own, whichever others are made.

    Raises:
        UserError: an input is missing in `resources`.
    """
    detector = bxds.Detector(bxds.Geometry(), seed)
    beam = Beam(resources, detector)
    known = phases(resources, glass)
    files = {f"{FOLDER}/bxds.poni": detector.geometry.poni().encode()}
    files[f"{FOLDER}/mask.tif"] = bxds.tiff(detector.mask(), "mask: 1 where a pixel must not be used")
    exposed = f"{WAVELENGTH_ANG} A; 1 exposure;"
    files[f"{FOLDER}/dark.tif"] = bxds.tiff(detector.dark(1), "dark: mean of 64 exposures without beam")
    files[f"{FOLDER}/empty_kapton.tif"] = bxds.tiff(
        detector.expose(beam.empty, 2), f"empty Kapton capillary; {exposed}"
    )

    metal = Filling({"Ni": 1.0}, 4.0 / NI_ANG**3, NI_PACKING)
    photons, calibrant = beam.filled(metal, nickel(beam.q))
    image = detector.expose(NI_EXPOSURE * photons, 3)
    files[f"{FOLDER}/Ni.tif"] = bxds.tiff(image, f"Ni powder, calibrant; {WAVELENGTH_ANG} A; {NI_EXPOSURE} exposure;")
    truth: dict[str, Any] = {}
    for number, member in enumerate(SERIES):
        if member.name == "NaCl" or (samples is not None and member.name not in samples):
            continue
        sample = curves(member, known, resources)
        packing = Filling(sample.fractions, sample.rho0_inv_ang3, PACKING)
        coherent = np.interp(beam.q, sample.q_inv_ang, sample.coherent)
        photons, seen = beam.filled(packing, coherent)
        image = detector.expose(photons, 10 + number)
        files[f"{FOLDER}/{member.stem}.tif"] = bxds.tiff(image, f"{member.name} in Kapton capillary; {exposed}")
        truth[member.name] = {
            **_truth(member, sample, beam),
            **seen,
            "largest_count": int(image[beam.usable].max()),
            "median_photons": float(np.median(photons[beam.usable])),
            "noise_of_g_inv_ang2": noise_of_g(beam, sample, photons, seen),
        }
    note = f"{NOTICE} Truth of the images beside it, for tests only."
    return Made(files, {"note": note, "glass": glass, **_setting(detector, calibrant), "samples": truth})
