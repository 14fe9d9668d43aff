"""Form factors, Compton scattering and weights against other programs, published values and limits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.formula import fractions
from ntcspec.places import resource
from ntcspec.scattering.atoms import (
    averages,
    check_elements,
    compton,
    energy_ratio,
    form_factor,
    incoherent,
    number_density,
    pair_names,
    pair_weights,
    resonant,
)

Q = np.linspace(0, 30, 400)
NTC = fractions("NaTaCl6", "test")


def symbols() -> list[str]:
    return [line.split("\t")[0] for line in resource("form-factors.tsv").read_text().splitlines()[2:]]


def test_form_factors_are_those_of_xraydb() -> None:
    import xraydb

    assert len(symbols()) == 98
    for element in symbols():
        np.testing.assert_allclose(form_factor(element, Q), xraydb.f0(element, Q / 4 / np.pi), rtol=1e-12, atol=1e-13)
        assert number_density({element: 1.0}, 1.0) * xraydb.atomic_mass(element) == pytest.approx(0.602214076)


def test_form_factors_begin_at_the_atomic_number() -> None:
    for z, element in enumerate(symbols(), 1):
        assert form_factor(element, np.zeros(1))[0] == pytest.approx(z, abs=0.04)


def test_compton_begins_at_zero_and_ends_at_the_atomic_number() -> None:
    for z, element in enumerate(symbols(), 1):
        s = incoherent(element, np.array([0.0, *np.linspace(0.2, 100, 300)]))
        assert s[0] == 0 and (np.diff(s) > -1e-5).all() and s[-1] <= z * (1 + 1e-6)
        if z <= 13:  # heavier atoms still hold some electrons at Q = 100 1/A
            assert s[-1] == pytest.approx(z, rel=2e-3)


# Hubbell et al. (1975), table I, at x = sin(theta)/lambda in 1/A
PUBLISHED = {"C": {0.1: 1.039, 0.5: 4.478, 1.0: 5.348, 2.0: 5.930}, "O": {0.1: 0.977, 0.5: 5.828, 2.0: 7.764},
             "Ta": {0.1: 4.676, 1.0: 36.67, 4.0: 64.0}}  # fmt: skip


@pytest.mark.parametrize("element", PUBLISHED)
def test_compton_has_the_published_values(element: str) -> None:
    for s, value in PUBLISHED[element].items():
        assert incoherent(element, np.array([4 * np.pi * s]))[0] == pytest.approx(value, rel=1e-3)


def test_compton_agrees_with_glassure_on_hydrogen_to_chlorine() -> None:
    glassure = pytest.importorskip("glassure.scattering_factors")
    q = np.linspace(0.5, 25, 200)
    for element in ("O", "Na", "Mg", "Si", "Cl"):
        other = glassure.calculate_incoherent_scattered_intensity(element, q, "brown_hubbell")
        ratio = incoherent(element, q) / other  # its table has fewer points, which show one by one
        assert np.abs(ratio - 1).max() < 0.05 and np.abs(ratio - 1).mean() < 3e-3


def test_compton_photon_has_the_energy_of_the_textbook() -> None:
    """Backscattered (2theta = 180) off an electron at rest: E' = E / (1 + 2 E / mc^2)."""
    wavelength = 0.2
    back = 4 * np.pi / wavelength
    energy = 12398.41984 / wavelength
    assert energy_ratio(np.array([back]), wavelength)[0] == pytest.approx(1 / (1 + 2 * energy / 510998.95))
    assert energy_ratio(np.zeros(1), wavelength)[0] == 1.0


def test_breit_dirac_needs_a_wavelength() -> None:
    with pytest.raises(ValueError, match="wavelength"):
        compton(NTC, Q, exponent=3)


def test_weights_of_pairs_are_the_known_ones_and_sum_to_one() -> None:
    weight = pair_weights(NTC, np.array([0.0, 3.0, 20.0]))
    found = {"-".join(pair): row[1] for pair, row in zip(pair_names(NTC), weight, strict=True)}
    assert weight.sum(axis=0) == pytest.approx([1, 1, 1])
    wanted = {"Ta-Cl": 0.44, "Cl-Cl": 0.25, "Ta-Ta": 0.20, "Na-Cl": 0.06, "Na-Ta": 0.05}
    assert {k: round(found[k], 2) for k in wanted} == wanted


@given(st.dictionaries(st.sampled_from(["H", "O", "Na", "Cl", "Ta", "U"]), st.floats(0.01, 10), min_size=1))
def test_mean_of_squares_is_not_below_square_of_mean(counts: dict[str, float]) -> None:
    total = sum(counts.values())
    found = averages({k: v / total for k, v in counts.items()}, Q)
    assert (found.squared_mean >= found.mean_squared * (1 - 1e-12)).all()


def test_resonant_terms_lower_the_mean_as_known() -> None:
    """Ta at 59.18 keV, below its K edge: f' = -2.0; <f>^2 of NaTaCl6 falls by 3, 6, 13 % at Q = 3, 10, 20."""
    assert resonant("Ta", 0.2095).real == pytest.approx(-2.0, abs=0.3)
    q = np.array([3.0, 10.0, 20.0])
    ratio = averages(NTC, q, resonant_at_ang=0.2095).mean_squared / averages(NTC, q).mean_squared
    assert 1 - ratio == pytest.approx([0.03, 0.06, 0.13], abs=0.015)


def test_an_element_without_a_table_is_refused() -> None:
    with pytest.raises(UserError, match=r"^composition: Xx is no element .* -> give elements from H to Cf"):
        check_elements({"Xx": 1.0}, "composition")


def test_tables_load_without_a_library_of_tables() -> None:
    code = "import sys; from ntcspec.scattering.atoms import form_factor; form_factor('Ta', 1.0); print('xraydb' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
