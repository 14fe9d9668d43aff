"""Pre-edge peaks: simulated edges with known peaks, negative controls, and measured Cl K spectra."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.peaks import shapes
from ntcspec.readers import read_scans
from ntcspec.xas.xanes.peak_fit import PeakFitted, baselines_spread, fit_peaks, refit

E = np.arange(2800.0, 2850.0, 0.15)
RANGES = {"name": "pre_edge", "range_ev": (2812.0, 2824.5), "peak_range_ev": (2819.5, 2823.0)}
NONE = np.array([])
KEYS = ["position", "height", "area", "fwhm", "splitting", "area_ratio", "lines", "delta_bic"]


def spectrum(*lines: tuple[float, float, float], sigma: float = 0.002, seed: int = 1) -> np.ndarray:
    """arctan edge of height 1 at 2824.5 eV with Gaussians (area, centre, fwhm)."""
    y = shapes.arctan_step(E, 2824.5, 1.6)[0] + 0.01 - 0.0005 * (E - 2820)
    for area, centre, fwhm in lines:
        y = y + area * shapes.gaussian(E, centre, fwhm)[0]
    return y + np.random.default_rng(seed).normal(0, sigma, E.size)


def run(y: np.ndarray, sigma: float | None = 0.002, **changed) -> PeakFitted:
    given = {"shape": "gaussian", "baseline": "arctan"} | RANGES | changed
    return fit_peaks(E, y, NONE if sigma is None else np.full(E.size, sigma), **given)


def test_one_line_is_recovered():
    fitted = run(spectrum((0.5, 2821.2, 1.3)))
    found = fitted.values
    assert list(found) == KEYS
    expected = {"position": 2821.2, "area": 0.5, "fwhm": 1.3, "height": 0.5 * shapes.GAUSS_TOP / 1.3}
    for key, value in expected.items():
        assert abs(found[key].value - value) < 4 * found[key].u_stat, key
        assert found[key].u_stat < 0.05 * max(value, 1) if key != "position" else found[key].u_stat < 0.02
        assert found[key].reason == ""
    assert found["lines"].value == 1
    assert found["delta_bic"].value > 2
    for key in ("splitting", "area_ratio"):
        assert np.isnan(found[key].value)
        assert found[key].reason == f"one line describes the data (delta BIC {found['delta_bic'].value:.1f})"
    assert [one.unit for one in found.values()] == ["eV", "1", "eV", "eV", "eV", "1", "1", "1"]
    assert "1 gaussian over arctan and a straight line, 2812-2824.5 eV; reduced chi2" in found["height"].method


def test_two_lines_are_recovered():
    fitted = run(spectrum((0.4, 2820.6, 1.0), (0.6, 2822.0, 1.1)))
    found = fitted.values
    assert found["lines"].value == 2
    expected = {"splitting": 1.4, "area_ratio": 1.5, "area": 1.0, "position": (0.4 * 2820.6 + 0.6 * 2822.0)}
    for key, value in expected.items():
        assert abs(found[key].value - value) < 4 * found[key].u_stat, key
    assert found["delta_bic"].value > 10
    assert "very strong" in found["delta_bic"].method


def test_curves_for_the_store():
    fitted = run(spectrum((0.4, 2820.6, 1.0), (0.6, 2822.0, 1.1)))
    kept = fitted.stored
    assert kept.name == "pre_edge"
    assert kept.lines.shape == (2, kept.energy_ev.size)
    assert kept.total == pytest.approx(kept.baseline + kept.lines.sum(axis=0))
    assert kept.energy_ev[np.argmax(kept.lines[0])] < kept.energy_ev[np.argmax(kept.lines[1])]
    assert np.std((kept.data - kept.total) / kept.data_error) == pytest.approx(1.0, abs=0.3)
    assert set(json.loads(json.dumps(kept.compared, allow_nan=False))) == {"0", "1", "2"}


def test_noise_is_estimated_where_it_is_unknown():
    y = spectrum((0.5, 2821.2, 1.3))
    known, unknown = run(y), run(y, None)
    assert unknown.stored.data_error == pytest.approx(np.full(unknown.stored.energy_ev.size, 0.002), rel=0.3)
    assert unknown.values["height"].value == pytest.approx(known.values["height"].value, rel=1e-6)
    assert unknown.values["height"].u_stat == pytest.approx(known.values["height"].u_stat, rel=0.3)
    assert "noise from the residual" in unknown.values["height"].method


@pytest.mark.parametrize("baseline", ["arctan", "erf", "gaussian_tail"])
def test_an_edge_without_peak_has_none(baseline):
    y = shapes.erf_step(E, 2824.8, 2.2)[0] * 0.6 + 0.5 * shapes.pseudo_voigt(E, 2826.0, 3.0, 0.4)[0]
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(0, 0.004, E.size)
        fitted = run(y + noise, 0.004, baseline=baseline, range_ev=(2812.0, 2823.5))
        assert fitted.lines == 0, fitted.values["height"]
        assert fitted.stored.lines.shape == (0, fitted.stored.energy_ev.size)
        for key in KEYS[:-1]:
            assert np.isnan(fitted.values[key].value)
            assert np.isnan(fitted.values[key].u_stat)
            assert fitted.values[key].reason


def test_noise_alone_has_no_peak():
    found = 0
    for seed in range(100):
        y = 0.05 + np.random.default_rng(seed).normal(0, 0.01, E.size)
        fitted = run(y, 0.01, baseline="line", shape="gaussian")
        found += fitted.lines > 0
    assert found <= 3


def test_weak_peak_is_below_three_sigma():
    fitted = run(spectrum((0.004, 2821.2, 1.0), sigma=0.01), 0.01)
    assert fitted.values["height"].reason.startswith(("below 3 sigma", "no peak"))
    assert np.isnan(fitted.values["position"].value)
    assert set(refit(fitted, spectrum((0.5, 2821.2, 1.3)))) == set(KEYS)
    assert all(np.isnan(v) for v in refit(fitted, spectrum((0.5, 2821.2, 1.3))).values())
    spread = baselines_spread(E, spectrum(), np.full(E.size, 0.01), fitted=fitted, variants=[("erf", (2812, 2824))])
    assert all(np.isnan(v) for v in spread.half_range.values())


@pytest.fixture(scope="module")
def fitted_pair() -> tuple[np.ndarray, PeakFitted]:
    y = spectrum((0.4, 2820.6, 1.0), (0.6, 2822.0, 1.1))
    return y, run(y)


@settings(max_examples=25)
@given(scale=st.floats(0.7, 1.4), offset=st.floats(-0.1, 0.1), slope=st.floats(-0.01, 0.01))
def test_another_normalisation_scales_heights_and_areas_and_moves_nothing(fitted_pair, scale, offset, slope):
    y, fitted = fitted_pair
    again = refit(fitted, scale * y + offset + slope * (E - 2815))
    for key in ("position", "fwhm", "splitting", "area_ratio", "height", "area"):
        nominal = fitted.values[key]
        expected = nominal.value * (scale if key in ("height", "area") else 1.0)
        assert abs(again[key] - expected) < 0.02 * nominal.u_stat, key
    assert np.isnan(again["lines"])
    assert np.isnan(again["delta_bic"])


def test_refit_is_what_a_new_fit_gives():
    y = spectrum((0.5, 2821.2, 1.3))
    curved = y * (1 + 0.002 * (E - 2824.5)) + 1e-5 * (E - 2824.5) ** 2
    again, anew = refit(run(y), curved), run(curved).values
    for key in ("position", "height", "area", "fwhm"):
        assert again[key] == pytest.approx(anew[key].value, abs=0.01 * anew[key].u_stat)


def test_spread_over_baselines():
    y = spectrum((0.5, 2821.2, 1.3))
    sigma = np.full(E.size, 0.002)
    fitted = run(y)
    variants = [("erf", (2812.0, 2824.5)), ("gaussian_tail", (2812.0, 2824.5)), ("arctan", (2814.0, 2824.0))]
    spread = baselines_spread(E, y, sigma, fitted=fitted, variants=variants)
    assert set(spread.tried) | set(spread.failed) == {
        "erf 2812-2824.5",
        "gaussian_tail 2812-2824.5",
        "arctan 2814-2824",
    }
    heights = [fitted.values["height"].value, *(one["height"] for one in spread.tried.values())]
    assert spread.half_range["height"] == pytest.approx((max(heights) - min(heights)) / 2)
    assert spread.half_range["height"] > 0
    assert np.isnan(spread.half_range["splitting"])
    same = baselines_spread(E, y, sigma, fitted=fitted, variants=[("arctan", RANGES["range_ev"])])
    assert same.half_range["height"] < 1e-3 * fitted.values["height"].u_stat


def test_a_variant_that_finds_no_peak_is_named():
    y = spectrum((0.05, 2821.2, 1.3))
    fitted = run(y)
    assert fitted.lines == 1
    spread = baselines_spread(E, y, np.full(E.size, 0.002), fitted=fitted, variants=[("line", (2812.0, 2824.5))])
    assert spread.tried == {}
    assert list(spread.failed) == ["line 2812-2824.5"]
    assert np.isnan(spread.half_range["height"])


def test_three_lines_have_no_splitting():
    y = spectrum((0.3, 2820.0, 0.6), (0.3, 2821.2, 0.6), (0.3, 2822.4, 0.6))
    fitted = run(y, lines=(1, 2, 3))
    assert fitted.values["lines"].value == 3
    assert fitted.values["splitting"].reason.startswith("3 lines describe the data")


def test_only_one_line_asked_for():
    fitted = run(spectrum((0.5, 2821.2, 1.3)), lines=(1,))
    assert fitted.values["lines"].value == 1
    assert fitted.values["splitting"].reason == "two lines were not tried"
    assert fitted.values["delta_bic"].value > 10  # against none


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"peak_range_ev": (2810.0, 2823.0)}, "not inside range_ev"),
        ({"peak_range_ev": (2823.0, 2820.0)}, "not inside range_ev"),
        ({"range_ev": (2819.5, 2823.0)}, None),
        ({"range_ev": (2900.0, 2920.0), "peak_range_ev": (2903.0, 2905.0)}, "0 points between"),
        ({"range_ev": (2819.9, 2821.1), "peak_range_ev": (2820.0, 2821.0)}, "8 points between"),
        ({"baseline": "spline"}, "unknown baseline"),
    ],
)
def test_senseless_ranges_are_refused_in_words(changed, message):
    y = spectrum((0.5, 2821.2, 1.3))
    if message is None:
        assert run(y, **changed).values["height"].unit == "1"
        return
    with pytest.raises(UserError, match=message) as told:
        run(y, **changed)
    assert told.value.where.startswith("measure.peaks.pre_edge")


def test_zero_uncertainty_is_refused():
    with pytest.raises(UserError, match="zero or missing"):
        fit_peaks(E, spectrum(), np.zeros(E.size), **RANGES)


def test_result_is_the_same_twice():
    y = spectrum((0.4, 2820.6, 1.0), (0.6, 2822.0, 1.1))
    a, b = run(y), run(y)
    assert np.array_equal(a.fit.p, b.fit.p)
    assert a.values["height"] == b.values["height"]


def measured(xas_data: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Energy and a simple normalisation of a measured Cl K standard."""
    path = xas_data / "CAMD_Cl-K_standards.prj"
    (scan,) = read_scans(path, path.name, None, name)
    energy, mu = scan.energy_ev, scan.mu(scan.channels[0].mode)
    before, after = (energy < 2813.0), (energy > 2845.0) & (energy < 2900.0)
    pre = np.polyval(np.polyfit(energy[before], mu[before], 1), energy)
    return energy, (mu - pre) / np.mean((mu - pre)[after])


BASELINES = ["arctan", "erf", "gaussian_tail"]


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("salt", ["NaCl", "KCl"])
def test_measured_ionic_chlorides_have_no_pre_edge(xas_data, salt, baseline):
    energy, norm = measured(xas_data, salt)
    fitted = fit_peaks(
        energy,
        norm,
        NONE,
        name="pre_edge",
        range_ev=(2810.0, 2823.5),
        peak_range_ev=(2818.5, 2822.5),
        baseline=baseline,
    )
    assert fitted.lines == 0, fitted.values["height"]


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize(("salt", "where", "heights"), [("CoCl2", 2822.0, (0.3, 0.5)), ("PdCl2", 2820.3, (1.3, 1.6))])
def test_measured_transition_metal_chlorides_have_one(xas_data, salt, where, heights, baseline):
    energy, norm = measured(xas_data, salt)
    fitted = fit_peaks(
        energy,
        norm,
        NONE,
        name="pre_edge",
        range_ev=(2810.0, 2824.5),
        peak_range_ev=(2818.5, 2823.0),
        baseline=baseline,
    )
    assert fitted.lines == 1
    assert fitted.values["position"].value == pytest.approx(where, abs=0.2)
    assert heights[0] < fitted.values["height"].value < heights[1]
