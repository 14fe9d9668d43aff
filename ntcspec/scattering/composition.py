"""Chemical formulas as fractions of atoms."""

from __future__ import annotations

import re

from ntcspec.errors import UserError

_TOKEN = re.compile(r"\s*(?:([A-Z][a-z]?)|([(\[])|([)\]]))\s*((?:\d+(?:\.\d*)?|\.\d+)?)")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_CLOSES = {"(": ")", "[": "]"}


def fractions(formula: str, where: str) -> dict[str, float]:
    """Fraction of atoms of each element, in the order of the formula; they sum to 1.

    Elements may repeat ('Zr H2 P2 O8 H2 O'), groups in round or square brackets multiply, numbers may be fractions.
    where: what the message names, e.g. the sample.

    Raises:
        UserError: the formula is empty or does not parse, names no element, or a number is zero.
    """
    fix = "write it like NaTaCl6, Na2.25Y0.25Zr0.75Cl6 or Ca(OH)2"
    text = formula.translate(_SUBSCRIPTS).strip()
    if not text:
        raise UserError(where, "has no composition", "give `composition` to the sample, e.g. NaTaCl6")
    stack: list[dict[str, float]] = [{}]
    opened: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            at = text[position:].lstrip()[:1]
            raise UserError(
                where, f"composition {formula!r}: {at!r} at character {position + 1} is not understood", fix
            )
        element, opens, closes, number = found.groups()
        count = float(number) if number else 1.0
        if opens and number:
            raise UserError(where, f"composition {formula!r}: a number stands behind {opens!r}", fix)
        if count == 0.0:
            raise UserError(where, f"composition {formula!r}: the number of {element or 'a group'} is 0", fix)
        if element:
            _add(stack[-1], element, count)
        elif opens:
            stack.append({})
            opened.append(_CLOSES[opens])
        else:
            if not opened or opened.pop() != closes:
                raise UserError(where, f"composition {formula!r}: {closes!r} closes nothing", fix)
            for name, inside in stack.pop().items():
                _add(stack[-1], name, inside * count)
        position = found.end()
    if opened:
        raise UserError(where, f"composition {formula!r}: {opened[-1]!r} is missing", fix)
    total = sum(stack[0].values())
    return {name: count / total for name, count in stack[0].items()}


def _add(to: dict[str, float], element: str, count: float) -> None:
    to[element] = to.get(element, 0.0) + count
