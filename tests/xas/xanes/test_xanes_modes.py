"""Differences between detection modes: closed forms, Monte Carlo, and the measured Zn foil."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xanes_made as made

from ntcspec.readers import read_scans
from ntcspec.types import Array
from ntcspec.types.xanes import XanesReduced
from ntcspec.types.xas import XasScans
from ntcspec.xas.xanes.modes import compare_modes
from ntcspec.xas.xanes.reduce import reduce_xanes

EDGE = (2812.0, 2842.0)
WINDOWS = {"white_line": (2824.0, 2830.0)}
RATIO = "fluorescence_over_tey.white_line"
RMS = "fluorescence_minus_tey.white_line.rms"
CLEAN = made.phase(made.GRID, 0)
FOIL = "CLS_SXRMB_Zn_foil_XANES_scan1.dat"


def saturated(norm: Array, depth: float) -> Array:
    """What a thick sample's fluorescence makes of norm: (1 + depth) norm / (1 + depth norm), 1 stays 1."""
    return (1 + depth) * norm / (1 + depth * norm)


def pair(
    depth: float, *, noise: float = 0.003, seed: int = 1, step_error: float = 0.0, primary: str = "tey"
) -> XanesReduced:
    """A measurement in electron yield and fluorescence."""
    rng = np.random.default_rng(seed)
    scale = 1 + rng.normal(0, step_error, 2)
    error = 2.0 * step_error if step_error else made.NAN
    tey, fluorescence = (
        made.normalised(s * norm + rng.normal(0, noise, CLEAN.size), noise=noise, mode=mode, step_error=error)
        for s, norm, mode in zip(scale, (CLEAN, saturated(CLEAN, depth)), ("tey", "fluorescence"), strict=True)
    )
    return made.reduced(*((tey, fluorescence) if primary == "tey" else (fluorescence, tey)))


def test_ratio_and_rms_of_a_saturated_spectrum() -> None:
    """Without noise: the ratio of the maxima, and the rms written out."""
    found = compare_modes(pair(0.5, noise=1e-6), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3)
    thin = saturated(CLEAN, 0.5)
    assert found.values[RATIO].value == pytest.approx(thin.max() / CLEAN.max(), rel=1e-3)
    inside = (made.GRID >= 2824) & (made.GRID <= 2830)
    assert found.values[RMS].value == pytest.approx(np.sqrt(np.mean((thin - CLEAN)[inside] ** 2)), rel=1e-4)


def test_the_name_and_the_number_do_not_hang_on_which_mode_is_primary() -> None:
    options = {"edge_range_ev": EDGE, "windows": WINDOWS, "smooth_ev": 0.3}
    one, other = (compare_modes(pair(0.3, primary=p), **options) for p in ("tey", "fluorescence"))
    assert set(one.values) == set(other.values) == {RATIO, RMS}
    assert one.values[RATIO].value == pytest.approx(other.values[RATIO].value)
    assert one.values[RMS].value == pytest.approx(other.values[RMS].value)


def test_uncertainties_match_monte_carlo() -> None:
    """Noise of both modes and the errors of both edge steps."""
    options = {"edge_range_ev": EDGE, "windows": WINDOWS, "smooth_ev": 0.3}
    draws = [compare_modes(pair(0.3, noise=0.01, seed=i, step_error=0.01), **options).values for i in range(300)]
    for name in (RATIO, RMS):
        claimed = np.mean([d[name].u_stat for d in draws])
        assert claimed == pytest.approx(np.std([d[name].value for d in draws]), rel=0.15), name


def test_over_absorption_is_noted_only_beyond_the_uncertainties() -> None:
    """Strong: noted. Absent or hidden in noise: not, in 40 draws. Higher in fluorescence: not."""
    options = {"edge_range_ev": EDGE, "windows": WINDOWS, "smooth_ev": 0.3}
    assert any("over-absorption is likely" in n for n in compare_modes(pair(0.5), **options).notes)
    for seed in range(40):
        assert not compare_modes(pair(0.0, seed=seed), **options).notes
        assert not compare_modes(pair(0.01, noise=0.03, seed=seed), **options).notes
    assert not compare_modes(pair(-0.2), **options).notes


