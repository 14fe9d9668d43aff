"""What the stages hand on of a measurement whose scans are spectra of their own: frames.

Symbols: E photon energy (eV), mu absorption, norm = (mu - line) / edge step, c a choice of normalisation, l0 and l1
coefficients of the pre-edge line.

Frames stand in blocks (ntcspec.types.blocks). A frame that cannot be used keeps its place: its numbers are NaN, and
`reason` says why. `along` and `across` are the coordinates of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ntcspec.types import Array, Note, Plot, array, scalar, text
from ntcspec.types.blocks import Blocks
from ntcspec.types.frames import ACROSS, ALONG, REASON, SOURCE
from ntcspec.types.xas import XasScan


@dataclass(frozen=True)
class RawFrame:
    """A block of frames as measured. Rows that are shorter than the longest end in NaN."""

    energy_ev: Array = array("eV", "photon energy, shape (frames, E)")
    signals: Array = array("", "columns of the raw file that detection modes use, shape (frames, columns, E)")
    along: Array = array("", ALONG)
    across: Array = array("", ACROSS)
    source: tuple[str, ...] = text(SOURCE)
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
    source: tuple[str, ...] = text(SOURCE)
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
