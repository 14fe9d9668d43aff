"""Normalisation engine: larch to rounding, Athena's stored numbers, Monte Carlo for the noise."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reduce_inputs as inputs
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.types import Array
from ntcspec.xas import _larch
from ntcspec.xas.edge_step import Normaliser, Ranges, norm_error, through

MU = inputs.near_edge(inputs.GRID) + 1e-3 * np.random.default_rng(0).standard_normal(inputs.GRID.size)
NOMINAL = Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, 1, 0)
PROJECTS = (
    ("CAMD_Cl-K_standards.prj", "Cl", "K"),
    ("Au-L3_standards_athena0.8.prj", "Au", "L3"),
    ("Ru_QAS_athena.prj", "Ru", "K"),
)


@settings(max_examples=40)
@given(
    e0=st.floats(2820.0, 2830.0),
    pre1=st.floats(-30.0, -20.0),
    pre2=st.floats(-14.0, -8.0),
    norm1=st.floats(10.0, 30.0),
    norm2=st.floats(55.0, 78.0),
    degree=st.integers(0, 3),
    victoreen=st.integers(0, 4),
)
def test_agrees_with_larch(
    e0: float, pre1: float, pre2: float, norm1: float, norm2: float, degree: int, victoreen: int
) -> None:
    ours = Normaliser(inputs.GRID).normalise(MU, Ranges(e0, pre1, pre2, norm1, norm2, degree, victoreen))
    theirs = _larch.pre_edge(
        inputs.GRID, MU, e0_ev=e0, pre1_ev=pre1, pre2_ev=pre2, norm1_ev=norm1, norm2_ev=norm2, norm_degree=degree,
        victoreen=victoreen,
    )  # fmt: skip
    assert (ours.pre_points, ours.post_points, ours.e0_index) == (
        theirs.pre_points, theirs.post_points, theirs.e0_index,
    )  # fmt: skip
    assert ours.edge_step == pytest.approx(theirs.edge_step, abs=1e-9)
    assert np.abs(ours.pre_edge - theirs.pre_edge).max() < 1e-9
    assert np.abs(ours.post_edge - theirs.post_edge).max() < 1e-9
    assert np.abs(ours.norm - theirs.norm).max() < 1e-9


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_flat_agrees_with_larch(degree: int) -> None:
    import larch.xafs
    from larch import Group

    group = Group()
    larch.xafs.pre_edge(
        inputs.GRID.copy(), MU.copy(), group=group, e0=inputs.E0, pre1=-30.0, pre2=-12.0, norm1=25.0, norm2=80.0,
        nnorm=degree, nvict=0,
    )  # fmt: skip
    edge = Normaliser(inputs.GRID).normalise(MU, Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, degree, 0))
    assert np.abs(edge.flat - group.flat).max() < 1e-9


@settings(max_examples=20)
@given(scale=st.floats(0.01, 100.0), offset=st.floats(-5.0, 5.0), slope=st.floats(-0.1, 0.1))
def test_norm_knows_no_gain_offset_or_slope(scale: float, offset: float, slope: float) -> None:
    changed = scale * (MU + offset + slope * (inputs.GRID - inputs.E0))
    ours, first = (Normaliser(inputs.GRID).normalise(mu, NOMINAL) for mu in (changed, MU))
    assert ours.edge_step == pytest.approx(scale * first.edge_step, rel=1e-9)
    assert np.abs(ours.norm - first.norm).max() < 1e-8


def test_jacobian_is_the_derivative() -> None:
    normaliser = Normaliser(inputs.GRID)
    edge = normaliser.normalise(MU, NOMINAL, response=True)
    exact = np.stack([through(edge, row) for row in np.eye(MU.size)])
    for j in (3, 60, 110, 200, 230):  # in and outside of both ranges
        moved = MU.copy()
        moved[j] += 1e-6
        numeric = (normaliser.normalise(moved, NOMINAL).norm - edge.norm) / 1e-6
        assert np.abs(numeric - exact[:, j]).max() < 1e-4
    sigma = np.linspace(1e-3, 3e-3, MU.size)
    errors, _ = norm_error(edge, sigma)
    assert errors == pytest.approx(np.sqrt(np.sum((exact * sigma) ** 2, axis=1)), rel=1e-9)


@pytest.mark.parametrize(("degree", "victoreen"), [(0, 0), (1, 0), (2, 3)])
def test_errors_agree_with_monte_carlo(degree: int, victoreen: int) -> None:
    rng = np.random.default_rng(1)
    ranges = Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, degree, victoreen)
    clean = inputs.near_edge(inputs.GRID)
    sigma = np.where(inputs.GRID > inputs.E0, 4e-3, 2e-3)
    normaliser = Normaliser(inputs.GRID)
    edge = normaliser.normalise(clean, ranges, response=True)
    errors, step_error = norm_error(edge, sigma)
    draws = [normaliser.normalise(clean + sigma * rng.standard_normal(clean.size), ranges) for _ in range(1500)]
    # 1500 draws know a deviation to 2 %; the largest of 265 points may be 4 deviations off
    assert np.std([d.edge_step for d in draws]) == pytest.approx(step_error, rel=0.08)
    assert np.std([d.norm for d in draws], axis=0) == pytest.approx(errors, rel=0.09)
    top = clean.argmax()  # here the step matters: the naive sigma / step would be too small
    assert errors[top] > 1.05 * sigma[top] / edge.edge_step


def test_few_points_falling_edges_and_degrees_are_refused() -> None:
    normaliser = Normaliser(inputs.GRID)
    with pytest.raises(
        ValueError, match=r"2 points in the pre-edge range -14\.0 to -12\.0 eV .*pre1_ev.*data run from 2790"
    ):
        normaliser.normalise(MU, Ranges(inputs.E0, -14.0, -12.0, 25.0, 80.0, 1, 0))
    with pytest.raises(ValueError, match=r"post-edge range .*norm1_ev"):
        normaliser.normalise(MU, Ranges(inputs.E0, -30.0, -12.0, 80.0, 83.0, 1, 0))
    with pytest.raises(ValueError, match="mu falls at the edge"):
        normaliser.normalise(-MU, NOMINAL)
    with pytest.raises(ValueError, match="norm_degree 4"):
        normaliser.normalise(MU, Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, 4, 0))


def test_sixty_choices_are_fast() -> None:
    def once() -> float:
        start = time.perf_counter()
        normaliser = Normaliser(inputs.GRID)
        for i in range(60):
            normaliser.normalise(MU, Ranges(inputs.E0, -30.0 + i % 5, -12.0, 25.0 + i // 20, 80.0, i % 2, 0))
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.05


# --- Athena ----------------------------------------------------------------------------------


def _stored(folder: Path) -> list[tuple[str, str, Array, Array, dict[str, Any]]]:
    """Project, group, energies, mu and Athena's parameters."""
    reference = json.loads((folder / "REFERENCE.json").read_text(encoding="utf-8"))
    found = []
    for project, element, edge in PROJECTS:
        for group, args in reference[project]["athena_stored"].items():
            scan = inputs.measured(folder / project, element=element, edge=edge, select=group).scans[0]
            found.append((project, group, scan.energy_ev, scan.mu(scan.channels[0].mode), args))
    return found


