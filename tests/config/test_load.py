"""From YAML to a study: every mistake is told at once, at its place, with a way out."""

from pathlib import Path

import pytest

from ntcspec.config.folders import slug
from ntcspec.config.load import find_config, load_study
from ntcspec.config.resolve import merge
from ntcspec.errors import Problems, UserError
from ntcspec.plan import Plan

CONFIG = """\
study: test
defaults:
  exafs:
    reduce: {rbkg_ang: 1.2}
panels:
  fig: {kind: exafs.chi_r}
"""
SAMPLES = """\
samples:
  one:
    measurements:
      exafs: {element: Ta, edge: L3, files: [a.dat]}
  two:
    measurements:
      exafs:
        element: Ta
        edge: L3
        files: [b.dat]
        reduce: {e0_ev: 9881.5}
"""


def study(folder: Path, config: str = CONFIG, samples: str = SAMPLES) -> Path:
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    (folder / "samples.yaml").write_text(samples, encoding="utf-8")
    for name in ("a.dat", "b.dat"):
        (folder / name).write_text("1 2\n")
    return folder


def problems_of(folder: Path) -> list[str]:
    try:
        return [str(p) for p in load_study(folder).problems]
    except Problems as found:
        return [str(p) for p in found.problems]


def test_resolves_defaults_under_overrides(tmp_path: Path) -> None:
    loaded = load_study(study(tmp_path))
    one, two = loaded.measurements
    assert (one.parameters["reduce"]["rbkg_ang"], one.parameters["reduce"]["e0_ev"]) == (1.2, None)
    assert (two.parameters["reduce"]["rbkg_ang"], two.parameters["reduce"]["e0_ev"]) == (1.2, 9881.5)
    assert one.parameters["subject"]["edge_energy_ev"] == 9881.0
    assert one.folder == "results/one/exafs"


