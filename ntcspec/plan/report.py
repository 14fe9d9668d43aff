"""The job of the report: everything that the study made, in one page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ntcspec.config.claims import Claim, metrics_of, samples_of
from ntcspec.plan.job import Input, Job, Jobs, make_job
from ntcspec.plan.panels import PANEL_STAGE
from ntcspec.plan.study import CLAIMS, SAMPLES_TABLE, TABLE, TRENDS
from ntcspec.report import assets, roles

REPORT_MODULES = ("ntcspec.stage", "ntcspec.report", "ntcspec.records")
REPORT = "results/report.html"
FIGURE_STAGE = "figure"


def report_job(book: Jobs) -> Job:
    """The job of the report; the last of the book, because it takes from all others."""
    study = book.study
    measurements, inputs = _measurements(book)
    tables = {
        TABLE: roles.TABLE,
        SAMPLES_TABLE: roles.SAMPLES,
        TRENDS: roles.TRENDS,
        CLAIMS: roles.CLAIMS,
    }
    inputs += [book.artifact(role, path) for path, role in tables.items() if path in book.makers]
    inputs += [book.artifact(roles.METRICS, f"results/series/{name}.json") for name in study.series]
    for job in list(book.jobs.values()):
        if job.about["stage"] == PANEL_STAGE:
            inputs.append(book.artifact(roles.PANEL, job.outputs[0]))
            inputs.append(book.artifact(roles.PICTURE, _png(job)))
        elif job.about["stage"] == FIGURE_STAGE:
            inputs.append(book.artifact(roles.FIGURE, _png(job)))
    samples = [
        {**study.samples.get(name, {}), "name": name, "label": label, "known": name in study.samples}
        for name, label in study.labels.items()
    ]
    settings = {
        "samples": samples,
        "measurements": measurements,
        "excluded": [asdict(e) for e in study.excluded],
        "series": list(study.series),
        "claims": {name: _used(claim) for name, claim in study.claims.items()},
        "about": study.about.model_dump(mode="json"),
        "assets": assets.fingerprints(),
    }
    about = book.about_study("report", any(m.simulated for m in study.measurements))
    return make_job((REPORT,), about, settings, tuple(inputs), REPORT_MODULES)


def _measurements(book: Jobs) -> tuple[list[dict[str, Any]], list[Input]]:
    """What the report says of each measurement, and the artifacts of its stages."""
    said, inputs = [], []
    for m in book.study.measurements:
        own: list[str] = []
        for stage in m.stages:
            first = f"{m.folder}/{stage.name}.nxs"
            if first in book.jobs:
                outputs = book.jobs[first].outputs
                own.append(outputs[-1])
                role = roles.METRICS if len(outputs) > 1 else roles.STAGE
                inputs.append(book.artifact(role, outputs[-1]))
        said.append({"sample": m.sample, "name": m.name, "technique": m.technique, "artifacts": own})
    return said, inputs


def _used(claim: Claim) -> dict[str, list[str]]:
    """Which numbers a claim takes."""
    samples = dict.fromkeys(name for names in samples_of(claim).values() for name in names)
    return {"samples": list(samples), "metrics": list(metrics_of(claim))}


def _png(job: Job) -> str:
    return next(path for path in job.outputs if path.endswith(".png"))
