"""Groups and fields of `ntcspec.types.nexus` to HDF5 and back."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

import h5py
import numpy as np

from ntcspec.types.nexus import Field, Group, Link

TEXT = h5py.string_dtype("utf-8")
PACKED_FROM = 1024  # values; smaller arrays gain nothing by compression


def new_group(parent: Any, name: str, nx_class: str) -> Any:
    """An empty group of that class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def put(parent: Any, name: str, item: Group | Field | Link, written: dict[Field, Any] | None = None) -> None:
    """Write a group, field or link; `written`: fields that stand in the file already, which then get a second name."""
    written = {} if written is None else written
    if isinstance(item, Link):
        parent[name] = h5py.ExternalLink(item.file, item.path)
        return
    if isinstance(item, Group):
        group = new_group(parent, name, item.nx_class)
        for key, one in item.items.items():
            put(group, key, one, written)
        target = group
    elif item in written:
        parent[name] = written[item]
        written[item].attrs.setdefault("target", written[item].name)
        return
    else:
        target = put_value(parent, name, item.value, item.unit, item.meaning)
        written[item] = target
    for key, value in item.attributes.items():
        target.attrs[key] = value


def put_value(group: Any, name: str, value: Any, unit: str = "", meaning: str = "") -> Any:
    """Write one dataset: an array, a number, words, a tuple of words, or a mapping as JSON. Returns it."""
    if isinstance(value, dict):
        dataset = group.create_dataset(name, data=json.dumps(value, sort_keys=True, ensure_ascii=False), dtype=TEXT)
    elif isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        dataset = group.create_dataset(name, shape=(len(value),), data=list(value) or None, dtype=TEXT)
    elif isinstance(value, str):
        dataset = group.create_dataset(name, data=value, dtype=TEXT)
    else:
        array = np.asarray(value)
        packed = {"compression": "gzip", "shuffle": True} if array.size > PACKED_FROM else {}
        dataset = group.create_dataset(name, data=array, **packed)
    label(dataset, unit, meaning)
    return dataset


def label(dataset: Any, unit: str, meaning: str) -> None:
    """Say unit and meaning of a dataset."""
    if unit:
        dataset.attrs["units"] = unit
    if meaning:  # what viewers write at an axis; they do not add the unit to it
        dataset.attrs["long_name"] = f"{meaning} ({unit})" if unit not in ("", "1") else meaning


def note(parent: Any, name: str, mime: str, text: str, **words: str) -> None:
    """An NXnote. NeXus wants its data to be bytes, so the text has a fixed length."""
    put(parent, name, note_group(mime, text, **words))


def note_group(mime: str, text: str, **words: str) -> Group:
    """An NXnote as a group; `words` are further fields of it."""
    data = text.encode()
    fixed = np.array(data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
    further = {name: Field(value) for name, value in words.items()}
    return Group("NXnote", {"type": Field(mime), "data": Field(fixed), **further})


def take(group: Any, leave: Container[str] = (), read: dict[Any, Field] | None = None) -> Group:
    """A group as it stands in a file, without what `leave` names. A dataset with two names becomes one Field."""
    read = {} if read is None else read
    items: dict[str, Group | Field | Link] = {}
    for name in group:
        if name in leave:
            continue
        item = group[name]
        items[name] = take(item, (), read) if isinstance(item, h5py.Group) else _field(item, read)
    attributes = {name: value for name, value in group.attrs.items() if name != "NX_class"}
    return Group(str(group.attrs.get("NX_class", "")), items, attributes)


def _field(dataset: Any, read: dict[Any, Field]) -> Field:
    place = h5py.h5o.get_info(dataset.id).addr
    if place not in read:
        value = dataset[()]
        if h5py.check_string_dtype(dataset.dtype) is not None and dataset.dtype.kind == "O":
            words = dataset.asstr()[()]
            value = words if isinstance(words, str) else tuple(words.tolist())
        elif h5py.check_string_dtype(dataset.dtype) is not None:
            value = np.array(value, dtype=dataset.dtype)  # keeps length and encoding
        attributes = {name: value for name, value in dataset.attrs.items() if name != "target"}
        read[place] = Field(value, attributes=attributes)
    return read[place]
