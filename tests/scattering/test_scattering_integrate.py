"""Integration against the definition of the geometry, a histogram of one's own, pyFAI's other engines, Monte Carlo."""

from __future__ import annotations

from dataclasses import replace

import bxds_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.scattering.geometry import beam_centre, setup_for, to_pixels
from ntcspec.scattering.integrate import Correction, Options, flipped, integrate
from ntcspec.types.scattering import DetectorGeometry

WAVE = 0.2095


def expected(one: DetectorGeometry, level: float = 400.0, p: float = 0.95):
    """Mean photons of each pixel of a liquid, and its weights (solid angle times polarisation)."""
    two_theta, phi, cosine = bxds_files.positions(one)
    q = 4 * np.pi / WAVE * np.sin(two_theta / 2)
    pol = 0.5 * (1 + np.cos(two_theta) ** 2 - p * np.cos(2 * phi) * np.sin(two_theta) ** 2)
    return level * liquid(q) * cosine**3 * pol, cosine**3 * pol, q


def liquid(q):
    return np.exp(-q / 20) * (1 + 0.5 * np.sin(2.5 * q))


def histogram(q, weights, values, setup):
    which = np.floor(q / setup.step_inv_ang).astype(int).ravel()
    up = np.bincount(which, values.ravel(), setup.bins)
    down = np.bincount(which, weights.ravel(), setup.bins)
    return up[down > 0] / down[down > 0], np.flatnonzero(down > 0), down


@pytest.mark.parametrize("tilt", [(0.02, -0.03, 0.0), (0.0, np.radians(15), 0.1), (0.3, -0.2, 1.0)])
def test_against_the_definition(tilt: tuple[float, float, float]) -> None:
    """q, solid angle and polarisation of a tilted detector from first principles; intensity from a histogram."""
    one = bxds_files.geometry(rot1_rad=tilt[0], rot2_rad=tilt[1], rot3_rad=tilt[2])
    setup = setup_for(one, bxds_files.SHAPE, WAVE, step_inv_ang=0.15)
    mean, weights, q = expected(one)
    np.testing.assert_allclose(setup.q, q, rtol=2e-5)
    found = integrate(setup, bxds_files.image(mean), Correction(), Options())
    own, kept, _ = histogram(np.asarray(setup.q, float), weights, mean, setup)
    np.testing.assert_allclose(found.q, setup.centres[kept])
    np.testing.assert_allclose(found.intensity, own, rtol=2e-6)
    inside = found.pixels > 20
    np.testing.assert_allclose(found.intensity[inside], 400 * liquid(found.q[inside]), rtol=0.02)  # width of a bin


def test_against_other_engines_of_pyfai() -> None:
    """Split pixels give the same intensity within the noise of a bin as wide as a pixel, and a sigma that is too small."""
    setup = bxds_files.setup(0.3)
    rng = np.random.default_rng(0)
    _, weights, q = expected(bxds_files.geometry())
    counts = rng.poisson(400 * np.exp(-q / 20) * weights).astype(np.uint16)  # without oscillations to smooth
    found = integrate(setup, bxds_files.image(counts), Correction(), Options())
    split = setup.ai.integrate1d_ng(
        counts, setup.bins, variance=np.maximum(counts, 0).astype(float), method=("bbox", "csr", "cython"),
        unit="q_A^-1", radial_range=(0, setup.last_inv_ang), polarization_factor=0.95,
    )  # fmt: skip
    kept = np.isin(np.round(setup.centres, 9), np.round(found.q, 9)) & (np.asarray(split.count) > 30)
    ours = np.interp(setup.centres[kept], found.q, found.intensity)
    deviation = (split.intensity[kept] - ours) / np.interp(setup.centres[kept], found.q, found.sigma)
    assert np.sqrt(np.mean(deviation**2)) < 1.0
    ratio = np.interp(setup.centres[kept], found.q, found.sigma) / split.sigma[kept]
    assert np.median(ratio) > 1.2


