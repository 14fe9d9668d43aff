"""The only package that imports h5py: dataclasses of ntcspec.types to NeXus and back, deterministic bytes.

Layout of the file of a stage, a series or a panel:
  /entry                NXentry, `default` leads to the first plot; title
    sample              NXsample: name, chemical_formula; type 'simulated data' where it is
    process_1..n        NXprocess, one a stage from ingest on: program, version, sequence_index, parameters (JSON)
    record              NXnote: the record as JSON (ntcspec.provenance)
    data                NXcollection: every field of the stage's dataclass, with units and meaning
    <plot>              NXdata, one for each of the dataclass's PLOTS: links into `data`
    definition, ...     where the entry follows an application definition (ntcspec.nexus): what that asks for. Plots
                        that the definition does not know then stand in the last NXprocess
    no_definition       NXnote: why it follows none, where it could
    failure             NXnote in place of `data` where the stage could not be done
The file of the whole study (`write_tree`) has many entries; its record stands in the entry `study`.
"""

from __future__ import annotations

import json
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from ntcspec.errors import UserError
from ntcspec.files import new_file
from ntcspec.nexus import described, value_at
from ntcspec.store.blocks import put_blocks, stored
from ntcspec.store.tree import new_group, note, note_group, put, put_value, take
from ntcspec.types import Metric, Plot
from ntcspec.types.blocks import Blocks
from ntcspec.types.nexus import Application, Field, Group, Link, nexus_name

T = TypeVar("T")
_PARTS = ("where", "what", "fix")  # of a failure
ENTRY, STUDY = "entry", "study"  # the entry of an artifact, and that of the study as a whole in a file of many


def write(path: Path, result: Any, record: Mapping[str, Any], failure: UserError | None = None) -> None:
    """Write one artifact atomically: a stage's dataclass, or the failure that stands in its place."""
    with _new_file(path, large=failure is None and _has_blocks(result)) as file:
        file.attrs["default"] = "entry"
        entry = new_group(file, "entry", "NXentry")
        last = _header(entry, record)
        if failure is not None:
            put(entry, "failure", failure_note(failure))
            return
        _put_dataclass(new_group(entry, "data", "NXcollection"), result)
        application, items, missing = described(result, record)
        for name, item in items.items():
            put(entry, name, item)
        if missing:
            note(entry, "no_definition", "text/plain", missing, description=missing)
        _plots(entry, last, result, application, words_of(record))


def write_tree(path: Path, entries: Mapping[str, Group], default: str, record: Mapping[str, Any]) -> None:
    """Write a file of several entries atomically; `default` is the one to open, STUDY the one that gets the record."""
    written: dict[Field, Any] = {}
    with _new_file(path) as file:
        file.attrs["default"] = default
        for name, entry in entries.items():
            put(file, name, entry, written)
        _put_record(file[STUDY], record)


