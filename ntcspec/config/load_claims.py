"""Read claims.yaml and check it against the study: samples, properties and measurements that it names exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ntcspec.config.claims import KINDS, Claim, ClaimsFile, metrics_of, samples_of
from ntcspec.config.study import Series
from ntcspec.config.validate import parse
from ntcspec.config.yamlfile import Key, YamlFile, load
from ntcspec.errors import SHOWN, UserError, did_you_mean

DEFAULT = "claims.yaml"


def load_claims(
    path: Path,
    shown: str,
    samples: Collection[str],
    properties: Collection[str],
    measurements: Collection[str],
    series: Mapping[str, Series],
    problems: list[UserError],
) -> dict[str, Claim]:
    """The claims by name; what is wrong with the file is added to `problems`.

    A metric is checked by the name of its measurement or series alone: whether that gives it is known after
    the run, and a claim whose metric is missing says so in its verdict.
    """
    try:
        file = load(path, shown)
    except UserError as error:
        problems.append(error)
        return {}
    before = len(problems)
    parse(ClaimsFile, {**file.data, "claims": {}} if "claims" in file.data else file.data, file.where, problems)
    listed = file.data.get("claims") or {}
    if not isinstance(listed, Mapping):
        problems.append(UserError(file.where(("claims",)), "holds no claims", "list them by name"))
    if len(problems) > before:
        return {}
    found = {str(name): _claim(str(name), data, file, problems) for name, data in listed.items()}
    claims = {name: claim for name, claim in found.items() if claim is not None}
    for name, claim in claims.items():
        _check(("claims", name), claim, file, samples, properties, measurements, series, problems)
    return claims


def _claim(name: str, data: Any, file: YamlFile, problems: list[UserError]) -> Claim | None:
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if kind not in KINDS:
        where = file.where(("claims", name, "kind"))
        what = f"unknown kind {kind!r}{did_you_mean(str(kind), KINDS)}" if kind else "this key is missing"
        problems.append(UserError(where, what, f"known: {', '.join(KINDS)}"))
        return None
    whole: list[UserError] = []
    named = parse(ClaimsFile, {"claims": {name: data}}, file.where, whole)
    if named is not None:
        return named.claims[name]
    found = len(problems)
    parse(KINDS[kind], data, lambda key: file.where(("claims", name, *key)), problems)
    if len(problems) == found:  # the name itself is wrong
        problems.extend(whole)
    return None


def _check(
    key: Key,
    claim: Any,
    file: YamlFile,
    samples: Collection[str],
    properties: Collection[str],
    measurements: Collection[str],
    series: Mapping[str, Series],
    problems: list[UserError],
) -> None:
    def told(inside: Key, what: str, fix: str) -> None:
        problems.append(UserError(file.where((*key, *inside)), what, fix))

    for where, names in samples_of(claim).items():
        for i, sample in enumerate(names):
            if sample not in samples:
                hint = did_you_mean(sample, samples) if len(problems) < SHOWN else ""
                told((where, i), f"no sample {sample!r}{hint}", "use a name from samples.yaml")
            elif sample in names[:i]:
                told((where, i), f"{sample!r} stands twice in this list", "keep it once")
    against = getattr(claim, "against", None)
    if against and against not in properties:
        fix = f"known: {', '.join(properties)}" if properties else "give it under `properties` in samples.yaml"
        told(("against",), f"no sample has a property {against!r}{did_you_mean(against, properties)}", fix)
    _check_metrics(claim, told, measurements, series)


def _check_metrics(
    claim: Any, told: Callable[[Key, str, str], None], measurements: Collection[str], series: Mapping[str, Series]
) -> None:
    for i, metric in enumerate(metrics_of(claim)):
        field: Key = ("metric",) if claim.metric else ("features", i)
        if wrong := wrong_metric(metric, measurements, series):
            told(field, *wrong)
        elif one := series_of(metric, series):
            taken = series[one].samples
            for sample in (s for names in samples_of(claim).values() for s in names if taken and s not in taken):
                told(field, f"the series {one!r} does not take {sample!r}", "add the sample to the series")
        elif not claim.samples:
            told(("samples",), "no sample is named", "name some; only a metric of a series can do without")


def series_of(metric: str, series: Collection[str]) -> str:
    """The series that gives a metric; '' if none does."""
    return next((name for name in series if metric.startswith(f"{name}.")), "")


def wrong_metric(metric: str, measurements: Collection[str], series: Collection[str]) -> tuple[str, str] | None:
    """What is wrong with the name of a metric, and what to do: it begins with a measurement or a series."""
    known = [*measurements, *series]
    if any(metric.startswith(f"{name}.") for name in known):
        return None
    first = metric.partition(".")[0]
    what = f"there is no measurement and no series {first!r}{did_you_mean(first, known)}"
    return what, f"known: {', '.join(known)}"
