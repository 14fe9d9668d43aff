"""Parameters of the technique `scattering`: stages `ingest` and `reduce`; the others are in `scattering_pdf`.

Q is 4 pi sin(theta) / lambda.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntcspec.config.base import Formula, Interval, Parameters, param
from ntcspec.config.scattering_pdf import ScatteringMeasure, ScatteringTransform

Files = str | Annotated[tuple[str, ...], Field(min_length=1)] | None


class ScatteringIngest(Parameters):
    """Raw files as measured, and what was measured alongside. Files are paths from `raw_root`; a list is averaged."""

    poni: str | None = param(None, "", "geometry of the detector (pyFAI, versions 1 to 3); images need it")
    mask: str | None = param(None, "", "image: 1 (or above) where a pixel is not used")
    dark: Files = param(None, "", "image without beam, exposed as long as the sample")
    flat: str | None = param(None, "", "image of the response of the pixels, near 1")
    container: Files = param(None, "", "the empty container")
    air: Files = param(None, "", "neither sample nor container")
    calibrant: Files = param(None, "", "a powder whose rings are known; checks the geometry, changes nothing")
    axis_unit: Literal["1/A", "1/nm", "2theta_deg", "2theta_rad"] | None = param(
        None, "", "unit of the axis of patterns; wins over their headers"
    )
    wavelength_ang: float | None = param(
        None, "angstrom", "wavelength; wins over PONI file and headers", gt=0.01, lt=10
    )
    dataset: str = param("", "", "array of images in HDF5 files, where several could be meant")
    frame_z: float | None = param(
        8.0, "", "of three frames or more: least height of a flash in one over the noise of counting", gt=3
    )


class ScatteringReduce(Parameters):
    """Images to I(Q), container and air taken off, absorption. Rings of the calibrant are compared."""

    q_range_inv_ang: Interval | None = param(None, "1/angstrom", "range that is kept; without it all that was measured")
    q_step_inv_ang: float | None = param(
        None, "1/angstrom", "width of a bin; without it a fifth of the pixel at the beam centre", ge=5e-4, le=0.5
    )
    polarisation: float | None = param(
        0.95, "", "degree of polarisation, 1: in the plane of axis 2 (horizontal); null: not corrected", ge=-1, le=1
    )
    polarisation_1d: bool = param(
        False, "", "divide patterns by (1 + cos^2 2theta) / 2: whole rings, not yet corrected"
    )
    solid_angle: bool = param(True, "", "divide by the solid angle of the pixels")
    orientation: Literal[1, 2, 3, 4] | None = param(
        None, "", "where the first pixel lies, as pyFAI counts; wins over the PONI file"
    )
    flip: Literal["none", "vertical", "horizontal", "both"] = param(
        "none", "", "images, mask, dark and flat turned over before all else; Dioptas calibrates with `vertical`"
    )
    errors: Literal["counting", "scatter", "none"] = param(
        "counting", "", "sigma of images: of the counts, or of the scatter of pixels round a ring"
    )
    gain: float = param(1.0, "", "counts of one photon", gt=0)
    read_noise: float = param(0.0, "", "standard deviation of a pixel of one frame without light, in counts", ge=0)
    dark_frames: int = param(1, "", "frames that the dark is the mean of, where its file does not say it", ge=1)
    reject: Literal["none", "sigma_clip", "median"] = param(
        "none", "", "pixels off their ring left out: beyond `reject_z`, or outside the middle 80 %"
    )
    reject_z: float = param(5.0, "", "standard deviations for `sigma_clip`", gt=2)
    saturation: float | None = param(None, "", "count at which a pixel is full; wins over the header", gt=0)
    saturated: Literal["refuse", "leave_out"] = param(
        "refuse", "", "where saturated pixels are 5 % of a ring or more; fewer are always left out"
    )
    negative: Literal["refuse", "leave_out", "keep"] = param("refuse", "", "raw counts below zero other than -1 and -2")
    beam_stop: Literal["refuse", "keep"] = param("refuse", "", "a dark region round the beam centre outside the mask")
    zeros: Literal["leave_out", "keep"] = param(
        "leave_out", "", "points of 0 at the ends of patterns, where no pixel lay; PDFgetX3 keeps them"
    )
    monitor: float | None = param(
        None, "", "beam on the sample (time or monitor); without it that of the headers", gt=0
    )
    container_monitor: float | None = param(None, "", "the same of the container", gt=0)
    air_monitor: float | None = param(None, "", "the same of the air", gt=0)
    container_scale: float | Literal["auto", "absorption", "self_scattering"] = param(
        "auto",
        "",
        "what the container is multiplied by, or how that is found; `auto`: by absorption, refused where it is unknown",
    )
    container_scale_error: float = param(0.0, "", "relative standard uncertainty of a scale that is given", ge=0)
    density_g_cm3: float | None = param(None, "g/cm^3", "density of the sample without voids", gt=0)
    packing: float = param(0.5, "", "share of the capillary that the sample fills", gt=0, le=1)
    packing_error: float = param(0.1, "", "standard uncertainty of `packing`, relative", ge=0)
    mu_inv_cm: float | None = param(
        None, "1/cm", "absorption of the sample as packed; wins over the computed one", ge=0
    )
    inner_mm: float | None = param(None, "mm", "inner diameter of the capillary; without it absorption is left", gt=0)
    wall_mm: float = param(0.0, "mm", "thickness of its wall; 0: the wall absorbs nothing", ge=0)
    wall: Formula = param("", "", "composition of its wall, e.g. C22H10N2O5")
    wall_density_g_cm3: float | None = param(None, "g/cm^3", "density of its wall", gt=0)
    beam_mm: float | None = param(
        None, "mm", "width of the beam across the capillary; without it wider than that", gt=0
    )
    azimuth: Literal["ring", "across"] = param(
        "ring", "", "absorption averaged round the ring, or in the plane across the capillary alone"
    )
    calibrant: str = param(
        "", "", "calibrant as pyFAI calls it (Ni, CeO2, LaB6, Si ..); without a file of it the sample is taken for it"
    )
    ring_tolerance: float = param(1e-3, "", "error of the scale of Q up to which the calibrant agrees, relative", gt=0)
    rings: tuple[float, ...] = param((), "1/angstrom", "Q of rings drawn on the sample's image")

    @model_validator(mode="after")
    def _capillary(self) -> ScatteringReduce:
        if self.container_scale == "absorption" and not self.absorbs:
            raise ValueError("container_scale: absorption needs `inner_mm` and `density_g_cm3` or `mu_inv_cm`")
        if self.wall_mm and not (self.wall and self.wall_density_g_cm3):
            raise ValueError("`wall_mm` needs `wall` and `wall_density_g_cm3`")
        return self

    @property
    def absorbs(self) -> bool:
        """Whether enough is known of the capillary for a correction."""
        return self.inner_mm is not None and (self.mu_inv_cm is not None or self.density_g_cm3 is not None)


class Scattering(Parameters):
    """All stages of the technique `scattering`."""

    ingest: ScatteringIngest = ScatteringIngest()
    reduce: ScatteringReduce = ScatteringReduce()
    transform: ScatteringTransform = ScatteringTransform()
    measure: ScatteringMeasure = ScatteringMeasure()
