"""Parameters of the technique `raman`, one model a stage. Shifts are Stokes Raman shifts in 1/cm."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from ntcspec.config.base import Interval, Parameters, param
from ntcspec.config.xas import Name
from ntcspec.errors import UserError


class RamanIngest(Parameters):
    """Raw files as measured, and the spectra that calibrate them. What is given here wins over the header."""

    silicon: str | None = param(None, "", "spectrum of silicon taken alongside, as path from `raw_root`")
    neon: str | None = param(None, "", "spectrum of a neon lamp taken alongside, as path from `raw_root`")
    laser_nm: float | None = param(None, "nm", "wavelength of the laser; an axis in nm needs it", gt=200, lt=1200)
    axis_unit: Literal["1/cm", "1/cm abs", "nm", "eV"] | None = param(
        None, "", "unit of the axis where the file does not say it; `1/cm abs`: absolute wavenumbers"
    )
    exposure_s: float | None = param(None, "s", "time of one exposure, for the noise of the points", gt=0)
    accumulations: float | None = param(None, "", "number of exposures, for the noise of the points", gt=0)


class RamanReduce(Parameters):
    """Calibrate the axis, take out spikes, find the baseline."""

    neon_degree: int = param(1, "", "degree of the polynomial through the neon lines", ge=0, le=5)
    laser_error_nm: float = param(0.1, "nm", "standard uncertainty of the laser wavelength, for neon", ge=0)
    range_cm1: Interval | None = param(None, "1/cm", "range that is kept, on the calibrated axis; without it all")
    spikes: Literal["auto", "on", "off"] = param(
        "auto", "", "cosmic rays taken out; `auto`: where the acquisition program had no filter of its own"
    )
    spike_z: float = param(6.0, "", "least height of a spike over the noise of its difference", gt=0)
    instrument_fwhm_cm1: float | None = param(
        None, "1/cm", "width of the instrument where it is known and no neon file gives it; guards lines, too", gt=0
    )
    noise: Literal["auto", "poisson", "flat"] = param(
        "auto", "", "noise of a point: of counts, or the same everywhere; `auto`: of counts where the file has them"
    )
    full_scale: float = param(65535.0, "", "counts of one exposure at which the detector is full", gt=0)
    baseline: str = param("arpls", "", "method of pybaselines and its parameters, as `arpls lam=1e6`; or `none`")
    baselines: tuple[str, ...] = param(
        ("arpls lam=1e4", "arpls lam=3e5", "aspls", "imodpoly", "pspline_asls"),
        "",
        "others that are as reasonable, for the spread",
    )
    rebaseline: bool = param(False, "", "take a baseline off a file that the acquisition program took one off already")
    step_cm1: float | None = param(
        None, "1/cm", "step of the grid that baselines are found on; without it that of the data", gt=0
    )

    @field_validator("baseline")
    @classmethod
    def _baseline(cls, words: str) -> str:
        return _known(words)

    @field_validator("baselines")
    @classmethod
    def _baselines(cls, several: tuple[str, ...]) -> tuple[str, ...]:
        for words in map(_known, several):
            if words == "none" or several.count(words) > 1:
                raise ValueError(f"{words!r} stands twice" if words != "none" else "`none` is no other baseline")
        return several


def _known(words: str) -> str:
    """A baseline as it was written; ValueError if there is none of that name, or with such parameters."""
    from ntcspec.raman.baseline import parse

    try:
        parse(words)
    except UserError as error:
        raise ValueError(f"{error.what}; {error.fix}") from None
    return words


class RamanTransform(Parameters):
    """The Bose and the laser-frequency factor taken out, beside the spectrum as measured."""

    temperature_k: float | None = param(None, "K", "temperature of the sample; without it the stage is not run", gt=0)
    laser_power: float = param(3.0, "", "exponent of the laser factor: 3 for counted photons, 4 for energy", gt=0)
    reference_cm1: float = param(380.0, "1/cm", "shift at which the factor is 1", gt=0)
    lowest_cm1: float = param(80.0, "1/cm", "nothing is returned below: there the edge filter makes the shape", gt=0)


class RamanBand(Parameters):
    """Lines and a straight line fitted to a range; the number of lines is decided by information criteria."""

    range_cm1: Interval = param(..., "1/cm", "range of the fit")
    peak_range_cm1: Interval | None = param(None, "1/cm", "where centres may lie; without it the whole range")
    lines: tuple[int, ...] = param((1,), "", "numbers of lines that are tried", min_length=1)
    shape: Literal["gaussian", "lorentzian", "pseudo_voigt", "voigt"] = param("pseudo_voigt", "", "line shape")
    fwhm_range_cm1: Interval = param((1.0, 100.0), "1/cm", "full width at half maximum of a line")

    @model_validator(mode="after")
    def _inside(self) -> RamanBand:
        low, high = self.range_cm1
        first, last = self.peak_range_cm1 or self.range_cm1
        if not low <= first < last <= high:
            raise ValueError(f"`peak_range_cm1` {first:g} to {last:g} must lie inside `range_cm1` {low:g} to {high:g}")
        return self


class RamanMeasure(Parameters):
    """Bands, regions, ratios of regions."""

    bands: dict[Name, RamanBand] = param({}, "", "fits by name, such as a1g")
    regions: dict[Name, Interval] = param({}, "1/cm", "ranges by name: area, centroid, width without a model")
    ratios: dict[Name, tuple[Name, Name]] = param(
        {}, "", "area of a region over that of another, by name: [above, below]"
    )

    @model_validator(mode="after")
    def _names(self) -> RamanMeasure:
        taken = [*self.bands, *self.regions, *self.ratios]
        for name in {n for n in taken if taken.count(n) > 1}:
            raise ValueError(f"{name!r} is used twice: the metrics could not be told apart")
        for name, pair in self.ratios.items():
            for region in pair:
                if region not in self.regions:
                    raise ValueError(f"ratios.{name}: there is no region {region!r} under `regions`")
        return self


class Raman(Parameters):
    """All stages of the technique `raman`."""

    ingest: RamanIngest = RamanIngest()
    reduce: RamanReduce = RamanReduce()
    transform: RamanTransform = RamanTransform()
    measure: RamanMeasure = RamanMeasure()
