"""results/report.html of a study that has run: its trail, its browser, and studies where much is missing."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import yaml
from browsing import CUT, Watched
from study import artifacts, jobs_done, make_study, ntcspec, write_yaml

HOSTILE = {"a": '<script>alert(1)</script> "a"', "b": "<img src=x onerror=alert(2)> ünïcode '₂'"}


def test_from_a_number_to_the_bytes_on_disk(finished: Path, browser: object) -> None:
    one = Watched(browser, finished / "results/report.html", 1280, "", {})
    try:
        assert one.draw_all() == ["chi_r", "map", "mu"]
        rows = csv.DictReader((finished / "results/metrics.csv").read_text().splitlines()[1:])
        row = next(r for r in rows if r["sample"] == "b" and r["value"])
        number = one.page.locator(f'tr[data-metric="{row["metric"]}"] td').nth(1).locator("a")
        assert number.get_attribute("data-value") == row["value"]
        number.click()
        words = one.page.get_by_role("dialog").inner_text()
        assert hashlib.sha256((finished / "raw/b.xdi").read_bytes()).hexdigest() in words
        assert hashlib.sha256((finished / "raw/a1.xdi").read_bytes()).hexdigest() not in words
        assert row["method"] in words
        one.page.keyboard.press("Escape")
        figure = one.panel("chi_r")
        figure.get_by_role("link", name="Trace to 3 raw files").click()
        words = one.page.get_by_role("dialog").inner_text()
        assert all(hashlib.sha256(p.read_bytes()).hexdigest() in words for p in (finished / "raw").iterdir())
        one.page.keyboard.press("Escape")
        figure.locator("summary").click()
        links = figure.locator(".files a").evaluate_all("all => all.slice(1).map(a => a.getAttribute('href'))")
        assert all((finished / "results" / link).is_file() for link in links) and len(links) == 4
        recorded = json.loads((finished / "results/a/exafs/measure.json").read_text())["record"]["inputs"]
        assert all(i["sha256"] in one.page.locator("#ntcspec-record").inner_html() for i in recorded)
        assert one.problems == []
    finally:
        one.close()


def test_the_trail_holds_the_report(finished: Path) -> None:
    assert "  report.html\n" in (finished / "results/SHA256SUMS").read_text()
    trace = ntcspec("trace", "results/report.html", cwd=finished)
    assert trace.returncode == 0 and "raw/b.xdi" in trace.stdout and "MISSING" not in trace.stdout
    verified = ntcspec("verify", finished)
    assert verified.returncode == 0, verified.stderr
    shown = ntcspec("show", "results/report.html", cwd=finished)
    assert shown.returncode == 0 and "report" in shown.stdout
    text = (finished / "results/report.html").read_text(encoding="utf-8")
    assert str(finished) not in text and len(text) < 8e6


def test_a_report_is_made_again_where_it_is_gone_and_is_the_same(study: Path) -> None:
    before = artifacts(study)
    (study / "results/report.html").unlink()
    run = ntcspec("run", study)
    assert jobs_done(run) >= {"report"} and jobs_done(run) <= {"report", "check sums", "crate"}
    assert "report:   " in run.stdout
    assert artifacts(study) == before


def test_one_technique_one_sample_no_panel_and_a_bad_file(tmp_path: Path, browser: object) -> None:
    folder = make_study(tmp_path / "small <b>")
    samples = yaml.safe_load((folder / "samples.yaml").read_text())
    del samples["samples"]["b"]
    write_yaml(folder / "samples.yaml", samples)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    del config["panels"]
    write_yaml(folder / "config.yaml", config)
    (folder / "raw/a1.xdi").write_text("# XDI/1.0\n# no table\n")
    run = ntcspec("run", folder)
    assert run.returncode == 1 and "FAILED a / exafs" in run.stderr
    one = Watched(browser, folder / "results/report.html", 390, "", {})
    try:
        glance = one.page.locator("#glance").inner_text()
        assert "failed" in glance and "a1.xdi" in glance
        assert "a1.xdi" in one.page.locator("#warnings").inner_text()
        assert "gave no numbers" in one.page.locator("#metrics").inner_text()
        assert one.page.evaluate(CUT) == []
        assert one.problems == []
    finally:
        one.close()


def test_hostile_names_from_the_files_to_the_page(finished: Path, tmp_path: Path, browser: object) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / 'folder with "quotes" & spaces'))
    samples = yaml.safe_load((folder / "samples.yaml").read_text())
    for name, label in HOSTILE.items():
        samples["samples"][name]["label"] = label
    write_yaml(folder / "samples.yaml", samples)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["study"] = "<script>alert(3)</script>"
    write_yaml(folder / "config.yaml", config)
    run = ntcspec("run", folder)
    assert run.returncode == 0, run.stdout + run.stderr
    one = Watched(browser, folder / "results/report.html", 1280, "", {})
    try:
        one.draw_all()
        assert one.page.locator("h1").inner_text() == config["study"]
        assert one.page.locator("table.metrics thead th").all_inner_texts()[1:3] == list(HOSTILE.values())
        buttons = one.panel("chi_r").locator(".legend button").all_inner_texts()
        assert buttons == list(HOSTILE.values())
        assert one.page.evaluate(CUT) == []
        assert one.problems == []
    finally:
        one.close()
