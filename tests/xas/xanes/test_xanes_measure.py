"""Stage measure of xanes as a whole: values, both uncertainties, what is missing, comparison choice by choice."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xanes_made as made
from scipy.interpolate import CubicSpline

from ntcspec import store
from ntcspec.readers import read_scans
from ntcspec.types import Array, Metric
from ntcspec.types.xanes import Normalised, XanesMeasured, XanesReduced
from ntcspec.types.xanes_series import XanesRank
from ntcspec.types.xas import XasScans
from ntcspec.xas.xanes.measure import measure_xanes
from ntcspec.xas.xanes.rank import rank_xanes
from ntcspec.xas.xanes.reduce import reduce_xanes
from ntcspec.xas.xanes.transform import transform_xanes

FEATURES = {"a": {"range_ev": (2825.0, 2829.0)}, "b": {"range_ev": (2843.0, 2849.0), "kind": "maximum"}}
PEAKS = {
    "pre": {
        "range_ev": (2812.0, 2822.5), "peak_range_ev": (2817.5, 2821.5), "lines": (1, 2), "shape": "gaussian",
        "baselines": ("arctan", "erf", "gaussian_tail"),
    }
}  # fmt: skip
WINDOWS = {"top": (2824.0, 2832.0)}
SMOOTH_EV = 0.4
CHLORIDES = ("NaCl", "KCl", "PdCl2")
RECORD: dict[str, Any] = {
    "study": "s", "sample": "x", "measurement": "cl", "technique": "xanes", "stage": "measure", "order": 0,
    "simulated": True, "composition": "NaCl", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip


def clean(energy_ev: Array = made.GRID, top: float = 1.0, pre: float = 0.5) -> Array:
    """A pre-edge line at 2819.5 eV, the edge at 2825 eV, lines at 2827 and 2846 eV."""
    return (
        made.edge(energy_ev, 2825.0, 0.5)
        + made.line(energy_ev, 2819.5, 0.8, pre)
        + made.line(energy_ev, 2827.0, 1.3, top)
        + made.line(energy_ev, 2846.0, 3.0, 0.3)
    )


def sample(
    *, noise: float = 0.002, seed: int = 1, choices: int = 5, calibration: float = 0.05, **more: Any
) -> XanesReduced:
    """One measurement with white noise."""
    norm = clean(**more) + np.random.default_rng(seed).normal(0, noise, made.GRID.size)
    return made.reduced(
        made.normalised(norm, noise=noise, choices=choices, step_error=0.004), calibration_error_ev=calibration
    )


def measure(
    reduced: XanesReduced, *, standards: tuple[str, ...] = (), references: Any = None, **more: Any
) -> XanesMeasured:
    """measure_xanes with the sections above."""
    transformed = transform_xanes(reduced, smooth_ev=SMOOTH_EV, standards=standards, references=references)
    sections = {"edge_range_ev": None, "features": FEATURES, "peaks": PEAKS, "windows": WINDOWS, "mixture": None} | more
    return measure_xanes(reduced, transformed, references=references, **sections)


def by_name(found: XanesMeasured) -> dict[str, Metric]:
    return {m.name: m for m in found.metrics}


def row(found: XanesMeasured, name: str) -> Array:
    return found.by_choice[[m.name for m in found.metrics].index(name)]


def only(one: Normalised, norm: Array) -> Normalised:
    """The spectrum with another norm as its nominal one."""
    return replace(one, norm=norm, choice_names=(), choice_norm=np.empty((0, norm.size)), choice_edge_step=np.empty(0))


def test_truth_comes_back() -> None:
    """Positions, heights and areas that the formula has, within 4 u_stat and the known bias of smoothing."""
    values = by_name(measure(sample(noise=0.001)))
    expected = {
        "pre.position": 2819.5,
        "pre.height": 0.5,
        "pre.fwhm": 2.355 * 0.8,
        "pre.area": 0.5 * 0.8 * np.sqrt(2 * np.pi),
    }
    fine = np.arange(2825.0, 2850.0, 0.001)
    for name, at in (("a", fine < 2829), ("b", fine > 2843)):
        there = clean(fine) * at
        expected[f"{name}.position"], expected[f"{name}.height"] = float(fine[there.argmax()]), float(there.max())
    for name, truth in expected.items():
        assert values[name].value == pytest.approx(truth, abs=4 * values[name].u_stat + 0.01), name
    window = np.arange(2824.0, 2832.0, 0.001)
    assert values["top.area"].value == pytest.approx(clean(window).mean() * 8.0, rel=0.005)
    assert [m.name for m in measure(sample()).metrics][:3] == ["e0.derivative", "e0.half_step", "edge_step"]


def test_u_stat_matches_monte_carlo() -> None:
    """White noise and an edge step that is wrong by its uncertainty: scatter of 100 measurements."""
    rng, noise, step = np.random.default_rng(2), 0.004, 0.006
    names = ("e0.half_step", "a.position", "a.height", "a.sharpness", "a.width", "top.area", "top.centroid")
    drawn, claimed = [], []
    for _ in range(100):
        norm = (clean() + rng.normal(0, noise, made.GRID.size)) / (1 + rng.normal(0, step))
        one = made.normalised(norm, noise=noise, choices=0, step_error=2.0 * step)
        values = by_name(measure(made.reduced(one), peaks={}, features={"a": FEATURES["a"]}))
        drawn.append([values[n].value for n in names])
        claimed.append([values[n].u_stat for n in names])
    ratio = np.mean(claimed, axis=0) / np.std(drawn, axis=0)
    assert ratio == pytest.approx(np.ones(len(names)), abs=0.21)  # 100 draws: 7 % by chance


def test_by_choice_is_what_a_measurement_of_that_choice_gives() -> None:
    """Every metric under every choice, against the stage run on the spectrum of that choice as the nominal one.

    Left out: what no choice changes, and the prominence, which is measured from the nominal minimum under all choices.
    """
    reduced = sample(choices=3)
    found = measure(reduced)
    for k in range(3):
        alone = by_name(measure(made.reduced(only(reduced.primary, reduced.primary.choice_norm[k]))))
        for name, metric in alone.items():
            value = row(found, name)[k]
            if name in ("edge_step", "pre.lines", "pre.delta_bic", "b.prominence", "a.prominence") or np.isnan(
                metric.value
            ):
                continue
            assert value == pytest.approx(metric.value, abs=0.05 * metric.u_stat), name
    assert row(found, "edge_step") == pytest.approx(reduced.primary.choice_edge_step)


def test_a_choice_that_is_no_straight_line_is_fitted_again() -> None:
    """A curved difference under the peak changes its fit; the shortcut for straight lines would not see it."""
    reduced = sample(choices=2)
    curved = reduced.primary.choice_norm.copy()
    curved[1] += made.line(made.GRID, 2820.5, 1.0, 0.05)
    changed = made.reduced(replace(reduced.primary, choice_norm=curved))
    alone = by_name(
        measure(made.reduced(only(reduced.primary, curved[1])), peaks={"pre": PEAKS["pre"] | {"lines": (1,)}})
    )
    found = measure(changed, peaks={"pre": PEAKS["pre"] | {"lines": (1,)}})
    for name in ("pre.position", "pre.height", "pre.area"):
        assert row(found, name)[1] == pytest.approx(alone[name].value, abs=0.05 * alone[name].u_stat), name
    assert abs(row(found, "pre.position")[1] - by_name(found)["pre.position"].value) > 0.01


def test_u_sys_is_half_the_range_with_axis_and_baselines_in_quadrature() -> None:
    found = measure(sample(calibration=0.05))
    values = by_name(found)
    heights = np.append(row(found, "a.height"), values["a.height"].value)
    assert values["a.height"].u_sys == pytest.approx(np.ptp(heights) / 2)
    positions = np.append(row(found, "a.position"), values["a.position"].value)
    assert values["a.position"].u_sys == pytest.approx(np.hypot(np.ptp(positions) / 2, 0.05))
    assert values["a.width"].u_sys < 0.01  # no error of the axis in a difference of energies
    peak = np.append(row(found, "pre.height"), values["pre.height"].value)
    assert values["pre.height"].u_sys > np.ptp(peak) / 2
    assert "baselines erf, gaussian_tail" in values["pre.height"].method
    assert "calibration 0.05 eV" in values["a.position"].method
    alone = measure(sample(calibration=0.05), peaks={"pre": {**PEAKS["pre"], "baselines": ()}})
    assert by_name(alone)["pre.height"].u_sys == pytest.approx(np.ptp(peak) / 2)
    assert not any("as measured" in n for n in found.notes)


def test_alignment_of_scans_enters_positions() -> None:
    reduced = sample(calibration=0.0)
    one = replace(
        reduced.primary, weight=np.array([0.5, 0.5]), shift_ev=np.zeros(2), shift_error_ev=np.array([0.0, 0.06])
    )
    aligned = by_name(measure(replace(reduced, spectra=(one,))))["a.position"]
    alone = by_name(measure(reduced))["a.position"]
    assert aligned.u_sys == pytest.approx(np.hypot(alone.u_sys, 0.03))
    assert "alignment of scans 0.03 eV" in aligned.method


def test_an_axis_as_measured_is_noted_and_not_made_up() -> None:
    found, calibrated = (measure(sample(calibration=c)) for c in (made.NAN, 0.0))
    assert any("positions are on the axis as measured" in n for n in found.notes)
    assert by_name(found)["a.position"].u_sys == pytest.approx(by_name(calibrated)["a.position"].u_sys)


def test_overlapping_bands_are_told_apart_choice_by_choice() -> None:
    """Heights 2 % apart with u_sys of 15 %: alone nothing can be said, under each single choice all can."""
    one, other = measure(sample(top=1.0, seed=1)), measure(sample(top=1.03, seed=2))
    first, second = (by_name(m)["a.height"] for m in (one, other))
    assert abs(first.value - second.value) < 0.2 * min(first.u_sys, second.u_sys)
    difference = row(other, "a.height") - row(one, "a.height")
    assert (difference > 2 * np.hypot(0.002, 0.002)).all()
    assert np.ptp(difference) < 0.2 * first.u_sys
    assert one.choice_names == other.choice_names


def test_a_metric_that_a_choice_loses_is_named() -> None:
    """Feature gone under one choice: the value stays, u_sys is open with the name of the choice."""
    reduced = sample()
    lost = reduced.primary.choice_norm.copy()
    lost[2] -= 2 * made.line(made.GRID, 2846.0, 3.0, 0.3)
    found = measure(made.reduced(replace(reduced.primary, choice_norm=lost)))
    metric = by_name(found)["b.height"]
    assert np.isfinite(metric.value) and np.isnan(metric.u_sys)
    assert metric.reason == f"u_sys: missing under '{reduced.primary.choice_names[2]}'"


def test_missing_nominal_value_has_no_uncertainties() -> None:
    found = measure(sample(), features={"x": {"range_ev": (2855.0, 2870.0), "kind": "maximum"}})
    metric = by_name(found)["x.position"]
    assert np.isnan([metric.value, metric.u_stat, metric.u_sys]).all() and "no maximum" in metric.reason


def test_no_choices_leave_u_sys_open() -> None:
    metric = by_name(measure(sample(choices=0)))["a.height"]
    assert np.isnan(metric.u_sys) and "no other normalisation was asked for" in metric.reason
    assert np.isfinite(metric.u_stat)


def test_a_peak_range_beyond_the_data_spoils_nothing_else() -> None:
    peaks = {"far": {"range_ev": (2700.0, 2720.0), "peak_range_ev": (2705.0, 2710.0)}, **PEAKS}
    found = measure(sample(), peaks=peaks)
    values = by_name(found)
    assert "0 points between 2700 and 2720 eV" in values["far.position"].reason
    assert np.isfinite(values["pre.position"].value) and len(found.fits) == 1
    assert any(n.startswith("far: not fitted") for n in found.notes)


def test_no_peak_no_position() -> None:
    """Negative control: without the line its metrics are missing, with a reason."""
    values = by_name(measure(sample(pre=0.0)))
    assert np.isnan(values["pre.height"].value) and values["pre.height"].reason


def test_difference_agrees_with_the_stage_transform() -> None:
    """rms over windows of transformed.differences, under each choice made alike for both."""
    standard = sample(top=0.6, seed=3)
    reduced = sample()
    transformed = transform_xanes(reduced, smooth_ev=SMOOTH_EV, standards=("S",), references={"S": standard})
    one = transformed.differences[0]
    inside = (one.energy_ev >= 2824) & (one.energy_ev <= 2832)
    sections = {"edge_range_ev": None, "features": {}, "peaks": {}, "windows": WINDOWS, "mixture": None}
    found = measure_xanes(reduced, transformed, **sections)
    value = by_name(found)["difference.S.top.rms"]
    assert value.value == pytest.approx(np.sqrt(np.mean(one.difference[inside] ** 2)))
    assert np.isfinite(value.u_sys) and "difference.S.rms" in by_name(found)
    a, b = reduced.primary.choice_norm[0], standard.primary.choice_norm[0]
    inside = (made.GRID >= 2824) & (made.GRID <= 2832)
    assert row(found, "difference.S.top.rms")[0] == pytest.approx(np.sqrt(np.mean((a - b)[inside] ** 2)))


def phases() -> dict[str, XanesReduced]:
    return {n: made.reduced(made.normalised(made.phase(made.GRID, i), noise=0.002)) for i, n in enumerate("AB")}


def test_mixture_metrics_and_choices_made_alike() -> None:
    """Choices that sample and standards share cancel in the fractions."""
    mixed = made.reduced(made.normalised(0.3 * made.phase(made.GRID, 0) + 0.7 * made.phase(made.GRID, 1), noise=0.002))
    wanted = {"standards": ("A", "B"), "range_ev": (2812.0, 2860.0), "sum_to_one": False, "shift_max_ev": 0.0}
    found = measure(mixed, mixture=wanted, references=phases())
    metric = by_name(found)["mixture.A.fraction"]
    assert metric.value == pytest.approx(0.3, abs=1e-9) and metric.u_sys < 0.01 and metric.u_stat > 0
    assert found.mixtures[0].weights == pytest.approx([0.3, 0.7])
    assert "not determined again" in by_name(found)["mixture.chi2_reduced"].reason


def test_mixture_without_its_standards() -> None:
    """A standard that failed, and the sample as its own standard."""
    wanted = {"standards": ("A", "B"), "range_ev": (2812.0, 2860.0)}
    known = phases()
    for one, references, words in (
        (sample(), {"A": known["A"], "B": "its reduction failed"}, "standard B: its reduction failed"),
        (known["B"], {"A": known["A"]}, "standard B: it is the sample itself"),
    ):
        metric = by_name(measure(one, mixture=wanted, references=references))["mixture.A.fraction"]
        assert np.isnan(metric.value) and metric.reason == words


def test_single_scan_without_known_noise() -> None:
    """The scatter of the points stands in, and the note says so."""
    reduced = sample(noise=0.004)
    one = replace(reduced.primary, mu_error=made.NONE, norm_error=made.NONE, edge_step_error=made.NAN)
    found = measure(made.reduced(one))
    known, estimated = (
        by_name(measure(made.reduced(replace(reduced.primary, edge_step_error=made.NAN)))),
        by_name(found),
    )
    assert estimated["a.height"].u_stat == pytest.approx(known["a.height"].u_stat, rel=0.3)
    assert np.isnan(estimated["edge_step"].u_stat) and "one scan" in estimated["edge_step"].reason
    assert "one scan" in found.notes[0] and "edge step is not in u_stat" in found.notes[0]


def test_store_keeps_everything(tmp_path: Path) -> None:
    wanted = {"standards": ("A", "B"), "range_ev": (2812.0, 2860.0)}
    before = measure(sample(), mixture=wanted, references=phases())
    store.write(tmp_path / "m.nxs", before, RECORD)
    after = store.read(tmp_path / "m.nxs", XanesMeasured)
    assert np.array_equal(before.by_choice, after.by_choice, equal_nan=True)
    assert [m.name for m in after.metrics] == [m.name for m in before.metrics]
    assert after.marks == before.marks and len(after.fits) == len(after.mixtures) == 1
    series = made.series({f"s{i}": (1 - f, f) for i, f in enumerate((0.1, 0.4, 0.6, 0.9))}, noise=0.003)
    ranked = rank_xanes(series, range_ev=(2812.0, 2860.0))
    store.write(tmp_path / "r.nxs", ranked, RECORD)
    assert np.array_equal(store.read(tmp_path / "r.nxs", XanesRank).components, ranked.components)


@pytest.fixture(scope="module")
def chlorides(xas_data: Path) -> dict[str, XanesReduced]:
    """Measured Cl K spectra with 12 normalisations."""
    choices = {"norm1_shift_ev": (-3.0, 0.0, 5.0), "norm2_shift_ev": (-15.0, 0.0), "norm_degree": (0, 1)}
    return {
        name: reduce_xanes(
            XasScans(read_scans(xas_data / "CAMD_Cl-K_standards.prj", name, select=name)), element="Cl", edge="K",
            edge_energy_ev=2822.4, composition="", e0_ev=2823.0, pre2_ev=-9.0, norm1_ev=20.0, norm2_ev=75.0, choices=choices,
        )
        for name in CHLORIDES
    }  # fmt: skip


def test_measured_chlorides_mixed_by_numbers(chlorides: dict[str, XanesReduced]) -> None:
    """0.6 NaCl + 0.4 KCl of measured spectra, nominal and under each choice: the fractions come back in each."""
    nacl, kcl = (chlorides[n].primary for n in ("NaCl", "KCl"))
    onto = CubicSpline(kcl.energy_ev, np.vstack([kcl.norm, kcl.choice_norm]), axis=1)(
        nacl.energy_ev
    )  # their grids differ
    mixed = replace(
        nacl,
        norm=0.6 * nacl.norm + 0.4 * onto[0],
        choice_norm=0.6 * nacl.choice_norm + 0.4 * onto[1:],
        mu=nacl.mu + onto[0],
    )
    wanted = {"standards": CHLORIDES, "range_ev": (2812.0, 2860.0)}
    found = measure(made.reduced(mixed), peaks={}, mixture=wanted, references=chlorides)
    values = by_name(found)
    for name, truth in (("NaCl", 0.6), ("KCl", 0.4)):
        assert values[f"mixture.{name}.fraction"].value == pytest.approx(truth, abs=1e-6)
        assert row(found, f"mixture.{name}.fraction") == pytest.approx(np.full(12, truth), abs=1e-6)
    assert values["mixture.PdCl2.fraction"].value == pytest.approx(0, abs=1e-6)


def test_measured_chlorides_have_their_known_shapes(chlorides: dict[str, XanesReduced]) -> None:
    """PdCl2 has a strong pre-edge line below 2822 eV, NaCl has none; its step hangs on the normalisation."""
    peaks = {
        "pre": {"range_ev": (2812.0, 2822.3), "peak_range_ev": (2818.0, 2822.0), "lines": (1,), "baseline": "arctan"}
    }
    windows = {"pre_edge": (2817.0, 2821.5)}
    salt, palladium = (measure(chlorides[n], features={}, peaks=peaks, windows=windows) for n in ("NaCl", "PdCl2"))
    assert by_name(palladium)["pre_edge.area"].value > 5 * by_name(salt)["pre_edge.area"].value
    assert (row(palladium, "pre_edge.area") > 5 * row(salt, "pre_edge.area")).all()
    step = by_name(salt)["edge_step"]
    assert step.u_sys > 0.02 * step.value
    assert by_name(palladium)["e0.derivative"].value < by_name(salt)["e0.derivative"].value - 3


def test_choices_cost_little() -> None:
    """60 choices less than double the time of none: peak fits follow them without being fitted again."""

    def seconds(choices: int) -> float:
        reduced = sample(choices=choices)
        transformed = transform_xanes(reduced, smooth_ev=SMOOTH_EV, standards=())
        sections = {"edge_range_ev": None, "features": FEATURES, "peaks": PEAKS, "windows": WINDOWS, "mixture": None}
        times = []
        for _ in range(4):
            start = time.process_time()
            measure_xanes(reduced, transformed, **sections)
            times.append(time.process_time() - start)
        return min(times)

    assert seconds(60) < 2.0 * seconds(0) + 0.02
