"""The normalisations that a config calls reasonable: every combination of its lists, each under a name.

A name, such as 'pre1_shift_ev=10 norm_degree=0', is made from the config alone, so that it means the same for every
sample; the ranges behind it are made from the data. Shifts of pre1_ev and norm2_ev start from the range as used: from
the end of the data where the range was left open or reaches beyond them. A list that is empty keeps its parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.edge_step import Ranges
from ntcspec.xas.normalize import cut_ranges

SHIFTED = ("pre1", "pre2", "norm1", "norm2")
KNOWN = (*(f"{name}_shift_ev" for name in SHIFTED), "norm_degree", "normalisation")


@dataclass(frozen=True)
class Choice:
    """One normalisation. `name` is empty for the nominal one."""

    name: str
    ranges: Ranges
    normalisation: str


def combinations(choices: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the lists, in the order of the config. Raises UserError for a list of another name."""
    for key in choices:
        if key not in KNOWN:
            raise UserError(f"reduce.choices.{key}", "unknown parameter", "one of: " + ", ".join(KNOWN))
    lists = {key: choices[key] for key in KNOWN if choices.get(key)}
    if not lists:
        return []
    return [dict(zip(lists, values, strict=True)) for values in product(*lists.values())]


def name_of(combination: Mapping[str, Any]) -> str:
    """'pre1_shift_ev=10 norm_degree=0'."""
    return " ".join(f"{key}={value:g}" if not isinstance(value, str) else f"{key}={value}"
                    for key, value in combination.items())  # fmt: skip


def choice_of(combination: Mapping[str, Any], nominal: Choice, energy_ev: Array) -> Choice:
    """The normalisation that a combination stands for. Raises UserError where the data do not reach far enough."""
    used = nominal.ranges
    moved = {f"{n}_ev": getattr(used, f"{n}_ev") + combination.get(f"{n}_shift_ev", 0.0) for n in SHIFTED}
    degree = int(combination.get("norm_degree", used.norm_degree))
    name = name_of(combination)
    if not (moved["pre1_ev"] < moved["pre2_ev"] < 0.0 < moved["norm1_ev"] < moved["norm2_ev"]):
        raise UserError(name, "its ranges are empty or reach over e0", "")
    pre1, norm2, _ = cut_ranges(energy_ev, where=name, e0_ev=used.e0_ev, **moved)
    ranges = replace(used, **{**moved, "pre1_ev": pre1, "norm2_ev": norm2}, norm_degree=degree)
    return Choice(name, ranges, str(combination.get("normalisation", nominal.normalisation)))
