"""Long curves in the report: fewer points, every peak and spike, and a word about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from made_report import panel_of

from ntcspec.plot.data import PanelData
from ntcspec.report.charts import chart
from ntcspec.report.thin import MOST, extremes, share, thinned

LONG = 400_000


def long_panel(curves: int) -> PanelData:
    """Curves of 400,000 points with one spike each, and a band."""
    data = panel_of("raman.stack", 3)
    x = np.linspace(0, 1000, LONG)
    y = np.sin(x / 50)
    y[123_457] = 40.0
    y[200_001] = -30.0
    y[300_000:300_900] = np.nan
    one = replace(data.series[0], x=x, y=y, y_low=y - 1, y_high=y + 1, y_error=np.full(LONG, 0.1))
    return replace(data, series=(*(replace(one, colour=0) for _ in range(curves)), data.series[1]))


def test_a_long_curve_keeps_its_spikes_and_gaps() -> None:
    data = long_panel(2)
    thin = thinned(data)
    short = data.series[-1]
    assert thin.series[-1] is short and short.x.size < 10_000
    for curve in thin.series[:-1]:
        assert curve.x.size <= (MOST - short.x.size) // 2 + 2
        assert np.nanmax(curve.y) == 40.0 and np.nanmin(curve.y) == -30.0 and np.isnan(curve.y).any()
        assert (np.diff(curve.x) > 0).all() and curve.x[[0, -1]].tolist() == [0.0, 1000.0]
        np.testing.assert_allclose(curve.y_high - curve.y, np.where(np.isnan(curve.y), np.nan, 1.0))
        assert curve.y_low.size == curve.y_error.size == curve.x.size
    assert sum(c.x.size for c in thin.series) <= MOST + 4
    assert "in this page 2 of 3 curves are drawn through 2" in thin.notes[-1] and "400,000 points" in thin.notes[-1]
    packed = sum(len(array["data"]) for array in chart(thin)["arrays"])
    assert packed < 2_000_000 < sum(len(array["data"]) for array in chart(data)["arrays"])


def test_usual_panels_are_left_as_they_are() -> None:
    data = panel_of("raman.stack", 3)
    assert thinned(data) is data


def test_each_curve_gets_its_share() -> None:
    assert share([100, 200]) == 200 and share([]) == 0
    assert share([1000, MOST, MOST]) == (MOST - 1000) // 2
    assert share([MOST] * 500) == 1000  # a curve stays one


def test_extremes_of_stretches() -> None:
    y = np.array([0.0, 5, 1, 2, -7, 3, np.nan, np.nan, 4, 4])
    assert extremes(y, 5).tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9]
