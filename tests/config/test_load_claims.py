"""claims.yaml: every mistake at its line, with a way out; a metric is an error only if nothing measures it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from test_load import CONFIG, study

from ntcspec.config.load import load_study
from ntcspec.errors import Problems
from ntcspec.plan import CLAIMS, Plan

GOOD = """\
claims:
  grows:
    says: it grows
    source: Fig. 1
    refuted_by: a smaller one
    kind: compare
    metric: exafs.first_shell.height
    samples: [two]
    to: [one]
    relation: above
"""


def with_claims(folder: Path, text: str, config: str = CONFIG) -> Path:
    study(folder, config=config)
    (folder / "claims.yaml").write_text(text, encoding="utf-8")
    return folder


def told(folder: Path) -> str:
    with pytest.raises(Problems) as caught:
        load_study(folder)
    return str(caught.value)


def test_claims_are_read_and_become_a_job(tmp_path: Path) -> None:
    loaded = load_study(with_claims(tmp_path, GOOD))
    assert loaded.claims["grows"].says == "it grows"
    job = Plan(loaded).job(CLAIMS)
    assert job.parameters["claims"]["grows"]["systematic"] == "worst"
    assert [i.path for i in job.inputs] == ["results/metrics.csv"]


def test_without_the_file_there_are_no_claims(tmp_path: Path) -> None:
    loaded = load_study(study(tmp_path))
    assert not loaded.claims and CLAIMS not in Plan(loaded).jobs


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    assert "other.yaml: no such file" in told(study(tmp_path, config=CONFIG + "claims: other.yaml\n"))
    (tmp_path / "other.yaml").write_text(GOOD)
    assert list(load_study(tmp_path).claims) == ["grows"]


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("relation: above", "relation: larger", "line 10: claims.grows.relation", "'above', 'below' or 'equal'"),
        ("relation: above", "relation: equal", "line 2: claims.grows", "`equal` needs `within`"),
        ("relation: above", "relation: above\n    factor: 0.5", "line 11: claims.grows.factor", "greater than 1"),
        ("relation: above", "relation: above\n    facter: 2", "line 11: claims.grows.facter", "did you mean 'factor'?"),
        ("kind: compare", "kind: compares", "line 6: claims.grows.kind", "did you mean 'compare'?"),
        ("    kind: compare\n", "", "line 2: claims.grows.kind", "this key is missing -> known: trend"),
        ("    source: Fig. 1\n", "", "line 2: claims.grows.source", "this key is missing"),
        ("samples: [two]", "samples: [too]", "line 8: claims.grows.samples[0]", "no sample 'too' (did you mean 'two'?)"),
        ("samples: [two]", "samples: []", "line 8: claims.grows.samples", "at least 1 item"),
        ("to: [one]", "to: [one, one]", "line 9: claims.grows.to[1]", "stands twice"),
        ("exafs.first", "exaf.first", "line 7: claims.grows.metric", "there is no measurement and no series 'exaf' (did you mean 'exafs'?)"),
        ("exafs.first_shell.height", "height", "line 7: claims.grows.metric", "should match pattern"),
        ("claims:", "claim:", "line 1: claim", "did you mean 'claims'?"),
        ("grows:", "gr ows:", "claims.gr ows", "should match pattern"),
        (GOOD, "claims: [a]\n", "line 1: claims", "list them by name"),
        (GOOD, "claims: {a: 1}\n", "line 1: claims.a.kind", "this key is missing"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_line(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    assert old in GOOD
    found = told(with_claims(tmp_path, GOOD.replace(old, new)))
    assert f"claims.yaml, {place}" in found or place in found, found
    assert words in found, found


TREND = """\
claims:
  t: {says: s, source: s, refuted_by: r, kind: trend, metric: exafs.a.b, goes: up, against: milling, samples: [one, two]}
  w: {says: s, source: s, refuted_by: r, kind: window, metric: exafs.a.b, samples: [one], value: 1}
  c: {says: s, source: s, refuted_by: r, kind: count, samples: [one], least: 3, most: 2, features: [raman.a.b]}
"""


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    found = told(with_claims(tmp_path, TREND))
    assert "line 2: claims.t.against: no sample has a property 'milling'" in found
    assert "line 3: claims.w: give `range`, or `value` and `within`" in found
    assert "line 4: claims.c: `least` must not be above `most`" in found


def test_a_metric_that_may_be_missing_is_no_mistake(tmp_path: Path) -> None:
    assert load_study(with_claims(tmp_path, GOOD.replace("first_shell.height", "no.such"))).claims


def test_every_shipped_claim_names_its_statement() -> None:
    shipped = yaml.safe_load((Path(__file__).parents[2] / "config/claims.yaml").read_text(encoding="utf-8"))["claims"]
    assert all(name[:4] in claim["source"] for name, claim in shipped.items())


SERIES = """\
measurements: {na: {technique: nmr}}
series: {split: {kind: nmr.split, measurement: na, samples: [one, two], options: {fit: line, reference: one}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("kind: compare", "kind: window\n    range: [1, 2]", ""),
        ("split.shielding", "splt.shielding", "line 7: claims.grows.metric: there is no measurement and no series 'splt' (did you mean 'split'?)"),
        ("[two]", "[three]", "claims.grows.metric: the series 'split' does not take 'three' -> add the sample to the series"),
        ("to: [one]", "to: [two]", "a sample is not compared to itself"),
        ("split.shielding", "exafs.first_shell.height", ""),
    ],
)  # fmt: skip
def test_metrics_of_series(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = GOOD.replace("exafs.first_shell.height", "split.shielding").replace(old, new)
    if "window" in new:
        text = "".join(
            line for line in text.splitlines(True) if not line.strip().startswith(("samples", "to", "relation"))
        )
    folder = with_claims(tmp_path, text, CONFIG + SERIES)
    samples = (folder / "samples.yaml").read_text()
    more = "  three:\n    measurements:\n      exafs: {element: Ta, edge: L3, files: [a.dat]}\n"
    (folder / "samples.yaml").write_text(samples + more)
    assert words in told(folder) if words else list(load_study(folder).claims) == ["grows"]


def test_only_a_series_can_do_without_samples(tmp_path: Path) -> None:
    text = GOOD.replace("kind: compare", "kind: present")
    text = "".join(line for line in text.splitlines(True) if not line.strip().startswith(("samples", "to", "relation")))
    assert "claims.grows.samples: no sample is named" in told(with_claims(tmp_path, text))


def test_a_series_called_like_a_measurement(tmp_path: Path) -> None:
    folder = with_claims(tmp_path, GOOD, CONFIG + "series: {exafs: {kind: xanes.rank, options: {range_ev: [1, 2]}}}\n")
    assert "series.exafs: is also the name of a measurement" in told(folder)


def test_a_trend_names_metrics_that_something_measures(tmp_path: Path) -> None:
    config = CONFIG + "trends: {time: {metrics: [exfas.a.b, 'e*', exafs.a.b]}}\n"
    found = told(with_claims(tmp_path, GOOD, config))
    assert "trends.time.metrics[0]: there is no measurement and no series 'exfas' (did you mean 'exafs'?)" in found
    assert "metrics[1]" not in found and "metrics[2]" not in found
