"""From config.yaml and samples.yaml to a resolved Study, with everything that is wrong with it at once.

A mistake in config.yaml stops the study. A mistake in one measurement (a key, an element, a missing
file) takes that measurement out, with the reason, and the others run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ntcspec.config.claims import Claim
from ntcspec.config.figures import mistakes
from ntcspec.config.folders import wrong_name
from ntcspec.config.load_claims import DEFAULT, load_claims, wrong_metric
from ntcspec.config.resolve import Resolver, merge
from ntcspec.config.resolved import Study
from ntcspec.config.study import SERIES, TECHNIQUES, StudyFile
from ntcspec.config.validate import parse
from ntcspec.config.yamlfile import Key, YamlFile, load
from ntcspec.errors import SHOWN, Problems, UserError, did_you_mean


def find_config(study: Path) -> Path:
    """The config.yaml that a path means: itself, or the one in the folder or in its config/ folder."""
    if study.is_dir():
        for inside in (study / "config" / "config.yaml", study / "config.yaml"):
            if inside.is_file():
                return inside
        raise UserError(str(study), "holds no config.yaml and no config/config.yaml", "name a study's folder or config")
    return study


def root_of(study: Path) -> Path:
    """The folder of a study, whose config.yaml lies in it or in its config/. Raises Problems where there is none."""
    try:
        config = find_config(study).resolve()
    except UserError as error:
        raise Problems([error]) from None
    return config.parent.parent if config.parent.name == "config" else config.parent


def load_study(study: Path, absent: Mapping[str, str] | None = None) -> Study:
    """Read, resolve and check a study.

    absent: sha256 by name (from raw_root) of raw files that may be missing; without it every raw file must be there.

    Raises Problems with all that is wrong with config.yaml, or where not one measurement is left.
    Problems of single measurements are in `Study.problems`, the measurements in `Study.excluded`.
    """
    try:
        root, config = root_of(study), find_config(study).resolve()
        file = load(config, _shown(config, root))
    except UserError as error:
        raise Problems([error]) from None
    problems: list[UserError] = []
    model = parse(StudyFile, file.data, file.where, problems)
    if model is None:
        raise Problems(problems)
    raw_root = _expand(model.raw_root, file, problems)
    _check_defaults(file, problems)
    _check_common(file, problems)
    if problems:
        raise Problems(problems)
    try:
        samples = load(config.parent / model.samples, _shown(config.parent / model.samples, root))
    except UserError as error:
        raise Problems([error]) from None
    resolver = Resolver(root, raw_root, file, samples, written_root=model.raw_root, absent=absent or {})
    resolver.run()
    for check in (_check_names, _check_panels, _check_figures, _check_series, _check_trends):
        check(model, file, resolver, problems)
    claims = _claims(model, config, root, resolver, problems)
    if problems or not resolver.measurements:
        nothing = [] if problems or resolver.problems else [UserError(samples.shown, "lists no sample", "add one")]
        raise Problems([*problems, *resolver.problems, *nothing])
    return Study(
        name=model.study,
        root=root,
        config=config,
        raw_root=raw_root,
        measurements=tuple(resolver.measurements),
        series=model.series,
        trends=model.trends,
        claims=claims,
        about=model.about,
        sources=tuple(p for p in (config, config.parent / model.samples, config.parent / model.claims) if p.is_file()),
        absent=resolver.absent,
        panels=model.panels,
        figures=model.figures,
        labels=resolver.labels,
        samples=resolver.about,
        excluded=tuple(resolver.excluded),
        problems=tuple(resolver.problems),
    )


def raw_folder(study: Path) -> Path:
    """Where the raw files of a study lie, whatever else is wrong with it. Raises UserError where no config says so."""
    config = find_config(study).resolve()
    root = config.parent.parent if config.parent.name == "config" else config.parent
    file = load(config, _shown(config, root))
    unset: list[UserError] = []
    folder = root / _expand(str(file.data.get("raw_root", ".")), file, unset)
    if unset:
        raise unset[0]
    return folder


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand(value: str, file: YamlFile, problems: list[UserError]) -> str:
    def one(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        found = os.environ.get(name) or default
        if found is None:
            problems.append(
                UserError(file.where(("raw_root",)), f"the variable {name} is not set", f"export {name}=...")
            )
        return found or ""

    return _VARIABLE.sub(one, value)


def _check_defaults(file: YamlFile, problems: list[UserError]) -> None:
    """Defaults must be valid by themselves, so that a mistake in them is told once and at its place."""
    for technique, values in (file.data.get("defaults") or {}).items():
        model = TECHNIQUES[technique]
        parse(model, values or {}, lambda key, t=technique: file.where(("defaults", t, *key)), problems)  # type: ignore[misc]


def _check_common(file: YamlFile, problems: list[UserError]) -> None:
    """What measurements of a name share: its parameters must be valid on top of the technique's defaults."""
    for name, shared in (file.data.get("measurements") or {}).items():
        technique = str((shared or {}).get("technique") or name)
        if technique not in TECHNIQUES:
            continue  # a measurement of that name says so, or there is none
        model = TECHNIQUES[technique]
        below = (file.data.get("defaults") or {}).get(technique) or {}
        values = {stage: merge(below.get(stage) or {}, shared.get(stage) or {}) for stage in model.model_fields}
        parse(model, values, lambda key, n=name: file.where(("measurements", n, *key)), problems)  # type: ignore[misc]


