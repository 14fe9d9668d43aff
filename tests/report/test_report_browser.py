"""The report in a browser, as its readers use it: mouse, keyboard, phone, paper, without JavaScript."""

from __future__ import annotations

import csv
from collections.abc import Callable
from urllib.parse import quote

import numpy as np
import pytest
from browsing import CUT, Watched
from made_report import NAMES, NUMBERS, MadeReport, digest

from ntcspec.plot import KINDS
from ntcspec.plot.data import DATA

Open = Callable[..., Watched]
RANGE = "f => f.querySelector('.interactive').layout.xaxis.range.map(Number)"


@pytest.mark.parametrize("width", [1280, 390])
def test_every_kind_of_panel_draws_and_no_text_is_cut(made: MadeReport, open_page: Open, width: int) -> None:
    one = open_page(made.path, width=width)
    assert one.draw_all() == list(made.panels) and set(KINDS) < set(made.panels)
    for kind in made.panels:
        figure, data = one.panel(kind), made.panels[kind]
        counts = figure.evaluate(
            "f => f.querySelector('.interactive').calcdata.map((c, i) => [c[0].trace.type, c[0].trace.type === 'scatter' ? c.length : c[0].z.length])"
        )
        assert counts and all(n > 0 for _, n in counts), kind
        drawn = figure.locator(".interactive .scatterlayer .trace, .interactive .heatmaplayer image").count()
        assert drawn >= sum(map(len, (data.series, data.maps, data.inset))) > 0, kind
        assert not figure.locator(".picture").is_visible()
    named = one.panel("names").locator(".xtick text").all_inner_texts()
    assert len(named) == len(made.panels["names"].x_names) == 3
    one.page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    assert one.page.evaluate(CUT) == []


@pytest.mark.parametrize(
    "kind", ["exafs.chi_k", "nmr.spectra", "study.correlation", "exafs.wavelet", "scattering.image"]
)
def test_zoom(made: MadeReport, open_page: Open, kind: str) -> None:
    one = open_page(made.path)
    figure = one.panel(kind)
    first = figure.evaluate(RANGE)
    figure.get_by_role("button", name="Zoom in").click()
    low, high = figure.evaluate(RANGE)
    assert abs(high - low) == pytest.approx(abs(first[1] - first[0]) / 1.5)
    figure.get_by_role("button", name="Show all").click()
    assert figure.evaluate(RANGE) == pytest.approx(first)
    box = figure.locator(".nsewdrag").first.bounding_box()
    one.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    one.page.mouse.up()
    one.page.wait_for_function(
        f"([f, first]) => Math.abs(({RANGE})(f)[0] - first[0]) > 1e-9", arg=[figure.element_handle(), first]
    )
    zoomed = figure.evaluate(RANGE)
    assert abs(zoomed[1] - zoomed[0]) < 0.6 * abs(first[1] - first[0])
    assert (zoomed[1] > zoomed[0]) == (first[1] > first[0])


