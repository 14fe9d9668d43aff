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
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Metric, Plot

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


def read_metrics(path: Path) -> tuple[Metric, ...]:
    """The metrics of an artifact that has some; raises KeyError for one that has none."""
    with _open(path) as file:
        return _get(file["entry/data"], "metrics", tuple[Metric, ...])


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


def contents(path: Path) -> dict[str, Any]:
    """Everything that an artifact holds, by path: arrays and words, and attributes as 'path@name'.

    A dataset that stands in two places (a plot's links into `data`) is listed in both; references do not occur.
    """
    found: dict[str, Any] = {}

    def visit(prefix: str, item: Any) -> None:
        found.update({f"{prefix}@{name}": item.attrs[name] for name in item.attrs})
        if isinstance(item, h5py.Dataset):
            text = h5py.check_string_dtype(item.dtype) is not None
            found[prefix] = item.asstr()[()] if text else item[()]
            return
        for name in item:
            visit(f"{prefix}/{name}", item[name])

    with _open(path) as file:
        visit("", file)
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
        process["parameters"] = json.dumps(one["parameters"], ensure_ascii=False)
    note = _group(entry, "record", "NXnote")
    note["type"] = "application/json"
    note["data"] = json.dumps(record, ensure_ascii=False)  # in its order, which parameters may hang on


def _failure(entry: Any, failure: UserError) -> None:
    note = _group(entry, "failure", "NXnote")
    note["type"] = "text/plain"
    note["data"] = str(failure)
    for part in ("where", "what", "fix"):
        note[part] = getattr(failure, part)


def _read_failure(note: Any) -> UserError:
    return UserError(*(note[part].asstr()[()] for part in ("where", "what", "fix")))


def _plots(entry: Any, result: Any) -> None:
    """One NXdata for each plot of the result, and of the items that it holds; the first is the default."""
    names = []
    for name, prefix, owner, plot in _listed_plots(result):
        group = _group(entry, name, "NXdata")
        group["title"] = getattr(owner, "label", "") or plot.title
        links = {path: _leaf(path) for path in (*plot.axes, plot.signal, *plot.auxiliary)}
        for path, leaf in links.items():
            group[leaf] = entry["data"][prefix + path]
            group[leaf].attrs["target"] = f"/entry/data/{prefix}{path}"
        group.attrs["signal"] = links[plot.signal]
        group.attrs["axes"] = [links[path] for path in plot.axes]
        for position, path in enumerate(plot.axes):
            group.attrs[f"{links[path]}_indices"] = position
        if plot.auxiliary:
            group.attrs["auxiliary_signals"] = [links[path] for path in plot.auxiliary]
        errors = {f.name: f.metadata.get("errors") for f in fields(owner)}.get(plot.signal)
        if errors and getattr(owner, errors).size:
            group[f"{links[plot.signal]}_errors"] = entry["data"][prefix + errors]
        names.append(name)
    if names:
        entry.attrs["default"] = names[0]


def _listed_plots(result: Any) -> Iterator[tuple[str, str, Any, Plot]]:
    """(group name, path below /entry/data, dataclass, plot) of the result and of the tuples of dataclasses in it."""
    for plot in _own_plots(result):
        yield plot.name, "", result, plot
    used: Counter[str] = Counter()  # two fields may hold items with plots of one name
    for field in fields(result):
        items = getattr(result, field.name)
        if isinstance(items, tuple):
            for i, item in enumerate(items):
                for plot in _own_plots(item) if is_dataclass(item) else ():
                    yield f"{plot.name}_{used[plot.name]:04d}", f"{field.name}/{i:04d}/", item, plot
                    used[plot.name] += 1


def _own_plots(value: Any) -> tuple[Plot, ...]:
    return value.plots() if hasattr(value, "plots") else getattr(value, "PLOTS", ())


def _leaf(path: str) -> str:
    """'y' for 'y', 'columns_0003' for 'columns/0003/values'."""
    return path.removesuffix("/values").replace("/", "_")


# --- dataclasses --------------------------------------------------------------------------------


def _put_dataclass(group: Any, value: Any, units: Mapping[str, str] | None = None) -> None:
    """`units` are those of the whole, for fields whose unit the dataclass itself cannot know."""
    group.attrs["type"] = type(value).__name__
    inner = value.units() if hasattr(value, "units") else units
    for field in fields(value):
        item, name = getattr(value, field.name), field.name
        if isinstance(item, tuple) and item and is_dataclass(item[0]):
            inside = _group(group, name, "NXcollection")
            for i, one in enumerate(item):
                _put_dataclass(_group(inside, f"{i:04d}", "NXcollection"), one, inner)
        elif is_dataclass(item):
            _put_dataclass(_group(group, name, "NXcollection"), item, inner)
        else:
            unit = field.metadata.get("unit") or (units or {}).get(name, "")
            _put(group, name, item, unit, field.metadata.get("meaning", ""))


def _put(group: Any, name: str, value: Any, unit: str, meaning: str) -> None:
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
    if unit:
        dataset.attrs["units"] = unit
    if meaning:
        dataset.attrs["long_name"] = meaning


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
