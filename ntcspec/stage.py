"""Run one job: load its inputs, call one function, record, write atomically. Snakemake is not known here.

A stage that cannot be done (UserError) still writes its artifact: the failure with its reason, passed on by the
stages behind it, so that one bad file never takes the study with it. The last good artifact is moved to `last-good/`
beside it. Anything else that goes wrong is a defect: the job fails, its traceback goes to the log alone.
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from ntcspec import joblog
from ntcspec.companions import COMPANION
from ntcspec.errors import UserError
from ntcspec.files import cannot_write, of_the_disk, stamp
from ntcspec.progress import listening
from ntcspec.provenance import ancestry_of, make_record, sha256_file, write_atomic
from ntcspec.types.blocks import NotMadeError

Params = Mapping[str, Any]
CHANGED, AGAIN = "changed while the study ran", "start the run again: ntcspec run"
GONE = "is gone: it was there when the run started"
PUT_BACK = "put it back, or take it out of the study, then start the run again"


@contextlib.contextmanager
def job(log: str | Path, key: str = "", outputs: Sequence[str] = ()) -> Iterator[None]:
    """Send all output of a job to its log, between a line for its start and one for its end (`ntcspec.joblog`).

    Ends the process with one line where the job fails: the log has it too, but where that cannot be written. outputs:
    the artifacts that it makes, key: theirs.
    """
    path, message = Path(log), ""
    wrote: dict[str, str] = {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            path.open("w", encoding="utf-8") as stream,
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            print(joblog.started(key), flush=True)
            try:
                with listening(lambda *step: _tell(path, *step)):
                    yield
                wrote = {name: sha256_file(Path(name)) for name in outputs}
            except Exception as error:
                message = _reason(error, path)
                print(f"error: {message}")
            finally:
                print(joblog.ended(wrote))
    except OSError as error:
        message = f"error: {message or cannot_write(path, error)}"
    if message:
        print(message, file=sys.stderr)
        sys.exit(1)


def _reason(error: Exception, log: Path) -> str:
    """Why a job failed, for people; of a defect the traceback goes to the log."""
    if isinstance(error, UserError):
        return str(error)
    if mended := of_the_disk(error, log.as_posix()):
        return str(mended)
    traceback.print_exc()
    return f"internal error ({type(error).__name__}: {error}); please report it with {log.as_posix()}"


def _tell(log: Path, what: str, done: int, total: int, left_s: float) -> None:
    """How far a loop has come: into the log, and past it to whoever runs the job."""
    line = f"{what}: {done} of {total}, about {left_s:.0f} s left"
    print(line, flush=True)
    print(f"progress: {'/'.join(log.with_suffix('').parts[-3:])}: {line}", file=sys.__stderr__, flush=True)


def run_stage(params: Params, inputs: Sequence[str], outputs: Sequence[str], log: str) -> None:
    """A stage of a technique: raw files or artifacts in, one artifact out.

    params (ntcspec.plan.Job.params): about, settings, origin, modules, key; work: the function, and the types that it
    takes (none: it takes the paths of raw files and their names in the study), and the standards or further raw files
    that it gets as well: `files`, by name their paths, and for ingest also their names in the study.
    """
    with job(log, params["key"], outputs):
        before = [stamp(Path(path)) for path in inputs]
        try:
            upstream: dict[str, Any] = {}
            settings = dict(params["settings"])
            if params["work"]["takes"]:
                values, upstream = _load(params, inputs), records_of(params, inputs)
                extra = params["work"].get("extra", ())
                if "extra" in params["work"]:
                    files = inputs[len(values) : len(values) + len(extra)]
                    settings["files"] = {name: Path(p) for name, p in zip(extra, files, strict=True)}
                if "references" in params["work"]:
                    found = _references(params, inputs[len(values) + len(extra) :])
                    settings["references"] = {**settings["references"], **found}
            else:
                extra = params["work"].get("extra", ())
                every = zip(inputs, params["origin"], strict=True)
                raw = [(Path(p), i["path"]) for p, i in every if i["role"] != COMPANION]  # readers find those
                own = len(raw) - len(extra)
                values = [[path for path, _ in raw[:own]], [source for _, source in raw[:own]]]
                if "extra" in params["work"]:
                    settings["files"] = dict(zip(extra, raw[own:], strict=True))
            result = named(params["work"]["function"])(*values, **settings)
            failure = None
        except UserError as error:
            print(f"error: {error}")
            result, failure, upstream = None, error, records_of(params, inputs)
        record = record_for(params, inputs, upstream)
        _refuse_changed(params, inputs, before)
        written = [Path(p) for p in outputs]
        try:
            write_result(result, failure, record, written)
        except NotMadeError as error:
            print(f"error: {error}")
            write_result(None, error, record, written)
        try:
            _refuse_changed(params, inputs, before)  # blocks are read while they are written
        except UserError:
            for path in written:
                path.unlink(missing_ok=True)
            raise


def _refuse_changed(params: Params, inputs: Sequence[str], before: Sequence[tuple[int, ...]]) -> None:
    """Refuse where an input was touched between reading and hashing: the hash may be of other bytes."""
    for origin, path, then in zip(params["origin"], inputs, before, strict=True):
        if stamp(Path(path)) != then:
            raise UserError(origin["path"], CHANGED, AGAIN)


def named(name: str) -> Any:
    """A function or type by 'module:name'."""
    module, _, inside = name.partition(":")
    return getattr(import_module(module), inside)


def _load(params: Params, inputs: Sequence[str]) -> list[Any]:
    from ntcspec import store

    kinds = [named(name) for name in params["work"]["takes"]]
    return [store.read(Path(path), kind) for path, kind in zip(inputs, kinds, strict=False)]


def _references(params: Params, inputs: Sequence[str]) -> dict[str, Any]:
    """Artifacts of other samples by sample; one that failed is replaced by the reason, and takes nothing with it."""
    work = params["work"]["references"]
    return {sample: load_or_reason(Path(p), work["takes"]) for sample, p in zip(work["samples"], inputs, strict=True)}


def load_or_reason(path: Path, kind: str) -> Any:
    """The dataclass of an artifact, or why its stage could not be done."""
    from ntcspec import store

    try:
        return store.read(path, named(kind))
    except UserError as failure:
        return str(failure)


def records_of(params: Params, inputs: Sequence[str]) -> dict[str, Any]:
    """The records of the artifacts that a job takes, by path."""
    from ntcspec import store

    pairs = zip(params["origin"], inputs, strict=True)
    return {origin["path"]: store.read_record(Path(path)) for origin, path in pairs if origin["root"] != "raw"}


def record_for(params: Params, inputs: Sequence[str], upstream: Mapping[str, Any]) -> dict[str, Any]:
    """The record of this job; refuses where a raw file is no longer what the run was planned with."""
    listed = []
    for origin, name in zip(params["origin"], inputs, strict=True):
        path = Path(name)
        try:
            digest = sha256_file(path)
        except FileNotFoundError:
            raise UserError(origin["path"], GONE, PUT_BACK) from None
        except OSError as error:
            what, fix = f"cannot be read: {error.strerror}", "is its disc there, and whole?"
            raise UserError(origin["path"], what, fix) from None
        if origin["root"] == "raw" and digest != origin["identity"]:
            raise UserError(origin["path"], CHANGED, AGAIN)
        entry = {"role": origin["role"], "root": origin["root"], "path": origin["path"]}
        listed.append({**entry, "sha256": digest, "bytes": path.stat().st_size})
    return make_record(
        about=params["about"],
        parameters=params["settings"],
        inputs=listed,
        modules=tuple(params["modules"]),
        key=params["key"],
        ancestry=ancestry_of(upstream),
    )


def write_result(result: Any, failure: UserError | None, record: Mapping[str, Any], outputs: Sequence[Path]) -> None:
    """Write an artifact, and its metrics as JSON where there is a second output; keep the last good one aside."""
    from ntcspec import store

    if failure is not None:
        _keep_last_good(outputs)
    store.write(outputs[0], result, record, failure)
    if len(outputs) > 1:
        metrics = [asdict(m) for m in result.metrics] if failure is None else []
        notes = list(result.notes) if failure is None else []
        reason = str(failure) if failure is not None else ""
        text = json.dumps(_finite({"metrics": metrics, "notes": notes, "failure": reason, "record": record}), indent=1)
        write_atomic(outputs[1], text.encode())
    if failure is None:
        for path in outputs:
            path.parent.joinpath("last-good", path.name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            outputs[0].parent.joinpath("last-good").rmdir()


def _keep_last_good(outputs: Sequence[Path]) -> None:
    from ntcspec import store

    try:
        good = outputs[0].is_file() and store.read_failure(outputs[0]) is None
    except UserError:
        good = False
    if good:
        for path in outputs:
            if path.is_file():
                kept = path.parent / "last-good"
                kept.mkdir(exist_ok=True)
                path.replace(kept / path.name)


def _finite(value: Any) -> Any:
    """NaN as null, because JSON knows no NaN."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list | tuple) else value
