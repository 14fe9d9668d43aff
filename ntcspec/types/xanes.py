"""What the stages of the technique xanes hand on.

Symbols: E energy (eV), E0 edge energy, mu absorption (dimensionless), norm = (mu - pre-edge) / edge step.

A *choice* is one of the normalisations that the config calls reasonable (ranges, degree, method). Every quantity is
made once for the nominal parameters and once for each choice, under the choice's name, so that two samples, or a
sample and a standard, can be compared choice by choice: what all choices share cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text
from ntcspec.types.nexus import Application


@dataclass(frozen=True)
class Normalised:
    """mu(E) of one detection mode, merged and normalised. norm holds the over-absorption correction if one was made."""

    mode: str = text("detection mode: transmission, fluorescence or tey (total electron yield)")
    energy_ev: Array = array("eV", "photon energy, calibrated, grid of the first scan")
    mu: Array = array("1", "merged absorption", ("energy_ev",), "mu_error")
    mu_error: Array = array(
        "1", "standard uncertainty of mu; empty where it cannot be known from one scan", ("energy_ev",)
    )
    pre_edge: Array = array("1", "pre-edge line", ("energy_ev",))
    post_edge: Array = array("1", "post-edge polynomial", ("energy_ev",))
    norm: Array = array("1", "normalised absorption", ("energy_ev",), "norm_error")
    norm_error: Array = array(
        "1", "standard uncertainty of norm from mu_error, that of line and step included; may be empty", ("energy_ev",)
    )
    norm_low: Array = array("1", "lowest norm of all choices", ("energy_ev",))
    norm_high: Array = array("1", "highest norm of all choices", ("energy_ev",))
    flat: Array = array("1", "flattened: norm without the slope and curvature of the post-edge", ("energy_ev",))
    norm_measured: Array = array(
        "1", "norm before the over-absorption correction; empty if none was made", ("energy_ev",)
    )
    e0_ev: float = scalar("eV", "energy that the ranges are relative to")
    edge_step: float = scalar("1", "edge step")
    edge_step_error: float = scalar("1", "standard uncertainty of the edge step from mu_error; NaN if unknown")
    choice_names: tuple[str, ...] = text("choices of normalisation, 'parameter=value ...'")
    choice_norm: Array = array("1", "norm of each choice, shape (choices, E)")
    choice_edge_step: Array = array("1", "edge step of each choice, shape (choices,)")
    shift_ev: Array = array("eV", "energy shift added to each scan to align it on the first")
    shift_error_ev: Array = array("eV", "standard uncertainty of each shift")
    weight: Array = array("1", "weight of each scan in the merge, sum 1")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


@dataclass(frozen=True)
class XanesReduced:
    """Result of `reduce`: every detection mode of the measurement, normalised, on the calibrated energy axis."""

    mode: str = text("detection mode that the metrics are taken from")
    spectra: tuple[Normalised, ...] = text("one entry a detection mode, the primary one first")
    calibration_shift_ev: float = scalar("eV", "energy shift added to all scans to calibrate the axis; 0 if none")
    calibration_error_ev: float = scalar("eV", "standard uncertainty of that shift; NaN if not calibrated")
    calibration: str = text("how the axis was calibrated; empty if not")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")

    def plots(self) -> tuple[Plot, ...]:
        """Normalised and raw absorption of every mode."""
        found = []
        for kind, signal, more in (("normalised", "norm", ("flat",)), ("absorption", "mu", ("pre_edge", "post_edge"))):
            for i, one in enumerate(self.spectra):
                at = f"spectra/{i:04d}"
                auxiliary = tuple(f"{at}/{name}" for name in more)
                title = f"{kind} absorption, {one.mode}" if kind == "normalised" else f"absorption, {one.mode}"
                found.append(Plot(f"{kind}_{one.mode}", title, f"{at}/{signal}", (f"{at}/energy_ev",), auxiliary))
        return tuple(found)

    def application(self) -> Application:
        """NXxas: the normalised spectrum of the primary mode."""
        names = {"energy": "energy_ev", "intensity": "norm", "intensity_errors": "norm_error"}
        return Application(
            "NXxas", f"normalised_{self.mode}", {name: f"spectra/0000/{at}" for name, at in names.items()}
        )

    @property
    def primary(self) -> Normalised:
        """The spectrum that the metrics are taken from."""
        return self.spectra[0]


@dataclass(frozen=True)
class Difference:
    """norm of the sample minus norm of a standard, on the grid of the sample where both have data."""

    standard: str = text("sample that was subtracted")
    energy_ev: Array = array("eV", "photon energy")
    difference: Array = array("1", "norm(sample) - norm(standard)", ("energy_ev",), "difference_error")
    difference_error: Array = array("1", "standard uncertainty from noise; empty if unknown", ("energy_ev",))
    choice_names: tuple[str, ...] = text("choices of normalisation that both have")
    choice_difference: Array = array("1", "difference under each choice made alike for both, shape (choices, E)")
    difference_low: Array = array("1", "lowest difference of all choices made alike for both", ("energy_ev",))
    difference_high: Array = array("1", "highest difference of all choices made alike for both", ("energy_ev",))


@dataclass(frozen=True)
class XanesTransformed:
    """Result of `transform`: derivatives of the primary mode, and differences to standards."""

    mode: str = text("detection mode")
    energy_ev: Array = array("eV", "photon energy")
    smooth_ev: float = scalar("eV", "smoothing: standard deviation of the weights of the local polynomial")
    smooth: Array = array("1", "norm, smoothed by the local polynomial", ("energy_ev",))
    derivative: Array = array("1/eV", "first derivative of norm", ("energy_ev",), "derivative_error")
    derivative_error: Array = array("1/eV", "standard uncertainty from noise; empty if unknown", ("energy_ev",))
    second: Array = array("1/eV^2", "second derivative of norm", ("energy_ev",), "second_error")
    second_error: Array = array("1/eV^2", "standard uncertainty from noise; empty if unknown", ("energy_ev",))
    noise: float = scalar("1", "standard uncertainty of a point of norm that the errors rest on; NaN if unknown")
    differences: tuple[Difference, ...] = text("one entry a standard")
    notes: tuple[Note, ...] = text("choices and warnings")

    def plots(self) -> tuple[Plot, ...]:
        """First and second derivative, then each difference."""
        found = [
            Plot("derivative", "first derivative", "derivative", ("energy_ev",)),
            Plot("second_derivative", "second derivative", "second", ("energy_ev",)),
        ]
        for i, one in enumerate(self.differences):
            at = f"differences/{i:04d}"
            found.append(Plot(f"difference_{i}", f"minus {one.standard}", f"{at}/difference", (f"{at}/energy_ev",)))
        return tuple(found)


@dataclass(frozen=True)
class Mark:
    """A feature that was found: what a panel labels."""

    name: str = text("name of the feature, e.g. 'a'")
    kind: str = text("maximum or shoulder; empty if it was not found")
    energy_ev: float = scalar("eV", "position; NaN if it was not found")
    height: float = scalar("1", "norm at the position; NaN if it was not found")


@dataclass(frozen=True)
class PeakFit:
    """Line shapes over a baseline, fitted to the norm in a range: the number of lines that was chosen."""

    name: str = text("name of the fit, e.g. 'pre_edge'")
    energy_ev: Array = array("eV", "photon energy")
    data: Array = array("1", "norm", ("energy_ev",), "data_error")
    data_error: Array = array("1", "standard uncertainty that the fit was weighted with", ("energy_ev",))
    total: Array = array("1", "baseline and lines", ("energy_ev",))
    baseline: Array = array("1", "baseline alone", ("energy_ev",))
    lines: Array = array("1", "each line alone, shape (lines, E), ascending positions")
    curve_ev: Array = array("eV", "photon energy, fine grid to draw the fit on")
    curve_total: Array = array("1", "baseline and lines", ("curve_ev",))
    curve_baseline: Array = array("1", "baseline alone", ("curve_ev",))
    curve_lines: Array = array("1", "each line alone, shape (lines, fine grid)")
    compared: dict[str, Any] = text("for each number of lines tried: chi-square, parameters, AICc, BIC")


@dataclass(frozen=True)
class Mixture:
    """A spectrum as linear combination of standards."""

    energy_ev: Array = array("eV", "photon energy")
    data: Array = array("1", "norm", ("energy_ev",))
    total: Array = array("1", "linear combination", ("energy_ev",))
    standards: tuple[str, ...] = text("the standards")
    weights: Array = array("1", "weight of each standard")


@dataclass(frozen=True)
class XanesMeasured(Metrics):
    """Result of `measure`: the metrics, and what they were read from.

    by_choice holds the value of each metric under each choice of normalisation, NaN where it does not depend on it.
    """

    choice_names: tuple[str, ...] = text("choices of normalisation")
    by_choice: Array = array("", "value of each metric under each choice, shape (metrics, choices)")
    marks: tuple[Mark, ...] = text("features, in the order of the config")
    fits: tuple[PeakFit, ...] = text("peak fits, in the order of the config")
    mixtures: tuple[Mixture, ...] = text("linear combination, if standards are named")

    def plots(self) -> tuple[Plot, ...]:
        """The peak fits."""
        return tuple(
            Plot(f"fit_{f.name}", f"fit {f.name}", f"fits/{i:04d}/data", (f"fits/{i:04d}/energy_ev",),
                 (f"fits/{i:04d}/total", f"fits/{i:04d}/baseline"))
            for i, f in enumerate(self.fits)
        )  # fmt: skip
