"""Correction of fluorescence for over-absorption by a sample that is thick for the beam and for the fluorescence.

Symbols: N norm as measured, N' corrected, mu_f total absorption at the fluorescence line, mu_b just below and mu_a just
above the edge, g = sin(angle in) / sin(angle out), alpha = (g mu_f + mu_b) / (mu_a - mu_b).

A thick sample gives a signal ~ M / (M + alpha) for absorption M in units of the edge step. Divided by its value at
M = 1:   N = M (1 + alpha) / (M + alpha),   hence   M = N alpha / (1 + alpha - N),
then N' is M normalised again in the same ranges, for EXAFS takes part in them.

Source: D. Haskel, FLUO (1999), as in larch.xafs.fluo_corr. One difference: larch multiplies mu with its pre-edge
background in it, here the background is off before. A constant background falls out when M is normalised again, so that
both agree; a sloping one, as from scattering into the detector, does not. mu_b and the step are taken as constant over
the scan. Tables: W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat. Phys. Chem. 63, 121 (2002), total cross sections, as in
xraydb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.formula import atoms, checked
from ntcspec.types import Array

BESIDE_EV = 10.0  # where below and above the edge are read, as in larch
LINES = {"K": "Ka", "L3": "La", "L2": "Lb1", "L1": "Lb3", "M5": "Ma"}


@dataclass(frozen=True)
class Thick:
    """What the correction rests on; angles in degrees, absorption in cm^2/g."""

    formula: str
    line: str
    alpha: float
    at_line: float
    below_edge: float
    above_edge: float
    angle_in_deg: float
    angle_out_deg: float

    @property
    def chosen(self) -> dict[str, Any]:
        """For the record."""
        return {
            "formula": self.formula,
            "line": self.line,
            "alpha": self.alpha,
            "mu_line_cm2_g": self.at_line,
            "mu_below_edge_cm2_g": self.below_edge,
            "mu_above_edge_cm2_g": self.above_edge,
            "angle_in_deg": self.angle_in_deg,
            "angle_out_deg": self.angle_out_deg,
        }


def thick_sample(*, formula: str, element: str, edge: str, angle_in_deg: float, angle_out_deg: float) -> Thick:
    """Material constants of the correction. Raises UserError for a formula that is none or lacks the element."""
    key = "reduce.over_absorption.formula"
    fix = "write it like NaTaCl6, with the absorber in it, or set reduce.over_absorption.correct: false"
    if not formula:
        raise UserError(key, "neither it nor the sample's composition is given", fix)
    import xraydb

    try:
        counts = atoms(checked(formula))
    except ValueError as problem:
        raise UserError(key, str(problem), fix) from None
    if not counts.get(element, 0):
        raise UserError(key, f"{formula} holds no {element}", fix)
    line = LINES.get(edge, "")
    if not any(name.startswith(line) for name in xraydb.xray_lines(element) if line):
        fix = "set reduce.over_absorption.correct: false"
        raise UserError("reduce.over_absorption", f"no fluorescence line of the {element} {edge} edge is known", fix)
    at = xraydb.xray_edge(element, edge).energy
    at_line, below, above = (
        float(sum(n * xraydb.atomic_mass(a) * xraydb.mu_elam(a, e) for a, n in counts.items()))
        / sum(n * xraydb.atomic_mass(a) for a, n in counts.items())
        for e in (xraydb.xray_line(element, line).energy, at - BESIDE_EV, at + BESIDE_EV)
    )
    ratio = np.sin(np.deg2rad(angle_in_deg)) / np.sin(np.deg2rad(angle_out_deg))
    alpha = float((at_line * ratio + below) / (above - below))
    return Thick(formula, line, alpha, at_line, below, above, angle_in_deg, angle_out_deg)


def undo(norm: Array, alpha: float) -> tuple[Array, Array]:
    """M and dM/dN. Raises ValueError where N comes up to the limit 1 + alpha of a thick sample."""
    rest = 1.0 + alpha - norm
    if not (rest > 0.02 * alpha).all():
        raise ValueError(
            f"norm reaches {norm.max():.2f}, a thick sample cannot pass {1 + alpha:.2f}: "
            "formula, angles and normalisation do not go together"
        )
    return norm * alpha / rest, alpha * (1.0 + alpha) / rest**2
