"""Fits of lines: lmfit as oracle of minimum and errors, Monte Carlo for derived quantities and for the number of lines."""

from __future__ import annotations

import lmfit
import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from ntcspec.peaks.compare import compare, refusal
from ntcspec.peaks.derived import derive, line_heights, values
from ntcspec.peaks.fit import fit_from
from ntcspec.peaks.model import evaluate, line, step, straight
from ntcspec.peaks.search import fit_lines

X = np.arange(0.0, 12.0, 0.15)  # 80 points
EDGE = step("edge", "arctan", centre=(10.0, 14.0), fwhm=(0.3, 8.0))
PAIR = [0.5, 6.2, 1.2, 0.7, 7.6, 1.3, 0.9, 11.3, 1.5, 0.02, 0.001]  # two Gaussians, edge, straight line
FLAT = {"centre_range": (2.0, 10.0), "fwhm_range": (0.3, 4.0), "baseline": (straight(X),)}


def model(shape: str, lines: int) -> tuple:
    both = (line(f"line{i + 1}", shape, centre=(5.0, 9.0), fwhm=(0.3, 4.0)) for i in range(lines))
    return (*both, EDGE, straight(X))


def truth(shape: str) -> np.ndarray:
    if shape in ("pseudo_voigt", "voigt"):
        return np.array([*PAIR[:3], 0.4, *PAIR[3:6], 0.6, *PAIR[6:]])
    return np.array(PAIR)


def noisy(shape: str, sigma: float, seed: int) -> np.ndarray:
    clean = evaluate(model(shape, 2), X, truth(shape))[0].sum(axis=0)
    return clean + np.random.default_rng(seed).normal(0, sigma, X.size)


def lmfit_of(shape: str, y: np.ndarray, sigma: float | None) -> lmfit.minimizer.MinimizerResult:
    """The same model in lmfit, with numerical derivatives of its own."""
    parts, start = model(shape, 2), truth(shape)
    given = lmfit.Parameters()
    for i, value in enumerate(start):
        given.add(f"p{i}", value=value * 1.02 + 1e-3)

    def residual(p):
        total = evaluate(parts, X, np.array([p[f"p{i}"].value for i in range(start.size)]))[0].sum(axis=0)
        return (total - y) / (sigma or 1.0)

    options = {"xtol": 1e-13, "ftol": 1e-13}
    return lmfit.minimize(residual, given, scale_covar=sigma is None, **options)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("shape", ["gaussian", "lorentzian", "pseudo_voigt", "voigt"])
def test_minimum_and_errors_are_those_of_lmfit(shape, known):
    sigma = 0.002
    for seed in range(3, 30):  # the first data with chi2 < 1, where errors are not scaled by us
        y = noisy(shape, sigma, seed)
        weights = np.full(X.size, sigma) if known else None
        found = fit_lines(
            X, y, weights, lines=2, shape=shape, centre_range=(5.0, 9.0), fwhm_range=(0.3, 4.0),
            baseline=(EDGE, straight(X)),
        )  # fmt: skip
        if not found.at_bound and found.chi2 / (sigma**2 if not known else 1.0) < found.freedom:
            break
    expected = lmfit_of(shape, y, sigma if known else None)
    errors = np.array([expected.params[f"p{i}"].stderr for i in range(found.p.size)])
    best = np.array([expected.params[f"p{i}"].value for i in range(found.p.size)])
    assert found.converged
    assert found.chi2 == pytest.approx(expected.chisqr, rel=1e-6)
    assert np.abs(found.p - best).max() < 0.01 * errors.max()
    assert np.all(np.abs(found.p - best) < 0.02 * errors)
    assert found.errors == pytest.approx(errors, rel=0.01)


