"""MBACK: the edge step from tabulated absorption, matched to the pre-edge and the post-edge together.

Symbols: E energy (eV), mu absorption, t(E) tabulated photo-absorption of the absorber (its scale is free),
m(E) = b(E) + a t(E) the matched model, b a polynomial of degree d (`norm_degree`) times E^-v (`victoreen`).

Order of steps:
1. a and b by least squares of mu - m over the pre-edge and the post-edge points, each range with the same total weight
   (1 / its number of points), as the number of points is a matter of the scan. With d = 0, b is a straight line that
   the pre-edge alone decides on, and the post-edge decides on a;
2. m takes the place of mu in `edge_step`: its pre-edge line, its post-edge curve (a parabola) and the step between them
   at e0, so that the step is defined as with `polynomial`; norm = (mu - line) / step.

All of it is linear in mu. With d = 1 the slope of the background is held by both ranges, so a short pre-edge does less
harm; in turn the post-edge must look like the table: where it is only some 10 eV long, an oscillation passes for a
slope of the background, and d = 0 is the safe choice. The original also has an error function for the background,
which a near-edge scan cannot determine.

Source: T.-C. Weng, G. S. Waldo, J. E. Penner-Hahn, J. Synchrotron Rad. 12, 506 (2005). t(E): W. T. Elam, B. D. Ravel,
J. R. Sieber, Radiat. Phys. Chem. 63, 121 (2002), photo-absorption, as in xraydb. Not Chantler's f'': over the 80 eV
above the Na K edge it rises by a fifth where absorption falls by a tenth, and it smears edges over several eV.
larch.xafs.mback matches s mu to f'' instead, which noise in mu biases.
"""

from __future__ import annotations

import numpy as np

from ntcspec.types import Array
from ntcspec.xas.edge_step import Match, Normaliser, Ranges

LEAST_CONTRAST = 1e-3  # share of the table that a straight line does not explain


def tabulated(element: str, energy_ev: Array) -> Array:
    """Photo-absorption of the element (cm^2/g), shape of the energies."""
    import xraydb

    return np.asarray(xraydb.mu_elam(element, energy_ev, kind="photo"), dtype=np.float64)


def match_of(normaliser: Normaliser, table: Array, ranges: Ranges, *, edge_energy_ev: float) -> Match:
    """The model for the points of a normaliser, table with their shape.

    Raises ValueError where the tabulated edge is not between the ranges.
    """
    energy = normaliser.energy_ev
    pre, post = normaliser.points(ranges)
    if not energy[pre[1] - 1] < edge_energy_ev < energy[post[0]]:
        raise ValueError(
            f"mback: the tabulated edge, {edge_energy_ev:g} eV, does not lie between the pre-edge range "
            f"(to {energy[pre[1] - 1]:g} eV) and the post-edge range (from {energy[post[0]]:g} eV)"
        )
    return match(energy, table, pre=pre, post=post, degree=ranges.norm_degree, victoreen=ranges.victoreen)


def match(
    energy_ev: Array, table: Array, *, pre: tuple[int, int], post: tuple[int, int], degree: int, victoreen: int
) -> Match:
    """The model of step 1; `pre` and `post` are the slices of the ranges, `table` has the shape of the energies.

    Raises ValueError where the table has no edge between the ranges.
    """
    x = (energy_ev - energy_ev.mean()) / np.ptp(energy_ev)
    background = np.vander(x, max(degree, 1) + 1, increasing=True) * (energy_ev[:, None] / energy_ev[0]) ** -victoreen
    design = np.column_stack([background, table])
    weight = np.zeros_like(x)
    for start, end in (pre, post):
        weight[start:end] = 1.0 / np.sqrt(end - start)
    used = weight > 0
    weighted = design[used] * weight[used, None]
    smooth = weighted[:, :-1] @ np.linalg.lstsq(weighted[:, :-1], weighted[:, -1], rcond=None)[0]
    if np.linalg.norm(weighted[:, -1] - smooth) < LEAST_CONTRAST * np.linalg.norm(weighted[:, -1]):
        raise ValueError("mback: the table has no edge between the pre-edge and the post-edge range")
    if degree == 0:
        return Match(design, _held_by_pre_edge(background, table, slice(*pre), slice(*post)))
    estimator = np.zeros((design.shape[1], x.size))
    estimator[:, used] = np.linalg.pinv(weighted) * weight[used]
    return Match(design, estimator)


def _held_by_pre_edge(background: Array, table: Array, pre: slice, post: slice) -> Array:
    """Estimator (3, n): line from the pre-edge points of mu - a t, and a from the post-edge points of mu - line."""
    line = np.zeros((2, table.size))
    line[:, pre] = np.linalg.pinv(background[pre])
    above = -background[post] @ line
    above[np.arange(above.shape[0]), np.arange(table.size)[post]] += 1.0  # (mu - line) of the post-edge points
    contrast = above @ table
    scale = contrast @ above / (contrast @ contrast)
    return np.vstack([line - np.outer(line @ table, scale), scale])
