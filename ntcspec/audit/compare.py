"""Two versions of an artifact, number by number, with a stated tolerance.

Tolerance of a number: 1 % of its statistical uncertainty where it has one, 1 % of itself if it is an uncertainty, and
else 1e-6 of the largest magnitude in its array (of itself, if it stands alone). Where an uncertainty is next to
nothing, 1e-9 of the magnitude is enough.
Flags, counts (whole numbers), missing values and words must be the same; numbers within words may differ by 1e-6 or by
one in the last digit that is written. Shapes and names must be the same.

A difference is given in tolerances: up to 1 it is none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

OF_UNCERTAINTY, RELATIVE, FLOOR = 0.01, 1e-6, 1e-9
TOLERANCE = "1 % of the statistical uncertainty where there is one, else 1e-6 of the largest value of the array"

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
SHOWN = 60  # characters of words in a message

Content = Mapping[str, Any]  # by path: arrays, numbers, words


@dataclass(frozen=True)
class Difference:
    """What differs most in one field; `tolerances` is infinite for words, shapes and what only one side has."""

    where: str
    recorded: str
    here: str
    tolerances: float

    def __str__(self) -> str:
        far = f" ({self.tolerances:.3g} tolerances)" if math.isfinite(self.tolerances) else ""
        return f"{self.where}: {self.recorded} in the file, {self.here} here{far}"


@dataclass(frozen=True)
class Compared:
    """The outcome: every field that is not equal, the largest difference first, and how many fields were compared."""

    differences: tuple[Difference, ...]
    fields: int

    @property
    def worst(self) -> Difference | None:
        return self.differences[0] if self.differences else None

    @property
    def same(self) -> bool:
        """Whether all is equal within the tolerance."""
        return self.worst is None or self.worst.tolerances <= 1


def compare(old: Content, new: Content, error_of: Callable[[str], str | None]) -> Compared:
    """Every field of the recorded content against the new one; error_of: path of the field that is its uncertainty."""
    found = [d for path in old for d in _field(path, old, new, error_of(path))]
    found += [Difference(path, "nothing", _short(new[path]), math.inf) for path in new if path not in old]
    return Compared(tuple(sorted(found, key=lambda d: -d.tolerances)), len({*old, *new}))


def _field(path: str, old: Content, new: Content, error: str | None) -> Iterator[Difference]:
    if path not in new:
        yield Difference(path, _short(old[path]), "nothing", math.inf)
        return
    mine, theirs = np.asarray(old[path]), np.asarray(new[path])
    if mine.shape != theirs.shape:
        yield Difference(path, f"shape {mine.shape}", f"shape {theirs.shape}", math.inf)
    elif mine.dtype.kind in "fc" and theirs.dtype.kind in "fciu":
        found = numbers(path, mine, theirs, old.get(error) if error else None)
        yield from [found] if found else []
    elif mine.dtype.kind in "OUS" and theirs.dtype.kind in "OUS":
        for i, (a, b) in enumerate(zip(mine.reshape(-1).tolist(), theirs.reshape(-1).tolist(), strict=True)):
            far = words(str(a), str(b))
            if far:
                yield Difference(f"{path}[{i}]" if mine.ndim else path, _short(a), _short(b), far)
    elif not np.array_equal(mine, theirs):
        yield Difference(path, _short(old[path]), _short(new[path]), math.inf)


def numbers(path: str, old: np.ndarray, new: np.ndarray, error: Any = None) -> Difference | None:
    """The largest difference of two arrays of one shape; None where they are equal. Missing (NaN) equals missing."""
    mine, theirs = np.atleast_1d(old).astype(complex), np.atleast_1d(new).astype(complex)
    unequal = ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    if not unequal.any():
        return None
    largest = float(np.max(np.abs(mine[np.isfinite(mine)]), initial=0.0))
    allowed = np.full(mine.shape, RELATIVE * largest)
    u = np.atleast_1d(np.asarray(np.nan if error is None else error))
    if u.dtype.kind in "fiu" and u.shape == mine.shape:
        allowed = np.where(u > 0, np.maximum(OF_UNCERTAINTY * u, FLOOR * largest), allowed)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(unequal, np.abs(theirs - mine) / allowed, 0.0)
    far[np.isnan(far)] = np.inf  # only one of them is missing, or not finite
    at = np.unravel_index(int(np.argmax(far)), far.shape)
    place = f"{path}[{', '.join(map(str, at))}]" if np.ndim(old) else path
    return Difference(place, _number(mine[at]), _number(theirs[at]), float(far[at]))


def words(old: str, new: str, allowed: float = 0.0) -> float:
    """How far two texts are apart, in tolerances: 0 if equal, infinite where more than numbers differ.

    allowed: what each number may differ by, beside the tolerance of numbers in words.
    """
    if old == new:
        return 0.0
    if NUMBER.sub("#", old) != NUMBER.sub("#", new):
        return math.inf
    pairs = [(a, b) for a, b in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True) if a != b]
    return max(
        abs(float(a) - float(b)) / max(RELATIVE * abs(float(a)), _last_digit(a), allowed, 1e-300) for a, b in pairs
    )


def _last_digit(number: str) -> float:
    """One in the last digit of a number with decimals, which is what rounding of both can make; 0 of a whole number."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals)) * 1.000001 if "." in number or exponent else 0.0


def flatten(value: Any, path: str = "") -> dict[str, Any]:
    """JSON as content: 'metrics/0/value'; lists of numbers as arrays, null as missing."""
    if isinstance(value, dict):
        return {p: v for name, one in value.items() for p, v in flatten(one, f"{path}/{name}").items()}
    if isinstance(value, list) and value and all(isinstance(one, float | int) for one in value):
        return {path: np.array(value, dtype=float)}
    if isinstance(value, list):
        return {p: v for i, one in enumerate(value) for p, v in flatten(one, f"{path}/{i}").items()}
    return {path: math.nan if value is None else value}


def unfolded(content: Content) -> dict[str, Any]:
    """Content in which words that are JSON objects are taken apart."""
    found: dict[str, Any] = {}
    for path, value in content.items():
        inside = None
        if isinstance(value, str) and value.startswith("{"):
            try:
                inside = json.loads(value)
            except ValueError:
                inside = None
        found.update({path: value} if inside is None else flatten(inside, path))
    return found


def _number(value: complex) -> str:
    shown = f"{value.real:.10g}"
    return f"{shown}{value.imag:+.10g}i" if value.imag else shown


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