def _check_names(model: StudyFile, file: YamlFile, resolver: Resolver, problems: list[UserError]) -> None:
    """The name of the study, and names of files that many discs take for the same."""
    if what := wrong_name(model.study):
        problems.append(UserError(file.where(("study",)), what, "give a name on one line"))
    for where, names in (("panels", model.panels), ("figures", model.figures), ("series", model.series)):
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                what = f"differs from {other!r} in small and capital letters alone, which many discs take for the same"
                problems.append(UserError(file.where((where, name)), what, "rename one of the two"))
    measured = {measurement.name for measurement in resolver.measurements}
    for name in (n for n in model.series if n in measured):
        what = "is also the name of a measurement, and metrics could not be told apart"
        problems.append(UserError(file.where(("series", name)), what, "rename one of the two"))


def _check_series(model: StudyFile, file: YamlFile, resolver: Resolver, problems: list[UserError]) -> None:
    for name, series in model.series.items():
        key: Key = ("series", name)
        options = parse(SERIES[series.kind], series.options, lambda k: file.where((*key, "options", *k)), problems)  # noqa: B023
        _check_samples((*key, "samples"), series.samples, file, resolver, problems)
        _check_samples((*key, "options", "candidates"), getattr(options, "candidates", ()), file, resolver, problems)


def _check_samples(
    key: Key,
    samples: Sequence[str] | Mapping[str, str] | None,
    file: YamlFile,
    resolver: Resolver,
    problems: list[UserError],
) -> None:
    for i, sample in enumerate(samples or ()):
        if sample not in resolver.labels:
            hint = did_you_mean(sample, resolver.labels) if len(problems) < SHOWN else ""
            where = file.where((*key, sample if isinstance(samples, Mapping) else i))
            problems.append(UserError(where, f"no sample {sample!r}{hint}", "use a name from samples.yaml"))


def _check_panels(model: StudyFile, file: YamlFile, resolver: Resolver, problems: list[UserError]) -> None:
    from ntcspec.plot import KINDS, resolve_options

    for name, panel in model.panels.items():
        if panel.kind not in KINDS:
            hint = did_you_mean(panel.kind, KINDS)
            where = file.where(("panels", name, "kind"))
            problems.append(UserError(where, f"unknown kind {panel.kind!r}{hint}", f"known: {', '.join(KINDS)}"))
            continue
        try:
            resolve_options(panel.kind, panel.options)
        except UserError as error:
            problems.append(UserError(file.where(("panels", name, "options")), error.what, error.fix))
        _check_samples(("panels", name, "samples"), panel.samples, file, resolver, problems)
        _check_samples(("panels", name, "labels"), panel.labels, file, resolver, problems)
        series = [
            n for n, s in model.series.items() if s.kind == KINDS[panel.kind].series and panel.series in (None, n)
        ]
        if KINDS[panel.kind].table:
            _check_table_panel(("panels", name, "options"), panel.kind, panel.options, file, resolver, problems)
        if KINDS[panel.kind].series and not series:
            what = f"there is no series {panel.series or ''!r} of kind {KINDS[panel.kind].series}"
            problems.append(UserError(file.where(("panels", name)), what, "add one under `series`"))


def _check_figures(model: StudyFile, file: YamlFile, _resolver: Resolver, problems: list[UserError]) -> None:
    problems.extend(mistakes(model.figures, model.panels, file))


def _check_trends(model: StudyFile, file: YamlFile, resolver: Resolver, problems: list[UserError]) -> None:
    for name, trend in model.trends.items():
        _check_property(("trends", name), name, file, resolver, problems)
        _check_samples(("trends", name, "samples"), trend.samples, file, resolver, problems)
        for i, metric in enumerate(trend.metrics):
            wrong = None if set(metric) & set("*?[") else wrong_metric(metric, _named(resolver), model.series)
            if wrong:
                problems.append(UserError(file.where(("trends", name, "metrics", i)), *wrong))


def _named(resolver: Resolver) -> list[str]:
    """Names of all measurements in samples.yaml, those with mistakes as well."""
    given = resolver.samples.data.get("samples")
    measured = [
        one.get("measurements") for one in (given.values() if isinstance(given, dict) else ()) if isinstance(one, dict)
    ]
    return list(dict.fromkeys(str(name) for one in measured if isinstance(one, dict) for name in one))


def _claims(
    model: StudyFile, config: Path, root: Path, resolver: Resolver, problems: list[UserError]
) -> dict[str, Claim]:
    """The claims of the study; none where no file is named and none lies beside config.yaml."""
    path = config.parent / model.claims
    if model.claims == DEFAULT and not path.exists():
        return {}
    properties = dict.fromkeys(name for one in resolver.about.values() for name in one["properties"])
    return load_claims(path, _shown(path, root), resolver.labels, properties, _named(resolver), model.series, problems)


def _check_table_panel(
    key: Key, kind: str, options: Mapping[str, Any], file: YamlFile, resolver: Resolver, problems: list[UserError]
) -> None:
    """A panel of the study's table must name metrics, and a property that samples have."""
    from ntcspec.plot import KINDS

    if not options.get("metrics"):
        what, fix = "no metric is named", "name some: `metrics: [measurement.metric]`, as in results/metrics.csv"
        problems.append(UserError(file.where(key), what, fix))
    if not options.get("against") and KINDS[kind].orders:
        problems.append(UserError(file.where(key), "no property is named", "name one: `against: conductivity`"))
    if options.get("against"):
        _check_property((*key, "against"), str(options["against"]), file, resolver, problems)


def _check_property(key: Key, wanted: str, file: YamlFile, resolver: Resolver, problems: list[UserError]) -> None:
    known = dict.fromkeys(name for one in resolver.about.values() for name in one["properties"])
    if wanted not in known:
        what = f"no sample has a property {wanted!r}{did_you_mean(wanted, known)}"
        fix = f"known: {', '.join(known)}" if known else "give it under `properties` in samples.yaml"
        problems.append(UserError(file.where(key), what, fix))
