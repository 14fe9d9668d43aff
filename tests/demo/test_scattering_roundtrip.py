"""From the raw images through the pipeline itself back to what went in: G(r), first peak, order of the series, controls.

The truth is `g_seen`: G(r) of the model as the instrument spreads it. Rw = sqrt(sum (G - g_seen)^2 / sum g_seen^2) holds
the counting noise of one exposure as well: sigma(G) is 0.041 (TaCl5) to 0.055 1/A^2, at every r alike, while G fades.
Noise alone makes Rw 0.041 to 0.095 over 1.8 to 20 A, and 0.045 to 0.118 over 1.8 to 30 A. So two things are asked for:
Rw below 0.10 up to 20 A, the range in which the demo's own reduction is judged as well; and, up to 20 and up to 30 A, no
more than what noise explains. Found: 0.047 to 0.086 (0.82 to 1.16 times the noise), up to 30 A 0.050 to 0.109 (0.87 to
1.13 times). Nothing is fitted to the truth, the parameters are those of the study.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pipeline
import pytest

from ntcspec.demo import SEED, find_resources, instrument_seed
from ntcspec.demo.scattering import make
from ntcspec.demo.series import SERIES

MILLED = [m.name for m in SERIES if m.glass is not None]  # from annealed to 40 h
SAMPLES = ["TaCl5", *MILLED]
REPEATED = "NTC 6 h"
R = np.arange(3001) * 0.01


def study(
    folder: Path, glass: str, *, seed: int = SEED, samples: tuple[str, ...] | None = None
) -> tuple[Path, dict[str, Any]]:
    """A study folder with the default config and images of a model glass, and their truth."""
    made = make(find_resources(), instrument_seed(seed, "scattering"), glass=glass, samples=samples)
    for name, content in made.files.items():
        (folder / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "raw" / name).write_bytes(content)
    (folder / "study").mkdir(parents=True)
    return pipeline.make_study(folder / "study", folder / "raw"), made.truth["samples"]


@pytest.fixture(scope="module")
def bridged(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pipeline.Results], dict[str, Any]]:
    folder, truth = study(tmp_path_factory.mktemp("bridged"), "gl4")
    return pipeline.run(folder, "scattering"), truth


@pytest.fixture(scope="module")
def results(bridged: tuple[dict[str, pipeline.Results], dict[str, Any]]) -> dict[str, pipeline.Results]:
    """All stages of all samples."""
    return bridged[0]


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pipeline.Results]:
    """The same with the glass that has no bridges."""
    folder, _ = study(tmp_path_factory.mktemp("control"), "gl0")
    return pipeline.run(folder, "scattering", MILLED)


def within(low: float, high: float) -> np.ndarray:
    return (low - 1e-9 <= R) & (high + 1e-9 >= R)


def rw(found: np.ndarray, wanted: np.ndarray, span: tuple[float, float]) -> float:
    used = within(*span)
    return float(np.sqrt(np.sum((found - wanted)[used] ** 2) / np.sum(wanted[used] ** 2)))


@pytest.mark.parametrize("name", SAMPLES)
def test_g_of_r_comes_back(bridged: tuple[dict[str, pipeline.Results], dict[str, Any]], name: str) -> None:
    found, wanted = bridged[0][name]["transform"], np.array(bridged[1][name]["g_seen"])
    np.testing.assert_allclose(found.r_ang, R, atol=1e-9)
    assert found.normalisation == "absolute" and found.absolute, found.verdict
    assert rw(found.g_r, wanted, (1.8, 20.0)) < 0.10
    for span in ((1.8, 20.0), (1.8, 30.0)):
        noise = rw(wanted + found.g_sigma, wanted, span)
        assert rw(found.g_r, wanted, span) < 1.25 * noise, span


@pytest.mark.parametrize("name", SAMPLES)
def test_the_first_peak_comes_back(bridged: tuple[dict[str, pipeline.Results], dict[str, Any]], name: str) -> None:
    """Within 0.02 A of the truth: its maximum, and the distance of the shell that is fitted to it."""
    known = bridged[1][name]["metrics"]["g_seen"]["first_peak_ang"]
    for metric in ("first_shell.maximum", "first_shell.position"):
        assert pipeline.metric(bridged[0][name], metric).value == pytest.approx(known, abs=0.02)


def test_octahedra_have_six_neighbours_within_the_uncertainty(results: dict[str, pipeline.Results]) -> None:
    """Found 6.26 to 6.37 where Na-Cl reaches into the range, and 4.04 of TaCl5: what one shell leaves is in u_sys."""
    for name in SAMPLES:
        found = pipeline.metric(results[name], "first_shell.coordination")
        total = float(np.hypot(found.u_stat, found.u_sys))
        assert abs(found.value - (4.0 if name == "TaCl5" else 6.0)) < total < 0.8, name
        assert found.u_stat < 0.05


def test_sigma_of_g_is_that_of_the_counts(bridged: tuple[dict[str, pipeline.Results], dict[str, Any]]) -> None:
    """Beyond 10 A, against the scatter about the truth and against the demo's own closed form."""
    for name in SAMPLES:
        found, truth, far = bridged[0][name]["transform"], bridged[1][name], within(10, 30)
        sigma = float(np.sqrt(np.mean(found.g_sigma[far] ** 2)))
        assert sigma == pytest.approx(truth["noise_of_g_inv_ang2"], rel=0.05), name
        rest = float(np.sqrt(np.mean((found.g_r - np.array(truth["g_seen"]))[far] ** 2)))
        assert 0.8 < rest / sigma < 1.25, name


