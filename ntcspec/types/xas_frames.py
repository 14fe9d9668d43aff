"""What the stages hand on of a measurement whose scans are spectra of their own: frames.

Symbols: E photon energy (eV), mu absorption, norm = (mu - line) / edge step, c a choice of normalisation, l0 and l1
coefficients of the pre-edge line.

Frames stand in blocks (ntcspec.types.blocks). A frame that cannot be used keeps its place: its numbers are NaN, and
`reason` says why. `along` and `across` are the coordinates of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text
from ntcspec.types.blocks import Blocks
from ntcspec.types.xas import XasScan

ALONG = "coordinate of the frame, in the unit that `coordinate_units` names"
ACROSS = "second coordinate of a map; NaN where there is none"
REASON = "why the frame cannot be used; empty if it can"


@dataclass(frozen=True)
class RawFrame:
    """A block of frames as measured. Rows that are shorter than the longest end in NaN."""

    energy_ev: Array = array("eV", "photon energy, shape (frames, E)")
    signals: Array = array("", "columns of the raw file that detection modes use, shape (frames, columns, E)")
    along: Array = array("", ALONG)
    across: Array = array("", ACROSS)
    source: tuple[str, ...] = text("raw file, and scan in it, as the study names it")
    reason: tuple[str, ...] = text(REASON)


@dataclass(frozen=True)
class XasFrames:
    """Result of `ingest`: scans whose rows and roles were checked one by one."""

    first: XasScan = text("the first frame that can be used, whole: its header, its columns, what they are")
    column_names: tuple[str, ...] = text("columns in `signals`")
    coordinate_names: tuple[str, ...] = text("what differs from frame to frame, such as time; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    frames: Blocks[RawFrame] = text("one row a frame")
    notes: tuple[Note, ...] = text("choices and warnings")


@dataclass(frozen=True)
class NormalisedFrame:
    """A block of normalised frames on one grid."""

    norm: Array = array("1", "normalised absorption, shape (frames, E)")
    noise: Array = array("1", "standard uncertainty of a point of norm, from the scatter of the frame's own points")
    edge_step: Array = array("1", "edge step")
    edge_step_error: Array = array("1", "standard uncertainty of the edge step, from that of the points")
    lines: Array = array("1", "l0, l1 and edge step, nominal and under each choice, shape (frames, 1 + choices, 3)")
    along: Array = array("", ALONG)
    across: Array = array("", ACROSS)
    source: tuple[str, ...] = text("raw file, and scan in it, as the study names it")
    reason: tuple[str, ...] = text(REASON)


@dataclass(frozen=True)
class XanesFrames:
    """Result of `reduce`: one detection mode of all frames, normalised alike, on one grid.

    mu of a frame is norm * step + basis @ (l0, l1), and its norm under choice c is (mu - basis @ (l0, l1)_c) / step_c.
    """

    mode: str = text("detection mode")
    energy_ev: Array = array("eV", "photon energy, grid of the first frame that is used")
    basis: Array = array("1", "what l0 and l1 multiply, E^-v and x E^-v, shape (E, 2)")
    mean_norm: Array = array("1", "normalised mean of the frames", ("energy_ev",))
    e0_ev: float = scalar("eV", "energy that ranges are relative to, the same for all frames")
    choice_names: tuple[str, ...] = text("choices of normalisation, 'parameter=value ...'")
    coordinate_names: tuple[str, ...] = text("what differs from frame to frame; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    frames: Blocks[NormalisedFrame] = text("one row a frame")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings")

    def plots(self) -> tuple[Plot, ...]:
        """All frames as a map, and their mean."""
        return (
            Plot("frames", "normalised absorption of the frames", "frames/norm", ("frames/along", "energy_ev")),
            Plot("mean", "normalised mean of the frames", "mean_norm", ("energy_ev",)),
        )


@dataclass(frozen=True)
class FrameMetric:
    """One number of every frame."""

    name: str = text("e.g. 'e0.half_step'")
    metric_unit: str = text("unit of value and uncertainties")
    along_unit: str = text("unit of `along`")
    along: Array = array("", "coordinate of the frame")
    across: Array = array("", ACROSS)
    value: Array = array("", "value, NaN where it is missing", ("along",), "u_stat")
    u_stat: Array = array("", "statistical standard uncertainty")
    u_sys: Array = array("", "half the range over the choices of normalisation, NaN where it is not known")

    @property
    def label(self) -> str:
        """What viewers write above its plot."""
        return self.name

    def units(self) -> dict[str, str]:
        """Units of the arrays, which hang on the metric and on the coordinate."""
        return dict.fromkeys(("value", "u_stat", "u_sys"), self.metric_unit) | dict.fromkeys(
            ("along", "across"), self.along_unit
        )

    def plots(self) -> tuple[Plot, ...]:
        """The value against the coordinate."""
        return (Plot("metric", "of each frame", "value", ("along",)),)


@dataclass(frozen=True)
class XanesFramesMeasured(Metrics):
    """Result of `measure`: every metric of every frame, and as `metrics` what a series as a whole says."""

    coordinate_names: tuple[str, ...] = text("what differs from frame to frame; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    choice_names: tuple[str, ...] = text("choices of normalisation")
    frame_metrics: tuple[FrameMetric, ...] = text("one entry a metric")
    source: tuple[str, ...] = text("raw file, and scan in it, of each frame")
    reason: tuple[str, ...] = text(REASON)
