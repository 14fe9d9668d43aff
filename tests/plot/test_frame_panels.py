"""Panels of frames: rows and columns stand where the frames stand, gaps stay gaps, what cannot be drawn is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from synthetic_frames import ENERGY, RAMP, entries, grid, measured, norms, reduced

from ntcspec.plot import Entry, panel_data
from ntcspec.plot.frames import MOST_ROWS, along_of


def entry(**stages: Any) -> Entry:
    return Entry("a", "A", False, stages)


def test_every_frame_is_a_row_at_its_coordinate() -> None:
    data = panel_data("xanes.frames", entries("xanes.frames", 1), {"xlim": [1065, 1080]})
    (one,) = data.maps
    keep = (ENERGY >= 1065) & (ENERGY <= 1080)
    np.testing.assert_array_equal(one.x, ENERGY[keep])
    np.testing.assert_array_equal(one.y, RAMP)
    np.testing.assert_allclose(one.z, norms(RAMP.size)[:, keep])
    assert np.isnan(one.z[2]).all(), "the frame that is left out"
    assert (one.sample, data.y_label, data.y_unit) == ("sample 0", "Temperature", "K")
    assert data.y_limits.tolist() == [295.0, 415.0], "to the outer edges of the rows"


def test_a_coordinate_that_falls_is_drawn_upward() -> None:
    (one,) = panel_data("xanes.frames", [entry(reduce=reduced(RAMP[::-1]))], {}).maps
    np.testing.assert_array_equal(one.y, RAMP)
    np.testing.assert_allclose(one.z[::-1], norms(RAMP.size))
    cooling = measured(RAMP[::-1])
    (curve,) = panel_data("xanes.frame_metric", [entry(measure=cooling)], {}).series
    np.testing.assert_array_equal(curve.x, RAMP)
    np.testing.assert_array_equal(curve.y[::-1], cooling.frame_metrics[0].value)


@pytest.mark.parametrize("kind", ["xanes.frames", "xanes.frame_metric"])
def test_a_coordinate_that_goes_up_and_down_counts_frames(kind: str) -> None:
    cycle = np.concatenate([RAMP[:6], RAMP[5::-1]])
    data = panel_data(kind, [entry(reduce=reduced(cycle), measure=measured(cycle))], {})
    assert "Frames are counted: their temperature does not go one way." in data.notes
    place = data.maps[0].y if data.maps else data.series[0].x
    np.testing.assert_array_equal(place, np.arange(1.0, 13.0))
    assert "Frame" in (data.y_label, data.x_label)


def test_a_frame_that_is_left_out_may_have_no_coordinate() -> None:
    holes = RAMP.copy()
    holes[2] = np.nan  # the frame that is left out in all of them
    for kind in ("xanes.frames", "xanes.frame_metric"):
        data = panel_data(kind, [entry(reduce=reduced(holes), measure=measured(holes))], {})
        np.testing.assert_array_equal(data.maps[0].y if data.maps else data.series[0].x, RAMP)
    holes[5] = np.nan
    data = panel_data("xanes.frame_metric", [entry(measure=measured(holes))], {})
    assert "Frames are counted: not of all of them the temperature is known." in data.notes
    ends = np.where([True, *[False] * 10, True], np.nan, RAMP)
    np.testing.assert_array_equal(along_of(ends, np.isnan(ends), "x", "").place, RAMP, "beyond the others")


def test_differences_to_the_first_frames_and_to_the_mean() -> None:
    frames = norms(RAMP.size)
    one = entry(reduce=reduced())
    (first,) = panel_data("xanes.frames", [one], {"minus": "first"}).maps
    np.testing.assert_allclose(first.z, frames - frames[0])
    data = panel_data("xanes.frames", [one], {"minus": "mean"})
    np.testing.assert_allclose(data.maps[0].z, frames - np.nanmean(frames, axis=0), atol=1e-12)
    assert data.z_limits[0] == -data.z_limits[1] and "Minus the mean of all frames." in data.notes


def test_more_frames_than_paper_has_rows_are_averaged() -> None:
    many = np.arange(2.0 * MOST_ROWS + 10)
    data = panel_data("xanes.frames", [entry(reduce=reduced(many))], {})
    (one,) = data.maps
    assert one.z.shape[0] == one.y.size <= MOST_ROWS
    assert "Each row is the mean of 3 frames." in data.notes
    frames = norms(many.size)
    np.testing.assert_allclose(one.z[5], frames[15:18].mean(axis=0))
    np.testing.assert_allclose(one.z[0], frames[:2].mean(axis=0), err_msg="the frame that is left out does not count")
    assert one.y[5] == 16.0


def test_a_metric_has_both_bands_and_a_gap() -> None:
    data = panel_data("xanes.frame_metric", entries("xanes.frame_metric", 2), {"metric": "w.area"})
    curve = data.series[0]
    assert np.isnan(curve.y[2]) and np.isfinite(np.delete(curve.y, 2)).all()
    np.testing.assert_allclose(curve.y_error, 0.01)
    np.testing.assert_allclose((curve.y_high - curve.y_low)[:2], 0.1)
    assert "Pale band: half the range over the normalisations, common to all frames." in data.notes
    assert panel_data("xanes.frame_metric", entries("xanes.frame_metric", 1), {"band": False}).series[0].y_low.size == 0


def test_an_unknown_metric_is_named_with_those_there_are() -> None:
    data = panel_data("xanes.frame_metric", entries("xanes.frame_metric", 1), {"metric": "w.aria"})
    assert data.notes == ("not drawn: sample 0 (no metric w.aria; there are e0.half_step, w.area)",)


@pytest.mark.parametrize("jitter", [0.0, 0.003])
def test_a_map_is_an_image_whatever_the_order_of_its_frames(jitter: float) -> None:
    x, y = grid(5, 4, jitter)
    order = np.random.default_rng(2).permutation(20)
    one = measured(x[order], across=y[order])
    data = panel_data("xanes.frame_map", [entry(measure=one)], {})
    (image,) = data.maps
    assert image.z.shape == (4, 5) and data.equal
    np.testing.assert_allclose(image.x, 0.1 * np.arange(5), atol=0.01)
    for i, place in enumerate(order):
        np.testing.assert_equal(image.z[place // 5, place % 5], one.frame_metrics[0].value[i])
    assert (data.x_label, data.y_label, data.x_unit) == ("x", "y", "mm")


def test_what_is_no_map_says_so() -> None:
    ramp = panel_data("xanes.frame_map", [entry(measure=measured())], {})
    assert "its frames have one coordinate, not two" in ramp.notes[0]
    line = np.arange(12.0)
    diagonal = panel_data("xanes.frame_map", [entry(measure=measured(line, across=line))], {})
    assert "its 12 positions are no grid (12 columns, 12 rows)" in diagonal.notes[0]
