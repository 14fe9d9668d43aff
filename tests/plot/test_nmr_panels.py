"""NMR panels: right to left, over the maximum, lines and sidebands where they were found, fits as they were stored."""

from __future__ import annotations

import numpy as np
import pytest
import synthetic_nmr as made

from ntcspec.errors import UserError
from ntcspec.plot import draw, panel_data
from ntcspec.plot.data import BASELINE, CONTEXT, LINE, RESIDUAL, TOTAL, PanelData


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


@pytest.mark.parametrize("kind", ["nmr.spectra", "nmr.fit"])
def test_shifts_run_from_right_to_left(kind: str) -> None:
    data = panel_data(kind, made.entries(2), {"xlim": [-40, 20]})
    assert data.x_descending and data.x_limits == pytest.approx([-40, 20])
    assert all((np.diff(s.x) > 0).all() for s in data.series)
    left, right = draw(data).axes[0].get_xlim()
    assert (left, right) == (20.0, -40.0)
    assert data.x_label == "²³Na shift" and data.x_unit == "ppm"


def test_spectra_are_over_their_maximum_with_lines_and_sidebands() -> None:
    data = panel_data("nmr.spectra", made.entries(1), {})
    one = made.reduced()
    assert data.series[0].y == pytest.approx(one.real / one.real.max())
    assert [m.name for m in data.marks] == ["main", "nacl", "*−1", "*+1"]
    assert [m.x for m in data.marks] == pytest.approx([-11.0, 7.2, -11 - made.SPACING, -11 + made.SPACING])
    assert data.marks[1].y == pytest.approx(np.interp(7.2, one.shift_ppm, one.real) / one.real.max())
    assert "over its maximum" in notes(data) and "*: spinning sidebands" in notes(data)
    assert "Reference: 1 M NaCl(aq) at 0.04 ppm." in notes(data)


def test_what_was_not_detected_or_is_not_asked_for_has_no_mark() -> None:
    some = made.entry("B", measure=made.measured(detected=False))
    assert [m.name for m in panel_data("nmr.spectra", [some], {"sidebands": False}).marks] == ["main"]
    off = panel_data("nmr.spectra", made.entries(1), {"sidebands": False, "lines": False})
    assert not off.marks and "sidebands" not in notes(off)
    narrow = panel_data("nmr.spectra", made.entries(1), {"xlim": [-40, 0]})
    assert [m.name for m in narrow.marks] == ["main"]


def test_a_spectrum_without_measure_is_drawn_bare() -> None:
    entry = made.entry()
    bare = type(entry)(entry.sample, entry.label, False, {"reduce": entry.stages["reduce"]})
    data = panel_data("nmr.spectra", [bare], {})
    assert len(data.series) == 1 and not data.marks


@pytest.mark.parametrize("number", [2, 5, 8])
def test_names_over_lines_stay_below_the_next_curve(number: int) -> None:
    """They are wider than the lines: it is not enough that the curves do not touch."""
    figure = draw(panel_data("nmr.spectra", made.entries(number), {"xlim": [-60, 40]}))
    axes = figure.axes[0]
    curves = [line.get_xydata() for line in axes.get_lines() if str(line.get_gid()).startswith("series_")]
    for name in figure.findobj(lambda artist: artist.get_gid() == "mark"):
        box = name.get_window_extent()
        for xy in curves:
            x, y = axes.transData.transform(xy).T
            inside = (x > box.x0) & (x < box.x1)
            assert not np.any((y[inside] > box.y0) & (y[inside] < box.y1)), name.get_text()


def test_area_and_counts() -> None:
    one = made.reduced()
    area = panel_data("nmr.spectra", made.entries(1), {"scale": "area"}).series[0]
    assert np.sum(area.y) * 0.25 == pytest.approx(1.0)
    assert panel_data("nmr.spectra", made.entries(1), {"scale": "none"}).series[0].y == pytest.approx(one.real)


def test_a_fit_is_drawn_as_it_was_stored() -> None:
    fit = made.fit()
    data = panel_data("nmr.fit", [made.entry()], {})
    top = fit.data.max()
    curves = {r: [s for s in data.series if s.role == r] for r in (CONTEXT, BASELINE, LINE, TOTAL, RESIDUAL)}
    assert curves[CONTEXT][0].y == pytest.approx(fit.data / top)
    assert curves[TOTAL][0].y == pytest.approx(fit.total / top)
    assert [s.detail for s in curves[LINE]] == ["crystal", "glass", "nacl"]
    for s, site in zip(curves[LINE], fit.sites, strict=True):
        assert s.y_high - s.y_low == pytest.approx(site / top)
    assert curves[RESIDUAL][0].y == pytest.approx((fit.data - fit.total) / top)
    assert (curves[RESIDUAL][0].y + curves[RESIDUAL][0].offset).max() < min(s.y.min() for s in curves[CONTEXT])
    assert [(m.name, m.x) for m in data.marks] == [("crystal + glass", -11.0), ("nacl", 7.25)]  # two at one place
    apart = panel_data("nmr.fit", [made.entry()], {"xlim": [-30, 0]})
    assert [m.name for m in apart.marks] == ["glass", "crystal"]
    assert "Model both: A (ΔBIC 12)." in notes(data)


def test_what_is_not_decided_or_not_there_is_said() -> None:
    close = made.entry("B", measure=made.measured(made.fit(delta=1.0)))
    worse = made.entry("C", measure=made.measured(made.fit(delta=-30.0)))
    other = made.entry("D", measure=made.measured(made.fit("cl")))
    said = notes(panel_data("nmr.fit", [made.entry(), close, worse, other], {"fit": "na"}))
    assert "not decided, model both taken: B (ΔBIC 1.0)" in said
    assert "model both taken, the better fit refused: C (ΔBIC −30)" in said
    assert "not drawn: D (no fit na, but cl)" in said


@pytest.mark.parametrize("options", [{"scale": "height"}, {"xlim": [20, -40]}, {"line": True}])
def test_options_that_are_none_are_refused(options: dict) -> None:
    with pytest.raises(UserError, match=r"nmr\.spectra: options"):
        panel_data("nmr.spectra", [], options)
