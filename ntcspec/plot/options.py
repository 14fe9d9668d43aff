"""What options of panels are made of: checks of values, and their resolution; standard library only.

The options themselves are declared once, with default, unit and meaning, in one module a technique
(`exafs_options`, `xanes_options`). `None` means that the program chooses from the data; what it chose
stands in the PanelData.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any

from ntcspec.errors import UserError, did_you_mean

Limits = tuple[float, float]


def number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def optional_number(value: Any) -> float | None:
    """A finite number or None."""
    return None if value is None else number(value)


def positive(value: Any) -> float | None:
    """A number above 0 or None."""
    if value is not None and number(value) <= 0:
        raise ValueError("expected a number above 0")
    return optional_number(value)


def limits(value: Any) -> Limits | None:
    """Two ascending numbers or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected two numbers [low, high]")
    low, high = number(value[0]), number(value[1])
    if low >= high:
        raise ValueError(f"the low limit {low:g} is not below the high limit {high:g}")
    return low, high


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def levels(value: Any) -> int:
    """A whole number from 0 to 20."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 20:
        raise ValueError("expected a whole number from 0 to 20")
    return value


def choice(*words: str) -> Callable[[Any], str]:
    """One of these words."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return str(value)

    return check


def count(value: Any) -> int | None:
    """A whole number from 1 on, or None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError("expected a whole number above 0")
    return value


def word(value: Any) -> str | None:
    """A name or None."""
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise ValueError("expected a name")
    return value


def names(value: Any) -> tuple[str, ...] | None:
    """Several names or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(n, str) for n in value):
        raise ValueError("expected a list of names")
    return tuple(value)


def regions(value: Any) -> dict[str, Limits] | None:
    """Names with two ascending numbers each, or None."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError("expected names with ranges, such as {a: [340, 440]}")
    found = {str(name): limits(one) for name, one in value.items()}
    return {name: one for name, one in found.items() if one is not None}


def option(default: Any, check: Callable[[Any], Any], unit: str, meaning: str) -> Any:
    """A dataclass field that is a panel option."""
    return field(default=default, metadata={"check": check, "unit": unit, "meaning": meaning})


def resolve(cls: type, options: Mapping[str, Any], *, where: str) -> Any:
    """An instance of `cls` with `options` checked and the rest at their defaults.

    Raises:
        UserError: unknown option or a value that its check refuses; `where` names the panel.
    """
    known = {f.name: f for f in fields(cls)}
    values = {}
    for name, value in options.items():
        if name not in known:
            raise UserError(
                f"{where}: options", f"no option {name!r}{did_you_mean(str(name), known)}", f"known: {', '.join(known)}"
            )
        try:
            values[name] = known[name].metadata["check"](value)
        except ValueError as error:
            unit = known[name].metadata["unit"]
            raise UserError(
                f"{where}: options.{name}", f"{error}, got {value!r}" + (f" (unit: {unit})" if unit else "")
            ) from None
    return cls(**values)
