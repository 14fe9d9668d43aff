"""An image made small for a figure: means over blocks of pixels, the mask, the beam centre, rings as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.scattering.geometry import Setup, beam_centre, to_pixels, two_theta_of
from ntcspec.scattering.pixels import Flags
from ntcspec.types import Array
from ntcspec.types.scattering import ImageView

MOST = 512  # blocks along a side
RING_POINTS = 181
MOST_RINGS = 30


def view_of(
    setup: Setup, role: str, label: str, signal: Array, used: Flags, rings_inv_ang: Sequence[float]
) -> ImageView:
    """signal, used: shape of the detector, as integrated (dark taken off, turned over); rings: Q (1/A)."""
    size = max(-(-max(setup.shape) // MOST), 1)
    total, count, whole = (
        _blocks(one, size) for one in (np.where(used, signal, 0.0), used, np.ones(setup.shape, bool))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        counts = np.where(count > 0, total / count, np.nan).astype(np.float32)
    rings = np.array([q for q in rings_inv_ang if np.isfinite(two_theta_of(np.array(q), setup.wavelength_ang))], float)
    rings = rings[:MOST_RINGS]
    of_point, rows, columns = _lines(setup, rings)
    return ImageView(
        role=role,
        label=label,
        rows=_centres(setup.shape[0], size),
        columns=_centres(setup.shape[1], size),
        counts=counts,
        masked=(1.0 - count / whole).astype(np.float32),
        centre=np.array(beam_centre(setup)),
        ring_inv_ang=rings,
        ring_of_point=of_point,
        ring_rows=rows,
        ring_columns=columns,
    )


def _blocks(values: npt.NDArray[Any], size: int) -> Array:
    """Sums over blocks of size x size; the last ones may be smaller."""
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], size), axis=0, dtype=np.float64)
    return np.add.reduceat(rows, np.arange(0, values.shape[1], size), axis=1)


def _centres(length: int, size: int) -> Array:
    starts = np.arange(0, length, size)
    return 0.5 * (starts + np.minimum(starts + size, length) - 1.0).astype(np.float64)


def _lines(setup: Setup, rings: Array) -> tuple[Array, Array, Array]:
    """Ring number, row, column of the points of all rings; NaN where a line leaves the image and between rings."""
    phi = np.linspace(-np.pi, np.pi, RING_POINTS)
    parts = []
    for number, q in enumerate(rings):
        two_theta = np.full(RING_POINTS, float(two_theta_of(np.array(q), setup.wavelength_ang)))
        rows, columns = to_pixels(setup, two_theta, phi)
        inside = (rows >= -0.5) & (rows <= setup.shape[0] - 0.5) & (columns >= -0.5) & (columns <= setup.shape[1] - 0.5)
        if inside.any():
            line = np.stack([np.full(RING_POINTS, float(number)), rows, columns])
            line[1:, ~inside] = np.nan
            parts += [line, np.array([[float(number)], [np.nan], [np.nan]])]
    whole = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0))
    return whole[0], whole[1], whole[2]