@pytest.mark.parametrize("reject", ["none", "sigma_clip"])
def test_sigma_against_monte_carlo(reject: str) -> None:
    """300 exposures with dark and read noise: sigma is the scatter of I, and neighbours are independent."""
    setup = bxds_files.setup()
    mean, _, _ = expected(bxds_files.geometry(), 60.0)
    rng = np.random.default_rng(5)
    options = Options(read_noise=4.0, dark_frames=4, reject=reject)
    runs, sigmas = [], []
    for _ in range(300):
        counts = np.rint(rng.poisson(mean) + 100 + 4.0 * rng.standard_normal(mean.shape))
        dark = bxds_files.image(100 + 2.0 * rng.standard_normal(mean.shape), "dark")
        found = integrate(setup, bxds_files.image(counts), Correction(dark=dark), options)
        runs.append(found.intensity)
        sigmas.append(found.sigma)
    inside = found.pixels > 20
    scatter = np.std(runs, axis=0)[inside]
    ratio = np.mean(sigmas, axis=0)[inside] / scatter
    assert abs(np.mean(ratio) - 1) < 0.02 and np.all(np.abs(ratio - 1) < 0.2)  # each to 4 %, a hundred bins
    correlation = np.corrcoef(np.array(runs)[:, inside].T)
    assert abs(np.mean(np.diag(correlation, 1))) < 0.03
    bias = (np.mean(runs, axis=0)[inside] - 60 * liquid(found.q[inside])) / (60 * liquid(found.q[inside]))
    assert np.sqrt(np.mean(bias**2)) < 0.02


def test_gain_and_scatter() -> None:
    """Counts of a gain of 5: told by the scatter; right with `gain` or `errors: scatter`."""
    setup = bxds_files.setup()
    rng = np.random.default_rng(2)
    counts = (5 * rng.poisson(expected(bxds_files.geometry(), 40.0)[0])).astype(np.int32)
    wrong = integrate(setup, bxds_files.image(counts), Correction(), Options())
    assert wrong.scatter == pytest.approx(np.sqrt(5), rel=0.1)
    assert any("scatter 2." in note for note in wrong.notes)
    right = integrate(setup, bxds_files.image(counts), Correction(), Options(gain=5.0))
    assert right.scatter == pytest.approx(1.0, abs=0.05) and not right.notes
    by_scatter = integrate(setup, bxds_files.image(counts), Correction(), Options(errors="scatter"))
    inside = right.pixels > 50
    assert np.median(by_scatter.sigma[inside] / right.sigma[inside]) == pytest.approx(1.0, abs=0.05)
    assert not integrate(setup, bxds_files.image(counts), Correction(), Options(errors="none")).sigma.size


def test_frames_make_sigma_smaller_and_flats_divide() -> None:
    setup = bxds_files.setup()
    mean, _, _ = expected(bxds_files.geometry())
    one = integrate(setup, bxds_files.image(mean), Correction(), Options())
    nine = integrate(setup, bxds_files.image(mean, frames=9), Correction(), Options())
    np.testing.assert_allclose(nine.sigma, one.sigma / 3, rtol=1e-5)
    response = 1 + 0.2 * np.sin(np.arange(150) / 9)[None, :] + np.zeros((120, 1))
    flat = bxds_files.image(7.0 * response, "flat", saturation=np.nan)
    seen = integrate(setup, bxds_files.image(mean * response / np.median(response)), Correction(flat=flat), Options())
    np.testing.assert_allclose(seen.intensity, one.intensity, rtol=1e-2)
    blind = 1.0 * response
    blind[4, 4] = 0
    broken = mean.copy()
    broken[4, 4] = 60000
    seen = integrate(setup, bxds_files.image(broken), Correction(flat=bxds_files.image(blind, "flat")), Options())
    assert not seen.used[4, 4]


@pytest.mark.parametrize("reject", ["sigma_clip", "median"])
def test_rejection_takes_spots_out(reject: str) -> None:
    setup = bxds_files.setup()
    rng = np.random.default_rng(8)
    mean, _, _ = expected(bxds_files.geometry())
    counts = rng.poisson(mean).astype(float)
    clean = integrate(setup, bxds_files.image(counts), Correction(), Options())
    spots = rng.choice(counts.size, 60, replace=False)
    counts.flat[spots] += 20000
    hit = integrate(setup, bxds_files.image(counts), Correction(), Options())
    saved = integrate(setup, bxds_files.image(counts), Correction(), Options(reject=reject))
    inside = clean.pixels > 60
    away = [
        np.max(np.abs(np.interp(clean.q, one.q, one.intensity) / clean.intensity - 1)[inside]) for one in (hit, saved)
    ]
    assert away[0] > 0.5 and away[1] < 0.05


