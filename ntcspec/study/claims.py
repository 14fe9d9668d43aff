"""results/claims.csv: statements on the samples, tested on their metrics.

A verdict is on the samples that the claim names, and has three values.

    holds              every sample, pair or step bears the claim out by more than twice its uncertainty
    does not hold      at least one contradicts it by more than twice its uncertainty
    cannot be decided  neither; or a number that it needs is missing, or no uncertainty of it is known

Rules by kind (`judge.py` puts uncertainties together, and says when a number lies clearly on one side of a limit):

    trend    samples in the order of a property, or as listed. Holds if every step from one to the next goes the right
             way clearly; does not hold if any two samples, neighbours or not, go the other way clearly. Samples with
             equal property are not compared. `general` is another question: whether metric and property belong
             together beyond these samples, by the exact chance of such an order (`order.py`); fewer than five samples
             cannot decide it, however small their uncertainties.
    compare  each of the samples against each of the others. Above: a - b > `difference`, or a - factor b > 0. Equal:
             |a - b| lies within the tolerance, uncertainty included: two uncertain numbers are not equal for being so.
    window   each value, with twice its uncertainty, in the range or outside.
    present  a value above three times its uncertainty. Absent: looked for and not found, or within twice its
             uncertainty of zero; of that the verdict gives the upper limit.
    count    a metric that counts, exactly; or the number of features that have a value.

The same choices (baselines, ranges, weights) are made for all samples, so systematic uncertainties often go together;
how far, a half range does not say. `if_common` is the verdict if they had the same sign in all samples. Where it
differs from `verdict`, what is missing is knowledge of the choices, not more data.

Of several samples or pairs the effect is that of the least favourable one, for a trend that of its two ends. What
speaks for the claim is never weighed against what speaks against it. Nothing here corrects for the number of claims.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ntcspec.errors import did_you_mean
from ntcspec.study.claim_rules import RULES
from ntcspec.study.judge import shown, text
from ntcspec.study.table import RECORD_PREFIX, rows_of
from ntcspec.study.verdicts import HOLDS, NOT, OPEN, Finding, Used
from ntcspec.types.study import Number

COLUMNS = (
    "claim", "statement", "source", "kind", "metric", "samples", "verdict", "if_common", "why", "effect", "effect_unit",
    "effect_is", "u_stat", "u_sys", "systematic", "n", "p", "general", "refuted_by", "data", "values",
)  # fmt: skip
SIMULATED = "SIMULATED"


@dataclass(frozen=True)
class Tested:
    """One claim and what came of it."""

    name: str
    claim: Mapping[str, Any]
    finding: Finding
    if_common: str  # the verdict if systematic uncertainties had one sign in all samples; empty where it plays no part
    used: tuple[Used, ...]
    simulated: tuple[str, ...]  # those of its samples that are


def claims_of(
    claims: Mapping[str, Mapping[str, Any]],
    table: Mapping[str, Mapping[str, Number]],
    properties: Mapping[str, Mapping[str, Number]],
    simulated: Sequence[str],
    failed: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> list[Tested]:
    """Every claim, in the order of the file.

    claims: by name, as models of ntcspec.config.claims dump them; table: numbers by sample and 'measurement.metric';
    properties: by sample and name; simulated: names of the samples whose data is not measured, and 'series NAME';
    failed: why a measurement gave nothing, by (sample, measurement).
    """
    known = dict.fromkeys(name for numbers in table.values() for name in numbers)
    found = []
    for name, claim in claims.items():
        samples = list(dict.fromkeys((*claim["samples"], *claim.get("to", ()))))
        metrics = [claim["metric"]] if claim["metric"] else list(claim["features"])
        whole = f"series {metrics[0].partition('.')[0]}"  # without samples it is of a series as a whole
        used = tuple(Used(s or whole, m, _number(s, m, table, known, failed)) for m in metrics for s in samples or [""])
        finding = RULES[claim["kind"]](claim, used, properties)
        common = RULES[claim["kind"]]({**claim, "systematic": "common"}, used, properties).verdict
        made_up = tuple(s for s in samples or [whole] if s in simulated)
        found.append(
            Tested(name, claim, finding, common if claim["kind"] in ("trend", "compare") else "", used, made_up)
        )
    return found


def _number(
    sample: str,
    metric: str,
    table: Mapping[str, Mapping[str, Number]],
    known: Mapping[str, None],
    failed: Mapping[tuple[str, str], str],
) -> Number:
    """The number, or a missing one that says why."""
    found = table.get(sample, {}).get(metric)
    if found is not None:
        return found
    parts = metric.split(".")  # the name of a measurement may hold dots
    heads = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
    measurement = next((head for head in heads if (sample, head) in failed), parts[0])
    failure = failed.get((sample, measurement)) or failed.get(("", measurement)) or failed.get((sample, "*"))
    measured = any(name.startswith(f"{measurement}.") for name in table.get(sample, {}))
    if failure and not measured:
        why = f"{measurement} failed: {failure}"
    elif metric not in known:
        why = f"no sample has a metric {metric!r}{did_you_mean(metric, known)}"
    else:
        of = "of this sample" if sample else "as a whole"
        why = f"{measurement} {of} gives no such metric" if measured else f"no {measurement} {of}"
    return Number(math.nan, "", math.nan, math.nan, why)


def claims_csv(tested: Sequence[Tested], record_json: str) -> str:
    """The table as text, one row a claim. Its first line is a comment that holds the record."""
    out = io.StringIO()
    out.write(f"{RECORD_PREFIX}{record_json}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(one) for one in tested)
    return out.getvalue()


def _row(one: Tested) -> dict[str, Any]:
    claim, found = one.claim, one.finding
    numbers = "; ".join(
        f"{u.sample}{f' {u.metric}' if claim.get('features') else ''}: {shown(u.number)}" for u in one.used
    )
    named = claim["samples"] or dict.fromkeys(u.sample for u in one.used)
    samples = "; ".join(named) + (f" / {'; '.join(claim['to'])}" if claim.get("to") else "")
    return {
        "claim": one.name, "statement": claim["says"], "source": claim["source"], "kind": claim["kind"],
        "metric": claim["metric"] or "; ".join(claim["features"]), "samples": samples, "verdict": found.verdict,
        "if_common": one.if_common,
        "why": found.why, "effect": text(found.effect.value), "effect_unit": found.unit, "effect_is": found.effect_is,
        "u_stat": text(found.effect.u_stat), "u_sys": text(found.effect.u_sys), "systematic": claim["systematic"],
        "n": found.n, "p": text(found.p), "general": found.general, "refuted_by": claim["refuted_by"],
        "data": _data(one), "values": numbers,
    }  # fmt: skip


def _data(one: Tested) -> str:
    """'SIMULATED', 'measured', or which samples are simulated."""
    samples = {u.sample for u in one.used}
    if not one.simulated:
        return "measured"
    return SIMULATED if len(one.simulated) == len(samples) else f"{SIMULATED} in part: {'; '.join(one.simulated)}"


def summary(csv_text: str) -> str:
    """'12 hold, 3 do not hold, 5 cannot be decided (SIMULATED data)', of the text of a claims.csv."""
    rows = list(rows_of(csv_text))
    counts = [sum(row["verdict"] == verdict for row in rows) for verdict in (HOLDS, NOT, OPEN)]
    words = ", ".join(
        f"{n} {what}" for n, what in zip(counts, ("hold", "do not hold", "cannot be decided"), strict=True)
    )
    return words + (f" ({SIMULATED} data)" if any(row["data"].startswith(SIMULATED) for row in rows) else "")
