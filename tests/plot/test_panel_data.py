"""What the panels decide to draw: ranges, offsets, notes, options."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from synthetic_panels import (
    OTHERS,
    entries,
    entries_of,
    entry,
    fits,
    made_for,
    missing,
    reduced,
    transformed,
    wavelet,
)

from ntcspec.errors import UserError
from ntcspec.plot import KINDS, Entry, panel_data, resolve_options, stack, units
from ntcspec.techniques import SERIES, chain_of

OF_SAMPLES = [k for k in KINDS if not KINDS[k].table]
ALONE = [k for k in OF_SAMPLES if not KINDS[k].series]


def test_every_kind_draws_artifacts_of_its_technique() -> None:
    for kind in (one for one in KINDS.values() if not one.table):
        stages = {stage.name for stage in chain_of(kind.technique, kind.frames)}
        assert set(kind.needs) <= stages
        assert bool(kind.needs) != bool(kind.series)
        assert not kind.series or SERIES[kind.series].technique == kind.technique


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "study.correlation"])  # its rows have no common axis
def test_unknown_option_names_the_closest(kind: str) -> None:
    with pytest.raises(UserError, match=r"did you mean 'ylim'\?"):
        panel_data(kind, [], {"y_lim": [0, 1]})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"xlim": [6, 0]}, "not below the high limit"),
        ({"xlim": [0, float("nan")]}, "finite"),
        ({"xlim": "06"}, "two numbers"),
        ({"xlim": [0, 1, 2]}, "two numbers"),
        ({"offset": "big"}, "finite number"),
        ({"offset": True}, "finite number"),
        ({"components": 1}, "true or false"),
    ],
)
def test_wrong_values_are_refused_with_their_place(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        panel_data("exafs.chi_r", [], options)
    assert caught.value.where == f"exafs.chi_r: options.{next(iter(options))}"


def test_unknown_kind() -> None:
    with pytest.raises(UserError, match=r"did you mean 'exafs.chi_k'"):
        panel_data("exafs.chik", [], {})


def test_defaults_are_complete_and_documented() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        resolve_options(name, {})
        for field in fields(kind.options):
            assert field.metadata["meaning"]


def test_chi_k_takes_the_weight_from_the_data() -> None:
    data = panel_data("exafs.chi_k", [entry(transform=transformed(kweight=3.0))], {})
    assert units.axis_text(data.y_label, data.y_unit) == "k³χ(k) (Å⁻³)"
    assert units.axis_text(data.x_label, data.x_unit) == "k (Å⁻¹)"
    np.testing.assert_allclose(data.x_limits, [0, 12.95])  # 1/angstrom past the window


def test_chi_r_says_that_r_is_not_corrected() -> None:
    data = panel_data("exafs.chi_r", [entry()], {})
    assert units.axis_text(data.x_label, data.x_unit) == "R (Å), not phase-corrected"
    assert units.axis_text(data.y_label, data.y_unit) == "|χ(R)| (Å⁻³)"
    np.testing.assert_array_equal(data.x_limits, [0, 6])


def test_another_k_weight_does_not_share_the_axis() -> None:
    data = panel_data("exafs.chi_k", [entry("A"), entry("B", transform=transformed(kweight=3.0))], {})
    assert [s.label for s in data.series] == ["A"]
    assert any("not drawn: B (k weight 3" in note for note in data.notes)


def test_curves_of_a_stack_do_not_cross() -> None:
    data = panel_data("exafs.chi_r", entries(4), {})
    for below, above in zip(data.series, data.series[1:], strict=False):
        assert np.all(below.y + below.y_error + below.offset < above.y - above.y_error + above.offset)
    assert f"Offset between curves: {data.series[1].offset:g} Å⁻³." in data.notes


def test_given_offset_is_used() -> None:
    data = panel_data("exafs.chi_k", entries(3), {"offset": 7})
    assert [s.offset for s in data.series] == [0, 7, 14]


def test_limits_hold_everything_drawn() -> None:
    data = panel_data("exafs.chi_r", entries(3), {"components": True})
    low, high = data.y_limits
    assert len(data.series) == 9
    for s in data.series:
        assert low < (s.y + s.offset).min() and (s.y + s.offset).max() < high


def test_arrays_are_cut_to_the_drawn_range() -> None:
    (s,) = panel_data("exafs.chi_k", [entry()], {"xlim": [4.01, 5.01]}).series
    assert s.x[0] < 4.01 <= s.x[1] and s.x[-2] <= 5.01 < s.x[-1]


def test_missing_entries_are_noted_and_colours_stay() -> None:
    data = panel_data("exafs.chi_r", [missing("A"), entry("B")], {})
    assert "not drawn: A (below 3 sigma)" in data.notes
    assert [s.colour for s in data.series] == [1]


@pytest.mark.parametrize("kind", OF_SAMPLES)
def test_nothing_to_draw_is_no_error(kind: str) -> None:
    broken = replace(transformed(), chi_weighted=np.full(281, np.nan), chir_mag=np.full(334, np.nan))
    nan_map, nan_mu = wavelet(height=np.nan), replace(reduced(), norm=np.full(400, np.nan))
    nan_fit = replace(fits(), models=tuple(replace(m, data_mag=np.full(334, np.nan)) for m in fits().models))
    bad = entry("C", transform=broken, wavelet=nan_map, reduce=nan_mu, fit=nan_fit)
    if kind.split(".")[0] in OTHERS:
        bad = made_for(kind).without_values("C")
    data = panel_data(kind, [missing("B"), bad, Entry("d", "D", True)], {})
    assert not data.series and not data.maps
    assert sorted(data.notes) == [
        "not drawn: B (below 3 sigma)",
        "not drawn: C (no finite values)",
        "not drawn: D (no result)",
    ]
    assert data.simulated
    assert np.all(np.isfinite(data.x_limits)) and np.all(np.isfinite(data.y_limits))


@pytest.mark.parametrize("kind", ALONE)
def test_a_range_without_data(kind: str) -> None:
    (one,) = entries_of(kind, 1)
    data = panel_data(kind, [one], {"xlim": [50000, 60000]})
    assert [n for n in data.notes if "not drawn" in n] == ["not drawn: sample 0 (no data in the drawn range)"]
    assert not data.series and not data.maps and not data.marks


def test_simulated_samples_are_named_where_not_all_are() -> None:
    mixed = panel_data("exafs.mu", [entry("A"), entry("B", simulated=True)], {})
    assert mixed.simulated and "Simulated: B." in mixed.notes
    assert not any("Simulated" in n for n in panel_data("exafs.mu", entries(2, simulated=True), {}).notes)


def test_mu_band_is_that_of_the_normalised_curve() -> None:
    (s,) = panel_data("exafs.mu", [entry()], {"relative_to_e0": True}).series
    np.testing.assert_allclose(s.y_error, 0.02 / 0.8)
    assert s.x[0] == pytest.approx(-101.0) and s.label_at == pytest.approx(1, abs=0.05)
    (plain,) = panel_data("exafs.mu", [entry(reduce=reduced(error=False))], {}).series
    assert plain.y_error.size == 0


def test_wavelet_states_its_resolution() -> None:
    data = panel_data("exafs.wavelet", [entry("A", 2.0), entry("B", wavelet=wavelet(3.0, 4.0))], {"contours": 3})
    assert [m.resolution_at for m in data.maps] == [3.0, 3.0]
    (note,) = data.notes
    assert note.replace("\u00a0", " ") == (
        "Cauchy wavelet, order 10, k²-weighted. Ellipse: FWHM 1.23 Å⁻¹ × 0.90 Å at R = 3 Å."
    )
    np.testing.assert_allclose(data.z_limits, [0, 4])
    np.testing.assert_allclose(data.z_levels, [1, 2, 3])


def test_maps_of_different_wavelets_say_so_each() -> None:
    other = replace(wavelet(), family="morlet", order=36.0)
    data = panel_data("exafs.wavelet", [entry("A"), entry("B", wavelet=other)], {})
    assert data.notes[0].startswith("A: Cauchy wavelet, order 10")
    assert data.notes[1].startswith("B: Morlet wavelet, ησ = 6,")


def test_window_is_drawn_on_request() -> None:
    data = panel_data("exafs.chi_k", entries(2), {"window": True})
    assert [s.role for s in data.series] == ["data", "window"] * 2
    window = data.series[1]
    assert window.y.max() == pytest.approx(np.abs(data.series[0].y).max())


@pytest.mark.parametrize(("value", "expected"), [(0.37, 0.4), (1.0, 1.0), (10.1, 12.0), (0.0061, 0.008), (9.9, 10.0)])
def test_nice_rounds_up(value: float, expected: float) -> None:
    assert stack.nice(value) == pytest.approx(expected)


@pytest.mark.parametrize(("value", "shown"), [(2.5, "2.5"), (1.2e-9, "1.2×10⁻⁹"), (0.0, "0")])
def test_numbers_on_paper(value: float, shown: str) -> None:
    assert units.number(value) == shown


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("1", ""), ("eV", "eV"), ("1/angstrom", "Å⁻¹"), ("angstrom^-2", "Å⁻²"), ("angstrom^-2.5", "Å⁻²·⁵")],
)
def test_units_on_paper(unit: str, shown: str) -> None:
    assert units.unit_text(unit) == shown
