"""Arithmetic in a study's YAML: constraints between parameters, and what a path takes from them.

An expression holds numbers, names, + - * / **, parentheses, pi, and sqrt, exp, log, sin, cos, tan. Nothing else is
read: the text becomes Python's own syntax tree, of which only these nodes are let through. All numbers are floats, so
that no power takes for ever.

Derivatives are exact, by the complex step: df/dx = Im f(x + ih) / h with h = 1e-30, where nothing is subtracted.
Source: W. Squire, G. Trapp, SIAM Rev. 40, 110 (1998).
"""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType

FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "tan")
REAL = {name: getattr(math, name) for name in FUNCTIONS} | {"pi": math.pi, "__builtins__": {}}
COMPLEX = {name: getattr(cmath, name) for name in FUNCTIONS} | {"pi": math.pi, "__builtins__": {}}
STEP = 1e-30
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UAdd, ast.USub)
LONGEST = 500  # characters; deeper nesting would exhaust the parser


@dataclass(frozen=True)
class Expression:
    """A checked expression; `names` are the parameters in it."""

    text: str
    names: frozenset[str]
    code: CodeType


def expression(text: str | float) -> Expression:
    """Check an expression. Raises ValueError that says what cannot be read."""
    words = str(text).strip()
    if len(words) > LONGEST:
        raise ValueError(f"{words[:30]!r}...: longer than {LONGEST} characters")
    try:
        tree = ast.parse(words, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{words!r} is no arithmetic expression") from None
    names: set[str] = set()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        _check(node, words, id(node) in called)
        if isinstance(node, ast.Name) and id(node) not in called and node.id != "pi":
            names.add(node.id)
    return Expression(words, frozenset(names), compile(tree, "<expression>", "eval"))


def _check(node: ast.AST, words: str, is_called: bool) -> None:
    """ValueError for a node that is no arithmetic; integers become floats."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise ValueError(f"{words!r}: {node.value!r} is no number")
        node.value = float(node.value)
    elif isinstance(node, ast.Name):
        if is_called and node.id not in FUNCTIONS:
            raise ValueError(f"{words!r}: no function {node.id!r}; there are {', '.join(FUNCTIONS)}")
        if not is_called and node.id in FUNCTIONS:
            raise ValueError(f"{words!r}: the function {node.id!r} needs an argument in parentheses")
    elif isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or len(node.args) != 1 or node.keywords:
            raise ValueError(f"{words!r}: a function has one argument")
    elif not isinstance(node, (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Load, *OPERATORS)):
        hint = " (powers are written **)" if isinstance(node, ast.BitXor) else ""
        raise ValueError(f"{words!r} is more than arithmetic{hint}")


def value(of: Expression, names: Mapping[str, float]) -> float:
    """Its value. Raises ValueError where it has none: division by zero, the root of a negative number."""
    try:
        found = eval(of.code, REAL, dict(names))
        number = float(found)
    except (ArithmeticError, ValueError, TypeError):
        number = math.nan
    if not math.isfinite(number):
        at = ", ".join(f"{name} = {names[name]:g}" for name in sorted(of.names))
        raise ValueError(f"{of.text!r} has no value" + (f" at {at}" if at else ""))
    return number


def slope(of: Expression, names: Mapping[str, float], slopes: Mapping[str, float]) -> float:
    """Derivative along a direction in which each name changes by its slope; names of no slope stay."""
    moved = {name: complex(number, STEP * slopes.get(name, 0.0)) for name, number in names.items()}
    return float(complex(eval(of.code, COMPLEX, moved)).imag / STEP)
