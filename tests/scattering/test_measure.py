"""The stage `measure` on patterns whose truth is known; errors against many runs; negative controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from patterns import counted, reduced, shells, transform
from pydantic import ValidationError

from ntcspec.config.scattering_pdf import ScatteringMeasure
from ntcspec.errors import UserError
from ntcspec.scattering.measure import measure_scattering
from ntcspec.types import Metric
from ntcspec.types.scattering_pdf import ScatteringMeasured, ScatteringTransformed

RHO0 = 0.033
Q = np.arange(20, 1225) * 0.02
QUIET = {
    "qmax_shift_inv_ang": (),
    "rpoly_shift_ang": (),
    "container_scale_shift": (),
    "method": (),
    "fit_qmin_shift_inv_ang": (),
}
GIVEN: dict[str, Any] = {"qmax_inv_ang": 24.0, "qmaxinst_inv_ang": 24.4}
FIRST = {"first_shell": {"range_ang": (2.0, 2.7), "pair": ("Ta", "Cl")}}
TA_CL = [("Ta", "Cl", 6.0, 2.36, 0.08)]


def below_first(q: np.ndarray) -> np.ndarray:
    """F of G = -4 pi rho0 r up to the first shell, which fades over 0.25 A around 3 A."""
    r = np.arange(1, 700) * 0.01
    return np.sin(np.outer(q, r)) @ (-4 * np.pi * RHO0 * r * 0.5 * (1 - np.tanh((r - 3.2) / 0.25))) * 0.01


def exact(f_q: np.ndarray, *, scale: float = 3.0, noise: int | None = None, **given: Any) -> ScatteringTransformed:
    pattern = counted(Q, f_q, "NaTaCl6", scale=scale)
    assert (pattern > 0).all(), "F(Q) of the test is more than atoms can scatter"
    sigma = np.sqrt(pattern)
    if noise is not None:
        pattern = pattern + np.random.default_rng(noise).normal(size=Q.size) * sigma
    return transform(reduced(Q, pattern, sigma), "NaTaCl6", **{**GIVEN, **given})


def by_name(m: ScatteringMeasured) -> dict[str, Metric]:
    return {metric.name: metric for metric in m.metrics}


def test_a_shell_comes_back_absolute() -> None:
    t = exact(shells(Q, "NaTaCl6", TA_CL) + below_first(Q), scale=300.0, normalisation="absolute", rho0_inv_ang3=RHO0)
    assert t.absolute
    m = measure_scattering(t, peaks=FIRST)
    found = by_name(m)
    assert found["first_shell.position"].value == pytest.approx(2.36, abs=0.001)
    assert found["first_shell.width"].value == pytest.approx(0.08, abs=0.003)
    assert found["first_shell.coordination"].value == pytest.approx(6.0, rel=0.015)
    assert found["first_shell.coordination"].u_stat < 0.06 and found["first_shell.coordination"].u_sys >= 0
    assert found["scale.low_r_slope_ratio"].value == pytest.approx(1.0, abs=0.03)
    assert m.peaks[0].r_factor < 0.02


def test_ad_hoc_gives_the_distance_and_no_coordination() -> None:
    found = by_name(measure_scattering(exact(shells(Q, "NaTaCl6", TA_CL), scale=300.0), peaks=FIRST))
    assert found["first_shell.position"].value == pytest.approx(2.36, abs=0.003)
    none = found["first_shell.coordination"]
    assert np.isnan(none.value) and none.reason == "not absolute: coordination numbers are withheld"
    assert found["scale.bias"].value == pytest.approx(0.75, abs=0.02)


def test_coordination_is_withheld_where_the_slope_is_wrong() -> None:
    t = exact(shells(Q, "NaTaCl6", TA_CL) + below_first(Q), scale=300.0, normalisation="absolute", rho0_inv_ang3=0.05)
    assert not t.absolute
    assert np.isnan(by_name(measure_scattering(t, peaks=FIRST))["first_shell.coordination"].value)


@pytest.mark.parametrize("qmax", [16.0, 20.0, 24.0])
def test_distance_does_not_depend_on_termination(qmax: float) -> None:
    """Ripples of the shell itself are in the model: a maximum of G moves, the fitted distance does not."""
    t = exact(shells(Q, "NaTaCl6", TA_CL), scale=300.0, qmax_inv_ang=qmax)
    assert by_name(measure_scattering(t, peaks=FIRST))["first_shell.position"].value == pytest.approx(2.36, abs=0.004)


def test_uncertainties_are_the_scatter_of_many_runs() -> None:
    f_q = shells(
        Q, "NaTaCl6", [*TA_CL, ("Cl", "Cl", 4, 3.34, 0.15), ("Ta", "Ta", 6, 6.4, 0.25), ("Ta", "Cl", 9, 8.2, 0.4)]
    )
    runs = []
    for seed in range(100):
        t = exact(f_q, noise=seed, scale=100.0, systematic=QUIET)
        runs.append(
            by_name(measure_scattering(t, peaks=FIRST, windows={"bridge": (3.5, 4.0)}, mid_range_ang=(5.0, 12.0)))
        )
    wanted = ["first_shell.position", "first_shell.area", "first_shell.width", "first_shell.maximum", "first_shell.height",
              "bridge.area", "bridge.mean", "mid_range.rms"]  # fmt: skip
    for name in wanted:
        values = np.array([run[name].value for run in runs])
        claimed = np.mean([run[name].u_stat for run in runs])
        assert claimed / values.std(ddof=1) == pytest.approx(1, abs=5 / np.sqrt(2 * len(runs))), name


def test_noise_is_taken_off_the_middle_range() -> None:
    f_q = shells(Q, "NaTaCl6", [*TA_CL, ("Ta", "Ta", 1, 6.4, 0.25), ("Ta", "Cl", 2, 8.2, 0.4)])
    true = by_name(measure_scattering(exact(f_q, scale=1e6, systematic=QUIET)))["mid_range.rms"].value
    runs = [by_name(measure_scattering(exact(f_q, noise=seed, scale=2000.0, systematic=QUIET))) for seed in range(20)]
    values = np.array([r["mid_range.rms"].value for r in runs])
    raw = [float(np.sqrt(np.mean(t.g_r[500:2001] ** 2))) for t in (exact(f_q, noise=s, scale=2000.0) for s in range(5))]
    error = np.nanstd(values, ddof=1) / np.sqrt(np.isfinite(values).sum())
    assert np.isfinite(values).sum() > 15
    assert np.nanmean(values) == pytest.approx(true, abs=4 * error + 0.002)
    assert min(raw) > true + 4 * error


def test_nothing_is_found_where_nothing_is() -> None:
    """Shells at 2.36 A alone, noise everywhere: no peak at 4.5 A, no order beyond 9 A, no decay length."""
    t = exact(shells(Q, "NaTaCl6", [("Ta", "Cl", 6.0, 2.36, 0.15)]), noise=1, scale=0.3, systematic=QUIET)
    m = measure_scattering(t, peaks={"ghost": {"range_ang": (4.2, 4.8)}}, mid_range_ang=(9.0, 20.0))
    found = by_name(m)
    for name in ("ghost.position", "ghost.area", "mid_range.rms", "mid_range.decay_length"):
        assert np.isnan(found[name].value), name
    assert "below 3 sigma" in found["mid_range.rms"].reason
    assert "3 are needed" in found["mid_range.decay_length"].reason
    assert found["ghost.position"].reason.startswith(("not detected", "no maximum"))


@pytest.mark.parametrize("length", [3.0, 6.0])
def test_decay_length_comes_back(length: float) -> None:
    rng = np.random.default_rng(4)
    r = np.arange(2.4, 24, 0.2)
    signs = rng.choice([-1.0, 1.0], r.size)
    pairs = [("Ta", "Ta", s * 0.2 * x * np.exp(-x / length), x, 0.12) for x, s in zip(r, signs, strict=True)]
    found = by_name(measure_scattering(exact(shells(Q, "NaTaCl6", pairs), scale=3e6)))["mid_range.decay_length"]
    assert found.value == pytest.approx(length, abs=3 * np.hypot(found.u_stat, found.u_sys))
    assert found.u_sys < 0.35 * length


def test_no_decay_is_said_to_be_none() -> None:
    pairs = [("Ta", "Ta", 0.1 * x, x, 0.12) for x in np.arange(2.4, 24, 0.5)]
    found = by_name(measure_scattering(exact(shells(Q, "NaTaCl6", pairs), scale=3e5)))["mid_range.decay_length"]
    assert np.isnan(found.value) and "longer than" in found.reason


def test_windows_name_no_pair_and_the_weights_are_said() -> None:
    t = exact(shells(Q, "NaTaCl6", TA_CL), scale=300.0)
    m = measure_scattering(t, windows={"bridge": (3.5, 4.0)})
    found = by_name(m)
    used = (t.r_ang >= 3.5 - 1e-9) & (t.r_ang <= 4.0 + 1e-9)
    area = np.trapezoid(t.g_r[used], t.r_ang[used])
    assert found["bridge.area"].value == pytest.approx(area, rel=1e-9)
    assert found["bridge.mean"].value == pytest.approx(2 * area, rel=1e-9)
    assert any("Ta-Cl 0.44, Cl-Cl 0.25" in note for note in m.notes)


def test_difference_to_a_standard_and_to_itself() -> None:
    one = exact(shells(Q, "NaTaCl6", TA_CL), noise=1, scale=60.0)
    two = exact(shells(Q, "NaTaCl6", [*TA_CL, ("Cl", "Cl", 6, 3.7, 0.1)]), noise=2, scale=60.0)
    m = measure_scattering(
        two, windows={"bridge": (3.5, 4.0)}, standards=("a", "b", "c"), references={"a": one, "b": "it failed"}
    )
    found = by_name(m)
    area = found["difference.a.bridge.area"]
    apart = [by_name(measure_scattering(t, windows={"bridge": (3.5, 4.0)}))["bridge.area"] for t in (two, one)]
    assert area.value == pytest.approx(apart[0].value - apart[1].value, abs=1e-6)
    assert area.u_stat == pytest.approx(np.hypot(apart[0].u_stat, apart[1].u_stat), rel=1e-3)
    assert area.value > 5 * area.u_stat and np.isfinite(area.u_sys)
    assert "difference to b left out: it failed" in m.notes
    assert "difference to c left out: it is the sample itself" in m.notes
    again = exact(shells(Q, "NaTaCl6", TA_CL), noise=3, scale=60.0)
    none = by_name(measure_scattering(again, standards=("a",), references={"a": one}))["difference.a.rms"]
    assert np.isnan(none.value) and "below 3 sigma" in none.reason


def test_other_normalisations_are_never_subtracted() -> None:
    f_q = shells(Q, "NaTaCl6", TA_CL)
    one = exact(f_q, normalisation="absolute", rho0_inv_ang3=RHO0)
    m = measure_scattering(exact(f_q), standards=("a",), references={"a": one})
    assert "difference to a left out: it is normalised absolute, the sample adhoc" in m.notes and not m.differences
    other = replace(exact(f_q), scale_bias=0.79)
    m = measure_scattering(exact(f_q), standards=("a",), references={"a": other})
    assert any("ad hoc scales differ by" in note for note in m.notes)


def test_without_errors_values_stand_and_say_so() -> None:
    pattern = counted(Q, shells(Q, "NaTaCl6", TA_CL), "NaTaCl6")
    found = by_name(measure_scattering(transform(reduced(Q, pattern), "NaTaCl6", **GIVEN), peaks=FIRST))
    one = found["first_shell.position"]
    assert (
        one.value == pytest.approx(2.36, abs=0.003)
        and np.isnan(one.u_stat)
        and "no errors came with I(Q)" in one.reason
    )
    assert "noise is not taken off" in found["mid_range.rms"].reason


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"peaks": {"a": {"range_ang": (28, 32)}}}, r"^measure.peaks.a.range_ang: 28 to 32 A holds \d+ points"),
        ({"peaks": {"a": {"range_ang": (2, 2.05)}}}, r"^measure.peaks.a.range_ang: 2 to 2.05 A holds 6 points"),
        (
            {"peaks": {"a": {"range_ang": (2, 3), "pair": ("Ta", "Br")}}},
            r"^measure.peaks.a.pair: Br is not in the composition",
        ),
        ({"windows": {"w": (3, 40)}}, r"^measure.windows.w: 3 to 40 A is not within G\(r\), 0 to 30 A -> "),
        ({"mid_range_ang": (5, 50)}, r"^measure.mid_range_ang: 5 to 50 A is not within"),
    ],
)
def test_ranges_outside_the_data_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure_scattering(exact(shells(Q, "NaTaCl6", TA_CL)), **given)


def test_names_that_collide_are_refused() -> None:
    for given in (
        {"peaks": {"a": {"range_ang": (2, 3)}}, "windows": {"a": (3, 4)}},
        {"windows": {"difference": (3, 4)}},
    ):
        with pytest.raises(ValidationError, match="is taken"):
            ScatteringMeasure(**given)
