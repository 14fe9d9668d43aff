"""Parameters of the technique `nmr`, one model a stage. Shifts in ppm, high frequency positive."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ntcspec.config.base import Interval, Parameters, param
from ntcspec.config.nmr_measure import NmrMeasure


class NmrIngest(Parameters):
    """Raw files as measured, and what the files do not say."""

    standard: str | None = param(
        None, "", "measurement of the reference compound taken alongside, as path from `raw_root`"
    )
    nucleus: str | None = param(None, "", "nucleus, such as 23Na, where the file does not name it")
    spinning_hz: float | None = param(
        None, "Hz", "spinning rate; wins over that of the file, which is often a setting", ge=0, le=250e3
    )
    trace: int | None = param(None, "", "which decay of an arrayed file, counted from 1", ge=1)


class NmrReference(Parameters):
    """Where the zero of shift comes from."""

    method: Literal["file", "standard", "line", "frequency", "iupac"] = param(
        "file",
        "",
        "`file`: as the raw file was referenced; `standard`: strongest line of `ingest.standard`; `line`: a line of "
        "the spectrum itself; `frequency`: `zero_mhz`; `iupac`: unified scale, from `tms_mhz`",
    )
    compound: str | None = param(None, "", "reference compound, such as `1 M NaCl(aq)`; stands with every shift")
    ppm: float | None = param(None, "ppm", "shift that the reference compound is given")
    error_ppm: float | None = param(None, "ppm", "standard uncertainty of the zero, where it is known", ge=0)
    near_ppm: float | None = param(
        None, "ppm", "for `line`: where the line lies on the axis of the file; without it the strongest line"
    )
    window_ppm: float = param(2.0, "ppm", "for `line`: how far on both sides it is looked for", gt=0)
    zero_mhz: float | None = param(None, "MHz", "for `frequency`: frequency of shift 0", gt=0)
    tms_mhz: float | None = param(
        None, "MHz", "for `iupac`: frequency of the protons of tetramethylsilane in the same field", gt=0
    )

    @model_validator(mode="after")
    def _complete(self) -> NmrReference:
        if self.method in ("standard", "line") and (not self.compound or self.ppm is None):
            raise ValueError(f"method `{self.method}` needs `compound` and `ppm`, its shift")
        if self.method == "frequency" and self.zero_mhz is None:
            raise ValueError("method `frequency` needs `zero_mhz`")
        if self.method == "iupac" and self.tms_mhz is None:
            raise ValueError("method `iupac` needs `tms_mhz`")
        return self


class NmrCheck(Parameters):
    """A line whose shift is known, in the same spectrum: does it stand where it should?"""

    compound: str = param("NaCl(s)", "", "compound of the line")
    ppm: float = param(7.2, "ppm", "its shift")
    tolerance_ppm: float = param(0.1, "ppm", "largest difference that passes", gt=0)
    window_ppm: float = param(2.0, "ppm", "how far on both sides it is looked for", gt=0)


class NmrReduce(Parameters):
    """From the decay to a phased spectrum over shifts."""

    echo: Literal["auto", "yes", "no"] = param(
        "auto", "", "whether an echo was measured; `auto`: where the name of the pulse program says so"
    )
    echo_points: float | None = param(
        None, "points", "top of the echo from the first point, where it is known better; else it is found", ge=0
    )
    dc: Literal["auto", "on", "off"] = param(
        "auto", "", "constant offset of the receiver taken off; `auto`: where the end of the decay shows one"
    )
    broadening_hz: float = param(0.0, "Hz", "full width that exponential apodisation adds to a line", ge=0)
    gaussian_hz: float = param(0.0, "Hz", "full width that Gaussian apodisation adds to a line", ge=0)
    zero_fill: int = param(2, "", "points of the spectrum: next power of two of this times the points", ge=1, le=64)
    first_point: float | None = param(
        None,
        "",
        "weight of the first point; without it half, or 1 behind a digital filter, and no hump is left",
        ge=0,
        le=1,
    )
    phase0_deg: float | None = param(None, "deg", "phase of zero order at the pivot; without it it is found")
    phase1_deg: float | None = param(
        None, "deg", "phase of first order over the whole width, the rest of the echo's top included; else found"
    )
    pivot_ppm: float | None = param(None, "ppm", "shift at which only the zero order acts; else the strongest line")
    reference: NmrReference = NmrReference()
    check: NmrCheck | None = param(None, "", "line of known shift that the axis is checked with")
    baseline_degree: int | None = param(1, "", "degree of the polynomial baseline; null for none", ge=0, le=8)
    baseline_exclude_ppm: tuple[Interval, ...] = param((), "ppm", "further ranges that hold lines")
    range_ppm: Interval | None = param(None, "ppm", "range that is kept; without it all")


class Nmr(Parameters):
    """All stages of the technique `nmr`."""

    ingest: NmrIngest = NmrIngest()
    reduce: NmrReduce = NmrReduce()
    measure: NmrMeasure = NmrMeasure()
