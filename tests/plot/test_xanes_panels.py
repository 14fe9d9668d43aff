"""What the XANES panels decide to draw: bands, marks, insets, notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from synthetic_panels import missing
from synthetic_xanes import ENERGY, MARKS, entries, entry, fit, measured, ranked, reduced, spectrum, transformed

from ntcspec.errors import UserError
from ntcspec.plot import Entry, panel_data, units, xanes_fits
from ntcspec.plot.data import BASELINE, LINE, POINTS, RESIDUAL, TOTAL


def test_band_is_the_range_over_the_normalisations() -> None:
    data = panel_data("xanes.norm", [entry()], {})
    (s,) = data.series
    np.testing.assert_array_equal(s.y_low, spectrum().norm_low)
    np.testing.assert_array_equal(s.y_high, spectrum().norm_high)
    assert s.y_error.size == 0
    assert data.notes[:2] == ("Band: range over 3 normalisations.", "Detection: fluorescence.")
    assert not any("uncertainty" in note for note in data.notes)
    assert units.axis_text(data.x_label, data.x_unit) == "Photon energy (eV)"
    assert data.zeros.size == 0


def test_bands_of_different_samples_may_have_different_numbers() -> None:
    other = replace(spectrum(), choice_names=tuple("abcde"))
    alone = replace(spectrum(), choice_names=())
    data = panel_data(
        "xanes.norm", [entry("A"), entry("B", reduce=reduced(other)), entry("C", reduce=reduced(alone))], {}
    )
    assert "Band: range over 3–5 normalisations." in data.notes
    assert [s.y_low.size > 0 for s in data.series] == [True, True, False]


@pytest.mark.parametrize("options", [{"band": False}, {"flat": True}])
def test_no_band_no_note(options: dict[str, Any]) -> None:
    data = panel_data("xanes.norm", [entry()], options)
    assert data.series[0].y_low.size == 0
    assert not any(note.startswith("Band") for note in data.notes)
    expected = spectrum().flat if options.get("flat") else spectrum().norm
    np.testing.assert_array_equal(data.series[0].y, expected)
    assert data.y_label == ("Flattened absorption" if options.get("flat") else "Normalised absorption")


def test_limits_hold_an_asymmetric_band() -> None:
    data = panel_data("xanes.norm", [entry()], {})
    low, high = data.y_limits
    assert low < spectrum().norm_low.min() and spectrum().norm_high.max() < high


def test_marks_stand_where_features_were_found() -> None:
    data = panel_data("xanes.norm", entries(3), {})
    assert [(m.sample, m.name) for m in data.marks] == [(f"sample {i}", n) for i in range(3) for n in "ac"]
    for mark in data.marks:
        (s,) = (s for s in data.series if s.sample == mark.sample)
        assert mark.y == pytest.approx(np.interp(mark.x, s.x, s.y) + s.offset)
        assert mark.colour == s.colour


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"marks": False}, []),
        ({"mark_samples": ["sample 1"]}, ["a", "c"]),
        ({"mark_samples": []}, []),
        ({"xlim": [1085, 1100]}, ["c", "c"]),
        ({"mode": "tey"}, []),
    ],
)
def test_which_marks_are_drawn(options: dict[str, Any], expected: list[str]) -> None:
    assert [m.name for m in panel_data("xanes.norm", entries(2), options).marks] == expected


def test_marks_that_cannot_be_drawn_are_explained() -> None:
    swapped = entry("B", reduce=reduced(spectrum("tey"), spectrum()))
    data = panel_data("xanes.norm", [entry("A"), swapped], {"mode": "fluorescence"})
    assert "No marks on B: features were looked for in total electron yield." in data.notes
    assert {m.sample for m in data.marks} == {"a"}
    assert not any("No marks" in n for n in panel_data("xanes.norm", [entry(), swapped], {}).notes)


def test_marks_leave_room_below_the_next_curve() -> None:
    wide = [entry(label, reduce=reduced(spectrum(band=0.2))) for label in "ABCD"]
    with_marks, without = (panel_data("xanes.norm", wide, {"marks": m}) for m in (True, False))
    assert with_marks.series[1].offset > without.series[1].offset
    assert with_marks.y_limits[1] - with_marks.series[3].offset > without.y_limits[1] - without.series[3].offset


def test_mode_that_is_not_there() -> None:
    only = entry("B", reduce=reduced(spectrum()))
    data = panel_data("xanes.norm", [entry("A"), only], {"mode": "tey"})
    assert "not drawn: B (not measured in total electron yield, but in fluorescence)" in data.notes
    assert [s.detail for s in data.series] == ["tey"]
    with pytest.raises(UserError, match="transmission, fluorescence, tey"):
        panel_data("xanes.norm", [], {"mode": "TEY"})


def test_modes_that_differ_and_corrections_are_noted() -> None:
    corrected = replace(spectrum(), norm_measured=spectrum().norm)
    data = panel_data(
        "xanes.norm", [entry("A", reduce=reduced(corrected)), entry("B", reduce=reduced(spectrum("tey")))], {}
    )
    assert "Detection: fluorescence: A; total electron yield: B." in data.notes
    assert "Corrected for over-absorption: A." in data.notes


def test_inset_holds_all_curves_without_offset() -> None:
    data = panel_data("xanes.norm", [*entries(3), missing("Z")], {"inset": [1070, 1076]})
    assert [s.offset for s in data.inset] == [0, 0, 0] and [s.colour for s in data.inset] == [0, 1, 2]
    for s in data.inset:
        assert s.x[0] == 1069.75 and s.x[-1] == 1076.0  # one point more below; the end is a point
        assert s.y_low.shape == s.y_high.shape == s.x.shape
    low, high = data.inset_y_limits
    seen = ENERGY[(ENERGY >= 1070) & (ENERGY <= 1076)]
    top = spectrum().norm_high[np.isin(ENERGY, seen)].max()
    assert low < 0.1 and top < high < top * 1.2
    assert data.notes[0] == "Inset: 1070–1076 eV, same units, curves without offset."


def test_inset_outside_the_main_range_and_its_limits() -> None:
    data = panel_data("xanes.norm", entries(2), {"xlim": [1075, 1100], "inset": [1070, 1074], "inset_ylim": [0, 0.3]})
    assert data.inset[0].x.min() < 1071
    np.testing.assert_array_equal(data.inset_y_limits, [0, 0.3])


def test_empty_inset_is_noted() -> None:
    data = panel_data("xanes.norm", entries(2), {"inset": [900, 910]})
    assert not data.inset and "no inset: no data in 900–910 eV" in data.notes


def test_inset_makes_room_but_never_against_given_limits() -> None:
    flat_top = [
        entry(
            reduce=reduced(
                replace(spectrum(), norm=np.ones_like(ENERGY), norm_low=ENERGY * 0, norm_high=ENERGY * 0 + 2)
            )
        )
    ]
    plain, with_inset = (panel_data("xanes.norm", flat_top, o) for o in ({}, {"inset": [1070, 1076]}))
    assert with_inset.y_limits[1] > plain.y_limits[1] and with_inset.y_limits[0] == plain.y_limits[0]
    given = panel_data("xanes.norm", flat_top, {"inset": [1070, 1076], "ylim": [0, 2]})
    np.testing.assert_array_equal(given.y_limits, [0, 2])


# --- peak fits --------------------------------------------------------------------------------


def test_fit_is_drawn_in_parts() -> None:
    data = panel_data("xanes.pre_edge", [entry()], {})
    assert [s.role for s in data.series] == [POINTS, BASELINE, LINE, LINE, TOTAL]
    points, baseline, one, two, total = data.series
    shown = fit()
    np.testing.assert_array_equal(points.y, shown.data)
    np.testing.assert_array_equal(points.y_error, shown.data_error)
    for s, line in zip((one, two), shown.curve_lines, strict=True):
        np.testing.assert_allclose(s.y_high - s.y_low, line, atol=1e-12)
    np.testing.assert_allclose(baseline.y + shown.curve_lines.sum(axis=0), total.y)
    assert points.label == "A" and not any(s.label for s in data.series[1:])


def test_residual_stands_below_everything_of_its_sample() -> None:
    data = panel_data("xanes.pre_edge", entries(2), {"residual": True})
    for i in range(2):
        own = [s for s in data.series if s.colour == i]
        (residual,) = (s for s in own if s.role == RESIDUAL)
        np.testing.assert_allclose(residual.y, fit().data - fit().total)
        lowest = min((s.y + s.offset).min() for s in own if s is not residual)
        assert (residual.y + residual.offset).max() < lowest
        assert residual.offset in data.zeros
    top_of_first = max((s.y + s.offset).max() for s in data.series if s.colour == 0)
    assert top_of_first < min((s.y + s.offset).min() for s in data.series if s.colour == 1)


def test_subtracted_curves_are_overlaid_unless_told_otherwise() -> None:
    data = panel_data("xanes.pre_edge", entries(3), {"subtract": True})
    assert {s.offset for s in data.series} == {0.0} and {s.role for s in data.series} == {POINTS, TOTAL}
    np.testing.assert_allclose(data.series[0].y, fit().data - fit().baseline)
    np.testing.assert_allclose(data.series[1].y, fit().curve_lines.sum(axis=0), atol=1e-12)
    assert data.y_label == "Normalised absorption − baseline"
    apart = panel_data("xanes.pre_edge", entries(2), {"subtract": True, "offset": 0.5})
    assert {s.offset for s in apart.series} == {0.0, 0.5} and LINE in {s.role for s in apart.series}


def test_spectrum_around_the_fit_is_drawn_where_more_is_asked_for() -> None:
    wide = panel_data("xanes.pre_edge", [entry()], {"xlim": [1065, 1080]})
    assert wide.series[-1].role == "context"
    inside = np.isin(ENERGY, wide.series[-1].x)
    np.testing.assert_array_equal(wide.series[-1].y, spectrum().norm[inside])
    assert all(s.role != "context" for s in panel_data("xanes.pre_edge", [entry()], {"xlim": [1070, 1075]}).series)


@pytest.mark.parametrize(
    ("lines", "bic", "words"),
    [
        (2, {"1": {"bic": 52.0}, "2": {"bic": 40.0}}, "Two lines: A (ΔBIC 12)."),
        (1, {"1": {"bic": 10.0}, "2": {"bic": 41.0}, "3": {"bic": 30.0}}, "One line: A (ΔBIC 20)."),
        (1, {"1": {"bic": 41.0}, "2": {"bic": 40.5}}, "Not decided, one line taken: A (ΔBIC −0.5)."),
        (1, {"1": {"bic": 41.0}, "2": {"bic": 42.5}}, "Not decided, one line taken: A (ΔBIC 1.5)."),
        (1, {"1": {"bic": 50.0}, "2": {"bic": 40.0}}, "One line taken, the better fit refused: A (ΔBIC −10)."),
        (1, {"1": {"bic": 50.0}}, "One line: A."),
        (2, {"1": {}, "2": {"bic": None}}, "Two lines: A."),
    ],
)
def test_number_of_lines_is_told_with_its_evidence(lines: int, bic: dict[str, Any], words: str) -> None:
    data = panel_data("xanes.pre_edge", [entry(measure=measured(fit(lines, bic=bic)))], {})
    assert data.notes[-1].replace("\u00a0", " ") == words


def test_samples_are_grouped_by_the_number_of_lines() -> None:
    one = measured(fit(1, bic={"1": {"bic": 0.0}, "2": {"bic": 31.0}}))
    open_ = measured(fit(1, bic={"1": {"bic": 0.0}, "2": {"bic": 1.0}}))
    data = panel_data(
        "xanes.pre_edge", [entry("A"), entry("B", measure=open_), entry("C", measure=one), entry("D")], {}
    )
    assert data.notes[-1].replace("\u00a0", " ") == (
        "Two lines: A (ΔBIC 12), D (ΔBIC 12); not decided, one line taken: B (ΔBIC 1.0); one line: C (ΔBIC 31)."
    )


def test_fit_is_chosen_by_name() -> None:
    two = entry("B", measure=measured(fit(1, name="white"), fit(2)))
    data = panel_data("xanes.pre_edge", [entry("A"), two, entry("C", measure=measured(fit(1, name="white")))], {})
    assert {s.detail for s in data.series if s.role == POINTS} == {"pre_edge"}
    assert [s.colour for s in data.series if s.role == POINTS] == [0, 1]
    assert "not drawn: C (no fit pre_edge, but white)" in data.notes
    other = panel_data("xanes.pre_edge", [entry("A"), two], {"fit": "white"})
    assert [s.label for s in other.series if s.label] == ["B"]
    nothing = replace(measured(), fits=())
    assert "not drawn: A (no peak fit)" in panel_data("xanes.pre_edge", [entry("A", measure=nothing)], {}).notes


def test_missing_errors_of_a_fit() -> None:
    data = panel_data("xanes.pre_edge", [entry(measure=measured(fit(error=False)))], {})
    assert data.series[0].y_error.size == 0


def test_delta_bic_does_not_compare_with_itself() -> None:
    assert np.isnan(xanes_fits.delta_bic(fit(2, bic={"2": {"bic": 3.0}})))


# --- difference, derivative, modes --------------------------------------------------------------


def test_difference_has_both_bands_and_names_its_standard() -> None:
    salt = entry("Salt")
    data = panel_data("xanes.difference", [replace(salt, label="NaCl"), entry("A"), entry("B")], {})
    assert [s.label for s in data.series] == ["A", "B"] and [s.colour for s in data.series] == [1, 2]
    for s in data.series:
        assert s.y_error.shape == s.y_low.shape == s.y_high.shape == s.y.shape
        assert s.detail == "minus salt"
    assert data.notes[1:] == (
        "Band: one standard uncertainty, where wider than the line.",
        "Minus the normalised absorption of NaCl.",
        "Pale band: range over the normalisations, made alike for both spectra.",
        "not drawn: NaCl (it is the standard)",
    )
    np.testing.assert_array_equal(data.zeros, [s.offset for s in data.series])


def test_difference_to_a_standard_that_is_not_there() -> None:
    other = entry("B", transform=transformed("foil"))
    none = entry("C", transform=replace(transformed(), differences=()))
    data = panel_data("xanes.difference", [entry("A"), other, none], {})
    assert [s.label for s in data.series] == ["A"]
    assert "not drawn: B (standard salt is not subtracted, but foil)" in data.notes
    assert "not drawn: C (no standard is subtracted)" in data.notes
    chosen = panel_data("xanes.difference", [entry("A"), other], {"standard": "foil", "band": False})
    assert [s.label for s in chosen.series] == ["B"] and chosen.series[0].y_low.size == 0
    assert not any("and" in n.lower().split() for n in chosen.notes if n.startswith("Pale"))


def test_derivative_has_its_unit_and_smoothing() -> None:
    data = panel_data("xanes.derivative", entries(2), {})
    assert units.axis_text(data.y_label, data.y_unit) == "First derivative of normalised absorption (eV⁻¹)"
    np.testing.assert_array_equal(data.series[0].y, transformed().derivative)
    np.testing.assert_array_equal(data.series[0].y_error, transformed().derivative_error)
    assert "Local parabola, σ = 0.4 eV." in data.notes


def test_modes_keep_their_line_in_all_samples() -> None:
    swapped = entry("B", reduce=reduced(spectrum("tey"), spectrum()))
    single = entry("C", reduce=reduced(spectrum("tey")))
    data = panel_data("xanes.modes", [entry("A"), swapped, single], {})
    assert {(s.detail, s.role) for s in data.series} == {("fluorescence", "data"), ("tey", "second mode")}
    assert [s.label for s in data.series] == ["A", "", "B", "", "C"]
    assert len({s.offset for s in data.series}) == 3
    assert "Solid: fluorescence; dashed: total electron yield." in data.notes
    assert "One detection mode only: C." in data.notes


# --- what a series holds --------------------------------------------------------------------------


def one_series(label: str = "Cl K", **options: Any) -> Entry:
    return Entry(label.casefold(), label, False, {"xanes.rank": ranked(**options)})


def test_singular_values_stand_beside_those_of_noise() -> None:
    data = panel_data("xanes.rank", [one_series()], {})
    values, noise = data.series
    assert data.y_log and (values.role, noise.role) == ("joined points", "noise")
    np.testing.assert_allclose(values.y, [1, 0.1, 0.01, 1e-3, 1e-4])
    np.testing.assert_allclose(values.y_low, 0.9 * values.y)
    np.testing.assert_allclose(values.y_high, 1.2 * values.y)
    np.testing.assert_array_equal(np.isnan(noise.y), [False] * 4 + [True])
    assert 0 < data.y_limits[0] < 0.9e-4 and 1.2 < data.y_limits[1] < 2
    assert data.notes == (
        "Dashed: 99 % quantile of what noise alone gives.",
        "Band: range over 2 normalisations.",
        "2 components in 5 spectra.",
    )


def test_rank_that_is_not_known_and_values_that_no_log_axis_shows() -> None:
    unknown = one_series(noise=False, known=False)
    zero = replace(ranked(), singular_values=np.array([1.0, 0.1, 0.01, 0.001, 0.0]))
    data = panel_data("xanes.rank", [unknown, Entry("b", "B", False, {"xanes.rank": zero})], {"band": False})
    assert "Cl K: Number of components in 5 spectra not known (the noise is not known)." in data.notes
    assert np.isnan(data.series[1].y[-1]) and data.y_limits[0] > 0
    with pytest.raises(UserError, match="above 0"):
        panel_data("xanes.rank", [], {"ylim": [0, 1]})


def test_scores_run_over_the_samples() -> None:
    data = panel_data("xanes.scores", [one_series(), one_series("Na K")], {})
    assert data.x_names == tuple(f"sample-{i}" for i in range(5))
    assert [s.label for s in data.series] == ["Component 1", "Component 2"]  # the rank of the series
    np.testing.assert_allclose(data.series[1].y, -0.1 * np.arange(1, 6))
    assert data.notes == ("2 components in 5 spectra.", "not drawn: Na K (one series a panel)")
    assert len(panel_data("xanes.scores", [one_series()], {"components": 9}).series) == 5
    assert len(panel_data("xanes.scores", [one_series(known=False)], {}).series) == 3
    for wrong in (0, 1.5, True):
        with pytest.raises(UserError, match="whole number above 0"):
            panel_data("xanes.scores", [], {"components": wrong})


def test_mark_names_that_are_not_letters() -> None:
    odd = tuple(replace(m, name="white_line") if m.kind else m for m in MARKS)
    data = panel_data("xanes.norm", [entry(measure=measured(marks=odd))], {})
    assert [m.name for m in data.marks] == ["white_line", "white_line"]
