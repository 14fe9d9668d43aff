"""The NMR files of the demo study through the pipeline, with the study's own config: what comes back of what was put in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pipeline
import pytest

from ntcspec.demo import SEED, find_resources, instrument_seed, nmr
from ntcspec.nmr.split import split_nmr
from ntcspec.types.nmr import NmrMeasured, NmrSplit

MILLED = ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h")
PURE = (MILLED[0], MILLED[2], MILLED[3])  # of which every site is well determined
Results = dict[str, pipeline.Results]


def study_with(folder: Path, files: Mapping[str, bytes]) -> Path:
    (folder / "raw").mkdir()
    study = pipeline.make_study(folder / "study", folder / "raw")
    for name, content in files.items():
        path = folder / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return study


@pytest.fixture(scope="module")
def truth_and_results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Results]:
    made = nmr.make(find_resources(), instrument_seed(SEED, "nmr"))
    study = study_with(tmp_path_factory.mktemp("nmr"), made.files)
    return json.loads(json.dumps(made.truth)), pipeline.run(study, "nmr", list(MILLED))


@pytest.fixture(scope="module")
def truth(truth_and_results: tuple[dict[str, Any], Results]) -> dict[str, Any]:
    return truth_and_results[0]


@pytest.fixture(scope="module")
def results(truth_and_results: tuple[dict[str, Any], Results]) -> Results:
    return truth_and_results[1]


@pytest.fixture(scope="module")
def split(results: Results) -> NmrSplit:
    return split_nmr({name: results[name]["measure"] for name in MILLED}, fit="sodium", reference=MILLED[0])


def number(results: Results, sample: str, name: str) -> tuple[float, float]:
    """Value, and both uncertainties together."""
    found = pipeline.metric(results[sample], f"sodium.{name}")
    return found.value, float(np.hypot(found.u_stat, found.u_sys))


@pytest.mark.parametrize("sample", MILLED)
def test_echo_phase_and_axis(results: Results, truth: dict[str, Any], sample: str) -> None:
    one, true = results[sample]["reduce"], truth["samples"][sample]
    assert one.echo_points == pytest.approx(true["echo_top_points"], abs=0.1)
    apart = one.chosen["phase_at_carrier_deg"] + true["phase_deg"]
    assert abs((apart + 180.0) % 360.0 - 180.0) < 2.0
    assert one.larmor_mhz == pytest.approx(truth["larmor_mhz"], abs=2e-6)
    check = one.chosen["reference_check"]
    assert check["verdict"] == "passed" and abs(check["found_ppm"] - 7.2) < 0.05
    error = pipeline.metric(results[sample], "reference_error").value
    zero_apart_ppm = abs(one.larmor_mhz / truth["larmor_mhz"] - 1.0) * 1e6
    assert zero_apart_ppm < 4 * error + 0.01 and 0.0 < error < 0.01


@pytest.mark.parametrize("sample", MILLED)
def test_sites_are_those_that_were_put_in(results: Results, truth: dict[str, Any], sample: str) -> None:
    """delta_iso 0.1 ppm, sigma 5 %, NaCl 0.01; what is below 3 sigma is no site."""
    true = truth["samples"][sample]
    model = results[sample]["measure"].fits[0].model
    assert model == ("ordered" if true["glass"] == 0.0 else "both")
    assert number(results, sample, "nacl.fraction")[0] == pytest.approx(true["nacl_fraction"], abs=0.01)
    assert number(results, sample, "nacl.position")[0] == pytest.approx(7.2, abs=0.05)
    if true["glass"] < 0.9:
        assert number(results, sample, "delta_iso")[0] == pytest.approx(-9.0, abs=0.1)
        assert number(results, sample, "crystal.cq")[0] == pytest.approx(0.9, abs=0.02)
        assert number(results, sample, "cog")[0] == pytest.approx(true["cog_ppm"], abs=0.1)
    if true["glass"] > 0.0:
        assert number(results, sample, "glass.sigma")[0] == pytest.approx(0.6, rel=0.05)
        share = number(results, sample, "glass.fraction")[0]
        assert share == pytest.approx(true["glass"] * (1.0 - true["nacl_fraction"]), abs=0.04)


def test_all_that_is_given_lies_within_three_uncertainties(results: Results, truth: dict[str, Any]) -> None:
    phases = truth["phases"]
    known = {
        "crystal.delta_iso": phases["crystal"]["delta_iso_ppm"], "crystal.pq": phases["crystal"]["pq_mhz"],
        "glass.delta_iso": phases["glass"]["delta_iso_ppm"], "glass.rms_pq": phases["glass"]["rms_pq_mhz"],
        "delta_iso": -9.0,
    }  # fmt: skip
    seen = 0
    for sample in MILLED:
        for name, true in {**known, "cog": truth["samples"][sample]["cog_ppm"]}.items():
            value, u = number(results, sample, name)
            if np.isfinite(value):
                assert abs(value - true) < 3 * u, (sample, name)
                seen += 1
    assert seen >= 22


def test_the_line_moves_by_its_coupling_and_not_by_shielding(split: NmrSplit, truth: dict[str, Any]) -> None:
    u = np.hypot(split.uncertainty_ppm, split.systematic_ppm)
    for i, sample in enumerate(split.samples):
        true = truth["samples"][sample]["cog_ppm"] - truth["samples"][MILLED[0]]["cog_ppm"]
        assert abs(split.shielding_ppm[i]) <= 3 * u[i, 0] and "isotropic shift changes by" not in split.verdicts[i]
        assert abs(split.quadrupole_ppm[i] - true) <= 3 * u[i, 1]
        if sample in PURE[1:]:
            assert split.shielding_ppm[i] == pytest.approx(0.0, abs=0.1)
            assert split.quadrupole_ppm[i] == pytest.approx(true, abs=0.15)
            assert "no change of the isotropic shift is seen" in split.verdicts[i]
            assert "quadrupolar shift changes by -" in split.verdicts[i]


def test_what_is_not_decided_is_said(split: NmrSplit) -> None:
    """6 h: the coupling of a minor site lives in the tail; 40 h: the place of a minor crystal is hardly known."""
    for sample in ("NTC 6 h", "NTC 40 h"):
        assert "undecided whether" in split.verdicts[split.samples.index(sample)]


def test_the_share_of_glass_orders_the_series_and_no_other_order_passes(results: Results) -> None:
    found = [number(results, sample, "glass.fraction") for sample in MILLED[1:]]
    value, u = np.array(found).T

    def grows(order: tuple[int, ...]) -> bool:
        v, e = value[list(order)], u[list(order)]
        return bool(np.all(v[1:] - e[1:] > v[:-1] + e[:-1]))

    assert [order for order in itertools.permutations(range(4)) if grows(order)] == [(0, 1, 2, 3)]


def test_only_shielding_that_changes_is_seen_as_that(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same phases and files, only all of the sample's shifts are 0.6 ppm lower."""
    sample = "NTC 36 h"
    monkeypatch.setattr(nmr, "DELTA_ISO_PPM", nmr.DELTA_ISO_PPM - 0.6)
    moved = nmr.make(find_resources(), instrument_seed(SEED, "nmr") + 1)
    study = study_with(tmp_path, moved.files)
    after = pipeline.run(study, "nmr", [sample])[sample]["measure"]
    both: dict[str, NmrMeasured | str] = {"before": results[sample]["measure"], "after": after}
    control = split_nmr(both, fit="sodium")
    assert control.shielding_ppm[1] == pytest.approx(-0.6, abs=0.1) and abs(control.quadrupole_ppm[1]) < 0.15
    assert "isotropic shift changes by -0." in control.verdicts[1]
    assert "quadrupolar shift changes by" not in control.verdicts[1]
