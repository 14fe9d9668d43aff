"""The absolute route against glassure, and against patterns whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patterns import EMPTY, counted, reduced, shells, transform

from ntcspec.scattering import plan as planned
from ntcspec.scattering.absolute import low_r_filter
from ntcspec.scattering.atoms import Averages
from ntcspec.scattering.sine import Sine
from ntcspec.types.scattering_pdf import ScatteringTransformed

RHO0 = 0.033
Q = np.arange(10, 1225) * 0.02
PAIRS = [("Ta", "Cl", 6.0, 2.36, 0.08), ("Cl", "Cl", 4.0, 3.34, 0.15)]


def uniform(q: np.ndarray, first_ang: float) -> np.ndarray:
    """F of -4 pi rho0 r below `first_ang` and 0 above, with a soft edge."""
    r = np.arange(1, 600) * 0.01
    g = -4 * np.pi * RHO0 * r * 0.5 * (1 - np.tanh((r - first_ang) / 0.25))
    return np.sin(np.outer(q, r)) @ g * 0.01


TRUTH = shells(Q, "NaTaCl6", PAIRS) + uniform(Q, 2.8)
GIVEN: dict[str, Any] = {
    "normalisation": "absolute",
    "rho0_inv_ang3": RHO0,
    "qmax_inv_ang": 24.0,
    "qmaxinst_inv_ang": 24.4,
}


@pytest.mark.parametrize(
    "absolute",
    [{}, {"method": "krogh_moe", "damping_ang2": 0.0}, {"constant": True}],
    ids=["fit", "integral", "constant"],
)
def test_truth_comes_back(absolute: dict[str, Any]) -> None:
    constant = 40.0 if absolute.get("constant") else 0.0
    of = reduced(Q, counted(Q, TRUTH, "NaTaCl6", scale=3.0, constant=constant))
    t = transform(of, "NaTaCl6", **GIVEN, absolute=absolute)
    assert t.scale == pytest.approx(1 / 3, rel=0.01)
    used = (t.q_inv_ang > 1) & (t.q_inv_ang < 20)
    assert np.abs(t.f_q - np.interp(t.q_inv_ang, Q, TRUTH))[used].max() < 0.25
    assert t.absolute and t.verdict.startswith("absolute: slope")
    assert t.low_r_slope == pytest.approx(-4 * np.pi * RHO0, rel=0.05)
    np.testing.assert_allclose(t.t_r, t.g_r + 4 * np.pi * RHO0 * t.r_ang)
    np.testing.assert_allclose(t.r_r, t.r_ang * t.t_r)
    np.testing.assert_allclose(t.pair_g[1:] * 4 * np.pi * RHO0 * t.r_ang[1:], t.t_r[1:], atol=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [{"rho0_inv_ang3": 0.06}, {"rho0_inv_ang3": 0.03}, {"rho0_inv_ang3": None}],
    ids=["dense", "thin", "no density"],
)
def test_a_wrong_scale_or_density_is_not_absolute(wrong: dict[str, Any]) -> None:
    of = reduced(Q, counted(Q, TRUTH, "NaTaCl6"))
    t = transform(of, "NaTaCl6", **{**GIVEN, **wrong})
    assert not t.absolute and t.verdict.startswith("not absolute: ")


def test_a_background_left_in_is_not_absolute() -> None:
    pattern = counted(Q, TRUTH, "NaTaCl6")
    t = transform(reduced(Q, pattern + 0.3 * pattern.mean() * np.exp(-((Q / 8) ** 2))), "NaTaCl6", **GIVEN)
    assert not t.absolute


def test_ad_hoc_is_never_absolute() -> None:
    of = reduced(Q, counted(Q, TRUTH, "NaTaCl6"))
    t = transform(of, "NaTaCl6", rho0_inv_ang3=RHO0, qmax_inv_ang=24.0)
    assert not t.absolute and t.pair_g.size == t.r_r.size == 0
    assert t.scale_bias == pytest.approx(0.75, abs=0.02)
    assert any("ad hoc scale: amplitudes of G(r) are about 0.7" in note for note in t.notes)


def test_low_r_filter_leaves_the_line_below_and_the_rest_alone() -> None:
    bent = TRUTH + 0.02 * Q * np.exp(-((Q / 9) ** 2))
    of = reduced(Q, counted(Q, bent, "NaTaCl6"))
    t = transform(of, "NaTaCl6", **GIVEN, window="lorch", absolute={"low_r_ang": 1.8, "low_r_passes": 20})
    plain = transform(of, "NaTaCl6", **GIVEN, window="lorch")
    low, far = (t.r_ang > 0.1) & (t.r_ang < 1.5), t.r_ang > 3
    assert np.abs(t.g_r + 4 * np.pi * RHO0 * t.r_ang)[low].max() < 0.05
    assert np.abs(plain.g_r + 4 * np.pi * RHO0 * t.r_ang)[low].max() > 0.3
    assert np.abs(t.g_r - plain.g_r)[far].max() < 0.03
    assert t.low_r_slope == plain.low_r_slope  # the gate is before the filter


def test_low_r_filter_is_its_passes_one_by_one() -> None:
    q = np.arange(20, 400) * 0.05
    sine = Sine(q, 0.05, 1.0, 19.9, 0.01)
    made = low_r_filter(sine, cut_ang=1.5, passes=4, rho0_inv_ang3=RHO0)
    f = np.random.default_rng(0).normal(size=q.size)
    count = max(16, int(np.ceil(1.5 * 19.9 * 8 / np.pi)))
    r = (np.arange(count) + 0.5) * 1.5 / count
    forward, slow = sine.matrix(r), f.copy()
    for _ in range(4):
        slow = slow - np.sin(np.outer(q, r)) @ (forward @ slow + 4 * np.pi * RHO0 * r) * 1.5 / count
    np.testing.assert_allclose(made(f), slow, atol=1e-6)


# --- glassure -----------------------------------------------------------------------------------


def mg2sio4(folder: Path, **given: Any) -> ScatteringTransformed:
    q, y = np.loadtxt(folder / "Mg2SiO4_ambient.xy").T
    back = np.loadtxt(folder / "Mg2SiO4_ambient_bkg.xy").T[1]
    of = reduced(q, y, EMPTY, container=back, wavelength_ang=0.1908)
    absolute = {"breit_dirac": 0, "slope_range_ang": (0.5, 1.3), **given.pop("absolute", {})}
    return transform(
        of, "Mg2SiO4", normalisation="absolute", density_g_cm3=2.9, qmin_inv_ang=1.25, qmax_inv_ang=20.0,
        qmaxinst_inv_ang=20.0, resampling="pdfgetx3-1", rmax_ang=15.0, absolute=absolute, **given,
    )  # fmt: skip


def oracle(folder: Path, normalisation: Any) -> tuple[np.ndarray, np.ndarray]:
    """S(Q) of glassure above 1.25 1/A."""
    calc = pytest.importorskip("glassure.calc")
    from glassure.pattern import Pattern

    data, back = (Pattern(*np.loadtxt(folder / f"Mg2SiO4_ambient{end}.xy").T) for end in ("", "_bkg"))
    measured, asked = calc.create_calculate_pdf_configs(data, "Mg2SiO4", 2.9, bkg=back)
    asked.transform.q_min, asked.transform.q_max = 1.25, 20.0
    asked.transform.normalization, asked.optimize = normalisation, None
    found = calc.calculate_pdf(measured, asked).sq
    used = found.x >= 1.25
    return found.x[used], found.y[used]


CASES = {
    "fit": ("FitNormalization", {}, {}),
    "constant": ("FitNormalization", {"multiple_scattering": True}, {"constant": True}),
    "integral": ("IntNormalization", {}, {"method": "krogh_moe"}),
}


@pytest.mark.parametrize("case", CASES)
def test_mg2sio4_as_glassure_normalises_it(data_folder: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With glassure's own tables to its rounding; with ours within what the tables differ by."""
    configuration = pytest.importorskip("glassure.configuration")
    from glassure import utility

    folder = data_folder / "scattering" / "amorphous_glassure"
    kind, options, ours = CASES[case]
    q, s = oracle(folder, getattr(configuration, kind)(**options))
    t = mg2sio4(folder, absolute=ours)
    np.testing.assert_allclose(t.s_q, np.interp(t.q_inv_ang, q, s), atol=0.01)

    composition = {"Mg": 2.0, "Si": 1.0, "O": 4.0}

    def tables(fractions: Any, at: np.ndarray, **_: Any) -> Averages:
        source = "brown_hubbell"
        return Averages(
            utility.calculate_f_mean_squared(composition, at, source),
            utility.calculate_f_squared_mean(composition, at, source),
        )

    monkeypatch.setattr(planned, "averages", tables)
    monkeypatch.setattr(
        planned,
        "compton",
        lambda _, at, **__: utility.calculate_incoherent_scattering(composition, at, "brown_hubbell"),
    )
    planned._plan.cache_clear()
    try:
        t = mg2sio4(folder, absolute=ours)
    finally:
        planned._plan.cache_clear()
    np.testing.assert_allclose(t.s_q, np.interp(t.q_inv_ang, q, s), atol=2e-5)


