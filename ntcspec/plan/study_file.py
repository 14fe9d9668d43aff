"""The job of results/<study>.nxs, which holds the whole study for NeXus viewers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ntcspec.config.resolve import slug
from ntcspec.config.resolved import Study
from ntcspec.plan.job import Input, Job, Jobs, make_job
from ntcspec.plan.study import CLAIMS, TABLE, TRENDS

MODULES = ("ntcspec.stage", "ntcspec.study.whole", "ntcspec.store")
SHOWN = {"exafs": "transform", "scattering": "transform"}  # the stage that a viewer opens on; of the others `reduce`
LINKED_FROM = 200  # measurements: of more, the file links to their artifacts and copies nothing
LONGEST = 80  # bytes of a file name, of the 255 that file systems allow


def study_file(study: Study) -> str:
    """'results/NaTaCl6_demo.nxs': the study's name as a file name, and never that of another artifact."""
    name = file_name(study.name)
    folders = {m.folder.split("/")[1].casefold() for m in study.measurements}
    while f"{name}.nxs".casefold() in folders:
        name += "_study"
    return f"results/{name}.nxs"


def file_name(study: str) -> str:
    """The name of a study as the name of a file, without its ending."""
    return slug(study).encode()[:LONGEST].decode(errors="ignore").strip("._") or "study"


def study_file_job(book: Jobs) -> Job:
    """The job of the whole study's file: from the tables and every artifact of every measurement and series."""
    study = book.study
    entries: list[dict[str, Any]] = []
    inputs: list[Input] = [
        book.artifact(path.split("/")[1], path) for path in (TABLE, TRENDS, CLAIMS) if path in book.jobs
    ]
    for m in study.measurements:
        stages = [stage.name for stage in m.stages if f"{m.folder}/{stage.name}.nxs" in book.jobs]
        inputs += [book.artifact(stage, f"{m.folder}/{stage}.nxs") for stage in stages]
        about = {"sample": m.sample, "measurement": m.name, "composition": m.composition, "simulated": m.simulated}
        shown = SHOWN.get(m.technique, "reduce")
        entries.append({**about, "folder": f"{m.folder}/", "stages": stages, "shown": shown})
    for name in study.series:
        job = book.jobs[f"results/series/{name}.nxs"]
        inputs.append(book.artifact("series", job.outputs[0]))
        about = {"sample": "", "measurement": name, "composition": "", "simulated": job.about["simulated"]}
        entries.append({**about, "folder": "results/series/", "stages": [name], "shown": name})
    parameters = {
        "samples": [{"name": name, **about} for name, about in study.samples.items()],
        "trends": {name: trend.model_dump(mode="json") for name, trend in study.trends.items()},
        "entries": entries,
        "excluded": [asdict(one) for one in study.excluded],
        "linked": len(entries) > LINKED_FROM,
    }
    about = book.about_study("study", any(m.simulated for m in study.measurements))
    return make_job((study_file(study),), about, parameters, tuple(inputs), MODULES, log_name="study")
