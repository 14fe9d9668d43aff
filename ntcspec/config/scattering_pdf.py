"""Parameters of the stages `transform` and `measure` of the technique `scattering`."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ntcspec.config.base import Interval, Parameters, param
from ntcspec.config.xas import Name


class Absolute(Parameters):
    """Absolute normalisation: how the scale is found and what is taken off."""

    method: Literal["least_squares", "krogh_moe"] = param(
        "least_squares", "", "scale by least squares at high Q, or by the integral of Krogh-Moe and Norman (needs rho0)"
    )
    fit_qmin_inv_ang: float = param(3.0, "1/angstrom", "start of the least squares", ge=0)
    damping_ang2: float = param(0.001, "angstrom^2", "k of the factor exp(-k Q^2) in the integral", ge=0, le=0.1)
    breit_dirac: Literal[0, 2, 3] = param(
        3,
        "",
        "exponent of E'/E on Compton scattering: 3 for a detector that adds up energy, 2 for counting, 0 for none",
    )
    constant: bool = param(False, "", "fit a constant (fluorescence, multiple scattering) beside the scale")
    resonant: bool = param(False, "", "add f' and f'' (Chantler) to the form factors")
    low_r_ang: float | None = param(
        None, "angstrom", "below it G(r) is made -4 pi rho0 r (needs rho0); without it nothing is", gt=0, le=5
    )
    low_r_passes: int = param(5, "", "passes of that filter", ge=1, le=100)
    slope_range_ang: Interval = param(
        (0.5, 1.5), "angstrom", "range without any pair, where the slope of G(r) is tested"
    )

    @model_validator(mode="after")
    def _constant_needs_fit(self) -> Absolute:
        if self.constant and self.method == "krogh_moe":
            raise ValueError("`constant` is fitted by `least_squares` alone")
        return self


class TransformVariants(Parameters):
    """Other choices that are as reasonable: each is made alone, and the spread is the systematic uncertainty."""

    qmax_shift_inv_ang: tuple[float, ...] = param((-2.0, -1.0), "1/angstrom", "added to qmax_inv_ang")
    rpoly_shift_ang: tuple[float, ...] = param((-0.1, 0.1), "angstrom", "added to rpoly_ang (adhoc)")
    container_scale_shift: tuple[float, ...] = param(
        (-0.02, 0.02), "", "relative change of what is subtracted for the container"
    )
    method: tuple[Literal["least_squares", "krogh_moe"], ...] = param(
        ("least_squares", "krogh_moe"), "", "ways to find the scale (absolute)"
    )
    fit_qmin_shift_inv_ang: tuple[float, ...] = param((2.0,), "1/angstrom", "added to fit_qmin_inv_ang (absolute)")


class ScatteringTransform(Parameters):
    """I(Q) to S(Q), F(Q) and G(r)."""

    normalisation: Literal["adhoc", "absolute"] = param(
        "adhoc", "", "`adhoc` as PDFgetX3 (amplitudes are relative), or `absolute` in electron units"
    )
    qmin_inv_ang: float | None = param(None, "1/angstrom", "start of Q; without it the start of data", ge=0)
    qmax_inv_ang: float | None = param(None, "1/angstrom", "end of the transform; without it qmaxinst", gt=0)
    qmaxinst_inv_ang: float | None = param(
        None, "1/angstrom", "end of the data that normalisation uses; without it the end of data", gt=0
    )
    rpoly_ang: float = param(0.9, "angstrom", "G(r) below it is taken for noise (adhoc)", gt=0, le=5)
    resampling: Literal["pdfgetx3-2", "pdfgetx3-1"] = param(
        "pdfgetx3-2", "", "grid of Q: whole multiples of the mean spacing, or even points kept as PDFgetX3 1 does"
    )
    window: Literal["step", "lorch"] = param("step", "", "termination at qmax")
    below_qmin: Literal["auto", "zero", "line"] = param(
        "auto", "", "F(Q) below qmin: 0, or a line to 0; `auto`: 0 for adhoc, line for absolute"
    )
    rmin_ang: float = param(0.0, "angstrom", "start of r", ge=0)
    rmax_ang: float = param(30.0, "angstrom", "end of r", gt=0, le=200)
    rstep_ang: float = param(0.01, "angstrom", "step of r", ge=0.001, le=0.2)
    rho0_inv_ang3: float | None = param(None, "1/angstrom^3", "atoms per volume of the solid, without voids", gt=0)
    density_g_cm3: float | None = param(None, "g/cm^3", "density of the solid, in place of rho0", gt=0)
    absolute: Absolute = Absolute()
    systematic: TransformVariants = TransformVariants()

    @model_validator(mode="after")
    def _consistent(self) -> ScatteringTransform:
        if self.rho0_inv_ang3 is not None and self.density_g_cm3 is not None:
            raise ValueError("give `rho0_inv_ang3` or `density_g_cm3`, not both")
        if self.rmin_ang >= self.rmax_ang:
            raise ValueError("`rmin_ang` must be below `rmax_ang`")
        return self


class PdfPeakRange(Parameters):
    """A peak of G(r) that is fitted by one shell of neighbours."""

    range_ang: Interval = param(..., "angstrom", "r range of the fit: the peak with both flanks, no other peak")
    pair: tuple[str, str] | None = param(
        None, "", "elements, such as [Ta, Cl]: weights that depend on Q; coordination of the first where absolute"
    )


class ScatteringMeasure(Parameters):
    """Metrics of G(r)."""

    peaks: dict[Name, PdfPeakRange] = param({}, "", "named peaks; the shortest distance is best called first_shell")
    windows: dict[Name, Interval] = param({}, "angstrom", "named r ranges: area, mean and height of G(r)")
    mid_range_ang: Interval = param((5.0, 20.0), "angstrom", "r range of the medium-range order")
    envelope_bin_ang: float = param(2.5, "angstrom", "bins of the envelope", ge=0.5, le=10)
    standards: tuple[str, ...] = param((), "", "samples whose G(r) is subtracted")

    @model_validator(mode="after")
    def _names(self) -> ScatteringMeasure:
        taken = {*self.windows, "difference", "mid_range", "scale"}
        for name in self.peaks.keys() & taken | self.windows.keys() & {"difference", "mid_range", "scale"}:
            raise ValueError(f"{name!r} is taken: the metrics could not be told apart")
        return self
