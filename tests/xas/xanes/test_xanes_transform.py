"""Stage transform: derivatives with errors, differences on other grids, envelope over choices made alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ntcspec.types.xanes import Normalised, XanesReduced
from ntcspec.xas.xanes.transform import carried, interpolated, transform_xanes

GRID = np.concatenate([np.arange(1050, 1070, 0.5), np.arange(1070, 1100, 0.12), np.arange(1100, 1160, 0.5)])
OTHER = np.concatenate([np.arange(1052, 1069, 0.5), np.arange(1069, 1101, 0.1), np.arange(1101, 1150, 0.5)])
FACTORS = (0.9, 1.1)


def curve(energy, height=0.6):
    return 0.5 + np.arctan((energy - 1075) / 0.6) / np.pi + height * np.exp(-0.5 * ((energy - 1077) / 0.9) ** 2)


def spectrum(energy, norm, *, error=0.002, mode="tey", names=("step=0.9", "step=1.1")) -> Normalised:
    nothing = np.empty(0)
    sigma = np.full(energy.size, error) if error else nothing
    choices = np.array([f * norm for f in FACTORS])[: len(names)]
    return Normalised(
        mode=mode, energy_ev=energy, mu=2 * norm, mu_error=2 * sigma, pre_edge=0 * norm, post_edge=0 * norm + 2,
        norm=norm, norm_error=sigma, norm_low=choices.min(axis=0), norm_high=choices.max(axis=0), flat=norm,
        norm_measured=nothing, e0_ev=1075.0, edge_step=2.0, edge_step_error=0.0, choice_names=tuple(names),
        choice_norm=choices, choice_edge_step=np.full(len(names), 2.0), shift_ev=nothing, shift_error_ev=nothing,
        weight=nothing, chosen={}, notes=(),
    )  # fmt: skip


def reduced(*spectra: Normalised) -> XanesReduced:
    return XanesReduced(spectra[0].mode, spectra, 0.0, float("nan"), "", ())


def test_derivatives_are_those_of_the_curve_and_errors_those_of_noise() -> None:
    rng = np.random.default_rng(7)
    norm = curve(GRID)
    clean = transform_xanes(reduced(spectrum(GRID, norm)), smooth_ev=0.3, standards=())
    inner = (GRID > 1071) & (GRID < 1095)
    slope = np.gradient(norm, GRID)
    assert np.abs(clean.derivative - slope)[inner].max() < 0.1 * slope.max()
    assert np.abs(clean.smooth - norm)[inner].max() < 0.01
    assert np.trapezoid(clean.derivative, GRID) == pytest.approx(norm[-1] - norm[0], abs=0.01)
    assert clean.noise == pytest.approx(0.002) and not clean.differences
    noisy = [
        transform_xanes(reduced(spectrum(GRID, norm + 0.002 * rng.normal(size=GRID.size))), smooth_ev=0.3, standards=())
        for _ in range(150)
    ]
    for name in ("derivative", "second"):
        ratio = np.std([getattr(t, name) for t in noisy], axis=0) / getattr(clean, f"{name}_error")
        assert ratio.mean() == pytest.approx(1, abs=0.03)


def test_a_standard_on_another_grid_is_subtracted_with_both_noises() -> None:
    rng = np.random.default_rng(3)
    sample, standard = spectrum(GRID, curve(GRID)), spectrum(OTHER, curve(OTHER, 0.4), error=0.003)
    got = transform_xanes(reduced(sample), smooth_ev=0.3, standards=["NaCl"], references={"NaCl": reduced(standard)})
    (d,) = got.differences
    assert d.standard == "NaCl" and d.energy_ev[0] >= OTHER[0] and d.energy_ev[-1] <= OTHER[-1]
    expected = 0.2 * np.exp(-0.5 * ((d.energy_ev - 1077) / 0.9) ** 2)
    assert np.abs(d.difference - expected).max() < 1e-3
    noise = []
    for _ in range(80):
        a = replace(sample, norm=sample.norm + 0.002 * rng.normal(size=GRID.size))
        b = replace(standard, norm=standard.norm + 0.003 * rng.normal(size=OTHER.size))
        made = transform_xanes(reduced(a), smooth_ev=0.3, standards=["NaCl"], references={"NaCl": reduced(b)})
        noise.append(made.differences[0].difference)
    ratio = np.std(noise, axis=0) / d.difference_error
    assert ratio.mean() == pytest.approx(1, abs=0.03) and np.abs(ratio - 1).max() < 0.35


def test_what_choices_share_cancels_in_the_envelope() -> None:
    sample, standard = spectrum(GRID, curve(GRID)), spectrum(GRID, curve(GRID, 0.5))
    (d,) = transform_xanes(
        reduced(sample), smooth_ev=0.3, standards=["s"], references={"s": reduced(standard)}
    ).differences
    # both lose the same tenth: the difference of 0.1 at the line varies by 0.01, not by the 0.15 of each norm
    assert np.allclose(d.difference_high, 1.1 * d.difference) and np.allclose(d.difference_low, 0.9 * d.difference)
    assert np.allclose(d.difference_error, np.hypot(0.002, 0.002))
    swapped = replace(standard, choice_names=standard.choice_names[::-1], choice_norm=standard.choice_norm[::-1])
    (e,) = transform_xanes(
        reduced(sample), smooth_ev=0.3, standards=["s"], references={"s": reduced(swapped)}
    ).differences
    assert np.array_equal(d.difference_high, e.difference_high)


def test_choices_that_only_one_has_are_left_out_with_a_note() -> None:
    sample = spectrum(GRID, curve(GRID))
    one = spectrum(GRID, curve(GRID, 0.5), names=("step=0.9",))
    got = transform_xanes(reduced(sample), smooth_ev=0.3, standards=["s"], references={"s": reduced(one)})
    assert any("1 of 2 choices" in n for n in got.notes)
    none = replace(one, choice_names=("other",))
    got = transform_xanes(reduced(sample), smooth_ev=0.3, standards=["s"], references={"s": reduced(none)})
    (d,) = got.differences
    assert np.array_equal(d.difference_low, d.difference) and np.array_equal(d.difference_high, d.difference)
    assert any("0 of 2 choices" in n for n in got.notes)


def test_standards_left_out_and_modes_are_told() -> None:
    sample = spectrum(GRID, curve(GRID))
    away = reduced(spectrum(OTHER + 500, curve(OTHER)))
    fluorescence = spectrum(GRID, curve(GRID, 0.3), mode="fluorescence")
    references = {
        "a": "it has no measurement of this name", "far": away, "pfy": reduced(fluorescence),
        "both": reduced(fluorescence, spectrum(GRID, curve(GRID, 0.1))),
    }  # fmt: skip
    got = transform_xanes(
        reduced(sample), smooth_ev=0.3, standards=["a", "self", "far", "pfy", "both", "b"], references=references
    )
    assert [d.standard for d in got.differences] == ["pfy", "both"]
    text = " | ".join(got.notes)
    for words in ("a left out: it has no measurement", "self left out: it is the sample itself", "far left out: 0 points",
                  "pfy: no tey of it, fluorescence taken", "b left out: it is the sample itself"):  # fmt: skip
        assert words in text
    assert "both:" not in text
    assert got.differences[1].difference.max() == pytest.approx(0.5, abs=0.01)


def test_one_scan_takes_its_noise_from_its_scatter() -> None:
    rng = np.random.default_rng(0)
    norm = curve(GRID) + 0.003 * rng.normal(size=GRID.size)
    standard = spectrum(GRID, curve(GRID, 0.3) + 0.001 * rng.normal(size=GRID.size), error=0)
    got = transform_xanes(
        reduced(spectrum(GRID, norm, error=0)), smooth_ev=0.3, standards=["s"], references={"s": reduced(standard)}
    )
    assert got.noise == pytest.approx(0.003, rel=0.2)
    assert got.differences[0].difference_error[100] == pytest.approx(np.hypot(0.003, 0.001), rel=0.2)
    assert "one scan" in got.notes[0] and any(n.startswith("s: one scan") for n in got.notes)
    short = spectrum(GRID[:12], norm[:12], error=0)
    got = transform_xanes(reduced(short), smooth_ev=0.3, standards=["s"], references={"s": reduced(standard)})
    assert np.isnan(got.noise) and got.derivative_error.size == 0 and got.differences[0].difference_error.size == 0


def test_interpolation_is_exact_for_cubics_and_nothing_on_equal_grids() -> None:
    p = np.polynomial.Polynomial([1, -0.2, 0.01, 0.003])
    to = np.linspace(1053, 1140, 77)
    assert np.allclose(interpolated(OTHER, p(OTHER - 1075), to), p(to - 1075), atol=1e-7)
    curves = np.stack([p(GRID), np.sin(GRID)])
    assert np.array_equal(interpolated(GRID, curves, GRID + 1e-8), curves)
    assert np.array_equal(carried(GRID, GRID, GRID + 1e-8), GRID)


def test_variance_through_an_interpolation_in_blocks_is_that_of_the_whole_matrix() -> None:
    rng = np.random.default_rng(8)
    source = np.sort(rng.uniform(0, 100, 900)) + np.arange(900) * 0.02  # uneven
    at, variance = np.sort(rng.uniform(source[0], source[-1], 1500)), rng.uniform(1, 4, source.size)
    whole = interpolated(source, np.eye(source.size), at).T
    np.testing.assert_allclose(carried(source, variance, at), whole**2 @ variance, rtol=1e-9)
