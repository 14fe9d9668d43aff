"""Parameters of the stage `measure` of the technique `nmr`. Shifts in ppm, high frequency positive."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ntcspec.config.base import Interval, Parameters, param, required
from ntcspec.config.xas import Name

Background = Literal["none", "constant", "linear"]


class NmrLine(Parameters):
    """A range of the spectrum: position, centre of gravity, width, area without a model."""

    range_ppm: Interval = param(..., "ppm", "range; its ends are part of what centre of gravity and area mean")
    sidebands: int = param(0, "", "highest order of spinning sidebands that is measured; 0 for none", ge=0, le=20)


class NmrSite(Parameters):
    """A line of a fit. Each range is where its parameter may lie; a model takes those that it has."""

    model: Literal["gaussian", "lorentzian", "pseudo_voigt", "quadrupolar", "czjzek"] = required(
        "plain line; one site with a quadrupolar coupling; Czjzek's distribution of couplings"
    )
    shift_ppm: Interval = param(..., "ppm", "isotropic shift of a site with a coupling, centre of a plain line")
    fwhm_hz: Interval = param((5.0, 2000.0), "Hz", "full width of a plain line, without apodisation")
    gaussian_hz: Interval = param(
        (1.0, 2000.0),
        "Hz",
        "full width of the Gaussian broadening of a site with a coupling, spread of shifts included",
    )
    cq_mhz: Interval = param((0.1, 4.0), "MHz", "coupling constant, for `quadrupolar`")
    eta: Interval = param((0.0, 1.0), "", "asymmetry of the field gradient, for `quadrupolar`")
    sigma_mhz: Interval = param(
        (0.05, 1.5), "MHz", "width of Czjzek's distribution as in ssNake and DMFit, twice that of mrsimulator"
    )

    @model_validator(mode="after")
    def _possible(self) -> NmrSite:
        for key in ("fwhm_hz", "gaussian_hz", "cq_mhz", "sigma_mhz"):
            if not getattr(self, key)[0] > 0:
                raise ValueError(f"`{key}` must start above 0")
        if self.eta[0] < 0 or self.eta[1] > 1:
            raise ValueError("`eta` lies between 0 and 1")
        return self


class NmrSiteFit(Parameters):
    """Sites fitted to a range; of several models the data choose one by BIC."""

    range_ppm: Interval = param(..., "ppm", "range of the fit")
    sites: dict[Name, NmrSite] = required("sites by name", min_length=1)
    models: dict[Name, tuple[Name, ...]] = param(
        {}, "", "models to try, by name: lists of sites; without it one model of all sites"
    )
    background: Background = param("constant", "", "what is left of a baseline under the lines")
    satellites: bool = param(
        False, "", "add the centreband of the inner satellites to sites with a coupling; its intensity is fitted"
    )
    lorentzian_hz: float = param(
        0.0, "Hz", "known Lorentzian width of all lines, such as 1/(pi T2); apodisation is known anyway", ge=0
    )

    @model_validator(mode="after")
    def _names(self) -> NmrSiteFit:
        for model, names in self.models.items():
            if not names or len(set(names)) < len(names):
                raise ValueError(f"models.{model}: give different sites")
            for name in names:
                if name not in self.sites:
                    raise ValueError(f"models.{model}: there is no site {name!r} under `sites`")
        return self


class NmrChoices(Parameters):
    """Other reasonable choices; the range of what comes out is the systematic uncertainty."""

    phase_deg: float = param(2.0, "deg", "error of the phase, tried with both signs; 0 for none", ge=0, le=45)
    limits_ppm: float = param(
        1.0, "ppm", "all ranges wider and narrower by this at both ends, at most a fifth of the range; 0 for none", ge=0
    )
    backgrounds: tuple[Background, ...] = param(("none", "linear"), "", "other backgrounds")


class NmrMeasure(Parameters):
    """Lines, spinning sidebands, fits of sites."""

    spin: float | None = param(None, "", "spin of the nucleus; without it from a table", gt=0, le=4.5)
    lines: dict[Name, NmrLine] = param({}, "", "ranges by name, such as nacl")
    fits: dict[Name, NmrSiteFit] = param({}, "", "fits by name")
    choices: NmrChoices = NmrChoices()

    @model_validator(mode="after")
    def _twice(self) -> NmrMeasure:
        for name in sorted(set(self.lines) & set(self.fits)):
            raise ValueError(f"{name!r} is used twice: the metrics could not be told apart")
        return self


class Split(Parameters):
    """Series analysis `nmr.split`: did a line move by shielding, by its coupling, or can it not be said?"""

    fit: Name = required("name of the fit, of `measure.fits`")
    reference: str | None = param(None, "", "sample that changes are counted from; without it the first")
