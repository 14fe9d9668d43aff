"""What the stages `ingest` and `reduce` of the technique scattering hand on.

Symbols: Q = 4 pi sin(theta) / lambda (1/A), I intensity as counted, divided by what the geometry does to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy.typing as npt

from ntcspec.types import Array, Note, Plot, array, scalar, text

Pixels = npt.NDArray[Any]  # as counted: the type of the raw file where one frame was read, else float64

# --- ingest ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScatteringImage:
    """One image: of an exposure, or of what belongs to the detector. Several frames are averaged pixel by pixel."""

    role: str = text("'sample', 'container', 'air', 'calibrant', 'dark', 'flat' or 'mask'")
    source: str = text("the raw files, as the study names them")
    format: str = text("raw format, e.g. 'tiff'")
    format_evidence: str = text("what in the content told the format")
    pixels: Pixels = array(
        "", "counts of a frame, mean over the frames; shape (rows, columns), first row of the file first"
    )
    frames: int = scalar("1", "number of frames that the mean is of")
    left_out: Pixels = array("1", "frames in which the pixel was struck by something else and left out; empty: none")
    exposure_s: float = scalar("s", "time of one frame; NaN where no header says it")
    saturation: float = scalar("", "count at which a pixel is full; NaN where it is unknown")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("header of the raw file, whole; of several the first")


@dataclass(frozen=True)
class DetectorGeometry:
    """What a PONI file says: axis 1 runs along the numbers of rows, 2 along those of columns, 3 along the beam."""

    source: str = text("the PONI file, as the study names it")
    version: str = text("version of the PONI format")
    detector: str = text("name of the detector")
    detector_config: dict[str, Any] = text("pixel sizes (m), shape, orientation: as the file gives them")
    distance_m: float = scalar("m", "from the sample to the point of normal incidence")
    poni1_m: float = scalar("m", "point of normal incidence along axis 1")
    poni2_m: float = scalar("m", "point of normal incidence along axis 2")
    rot1_rad: float = scalar("rad", "rotation about axis 1")
    rot2_rad: float = scalar("rad", "rotation about axis 2")
    rot3_rad: float = scalar("rad", "rotation about the beam")
    wavelength_ang: float = scalar("A", "wavelength; NaN where the file does not say it")
    notes: tuple[Note, ...] = text("what was repaired or chosen")
    header: str = text("the file, whole")


@dataclass(frozen=True)
class ScatteringPattern:
    """One file of an intensity that was integrated elsewhere."""

    role: str = text("'sample', 'container', 'air' or 'calibrant'")
    source: str = text("path of the raw file as the study names it")
    format: str = text("raw format, e.g. 'fit2d_chi'")
    format_evidence: str = text("what in the content told the format")
    axis_unit: str = text("unit of the axis in the file: '1/A', '1/nm', '2theta_deg' or '2theta_rad'")
    axis_evidence: str = text("what told the unit of the axis")
    wavelength_ang: float = scalar("A", "wavelength; NaN where it is unknown")
    wavelength_evidence: str = text("what told the wavelength; empty where it is unknown")
    q_inv_ang: Array = array("1/A", "Q, ascending")
    intensity: Array = array("", "intensity as the file gives it", ("q_inv_ang",), "sigma")
    sigma: Array = array("", "standard uncertainty as the file gives it; empty where it gives none", ("q_inv_ang",))
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("header of the raw file, whole")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("pattern", "intensity as read", "intensity", ("q_inv_ang",)),)


@dataclass(frozen=True)
class ScatteringIngested:
    """Result of `ingest`: images with their geometry, or patterns; of the sample and of what is taken off."""

    images: tuple[ScatteringImage, ...] = text("one a role; none where patterns were read")
    geometry: tuple[DetectorGeometry, ...] = text("one where images were read")
    patterns: tuple[ScatteringPattern, ...] = text("one a file, repeat files one after the other")
    wavelength_ang: float = scalar("A", "wavelength; NaN where it is unknown")
    notes: tuple[Note, ...] = text("choices and warnings that belong to no single file")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()

    def image(self, role: str) -> ScatteringImage | None:
        """The image of that role, if there is one."""
        return next((one for one in self.images if one.role == role), None)


# --- reduce ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One exposure as it enters I(Q): of the sample, its container or the air, on its own axis.

    What the stage hands on as intensity is the sum over all parts of factor * intensity, each interpolated linearly to
    the axis of the first part, which is the sample. Errors of the points of a part are independent of each other.
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
class CalibrantCheck:
    """Rings of a calibrant: where its lattice puts them, and where the image or the pattern has them."""

    name: str = text("the calibrant")
    source: str = text("the raw files, as the study names them")
    expected_inv_ang: Array = array("1/A", "Q of each ring by the lattice")
    shift_inv_ang: Array = array("1/A", "found minus expected", ("expected_inv_ang",), "shift_error_inv_ang")
    shift_error_inv_ang: Array = array("1/A", "standard uncertainty of the shift, of the fit", ("expected_inv_ang",))
    fwhm_inv_ang: Array = array("1/A", "full width at half maximum of each ring", ("expected_inv_ang",))
    scale: float = scalar("1", "Q found over Q expected, of all rings together")
    scale_error: float = scalar("1", "its standard uncertainty, scatter of the rings included")
    centre_m: Array = array(
        "m", "how far the beam stands from where the geometry puts it, along axes 1 and 2; empty: unknown"
    )
    centre_error_m: Array = array("m", "its standard uncertainty")
    verdict: str = text("'agrees', 'off' or 'undecided'")
    reason: str = text("why, in one sentence")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("rings", "rings found minus rings expected", "shift_inv_ang", ("expected_inv_ang",)),
    )


@dataclass(frozen=True)
class ImageView:
    """An image made small for a figure: mean of blocks of pixels, with its mask, beam centre and rings."""

    role: str = text("'sample' or 'calibrant'")
    label: str = text("the raw files, as the study names them")
    rows: Array = array("1", "row number of the centre of each block in the image as turned over")
    columns: Array = array("1", "column number of the centre of each block in the image as turned over")
    counts: Pixels = array(
        "", "mean of the pixels that were used, dark taken off; NaN where none was", ("rows", "columns")
    )
    masked: Pixels = array("1", "fraction of the pixels of a block that were not used", ("rows", "columns"))
    centre: Array = array("1", "row and column where the beam meets the detector; NaN if it does not")
    ring_inv_ang: Array = array("1/A", "Q of each ring that is drawn")
    ring_of_point: Array = array("1", "which ring each point of the lines belongs to; lines are split by NaN")
    ring_rows: Array = array("1", "rows of the points of the lines")
    ring_columns: Array = array("1", "columns of the points of the lines")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("image", "detector image", "counts", ("rows", "columns")),)


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
    checks: tuple[CalibrantCheck, ...] = field(default=(), metadata={"meaning": "calibrants measured alongside"})
    views: tuple[ImageView, ...] = field(default=(), metadata={"meaning": "images made small, for figures"})
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("intensity", "I(Q) of the sample", "intensity", ("q_inv_ang",)),)
