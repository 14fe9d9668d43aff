"""Stage `bend`: the angle comes back from models that another run of FEFF made, and is withheld where it must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from path_models import reduced

from ntcspec.config.exafs import Bend
from ntcspec.errors import UserError
from ntcspec.types import Array, Metric
from ntcspec.types.exafs import ExafsBend
from ntcspec.xas.features import measure_exafs
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.paths.bend import _angle, bend_exafs, bent_octahedron, inverse
from ntcspec.xas.wavelet import wavelet_exafs

TRANSFORM = {"kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 13.0, "dk_inv_ang": 1.0, "window": "hanning"}
WAVELET = {"family": "morlet", "eta_sigma": 7.0, "order": None}
MEASURE: dict[str, Any] = {
    "windows": {"first_shell": (1.3, 2.6)}, "boxes": {"lobe": {"k": (3.0, 8.0), "r": (3.2, 4.6)}},
    "first_shell": "first_shell", "systematic": {"kmax_shift_inv_ang": (-1.0,)},
}  # fmt: skip
KNOWN = {"distance_ang": 2.36, "sigma2_single_ang2": 0.004, "sigma2_multiple_ang2": 0.009, "u_sigma2_ang2": 0.002}
NOISE = 3e-4
Run = Callable[..., ExafsBend]


@pytest.fixture(scope="module")
def run(feff_cache: Path) -> Run:
    def of(chi: Array, *, seed: int = 0, noise: float = NOISE, **own: Any) -> ExafsBend:
        k = 0.05 * np.arange(chi.size)
        made = reduced(k, chi + np.random.default_rng(seed).normal(0.0, noise, k.size))
        transformed = transform_exafs(made, **TRANSFORM)
        wavelet_map = wavelet_exafs(transformed, **WAVELET)
        measured = measure_exafs(
            made, transformed, wavelet_map, reduce={"rbkg_ang": 1.0}, transform=TRANSFORM, wavelet=WAVELET, **MEASURE
        )
        keywords = {**Bend().model_dump(), **KNOWN, "ligand": "Cl", "box": "lobe", **own}
        return bend_exafs(
            transformed, wavelet_map, measured, element="Ta", edge="L3", measure=MEASURE, cache=feff_cache, **keywords
        )

    return of


def model(xas_data: Path, name: str, column: int = 1) -> Array:
    """chi of FEFF6 runs that were made by another program: all paths (1), the first shell (2)."""
    return np.asarray(np.loadtxt(xas_data / f"FEFF6_TaCl6_{name}.chi")[:, column])


def test_the_bend_comes_back_with_its_order(xas_data: Path, run: Run) -> None:
    straight, bent = (run(model(xas_data, name)) for name in ("linear", "bent15"))
    assert straight.verdict.startswith("at most"), straight.verdict
    assert straight.metrics[0].name == "lobe.bend" and straight.metrics[0].unit == "degree"
    angle = bent.metrics[0]
    u = np.hypot(angle.u_stat, angle.u_sys)
    assert angle.value == pytest.approx(15.0, abs=2.0) and abs(angle.value - 15.0) < u
    assert straight.metrics[0].value + 5.0 < angle.value
    assert 0 < angle.u_stat < angle.u_sys < 6.0
    assert bent.data_ratio < 0.8 * straight.data_ratio


def test_the_curve_falls_and_is_that_of_the_models(xas_data: Path, run: Run) -> None:
    found = run(model(xas_data, "linear"), noise=1e-6)
    assert (np.diff(found.ratio[:7]) < 0).all(), "as far as 30 degrees"
    assert found.ratio[0] == pytest.approx(found.data_ratio, rel=0.1)
    assert set(found.varied) == {"sigma2_single_ang2", "sigma2_multiple_ang2", "e0_shift_ev", "distance_ang"}
    stiff = found.varied_ratio[found.varied.index("sigma2_multiple_ang2")]
    assert (stiff[:4] > found.ratio[:4]).all(), "less disorder of the far paths, more of a lobe"


def test_a_first_shell_alone_is_no_straight_octahedron(xas_data: Path, run: Run) -> None:
    found = run(model(xas_data, "linear", column=2))
    assert found.verdict.startswith("cannot be decided") and "below what the model spans" in found.verdict
    assert np.isnan(found.metrics[0].value) and found.metrics[0].reason == found.verdict


def test_more_of_a_lobe_than_any_octahedron_has_is_said(xas_data: Path, run: Run) -> None:
    whole, first = (model(xas_data, "linear", column) for column in (1, 2))
    found = run(first + 2.0 * (whole - first))
    assert "above that of every octahedron" in found.verdict and np.isnan(found.metrics[0].value)


def test_u_stat_is_what_noise_does(xas_data: Path, run: Run) -> None:
    chi = model(xas_data, "bent15")
    drawn = [run(chi, seed=s, noise=2e-3).metrics[0] for s in range(14)]
    values = np.array([m.value for m in drawn])
    assert values.std(ddof=1) == pytest.approx(np.median([m.u_stat for m in drawn]), rel=0.6)


def test_what_is_not_there_is_named(xas_data: Path, run: Run) -> None:
    with pytest.raises(UserError, match=r"no box 'lob'.*did you mean 'lobe'"):
        run(model(xas_data, "linear"), box="lob")


def test_an_octahedron_has_its_angles() -> None:
    cluster = bent_octahedron("Ta", "Cl", 2.36, 12.0)
    assert cluster.symbols == ("Ta", *["Cl"] * 6)
    np.testing.assert_allclose(cluster.distance_ang[1:], 2.36, rtol=1e-12)
    unit = cluster.xyz_ang[1:] / 2.36
    angles = np.degrees(np.arccos(np.clip(unit @ unit.T, -1, 1)))
    assert np.isclose(angles, 168.0).sum() == 6, "three axes, each counted twice"


@pytest.mark.parametrize("above", [1e-6, 0.02, 0.06])
def test_more_of_a_lobe_than_straight_octahedra_have_is_no_better_limit(above: float) -> None:
    """By brute force: chi2 over all angles, with the uncertainties of data and model together."""
    angles = np.arange(0.0, 50.0, 5.0)
    ratio = 0.3 * np.cos(np.radians(1.9 * angles))
    seen = Metric("lobe.ratio", 0.3 + above, "1", 0.0, 0.03, "", "")
    varied = [("sigma2", ratio * factor) for factor in (0.8, 1.2)]
    metric, verdict = _angle("lobe", seen, angles, ratio, varied)
    fine = np.linspace(0.0, 45.0, 20001)
    chi2 = ((seen.value - np.interp(fine, angles, ratio)) / np.hypot(0.03, 0.06)) ** 2
    limit = fine[np.argmax(chi2 - chi2[0] > 1.0)]
    assert metric.value == 0.0 and metric.u_sys == pytest.approx(limit, abs=0.6)
    assert verdict.startswith(f"at most {metric.u_sys:.0f} degrees")


def test_inverse_is_an_inverse() -> None:
    angles = np.arange(0.0, 50.0, 5.0)
    ratio = 0.3 * np.cos(np.radians(2 * angles))
    for wanted in (3.0, 17.5, 40.0):
        assert inverse(angles, ratio, float(np.interp(wanted, angles, ratio))) == pytest.approx(wanted, abs=0.6)
    assert inverse(angles, ratio, 0.31) == 0.0 and np.isnan(inverse(angles, ratio, -0.4))
    assert np.isnan(inverse(angles, ratio, np.nan))
