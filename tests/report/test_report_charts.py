"""Charts hold the numbers of the panel's data: the same curves, bands, maps, axes; and no markup of users."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from made_report import IMAGE, SCRIPT, panel_of

from ntcspec.plot import KINDS, panel_data, style
from ntcspec.plot.data import PanelData, Span
from ntcspec.plot.palette import hex_colours
from ntcspec.report.charts import broken, chart, marks_off
from ntcspec.report.pool import Pool

MAPS = ("exafs.wavelet", "scattering.image", "xanes.frames", "xanes.frame_map", "raman.frames", "raman.frame_map")


def unpacked(one: dict[str, Any], reference: dict[str, Any]) -> np.ndarray:
    """A second reading of what report.js reads: `reference` as ntcspec/report/pool.py describes it."""

    def whole(place: int) -> np.ndarray:
        packed = one["arrays"][place]
        raw = base64.b64decode(packed["data"])
        if packed["kind"] == "f4":
            return np.frombuffer(raw, "<f4").astype(float).reshape(packed["shape"])
        steps = np.frombuffer(raw, "<u2").astype(float)
        values = np.where(steps == 65535, np.nan, packed["low"] + packed["step"] * steps)
        return values.reshape(packed["shape"])

    if "loop" in reference:
        there, back = (whole(i) for i in reference["loop"])
        values = np.concatenate([there, back[::-1]])
    else:
        values = whole(reference["$"])
    return values + reference.get("plus", 0.0)


def curves_of(data: PanelData) -> list[tuple[np.ndarray, np.ndarray]]:
    """What stands on paper: x, and y with its offset; of rows, y in the unit of the metric."""
    found = []
    for s in (*data.series, *data.inset):
        y = s.y + s.offset
        if data.strips:
            strip = data.strips[int(s.offset)]
            y = strip.low + (strip.high - strip.low) * s.y
        found.append((s.x, y))
    return found


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in MAPS])
def test_every_curve_is_in_the_chart_with_its_numbers(kind: str) -> None:
    data = panel_of(kind)
    one = chart(data)
    json.dumps(one, allow_nan=False)
    drawn = [(unpacked(one, t["x"]), unpacked(one, t["y"])) for t in one["data"] if "hovertemplate" in t]
    expected = curves_of(data)
    assert len(drawn) == len(expected) > 0
    for (x, y), (own_x, own_y) in zip(drawn, expected, strict=True):
        scale = np.nanmax(np.abs(own_y)) if own_y.size else 1.0
        np.testing.assert_allclose(x, own_x, rtol=1e-6)
        np.testing.assert_allclose(y, own_y, rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize("kind", ["exafs.mu", "scattering.g_r", "xanes.modes", "raman.stack"])
def test_bands_reach_as_far_as_the_uncertainty(kind: str) -> None:
    data = panel_of(kind)
    one = chart(data)
    filled = [unpacked(one, t["y"]) for t in one["data"] if t.get("fill") == "toself"]
    bands = [(s.y_low, s.y_high, s) for s in data.series if s.y_low.size]
    bands += [(s.y - s.y_error, s.y + s.y_error, s) for s in data.series if s.y_error.size]
    assert len(filled) == len(bands)
    total = sum(float(np.sum(np.abs(f))) for f in filled)
    ends = [np.concatenate([low, high]) + s.offset for low, high, s in bands]
    expected = sum(float(np.sum(np.abs(e[np.isfinite(e)]))) for e in ends)
    assert total == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["study.trend", "study.correlation"])
def test_single_values_keep_statistical_and_systematic_apart(kind: str) -> None:
    data, one = panel_of(kind), chart(panel_of(kind))
    points = [s for s in data.series if s.role != "guide"]
    thick = [t["error_y"] for t in one["data"] if "error_y" in t]
    thin = [t for t in one["data"] if t.get("hoverinfo") == "skip"]
    assert len(thick) == sum(bool(s.y_error.size) for s in points) > 0
    assert len(thin) == sum(bool(s.y_low.size) for s in points) > 0
    assert all(t["thickness"] > 2 for t in thick) and all(t["line"]["width"] <= 1 for t in thin)


def test_maps_are_off_by_no_more_than_half_a_step() -> None:
    data = panel_of("exafs.wavelet")
    one = chart(data)
    maps = [t for t in one["data"] if t["type"] == "heatmap"]
    for trace, own in zip(maps, data.maps, strict=True):
        z = unpacked(one, trace["z"])
        assert np.max(np.abs(z - own.z)) <= 0.5001 * np.ptp(own.z) / 65534
    assert [one["wide"]["coloraxis"][n] for n in ("cmin", "cmax")] == list(data.z_limits)


def test_a_logarithmic_map_has_no_colour_where_it_has_no_logarithm() -> None:
    data = panel_of("scattering.image")
    assert data.z_log
    one = chart(data)
    trace = next(t for t in one["data"] if t["type"] == "heatmap")
    z, own = unpacked(one, trace["z"]), data.maps[0].z
    good = np.isfinite(own) & (own > 0)
    np.testing.assert_array_equal(np.isfinite(z), good)
    np.testing.assert_allclose(10 ** z[good], own[good], rtol=1e-3)
    assert trace["customdata"] == {**trace["z"], "ten": True}


def test_axes_run_as_on_paper() -> None:
    assert chart(panel_of("nmr.spectra"))["wide"]["xaxis"]["range"] == list(panel_of("nmr.spectra").x_limits[::-1])
    rank = panel_of("xanes.rank")
    axis = chart(rank)["wide"]["yaxis"]
    assert axis["type"] == "log" and axis["range"] == pytest.approx(list(np.log10(rank.y_limits)))
    assert chart(panel_of("exafs.chi_r"))["wide"]["xaxis"]["title"]["text"] == "R (Å), not phase-corrected"


def test_ranges_and_the_word_simulated_are_drawn() -> None:
    data = panel_of("exafs.fit")
    layout = chart(data)["wide"]
    assert [(s["x0"], s["x1"]) for s in layout["shapes"] if s["type"] == "rect"] == [
        (s.low, s.high) for s in data.spans
    ]
    assert any("SIMULATED" in a["text"] for a in layout["annotations"])
    quiet = panel_data("exafs.mu", [], {})
    assert not any("SIMULATED" in a["text"] for a in chart(quiet)["wide"]["annotations"])


def test_a_panel_with_nothing_says_so() -> None:
    one = chart(panel_data("exafs.chi_r", [], {}))
    assert one["data"] == [] and "nothing to draw" in json.dumps(one["wide"])


@pytest.mark.parametrize("kind", KINDS)
def test_no_markup_of_users_reaches_plotly(kind: str) -> None:
    one = chart(panel_of(kind))
    one.pop("legend")  # set as text by the page, not by plotly
    text = json.dumps(one)
    assert SCRIPT not in text and IMAGE not in text and "%{x}" not in text.replace("%{x}, ", "").replace("%{x:", "")


def test_text_for_plotly() -> None:
    assert marks_off("a <b> & %{x}") == "a &lt;b&gt; &amp; %\u200b{x}"
    assert marks_off("K$_2$PtCl$_{6}$ 5$") == "K<sub>2</sub>PtCl<sub>6</sub> 5$"
    assert broken("one two three", 7) == "one two<br>three"
    assert broken("x" * 20, 8) == "xxxxxxxx<br>xxxxxxxx<br>xxxx"


def test_equal_arrays_are_written_once_and_missing_values_stay_missing() -> None:
    pool = Pool()
    assert pool.add(np.arange(3.0)) == pool.add(np.arange(3.0)) == 0
    assert pool.add(np.array([1.0, np.nan])) == 1
    assert pool.add_map(np.full((2, 2), np.nan)) == 2 and pool.add_map(np.zeros((2, 2))) == 3
    assert np.isnan(unpacked({"arrays": pool.arrays}, {"$": 2})).all()
    assert (unpacked({"arrays": pool.arrays}, {"$": 3}) == 0).all()


@pytest.mark.parametrize("number", [1, 7, 8, 20])
def test_colours_are_those_of_the_figures(number: int) -> None:
    from matplotlib.colors import to_rgb

    for one, other in zip(hex_colours(number), style.colours(number), strict=True):
        np.testing.assert_allclose(to_rgb(one), to_rgb(other), atol=6 / 255)


def test_names_of_ranges_keep_clear_of_the_word_simulated() -> None:
    data = panel_of("exafs.fit")
    assert data.spans and all(isinstance(s, Span) for s in data.spans)
    layout = chart(data)["wide"]
    (sign,) = [a for a in layout["annotations"] if "SIMULATED" in a["text"]]
    assert sign["yshift"] > 30
