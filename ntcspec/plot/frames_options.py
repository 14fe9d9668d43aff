"""Options of the panels of frames, the same for all techniques; standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.plot.options import Limits, choice, flag, limits, option, word

METRIC = "metric of each frame, named as in results/metrics.csv without .mean, .spread or .change; by default the first"
LABEL = "name of the metric on the axis or the colour bar; by default as the study names it"
COLOURS = "range of the colours; by default all but 1 % at either end"
PLACE = "range of the coordinate, in its unit"


@dataclass(frozen=True)
class FramesOptions:
    """Options of 'xanes.frames' and 'raman.frames'."""

    minus: str = option(
        "no", choice("no", "first", "mean"), "", "subtract the mean of the first tenth of the frames, or that of all"
    )
    xlim: Limits | None = option(None, limits, "", "range of energy or shift, in its unit; by default that of the data")
    ylim: Limits | None = option(None, limits, "", PLACE)
    zlim: Limits | None = option(None, limits, "", COLOURS)


@dataclass(frozen=True)
class FrameMetricOptions:
    """Options of 'xanes.frame_metric' and 'raman.frame_metric'."""

    metric: str | None = option(None, word, "", METRIC)
    label: str | None = option(None, word, "", LABEL)
    band: bool = option(True, flag, "", "bands: statistical, and half the range over the choices")
    xlim: Limits | None = option(None, limits, "", PLACE)
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, in the unit of the metric")


@dataclass(frozen=True)
class FrameMapOptions:
    """Options of 'xanes.frame_map' and 'raman.frame_map'."""

    metric: str | None = option(None, word, "", METRIC)
    label: str | None = option(None, word, "", LABEL)
    xlim: Limits | None = option(None, limits, "", "range of the first coordinate, in its unit")
    ylim: Limits | None = option(None, limits, "", "range of the second coordinate, in its unit")
    zlim: Limits | None = option(None, limits, "", COLOURS)
