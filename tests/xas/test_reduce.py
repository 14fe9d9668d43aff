"""Reduction: measured references, an independent program, covariance and variants."""

from __future__ import annotations

from pathlib import Path

import helpers
import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.types.xas import XasScans
from ntcspec.xas import _larch
from ntcspec.xas.background import chi_covariance, interpolation_matrix
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.normalize import choose_mode
from ntcspec.xas.reduce import reduce_exafs

E0 = 10000.0
GRID = helpers.edge_grid(E0)
MU = helpers.edge_model(GRID, e0_ev=E0)


@pytest.mark.parametrize("name", helpers.EXAFS_NAMES)
def test_reference(xas_data: Path, name: str) -> None:
    expected = helpers.reference(xas_data)[name]
    reduced = reduce_exafs(helpers.measured(xas_data, name), **helpers.reduce_parameters(expected, name))
    assert reduced.energy_ev.size == expected["npts"]
    assert reduced.edge_step == pytest.approx(expected["edge_step"], rel=1e-9)
    # REFERENCE.json holds six decimals, read off by linear interpolation: half a unit of the last, and rounding
    for offset, value in expected["norm_at"].items():
        at = expected["params_pre_edge"]["e0"] + float(offset)
        assert np.interp(at, reduced.energy_ev, reduced.norm) == pytest.approx(value, abs=0.5e-6 + 1e-8)
    for k, value in expected["chi_at_k"].items():
        assert np.interp(float(k), reduced.k_inv_ang, reduced.chi) == pytest.approx(value, abs=0.5e-6 + 1e-8)


@pytest.mark.parametrize("name", [n for n in helpers.EXAFS_NAMES if not n.startswith("Cu")])
def test_rexafs_agrees(xas_data: Path, name: str) -> None:
    # Cu is left out: rexafs takes another edge step there (6 %)
    expected = helpers.reference(xas_data)[name]
    reduced = reduce_exafs(helpers.measured(xas_data, name), **helpers.reduce_parameters(expected, name))
    k, chi, r, chir = helpers.rexafs_chain(reduced, expected)
    ours = np.interp(k, reduced.k_inv_ang, reduced.chi)
    inside = (k >= 1.0) & (k <= expected["params_autobk"]["kmax"])
    # two programs that minimise the same sum to their own tolerance; with k^2 it hardly sees what lies below 1 1/A
    assert np.abs(chi - ours)[inside].max() < 1e-6
    transformed = transform_exafs(reduced)
    # both tabulate |chi(R)| on the same grid
    assert np.abs(np.interp(r, transformed.r_ang, transformed.chir_mag) - chir)[r < 9.9].max() < 1e-5


def test_interpolation_matrix_is_larchs_spline() -> None:
    from scipy.interpolate import UnivariateSpline

    rng = np.random.default_rng(1)
    raw = np.sort(np.concatenate([[-0.05], rng.uniform(0, 13.6, 240)]))
    raw = raw[np.concatenate([[True], np.diff(raw) > 5e-3])]
    k = 0.05 * np.arange(271)
    matrix = interpolation_matrix(raw, k)
    y = rng.standard_normal(raw.size)
    expected = UnivariateSpline(raw, y, s=0)(k)
    # a random curve on random knots swings far beyond its points: relative to that swing
    assert np.abs(matrix @ y - expected).max() < 1e-9 * np.abs(expected).max()


def test_chi_is_the_linear_map_that_the_covariance_takes(xas_data: Path) -> None:
    name = helpers.WO3
    scans = helpers.measured(xas_data, name)
    reduced = reduce_exafs(scans, **helpers.reduce_parameters(helpers.reference(xas_data)[name], name))
    first = _larch.at_or_below(reduced.energy_ev, reduced.e0_ev)
    etok = _larch.etok_inv_ang2_per_ev()
    end = np.flatnonzero(reduced.energy_ev <= reduced.e0_ev + 13.5**2 / etok)[-1] + 2
    above = reduced.energy_ev[first:end] - reduced.e0_ev
    matrix = interpolation_matrix(np.sign(above) * np.sqrt(etok * np.abs(above)), reduced.k_inv_ang)
    residual = (reduced.mu - reduced.background)[first:end] / reduced.edge_step
    assert np.abs(matrix @ residual - reduced.chi).max() < 1e-9
    assert reduced.chi_covariance.shape == (271, 271)
    assert np.array_equal(reduced.chi_covariance, reduced.chi_covariance.T)
    assert np.linalg.eigvalsh(reduced.chi_covariance).min() > -1e-9 * reduced.chi_covariance.max()


def test_covariance_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(2)
    raw = np.sqrt(0.2624682917 * (GRID[GRID > E0] - E0))
    k = 0.05 * np.arange(270)
    matrix = interpolation_matrix(raw, k)
    error = 1e-3 * (1 + raw / 10)
    claimed = chi_covariance(matrix, error, edge_step=0.8)
    draws = (error * rng.standard_normal((4000, raw.size))) @ matrix.T / 0.8
    found = np.cov(draws.T)
    assert np.abs(np.sqrt(np.diag(found) / np.diag(claimed)) - 1).max() < 0.05  # 4000 draws: 1.1 %, largest of 270
    scale = np.sqrt(np.outer(np.diag(claimed), np.diag(claimed)))
    assert np.abs((found - claimed) / scale).max() < 0.1  # correlations are known to 1.6 %, largest of 36 000
    assert (np.abs(claimed[claimed != 0]) >= 1e-12 * claimed.max()).all()


