"""From samples.yaml to resolved measurements; a mistake in one of them takes that one out, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ntcspec.companions import MAIN, beside_of, companions, main_file
from ntcspec.config.folders import fits, sample_folder, slug, wrong_name
from ntcspec.config.patterns import expand
from ntcspec.config.rawfiles import NOWHERE, trouble
from ntcspec.config.resolved import Excluded, MeasurementPlan
from ntcspec.config.study import STAGES, TECHNIQUES, Measurement, SamplesFile
from ntcspec.config.validate import parse
from ntcspec.config.yamlfile import Key, YamlFile
from ntcspec.edges import edges_of, elements
from ntcspec.errors import SHOWN, UserError, did_you_mean
from ntcspec.techniques import FRAMES, SUBJECT, chain_of
from ntcspec.techniques import STAGES as TABLE

EXAMPLE = {"element": "Ta", "edge": "L3"}


def _key(sample: str, name: str) -> Key:
    return ("samples", sample, "measurements", name)


class Resolver:
    """Goes through samples.yaml once; collects measurements, and problems by measurement."""

    def __init__(
        self,
        root: Path,
        raw_root: str,
        config: YamlFile,
        samples: YamlFile,
        *,
        written_root: str,
        absent: Mapping[str, str],
    ) -> None:
        # What is wrong with a measurement stands in the tables: as the config writes it, not where it lies here.
        self.shown_root = "raw_root" if Path(written_root).is_absolute() else written_root
        self.absent = {name: sha256 for name, sha256 in absent.items() if not (root / raw_root / name).exists()}
        self.root, self.raw_root, self.config, self.samples = root, raw_root, config, samples
        self.measurements: list[MeasurementPlan] = []
        self.excluded: list[Excluded] = []
        self.told: dict[str, UserError] = {}  # by its words: a default, or a file of two stages, is told once
        self.labels: dict[str, str] = {}
        self.about: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, tuple[str, str]] = {}  # by folder in small letters: whose, and the folder
        self.techniques: dict[str, str] = {}  # by name of the measurement
        self.common: Mapping[str, Any] = config.data.get("measurements") or {}

    @property
    def problems(self) -> list[UserError]:
        """What is wrong, in the order in which it was found."""
        return list(self.told.values())

    def run(self) -> None:
        """Fill the lists."""
        found: list[UserError] = []
        whole = parse(SamplesFile, {"samples": {}, **_top_only(self.samples.data)}, self.samples.where, found)
        samples = self.samples.data.get("samples")
        if not isinstance(samples, dict) or whole is None:
            found = found or [UserError(self.samples.where(("samples",)), "holds no samples", "list them by name")]
            self.tell(found)
            return
        if not samples:
            self.tell([UserError(self.samples.where(("samples",)), "lists no sample", "add one")])
        for name, sample in samples.items():
            self.sample(str(name), sample if isinstance(sample, dict) else {"measurements": sample})
        self.check_standards()

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
        found += self.unspeakable(key, name)
        if found:
            self.exclude(name, "*", found)
            return
        assert parsed is not None and isinstance(measurements, dict)
        sample = parsed.samples[name]
        self.about[name] = sample.model_dump(mode="json", exclude={"measurements"})
        for measurement, values in measurements.items():
            self.measurement(name, str(measurement), values, sample.composition or "", sample.simulated)

    def measurement(self, sample: str, name: str, own: Any, composition: str, simulated: bool) -> None:
        found = self.unspeakable(_key(sample, name), name)
        data = merge(self.common.get(name) or {}, own) if isinstance(own, Mapping) else own
        model = parse(Measurement, data, lambda k: self.place(sample, name, k), found)
        if model is not None:
            technique = self.technique(sample, name, model, found)
            parameters = self.parameters(technique, sample, name, data, found) if technique else {}
            if model.frames is not None and technique in FRAMES and parameters:
                parameters["frames"] = model.frames.model_dump(mode="json")
            if _is_absorption(technique):
                self.element(sample, name, model, found)
            if technique:
                self.foreign_keys(technique, sample, name, model, found)
            files = self.files(_key(sample, name), model, found)
            further = self.extra_files(technique, parameters, sample, name, found)
        if found or model is None:
            self.exclude(sample, name, found)
            return
        folder = self.folder(sample, name)
        if not folder:
            return
        subject: dict[str, Any] = {"composition": composition, "simulated": simulated}
        if _is_absorption(technique):
            subject |= {
                "element": model.element,
                "edge": model.edge,
                "edge_energy_ev": edges_of(str(model.element))[str(model.edge)],
                "columns": model.columns.model_dump(mode="json") if model.columns else None,
                "select": model.select,
            }
        plan = MeasurementPlan(
            sample=sample,
            name=name,
            technique=technique,
            label=self.labels[sample],
            composition=composition,
            simulated=simulated,
            files=files,
            parameters={**parameters, SUBJECT: subject},
            folder=folder,
            companions=self.companions((*files, *further)),
            setup=model.setup.model_dump(mode="json", exclude_none=True) if model.setup else {},
        )
        self.measurements.append(plan)

    def unspeakable(self, key: Key, name: str) -> list[UserError]:
        """What is wrong with a name as such: tables and figures have it on one line."""
        what = wrong_name(name)
        return [UserError(self.samples.where(key[:-1]), what, "give a name on one line")] if what else []

    def place(self, sample: str, name: str, key: Key, technique: str = "") -> str:
        """Where a key of a measurement stands: its own entry, what its name shares, or the defaults."""
        own = (*_key(sample, name), *key)
        shared, default = ("measurements", name, *key), ("defaults", technique, *key)
        if own not in self.samples.lines:
            for elsewhere in (shared, default):
                if key and elsewhere in self.config.lines:
                    return self.config.where(elsewhere)
        return self.samples.where(own)

    def technique(self, sample: str, name: str, model: Measurement, found: list[UserError]) -> str:
        technique = model.technique or name
        if technique not in TECHNIQUES:
            what = f"the name {name!r} is no technique{did_you_mean(name, TECHNIQUES)}"
            fix = f"add 'technique: ' and one of {', '.join(TECHNIQUES)}"
            found.append(UserError(self.place(sample, name, ()), what, fix))
            return ""
        other = self.techniques.setdefault(slug(name), technique)
        if other != technique:
            what = f"{name!r} is {technique} here and {other} in another sample"
            fix = "measurements of the same name have the same technique: rename one of them"
            found.append(UserError(self.place(sample, name, ()), what, fix))
        return technique

    def parameters(
        self, technique: str, sample: str, name: str, data: Mapping[str, Any], found: list[UserError]
    ) -> dict[str, Any]:
        """Defaults of the technique under those of the measurement's name under its own."""
        model = TECHNIQUES[technique]
        defaults = (self.config.data.get("defaults") or {}).get(technique) or {}
        merged = {stage: merge(defaults.get(stage) or {}, data.get(stage) or {}) for stage in model.model_fields}
        for stage in (s for s in STAGES if s in data and s not in model.model_fields):
            fix = f"its stages: {', '.join(model.model_fields)}"
            found.append(UserError(self.place(sample, name, (stage,)), f"{technique} has no stage {stage!r}", fix))
        parsed = parse(model, merged, lambda k: self.place(sample, name, k, technique), found)
        return parsed.model_dump(mode="json") if parsed is not None else {}

    def element(self, sample: str, name: str, model: Measurement, found: list[UserError]) -> None:
        for key, value in (("element", model.element), ("edge", model.edge)):
            if value is None:
                what = f"the key {key!r} is missing"
                found.append(UserError(self.place(sample, name, ()), what, f"add it: {key}: {EXAMPLE[key]}"))
        if model.element is None or model.edge is None:
            return
        if model.element not in elements():
            hint = did_you_mean(model.element, elements())
            where = self.place(sample, name, ("element",))
            found.append(UserError(where, f"{model.element!r} is no element{hint}", "give a symbol such as Ta"))
        elif model.edge not in edges_of(model.element):
            known = ", ".join(f"{edge} {energy:g} eV" for edge, energy in edges_of(model.element).items())
            where = self.place(sample, name, ("edge",))
            found.append(UserError(where, f"{model.element} has no {model.edge} edge", f"it has {known}"))

    def foreign_keys(self, technique: str, sample: str, name: str, model: Measurement, found: list[UserError]) -> None:
        """Keys that mean something for other techniques alone."""
        absorption = () if _is_absorption(technique) else ("element", "edge", "columns", "select")
        for key in (*absorption, *(() if technique == "raman" else ("setup",))):
            if getattr(model, key):
                where = self.place(sample, name, (key,))
                found.append(UserError(where, f"{technique} has no key {key!r}", "take it out"))
        if model.frames is not None and technique not in FRAMES:
            fix = f"it is offered for {', '.join(FRAMES)}; take it out, and make a sample of each spectrum"
            found.append(UserError(self.place(sample, name, ("frames",)), f"{technique} has no key 'frames'", fix))

    def files(self, key: Key, model: Measurement, found: list[UserError]) -> tuple[str, ...]:
        """The raw files; for a directory that stands for one measurement, its main file."""
        named: dict[str, None] = {}
        for i, name in self.expanded(model.files):
            where, main = self.samples.where((*key, "files", i)), self.main(name)
            if Path(name).is_absolute():
                found.append(
                    UserError(where, f"{name!r} is an absolute path", "set raw_root in config.yaml and start there")
                )
            elif wrong := self.wrong(name, main):
                found.append(UserError(where, *wrong))
            elif main in named:
                found.append(UserError(where, f"{name!r} stands twice in this list", "keep it once"))
            named[main] = None
        return tuple(named)

    def expanded(self, files: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        """Files with patterns replaced by what they find, each with its place in the list."""
        for i, name in enumerate(files):
            found = [name] if self.main(name) else expand(self.root / self.raw_root, name, self.absent)
            yield from ((i, one) for one in found or [name])

    def extra_files(
        self, technique: str, parameters: Mapping[str, Any], sample: str, name: str, found: list[UserError]
    ) -> tuple[str, ...]:
        """Further raw files that stages name; where it is a directory, its main file is put into the parameters."""
        named: list[str] = []
        for stage in chain_of(technique, "frames" in parameters) if parameters else ():
            for one in stage.extra_files(parameters):
                main = self.main(one.file)
                if wrong := self.wrong(one.file, main):
                    found.append(UserError(self.place(sample, name, one.key, technique), *wrong))
                elif main != one.file:
                    _put(parameters, one.key, main)
                named.append(main)
        return tuple(named)

    def wrong(self, name: str, main: str) -> tuple[str, str] | None:
        """What is wrong with a raw file, and the way out; None where nothing is. main: as `main` finds it."""
        if main in self.absent:
            return None
        path = self.root / self.raw_root / name
        what, fix = trouble(self.root / self.raw_root / (main or name))
        if what == NOWHERE:
            return f"no such file {name!r} in {self.shown_root!r}{self.near(path)}", fix
        return (f"{name!r} is {what}", fix) if what else None

    def companions(self, files: tuple[str, ...]) -> tuple[str, ...]:
        """What belongs to raw files, as paths from `raw_root`, each once."""
        top = self.root / self.raw_root
        beside = [path for name in files for path in companions(top / name)]
        names = dict.fromkeys(Path(os.path.relpath(path, top)).as_posix() for path in beside)
        names |= dict.fromkeys(name for one in files for name in beside_of(one) if name in self.absent)
        return tuple(name for name in names if name not in files)

    def main(self, name: str) -> str:
        """The name of a raw file, or of the main file of a directory; '' where there is none."""
        absent = (one for one in (name, *(f"{name}/{main}" for main in MAIN)) if one in self.absent)
        return _main(self.root / self.raw_root / name, name) or next(absent, "")

    def folder(self, sample: str, name: str) -> str:
        key = _key(sample, name)
        for part in (sample, name):
            if not fits(slug(part)):
                what = f"the name {part[:30]!r}... is too long, or repeats itself too often, for a folder"
                fix = "give a shorter name, and the long one as `label`"
                self.exclude(sample, name, [UserError(self.samples.where(key), what, fix)])
                return ""
        folder = f"results/{sample_folder(sample)}/{slug(name)}"
        other, place = self.folders.setdefault(folder.casefold(), (f"{sample} / {name}", folder))
        if other != f"{sample} / {name}":
            same = "the same folder" if place == folder else "what many discs take for the same folder"
            what = f"would write into {same} {folder!r} as {other}"
            self.exclude(sample, name, [UserError(self.samples.where(key), what, "rename one of the two")])
            return ""
        return folder

    def check_standards(self) -> None:
        """Take out measurements that name a standard which the study does not know."""
        kept = []
        of_frames = {(m.sample, m.name) for m in self.measurements if m.frames}
        for measurement in self.measurements:
            found = []
            for stage in measurement.stages:
                for standard, key in stage.named_standards(measurement.parameters[stage.name]):
                    place = (stage.name, *key)
                    where = self.place(measurement.sample, measurement.name, place, measurement.technique)
                    if (standard, measurement.name) in of_frames:
                        what = f"the measurement of {standard!r} holds frames, which are no standard"
                        found.append(UserError(where, what, "name a sample with a single spectrum"))
                    if standard not in self.labels:
                        hint = did_you_mean(standard, self.labels) if len(self.told) < SHOWN else ""
                        found.append(UserError(where, f"no sample {standard!r}{hint}", "use a name from samples.yaml"))
            if found:
                self.exclude(measurement.sample, measurement.name, found)
            else:
                kept.append(measurement)
        self.measurements = kept

    def exclude(self, sample: str, name: str, found: list[UserError]) -> None:
        self.tell(found)
        self.excluded.append(Excluded(sample, name, "; ".join(str(p) for p in found)))

    def tell(self, found: list[UserError]) -> None:
        self.told.update({str(p): p for p in found})

    def near(self, path: Path) -> str:
        """A hint where the folder holds a file of nearly that name; of many mistakes for those that are shown alone."""
        if len(self.told) >= SHOWN:
            return ""
        try:
            return did_you_mean(path.name, [p.name for p in path.parent.iterdir()])
        except OSError:
            return f" (there is no folder {path.parent.name!r})"


def _is_absorption(technique: str) -> bool:
    """Whether measurements of the technique are of an absorption edge, which must then be named."""
    return any("edge_energy_ev" in stage.borrows for stage in TABLE.get(technique, ()))


def _top_only(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "samples"}


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` wins; mappings are merged, everything else is replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _main(path: Path, name: str) -> str:
    """The name of a raw file, or of the main file of a directory; '' where there is none."""
    try:
        main = main_file(path)
        if main is None or not main.is_file():
            return ""
    except OSError:  # no file can have such a path, or nobody may look there
        return ""
    return name if main == path else (Path(name) / main.name).as_posix()


def _put(parameters: Mapping[str, Any], key: Key, value: str) -> None:
    inside: Any = parameters
    for part in key[:-1]:
        inside = inside[part]
    inside[key[-1]] = value
