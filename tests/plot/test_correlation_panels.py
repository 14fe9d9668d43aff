"""Panels of many metrics against one property: a row each, at its own height, with what the order says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_panels import entries, missing

from ntcspec.plot import Entry, draw, panel_data
from ntcspec.plot.data import GUIDE, PanelData
from ntcspec.types.study import Agreement, StudyOrders

OPTIONS = {"metrics": ["exafs.shell.r", "exafs.other.r"], "labels": ["Shell", "Other"], "against": "conductivity"}
ORDERS = StudyOrders(
    {
        "exafs.shell.r": Agreement(3, "rises", 1 / 3, False, 2, 2),
        "exafs.other.r": Agreement(3, "", np.nan, False, 0, 2),
    }
)


def with_orders(number: int) -> list[Entry]:
    return [replace(e, stages={**e.stages, "orders": ORDERS}) for e in entries(number)]


def notes(data: PanelData) -> str:
    return " ".join(data.notes).replace("\u00a0", " ")


def test_heights_in_a_row_give_the_values_back() -> None:
    data = panel_data("study.correlation", with_orders(3), OPTIONS)
    first, second = data.strips
    values = [s for s in data.series if s.role != GUIDE]
    for strip, row, wanted in ((first, 0, [1.8, 2.0, 2.2]), (second, 1, [2.1, 2.3, 2.5])):
        found = [s for s in values if s.offset == row]
        assert [strip.low + float(s.y[0]) * (strip.high - strip.low) for s in found] == pytest.approx(wanted)
        assert all(0 < float(s.y[0]) < 1 for s in found)
        assert [float(s.y_error[0]) * (strip.high - strip.low) for s in found] == pytest.approx([0.03] * 3)
    bars = [s for s in values if s.offset == 0]
    assert all((s.y_high - s.y) * (first.high - first.low) == pytest.approx([0.05]) for s in bars)
    assert not any(s.y_low.size for s in values if s.offset == 1), (
        "a systematic uncertainty that is not known is not drawn"
    )


def test_words_beside_a_row_are_those_of_the_order() -> None:
    first, second = panel_data("study.correlation", with_orders(3), OPTIONS).strips
    words = [text.replace("\u00a0", " ") for text in (first.label, first.change, first.shown, first.beyond)]
    assert words == ["Shell", "1.80 → 2.20 Å", "rises, 2 of 2 steps clear", "n = 3, p = 0.33: not decided"]
    assert second.shown == "0 of 2 steps clear" and second.beyond.endswith("no p: not decided")


def test_each_sample_has_one_label_and_the_first_row_is_on_top() -> None:
    data = panel_data("study.correlation", with_orders(3), OPTIONS)
    assert [s.label for s in data.series if s.label] == ["sample 0", "sample 1", "sample 2"]
    figure = draw(data)
    tops = {t.get_text(): t.get_window_extent().y0 for t in figure.texts if t.get_text() in ("Shell", "Other")}
    assert tops["Shell"] > tops["Other"]
    (frame,) = figure.axes
    for i, series in enumerate(data.series):
        (line,) = figure.findobj(lambda artist, gid=f"series_{i}": artist.get_gid() == gid)
        assert line.get_ydata() == pytest.approx(series.y + 1 - series.offset)
    assert frame.get_ylim() == (0, 2)


def test_what_is_missing_is_named_once() -> None:
    options = {**OPTIONS, "metrics": ["exafs.shell.r", "exafs.lost.r", "no.such"], "labels": None}
    said = notes(panel_data("study.correlation", [*with_orders(1), missing("B")], options))
    for words in ("sample 0 (exafs.lost.r: below 3 sigma)", "sample 0 (no metric no.such)", "B (below 3 sigma)"):
        assert said.count(words) == 1
    data = panel_data("study.correlation", with_orders(2), {**OPTIONS, "against": "energy"})
    assert not data.series and notes(data).count("sample 0 (not stated)") == 1
    draw(data)
