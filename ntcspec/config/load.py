"""From config.yaml and samples.yaml to a resolved Study, with everything that is wrong with it at once.

A mistake in config.yaml stops the study. A mistake in one measurement (a key, an element, a missing
file) takes that measurement out, with the reason, and the others run.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ntcspec.config.study import TECHNIQUES, Measurement, Panel, SamplesFile, StudyFile
from ntcspec.config.validate import parse
from ntcspec.config.yamlfile import Key, YamlFile, load
from ntcspec.edges import edges_of, elements
from ntcspec.errors import Problems, UserError, did_you_mean


@dataclass(frozen=True)
class MeasurementPlan:
    """One measurement with every parameter resolved."""

    sample: str
    name: str
    technique: str
    label: str
    composition: str
    simulated: bool
    files: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    folder: str

    @property
    def title(self) -> str:
        return f"{self.sample} / {self.name}"


@dataclass(frozen=True)
class Excluded:
    """A measurement that cannot run, and why."""

    sample: str
    name: str
    reason: str


@dataclass(frozen=True)
class Study:
    """A study, resolved. Paths in it are relative to `root`, those of raw files to `raw_root`."""

    name: str
    root: Path
    config: Path
    raw_root: str
    measurements: tuple[MeasurementPlan, ...]
    panels: Mapping[str, Panel]
    labels: Mapping[str, str]
    samples: Mapping[str, Mapping[str, Any]]
    excluded: tuple[Excluded, ...] = ()
    problems: tuple[UserError, ...] = field(default=())

    def raw(self, name: str) -> str:
        """A raw file as seen from `root`."""
        return (Path(self.raw_root) / name).as_posix()


def find_config(study: Path) -> Path:
    """The config.yaml that a path means: itself, or the one in the folder or in its config/ folder."""
    if study.is_dir():
        for inside in (study / "config" / "config.yaml", study / "config.yaml"):
            if inside.is_file():
                return inside
        raise UserError(str(study), "holds no config.yaml and no config/config.yaml", "name a study's folder or config")
    return study


def load_study(study: Path) -> Study:
    """Read, resolve and check a study.

    Raises Problems with all that is wrong with config.yaml, or where not one measurement is left.
    Problems of single measurements are in `Study.problems`, the measurements in `Study.excluded`.
    """
    try:
        config = find_config(study).resolve()
        root = config.parent.parent if config.parent.name == "config" else config.parent
        file = load(config, _shown(config, root))
    except UserError as error:
        raise Problems([error]) from None
    problems: list[UserError] = []
    model = parse(StudyFile, file.data, file.where, problems)
    if model is None:
        raise Problems(problems)
    raw_root = _expand(model.raw_root, file, problems)
    _check_defaults(file, problems)
    if problems:
        raise Problems(problems)
    try:
        samples = load(config.parent / model.samples, _shown(config.parent / model.samples, root))
    except UserError as error:
        raise Problems([error]) from None
    resolver = _Resolver(root, raw_root, file, samples)
    resolver.run()
    _check_panels(model, file, resolver, problems)
    if problems or not resolver.measurements:
        nothing = [] if problems or resolver.problems else [UserError(samples.shown, "lists no sample", "add one")]
        raise Problems([*problems, *resolver.problems, *nothing])
    return Study(
        name=model.study,
        root=root,
        config=config,
        raw_root=raw_root,
        measurements=tuple(resolver.measurements),
        panels=model.panels,
        labels=resolver.labels,
        samples=resolver.about,
        excluded=tuple(resolver.excluded),
        problems=tuple(resolver.problems),
    )


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


_REPEATS = re.compile(r"(.+?)\1{9,}")  # Snakemake takes a name like that for an endless recursion
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand(value: str, file: YamlFile, problems: list[UserError]) -> str:
    def one(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        found = os.environ.get(name) or default
        if found is None:
            problems.append(
                UserError(file.where(("raw_root",)), f"the variable {name} is not set", f"export {name}=...")
            )
        return found or ""

    return _VARIABLE.sub(one, value)


def _check_defaults(file: YamlFile, problems: list[UserError]) -> None:
    """Defaults must be valid by themselves, so that a mistake in them is told once and at its place."""
    for technique, values in (file.data.get("defaults") or {}).items():
        model = TECHNIQUES[technique]
        parse(model, values or {}, lambda key, t=technique: file.where(("defaults", t, *key)), problems)  # type: ignore[misc]


def _check_panels(model: StudyFile, file: YamlFile, resolver: _Resolver, problems: list[UserError]) -> None:
    from ntcspec.plot import KINDS, resolve_options

    for name, panel in model.panels.items():
        if panel.kind not in KINDS:
            hint = did_you_mean(panel.kind, KINDS)
            where = file.where(("panels", name, "kind"))
            problems.append(UserError(where, f"unknown kind {panel.kind!r}{hint}", f"known: {', '.join(KINDS)}"))
            continue
        try:
            resolve_options(panel.kind, panel.options)
        except UserError as error:
            problems.append(UserError(file.where(("panels", name, "options")), error.what, error.fix))
        for i, sample in enumerate(panel.samples or ()):
            if sample not in resolver.labels:
                where = file.where(("panels", name, "samples", i))
                hint = did_you_mean(sample, resolver.labels)
                problems.append(UserError(where, f"no sample {sample!r}{hint}", "use a name from samples.yaml"))


class _Resolver:
    """Goes through samples.yaml once; collects measurements, and problems by measurement."""

    def __init__(self, root: Path, raw_root: str, config: YamlFile, samples: YamlFile) -> None:
        self.root, self.raw_root, self.config, self.samples = root, raw_root, config, samples
        self.measurements: list[MeasurementPlan] = []
        self.excluded: list[Excluded] = []
        self.problems: list[UserError] = []
        self.labels: dict[str, str] = {}
        self.about: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}

    def run(self) -> None:
        found: list[UserError] = []
        whole = parse(SamplesFile, {"samples": {}, **_top_only(self.samples.data)}, self.samples.where, found)
        samples = self.samples.data.get("samples")
        if not isinstance(samples, dict) or whole is None:
            found = found or [UserError(self.samples.where(("samples",)), "holds no samples", "list them by name")]
            self.problems.extend(found)
            return
        for name, sample in samples.items():
            self.sample(str(name), sample if isinstance(sample, dict) else {"measurements": sample})

    def sample(self, name: str, data: Mapping[str, Any]) -> None:
        key: Key = ("samples", name)
        found: list[UserError] = []
        shell = {**data, "measurements": {}} if "measurements" in data else data
        parsed = parse(SamplesFile, {"samples": {name: shell}}, self.samples.where, found)
        measurements = data.get("measurements")
        if parsed is not None and not (isinstance(measurements, dict) and measurements):
            where = self.samples.where((*key, "measurements"))
            found.append(
                UserError(where, "lists no measurement", "add one: exafs: {element: Ta, edge: L3, files: [...]}")
            )
        self.labels[name] = str(data.get("label") or name)
        if found:
            self.exclude(name, "*", found)
            return
        assert parsed is not None and isinstance(measurements, dict)
        sample = parsed.samples[name]
        self.about[name] = sample.model_dump(mode="json", exclude={"measurements"})
        for measurement, values in measurements.items():
            self.measurement(name, str(measurement), values, sample.composition or "", sample.simulated)

    def measurement(self, sample: str, name: str, data: Any, composition: str, simulated: bool) -> None:
        key: Key = ("samples", sample, "measurements", name)
        found: list[UserError] = []
        model = parse(Measurement, data, lambda k: self.samples.where((*key, *k)), found)
        if model is not None:
            technique = self.technique(name, model, key, found)
            parameters = self.parameters(technique, data, key, found) if technique else {}
            self.element(model, key, found)
            self.files(model, key, found)
        if found or model is None:
            self.exclude(sample, name, found)
            return
        folder = self.folder(sample, name, key)
        if folder:
            edge_energy = edges_of(model.element)[model.edge]
            atom = {"element": model.element, "edge": model.edge, "edge_energy_ev": edge_energy}
            columns = model.columns.model_dump(mode="json") if model.columns else None
            asked = {"columns": columns, "simulated": simulated, **({"select": model.select} if model.select else {})}
            self.measurements.append(
                MeasurementPlan(
                    sample=sample,
                    name=name,
                    technique=technique,
                    label=self.labels[sample],
                    composition=composition,
                    simulated=simulated,
                    files=model.files,
                    parameters={**parameters, "ingest": {**parameters["ingest"], **atom, **asked}},
                    folder=folder,
                )
            )

    def technique(self, name: str, model: Measurement, key: Key, found: list[UserError]) -> str:
        technique = model.technique or name
        if technique in TECHNIQUES:
            return technique
        what = f"the name {name!r} is no technique{did_you_mean(name, TECHNIQUES)}"
        found.append(UserError(self.samples.where(key), what, f"add 'technique: ' and one of {', '.join(TECHNIQUES)}"))
        return ""

    def parameters(self, technique: str, data: Mapping[str, Any], key: Key, found: list[UserError]) -> dict[str, Any]:
        """Defaults of config.yaml under this measurement's own; an error is shown where the value stands."""
        model = TECHNIQUES[technique]
        defaults = (self.config.data.get("defaults") or {}).get(technique) or {}
        own = {stage: data[stage] for stage in model.model_fields if stage in data}
        merged = {stage: merge(defaults.get(stage) or {}, own.get(stage) or {}) for stage in model.model_fields}

        def where(k: Key) -> str:
            here = (*key, *k)
            mine = here in self.samples.lines or ("defaults", technique, *k) not in self.config.lines
            return self.samples.where(here) if mine else self.config.where(("defaults", technique, *k))

        parsed = parse(model, merged, where, found)
        return parsed.model_dump(mode="json") if parsed is not None else {}

    def element(self, model: Measurement, key: Key, found: list[UserError]) -> None:
        if model.element not in elements():
            hint = did_you_mean(model.element, elements())
            where = self.samples.where((*key, "element"))
            found.append(UserError(where, f"{model.element!r} is no element{hint}", "give a symbol such as Ta"))
        elif model.edge not in edges_of(model.element):
            known = ", ".join(f"{edge} {energy:g} eV" for edge, energy in edges_of(model.element).items())
            where = self.samples.where((*key, "edge"))
            found.append(UserError(where, f"{model.element} has no {model.edge} edge", f"it has {known}"))

    def files(self, model: Measurement, key: Key, found: list[UserError]) -> None:
        for i, name in enumerate(model.files):
            where = self.samples.where((*key, "files", i))
            path = self.root / self.raw_root / name
            if Path(name).is_absolute():
                found.append(
                    UserError(where, f"{name!r} is an absolute path", "set raw_root in config.yaml and start there")
                )
            elif path.is_dir():
                found.append(UserError(where, f"{name!r} is a folder", "name the raw files in it"))
            elif not path.is_file():
                found.append(
                    UserError(where, f"no such file {name!r} in {self.raw_root!r}{_near(path)}", "mend the path")
                )
            elif model.files.index(name) != i:
                found.append(UserError(where, f"{name!r} stands twice in this list", "keep it once"))

    def folder(self, sample: str, name: str, key: Key) -> str:
        for part in (sample, name):
            if len(slug(part).encode()) > 100 or _REPEATS.search(slug(part)):
                what = f"the name {part[:30]!r}... is too long, or repeats itself too often, for a folder"
                fix = "give a shorter name, and the long one as `label`"
                self.exclude(sample, name, [UserError(self.samples.where(key), what, fix)])
                return ""
        folder = f"results/{slug(sample)}/{slug(name)}"
        other = self.folders.setdefault(folder, f"{sample} / {name}")
        if other != f"{sample} / {name}":
            what = f"would write into the same folder {folder!r} as {other}"
            self.exclude(sample, name, [UserError(self.samples.where(key), what, "rename one of the two")])
            return ""
        return folder

    def exclude(self, sample: str, name: str, found: list[UserError]) -> None:
        self.problems.extend(found)
        self.excluded.append(Excluded(sample, name, "; ".join(str(p) for p in found)))


def _top_only(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "samples"}


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` wins; mappings are merged, everything else is replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def slug(name: str) -> str:
    """A name as a folder: letters of any script, digits, '.', '_', '+' and '-' stay, the rest becomes '_'."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^\w.+-]+", "_", plain).strip(".") or "_"


def _near(path: Path) -> str:
    """A hint where the folder holds a file of nearly that name."""
    if not path.parent.is_dir():
        return f" (there is no folder {path.parent.name!r})"
    return did_you_mean(path.name, [p.name for p in path.parent.iterdir()])