def test_errors_grow_with_the_root_of_reduced_chi2_above_one_only():
    y = noisy("gaussian", 0.004, 5)
    parts, start = model("gaussian", 2), truth("gaussian")
    small, right, large = (fit_from(X, y, np.full(X.size, s), parts, start) for s in (0.002, 0.004, 0.02))
    unknown = fit_from(X, y, None, parts, start)
    assert small.reduced_chi2 > 3.0
    assert small.errors == pytest.approx(unknown.errors, rel=1e-4)  # both from the scatter
    assert large.reduced_chi2 < 0.1
    assert large.errors == pytest.approx(right.errors * 5.0 / max(right.scale, 1.0), rel=1e-3)


def test_parameter_at_a_bound_is_named_and_has_no_error():
    y = evaluate(model("gaussian", 1), X, np.array([0.5, 6.0, 1.2, 0.9, 11.3, 1.5, 0.0, 0.0]))[0].sum(axis=0)
    y += np.random.default_rng(1).normal(0, 0.002, X.size)
    parts = (line("line1", "gaussian", centre=(6.5, 9.0), fwhm=(0.3, 4.0)), EDGE, straight(X))
    found = fit_from(X, y, None, parts, np.array([0.5, 7.0, 1.2, 0.9, 11.3, 1.5, 0.0, 0.0]))
    assert "line1.centre" in found.at_bound
    assert found.of("line1.centre") == 6.5
    assert np.isnan(found.errors[1])
    assert np.isfinite(found.errors[0])
    assert refusal(found) == "line 1: centre at the limit of its range"


def test_what_the_data_do_not_determine_has_infinite_error():
    parts = (line("line1", "gaussian", centre=(5.0, 9.0), fwhm=(0.3, 4.0)), straight(X, "one"), straight(X, "other"))
    clean = evaluate(parts, X, np.array([0.5, 7.0, 1.0, 0.1, 0.0, 0.2, 0.01]))[0].sum(axis=0)
    y = clean + np.random.default_rng(2).normal(0, 0.003, X.size)
    found = fit_from(X, y, None, parts, np.array([0.4, 7.1, 1.2, 0.0, 0.0, 0.0, 0.0]))
    assert np.isinf(found.errors[3:]).all()
    assert np.isfinite(found.errors[:3]).all()
    assert found.of("line1.area") == pytest.approx(0.5, abs=5 * found.errors[0])


@pytest.mark.parametrize(
    ("x", "y", "sigma", "message"),
    [
        (X, X[:-1], None, "one length"),
        (X, np.where(X > 5, np.nan, 0.0), None, "finite"),
        (X, X, np.zeros(X.size), "above 0"),
        (X[:5], X[:5], None, "cannot determine"),
    ],
)
def test_senseless_data_are_refused(x, y, sigma, message):
    with pytest.raises(ValueError, match=message):
        fit_lines(x, y, sigma, lines=1, shape="gaussian", **FLAT)


@pytest.mark.parametrize("separation", [0.0, 1.4])
def test_derived_quantities_match_a_fine_grid(separation):
    parts = model("voigt", 2)
    p = truth("voigt")
    p[5] = p[1] + separation + 1e-3
    found = values(parts, p)
    fine = np.arange(-40.0, 60.0, 1e-4)
    total = evaluate(parts[:2], fine, p[:8])[0].sum(axis=0)
    above = fine[total >= 0.5 * total.max()]
    assert found["height"] == pytest.approx(total.max(), rel=1e-7)
    assert found["position"] == pytest.approx(fine[np.argmax(total)], abs=2e-4)
    assert found["fwhm"] == pytest.approx(above[-1] - above[0], abs=4e-4)
    assert found["area"] == pytest.approx(1.2)
    assert found["centroid"] == pytest.approx((0.5 * p[1] + 0.7 * p[5]) / 1.2)
    assert found["splitting"] == pytest.approx(separation + 1e-3)
    assert found["area_ratio"] == pytest.approx(1.4)


def test_gradients_of_derived_quantities():
    found = fit_from(X, noisy("voigt", 0.002, 9), None, model("voigt", 2), truth("voigt"))
    for name, one in derive(found).items():
        for i in range(found.p.size):
            h = np.zeros(found.p.size)
            h[i] = 1e-5
            slope = (values(found.parts, found.p + h)[name] - values(found.parts, found.p - h)[name]) / 2e-5
            assert one.gradient[i] == pytest.approx(slope, abs=2e-5 * max(1.0, np.abs(one.gradient).max())), (name, i)