def rw(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(np.sum((found - wanted) ** 2) / np.sum(wanted**2)))


def test_mg2sio4_beside_the_files_that_glassure_wrote(data_folder: Path) -> None:
    """G(r) after 5 passes; glassure multiplies its update by S, and continues S below 1.25 1/A with its own limit."""
    folder = data_folder / "scattering" / "amorphous_glassure"
    r, g = np.loadtxt(folder / "Mg2SiO4_ambient_glassure3.fr").T
    t = mg2sio4(folder, window="lorch", absolute={"low_r_ang": 1.3})
    used = (r > 1.4) & (r < 10)
    assert rw(np.interp(r, t.r_ang, t.g_r)[used], g[used]) < 0.10
    first = (r > 1.4) & (r < 1.9)
    assert t.r_ang[150 + np.argmax(t.g_r[150:180])] == pytest.approx(r[first][np.argmax(g[first])], abs=0.011)


def test_mg2sio4_is_absolute(data_folder: Path) -> None:
    t = mg2sio4(data_folder / "scattering" / "amorphous_glassure")
    assert t.absolute
    assert t.low_r_slope == pytest.approx(-4 * np.pi * t.rho0_inv_ang3, rel=0.1)
    assert t.rho0_inv_ang3 == pytest.approx(0.0869, rel=1e-3)
