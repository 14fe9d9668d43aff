"""Systematic variants of an EXAFS measurement: other chi(k) from the reduction, other windows and weights from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced
from ntcspec.xas import fourier

VARIED = ("kmin_inv_ang", "kmax_inv_ang", "dk_inv_ang", "kweight")
WEIGHT_KEYS = ("kweight", "kmin_inv_ang", "kmax_inv_ang", "dk_inv_ang", "window")


@dataclass(frozen=True)
class Variant:
    """One systematic variant: its parameter, its name, chi(k), Omega k^w, and w where it is another one."""

    group: str
    name: str
    chi: Array
    weight: Array
    kweight: float | None = None


def variants(
    reduced: ExafsReduced,
    nominal_weight: Array,
    transform: Mapping[str, Any],
    systematic: Mapping[str, Sequence[float]],
) -> list[Variant]:
    """Variants of the reduction (other chi) and of the transform (other weight).

    transform: keywords of the nominal transform; systematic: one of them -> values tried one at a time, or
    'kmin_shift_inv_ang' and the like -> values added. Raises UserError for an unknown parameter and a range beyond the
    data.
    """
    found = [
        Variant(name.partition("=")[0], name, chi, nominal_weight)
        for name, chi in zip(reduced.variant_names, reduced.variant_chi, strict=True)
    ]
    for parameter, values in systematic.items():
        base = parameter.replace("_shift", "")
        if base not in VARIED:
            raise UserError(f"measure.systematic.{parameter}", "unknown parameter", "one of: " + ", ".join(VARIED))
        for value in values:
            shifted = transform[base] + value if base != parameter else value
            changed = {key: transform[key] for key in WEIGHT_KEYS} | {base: shifted}
            try:
                power, shape = fourier.weights(reduced.k_inv_ang, **changed)
            except ValueError as problem:
                where = f"measure.systematic.{parameter}"
                raise UserError(where, f"{value:g}: {problem}", "leave this value out") from None
            other = value if base == "kweight" else None
            found.append(Variant(parameter, f"{parameter}={value:g}", reduced.chi, power * shape, other))
    return found


def half_ranges(nominal: float, others: Sequence[tuple[str, float]]) -> float:
    """Half ranges over {nominal, the values of a group}, groups (name, value) in quadrature; 0 without any."""
    groups: dict[str, list[float]] = {}
    for group, value in others:
        groups.setdefault(group, [nominal]).append(value)
    return float(sum((0.5 * (max(v) - min(v))) ** 2 for v in groups.values()) ** 0.5)
