"""Stage `measure` of the technique xanes for many spectra: every metric of every frame, and of the series as a whole.

Order of steps: blocks of frames; the readings of each (`metrics.py`); sums over all frames (`ntcspec.frames.summary`).
A frame that cannot be used stays in its place as NaN, with its reason, and is named in a note; a number that one frame
does not give is NaN in that frame alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import shown
from ntcspec.frames.summary import Summary
from ntcspec.types import Array, Note
from ntcspec.types.xas_frames import FrameMetric, XanesFrames, XanesFramesMeasured
from ntcspec.xas.frames.metrics import Read, Readings, block_of
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
) -> XanesFramesMeasured:
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
    ordered = len(reduced.coordinate_names) == 1
    gathered: dict[str, Summary] = {}
    systematic: dict[str, list[Array]] = {}
    for block in reduced.frames:
        for read in readings.read(block_of(block)):
            one = gathered.setdefault(read.name, _summary(read, reduced.coordinate_names[0] if ordered else ""))
            one.add(block.along, read.value, read.u_stat, read.by_choice)
            systematic.setdefault(read.name, []).append(read.u_sys)
    source, reason, along, across = (reduced.frames.column(n) for n in ("source", "reason", "along", "across"))
    used = np.array([not why for why in reason], dtype=bool)
    if not used.any():
        raise UserError(
            "frames", f"none of them can be used: {shown(source, reason, 1)}", "mend the files or the ranges"
        )
    per_frame = tuple(
        FrameMetric(
            name, one.unit, reduced.coordinate_units[0], along, across,
            np.concatenate(one.values), np.concatenate(one.errors), np.concatenate(systematic[name]),
        )
        for name, one in gathered.items()
    )  # fmt: skip
    notes: list[Note] = [f"{np.count_nonzero(used)} of {used.size} frames are used"]
    notes += [f"left out: {shown(source, reason)}"] if not used.all() else []
    notes += ["errors rest on the scatter of each frame's own points"]
    notes += [*([COMMON] if reduced.choice_names else []), AS_MEASURED, *readings.notes]
    notes += _not_made(peaks, mixture, transform) + _missing(per_frame, used)
    return XanesFramesMeasured(
        metrics=tuple(metric for one in gathered.values() for metric in one.metrics()),
        notes=tuple(notes),
        coordinate_names=reduced.coordinate_names,
        coordinate_units=reduced.coordinate_units,
        choice_names=reduced.choice_names,
        frame_metrics=per_frame,
        source=source,
        reason=reason,
    )


def _summary(read: Read, along: str) -> Summary:
    return Summary(read.name, read.unit, read.method, along)


def _not_made(peaks: Mapping[str, Any], mixture: Mapping[str, Any] | None, transform: Mapping[str, Any]) -> list[Note]:
    asked = [*(f"peak fit {name}" for name in peaks), *(["the mixture"] if mixture else [])]
    asked += [f"the difference to {name}" for name in transform["standards"]]
    return [f"not made for frames: {', '.join(asked)}"] if asked else []


def _missing(per_frame: Sequence[FrameMetric], used: Array) -> list[Note]:
    """'e0.half_step: missing in 3 of 200 frames' for what some frames that are used do not give."""
    counts = [(m.name, int(np.count_nonzero(np.isnan(m.value[used])))) for m in per_frame]
    total = np.count_nonzero(used)
    return [f"{name}: missing in {count} of {total} frames" for name, count in counts if count]
