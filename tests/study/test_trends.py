"""Trends of metrics against properties: what is joined, what is decided, what is said where nothing can be."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from ntcspec.study.trends import Trend, trends_csv, trends_of
from ntcspec.types.study import Number

SAMPLES = ("annealed", "6 h", "26 h", "36 h", "40 h")
LOG = {"conductivity": {"scale": "log", "metrics": ["exafs.lobe"], "samples": None}}


def number(value: float, unit: str = "1", u: float = 0.01, reason: str = "") -> Number:
    return Number(value, unit, u, 0.0, reason)


def properties(*values: float) -> dict[str, dict[str, Number]]:
    return {s: {"conductivity": number(v, "S/cm", math.nan)} for s, v in zip(SAMPLES, values, strict=False)}


def table(*values: float, u: float = 0.01) -> dict[str, dict[str, Number]]:
    return {s: {"exafs.lobe": number(v, u=u)} for s, v in zip(SAMPLES, values, strict=False)}


def one(*args: object) -> Trend:
    (found,) = trends_of(*args)  # type: ignore[arg-type]
    return found


def row(*args: object) -> dict[str, str]:
    text = trends_csv(trends_of(*args), "{}")  # type: ignore[arg-type]
    (found,) = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return found


FIVE = properties(1e-6, 6e-5, 4e-4, 1e-3, 4e-3)


def test_five_samples_in_order_decide() -> None:
    found = row(table(0.35, 0.31, 0.23, 0.17, 0.12), FIVE, LOG)
    assert (
        found["n"] == "5" and found["kendall_tau"] == "-1" and float(found["p_tau"]) == pytest.approx(1 / 60, abs=1e-6)
    )
    assert found["verdict"] == "falls; 4 of 4 steps beyond twice their uncertainty"
    assert found["slope_unit"] == "1/decade" and float(found["slope"]) < 0 and float(found["u_stat"]) > 0


@pytest.mark.parametrize("seed", range(4))
def test_any_other_order_does_not(seed: int) -> None:
    values = np.array([0.35, 0.31, 0.23, 0.17, 0.12])
    mixed = np.random.default_rng(seed).permutation(values)
    if list(mixed) not in (sorted(values), sorted(values, reverse=True)):
        assert row(table(*mixed), FIVE, LOG)["verdict"].startswith("not decided: not in one order")


def test_four_in_order_do_not_decide_and_it_is_said_why() -> None:
    found = row(table(0.35, 0.31, 0.23, 0.12), properties(1e-6, 6e-5, 4e-4, 4e-3), LOG)
    assert found["verdict"] == (
        "not decided: in order, it falls, p = 0.083; no order of 4 is rarer than p = 0.083; "
        "3 of 3 steps beyond twice their uncertainty"
    )


def test_steps_within_the_uncertainty_are_not_counted() -> None:
    assert one(table(0.35, 0.31, 0.23, 0.17, 0.12, u=0.04), FIVE, LOG).steps == (0, 4)


def test_what_is_missing_has_its_reason() -> None:
    known = {**FIVE, "36 h": {"conductivity": Number(math.nan, "S/cm", math.nan, 0.0, "not stated")}, "40 h": {}}
    numbers = table(0.35, 0.31, 0.23, 0.17, 0.12)
    numbers["6 h"] = {"exafs.lobe": number(math.nan, reason="below 3 sigma")}
    numbers["26 h"] = {}
    found = one(numbers, known, LOG)
    assert [p.sample for p in found.points] == ["annealed"]
    assert found.missing == (
        "6 h: it: below 3 sigma", "26 h: not measured", "36 h: conductivity: not stated", "40 h: has no conductivity"
    )  # fmt: skip
    assert row(numbers, known, LOG)["verdict"] == "not decided: 1 sample"


def test_a_log_scale_needs_numbers_above_zero() -> None:
    found = one(table(1.0, 2.0, 3.0), properties(0.0, 1.0, 2.0), LOG)
    assert found.missing == ("annealed: conductivity is not above zero",) and len(found.points) == 2


def test_units_that_differ_are_not_mixed() -> None:
    numbers = table(1.0, 2.0, 3.0, 4.0)
    numbers["26 h"] = {"exafs.lobe": number(3.0, "eV")}
    assert one(numbers, FIVE, LOG).missing == ("40 h: not measured", "26 h: in eV, not 1")


def test_wildcards_take_what_several_samples_have_and_names_stay() -> None:
    numbers = {
        s: {**t, "exafs.only": number(1.0)} if s == "6 h" else t for s, t in table(1.0, 2.0, 3.0, 4.0, 5.0).items()
    }
    wanted = {"conductivity": {"scale": "linear", "metrics": ["exafs.*", "raman.lost"], "samples": None}}
    assert [(t.metric, len(t.points)) for t in trends_of(numbers, FIVE, wanted)] == [
        ("exafs.lobe", 5), ("raman.lost", 0)]  # fmt: skip


def test_many_tests_are_corrected_for() -> None:
    numbers = {s: {f"exafs.m{i}": number(float(i * k)) for i in range(1, 4)} for k, s in enumerate(SAMPLES)}
    wanted = {"conductivity": {"scale": "log", "metrics": ["*"], "samples": None}}
    text = trends_csv(trends_of(numbers, FIVE, wanted), "{}")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert [float(r["p_tau_all_tests"]) / float(r["p_tau"]) for r in rows] == pytest.approx([11 / 6] * 3, rel=1e-4)


def test_equal_values_are_no_order() -> None:
    assert row(table(1.0, 1.0, 1.0), properties(1.0, 2.0, 3.0), LOG)["verdict"] == "not decided: all values are equal"


def test_systematic_uncertainties_of_neighbours_add_by_size() -> None:
    def shared(u_sys: float) -> tuple[int, int]:
        values = zip(SAMPLES, (1.0, 2.0, 3.0), strict=False)
        numbers = {s: {"exafs.lobe": Number(v, "1", 0.01, u_sys, "")} for s, v in values}
        return one(numbers, FIVE, LOG).steps

    assert shared(0.24) == (2, 2)
    assert shared(0.26) == (0, 2), "as the root of squares it would be 2 times 0.37 and pass"
