"""Chemical formulas as fractions of atoms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ntcspec.edges import elements
from ntcspec.errors import UserError

_TOKEN = re.compile(r"\s*(?:([A-Z][a-z]?)|([(\[])|([)\]]))\s*((?:\d+(?:\.\d*)?|\.\d+)?)")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_CLOSES = {"(": ")", "[": "]"}
_PARTS = re.compile("[·•⋅*]")  # CuSO4·5H2O
_TIMES = re.compile(r"\s*(\d+(?:\.\d+)?)?\s*(.*)", re.DOTALL)
_ISOTOPES = {"D": "H", "T": "H"}  # X-rays see no difference
WAY_OUT = "write it like NaTaCl6, Ca(OH)2 or CuSO4·5H2O"


def fractions(formula: str, where: str) -> dict[str, float]:
    """Fraction of atoms of each element, in the order of the formula; they sum to 1.

    Elements may repeat ('Zr H2 P2 O8 H2 O'), groups in round or square brackets multiply, numbers may be fractions, and
    parts may follow each other with a number before them ('CuSO4·5H2O').
    where: what the message names, e.g. the sample.

    Raises:
        UserError: the formula is empty or does not parse, or a number is zero.
    """
    if not formula.strip():
        raise UserError(where, "has no composition", "give `composition` to the sample, e.g. NaTaCl6")
    try:
        counts = atoms(formula)
    except ValueError as error:
        raise UserError(where, str(error), WAY_OUT) from None
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def atoms(formula: str) -> dict[str, float]:
    """Atoms of each element in the formula as it stands. Raises ValueError with what is wrong."""
    text = formula.translate(_SUBSCRIPTS).strip()
    counts: dict[str, float] = {}
    try:
        for i, part in enumerate(_PARTS.split(text)):
            number, inside = _TIMES.fullmatch(part).groups() if i else (None, part)  # type: ignore[union-attr]
            for name, count in _parsed(inside.rstrip()).items():
                _add(counts, name, count * float(number or 1))
    except ValueError as error:
        raise ValueError(f"the formula {formula!r} does not parse: {error}") from None
    return counts


def checked(formula: str) -> str:
    """A formula from a study's files as it stands. Raises ValueError where it does not parse or names no element."""
    unknown = [name for name in atoms(formula) if name not in elements()]
    if unknown:
        raise ValueError(f"the formula {formula!r} does not parse: {unknown[0]!r} is no element")
    return formula


def _parsed(text: str) -> dict[str, float]:
    """Atoms of each element in one part. Raises ValueError with what is wrong."""
    if not text:
        raise ValueError("a part of it is empty")
    stack: list[dict[str, float]] = [{}]
    opened: list[str] = []
    for element, opens, closes, count in _tokens(text):
        if element:
            _add(stack[-1], element, count)
        elif opens:
            stack.append({})
            opened.append(_CLOSES[opens])
        elif opened and opened.pop() == closes:
            for name, inside in stack.pop().items():
                _add(stack[-1], name, inside * count)
        else:
            raise ValueError(f"{closes!r} closes no bracket")
    if opened:
        raise ValueError(f"{opened[-1]!r} is missing")
    return stack[0]


def _tokens(text: str) -> Iterator[tuple[str, str, str, float]]:
    """(element, opening bracket, closing bracket, number behind it): one of the first three, the others empty."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            at = text[position:].lstrip()[:1]
            raise ValueError(f"{at!r} at character {position + 1} is not understood")
        element, opens, closes, number = (part or "" for part in found.groups())
        if opens and number:
            raise ValueError(f"a number stands behind {opens!r}")
        if number and float(number) == 0.0:
            raise ValueError(f"the number of {element or 'a group'} is 0")
        yield element, opens, closes, float(number or 1)
        position = found.end()


def _add(to: dict[str, float], element: str, count: float) -> None:
    name = _ISOTOPES.get(element, element)
    to[name] = to.get(name, 0.0) + count
