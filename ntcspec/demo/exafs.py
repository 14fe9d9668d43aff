"""The simulated Ta L3 EXAFS scans: structure -> FEFF paths -> chi(k) -> mu(E) -> counts -> files, and the truth.

Symbols: x share of the Ta atoms that are in the glass, s a Ta site, n number of sites.

    chi_phase(k) = (1/n) sum_s chi_s(k)            crystal, glass: sites of MD snapshots
    chi(k) = (1 - x) chi_crystal(k) + x chi_glass(k)

The snapshots hold the thermal disorder at 300 K, so their paths get no sigma^2 of their own. Nuclei of the MD are
classical: zero-point motion, 0.0004 A^2 for a stretch at 330 1/cm, is missing and is not added, because the force
field is not known that well. TaCl5 has one static site, and sigma^2 by `disorder`. The sites of a phase share the
potentials of one of them: with their own (which scatter by 0.1 to 0.2 eV in the Fermi level) the rms of k^2 chi
changes by 2 %, a fifth of the sampling error.

Only the noise hangs on the seed. Each sample has a random stream of its own, spawned by its place in `SAMPLES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo import exafs_truth
from ntcspec.demo import samples as setup
from ntcspec.demo.absorption import Material, areal_density
from ntcspec.demo.counts import Counts, count, measure_darks
from ntcspec.demo.disorder import TA_DEBYE_K, Msrd, debye_msrd, molecular_msrd, path_sigma2
from ntcspec.demo.feff import FeffPath, paths_chi, run_feff, run_potentials, scatterers
from ntcspec.demo.hxma import Scan, energy_grid, format_scan
from ntcspec.demo.series import GLASS, NOTICE, Made
from ntcspec.demo.snapshots import CRYSTAL, load_snapshots
from ntcspec.demo.structure import Cluster, bcc_cluster, clusters_from_cif

Array = npt.NDArray[np.float64]

K_MAX, K_STEP = 16.5, 0.05
WORKERS = 2
FOIL = "Ta foil"


@dataclass(frozen=True)
class Site:
    """Paths of one absorbing site with their thermal disorder."""

    cluster: Cluster
    paths: tuple[FeffPath, ...]
    sigma2_ang2: tuple[float, ...]

    def chi(self, k_inv_ang: Array) -> Array:
        """chi(k) of the site, S02 included, k > 0."""
        return self.path_chi(k_inv_ang).sum(axis=0)

    def path_chi(self, k_inv_ang: Array) -> Array:
        """chi(k) of each path, S02 included, shape (paths, k)."""
        return paths_chi(
            self.paths, k_inv_ang, sigma2_ang2=self.sigma2_ang2, s02=setup.S02, e0_ev=setup.FEFF_E0_SHIFT_EV
        )


@dataclass(frozen=True)
class Phase:
    """One phase: its sites, chi of each (shape (sites, k)) and their mean by share, on `k_grid`."""

    source: str  # file of resources/demo
    sites: tuple[Site, ...]
    site_chi: Array
    chi: Array


def k_grid() -> Array:
    """k from 0 to 16.5 in steps of 0.05 1/A."""
    return np.linspace(0.0, K_MAX, round(K_MAX / K_STEP) + 1)


def site(cluster: Cluster, msrd: Msrd | None, potentials: bytes | None = None) -> Site:
    """Run FEFF for one cluster and give every path its sigma^2 (none without `msrd`). UserError as `run_feff`."""
    paths = run_feff(cluster, rmax_ang=setup.RMAX_ANG, potentials=potentials)
    if msrd is None:
        return Site(cluster, tuple(paths), (0.0,) * len(paths))
    pairs = msrd(cluster)
    return Site(cluster, tuple(paths), tuple(path_sigma2(pairs, cluster.xyz_ang, p.atoms) for p in paths))


def run_phase(source: str, clusters: Sequence[Cluster], msrd: Msrd | None) -> Phase:
    """FEFF for every site, two at a time, all with the potentials of the first site that has the same elements around.

    chi is 0 at k = 0, where it is not defined. Raises UserError.
    """
    first = {scatterers(cluster): cluster for cluster in reversed(clusters)}
    potentials = {elements: run_potentials(cluster) for elements, cluster in first.items()}
    with ThreadPoolExecutor(WORKERS) as pool:
        sites = tuple(pool.map(lambda cluster: site(cluster, msrd, potentials[scatterers(cluster)]), clusters))
    chi = np.array([np.append(0.0, one.chi(k_grid()[1:])) for one in sites])
    return Phase(source, sites, chi, np.array([one.cluster.weight for one in sites]) @ chi)


def foil_cluster() -> tuple[Cluster, Msrd]:
    """bcc Ta and its disorder model."""
    cluster = bcc_cluster("Ta", setup.TA_LATTICE_ANG, setup.CLUSTER_ANG)
    return cluster, partial(debye_msrd, theta_k=TA_DEBYE_K, density_ang3=2.0 / setup.TA_LATTICE_ANG**3)


def snapshot_clusters(resources: Path, name: str, per_snapshot: int) -> list[Cluster]:
    """Ta sites of the snapshots 'cry', 'gl4' or 'gl0', each with the same share. Raises UserError."""
    found = []
    for i, box in enumerate(load_snapshots(resources, name)):
        stream = np.random.default_rng([setup.SITE_STREAM, i])
        chosen = np.sort(stream.choice(box.sites("Ta"), per_snapshot, replace=False))
        found += [box.cluster(int(atom), setup.CLUSTER_ANG) for atom in chosen]
    return [replace(cluster, weight=1.0 / len(found)) for cluster in found]


def run_phases(resources: Path, glass: str = GLASS) -> dict[str, Phase]:
    """The foil, TaCl5, crystal and glass. Raises UserError for a missing or unreadable input, or without FEFF."""
    foil, debye = foil_cluster()
    phases = {
        FOIL: run_phase("bcc Ta", [foil], debye),
        "TaCl5": run_phase(
            setup.TACL5_CIF,
            clusters_from_cif(resources / setup.TACL5_CIF, "Ta", setup.CLUSTER_ANG),
            molecular_msrd,
        ),
    }
    for phase, name in (("crystal", CRYSTAL), ("glass", glass)):
        clusters = snapshot_clusters(resources, name, setup.SITES[phase])
        phases[phase] = run_phase(f"{name}_1600.npz", clusters, None)
    return phases


def foil_material(chi: Array) -> Material:
    """The Ta reference foil."""
    return Material({"Ta": 1}, setup.FOIL_G_CM2, setup.METAL, k_grid(), chi)


def layer(sample: setup.Sample, chi: Array) -> Material:
    """The sample in the beam, with this chi on `k_grid`."""
    composition = sample.member.composition
    density = areal_density(composition, sample.edge_step, setup.CHLORIDE.e0_ev)
    return Material(composition, density, setup.CHLORIDE, k_grid(), chi)


def mixed_chi(sample: setup.Sample, phases: Mapping[str, Phase]) -> Array:
    """chi of a mixture of phases, by the share of the Ta atoms."""
    return np.sum([share * phases[name].chi for name, share in sample.phases.items()], axis=0)


def scans(
    sample: setup.Sample, material: Material, reference: Material, rng: np.random.Generator, remarks: Sequence[str]
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
        which = f"Simulation.sample: {sample.member.name}, scan {i + 1} of {len(setup.ENERGY_DRIFT_EV)}"
        notice = f"Simulation.notice: {NOTICE}"
        found.append((Scan(sample.dialect, (notice, which, *remarks), wanted, read, dwell, counts, darks), counts))
    return found


def simulate(phases: Mapping[str, Phase], seed: int) -> Made:
    """Files and truth of all samples, from phases that are known."""
    reference = foil_material(phases[FOIL].chi)
    streams = np.random.SeedSequence(seed).spawn(len(setup.SAMPLES))
    files: dict[str, bytes] = {}
    truth = exafs_truth.of_study(k_grid(), reference, phases)
    for sample, stream in zip(setup.SAMPLES, streams, strict=True):
        material = layer(sample, mixed_chi(sample, phases))
        parts = " + ".join(f"{share:g} {phases[name].source}" for name, share in sample.phases.items())
        remarks = (
            f"Simulation.structure: {parts} (chi by FEFF6), reference: bcc Ta foil",
            f"Simulation.seed: {seed}",
        )
        made = scans(sample, material, reference, np.random.default_rng(stream), remarks)
        files |= {name: format_scan(scan).encode("ascii") for name, (scan, _) in zip(sample.files, made, strict=True)}
        truth["samples"][sample.member.name] = exafs_truth.of_sample(sample, material, phases, made)
    return Made(files, truth)


def make(resources: Path, seed: int, *, glass: str = GLASS) -> Made:
    """The HXMA files of the series and their truth. glass: 'gl4', or 'gl0' for the control without bridges.

    Raises:
        UserError: an input is missing or unreadable, or FEFF does not run.
    """
    return simulate(run_phases(resources, glass), seed)
