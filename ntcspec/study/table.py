"""results/metrics.csv: one row a metric, of all samples and techniques."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = ("sample", "technique", "measurement", "metric", "value", "unit", "u_stat", "u_sys", "method", "reason")
RECORD_PREFIX = "# ntcspec-record "


def metrics_csv(measured: Sequence[Mapping[str, Any]], excluded: Sequence[Mapping[str, str]], record_json: str) -> str:
    """The table as text. Its first line is a comment that holds the record.

    measured: contents of measure.json, in the order of the study. A measurement that failed, or that was
    excluded because of an error in the study's files, has one row with the reason and no value.
    """
    out = io.StringIO()
    out.write(f"{RECORD_PREFIX}{record_json}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for one in measured:
        about = {name: one["record"][name] for name in ("sample", "technique", "measurement")}
        if one["failure"]:
            writer.writerow({**about, "reason": one["failure"]})
        for metric in one["metrics"]:
            numbers = {name: _number(metric[name]) for name in ("value", "u_stat", "u_sys")}
            words = {"metric": metric["name"], "unit": metric["unit"], "method": metric["method"]}
            writer.writerow({**about, **words, **numbers, "reason": metric["reason"]})
    for one in excluded:
        writer.writerow({"sample": one["sample"], "measurement": one["name"], "reason": one["reason"]})
    return out.getvalue()


def _number(value: float | None) -> str:
    """Ten significant digits: more than any uncertainty, fewer than a platform's rounding noise."""
    return "" if value is None else f"{value:.10g}"
