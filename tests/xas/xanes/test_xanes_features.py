"""Maxima and shoulders: closed forms, Monte Carlo, what noise must not make, choices, measured chlorides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.xas.xanes.features import UNITS, feature_values, find_features, threshold

GRID = np.concatenate([np.arange(1050, 1070, 0.5), np.arange(1070, 1100, 0.1), np.arange(1100, 1160, 0.5)])
FINE = np.full(GRID.size, 1e-6)


def line(centre: float, sigma: float, height: float) -> np.ndarray:
    return height * np.exp(-0.5 * ((GRID - centre) / sigma) ** 2)


def edge(e0: float = 1074.0) -> np.ndarray:
    return 0.5 + np.arctan((GRID - e0) / 0.5) / np.pi


def one(norm, error, *, smooth_ev=0.3, range_ev=(1077.0, 1083.0), **more):
    found = find_features(GRID, norm, error, smooth_ev=smooth_ev, features={"a": {"range_ev": range_ev, **more}})
    return found, found.values["a"]


@settings(max_examples=20)
@given(
    centre=st.floats(1078.5, 1081.5), sigma=st.floats(0.6, 2.0), height=st.floats(0.05, 3), smooth=st.floats(0.2, 0.5)
)
def test_a_gaussian_line_has_its_closed_forms(centre, sigma, height, smooth) -> None:
    found, got = one(line(centre, sigma, height), FINE, smooth_ev=smooth)
    assert found.marks[0].kind == "maximum"
    wide = np.hypot(sigma, smooth)
    assert got["position"].value == pytest.approx(centre, abs=1e-4)
    assert got["width"].value == pytest.approx(2 * wide, rel=2e-3)
    assert got["sharpness"].value == pytest.approx(height * sigma / wide**3, rel=2e-3)
    kept = sigma / wide * (1 + 0.5 * (smooth / wide) ** 2 + 0.375 * (smooth / wide) ** 4)
    assert got["height"].value == pytest.approx(height * kept, rel=2e-3)
    assert got["prominence"].value == pytest.approx(got["height"].value, abs=1e-3 * height)


# s, then bias of height, width and centre for a Gaussian and a Lorentzian of FWHM 1: the table in derivative.py
TABLE = [
    (0.10, (-0.0000, 0.027, 0.0015), (-0.0005, 0.11, 0.0029)),
    (0.20, (-0.0020, 0.105, 0.0063), (-0.0096, 0.36, 0.0109)),
    (0.30, (-0.0132, 0.224, 0.0151), (-0.0356, 0.66, 0.0240)),
    (0.40, (-0.0403, 0.374, 0.0288), (-0.0742, 0.98, 0.0429)),
]
SHAPES = [(lambda x: np.exp(-4 * np.log(2) * x**2), 0.849322), (lambda x: 1 / (1 + 4 * x**2), 0.577350)]


@pytest.mark.parametrize(("s", "gauss", "lorentz"), TABLE)
def test_the_table_of_bias(s, gauss, lorentz) -> None:
    x = np.arange(-12, 12, s / 4)
    error = np.full(x.size, 1e-9)
    for (shape, inflections), (height, width, centre) in zip(SHAPES, (gauss, lorentz), strict=True):
        options = {"smooth_ev": s, "features": {"a": {"range_ev": (-1, 1)}}}
        got = find_features(x, shape(x), error, **options).values["a"]
        assert got["height"].value - 1 == pytest.approx(height, abs=1e-4)
        assert got["width"].value / inflections - 1 == pytest.approx(width, rel=0.02, abs=1e-3)
        tilted = find_features(x, shape(x) + 0.1 * x, error, **options).values["a"]["position"].value
        dense = np.linspace(-0.3, 0.3, 600001)
        true = dense[np.argmax(shape(dense) + 0.1 * dense)]
        assert tilted - true == pytest.approx(centre, abs=2e-4)


@settings(max_examples=15)
@given(shift=st.floats(-900, 8000), factor=st.floats(0.05, 20))
def test_shift_and_scale(shift, factor) -> None:
    norm = edge() + line(1080.3, 1.0, 0.4) + line(1084.0, 0.8, 0.08)
    features = {"a": {"range_ev": (1078, 1082)}, "b": {"range_ev": (1083, 1086)}}
    moved = {n: {"range_ev": tuple(x + shift for x in f["range_ev"])} for n, f in features.items()}
    error = np.full(GRID.size, 1e-3)
    first = find_features(GRID, norm, error, smooth_ev=0.4, features=features)
    second = find_features(GRID + shift, factor * norm, factor * error, smooth_ev=0.4, features=moved)
    for name in features:
        for q in UNITS:
            old, new = first.values[name][q], second.values[name][q]
            by = 1.0 if UNITS[q] == "eV" else factor
            assert new.value - (shift if q == "position" else 0) == pytest.approx(
                by * old.value, rel=1e-6, abs=1e-6, nan_ok=True
            )
            assert new.u_stat == pytest.approx(by * old.u_stat, rel=1e-3, nan_ok=True)


def test_uncertainties_agree_with_monte_carlo() -> None:
    rng = np.random.default_rng(3)
    norm = edge() + line(1077.5, 0.8, 0.8) + line(1081.3, 1.4, 0.5) + line(1071.9, 0.6, 0.2)
    error = 0.003 * (1 + 0.3 * np.sin(GRID))
    features = {"pre": {"range_ev": (1071, 1073)}, "a": {"range_ev": (1076, 1079)},
                "b": {"range_ev": (1079.5, 1083), "kind": "shoulder"}}  # fmt: skip
    found = find_features(GRID, norm, error, smooth_ev=0.4, features=features)
    assert [m.kind for m in found.marks] == ["maximum", "maximum", "shoulder"]
    many = feature_values(GRID, norm + error * rng.normal(size=(800, GRID.size)), found)
    for name in features:
        for q in UNITS:
            if np.isfinite(found.values[name][q].value):
                assert np.isfinite(many[name][q]).mean() > 0.99
                assert np.nanstd(many[name][q]) == pytest.approx(found.values[name][q].u_stat, rel=0.1), (name, q)


def test_choices_followed_agree_with_each_found_alone() -> None:
    rng = np.random.default_rng(6)
    norm = edge() + line(1077.5, 0.8, 0.8) + line(1081.3, 1.4, 0.3) + line(1084.6, 0.7, 0.12)
    features = {"a": {"range_ev": (1076, 1079)}, "b": {"range_ev": (1080, 1083)}, "c": {"range_ev": (1083, 1086.5)}}
    spectra = norm * (1 + 0.1 * rng.normal(size=(20, 1))) + 0.002 * rng.normal(size=(20, 1)) * (GRID - 1080)
    error = np.full(GRID.size, 1e-4)
    found = find_features(GRID, norm, error, smooth_ev=0.3, features=features)
    many = feature_values(GRID, spectra, found)
    for i in range(20):
        alone = find_features(GRID, spectra[i], error, smooth_ev=0.3, features=features)
        for name in features:
            for q in ("position", "height", "width", "sharpness"):
                assert many[name][q][i] == pytest.approx(alone.values[name][q].value, abs=2e-4, nan_ok=True), (
                    i,
                    name,
                    q,
                )
    assert np.isnan(feature_values(GRID, GRID[None] - 1070, found)["a"]["position"]).all()


def test_noise_on_an_edge_makes_no_feature() -> None:
    rng = np.random.default_rng(11)
    keep = (GRID > 1070) & (GRID < 1090)
    energy, clean, sigma = GRID[keep], edge()[keep], 0.01
    wanted = {"a": {"range_ev": (1077.0, 1083.0)}}
    kinds = []
    for _ in range(200):
        noisy = clean + sigma * rng.normal(size=energy.size)
        found = find_features(energy, noisy, np.full(energy.size, sigma), smooth_ev=0.4, features=wanted)
        kinds.append(found.marks[0].kind)
    assert kinds.count("") > 190


def test_a_shoulder_and_not_the_flank_of_a_line_outside() -> None:
    norm = line(1080.0, 1.0, 1.0) + line(1082.0, 0.7, 0.3)
    error = np.full(GRID.size, 1e-3)
    found, got = one(norm, error, range_ev=(1081.2, 1084.0))
    assert found.marks[0].kind == "shoulder" and got["position"].value == pytest.approx(1082.0, abs=0.5)
    assert np.isnan(got["prominence"].value) and "shoulder" in got["prominence"].reason
    found, got = one(norm, error, range_ev=(1081.2, 1084.0), kind="maximum")
    assert found.marks[0].kind == "" and "no maximum" in got["position"].reason
    lorentz = 1 / (1 + ((GRID - 1080.0) / 0.7) ** 2)
    for norm in (line(1080.0, 1.0, 1.0), lorentz):
        for inside in ((1080.6, 1085.0), (1075.0, 1079.4)):
            found, got = one(norm, FINE, range_ev=inside, smooth_ev=0.4)
            assert found.marks[0].kind == "" and np.isnan(got["height"].value) and got["height"].reason


def test_two_features_in_one_lobe_have_no_width_of_their_own() -> None:
    features = {"a": {"range_ev": (1077, 1080)}, "b": {"range_ev": (1080.8, 1083.5)}}
    norm = line(1078.5, 1.0, 1.0) + line(1082.0, 1.0, 0.8)
    apart = find_features(GRID, norm, np.full(GRID.size, 1e-3), smooth_ev=0.3, features=features).values
    x, wide = np.linspace(1076, 1085, 90001), np.hypot(1, 0.3)
    second = sum(h * ((u := (x - c) / wide) ** 2 - 1) * np.exp(-0.5 * u**2) for c, h in ((1078.5, 1.0), (1082.0, 0.8)))
    zeros = x[np.flatnonzero(np.diff(np.sign(second)))]
    assert apart["a"]["width"].value == pytest.approx(zeros[1] - zeros[0], abs=2e-3)
    assert apart["b"]["width"].value == pytest.approx(zeros[3] - zeros[2], abs=2e-3)
    norm = line(1078.8, 1.0, 1.0) + line(1080.7, 1.0, 0.8) + line(1079.75, 3.0, 2.0)
    joined = find_features(GRID, norm, np.full(GRID.size, 1e-4), smooth_ev=0.2,
                           features={"a": {"range_ev": (1077.5, 1079.6), "kind": "shoulder"}}).values["a"]  # fmt: skip
    assert np.isfinite(joined["position"].value)
    assert np.isnan(joined["width"].value) and "next feature" in joined["width"].reason


def test_a_broad_noisy_maximum_asks_for_more_smoothing_and_takes_it() -> None:
    rng = np.random.default_rng(1)
    error = np.full(GRID.size, 0.02)
    norm = line(1080.0, 4.0, 1.0) + error * rng.normal(size=GRID.size)
    found, got = one(norm, error, smooth_ev=0.2)
    assert found.marks[0].kind == "" and "smooth_ev above 0.2" in got["position"].reason
    found, got = one(norm, error, smooth_ev=0.2, **{"kind": "maximum"} | {"range_ev": (1077.0, 1083.0)})
    features = {"a": {"range_ev": (1077.0, 1083.0), "smooth_ev": 1.0}}
    found = find_features(GRID, norm, error, smooth_ev=0.2, features=features)
    value = found.values["a"]["position"]
    assert abs(value.value - 1080.0) < 4 * value.u_stat < 0.6


def test_bounds_several_and_unknown_noise() -> None:
    found, got = one(edge(), FINE, range_ev=(1040.0, 1060.0))
    assert "beyond the data" in got["position"].reason and not found.anchors
    assert np.isnan(feature_values(GRID, edge()[None], found)["a"]["height"]).all()
    norm = line(1078.5, 0.5, 0.8) + line(1081.0, 0.5, 0.9)
    found, got = one(norm, FINE)
    assert got["position"].value == pytest.approx(1081.0, abs=0.01)
    assert any("more than one maximum" in n and "1078.5" in n for n in found.notes)
    few = GRID[(GRID > 1075) & (GRID < 1076.65)]
    hill = np.exp(-(((few - 1075.8) / 0.3) ** 2))
    found = find_features(few, hill, np.empty(0), smooth_ev=0.1, features={"a": {"range_ev": (1075.5, 1076.0)}})
    assert found.values["a"]["position"].value == pytest.approx(1075.8, abs=0.01)
    assert np.isnan(found.values["a"]["position"].u_stat) and "not known" in found.values["a"]["position"].reason
    assert threshold(0, 0.2, smooth_ev=0.4) == pytest.approx(3.0)
    assert threshold(0, 4, smooth_ev=0.4) == pytest.approx(3.64, abs=0.01)


def test_measured_chlorides(xas_data: Path) -> None:
    """Energies as argmax on the raw points has them, within the step of 0.15 eV."""
    from larch.io import read_athena

    project = read_athena(str(xas_data / "CAMD_Cl-K_standards.prj"))
    for name, inside in {"KCl": (2824, 2826), "NaCl": (2825.3, 2828), "PdCl2": (2819.5, 2821.5)}.items():
        group = getattr(project, name)
        energy, index = np.unique(group.energy, return_index=True)
        mu = np.asarray(group.mu)[index]
        norm = (mu - mu[energy < 2810].mean()) / (
            mu[(energy > 2850) & (energy < 2900)].mean() - mu[energy < 2810].mean()
        )
        found = find_features(energy, norm, np.empty(0), smooth_ev=0.25, features={"a": {"range_ev": inside}})
        window = (energy >= inside[0]) & (energy <= inside[1])
        got = found.values["a"]
        assert found.marks[0].kind == "maximum"
        assert got["position"].value == pytest.approx(energy[window][norm[window].argmax()], abs=0.15)
        assert got["height"].value == pytest.approx(norm[window].max(), rel=0.01)