def test_uncertainties_of_derived_quantities_by_monte_carlo():
    sigma, runs = 0.004, 200
    parts, start = model("gaussian", 2), truth("gaussian")
    expected = values(parts, start)
    seen: dict[str, list[float]] = {name: [] for name in expected}
    claimed: dict[str, list[float]] = {name: [] for name in expected}
    for seed in range(runs):
        found = fit_from(X, noisy("gaussian", sigma, 100 + seed), np.full(X.size, sigma), parts, start)
        for name, one in derive(found).items():
            seen[name].append(one.value)
            claimed[name].append(one.error / found.scale)
    for name, value in expected.items():
        spread = np.std(seen[name], ddof=1)
        assert np.median(claimed[name]) == pytest.approx(spread, rel=0.2), name  # 200 runs: 5 % on the spread
        assert abs(np.mean(seen[name]) - value) < 0.35 * spread, name


def trial(y: np.ndarray, sigma: float | None):
    """One line against two over a straight line."""
    weights = None if sigma is None else np.full(X.size, sigma)
    one = fit_lines(X, y, weights, lines=1, shape="gaussian", **FLAT)
    return compare({1: one, 2: fit_lines(X, y, weights, lines=2, shape="gaussian", simpler=one, **FLAT)})


def gaussians(split: float, ratio: float = 1.0) -> np.ndarray:
    """Two lines of width 2 that are `split` widths apart; the upper one `ratio` as high."""
    return sum(h * np.exp(-4 * np.log(2) * ((X - c) / 2.0) ** 2) for h, c in ((1, 5.5 - split), (ratio, 5.5 + split)))


@pytest.mark.parametrize("sigma", [0.01, None])
def test_one_line_is_not_called_two(sigma):
    rng = np.random.default_rng(11)
    wrong = sum(trial(gaussians(0.0) / 2 + rng.normal(0, 0.01, X.size), sigma).chosen == 2 for _ in range(200))
    assert wrong < 10


def test_one_line_in_correlated_noise_is_not_called_two():
    rng = np.random.default_rng(12)
    wrong = 0
    for _ in range(100):
        noise = uniform_filter1d(rng.normal(0, 0.01, X.size + 20), 5)[10:-10]
        wrong += trial(gaussians(0.0) / 2 + noise, 0.01 / np.sqrt(5)).chosen == 2
    assert wrong < 5


@pytest.mark.parametrize("sigma", [0.01, None])
def test_two_lines_one_width_apart_are_found(sigma):
    rng = np.random.default_rng(13)
    found = [trial(gaussians(1.0) + rng.normal(0, 0.01, X.size), sigma) for _ in range(100)]
    right = [one for one in found if one.chosen == 2 and one.decided]
    assert len(right) > 95
    split = [derive(one.fits[2])["splitting"] for one in right]
    pulls = [(one.value - 2.0) / one.error for one in split]
    assert abs(np.mean(pulls)) < 0.5
    assert 0.75 < np.std(pulls) < 1.25


def test_lines_closer_than_the_resolution_are_not_claimed():
    rng = np.random.default_rng(14)
    claimed = sum(trial(gaussians(0.1) + rng.normal(0, 0.01, X.size), 0.01).chosen == 2 for _ in range(100))
    assert claimed < 20


def test_a_margin_below_two_is_not_decided():
    rng = np.random.default_rng(15)
    seen = [
        trial(gaussians(split) + rng.normal(0, 0.01, X.size), 0.01) for split in (0.16, 0.18, 0.2) for _ in range(25)
    ]
    assert any(one.evidence == "not decided" for one in seen)
    for one in seen:
        if one.delta_bic < 2.0:
            assert (one.chosen, one.decided, one.evidence) == (1, False, "not decided")
        assert one.delta_bic == pytest.approx(abs(one.bic[1] - one.bic[2]))