def _as_athena_cuts(energy: Array, args: dict[str, Any]) -> Ranges:
    """Ranges whose slices are those of Athena: from the nearest point to the nearest point, the last one included."""
    e0 = float(args["bkg_e0"])
    starts = [np.abs(energy - e0 - float(args[f"bkg_{k}"])).argmin() for k in ("pre1", "nor1")]
    pre1, norm1 = (energy[i] - e0 + 1e-6 for i in starts)
    ends = [np.abs(energy - e0 - float(args[f"bkg_{k}"])).argmin() + 1 for k in ("pre2", "nor2")]
    pre2, norm2 = (energy[i] - e0 for i in ends)
    return Ranges(e0, pre1, pre2, norm1, norm2, int(args["bkg_nnorm"]) - 1, 0)


def test_athenas_numbers_are_reproduced(xas_data: Path) -> None:
    """22 groups: steps within 0.5 % with larch's ranges; lines and curves within 0.05 % with Athena's own.

    Athena (0.8 and 0.9) cuts from the point nearest to the start to the point nearest to the end, that one included,
    fits line and polynomial without weights and reads the step at e0 itself. nnorm is the number of coefficients.
    Five groups of 0.8 (marked) were fitted before their bkg_eshift was set: their coefficients belong to x without it,
    and their steps were stored with four digits.
    """
    lines = []
    for _, group, energy, mu, args in _stored(xas_data):
        number = {k[4:]: float(v) for k, v in args.items() if k.startswith("bkg_") and v not in (None, "")}
        step, e0 = number["step"], number["e0"]
        plain = Ranges(
            e0, max(number["pre1"], energy[0] - e0), number["pre2"], number["nor1"],
            min(number["nor2"], energy[-1] - e0), int(number["nnorm"]) - 1, 0,
        )  # fmt: skip
        assert Normaliser(energy).normalise(mu, plain).edge_step == pytest.approx(step, rel=0.005), group
        early = number["eshift"] != 0 and len(args["bkg_step"].split(".")[1]) == 4
        x = energy - number["eshift"] if early else energy
        padded = np.append(x, x[-1] + 100.0)  # one more point, so that the last one can be included
        own = Normaliser(padded).normalise(np.append(mu, 0.0), _as_athena_cuts(padded, args))
        slope = np.diff(own.pre_edge[:2])[0] / np.diff(x[:2])[0]
        intercept = own.pre_edge[0] - slope * x[0]
        exact = np.polynomial.Polynomial.fit(padded, own.post_edge, plain.norm_degree).convert().coef
        at_e0 = np.polynomial.Polynomial(exact)(e0) - intercept - slope * e0
        lines.append(
            f"{group:26s} step {step:.5f} at e0 {100 * (at_e0 / step - 1):+.4f} %, ours "
            f"{100 * (Normaliser(energy).normalise(mu, plain).edge_step / step - 1):+.3f} %  slope "
            f"{100 * (slope / number['slope'] - 1):+.5f} %  {'x without eshift' if early else ''}"
        )
        assert at_e0 == pytest.approx(step, rel=5e-4), group
        assert slope == pytest.approx(number["slope"], rel=5e-4), group
        assert intercept == pytest.approx(number["int"], rel=5e-4), group
        stored = [number["nc0"], number["nc1"], number["nc2"]][: exact.size]
        assert exact == pytest.approx(stored, rel=5e-4), group
    print("\n".join(lines))
    assert len(lines) == 22
    assert sum(line.endswith("without eshift") for line in lines) == 5
