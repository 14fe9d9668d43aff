"""The simulated Ta L3 EXAFS scans: structure -> FEFF paths -> chi(k) -> mu(E) -> counts -> files, and the truth.

Each sample has a random stream of its own, spawned from the seed by its place in `SAMPLES`, so that adding a sample
at the end leaves the files of the others as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import samples as setup
from ntcspec.demo.absorption import TA_L3_EV, Material, areal_density, ramp
from ntcspec.demo.counts import I0_PER_S, Counts, count, measure_darks
from ntcspec.demo.disorder import TA_DEBYE_K, TEMPERATURE_K, Msrd, debye_msrd, molecular_msrd, path_sigma2
from ntcspec.demo.feff import FeffPath, path_chi, run_feff
from ntcspec.demo.hxma import Scan, energy_grid, format_scan
from ntcspec.demo.structure import Cluster, bcc_cluster, clusters_from_cif

Array = npt.NDArray[np.float64]

K_MAX, K_STEP = 16.5, 0.05
WORKERS = 2
NOTE = (
    "SIMULATED by ntcspec demo; truth of the files beside it, for tests only. chi is what mu(E) holds; an analysis "
    "with a constant edge step measures chi * step_ratio. Add energy_shift_ev to the energies of a scan to align it "
    "on the first."
)
LISTED = 0.02  # paths whose largest |k^2 chi| within 3-12 1/A exceeds this stand in truth.json


@dataclass(frozen=True)
class Site:
    """Paths of one absorbing site with their thermal disorder."""

    cluster: Cluster
    paths: tuple[FeffPath, ...]
    sigma2_ang2: tuple[float, ...]

    def chi(self, k_inv_ang: Array) -> Array:
        """chi(k) of the site, S02 included, k > 0."""
        return np.sum([self.path_chi(i, k_inv_ang) for i in range(len(self.paths))], axis=0)

    def path_chi(self, i: int, k_inv_ang: Array) -> Array:
        """chi(k) of path i, S02 included."""
        return path_chi(
            self.paths[i],
            k_inv_ang,
            sigma2_ang2=self.sigma2_ang2[i],
            s02=setup.S02,
            e0_ev=setup.FEFF_E0_SHIFT_EV,
        )


def k_grid() -> Array:
    """k from 0 to 16.5 in steps of 0.05 1/A."""
    return np.linspace(0.0, K_MAX, round(K_MAX / K_STEP) + 1)


def site(cluster: Cluster, msrd: Msrd) -> Site:
    """Run FEFF for one cluster and give every path its sigma^2. Raises UserError as `run_feff` does."""
    paths = run_feff(cluster, rmax_ang=setup.RMAX_ANG)
    pairs = msrd(cluster)
    return Site(cluster, tuple(paths), tuple(path_sigma2(pairs, cluster.xyz_ang, p.atoms) for p in paths))


def average_chi(sites: Iterable[Site]) -> Array:
    """chi on `k_grid`, averaged over the sites by their share; 0 at k = 0, where it is not defined."""
    k = k_grid()
    return np.append(0.0, np.sum([s.cluster.weight * s.chi(k[1:]) for s in sites], axis=0))


def foil_cluster() -> tuple[Cluster, Msrd]:
    """bcc Ta and its disorder model."""
    cluster = bcc_cluster("Ta", setup.TA_LATTICE_ANG, setup.CLUSTER_ANG)
    return cluster, partial(debye_msrd, theta_k=TA_DEBYE_K, density_ang3=2.0 / setup.TA_LATTICE_ANG**3)


def run_sites(resources: Path) -> dict[str, list[Site]]:
    """All sites of all samples and of the foil ('Ta foil'), FEFF runs in parallel. Raises UserError."""
    jobs: list[tuple[str, Cluster, Msrd]] = [("Ta foil", *foil_cluster())]
    for sample in setup.SAMPLES:
        clusters = clusters_from_cif(resources / sample.cif, "Ta", setup.CLUSTER_ANG)
        jobs += [(sample.name, cluster, molecular_msrd) for cluster in clusters]
    with ThreadPoolExecutor(WORKERS) as pool:
        done = list(pool.map(lambda job: site(job[1], job[2]), jobs))
    found: dict[str, list[Site]] = {}
    for (name, _, _), one in zip(jobs, done, strict=True):
        found.setdefault(name, []).append(one)
    return found


def foil(sites: list[Site]) -> Material:
    """The Ta reference foil."""
    return Material({"Ta": 1}, setup.FOIL_G_CM2, setup.METAL, k_grid(), average_chi(sites))


def layer(sample: setup.Sample, sites: list[Site]) -> Material:
    """The sample in the beam."""
    edge = setup.CHLORIDE
    density = areal_density(sample.composition, sample.edge_step, edge.e0_ev)
    return Material(sample.composition, density, edge, k_grid(), average_chi(sites))


def scans(
    sample: setup.Sample, material: Material, reference: Material, rng: np.random.Generator, seed: int
) -> list[tuple[Scan, Counts]]:
    """The repeat scans of one sample."""
    wanted, dwell = energy_grid()
    darks = measure_darks(rng, sample.dark_time_s, sample.dark_rates_per_s)
    found = []
    for i, drift in enumerate(setup.ENERGY_DRIFT_EV):
        read = np.round(wanted + setup.READBACK_EV * rng.standard_normal(len(wanted)), 3)
        counts = count(
            rng,
            material,
            reference,
            energy_ev=read - drift,
            dwell_s=dwell,
            dark_rates_per_s=sample.dark_rates_per_s,
            start_s=setup.FILL_S + i * setup.SCAN_S,
        )
        remarks = (
            "Simulation.notice: SIMULATED by ntcspec demo. This is no measurement and no beamline wrote this file.",
            f"Simulation.sample: {sample.name}, scan {i + 1} of {len(setup.ENERGY_DRIFT_EV)}",
            f"Simulation.structure: {sample.cif} (chi by FEFF6), reference: bcc Ta foil",
            f"Simulation.seed: {seed}",
        )
        found.append((Scan(sample.dialect, remarks, wanted, read, dwell, counts, darks), counts))
    return found


def _path_rows(sites: list[Site]) -> list[dict[str, Any]]:
    """The main paths for truth.json, longest last."""
    k = np.arange(3.0, 12.01, K_STEP)
    rows = []
    for one in sites:
        for i, path in enumerate(one.paths):
            height = one.cluster.weight * float(np.max(np.abs(k**2 * one.path_chi(i, k))))
            if height > LISTED:
                label = "-".join([*[one.cluster.symbols[a] for a in path.atoms], one.cluster.symbols[0]])
                rows.append(
                    {
                        "path": label,
                        "legs": len(path.atoms),
                        "n": path.degeneracy * one.cluster.weight,
                        "r_ang": path.reff_ang,
                        "sigma2_ang2": round(one.sigma2_ang2[i], 6),
                        "max_k2chi": round(height, 4),
                    }
                )
    return sorted(rows, key=lambda row: (row["r_ang"], row["path"]))


def _first_shell(sites: list[Site], r_max_ang: float) -> dict[str, float]:
    """N, mean R and sigma^2 (thermal plus static spread) of the single-scattering paths up to `r_max_ang`."""
    rows = [
        (p.degeneracy * one.cluster.weight, p.reff_ang, s2)
        for one in sites
        for p, s2 in zip(one.paths, one.sigma2_ang2, strict=True)
        if len(p.atoms) == 2 and p.reff_ang < r_max_ang
    ]
    n, r, s2 = np.array(rows).T
    mean = float(np.average(r, weights=n))
    spread = float(np.average((r - mean) ** 2, weights=n))
    thermal = float(np.average(s2, weights=n))
    return {"n": float(n.sum()), "r_ang": round(mean, 5), "sigma2_ang2": round(thermal + spread, 6)}


def _material_truth(material: Material, sites: list[Site]) -> dict[str, Any]:
    """What is known of one material: the numbers that an analysis should find."""
    k = k_grid()
    return {
        "e0_ev": material.edge.e0_ev,
        "edge_step": round(material.edge_step(), 6),
        "areal_density_g_cm2": round(material.areal_density_g_cm2, 8),
        "s02": setup.S02,
        "feff_e0_shift_ev": setup.FEFF_E0_SHIFT_EV,
        "first_shell": _first_shell(sites, 3.0),
        "paths": _path_rows(sites),
        "chi": [round(float(v), 9) for v in ramp(k) * material.chi],
        "step_ratio": [round(float(v), 6) for v in material.step_ratio(k)],
    }


def simulate(resources: Path, seed: int) -> dict[str, str]:
    """Text of every file of the pair by path relative to the target: the scans and hxma/truth.json.

    Raises:
        UserError: a structure file is missing or unreadable, or FEFF does not run.
    """
    sites = run_sites(resources)
    reference = foil(sites["Ta foil"])
    streams = np.random.SeedSequence(seed).spawn(len(setup.SAMPLES))
    texts: dict[str, str] = {}
    truth: dict[str, Any] = {
        "note": NOTE,
        "seed": seed,
        "edge_energy_ev": TA_L3_EV,
        "temperature_k": TEMPERATURE_K,
        "i0_per_s": I0_PER_S,
        "k_inv_ang": [round(float(v), 2) for v in k_grid()],
        "reference": _material_truth(reference, sites["Ta foil"]),
        "samples": {},
    }
    for sample, stream in zip(setup.SAMPLES, streams, strict=True):
        material = layer(sample, sites[sample.name])
        made = scans(sample, material, reference, np.random.default_rng(stream), seed)
        texts |= {f"hxma/{name}": format_scan(scan) for name, (scan, _) in zip(sample.files, made, strict=True)}
        fine = made[0][0].dwell_s > 1.0  # the region in k
        truth["samples"][sample.name] = {
            "structure": sample.cif,
            "files": list(sample.files),
            "energy_shift_ev": [setup.ENERGY_DRIFT_EV[0] - drift for drift in setup.ENERGY_DRIFT_EV],
            "mu_sigma_of_one_scan": float(f"{np.mean([c.mu_sigma[fine].mean() for _, c in made]):.4g}"),
            "dark_rates_per_s": list(sample.dark_rates_per_s),
            **_material_truth(material, sites[sample.name]),
        }
    texts["hxma/truth.json"] = json.dumps(truth, indent=1) + "\n"
    return texts
