"""The stages of each technique: what they take, which function does the work, which parameters it gets.

A stage gets its own config section as keyword arguments; `also` names sections that it gets whole, each under the
section's name, and `borrows` single facts of the measurement (element, composition). Where parameters of a stage name
other samples as standards (`standards`: where those names stand in its section), it gets the artifacts of the stage
`reference` of their measurements of the same name. A stage with `extra` (where among the measurement's sections further
raw files are named) gets these as well; one with `wanted` is left out where nothing stands there, and those behind it
do without. A measurement that holds many spectra (`frames` in the study) goes through the chain of FRAMES in place of
that of STAGES: stages of the same names, with functions that take a block of spectra at a time. These tables are what
the workflow, the keys and the records are built from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METRICS = ("measure", "paths", "fit", "bend")  # stages whose result holds metrics
COMMON = ("ntcspec.stage", "ntcspec.store", "ntcspec.types")


@dataclass(frozen=True)
class ExtraFile:
    """A raw file that a stage gets beside its inputs: under which name, its role in the record, and the key of it."""

    name: str
    role: str
    file: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    """One stage of one technique."""

    name: str
    inputs: tuple[str, ...]
    function: str
    result: str
    also: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()
    reference: str = ""
    standards: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    wanted: str = ""

    @property
    def module(self) -> str:
        return self.function.partition(":")[0]

    @property
    def modules(self) -> tuple[str, ...]:
        """Where the fingerprint of this stage starts."""
        return (*COMMON, self.module)

    @property
    def files(self) -> tuple[str, ...]:
        """What it writes into the measurement's folder."""
        return (f"{self.name}.nxs", f"{self.name}.json") if self.name in METRICS else (f"{self.name}.nxs",)

    def parameters(self, sections: Any) -> dict[str, Any]:
        """The keyword arguments of the function, from a measurement's config sections."""
        borrowed = {name: sections[SUBJECT][name] for name in self.borrows}
        return {**borrowed, **sections[self.name], **{name: sections[name] for name in self.also}}

    def extra_files(self, sections: Any) -> list[ExtraFile]:
        """Further raw files that the stage gets, from a measurement's config sections.

        At each place stands a file, a list of files ('container.1', 'container.2'), nothing, or a mapping of names to
        sections with the key `file`.
        """
        found = []
        for place in self.extra:
            key, there = tuple(place.split(".")), _inside(sections, place)
            if isinstance(there, str):
                found.append(ExtraFile(key[-1], key[-1], there, key))
            elif isinstance(there, list | tuple):
                found += [ExtraFile(f"{key[-1]}.{n}", key[-1], file, key) for n, file in enumerate(there, 1)]
            elif there:
                kind = key[-1].removesuffix("s")
                found += [ExtraFile(n, f"{kind} {n}", one["file"], (*key, n, "file")) for n, one in there.items()]
        return found

    def is_wanted(self, sections: Any) -> bool:
        """Whether the stage has anything to do."""
        return not self.wanted or bool(_inside(sections, self.wanted))

    def named_standards(self, section: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The samples that the stage's own section names as standards, each with the key where it stands."""
        seen = set()
        for place in self.standards:
            key, found = tuple(place.split(".")), section
            for part in key:
                found = found.get(part) if found else None
            for name in [found] if isinstance(found, str) else found or ():
                if name not in seen:
                    seen.add(name)
                    yield name, key


def _inside(sections: Any, place: str) -> Any:
    """What stands at 'section.key'."""
    section, _, key = place.partition(".")
    return sections[section][key]


@dataclass(frozen=True)
class SeriesKind:
    """An analysis of one stage's artifacts of several samples; its function takes them by sample."""

    technique: str
    takes: str
    function: str
    result: str

    @property
    def modules(self) -> tuple[str, ...]:
        """Where the fingerprint starts."""
        return (*COMMON, self.function.partition(":")[0])


SUBJECT = "subject"  # facts of a measurement that are no parameters of a stage
ATOM = ("element", "edge", "edge_energy_ev")
INGEST = Stage(
    "ingest",
    (),
    "ntcspec.xas.raw:ingest_files",
    "ntcspec.types.xas:XasScans",
    borrows=(*ATOM, "columns", "select", "simulated"),
)
ALONGSIDE = ("poni", "mask", "dark", "flat", "container", "air", "calibrant")  # files of a scattering exposure
STAGES: dict[str, tuple[Stage, ...]] = {
    "xanes": (
        INGEST,
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.xas.xanes.reduce:reduce_xanes",
            "ntcspec.types.xanes:XanesReduced",
            borrows=(*ATOM, "composition"),
            reference="ingest",
            standards=("calibrate.standard",),
        ),
        Stage(
            "transform",
            ("reduce",),
            "ntcspec.xas.xanes.transform:transform_xanes",
            "ntcspec.types.xanes:XanesTransformed",
            reference="reduce",
            standards=("standards",),
        ),
        Stage(
            "measure",
            ("reduce", "transform"),
            "ntcspec.xas.xanes.measure:measure_xanes",
            "ntcspec.types.xanes:XanesMeasured",
            reference="reduce",
            standards=("mixture.standards",),
        ),
    ),
    "exafs": (
        INGEST,
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.xas.reduce:reduce_exafs",
            "ntcspec.types.exafs:ExafsReduced",
            borrows=(*ATOM, "composition"),
            reference="ingest",
            standards=("calibrate.standard",),
        ),
        Stage("transform", ("reduce",), "ntcspec.xas.fourier:transform_exafs", "ntcspec.types.exafs:ExafsTransformed"),
        Stage("wavelet", ("transform",), "ntcspec.xas.wavelet:wavelet_exafs", "ntcspec.types.exafs:WaveletMap"),
        Stage(
            "measure",
            ("reduce", "transform", "wavelet"),
            "ntcspec.xas.features:measure_exafs",
            "ntcspec.types.exafs:ExafsMeasured",
            also=("reduce", "transform", "wavelet"),
        ),
        Stage(
            "paths",
            ("transform", "wavelet"),
            "ntcspec.xas.paths.assign:paths_exafs",
            "ntcspec.types.exafs:ExafsPaths",
            also=("measure",),
            borrows=("element", "edge"),
            extra=("paths.structures",),
            wanted="paths.structures",
        ),
        Stage(
            "fit",
            ("reduce", "transform"),
            "ntcspec.xas.fits.fit:fit_exafs",
            "ntcspec.types.exafs_fit:ExafsFits",
            also=("transform", "paths", "measure"),
            borrows=("element", "edge"),
            extra=("paths.structures",),
            wanted="fit.models",
        ),
        Stage(
            "bend",
            ("transform", "wavelet", "measure"),
            "ntcspec.xas.paths.bend:bend_exafs",
            "ntcspec.types.exafs:ExafsBend",
            also=("measure",),
            borrows=("element", "edge"),
            wanted="bend.ligand",
        ),
    ),
    "scattering": (
        Stage(
            "ingest",
            (),
            "ntcspec.scattering.raw:ingest_scattering",
            "ntcspec.types.scattering:ScatteringIngested",
            borrows=("simulated",),
            extra=tuple(f"ingest.{name}" for name in ALONGSIDE),
        ),
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.scattering.reduce:reduce_scattering",
            "ntcspec.types.scattering:ScatteringReduced",
            borrows=("composition",),
        ),
        Stage(
            "transform",
            ("reduce",),
            "ntcspec.scattering.transform:transform_scattering",
            "ntcspec.types.scattering_pdf:ScatteringTransformed",
            borrows=("composition",),
        ),
        Stage(
            "measure",
            ("transform",),
            "ntcspec.scattering.measure:measure_scattering",
            "ntcspec.types.scattering_pdf:ScatteringMeasured",
            reference="transform",
            standards=("standards",),
        ),
    ),
    "raman": (
        Stage(
            "ingest",
            (),
            "ntcspec.raman.raw:ingest_raman",
            "ntcspec.types.raman:RamanIngested",
            borrows=("simulated",),
            extra=("ingest.silicon", "ingest.neon"),
        ),
        Stage("reduce", ("ingest",), "ntcspec.raman.reduce:reduce_raman", "ntcspec.types.raman:RamanReduced"),
        Stage(
            "transform",
            ("reduce",),
            "ntcspec.raman.bose:transform_raman",
            "ntcspec.types.raman:RamanTransformed",
            wanted="transform.temperature_k",
        ),
        Stage(
            "measure",
            ("reduce", "transform"),
            "ntcspec.raman.measure:measure_raman",
            "ntcspec.types.raman:RamanMeasured",
        ),
    ),
    "nmr": (
        Stage(
            "ingest",
            (),
            "ntcspec.nmr.raw:ingest_nmr",
            "ntcspec.types.nmr:NmrIngested",
            borrows=("simulated",),
            extra=("ingest.standard",),
        ),
        Stage("reduce", ("ingest",), "ntcspec.nmr.reduce:reduce_nmr", "ntcspec.types.nmr:NmrReduced"),
        Stage("measure", ("reduce",), "ntcspec.nmr.measure:measure_nmr", "ntcspec.types.nmr:NmrMeasured"),
    ),
}
FRAMES: dict[str, tuple[Stage, ...]] = {
    "xanes": (
        Stage(
            "ingest",
            (),
            "ntcspec.xas.frames.ingest:ingest_frames",
            "ntcspec.types.xas_frames:XasFrames",
            also=("frames",),
            borrows=INGEST.borrows,
            extra=("frames.table",),
        ),
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.xas.frames.reduce:reduce_frames",
            "ntcspec.types.xas_frames:XanesFrames",
            borrows=ATOM,
        ),
        Stage(
            "measure",
            ("reduce",),
            "ntcspec.xas.frames.measure:measure_frames",
            "ntcspec.types.frames:FramesMeasured",
            also=("transform",),
        ),
    ),
    "raman": (
        Stage(
            "ingest",
            (),
            "ntcspec.raman.frames.ingest:ingest_raman_frames",
            "ntcspec.types.raman_frames:RamanFrames",
            also=("frames",),
            borrows=("simulated",),
            extra=("ingest.silicon", "ingest.neon", "frames.table"),
        ),
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.raman.frames.reduce:reduce_raman_frames",
            "ntcspec.types.raman_frames:RamanCorrected",
        ),
        Stage(
            "measure",
            ("reduce",),
            "ntcspec.raman.frames.measure:measure_raman_frames",
            "ntcspec.types.frames:FramesMeasured",
        ),
    ),
}
SERIES: dict[str, SeriesKind] = {
    "exafs.fit": SeriesKind(
        "exafs", "fit", "ntcspec.xas.fits.together:fit_together", "ntcspec.types.exafs_fit:ExafsJointFit"
    ),
    "xanes.rank": SeriesKind(
        "xanes", "reduce", "ntcspec.xas.xanes.rank:rank_xanes", "ntcspec.types.xanes_series:XanesRank"
    ),
    "nmr.split": SeriesKind("nmr", "measure", "ntcspec.nmr.split:split_nmr", "ntcspec.types.nmr:NmrSplit"),
}


def chain_of(technique: str, frames: bool) -> tuple[Stage, ...]:
    """The stages of a measurement, in their order; frames: whether it holds many spectra. KeyError without any."""
    return (FRAMES if frames else STAGES)[technique]


def stage_of(technique: str, name: str, frames: bool = False) -> Stage:
    """The stage of that name; KeyError without it."""
    return {stage.name: stage for stage in chain_of(technique, frames)}[name]
