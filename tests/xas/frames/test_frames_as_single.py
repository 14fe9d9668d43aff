"""Frames measured together give what each gives alone; what is wrong with one of them stays with that one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from frames_made import ATOM, ENERGY, MEASURE, REDUCE, SMOOTH_EV, frames, mu_at, series
from helpers import scan

from ntcspec.errors import UserError
from ntcspec.types import Array, Metric
from ntcspec.types.frames import FramesMeasured
from ntcspec.types.xanes import XanesMeasured
from ntcspec.types.xas import XasScans
from ntcspec.types.xas_frames import XanesFrames, XasFrames
from ntcspec.xas.frames.measure import measure_frames
from ntcspec.xas.frames.reduce import reduce_frames
from ntcspec.xas.xanes.measure import measure_xanes
from ntcspec.xas.xanes.reduce import reduce_xanes
from ntcspec.xas.xanes.transform import transform_xanes

TRANSFORM = {"smooth_ev": SMOOTH_EV, "standards": ()}
# of values (eV, 1), of u_stat relative to itself, of u_sys
EXACT = ("edge_step", "w.area", "w.centroid")
VALUE, U_STAT, U_SYS = 1e-4, 5e-3, 1e-4


def together(raw: XasFrames, **settings: Any) -> tuple[XanesFrames, FramesMeasured]:
    reduced = reduce_frames(raw, **{**ATOM, **REDUCE, **settings})
    return reduced, measure_frames(reduced, **MEASURE, transform=TRANSFORM)


def alone(mu: Array, noise: float, step_error: float, **settings: Any) -> tuple[Array, XanesMeasured]:
    """norm and metrics of one frame by the stages of single spectra, told the noise that its own scatter has."""
    reduced = reduce_xanes(XasScans((scan(ENERGY, mu),)), composition="", **{**ATOM, **REDUCE, **settings})
    one = reduced.primary
    told = replace(one, mu_error=np.full(mu.size, noise * one.edge_step), edge_step_error=step_error)
    known = replace(reduced, spectra=(told,))
    return one.norm, measure_xanes(known, transform_xanes(reduced, **TRANSFORM), **MEASURE)


def metric(found: FramesMeasured, name: str) -> Metric:
    return next(m for m in found.metrics if m.name == name)


@pytest.mark.parametrize("settings", [{}, {"victoreen": 2, "norm_degree": 2}, {"normalisation": "mback"}])
def test_every_frame_has_the_numbers_that_it_has_alone(settings: dict[str, Any]) -> None:
    times, mus = series(24)
    reduced, found = together(frames(times, mus), **settings)
    norm, noise, step_error = (reduced.frames.column(n) for n in ("norm", "noise", "edge_step_error"))
    per_frame = {m.name: m for m in found.frame_metrics}
    for i in range(0, len(mus), 4):
        one, expected = alone(mus[i], noise[i], step_error[i], **settings)
        np.testing.assert_allclose(norm[i], one, rtol=0, atol=1e-12)
        by_name = {m.name: m for m in expected.metrics}
        for name, here in per_frame.items():
            there = by_name[name]
            exact = name in EXACT
            assert here.value[i] == pytest.approx(there.value, abs=1e-10 if exact else VALUE), name
            assert here.u_stat[i] == pytest.approx(there.u_stat, rel=1e-9 if exact else U_STAT), name
            assert here.u_sys[i] == pytest.approx(there.u_sys, abs=1e-10 if exact else U_SYS), name


def test_a_trend_is_found_and_frames_in_another_order_lose_it() -> None:
    times, mus = series(60)
    _, found = together(frames(times, mus))
    change, spread = metric(found, "e0.half_step.change"), metric(found, "e0.half_step.spread")
    assert change.value == pytest.approx(1.5, abs=0.15)
    assert change.value > 100 * change.u_stat
    assert spread.value == pytest.approx(1.5 / np.sqrt(12), rel=0.1), "of an even ramp"
    _, mixed = together(frames(times, mus[np.random.default_rng(5).permutation(60)]))
    lost = metric(mixed, "e0.half_step.change")
    assert abs(lost.value) < 3 * lost.u_stat
    assert metric(mixed, "e0.half_step.spread").value == pytest.approx(spread.value), "the frames are the same"
    assert metric(mixed, "e0.half_step.mean").value == pytest.approx(metric(found, "e0.half_step.mean").value)


def test_frames_that_differ_by_noise_alone_have_no_spread_and_no_change() -> None:
    rng = np.random.default_rng(3)
    mus = mu_at(0.3) + rng.normal(0.0, 2e-3, (80, ENERGY.size))
    _, found = together(frames(np.arange(80.0), mus))
    for name in ("edge_step", "e0.half_step", "wl.position", "wl.height", "w.area", "w.centroid"):
        spread, change = metric(found, f"{name}.spread"), metric(found, f"{name}.change")
        assert np.isnan(spread.value) and "not 3 sigma above the noise" in spread.reason, name
        assert abs(change.value) < 3.5 * change.u_stat, name


def test_u_stat_is_the_scatter_of_frames_that_are_the_same() -> None:
    rng = np.random.default_rng(4)
    mus = mu_at(0.3) + rng.normal(0.0, 2e-3, (300, ENERGY.size))
    _, found = together(frames(np.arange(300.0), mus))
    for one in found.frame_metrics:
        ratio = np.median(one.u_stat) / one.value.std(ddof=1)
        # the step counts as if independent of the points, as for one spectrum: areas and heights are known better
        most = 1.5 if one.name.endswith(("height", "area")) else 1.15
        assert 0.85 < ratio < most, one.name


def test_u_sys_of_the_mean_is_the_choices_made_alike_for_all() -> None:
    """By an independent way: the mean over frames of each choice, from the single stage."""
    times, mus = series(8)
    _, found = together(frames(times, mus))
    areas = []
    for mu in mus:
        reduced = reduce_xanes(XasScans((scan(ENERGY, mu),)), composition="", **{**ATOM, **REDUCE})
        measured = measure_xanes(reduced, transform_xanes(reduced, **TRANSFORM), **MEASURE)
        row = next(i for i, m in enumerate(measured.metrics) if m.name == "w.area")
        areas.append([measured.metrics[row].value, *measured.by_choice[row]])
    means = np.mean(areas, axis=0)
    assert metric(found, "w.area.mean").value == pytest.approx(means[0])
    assert metric(found, "w.area.mean").u_sys == pytest.approx(0.5 * np.ptp(means))
    errors = next(m for m in found.frame_metrics if m.name == "w.area").u_stat
    slopes = np.polyfit(times, np.array(areas), 1, w=1 / errors)[0]
    assert metric(found, "w.area.change").value == pytest.approx(slopes[0])
    assert metric(found, "w.area.change").u_sys == pytest.approx(0.5 * np.ptp(slopes))


def test_a_bad_frame_is_named_and_takes_nothing_with_it() -> None:
    times, mus = series(20)
    _, good = together(frames(times[[*range(4), *range(7, 20)]], mus[[*range(4), *range(7, 20)]]))
    bad = mus.copy()
    bad[4] = np.nan
    bad[5] = 1.0 - bad[5]  # mu falls at the edge
    axes = [ENERGY.copy() for _ in mus]
    axes[6][120:] = np.nan  # aborted on the edge
    bad[6, 120:] = np.nan
    reasons = ["" for _ in mus]
    reasons[4] = "line 12: no number"
    reduced, found = together(frames(times, bad, energies=axes, reasons=reasons))
    assert found.notes[0] == "17 of 20 frames are used"
    named = found.notes[1]
    assert "frame 5 (scan_4.xdi): line 12: no number" in named
    assert "frame 6 (scan_5.xdi): edge step" in named and "mu falls at the edge" in named
    assert "frame 7 (scan_6.xdi): it covers 2780.0 to" in named and "aborted?" in named
    assert np.isnan(reduced.frames.column("norm")[4:7]).all()
    for mine, theirs in zip(found.metrics, good.metrics, strict=True):
        assert mine.name == theirs.name
        assert mine.value == pytest.approx(theirs.value, abs=1e-5, nan_ok=True), mine.name


def test_a_frame_on_another_grid_is_brought_to_that_of_the_first() -> None:
    times, mus = series(6, noise=0.0)
    axes = [ENERGY + (0.04 if i == 3 else 0.0) for i in range(6)]
    mus[3] = mu_at(times[3], axes[3])
    reduced, found = together(frames(times, mus, energies=axes))
    assert reduced.energy_ev.size == ENERGY.size - 1, "its first point is not covered by the shifted frame"
    half = next(m for m in found.frame_metrics if m.name == "e0.half_step")
    assert half.value[3] == pytest.approx(0.5 * (half.value[2] + half.value[4]), abs=2e-3)
    shifted = replace(frames(times, mus), first=scan(ENERGY, mus[0]))  # the same numbers taken as if on the first grid
    moved = next(m for m in together(shifted)[1].frame_metrics if m.name == "e0.half_step")
    assert moved.value[3] == pytest.approx(half.value[3] - 0.04, abs=2e-3)


def test_a_spike_of_one_frame_is_replaced() -> None:
    times, mus = series(10)
    spiked = mus.copy()
    at = int(np.argmin(np.abs(ENERGY - 2826.0)))
    spiked[4, at] += 0.4
    clean = together(frames(times, mus))[0].frames.column("norm")
    mended = together(frames(times, spiked))[0].frames.column("norm")
    kept = together(frames(times, spiked), spikes="keep")[0].frames.column("norm")
    assert np.abs(mended - clean).max() < 0.02
    assert np.abs(kept - clean).max() > 0.2


def test_blocks_of_any_size_give_the_same() -> None:
    times, mus = series(20)
    one, other = (together(frames(times, mus, block=n))[1] for n in (20, 3))
    for mine, theirs in zip(one.metrics, other.metrics, strict=True):
        assert mine.value == pytest.approx(theirs.value, rel=1e-9, nan_ok=True), mine.name
        assert mine.u_sys == pytest.approx(theirs.u_sys, rel=1e-6, abs=1e-12, nan_ok=True), mine.name


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"align": "reference"}, "reduce.align"), ({"calibrate": {"point": "maximum"}}, "reduce.calibrate"),
     ({"over_absorption": {"correct": True}}, "reduce.over_absorption.correct")],
)  # fmt: skip
def test_what_is_not_offered_is_refused(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError, match="not offered for frames") as caught:
        together(frames(*series(4)), **settings)
    assert caught.value.where == key


def test_no_frame_that_can_be_used_is_an_error_that_names_the_first() -> None:
    times, mus = series(3)
    with pytest.raises(UserError, match=r"frame 1 \(scan_0.xdi\): edge step .* and 2 more"):
        together(frames(times, 1.0 - mus), e0_ev=2823.5)
