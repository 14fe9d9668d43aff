"""A flat detector as at the BXDS wiggler line of the Canadian Light Source: geometry, counts, files.

1024 x 1024 pixels of 0.4 mm, 180 mm behind the sample, nearly upright; 0.2095 A. Positions follow pyFAI: axis 1 is
slow (rows, up), axis 2 fast (columns), axis 3 along the beam; pixel centres at (i + 1/2) times the pixel size;
orientation 3. Angles, solid angle and polarisation are computed here from the published formulas, not by pyFAI, so
that reading the images with pyFAI is a test of both.

Counts of a pixel: Poisson(K dOmega P I(2theta)) + offset + read noise, dOmega = cos^3 of the angle to the normal,
P = 1/2 (1 + cos^2 2theta - p cos 2chi sin^2 2theta), p = 0.95, chi from axis 2. I(2theta) is spread by a Gaussian of
0.2 mm along the radius first: pixel, point spread of the screen, width of the beam. One count stands for one photon;
gain, lag and oblique incidence in the screen are left out. A beam stop on an arm hides the centre, some pixels are
dead or hot; mask.tif says which. dark.tif is the mean of 64 exposures, rounded.

The real beamline's file names, headers and detector were not to be had; the layout is a plain one that pyFAI reads.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ntcspec.demo.series import NOTICE

Array = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]

PIXEL_M = 400e-6
SHAPE = (1024, 1024)
POLARISATION = 0.95
SPREAD_M = 2.0e-4  # standard deviation along the radius
RADIUS_STEP_M = 2.0e-5
OFFSET, OFFSET_SPREAD, READ_NOISE = 200.0, 8.0, 3.0
DARK_EXPOSURES = 64
STOP_M, ARM_M = 2.4e-3, 1.2e-3  # radius of the beam stop; half the width of its arm
FLAWED = 40  # dead, and as many hot pixels
MOST = 65535


@dataclass(frozen=True)
class Geometry:
    """Detector position as in a PONI file: metres and radians."""

    distance_m: float = 0.1800
    poni1_m: float = 0.2072
    poni2_m: float = 0.2029
    rot1_rad: float = 0.0030
    rot2_rad: float = -0.0020
    wavelength_m: float = 0.2095e-10

    def _pixels(self) -> tuple[Array, Array]:
        """Distances (m) of pixel centres from the point of normal incidence, along axes 1 and 2."""
        p1 = (np.arange(SHAPE[0]) + 0.5) * PIXEL_M - self.poni1_m
        p2 = (np.arange(SHAPE[1]) + 0.5) * PIXEL_M - self.poni2_m
        return np.broadcast_to(p1[:, None], SHAPE), np.broadcast_to(p2[None, :], SHAPE)

    def angles(self) -> tuple[Array, Array]:
        """2theta and chi (rad) of each pixel: rotation by rot1 about axis 1, then rot2 about axis 2."""
        p1, p2 = self._pixels()
        c1, s1, c2, s2 = np.cos(self.rot1_rad), np.sin(self.rot1_rad), np.cos(self.rot2_rad), np.sin(self.rot2_rad)
        t1 = p1 * c2 + p2 * s1 * s2 - self.distance_m * c1 * s2
        t2 = p2 * c1 + self.distance_m * s1
        t3 = p1 * s2 - p2 * c2 * s1 + self.distance_m * c1 * c2
        return np.arctan2(np.hypot(t1, t2), t3), np.arctan2(t1, t2)

    def solid_angle(self) -> Array:
        """cos^3 of the angle to the normal: relative solid angle of each pixel."""
        p1, p2 = self._pixels()
        return (1.0 + (p1**2 + p2**2) / self.distance_m**2) ** -1.5

    def polarisation(self) -> Array:
        """Polarisation factor of each pixel."""
        two_theta, chi = self.angles()
        cosine2 = np.cos(two_theta) ** 2
        return 0.5 * (1.0 + cosine2 - POLARISATION * np.cos(2.0 * chi) * (1.0 - cosine2))

    def poni(self) -> str:
        """PONI file, version 2.1."""
        detector = {"pixel1": PIXEL_M, "pixel2": PIXEL_M, "max_shape": list(SHAPE), "orientation": 3}
        lines = [f"# {NOTICE}", "# C order: 1 refers to rows (y), 2 to columns (x); metres and radians"]
        lines += [
            "poni_version: 2.1",
            "Detector: Detector",
            f"Detector_config: {json.dumps(detector)}",
            f"Distance: {self.distance_m!r}",
        ]
        lines += [f"Poni1: {self.poni1_m!r}", f"Poni2: {self.poni2_m!r}", f"Rot1: {self.rot1_rad!r}"]
        lines += [f"Rot2: {self.rot2_rad!r}", "Rot3: 0.0", f"Wavelength: {self.wavelength_m!r}"]
        return "\n".join([*lines, ""])


def spread(intensity: Array) -> Array:
    """Intensity on `Detector.grid_m`, spread by the instrument."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(intensity, SPREAD_M / RADIUS_STEP_M, mode="nearest")