@pytest.mark.parametrize(
    ("wrong", "place", "told"),
    [
        (SAMPLES.replace("  one:", '  "one\\ntwo":'), "samples.yaml, line 1: samples", "holds a line break"),
        (SAMPLES.replace("edge: L3,", "egde: L3,"), "line 4: samples.one.measurements.exafs.egde", "did you mean 'edge'?"),
        (SAMPLES.replace("  one:", "  one:\n    composition: NaTa(Cl6"), "line 3: samples.one.composition", "')' is missing"),
        (SAMPLES.replace("  one:", "  one:\n    composition: NaTqCl6"), "line 3: samples.one.composition", "'Tq' is no element"),
        (SAMPLES.replace("element: Ta,", "element: Tb2,"), "line 4: samples.one.measurements.exafs.element", "'Tb2' is no element"),
        (SAMPLES.replace("edge: L3,", "edge: L4,"), "line 4: samples.one.measurements.exafs.edge", "not 'L4'"),
        (SAMPLES.replace("[a.dat]", "[A.dat]"), "samples.one.measurements.exafs.files[0]", "did you mean 'a.dat'?"),
        (SAMPLES.replace("[a.dat]", "[.]"), "samples.one.measurements.exafs.files[0]", "is a folder"),
        (SAMPLES.replace("[a.dat]", "[/a.dat]"), "samples.one.measurements.exafs.files[0]", "absolute path"),
        (SAMPLES.replace("files: [a.dat]", "file: a.dat"), "samples.one.measurements.exafs.file", "did you mean 'files'?"),
        (SAMPLES.replace("[a.dat]", "[]"), "samples.one.measurements.exafs.files", "at least 1 item"),
        (SAMPLES.replace("exafs: {", "exfas: {"), "samples.one.measurements.exfas", "did you mean 'exafs'?"),
        (SAMPLES.replace("e0_ev: 9881.5", "e0: 9881.5").replace("two", "one").replace("one", "two", 1),
         "line 11: samples.one.measurements.exafs.reduce.e0", "did you mean 'e0_ev'?"),
        (SAMPLES.replace("edge: L3,", "edge: L3, setup: {detector: multichannel},"),
         "line 4: samples.one.measurements.exafs.setup", "exafs has no key 'setup'"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_measurement_leaves_the_other(tmp_path: Path, wrong: str, place: str, told: str) -> None:
    loaded = load_study(study(tmp_path, samples=wrong))
    assert any(place in str(p) and told in str(p) for p in loaded.problems), loaded.problems
    assert [m.sample for m in loaded.measurements] == ["two"]
    assert [e.sample for e in loaded.excluded] in (["one"], ["one\ntwo"])


@pytest.mark.parametrize(
    ("wrong", "place", "told"),
    [
        (CONFIG.replace("rbkg_ang", "rbgk_ang"), "config.yaml, line 4: defaults.exafs.reduce.rbgk_ang", "did you mean 'rbkg_ang'?"),
        (CONFIG.replace("1.2", "'wide'"), "config.yaml, line 4: defaults.exafs.reduce.rbkg_ang", "not 'wide'"),
        (CONFIG.replace("1.2", "-1"), "config.yaml, line 4: defaults.exafs.reduce.rbkg_ang", "greater than 0"),
        (CONFIG.replace("reduce", "redcue"), "config.yaml, line 4: defaults.exafs.redcue", "did you mean 'reduce'?"),
        (CONFIG.replace("study: test", "name: test"), "config.yaml: study", "this key is missing"),
        (CONFIG.replace("exafs.chi_r", "exafs.chir"), "config.yaml, line 6: panels.fig.kind", "did you mean 'exafs.chi_r'?"),
        (CONFIG + "study: again\n", "config.yaml, line 7: study", "stands on line 1 already"),
        (CONFIG.replace("panels:", "panels: ["), "config.yaml, line", "not valid YAML"),
        (CONFIG + "raw_root: ${NTCSPEC_NO_SUCH}\n", "config.yaml, line 7: raw_root", "NTCSPEC_NO_SUCH is not set"),
        ("", "config.yaml", "holds no keys"),
        (CONFIG.replace("exafs.chi_r", "study.trend"), "config.yaml, line 6: panels.fig", "no metric is named"),
        (CONFIG.replace("{kind: exafs.chi_r}", "{kind: study.trend, options: {metrics: [exafs.shell.position], against: milling}}"),
         "line 6: panels.fig.options.against", "no sample has a property 'milling'"),
        (CONFIG.replace("{kind: exafs.chi_r}", "{kind: study.correlation, options: {metrics: [exafs.a.b]}}"),
         "line 6: panels.fig.options", "no property is named"),
        (CONFIG + "trends:\n  milling: {scale: log}\n", "config.yaml, line 8: trends.milling", "no sample has a property 'milling'"),
        (CONFIG.replace("study: test", 'study: "a\\nb"'), "config.yaml, line 1: study", "holds a line break"),
        (CONFIG.replace("study: test", 'study: "a\\x07b"'), "config.yaml, line 1: study", "the character U+0007"),
        (CONFIG + "  Fig: {kind: exafs.mu}\n", "line 7: panels.Fig", "differs from 'fig' in small and capital letters"),
        (CONFIG + "trends: {milling: {scale: cubic}}\n", "line 7: trends.milling.scale", "'linear' or 'log'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_config_stops_the_study(tmp_path: Path, wrong: str, place: str, told: str) -> None:
    with pytest.raises(Problems) as caught:
        load_study(study(tmp_path, config=wrong))
    assert any(place in str(p) and told in str(p) for p in caught.value.problems), str(caught.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    wrong = SAMPLES.replace("element: Ta, edge: L3", "element: Xx, edge: L9").replace("b.dat", "no.dat")
    found = "\n".join(problems_of(study(tmp_path, samples=wrong)))
    assert "'Xx' is no element" not in found  # the edge is refused by the model first, at its own key
    assert "L9" in found and "no.dat" in found


def test_a_range_upside_down_names_both(tmp_path: Path) -> None:
    wrong = CONFIG.replace("{rbkg_ang: 1.2}", "{pre1_ev: -50, pre2_ev: -150}")
    assert "`pre1_ev` must be below `pre2_ev`" in "\n".join(problems_of(study(tmp_path, config=wrong)))


def test_two_samples_that_would_share_a_folder(tmp_path: Path) -> None:
    text = SAMPLES.replace("  one:", "  'a b':").replace("  two:", "  'a/b':")
    found = load_study(study(tmp_path, samples=text))
    assert "same folder 'results/a_b/exafs'" in str(found.problems[0])


def test_folders_that_some_discs_take_for_one(tmp_path: Path) -> None:
    found = load_study(study(tmp_path, samples=SAMPLES.replace("  two:", "  ONE:")))
    assert "'results/ONE/exafs' as one / exafs" in str(found.problems[0])


@pytest.mark.parametrize(
    "text", ["samples: {}\n", "samples:\n", "samples: []\n", "", "sample: {}\n", "samples: {a: }\n"]
)
def test_a_study_without_samples_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(Problems) as caught:
        load_study(study(tmp_path, samples=text))
    (problem,) = caught.value.problems
    assert problem.where.startswith("samples.yaml") and problem.fix


def test_environment_in_raw_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG + "raw_root: ${NTCSPEC_TEST_ROOT:-.}/.\n"
    assert load_study(study(tmp_path, config=config)).raw_root == "./."
    monkeypatch.setenv("NTCSPEC_TEST_ROOT", str(tmp_path))
    assert load_study(tmp_path).raw_root == f"{tmp_path}/."


def test_find_config_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no config"):
        find_config(tmp_path)


def test_merge_and_slug() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2]}) == {"a": {"b": 3, "c": 2}, "d": [2]}
    names = ("NTC 40 h", "TaCl₅", "ü<script>", "медь", "..", "")
    assert [slug(name) for name in names] == ["NTC_40_h", "TaCl5", "u_script_", "медь", "_", "_"]


def test_a_window_and_a_box_need_different_names(tmp_path: Path) -> None:
    measure = "measure: {windows: {lobe: [1, 2]}, boxes: {lobe: {k: [3, 8], r: [3, 4]}}}"
    found = problems_of(study(tmp_path, config=CONFIG.replace("reduce: {rbkg_ang: 1.2}", measure)))
    assert any("line 4: defaults.exafs.measure: 'lobe' names a window and a box" in p for p in found), found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{value: 1, unit: h, reason: why}", "give `value`, or `reason`"),
        ("{unit: h}", "give `value`, or `reason`"),
        ("{value: 1}", "unit: this key is missing"),
        ("{value: 1, unit: h, u: -1}", "greater than or equal to 0"),
    ],
)
def test_a_property_has_a_unit_and_a_value_or_a_reason(tmp_path: Path, given: str, told: str) -> None:
    text = SAMPLES.replace("  one:\n", f"  one:\n    properties:\n      milling_time: {given}\n")
    loaded = load_study(study(tmp_path, samples=text))
    assert any("line 4: samples.one.properties.milling_time" in str(p) and told in str(p) for p in loaded.problems)
    assert [m.sample for m in loaded.measurements] == ["two"]


@pytest.mark.parametrize("name", ["x" * 150, "ab" * 30])
def test_a_name_that_no_folder_can_have(tmp_path: Path, name: str) -> None:
    found = load_study(study(tmp_path, samples=SAMPLES.replace("  one:", f"  {name}:")))
    assert "give a shorter name" in str(found.problems[0])
    assert [m.sample for m in found.measurements] == ["two"]


SHARED = """\
study: test
defaults:
  exafs: {reduce: {rbkg_ang: 1.2}}
measurements:
  ta_l3: {technique: exafs, element: Ta, edge: L3, reduce: {rbkg_ang: 1.3, e0_ev: 9882}}
"""
NAMED = """\
samples:
  one: {measurements: {ta_l3: {files: [a.dat]}}}
  two: {measurements: {ta_l3: {files: [b.dat], reduce: {e0_ev: 9883}}}}
"""


def test_what_measurements_of_a_name_share_lies_between_defaults_and_their_own(tmp_path: Path) -> None:
    one, two = load_study(study(tmp_path, SHARED, NAMED)).measurements
    assert [(m.technique, m.parameters["subject"]["edge"]) for m in (one, two)] == [("exafs", "L3")] * 2
    assert [m.parameters["reduce"]["rbkg_ang"] for m in (one, two)] == [1.3, 1.3]
    assert [m.parameters["reduce"]["e0_ev"] for m in (one, two)] == [9882, 9883]


@pytest.mark.parametrize(
    ("config", "samples", "told"),
    [
        (SHARED.replace("rbkg_ang: 1.3", "rbgk_ang: 1"), NAMED, "config.yaml, line 5: measurements.ta_l3.reduce.rbgk_ang"),
        (SHARED.replace("edge: L3, ", ""), NAMED, "the key 'edge' is missing"),
        (SHARED.replace("element: Ta", "element: Tx"), NAMED, "config.yaml, line 5: measurements.ta_l3.element"),
        (SHARED, NAMED.replace("{files: [b", "{technique: xanes, files: [b"), "is xanes here and exafs in another sample"),
        (SHARED, NAMED.replace("[b.dat], ", "[b.dat], fourier: {}, "), "ta_l3.fourier: unknown key"),
        (SHARED.replace("technique: exafs", "technique: xanes").replace("reduce: {rbkg_ang: 1.3, e0_ev: 9882}", "wavelet: {}"),
         NAMED, "xanes has no stage 'wavelet'"),
        (SHARED + "series: {rank: {kind: xanes.rank, samples: [six], options: {range_ev: [1, 2]}}}", NAMED,
         "series.rank.samples[0]: no sample 'six'"),
        (SHARED + "series: {rank: {kind: xanes.rank, options: {range_ev: [2, 1]}}}", NAMED, "series.rank.options.range_ev"),
    ],
)  # fmt: skip
def test_mistakes_in_what_is_shared_are_told_where_they_stand(
    tmp_path: Path, config: str, samples: str, told: str
) -> None:
    assert any(told in p for p in problems_of(study(tmp_path, config, samples))), problems_of(tmp_path)


XANES = SHARED.replace("technique: exafs", "technique: xanes").replace(
    "reduce: {rbkg_ang: 1.3, e0_ev: 9882}", "transform: {standards: [one, STANDARD]}"
)


def test_a_standard_that_is_no_sample_takes_out_those_that_name_it(tmp_path: Path) -> None:
    found = problems_of(study(tmp_path, XANES.replace("STANDARD", "tow"), NAMED.replace(", reduce: {e0_ev: 9883}", "")))
    assert any("measurements.ta_l3.transform.standards" in p and "did you mean 'two'?" in p for p in found), found


def test_a_stage_gets_the_artifacts_of_its_standards_but_not_its_own(tmp_path: Path) -> None:
    folder = study(tmp_path, XANES.replace("STANDARD", "two"), NAMED.replace(", reduce: {e0_ev: 9883}", ""))
    plan = Plan(load_study(folder))
    one, two = (plan.job(f"results/{name}/ta_l3/transform.nxs") for name in ("one", "two"))
    assert [i.path for i in one.inputs] == ["results/one/ta_l3/reduce.nxs", "results/two/ta_l3/reduce.nxs"]
    assert [i.path for i in two.inputs] == ["results/two/ta_l3/reduce.nxs", "results/one/ta_l3/reduce.nxs"]
    assert one.work["references"]["samples"] == ["two"]
    assert one.key != two.key


def test_a_standard_without_that_measurement_is_missing_with_the_reason(tmp_path: Path) -> None:
    samples = NAMED.replace("two: {measurements: {ta_l3: {files: [b.dat], reduce: {e0_ev: 9883}}}}",
                            "two: {measurements: {exafs: {element: Ta, edge: L3, files: [b.dat]}}}")  # fmt: skip
    plan = Plan(load_study(study(tmp_path, XANES.replace("STANDARD", "two"), samples)))
    job = plan.job("results/one/ta_l3/transform.nxs")
    assert job.parameters["references"] == {"two": "not measured"} and len(job.inputs) == 1


@pytest.mark.parametrize("name", ["study", "Logs", "panels"])
def test_a_sample_cannot_take_a_folder_of_results_that_holds_other_things(tmp_path: Path, name: str) -> None:
    found = load_study(study(tmp_path, samples=SAMPLES.replace("one:", f"{name}:")))
    assert [m.folder for m in found.measurements] == [f"results/_{name}/exafs", "results/two/exafs"]
