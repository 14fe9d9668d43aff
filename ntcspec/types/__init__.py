"""What each stage hands on: every quantity named once, with its unit and a one-line meaning.

One module a technique (`ntcspec.types.exafs`), here what all share. The store writes and reads these
dataclasses by their field metadata: `array(unit, meaning, axes)` says which unit an array has and
along which other fields of the same dataclass it runs. `PLOTS` lists what a NeXus viewer should draw;
the first one is the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Note = str  # one sentence: what was repaired or chosen, and why


def array(unit: str, meaning: str, axes: tuple[str, ...] = (), errors: str = "") -> Any:
    """A dataclass field that holds an array: unit, meaning, the fields it runs along, its error field."""
    return field(metadata={"unit": unit, "meaning": meaning, "axes": axes, "errors": errors})


def scalar(unit: str, meaning: str) -> Any:
    """A dataclass field that holds one number."""
    return field(metadata={"unit": unit, "meaning": meaning})


def text(meaning: str) -> Any:
    """A dataclass field that holds words."""
    return field(metadata={"meaning": meaning})


@dataclass(frozen=True)
class Plot:
    """One NXdata group: `signal` over `axes` (field names of the dataclass that lists it)."""

    name: str
    title: str
    signal: str
    axes: tuple[str, ...]
    auxiliary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A named number. NaN stands for missing, and then `reason` says why."""

    name: str = text("e.g. 'first_shell.position'")
    value: float = scalar("", "value in `unit`")
    unit: str = text("unit of value and uncertainties")
    u_stat: float = scalar("", "statistical standard uncertainty")
    u_sys: float = scalar("", "systematic uncertainty: spread over the choices that the config lists")
    method: str = text("how it was obtained, in a few words")
    reason: str = text("why value or an uncertainty is missing; empty if nothing is")


@dataclass(frozen=True)
class Metrics:
    """Result of `measure`."""

    metrics: tuple[Metric, ...] = text("in the order of the config")
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()
