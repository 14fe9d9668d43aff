"""From files to numbers by the functions of the pipeline: readers, echo, phase, baseline, fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_spectra import GLASS, NACL
from signals_for_nmr import ZERO, fid_of, ingested, signal, spectrum_of

from ntcspec.config.nmr_measure import NmrMeasure
from ntcspec.nmr.measure import measure_nmr
from ntcspec.nmr.raw import ingest_nmr
from ntcspec.nmr.reduce import reduce_nmr
from ntcspec.types import Metric
from ntcspec.types.nmr import NmrIngested, NmrReduced

WIDE = [-70, 50]
NONE = {"phase_deg": 0.0, "limits_ppm": 0.0, "backgrounds": []}


def numbers(reduced: NmrReduced, **section: object) -> dict[str, Metric]:
    measured = measure_nmr(reduced, **NmrMeasure(**section).model_dump(mode="json"))  # type: ignore[arg-type]
    return {m.name: m for m in measured.metrics}


@pytest.mark.parametrize("broadening_hz", [0.0, 50.0])
@pytest.mark.parametrize("name", ["NTC_06h", "NTC_40h"])
def test_spinsight_sets_from_file_to_numbers(data_folder: Path, name: str, broadening_hz: float) -> None:
    """Nothing of the truth is used: 0.1 ppm, 5 % of sigma, 0.01 of NaCl, 2 degrees, 0.1 point."""
    folder = data_folder / "nmr" / "spinsight_synthetic" / name
    truth = json.loads((folder / "truth.json").read_text())
    reduced = reduce_nmr(ingest_nmr([folder], [name]), broadening_hz=broadening_hz)
    assert reduced.echo_points == pytest.approx(truth["echo_top_point"], abs=0.1)
    phase = reduced.chosen["phase_at_carrier_deg"] + truth["zero_order_phase_deg"]
    assert abs((phase + 180.0) % 360.0 - 180.0) < 2.0
    sites = {"glass": GLASS, "nacl": {**NACL, "model": "lorentzian"}}
    found = numbers(reduced, fits={"na": {"range_ppm": WIDE, "sites": sites}})
    assert found["na.glass.delta_iso"].value == pytest.approx(truth["delta_iso_ppm"], abs=0.1)
    assert found["na.glass.sigma"].value == pytest.approx(truth["sigma_czjzek_Hz"] / 1e6, rel=0.05)
    assert found["na.nacl.fraction"].value == pytest.approx(truth["nacl_fraction"], abs=0.01)
    assert found["na.nacl.position"].value == pytest.approx(truth["nacl_ppm"], abs=0.05)
    assert found["na.cog"].value == pytest.approx(truth["cog_czjzek_pred_ppm"], abs=0.1)


@pytest.mark.parametrize("t2_s", [0.002, 0.008])  # over before the last point, and cut at a tenth of its height
def test_the_zero_scatters_as_its_uncertainty_says(t2_s: float) -> None:
    sample = fid_of(signal(512, noise=0.01))
    found = []
    for seed in range(60):
        t = np.arange(2048) * 1e-5
        x = np.exp(2j * np.pi * 700.0 * t - t / t2_s)
        rng = np.random.default_rng(seed)
        x += 0.02 * (rng.standard_normal(2048) + 1j * rng.standard_normal(2048))
        one = reduce_nmr(
            ingested(sample, standard=fid_of(x)),
            reference={"method": "standard", "compound": "1 M NaCl(aq)", "ppm": 0.04},
        )
        found.append((one.larmor_mhz, one.reference_error_ppm))
    zeros, errors = np.array(found).T
    scatter_ppm = 1e6 * np.std(zeros) / zeros[0]
    assert 0.7 < np.median(errors) / scatter_ppm < 1.6


def test_uncertainties_cover_the_scatter_of_the_whole_chain() -> None:
    """Echo top and phase are found in each noise anew. That scatter is not in u_stat, but u_sys (2 degrees) holds it.

    A phase known to the noise moves a line by as much as the noise itself does, and more far from the pivot.
    """
    lines = ((-1100.0, 400.0, 1.0), (800.0, 120.0, 0.1))
    sites = {
        "main": {"model": "gaussian", "shift_ppm": [-20, 0]},
        "small": {"model": "gaussian", "shift_ppm": [5, 15]},
    }
    values, stat, both = [], [], []
    keys = ["na.main.position", "na.main.fwhm", "na.small.position", "na.small.fraction"]
    for seed in range(40):
        raw = fid_of(signal(1024, lines=lines, top=40.3, noise=0.01, seed=seed, phase_deg=50.0), pulse_program="echo")
        found = numbers(reduce_nmr(ingested(raw)), fits={"na": {"range_ppm": WIDE, "sites": sites}})
        values.append([found[k].value for k in keys])
        stat.append([found[k].u_stat for k in keys])
        both.append([np.hypot(found[k].u_stat, found[k].u_sys) for k in keys])
    scatter = np.std(values, axis=0)
    assert (np.median(stat, axis=0) > 0.2 * scatter).all(), np.median(stat, axis=0) / scatter
    assert (np.median(both, axis=0) > 0.7 * scatter).all(), np.median(both, axis=0) / scatter
    zero_hz = (105.67 - ZERO) * 1e6
    truth = np.array([(zero_hz - 1100.0) / ZERO, 400.0, (zero_hz + 800.0) / ZERO, 0.1 / 1.1])
    z = (np.mean(values, axis=0) - truth) / np.median(both, axis=0)
    assert (np.abs(z) < 1.5).all(), z


def test_a_spectrum_without_imaginary_part_is_measured_without_another_phase() -> None:
    nu = np.arange(2048) * 10.0 - 10000.0
    noise = np.random.default_rng(1).normal(size=nu.size) * 5.0
    spectrum = spectrum_of(1000.0 / (1.0 + ((nu + 1000.0) / 150.0) ** 2) + noise, offset_hz=nu)
    reduced = reduce_nmr(NmrIngested((), (spectrum,), ()))
    assert np.isfinite(reduced.real).all() and np.isnan(reduced.imaginary).all()
    assert reduced.sigma[0] == pytest.approx(5.0, rel=0.15)
    sites = {"line": {"model": "lorentzian", "shift_ppm": [-20, 5]}}
    found = numbers(reduced, lines={"a": {"range_ppm": [-30, 5]}}, fits={"na": {"range_ppm": WIDE, "sites": sites}})
    for name in ("a.position", "na.line.position"):
        one = found[name]
        assert one.value == pytest.approx(-1000.0 / ZERO, abs=5 * one.u_stat)
        assert "nothing found with phase +2 deg, phase -2 deg" in one.reason
