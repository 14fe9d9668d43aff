"""Options of every kind of panel: default, unit and meaning, declared once; standard library only.

`None` means that the program chooses from the data; what it chose stands in the PanelData.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ntcspec.errors import UserError, did_you_mean

Limits = tuple[float, float]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _optional_number(value: Any) -> float | None:
    return None if value is None else _number(value)


def _positive(value: Any) -> float | None:
    if value is not None and _number(value) <= 0:
        raise ValueError("expected a number above 0")
    return _optional_number(value)


def _limits(value: Any) -> Limits | None:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected two numbers [low, high]")
    low, high = _number(value[0]), _number(value[1])
    if low >= high:
        raise ValueError(f"the low limit {low:g} is not below the high limit {high:g}")
    return low, high


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _levels(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 20:
        raise ValueError("expected a whole number from 0 to 20")
    return value


def option(default: Any, check: Callable[[Any], Any], unit: str, meaning: str) -> Any:
    """A dataclass field that is a panel option."""
    return field(default=default, metadata={"check": check, "unit": unit, "meaning": meaning})


@dataclass(frozen=True)
class MuOptions:
    """Options of 'exafs.mu'."""

    offset: float | None = option(None, _optional_number, "1", "distance between the curves; 0 overlays them")
    relative_to_e0: bool = option(False, _flag, "", "energy axis from the E0 of each sample")
    band: bool = option(True, _flag, "", "band of one standard uncertainty where it is known")
    xlim: Limits | None = option(None, _limits, "eV", "energy range; from E0 if relative_to_e0")
    ylim: Limits | None = option(None, _limits, "1", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class ChiKOptions:
    """Options of 'exafs.chi_k'."""

    offset: float | None = option(None, _optional_number, "angstrom^-w", "distance between the curves; 0 overlays them")
    window: bool = option(False, _flag, "", "draw the Fourier window, scaled to each curve")
    xlim: Limits | None = option(None, _limits, "1/angstrom", "k range; by default up to 1/angstrom past the window")
    ylim: Limits | None = option(None, _limits, "angstrom^-w", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class ChiROptions:
    """Options of 'exafs.chi_r'."""

    offset: float | None = option(None, _optional_number, "angstrom^-(w+1)", "distance between the curves; 0: overlay")
    components: bool = option(False, _flag, "", "real and imaginary part as thin lines")
    band: bool = option(True, _flag, "", "band of one standard uncertainty where it is known")
    xlim: Limits | None = option((0.0, 6.0), _limits, "angstrom", "R range")
    ylim: Limits | None = option(None, _limits, "angstrom^-(w+1)", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class WaveletOptions:
    """Options of 'exafs.wavelet'."""

    contours: int = option(0, _levels, "", "number of contour lines between the colour limits")
    resolution_at_r: float | None = option(
        None, _positive, "angstrom", "R at which the resolution is stated; by default that of the strongest maximum"
    )
    xlim: Limits | None = option(None, _limits, "1/angstrom", "k range")
    ylim: Limits | None = option(None, _limits, "angstrom", "R range; by default that of the maps, up to 6 angstrom")
    zlim: Limits | None = option(None, _limits, "angstrom^-w", "colour limits, shared by all maps")


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
