"""The simulated Cl K and Na K files: site spectra -> core absorption -> counts -> SXRMB text, SGM HDF5, and the truth.

Cl K: TaCl5, NaCl and the NTC samples in the SXRMB layout. Na K: NaCl and the NTC samples in the SXRMB layout, and a
further series of the same samples in the SGM layout. The genuine SXRMB beamline does not reach the Na K edge (it starts
near 1.7 keV): those files are an exercise in the layout, SGM is where such a spectrum would be measured.

One module an idea: `xanes_spectra` (spectra), `xanes_matter` (absorption), `xanes_beam` (detectors), `sxrmb` and `sgm`
(files). The photons have the energy that the readback says (EnergyFeedback, en); set points are 0.02 to 0.05 eV lower.

Not tuned, and against the paper: the Na K white line gets lower and BROADER with the fraction of glass, where the
paper's sharpens. It moves to higher energy, as in the paper. The Cl K pre-edge grows, but does not split in two, and
the step from crystal to glass is only two to three standard errors of the choice of sites (the truth has them).

Only the noise hangs on the seed; each file has a random stream of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import sgm, sxrmb
from ntcspec.demo.series import GLASS, NOTICE, Made, Member
from ntcspec.demo.sxrmb import Region
from ntcspec.demo.xanes_beam import Beam, Response, detect, intensity, response, tey_noise
from ntcspec.demo.xanes_matter import GEOMETRY, Matter, matter
from ntcspec.demo.xanes_spectra import (
    CL_K,
    NA_K,
    Edge,
    Phase,
    fine_grid,
    load_phases,
    members,
    sample_spectrum,
    shares_of,
    top_width,
    white_line,
)

Array = npt.NDArray[np.float64]

SCANS, PASSES = 2, 3
POINT_S, SCAN_S = 4.0, 1200.0  # from point to point, from scan to scan
SPIKE_FILE, SPIKE = "sxrmb/NTC-26h_ClK_2.dat", 41.0  # the first fluorescence count of this file, times
TRUTH_STEP = 4  # every fourth point of the fine grid, 0.2 eV


@dataclass(frozen=True)
class Setup:
    """How one edge is measured at one beamline."""

    beamline: str
    edge: Edge
    resolution_ev: float  # FWHM
    beam: Beam
    regions: tuple[Region, ...] = ()


CL_REGIONS = (Region(2800.0, 1.0, 2817.0), Region(2817.0, 0.2, 2840.0), Region(2840.0, 0.75, 2900.0))
NA_REGIONS = (Region(1060.0, 0.5, 1072.0), Region(1072.0, 0.2, 1092.0), Region(1092.0, 0.5, 1120.0))
SETUPS = (
    Setup("sxrmb", CL_K, 0.35, Beam(7.5e5, 4e4, 2862.0, 9.0, 0.09, 6.5e5, 1.2e5, 0.02), CL_REGIONS),
    Setup("sxrmb", NA_K, 0.30, Beam(7.5e5, 4e4, 1100.0, 5.0, 0.07, 6.5e5, 6.0e4, 0.15), NA_REGIONS),
    Setup("sgm", NA_K, 0.20, Beam(3.0e6, 4e4, 1096.0, 5.0, 0.07, 3.0e6, 250.0, 0.30)),
)


@dataclass(frozen=True)
class Sample:
    """One sample as one beamline sees it: N on `fine_grid`, its error by the choice of sites, absorption."""

    member: Member
    core: Array
    error: Array
    matter: Matter

    def seen(self, beam: Beam, energy_ev: Array) -> Response:
        """Signals per count of I0 at these energies."""
        grid = fine_grid(self.matter.edge)
        top = float(np.max(self.matter.other(grid) / self.matter.step + self.core))
        return response(self.matter, beam, energy_ev, self.at(energy_ev), top)

    def at(self, energy_ev: Array) -> Array:
        """N at these energies (linear between points 0.05 eV apart)."""
        return np.interp(energy_ev, fine_grid(self.matter.edge), self.core)


def _remarks(sample: Sample, phases: dict[str, Phase], seed: int) -> dict[str, str]:
    """What the file says about itself."""
    element = sample.matter.edge.element
    parts = (f"{share:g} {name} ({len(phases[name].files)} sites)" for name, share in shares_of(sample.member).items())
    structure = f"{' + '.join(parts)}, {element} K by FEFF10"
    return {"notice": NOTICE, "sample": sample.member.name, "structure": structure, "seed": str(seed)}


def sxrmb_scan(sample: Sample, setup: Setup, number: int, rng: np.random.Generator, remarks: dict[str, str]) -> bytes:
    """One SXRMB file, `number` from 1."""
    wanted = sxrmb.set_points(setup.regions)
    read: Array = np.round(wanted + rng.uniform(0.02, 0.05, len(wanted)), 2)
    clock = np.linspace(0.0, POINT_S * (len(wanted) - 1), len(wanted)) + SCAN_S * (number - 1)
    seen = sample.seen(setup.beam, read)
    i0, tey, pfy = detect(rng, intensity(rng, setup.beam, read, clock), seen)
    if _sxrmb_path(sample, number) == SPIKE_FILE:
        pfy[0] = round(SPIKE * pfy[0])
    edge = setup.edge
    scan = sxrmb.Scan(
        name=f"{sample.member.stem} {edge.element} K",
        number=number,
        element=edge.element,
        line_ev=edge.line_ev,
        remarks=tuple(f"Simulation.{key}: {text}" for key, text in remarks.items()),
        regions=setup.regions,
        energy_set_ev=wanted,
        energy_read_ev=read,
        i0=i0,
        tey=tey,
        fluorescence=pfy,
    )
    return sxrmb.format_scan(scan).encode("ascii")


def _sxrmb_path(sample: Sample, number: int) -> str:
    return f"sxrmb/{sample.member.stem}_{sample.matter.edge.element}K_{number}.dat"


def sgm_file(sample: Sample, setup: Setup, rng: np.random.Generator, remarks: dict[str, str]) -> bytes:
    """One SGM file with all passes."""
    passes = []
    for number in range(PASSES):
        energy, clock = sgm.fly(rng)
        mean = intensity(rng, setup.beam, energy, number * SCAN_S + np.cumsum(clock))
        seen = sample.seen(setup.beam, energy)
        i0, tey, _ = detect(rng, mean, seen)
        scattered = mean * seen.pfy_scale * setup.beam.scatter
        spectra = sgm.sdd_spectra(
            rng, energy, setup.edge.line_ev, mean * seen.pfy - scattered, scattered, setup.beam.pfy_step
        )
        if number == sgm.SHORT_PASS:
            spectra = tuple(counts[: -sgm.MISSING_FRAMES] for counts in spectra)
        passes.append(sgm.Pass(energy, clock, i0, tey, rng.poisson(0.5 * mean), spectra))
    attributes = {f"simulation_{key}": text for key, text in remarks.items()}
    return sgm.format_file(sample.member.name, passes, attributes)


def _sample_truth(sample: Sample, setup: Setup) -> dict[str, Any]:
    """What an analysis of one sample should find."""
    edge, grid, core = setup.edge, fine_grid(setup.edge), sample.core
    seen = sample.seen(setup.beam, grid)
    energy, height = white_line(grid, core)
    pfy = sample.matter.fluorescence(grid, core)
    at = np.array([edge.e0_ev])
    unit = float(sample.matter.fluorescence(at, np.ones(1))[0])
    noise = tey_noise(setup.beam.i0_max * np.ones_like(grid), seen)
    some = slice(None, None, TRUTH_STEP)
    start = int(np.argmin(np.abs(grid - edge.preedge_ev)))
    return {
        "fractions": shares_of(sample.member),
        "edge_step_cm2_g": sample.matter.step,
        "background_over_step_at_e0": float(sample.matter.other(at)[0]) / sample.matter.step,
        "self_absorption": sample.matter.self_absorption(),
        "tey_per_i0_and_step": seen.tey_scale,
        "pfy_per_i0_and_step": seen.pfy_scale,
        "tey_noise_per_point_steps": float(np.median(noise)),
        "white_line_ev": energy,
        "white_line_height": height,
        "white_line_width_ev": top_width(grid, core),
        "white_line_height_pfy": float(np.max(pfy)) / unit,
        "preedge_height": float(core[start]),
        "preedge_height_error": float(sample.error[start]),
        "sampling_error_rms": float(np.sqrt(np.mean(sample.error**2))),
        "sampling_error_max": float(np.max(sample.error)),
        "mu_steps": [round(float(value), 5) for value in core[some]],
        "background_steps": [round(float(value), 5) for value in seen.background[some]],
    }


def _setup_truth(setup: Setup, glass: str) -> dict[str, Any]:
    """What holds for all samples at this beamline and edge."""
    edge = setup.edge
    grid = fine_grid(edge)[::TRUTH_STEP]
    return {
        "beamline": setup.beamline,
        "edge": f"{edge.element} K",
        "glass": f"{glass}_1600.npz",
        "e0_ev": edge.e0_ev,
        "energy_shift_ev": edge.shift_ev,
        "energy_column": "EnergyFeedback" if setup.beamline == "sxrmb" else "en",
        "resolution_fwhm_ev": setup.resolution_ev,
        "preedge_ev": edge.preedge_ev,
        "geometry": GEOMETRY,
        "pfy_scatter_steps": setup.beam.scatter,
        "regions_ev": [[region.start_ev, region.step_ev, region.stop_ev] for region in setup.regions],
        "grid_ev": {"start": float(grid[0]), "step": round(float(grid[1] - grid[0]), 6), "points": len(grid)},
        "samples": {},
    }


def make(resources: Path, seed: int, *, glass: str = GLASS) -> Made:
    """The SXRMB and SGM files of the series and their truth; spectra exist for the glass 'gl4' alone.

    Raises:
        UserError: no near-edge spectra for this glass, or a resource is missing or unreadable.
    """
    files: dict[str, bytes] = {}
    truth: dict[str, Any] = {"spiked_first_point": SPIKE_FILE}
    phases = {edge.element: load_phases(resources, edge, glass) for edge in (CL_K, NA_K)}
    for which, setup in enumerate(SETUPS):
        element = setup.edge.element
        found = truth[f"{setup.beamline} {element} K"] = _setup_truth(setup, glass)
        for place, member in enumerate(members(setup.edge)):
            core, error = sample_spectrum(member, phases[element], setup.edge, setup.resolution_ev)
            sample = Sample(member, core, error, matter(member.composition, setup.edge))
            remarks = _remarks(sample, phases[element], seed)
            found["samples"][member.name] = _sample_truth(sample, setup)
            if setup.beamline == "sgm":
                rng = np.random.default_rng([seed, which, place])
                files[f"sgm/{member.stem}_{element}K.nxs"] = sgm_file(sample, setup, rng, remarks)
                continue
            for number in range(1, SCANS + 1):
                rng = np.random.default_rng([seed, which, place, number])
                files[_sxrmb_path(sample, number)] = sxrmb_scan(sample, setup, number, rng, remarks)
    return Made(files, truth)
