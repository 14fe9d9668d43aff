"""The page as text: its numbers are those of the tables, what users wrote is text, and it is the same each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_report import IMAGE, NAMES, SCRIPT, MadeReport, make

from ntcspec.errors import UserError
from ntcspec.plot import KINDS
from ntcspec.records import read_any_record
from ntcspec.report import assets
from ntcspec.report.embed import safe_json

ROOT = Path(__file__).parents[2]


class Tags(HTMLParser):
    """Every tag with its attributes, the content of scripts, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.text: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {k: v or "" for k, v in attrs}))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append((self.tags[-1][1], data))
        else:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


@pytest.fixture(scope="module")
def tags(made: MadeReport) -> Tags:
    parser = Tags()
    parser.feed(made.path.read_text(encoding="utf-8"))
    return parser


def test_every_number_of_the_table_stands_in_the_page_as_it_is_in_the_table(made: MadeReport, tags: Tags) -> None:
    rows = [r for r in csv.DictReader(made.metrics.splitlines()[1:]) if r["value"]]
    expected = [(r["value"], r["u_stat"], r["u_sys"]) for r in rows]
    links = [a for tag, a in tags.tags if tag == "a" and "data-value" in a]
    found = [(a["data-value"], a["data-u-stat"], a["data-u-sys"]) for a in links]
    assert len(expected) > 5 and all(found.count(one) >= expected.count(one) for one in expected)
    assert all(a["href"].startswith("#trace=results/") for a in links)


def test_same_inputs_same_bytes(made: MadeReport, tmp_path: Path) -> None:
    again = make(tmp_path / "elsewhere", ("exafs.mu", "study.trend")).path.read_bytes()
    other = make(tmp_path / "other place", ("exafs.mu", "study.trend")).path.read_bytes()
    assert again == other
    assert str(tmp_path).encode() not in again


def test_the_record_comes_out_as_it_went_in(made: MadeReport) -> None:
    record = read_any_record(made.path)
    assert record["stage"] == "report" and SCRIPT in record["study"]
    assert "results/panels/exafs.mu.nxs" in record["ancestry"]


def test_a_page_without_record_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "x.html"
    page.write_text("<p>hello")
    with pytest.raises(UserError, match="carries no record"):
        read_any_record(page)


def test_names_are_text_and_never_tags(made: MadeReport, tags: Tags) -> None:
    whole = made.path.read_text(encoding="utf-8")
    assert SCRIPT not in whole and IMAGE not in whole
    text = "".join(tags.text)
    assert all(name in text.replace("\u200b", "") for name in NAMES[:3])
    assert not [a for tag, a in tags.tags if any(key.startswith("on") for key in a)]
    assert len([a for a, _ in tags.scripts if "type" not in a]) == 1  # the page's own, which unpacks plotly.js


def test_the_policy_allows_the_two_scripts_and_no_network(tags: Tags) -> None:
    (policy,) = [a["content"] for tag, a in tags.tags if a.get("http-equiv") == "Content-Security-Policy"]
    allowed = re.findall(r"'(sha256-[^']+)'", policy)
    (own,) = [text for a, text in tags.scripts if "type" not in a]
    (packed,) = [text for a, text in tags.scripts if a.get("id") == "plotly"]
    plotly = zlib.decompress(base64.b64decode(packed)).decode()
    assert plotly == assets.plotly_js() and len(packed) < 0.45 * len(plotly)
    assert allowed == [assets.policy_hash(plotly), assets.policy_hash(own)]
    assert "default-src 'none'" in policy and "http" not in policy and "unsafe-eval" not in policy
    sources = [a[key] for _, a in tags.tags for key in ("src", "srcset", "poster", "data") if key in a]
    assert sources and all(s.startswith("data:image/png;base64,") for s in sources)
    linked = [a["href"] for _, a in tags.tags if "href" in a]
    assert not [h for h in linked if re.match(r"[a-z]+:", h) and h != "data:,"]


