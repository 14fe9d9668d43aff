"""Over-absorption: larch where both hold, a thick sample in closed form where larch does not."""

from __future__ import annotations

import numpy as np
import pytest
import reduce_inputs as inputs

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.over_absorption import thick_sample, undo

GRID = inputs.GRID
THICK = {"correct": True, "angle_in_deg": 45.0, "angle_out_deg": 45.0}
RANGES = {"e0_ev": inputs.E0, "pre1_ev": -30.0, "norm1_ev": 25.0, "norm2_ev": 80.0, "norm_degree": 1}


def _true() -> Array:
    return inputs.near_edge(GRID) - (0.7 - 2e-3 * (GRID - inputs.E0))


def _seen(alpha: float, background: float) -> Array:
    """Fluorescence of a thick sample, with scattering on top that knows nothing of its absorption."""
    true = _true()
    return 3.0 * true / (true + alpha) + background * (1.0 - 1e-2 * (GRID - inputs.E0))


def _alpha(formula: str = "NaCl", **angles: float) -> float:
    given = {"angle_in_deg": 45.0, "angle_out_deg": 45.0, **angles}
    return thick_sample(formula=formula, element="Cl", edge="K", **given).alpha


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_agrees_with_larch_on_mu_without_background(degree: int) -> None:
    import larch.xafs
    from larch import Group

    mu = _seen(_alpha(), 0.0) + 1e-4 * np.sin(GRID)
    reduced = inputs.reduced(
        [inputs.scan(GRID, fluorescence=mu)], composition="NaCl", over_absorption=THICK, choices=inputs.NO_CHOICES,
        **{**RANGES, "norm_degree": degree},
    ).primary  # fmt: skip
    group = Group()
    larch.xafs.fluo_corr(
        GRID.copy(), mu - reduced.pre_edge, "NaCl", "Cl", group=group, edge="K", line="Ka", anginp=45, angout=45,
        e0=inputs.E0, pre1=-30.0, pre2=-12.0, norm1=25.0, norm2=80.0, nnorm=degree,
    )  # fmt: skip
    assert np.abs(reduced.norm - group.norm_corr).max() < 1e-6
    assert np.abs(reduced.norm - reduced.norm_measured).max() > 0.3


@pytest.mark.parametrize("background", [0.0, 1.0])
def test_a_thick_sample_in_closed_form(background: float) -> None:
    """The truth comes back, also under scattering; larch's formula does not bring it back there."""
    import larch.xafs
    from larch import Group

    mu = _seen(_alpha(), background)
    reduced = inputs.reduced(
        [inputs.scan(GRID, fluorescence=mu)], composition="NaCl", over_absorption=THICK, **RANGES
    ).primary
    assert np.abs(reduced.norm - _true()).max() < 2e-3
    assert reduced.norm_measured.max() < 0.8 * reduced.norm.max()
    assert (reduced.norm_low <= reduced.norm + 1e-12).all()
    assert reduced.chosen["over_absorption"]["alpha"] == pytest.approx(_alpha())
    group = Group()
    larch.xafs.fluo_corr(
        GRID.copy(), mu, "NaCl", "Cl", group=group, edge="K", line="Ka", e0=inputs.E0, pre1=-30.0, pre2=-12.0,
        norm1=25.0, norm2=80.0, nnorm=1,
    )  # fmt: skip
    worst = np.abs(group.norm_corr - _true()).max()
    assert worst > 0.1 if background else worst < 2e-3


def test_its_error_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(3)
    clean, sigma = _seen(_alpha(), 0.3), 2e-3
    given = {"composition": "NaCl", "over_absorption": THICK, "choices": inputs.NO_CHOICES, "align": "none",
             "weights": "equal", **RANGES}  # fmt: skip

    def once() -> tuple[Array, Array, Array]:
        scans = [inputs.scan(GRID, fluorescence=clean + sigma * rng.standard_normal(GRID.size)) for _ in range(2)]
        one = inputs.reduced(scans, **given).primary
        return one.norm, one.norm_error, one.mu_error

    draws = [once() for _ in range(200)]
    norms, errors, mu_errors = (np.array(a) for a in zip(*draws, strict=True))
    ratio = np.std(norms, axis=0) / np.sqrt(np.mean(errors**2, axis=0))
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    top = int(clean.argmax())
    assert ratio[top] == pytest.approx(1.0, abs=0.2)
    assert errors[:, top].mean() > 1.5 * mu_errors[:, top].mean() / 3.0  # the correction amplifies noise at the top


def test_undo_and_its_slope() -> None:
    true = np.linspace(-0.1, 3.0, 50)
    measured = true * 1.5 / (true + 0.5)
    found, slope = undo(measured, 0.5)
    assert found == pytest.approx(true, abs=1e-12)
    assert slope == pytest.approx((undo(measured + 1e-7, 0.5)[0] - found) / 1e-7, rel=1e-5)
    with pytest.raises(ValueError, match=r"cannot pass 1\.50"):
        undo(np.array([1.6]), 0.5)


def test_dilution_and_grazing_exit_need_no_correction() -> None:
    assert _alpha("NaCl") < 1.0
    assert _alpha("C1000H2000Cl") > 20.0
    assert _alpha("NaCl", angle_in_deg=89.0, angle_out_deg=1.0) > 20.0


def test_what_is_missing_is_told() -> None:
    scans = [inputs.scan(GRID, fluorescence=_seen(0.5, 0.0))]
    with pytest.raises(UserError, match=r"over_absorption\.formula"):
        inputs.reduced(scans, over_absorption=THICK, **RANGES)
    with pytest.raises(UserError, match="KBr holds no Cl"):
        inputs.reduced(scans, over_absorption={**THICK, "formula": "KBr"}, composition="NaCl", **RANGES)
    with pytest.raises(UserError, match="does not parse"):
        inputs.reduced(scans, over_absorption=THICK, composition="salt!", **RANGES)
    tey = inputs.reduced([inputs.scan(GRID, tey=_true())], over_absorption=THICK, **RANGES)
    assert any("no fluorescence" in note for note in tey.notes)
    assert tey.primary.norm_measured.size == 0
