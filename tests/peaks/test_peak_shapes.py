"""Line shapes: area, width, derivatives; oracles are scipy.special.voigt_profile, lmfit and finite differences."""

from __future__ import annotations

import lmfit.lineshapes as oracle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import voigt_profile

from ntcspec.peaks import shapes
from ntcspec.peaks.model import bounds, evaluate, line, names, slices, step, straight

X = np.linspace(-9.0, 11.0, 161)
CENTRE = st.floats(-3.0, 3.0)
FWHM = st.floats(0.2, 6.0)
SHARE = st.floats(0.0, 1.0)
ALL = [*shapes.LINES, *shapes.STEPS]


def parameters(kind: str, centre: float, fwhm: float, share: float) -> tuple[float, ...]:
    return (centre, fwhm, share) if kind in shapes.SHARED else (centre, fwhm)


def curve(kind: str, x, *given) -> np.ndarray:
    return (shapes.LINES.get(kind) or shapes.STEPS[kind])(x, *given)


@pytest.mark.parametrize("kind", ALL)
@given(centre=CENTRE, fwhm=FWHM, share=st.floats(1e-3, 1 - 1e-3))
def test_derivatives_are_those_of_the_values(kind, centre, fwhm, share):
    at = parameters(kind, centre, fwhm, share)
    rows = curve(kind, X, *at)
    for i in range(len(at)):
        h = 1e-5 * (fwhm if i < 2 else 1.0)
        up, down = ([*at[:i], at[i] + sign * h, *at[i + 1 :]] for sign in (1, -1))
        slope = (curve(kind, X, *up)[0] - curve(kind, X, *down)[0]) / (2 * h)
        seam = 3e-8 * rows[0].max() / h if kind == "voigt" and share > 0.999 else 0.0  # where its branches meet
        assert np.abs(rows[1 + i] - slope).max() < 1e-5 * np.abs(rows[1 + i]).max() + seam + 1e-9


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("kind", shapes.SHARED)
def test_derivative_by_share_at_its_limits(kind, share):
    h = 1e-6 if share == 0.0 else -1e-6
    one_sided = (
        -3 * curve(kind, X, 0.3, 1.7, share)[0]
        + 4 * curve(kind, X, 0.3, 1.7, share + h)[0]
        - curve(kind, X, 0.3, 1.7, share + 2 * h)[0]
    ) / (2 * h)
    found = curve(kind, X, 0.3, 1.7, share)[3]
    assert np.abs(found - one_sided).max() < 1e-4 * np.abs(found).max()


@pytest.mark.parametrize("kind", shapes.LINES)
@given(centre=CENTRE, fwhm=FWHM, share=SHARE)
def test_area_is_one(kind, centre, fwhm, share):
    angle = np.pi * ((np.arange(4000) + 0.5) / 4000 - 0.5)  # x = centre + fwhm tan(angle): the whole axis
    y = curve(kind, centre + fwhm * np.tan(angle), *parameters(kind, centre, fwhm, share))[0]
    assert np.sum(y * fwhm / np.cos(angle) ** 2) * np.pi / 4000 == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", shapes.LINES)
@given(centre=CENTRE, fwhm=FWHM, share=SHARE)
def test_width_is_full_width_at_half_maximum(kind, centre, fwhm, share):
    at = parameters(kind, centre, fwhm, share)
    low, top, high = curve(kind, centre + fwhm * np.array([-0.5, 0.0, 0.5]), *at)[0]
    tolerance = 5e-4 if kind == "voigt" else 1e-12
    assert low / top == pytest.approx(0.5, rel=tolerance)
    assert high / top == pytest.approx(0.5, rel=tolerance)
    assert shapes.height(kind, 2.5, fwhm, share) == pytest.approx(2.5 * top)