@contextmanager
def _new_file(path: Path, large: bool = False) -> Iterator[Any]:
    """A file that takes the place of the old one once it is whole. Raises UserError where it cannot be written.

    It is made in memory, unless it is `large`: the HDF5 library brings the process down where a disk is full.
    """
    with new_file(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        where = {"name": temporary} if large else {"name": path.name, "driver": "core", "backing_store": False}
        with h5py.File(**where, mode="w") as file:
            file.attrs["NX_class"] = "NXroot"
            yield file
            file.flush()
            content = b"" if large else file.id.get_file_image()
        if not large:
            temporary.write_bytes(content)


def _has_blocks(result: Any) -> bool:
    return any(isinstance(getattr(result, field.name), Blocks) for field in fields(result))


def read(path: Path, kind: type[T]) -> T:
    """The dataclass that an artifact holds.

    Raises UserError where the file is no artifact, or holds a failure in place of data.
    """
    with _open(path) as file:
        if "entry/failure" in file:
            raise _read_failure(file["entry/failure"])
        return _get_dataclass(file["entry/data"], kind)


def read_or_failure(path: Path, kind: type[T]) -> T | UserError | None:
    """As `read`, but a failure is returned; None of an artifact whose result holds nothing of the kind.

    Raises UserError where the file is no artifact.
    """
    with _open(path) as file:
        if "entry/failure" in file:
            return _read_failure(file["entry/failure"])
        try:
            return _get_dataclass(file["entry/data"], kind)
        except KeyError:
            return None


def read_record(path: Path) -> dict[str, Any]:
    """The record of an artifact. Raises UserError where the file holds none."""
    with _open(path) as file:
        return json.loads(file[_home(file)]["record/data"][()])


def read_metrics(path: Path) -> tuple[Metric, ...]:
    """The metrics of an artifact that has some; raises KeyError for one that has none."""
    with _open(path) as file:
        return _get(file["entry/data"], "metrics", tuple[Metric, ...])


def read_failure(path: Path) -> UserError | None:
    """The failure that an artifact holds in place of data, or None."""
    with _open(path) as file:
        return _read_failure(file["entry/failure"]) if "entry/failure" in file else None


def read_entry(path: Path) -> Group:
    """The entry of an artifact without its data and its record: title, processes, plots, what its definition asks for.

    Raises UserError where the file is no artifact.
    """
    with _open(path) as file:
        return take(file[ENTRY], ("data", "record"))


def outline(path: Path) -> list[tuple[str, str]]:
    """What an artifact holds, for people: (path below /entry/data, 'shape - meaning (unit)'); a study: its entries."""
    found: list[tuple[str, str]] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            size = " x ".join(str(n) for n in item.shape) or repr(_plain(item[()]))
            found.append((name, f"{size} - {item.attrs.get('long_name') or item.attrs.get('units', '')}"))

    with _open(path) as file:
        if _home(file) == STUDY:
            return [(name, f"- {entry['title'].asstr()[()]}") for name, entry in file.items()]
        if "entry/data" in file:
            file["entry/data"].visititems(visit)
    return found


def contents(path: Path) -> dict[str, Any]:
    """Everything that an artifact holds, by path: arrays and words, and attributes as 'path@name'.

    A dataset that stands in two places (a plot's links into `data`) is listed in both, a link to another file as
    'file:path'; references do not occur.
    """
    found: dict[str, Any] = {}

    def visit(prefix: str, item: Any) -> None:
        found.update({f"{prefix}@{name}": item.attrs[name] for name in item.attrs})
        if isinstance(item, h5py.Dataset):
            text = h5py.check_string_dtype(item.dtype) is not None
            found[prefix] = item.asstr()[()] if text else item[()]
            return
        for name in item:
            link = item.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):  # what it leads to is in another artifact
                found[f"{prefix}/{name}"] = f"{link.filename}:{link.path}"
            else:
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
    if not _home(file):
        file.close()
        raise UserError(path.as_posix(), "is HDF5 without a record of ntcspec", "name a file of results/")
    return file


def _home(file: Any) -> str:
    """The entry that holds the record; '' where there is none."""
    return next((name for name in (ENTRY, STUDY) if f"{name}/record/data" in file), "")


# --- parts of a file ----------------------------------------------------------------------------


def words_of(record: Mapping[str, Any]) -> str:
    """What a file is about: 'SIMULATED data: NTC 6 h / exafs', or the study where it is of no sample."""
    words = " / ".join(w for w in (record.get("sample") or record["study"], record.get("measurement") or "") if w)
    return f"SIMULATED data: {words}" if record["simulated"] else words


def sample_group(name: str, composition: str, simulated: bool, **further: Group | Field | Link) -> Group:
    """An NXsample. NeXus says by its type that data is simulated."""
    items: dict[str, Group | Field | Link] = {"name": Field(name), **further}
    if composition:
        items["chemical_formula"] = Field(composition)
    if simulated:
        items["type"] = Field("simulated data")
    return Group("NXsample", items)


def _header(entry: Any, record: Mapping[str, Any]) -> Any:
    """Title, sample, processes and record; returns the last process, which is the stage itself."""
    put_value(entry, "title", f"{words_of(record)} / {record['stage']}")
    if record.get("sample"):
        put(entry, "sample", sample_group(record["sample"], record.get("composition", ""), record["simulated"]))
    same = [r for r in record["ancestry"].values() if r.get("measurement") and r.get("sample") == record.get("sample")]
    chain = sorted(same, key=lambda r: r["order"]) if record.get("sample") else []
    for number, one in enumerate([*chain, record], 1):
        put(entry, f"process_{number}", process_group(one, number))
    _put_record(entry, record)
    return entry[f"process_{len(chain) + 1}"]


def process_group(record: Mapping[str, Any], number: int) -> Group:
    """An NXprocess: one stage with its parameters."""
    words = json.dumps(record["parameters"], ensure_ascii=False)
    return Group(
        "NXprocess",
        {
            "program": Field(f"ntcspec {record['stage']}"),
            "version": Field(record["ntcspec"]),
            "sequence_index": Field(number),
            "parameters": note_group("application/json", words),
        },
    )


