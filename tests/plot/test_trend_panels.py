"""Panels of metrics against properties: values and uncertainties as in the table, what is missing named."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from synthetic_panels import entries, missing, numbers

from ntcspec.plot import Entry, draw, panel_data
from ntcspec.plot.data import VALUES, PanelData
from ntcspec.types.study import Number, SampleNumbers

SHELL = {"metrics": ["exafs.shell.r"], "against": "milling_time"}


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


def test_values_and_bars_are_those_of_the_table() -> None:
    data = panel_data("study.trend", entries(3), SHELL)
    assert [float(s.x[0]) for s in data.series] == pytest.approx([2, 6, 10])
    assert [float(s.y[0]) for s in data.series] == pytest.approx([1.8, 2.0, 2.2])
    for s in data.series:
        assert s.y_error == pytest.approx([0.03]) and s.x_error == pytest.approx([0.5])
        assert (s.y_high - s.y, s.y - s.y_low) == (pytest.approx([0.05]), pytest.approx([0.05])), "root of squares"
    assert (data.x_unit, data.y_unit, data.x_label, data.y_label) == ("h", "angstrom", "milling time", "shell.r")
    assert "n = 3." in notes(data)


def test_bars_are_drawn_at_their_values() -> None:
    figure = draw(panel_data("study.trend", entries(1), SHELL))
    ends = {}
    for gid in ("bars_0", "range_0", "across_0"):
        (bars,) = figure.findobj(lambda artist, gid=gid: artist.get_gid() == gid)
        assert isinstance(bars, LineCollection)
        ends[gid] = bars.get_segments()[0]
    assert ends["bars_0"][:, 1] == pytest.approx([1.77, 1.83])
    assert ends["range_0"][:, 1] == pytest.approx([1.75, 1.85])
    assert ends["across_0"][:, 0] == pytest.approx([1.5, 2.5])


def test_each_metric_has_its_shape_and_each_sample_one_label() -> None:
    data = panel_data("study.trend", entries(2), {**SHELL, "metrics": ["exafs.shell.r", "exafs.other.r"]})
    assert [s.role for s in data.series] == [VALUES[0], VALUES[1]] * 2
    assert [s.label for s in data.series] == ["sample 0", "", "sample 1", ""]
    assert not data.series[1].y_low.size, "a systematic uncertainty that is not known is not drawn"
    assert "Circles: exafs.shell.r; squares: exafs.other.r." in notes(data)


def test_what_cannot_be_drawn_is_named() -> None:
    options = {"metrics": ["exafs.shell.r", "exafs.shell.n", "exafs.lost.r", "no.such"], "against": "milling_time"}
    said = notes(panel_data("study.trend", [*entries(1), missing("B")], options))
    for words in (
        "sample 0 (in 1 over h, not in the units of the axes)",
        "sample 0 (exafs.lost.r: below 3 sigma)",
        "sample 0 (no metric no.such)",
        "B (below 3 sigma)",
    ):
        assert f"not drawn: {words}" in said
    assert "not drawn: sample 0 (not stated)" in notes(
        panel_data("study.trend", entries(1), {**SHELL, "against": "energy"})
    )
    assert "(no purity)" in notes(panel_data("study.trend", entries(1), {**SHELL, "against": "purity"}))


def test_logarithmic_axes_leave_out_what_they_cannot_show() -> None:
    table = SampleNumbers({"exafs.shell.r": Number(0.0, "angstrom", 0.1, 0.1, "")}, numbers().properties)
    zero = Entry("z", "Z", False, {"table": table})
    data = panel_data(
        "study.trend", [*entries(3), zero], {**SHELL, "against": "conductivity", "x_log": True, "y_log": True}
    )
    assert "Z (exafs.shell.r: not above 0, which a logarithmic axis needs)" in notes(data)
    assert data.x_log and data.y_log and data.x_limits[0] > 0 and data.y_limits[0] > 0
    (axes,) = draw(data).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_without_a_property_the_samples_stand_in_their_order() -> None:
    data = panel_data("study.trend", entries(3), {"metrics": ["exafs.shell.r"]})
    assert data.x_names == ("sample 0", "sample 1", "sample 2")
    assert np.array_equal([s.x[0] for s in data.series], [1, 2, 3])


def test_values_outside_the_drawn_range_are_named() -> None:
    data = panel_data("study.trend", entries(3), {**SHELL, "xlim": [1, 7]})
    assert len(data.series) == 2 and "not drawn: sample 2 (no data in the drawn range)" in notes(data)
