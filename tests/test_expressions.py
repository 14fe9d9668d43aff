"""Expressions: what is arithmetic is computed and differentiated, everything else is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.expressions import FUNCTIONS, expression, slope, value

NAMES = {"a": 1.7, "b": -0.4, "c": 3.0}
FINITE = st.floats(0.2, 3.0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 * a + b", 3.0), ("-b ** 2", -0.16), ("(a - b) / c", 0.7), ("sqrt(c) * pi", math.sqrt(3.0) * math.pi),
        ("exp(log(c))", 3.0), ("1e-3", 1e-3), (6, 6.0), ("7 / 2", 3.5), ("+a", 1.7), (" a ", 1.7),
    ],
)  # fmt: skip
def test_values(text: str, wanted: float) -> None:
    assert value(expression(text), NAMES) == pytest.approx(wanted, rel=1e-14)


def test_names_are_those_of_parameters() -> None:
    assert expression("2 * reff * sin(alpha) + pi").names == {"reff", "alpha"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a +", "no arithmetic expression"), ("", "no arithmetic expression"), ("a; b", "no arithmetic expression"),
        ("__import__('os').system('x')", "one argument"), ("a.real", "more than arithmetic"), ("a[0]", "more than"),
        ("[a for a in b]", "more than"), ("a if b else c", "more than"), ("a < b", "more than"), ("'x'", "no number"),
        ("1j", "no number"), ("True", "no number"), ("a ^ 2", r"powers are written \*\*"), ("open(a)", "no function"),
        ("sqrt", "needs an argument"), ("sqrt(a, b)", "one argument"), ("a // b", "more than"), ("lambda: a", "more"),
        ("(" * 300 + "a" + ")" * 300, "longer than|no arithmetic"), ("a, b", "more than"), ("(a := 2)", "more than"),
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        expression(text)


@pytest.mark.parametrize("text", ["1 / (c - 3)", "sqrt(b)", "log(0 * a)", "9 ** 9 ** 9 ** 9", "exp(1000)", "b ** 0.5"])
def test_what_has_no_value_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="has no value"):
        value(expression(text), NAMES)


@given(a=FINITE, b=FINITE, text=st.sampled_from(["a * b", "a / b", "a ** b", "sqrt(a) + b", "exp(-a * b)", "log(a / b)",
       "sin(a) * cos(b)", "tan(a / 3) - b ** 3", "(a - 5) ** 2 / b", "2 * a - -b"]))  # fmt: skip
def test_slopes_are_those_of_differences(a: float, b: float, text: str) -> None:
    words, h = expression(text), 1e-6
    for along in ({"a": 1.0}, {"b": 1.0}, {"a": 0.3, "b": -2.0}):
        up, down = (
            value(words, {n: x + s * h * along.get(n, 0.0) for n, x in (("a", a), ("b", b))}) for s in (1.0, -1.0)
        )
        exact = slope(words, {"a": a, "b": b}, along)
        assert exact == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-7)


def test_a_slope_is_exact_where_differences_are_not() -> None:
    assert slope(expression("sqrt(1 + a) - 1"), {"a": 1e-9}, {"a": 1.0}) == pytest.approx(0.5 / math.sqrt(1 + 1e-9))
    assert {name for name in FUNCTIONS if hasattr(math, name)} == set(FUNCTIONS)
