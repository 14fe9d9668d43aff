"""The jobs of the study as a whole: series, table, trends, claims."""

from __future__ import annotations

from dataclasses import asdict

from ntcspec.config.study import SERIES as SERIES_OPTIONS
from ntcspec.plan.job import NO_LOSS, Job, Jobs, make_job
from ntcspec.techniques import METRICS, SERIES, stage_of

TABLE_MODULES = ("ntcspec.stage", "ntcspec.study.table")
CLAIMS_MODULES = ("ntcspec.stage", "ntcspec.study.claims")
TRENDS_MODULES = ("ntcspec.stage", "ntcspec.study.trends")
TABLE = "results/metrics.csv"
SAMPLES_TABLE = "results/samples.csv"
TRENDS = "results/trends.csv"
CLAIMS = "results/claims.csv"


def series_job(book: Jobs, name: str) -> Job:
    """The job of an analysis of several samples together."""
    series = book.study.series[name]
    kind = SERIES[series.kind]
    used, missing = [], {}
    for sample in series.samples or tuple(book.study.labels):
        measurement = book.measurement(sample, series.measurement, kind.technique)
        reason = "" if measurement else book.why_missing(sample, series.measurement or kind.technique)
        if measurement and f"{measurement.folder}/{kind.takes}.nxs" not in book.jobs:
            missing[sample] = f"its stage {kind.takes} has nothing to do"
        elif measurement:
            used.append(measurement)
        elif series.samples or reason not in NO_LOSS:
            missing[sample] = reason
    inputs = tuple(book.artifact(kind.takes, f"{m.folder}/{kind.takes}.nxs") for m in used)
    about = {
        **book.about_study("series", any(m.simulated for m in used)),
        "series": name,
        "kind": series.kind,
        "technique": kind.technique,
        "measurement": series.measurement or kind.technique,
    }
    takes = stage_of(kind.technique, kind.takes).result
    work = {"function": kind.function, "takes": takes, "samples": [m.sample for m in used]}
    options = SERIES_OPTIONS[series.kind].model_validate(series.options).model_dump(mode="json")
    settings = {**options, "missing": missing}
    outputs = (f"results/series/{name}.nxs", f"results/series/{name}.json")
    return make_job(outputs, about, settings, inputs, kind.modules, work)


def table_job(book: Jobs) -> Job:
    """The job of the tables of all metrics."""
    measurements = book.study.measurements
    files = [f"{m.folder}/{name}.json" for m in measurements for name in METRICS]
    files = [file for file in files if file.removesuffix(".json") + ".nxs" in book.jobs]
    files += [f"results/series/{name}.json" for name in book.study.series]
    inputs = tuple(book.artifact("metrics", file) for file in files)
    excluded = [asdict(e) for e in book.study.excluded]
    samples = [{"name": name, **about} for name, about in book.study.samples.items()]
    parameters = {"excluded": excluded, "samples": samples}
    about = book.about_study("table", any(m.simulated for m in measurements))
    return make_job((TABLE, SAMPLES_TABLE), about, parameters, inputs, TABLE_MODULES)


def trends_job(book: Jobs) -> Job:
    """The job of metrics against properties."""
    simulated = any(m.simulated for m in book.study.measurements)
    properties = {name: about["properties"] for name, about in book.study.samples.items()}
    trends = {name: trend.model_dump(mode="json") for name, trend in book.study.trends.items()}
    about = book.about_study("trends", simulated)
    inputs = (book.artifact("metrics", TABLE),)
    return make_job((TRENDS,), about, {"trends": trends, "properties": properties}, inputs, TRENDS_MODULES)


def claims_job(book: Jobs) -> Job:
    """The job of the claims."""
    samples = book.study.samples
    series = [n for n in book.study.series if book.jobs[f"results/series/{n}.nxs"].about["simulated"]]
    parameters = {
        "claims": {name: claim.model_dump(mode="json") for name, claim in book.study.claims.items()},
        "properties": {name: about["properties"] for name, about in samples.items()},
        "simulated": [*(n for n, about in samples.items() if about["simulated"]), *(f"series {n}" for n in series)],
    }
    about = book.about_study("claims", any(m.simulated for m in book.study.measurements))
    return make_job((CLAIMS,), about, parameters, (book.artifact("metrics", TABLE),), CLAIMS_MODULES)
