"""One door to HDF5 raw files: an index of what a file holds, and its arrays as float64 when they are asked for.

External links and external storage are left alone: a raw file must not pull in others. h5py is imported when the
first HDF5 file is opened, not before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.text import TextFile, shorten, storable
from ntcspec.types import Array

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_NODES = 100_000
MOST_VALUES = 100_000_000
HEADER_VALUES = 8  # datasets up to this length are shown in the header
_DAMAGED = "copy the file again from the beamline"


@dataclass(frozen=True)
class Node:
    """A group (`shape` None) or a dataset; `kind` is the numpy kind of its values, `small` their text if few."""

    shape: tuple[int, ...] | None
    kind: str
    attributes: Mapping[str, str]
    small: str = ""


@dataclass(frozen=True, eq=False)
class Hdf5File:
    """What an HDF5 file holds, by path without leading '/'. Each stands for itself alone."""

    source: str
    path: Path
    nodes: Mapping[str, Node]
    default: str = ""  # where `default` of the root leads

    def attribute(self, path: str, name: str) -> str:
        """An attribute as text; '' if node or attribute is missing."""
        node = self.nodes.get(path.strip("/"))
        return node.attributes.get(name, "") if node else ""

    def text(self, path: str) -> str:
        """The value of a dataset of one element, as text; '' if there is none."""
        node = self.nodes.get(path.strip("/"))
        return node.small if node else ""

    def shape(self, path: str) -> tuple[int, ...] | None:
        """Shape of a dataset of numbers; None if there is none at this path."""
        node = self.nodes.get(path.strip("/"))
        return node.shape if node and node.kind in "fiub" and node.kind else None

    def children(self, path: str) -> tuple[str, ...]:
        """Names directly below a group, '' for the root, in the order of the file."""
        return self._below.get(path.strip("/"), ())

    @cached_property
    def _below(self) -> dict[str, tuple[str, ...]]:
        """Children of every group, for files of many entries."""
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            group, _, name = node.rpartition("/")
            found.setdefault(group, []).append(name)
        return {group: tuple(names) for group, names in found.items()}

    def groups(self, nx_class: str, below: str = "") -> tuple[str, ...]:
        """Paths of the groups directly below `below` whose NX_class is `nx_class`."""
        prefix = f"{below.strip('/')}/" if below.strip("/") else ""
        names = (prefix + name for name in self.children(below))
        return tuple(name for name in names if self.attribute(name, "NX_class") == nx_class)

    def numbers(self, path: str) -> Array:
        """A dataset of numbers, as float64 in its own shape.

        Raises
        ------
        UserError
            No such dataset, too large, or damaged.
        """
        import h5py

        where, shape = f"{self.source}, {path}", self.shape(path)
        if shape is None:
            raise UserError(where, "there is no dataset of numbers here", "is the file complete?")
        if np.prod(shape, dtype=float) > MOST_VALUES:
            raise UserError(where, f"a dataset of shape {shape} is no scan", "cut the file to the scan")
        try:
            with h5py.File(self.path, "r") as file:
                return np.asarray(file[path][()], dtype=np.float64)
        except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
            raise UserError(where, f"it cannot be read: {shorten(str(error))}", _DAMAGED) from None

    def dtype(self, path: str) -> np.dtype[Any]:
        """Type of a dataset as stored. Raises as `part`."""
        return self._open(path, lambda item: item.dtype)

    def chunk(self, path: str) -> tuple[int, ...]:
        """Shape of what is packed together in the file; ones where nothing is. Raises as `part`."""
        return self._open(path, lambda item: item.chunks or (1,) * item.ndim)

    def part(self, path: str, index: slice | int | None) -> Any:
        """A frame, or some, of a stack (the whole where `index` is None), in the type that they are stored in.

        Raises
        ------
        UserError
            No such dataset, or damaged; also where the compression of the file is not known here.
        """
        return self._open(path, lambda item: np.asarray(item[()] if index is None else item[index]))

    def _open(self, path: str, take: Callable[[Any], Any]) -> Any:
        import h5py

        with contextlib.suppress(ImportError):
            import hdf5plugin  # noqa: F401  compressions that detectors use
        try:
            with h5py.File(self.path, "r") as file:
                return take(file[path])
        except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
            raise UserError(f"{self.source}, {path}", f"it cannot be read: {shorten(str(error))}", _DAMAGED) from None

    def header(self, below: str = "") -> TextFile:
        """Everything short below a group as lines 'path = value', for the record and for evidence."""
        prefix = f"{below.strip('/')}/" if below.strip("/") else ""
        lines = []
        for path, node in self.nodes.items():
            if not path.startswith(prefix):
                continue
            said = ", ".join(f"@{key} = {shorten(value)}" for key, value in node.attributes.items())
            if node.shape is None:
                lines.append(f"{path}/  {said}".rstrip())
            else:
                value = f"= {node.small}" if node.small else f"{node.kind} {node.shape}"
                lines.append(f"{path} {value}  {said}".rstrip())
        return TextFile(self.source, tuple(line.replace("\n", " ") for line in lines), True)


def load(path: Path, source: str) -> Hdf5File:
    """Index an HDF5 file; `source` is the name that errors and notes show.

    Raises
    ------
    UserError
        Damaged, cut off, or with more nodes than a scan has.
    """
    import h5py

    nodes: dict[str, Node] = {}
    default = ""
    try:
        with h5py.File(path, "r") as file:
            default = as_text(file.attrs.get("default", ""))
            for name, item in _walk(file, h5py):
                if len(nodes) >= MOST_NODES:
                    raise UserError(source, f"more than {MOST_NODES} nodes: this is no scan", "cut it to the scan")
                nodes[name] = _node(item, h5py)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise UserError(source, f"this HDF5 file cannot be read: {shorten(str(error))}", _DAMAGED) from None
    return Hdf5File(source, path, nodes, default)


def _walk(group: Any, h5py: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every group reached by hard links, and every dataset, also by soft links within the file."""
    for name in group if depth < 16 else ():
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            continue
        item = group.get(name)
        soft = isinstance(link, h5py.SoftLink)
        if isinstance(item, h5py.Dataset):
            if item.file == group.file and not item.external:
                yield prefix + name, item
        elif isinstance(item, h5py.Group) and not soft:
            yield prefix + name, item
            yield from _walk(item, h5py, f"{prefix}{name}/", depth + 1)


def _node(item: Any, h5py: Any) -> Node:
    attributes = {}
    for name in item.attrs:
        try:
            attributes[name] = as_text(item.attrs[name])
        except (OSError, KeyError, RuntimeError, TypeError, ValueError):  # a type that numpy does not know
            attributes[name] = ""
    if isinstance(item, h5py.Group):
        return Node(None, "", attributes)
    shape = tuple(item.shape or ())
    small = ""
    if item.shape is not None and item.size <= HEADER_VALUES:
        try:
            small = as_text(item[()])
        except (OSError, KeyError, RuntimeError, TypeError, ValueError):
            small = ""
    return Node(shape, item.dtype.kind, attributes, small)


def as_text(value: Any) -> str:
    """Text of a value: bytes decoded, NUL padding off, lists as 'a, b'."""
    if isinstance(value, np.ndarray):
        return ", ".join(as_text(v) for v in value.ravel()[:HEADER_VALUES])
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    return storable(str(value)).strip()