# --- orientation and flips ------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
@pytest.mark.parametrize("tilt", [(0.02, -0.03, 0.0), (0.1, 0.26, 0.3)])
def test_rays_find_their_pixels(orientation: int, tilt: tuple[float, float, float]) -> None:
    """The way back from angles to pixels against pyFAI's way there, on every pixel."""
    one = bxds_files.geometry(rot1_rad=tilt[0], rot2_rad=tilt[1], rot3_rad=tilt[2])
    setup = setup_for(one, bxds_files.SHAPE, WAVE, orientation=orientation)
    two_theta = np.asarray(setup.ai.center_array(bxds_files.SHAPE, unit="2th_rad"))
    rows, columns = to_pixels(setup, two_theta, np.asarray(setup.chi, float))
    np.testing.assert_allclose(rows, np.arange(120)[:, None] + np.zeros((1, 150)), atol=2e-3)
    np.testing.assert_allclose(columns, np.arange(150)[None, :] + np.zeros((120, 1)), atol=2e-3)
    row, column = beam_centre(setup)
    if 0 < row < 119 and 0 < column < 149:
        assert np.unravel_index(np.argmin(setup.q), setup.shape) == (round(row), round(column))


@pytest.mark.parametrize(("flip", "orientation"), [("vertical", 2), ("horizontal", 4), ("both", 1)])
def test_a_flip_is_the_orientation_read_the_other_way(flip: str, orientation: int) -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(expected(bxds_files.geometry())[0]).astype(float)
    upright = integrate(bxds_files.setup(), bxds_files.image(counts), Correction(), Options())
    turned = bxds_files.image(flipped(counts, flip))
    by_flip = integrate(bxds_files.setup(), turned, Correction(), Options(flip=flip))
    np.testing.assert_array_equal(by_flip.intensity, upright.intensity)
    setup = setup_for(bxds_files.geometry(), bxds_files.SHAPE, WAVE, orientation=orientation, step_inv_ang=0.15)
    np.testing.assert_allclose(
        integrate(setup, turned, Correction(), Options()).intensity, upright.intensity, rtol=1e-5
    )
    assert (
        np.max(np.abs(integrate(bxds_files.setup(), turned, Correction(), Options()).intensity / upright.intensity - 1))
        > 0.01
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 1e4), st.integers(0, 2**32 - 1))
def test_intensity_and_variance_scale_with_the_counts(factor: float, seed: int) -> None:
    """I is linear in the counts, sigma goes as their root: whatever the image."""
    setup = bxds_files.setup(0.4)
    counts = np.random.default_rng(seed).uniform(20.0, 60.0, bxds_files.SHAPE)
    options = Options(beam_stop="keep")
    one = integrate(setup, bxds_files.image(counts, saturation=np.nan), Correction(), options)
    more = integrate(setup, bxds_files.image(factor * counts, saturation=np.nan), Correction(), options)
    np.testing.assert_allclose(more.intensity, factor * one.intensity, rtol=1e-5)
    np.testing.assert_allclose(more.sigma, np.sqrt(factor) * one.sigma, rtol=1e-5)


# --- bad pixels -----------------------------------------------------------------------------------


def test_saturated_pixels() -> None:
    setup = bxds_files.setup()
    mean, _, q = expected(bxds_files.geometry(), 2000.0)
    few = mean.copy()
    few[10, 10] = few[80, 100] = 70000
    found = integrate(setup, bxds_files.image(few), Correction(), Options())
    assert any("2 saturated pixels (65535 counts or more) were left out" in note for note in found.notes)
    ring = np.where(np.abs(q - 5.0) < 0.1, 66000.0, mean)
    with pytest.raises(
        UserError, match=r"sample.tif: \d+ pixels are saturated \(65535 counts\), \d+% of the ring at Q = (4.9|5.0)\d"
    ):
        integrate(setup, bxds_files.image(ring), Correction(), Options())
    left = integrate(setup, bxds_files.image(ring), Correction(), Options(saturated="leave_out"))
    assert left.q.size < setup.bins and np.all(left.intensity < 5000)
    with pytest.raises(UserError, match=r"saturated \(1000 counts\)"):
        integrate(setup, bxds_files.image(mean), Correction(), Options(saturation=1000.0))
    unknown = integrate(setup, bxds_files.image(mean, saturation=np.nan), Correction(), Options())
    assert any("saturation was not looked for" in note for note in unknown.notes)


def test_negative_pixels() -> None:
    setup = bxds_files.setup()
    counts = np.rint(expected(bxds_files.geometry())[0]).astype(np.int32)
    gaps = counts.copy()
    gaps[40:44], gaps[7, 7] = -1, -2
    found = integrate(setup, bxds_files.image(gaps), Correction(), Options())
    assert any("601 pixels hold -1 or -2" in note for note in found.notes) and not found.used[40:44].any()
    gaps[90, 91] = -17
    with pytest.raises(
        UserError, match=r"1 pixels are negative, the first at row 90, column 91.*background and dark by name"
    ):
        integrate(setup, bxds_files.image(gaps), Correction(), Options())
    assert not integrate(setup, bxds_files.image(gaps), Correction(), Options(negative="leave_out")).used[90, 91]
    assert integrate(setup, bxds_files.image(gaps), Correction(), Options(negative="keep")).used[90, 91]


