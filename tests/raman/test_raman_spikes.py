"""Noise, saturation, and spikes: found where they are, and no line touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spectra_for_raman import gauss, load, lorentz, scan_of, sigma_of

from ntcspec.demo import find_resources
from ntcspec.demo import raman as demo_raman
from ntcspec.errors import UserError
from ntcspec.raman.despike import despike, limit, line_residual
from ntcspec.raman.noise import point_noise, saturated
from ntcspec.readers.raman import read_raman

MEASURED = [
    "labspec/ZnF2_532.txt", "labspec/acetonitrile_473nm.txt", "diadfit/Ne1_01.txt", "diadfit/Ne2_01.txt",
    "diadfit/Ne5_01.txt", "diadfit/g36-mi1_03.txt", "diadfit/g45-mi1bub1_01.txt", "chada/Ho633_Si.txt",
    "chada/Ho633_calcite.txt", "chada/Ho633_neon.txt",
]  # fmt: skip
X = np.arange(100.0, 500.0, 0.5)


@pytest.mark.parametrize("accumulations", [1, 5, 40])
def test_noise_of_a_mean_of_exposures_is_that_of_photons(accumulations: int) -> None:
    rng = np.random.default_rng(accumulations)
    mean = 400 + 3000 * gauss(X, 300, 12)
    y = rng.poisson(mean * accumulations, (4, X.size)) / accumulations
    found = point_noise(y, accumulations=accumulations, exposure_s=10, unit="Cnt", treated=False)
    assert found.factor == pytest.approx(1.0, abs=0.08) and found.kind == "poisson"
    assert np.median(found.sigma / np.sqrt(mean / accumulations)) == pytest.approx(1.0, abs=0.08)


def test_sums_are_told_from_means_and_rates_from_counts() -> None:
    rng = np.random.default_rng(1)
    summed = rng.poisson(300_000.0, (9, X.size)).astype(float)
    found = point_noise(summed, accumulations=30, exposure_s=10, unit="", treated=False)
    assert found.factor == pytest.approx(1.0, abs=0.1) and "sum of 30 exposures" in " ".join(found.notes)
    assert found.full_scale == 65535 * 30
    rate = rng.poisson(900.0, (1, X.size)) / 10.0
    found = point_noise(rate, accumulations=1, exposure_s=10, unit="Cnt/sec", treated=False)
    assert np.median(found.sigma) == pytest.approx(3.0, rel=0.1)


def test_noise_without_counts_is_one_number(data_folder: Path) -> None:
    scan, sigma = load(data_folder, "labspec/ZnF2_532.txt")
    assert np.ptp(sigma) == 0.0 and scan.baseline_subtracted
    rng = np.random.default_rng(2)
    y = rng.normal(0.0, 7.0, (1, 4000))
    found = point_noise(y, accumulations=1, exposure_s=1, unit="", treated=False)
    assert found.kind == "flat" and found.sigma[0, 0] == pytest.approx(7.0, rel=0.05)
    with pytest.raises(UserError, match="unknown noise 'pink'"):
        point_noise(y, accumulations=1, exposure_s=1, unit="", treated=False, kind="pink")


def test_saturation_is_flagged_and_an_honest_top_is_not() -> None:
    rng = np.random.default_rng(3)
    y = rng.poisson(500 + 90_000 * gauss(X, 300, 6), (1, X.size)).astype(float)
    full = np.minimum(y, 65535.0)
    sigma = sigma_of(scan_of(X, full))
    assert saturated(full, sigma, 65535.0)[0][np.abs(X - 300) < 2].all()
    low = np.minimum(y, 30_000.0)  # an 8th of the well, another converter: only the flat top tells
    assert saturated(low, sigma_of(scan_of(X, low)), np.nan).sum() >= 3
    honest = rng.poisson(500 + 40_000 * gauss(X, 300, 60), (1, X.size)).astype(float)
    assert saturated(honest, sigma_of(scan_of(X, honest)), 65535.0).sum() == 0


@pytest.mark.parametrize("name", MEASURED)
def test_no_real_line_is_changed(data_folder: Path, name: str) -> None:
    """Without spikes put in: nothing changes by 1 % of the strongest line (nothing changes at all here)."""
    scan, sigma = load(data_folder, name)
    out, mask = despike(scan.intensity, sigma)
    height = scan.intensity.max() - np.median(scan.intensity)
    assert np.abs(out - scan.intensity).max() < 0.01 * height
    assert mask.sum() == 0


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_spikes_are_found_and_lines_stay(data_folder: Path, name: str, seed: int) -> None:
    """Ten spikes of 20 to 80 sigma, half of them on two points, where they exceed what a line can leave."""
    scan, sigma = load(data_folder, name)
    rng = np.random.default_rng(seed)
    y = scan.intensity.copy()
    steep = limit(line_residual(2.0, 2), y[0] - np.median(y)) > 8 * sigma[0]  # lines too tall for the guard of 2 points
    free = [i for i in range(20, y.shape[1] - 20) if not steep[i - 3 : i + 5].any()]
    places: list[int] = []
    while len(places) < 10:
        i = int(rng.choice(free))
        if all(abs(i - j) > 12 for j in places):
            places.append(i)
    hit = set()
    for i in places:
        high = rng.uniform(20, 80)
        y[0, i] += high * sigma[0, i]
        hit.add(i)
        if rng.random() < 0.5:
            y[0, i + 1] += 0.4 * high * sigma[0, i + 1]
            hit.add(i + 1)
    out, mask = despike(
        y,
        sigma_of(
            scan_of(scan.shift_cm1, y, **{k: getattr(scan, k) for k in ("history", "accumulations", "exposure_s")})
        ),
    )
    assert [i for i in places if not mask[0, i]] == []
    height = scan.intensity.max() - np.median(scan.intensity)
    elsewhere = np.ones(y.shape[1], dtype=bool)
    for i in places:
        elsewhere[i - 3 : i + 5] = False
    assert np.array_equal(out[0, elsewhere], scan.intensity[0, elsewhere])
    assert np.abs(out - scan.intensity)[0, sorted(hit)].max() < max(0.01 * height, 6.5 * sigma[0, sorted(hit)].max())


def test_spikes_put_anywhere(data_folder: Path) -> None:
    """On slopes of strong lines too, where the guard allows for a line of two points: nearly all; no line is touched."""
    found = total = changed = 0
    for name in MEASURED:
        scan, sigma = load(data_folder, name)
        rng = np.random.default_rng(5)
        places = rng.choice(np.arange(20, scan.shift_cm1.size - 20, 13), 10, replace=False)
        y = scan.intensity.copy()
        y[0, places] += rng.uniform(20, 80, 10) * sigma[0, places]
        out, mask = despike(y, sigma)
        elsewhere = np.abs(np.arange(y.shape[1])[:, None] - places).min(axis=1) > 3
        changed += int((out != y)[0, elsewhere].sum())
        found, total = found + int(mask[0, places].sum()), total + 10
    assert total == 100 and found >= 95 and changed == 0


def test_spikes_of_the_demo_are_those_of_the_truth(tmp_path: Path) -> None:
    made = demo_raman.make(find_resources(), 20260101)
    sample = next(s for s in made.truth["samples"].values() if s["spikes"])
    path = tmp_path / "x.txt"
    path.write_bytes(made.files[sample["file"]])
    scan = read_raman(path, "x")
    pixels = {p for spike in sample["spikes"] for p in spike["pixels"]}
    _, mask = despike(scan.intensity, sigma_of(scan), narrowest_points=2.0)
    found = set(np.flatnonzero(mask[0]).tolist())
    first = {spike["pixels"][0] for spike in sample["spikes"]}
    assert first <= found and all(min(abs(f - p) for p in pixels) <= 1 for f in found)


@pytest.mark.parametrize("width", [2.0, 3.0, 5.0, 9.0])
@pytest.mark.parametrize("shape", [gauss, lorentz])
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5])
def test_lines_as_narrow_as_the_instrument_are_never_taken(width: float, shape, phase: float) -> None:
    """A line of 5000 sigma on a flat background: a bare Whitaker-Hayes z would take it."""
    i = np.arange(400.0)
    y = np.atleast_2d(1000 + 5000 * shape(i, 200 + phase, width))
    sigma = np.ones_like(y)
    _, mask = despike(y, sigma, narrowest_points=width)
    assert mask.sum() == 0
    z = np.abs(0.6745 * np.diff(y[0]) / max(np.median(np.abs(np.diff(y[0]))), 0.5))
    assert z.max() > 50


def test_whole_maps_are_done_as_single_spectra() -> None:
    rng = np.random.default_rng(5)
    y = rng.poisson(900.0, (20, 300)).astype(float)
    y[np.arange(20), rng.integers(20, 280, 20)] += 900
    sigma = np.full_like(y, 30.0)
    out, mask = despike(y, sigma)
    assert mask.sum() == 20
    for i in (0, 7, 19):
        assert np.array_equal(despike(y[i : i + 1], sigma[i : i + 1])[0][0], out[i])
