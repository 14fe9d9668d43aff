"""Coefficients of Paalman and Pings against closed forms, limits, ray tracing and the demo's own integration."""

from __future__ import annotations

import bxds_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import iv, modstruve

from ntcspec.demo.scattering_beam import absorption
from ntcspec.errors import UserError
from ntcspec.scattering.capillary import Capillary, mu_inv_cm, paalman_pings

ANGLES = np.radians([0.0, 10.0, 45.0, 90.0, 150.0, 180.0])


@pytest.mark.parametrize("mu_r", [0.05, 0.2, 0.5, 1.0, 2.0, 4.0])
def test_closed_forms_forwards_and_backwards(mu_r: float) -> None:
    """A whole cylinder at 2theta 0 and 180: modified Bessel and Struve functions (derived from the definition)."""
    a = 2 * mu_r
    forwards = iv(0, a) + iv(2, a) - 2 * (modstruve(0, a) - modstruve(1, a) / a)
    backwards = (iv(1, 2 * a) - modstruve(1, 2 * a)) / a
    found = paalman_pings(Capillary(2.0, mu_r), np.array([0.0, np.pi]), "across").s_sc
    np.testing.assert_allclose(found, [forwards, backwards], rtol=2e-5)


@pytest.mark.parametrize("azimuth", ["across", "ring"])
def test_thin_limit(azimuth: str) -> None:
    """1 - A = mu times the mean path, 16 R / 3 pi for the cylinder at 2theta = 0."""
    tiny = 1e-4
    found = paalman_pings(Capillary(2.0, tiny), ANGLES, azimuth)
    assert (1 - found.s_sc[0]) / tiny == pytest.approx(16 / (3 * np.pi), rel=1e-3)
    nothing = paalman_pings(Capillary(2.0, 0.0), ANGLES, azimuth)
    for one in (nothing.s_sc, nothing.c_sc, nothing.c_c):
        np.testing.assert_allclose(one, 1.0, atol=1e-12)


def ray_tracing(c: Capillary, two_theta: float, azimuth: str, rng: np.random.Generator, n: int = 200_000):
    """A_s,sc, A_c,sc, A_c,c by marching straight lines through the two circles in steps, at random points."""
    inner = c.inner_mm / 2
    outer = inner + c.wall_mm
    x, y = rng.uniform(-outer, outer, (2, 4 * n))
    keep = (np.hypot(x, y) < outer) & (np.abs(y) < (c.beam_mm or 9) / 2)
    x, y = x[keep], y[keep]
    psi = rng.uniform(0, 2 * np.pi, x.size) if azimuth == "ring" else np.zeros(x.size)
    out = np.stack([np.cos(two_theta) + 0 * psi, np.sin(two_theta) * np.cos(psi)])

    def thickness(ux, uy):
        """Lengths in three dimensions: the z part of the direction does not leave the capillary."""
        steps = (np.arange(300) + 0.5) / 300
        length = np.hypot(ux, uy)
        far = 2 * outer / np.maximum(length, 1e-9)
        sample, wall = np.zeros(x.size), np.zeros(x.size)
        for s in steps:
            r = np.hypot(x + ux * s * far, y + uy * s * far)
            sample += (r < inner) * far / 300
            wall += ((r >= inner) & (r < outer)) * far / 300
        return sample, wall

    si, wi = thickness(-np.ones(x.size), np.zeros(x.size))
    so, wo = thickness(*out)
    full = np.exp(-c.mu_inv_mm * (si + so) - c.wall_mu_inv_mm * (wi + wo))
    empty = np.exp(-c.wall_mu_inv_mm * (wi + wo))
    in_sample = np.hypot(x, y) < inner
    return full[in_sample].mean(), full[~in_sample].mean(), empty[~in_sample].mean()


@pytest.mark.parametrize("azimuth", ["across", "ring"])
@pytest.mark.parametrize("degrees", [5.0, 40.0, 75.0])
def test_against_ray_tracing(azimuth: str, degrees: float) -> None:
    c = Capillary(1.0, 1.2, 0.15, 0.6, beam_mm=0.7)
    found = paalman_pings(c, np.radians([degrees]), azimuth)
    expected = ray_tracing(c, np.radians(degrees), azimuth, np.random.default_rng(3), 20_000)
    for one, truth in zip((found.s_sc, found.c_sc, found.c_c), expected, strict=True):
        assert one[0] == pytest.approx(truth, rel=0.006)


def test_against_the_demo() -> None:
    """The narrow beam and the shell without absorption of its own."""
    two_theta = np.linspace(0.0, 1.0, 30)
    own, wall = absorption(0.5e-7 * 2, two_theta)  # 1/A; the demo's capillary of 0.8 mm, beam 0.3 mm
    found = paalman_pings(Capillary(0.8, 1.0, beam_mm=0.3), two_theta, "across")
    np.testing.assert_allclose(found.s_sc, own, rtol=2e-4)
    np.testing.assert_allclose(found.c_sc / found.c_c, wall, rtol=2e-3)  # the demo weights the walls across the beam


def test_truth_of_the_demo() -> None:
    truth = bxds_files.made().truth["samples"][bxds_files.NAME]
    two_theta = np.radians(truth["two_theta_deg"])
    found = paalman_pings(Capillary(0.8, truth["mu_inv_cm"] / 10, beam_mm=0.3), two_theta, "across")
    np.testing.assert_allclose(found.s_sc, truth["absorption"], atol=3e-5)
    np.testing.assert_allclose(found.c_sc / found.c_c, truth["empty_scale"], atol=3e-4)
    rho = truth["rho0_inv_ang3"]
    density = rho / 0.602214076 * (22.98977 + 180.94788 + 6 * 35.453) / 8  # g/cm3 without voids
    assert 0.5 * mu_inv_cm("NaTaCl6", density, 0.2095, "x") == pytest.approx(truth["mu_inv_cm"], rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0.01, 3.0),
    st.floats(0.0, 0.5),
    st.floats(0.0, 1.0),
    st.floats(0.1, 2.0),
    st.sampled_from(["ring", "across"]),
)
def test_what_must_hold(mu: float, wall: float, wall_mu: float, beam: float, azimuth: str) -> None:
    """0 < A <= 1; the sample weakens the wall; more absorption means less light; mirror symmetry is built in."""
    c = Capillary(1.0, mu, wall, wall_mu, beam)
    one, more = (paalman_pings(k, ANGLES[:4], azimuth) for k in (c, Capillary(1.0, 1.3 * mu, wall, wall_mu, beam)))
    for a in (one.s_sc, one.c_sc, one.c_c):
        assert np.all(a > 0) and np.all(a <= 1 + 1e-9)
    assert np.all(one.c_sc <= one.c_c + 1e-12)
    assert np.all(more.s_sc < one.s_sc) and np.all(more.c_sc <= one.c_sc + 1e-12)


def test_refusals() -> None:
    with pytest.raises(UserError, match="mu R is 10: next to nothing comes through"):
        paalman_pings(Capillary(2.0, 10.0), ANGLES)
    with pytest.raises(UserError, match="sample x"):
        mu_inv_cm("Na(Cl", 2.0, 0.2, "sample x")
    with pytest.raises(UserError, match="name elements up to Cf"):
        mu_inv_cm("NaXx", 2.0, 0.2, "sample x")
