"""What the stages hand on of Raman frames: many spectra of one measurement, from one file or from many.

Symbols: s Raman shift (cm^-1), y intensity, B baseline, v another baseline.

Frames stand in blocks (ntcspec.types.blocks). A frame that cannot be used keeps its place as NaN, with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Note, Plot, array, scalar, text
from ntcspec.types.blocks import Blocks
from ntcspec.types.frames import ACROSS, ALONG, REASON, SOURCE
from ntcspec.types.raman import RamanScan


@dataclass(frozen=True)
class RawRamanFrame:
    """A block of frames as measured. Rows that are shorter than the longest end in NaN."""

    BLOCK_BYTES: ClassVar[int] = 3_000_000  # arPLS goes point by point, over all frames of a block at once
    shift_cm1: Array = array("1/cm", "Raman shift as the file gives it, shape (frames, points)")
    intensity: Array = array("", "intensity as the file gives it, shape (frames, points)")
    along: Array = array("", ALONG)
    across: Array = array("", ACROSS)
    source: tuple[str, ...] = text(SOURCE)
    reason: tuple[str, ...] = text(REASON)


@dataclass(frozen=True)
class RamanFrames:
    """Result of `ingest`: every spectrum of every file."""

    first: RamanScan = text("the first file that can be used: its header, and of its spectra the first")
    silicon: tuple[RamanScan, ...] = text("spectrum of silicon, if one was named")
    neon: tuple[RamanScan, ...] = text("spectrum of neon, if one was named")
    coordinate_names: tuple[str, ...] = text("what differs from frame to frame, such as time; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    frames: Blocks[RawRamanFrame] = text("one row a frame")
    notes: tuple[Note, ...] = text("choices and warnings")


@dataclass(frozen=True)
class CorrectedFrame:
    """A block of frames on one axis: spikes out, baseline found."""

    corrected: Array = array("", "intensity without spikes minus baseline, shape (frames, points)")
    baseline: Array = array("", "baseline, shape (frames, points)")
    sigma: Array = array("", "standard uncertainty of a point of intensity, shape (frames, points)")
    variants: Array = array("", "other baselines minus the baseline, shape (frames, variants, points)")
    spikes: Array = array("1", "points taken out as spikes")
    saturated: Array = array("1", "points at which the detector was saturated")
    along: Array = array("", ALONG)
    across: Array = array("", ACROSS)
    source: tuple[str, ...] = text(SOURCE)
    reason: tuple[str, ...] = text(REASON)


@dataclass(frozen=True)
class RamanCorrected:
    """Result of `reduce`: all frames on one calibrated axis, each with its own baselines."""

    shift_cm1: Array = array("1/cm", "Raman shift, calibrated, ascending")
    shift_error_cm1: Array = array("1/cm", "standard uncertainty of the calibration; NaN if not calibrated")
    mean_intensity: Array = array("", "intensity, mean of the frames, spikes not taken out", ("shift_cm1",))
    intensity_unit: str = text("unit of the intensities: counts, counts/s or arb. units")
    variant_names: tuple[str, ...] = text("other baselines, 'method parameter=value'")
    laser_nm: float = scalar("nm", "laser wavelength; NaN where it is unknown")
    calibration: str = text("how the axis was calibrated; empty if not")
    coordinate_names: tuple[str, ...] = text("what differs from frame to frame; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    frames: Blocks[CorrectedFrame] = text("one row a frame")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings")

    def plots(self) -> tuple[Plot, ...]:
        """All frames as a map, and their mean."""
        return (
            Plot("frames", "Raman spectra without baseline", "frames/corrected", ("frames/along", "shift_cm1")),
            Plot("mean", "mean of the frames, as measured", "mean_intensity", ("shift_cm1",)),
        )