def test_repeated_exposures_scatter_as_sigma_says(
    bridged: tuple[dict[str, pipeline.Results], dict[str, Any]], tmp_path: Path
) -> None:
    """Sample, container and dark exposed anew: chi2 about the truth, and the scatter of G over sigma, are 1.

    Of 20 exposures found: 1.055 and 0.995. What is no noise (rms 0.011 1/A^2, a fifth of sigma) is in the first.
    """
    wanted, far, found = np.array(bridged[1][REPEATED]["g_seen"]), within(2, 30), []
    for seed in range(8):
        folder, _ = study(tmp_path / str(seed), "gl4", seed=1000 + seed, samples=(REPEATED,))
        found.append(pipeline.run(folder, "scattering", [REPEATED])[REPEATED]["transform"])
    sigma = found[0].g_sigma[far]
    chi2 = np.mean([np.mean(((one.g_r - wanted)[far] / sigma) ** 2) for one in found])
    scatter = np.std([one.g_r[far] for one in found], axis=0, ddof=1)
    assert 0.8 < chi2 < 1.3
    assert np.sqrt(np.mean((scatter / sigma) ** 2)) == pytest.approx(1.0, abs=0.12)


def in_order(results: dict[str, pipeline.Results], name: str, sign: int, order: Sequence[str] = MILLED) -> bool:
    """Whether each step has this sign by more than three standard uncertainties of the difference."""
    found = [pipeline.metric(results[sample], name) for sample in order]
    return all(sign * (b.value - a.value) > 3.0 * np.hypot(a.u_stat, b.u_stat) for a, b in pairwise(found))


def test_order_fades_and_what_stands_at_the_bridge_rises(results: dict[str, pipeline.Results]) -> None:
    assert in_order(results, "mid_range.rms", -1)
    assert in_order(results, "bridge.mean", 1)


def test_a_shuffled_series_is_in_no_order(results: dict[str, pipeline.Results]) -> None:
    """Of all 120 orders each statement holds for the true one alone."""
    for name, sign in (("mid_range.rms", -1), ("bridge.mean", 1)):
        holds = [order for order in permutations(MILLED) if in_order(results, name, sign, order)]
        assert holds == [tuple(MILLED)], name


def test_without_bridges_the_window_does_not_rise(
    results: dict[str, pipeline.Results], control: dict[str, pipeline.Results]
) -> None:
    """The control glass: order is lost all the same, and nothing comes up at 3.5 to 4 A."""
    assert in_order(control, "mid_range.rms", -1)
    assert not in_order(control, "bridge.mean", 1)
    rise = {
        name: pipeline.metric(of["NTC 40 h"], "bridge.mean").value
        - pipeline.metric(of["NTC annealed"], "bridge.mean").value
        for name, of in (("bridged", results), ("control", control))
    }
    assert rise["bridged"] > 0.5 and rise["control"] < 0.1 * rise["bridged"], rise


def test_the_beam_stands_where_the_geometry_says(results: dict[str, pipeline.Results]) -> None:
    for name in SAMPLES:
        (check,) = results[name]["reduce"].checks
        assert check.verdict == "agrees", check.reason
