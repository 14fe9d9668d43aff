"""What a study is made of: config.yaml (`StudyFile`) and samples.yaml (`SamplesFile`)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ntcspec.config.about import About
from ntcspec.config.base import Formula, Parameters, param, required
from ntcspec.config.exafs import Exafs
from ntcspec.config.exafs_fit import JointFit
from ntcspec.config.figures import Figure
from ntcspec.config.folders import file_name
from ntcspec.config.frames import Frames
from ntcspec.config.nmr import Nmr
from ntcspec.config.nmr_measure import Split
from ntcspec.config.raman import Raman
from ntcspec.config.scattering import Scattering
from ntcspec.config.xanes import Rank, Xanes
from ntcspec.config.xas import Columns, Edge

Technique = Literal["xanes", "exafs", "scattering", "raman", "nmr"]
TECHNIQUES: dict[str, type[Parameters]] = {
    "xanes": Xanes,
    "exafs": Exafs,
    "scattering": Scattering,
    "raman": Raman,
    "nmr": Nmr,
}
SERIES: dict[str, type[Parameters]] = {"exafs.fit": JointFit, "xanes.rank": Rank, "nmr.split": Split}
STAGES = ("ingest", "reduce", "transform", "wavelet", "measure", "paths", "fit", "bend")  # of any technique
RamanExperiment = Literal[
    "non-resonant Raman spectroscopy",
    "resonant Raman spectroscopy",
    "in situ Raman spectroscopy",
    "Raman imaging",
    "surface-enhanced Raman spectroscopy (SERS)",
    "tip-enhanced Raman spectroscopy (TERS)",
]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]

ArtifactName = Annotated[FileName, AfterValidator(file_name)]


class Setup(Parameters):
    """What no raw file says of an instrument, and outside standards ask for."""

    scattering_configuration: str | None = param(
        None,
        "",
        "Raman: Porto notation of incident and scattered light, e.g. `z(xx)z`; a full stop for unpolarised",
    )
    experiment: RamanExperiment | None = param(None, "", "Raman: kind of experiment, as NXraman names it")
    detector: Literal["multichannel", "single-channel"] | None = param(None, "", "Raman: a camera, or a single channel")

    @field_validator("scattering_configuration")
    @classmethod
    def _porto(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^()\s]+\([^()\s]+\)[^()\s]+", value):
            raise ValueError(f"{value!r} is no Porto notation: direction(polarisations)direction, such as z(xx)z")
        return value


class Common(Parameters):
    """What measurements of the same name share; each measurement may say otherwise."""

    technique: Technique | None = param(None, "", "technique; without it the measurement's name is taken")
    element: str | None = param(None, "", "absorbing element, e.g. Ta")
    edge: Edge | None = param(None, "", "absorption edge")
    columns: Columns | None = param(None, "", "which column is what, where the file does not say it or says it wrong")
    select: str = param(
        "",
        "",
        "which scan or group of a file that holds several; 'a|b' or '*' takes several as repeat scans",
        coerce_numbers_to_str=True,
    )
    frames: Frames | None = param(
        None, "", "each scan is a spectrum of its own, not a repeat (docs/frames.md); with `{}` frames are counted"
    )
    setup: Setup | None = param(None, "", "facts of the instrument for outside standards (docs/nexus.md)")
    ingest: dict[str, Any] = param({}, "", "parameters of the stage `ingest` for this measurement alone")
    reduce: dict[str, Any] = param({}, "", "parameters of the stage `reduce` for this measurement alone")
    transform: dict[str, Any] = param({}, "", "parameters of the stage `transform` for this measurement alone")
    wavelet: dict[str, Any] = param({}, "", "parameters of the wavelet map for this measurement alone")
    measure: dict[str, Any] = param({}, "", "parameters of the stage `measure` for this measurement alone")
    paths: dict[str, Any] = param({}, "", "parameters of the stage `paths` for this measurement alone")
    fit: dict[str, Any] = param({}, "", "parameters of the stage `fit` for this measurement alone")
    bend: dict[str, Any] = param({}, "", "parameters of the stage `bend` for this measurement alone")


class Measurement(Common):
    """One technique on one sample: one or more raw files; repeat scans are merged, unless they are `frames`."""

    files: Annotated[tuple[str, ...], Field(min_length=1)] = required(
        "raw files, as paths from `raw_root`; in a name `*` and `?` stand for any letters, and what is found is put in "
        "order, numbers by their value"
    )


class Property(Parameters):
    """Something known of a sample that is not measured here, such as its conductivity or its milling time."""

    value: float | None = param(None, "", "the number, in `unit`; without it `reason` says why it is missing")
    unit: str = required("unit of value and uncertainty")
    u: float | None = param(None, "", "standard uncertainty; without it none is known", ge=0)
    source: str = param("", "", "where the number stands: a reference and the place in it")
    reason: str = param("", "", "why there is no value")

    @model_validator(mode="after")
    def _either(self) -> Property:
        if (self.value is None) != bool(self.reason):
            raise ValueError("give `value`, or `reason` where there is none")
        return self


class Sample(Parameters):
    """One material."""

    label: str | None = param(None, "", "name in figures; without it the sample's name")
    composition: Formula | None = param(None, "", "chemical formula")
    simulated: bool = param(False, "", "true where the data is not measured; said wherever it is shown")
    properties: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Property] = param(
        {}, "", "properties by name, in small letters"
    )
    measurements: dict[str, Measurement] = required("the sample's measurements by name")


class SamplesFile(Parameters):
    """samples.yaml"""

    samples: dict[str, Sample] = required("the samples by name")


class Panel(Parameters):
    """One figure panel."""

    kind: str = required("what is drawn, e.g. `exafs.chi_r`")
    samples: tuple[str, ...] | None = param(None, "", "samples in the order of drawing; without it all")
    measurement: str | None = param(None, "", "name of the measurement; without it the technique's name")
    series: str | None = param(None, "", "name of the series analysis, for kinds that draw one; without it all")
    title: str = param("", "", "title above the panel")
    labels: dict[str, str] = param({}, "", "labels of samples in this panel, where they differ from samples.yaml")
    options: dict[str, Any] = param({}, "", "options of this kind of panel")


class Series(Parameters):
    """An analysis of one measurement of several samples together."""

    kind: Literal["exafs.fit", "xanes.rank", "nmr.split"] = required("what is done, e.g. `xanes.rank`")
    samples: tuple[str, ...] | None = param(None, "", "samples in their order; without it all that have it")
    measurement: str | None = param(None, "", "name of the measurement; without it the technique's name")
    options: dict[str, Any] = param({}, "", "parameters of this kind of analysis")


class Trend(Parameters):
    """Metrics against one property of the samples, for results/trends.csv."""

    scale: Literal["linear", "log"] = param(
        "linear", "", "what a straight line is drawn over: the property or its log10"
    )
    metrics: tuple[str, ...] = param(
        ("*",),
        "",
        "metrics as `measurement.metric` of results/metrics.csv; * and ? stand for any letters",
        min_length=1,
    )
    samples: tuple[str, ...] | None = param(None, "", "samples; without it all that have both numbers")


class StudyFile(Parameters):
    """config.yaml"""

    study: str = required("name of the study", min_length=1)
    about: About = param(About(), "", "authors, licence and the like, for the crate and the report")
    raw_root: str = param(".", "", "folder that `files` start from; may hold ${VARIABLE} or ${VARIABLE:-default}")
    samples: str = param("samples.yaml", "", "the file that lists the samples, beside this one")
    defaults: dict[Technique, dict[str, Any]] = param({}, "", "parameters by technique and stage, for all measurements")
    measurements: dict[str, Common] = param({}, "", "what all measurements of a name share, by that name")
    series: dict[ArtifactName, Series] = param({}, "", "analyses of several samples together, by file name")
    claims: str = param("claims.yaml", "", "the file that states claims, beside this one; it may be missing")
    trends: dict[str, Trend] = param({}, "", "metrics against properties of the samples, by the name of the property")
    panels: dict[ArtifactName, Panel] = param({}, "", "figure panels by file name")
    figures: dict[ArtifactName, Figure] = param({}, "", "several panels on one page, with letters, by file name")
