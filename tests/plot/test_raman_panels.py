"""Raman panels: spectra over their maximum with the spread of baselines, fits as they were stored."""

from __future__ import annotations

import numpy as np
import pytest
import synthetic_raman as made

from ntcspec.errors import UserError
from ntcspec.plot import panel_data
from ntcspec.plot.data import BASELINE, CONTEXT, DATA, LINE, POINTS, RESIDUAL, TOTAL, PanelData


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


def test_spectra_are_over_their_maximum_with_the_range_over_baselines() -> None:
    data = panel_data("raman.stack", made.entries(2), {"regions": {"a": [340, 440]}})
    one = made.reduced()
    top = one.mean_corrected.max()
    assert data.series[0].y == pytest.approx(one.mean_corrected / top)
    assert data.series[0].y_high - data.series[0].y_low == pytest.approx(np.full(one.shift_cm1.size, 20.0 / top))
    assert [(s.name, s.low, s.high) for s in data.spans] == [("a", 340.0, 440.0)]
    assert "Band: range over 4 baselines." in notes(data)
    assert (data.y_label, data.y_unit) == ("Intensity over maximum", "1")


def test_the_maximum_is_that_of_what_is_drawn() -> None:
    data = panel_data("raman.stack", made.entries(1), {"xlim": [130, 200]})
    assert np.max(data.series[0].y) == pytest.approx(1.0)


def test_counts_on_request() -> None:
    data = panel_data("raman.stack", made.entries(1), {"scale": "none", "band": False})
    assert data.series[0].y == pytest.approx(made.reduced().mean_corrected) and not data.series[0].y_low.size
    assert (data.y_label, data.y_unit) == ("Intensity", "counts")


def test_fits_and_residuals_over_the_spectra_on_request() -> None:
    none = made.entry("B", measure=made.measured(made.fit(lines=0)))
    data = panel_data("raman.stack", [made.entry(), none], {"fits": True, "residual": True})
    top, fit = made.reduced().mean_corrected.max(), made.fit()
    roles = [(s.sample, s.role) for s in data.series]
    assert roles == [("a", CONTEXT), ("a", TOTAL), ("a", RESIDUAL), ("b", DATA)]  # nothing was detected in B
    assert data.series[1].y == pytest.approx(fit.total / top)
    rest = data.series[2]
    assert rest.y == pytest.approx((fit.data - fit.total) / top)
    assert (rest.y + rest.offset).max() < data.series[0].y_low.min() + data.series[0].offset
    assert "Pale: data; strong: fits." in notes(data) and "data minus fit" in notes(data)
    plain = panel_data("raman.stack", [made.entry()], {})
    assert [s.role for s in plain.series] == [DATA] and "fit" not in notes(plain)


def test_a_fit_is_drawn_as_it_was_stored() -> None:
    fit = made.fit()
    data = panel_data("raman.fit", [made.entry()], {"residual": True})
    top = fit.data.max()
    curves = {role: [s for s in data.series if s.role == role] for role in (POINTS, BASELINE, LINE, TOTAL, RESIDUAL)}
    assert curves[POINTS][0].y == pytest.approx(fit.data / top) and curves[POINTS][0].y_error[0] * top == pytest.approx(
        6
    )
    assert curves[TOTAL][0].y == pytest.approx(fit.total / top)
    assert [len(curves[role]) for role in (BASELINE, LINE, RESIDUAL)] == [1, 2, 1]
    assert curves[RESIDUAL][0].y == pytest.approx((fit.data - fit.total) / top)
    assert "Two lines: A (ΔBIC 12)." in notes(data)


def test_what_is_not_decided_or_not_there_is_said() -> None:
    close = made.entry("B", measure=made.measured(made.fit(delta=1.0)))
    none = made.entry("C", measure=made.measured(made.fit(lines=0)))
    other = made.entry("D", measure=made.measured(made.fit("f2g")))
    hump = made.entry("E", measure=made.measured(made.fit(lines=0, delta=-50.0)))
    said = notes(panel_data("raman.fit", [made.entry(), close, none, other, hump], {"fit": "a1g"}))
    assert "no line that can be told from the background: E (ΔBIC −50)" in said
    assert "not decided, two lines taken: B (ΔBIC 1.0)" in said and "not detected: C" in said
    assert "not drawn: D (no band a1g, but f2g)" in said


@pytest.mark.parametrize("regions", [["a"], {"a": [440, 340]}, {"a": "340-440"}])
def test_regions_that_are_none_are_refused(regions: object) -> None:
    with pytest.raises(UserError, match=r"raman\.stack: options\.regions"):
        panel_data("raman.stack", [], {"regions": regions})
