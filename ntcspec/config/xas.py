"""Parameters that all X-ray absorption techniques share: columns, ingest, energy calibration, over-absorption."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntcspec.config.base import Formula, Interval, Parameters, param

Edge = Literal["K", "L1", "L2", "L3", "M1", "M2", "M3", "M4", "M5"]
Normalisation = Literal["polynomial", "mback"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Columns(Parameters):
    """Which column of a text file is what: its label in the file, or its number counted from 1."""

    energy: str | int | None = param(None, "", "photon energy")
    angle: str | int | None = param(None, "degree", "monochromator angle, instead of `energy`; needs `d_spacing_ang`")
    d_spacing_ang: float | None = param(None, "angstrom", "lattice spacing of the monochromator, for `angle`", gt=0)
    energy_unit: Literal["eV", "keV"] | None = param(None, "", "unit of `energy` where the file does not state it")
    i0: str | int | None = param(None, "", "incident intensity")
    transmitted: str | int | None = param(None, "", "intensity behind the sample: mu = ln(i0 / transmitted)")
    reference: str | int | None = param(None, "", "intensity behind the reference foil: ln(transmitted / reference)")
    fluorescence: tuple[str | int, ...] = param((), "", "fluorescence counts, summed: mu = sum / i0")
    tey: str | int | None = param(None, "", "sample current, total electron yield: mu = tey / i0")
    mu: str | int | None = param(None, "", "absorption where the file holds no intensities")

    @model_validator(mode="after")
    def _one_axis(self) -> Columns:
        if self.energy is not None and self.angle is not None:
            raise ValueError("give `energy` or `angle`, not both")
        if self.angle is not None and self.d_spacing_ang is None:
            raise ValueError("`angle` needs `d_spacing_ang` (3.1355 for Si 111)")
        return self


class Ingest(Parameters):
    """Raw files as measured."""

    bad_rows: Literal["refuse", "drop"] = param(
        "refuse", "", "what to do with rows that hold NaN or an intensity that is not positive"
    )


class Calibration(Parameters):
    """Energy calibration: a point of known energy in this measurement, or in that of a standard taken alongside."""

    point: Literal["derivative", "maximum", "half_step"] = param(
        "derivative", "", "what is put at `energy_ev`: steepest point, maximum, or half of the edge step"
    )
    range_ev: Interval = param(..., "eV", "where that point is looked for, on the axis as measured")
    energy_ev: float = param(..., "eV", "its true energy", gt=0)
    error_ev: float = param(0.0, "eV", "standard uncertainty of its true energy", ge=0)
    channel: Literal["sample", "reference"] = param("sample", "", "spectrum of the sample, or of the reference channel")
    standard: str | None = param(
        None, "", "sample whose measurement of the same name holds the point; without it this measurement"
    )


class OverAbsorption(Parameters):
    """Correction of fluorescence for over-absorption (self-absorption) by a thick sample."""

    correct: bool = param(False, "", "correct the fluorescence mode; the uncorrected spectrum is kept beside it")
    formula: Formula | None = param(None, "", "what the beam sees; without it the composition of the sample")
    angle_in_deg: float = param(45.0, "degree", "angle between incident beam and surface", gt=0, le=90)
    angle_out_deg: float = param(45.0, "degree", "angle between surface and detector", gt=0, le=90)
