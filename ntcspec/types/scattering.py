"""What the stages `ingest` and `reduce` of the technique scattering hand on.

Symbols: Q = 4 pi sin(theta) / lambda (1/A), I intensity as counted, divided by what the geometry does to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Note, Plot, array, scalar, text

# --- reduce ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One exposure as it enters I(Q): of the sample, its container or the air, on its own axis.

    What the stage hands on as intensity is the sum over all parts of factor * intensity, each interpolated linearly to the
    axis of the first part, which is the sample. Errors of the points of a part are independent of each other.
    """

    role: str = text("'sample', 'container' or 'air'")
    source: str = text("the raw files, as the study names them")
    q_inv_ang: Array = array("1/A", "Q, ascending")
    intensity: Array = array("", "I(Q) as integrated", ("q_inv_ang",), "sigma")
    sigma: Array = array("", "standard uncertainty of a point by counting; empty where it is unknown", ("q_inv_ang",))
    factor: Array = array("1", "what I(Q) is multiplied by: scale and absorption; negative: taken off", ("q_inv_ang",))
    factor_error: float = scalar("1", "relative standard uncertainty of the factor, common to all points")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("part", "I(Q) of one exposure", "intensity", ("q_inv_ang",)),)


@dataclass(frozen=True)
class ScatteringReduced:
    """Result of `reduce`: I(Q) of the sample alone, and the exposures that it is made of."""

    q_inv_ang: Array = array("1/A", "Q, ascending; the points of the sample as integrated or as read")
    intensity: Array = array("", "I(Q) of the sample: container and air taken off", ("q_inv_ang",), "sigma")
    sigma: Array = array("", "standard uncertainty by counting; empty where it is unknown", ("q_inv_ang",))
    parts: tuple[Part, ...] = text("the exposures; the first is the sample")
    wavelength_ang: float = scalar("A", "wavelength; NaN where it is unknown")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("intensity", "I(Q) of the sample", "intensity", ("q_inv_ang",)),)
