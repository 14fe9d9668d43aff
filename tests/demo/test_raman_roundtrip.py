"""The Raman files of the demo study through the pipeline, with the study's own config: what comes back of what was put in."""

from __future__ import annotations

import itertools
import json
import shutil
from typing import Any

import numpy as np
import pipeline
import pytest

from ntcspec.demo import SEED, find_resources, instrument_seed, raman

MILLED = ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h")
Results = dict[str, pipeline.Results]


@pytest.fixture(scope="module")
def truth_and_results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Results]:
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(pipeline.ROOT / "config", folder / "config")
    made = raman.make(find_resources(), instrument_seed(SEED, "raman"))
    for name, content in made.files.items():
        path = folder / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return json.loads(json.dumps(made.truth)), pipeline.run(folder, "raman")


@pytest.fixture(scope="module")
def truth(truth_and_results: tuple[dict[str, Any], Results]) -> dict[str, Any]:
    return truth_and_results[0]["samples"]


@pytest.fixture(scope="module")
def results(truth_and_results: tuple[dict[str, Any], Results]) -> Results:
    return truth_and_results[1]


def series(results: Results, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values from annealed to 40 h, and both their uncertainties together."""
    found = [pipeline.metric(results[sample], name) for sample in MILLED]
    return np.array([m.value for m in found]), np.array([np.hypot(m.u_stat, m.u_sys) for m in found])


def grows(value: np.ndarray, u: np.ndarray) -> bool:
    """Whether each lies above the one before, and their uncertainties do not meet."""
    return bool(np.all(value[1:] - u[1:] > value[:-1] + u[:-1]))


@pytest.mark.parametrize("name", ["a1g_region.fwhm", "a1g.fwhm"])
def test_a1g_widens_outside_its_uncertainty(results: Results, name: str) -> None:
    """From 6 h on; annealed and 6 h are nearly alike. Of the 24 orders only the true one passes."""
    value, u = series(results, name)
    assert abs(value[1] - value[0]) < 0.4
    value, u = value[1:], u[1:]
    orders = [list(order) for order in itertools.permutations(range(4))]
    assert [order for order in orders if grows(value[order], u[order])] == [[0, 1, 2, 3]]


def test_a1g_widens_under_every_single_baseline(results: Results) -> None:
    """u_sys is common to all samples: the order does not hang on the choice."""
    rows = []
    for sample in MILLED[1:]:
        found = results[sample]["measure"]
        rows.append(found.by_baseline[[m.name for m in found.metrics].index("a1g_region.fwhm")])
    assert np.shape(rows) == (4, 5) and np.all(np.diff(rows, axis=0) > 0)


def test_the_width_without_a_model_is_that_of_the_truth(results: Results, truth: dict[str, Any]) -> None:
    value, u = series(results, "a1g_region.fwhm")
    true = np.array([truth[sample]["a1g_fwhm_cm1"] for sample in MILLED])
    assert np.all(np.abs(value - true) < 2 * u) and np.all(u[:2] < 0.2)


def test_eg_vanishes_as_not_detected_and_f2g_widens(results: Results) -> None:
    for sample in MILLED[:2]:
        area = pipeline.metric(results[sample], "eg.area")
        assert area.value > 3 * area.u_stat and np.isfinite(pipeline.metric(results[sample], "eg.position").value)
    for name in ("eg.position", "eg.fwhm", "eg.area"):
        gone = pipeline.metric(results["NTC 40 h"], name)
        assert np.isnan(gone.value) and gone.reason.startswith("not detected")
    width, u = series(results, "f2g.fwhm")
    assert width[-1] - u[-1] > 2 * width[0]


def test_two_modes_are_one_where_the_data_know_no_better(results: Results) -> None:
    split = pipeline.metric(results["TaCl5"], "a1g.splitting")
    assert split.value == pytest.approx(59.0, abs=3 * np.hypot(split.u_stat, split.u_sys))  # 361 and 420
    for sample in ("NTC annealed", "NTC 6 h"):
        assert pipeline.metric(results[sample], "a1g.lines").value == 1
        assert np.isnan(pipeline.metric(results[sample], "a1g.splitting").value)


def test_positions_are_calibrated_by_silicon(results: Results, truth: dict[str, Any]) -> None:
    found = pipeline.metric(results["NTC annealed"], "a1g.position")
    assert found.value == pytest.approx(truth["NTC annealed"]["a1g_position_cm1"], abs=0.1)
    assert found.u_sys == pytest.approx(0.28, abs=0.02)  # that of the reference value
    reduced = results["NTC annealed"]["reduce"]
    assert np.allclose(reduced.measured_shift_cm1 - reduced.shift_cm1, 1.3, atol=0.05)


def test_the_fall_of_the_ratio_is_not_decided(results: Results, truth: dict[str, Any]) -> None:
    """Every baseline takes a part of the broad bands of the glass: the ratio is low, and u_sys says so."""
    value, u = series(results, "f2g_to_a1g")
    assert value[0] - value[-1] < 2 * np.hypot(u[0], u[-1])
    assert np.all(np.abs(value - [truth[sample]["f2g_to_a1g"] for sample in MILLED]) < 2 * u)
    bose, _ = series(results, "f2g_to_a1g.bose_reduced")
    assert np.all((value / bose > 3.0) & (value / bose < 4.5))


def test_spikes_are_taken_out_where_labspec_had_no_filter(results: Results, truth: dict[str, Any]) -> None:
    for sample in MILLED:
        scan, reduced = results[sample]["ingest"].scans[0], results[sample]["reduce"]
        hit = reduced.measured_shift_cm1[reduced.spikes[0] > 0]
        spikes = [s for s in truth[sample]["spikes"] if s["shown_cm1"][0] > reduced.measured_shift_cm1[0]]
        assert scan.filtered == (not truth[sample]["spikes"])
        for spike in spikes:
            assert np.abs(hit - spike["shown_cm1"][0]).min() < 0.3
        put = [at for spike in spikes for at in spike["shown_cm1"]]
        assert all(np.abs(np.array(put) - at).min() < 0.8 for at in hit)