def test_a_sample_is_hidden_and_shown_again(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    figure = one.panel("exafs.chi_r")
    own = "f => f.querySelector('.interactive').data.filter(t => t.legendgroup === 'g0').map(t => t.visible !== false)"
    button = figure.locator(".legend button").first
    assert button.inner_text() == NAMES[0]
    before = figure.evaluate(own)
    assert len(before) >= 3 and all(before)
    drawn = figure.locator(".interactive .scatterlayer .trace").count()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not any(figure.evaluate(own))
    assert figure.locator(".interactive .scatterlayer .trace").count() == drawn - len(before)
    button.click()
    assert all(figure.evaluate(own)) and button.get_attribute("aria-pressed") == "true"


def test_a_number_leads_to_its_raw_file(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    rows = list(csv.DictReader(made.metrics.splitlines()[1:]))
    number = one.page.locator('tr[data-metric="shell.r"] td').nth(1).locator("a")
    number.click()
    dialog = one.page.get_by_role("dialog")
    words = dialog.inner_text()
    assert digest(b"raw of 1") in words and f"raw/{NAMES[1]}.dat" in words
    row = next(r for r in rows if (r["sample"], r["metric"]) == (NAMES[1], "shell.r"))
    for text in (row["value"], row["u_stat"], row["u_sys"], row["method"]):
        assert text in words
    one.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    one.page.wait_for_function("!location.hash")
    assert number.evaluate("e => e === document.activeElement")


def test_a_missing_number_says_why(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    one.page.locator('tr[data-metric="lost"] td').first.locator("a").click()
    assert "below 3 sigma <img" in one.page.get_by_role("dialog").inner_text()


def test_the_trace_of_a_panel_goes_down_step_by_step(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    figure = one.panel("exafs.chi_k")
    figure.get_by_role("link", name="Trace to").click()
    dialog = one.page.get_by_role("dialog")
    assert all(digest(f"raw of {i}".encode()) in dialog.inner_text() for i in range(3))
    closed = dialog.locator(".tree details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    assert dialog.locator(".tree .raw").count() == 3
    dialog.locator("summary", has_text="parameters").first.click()
    dialog.locator("pre", has_text='"kind": "exafs.chi_k"').wait_for()  # it is written once the box has opened
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


def test_a_link_from_elsewhere_opens_the_trace(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path, fragment=f"#trace={quote('results/0/ta/measure.json')}&metric=shell.r")
    dialog = one.page.get_by_role("dialog")
    assert digest(b"raw of 0") in dialog.inner_text()
    unknown = open_page(made.path, fragment="#trace=%E0%A4%A&metric=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "knows no artifact" in unknown.page.get_by_role("dialog").inner_text()


def test_claims_lead_to_the_numbers_that_they_use(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    row = one.page.locator("#claim-1")
    row.locator("summary").click()
    assert row.locator(".used a").count() == 3
    row.locator(".used a").nth(2).click()
    assert digest(b"raw of 2") in one.page.get_by_role("dialog").inner_text()
    one.page.keyboard.press("Escape")
    row.locator('td[data-label="effect"] a').click()
    assert "results/claims.csv" in one.page.get_by_role("dialog").inner_text()


def test_names_are_shown_as_they_are(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    one.draw_all()
    headings = one.page.locator("table.metrics thead th").all_inner_texts()
    assert [h.replace("\u200b", "") for h in headings[1:]] == list(NAMES[:3])
    text = one.panel("exafs.wavelet").locator(".interactive").evaluate("e => e.textContent")
    assert "<script>alert(1)</script>" in text.replace("\n", "")
    assert one.page.locator("main script:not([type]), main b > b, img[src='x']").count() == 0


def test_the_filters(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    one.page.get_by_label("Show metrics whose name contains").fill("SHELL ta")
    assert one.page.locator("tr[data-metric]:visible").count() == 1
    assert one.page.locator("#metric-count").inner_text() == "1 metrics"
    one.page.get_by_label("Show metrics whose name contains").fill("no such")
    assert one.page.locator("tr[data-metric]:visible").count() == 0
    one.page.get_by_label("Show metrics whose name contains").fill("")
    assert one.page.locator("tr[data-metric]:visible").count() == len(NUMBERS)
    every = one.page.locator("tr[data-verdict]:visible").count()
    one.page.get_by_label("Show", exact=True).select_option("holds")
    assert 0 < one.page.locator("tr[data-verdict]:visible").count() < every


def test_by_keyboard_alone(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    press, focused = one.page.keyboard.press, "document.activeElement"
    press("Tab")
    assert one.page.evaluate(f"{focused}.className") == "skip"
    press("Enter")
    for _ in range(200):
        press("Tab")
        if one.page.evaluate(f"{focused}.classList.contains('n')"):
            break
    press("Enter")
    dialog = one.page.get_by_role("dialog")
    assert dialog.is_visible() and one.page.evaluate(f"{focused}.closest('dialog') !== null")
    press("Escape")
    assert not dialog.is_visible() and one.page.evaluate(f"{focused}.classList.contains('n')")
    figure = one.panel("exafs.mu")
    first = figure.evaluate(RANGE)
    figure.locator(".interactive").focus()
    outline = figure.locator(".interactive").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline != "none"
    press("+")
    zoomed = figure.evaluate(RANGE)
    assert zoomed[1] - zoomed[0] == pytest.approx((first[1] - first[0]) / 1.5)
    press("ArrowRight")
    assert figure.evaluate(RANGE)[0] > zoomed[0]
    press("0")
    assert figure.evaluate(RANGE) == pytest.approx(first)
    press("Tab")
    assert one.page.evaluate(f"{focused}.getAttribute('aria-label')") == "Zoom in"
    figure.locator(".legend button").first.focus()
    press("Space")
    assert figure.locator(".legend button").first.get_attribute("aria-pressed") == "false"


def test_on_a_phone_a_sample_has_the_whole_width(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path, width=390)
    for table in ("glance", "claims"):
        widths = one.page.locator(f"table.{table}").evaluate(
            "t => [t.querySelector('tbody th').getBoundingClientRect().width, t.getBoundingClientRect().width]"
        )
        assert widths[0] > 0.95 * widths[1] > 300


def test_on_a_phone_a_finger_scrolls_the_page(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path, width=390, has_touch=True, is_mobile=True)
    figure = one.panel("exafs.chi_k")
    assert figure.evaluate("f => f.querySelector('.interactive').layout.dragmode") is False
    figure.get_by_label("Dragging").select_option("pan")
    assert figure.evaluate("f => f.querySelector('.interactive').layout.dragmode") == "pan"
    one.page.locator('tr[data-metric="shell.r"] td a').first.click()
    assert one.page.evaluate(
        "document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth"
    )


def test_on_paper_every_panel_is_its_picture_and_tables_are_open(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path)
    one.panel("exafs.mu")
    one.page.emulate_media(media="print")
    assert one.page.locator(".picture:visible").count() == len(made.panels)
    assert one.page.locator(".interactive:visible, nav:visible, .filter:visible").count() == 0
    one.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert one.page.locator("details.group:not([open])").count() == 0
    assert one.page.locator("#claim-1 dl.used").is_visible()
    assert len(one.page.pdf()) > 10_000


def test_without_javascript(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path, java_script_enabled=False)
    assert "ntcspec trace FILE" in one.page.locator("noscript p").inner_text()
    assert one.page.locator("noscript p").is_visible()
    assert one.page.locator(".picture:visible").count() == len(made.panels)
    assert one.page.locator("tr[data-metric]:visible").count() == len(NUMBERS)
    assert one.page.locator(".filter:visible, .chart:visible").count() == 0


def test_motion_is_left_out_where_the_reader_asks_for_that(made: MadeReport, open_page: Open) -> None:
    one = open_page(made.path, reduced_motion="reduce")
    assert one.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_lines_go_through_every_point(made: MadeReport, open_page: Open) -> None:
    """plotly straightens lines by up to a pixel where it is not told otherwise, which makes corners in smooth curves."""
    figure = open_page(made.path).panel("xanes.norm")
    figure.locator(".js-line").first.wait_for(state="attached")
    drawn = {
        text.count(",") for text in figure.locator(".js-line").evaluate_all("all => all.map(a => a.getAttribute('d'))")
    }
    sizes = {int(np.isfinite(s.y).sum()) for s in made.panels["xanes.norm"].series if s.role == DATA}
    assert max(sizes) > 50 and sizes <= drawn
