"""Raman panels of frames; how they are built stands in `frames`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ntcspec.plot import Entry
from ntcspec.plot import frames as made
from ntcspec.plot import frames_options as options
from ntcspec.plot.data import PanelData
from ntcspec.types.raman_frames import RamanCorrected

LOOK = made.Look(
    "raman",
    RamanCorrected,
    "mean_intensity",
    "shift_cm1",
    "corrected",
    ("Raman shift", "1/cm"),
    "Intensity",
    "baselines",
)


def frames(entries: Sequence[Entry], opts: options.FramesOptions) -> PanelData:
    """The spectra of all frames, without baseline, as a map, each at its coordinate, or what differs from the first
    frames or from the mean; from `reduce`."""
    return made.frames(entries, opts, LOOK)


def frame_metric(entries: Sequence[Entry], opts: options.FrameMetricOptions) -> PanelData:
    """One metric of every frame along the frames, with bands: statistical, and the range over baselines; from
    `measure`."""
    return made.frame_metric(entries, opts, LOOK)


def frame_map(entries: Sequence[Entry], opts: options.FrameMapOptions) -> PanelData:
    """One metric of every frame of a map as an image over both coordinates; from `measure`."""
    return made.frame_map(entries, opts, LOOK)


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "raman.frames": frames,
    "raman.frame_metric": frame_metric,
    "raman.frame_map": frame_map,
}
