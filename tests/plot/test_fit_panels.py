"""Panels of path fits: what is drawn is what was fitted, and what the data cannot decide is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_panels import entry, fits, missing

from ntcspec.errors import UserError
from ntcspec.plot import draw, panel_data
from ntcspec.plot.data import LINE, POINTS, TOTAL, PanelData


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


def test_data_paths_and_sum_are_those_of_the_best_model() -> None:
    data = panel_data("exafs.fit", [entry("A")], {"xlim": [0, 4]})
    best = fits().models[1]
    by_role = {role: [s for s in data.series if s.role == role] for role in (POINTS, LINE, TOTAL)}
    cut = by_role[POINTS][0].x.size
    assert np.array_equal(by_role[POINTS][0].y, best.data_mag[:cut])
    assert np.array_equal(by_role[TOTAL][0].y, best.model_mag[:cut])
    assert [s.detail for s in by_role[LINE]] == ["near", "far"]
    assert np.array_equal(by_role[LINE][1].y, best.entry_chir_mag[1][:cut])
    assert [(s.low, s.high) for s in data.spans] == [(1.2, 2.6)]
    assert data.y_unit == "angstrom^-3"


@pytest.mark.parametrize(
    ("part", "field", "unit"), [("real", "data_re", "angstrom^-3"), ("k", "data_chi", "angstrom^-2")]
)
def test_other_parts(part: str, field: str, unit: str) -> None:
    data = panel_data("exafs.fit", [entry("A")], {"part": part})
    best = fits().models[1]
    drawn = next(s for s in data.series if s.role == POINTS)
    assert np.array_equal(drawn.y, getattr(best, field)[: drawn.y.size]) and data.y_unit == unit
    assert not [s for s in data.series if s.role == LINE], "paths are stored as magnitudes alone"
    assert bool(data.spans) == (part == "real")


def test_what_is_not_decided_is_said() -> None:
    unsure = fits(verdict="cannot be decided: two has the lowest BIC (one +9), but one is within 6")
    said = notes(panel_data("exafs.fit", [entry("A"), entry("B", fit=unsure)], {}))
    assert "two: A (R factor 0.012, ΔBIC 9)" in said and "two, not decided: B" in said
    assert "one, not decided: A" not in notes(panel_data("exafs.fit", [entry("A")], {"model": "one"}))
    assert "one: A (R factor 0.012, ΔBIC −9)" in notes(panel_data("exafs.fit", [entry("A")], {"model": "one"}))


def test_a_model_that_is_not_there_is_named() -> None:
    entries = [entry("A"), missing("B")]
    assert "A (more parameters than independent points)" in notes(panel_data("exafs.fit", entries, {"model": "three"}))
    assert "A (no model four, but one, two)" in notes(panel_data("exafs.fit", entries, {"model": "four"}))


def test_fits_of_other_ranges_share_no_shading_and_other_weights_no_axis() -> None:
    other = replace(fits(), range_ang=(1.0, 3.0))
    assert panel_data("exafs.fit", [entry("A"), entry("B", fit=other)], {}).spans == ()
    said = notes(panel_data("exafs.fit", [entry("A"), entry("B", fit=fits(kweight=3.0))], {}))
    assert "not drawn: B (k weight 3, not that of the axis)" in said


def test_the_shaded_range_is_drawn_with_its_name() -> None:
    figure = draw(panel_data("exafs.fit", [entry("A")], {}))
    (patch,) = figure.findobj(lambda artist: artist.get_gid() == "span_0")
    assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((1.2, 2.6))
    (name,) = figure.findobj(lambda artist: artist.get_gid() == "span")
    assert name.get_text() == "range of the fit"


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(UserError, match="one of magnitude, real, k"):
        panel_data("exafs.fit", [entry("A")], {"part": "imaginary"})
