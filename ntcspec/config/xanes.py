"""Parameters of the technique `xanes`, one model a stage. Ranges called `..._range_ev` are absolute photon energies."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ntcspec.config.base import Interval, Parameters, param, required
from ntcspec.config.xas import Calibration, Ingest, Name, Normalisation, OverAbsorption

Baseline = Literal["line", "arctan", "erf", "gaussian_tail"]


class Choices(Parameters):
    """Other reasonable normalisations: every combination of these lists is run; the spread is the systematic
    uncertainty and the band in figures. An empty list keeps the parameter."""

    pre1_shift_ev: tuple[float, ...] = param((0.0, 5.0), "eV", "added to pre1_ev, or to the start of data")
    pre2_shift_ev: tuple[float, ...] = param((-3.0, 0.0), "eV", "added to pre2_ev")
    norm1_shift_ev: tuple[float, ...] = param((-5.0, 0.0, 10.0), "eV", "added to norm1_ev")
    norm2_shift_ev: tuple[float, ...] = param((-15.0, 0.0), "eV", "added to norm2_ev, or to the end of data")
    norm_degree: tuple[int, ...] = param((0, 1), "", "degrees of the post-edge polynomial")
    normalisation: tuple[Normalisation, ...] = param((), "", "methods")


class Reduce(Parameters):
    """Merge, align, calibrate, normalise each detection mode."""

    mode: Literal["auto", "transmission", "fluorescence", "tey"] = param(
        "auto", "", "mode of the metrics; `auto`: what the file names, else transmission, fluorescence, electron yield"
    )
    align: Literal["auto", "reference", "signal", "none"] = param(
        "auto",
        "",
        "align repeat scans on the reference channel or on the spectrum itself; `auto`: reference if all have it",
    )
    weights: Literal["variance", "equal"] = param("variance", "", "weights of repeat scans: 1/variance, or all equal")
    spikes: Literal["drop", "keep"] = param("drop", "", "single points that no other scan has, or the first of a scan")
    calibrate: Calibration | None = param(None, "", "energy calibration; without it the axis is taken as measured")
    e0_ev: float | None = param(None, "eV", "energy that ranges are relative to; without it the steepest point", gt=0)
    pre1_ev: float | None = param(None, "eV", "start of the pre-edge range, from e0; without it that of the data", lt=0)
    pre2_ev: float = param(-12.0, "eV", "end of the pre-edge range, from e0", lt=0)
    norm1_ev: float = param(25.0, "eV", "start of the post-edge range, from e0", gt=0)
    norm2_ev: float | None = param(None, "eV", "end of the post-edge range, from e0; without it the end of data", gt=0)
    norm_degree: int = param(1, "", "degree of the post-edge polynomial; of the background in `mback`", ge=0, le=3)
    victoreen: int = param(0, "", "energy exponent of the pre-edge line", ge=0, le=4)
    normalisation: Normalisation = param(
        "polynomial",
        "",
        "`polynomial`: step between pre-edge line and post-edge curve at e0; `mback`: tabulated f''",
    )
    choices: Choices = Choices()
    over_absorption: OverAbsorption = OverAbsorption()

    @model_validator(mode="after")
    def _ranges(self) -> Reduce:
        if self.pre1_ev is not None and self.pre1_ev >= self.pre2_ev:
            raise ValueError("`pre1_ev` must be below `pre2_ev`")
        if self.norm2_ev is not None and self.norm1_ev >= self.norm2_ev:
            raise ValueError("`norm1_ev` must be below `norm2_ev`")
        return self


class Transform(Parameters):
    """Derivatives, and differences to standards."""

    smooth_ev: float = param(
        0.25, "eV", "smoothing: standard deviation of the weights of the local polynomial", gt=0, le=20
    )
    standards: tuple[str, ...] = param((), "", "samples whose measurement of the same name is subtracted")


class Feature(Parameters):
    """A feature of the spectrum: a local maximum, or a shoulder (a minimum of the second derivative)."""

    range_ev: Interval = param(..., "eV", "where it is looked for")
    kind: Literal["auto", "maximum", "shoulder"] = param("auto", "", "`auto`: a maximum, else a shoulder")
    smooth_ev: float | None = param(
        None, "eV", "smoothing for this feature alone, where it is broader than the others", gt=0, le=20
    )


class PeakFit(Parameters):
    """Line shapes over an edge baseline, fitted to a range; the number of lines is decided by BIC."""

    range_ev: Interval = param(..., "eV", "range of the fit: the peaks and the foot of the edge")
    peak_range_ev: Interval = param(..., "eV", "where the centres of the lines may lie")
    lines: tuple[int, ...] = param((1, 2), "", "numbers of lines that are tried", min_length=1)
    shape: Literal["gaussian", "lorentzian", "pseudo_voigt", "voigt"] = param("pseudo_voigt", "", "line shape")
    baseline: Baseline = param(
        "arctan", "", "the edge under the peaks: a step, or the tail of a line behind the range, and a straight line"
    )
    baselines: tuple[Baseline, ...] = param(
        ("arctan", "erf", "gaussian_tail"), "", "others that are as reasonable: each is tried, for the spread"
    )
    fwhm_range_ev: Interval = param((0.2, 5.0), "eV", "full width at half maximum of a line")

    @model_validator(mode="after")
    def _inside(self) -> PeakFit:
        (low, high), (first, last) = self.range_ev, self.peak_range_ev
        if not low <= first < last <= high:
            raise ValueError(f"`peak_range_ev` {first:g} to {last:g} must lie inside `range_ev` {low:g} to {high:g}")
        return self


class LinearCombination(Parameters):
    """The spectrum as a linear combination of standards: samples whose measurement of the same name is used."""

    standards: tuple[str, ...] = required("samples", min_length=1)
    range_ev: Interval = param(..., "eV", "range of the fit")
    sum_to_one: bool = param(False, "", "force the weights to sum to 1")
    shift_max_ev: float = param(0.0, "eV", "largest energy shift of a standard that is allowed; 0 for none", ge=0)


class Measure(Parameters):
    """Edge position, features, peak fits, moments, differences between detection modes, linear combination."""

    edge_range_ev: Interval | None = param(None, "eV", "where the edge is looked for; without it within 15 eV of e0_ev")
    features: dict[Name, Feature] = param({}, "", "features by name, such as a, b, c")
    peaks: dict[Name, PeakFit] = param({}, "", "peak fits by name, such as pre_edge")
    windows: dict[Name, Interval] = param({}, "eV", "named ranges: area, centroid, mode differences")
    mixture: LinearCombination | None = param(None, "", "linear combination of standards; without it none")

    @model_validator(mode="after")
    def _names(self) -> Measure:
        taken = [*self.features, *self.peaks, *self.windows]
        for name in {n for n in taken if taken.count(n) > 1}:
            raise ValueError(f"{name!r} is used twice: the metrics could not be told apart")
        return self


class Xanes(Parameters):
    """All stages of the technique `xanes`."""

    ingest: Ingest = Ingest()
    reduce: Reduce = Reduce()
    transform: Transform = Transform()
    measure: Measure = Measure()


class Rank(Parameters):
    """Series analysis `xanes.rank`: how many independent spectra make up a series (principal components)."""

    range_ev: Interval = param(..., "eV", "range of the spectra")
    candidates: tuple[str, ...] = param((), "", "samples kept out of the series, tested as one of its components")
