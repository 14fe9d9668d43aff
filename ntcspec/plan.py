"""Every job of a study, with its key, before anything runs: what the Snakefile, `run` and `verify` work from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ntcspec.config.load import MeasurementPlan, Study
from ntcspec.plot import KINDS
from ntcspec.provenance import HashCache, fingerprint, job_key
from ntcspec.techniques import STAGES, Stage, stage_of

TABLE_MODULES = ("ntcspec.stage", "ntcspec.study.table")
PANEL_MODULES = ("ntcspec.stage", "ntcspec.study.panel")
TABLE = "results/metrics.csv"
SAMPLES_TABLE = "results/samples.csv"
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
        for measurement in study.measurements:
            for order, stage in enumerate(STAGES[measurement.technique]):
                self._add(self._stage_job(measurement, stage, order, cache))
        cache.save()
        self._add(self._table_job())
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
        if stage.inputs:
            inputs = tuple(self._artifact(name, f"{m.folder}/{name}.nxs") for name in stage.inputs)
        else:
            files = ((name, self.study.root / self.study.raw(name)) for name in m.files)
            inputs = tuple(Input("raw", "raw", name, cache.sha256(path)) for name, path in files)
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
        takes = [stage_of(m.technique, name).result for name in stage.inputs]
        work = {"function": stage.function, "takes": takes}
        return _job(outputs, about, stage.parameters(m.parameters), inputs, stage.modules, work)

    def _artifact(self, role: str, path: str) -> Input:
        owner = path if path in self.jobs else path.replace("measure.json", "measure.nxs")
        return Input(role, "study", path, self.jobs[owner].key)

    def _about_study(self, stage: str, measurements: Iterable[MeasurementPlan]) -> dict[str, Any]:
        simulated = any(m.simulated for m in measurements)
        return {"study": self.study.name, "stage": stage, "simulated": simulated, "order": 100}

    def _table_job(self) -> Job:
        measurements = self.study.measurements
        inputs = tuple(self._artifact("metrics", f"{m.folder}/measure.json") for m in measurements)
        excluded = [asdict(e) for e in self.study.excluded]
        samples = [{"name": name, **about} for name, about in self.study.samples.items()]
        parameters = {"excluded": excluded, "samples": samples}
        return _job((TABLE, SAMPLES_TABLE), self._about_study("table", measurements), parameters, inputs, TABLE_MODULES)

    def _panel_job(self, name: str) -> Job:
        panel = self.study.panels[name]
        kind = KINDS[panel.kind]
        wanted = panel.samples or tuple(self.study.labels)
        entries: list[dict[str, Any]] = []
        inputs: list[Input] = []
        drawn: list[MeasurementPlan] = []
        for sample in wanted:
            entry: dict[str, Any] = {
                "sample": sample,
                "label": self.study.labels[sample],
                "simulated": False,
                "missing": "",
            }
            found = [
                m
                for m in self.study.measurements
                if m.sample == sample and _meant(m, panel.measurement, kind.technique)
            ]
            if found:
                drawn.append(found[0])
                entry["simulated"] = found[0].simulated
                inputs.extend(self._artifact(stage, f"{found[0].folder}/{stage}.nxs") for stage in kind.needs)
            else:
                entry["missing"] = self._why_missing(sample, panel.measurement or kind.technique)
            entries.append(entry)
        if not panel.samples:  # without an explicit list, samples that never had this technique are no loss
            entries = [e for e in entries if e["missing"] != NOT_MEASURED]
        parameters = {"kind": panel.kind, "title": panel.title, "options": panel.options, "entries": entries}
        outputs = tuple(f"results/panels/{name}.{suffix}" for suffix in PANEL_SUFFIXES)
        about = {**self._about_study("panel", drawn), "panel": name}
        work = {"takes": {stage: stage_of(kind.technique, stage).result for stage in kind.needs}}
        return _job(outputs, about, parameters, tuple(inputs), PANEL_MODULES, work)

    def _why_missing(self, sample: str, measurement: str) -> str:
        for excluded in self.study.excluded:
            if excluded.sample == sample and excluded.name in ("*", measurement):
                return "error in the study's files"
        return NOT_MEASURED


NOT_MEASURED = "not measured"


def _meant(m: MeasurementPlan, name: str | None, technique: str) -> bool:
    return m.technique == technique and (name is None or m.name == name)


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