def test_a_choice_that_lifts_the_ratio_above_one_withholds_the_note() -> None:
    both = pair(0.1)
    lifted = both.spectra[1].choice_norm.copy()
    lifted[3] *= 1.2
    options = {"edge_range_ev": EDGE, "windows": WINDOWS, "smooth_ev": 0.3}
    assert compare_modes(both, **options).notes
    changed = replace(both, spectra=(both.primary, replace(both.spectra[1], choice_norm=lifted)))
    found = compare_modes(changed, **options)
    assert found.by_choice[RATIO][3] > 1 and not found.notes


def test_choices_are_made_alike() -> None:
    """A choice that both modes share cancels in the ratio; one that only one has is missing."""
    found = compare_modes(pair(0.3, noise=1e-6), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3)
    assert found.by_choice[RATIO] == pytest.approx(np.full(5, found.values[RATIO].value), rel=0.01)
    assert np.ptp(found.by_choice[RMS]) > 0.1 * found.values[RMS].value  # a difference scales with 1 / step
    both = pair(0.3)
    other = replace(both.spectra[1], choice_names=("x", *both.spectra[1].choice_names[1:]))
    found = compare_modes(
        replace(both, spectra=(both.primary, other)), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3
    )
    assert np.isnan(found.by_choice[RATIO]).tolist() == [True, False, False, False, False]


def test_equal_modes_are_not_above_noise() -> None:
    """rms of noise alone is not a difference, and is said not to be one in most of 40 draws."""
    reasons = [
        compare_modes(pair(0.0, seed=i), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3).values[RMS].reason
        for i in range(40)
    ]
    assert sum("not above noise" in r for r in reasons) >= 36
    assert not compare_modes(pair(0.3), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3).values[RMS].reason


def test_missing_data_have_a_reason() -> None:
    both = pair(0.3)
    cut = made.normalised(CLEAN[:100], energy_ev=made.GRID[:100], mode="fluorescence", noise=0.01)
    found = compare_modes(made.reduced(both.primary, cut), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3)
    assert "fluorescence has data from 2790.0 to 2824.6 eV only" in found.values[RATIO].reason
    assert np.isnan(found.by_choice[RATIO]).all() and np.isnan(found.values[RMS].value)
    assert compare_modes(made.reduced(both.primary), edge_range_ev=EDGE, windows=WINDOWS, smooth_ev=0.3).values == {}


@pytest.mark.parametrize("mode", ["tey", "fluorescence"])
def test_measured_zn_foil(xas_data: Path, mode: str) -> None:
    """The white line in fluorescence is suppressed, by what REFERENCE.json says of both modes."""
    expected = json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))
    ratio = expected[f"{FOIL} PFY"]["max_norm"] / expected[f"{FOIL} TEY"]["max_norm"]
    choices = {"norm1_shift_ev": (-5.0, 0.0, 10.0), "norm2_shift_ev": (-15.0, 0.0), "pre2_shift_ev": (-5.0, 0.0)}
    reduced = reduce_xanes(
        XasScans(read_scans(xas_data / FOIL, FOIL)), element="Zn", edge="K", edge_energy_ev=9658.6, composition="Zn",
        mode=mode, pre1_ev=-30.0, pre2_ev=-12.0, norm1_ev=40.0, norm2_ev=115.0, norm_degree=1, choices=choices,
    )  # fmt: skip
    found = compare_modes(reduced, edge_range_ev=(9650.0, 9690.0), windows={"top": (9662.0, 9680.0)}, smooth_ev=0.3)
    assert found.values[RATIO].value == pytest.approx(ratio, abs=0.01)
    assert found.values[RATIO].u_stat < 0.005
    assert any("over-absorption is likely" in n and "tey" in n for n in found.notes)
    assert np.isfinite(found.by_choice[RATIO]).all()
    assert not found.values["fluorescence_minus_tey.top.rms"].reason
