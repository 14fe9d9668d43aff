"""Units and numbers as they stand on paper; standard library only.

Units are written as the store writes them ('1/angstrom', 'angstrom^-2') and shown as 'Å⁻¹', 'Å⁻²'.
"""

from __future__ import annotations

import math
import re

_RAISED = str.maketrans("0123456789-+.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺·")
_SYMBOLS = {"angstrom": "Å", "eV": "eV", "degree": "°", "percent": "%"}


def superscript(number: float) -> str:
    """'⁻²' for -2; empty for 1, so that a power of one is not written."""
    return "" if number == 1 else f"{number:g}".translate(_RAISED)


def number(value: float) -> str:
    """'2.5'; '1.2×10⁻⁹' where plain digits would be too many."""
    digits, _, exponent = f"{value:g}".partition("e")
    return f"{digits}×10{superscript(float(exponent))}" if exponent else digits


def power_of_ten(value: float) -> str:
    """'10⁻⁴' for a power of ten far from 1, else as `number`."""
    digits, _, exponent = f"{value:.0e}".partition("e")
    whole = digits == "1" and abs(int(exponent)) > 2 and math.isclose(value, 10.0 ** int(exponent), rel_tol=1e-9)
    return f"10{superscript(float(exponent))}" if whole else number(value)


def unit_text(unit: str) -> str:
    """'angstrom^-2' -> 'Å⁻²', '1/angstrom' -> 'Å⁻¹', '1' -> ''."""
    if unit in ("", "1"):
        return ""
    inverse = unit.startswith("1/")
    name, _, power = unit.removeprefix("1/").partition("^")
    exponent = float(power) if re.fullmatch(r"[-+]?\d+(\.\d+)?", power) else 1.0
    return _SYMBOLS.get(name, name) + superscript(-exponent if inverse else exponent)


def angstrom_power(exponent: float) -> str:
    """Unit of a quantity in angstrom^exponent: '1' for 0."""
    return "1" if exponent == 0 else "angstrom" if exponent == 1 else f"angstrom^{exponent:g}"


def k_weighted(symbol: str, kweight: float) -> str:
    """'k²χ(k)' for the symbol 'χ(k)' and weight 2."""
    return symbol if kweight == 0 else f"k{superscript(kweight)}{symbol}"


def axis_text(label: str, unit: str) -> str:
    """'Photon energy (eV)'; a remark after a comma stands behind the unit: 'R (Å), not phase-corrected'."""
    quantity, comma, remark = label.partition(", ")
    shown = unit_text(unit)
    return (f"{quantity} ({shown})" if shown else quantity) + comma + remark
