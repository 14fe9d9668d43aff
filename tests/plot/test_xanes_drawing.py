"""Marks and insets on paper, and drawing again from the stored data."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic_xanes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from synthetic_panels import LONG, entries_of
from synthetic_xanes import entries, entry, fit, measured, reduced, spectrum
from tidy import assert_tidy, by_gid, text_boxes

from ntcspec import store
from ntcspec.plot import KINDS, Entry, draw, inset, panel_data
from ntcspec.plot.data import PanelData
from ntcspec.plot.words import Pen
from ntcspec.types.xanes import Mark

RECORD: dict[str, Any] = {
    "study": "s", "sample": None, "measurement": None, "technique": "xanes", "stage": "panel", "order": 0,
    "simulated": True, "composition": "", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip


def png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def inset_box(figure: Figure) -> Bbox:
    """The inset with its tick labels, in pixels."""
    (axes,) = by_gid(figure, "inset")
    return axes.get_tightbbox(Pen(figure).renderer)


def hidden_points(figure: Figure, data: PanelData) -> int:
    """Points of curves and ends of bands below the inset."""
    axes, box = figure.axes[0], inset_box(figure)
    count = 0
    for s in data.series:
        for y in (s.y, s.y_low, s.y_high):
            if y.size:
                at = axes.transData.transform(np.column_stack([s.x, y + s.offset]))
                count += int(
                    np.sum((at[:, 0] > box.x0) & (at[:, 0] < box.x1) & (at[:, 1] > box.y0) & (at[:, 1] < box.y1))
                )
    return count


@pytest.mark.parametrize("kind", [k for k in KINDS if k.startswith("xanes.")])
def test_stored_data_draw_the_same_figure(kind: str, tmp_path: Path) -> None:
    options = {"inset": [1070, 1076]} if kind == "xanes.norm" else {}
    data = panel_data(kind, entries_of(kind, 3, simulated=True), options, title="K$_2$PtCl$_6$")
    store.write(tmp_path / "a.nxs", data, RECORD)
    again = store.read(tmp_path / "a.nxs", PanelData)
    assert again.marks == data.marks and len(again.inset) == len(data.inset)
    assert png(draw(again)) == png(draw(data))


@pytest.mark.parametrize(("number", "long"), [(1, False), (5, False), (7, False), (5, True)])
def test_inset_hides_no_curve(number: int, long: bool) -> None:
    data = panel_data("xanes.norm", entries(number, long=long), {"inset": [1070, 1076]})
    figure = draw(data)
    assert_tidy(figure)
    assert hidden_points(figure, data) == 0
    frame, box = figure.axes[0].bbox, inset_box(figure)
    assert frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1


def test_inset_without_a_free_place_is_drawn_all_the_same() -> None:
    noise = np.random.default_rng(1).normal(0, 1, synthetic_xanes.ENERGY.size)
    loud = reduced(replace(spectrum(), norm=noise, norm_low=noise - 3, norm_high=noise + 3))
    data = panel_data("xanes.norm", [entry(reduce=loud)], {"inset": [1070, 1076], "ylim": [-2, 2]})
    figure = draw(data)
    assert_tidy(figure)
    assert hidden_points(figure, data) > 0  # the negative control of the test above


@settings(max_examples=40)
@given(
    hnp.arrays(float, (24, 30), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0])), st.integers(2, 10), st.integers(2, 10)
)
def test_best_place_hides_as_little_as_any(cells: np.ndarray, rows: int, columns: int) -> None:
    size = ((columns - 1) * inset.CELL_IN, (rows - 1) * inset.CELL_IN)
    left, bottom, hidden = inset.best_place(cells, size)
    every = [cells[i : i + rows, j : j + columns].sum() for i in range(24 - rows + 1) for j in range(30 - columns + 1)]
    assert hidden == min(every)
    i, j = round(bottom / inset.CELL_IN), round(left / inset.CELL_IN)
    assert cells[i : i + rows, j : j + columns].sum() == hidden


def test_curve_covers_the_cells_that_it_runs_through() -> None:
    (s,) = panel_data("xanes.norm", [entry()], {"band": False}).series
    step = replace(s, x=np.array([0.0, 5.0, 5.001, 10.0]), y=np.array([0.0, 0.0, 1.0, 1.0]))
    frame = inset.Frame(10 * inset.CELL_IN, 10 * inset.CELL_IN, (0.0, 10.0), (-0.5, 1.5))
    cells = inset.covered(frame, [step], [])
    assert cells[2, :5].all() and cells[7, 6:].all()
    assert cells[2:8, 5].all()  # the jump
    assert not cells[3:, :4].any() and not cells[:7, 6:].any()


def test_marks_point_at_their_positions() -> None:
    data = panel_data("xanes.norm", entries(3), {})
    figure = draw(data)
    letters, ticks = by_gid(figure, "mark"), by_gid(figure, "mark_tick")
    assert sorted(t.get_text() for t in letters) == ["a", "a", "a", "c", "c", "c"]
    axes = figure.axes[0]
    feet = sorted(float(axes.transData.inverted().transform((t.get_xdata()[0] * figure.dpi, 0))[0]) for t in ticks)
    np.testing.assert_allclose(feet, sorted(m.x for m in data.marks))
    assert len({t.get_color() for t in letters}) == 3


def test_letters_lie_on_no_curve_of_an_automatic_stack() -> None:
    data = panel_data("xanes.norm", entries(6), {})
    figure = draw(data)
    axes = figure.axes[0]
    for letter in by_gid(figure, "mark"):
        box = letter.get_window_extent()
        assert axes.bbox.y0 < box.y0 and box.y1 < axes.bbox.y1
        for s in data.series:
            at = axes.transData.transform(np.column_stack([s.x, s.y + s.offset]))
            under = at[(at[:, 0] > box.x0) & (at[:, 0] < box.x1)]
            assert not np.any((under[:, 1] > box.y0) & (under[:, 1] < box.y1)), letter.get_text()


def test_overlaid_samples_share_a_letter_and_keep_their_ticks() -> None:
    figure = draw(panel_data("xanes.norm", entries(4), {"offset": 0}))
    assert sorted(t.get_text() for t in by_gid(figure, "mark")) == ["a", "c"]
    assert len({t.get_color() for t in by_gid(figure, "mark_tick")}) == 4


@pytest.mark.parametrize(
    "names", [["a", "b", "c", "d"], ["white_line", "shoulder", "post_edge_maximum", "x"], ["x" * 60] * 3]
)
def test_crowded_and_long_marks_stay_tidy(names: list[str]) -> None:
    marks = tuple(Mark(f"{n}{i}", "maximum", 1078.5 + 0.3 * i, 1.0) for i, n in enumerate(names))
    crowded = [entry(label, measure=measured(marks=marks)) for label in ("A", "B", LONG)]
    assert_tidy(draw(panel_data("xanes.norm", crowded, {"inset": [1070, 1076]})))
    assert_tidy(draw(panel_data("xanes.norm", crowded, {"offset": 0.02})))


def test_points_and_lines_of_a_fit() -> None:
    data = panel_data("xanes.pre_edge", [entry()], {})
    figure = draw(data)
    (points,) = by_gid(figure, "series_0")
    assert points.get_marker() == "o" and points.get_linestyle() == "None"
    assert len(by_gid(figure, "bars_0")) == 1 and not by_gid(figure, "band_0")
    filled = [g for g in range(len(data.series)) if by_gid(figure, f"range_{g}")]
    assert [data.series[g].role for g in filled] == ["line", "line"]
    no_error = draw(panel_data("xanes.pre_edge", [entry(measure=measured(fit(error=False)))], {}))
    assert not by_gid(no_error, "bars_0")


def test_range_and_uncertainty_are_told_apart() -> None:
    figure = draw(panel_data("xanes.difference", entries(2), {}))
    (wide,), (noise,) = by_gid(figure, "range_0"), by_gid(figure, "band_0")
    assert wide.get_alpha() < noise.get_alpha()
    words = " ".join(t for t, _ in text_boxes(figure))
    assert "Pale band: range over the normalisations" in words and "Band: one standard uncertainty" in words


def test_modes_are_told_apart() -> None:
    figure = draw(panel_data("xanes.modes", entries(2), {}))
    (first,), (second,) = by_gid(figure, "series_0"), by_gid(figure, "series_1")
    assert first.get_color() == second.get_color() and first.get_linestyle() == "-" != second.get_linestyle()


def test_tick_labels_do_not_meet_in_the_corner() -> None:
    data = panel_data(
        "xanes.norm", entries(2), {"xlim": [1060, 1110], "ylim": [0, 5], "inset": [1070, 1076], "inset_ylim": [0, 1]}
    )
    figure = draw(data)
    assert {"1060", "0", "1070"} <= {t for t, _ in text_boxes(figure)}
    assert_tidy(figure)


def test_scree_is_logarithmic_and_counts_in_whole_numbers() -> None:
    data = panel_data("xanes.rank", synthetic_xanes.series(2), {})
    figure = draw(data)
    assert_tidy(figure)
    words = {t for t, _ in text_boxes(figure)}
    assert figure.axes[0].get_yscale() == "log" and {"1", "2", "3", "0.1", "0.01"} <= words and "2.5" not in words


@pytest.mark.parametrize("names", [["a", "b", "c"], [LONG] * 3, [f"NTC-{i}h-annealed" for i in range(9)]])
def test_names_below_the_scores(names: list[str]) -> None:
    one = replace(synthetic_xanes.ranked(len(names)), samples=tuple(names))
    figure = draw(panel_data("xanes.scores", [Entry("s", "s", True, {"xanes.rank": one})], {}))
    assert_tidy(figure)
    shown = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert len(shown) == len(names) and all(n.startswith(t.rstrip("…")[:4]) for n, t in zip(names, shown, strict=True))
