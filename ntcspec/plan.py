"""Every job of a study, with its key, before anything runs: what the Snakefile, `run` and `verify` work from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ntcspec.companions import COMPANION
from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.config.study import SERIES as SERIES_OPTIONS
from ntcspec.config.study import Panel
from ntcspec.plot import KINDS, PanelKind
from ntcspec.provenance import HashCache, fingerprint, job_key
from ntcspec.techniques import METRICS, SERIES, STAGES, Stage, stage_of

TABLE_MODULES = ("ntcspec.stage", "ntcspec.study.table")
CLAIMS_MODULES = ("ntcspec.stage", "ntcspec.study.claims")
TRENDS_MODULES = ("ntcspec.stage", "ntcspec.study.trends")
PANEL_MODULES = ("ntcspec.stage", "ntcspec.study.panel")
TABLE = "results/metrics.csv"
SAMPLES_TABLE = "results/samples.csv"
TRENDS = "results/trends.csv"
CLAIMS = "results/claims.csv"
SUMS = "results/SHA256SUMS"
PANEL_SUFFIXES = ("nxs", "png", "pdf", "svg")


@dataclass(frozen=True)
class Input:
    """One input of a job.

    root 'raw': `path` starts at raw_root, `identity` is its sha256. root 'study': at the study's root, its key.
    """

    role: str
    root: str
    path: str
    identity: str


@dataclass(frozen=True)
class Job:
    """One job: the files it writes (the first carries its key), what it takes, and with what parameters."""

    outputs: tuple[str, ...]
    about: Mapping[str, Any]
    parameters: Mapping[str, Any]
    inputs: tuple[Input, ...]
    modules: tuple[str, ...]
    code: str
    key: str
    work: Mapping[str, Any]

    @property
    def log(self) -> str:
        head, _, name = self.outputs[0].removeprefix("results/").rpartition("/")
        return "/".join(part for part in ("results/logs", head, f"{name.rpartition('.')[0]}.log") if part)

    def params(self) -> dict[str, Any]:
        """What the workflow hands to the job, and compares to know whether it must run again."""
        return {
            "work": dict(self.work),
            "about": dict(self.about),
            "settings": dict(self.parameters),
            "origin": [asdict(i) for i in self.inputs],
            "modules": list(self.modules),
            "code": self.code,
            "key": self.key,
        }


class Plan:
    """All jobs of a study by their first output, in the order in which they can run."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.jobs: dict[str, Job] = {}
        cache = HashCache(study.root / ".ntcspec" / "hashes.json")
        for order in range(max(map(len, STAGES.values()))):  # stage by stage: a stage may need a standard's earlier one
            for measurement in study.measurements:
                for stage in STAGES[measurement.technique][order : order + 1]:
                    if not stage.is_wanted(measurement.parameters):
                        continue
                    self._add(self._stage_job(measurement, stage, order, cache))
        cache.save()
        for name in study.series:
            self._add(self._series_job(name))
        self._add(self._table_job())
        if study.trends:
            self._add(self._trends_job())
        if study.claims:
            self._add(self._claims_job())
        for name in study.panels:
            self._add(self._panel_job(name))

    def _add(self, job: Job) -> None:
        self.jobs[job.outputs[0]] = job

    def job(self, output: str) -> Job:
        return self.jobs[output]

    def outputs(self) -> list[str]:
        """Every artifact of the study."""
        return [path for job in self.jobs.values() for path in job.outputs]

    def paths(self, output: str) -> list[str]:
        """The inputs of a job as paths from the study's root."""
        return [self.study.raw(i.path) if i.root == "raw" else i.path for i in self.job(output).inputs]

    def _stage_job(self, m: MeasurementPlan, stage: Stage, order: int, cache: HashCache) -> Job:
        needed = [name for name in stage.inputs if stage_of(m.technique, name).is_wanted(m.parameters)]
        if needed:
            inputs = tuple(self._artifact(name, f"{m.folder}/{name}.nxs") for name in needed)
        else:
            files = ((name, self.study.root / self.study.raw(name)) for name in m.files)
            inputs = tuple(Input("raw", "raw", name, cache.sha256(path)) for name, path in files)
        settings = stage.parameters(m.parameters)
        references, missing = self._references(m, stage)
        about = {
            "study": self.study.name,
            "sample": m.sample,
            "measurement": m.name,
            "technique": m.technique,
            "composition": m.composition,
            "simulated": m.simulated,
            "stage": stage.name,
            "order": order,
        }
        outputs = tuple(f"{m.folder}/{file}" for file in stage.files)
        takes = [stage_of(m.technique, name).result for name in needed]
        work: dict[str, Any] = {"function": stage.function, "takes": takes}
        if stage.reference:
            settings["references"] = missing
            work["references"] = {"samples": list(references), "takes": stage_of(m.technique, stage.reference).result}
        extra = stage.extra_files(m.parameters)
        if stage.extra:
            work["extra"] = [one.name for one in extra]
            paths = [self.study.root / self.study.raw(one.file) for one in extra]
            inputs += tuple(
                Input(one.role, "raw", one.file, cache.sha256(path)) for one, path in zip(extra, paths, strict=True)
            )
        if not stage.inputs:
            beside = ((name, self.study.root / self.study.raw(name)) for name in m.companions)
            inputs += tuple(Input(COMPANION, "raw", name, cache.sha256(path)) for name, path in beside)
        return _job(outputs, about, settings, (*inputs, *references.values()), stage.modules, work)

    def _references(self, m: MeasurementPlan, stage: Stage) -> tuple[dict[str, Input], dict[str, str]]:
        """Artifacts of the standards that a stage names, by sample; and why those that are not there are missing.

        The sample itself is in neither: no sample is its own standard.
        """
        found: dict[str, Input] = {}
        missing: dict[str, str] = {}
        for name, _ in stage.named_standards(m.parameters[stage.name]):
            folders = [o.folder for o in self.study.measurements if (o.sample, o.name) == (name, m.name)]
            if folders and name != m.sample:
                found[name] = self._artifact(f"standard {name}", f"{folders[0]}/{stage.reference}.nxs")
            elif name != m.sample:
                missing[name] = self._why_missing(name, m.name)
        return found, missing

    def _series_job(self, name: str) -> Job:
        series = self.study.series[name]
        kind = SERIES[series.kind]
        used, missing = [], {}
        for sample in series.samples or tuple(self.study.labels):
            measurement = self._measurement(sample, series.measurement, kind.technique)
            reason = "" if measurement else self._why_missing(sample, series.measurement or kind.technique)
            if measurement and f"{measurement.folder}/{kind.takes}.nxs" not in self.jobs:
                missing[sample] = f"its stage {kind.takes} has nothing to do"
            elif measurement:
                used.append(measurement)
            elif series.samples or reason != NOT_MEASURED:
                missing[sample] = reason
        inputs = tuple(self._artifact(kind.takes, f"{m.folder}/{kind.takes}.nxs") for m in used)
        about = {
            **self._about_study("series", any(m.simulated for m in used)),
            "series": name,
            "technique": kind.technique,
            "measurement": series.measurement or kind.technique,
        }
        takes = stage_of(kind.technique, kind.takes).result
        work = {"function": kind.function, "takes": takes, "samples": [m.sample for m in used]}
        options = SERIES_OPTIONS[series.kind].model_validate(series.options).model_dump(mode="json")
        settings = {**options, "missing": missing}
        outputs = (f"results/series/{name}.nxs", f"results/series/{name}.json")
        return _job(outputs, about, settings, inputs, kind.modules, work)

    def _artifact(self, role: str, path: str) -> Input:
        owner = path if path in self.jobs else path.removesuffix(".json") + ".nxs"
        return Input(role, "study", path, self.jobs[owner].key)

    def _about_study(self, stage: str, simulated: bool) -> dict[str, Any]:
        return {"study": self.study.name, "stage": stage, "simulated": simulated, "order": 100}

    def _table_job(self) -> Job:
        measurements = self.study.measurements
        files = [f"{m.folder}/{name}.json" for m in measurements for name in METRICS]
        files = [file for file in files if file.removesuffix(".json") + ".nxs" in self.jobs]
        files += [f"results/series/{name}.json" for name in self.study.series]
        inputs = tuple(self._artifact("metrics", file) for file in files)
        excluded = [asdict(e) for e in self.study.excluded]
        samples = [{"name": name, **about} for name, about in self.study.samples.items()]
        parameters = {"excluded": excluded, "samples": samples}
        about = self._about_study("table", any(m.simulated for m in measurements))
        return _job((TABLE, SAMPLES_TABLE), about, parameters, inputs, TABLE_MODULES)

    def _trends_job(self) -> Job:
        simulated = any(m.simulated for m in self.study.measurements)
        properties = {name: about["properties"] for name, about in self.study.samples.items()}
        trends = {name: trend.model_dump(mode="json") for name, trend in self.study.trends.items()}
        about = self._about_study("trends", simulated)
        inputs = (self._artifact("metrics", TABLE),)
        return _job((TRENDS,), about, {"trends": trends, "properties": properties}, inputs, TRENDS_MODULES)

    def _claims_job(self) -> Job:
        samples = self.study.samples
        parameters = {
            "claims": {name: claim.model_dump(mode="json") for name, claim in self.study.claims.items()},
            "properties": {name: about["properties"] for name, about in samples.items()},
            "simulated": [name for name, about in samples.items() if about["simulated"]],
        }
        about = self._about_study("claims", any(m.simulated for m in self.study.measurements))
        return _job((CLAIMS,), about, parameters, (self._artifact("metrics", TABLE),), CLAIMS_MODULES)

    def _panel_job(self, name: str) -> Job:
        panel = self.study.panels[name]
        kind = KINDS[panel.kind]
        draws = self._table_drawn if kind.table else self._series_drawn if kind.series else self._samples_drawn
        entries, inputs, simulated = draws(panel, kind)
        drawn = {"kind": panel.kind, "title": panel.title, "options": panel.options}
        parameters: dict[str, Any] = {**drawn, "entries": entries, "table": kind.table}
        outputs = tuple(f"results/panels/{name}.{suffix}" for suffix in PANEL_SUFFIXES)
        about = {**self._about_study("panel", simulated), "panel": name}
        takes = {stage: stage_of(kind.technique, stage).result for stage in kind.needs}
        takes |= {kind.series: SERIES[kind.series].result} if kind.series else {}
        return _job(outputs, about, parameters, tuple(inputs), PANEL_MODULES, {"takes": takes})

    def _samples_drawn(self, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
        """Entries of a panel that draws samples, their artifacts, and whether any of them is simulated."""
        entries: list[dict[str, Any]] = []
        inputs: list[Input] = []
        for sample in panel.samples or tuple(self.study.labels):
            measurement = self._measurement(sample, panel.measurement, kind.technique)
            missing = "" if measurement else self._why_missing(sample, panel.measurement or kind.technique)
            if missing == NOT_MEASURED and not panel.samples:
                continue  # without an explicit list, samples that never had this technique are no loss
            needed = [f"{measurement.folder}/{stage}.nxs" for stage in kind.needs] if measurement else []
            idle = [stage for stage, path in zip(kind.needs, needed, strict=False) if path not in self.jobs]
            if idle and not panel.samples:
                continue  # nor those where an optional stage is not wanted
            missing = missing or (f"its stage {idle[0]} has nothing to do" if idle else "")
            if not missing:
                inputs.extend(self._artifact(stage, path) for stage, path in zip(kind.needs, needed, strict=True))
            simulated = bool(measurement and measurement.simulated)
            label = self.study.labels[sample]
            entries.append({"sample": sample, "label": label, "simulated": simulated, "missing": missing})
        return entries, inputs, any(e["simulated"] for e in entries)

    def _series_drawn(self, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
        """The same for a panel that draws series analyses."""
        names = [n for n, s in self.study.series.items() if s.kind == kind.series and panel.series in (None, n)]
        simulated = [bool(self.jobs[f"results/series/{n}.nxs"].about["simulated"]) for n in names]
        entries = [
            {"sample": n, "label": n, "simulated": yes, "missing": ""} for n, yes in zip(names, simulated, strict=True)
        ]
        return entries, [self._artifact(kind.series, f"results/series/{n}.nxs") for n in names], any(simulated)

    def _table_drawn(self, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
        """The same for a panel that draws the table of metrics against properties of the samples."""
        entries = []
        for sample in panel.samples or self.study.labels:
            about: Mapping[str, Any] = self.study.samples.get(sample, {"simulated": False, "properties": {}})
            missing = "" if sample in self.study.samples else self._why_missing(sample, "*")
            shown = {"sample": sample, "label": self.study.labels[sample], "missing": missing}
            entries.append({**shown, "simulated": about["simulated"], "properties": about["properties"]})
        return entries, [self._artifact("metrics", TABLE)], any(bool(e["simulated"]) for e in entries)

    def _measurement(self, sample: str, name: str | None, technique: str) -> MeasurementPlan | None:
        """The (first) measurement of a sample by that technique, of that name if one is given."""
        for m in self.study.measurements:
            if (m.sample, m.technique) == (sample, technique) and name in (None, m.name):
                return m
        return None

    def _why_missing(self, sample: str, measurement: str) -> str:
        for excluded in self.study.excluded:
            if excluded.sample == sample and excluded.name in ("*", measurement):
                return "error in the study's files"
        return NOT_MEASURED


NOT_MEASURED = "not measured"


def _job(
    outputs: tuple[str, ...],
    about: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: tuple[Input, ...],
    modules: tuple[str, ...],
    work: Mapping[str, Any] | None = None,
) -> Job:
    code = fingerprint(*modules)
    stage = f"{about.get('technique', 'study')}.{about['stage']}"
    subject = [[i.role, i.root, i.path, i.identity] for i in inputs]
    key = job_key(stage, {"about": dict(about), "settings": parameters}, code, {"inputs": subject})
    return Job(outputs, about, parameters, inputs, modules, code, key, work or {})
