"""From the record in an artifact back to the jobs that made it: nothing but the record is asked, no config.

A record says what ran (stage, technique, sample), with which parameters, on which inputs; its `ancestry` holds the
records of those inputs, down to the raw files. Which function that was, and what it takes, stands in
`ntcspec.techniques`. A record may come by mail: nothing in it names code to run, and its paths may not lead out of the
folder in which everything is made again.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ntcspec.audit.records import Record, own_damage
from ntcspec.companions import COMPANION
from ntcspec.config.folders import sample_folder, slug
from ntcspec.errors import UserError
from ntcspec.plan import CLAIMS, PANEL_MODULES, TABLE, TABLE_MODULES
from ntcspec.plan.figures import FIGURE_MODULES, FIGURE_SUFFIXES
from ntcspec.plan.job import Input, Job, make_job
from ntcspec.plan.panels import PANEL_SUFFIXES
from ntcspec.plan.report import REPORT, REPORT_MODULES
from ntcspec.plan.study import CLAIMS_MODULES, SAMPLES_TABLE, TRENDS, TRENDS_MODULES
from ntcspec.plan.study_file import MODULES as STUDY_MODULES
from ntcspec.plan.study_file import file_name
from ntcspec.plot import KINDS
from ntcspec.provenance import SCHEMA, about_of
from ntcspec.stage import named
from ntcspec.techniques import FRAMES, SERIES, STAGES, Stage, stage_of

TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "table": ((TABLE, SAMPLES_TABLE), TABLE_MODULES),
    "trends": ((TRENDS,), TRENDS_MODULES),
    "claims": ((CLAIMS,), CLAIMS_MODULES),
    "report": ((REPORT,), REPORT_MODULES),
}
OTHER_VERSION = "replay it with the ntcspec that its record names ({})"


def check(record: Record, where: str) -> None:
    """Refuse a record that this ntcspec cannot read or follow. Raises UserError."""
    if not isinstance(record, dict):
        raise UserError(where, "its record is damaged", "take a whole copy of the file")
    way_out = OTHER_VERSION.format(record.get("ntcspec", "unknown"))
    if record.get("schema") != SCHEMA:
        raise UserError(where, f"its record has schema {record.get('schema')!r}, not {SCHEMA!r}", way_out)
    if what := own_damage(record):
        raise UserError(where, what, "take a whole copy of the file")
    if not _known(record):
        what = f"this ntcspec has no stage {record['stage']!r}"
        technique = record.get("technique")
        raise UserError(where, f"{what} of {technique}" if technique else what, way_out)
    for one in record["inputs"]:
        path = PurePosixPath(one["path"])
        inside = path.parts[:1] == ("results",) and ".." not in path.parts
        if path.is_absolute() or (one["root"] != "raw" and not inside) or path.parts.count("..") > 20:
            raise UserError(where, f"its record names the input {one['path']!r}, which is no path of a study")


def _known(record: Record) -> bool:
    stage = record["stage"]
    if "measurement" in record and "sample" in record:
        chains = FRAMES if record.get("frames") else STAGES
        return stage in {s.name for s in chains.get(record.get("technique", ""), ())}
    kind = record["parameters"].get("kind") if stage == "panel" else record.get("kind")
    if stage in (*TABLES, "study", "figure"):
        return True
    return (stage == "series" and kind in SERIES) or (stage == "panel" and kind in KINDS)


def family(file: str, record: Record) -> dict[str, Record]:
    """All records by the path of an artifact that carries them, inputs before what they went into.

    The last one is that of the file itself. Raises UserError where one is missing or cannot be followed.
    """
    if not isinstance(record, dict) or not isinstance(record.get("ancestry"), dict):
        raise UserError(file, "its record is damaged: it says nothing of its ancestry", "take a whole copy of the file")
    check(record, file)
    ancestry = record["ancestry"]
    found: dict[str, Record] = {}

    def visit(path: str, one: Record, above: tuple[str, ...]) -> None:
        for name in (i["path"] for i in one["inputs"] if i["root"] != "raw"):
            if name in above or name not in ancestry:
                what = "goes round in a circle" if name in above else "is not whole: nothing is said of"
                raise UserError(file, f"the ancestry in its record {what} {name}", "take a whole copy of the file")
            if name not in found:
                check(ancestry[name], f"{file}: {name}")
                visit(name, ancestry[name], (*above, name))
        found[path] = one

    visit(outputs(record)[0], record, ())
    return found


def outputs(record: Record, path: str = "") -> tuple[str, ...]:
    """The files that the job of a record writes; `path` is one of them, where that is known."""
    stage = record["stage"]
    if stage in TABLES:
        return TABLES[stage][0]
    if stage == "study":
        return (path or f"results/{file_name(record['study'])}.nxs",)
    named = record.get("panel") or record.get("figure") or record.get("series")
    name = PurePosixPath(path).stem if path else str(named)
    if stage == "panel":
        return tuple(f"results/panels/{slug(name)}.{suffix}" for suffix in PANEL_SUFFIXES)
    if stage == "figure":
        return tuple(f"results/figures/{slug(name)}.{suffix}" for suffix in FIGURE_SUFFIXES)
    if stage == "series":
        return tuple(f"results/series/{slug(name)}.{suffix}" for suffix in ("nxs", "json"))
    own = f"results/{sample_folder(record['sample'])}/{slug(record['measurement'])}"
    folder = PurePosixPath(path).parent.as_posix() if path else own
    return tuple(f"{folder}/{file}" for file in stage_in(record).files)


def job_of(path: str, record: Record, ancestry: Mapping[str, Record], keys: Mapping[str, str]) -> Job:
    """The job of a record, to be done by the code of today; `keys` are those of the artifacts made before it.

    Raises UserError where today's code does not take those parameters.
    """
    stage = record["stage"]
    inputs = _inputs(record, keys)
    work: dict[str, Any] = {}
    modules: tuple[str, ...]
    if stage in TABLES:
        modules = TABLES[stage][1]
    elif stage == "study":
        modules = STUDY_MODULES
    elif stage == "panel":
        kind = KINDS[record["parameters"]["kind"]]
        takes = {name: stage_of(kind.technique, name, kind.frames).result for name in kind.needs}
        takes |= {kind.series: SERIES[kind.series].result} if kind.series else {}
        work, modules = {"takes": takes}, PANEL_MODULES
    elif stage == "figure":
        modules = FIGURE_MODULES
    elif stage == "series":
        series = SERIES[record["kind"]]
        samples = [ancestry[i["path"]]["sample"] for i in record["inputs"]]
        result = stage_of(series.technique, series.takes).result
        work, modules = {"function": series.function, "takes": result, "samples": samples}, series.modules
        _check_call(path, record, series.function, 1, {n for n in record["parameters"] if n != "missing"})
    else:
        work, modules = _stage_work(path, record), stage_in(record).modules
    return make_job(outputs(record, path), about_of(record), record["parameters"], inputs, modules, work)


def result_of(record: Record) -> str:
    """'module:name' of the type that the NeXus file of a record holds."""
    if record["stage"] == "panel":
        return "ntcspec.plot.data:PanelData"
    if record["stage"] == "series":
        return SERIES[record["kind"]].result
    return stage_in(record).result


def stage_in(record: Record, name: str = "") -> Stage:
    """The stage of a record, or another one of its chain."""
    return stage_of(record["technique"], name or record["stage"], bool(record.get("frames")))


def _inputs(record: Record, keys: Mapping[str, str]) -> tuple[Input, ...]:
    return tuple(
        Input(i["role"], i["root"], i["path"], i["sha256"] if i["root"] == "raw" else keys[i["path"]])
        for i in record["inputs"]
    )


def _stage_work(path: str, record: Record) -> dict[str, Any]:
    """Function and types of a stage, and which of its inputs are standards or further raw files."""
    stage = stage_in(record)
    roles = [i["role"] for i in record["inputs"]]
    takes = [stage_in(record, role).result for role in roles if role in stage.inputs]
    work: dict[str, Any] = {"function": stage.function, "takes": takes}
    passed = set(record["parameters"])
    if stage.reference:
        samples = [role.removeprefix("standard ") for role in roles if role.startswith("standard ")]
        work["references"] = {"samples": samples, "takes": stage_in(record, stage.reference).result}
    if stage.extra:
        work["extra"] = list(_extra_names(path, record, stage))
        passed.add("files")
    _check_call(path, record, stage.function, len(takes) or 2, passed)
    return work


def _extra_names(path: str, record: Record, stage: Stage) -> Iterator[str]:
    """Names of the further raw files, which must be the inputs of those roles."""
    settings = record["parameters"]
    sections = {**{name: settings[name] for name in stage.also}, stage.name: settings}
    named_there = stage.extra_files(sections)
    own = [i for i in record["inputs"] if i["root"] == "raw" and i["role"] not in ("raw", COMPANION)]
    if [(one.role, one.file) for one in named_there] != [(i["role"], i["path"]) for i in own]:
        what = "its parameters name other raw files than its inputs are"
        raise UserError(path, f"its record is damaged: {what}", "take a whole copy of the file")
    return (one.name for one in named_there)


def _check_call(path: str, record: Record, function: str, values: int, passed: set[str]) -> None:
    """Refuse where today's function takes other parameters than the record names."""
    try:
        inspect.signature(named(function)).bind(*[None] * values, **dict.fromkeys(passed))
    except TypeError as error:
        what = f"the stage {record['stage']} of this ntcspec takes other parameters: {error}"
        raise UserError(path, what, OTHER_VERSION.format(record["ntcspec"])) from None