@given(centre=CENTRE, fwhm=FWHM, share=SHARE)
def test_voigt_is_that_of_scipy(centre, fwhm, share):
    f_l = share * fwhm
    f_g = fwhm * np.sqrt(max((1 - 0.5346 * share) ** 2 - (1 - 0.5346) ** 2 * share**2, 0.0))
    expected = voigt_profile(X - centre, f_g / np.sqrt(8 * np.log(2)), f_l / 2)
    assert shapes.voigt(X, centre, fwhm, share)[0] == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_voigt_is_a_convolution():
    fine = np.linspace(-60, 60, 24001)
    f_l, f_g = 0.8, 0.9
    fwhm = 0.5346 * f_l + np.sqrt((1 - 0.5346) ** 2 * f_l**2 + f_g**2)
    gauss, lorentz = shapes.gaussian(fine, 0.0, f_g)[0], shapes.lorentzian(fine, 0.0, f_l)[0]
    both = np.convolve(gauss, lorentz, mode="same") * (fine[1] - fine[0])
    near = np.abs(fine) < 5
    assert shapes.voigt(fine[near], 0.0, fwhm, f_l / fwhm)[0] == pytest.approx(both[near], abs=1e-6)


@given(centre=CENTRE, fwhm=FWHM, share=SHARE)
def test_shapes_are_those_of_lmfit(centre, fwhm, share):
    sigma = fwhm / (2 * np.sqrt(2 * np.log(2)))
    assert shapes.gaussian(X, centre, fwhm)[0] == pytest.approx(oracle.gaussian(X, 1.0, centre, sigma), rel=1e-5)
    assert shapes.lorentzian(X, centre, fwhm)[0] == pytest.approx(oracle.lorentzian(X, 1.0, centre, fwhm / 2))
    expected = oracle.pvoigt(X, 1.0, centre, fwhm / 2, share)
    assert shapes.pseudo_voigt(X, centre, fwhm, share)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_limits_of_the_shared_shapes(share):
    pure = shapes.lorentzian if share else shapes.gaussian
    for shape in (shapes.voigt, shapes.pseudo_voigt):
        assert shape(X, 0.4, 1.3, share)[0] == pytest.approx(pure(X, 0.4, 1.3)[0], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("kind", "pure"), [("arctan", shapes.lorentzian), ("erf", shapes.gaussian)])
@given(centre=CENTRE, fwhm=FWHM)
def test_a_step_is_the_integral_of_its_line(kind, pure, centre, fwhm):
    rows = curve(kind, X, centre, fwhm)
    assert -rows[1] == pytest.approx(pure(X, centre, fwhm)[0], rel=1e-9, abs=1e-15)
    ends = curve(kind, centre + fwhm * np.array([-1e6, 0.0, 1e6]), centre, fwhm)[0]
    assert ends == pytest.approx([0.0, 0.5, 1.0], abs=1e-6)


def test_jacobian_of_a_model():
    parts = (
        line("line1", "voigt", centre=(-2.0, 2.0), fwhm=(0.1, 5.0)),
        line("line2", "gaussian", centre=(-2.0, 2.0), fwhm=(0.1, 5.0)),
        step("edge", "arctan", centre=(2.0, 8.0), fwhm=(0.1, 5.0)),
        straight(X),
    )
    p = np.array([1.2, -0.5, 1.1, 0.3, 0.7, 0.9, 0.8, 1.5, 4.0, 2.0, 0.1, -0.02])
    assert names(parts)[:4] == ("line1.area", "line1.centre", "line1.fwhm", "line1.share")
    assert names(parts)[-2:] == ("straight.constant", "straight.slope")
    assert [p[s].size for s in slices(parts)] == [4, 3, 3, 2]
    assert np.all(bounds(parts)[0][:10] <= p[:10])
    curves, jacobian = evaluate(parts, X, p)
    assert curves[3] == pytest.approx(0.1 - 0.02 * (X - 1.0))
    for i in range(p.size):
        h = np.zeros(p.size)
        h[i] = 1e-6
        slope = (evaluate(parts, X, p + h)[0].sum(axis=0) - evaluate(parts, X, p - h)[0].sum(axis=0)) / 2e-6
        assert jacobian[i] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(
    "make",
    [
        lambda: line("line1", "triangle", centre=(0.0, 1.0), fwhm=(0.1, 1.0)),
        lambda: line("line1", "gaussian", centre=(1.0, 0.0), fwhm=(0.1, 1.0)),
        lambda: line("line1", "gaussian", centre=(0.0, 1.0), fwhm=(0.0, 1.0)),
        lambda: step("edge", "gaussian", centre=(0.0, 1.0), fwhm=(0.1, 1.0)),
    ],
)
def test_senseless_parts_are_refused(make):
    with pytest.raises(ValueError, match=r"unknown|ascending"):
        make()
