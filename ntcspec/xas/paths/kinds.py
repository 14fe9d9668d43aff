"""What kind of path it is, from where its atoms are.

Symbols: beta scattering angle at an atom of the path, 0 where the photoelectron goes straight on, 180 where it turns
back; a path is straight if every beta is within STRAIGHT_DEG of 0 or 180.

    single          absorber, one atom, back
    forward         straight, atoms on both sides of the absorber: the path crosses the absorber's place, whether it
                    scatters there (Ta-Cl-Ta-Cl', 4 legs) or not (Ta-Cl-Cl', 3 legs)
    forward_focus   straight, all atoms on one side: goes through a neighbour on to the next one
    triangle        three legs, not straight
    other           all else: absorber visited between with a turn (Ta-Cl-Ta-Cl), longer bent paths

The border of 30 degrees is where forward scattering ceases to focus (bond angles below 150 degrees): B.-K. Teo, J. Am.
Chem. Soc. 103 (1981) 3990. It falls off gradually: a path that is bent by 15 degrees is still 'forward', but weaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ntcspec.types import Array

Kind = Literal["single", "forward", "forward_focus", "triangle", "other"]
STRAIGHT_DEG = 30.0
SAME_ANG = 0.001  # atoms nearer than this are the same one (FEFF writes four decimals)


def scattering_angles(xyz_ang: Array) -> Array:
    """beta (degrees) at each atom of a path, absorber first, shape (legs,); that at the absorber is meaningless for the
    electron but closes the list. xyz_ang: shape (legs, 3).
    """
    legs = np.roll(xyz_ang, -1, axis=0) - xyz_ang
    unit = legs / np.linalg.norm(legs, axis=1)[:, None]
    cosine = np.sum(np.roll(unit, 1, axis=0) * unit, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def path_kind(xyz_ang: Array) -> Kind:
    """Kind of the path through these atoms, absorber first, shape (legs, 3), the return to the absorber left out."""
    if len(xyz_ang) == 2:
        return "single"
    beta = scattering_angles(xyz_ang)[1:]
    if np.all(np.minimum(beta, 180.0 - beta) <= STRAIGHT_DEG):
        direction = xyz_ang[1:] - xyz_ang[0]
        direction = direction[np.linalg.norm(direction, axis=1) > SAME_ANG]
        if np.any(direction @ direction[0] < 0):
            return "forward"
        through = np.linalg.norm(xyz_ang[1:] - xyz_ang[0], axis=1) > SAME_ANG
        if np.any(through & (beta <= STRAIGHT_DEG)):
            return "forward_focus"
        return "other"
    return "triangle" if len(xyz_ang) == 3 else "other"


def path_label(symbols: Sequence[str]) -> str:
    """'Ta-Cl-Ta-Cl': the atoms in the order of the path, without the return to the absorber."""
    return "-".join(symbols)