def shadowed(counts):
    """A stop of 6 pixels on an arm to the last row."""
    row, column = beam_centre(bxds_files.setup())
    r, c = np.mgrid[0:120, 0:150]
    stop = (np.hypot(r - row, c - column) < 6) | ((np.abs(c - column) < 2) & (r > row))
    return np.where(stop, 1.0, counts), stop


def test_a_beam_stop_without_a_mask_is_refused() -> None:
    setup = bxds_files.setup()
    rng = np.random.default_rng(4)
    counts, stop = shadowed(rng.poisson(expected(bxds_files.geometry())[0]).astype(float))
    with pytest.raises(
        UserError, match=rf"a dark region of {stop.sum()} pixels lies round the beam centre, and there is no mask"
    ):
        integrate(setup, bxds_files.image(counts), Correction(), Options())
    mask = bxds_files.image(stop.astype(np.uint8), "mask")
    covered = integrate(setup, bxds_files.image(counts), Correction(mask=mask), Options())
    assert not covered.notes
    kept = integrate(setup, bxds_files.image(counts), Correction(), Options(beam_stop="keep"))
    assert kept.intensity[0] < 0.01 * covered.intensity[0] and any("it was kept" in note for note in kept.notes)
    partly = stop.astype(np.uint8)
    partly[100:] = 0  # the arm's end was forgotten
    rest = integrate(setup, bxds_files.image(counts), Correction(mask=bxds_files.image(partly, "mask")), Options())
    assert rest.used[100:, 74].all()  # away from the centre: not looked for


def test_no_beam_stop_is_seen_where_there_is_none() -> None:
    """Negative control: a liquid that scatters little at low Q, noise, gaps."""
    setup = bxds_files.setup()
    mean, _, q = expected(bxds_files.geometry())
    weak = mean * (0.4 + 0.6 * (q > 3.0))
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(0.3 * weak).astype(float)
        assert not integrate(setup, bxds_files.image(counts), Correction(), Options()).notes


def test_dead_pixels() -> None:
    setup = bxds_files.setup()
    counts = np.random.default_rng(4).poisson(expected(bxds_files.geometry())[0]).astype(float)
    counts[3, 3] = counts[100, 20] = 0
    found = integrate(setup, bxds_files.image(counts), Correction(), Options())
    assert not found.used[3, 3] and not found.used[100, 20] and any("2 pixels count nothing" in n for n in found.notes)


def test_a_dark_that_does_not_belong() -> None:
    setup = bxds_files.setup()
    mean, _, _ = expected(bxds_files.geometry())
    with pytest.raises(
        UserError, match=r"dark.tif: more than half of the pixels of sample.tif count less than this dark"
    ):
        integrate(setup, bxds_files.image(mean), Correction(dark=bxds_files.image(mean + 50, "dark")), Options())
    with pytest.raises(UserError, match=r"dark.tif: exposed for 9 s, sample.tif for 1 s"):
        dark = bxds_files.image(mean * 0, "dark", exposure_s=9.0)
        integrate(setup, bxds_files.image(mean, exposure_s=1.0), Correction(dark=dark), Options())


def test_everything_masked() -> None:
    mask = bxds_files.image(np.ones(bxds_files.SHAPE), "mask")
    with pytest.raises(UserError, match="no pixel is left"):
        integrate(bxds_files.setup(), bxds_files.image(np.ones(bxds_files.SHAPE)), Correction(mask=mask), Options())


def test_detectors_by_name() -> None:
    named = replace(bxds_files.geometry(), detector="Perkin", detector_config={"pixel1": 2e-4, "pixel2": 2e-4})
    assert setup_for(named, (2048, 2048), WAVE, step_inv_ang=0.1).ai.detector.pixel1 == 2e-4
    with pytest.raises(UserError, match=r"the image has 120 rows x 150 columns, a Perkin of these pixels 2048 x 2048"):
        setup_for(named, bxds_files.SHAPE, WAVE)
    with pytest.raises(UserError, match=r"g.poni: Detector: pyFAI knows no 'Varex 9' -> name one that pyFAI knows"):
        setup_for(replace(named, detector="Varex 9"), bxds_files.SHAPE, WAVE)
