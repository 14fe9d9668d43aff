"""What the stages of the technique nmr hand on.

Symbols: nu frequency relative to the carrier (Hz), nu0 frequency of the reference compound's zero of shift (MHz), delta shift (ppm),
high frequency positive. Whatever a file's own orientation is, `fid` is stored so that exp(+2 pi i nu t) is a line at +nu.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Note, Plot, array, scalar, text

# --- reduce ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NmrReduced:
    """Result of `reduce`: a phased, referenced spectrum, before and after its baseline."""

    shift_ppm: Array = array("ppm", "shift, ascending; drawn right to left")
    real: Array = array("", "spectrum, absorption part, baseline taken off", ("shift_ppm",), "sigma")
    imaginary: Array = array("", "spectrum, dispersion part", ("shift_ppm",))
    baseline: Array = array("", "baseline that was taken off the absorption part", ("shift_ppm",))
    sigma: Array = array("", "standard uncertainty of a point by noise; neighbours are correlated", ("shift_ppm",))
    noise_correlation: Array = array("1", "correlation of the noise of points 0, 1, 2 ... apart")
    larmor_mhz: float = scalar("MHz", "frequency at shift 0")
    spinning_hz: float = scalar("Hz", "spinning rate; NaN where it is unknown")
    broadening_hz: float = scalar("Hz", "full width that apodisation adds to a line (Lorentzian); 0 for none")
    gaussian_hz: float = scalar("Hz", "full width that Gaussian apodisation adds to a line; 0 for none")
    nucleus: str = text("nucleus, e.g. '23Na'")
    reference_compound: str = text("what the shifts refer to")
    reference_ppm: float = scalar("ppm", "shift that was given to the reference compound")
    reference_method: str = text("how the axis was referenced")
    reference_error_ppm: float = scalar("ppm", "standard uncertainty of the zero of the axis; NaN where unknown")
    phase0_deg: float = scalar("deg", "zero-order phase that was applied, at the pivot")
    phase1_deg: float = scalar("deg", "first-order phase that was applied, over the whole width")
    pivot_ppm: float = scalar("ppm", "shift at which only the zero-order phase acts")
    echo_points: float = scalar("1", "position of the echo's top in points from the first; NaN for a plain decay")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("spectrum", "NMR spectrum", "real", ("shift_ppm",)),)
