"""The stage `transform` as a whole: what it refuses, variants, several patterns, and that it can be stored."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patterns import counted, reduced, shells, transform
from pydantic import ValidationError

from ntcspec import store
from ntcspec.config.scattering_pdf import ScatteringTransform
from ntcspec.errors import UserError
from ntcspec.scattering.measure import measure_scattering
from ntcspec.scattering.requests import number_density_of
from ntcspec.types.scattering_pdf import ScatteringMeasured, ScatteringTransformed

Q = np.arange(20, 1225) * 0.02
COUNTS = counted(Q, shells(Q, "NaTaCl6", [("Ta", "Cl", 6, 2.36, 0.08)]), "NaTaCl6")
OF = reduced(Q, COUNTS + 20, np.sqrt(COUNTS + 20), container=0 * Q + 20, container_sigma=0 * Q + 1)
ABSOLUTE: dict[str, Any] = {"normalisation": "absolute", "rho0_inv_ang3": 0.033}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"qmin_inv_ang": 0.1}, r"^transform.qmin_inv_ang: 0.1 1/A is below the data, which begin at 0.4 1/A -> "),
        ({"qmax_inv_ang": 30.0}, r"^transform.qmax_inv_ang: 30 1/A is beyond the data, which end at 24.48 1/A -> give 24.5 or less"),
        ({"qmax_inv_ang": 24.0, "qmaxinst_inv_ang": 20.0}, r"qmaxinst_inv_ang` leaves, which end at 20 1/A"),
        ({"qmin_inv_ang": 12.0, "qmax_inv_ang": 11.0}, r"12 1/A is not below qmax, 11 1/A"),
        ({"qmin_inv_ang": 24.2}, r"^transform: \d+ points of I\(Q\) lie between"),
        ({"rpoly_ang": 0.05}, r"^transform.rpoly_ang: 0.05 A makes a polynomial of degree 0.38 -> give 0.13 to 7.8 A"),
        ({"rho0_inv_ang3": 2.9}, r"^transform.rho0_inv_ang3: 2.9 atoms/A\^3 is not the density of a solid -> .*give `density_g_cm3`"),
        ({"rho0_inv_ang3": 0.0001}, r"^transform.rho0_inv_ang3: 0.0001 atoms/A\^3 is not the density of a solid"),
        ({"density_g_cm3": 3100.0}, r"^transform.density_g_cm3: 3100 g/cm\^3, .* is not the density of a solid"),
        ({"systematic": {"qmax_shift_inv_ang": (3.0,)}}, r"^transform.systematic.qmax_shift_inv_ang: \+3 1/A makes qmax 27.48"),
        ({"normalisation": "absolute", "absolute": {"method": "krogh_moe"}}, r"^transform.absolute.method: needs the number density"),
        ({"normalisation": "absolute", "absolute": {"low_r_ang": 1.5}}, r"^transform.absolute.low_r_ang: needs the number density"),
        ({**ABSOLUTE, "absolute": {"fit_qmin_inv_ang": 24.3}}, r"^transform.absolute.fit_qmin_inv_ang: \d+ points lie above 24.3 1/A"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        transform(OF, "NaTaCl6", **given)


@pytest.mark.parametrize("formula", ["NaTaCl6)", "", "NaXx", "natacl6"])
def test_a_composition_that_does_not_parse_is_refused(formula: str) -> None:
    with pytest.raises(UserError, match=r"^composition: "):
        transform(OF, formula)


@pytest.mark.parametrize("key", ["breit_dirac", "resonant"])
def test_a_missing_wavelength_is_refused_where_it_is_needed(key: str) -> None:
    of = reduced(Q, COUNTS, wavelength_ang=float("nan"))
    given = {"breit_dirac": 0, key: 3 if key == "breit_dirac" else True}
    with pytest.raises(UserError, match=rf"^transform.absolute.{key}: .* needs the wavelength, which is unknown -> "):
        transform(of, "NaTaCl6", **ABSOLUTE, absolute=given)
    assert np.isfinite(transform(of, "NaTaCl6").g_r).all()  # the ad hoc route needs none


def test_missing_points_are_refused_with_their_place() -> None:
    broken = COUNTS.copy()
    broken[300:303] = np.nan
    with pytest.raises(UserError, match=r"I\(Q\) has no value at 3 of 1205 points, the first at 6.4 1/A"):
        transform(reduced(Q, broken), "NaTaCl6")


def test_more_background_than_sample_is_refused_and_a_few_points_are_noted() -> None:
    with pytest.raises(UserError, match=r"I\(Q\) is negative at \d+ of 1205 points .* lower reduce.container_scale$"):
        transform(reduced(Q, COUNTS, container=0 * Q + 0.5 * COUNTS.max()), "NaTaCl6")
    few = COUNTS.copy()
    few[1190:1194] = -1.0
    told = "I(Q) is negative at 4 of 1205 points, the first at 24.2 1/A"
    assert told in transform(reduced(Q, few), "NaTaCl6").notes


def test_a_fifth_below_zero_is_a_note_for_adhoc_and_no_absolute_scale() -> None:
    """PDFgetX3 goes on: the polynomial takes up what was taken off in excess. An absolute scale cannot be found."""
    fifth = COUNTS - np.sort(COUNTS)[240]
    assert any("240 of 1205 points" in n and "in excess" in n for n in transform(reduced(Q, fifth), "NaTaCl6").notes)
    with pytest.raises(UserError, match=r"negative at 240 of 1205 points .* or take the ad hoc normalisation"):
        transform(reduced(Q, fifth), "NaTaCl6", **ABSOLUTE)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(UserError, match=r"11 points of I\(Q\) lie between .*, 20 are needed"):
        transform(reduced(Q[:1100:100], COUNTS[:1100:100]), "NaTaCl6")


@pytest.mark.parametrize(
    ("given", "words"),
    [({"rho0_inv_ang3": 0.03, "density_g_cm3": 3.0}, "not both"), ({"rmin_ang": 40.0}, "must be below"),
     ({"absolute": {"method": "krogh_moe", "constant": True}}, "alone"), ({"qmx": 3}, "Extra")],
)  # fmt: skip
def test_the_config_refuses_what_contradicts_itself(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScatteringTransform(**given)


def test_parts_that_do_not_add_up_are_an_error_of_the_program() -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="do not add up"):
        transform(replace(OF, intensity=OF.intensity * 1.01), "NaTaCl6")


def test_density_becomes_atoms_per_volume() -> None:
    """NaCl: 4 formulas in a cell of 5.640 A."""
    found = number_density_of({"Na": 0.5, "Cl": 0.5}, rho0_inv_ang3=None, density_g_cm3=2.163)
    assert found == pytest.approx(8 / 5.640**3, rel=2e-3)


def test_variants_are_transforms_of_their_own() -> None:
    t = transform(OF, "NaTaCl6", qmax_inv_ang=24.0)
    found = dict(zip(t.variant_names, t.variant_g, strict=True))
    assert list(found) == [
        "qmax_inv_ang=22", "qmax_inv_ang=23", "rpoly_ang=0.8", "rpoly_ang=1", "container_scale=0.98", "container_scale=1.02",
    ]  # fmt: skip
    np.testing.assert_allclose(found["qmax_inv_ang=22"], transform(OF, "NaTaCl6", qmax_inv_ang=22.0).g_r)
    np.testing.assert_allclose(found["rpoly_ang=1"], transform(OF, "NaTaCl6", qmax_inv_ang=24.0, rpoly_ang=1.0).g_r)
    less = reduced(Q, COUNTS + 20, container=0 * Q + 20 * 0.98)
    np.testing.assert_allclose(
        found["container_scale=0.98"], transform(less, "NaTaCl6", qmax_inv_ang=24.0).g_r, atol=1e-9
    )
    assert (t.g_low <= t.g_r).all() and (t.g_high >= t.g_r).all()


def test_the_uncertainty_of_a_factor_is_a_variant() -> None:
    of = reduced(Q, COUNTS + 20, container=0 * Q + 20, factor_error=0.05)
    t = transform(
        of,
        "NaTaCl6",
        systematic={"container_scale_shift": (-0.05, 0.05), "qmax_shift_inv_ang": (), "rpoly_shift_ang": ()},
    )
    assert t.variant_groups == ("container_scale", "container_scale", "container_factor", "container_factor")
    np.testing.assert_allclose(t.variant_g[:2], t.variant_g[2:], atol=1e-12)


def test_absolute_has_variants_of_its_own() -> None:
    t = transform(OF, "NaTaCl6", **ABSOLUTE, systematic={"qmax_shift_inv_ang": ()})
    assert t.variant_groups == ("method", "fit_qmin_inv_ang", "container_scale", "container_scale")


@settings(max_examples=10)
@given(st.floats(0.001, 1000.0))
def test_units_of_intensity_do_not_matter(factor: float) -> None:
    for asked in ({}, ABSOLUTE):
        one = transform(OF, "NaTaCl6", rmax_ang=5.0, rstep_ang=0.05, **asked)
        other = reduced(Q, factor * (COUNTS + 20), factor * np.sqrt(COUNTS + 20), container=0 * Q + 20 * factor,
                        container_sigma=0 * Q + factor)  # fmt: skip
        two = transform(other, "NaTaCl6", rmax_ang=5.0, rstep_ang=0.05, **asked)
        np.testing.assert_allclose(two.g_r, one.g_r, atol=1e-8)
        np.testing.assert_allclose(two.g_sigma, one.g_sigma, rtol=1e-6, atol=1e-10)
        assert one.scale / two.scale == pytest.approx(factor)


def same(a: Any, b: Any) -> bool:
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return bool(a == b or (a != a and b != b))


def test_results_come_back_from_the_store(tmp_path: Path) -> None:
    record = {"sample": "x", "study": "s", "measurement": "pdf", "stage": "transform", "simulated": False, "ancestry": {},
              "ntcspec": "0", "parameters": {}}  # fmt: skip
    t = transform(OF, "NaTaCl6")
    m = measure_scattering(t, peaks={"first_shell": {"range_ang": (2.0, 2.8)}}, windows={"w": (3.5, 4.0)})
    for result, kind in ((t, ScatteringTransformed), (m, ScatteringMeasured)):
        store.write(tmp_path / "x.nxs", result, record)
        assert same(result, store.read(tmp_path / "x.nxs", kind))
