"""Fluorescence detectors of many elements: the sum over live elements of counts in the region times dead-time factor.

sum(E) = sum_i ROI_i(E) f_i(E), with f_i = DTFactor_i, or ICR_i / OCR_i (input over output count rate). Elements are
left out where their region is all zero, and where they do not follow the others: the residual of a straight-line fit
against the median element is larger than 5 % of the mean and than its noise. A line with offset is fitted, since
elements may see different shares of scattered light; a jump right at the edge can hide in it. Whatever is left out is
noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.roles import Pick, Roles
from ntcspec.readers.table import Table
from ntcspec.types import Array, Note

STRAY = 0.05  # of the mean: smaller residuals are never a reason
NOISES = 2.5  # residuals up to so many times the noise from point to point are noise
FEWEST_TO_COMPARE = 3  # of two elements that differ, nothing tells which is wrong
_ROI = re.compile(r"([A-Z][a-z]?_?[KLM][a-z]?[0-9]*)_([A-Za-z]*?)_?([0-9]+)")
_FACTOR = re.compile(r"(?:dt_?factor|dt_?corr(?:ection)?)_?[A-Za-z]*?_?([0-9]+)", re.IGNORECASE)
_RATE = re.compile(r"(icr|ocr)_?[A-Za-z]*?_?([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Element:
    """One element of the detector: index of its region, its factor at each point, and the columns of that."""

    number: int
    index: int
    factor: Array
    factor_columns: tuple[int, ...]


@dataclass(frozen=True)
class Summed:
    """What the sum adds to a file: one column with its name, roles that use it, and notes."""

    table: Table
    name: str
    roles: Roles
    notes: tuple[Note, ...]


def sum_elements(
    table: Table, names: Sequence[str], told: Sequence[str], roles: Roles, element: str, source: str
) -> Summed | None:
    """The table with the sum as its last column; None where regions, factors or I0 are not clear from the names.

    `told` is the evidence of each column, `element` the symbol that the file states ('' if none): it chooses among
    several lines.

    Raises
    ------
    UserError
        No live element, or factors that are none.
    """
    line = _line(names, element)
    if not line or roles.i0 is None or roles.fluorescence or roles.given:
        return None
    regions = {int(m.group(3)): i for i, n in enumerate(names) if (m := _ROI.fullmatch(n)) and m.group(1) == line}
    if len(regions) < 2:
        return None
    live = [n for n, i in regions.items() if np.any(np.nan_to_num(table.values[:, i]) > 0)]
    if not live:
        raise UserError(source, f"all elements of the detector are zero in {line}", "was the region of counts set?")
    factors = {n: _factor(table, names, n) for n in live}
    elements = [Element(n, regions[n], *f) for n, f in factors.items() if f is not None]
    if len(elements) < len(live):
        return None
    _refuse_odd_factors(elements, names, source)
    strays = _strays([table.values[:, e.index] * e.factor for e in elements])
    kept = [e for k, e in enumerate(elements) if k not in strays]
    total = np.sum([table.values[:, e.index] * e.factor for e in kept], axis=0)
    name = f"{line} sum (dead-time corrected)"
    used = kept[0]
    evidence = "; ".join(told[i] for i in (used.index, *used.factor_columns))
    evidence += f" and so on for elements {_numbers(e.number for e in kept)}"
    dead = [n for n in regions if n not in live]
    notes = [_formula_note(names, kept)]
    if roles.transmitted:
        notes.append("transmission is offered as well, and taken unless `reduce: {mode: fluorescence}` says otherwise")
    if dead:
        notes.append(f"elements {_numbers(dead)} are dead: {line} is zero throughout")
    notes += [
        f"element {elements[k].number} was left out: it does not follow the median of the others "
        f"(residual {size:.0%} of its mean)"
        for k, size in strays.items()
    ]
    values = np.hstack([table.values, total[:, None]])
    picked = replace(roles, fluorescence=(Pick(len(names), evidence),))
    return Summed(replace(table, values=values), name, picked, tuple(notes))


def _line(names: Sequence[str], element: str) -> str:
    """The emission line whose regions are to be summed: the only one, or the only one of the element stated."""
    lines = list(dict.fromkeys(m.group(1) for n in names if (m := _ROI.fullmatch(n))))
    if len(lines) > 1 and element:
        lines = [line for line in lines if re.match(rf"{element}_?[KLM]", line)]
    return lines[0] if len(lines) == 1 else ""


def _factor(table: Table, names: Sequence[str], number: int) -> tuple[Array, tuple[int, ...]] | None:
    """Dead-time factor of element `number` and its columns; None if no column holds it."""
    given = [i for i, n in enumerate(names) if (m := _FACTOR.fullmatch(n)) and int(m.group(1)) == number]
    if len(given) == 1:
        return np.asarray(table.values[:, given[0]]), (given[0],)
    rates: Mapping[str, int] = {
        m.group(1).casefold(): i for i, n in enumerate(names) if (m := _RATE.fullmatch(n)) and int(m.group(2)) == number
    }
    if set(rates) != {"icr", "ocr"}:
        return None
    above, below = table.values[:, rates["icr"]], table.values[:, rates["ocr"]]
    factor = np.divide(above, below, out=np.ones_like(above), where=(below != 0) | (above != 0))
    return factor, (rates["icr"], rates["ocr"])


def _refuse_odd_factors(elements: Sequence[Element], names: Sequence[str], source: str) -> None:
    for e in elements:
        finite = e.factor[np.isfinite(e.factor)]
        if finite.size < e.factor.size or finite.min() < 0.999:
            shown = " / ".join(names[i] for i in e.factor_columns)
            low = f"goes down to {finite.min():g}" if finite.size == e.factor.size else "is not finite everywhere"
            raise UserError(
                source,
                f"{shown} {low}: a factor that corrects for dead time is at least 1",
                f"name the regions to add up as they are: `columns: {{fluorescence: [{names[e.index]}, ..]}}`",
            )


def _strays(counts: Sequence[Array]) -> dict[int, float]:
    """Positions in `counts` that do not follow the others, and the residual relative to their mean."""
    if len(counts) < FEWEST_TO_COMPARE:
        return {}
    stack = np.array(counts)
    stack = stack[:, np.all(np.isfinite(stack), axis=0)]
    if stack.shape[1] < 10:
        return {}
    shapes = stack / stack.mean(axis=1, keepdims=True)
    found = {}
    for k, shape in enumerate(shapes):
        middle = np.median(np.delete(shapes, k, axis=0), axis=0)
        design = np.column_stack([middle, np.ones_like(middle)])
        residual = shape - design @ np.linalg.lstsq(design, shape, rcond=None)[0]
        noise = float(np.median(np.abs(np.diff(residual)))) / (0.6745 * np.sqrt(2.0))
        size = float(np.sqrt(np.mean(residual**2)))
        if size > np.hypot(STRAY, NOISES * noise):
            found[k] = size
    # where half of them stray, none of them tells how the others should look
    return found if 2 * len(found) < len(counts) else {}


def _formula_note(names: Sequence[str], kept: Sequence[Element]) -> Note:
    first = kept[0]
    factor = " / ".join(names[i] for i in first.factor_columns)
    largest = max(float(e.factor.max()) for e in kept)
    return (
        f"fluorescence is the sum of {names[first.index]} x {factor} and so on over elements "
        f"{_numbers(e.number for e in kept)}; the largest dead-time factor is {largest:.4g}"
    )


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
