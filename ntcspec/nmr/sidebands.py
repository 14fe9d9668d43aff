"""Spinning sidebands of a line: where they stand, how much of the intensity they hold.

Symbols: nu_r spinning rate, nu0 frequency at 0 ppm, n order; sideband n of a line stands n nu_r / nu0 beside it, in a
window as wide as the line's own.

    share of the sidebands = sum_n A_n / (A_0 + sum_n A_n), n from -N to N without 0

The sum runs over all windows that lie in the spectrum, detected or not, so that it has no bias; one is called detected
where its area is above 3 u. What cannot be told from areas: sidebands of the central transition, of the satellites
(far wider a pattern) and of shielding anisotropy lie on top of each other, and the centreband holds some satellites
too. Sidebands of a neighbour line that fall into a window count for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.lines import covariance_of_areas
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.types import Array
from ntcspec.types.nmr import NmrReduced, NmrSideband

WHERE = "the file did not say it; give the spinning rate where the measurement is described, or leave sidebands out"


@dataclass(frozen=True)
class Sidebands:
    """The sidebands of a line and what they sum to. outside: orders whose window is not in the spectrum."""

    found: tuple[NmrSideband, ...]
    share: float
    share_error: float
    outside: tuple[int, ...]


def measure_sidebands(
    reduced: NmrReduced, y: Array, name: str, range_ppm: Sequence[float], centre_ppm: float, orders: int
) -> Sidebands:
    """Sidebands of orders 1 to `orders` on both sides of a line that stands at centre_ppm in range_ppm.

    Raises UserError without a spinning rate, and where two windows overlap.
    """
    x, rate = reduced.shift_ppm, reduced.spinning_hz
    where = f"measure.lines.{name}.sidebands"
    if not (np.isfinite(rate) and rate > 0.0):
        raise UserError(where, "the spinning rate is unknown", WHERE)
    spacing = rate / reduced.larmor_mhz
    low, high = range_ppm
    if high - low > spacing:
        what = f"the line's range is {high - low:.0f} ppm wide, sidebands stand {spacing:.0f} ppm apart"
        raise UserError(where, what, "narrow the range of the line")
    all_orders = [n for n in range(-orders, orders + 1) if n]
    inside = [n for n in all_orders if x[0] <= low + n * spacing and high + n * spacing <= x[-1]]
    windows = [_window(x, low + n * spacing, high + n * spacing) for n in (0, *inside)]
    areas = np.array([float(y[w].sum()) * (x[1] - x[0]) for w in windows])
    covariance = covariance_of_areas(x, windows, reduced.sigma, reduced.noise_correlation)
    found = []
    errors: Array = np.sqrt(np.diag(covariance))
    for n, area, error in zip(inside, areas[1:].tolist(), errors[1:].tolist(), strict=True):
        found.append(
            NmrSideband(name, n, centre_ppm + n * spacing, 0.5 * (high - low), float(area), error,
                        bool(area > SIGNIFICANT * error))
        )  # fmt: skip
    total = float(areas.sum())
    share = float(areas[1:].sum()) / total
    slope = (np.array([0.0] + [1.0] * len(inside)) - share) / total
    u_share = float(np.sqrt(max(float(slope @ covariance @ slope), 0.0)))
    return Sidebands(tuple(found), share, u_share, tuple(n for n in all_orders if n not in inside))


def _window(x: Array, low: float, high: float) -> slice:
    first, last = (int(i) for i in np.searchsorted(x, (low, high)))
    return slice(first, last)
