"""Where each pixel stands: pyFAI's geometry, kept for the next image of the same detector.

Axis 1 runs along the numbers of rows, axis 2 along those of columns, 3 along the beam; p1, p2 are positions on the
detector (m). In the laboratory t = R (p1 - poni1, p2 - poni2, L), R = Rot3 Rot2 Rot1 as in pyFAI;
2theta = angle of t to axis 3, phi = atan2(t1, t2).

Orientation says where the first pixel of the image lies: 3 as is, 2 rows backwards, 4 columns backwards, 1 both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError, did_you_mean
from ntcspec.types import Array
from ntcspec.types.scattering import DetectorGeometry

KEPT = 2  # geometries held in memory
BINS_A_PIXEL = 5
NORMAL = 3


@dataclass(frozen=True)
class Setup:
    """Integrator of one detector and its bins. q, chi: of each pixel (1/A, rad); edges: of the bins (1/A)."""

    ai: Any  # pyFAI's AzimuthalIntegrator
    shape: tuple[int, int]
    wavelength_ang: float
    step_inv_ang: float
    bins: int
    q: npt.NDArray[np.float32]
    bin_of: npt.NDArray[np.int64]
    chi: npt.NDArray[np.float32] = field(repr=False)

    @property
    def centres(self) -> Array:
        """Q (1/A) in the middle of each bin."""
        return (np.arange(self.bins, dtype=np.float64) + 0.5) * self.step_inv_ang

    @property
    def last_inv_ang(self) -> float:
        return self.bins * self.step_inv_ang


def setup_for(
    geometry: DetectorGeometry,
    shape: tuple[int, int],
    wavelength_ang: float,
    *,
    orientation: int | None = None,
    step_inv_ang: float | None = None,
) -> Setup:
    """The integrator for images of this shape; made once.

    step_inv_ang : width of a bin; None: a fifth of the pixel at the beam centre, which damps G(r) by 1 % at 30 A

    Raises
    ------
    UserError
        A detector that pyFAI does not know, another shape or pixel size than its own, an orientation it cannot have.
    """
    config = json.dumps(geometry.detector_config, sort_keys=True)
    numbers = (geometry.distance_m, geometry.poni1_m, geometry.poni2_m)
    angles = (geometry.rot1_rad, geometry.rot2_rad, geometry.rot3_rad)
    key = (geometry.source, geometry.detector, config, numbers, angles)
    return _setup(*key, tuple(int(n) for n in shape), float(wavelength_ang), orientation, step_inv_ang)


@lru_cache(maxsize=KEPT)
def _setup(
    source: str,
    name: str,
    config: str,
    numbers: tuple[float, float, float],
    angles: tuple[float, float, float],
    shape: tuple[int, int],
    wavelength_ang: float,
    orientation: int | None,
    step_inv_ang: float | None,
) -> Setup:
    from pyFAI.integrator.azimuthal import AzimuthalIntegrator

    detector = _detector(source, name, json.loads(config), shape, orientation)
    ai = AzimuthalIntegrator(numbers[0], *numbers[1:], *angles, detector=detector, wavelength=wavelength_ang * 1e-10)
    q = np.asarray(ai.center_array(shape, unit="q_A^-1"), dtype=np.float32)
    chi = np.asarray(ai.center_array(shape, unit="chi_rad"), dtype=np.float32)
    pixel = 0.5 * (detector.pixel1 + detector.pixel2)
    step = step_inv_ang or 2.0 * np.pi * pixel / (wavelength_ang * numbers[0]) / BINS_A_PIXEL
    bins = int(np.ceil((float(q.max()) + 1e-6) / step))
    bin_of = np.minimum(q / np.float32(step), bins - 1).astype(np.int64)
    return Setup(ai, shape, wavelength_ang, float(step), bins, q, bin_of, chi)


def _detector(source: str, name: str, config: dict[str, Any], shape: tuple[int, int], orientation: int | None) -> Any:
    from pyFAI.detectors import ALL_DETECTORS, Detector, detector_factory

    turned = orientation or config.get("orientation") or NORMAL
    generic = name.casefold() in ("detector", "none", "")
    given = {
        key: value for key, value in config.items() if key not in ("orientation", "max_shape") and value is not None
    }
    if generic:
        own = {key: given[key] for key in ("pixel1", "pixel2")}
        return Detector(**own, max_shape=shape, orientation=turned)
    try:
        detector = detector_factory(name, {**given, "orientation": turned})
    except Exception as error:  # RuntimeError, ValueError, TypeError: as the detector likes
        fix = "name one that pyFAI knows, or write `Detector: Detector` with pixel sizes and max_shape"
        if name.casefold().replace(" ", "_") not in ALL_DETECTORS:
            raise UserError(
                f"{source}: Detector", f"pyFAI knows no {name!r}{did_you_mean(name, ALL_DETECTORS)}", fix
            ) from None
        raise UserError(f"{source}: Detector", f"{name!r} cannot be as it is described: {error}", fix) from None
    if detector.shape is not None and tuple(detector.shape) != shape:
        rows, columns = detector.shape
        what = f"the image has {shape[0]} rows x {shape[1]} columns, a {name} of these pixels {rows} x {columns}"
        raise UserError(source, what, "give the PONI file of this detector; calibrate binned images as such")
    return detector


def to_pixels(setup: Setup, two_theta_rad: Array, phi_rad: Array) -> tuple[Array, Array]:
    """Row and column (pixel centres are whole) where rays of 2theta and phi meet the detector; NaN where none."""
    ai = setup.ai
    ray = np.stack(
        [
            np.sin(two_theta_rad) * np.sin(phi_rad),
            np.sin(two_theta_rad) * np.cos(phi_rad),
            np.cos(two_theta_rad) + 0.0 * phi_rad,
        ]
    )
    on_detector = ai.rotation_matrix().T @ ray.reshape(3, -1)
    ahead = on_detector[2] > 1e-6
    scale = np.where(ahead, ai.dist / np.where(ahead, on_detector[2], 1.0), np.nan)
    p1 = (on_detector[0] * scale + ai.poni1).reshape(ray.shape[1:])
    p2 = (on_detector[1] * scale + ai.poni2).reshape(ray.shape[1:])
    rows, columns = p1 / ai.detector.pixel1 - 0.5, p2 / ai.detector.pixel2 - 0.5
    turned = int(ai.detector.orientation)
    if turned in (1, 2):
        rows = setup.shape[0] - 1.0 - rows
    if turned in (1, 4):
        columns = setup.shape[1] - 1.0 - columns
    return rows, columns


def beam_centre(setup: Setup) -> tuple[float, float]:
    """Row and column where the beam itself meets the detector; NaN if it does not."""
    rows, columns = to_pixels(setup, np.zeros(1), np.zeros(1))
    return float(rows[0]), float(columns[0])


def two_theta_of(q_inv_ang: Array, wavelength_ang: float) -> Array:
    """2theta (rad) of Q; NaN where no angle has it."""
    sine = np.asarray(q_inv_ang) * wavelength_ang / (4.0 * np.pi)
    return 2.0 * np.arcsin(np.where(sine <= 1.0, sine, np.nan))