@dataclass(frozen=True)
class Detector:
    """The same detector for all exposures: offsets, flaws, beam stop."""

    geometry: Geometry
    seed: int
    offset: Array = field(init=False)  # counts of each pixel without light
    flaw: npt.NDArray[np.int8] = field(init=False)  # 1 dead, 2 hot
    shadow: npt.NDArray[np.bool_] = field(init=False)  # behind the beam stop
    radius_m: Array = field(init=False)  # of each pixel on an upright detector: distance times tan 2theta
    grid_m: Array = field(init=False)  # radii on which intensities are given, beyond the corners
    acceptance: Array = field(init=False)  # solid angle times polarisation, zero in the shadow

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 1000])
        rows = np.linspace(-1.0, 1.0, SHAPE[0])[:, None]
        offset = OFFSET + 5.0 * rows + OFFSET_SPREAD * rng.standard_normal(SHAPE)
        flaw = np.zeros(SHAPE[0] * SHAPE[1], np.int8)
        places = rng.choice(flaw.size, 2 * FLAWED, replace=False)
        flaw[places[:FLAWED]], flaw[places[FLAWED:]] = 1, 2
        two_theta, chi = self.geometry.angles()
        radius = self.geometry.distance_m * np.tan(two_theta)
        up, right = radius * np.sin(chi), radius * np.cos(chi)
        shadow = (radius < STOP_M) | ((np.abs(right) < ARM_M) & (up < 0.0))
        steps = round((float(radius.max()) + 10.0 * SPREAD_M) / RADIUS_STEP_M)
        values = {
            "offset": offset,
            "flaw": flaw.reshape(SHAPE),
            "shadow": shadow,
            "radius_m": radius,
            "grid_m": np.arange(steps + 1) * RADIUS_STEP_M,
            "acceptance": self.geometry.solid_angle() * self.geometry.polarisation() * ~shadow,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def mask(self) -> npt.NDArray[np.uint8]:
        """1 where a pixel must not be used: flaws, shadow with a pixel around it, the outermost two on each side."""
        from scipy.ndimage import binary_dilation

        out = (self.flaw > 0) | binary_dilation(self.shadow, np.ones((3, 3), bool))
        out[:2], out[-2:], out[:, :2], out[:, -2:] = True, True, True, True
        return out.astype(np.uint8)

    def expected(self, intensity: Array) -> Array:
        """Mean photons of each pixel for photons at full solid angle on `grid_m`, spread already."""
        return np.interp(self.radius_m, self.grid_m, intensity) * self.acceptance

    def expose(self, photons: Array, number: int) -> npt.NDArray[np.uint16]:
        """One image; `number` gives it random numbers of its own."""
        rng = np.random.default_rng([self.seed, number])
        counts = rng.poisson(photons) + self.offset + READ_NOISE * rng.standard_normal(SHAPE)
        counts[self.flaw == 1], counts[self.flaw == 2] = 0.0, MOST
        return np.clip(np.rint(counts), 0, MOST).astype(np.uint16)

    def dark(self, number: int) -> npt.NDArray[np.uint16]:
        """Mean of many exposures without beam, rounded."""
        rng = np.random.default_rng([self.seed, number])
        counts = self.offset + READ_NOISE / np.sqrt(DARK_EXPOSURES) * rng.standard_normal(SHAPE)
        counts[self.flaw == 1], counts[self.flaw == 2] = 0.0, MOST
        return np.clip(np.rint(counts), 0, MOST).astype(np.uint16)


def tiff(image: Image, remark: str) -> bytes:
    """Baseline TIFF 6.0, little-endian, one strip, uncompressed, no time; ImageDescription says SIMULATED and `remark`.

    Entries of the directory are (tag, type 2 text, 3 short, 4 long or 5 ratio, value or offset), in ascending order.
    """
    rows, columns = image.shape
    bits = image.dtype.itemsize * 8
    pixels = image.astype(image.dtype.newbyteorder("<")).tobytes()
    text = f"{NOTICE} {remark}".encode("ascii") + b"\0"
    program = b"ntcspec demo\0"
    entries = 15
    start = 8 + 2 + 12 * entries + 4
    text_at, program_at = start, start + len(text) + len(text) % 2
    ratio_at = program_at + len(program) + len(program) % 2
    pixels_at = ratio_at + 8
    directory = [
        *[(256, 4, 1, columns), (257, 4, 1, rows), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, 1)],
        *[(270, 2, len(text), text_at), (273, 4, 1, pixels_at), (277, 3, 1, 1), (278, 4, 1, rows)],
        *[(279, 4, 1, len(pixels)), (282, 5, 1, ratio_at), (283, 5, 1, ratio_at), (296, 3, 1, 3)],
        *[(305, 2, len(program), program_at), (339, 3, 1, 1)],
    ]
    out = b"II*\0" + struct.pack("<IH", 8, len(directory))
    out += b"".join(struct.pack("<HHII", *entry) for entry in directory) + struct.pack("<I", 0)
    out += text + b"\0" * (len(text) % 2) + program + b"\0" * (len(program) % 2)
    return out + struct.pack("<II", round(0.01 / PIXEL_M), 1) + pixels
