"""Numbers as they are read: rounded by their uncertainty, statistical and systematic apart.

    total = sqrt(u_stat^2 + u_sys^2), of those that are known

The value gets as many decimals as show two digits of `total`; so do both uncertainties, but one that this would change
by half keeps a digit of its own. Far from 1 all three are written over one power of ten. Without any uncertainty the
value has six digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ntcspec.plot import units

DIGITS = 6  # of a value of unknown uncertainty
LARGE, SMALL = 6, -4  # powers of ten from which numbers are written over one


@dataclass(frozen=True)
class Shown:
    """A number in words. An uncertainty that is not known is empty; `value` is empty where there is none."""

    value: str
    u_stat: str = ""
    u_sys: str = ""
    power: str = ""  # '×10⁸', of all three


def shown(value: str, u_stat: str = "", u_sys: str = "") -> Shown:
    """The texts of a table, each of them empty where there is no number."""
    if not value or not math.isfinite(float(value)):
        return Shown("")
    number = float(value)
    known = [abs(float(u)) for u in (u_stat, u_sys) if u and math.isfinite(float(u))]
    total = math.hypot(*known) if known else 0.0
    exponent = _exponent(max(abs(number), total))
    apart = LARGE > exponent > SMALL
    scale = 1.0 if apart else 10.0**exponent
    power = "" if apart else f"×10{units.superscript(exponent) or ''}"
    if not total:
        plain = f"{number / scale:.{DIGITS}g}"
        return Shown(_minus(plain), _small(u_stat, scale, 0), _small(u_sys, scale, 0), power)
    decimals = max(1 - _exponent(float(f"{total / scale:.1e}")), 0)
    value = _minus(f"{number / scale:.{decimals}f}")
    return Shown(value, _small(u_stat, scale, decimals), _small(u_sys, scale, decimals), power)


def plain(text: str) -> str:
    """A number without uncertainty (p, n) as it is read; other text as it is."""
    try:
        return shown(f"{float(text):.4g}").value + shown(f"{float(text):.4g}").power if text else ""
    except ValueError:
        return text


def _small(text: str, scale: float, decimals: int) -> str:
    if not text or not math.isfinite(float(text)):
        return ""
    u = float(text) / scale
    fixed = f"{u:.{decimals}f}"
    return fixed if not u or abs(float(fixed) - u) < u / 2 else units.number(float(f"{u:.1g}"))


def _exponent(number: float) -> int:
    return math.floor(math.log10(number)) if number else 0


def _minus(text: str) -> str:
    return text.replace("-", "−")
