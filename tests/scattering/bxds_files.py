"""Small detectors and the demo's images for the tests of total scattering."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.demo import find_resources, scattering
from ntcspec.scattering.geometry import Setup, setup_for
from ntcspec.scattering.raw import ingest_scattering
from ntcspec.types import Array
from ntcspec.types.scattering import DetectorGeometry, ScatteringImage, ScatteringIngested

SEED = 618149191
NAME = "NTC 26 h"
ALONGSIDE = {
    "poni": "bxds.poni",
    "mask": "mask.tif",
    "dark": "dark.tif",
    "container": "empty_kapton.tif",
    "calibrant": "Ni.tif",
}
DETECTOR = {"read_noise": 3.0, "dark_frames": 64}


@lru_cache(maxsize=1)
def made() -> Any:
    """Raw files of one sample, the container, the dark and Ni; and their truth."""
    return scattering.make(find_resources(), SEED, samples=(NAME,))


def write(folder: Path) -> Path:
    """The files below `folder`; the folder of the images."""
    for name, content in made().files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "bxds"


def ingested(
    images: Path, *, without: tuple[str, ...] = (), sample: str = "NTC-26h.tif", **more: Any
) -> ScatteringIngested:
    """The demo's measurement, without some of what stands beside it."""
    files = {role: (images / name, name) for role, name in ALONGSIDE.items() if role not in without}
    return ingest_scattering([images / sample], [sample], files=files, **{"simulated": True, **more})


def geometry(**more: Any) -> DetectorGeometry:
    """A detector of 120 x 150 pixels of 1 mm, 100 mm behind the sample, a little turned."""
    one = DetectorGeometry(
        source="g.poni", version="2.1", detector="Detector",
        detector_config={"pixel1": 1e-3, "pixel2": 1e-3, "orientation": 3},
        distance_m=0.1, poni1_m=0.0603, poni2_m=0.0748, rot1_rad=0.02, rot2_rad=-0.03, rot3_rad=0.0,
        wavelength_ang=0.2095, notes=(), header="",
    )  # fmt: skip
    return replace(one, **more)


SHAPE = (120, 150)


def setup(step: float = 0.15, **more: Any) -> Setup:
    return setup_for(geometry(**more), SHAPE, 0.2095, step_inv_ang=step)


def image(pixels: Any, role: str = "sample", **more: Any) -> ScatteringImage:
    one = ScatteringImage(
        role=role, source=f"{role}.tif", format="tiff", format_evidence="", pixels=np.asarray(pixels), frames=1,
        left_out=np.zeros((0, 0)), exposure_s=np.nan, saturation=65535.0, notes=(), header="",
    )  # fmt: skip
    return replace(one, **more)


def positions(one: DetectorGeometry, shape: tuple[int, int] = SHAPE) -> tuple[Array, Array, Array]:
    """2theta, phi (rad), cosine to the normal, of each pixel of orientation 3: from the definition, without pyFAI."""
    p1 = ((np.arange(shape[0]) + 0.5) * one.detector_config["pixel1"] - one.poni1_m)[:, None] + np.zeros(shape)
    p2 = ((np.arange(shape[1]) + 0.5) * one.detector_config["pixel2"] - one.poni2_m)[None, :] + np.zeros(shape)
    c, s = np.cos, np.sin
    r1 = np.array([[1, 0, 0], [0, c(one.rot1_rad), s(one.rot1_rad)], [0, -s(one.rot1_rad), c(one.rot1_rad)]])
    r2 = np.array([[c(one.rot2_rad), 0, -s(one.rot2_rad)], [0, 1, 0], [s(one.rot2_rad), 0, c(one.rot2_rad)]])
    r3 = np.array([[c(one.rot3_rad), -s(one.rot3_rad), 0], [s(one.rot3_rad), c(one.rot3_rad), 0], [0, 0, 1]])
    local = np.stack([p1, p2, np.full(shape, one.distance_m)]).reshape(3, -1)
    t1, t2, t3 = (r3 @ r2 @ r1 @ local).reshape(3, *shape)
    length = np.sqrt(p1**2 + p2**2 + one.distance_m**2)
    return np.arctan2(np.hypot(t1, t2), t3), np.arctan2(t1, t2), one.distance_m / length
