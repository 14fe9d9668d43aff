"""Formulas as fractions of atoms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.formula import checked, fractions


@pytest.mark.parametrize(
    "formula, counts",
    [
        ("NaTaCl6", {"Na": 1, "Ta": 1, "Cl": 6}),
        ("NaTaCl₆", {"Na": 1, "Ta": 1, "Cl": 6}),
        ("Zr H2 P2 O8 H2 O", {"Zr": 1, "H": 4, "P": 2, "O": 9}),
        ("Na2.25Y0.25Zr0.75Cl6", {"Na": 2.25, "Y": 0.25, "Zr": 0.75, "Cl": 6}),
        ("Ca(OH)2", {"Ca": 1, "O": 2, "H": 2}),
        ("K4[Fe(CN)6]", {"K": 4, "Fe": 1, "C": 6, "N": 6}),
        ("Ni", {"Ni": 1}),
        ("C.5O1.", {"C": 0.5, "O": 1}),
        ("CuSO4·5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("CaSO4 * 0.5 H2O", {"Ca": 1, "S": 1, "O": 4.5, "H": 1}),
        ("D2O", {"H": 2, "O": 1}),
    ],
)
def test_formulas(formula: str, counts: dict[str, float]) -> None:
    found = fractions(formula, "A")
    assert list(found) == list(counts)
    assert found == pytest.approx({name: n / sum(counts.values()) for name, n in counts.items()})


@pytest.mark.parametrize(
    "formula, said",
    [
        ("", "has no composition"),
        ("nacl", "'n' at character 1"),
        ("Na+Cl", "'+' at character 3"),
        ("Na0Cl", "number of Na is 0"),
        ("Ca(OH2", "')' is missing"),
        ("CaOH)2", "')' closes no bracket"),
        ("Ca(OH]2", "']' closes no bracket"),
        ("CuSO4·", "a part of it is empty"),
        ("Ca(2OH)", "number stands behind '('"),
    ],
)
def test_refusals(formula: str, said: str) -> None:
    with pytest.raises(UserError) as raised:
        fractions(formula, "sample A")
    assert said in str(raised.value) and "sample A" in str(raised.value)


@given(st.dictionaries(st.sampled_from(["Na", "Ta", "Cl", "O", "H", "Zr"]), st.integers(1, 99), min_size=1))
def test_any_formula_comes_back(counts: dict[str, int]) -> None:
    found = fractions(" ".join(f"{name}{n}" for name, n in counts.items()), "A")
    assert sum(found.values()) == pytest.approx(1.0)
    assert found == pytest.approx({name: n / sum(counts.values()) for name, n in counts.items()})


def test_a_symbol_that_is_no_element() -> None:
    assert checked("NaTaCl6") == "NaTaCl6"
    with pytest.raises(ValueError, match="'Tq' is no element"):
        checked("NaTqCl6")
