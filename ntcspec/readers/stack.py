"""HDF5 stacks: many scans of one energy axis as the rows of two-dimensional datasets.

    <group>/energy       (E,) photon energies; a name that holds `energy`
    <group>/i0, it, ..   (scans, E), one row a scan
    <group>/time, ..     (scans,) one value a scan: they stand in the header of each scan

Scans are named 1, 2, .. in the order of the rows; of several such groups `group/1`, `group/2`, .. Only the row that is
asked for is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ntcspec.readers._hdf5 import Hdf5File
from ntcspec.readers.build import Draft, build_scan
from ntcspec.readers.roles import ColumnSpec, Pick, detectors_by_name
from ntcspec.readers.table import Table
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

NAME = "hdf5 stack"
FEWEST = 2  # scans, and points


@dataclass(frozen=True)
class Stack:
    """A group with a stack: names in it of the energies, of the signals, and of what has one value a scan."""

    group: str
    energy: str
    signals: tuple[str, ...]
    values: tuple[str, ...]
    scans: int

    def path(self, name: str) -> str:
        """Path of one of them in the file."""
        return f"{self.group}/{name}" if self.group else name


def recognise(file: Hdf5File) -> str:
    """The energies and the first signal of the first stack; '' if there is none."""
    for one in stacks_of(file)[:1]:
        size = file.shape(one.path(one.signals[0]))
        return f"{one.path(one.energy)}, and {one.path(one.signals[0])} of shape {size}"
    return ""


def names(file: Hdf5File) -> tuple[str, ...]:
    """Numbers of the scans, with the group where there are several."""
    found = stacks_of(file)
    return tuple(_name(found, one, row) for one in found for row in range(one.scans))


def read(file: Hdf5File, evidence: str, spec: ColumnSpec | None = None, name: str = "") -> XasScan:
    """Read the scan called `name`; the first one where no name is given. Raises UserError as `build_scan` does."""
    stack, row = _find(file, name)
    where = f"{file.source}::{name}" if name else file.source
    columns = (stack.energy, *stack.signals)
    arrays = [_axis(file, stack), *(file.part(stack.path(signal), row) for signal in stack.signals)]
    told = [f"{stack.path(column)}[{unit}]" if (unit := _unit(file, stack, column)) else stack.path(column)
            for column in columns]  # fmt: skip
    header = file.header(stack.group)
    own = tuple(f"{value} = {float(_values(file, stack)[value][row]):.12g}" for value in stack.values)
    lines = (*own, *header.lines)  # first, for the file lists the values of all scans under the same names
    draft = Draft(
        file=replace(header, source=where, lines=lines),
        format=NAME,
        evidence=f"{evidence}; row {row + 1}",
        header_end=len(lines),
        table=Table(np.column_stack(arrays).astype(np.float64), np.arange(1, arrays[0].size + 1, dtype=np.int64), ()),
        names=columns,
        units=tuple(_unit(file, stack, column) for column in columns),
        roles=replace(detectors_by_name(columns, told, where, spec), energy=Pick(0, told[0])),
        notes=("rows are counted by point: this is no text file",),
    )
    return build_scan(draft, spec)


@lru_cache(maxsize=1)  # names() and each read() of the same file follow each other
def stacks_of(file: Hdf5File) -> tuple[Stack, ...]:
    """The stacks of a file, in its order."""
    groups = ("", *(path for path, node in file.nodes.items() if node.shape is None))
    return tuple(one for group in groups if (one := _stack(file, group)))


def _stack(file: Hdf5File, group: str) -> Stack | None:
    shapes = {name: file.shape(f"{group}/{name}") or () for name in file.children(group)}
    energy = next((n for n, s in shapes.items() if "energy" in n.casefold() and len(s) == 1 and s[0] >= FEWEST), "")
    if not energy:
        return None
    points = shapes[energy][0]
    first = next((s for s in shapes.values() if len(s) == 2 and s[1] == points and s[0] >= FEWEST), None)
    if first is None:
        return None
    signals = tuple(name for name, shape in shapes.items() if shape == first)
    values = tuple(n for n, s in shapes.items() if s == (first[0],) and n != energy) if first[0] != points else ()
    return Stack(group, energy, signals, values, first[0])


def _name(found: tuple[Stack, ...], one: Stack, row: int) -> str:
    return f"{one.group}/{row + 1}" if len(found) > 1 else str(row + 1)


def _find(file: Hdf5File, name: str) -> tuple[Stack, int]:
    """The stack and the row (from 0) of a name."""
    group, _, number = name.rpartition("/")
    found = stacks_of(file)
    return next(one for one in found if not group or one.group == group), int(number or 1) - 1


@lru_cache(maxsize=2)
def _axis(file: Hdf5File, stack: Stack) -> Array:
    return file.numbers(stack.path(stack.energy))


@lru_cache(maxsize=2)
def _values(file: Hdf5File, stack: Stack) -> dict[str, Array]:
    return {name: file.numbers(stack.path(name)) for name in stack.values}


def _unit(file: Hdf5File, stack: Stack, name: str) -> str:
    return file.attribute(stack.path(name), "units") or file.attribute(stack.path(name), "unit")
