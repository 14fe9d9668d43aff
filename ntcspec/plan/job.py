"""A job, and the book in which all jobs of a study are written down before any runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.provenance import Hashes, fingerprint, key_of

NOT_MEASURED = "not measured"
NO_FRAMES, OF_FRAMES = "it holds one spectrum, not frames", "it holds frames, not one spectrum"
NO_LOSS = (NOT_MEASURED, NO_FRAMES, OF_FRAMES)  # where samples are not named one by one


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
    log_name: str = ""  # where that of the output could be another job's

    @property
    def log(self) -> str:
        if self.log_name:
            return f"results/logs/{self.log_name}.log"
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


class Jobs:
    """Jobs by their first output, in the order in which they can run."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.jobs: dict[str, Job] = {}
        self.makers: dict[str, Job] = {}  # by each of their outputs
        self._measured: dict[str, list[MeasurementPlan]] = {}  # by sample
        for m in study.measurements:
            self._measured.setdefault(m.sample, []).append(m)
        self._excluded = {(e.sample, e.name) for e in study.excluded}

    def add(self, job: Job) -> None:
        self.jobs[job.outputs[0]] = job
        self.makers.update(dict.fromkeys(job.outputs, job))

    def artifact(self, role: str, path: str) -> Input:
        """An artifact that another job of this book makes, as an input."""
        return Input(role, "study", path, self.makers[path].key)

    def raw(self, role: str, name: str, cache: Hashes) -> Input:
        """A raw file as an input."""
        known = self.study.absent.get(name)
        return Input(role, "raw", name, known or cache[self.study.root / self.study.raw(name)])

    def about_study(self, stage: str, simulated: bool) -> dict[str, Any]:
        """What a job of the study as a whole is."""
        return {"study": self.study.name, "stage": stage, "simulated": simulated, "order": 100}

    def measurement(
        self, sample: str, name: str | None, technique: str, frames: bool = False
    ) -> MeasurementPlan | None:
        """The (first) measurement of a sample by that technique, of that name if one is given; frames: one of many
        spectra, or of one."""
        found = (m for m in self._measured.get(sample, ()) if (m.technique, m.frames) == (technique, frames))
        return next((m for m in found if name in (None, m.name)), None)

    def why_missing(self, sample: str, measurement: str) -> str:
        if {(sample, "*"), (sample, measurement)} & self._excluded:
            return "error in the study's files"
        others = [m for m in self._measured.get(sample, ()) if measurement in (m.name, m.technique)]
        return (OF_FRAMES if others[0].frames else NO_FRAMES) if others else NOT_MEASURED


def make_job(
    outputs: tuple[str, ...],
    about: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: tuple[Input, ...],
    modules: tuple[str, ...],
    work: Mapping[str, Any] | None = None,
    log_name: str = "",
) -> Job:
    """A job with its key."""
    code = fingerprint(*modules)
    key = key_of(about, parameters, code, ((i.role, i.root, i.path, i.identity) for i in inputs))
    return Job(outputs, about, parameters, inputs, modules, code, key, work or {}, log_name)
