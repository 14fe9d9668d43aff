"""The only module that imports h5py: dataclasses of ntcspec.types to NeXus and back, deterministic bytes.

Layout of a file:
  /entry                NXentry, `default` leads to the first plot; title, simulated
    sample              NXsample: name, chemical_formula
    process_1..n        NXprocess, one a stage from ingest on: program, version, sequence_index, parameters (JSON)
    record              NXnote: the record as JSON (ntcspec.provenance)
    data                NXcollection: every field of the stage's dataclass, with units and meaning
    <plot>              NXdata, one for each of the dataclass's PLOTS: links into `data`
    failure             NXnote in place of `data` where the stage could not be done
"""

from __future__ import annotations

import json
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Plot

T = TypeVar("T")
_TEXT = h5py.string_dtype("utf-8")


def write(path: Path, result: Any, record: Mapping[str, Any], failure: UserError | None = None) -> None:
    """Write one artifact atomically: a stage's dataclass, or the failure that stands in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with h5py.File(temporary, "w") as file:
            file.attrs["NX_class"] = "NXroot"
            file.attrs["default"] = "entry"
            entry = _group(file, "entry", "NXentry")
            _header(entry, record)
            if failure is not None:
                _failure(entry, failure)
            else:
                _put_dataclass(_group(entry, "data", "NXcollection"), result)
                _plots(entry, result)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, kind: type[T]) -> T:
    """The dataclass that an artifact holds.

    Raises UserError where the file is no artifact, or holds a failure in place of data.
    """
    with _open(path) as file:
        if "entry/failure" in file:
            raise _read_failure(file["entry/failure"])
        return _get_dataclass(file["entry/data"], kind)


def read_record(path: Path) -> dict[str, Any]:
    """The record of an artifact. Raises UserError where the file holds none."""
    with _open(path) as file:
        return json.loads(file["entry/record/data"][()])


def read_failure(path: Path) -> UserError | None:
    """The failure that an artifact holds in place of data, or None."""
    with _open(path) as file:
        return _read_failure(file["entry/failure"]) if "entry/failure" in file else None


def outline(path: Path) -> list[tuple[str, str]]:
    """What an artifact holds: (path below /entry/data, 'shape unit meaning'), for people."""
    found: list[tuple[str, str]] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            size = " x ".join(str(n) for n in item.shape) or repr(_plain(item[()]))
            unit = item.attrs.get("units", "")
            found.append((name, " ".join(w for w in (size, unit, f"- {item.attrs.get('long_name', '')}") if w)))

    with _open(path) as file:
        if "entry/data" in file:
            file["entry/data"].visititems(visit)
    return found


def _open(path: Path) -> h5py.File:
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise UserError(path.as_posix(), "no such file", "run the study first: ntcspec run") from None
    except OSError as error:
        raise UserError(
            path.as_posix(), f"cannot be read as HDF5 ({error})", "delete it and run the study again"
        ) from None
    if "entry/record/data" not in file:
        file.close()
        raise UserError(path.as_posix(), "is HDF5 without a record of ntcspec", "name a file of results/")
    return file


# --- parts of a file ----------------------------------------------------------------------------


def _group(parent: Any, name: str, nx_class: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def _header(entry: Any, record: Mapping[str, Any]) -> None:
    words = [record.get("sample") or record["study"], record.get("measurement") or "", record["stage"]]
    title = " / ".join(w for w in words if w)
    entry["title"] = f"SIMULATED data: {title}" if record["simulated"] else title
    entry.attrs["simulated"] = bool(record["simulated"])
    if record.get("sample"):
        sample = _group(entry, "sample", "NXsample")
        sample["name"] = record["sample"]
        if record.get("composition"):
            sample["chemical_formula"] = record["composition"]
    same = [r for r in record["ancestry"].values() if r.get("measurement") and r.get("sample") == record.get("sample")]
    chain = sorted(same, key=lambda r: r["order"]) if record.get("sample") else []
    for number, one in enumerate([*chain, record], 1):
        process = _group(entry, f"process_{number}", "NXprocess")
        process["program"] = f"ntcspec {one['stage']}"
        process["version"] = one["ntcspec"]
        process["sequence_index"] = number
        process["parameters"] = json.dumps(one["parameters"], sort_keys=True, ensure_ascii=False)
    note = _group(entry, "record", "NXnote")
    note["type"] = "application/json"
    note["data"] = json.dumps(record, sort_keys=True, ensure_ascii=False)


def _failure(entry: Any, failure: UserError) -> None:
    note = _group(entry, "failure", "NXnote")
    note["type"] = "text/plain"
    note["data"] = str(failure)
    for part in ("where", "what", "fix"):
        note[part] = getattr(failure, part)


def _read_failure(note: Any) -> UserError:
    return UserError(*(note[part].asstr()[()] for part in ("where", "what", "fix")))


def _plots(entry: Any, result: Any) -> None:
    plots: tuple[Plot, ...] = getattr(result, "PLOTS", ())
    for plot in plots:
        group = _group(entry, plot.name, "NXdata")
        group.attrs["signal"] = plot.signal
        group.attrs["axes"] = list(plot.axes)
        group["title"] = plot.title
        for name in (*plot.axes, plot.signal, *plot.auxiliary):
            group[name] = entry["data"][name]
            group[name].attrs["target"] = f"/entry/data/{name}"
        errors = next(f.metadata.get("errors") for f in fields(result) if f.name == plot.signal)
        if errors and getattr(result, errors).size:
            group[f"{plot.signal}_errors"] = entry["data"][errors]
        if plot.auxiliary:
            group.attrs["auxiliary_signals"] = list(plot.auxiliary)
        for position, axis in enumerate(plot.axes):
            group.attrs[f"{axis}_indices"] = position
    if plots:
        entry.attrs["default"] = plots[0].name


# --- dataclasses --------------------------------------------------------------------------------


def _put_dataclass(group: Any, value: Any) -> None:
    group.attrs["type"] = type(value).__name__
    for field in fields(value):
        _put(group, field.name, getattr(value, field.name), field)


def _put(group: Any, name: str, value: Any, field: Field[Any] | None = None) -> None:
    if is_dataclass(value):
        _put_dataclass(_group(group, name, "NXcollection"), value)
        return
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        inside = _group(group, name, "NXcollection")
        for i, item in enumerate(value):
            _put_dataclass(_group(inside, f"{i:04d}", "NXcollection"), item)
        return
    if isinstance(value, dict):
        dataset = group.create_dataset(name, data=json.dumps(value, sort_keys=True, ensure_ascii=False), dtype=_TEXT)
    elif isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        dataset = group.create_dataset(name, shape=(len(value),), data=list(value) or None, dtype=_TEXT)
    elif isinstance(value, str):
        dataset = group.create_dataset(name, data=value, dtype=_TEXT)
    else:
        array = np.asarray(value)
        packed = {"compression": "gzip", "shuffle": True} if array.size > 4096 else {}
        dataset = group.create_dataset(name, data=array, **packed)
    if field is not None and field.metadata:
        if field.metadata.get("unit"):
            dataset.attrs["units"] = field.metadata["unit"]
        dataset.attrs["long_name"] = field.metadata["meaning"]


def _get_dataclass(group: Any, kind: type[T]) -> T:
    hints = typing.get_type_hints(kind)
    values = {f.name: _get(group, f.name, hints[f.name]) for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**values)


def _get(group: Any, name: str, hint: Any) -> Any:
    if is_dataclass(hint):
        return _get_dataclass(group[name], hint)  # type: ignore[arg-type]
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple and is_dataclass(arguments[0]):
        if isinstance(group[name], h5py.Dataset):  # an empty tuple
            return ()
        return tuple(_get_dataclass(group[name][i], arguments[0]) for i in sorted(group[name]))  # type: ignore[arg-type]
    value = group[name][()]
    if typing.get_origin(hint) is dict:
        return json.loads(value)
    if typing.get_origin(hint) is tuple:
        return tuple(_plain(item) for item in value)
    return value if isinstance(value, np.ndarray) and not _is_scalar(hint) else _plain(value)


def _is_scalar(hint: Any) -> bool:
    return hint in (str, int, float, bool) or isinstance(hint, types.UnionType)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