def _put_record(entry: Any, record: Mapping[str, Any]) -> None:
    """In its order, which parameters may hang on."""
    note(entry, "record", "application/json", json.dumps(record, ensure_ascii=False))


def failure_note(failure: UserError) -> Group:
    """An NXnote that says why there is no data."""
    parts = {name: getattr(failure, name) for name in _PARTS}
    return note_group("application/json", json.dumps(parts, ensure_ascii=False), description=str(failure))


def _read_failure(stored: Any) -> UserError:
    parts = json.loads(stored["data"][()])
    return UserError(*(parts[name] for name in _PARTS))


def _plots(entry: Any, last: Any, result: Any, application: Application | None, about: str) -> None:
    """One NXdata for each plot of the result, and of the items that it holds; the first is the default."""
    first = True
    for wanted, prefix, owner, plot in _listed_plots(result):
        shows = application is not None and plot.name == application.plot
        home = entry if shows or application is None else last
        name = nexus_name(wanted, home)
        group = new_group(home, name, "NXdata")
        _plot(group, entry, prefix, owner, plot)
        title = getattr(owner, "label", "") or plot.title
        put_value(group, "title", f"{about}: {title}" if about else title)
        for field in application.fields if application is not None and shows else ():
            if field in entry and not field.endswith("_errors"):
                group[field] = entry[field]
                entry[field].attrs["target"] = entry[field].name
        if first:
            entry.attrs["default"] = name if home is entry else last.name.rpartition("/")[2]
            if home is last:
                last.attrs["default"] = name
        first = False


def _plot(group: Any, entry: Any, prefix: str, owner: Any, plot: Plot) -> None:
    """Signal, axes, further signals and errors of one NXdata, as links into `data`."""
    links = _leaves(owner, (*plot.axes, plot.signal, *plot.auxiliary))
    for path, leaf in links.items():
        group[leaf] = entry["data"][prefix + path]
        group[leaf].attrs["target"] = f"/entry/data/{prefix}{path}"
    group.attrs["signal"] = links[plot.signal]
    group.attrs["axes"] = [links[path] for path in plot.axes]
    for position, path in enumerate(plot.axes):
        group.attrs[f"{links[path]}_indices"] = position
    if plot.auxiliary:
        group.attrs["auxiliary_signals"] = [links[path] for path in plot.auxiliary]
    holder, _, name = plot.signal.rpartition("/")
    holding = value_at(owner, holder) if holder else owner
    errors = {f.name: f.metadata.get("errors") for f in fields(holding)}.get(name) if is_dataclass(holding) else None
    if errors and getattr(holding, errors).size:
        path = "/".join(part for part in (holder, errors) if part)
        group[f"{links[plot.signal]}_errors"] = entry["data"][prefix + path]


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


def _leaves(owner: Any, paths: tuple[str, ...]) -> dict[str, str]:
    """Short names of what a plot shows: 'norm' for 'spectra/0000/norm', the column's name for 'columns/0003/values'."""
    found: dict[str, str] = {}
    for path in paths:
        holder, _, last = path.rpartition("/")
        name = value_at(owner, holder).name if last == "values" and holder else last
        found.setdefault(path, nexus_name(name, {"title", *found.values()}))
    return found


# --- dataclasses --------------------------------------------------------------------------------


def _put_dataclass(group: Any, value: Any, units: Mapping[str, str] | None = None) -> None:
    """`units` are those of the whole, for fields whose unit the dataclass itself cannot know."""
    group.attrs["type"] = type(value).__name__
    inner = value.units() if hasattr(value, "units") else units
    for field in fields(value):
        item, name = getattr(value, field.name), field.name
        if isinstance(item, tuple) and item and is_dataclass(item[0]):
            inside = new_group(group, name, "NXcollection")
            for i, one in enumerate(item):
                _put_dataclass(new_group(inside, f"{i:04d}", "NXcollection"), one, inner)
        elif isinstance(item, Blocks):
            put_blocks(group, name, item)
        elif is_dataclass(item):
            _put_dataclass(new_group(group, name, "NXcollection"), item, inner)
        else:
            unit = field.metadata.get("unit") or (units or {}).get(name, "")
            put_value(group, name, item, unit, field.metadata.get("meaning", ""))


def _get_dataclass(group: Any, kind: type[T]) -> T:
    hints = typing.get_type_hints(kind)
    values = {f.name: _get(group, f.name, hints[f.name]) for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**values)


def _get(group: Any, name: str, hint: Any) -> Any:
    if typing.get_origin(hint) is Blocks:
        return stored(group, name, typing.get_args(hint)[0])
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
