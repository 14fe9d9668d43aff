"""Rounding for readers: no digit is invented, none that counts is lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.report.numbers import Shown, plain, shown

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def number(text: str, power: str = "") -> float:
    """The number that a reader takes from the text."""
    digits, _, own = text.replace("−", "-").partition("×10")
    exponent = power.removeprefix("×10").translate(SUPERSCRIPTS)
    return float(f"{digits}e{int(own.translate(SUPERSCRIPTS) or 0) + int(exponent or 0)}")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("1.86326315774414", "0.00043009", "0.006677"), Shown("1.8633", "0.0004", "0.0067")),
        (("577268170.7", "449215.5867", "669731"), Shown("5.7727", "0.0045", "0.0067", "×10⁸")),
        (("1075.943623", "0.0008034960407", "2.16029332e-06"), Shown("1075.94362", "0.00080", "2×10⁻⁶")),
        (("-10.98", "0.002", ""), Shown("−10.9800", "0.0020", "")),
        (("120.6", "0.93", "9.01"), Shown("120.6", "0.9", "9.0")),
        (("52922.60414", "", ""), Shown("52922.6")),
        (("3", "0", "0"), Shown("3", "0", "0")),
        (("", "", ""), Shown("")),
        (("nan", "1", "1"), Shown("")),
        (("0.00000031", "", ""), Shown("3.1", "", "", "×10⁻⁷")),
        (("0", "0.0001", "0"), Shown("0.0", "1.0", "0.0", "×10⁻⁴")),
    ],
)
def test_numbers_are_rounded_by_their_uncertainty(texts: tuple[str, str, str], expected: Shown) -> None:
    found = shown(*texts)
    assert (found.value, found.u_stat, found.power) == (expected.value, expected.u_stat, expected.power)
    assert number(found.u_sys or "0") == number(expected.u_sys or "0")


finite = st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-12)
positive = st.floats(1e-12, 1e12)


@given(finite, positive, st.one_of(st.none(), positive))
def test_what_is_read_is_what_was_measured_to_a_tenth_of_its_uncertainty(
    value: float, u_stat: float, u_sys: float | None
) -> None:
    texts = (f"{value:.10g}", f"{u_stat:.10g}", "" if u_sys is None else f"{u_sys:.10g}")
    found, total = shown(*texts), math.hypot(float(texts[1]), float(texts[2] or 0))
    precision = 1e-9 * abs(value)  # of the ten digits of the table
    assert abs(number(found.value, found.power) - float(texts[0])) <= 0.05 * total * (1 + 1e-6) + precision
    assert number(found.u_stat, found.power) == pytest.approx(u_stat, rel=0.5)
    assert (found.u_sys == "") == (u_sys is None)
    if u_sys is not None:
        assert number(found.u_sys, found.power) == pytest.approx(u_sys, rel=0.5)


@given(finite)
def test_a_value_without_uncertainty_keeps_six_digits(value: float) -> None:
    found = shown(f"{value:.10g}")
    assert number(found.value, found.power) == pytest.approx(value, rel=1e-5)
    assert (found.u_stat, found.u_sys) == ("", "")


def test_plain_numbers() -> None:
    assert [plain(t) for t in ("", "4", "0.0833333", "1.5e-9", "none")] == ["", "4", "0.08333", "1.5×10⁻⁹", "none"]
