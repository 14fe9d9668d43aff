"""X-ray absorption as measured: what `ingest` hands on, whatever follows.

Symbols: E energy (eV), mu absorption coefficient times thickness (dimensionless).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array, Note, Plot, array, text


@dataclass(frozen=True)
class Column:
    """One column of a raw file, as measured."""

    name: str = text("name in the file")
    unit: str = text("unit stated in the file, empty if none")
    values: Array = array("", "")  # one a row; viewers show the name of the column


DetectionMode = Literal["transmission", "fluorescence", "reference", "tey"]  # tey: total electron yield


@dataclass(frozen=True)
class Channel:
    """How mu(E) of one detection mode follows from the columns of a file.

    kind 'log':    mu = ln(sum(numerator) / denominator)
    kind 'ratio':  mu = sum(numerator) / denominator
    kind 'direct': mu = numerator[0], no denominator
    """

    mode: str = text("detection mode: transmission, fluorescence, reference or tey (total electron yield)")
    kind: str = text("log, ratio or direct")
    numerator: tuple[str, ...] = text("columns that are summed")
    denominator: str = text("column divided by; empty for 'direct'")
    evidence: str = text("the header line or configuration key that says so")

    def absorption(self, column: Callable[[str], Array]) -> Array:
        """mu from the values of columns, arrays of any one shape, by their names."""
        total = np.sum([column(name) for name in self.numerator], axis=0)
        if self.kind == "direct":
            return np.asarray(total, dtype=float)
        ratio = total / column(self.denominator)
        return np.asarray(np.log(ratio) if self.kind == "log" else ratio, dtype=float)

    @property
    def formula(self) -> str:
        """'ln(i0 / itrans)', as shown to the user."""
        top = " + ".join(self.numerator)
        if self.kind == "direct":
            return top
        top = f"({top})" if len(self.numerator) > 1 else top
        ratio = f"{top} / {self.denominator}"
        return f"ln({ratio})" if self.kind == "log" else ratio


@dataclass(frozen=True)
class XasScan:
    """One sweep of the monochromator as one raw file holds it."""

    source: str = text("path of the raw file as the study names it")
    format: str = text("raw format, e.g. 'xdi'")
    format_evidence: str = text("what in the content told the format")
    energy_evidence: str = text("what told the energy column and its unit")
    energy_ev: Array = array("eV", "photon energy")
    row_line: npt.NDArray[np.int64] = array("", "line of the raw file that each row stands on, from 1")
    columns: tuple[Column, ...] = text("every column of the file, energy included, as measured")
    channels: tuple[Channel, ...] = text("detection modes that the file supports")
    preferred: str = text("mode that the file itself names; empty if it names none")
    element: str = text("absorbing element stated in the file, empty if none")
    edge: str = text("absorption edge stated in the file, empty if none")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("header of the raw file, whole")

    def plots(self) -> tuple[Plot, ...]:
        """The intensities of the first detection mode, as measured."""
        names = [column.name for column in self.columns]
        first = self.channels[0] if self.channels else None
        wanted = [n for n in (*first.numerator, first.denominator) if n] if first else names[1:2]
        paths = [f"columns/{names.index(name):04d}/values" for name in dict.fromkeys(wanted) if name in names]
        if not paths:
            return ()
        return (Plot("scan", f"{self.source}: as measured", paths[0], ("energy_ev",), tuple(paths[1:])),)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def mu(self, mode: str) -> Array:
        """mu(E) of a detection mode (dimensionless), shape of `energy_ev`; KeyError without that mode."""
        for channel in self.channels:
            if channel.mode == mode:
                return channel.absorption(lambda name: self.column(name).values)
        raise KeyError(mode)


@dataclass(frozen=True)
class XasScans:
    """Result of `ingest`: the repeat scans of one measurement, in the order of the study."""

    scans: tuple[XasScan, ...] = text("one entry a raw file")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()
