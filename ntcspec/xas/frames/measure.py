"""Stage `measure` of the technique xanes for many spectra: every metric of every frame, and of the series as a whole.

Order of steps: blocks of frames; the readings of each (`metrics.py`); sums over all frames (`ntcspec.frames.gather`).
A frame that cannot be used stays in its place as NaN, with its reason, and is named in a note; a number that one frame
does not give is NaN in that frame alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ntcspec.frames.gather import Gathered
from ntcspec.types import Note
from ntcspec.types.frames import FramesMeasured
from ntcspec.types.xas_frames import XanesFrames
from ntcspec.xas.frames.metrics import Readings, block_of
from ntcspec.xas.xanes.measure import AS_MEASURED, COMMON, EDGE_HALF_RANGE_EV


def measure_frames(
    reduced: XanesFrames,
    *,
    edge_range_ev: Sequence[float] | None,
    features: Mapping[str, Mapping[str, Any]],
    peaks: Mapping[str, Mapping[str, Any]],
    windows: Mapping[str, Sequence[float]],
    mixture: Mapping[str, Any] | None,
    transform: Mapping[str, Any],
) -> FramesMeasured:
    """Metrics of every frame. Parameters as those of `measure_xanes`; transform: that section of the study, for its
    smoothing. Peak fits, mixtures and differences to standards are not made; a note says so where they are asked for.

    Raises UserError where no frame can be used, and ValueError for a window that does not ascend.
    """
    energy, e0 = reduced.energy_ev, reduced.e0_ev
    low, high = edge_range_ev or (e0 - EDGE_HALF_RANGE_EV, e0 + EDGE_HALF_RANGE_EV)
    readings = Readings(
        reduced,
        edge_range_ev=(max(float(low), float(energy[0])), min(float(high), float(energy[-1]))),
        smooth_ev=float(transform["smooth_ev"]),
        features=features,
        windows=windows,
    )
    gathered = Gathered(reduced.coordinate_names, reduced.coordinate_units, "normalisation")
    for block in reduced.frames:
        gathered.add(block.along, readings.read(block_of(block)))
    notes: list[Note] = ["errors rest on the scatter of each frame's own points"]
    notes += [*([COMMON] if reduced.choice_names else []), AS_MEASURED, *readings.notes]
    notes += _not_made(peaks, mixture, transform)
    return gathered.result(reduced.frames, reduced.choice_names, notes)


def _not_made(peaks: Mapping[str, Any], mixture: Mapping[str, Any] | None, transform: Mapping[str, Any]) -> list[Note]:
    asked = [*(f"peak fit {name}" for name in peaks), *(["the mixture"] if mixture else [])]
    asked += [f"the difference to {name}" for name in transform["standards"]]
    return [f"not made for frames: {', '.join(asked)}"] if asked else []
