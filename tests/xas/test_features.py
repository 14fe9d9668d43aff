"""Metrics: exact positions, Monte Carlo of the uncertainties, systematic spread, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import helpers
import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.types import Array, Metric
from ntcspec.types.exafs import ExafsReduced
from ntcspec.xas.features import measure_exafs
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.reduce import reduce_exafs
from ntcspec.xas.wavelet import wavelet_exafs

K = 0.05 * np.arange(281)
TRANSFORM: dict[str, Any] = {
    "kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning",
}  # fmt: skip
REDUCE = {"rbkg_ang": 1.0}
WAVELET: dict[str, Any] = {"family": "morlet", "eta_sigma": 7.0, "order": None}
WINDOWS = {"first": (1.4, 2.4), "second": (3.3, 4.5)}
BOXES = {"lobe": {"k": (4.0, 11.0), "r": (3.0, 4.8)}}


def _chi(k: Array = K) -> Array:
    envelope = 1 / np.clip(k, 1.0, None)
    first = 0.9 * np.sin(2 * 1.9 * k + 0.4) * np.exp(-0.008 * k**2)
    second = 0.5 * np.sin(2 * 3.9 * k - 0.7) * np.exp(-0.012 * k**2)
    return (first + second) * envelope


def _reduced(chi: Array, covariance: Array | None = None, variants: dict[str, Array] | None = None) -> ExafsReduced:
    empty = np.empty(0)
    variants = variants or {}
    return ExafsReduced(
        mode="transmission", energy_ev=empty, mu=empty, mu_error=empty, pre_edge=empty, post_edge=empty, norm=empty,
        background=empty, e0_ev=10000.0, edge_step=1.0, k_inv_ang=K, chi=chi,
        chi_covariance=np.empty((0, 0)) if covariance is None else covariance, variant_names=tuple(variants),
        variant_chi=np.array(list(variants.values())).reshape(len(variants), K.size), shift_ev=empty,
        shift_error_ev=empty, weight=empty, chosen={}, notes=(),
    )  # fmt: skip


def _measure(reduced: ExafsReduced, **changed: Any) -> dict[str, Metric]:
    transformed = transform_exafs(reduced, **changed.get("transform", TRANSFORM))
    arguments = {
        "reduce": {"rbkg_ang": 1.0},
        "transform": TRANSFORM,
        "wavelet": WAVELET,
        "windows": WINDOWS,
        "boxes": BOXES,
    } | changed
    metrics = measure_exafs(reduced, transformed, wavelet_exafs(transformed, **arguments["wavelet"]), **arguments)
    return {m.name: m for m in metrics.metrics}


def test_positions_are_not_tied_to_the_grid() -> None:
    grid = np.arange(1.8, 2.0, 1e-5)
    transformed = transform_exafs(_reduced(_chi()), **TRANSFORM)
    weight = transformed.window * K**2 * 0.05 / np.sqrt(np.pi)
    size = np.abs(np.exp(-2j * np.outer(grid, K)) @ (weight * _chi()))
    found = _measure(_reduced(_chi()))
    assert found["first.position"].value == pytest.approx(grid[size.argmax()], abs=1e-5)
    assert found["first.height"].value == pytest.approx(size.max(), rel=1e-8)
    assert found["first.height"].value >= transformed.chir_mag.max()


def test_areas_and_volumes_are_integrals() -> None:
    from scipy.integrate import simpson

    found = _measure(_reduced(_chi()))
    transformed = transform_exafs(_reduced(_chi()), **TRANSFORM)
    r = np.linspace(1.4, 2.4, 4001)
    weight = transformed.window * K**2 * 0.05 / np.sqrt(np.pi)
    exact = simpson(np.abs(np.exp(-2j * np.outer(r, K)) @ (weight * _chi())), x=r)
    assert found["first.area"].value == pytest.approx(exact, rel=1e-5)  # trapezoid of 0.005 A
    fine = wavelet_exafs(transformed, **WAVELET, rmin_ang=3.0025, rmax_ang=4.8, rstep_ang=0.005)
    inside = (K > 4 - 1e-9) & (K < 11 + 1e-9)
    volume = simpson(simpson(fine.magnitude[:, inside], x=K[inside], axis=1), x=fine.r_ang)
    assert found["lobe.volume"].value == pytest.approx(volume, rel=5e-3)  # cells of the map's 0.025 A by 0.05 1/A


@pytest.mark.parametrize(
    "wavelet",
    [
        WAVELET,
        {"family": "cauchy", "eta_sigma": None, "order": 50.0},
        {"family": "cmor2.5-1.0", "eta_sigma": None, "order": None},
    ],
)
def test_lobe_is_refined_to_the_true_maximum(wavelet: dict[str, Any]) -> None:
    found = _measure(_reduced(_chi()), wavelet=wavelet)
    transformed = transform_exafs(_reduced(_chi()), **TRANSFORM)
    r0, k0 = found["lobe.position_r"].value, found["lobe.position_k"].value
    from ntcspec.xas.wavelet import wavelet as transform

    k = np.linspace(0, 14, 281 * 40 - 39)  # the same signal, interpolated exactly in k by its Fourier series
    signal = np.fft.irfft(np.fft.rfft(transformed.chi_weighted * transformed.window, 1024), 1024 * 40)[: k.size] * 40
    near = np.abs(k - k0) < 0.3
    r = r0 + np.linspace(-0.02, 0.02, 41)
    size = np.abs(
        transform(k, signal, r, family=wavelet["family"], order=49.0 if wavelet["eta_sigma"] else wavelet["order"])
    )
    i, j = np.unravel_index(np.where(near, size, 0).argmax(), size.shape)
    assert r0 == pytest.approx(r[i], abs=1.1e-3) and k0 == pytest.approx(k[j], abs=1.3e-3)  # steps 0.001 and 0.00125
    assert found["lobe.height"].value == pytest.approx(size[i, j], rel=1e-5)


def test_statistical_uncertainties_agree_with_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    root = 3e-4 * (np.eye(K.size) + 0.6 * np.eye(K.size, k=1)) * (1 + K / 8)[:, None]
    claimed = _measure(_reduced(_chi(), root @ root.T))
    draws = [_measure(_reduced(_chi() + root @ rng.standard_normal(K.size), root @ root.T)) for _ in range(400)]
    assert len(claimed) == 10
    for name, metric in claimed.items():
        values = np.array([d[name].value for d in draws])
        # 400 draws: 3.5 %; 10 % is what the linear law is allowed
        assert np.std(values, ddof=1) == pytest.approx(metric.u_stat, rel=0.10), name
        assert abs(values.mean() - metric.value) < 0.25 * metric.u_stat, name  # bias of the linear law


def test_without_a_covariance_the_noise_at_high_r_is_used() -> None:
    rng = np.random.default_rng(2)
    chis = [_chi() + 4e-4 * rng.standard_normal(K.size) for _ in range(20)]
    given = _measure(_reduced(chis[0], 4e-4**2 * np.eye(K.size)))
    many = [_measure(_reduced(chi), boxes={}) for chi in chis]
    white = many[0]
    # the noise of one spectrum is known to 14 % (k^2 leaves few independent values in 10 A), that of 20 to 3 %
    mean = np.mean([found["first.position"].u_stat for found in many])
    assert mean == pytest.approx(given["first.position"].u_stat, rel=0.10)
    assert "white noise seen at high R" in white["first.position"].method
    assert "scatter of repeat scans" in given["first.position"].method


def test_systematic_is_half_the_range_in_each_group_summed_in_quadrature() -> None:
    longer, shorter = _chi() * 1.10, _chi() * 0.96
    variants = {"rbkg_ang=1.1": longer, "rbkg_ang=0.9": shorter, "e0_shift_ev=1": _chi() * 1.02}
    found = _measure(_reduced(_chi(), variants=variants))
    height = found["first.height"]
    # half of (1.10 - 0.96), and half of (1.02 - 1.00): the nominal value belongs to the range
    assert height.u_sys == pytest.approx(height.value * np.hypot(0.07, 0.01), rel=1e-9)
    assert found["first.position"].u_sys == pytest.approx(0.0, abs=1e-9)
    assert "rbkg_ang, e0_shift_ev in quadrature" in height.method


def test_transform_is_varied_too() -> None:
    found = _measure(_reduced(_chi()), systematic={"kmin_inv_ang": [2.5, 3.5], "kmax_inv_ang": [11.0]})
    heights = {None: found["first.height"].value}
    for change in ({"kmin_inv_ang": 2.5}, {"kmin_inv_ang": 3.5}, {"kmax_inv_ang": 11.0}):
        reduced = _reduced(_chi())
        transformed = transform_exafs(reduced, **(TRANSFORM | change))
        other = measure_exafs(
            reduced, transformed, wavelet_exafs(transformed, **WAVELET), reduce=REDUCE, transform=TRANSFORM | change, wavelet=WAVELET,
            windows=WINDOWS,
        )  # fmt: skip
        heights[str(change)] = other.metrics[1].value
    nominal, low, high, end = heights.values()
    spread = np.hypot(0.5 * np.ptp([nominal, low, high]), 0.5 * abs(end - nominal))
    assert found["first.height"].u_sys == pytest.approx(spread, rel=1e-9)


def test_other_k_weights_count_for_ratios_alone() -> None:
    reduced = _reduced(_chi())
    how: dict[str, Any] = {"windows": {"first_shell": (1.4, 2.4)}, "systematic": {"kweight": (1, 3)}}
    found = _measure(reduced, **how)
    for name in ("first_shell.height", "lobe.volume", "lobe.position_r"):
        assert np.isnan(found[name].u_sys) and "no parameter was varied" in found[name].reason
    ratio = found["lobe.ratio"]
    others = [_measure(reduced, **how, transform={**TRANSFORM, "kweight": w})["lobe.ratio"].value for w in (1, 3)]
    values = [ratio.value, *others]
    assert ratio.u_sys == pytest.approx((max(values) - min(values)) / 2, rel=1e-6) and "kweight" in ratio.method


def test_units_follow_the_k_weight() -> None:
    units = {name: m.unit for name, m in _measure(_reduced(_chi())).items()}
    assert units["first.position"] == units["lobe.position_r"] == "angstrom"
    assert units["lobe.position_k"] == "angstrom^-1"
    assert units["first.height"] == "angstrom^-3"
    assert units["first.area"] == units["lobe.height"] == units["lobe.volume"] == "angstrom^-2"


def test_what_is_missing_says_why() -> None:
    chi = _chi()
    edge = _measure(_reduced(chi), windows={"flank": (2.05, 2.3)}, boxes={"side": {"k": (4.0, 5.0), "r": (1.95, 2.2)}})
    assert np.isnan(edge["flank.position"].value) and edge["flank.position"].reason == "no maximum inside 2.05-2.3 A"
    assert np.isnan(edge["flank.height"].value) and np.isfinite(edge["flank.area"].value)
    assert np.isnan(edge["side.position_r"].value) and "no maximum inside k 4-5" in edge["side.position_k"].reason
    rng = np.random.default_rng(3)
    noise = _measure(_reduced(chi + 0.02 * rng.standard_normal(K.size)), windows={"weak": (5.2, 6.2)}, boxes={})
    assert np.isnan(noise["weak.position"].value) and noise["weak.position"].reason == "below 3 sigma of the noise"
    assert np.isfinite(noise["weak.height"].value) and noise["weak.height"].reason == "below 3 sigma of the noise"
    alone = _measure(_reduced(chi))["first.position"]
    assert np.isnan(alone.u_sys) and alone.reason == "u_sys: no parameter was varied"
    away = {"rbkg_ang=2": np.sin(2 * 2.3 * K) * np.exp(-0.008 * K**2) / np.clip(K, 1, None)}
    gone = _measure(_reduced(chi, variants=away), windows={"first": (1.8, 2.0)})
    assert np.isnan(gone["first.position"].u_sys) and "with rbkg_ang=2" in gone["first.position"].reason
    assert np.isfinite(gone["first.position"].value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"windows": {"lobe": (1.0, 2.0)}}, "name is taken"),
        ({"windows": {"x": (2.0, 1.0)}}, "windows.x"),
        ({"boxes": {"b": {"k": (5.0, 4.0), "r": (3.0, 4.0)}}}, "boxes.b"),
        ({"boxes": {"b": {"k": (4.0, 5.0), "r": (3.0, 9.0)}}}, "beyond the map"),
        ({"systematic": {"kmx": [1.0]}}, "kmx"),
        ({"systematic": {"kmax_inv_ang": [17.0]}}, "17: kmax 17 is beyond the data"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        _measure(_reduced(_chi()), **changed)


def test_full_monte_carlo_shows_what_the_linear_law_neglects() -> None:
    """Noise in mu(E) of two scans through merge, background and transform, against the claimed uncertainty.

    Beyond rbkg the neglected response of the background and the edge step matters little: the claim holds within
    15 %, of which the 150 draws alone can take 6 % (one sigma).
    """
    rng = np.random.default_rng(4)
    grid = helpers.edge_grid()
    mu = helpers.edge_model(grid)
    windows = {"shell": (1.3, 2.6)}
    found: dict[str, list[float]] = {}
    claimed: dict[str, list[float]] = {}
    for _ in range(150):
        scans = helpers.scans(grid, *(mu + 1e-3 * rng.standard_normal(mu.size) for _ in range(2)))
        reduced = reduce_exafs(scans, edge_energy_ev=10000.0, e0_ev=10000.0, weights="equal")
        transformed = transform_exafs(reduced, **TRANSFORM)
        metrics = measure_exafs(
            reduced,
            transformed,
            wavelet_exafs(transformed),
            reduce=REDUCE,
            transform=TRANSFORM,
            wavelet=WAVELET,
            windows=windows,
        )
        for m in metrics.metrics:
            found.setdefault(m.name, []).append(m.value)
            claimed.setdefault(m.name, []).append(m.u_stat)
    for name, values in found.items():
        assert np.std(values, ddof=1) == pytest.approx(np.sqrt(np.mean(np.square(claimed[name]))), rel=0.15), name


def test_the_stages_run_one_after_the_other(xas_data: Path) -> None:
    expected = helpers.reference(xas_data)[helpers.WO3]
    scans = helpers.measured(xas_data, helpers.WO3)
    reduce_parameters = helpers.reduce_parameters(expected, helpers.WO3) | {
        "systematic": {"e0_shift_ev": [-1.0, 1.0], "rbkg_shift_ang": [-0.1, 0.1]}
    }
    reduced = reduce_exafs(scans, **reduce_parameters)
    transformed = transform_exafs(reduced, **TRANSFORM)
    wavelet_map = wavelet_exafs(transformed, **WAVELET)
    parameters: dict[str, Any] = {
        "reduce": REDUCE,
        "windows": {"oxygen": [1.0, 1.8]},
        "boxes": {"tungsten": {"k": [4.0, 11.0], "r": [2.8, 4.2]}},
        "systematic": {"kmin_shift_inv_ang": [-0.5, 0.5], "kmax_inv_ang": [11.0], "dk_shift_inv_ang": []},
        "transform": TRANSFORM,
        "wavelet": WAVELET,
    }
    metrics = {m.name: m for m in measure_exafs(reduced, transformed, wavelet_map, **parameters).metrics}
    position = metrics["oxygen.position"]
    assert position.value == pytest.approx(expected["R_peak"], abs=0.02)  # the reference is a point of the grid
    assert 0 < position.u_stat < 0.01 and 0 < position.u_sys < 0.1
    assert "scatter of repeat scans" in position.method and not position.reason


def test_inputs_are_left_alone() -> None:
    reduced = _reduced(_chi())
    kept = replace(reduced, chi=reduced.chi.copy())
    _measure(reduced)
    assert np.array_equal(reduced.chi, kept.chi)


@pytest.mark.parametrize("rbkg", [0.8, 1.0, 1.2, 1.3])
def test_the_peak_that_a_background_leaves_is_flagged_in_measured_data(xas_data: Path, rbkg: float) -> None:
    """K2PtCl6 has a peak near 1.1 A, up to a quarter of the first shell, which moves and comes and goes with rbkg: what
    papers ask their readers to disregard. No choice of rbkg leaves it without a flag, nor puts one on the Pt-Cl shell."""
    scans = helpers.measured(xas_data, "BMM_Pt-L3-K2PtCl6.xdi")
    transform = {**TRANSFORM, "kmax_inv_ang": 12.5}
    reduced = reduce_exafs(
        scans, edge_energy_ev=11563.7, e0_ev=11567.0, norm2_ev=700.0, bkg_kmax_inv_ang=13.5, rbkg_ang=rbkg,
        systematic={"rbkg_shift_ang": (-0.1, 0.1)},
    )  # fmt: skip
    transformed = transform_exafs(reduced, **transform)
    found = measure_exafs(
        reduced, transformed, wavelet_exafs(transformed), reduce={"rbkg_ang": rbkg}, transform=transform, wavelet={},
        windows={}, systematic={"kmin_shift_inv_ang": (-0.5, 0.5)},
    )  # fmt: skip
    peaks = {round(p.r_ang, 3): p for p in found.peaks if p.curve == "magnitude"}
    low = [p for r, p in peaks.items() if 1.0 < r < 1.2]
    assert len(low) == 1 and low[0].height > 30 * transformed.noise
    assert low[0].flags.startswith("below rbkg" if low[0].r_ang < rbkg else "near rbkg")
    (shell,) = [p for r, p in peaks.items() if 1.9 < r < 1.96]
    assert not shell.flags and shell.u_sys_ang < 0.02
