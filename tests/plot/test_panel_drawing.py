"""The drawing shows what the data say, and nothing overlaps or leaves the figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pytest
import synthetic_panels
from scipy.optimize import Bounds, LinearConstraint, minimize
from synthetic_panels import LONG, entries, entries_of, entry, missing
from tidy import assert_tidy, by_gid, text_boxes

from ntcspec.plot import KINDS, draw, panel_data, style, units
from ntcspec.plot.stack import spread
from ntcspec.plot.words import clean, is_math


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("number", "long"), [(1, False), (2, False), (8, False), (2, True), (8, True)])
def test_nothing_overlaps_or_leaves_the_figure(kind: str, number: int, long: bool) -> None:
    data = panel_data(kind, entries_of(kind, number, long=long, simulated=True), {})
    figure = draw(data, title=f"A title that is as long as titles sometimes are, on {LONG}" if long else "")
    assert_tidy(figure)
    assert figure.get_size_inches()[0] == pytest.approx(85 / 25.4, abs=0.001)
    assert figure.get_size_inches()[1] < 9.5  # a journal page
    (mark,) = by_gid(figure, "simulated")
    assert mark.get_text() == "SIMULATED"
    box = mark.get_window_extent()
    assert not any(box.overlaps(axes.bbox) for axes in figure.axes)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("exafs.mu", {"offset": 0}),
        ("exafs.mu", {"offset": 0, "xlim": [9800, 10600]}),
        ("exafs.mu", {"relative_to_e0": True, "xlim": [-30, 80]}),
        ("exafs.chi_k", {"window": True, "ylim": [-1.5, 4]}),
        ("exafs.chi_r", {"components": True}),
        ("exafs.wavelet", {"contours": 4, "xlim": [2, 12]}),
        ("exafs.fit", {"part": "real", "model": "one"}),
        ("exafs.fit", {"part": "k", "offset": 0}),
        ("exafs.fit", {"xlim": [1.5, 2.0], "paths": False}),
        ("scattering.g_r", {"regions": {"3.5–4 Å": [3.5, 4.0], "mid-range": [5, 20]}, "xlim": [1, 20]}),
        ("scattering.g_r", {"spread": False, "band": False, "offset": 0}),
        ("scattering.i_q", {"parts": True}),
        ("scattering.s_q", {"offset": 0, "ylim": [0, 2]}),
        ("scattering.difference", {"standard": "annealed", "regions": {"a": [3, 4]}}),
        ("scattering.image", {"role": "calibrant", "xlim": [50, 200], "ylim": [60, 200], "zlim": [0, 500]}),
        ("scattering.image", {"scale": "linear"}),
        ("scattering.rings", {"offset": 0}),
        ("raman.stack", {"regions": {"a": [340, 440], "b": [130, 200]}, "xlim": [150, 400]}),
        ("raman.stack", {"scale": "none", "band": False, "offset": 0}),
        ("raman.stack", {"fits": True, "residual": True}),
        ("raman.fit", {"residual": True, "fit": "a1g"}),
        ("nmr.spectra", {"scale": "area", "xlim": [-40, 20]}),
        ("nmr.spectra", {"scale": "none", "offset": 0, "sidebands": False}),
        ("nmr.fit", {"residual": False, "fit": "na"}),
        ("nmr.fit", {"names": False, "xlim": [-30, 15], "offset": 0.5}),
        ("study.trend", {"metrics": ["exafs.shell.r", "exafs.other.r"], "against": "milling_time"}),
        ("study.trend", {"metrics": ["exafs.shell.r"], "against": "conductivity", "x_log": True, "y_log": True}),
        ("study.trend", {"metrics": ["exafs.shell.r", "exafs.shell.n", "exafs.lost.r", "no.such"]}),
        ("study.trend", {"metrics": ["exafs.shell.r"], "against": "energy"}),
        ("study.correlation", {"metrics": ["exafs.shell.r"], "against": "conductivity"}),
        (
            "study.correlation",
            {"metrics": ["exafs.shell.r", "exafs.shell.n", "exafs.lost.r"], "against": "milling_time", "x_log": False},
        ),
        (
            "study.correlation",
            {
                "metrics": ["exafs.shell.r"] * 12,
                "labels": ["A name that is longer than a row is wide"] * 12,
                "against": "conductivity",
            },
        ),
        ("xanes.norm", {"inset": [1070, 1076]}),
        ("xanes.norm", {"inset": [1070, 1076], "offset": 0, "xlim": [1065, 1095]}),
        ("xanes.norm", {"inset": [1070, 1076], "inset_ylim": [0, 0.4], "ylim": [0, 3], "flat": True}),
        ("xanes.norm", {"offset": 0.05, "band": False, "mark_samples": ["sample 0", "sample 3"]}),
        ("xanes.pre_edge", {"residual": True, "xlim": [1065, 1080]}),
        ("xanes.pre_edge", {"residual": True, "subtract": True}),
        ("xanes.pre_edge", {"subtract": True, "offset": 0.2}),
        ("xanes.difference", {"offset": 0}),
        ("xanes.modes", {"flat": True, "xlim": [1070, 1085]}),
    ],
)
def test_options_stay_tidy(kind: str, options: dict[str, Any]) -> None:
    long_reason = missing("broken", "e0 was not found: the scan ends 20 eV below the tabulated edge of Ta, 9881 eV")
    assert_tidy(draw(panel_data(kind, [*entries_of(kind, 5), long_reason], options)))


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1e4, 1e8])
def test_any_scale_stays_tidy(scale: float) -> None:
    one, transform = entry(simulated=True), entry().stages["transform"]
    scaled = replace(transform, chi_weighted=transform.chi_weighted * scale)
    scaled_map = synthetic_panels.wavelet(height=scale)
    both = [replace(one, stages={"transform": scaled, "wavelet": scaled_map})] * 2
    for kind in ("exafs.chi_k", "exafs.wavelet"):
        figure = draw(panel_data(kind, both, {}), title="scaled")
        assert_tidy(figure)
        power = f"×10{units.superscript(round(np.log10(scale)))}"
        assert scale == 1e4 or any(words == power for words, _ in text_boxes(figure))


@pytest.mark.parametrize("kind", ["exafs.mu", "exafs.chi_k", "exafs.chi_r"])
def test_curves_are_those_of_the_data(kind: str) -> None:
    data = panel_data(kind, entries(3), {})
    figure = draw(data)
    palette = style.colours(3)
    for i, series in enumerate(data.series):
        (line,) = by_gid(figure, f"series_{i}")
        np.testing.assert_array_equal(line.get_xdata(), series.x)
        np.testing.assert_array_equal(line.get_ydata(), series.y + series.offset)
        assert line.get_color() == palette[series.colour]
        bands = by_gid(figure, f"band_{i}")
        assert len(bands) == (series.y_error.size > 0)
        if bands:
            corners = bands[0].get_paths()[0].vertices
            assert corners[:, 1].max() == pytest.approx((series.y + series.y_error + series.offset).max())
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.get_xlim(), data.x_limits)
    np.testing.assert_array_equal(axes.get_ylim(), data.y_limits)


def test_labels_stand_beside_their_curves_in_their_colours() -> None:
    data = panel_data("exafs.chi_k", entries(4), {})
    figure = draw(data)
    labels = by_gid(figure, "label")
    assert [t.get_text() for t in labels] == [s.label for s in data.series]
    axes = figure.axes[0]
    for text, series in zip(labels, data.series, strict=True):
        box = text.get_window_extent()
        assert text.get_color() == style.colours(4)[series.colour]
        assert box.y0 < axes.transData.transform((0, series.offset))[1] < box.y1


def test_many_curves_get_a_legend() -> None:
    figure = draw(panel_data("exafs.chi_k", entries(8), {}))
    assert len(by_gid(figure, "legend")) == 8
    assert not by_gid(draw(panel_data("exafs.chi_k", entries(6), {})), "legend")


def test_maps_are_those_of_the_data_and_share_colours() -> None:
    data = panel_data("exafs.wavelet", [*entries(2), missing()], {})
    figure = draw(data)
    assert len([a for a in figure.axes if a.get_label() == "colour_bar"]) == 1
    for i, one in enumerate(data.maps):
        (mesh,) = by_gid(figure, f"map_{i}")
        np.testing.assert_array_equal(mesh.get_array(), one.z)
        assert mesh.get_clim() == tuple(data.z_limits)
        (ellipse,) = by_gid(figure, f"resolution_{i}")
        assert (ellipse.width, ellipse.height) == (one.fwhm_x, one.fwhm_y)
        assert ellipse.axes.bbox.contains(*ellipse.axes.transData.transform(ellipse.center))
    words = " ".join(t.get_text() for t in by_gid(figure, "note")).replace("\u00a0", " ")
    assert "Cauchy wavelet, order 10, k²-weighted. Ellipse: FWHM" in words
    assert "not drawn: B (below 3 sigma)" in words


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_with_nothing_says_so(kind: str) -> None:
    figure = draw(panel_data(kind, [missing("A", "x" * 200), missing("B")], {}))
    words = [t for t, _ in text_boxes(figure)]
    assert "nothing to draw" in words and "not drawn: B (below 3 sigma)" in words
    assert_tidy(figure)


@pytest.mark.parametrize(
    ("text", "math"),
    [
        ("K$_2$PtCl$_6$", True),
        ("$\\alpha$-Ta", True),
        ("from $5 to $6", False),
        ("one $", False),
        ("$_{$", False),
        ("$\\nosuchcommand{x}$", False),
        ("a_b^c", False),
    ],
)
def test_dollars_are_literal_unless_meant(text: str, math: bool) -> None:
    assert is_math(text) is math
    figure = draw(panel_data("exafs.chi_r", [entry(text)], {}))
    figure.canvas.draw()
    assert "".join(t.get_text() for t in by_gid(figure, "label")) == text
    assert_tidy(figure)


@pytest.mark.parametrize("label", ["", " ", "_hidden", "a\nb\x00c\ud800", "<script>alert('&')</script>", "x" * 300])
@pytest.mark.parametrize("kind", ["exafs.chi_k", "exafs.wavelet"])
def test_odd_labels(kind: str, label: str) -> None:
    assert_tidy(draw(panel_data(kind, [entry(label), entry("B")], {})))


def test_clean() -> None:
    assert clean(" a\n\tb\x00\x1bc\ud800\uffff d ") == "a bc d"


def test_spread_keeps_order_and_distance() -> None:
    middles = spread([1.0, 1.01, 1.02], [0.2, 0.2, 0.4], 0.0, 1.2)
    assert middles[0] + 0.1 <= middles[1] - 0.1 + 1e-12 and middles[1] + 0.1 <= middles[2] - 0.2 + 1e-12
    assert middles[2] + 0.2 <= 1.2 + 1e-12 and middles[0] >= 0.1
    assert spread([0.5, 1.0], [0.1, 0.1], 0.0, 2.0) == pytest.approx([0.5, 1.0])
    assert spread([1.0, 1.0], [0.2, 0.4], 0.0, 9.0) == pytest.approx([0.85, 1.15])  # shared evenly


def test_spread_moves_as_little_as_possible() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        middles, widths = np.sort(rng.uniform(0, 1, 5)), rng.uniform(0.05, 0.15, 5)
        needed = (widths[1:] + widths[:-1]) / 2
        apart = LinearConstraint(np.diff(np.eye(5), axis=0), needed, np.inf)
        inside = Bounds(widths / 2, 1 - widths / 2)
        best = minimize(_squares, middles, args=(middles,), bounds=inside, constraints=[apart], tol=1e-12)
        np.testing.assert_allclose(spread(list(middles), list(widths), 0.0, 1.0), best.x, atol=1e-4)


def _squares(places: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sum((places - wanted) ** 2))


def test_colours_differ_and_can_be_read_on_white() -> None:
    for number in (1, 7, 8, 20):
        palette = [matplotlib.colors.to_rgb(c) for c in style.colours(number)]
        assert len(set(palette)) == number
        assert all(0.2126 * r + 0.7152 * g + 0.0722 * b < 0.8 for r, g, b in palette)


def test_drawing_leaves_no_global_state() -> None:
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        figure = draw(panel_data("exafs.chi_r", [entry()], {}))
        assert dict(matplotlib.rcParams) == before
    assert figure.axes[0].get_facecolor() == (1, 1, 1, 1)
