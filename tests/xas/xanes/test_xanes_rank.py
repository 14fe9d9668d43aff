"""Number of components of a series: known rank, known noise, targets, and what few samples cannot tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xanes_made as made
from scipy import stats

from ntcspec.errors import UserError
from ntcspec.types import Metric
from ntcspec.types.xanes_series import XanesRank
from ntcspec.xas.xanes.factors import on_grid, pca, target
from ntcspec.xas.xanes.rank import rank_xanes, verdict

RANGE = (2810.0, 2870.0)
TWO = {f"s{i}": (1 - f, f) for i, f in enumerate((0.05, 0.2, 0.45, 0.7, 0.9, 0.95))}
THREE = {f"s{i}": f for i, f in enumerate([(0.8, 0.1, 0.1), (0.5, 0.4, 0.1), (0.2, 0.2, 0.6), (0.3, 0.6, 0.1), (0.1, 0.5, 0.4), (0.4, 0.2, 0.4)])}  # fmt: skip


def by_name(found: XanesRank) -> dict[str, Metric]:
    return {m.name: m for m in found.metrics}


@pytest.mark.parametrize(("fractions", "rank"), [(TWO, 2), (THREE, 3)])
def test_known_rank_is_found_by_all_three(fractions: dict[str, tuple[float, ...]], rank: int) -> None:
    found = rank_xanes(made.series(fractions, noise=0.003), range_ev=RANGE)
    values = by_name(found)
    assert values["rank"].value == rank
    assert [values[f"rank.{n}"].value for n in ("noise", "ind", "f_test")] == [rank] * 3
    assert found.component.tolist() == [1, 2, 3, 4, 5, 6]
    assert values["rank"].u_sys == 0  # choices made alike add at most a common curve, here in the space already


def test_one_sample_kind_is_rank_one() -> None:
    """Negative control: the same spectrum six times with noise."""
    found = rank_xanes(made.series({f"s{i}": (1.0,) for i in range(6)}, noise=0.003), range_ev=RANGE)
    assert by_name(found)["rank"].value == 1


def test_false_components_are_as_rare_as_the_quantile_says() -> None:
    """Rank one with known noise, 200 times: a second component by chance in about 1 %."""
    rng, count = np.random.default_rng(3), 0
    energies, spectrum = [made.GRID] * 5, made.phase(made.GRID, 0)
    for _ in range(200):
        noisy = [f * spectrum + rng.normal(0, 0.01, spectrum.size) for f in (1.0, 0.9, 1.1, 1.0, 1.05)]
        count += pca(energies, noisy, [np.full(spectrum.size, 0.01)] * 5, range_ev=RANGE, draws=200).rank_noise != 1
    assert count <= 9  # 2 expected; the quantile itself is from 200 draws


def test_noise_level_tends_to_marchenko_and_pastur() -> None:
    """Edge of the spectrum of a large matrix of white noise."""
    rng, sigma, samples, points = np.random.default_rng(4), 0.01, 30, 300
    energy = np.arange(float(points))
    noise = [rng.normal(0, sigma, points) for _ in range(samples)]
    found = pca([energy] * samples, noise, [np.full(points, sigma)] * samples, range_ev=(0, points - 1), draws=100)
    assert found.noise_singular_values[0] == pytest.approx(sigma * (np.sqrt(points) + np.sqrt(samples)), rel=0.04)
    assert found.rank_noise == 0


def test_noise_that_changes_with_energy_and_sample_is_followed() -> None:
    """Where IND and F take one error for all points, the comparison with noise uses each."""
    rng = np.random.default_rng(5)
    sigmas = [s * (1 + 4 * (made.GRID > 2840)) for s in (0.002, 0.002, 0.01, 0.002, 0.004, 0.002)]
    spectra = [
        f[0] * made.phase(made.GRID, 0) + f[1] * made.phase(made.GRID, 1) + rng.normal(0, s)
        for f, s in zip(TWO.values(), sigmas, strict=True)
    ]
    assert pca([made.GRID] * 6, spectra, sigmas, range_ev=RANGE).rank_noise == 2
    assert pca([made.GRID] * 6, spectra, [s / 4 for s in sigmas], range_ev=RANGE).rank_noise > 2


def test_samples_on_different_grids() -> None:
    """Interpolated noise is not white; it is followed through the interpolation."""
    rng = np.random.default_rng(6)
    energies = [np.arange(2790.0 + 0.05 * i, 2890.0, 0.2 + 0.05 * i) for i in range(6)]
    spectra = [
        f[0] * made.phase(e, 0) + f[1] * made.phase(e, 1) + rng.normal(0, 0.003, e.size)
        for f, e in zip(TWO.values(), energies, strict=True)
    ]
    found = pca(energies, spectra, [np.full(e.size, 0.003) for e in energies], range_ev=RANGE)
    assert found.energy_ev.size == ((energies[5] >= RANGE[0]) & (energies[5] <= RANGE[1])).sum()
    assert found.rank_noise == 2


def test_ind_and_f_against_the_book() -> None:
    """RE, IND and the F test written out with sums, for a random matrix of 4 columns and 9 rows."""
    rng = np.random.default_rng(7)
    data = rng.normal(size=(4, 9)) + 3.0
    found = pca([np.arange(9.0)] * 4, list(data), [np.empty(0)] * 4, range_ev=(0, 8))
    values, r, c = np.sort(np.linalg.eigvalsh(data @ data.T))[::-1], 9, 4
    for n in range(1, c):
        real = np.sqrt(sum(values[n:]) / (r * (c - n)))
        assert found.real_error[n - 1] == pytest.approx(real)
        assert found.ind[n - 1] == pytest.approx(real / (c - n) ** 2)
        weights = sum((r - j + 1) * (c - j + 1) for j in range(n + 1, c + 1)) / ((r - n + 1) * (c - n + 1))
        assert found.significance[n - 1] == pytest.approx(
            stats.f.sf(weights * values[n - 1] / sum(values[n:]), 1, c - n)
        )
    assert np.isnan(found.ind[-1]) and np.isnan(found.significance[-1])
    assert np.allclose(found.scores @ found.components, data)


def test_pure_phases_are_accepted_as_targets_and_others_not() -> None:
    everything = made.series({**TWO, "A": (1.0,), "B": (0, 1.0), "C": (0, 0, 1.0)}, noise=0.003)
    found = rank_xanes(everything, range_ev=RANGE, candidates=("A", "B", "C"))
    values = by_name(found)
    assert found.samples == tuple(TWO) and found.candidates == ("A", "B", "C")
    for name in ("A", "B"):
        metric = values[f"{name}.residual"]
        assert metric.value < 1.5 * 0.003 and metric.u_sys < 0.001
        assert any(f"{name} can be in" in n for n in found.notes)
        assert values[f"{name}.spoil"].value < 3
    assert values["C.residual"].value > 0.02 and values["C.spoil"].value > 6
    assert any("C is not in" in n for n in found.notes)
    assert found.targets.shape == found.projected.shape == (3, found.energy_ev.size)


def test_expected_residual_of_a_target_matches_monte_carlo() -> None:
    """Noise of the data and of the candidate, 200 draws."""
    rng, sigma = np.random.default_rng(8), 0.01
    residuals, expected = [], []
    clean = [made.phase(made.GRID, 0) * f[0] + made.phase(made.GRID, 1) * f[1] for f in TWO.values()]
    for _ in range(200):
        found = pca(
            [made.GRID] * 6, [c + rng.normal(0, sigma, c.size) for c in clean], [np.empty(0)] * 6, range_ev=RANGE
        )
        noise = rng.normal(0, sigma, made.GRID.size)
        tested = target(
            found, on_grid(made.GRID, made.phase(made.GRID, 0) + noise, found.energy_ev), np.full(10, sigma), count=2
        )
        residuals.append(tested.residual_rms)
        expected.append(tested.expected_rms)
    assert np.mean(expected) == pytest.approx(np.sqrt(np.mean(np.square(residuals))), rel=0.05)


def test_misalignment_is_a_component_and_the_note_gives_its_size() -> None:
    """One phase, samples shifted by 0.1 eV rms: rank 2, and the note names about that shift."""
    shifts = np.array([-0.15, -0.1, 0.0, 0.05, 0.1, 0.1])
    spectra = {
        f"s{i}": made.reduced(
            made.normalised(
                made.phase(made.GRID - d, 0) + np.random.default_rng(i).normal(0, 0.002, made.GRID.size), noise=0.002
            )
        )
        for i, d in enumerate(shifts)
    }
    found = rank_xanes(spectra, range_ev=RANGE)
    assert by_name(found)["rank"].value >= 2
    said = next(n for n in found.notes if "misalignment" in n)
    assert float(said.split("2: ")[1].split()[0]) == pytest.approx(float(shifts.std()), rel=0.3)


def test_without_known_noise_two_methods_must_agree() -> None:
    """verdict(): a number and its reason where IND and F agree, else none."""
    rng = np.random.default_rng(9)
    spectra = [
        f[0] * made.phase(made.GRID, 0) + f[1] * made.phase(made.GRID, 1) + rng.normal(0, 0.002, made.GRID.size)
        for f in TWO.values()
    ]
    found = pca([made.GRID] * 6, spectra, [np.empty(0)] * 6, range_ev=RANGE)
    assert found.rank_noise == -1
    assert verdict(found) == (2.0, "the noise is not known: from IND and the F test alone")
    value, reason = verdict(replace(found, rank_ind=3))
    assert np.isnan(value) and "IND says 3, F test 2" in reason


def test_disagreement_is_said() -> None:
    """A third phase at the level of noise: what each method says stands in the reason."""
    weak = {n: (*f, 0.02 * (i % 2)) for i, (n, f) in enumerate(TWO.items())}
    metric = by_name(rank_xanes(made.series(weak, noise=0.003), range_ev=RANGE))["rank"]
    assert metric.value == 3
    assert "the methods disagree: noise says 3" in metric.reason


def test_few_samples() -> None:
    """Three samples of three phases: at least three, and the note says why no more can be said."""
    three = {f"s{i}": f for i, f in enumerate([(0.8, 0.1, 0.1), (0.2, 0.7, 0.1), (0.1, 0.2, 0.7)])}
    found = rank_xanes(
        {**made.series(three, noise=0.003), "A": made.series({"A": (1.0,)}, noise=0.003)["A"]},
        range_ev=RANGE,
        candidates=("A",),
    )
    values = by_name(found)
    assert values["rank"].value == 3 and "at least 3, more samples are needed" in values["rank"].reason
    assert any(n.startswith("3 samples: not more than 2 components") for n in found.notes)
    assert np.isnan(values["A.residual"].value) and "nothing is left to test against" in values["A.residual"].reason


def test_choices_that_change_the_rank_show_in_u_sys() -> None:
    """A choice that tilts one sample alone adds a component."""
    samples = made.series(TWO, noise=0.002)
    one = samples["s3"].primary
    tilted = one.choice_norm.copy()
    tilted[2] += 0.3 * np.sin(made.GRID / 7.0)
    samples["s3"] = made.reduced(replace(one, choice_norm=tilted))
    found = rank_xanes(samples, range_ev=RANGE)
    assert by_name(found)["rank"].u_sys == 0.5
    assert found.choice_singular_values.shape == (5, 6)


def test_no_shared_choice_leaves_u_sys_open() -> None:
    samples = made.series(TWO, noise=0.002)
    samples["s0"] = made.reduced(replace(samples["s0"].primary, choice_names=tuple("abcde")))
    metric = by_name(rank_xanes(samples, range_ev=RANGE))["rank"]
    assert np.isnan(metric.u_sys) and "no choice of normalisation that all samples have" in metric.reason


def test_bad_input_is_refused() -> None:
    samples = made.series(TWO, noise=0.002)
    with pytest.raises(UserError, match="no reduced spectrum of 'X'"):
        rank_xanes(samples, range_ev=RANGE, candidates=("X",))
    with pytest.raises(UserError, match="2 samples to decompose"):
        rank_xanes(samples, range_ev=RANGE, candidates=tuple(samples)[2:])
    with pytest.raises(UserError, match=r"rank.range_ev: .*points in the range for 6 spectra"):
        rank_xanes(samples, range_ev=(2810.0, 2811.0))
    short = made.series({"s0": (1.0,)}, noise=0.002, energy_ev=made.GRID[:100])
    with pytest.raises(UserError, match=r"rank.range_ev: s0 has data from 2790.0"):
        rank_xanes({**samples, **short, "s9": samples["s1"]}, range_ev=(2810.0, 2870.0))


def test_a_sample_or_candidate_that_failed_is_left_out_with_the_reason() -> None:
    samples = made.series(TWO, noise=0.002)
    whole = rank_xanes(samples, range_ev=RANGE)
    found = rank_xanes({**samples, "bad": "no edge", "ref": "not measured"}, range_ev=RANGE, candidates=("ref",))
    assert found.samples == whole.samples and found.metrics == whole.metrics
    assert found.notes[:2] == ("left out: bad (no edge)", "left out: ref (not measured)")
