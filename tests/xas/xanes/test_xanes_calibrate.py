"""Points found to a fraction of a step, their uncertainty, and the calibration of the axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import reduce_inputs as inputs

from ntcspec.errors import UserError
from ntcspec.types.xas import XasScans
from ntcspec.xas import points

GRID = inputs.GRID
SIGMA = 2e-3


def _edge(e0: float) -> Any:
    """tanh edge: steepest point and half of the step both at e0."""
    return 0.5 * (1 + np.tanh((GRID - e0) / 1.5))


@pytest.mark.parametrize("offset", [0.0, 0.03, 0.11])
def test_points_of_known_place(offset: float) -> None:
    e0 = 2825.0 + offset
    found, _ = points.steepest(GRID, _edge(e0), low_ev=2818, high_ev=2832)
    assert found.energy_ev == pytest.approx(e0, abs=2e-3)
    line = np.exp(-0.5 * ((GRID - e0) / 0.6) ** 2)
    assert points.maximum(GRID, line, low_ev=2823, high_ev=2827).energy_ev == pytest.approx(e0, abs=2e-3)
    assert points.half_step(GRID, _edge(e0), low_ev=2818, high_ev=2832).energy_ev == pytest.approx(e0, abs=2e-3)


@pytest.mark.parametrize("kind", ["steepest", "maximum", "half_step"])
def test_uncertainty_agrees_with_monte_carlo(kind: str) -> None:
    rng = np.random.default_rng(1)
    clean = inputs.near_edge(GRID, line=1.2 if kind == "maximum" else 0.0)
    clean = clean - 0.7 if kind == "half_step" else clean

    def find(mu: Any) -> points.Point:
        found = getattr(points, kind)(GRID, mu, low_ev=2823.5, high_ev=2829)
        return found[0] if isinstance(found, tuple) else found

    errors = np.full(GRID.size, SIGMA)
    draws = [find(clean + errors * rng.standard_normal(GRID.size)) for _ in range(400)]
    claimed = find(clean).error_ev(errors)
    # 400 draws: 3.5 % on the deviation; the highest point of a noisy parabola is not quite linear in the noise
    assert np.std([d.energy_ev for d in draws]) == pytest.approx(claimed, rel=0.15)
    assert np.isnan(draws[0].error_ev(np.empty(0)))


def test_two_steep_points_are_told() -> None:
    mu = _edge(2820.0) + 0.9 * _edge(2830.0)
    found, others = points.steepest(GRID, mu, low_ev=2790, high_ev=2850)
    assert found.energy_ev == pytest.approx(2820.0, abs=0.01)
    assert others == pytest.approx([2830.0], abs=0.2)
    reduced = inputs.reduced([inputs.scan(GRID, tey=mu - 1e-3 * (GRID - 2825))])
    assert any("almost as steeply at 2830" in note for note in reduced.notes)


def _settings(**given: Any) -> dict[str, Any]:
    return {"point": "derivative", "range_ev": (2818.0, 2832.0), "energy_ev": 2824.0, "error_ev": 0.1, **given}


@pytest.mark.parametrize("point", ["derivative", "half_step", "maximum"])
def test_the_axis_is_shifted(point: str) -> None:
    rng = np.random.default_rng(2)
    scans = [inputs.scan(GRID, tey=inputs.near_edge(GRID) + SIGMA * rng.standard_normal(GRID.size)) for _ in range(2)]
    plain = inputs.reduced(scans)
    reduced = inputs.reduced(scans, calibrate=_settings(point=point))
    assert reduced.primary.energy_ev == pytest.approx(plain.primary.energy_ev + reduced.calibration_shift_ev, abs=1e-9)
    dense = np.arange(2818.0, 2832.0, 1e-3)
    mu = inputs.near_edge(dense)
    rises = mu - (0.7 - 2e-3 * (dense - 2825.0)) > 0.5
    place = dense[{"derivative": np.gradient(mu).argmax(), "half_step": rises.argmax(), "maximum": mu.argmax()}[point]]
    assert reduced.calibration_shift_ev == pytest.approx(2824.0 - place, abs=0.07 if point == "derivative" else 0.03)
    assert 0.1 < reduced.calibration_error_ev < 0.11
    assert "put at 2824.000" in reduced.calibration
    if point == "derivative":  # e0 is found on the calibrated axis
        assert reduced.primary.e0_ev == pytest.approx(2824.0, abs=1e-6)
    assert np.isnan(plain.calibration_error_ev)
    assert plain.calibration == ""


def test_the_point_of_a_standard_or_of_the_reference_channel() -> None:
    sample = inputs.scan(GRID, tey=inputs.near_edge(GRID), reference=_edge(2825.7))
    standard = XasScans((inputs.scan(GRID, tey=_edge(2823.1), reference=_edge(2825.3)),))
    references: dict[str, XasScans | str] = {"NaCl": standard}
    cases = [
        (_settings(channel="reference"), 2824.0 - 2825.7),
        (_settings(standard="NaCl"), 2824.0 - 2823.1),
        (_settings(standard="NaCl", channel="reference"), 2824.0 - 2825.3),
    ]
    for settings, shift in cases:
        reduced = inputs.reduced([sample], calibrate=settings, references=references)
        assert reduced.calibration_shift_ev == pytest.approx(shift, abs=3e-3)


def test_what_cannot_be_calibrated_is_refused() -> None:
    sample = inputs.scan(GRID, "a.dat", tey=inputs.near_edge(GRID))
    with pytest.raises(UserError, match=r"a\.dat: no reference channel to calibrate on"):
        inputs.reduced([sample], calibrate=_settings(channel="reference"))
    with pytest.raises(UserError, match="NaCl: it was not measured"):
        inputs.reduced([sample], calibrate=_settings(standard="NaCl"), references={"NaCl": "it was not measured"})
    with pytest.raises(UserError, match=r"calibration: .*at the end of its range.*calibrate\.range_ev"):
        inputs.reduced([sample], calibrate=_settings(point="maximum", range_ev=(2818.0, 2825.0)))
    with pytest.raises(UserError, match=r"calibration: 0 points between 3000 and 3010 eV.*data run from 2790"):
        inputs.reduced([sample], calibrate=_settings(range_ev=(3000.0, 3010.0)))
