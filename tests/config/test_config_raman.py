"""Parameters of Raman: what is wrong is said when the study is read, at its place; a stage that is not wanted is not planned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ntcspec.config.load import load_study
from ntcspec.errors import Problems
from ntcspec.plan import Plan

CONFIG = """\
study: s
measurements:
  raman:
    ingest: {silicon: raw/si.txt}
    reduce: {baseline: arpls lam=1e5, baselines: [imodpoly]}
    measure:
      bands: {a1g: {range_cm1: [330, 450]}}
      regions: {a: [340, 440], b: [130, 200]}
      ratios: {r: [a, b]}
panels:
  stack: {kind: raman.stack, options: {regions: {a: [340, 440]}}}
"""
SAMPLES = "samples:\n  one: {measurements: {raman: {files: [raw/one.txt]}}}\n"


def study(folder: Path, config: str = CONFIG, samples: str = SAMPLES) -> Path:
    (folder / "raw").mkdir(exist_ok=True)
    for name in ("one", "si"):
        (folder / f"raw/{name}.txt").write_text("100 1\n")
    (folder / "config.yaml").write_text(config)
    (folder / "samples.yaml").write_text(samples)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("arpls lam=1e5", "arlps", "config.yaml, line 5: .*baseline: unknown baseline 'arlps' .did you mean 'arpls'"),
        ("arpls lam=1e5", "arpls p=2", "arpls has no parameter 'p'; it has: lam"),
        ("[imodpoly]", "[imodpoly, imodpoly]", "'imodpoly' stands twice"),
        ("[imodpoly]", "[none]", "`none` is no other baseline"),
        ("[330, 450]", "[330, 450], peak_range_cm1: [300, 400]", "`peak_range_cm1` 300 to 400 must lie inside"),
        ("r: [a, b]", "r: [a, c]", "there is no region 'c' under `regions`"),
        ("r: [a, b]", "a: [a, b]", "'a' is used twice"),
        ("regions: {a: [340, 440]}", "regions: {a: [440, 340]}", "options"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_when_the_study_is_read(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(Problems) as found:
        load_study(study(tmp_path, CONFIG.replace(old, new, 1)))
    assert len(found.value.problems) == 1
    assert re.search(told, str(found.value.problems[0])), str(found.value.problems[0])


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("element: Ta", "raman has no key 'element'"),
        ("select: x", "raman has no key 'select'"),
        ("setup: {scattering_configuration: zxxz}", "'zxxz' is no Porto notation"),
        ("setup: {detector: ccd}", "not 'ccd'"),
        ("setup: {polarisation: x}", "setup.polarisation"),
        ("ingest: {silicon: raw/so.txt}", "no such file 'raw/so.txt' in '.' (did you mean 'si.txt'?)"),
        ("wavelet: {}", "raman has no stage 'wavelet'"),
    ],
)
def test_a_mistake_in_one_measurement_takes_it_out(tmp_path: Path, own: str, told: str) -> None:
    bad = f"  two: {{measurements: {{raman: {{files: [raw/one.txt], {own}}}}}}}\n"
    plan = load_study(study(tmp_path, samples=SAMPLES + bad))
    assert [m.sample for m in plan.measurements] == ["one"]
    assert [told in str(p) for p in plan.problems] == [True], plan.problems


def test_silicon_is_an_input_of_ingest_and_the_transform_is_planned_on_request(tmp_path: Path) -> None:
    plan = Plan(load_study(study(tmp_path)))
    jobs = [name for name in plan.jobs if "/one/" in name]
    assert [Path(name).stem for name in jobs] == ["ingest", "reduce", "measure"]
    assert [(i.role, i.path) for i in plan.job(jobs[0]).inputs] == [("raw", "raw/one.txt"), ("silicon", "raw/si.txt")]
    assert [i.role for i in plan.job(jobs[2]).inputs] == ["reduce"]
    warm = CONFIG.replace("    measure:\n", "    transform: {temperature_k: 295}\n    measure:\n")
    plan = Plan(load_study(study(tmp_path, warm)))
    assert [i.role for i in plan.job("results/one/raman/measure.nxs").inputs] == ["reduce", "transform"]
