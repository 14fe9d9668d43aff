"""The jobs of the study as a whole: table, panels, figures, study file, report, check sums.

As in `ntcspec.stage`, Snakemake is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ntcspec.errors import UserError
from ntcspec.provenance import canonical, sha256_file, write_atomic
from ntcspec.stage import Params, job, load_or_reason, named, record_for, records_of, write_result


def run_table(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """results/metrics.csv and results/samples.csv from all measure.json."""
    with job(log, params["key"], outputs):
        from ntcspec.study.table import metrics_csv, samples_csv

        found = [json.loads(Path(p).read_text(encoding="utf-8")) for p in inputs]
        upstream = {i["path"]: one["record"] for i, one in zip(params["origin"], found, strict=True)}
        record = record_for(params, inputs, upstream)
        tables = (
            metrics_csv(found, params["settings"]["excluded"], canonical(record)),
            samples_csv(found, params["settings"]["samples"], canonical(record)),
        )
        for path, text in zip(outputs, tables, strict=True):
            write_atomic(Path(path), text.encode())


def run_trends(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """results/trends.csv from results/metrics.csv and the properties of the samples."""
    with job(log, params["key"], outputs):
        from ntcspec.study.table import property_of, read_metrics, read_table_record
        from ntcspec.study.trends import trends_csv, trends_of

        settings, path = params["settings"], Path(inputs[0])
        record = record_for(params, inputs, {params["origin"][0]["path"]: read_table_record(path)})
        named_by = settings["properties"].items()
        properties = {sample: {n: property_of(p) for n, p in known.items()} for sample, known in named_by}
        found = trends_of(read_metrics(path.read_text(encoding="utf-8")), properties, settings["trends"])
        write_atomic(Path(outputs[0]), trends_csv(found, canonical(record)).encode())


def run_claims(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """results/claims.csv from results/metrics.csv and the properties of the samples."""
    with job(log, params["key"], outputs):
        from ntcspec.study.claims import claims_csv, claims_of
        from ntcspec.study.table import property_of, read_failures, read_metrics, read_table_record

        settings, path = params["settings"], Path(inputs[0])
        record = record_for(params, inputs, {params["origin"][0]["path"]: read_table_record(path)})
        named_by = settings["properties"].items()
        properties = {sample: {n: property_of(p) for n, p in known.items()} for sample, known in named_by}
        text = path.read_text(encoding="utf-8")
        table, failed = read_metrics(text), read_failures(text)
        tested = claims_of(settings["claims"], table, properties, settings["simulated"], failed)
        write_atomic(Path(outputs[0]), claims_csv(tested, canonical(record)).encode())


def run_study_file(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """results/<study>.nxs: the whole study in one file, from its tables and every artifact."""
    with job(log, params["key"], outputs):
        from ntcspec import store
        from ntcspec.records import family_of
        from ntcspec.study.whole import whole_study

        found = {origin["path"]: Path(path) for origin, path in zip(params["origin"], inputs, strict=True)}
        record = record_for(params, inputs, family_of(found.items()))
        texts = {path.stem: path.read_text(encoding="utf-8") for path in found.values() if path.suffix == ".csv"}
        entries, default = whole_study(params["settings"], texts, found, record)
        store.write_tree(Path(outputs[0]), entries, default, record)


def run_series(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """An analysis of several samples together: its function takes the artifacts, or why one is missing, by sample."""
    with job(log, params["key"], outputs):
        record = record_for(params, inputs, records_of(params, inputs))
        settings, work = dict(params["settings"]), params["work"]
        found = {name: load_or_reason(Path(p), work["takes"]) for name, p in zip(work["samples"], inputs, strict=True)}
        found |= settings.pop("missing")
        try:
            result, failure = named(work["function"])(found, **settings), None
        except UserError as error:
            print(f"error: {error}")
            result, failure = None, error
        write_result(result, failure, record, [Path(p) for p in outputs])


def run_panel(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """One figure panel as PNG, PDF and SVG, and the data that it draws as NeXus."""
    with job(log, params["key"], outputs):
        from ntcspec.study.panel import make_panel
        from ntcspec.study.table import read_table_record

        if params["settings"]["table"]:
            upstream = {params["origin"][0]["path"]: read_table_record(Path(inputs[0]))}
        else:
            upstream = records_of(params, inputs)
        record = record_for(params, inputs, upstream)
        pairs = list(zip(params["origin"], inputs, strict=True))
        make_panel(params["settings"], params["work"]["takes"], pairs, record, [Path(p) for p in outputs])


def run_figure(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """A figure of several panels as PNG, PDF and SVG, from the data that the panels draw."""
    with job(log, params["key"], outputs):
        from ntcspec.study.figure import make_figure

        record = record_for(params, inputs, records_of(params, inputs))
        make_figure(params["settings"], [Path(p) for p in inputs], record, [Path(p) for p in outputs])


def run_report(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """results/report.html from everything else."""
    with job(log, params["key"], outputs):
        from ntcspec.records import family_of
        from ntcspec.report import make_report

        pairs = list(zip(params["origin"], inputs, strict=True))
        record = record_for(params, inputs, family_of((origin["path"], Path(path)) for origin, path in pairs))
        write_atomic(Path(outputs[0]), make_report(params["settings"], pairs, record).encode())


def run_checksums(inputs: Sequence[str], output: str, log: str) -> None:
    """results/SHA256SUMS: sha256 of every artifact, in the format of `sha256sum --check`."""
    with job(log):
        target = Path(output)
        lines = [f"{sha256_file(Path(p))}  {Path(p).relative_to(target.parent).as_posix()}\n" for p in sorted(inputs)]
        write_atomic(target, "".join(lines).encode())
