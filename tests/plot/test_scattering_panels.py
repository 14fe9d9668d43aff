"""Panels of total scattering: curves with both uncertainties, images with rings, what is not there is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import synthetic_scattering as made

from ntcspec.errors import UserError
from ntcspec.plot import draw, panel_data
from ntcspec.plot.data import BASELINE, CROSS, DATA, REAL, RING, PanelData


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


def test_g_has_its_statistical_band_and_the_range_of_treatments() -> None:
    data = panel_data("scattering.g_r", [made.entry()], {"regions": {"window": [3.5, 4.0]}, "xlim": [1, 20]})
    (curve,), a = data.series, made.transformed()
    drawn = np.isin(a.r_ang, curve.x)
    assert np.all(drawn[(a.r_ang > 1) & (a.r_ang < 20)]) and curve.x.size < a.r_ang.size
    for name, values in (("y", a.g_r), ("y_error", a.g_sigma), ("y_low", a.g_low), ("y_high", a.g_high)):
        assert getattr(curve, name) == pytest.approx(values[drawn])
    assert [(s.name, s.low, s.high) for s in data.spans] == [("window", 3.5, 4.0)]
    assert "Pale: range over all reasonable treatments." in notes(data)
    assert "Adhoc normalisation: amplitudes are relative; Qmax 22 Å⁻¹, no window." in notes(data)


def test_the_axis_starts_where_g_means_something() -> None:
    assert tuple(panel_data("scattering.g_r", [made.entry()], {}).x_limits) == (0.5, pytest.approx(29.98))


def test_functions_that_need_an_absolute_scale_are_not_drawn_without() -> None:
    absolute = made.entry("B", transform=made.transformed(absolute=True))
    data = panel_data("scattering.g_r", [made.entry(), absolute], {"function": "T"})
    assert [s.sample for s in data.series] == ["b"] and data.y_label == "T(r)"
    assert "not drawn: A (not absolute)" in notes(data) and not data.series[0].y_error.size


def test_normalisations_that_differ_are_told_sample_by_sample() -> None:
    said = notes(
        panel_data("scattering.f_q", [made.entry(), made.entry("B", transform=made.transformed(absolute=True))], {})
    )
    assert "A: adhoc normalisation: amplitudes are relative" in said and "B: absolute normalisation" in said


def test_parts_of_the_intensity_on_request() -> None:
    data = panel_data("scattering.i_q", [made.entry()], {"parts": True})
    assert [s.role for s in data.series] == [DATA, REAL, BASELINE]
    assert [s.detail for s in data.series] == ["", "sample", "container"]
    assert data.series[2].y == pytest.approx(np.full(made.Q.size, 40.0)), "as it was taken off"


def test_an_image_has_its_rings_and_its_beam_and_equal_axes() -> None:
    data = panel_data("scattering.image", made.entries(2), {})
    one = data.maps[0]
    assert [o.role for o in one.outlines] == [RING, CROSS] and data.equal
    assert one.outlines[0].x[0] == pytest.approx(230.0) and (one.outlines[1].x[0], one.outlines[1].y[0]) == (
        130.0,
        120.0,
    )
    assert tuple(data.x_limits) == (-0.5, 255.5)
    figure = draw(data)
    frame = figure.axes[0].get_position()
    width, height = figure.get_size_inches()
    assert frame.width * width == pytest.approx(frame.height * height, rel=1e-3)
    rings = figure.findobj(lambda artist: artist.get_gid() == "outline_0_0")
    assert len(rings) == 1 and np.isnan(rings[0].get_xdata()[30])
    assert not panel_data("scattering.image", made.entries(1), {"rings": False}).maps[0].outlines[:-1]


def test_what_has_no_image_is_named() -> None:
    bare = replace(made.reduced(), views=(), checks=())
    assert "no images: integrated elsewhere" in notes(panel_data("scattering.image", [made.entry(reduce=bare)], {}))
    only = replace(made.reduced(), views=(made.view(),))
    said = notes(panel_data("scattering.image", [made.entry(reduce=only)], {"role": "calibrant"}))
    assert "no image of the calibrant" in said
    assert "no calibrant" in notes(panel_data("scattering.rings", [made.entry(reduce=bare)], {}))


def test_rings_come_with_the_verdict_once() -> None:
    data = panel_data("scattering.rings", made.entries(3), {})
    assert notes(data).count("Ni: agrees; Q found over Q expected 1.000100 ± 0.0001.") == 1
    assert len(data.series) == 3 and data.series[0].y_error.size


def test_a_difference_names_its_standard() -> None:
    data = panel_data("scattering.difference", [made.entry()], {})
    assert data.y_label == "G(r) − G(r) of annealed"
    said = notes(panel_data("scattering.difference", [made.entry()], {"standard": "6 h"}))
    assert "no difference from 6 h, but from annealed" in said


def test_the_standard_itself_is_not_drawn_and_says_why() -> None:
    entry = made.entry()
    data = panel_data("scattering.difference", [entry, replace(entry, sample="annealed", label="NaTaCl₆ annealed")], {
        "standard": "annealed"
    })  # fmt: skip
    assert data.y_label == "G(r) − G(r) of NaTaCl₆ annealed" and len(data.series) == 1
    assert "not drawn: NaTaCl₆ annealed (it is the standard)" in notes(data)


def test_thin_lines_of_s_stand_where_it_ends() -> None:
    entries = made.entries(2)
    s, f = (panel_data(f"scattering.{kind}", entries, {"offset": 3}) for kind in ("s_q", "f_q"))
    assert s.zeros == pytest.approx([1.0, 4.0]) and f.zeros == pytest.approx([0.0, 3.0])
    assert "thin lines: S = 1" in notes(s)


def test_the_intensity_says_that_it_is_the_sample_alone() -> None:
    assert "Sample alone: container or air is taken off." in notes(panel_data("scattering.i_q", made.entries(1), {}))


def test_a_function_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match=r"options\.function: expected one of G, g, T, R"):
        panel_data("scattering.g_r", [], {"function": "D"})
