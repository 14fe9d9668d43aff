"""Several panels on one page: letters, order, nothing cut or overlapping, fonts, colours, the same bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from synthetic_panels import entries, entries_of, missing
from tidy import assert_tidy, by_gid, text_boxes

from ntcspec.plot import KINDS, draw, panel_data, read_record, save, style
from ntcspec.plot.data import PanelData
from ntcspec.plot.mosaic import LEAST_MM, usual_rows
from ntcspec.plot.sheet import Page, draw_figure

SAMPLES = tuple(f"sample {i}" for i in range(8))
LETTERS = "ABCDEF"
MOST = 240 / 25.4


def data_of(kinds: Sequence[str], number: int = 3, *, long: bool = False) -> dict[str, PanelData]:
    made = (panel_data(kind, entries_of(kind, number, long=long, simulated=True), {}) for kind in kinds)
    return dict(zip(LETTERS, made, strict=False))


def page(width_mm: float = 183, height_in: float = MOST, title: str = "", samples: tuple[str, ...] = SAMPLES) -> Page:
    return Page(width_mm / 25.4, height_in, title, samples)


def frames(figure: Figure) -> dict[str, list[tuple[float, float, float, float]]]:
    """Frames of the axes by letter, in mm."""
    return {
        str(part.get_gid()).removeprefix("panel_"): [tuple(a.bbox.extents / figure.dpi * 25.4) for a in part.axes]
        for part in figure.subfigs
    }


BLOCKS = [list(KINDS)[i : i + 6] for i in range(0, len(KINDS), 6)]


@pytest.mark.parametrize("kinds", BLOCKS, ids=lambda kinds: kinds[0])
@pytest.mark.parametrize(("columns", "number", "long"), [(2, 5, False), (3, 5, False), (2, 8, True)])
def test_nothing_is_cut_or_overlaps(kinds: list[str], columns: int, number: int, long: bool) -> None:
    figure = draw_figure(data_of(kinds, number, long=long), usual_rows(LETTERS[: len(kinds)], columns), page())
    assert_tidy(figure)  # 7 pt and more, as in single panels
    assert figure.get_figwidth() * 25.4 == pytest.approx(183)
    assert [t.get_text() for t in by_gid(figure, "simulated")] == ["SIMULATED"] * len(kinds)


@pytest.mark.parametrize("kind", ["exafs.chi_k", "exafs.wavelet", "study.correlation", "nmr.spectra"])
def test_the_narrowest_panel(kind: str) -> None:
    assert_tidy(draw_figure(data_of([kind]), ["A"], page(LEAST_MM)))


def test_letters_are_bold_in_the_upper_left_corner_and_in_order() -> None:
    figure = draw_figure(data_of(["exafs.mu", "exafs.chi_k", "exafs.chi_r"]), ["CA", "BB"], page())
    letters = by_gid(figure, "letter")
    assert [t.get_text() for t in letters] == ["C", "A", "B"]
    assert all(t.get_fontweight() == "bold" and t.get_fontsize() == style.LETTER_PT for t in letters)
    boxes = [t.get_window_extent() for t in letters]
    for box, part in zip(boxes, figure.subfigs, strict=True):
        assert box.x0 - part.bbox.x0 < 0.1 * figure.dpi and part.bbox.y1 - box.y1 < 0.15 * figure.dpi
    assert boxes[0].x0 < boxes[1].x0 and boxes[0].y0 == pytest.approx(boxes[1].y0, abs=1) and boxes[2].y1 < boxes[0].y0


def test_frames_of_a_row_begin_and_end_at_one_height() -> None:
    data = data_of(["exafs.mu", "exafs.chi_k", "scattering.g_r", "exafs.wavelet"])
    drawn = frames(draw_figure(data, ["AB", "CD"], page()))
    (a,), (b,) = drawn["A"], drawn["B"]
    assert (a[1], a[3]) == pytest.approx((b[1], b[3]), abs=0.3)


def test_a_letter_that_stands_twice_is_wider_and_one_that_stands_below_itself_higher() -> None:
    data = data_of(["exafs.mu", "exafs.chi_k", "exafs.chi_r", "exafs.wavelet"])
    parts = {p.get_gid(): p.bbox for p in draw_figure(data, ["AAD", "BCD"], page()).subfigs}
    assert parts["panel_A"].width > 2 * parts["panel_B"].width
    assert parts["panel_D"].y0 == pytest.approx(parts["panel_B"].y0)
    assert parts["panel_D"].y1 == pytest.approx(parts["panel_A"].y1)


def test_a_high_page_is_lowered_with_text_at_its_size() -> None:
    data = data_of(["exafs.mu", "exafs.chi_k", "exafs.chi_r", "exafs.fit"], 5)
    rows = ["A", "B", "C", "D"]
    free, low = (draw_figure(data, rows, page(89, h)) for h in (99.0, 14.0))
    assert free.get_figheight() > 18 and low.get_figheight() == pytest.approx(14.0, abs=1e-3)
    assert_tidy(low)
    sizes = [
        sorted({float(t.get_fontsize()) for gid in ("label", "note") for t in by_gid(f, gid)}) for f in (free, low)
    ]
    assert sizes == [[style.FONT_PT], [style.FONT_PT]]


def test_curves_are_those_of_the_data() -> None:
    data = data_of(["exafs.chi_k", "exafs.chi_r"])
    figure = draw_figure(data, ["AB"], page())
    for part, letter in zip(figure.subfigs, "AB", strict=True):
        for i, series in enumerate(data[letter].series):
            (line,) = part.findobj(lambda artist, i=i: artist.get_gid() == f"series_{i}")
            np.testing.assert_array_equal(line.get_xdata(), series.x)
            np.testing.assert_array_equal(line.get_ydata(), series.y + series.offset)


def colours_of(figure: Figure) -> Mapping[str, set[object]]:
    found: dict[str, set[object]] = {}
    for text in by_gid(figure, "label"):
        found.setdefault(text.get_text(), set()).add(text.get_color())
    return found


def test_a_sample_has_one_colour_in_all_panels() -> None:
    some = {"A": panel_data("exafs.mu", entries(3), {}), "B": panel_data("exafs.chi_k", entries(4)[1:], {})}
    apart = [colours_of(draw(one)) for one in some.values()]
    both = colours_of(draw_figure(some, ["AB"], page(samples=SAMPLES[:4])))
    shared = next(iter(set(apart[0]) & set(apart[1])))
    assert apart[0][shared] != apart[1][shared]  # alone, each panel begins with the first colour
    assert all(len(colours) == 1 for colours in both.values()) and len(both) == 4
    names = [e.label for e in entries(4)]
    assert [both[name] for name in names] == [{c} for c in style.colours(4)]  # in the order of the study


def test_colours_that_are_no_samples_stay() -> None:
    data = panel_data("study.trend", entries_of("study.trend", 3), {"metrics": ["exafs.shell.r", "exafs.shell.n"]})
    figure = draw_figure({"A": data}, ["A"], page())
    lines = [by_gid(f, f"series_{i}")[0].get_color() for f in (figure, draw(data)) for i in range(2)]
    assert lines[:2] == lines[2:]


def test_a_panel_with_nothing_to_draw_keeps_its_place() -> None:
    data = {**data_of(["exafs.mu"]), "B": panel_data("exafs.chi_k", [missing("gone")], {})}
    figure = draw_figure(data, ["AB"], page())
    assert_tidy(figure)
    words = [t for t, _ in text_boxes(figure)]
    assert "nothing to draw" in words and any(w.startswith("not drawn: gone") for w in words)


def test_titles_of_figure_and_panels() -> None:
    data = {
        letter: replace(one, title=f"Panel {letter} " * 9)
        for letter, one in data_of(["exafs.mu", "exafs.chi_k"]).items()
    }
    figure = draw_figure(data, ["AB"], page(title="The whole " * 30))
    assert_tidy(figure)
    assert len(by_gid(figure, "title")) > 4
    assert str(figure.get_label()).startswith("A: SIMULATED exafs.mu: ")


def test_fonts_are_embedded_in_the_pdf_and_no_text_is_a_picture(tmp_path: Path) -> None:
    figure = draw_figure(data_of(["exafs.mu", "exafs.wavelet"]), ["AB"], page())
    _, pdf, svg = save(figure, tmp_path / "a", '{"a": 1}')
    content = pdf.read_bytes()
    inside = b"".join(zlib.decompress(s) for s in _streams(content))
    assert content.count(b"/FontFile2") >= 2  # regular and bold, TrueType
    assert b"/Type3" not in content and b"DejaVuSans-Bold" in content
    assert inside.count(b" Tj") + inside.count(b" TJ") > 30
    assert b"<text" not in svg.read_bytes()  # outlines: they look the same everywhere
    assert [read_record(p) for p in (pdf, svg)] == ['{"a": 1}'] * 2


def _streams(content: bytes) -> list[bytes]:
    found = re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    return [s for s in found if s[:1] == b"x"]


DRAW = """
import hashlib, sys
from pathlib import Path
from test_figure_sheet import data_of, page
from ntcspec.plot import save
from ntcspec.plot.sheet import draw_figure
figure = draw_figure(data_of(["exafs.wavelet", "xanes.norm", "study.correlation"], 2), ["AB", "AC"], page(title="T"))
for path in save(figure, Path(sys.argv[1]) / "f", '{"a": 1}'):
    print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    here = Path(__file__).parent
    said = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}", "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", DRAW, str(tmp_path / seed)], env=env, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        said.append(run.stdout)
    assert said[0] == said[1] and len(said[0].splitlines()) == 3
