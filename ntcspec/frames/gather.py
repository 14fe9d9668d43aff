"""From what is read of each block of frames to the result of `measure`: per frame, and of the series as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import shown
from ntcspec.frames.summary import Summary
from ntcspec.peaks.value import NAN
from ntcspec.types import Array, Note
from ntcspec.types.blocks import Blocks
from ntcspec.types.frames import FrameMetric, FramesMeasured


@dataclass(frozen=True)
class Read:
    """One quantity of a block of frames: value and u_stat (frames,), value under each choice (frames, choices)."""

    name: str
    unit: str
    method: str
    value: Array
    u_stat: Array
    by_choice: Array

    @property
    def u_sys(self) -> Array:
        """Half the range over nominal and choices (frames,); NaN where there is none or it is lost under one."""
        if not self.by_choice.shape[1]:
            return np.full(self.value.shape, NAN)
        every = np.column_stack([self.value, self.by_choice])
        return np.asarray(0.5 * (every.max(axis=1) - every.min(axis=1)))


class Gathered:
    """All readings of a measurement. coordinate_names and _units as `ingest` has them; choice: what u_sys is over."""

    def __init__(self, coordinate_names: tuple[str, ...], coordinate_units: tuple[str, ...], choice: str) -> None:
        self.names, self.units, self.choice = coordinate_names, coordinate_units, choice
        self._summaries: dict[str, Summary] = {}
        self._systematic: dict[str, list[Array]] = {}

    def add(self, along: Array, readings: Sequence[Read]) -> None:
        """The readings of one block; the same quantities each time."""
        direction = self.names[0] if len(self.names) == 1 else ""
        for read in readings:
            new = Summary(read.name, read.unit, read.method, direction, self.choice)
            self._summaries.setdefault(read.name, new).add(along, read.value, read.u_stat, read.by_choice)
            self._systematic.setdefault(read.name, []).append(read.u_sys)

    def result(self, frames: Blocks[object], choice_names: tuple[str, ...], notes: Sequence[Note]) -> FramesMeasured:
        """What all blocks say together; notes: further ones, behind those on frames that are left out.

        Raises UserError where no frame can be used.
        """
        source, reason, along, across = (frames.column(n) for n in ("source", "reason", "along", "across"))
        used = np.array([not why for why in reason], dtype=bool)
        if not used.any():
            raise UserError("frames", f"none can be used: {shown(source, reason, 1)}", "mend the files or the ranges")
        per_frame = tuple(
            FrameMetric(
                name, one.unit, self.units[0], along, across,
                np.concatenate(one.values), np.concatenate(one.errors), np.concatenate(self._systematic[name]),
            )
            for name, one in self._summaries.items()
        )  # fmt: skip
        left_out = [] if used.all() else [f"left out: {shown(source, reason)}"]
        return FramesMeasured(
            metrics=tuple(metric for one in self._summaries.values() for metric in one.metrics()),
            notes=(f"{np.count_nonzero(used)} of {used.size} frames are used", *left_out, *notes,
                   *_missing(per_frame, used)),
            coordinate_names=self.names,
            coordinate_units=self.units,
            choice_names=choice_names,
            frame_metrics=per_frame,
            source=source,
            reason=reason,
        )  # fmt: skip


def _missing(per_frame: Sequence[FrameMetric], used: Array) -> list[Note]:
    """'e0.half_step: missing in 3 of 200 frames' for what some frames that are used do not give."""
    counts = [(m.name, int(np.count_nonzero(np.isnan(m.value[used])))) for m in per_frame]
    total = np.count_nonzero(used)
    return [f"{name}: missing in {count} of {total} frames" for name, count in counts if count]