def test_a_wrong_shape_is_no_second_line():
    """A line with wings fitted by Gaussians: BIC wants two concentric ones, which are one line of another shape."""
    y = gaussians(0.0) / 2 + 0.4 * np.exp(-4 * np.log(2) * ((X - 5.5) / 0.8) ** 2)
    found = trial(y + np.random.default_rng(16).normal(0, 0.002, X.size), 0.002)
    assert found.winner == 2
    assert found.delta_bic > 10
    assert found.chosen == 1
    assert not found.decided
    assert found.refused[2].startswith("not resolved")
    assert found.fits[1].scale > 3.0


def test_where_no_model_fits_the_evidence_shrinks():
    """A Lorentzian: one Gaussian and two are both wrong by many sigma, and their residuals are smooth."""
    y = 1.0 / (1.0 + (X - 5.5) ** 2) + np.random.default_rng(16).normal(0, 0.002, X.size)
    found = trial(y, 0.002)
    assert found.inflation > 5
    assert found.correlation > 0.5
    assert found.chosen == 1
    assert found.fits[1].scale > 3
    assert found.delta_bic < 0.05 * (found.fits[1].chi2 - found.fits[2].chi2)


def test_criteria_follow_their_formulas():
    y = gaussians(0.5) + np.random.default_rng(17).normal(0, 0.01, X.size)
    n = X.size
    known, unknown = trial(y, 0.02), trial(y, None)
    for lines, k in ((1, 5), (2, 8)):
        chi2 = known.fits[lines].chi2
        assert known.inflation == 1.0
        assert known.bic[lines] == pytest.approx(chi2 + k * np.log(n))
        assert known.aicc[lines] == pytest.approx(chi2 + 2 * k + 2 * k * (k + 1) / (n - k - 1))
        rss = unknown.fits[lines].chi2
        assert unknown.bic[lines] == pytest.approx(n * np.log(rss / n) + (k + 1) * np.log(n))
    tight = trial(y, 0.005)  # sigma too small by two: everything shrinks by the reduced chi2 of the better model
    assert tight.inflation == pytest.approx(tight.fits[2].reduced_chi2)
    assert tight.bic[1] - tight.bic[2] == pytest.approx(
        (tight.fits[1].chi2 - tight.fits[2].chi2) / tight.inflation - 3 * np.log(n)
    )


def test_heights_of_the_lines():
    found = fit_from(X, noisy("gaussian", 0.002, 21), None, model("gaussian", 2), truth("gaussian"))
    one, two = line_heights(found)
    top = 2 * np.sqrt(np.log(2) / np.pi)
    assert one.value == pytest.approx(top * found.of("line1.area") / found.of("line1.fwhm"))
    assert two.value == pytest.approx(top * 0.7 / 1.3, abs=4 * two.error)


def test_three_lines_and_the_order_of_lines():
    y = sum(h * np.exp(-4 * np.log(2) * ((X - c) / 0.9) ** 2) for h, c in ((0.4, 8.0), (1.0, 3.0), (0.6, 5.0)))
    y = y + 0.1 + np.random.default_rng(22).normal(0, 0.005, X.size)
    found = fit_lines(X, y, None, lines=3, shape="gaussian", **FLAT)
    assert [found.of(f"line{i}.centre") for i in (1, 2, 3)] == pytest.approx([3.0, 5.0, 8.0], abs=0.02)
    assert list(derive(found)) == ["area", "centroid", "height", "position", "fwhm", "splitting", "area_ratio"]


def test_fits_of_unlike_data_are_not_compared():
    a, b = (fit_lines(X, gaussians(s), None, lines=1, shape="gaussian", **FLAT) for s in (0.1, 0.2))
    with pytest.raises(ValueError, match="unlike"):
        compare({1: a, 2: b})
    with pytest.raises(ValueError, match="no fits"):
        compare({})
    with pytest.raises(ValueError, match="no line"):
        values(b.parts[1:], b.p[3:])
