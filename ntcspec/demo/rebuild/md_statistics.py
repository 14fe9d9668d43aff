"""Numbers by which two sets of snapshots of one phase are compared: means over all atoms and snapshots.

Two runs of the same model are different trajectories, so coordinates need not agree; these numbers do, within the
tolerances of MEASURES. A tolerance is at least 1.4 times the widest range found among the three snapshots of one run,
and at least 1.7 times that among three boxes of one glass (the stored one and two seeds). A snapshot is 0.8 ps from the
next: the volume of a glass is the slowest of these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.demo.rebuild.md_model import MASS_U
from ntcspec.demo.snapshots import Snapshot
from ntcspec.demo.structure import BOND_ANG

# joined Ta are 2.9 to 4.1 A apart in the stored glass (a new one had two pairs at 4.22 A), all others beyond 5 A
JOINED_ANG = 4.2
NA_REACH_ANG = 3.5
U_ANG3 = 1.66053907  # g/cm3 of 1 u in 1 A3 (CODATA 2018)


@dataclass(frozen=True)
class Measure:
    """A number that must agree between two runs of one phase."""

    key: str
    label: str
    tolerance: float


MEASURES = (
    Measure("tacl_mean", "Ta-Cl, six nearest, mean (A)", 0.010),
    Measure("tacl_spread", "Ta-Cl, six nearest, spread (A)", 0.010),
    Measure("ta_cn", f"Cl within {BOND_ANG} A of Ta", 0.03),
    Measure("bend", "Cl-Ta-Cl near 90 degrees, spread (degrees)", 0.8),
    Measure("joined", f"Ta with a Ta within {JOINED_ANG} A (fraction)", 0.03),
    Measure("tata_mean", "Ta-Ta of those, mean (A)", 0.08),
    Measure("nacl_mean", "Na-Cl, six nearest, mean (A)", 0.04),
    Measure("na_cn", f"Cl within {NA_REACH_ANG} A of Na", 0.3),
    Measure("density", "density (g/cm3)", 0.06),
)


def _of_one_box(box: Snapshot) -> dict[str, np.ndarray]:
    """Values of each measure before averaging, one snapshot."""
    is_cl, is_ta = box.symbols == "Cl", box.symbols == "Ta"
    bonds, numbers, bends, nearest_ta = [], [], [], []
    for ta in box.sites("Ta"):
        vectors = box.vectors_from(int(ta))
        distance = np.linalg.norm(vectors, axis=1)
        six = np.argsort(np.where(is_cl, distance, np.inf))[:6]
        unit = vectors[six] / distance[six][:, None]
        cosine = np.sort((unit @ unit.T)[np.triu_indices(6, 1)])  # the three smallest belong to opposite Cl
        bonds.append(distance[six])
        bends.append(np.degrees(np.arccos(np.clip(cosine[3:], -1.0, 1.0))))
        numbers.append(np.sum(is_cl & (distance < BOND_ANG)))
        distance[ta] = np.inf
        nearest_ta.append(distance[is_ta].min())
    na = np.array([np.linalg.norm(box.vectors_from(int(i))[is_cl], axis=1) for i in box.sites("Na")])
    mass = sum(MASS_U[s] for s in box.symbols.tolist())
    return {
        "bonds": np.concatenate(bonds),
        "numbers": np.array(numbers),
        "bends": np.concatenate(bends),
        "nearest_ta": np.array(nearest_ta),
        "na_six": np.sort(na, axis=1)[:, :6].ravel(),
        "na_numbers": np.sum(na < NA_REACH_ANG, axis=1),
        "density": np.array([U_ANG3 * mass / abs(np.linalg.det(box.cell_ang))]),
    }


def statistics(boxes: Sequence[Snapshot]) -> dict[str, float]:
    """The value of each of MEASURES; the mean Ta-Ta distance is nan where no Ta are joined."""
    each = [_of_one_box(box) for box in boxes]
    all_of = {key: np.concatenate([one[key] for one in each]) for key in each[0]}
    joined = all_of["nearest_ta"] < JOINED_ANG
    return {
        "tacl_mean": float(all_of["bonds"].mean()),
        "tacl_spread": float(all_of["bonds"].std()),
        "ta_cn": float(all_of["numbers"].mean()),
        "bend": float(all_of["bends"].std()),
        "joined": float(joined.mean()),
        "tata_mean": float(all_of["nearest_ta"][joined].mean()) if joined.any() else float("nan"),
        "nacl_mean": float(all_of["na_six"].mean()),
        "na_cn": float(all_of["na_numbers"].mean()),
        "density": float(all_of["density"].mean()),
    }


def agrees(measure: Measure, made: float, stored: float) -> bool:
    """Whether two values of a measure agree within its tolerance; nan (there is none) agrees with nan."""
    if np.isnan(made) or np.isnan(stored):
        return bool(np.isnan(made) and np.isnan(stored))
    return abs(made - stored) <= measure.tolerance


def comparison(phase: str, made: dict[str, float], stored: dict[str, float]) -> tuple[str, bool]:
    """Table of both sets of numbers, and whether all agree."""
    lines = [f"{phase:45}{'made':>9}{'stored':>9}{'tolerance':>11}"]
    everything = True
    for measure in MEASURES:
        one, two = made[measure.key], stored[measure.key]
        good = agrees(measure, one, two)
        everything &= good
        shown = [" -" if np.isnan(value) else f"{value:.3f}" for value in (one, two)]
        lines.append(
            f"{measure.label:45}{shown[0]:>9}{shown[1]:>9}{measure.tolerance:11.3f}{'' if good else '  DIFFERS'}"
        )
    return "\n".join(lines), everything
