"""What `measure` hands on of a measurement that holds many spectra, whatever the technique."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.types import Array, Metrics, Plot, array, text

ALONG = "coordinate of the frame, in the unit that `coordinate_units` names"
ACROSS = "second coordinate of a map; NaN where there is none"
SOURCE = "raw file, and scan in it, as the study names it"
REASON = "why the frame cannot be used; empty if it can"


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
    u_sys: Array = array("", "half the range over the choices, NaN where it is not known")

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
class FramesMeasured(Metrics):
    """Result of `measure`: every metric of every frame, and as `metrics` what a series as a whole says."""

    coordinate_names: tuple[str, ...] = text("what differs from frame to frame; two names for a map")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    choice_names: tuple[str, ...] = text("choices that u_sys is the half range over: normalisations, baselines")
    frame_metrics: tuple[FrameMetric, ...] = text("one entry a metric")
    source: tuple[str, ...] = text(SOURCE)
    reason: tuple[str, ...] = text(REASON)
