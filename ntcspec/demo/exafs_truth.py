"""What an analysis of the simulated EXAFS scans should find, for truth.json.

Symbols: w weight, r distance from Ta (A), v thermal variance of r (A^2, 0 where snapshots hold it), m mean distance.

    N = sum w,  m = sum w r / N,  sigma2 = sum w [(r - m)^2 + v] / N,  C3 = sum w [(r - m)^3 + 3 (r - m) v] / N

over the chlorines within SHELL_ANG of Ta, of the very sites that FEFF saw. They are moments of the distance
distribution; EXAFS weighs it by exp(-2 r / lambda) / r^2, which shortens m by about 2 sigma2 / m (1 + m / lambda).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import samples as setup
from ntcspec.demo.absorption import TA_L3_EV, Material, ramp
from ntcspec.demo.counts import I0_PER_S, Counts
from ntcspec.demo.disorder import TEMPERATURE_K

if TYPE_CHECKING:
    from ntcspec.demo.exafs import Phase, Site
    from ntcspec.demo.hxma import Scan

Array = npt.NDArray[np.float64]

SHELL_ANG = 2.9  # no Cl of the crystal between 2.7 and 3.8 A; in the glass the sparsest place
FURTHER_ANG = (2.9, 4.3, 5.2)  # borders of the two ranges in which further neighbours are counted
LISTED = 0.02  # paths whose largest |k^2 chi| within 3-12 1/A exceeds this are listed for the static structures
NOTE = (
    "chi of a sample is what mu(E) holds (that of a phase has no ramp at low k); an analysis with a constant edge step "
    "measures chi * step_ratio. Add energy_shift_ev to the energies of a scan to align it on the first. "
    "mu_sigma_of_one_scan: standard deviation of ln(I0/I1) a point by counting, in the region in k; relative_noise: "
    "the same over the edge step."
)


def of_study(k_inv_ang: Array, reference: Material, phases: Mapping[str, Phase]) -> dict[str, Any]:
    """Everything but the samples, whose place is left empty."""
    return {
        "note": NOTE,
        "edge_energy_ev": TA_L3_EV,
        "temperature_k": TEMPERATURE_K,
        "i0_per_s": I0_PER_S,
        "k_inv_ang": [round(float(v), 2) for v in k_inv_ang],
        "phases": {name: _of_phase(phase) for name, phase in phases.items()},
        "reference": _of_material(reference),
        "samples": {},
    }


def of_sample(
    sample: setup.Sample, material: Material, phases: Mapping[str, Phase], made: Sequence[tuple[Scan, Counts]]
) -> dict[str, Any]:
    """One sample: its phases, its files, and the numbers that an analysis should find."""
    fine = made[0][0].dwell_s > 1.0  # the region in k
    sigma = float(np.mean([counts.mu_sigma[fine].mean() for _, counts in made]))
    rows = [(share, site) for name, share in sample.phases.items() for site in phases[name].sites]
    return {
        "phases": sample.phases,
        "structure": [phases[name].source for name in sample.phases],
        "files": list(sample.files),
        "energy_shift_ev": [setup.ENERGY_DRIFT_EV[0] - drift for drift in setup.ENERGY_DRIFT_EV],
        "mu_sigma_of_one_scan": float(f"{sigma:.4g}"),
        "relative_noise": float(f"{sigma / material.edge_step():.4g}"),
        "dark_rates_per_s": list(sample.dark_rates_per_s),
        "first_shell": first_shell(rows),
        **_of_material(material),
    }


def _of_material(material: Material) -> dict[str, Any]:
    k = material.k_inv_ang
    return {
        "e0_ev": material.edge.e0_ev,
        "edge_step": round(material.edge_step(), 6),
        "areal_density_g_cm2": round(material.areal_density_g_cm2, 8),
        "s02": setup.S02,
        "feff_e0_shift_ev": setup.FEFF_E0_SHIFT_EV,
        "chi": [round(float(v), 9) for v in ramp(k) * material.chi],
        "step_ratio": [round(float(v), 6) for v in material.step_ratio(k)],
    }


def _of_phase(phase: Phase) -> dict[str, Any]:
    """Structure of one phase and the sampling error of its chi(k): scatter of the sites over sqrt(n)."""
    n = len(phase.sites)
    truth: dict[str, Any] = {"source": phase.source, "sites": n, "chi": [round(float(v), 9) for v in phase.chi]}
    rows = [(1.0, site) for site in phase.sites]
    if phase.source.endswith(".npz"):
        error = phase.site_chi.std(axis=0, ddof=1) / np.sqrt(n)
        truth["chi_standard_error"] = [round(float(v), 6) for v in error]
        truth["three_and_three_ang"] = _three_and_three(phase.sites)
    else:
        truth["paths"] = _path_rows(phase.sites)
    if phase.sites[0].cluster.symbols[1] == "Cl":
        return {**truth, "first_shell": first_shell(rows), "further_neighbours": _further(phase.sites)}
    return {**truth, "first_shell": first_shell(rows, "Ta", 3.0)}


def first_shell(
    rows: Sequence[tuple[float, Site]], symbol: str = "Cl", shell_ang: float = SHELL_ANG
) -> dict[str, float]:
    """N and the first three cumulants of the distances up to `shell_ang`; rows: (share of the phase, site)."""
    weights, distances, variances = [], [], []
    for share, one in rows:
        single = [(p.reff_ang, s2) for p, s2 in zip(one.paths, one.sigma2_ang2, strict=True) if len(p.atoms) == 2]
        for i, distance in enumerate(one.cluster.distance_ang):
            if i and one.cluster.symbols[i] == symbol and distance < shell_ang:
                nearest = min(single, key=lambda path: abs(path[0] - distance), default=(0.0, 0.0))
                weights.append(share * one.cluster.weight)
                distances.append(distance)
                variances.append(nearest[1])
    w, r, v = np.array(weights), np.array(distances), np.array(variances)
    mean = float(np.average(r, weights=w))
    off = r - mean
    return {
        "n": round(float(w.sum()), 6),
        "r_ang": round(mean, 5),
        "sigma2_ang2": round(float(np.average(off**2 + v, weights=w)), 6),
        "c3_ang3": round(float(np.average(off**3 + 3.0 * off * v, weights=w)), 7),
    }


def _three_and_three(sites: Sequence[Site]) -> list[float]:
    """Mean distance (A) of the three nearest and of the next three chlorines."""
    six = np.array([_distances(one, "Cl")[:6] for one in sites])
    return [round(float(six[:, :3].mean()), 4), round(float(six[:, 3:].mean()), 4)]


def _distances(one: Site, symbol: str) -> Array:
    """Ascending distances (A) of the neighbours of one element."""
    chosen = np.array(one.cluster.symbols[1:]) == symbol
    return np.sort(one.cluster.distance_ang[1:][chosen])


def _further(sites: Sequence[Site]) -> dict[str, dict[str, float]]:
    """Neighbours a Ta between the borders of FURTHER_ANG, by element."""
    found = {}
    for low, high in pairwise(FURTHER_ANG):
        counted = {}
        for symbol in ("Cl", "Na", "Ta"):
            inside = [np.sum((r >= low) & (r < high)) for r in (_distances(one, symbol) for one in sites)]
            weights = [one.cluster.weight for one in sites]
            counted[symbol] = round(float(np.average(inside, weights=weights)), 4)
        found[f"{low:g} to {high:g} A"] = counted
    return found


def _path_rows(sites: Sequence[Site]) -> list[dict[str, Any]]:
    """The main paths, longest last."""
    k = np.arange(3.0, 12.01, 0.05)
    rows = []
    for one in sites:
        heights = one.cluster.weight * np.max(np.abs(k**2 * one.path_chi(k)), axis=1)
        for i, path in enumerate(one.paths):
            height = float(heights[i])
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
