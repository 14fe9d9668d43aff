"""chi(k) of paths: larch and the stored FEFF model as oracles; derivatives against finite differences."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from path_models import model_sigma2

from ntcspec.types import Array
from ntcspec.xas.paths.feff_files import FeffPath
from ntcspec.xas.paths.path_chi import ETOK, PARAMETERS, path_chi, path_chi_gradient, path_tables

K = np.arange(1.5, 16.01, 0.05)
LARCH = {"delta_r_ang": "deltar", "sigma2_ang2": "sigma2", "e0_ev": "e0", "c3_ang3": "third", "c4_ang4": "fourth",
         "ei_ev": "ei", "s02": "s02", "n": "degen"}  # fmt: skip
CASES: list[dict[str, float]] = [
    {},
    {"s02": 0.88, "sigma2_ang2": 0.005},
    {"delta_r_ang": 0.03, "sigma2_ang2": 0.004, "e0_ev": 2.5},
    {"delta_r_ang": -0.05, "e0_ev": -6.0, "c3_ang3": 3e-4},
    {"sigma2_ang2": 0.008, "c4_ang4": 2e-5, "ei_ev": 1.5},
    {"n": 5.3, "s02": 0.9, "delta_r_ang": 0.02, "sigma2_ang2": 0.006, "e0_ev": 4.0, "c3_ang3": -2e-4, "c4_ang4": 1e-5,
     "ei_ev": -0.7},
]  # fmt: skip


def larch_chi(folder: Path, path: FeffPath, case: dict[str, float]) -> Array:
    from larch.xafs import feffpath, path2chi

    group = feffpath(str(folder / f"feff{path.index:04d}.dat"), **{LARCH[name]: v for name, v in case.items()})
    path2chi(group, k=K)
    return np.asarray(group.chi)


@pytest.mark.parametrize("case", CASES)
def test_each_path_agrees_with_larch(
    monkeypatch: pytest.MonkeyPatch, tacl6_folder: Path, tacl6_paths: tuple[FeffPath, ...], case: dict[str, float]
) -> None:
    """To 1e-8 of the largest value, with the same ETOK; the first point is larch's extrapolation."""
    monkeypatch.setattr("larch.xafs.feffdat.ETOK", ETOK)
    mine = path_chi(path_tables(tacl6_paths), K, **case)
    for row, path in zip(mine, tacl6_paths, strict=True):
        theirs = larch_chi(tacl6_folder, path, case)[1:]
        assert row[1:] == pytest.approx(theirs, abs=1e-8 * np.abs(theirs).max())


def test_larch_with_its_own_constant_differs_by_less_than_1e_6(
    tacl6_folder: Path, tacl6_paths: tuple[FeffPath, ...]
) -> None:
    case = CASES[-1]
    theirs = larch_chi(tacl6_folder, tacl6_paths[0], case)[1:]
    mine = path_chi(path_tables(tacl6_paths[:1]), K, **case)[0, 1:]
    assert 1e-9 < np.abs(mine - theirs).max() / np.abs(theirs).max() < 1e-6


def test_the_sum_agrees_with_ff2chi(
    monkeypatch: pytest.MonkeyPatch, tacl6_folder: Path, tacl6_paths: tuple[FeffPath, ...]
) -> None:
    from larch.xafs import feffpath, ff2chi

    monkeypatch.setattr("larch.xafs.feffdat.ETOK", ETOK)
    sigma2 = model_sigma2(tacl6_paths)
    groups = [
        feffpath(str(tacl6_folder / f"feff{p.index:04d}.dat"), s02=0.9, sigma2=s2, e0=3.0, deltar=0.01)
        for p, s2 in zip(tacl6_paths, sigma2, strict=True)
    ]
    theirs = np.asarray(ff2chi(groups, k=K).chi)[1:]
    tables = path_tables(tacl6_paths)
    mine = path_chi(tables, K, s02=0.9, sigma2_ang2=sigma2, e0_ev=3.0, delta_r_ang=0.01).sum(axis=0)[1:]
    assert mine == pytest.approx(theirs, abs=1e-8 * np.abs(theirs).max())


