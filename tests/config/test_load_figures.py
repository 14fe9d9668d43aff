"""Figures in config.yaml: how letters are laid out, and every mistake at its place."""

from pathlib import Path

import pytest

from ntcspec.config.figures import Figure
from ntcspec.config.load import load_study
from ntcspec.errors import Problems
from ntcspec.plan import Plan

CONFIG = """\
study: test
panels:
  mu: {kind: exafs.mu}
  chi_k: {kind: exafs.chi_k, labels: {one: first}}
  chi_r: {kind: exafs.chi_r}
figures:
  Figure_1:
"""
SAMPLES = "samples: {one: {measurements: {exafs: {element: Ta, edge: L3, files: [a.dat]}}}}\n"


def study(folder: Path, figure: str, samples: str = SAMPLES, config: str = CONFIG) -> Path:
    (folder / "config.yaml").write_text(config + "".join(f"    {line}\n" for line in figure.splitlines()))
    (folder / "samples.yaml").write_text(samples)
    for name in ("a.dat", "b.dat"):
        (folder / name).write_text("1 2\n")
    return folder


@pytest.mark.parametrize(
    ("figure", "place", "told"),
    [
        ("panels: {A: mu, B: chi_rr}", "line 8: figures.Figure_1.panels.B", "no panel 'chi_rr' (did you mean 'chi_r'?)"),
        ("panels: {A: mu, A: chi_r}", "line 8: figures.Figure_1.panels.A", "this key stands on line 8 already"),
        ("panels: {A: mu, B: mu}", "line 8: figures.Figure_1.panels.B", "panel 'mu' stands under 'A' already"),
        ("panels: {A1: mu}", "line 8: figures.Figure_1.panels.A1", "one letter, A to Z or a to z, not by 'A1'"),
        ("panels: {1: mu}", "figures.Figure_1.panels[1]", "one letter, A to Z or a to z, not by 1"),
        ("panels: {}", "figures.Figure_1.panels", "at least 1 item"),
        ("panels: {A: mu, B: chi_r}\nrows: [AC]", "line 9: figures.Figure_1.rows", "there is no panel 'C'"),
        ("panels: {A: mu, B: chi_r}\nrows: [A]", "line 9: figures.Figure_1.rows", "panel 'B' stands in no row"),
        ("panels: {A: mu, B: chi_r}\nrows: [AB, A]", "line 9: figures.Figure_1.rows", "rows AB, A are not equally long"),
        ("panels: {A: mu, B: chi_r}\nrows: [AB, BA]", "line 9: figures.Figure_1.rows", "'A' form no rectangle"),
        ("panels: {A: mu}\nrows: [A]\ncolumns: 1", "line 7: figures.Figure_1", "`columns` or `rows`, not both"),
        ("panels: {A: mu, B: chi_r}\nwidth_mm: 89\ncolumns: 2", "line 10: figures.Figure_1.columns", "A, B (43 mm"),
        ("panels: {A: mu}\nwidth_mm: 40", "line 9: figures.Figure_1.width_mm", "too narrow: A (40 mm"),
        ("panels: {A: mu}\ncolums: 2", "line 9: figures.Figure_1.colums", "did you mean 'columns'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(tmp_path: Path, figure: str, place: str, told: str) -> None:
    with pytest.raises(Problems) as caught:
        load_study(study(tmp_path, figure))
    assert any(place in str(p) and told in str(p) for p in caught.value.problems), str(caught.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    config = CONFIG.replace("{one: first}", "{onne: first}")
    with pytest.raises(Problems) as caught:
        load_study(study(tmp_path, "panels: {A: nil, B: mu, C: mu}\nrows: [AB, Cx]", config=config))
    told = [str(p).partition(" -> ")[0] for p in caught.value.problems]
    assert told == [
        "config.yaml, line 4: panels.chi_k.labels.onne: no sample 'onne' (did you mean 'one'?)",
        "config.yaml, line 8: figures.Figure_1.panels.A: no panel 'nil'",
        "config.yaml, line 8: figures.Figure_1.panels.C: panel 'mu' stands under 'B' already",
        "config.yaml, line 9: figures.Figure_1.rows: there is no panel 'x'",
    ]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ({}, ("AB", "C.")),
        ({"width_mm": 89}, ("A", "B", "C")),
        ({"columns": 3}, ("ABC",)),
        ({"width_mm": 400}, ("ABC",)),
        ({"rows": ["AB", "CC"]}, ("AB", "CC")),
    ],
)
def test_layout(values: dict[str, object], rows: tuple[str, ...]) -> None:
    assert Figure.model_validate({"panels": {"A": "a", "B": "b", "C": "c"}, **values}).layout() == rows


def test_the_job_takes_the_data_of_its_panels(tmp_path: Path) -> None:
    plan = Plan(load_study(study(tmp_path, "panels: {b: chi_r, a: mu}")))
    job = plan.job("results/figures/Figure_1.png")
    assert [i.path for i in job.inputs] == ["results/panels/chi_r.nxs", "results/panels/mu.nxs"]
    assert job.parameters["rows"] == ["ba"]
    assert job.outputs == tuple(f"results/figures/Figure_1.{s}" for s in ("png", "pdf", "svg"))


def test_a_panel_may_label_samples_in_its_own_way(tmp_path: Path) -> None:
    plan = Plan(load_study(study(tmp_path, "panels: {A: mu}")))
    labels = [plan.job(f"results/panels/{n}.nxs").parameters["entries"][0]["label"] for n in ("chi_k", "chi_r")]
    assert labels == ["first", "one"]


def test_a_sample_added_to_samples_yaml_is_in_the_panels_of_the_figure(tmp_path: Path) -> None:
    before = Plan(load_study(study(tmp_path, "panels: {A: mu}"))).job("results/figures/Figure_1.png")
    more = SAMPLES.replace(
        "samples: {", "samples: {two: {measurements: {exafs: {element: Ta, edge: L3, files: [b.dat]}}}, "
    )
    plan = Plan(load_study(study(tmp_path, "panels: {A: mu}", more)))
    after = plan.job("results/figures/Figure_1.png")
    assert before.key != after.key and after.parameters["samples"] == ["two", "one"]
    assert [e["sample"] for e in plan.job("results/panels/mu.nxs").parameters["entries"]] == ["two", "one"]


def test_a_panel_whose_files_are_missing_stays_in_the_figure(tmp_path: Path) -> None:
    more = SAMPLES.replace("[a.dat]", "[no.dat]").replace(
        "samples: {", "samples: {two: {measurements: {raman: {files: [b.dat]}}}, "
    )
    job = Plan(load_study(study(tmp_path, "panels: {A: mu}", more))).job("results/figures/Figure_1.png")
    assert [i.path for i in job.inputs] == ["results/panels/mu.nxs"]