def test_ids_are_unique_and_links_inside_the_page_lead_somewhere(tags: Tags) -> None:
    ids = [a["id"] for _, a in tags.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    inner = {a["href"][1:] for _, a in tags.tags if a.get("href", "").startswith("#")}
    assert {i for i in inner if not i.startswith("trace=")} <= set(ids)


def test_tables_and_pictures_speak(tags: Tags) -> None:
    assert all(a.get("alt") for tag, a in tags.tags if tag == "img")
    names = [tag for tag, _ in tags.tags]
    assert names.count("table") == names.count("caption") > 3
    assert all("scope" in a for tag, a in tags.tags if tag == "th")
    assert dict(tags.tags)["html"]["lang"] == "en"


def test_json_cannot_end_its_element() -> None:
    nasty = {"</script>": "<!-- & \u2028 \u2029 ' \" \\"}
    text = safe_json(nasty)
    assert not set("<>&\u2028\u2029") & set(text) and json.loads(text) == nasty


def test_parameters_keep_their_order_which_the_key_hangs_on() -> None:
    assert list(json.loads(safe_json({"b": {"z": 1, "a": 2}, "a": 3}))["b"]) == ["z", "a"]
    assert safe_json({"b": 1, "a": 2}) == '{"b":1,"a":2}'


def test_a_script_inside_the_page_cannot_be_ended_by_its_own_text() -> None:
    assert "</script" not in assets.inline("a = '</script>'; b = '<!--'").lower()
    assert "<!--" not in assets.inline("b = '<!--'")


def test_a_change_of_style_or_plotly_is_seen() -> None:
    prints = assets.fingerprints()
    assert {"report.css", "charts.js", "trace.js", "page.js", "report.html.j2", "plotly.min.js"} <= set(prints)
    css = (ROOT / "ntcspec/report/static/report.css").read_bytes()
    assert prints["report.css"] == hashlib.sha256(css).hexdigest()[:16]


def test_how_to_cite_is_that_of_the_citation_file(tags: Tags) -> None:
    import yaml

    said: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    text = " ".join("".join(tags.text).split())
    assert all(author["name"] in text for author in said["authors"])
    for one in said["references"]:
        assert one["title"] in text and one["doi"] in text
        assert f"{one['volume']}, " in text and f"({one['year']})" in text


def test_the_study_says_who_made_it_and_what_others_may_do(made: MadeReport, tags: Tags) -> None:
    text = " ".join("".join(tags.text).split())
    for words in ("Marie C. Example", "ORCID 0000-0002-1825-0097", f"Institute {SCRIPT}", "https://ror.org/02grkyz14",
                  "CC-BY-4.0", "An archive", "doi:10.5281/zenodo.1234567", "Funding: Grant 12", f"measured {IMAGE}"):  # fmt: skip
        assert words in text
    assert text.index("Marie C. Example") < text.index("At a glance")


def test_a_study_of_unknown_authors_says_so(tmp_path: Path) -> None:
    page = make(tmp_path, (), 1, more=False).path.read_text(encoding="utf-8")
    assert "The study names no authors" in page and "No licence is stated" in page


def test_figures_name_their_panels(tags: Tags) -> None:
    (alt,) = [a["alt"] for tag, a in tags.tags if tag == "img" and a["alt"].startswith("Figure_1")]
    assert "A: SIMULATED exafs.chi_k" in alt and "B: SIMULATED exafs.wavelet" in alt
    text = " ".join("".join(tags.text).split())
    assert "Figure_1 SIMULATED" in text and "A exafs.chi_k, B exafs.wavelet" in text
    linked = [a["href"] for tag, a in tags.tags if tag == "a"]
    assert {f"figures/Figure_1.{suffix}" for suffix in ("png", "pdf", "svg")} <= set(linked)


def test_no_systematic_uncertainty_is_called_a_standard_one(made: MadeReport) -> None:
    page = made.path.read_text(encoding="utf-8")
    assert "systematic standard" not in page and "systematic one is a range" in page


def test_what_was_left_out_and_what_is_missing_is_said(tags: Tags) -> None:
    text = "".join(tags.text)
    assert f"no such file {SCRIPT}" in text and f"below 3 sigma {IMAGE}" in text and f"a note {IMAGE}" in text


def test_a_study_of_one_sample_without_properties_or_panels(tmp_path: Path) -> None:
    page = make(tmp_path, (), 1, more=False).path.read_text(encoding="utf-8")
    parser = Tags()
    parser.feed(page)
    ids = {a["id"] for _, a in parser.tags if "id" in a}
    assert {"glance", "metrics", "warnings", "versions", "cite"} <= ids
    assert not {"claims", "trends", "panels"} & ids
    assert "1</b> sample," in page.replace("<b>", "")


def test_pictures_are_there_before_they_are_scrolled_to(tags: Tags) -> None:
    """A page that is printed is not scrolled."""
    pictures = [a for tag, a in tags.tags if tag == "img"]
    assert len(pictures) > len(KINDS) and not [a for a in pictures if "loading" in a]


def test_a_measurement_is_one_technique_on_one_sample(tmp_path: Path) -> None:
    page = make(tmp_path, (), 2, more=False).path.read_text(encoding="utf-8")
    assert "2 samples, 2 measurements" in page.replace("<b>", "").replace("</b>", "")