def test_covariance_of_measured_scans_explains_the_noise_at_high_r(xas_data: Path) -> None:
    """Two ways to the same noise: scatter of three scans of WO3, and what is left of chi(R) at 15-25 A."""
    expected = helpers.reference(xas_data)[helpers.WO3]
    reduced = reduce_exafs(helpers.measured(xas_data, helpers.WO3), **helpers.reduce_parameters(expected, helpers.WO3))
    transformed = transform_exafs(reduced)
    weight = transformed.window * reduced.k_inv_ang**2 * 0.05 / np.sqrt(np.pi)
    rows = weight * np.exp(-2j * np.outer(np.linspace(15, 25, 101), reduced.k_inv_ang))
    variance = np.sum((rows @ reduced.chi_covariance) * rows.conj(), axis=1).real
    # the noise at high R is one draw, known to about 14 % (k^2 leaves few independent values in 10 A)
    assert np.sqrt(variance.mean()) == pytest.approx(transformed.noise, rel=0.3)


def test_variants_change_one_parameter_and_stay_on_the_grid(xas_data: Path) -> None:
    name = "BMM_Pt-L3-K2PtCl6.xdi"
    scans = helpers.measured(xas_data, name)
    parameters = helpers.reduce_parameters(helpers.reference(xas_data)[name], name) | {"bkg_kmax_inv_ang": None}
    systematic = {"e0_shift_ev": [-1.0, 1.0], "rbkg_ang": [0.9, 1.1], "norm2_ev": [600.0]}
    reduced = reduce_exafs(scans, **parameters, systematic=systematic)
    shifted = reduce_exafs(scans, **parameters, systematic={"rbkg_shift_ang": [0.1]})
    assert np.array_equal(shifted.variant_chi[0], reduced.variant_chi[3])  # rbkg_ang is 1.0
    assert reduced.variant_names == ("e0_shift_ev=-1", "e0_shift_ev=1", "rbkg_ang=0.9", "rbkg_ang=1.1", "norm2_ev=600")
    assert reduced.variant_chi.shape == (5, reduced.k_inv_ang.size)
    kmax = reduced.chosen["bkg_kmax_inv_ang"]
    alone = reduce_exafs(scans, **(parameters | {"rbkg_ang": 0.9, "bkg_kmax_inv_ang": kmax}))
    assert np.array_equal(alone.chi, reduced.variant_chi[2])
    moved = reduce_exafs(scans, **(parameters | {"e0_ev": 11566.0, "bkg_kmax_inv_ang": kmax}))
    assert np.array_equal(moved.chi[: reduced.chi.size], reduced.variant_chi[0])
    plain = reduce_exafs(scans, **parameters)
    assert np.array_equal(plain.chi, reduced.chi)
    assert plain.variant_chi.shape == (0, plain.k_inv_ang.size)
    with pytest.raises(UserError, match=r"systematic\.rbkg"):
        reduce_exafs(scans, **parameters, systematic={"rbkg": [1.0]})


def test_what_the_program_chose_is_written_down(xas_data: Path) -> None:
    name = "BMM_Ta-L3-Ta_foil.xdi"
    reduced = reduce_exafs(helpers.measured(xas_data, name), edge_energy_ev=9881.1, norm2_ev=900.0, pre1_ev=-210.0)
    assert reduced.e0_ev == pytest.approx(9879.347)
    assert reduced.chosen["mode"] == "transmission"
    assert reduced.chosen["post_edge_range_ev"] == [100.0, pytest.approx(743.814)]
    assert any("post-edge range cut" in note for note in reduced.notes)
    assert any("pre-edge range cut" in note for note in reduced.notes)
    assert any("steepest point" in note for note in reduced.notes)
    assert reduced.mu_error.size == 0 and reduced.chi_covariance.shape == (0, 0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"norm1_ev": 100.0, "norm2_ev": 3000.0}, r"scan0\.dat: data end .*aborted scan"),
        ({"pre1_ev": -900.0}, r"scan0\.dat: data start"),
        ({"norm1_ev": 900.0}, r"norm1_ev"),
        ({"e0_ev": 9000.0}, r"outside the data"),
        ({"edge_energy_ev": 5000.0}, r"Ta L3 edge at 5000 eV"),
        ({"rbkg_ang": 0.01}, r"scan0\.dat: rbkg"),
        ({"mode": "fluorescence"}, r"no fluorescence channel"),
    ],
)
def test_what_the_data_do_not_allow_is_said(changed: dict[str, object], says: str) -> None:
    parameters = {"edge_energy_ev": E0, "element": "Ta", "edge": "L3"} | changed
    with pytest.raises(UserError, match=says):
        reduce_exafs(helpers.scans(GRID, MU), **parameters)  # type: ignore[arg-type]


def test_mode_follows_the_file_then_transmission_then_fluorescence() -> None:
    from dataclasses import replace

    plain = helpers.scan(GRID, MU)
    fluorescence = helpers.scan(GRID, MU, mode="fluorescence")
    foil = replace(helpers.scan(GRID, MU, reference=MU), preferred="reference")
    assert choose_mode(XasScans((plain,)), "auto")[0] == "transmission"
    assert choose_mode(XasScans((fluorescence,)), "auto")[0] == "fluorescence"
    assert choose_mode(XasScans((foil,)), "auto") == ("reference", "named by the file")
    assert choose_mode(XasScans((foil,)), "transmission")[0] == "transmission"
    with pytest.raises(UserError, match="no mode that every scan has"):
        choose_mode(XasScans((plain, fluorescence)), "auto")
    with pytest.raises(UserError, match="different modes"):
        choose_mode(XasScans((foil, replace(foil, preferred="transmission"))), "auto")