def test_the_stored_model_of_tacl6(xas_data: Path, tacl6_paths: tuple[FeffPath, ...]) -> None:
    """chi of FEFF6_TaCl6_linear.chi, made by other code: all paths, first shell, and paths beyond 4.4 A."""
    stored = np.loadtxt(xas_data / "FEFF6_TaCl6_linear.chi")
    assert "FEFF 6L.02" in json.loads((xas_data / "REFERENCE.json").read_text())["FEFF6_TaCl6_models"]["model"]
    inside = (stored[:, 0] > 0) & (stored[:, 0] <= 20.0)
    k, total, first, far = stored[inside].T
    chi = path_chi(path_tables(tacl6_paths), k, s02=0.9, sigma2_ang2=model_sigma2(tacl6_paths))
    beyond = np.array([path.reff_ang > 4.4 for path in tacl6_paths])
    assert chi.sum(axis=0) == pytest.approx(total, abs=1e-12)
    assert chi[0] == pytest.approx(first, abs=1e-12)
    assert chi[beyond].sum(axis=0) == pytest.approx(far, abs=1e-12)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_those_of_finite_differences(
    tacl6_paths: tuple[FeffPath, ...], case: dict[str, float], name: str
) -> None:
    """Five-point differences; splines have continuous second derivatives, so knots do no harm at 1e-6."""
    step = {"n": 0.1, "s02": 0.01, "delta_r_ang": 1e-4, "sigma2_ang2": 1e-5, "e0_ev": 2e-3, "c3_ang3": 1e-6,
            "c4_ang4": 1e-7, "ei_ev": 1e-2}[name]  # fmt: skip
    tables = path_tables(tacl6_paths)
    gradient = path_chi_gradient(tables, K, **case)[name]
    centre = case.get(name, {"s02": 1.0}.get(name, 0.0))
    at = np.array(tables.degeneracy) if name == "n" and "n" not in case else np.full(tables.size, centre)
    far, near = (
        path_chi(tables, K, **{**case, name: at + m * step}) - path_chi(tables, K, **{**case, name: at - m * step})
        for m in (2, 1)
    )
    numeric = (8 * near - far) / (12 * step)
    assert np.abs(gradient).max() > 0
    assert gradient == pytest.approx(numeric, abs=2e-6 * np.abs(numeric).max())


def test_parameters_one_a_path_are_paths_one_by_one(tacl6_paths: tuple[FeffPath, ...]) -> None:
    rng = np.random.default_rng(1)
    case = {name: scale * rng.normal(size=6) for name, scale in
            (("delta_r_ang", 0.02), ("e0_ev", 2.0), ("c3_ang3", 1e-4), ("ei_ev", 0.5))}  # fmt: skip
    together = path_chi(path_tables(tacl6_paths), K, **case)
    gradient = path_chi_gradient(path_tables(tacl6_paths), K, **case)
    for i, path in enumerate(tacl6_paths):
        own = {name: values[i] for name, values in case.items()}
        assert together[i] == pytest.approx(path_chi(path_tables([path]), K, **own)[0], abs=1e-14)
        alone = path_chi_gradient(path_tables([path]), K, **own)
        assert all(gradient[name][i] == pytest.approx(alone[name][0], abs=1e-12, rel=1e-10) for name in PARAMETERS)


def test_paths_of_different_tables_may_be_mixed(tacl6_paths: tuple[FeffPath, ...]) -> None:
    one, two = tacl6_paths[:2]
    cut = {
        name: getattr(two, name)[:-3] for name in ("k_inv_ang", "phase", "amplitude", "lambda_ang", "real_p_inv_ang")
    }
    mixed = path_chi(path_tables([one, replace(two, **cut)]), K)
    assert mixed == pytest.approx(path_chi(path_tables([one, two]), K), abs=1e-6)


@settings(max_examples=20)
@given(st.floats(0.1, 3.0), st.floats(0.5, 1.2), st.floats(-6.0, 2.0))
def test_amplitude_is_linear_and_no_other_unit_of_energy_is_hidden(
    tacl6_paths: tuple[FeffPath, ...], n: float, s02: float, e0: float
) -> None:
    """N and S02 scale chi; a shift of E0 is the same as other k, as the phase depends on q alone."""
    tables = path_tables(tacl6_paths)
    base = path_chi(tables, K)
    assert path_chi(tables, K, n=n * tables.degeneracy, s02=s02) == pytest.approx(n * s02 * base, abs=1e-14)
    assert path_chi(tables, K, e0_ev=e0) == pytest.approx(path_chi(tables, np.sqrt(K**2 - ETOK * e0)), abs=1e-13)


def test_what_does_not_exist_is_refused(tacl6_paths: tuple[FeffPath, ...]) -> None:
    tables = path_tables(tacl6_paths)
    for k, e0 in ((np.array([0.0, 1.0]), 0.0), (np.array([1.0, 2.0]), 4.0), (np.array([1.0, 25.0]), 0.0)):
        with pytest.raises(ValueError, match="above the shifted E0 and within the table"):
            path_chi(tables, k, e0_ev=e0)
    with pytest.raises(ValueError, match="sigma2_ang2: 2 values for 6 paths"):
        path_chi(tables, K, sigma2_ang2=[0.0, 0.1])
    with pytest.raises(ValueError, match="delta_r_ang is not finite"):
        path_chi(tables, K, delta_r_ang=np.nan)


def test_chi_and_all_derivatives_of_a_fit_take_milliseconds(tacl6_paths: tuple[FeffPath, ...]) -> None:
    tables = path_tables(tacl6_paths)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        path_chi(tables, K, sigma2_ang2=0.005, e0_ev=1.0)
        path_chi_gradient(tables, K, sigma2_ang2=0.005, e0_ev=1.0)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.030
