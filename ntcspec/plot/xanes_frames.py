"""XANES panels of frames; how they are built stands in `frames`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ntcspec.plot import Entry
from ntcspec.plot import frames as made
from ntcspec.plot import frames_options as options
from ntcspec.plot.data import PanelData
from ntcspec.types.xas_frames import XanesFrames

LOOK = made.Look(
    "xanes",
    XanesFrames,
    "mean_norm",
    "energy_ev",
    "norm",
    ("Photon energy", "eV"),
    "Normalised absorption",
    "normalisations",
)


def frames(entries: Sequence[Entry], opts: options.FramesOptions) -> PanelData:
    """The normalised spectra of all frames as a map, each at its coordinate, or what differs from the first frames or
    from the mean; from `reduce`."""
    return made.frames(entries, opts, LOOK)


def frame_metric(entries: Sequence[Entry], opts: options.FrameMetricOptions) -> PanelData:
    """One metric of every frame along the frames, with bands: statistical, and the range over normalisations; from
    `measure`."""
    return made.frame_metric(entries, opts, LOOK)


def frame_map(entries: Sequence[Entry], opts: options.FrameMapOptions) -> PanelData:
    """One metric of every frame of a map as an image over both coordinates; from `measure`."""
    return made.frame_map(entries, opts, LOOK)


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "xanes.frames": frames,
    "xanes.frame_metric": frame_metric,
    "xanes.frame_map": frame_map,
}
