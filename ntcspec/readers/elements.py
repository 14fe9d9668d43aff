"""Fluorescence detectors of many elements: the sum over live elements of counts in the region times dead-time factor.

sum(E) = sum_i ROI_i(E) f_i(E), with f_i = DTFactor_i, or ICR_i / OCR_i (input over output count rate). Where no element
has such a factor, f_i = 1 and a note says that dead time is not corrected: from ICR_i alone (BioXAS) it would need the
dead time of the electronics, which no file states. Elements are left out where their region is all zero, and where
they do not follow the others: the residual of a straight-line fit against the median element is larger than 5 % of the
mean and than its noise. A line with offset is fitted, since elements may see different shares of scattered light; a
jump right at the edge can hide in it. Whatever is left out is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.roles import Pick, Roles, superseded, yaml_ref
from ntcspec.readers.table import Table
from ntcspec.types import Array, Note

STRAY = 0.05  # of the mean: smaller residuals are never a reason
NOISES = 2.5  # residuals up to so many times the noise from point to point are noise
FEWEST_TO_COMPARE = 3  # of two elements that differ, nothing tells which is wrong
# Fe_Ka_mca1; BioXAS: FeKa1_spectra1_OutB_DarkCorrect, Ge32ElementICR1_OutB, of the detectors inboard and outboard
_SIDE = r"(?:_(?P<side>InB|OutB))?(?:_DarkCorrect)?"
ROI = re.compile(rf"(?P<line>[A-Z][a-z]?_?[KLM][a-z]?[0-9]*)_[A-Za-z]*?_?(?P<number>[0-9]+){_SIDE}")
_FACTOR = re.compile(rf"(?:dt_?factor|dt_?corr(?:ection)?)_?[A-Za-z]*?_?(?P<number>[0-9]+){_SIDE}", re.IGNORECASE)
_RATE = re.compile(rf"(?:\w*Element)?(?P<rate>icr|ocr)_?[A-Za-z]*?_?(?P<number>[0-9]+){_SIDE}", re.IGNORECASE)

Key = tuple[int, str]  # number of an element, and the side of its detector, '' where there is one detector


@dataclass(frozen=True)
class Element:
    """One element: index of its region, its factor at each point (1 where none is known), and the columns of that."""

    key: Key
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
    regions = {key: i for i, m in _matches(ROI, names) if (key := _key(m)) and m["line"] == line}
    if len(regions) < 2:
        return None
    live = [key for key, i in regions.items() if np.any(np.nan_to_num(table.values[:, i]) > 0)]
    if not live:
        fix = "was the region of counts set? Name another signal in the study: `columns: {fluorescence: [..]}`"
        raise UserError(source, f"all elements of the detector are zero in {line}", fix)
    parts = _elements(table, names, regions, live)
    if not parts:
        return None
    _refuse_odd_factors(parts, names, source)
    strays = _strays([table.values[:, e.index] * e.factor for e in parts])
    kept = [e for k, e in enumerate(parts) if k not in strays]
    total = np.sum([table.values[:, e.index] * e.factor for e in kept], axis=0)
    used = kept[0]
    name = f"{line} sum ({'' if used.factor_columns else 'not '}dead-time corrected)"
    quoted = "; ".join(told[i] for i in (used.index, *used.factor_columns))
    evidence = f"{quoted} and so on for elements {_numbers(e.key for e in kept)}"
    notes = [_sum_note(table, names, kept)]
    if roles.transmitted:
        notes.append("transmission is offered as well, and taken unless `reduce: {mode: fluorescence}` says otherwise")
    dead = [key for key in regions if key not in live]
    if dead:
        notes.append(f"elements {_numbers(dead)} are dead: {line} is zero throughout")
    notes += [
        f"element {_numbers([parts[k].key])} was left out: it does not follow the median of the others "
        f"(residual {size:.0%} of its mean)"
        for k, size in strays.items()
    ]
    picked = replace(roles, fluorescence=(Pick(len(names), evidence),))
    return Summed(replace(table, values=np.column_stack([table.values, total])), name, picked, tuple(notes))


def _elements(table: Table, names: Sequence[str], regions: Mapping[Key, int], live: Sequence[Key]) -> list[Element]:
    """The live elements with their factors, or with 1 where none has any; empty where only some have one."""
    factors = {key: _factor(table, names, key) for key in live}
    missing = [key for key, factor in factors.items() if factor is None]
    if missing and len(missing) < len(live):
        return []
    unknown = (np.ones(len(table.values)), ())
    return [Element(key, regions[key], *(factor or unknown)) for key, factor in factors.items()]


def _matches(pattern: re.Pattern[str], names: Sequence[str]) -> list[tuple[int, re.Match[str]]]:
    """Columns whose whole name is `pattern`, without those that stand dark-corrected beside."""
    raw = superseded(names)
    return [(i, m) for i, name in enumerate(names) if i not in raw and (m := pattern.fullmatch(name))]


def _key(match: re.Match[str]) -> Key:
    return int(match["number"]), match["side"] or ""


def _line(names: Sequence[str], element: str) -> str:
    """The emission line whose regions are to be summed: the only one, or the only one of the element stated."""
    lines = list(dict.fromkeys(m["line"] for _, m in _matches(ROI, names)))
    if len(lines) > 1 and element:
        lines = [line for line in lines if re.match(rf"{element}_?[KLM]", line)]
    return lines[0] if len(lines) == 1 else ""


def _factor(table: Table, names: Sequence[str], key: Key) -> tuple[Array, tuple[int, ...]] | None:
    """Dead-time factor of the element `key` and its columns; None if no column holds it."""
    given = [i for i, m in _matches(_FACTOR, names) if _key(m) == key]
    if len(given) == 1:
        return np.asarray(table.values[:, given[0]]), (given[0],)
    rates = {m["rate"].casefold(): i for i, m in _matches(_RATE, names) if _key(m) == key}
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
                f"name the regions to add up: `columns: {{fluorescence: [{yaml_ref(names, e.index)}, ..]}}`",
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


def _sum_note(table: Table, names: Sequence[str], kept: Sequence[Element]) -> Note:
    first = kept[0]
    if not first.factor_columns:
        return _uncorrected_note(table, names, kept)
    factor = " / ".join(names[i] for i in first.factor_columns)
    largest = max(float(e.factor.max()) for e in kept)
    return (
        f"fluorescence is the sum of {names[first.index]} x {factor} and so on over elements "
        f"{_numbers(e.key for e in kept)}; the largest dead-time factor is {largest:.4g}"
    )


def _uncorrected_note(table: Table, names: Sequence[str], kept: Sequence[Element]) -> Note:
    keys = {e.key for e in kept}
    rates = [i for i, m in _matches(_RATE, names) if m["rate"].casefold() == "icr" and _key(m) in keys]
    why = "the file holds neither dead-time factors nor count rates"
    if rates:
        largest = float(np.nanmax(table.values[:, rates], initial=0.0))
        why = f"the file holds input count rates (at most {largest:.4g}) but no output count rates"
    return (
        f"fluorescence is the sum of {names[kept[0].index]} and so on over elements {_numbers(e.key for e in kept)}, "
        f"NOT corrected for dead time: {why}; peaks may come out too low"
    )


def _numbers(keys: Iterable[Key]) -> str:
    """'1, 2, 3, 5 to 31 OutB': runs of five or more are shortened."""
    shown = list[str]()
    by_side: dict[str, list[int]] = {}
    for number, side in keys:
        by_side.setdefault(side, []).append(number)
    for side, numbers in by_side.items():
        runs: list[list[int]] = []
        for number in sorted(numbers):
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        words = [f"{run[0]} to {run[-1]}" if len(run) >= 5 else ", ".join(map(str, run)) for run in runs]
        shown.append(", ".join(words) + (f" {side}" if side else ""))
    return ", ".join(shown)
