"""Parts of the scattering model, each against a closed form or a slow, independent sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.scattering_beam import (
    ELECTRON_KEV,
    NI_ANG,
    NI_U2_ANG2,
    RADIUS_ANG,
    Filling,
    absorption,
    compton,
    kapton,
    load_compton,
    nickel,
    two_theta,
)
from ntcspec.demo.scattering_curves import averages, form_factor, g_of_r, g_unterminated, mix, sphere, weights
from ntcspec.demo.scattering_pairs import Phase, average_cell, make_phase, pair_keys, r_grid, tacl5_snapshots
from ntcspec.demo.series import NTC
from ntcspec.demo.snapshots import Snapshot
from ntcspec.errors import UserError

CELL = np.array([[4.0, 0.0, 0.0], [0.3, 4.2, 0.0], [-0.2, 0.1, 4.4]])
REPEATS = (9, 9, 9)
U_ANG = 0.08  # displacement of every atom of the toy crystal along each axis, standard deviation


@pytest.fixture(scope="module")
def toy() -> tuple[Snapshot, ...]:
    """Two boxes of a skew AB crystal, 1458 atoms, displaced at random."""
    rng = np.random.default_rng(3)
    shifts = np.stack(np.meshgrid(*[np.arange(n) for n in REPEATS], indexing="ij"), axis=-1).reshape(-1, 1, 3)
    places = np.array([[0.1, 0.2, 0.3], [0.5, 0.6, 0.75]]) + shifts
    boxes = []
    for i in range(2):
        moved = places + U_ANG * rng.standard_normal(places.shape) @ np.linalg.inv(CELL)
        frac = (moved / REPEATS).reshape(-1, 3) % 1.0
        boxes.append(Snapshot(f"toy[{i}]", np.tile(["Na", "Cl"], len(shifts)), frac, CELL * np.array(REPEATS)[:, None]))
    return tuple(boxes)


@pytest.fixture(scope="module")
def toy_phase(toy: tuple[Snapshot, ...]) -> Phase:
    return make_phase(toy, REPEATS)


def test_mean_cell_and_displacement_come_back(toy: tuple[Snapshot, ...]) -> None:
    unit, u2 = average_cell(toy, REPEATS)
    assert unit.cell_ang == pytest.approx(CELL)
    between = unit.frac[1] - unit.frac[0]
    assert between - np.round(between) == pytest.approx([0.4, 0.4, 0.45], abs=0.003)
    assert u2 == pytest.approx({"Na": U_ANG**2, "Cl": U_ANG**2}, rel=0.06)


def test_pairs_agree_with_a_tree(toy: tuple[Snapshot, ...]) -> None:
    """Coordination numbers to 4, 9 and 14 A, and beyond the join to 30 A, from the 27 images of a box."""
    from scipy.spatial import cKDTree

    box = toy[0]
    phase = make_phase((box,), REPEATS)
    images = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    xyz, r = box.frac @ box.cell_ang, r_grid()
    for a, b in pair_keys(["Na", "Cl"]):
        one, two = xyz[box.symbols == a], xyz[box.symbols == b]
        every = (two[None] + (images @ box.cell_ang)[:, None]).reshape(-1, 3)
        reach = np.array([4.005, 9.005, 14.005, 30.005])
        counted = cKDTree(one).count_neighbors(cKDTree(every), reach) / len(one) - (a == b)
        density = 4.0 * np.pi * r**2 * 0.01 * phase.rho0_inv_ang3 * phase.fractions[b] * (phase.excess[a, b] + 1.0)
        mine = np.array([np.sum(density[r < edge]) for edge in reach])
        assert mine[:3] == pytest.approx(counted[:3], rel=1e-4)
        assert mine[3] == pytest.approx(counted[3], rel=0.002)


def test_near_and_far_join_smoothly(toy: tuple[Snapshot, ...]) -> None:
    """A crystal of independent atoms is the same near (counted) and far (Gaussians): at 12-14 A only noise differs."""
    from ntcspec.demo import scattering_pairs

    near = scattering_pairs._near(toy)
    far = scattering_pairs._far(*average_cell(toy, REPEATS))
    span = (r_grid() > 12.0) & (r_grid() < 14.0)
    for key, value in far.items():
        assert np.corrcoef(near[key][span], value[span])[0, 1] > 0.9, key


def test_debye_sum(toy_phase: Phase) -> None:
    """F(Q) of a sphere-shaped domain against the sum of sin(Qr)/(Qr) over distances, term by term."""
    diameter = 40.0
    sample = mix([(1.0, toy_phase, diameter)])
    picked = np.searchsorted(sample.q_inv_ang, [1.0, 3.3, 9.0])
    q, r = sample.q_inv_ang[picked], r_grid()[1:]
    mean, square = averages(sample.fractions, q)
    slow = square.copy()
    for (a, b), excess in toy_phase.excess.items():
        number = 4.0 * np.pi * r**2 * 0.01 * toy_phase.rho0_inv_ang3 * toy_phase.fractions[b] * excess[1:]
        kernel = np.sinc(np.outer(q, r) / np.pi) @ (number * sphere(r, diameter))
        slow += (1.0 + (a != b)) * sample.fractions[a] * form_factor(a, q) * form_factor(b, q) * kernel
    assert sample.coherent[picked] == pytest.approx(slow, rel=1e-9)
    assert 1.0 + sample.f_inv_ang[picked] / q == pytest.approx((slow - square) / mean**2 + 1.0)


def test_transform_back(toy_phase: Phase) -> None:
    """With Qmax 32 and one weight for all, G(r) is the pair distribution apart from termination; its core is a line."""
    sample = mix([(1.0, toy_phase, None)])
    g, known, r = g_of_r(sample.f_inv_ang, 0.0, 31.0), g_unterminated(sample), r_grid()
    span = (r > 2.5) & (r < 14.0)
    assert np.sqrt(np.mean((g - known)[span] ** 2)) < 0.15 * np.sqrt(np.mean(known[span] ** 2))
    core = (r > 0.5) & (r < 1.5)
    assert known[core] == pytest.approx(-4.0 * np.pi * toy_phase.rho0_inv_ang3 * r[core])


def test_weights_of_natacl6() -> None:
    """Sum to one; at Q = 3 as published form factors give them: Ta-Cl .44, Cl-Cl .25, Ta-Ta .20, Na-Cl .06, Na-Ta .05."""
    atoms = sum(NTC.values())
    found = weights({name: n / atoms for name, n in NTC.items()}, np.array([0.0, 3.0, 20.0]))
    assert np.sum(list(found.values()), axis=0) == pytest.approx(1.0)
    at_three = {key: float(value[1]) for key, value in found.items()}
    expected = {("Cl", "Ta"): 0.44, ("Cl", "Cl"): 0.25, ("Ta", "Ta"): 0.20, ("Cl", "Na"): 0.06, ("Na", "Ta"): 0.05}
    for key, value in expected.items():
        assert at_three[key] == pytest.approx(value, abs=0.01)


def test_tacl5_molecules_stay_whole() -> None:
    """Every Ta keeps six Cl, four terminal and two bridging, with the spread that the docstring promises."""
    box = tacl5_snapshots(find_resources() / "TaCl5_C2m_MODEL_P1.cif", count=1)[0]
    ta, cl = box.frac[box.symbols == "Ta"], box.frac[box.symbols == "Cl"]
    difference = ta[:, None] - cl[None]
    bonds = np.sort(np.linalg.norm((difference - np.round(difference)) @ box.cell_ang, axis=2), axis=1)
    assert bonds[:, 5].max() < 2.9 < bonds[:, 6].min()
    assert bonds[:, :4].mean() == pytest.approx(2.278, abs=0.015)
    assert bonds[:, 4:6].mean() == pytest.approx(2.555, abs=0.015)
    assert np.var(bonds[:, 4:6]) == pytest.approx(0.0035, rel=0.4)


def test_compton() -> None:
    """None at Q = 0, rising, below Z - f^2/Z, which no atom exceeds; all electrons at large Q; weaker by recoil."""
    table = load_compton(find_resources())
    q = np.array([0.0, 8.0, 24.0])
    recoil = (1.0 / (1.0 + 12.39842 / 0.2095 / ELECTRON_KEV * (1.0 - np.cos(two_theta(q))))) ** 3
    for element, z in (("Na", 11), ("Cl", 17), ("Ni", 28), ("Ta", 73)):
        found = compton(table, {element: 1.0}, q) / recoil
        assert found[0] == 0.0 < found[1] < found[2] < z
        assert np.all(found <= z - form_factor(element, q) ** 2 / z + 0.02)
        assert table[element][-1] == pytest.approx(z, rel=0.05)


def test_kapton_is_f2_and_compton_at_large_q() -> None:
    table = load_compton(find_resources())
    q = np.array([15.0, 20.0])
    fractions = {"C": 22 / 39, "H": 10 / 39, "N": 2 / 39, "O": 5 / 39}
    assert kapton(table, q) == pytest.approx(averages(fractions, q)[1] + compton(table, fractions, q), rel=1e-6)


def test_absorption_limits() -> None:
    """Straight through, a thin beam in the middle sees exp(-2 mu R); without absorption, 1; more at larger angles."""
    angles = np.radians([0.0, 20.0, 50.0])
    assert absorption(0.0, angles)[0] == pytest.approx(1.0)
    own, wall = absorption(0.11 / RADIUS_ANG, angles)
    assert own[0] == pytest.approx(np.exp(-0.22), rel=0.01)
    assert wall[0] == pytest.approx(own[0], rel=1e-3)
    assert np.all(np.diff(own) > 0.0)


def test_absorption_of_natacl6_powder() -> None:
    """muR 0.11 in the capillary at half packing, as from tabulated mass attenuation: 5.7 / cm at 3.1 g/cm3, whole."""
    atoms = sum(NTC.values())
    powder = Filling({name: n / atoms for name, n in NTC.items()}, 0.0340, 0.5)
    assert powder.mu_inv_ang * RADIUS_ANG == pytest.approx(0.11, abs=0.005)


def test_nickel_agrees_with_a_debye_sum() -> None:
    """Area of F over the first rings: pairs of an fcc lattice to 70 A, rings 0.1 1/A wide, mean density taken off."""
    q = np.arange(240, 680, dtype=np.float64) * 0.01
    index = np.stack(np.meshgrid(*[np.arange(-40, 41)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    square = np.sum(index**2, axis=1)[np.sum(index, axis=1) % 2 == 0]
    sizes, number = np.unique(square[(square > 0) & (square <= 1600)], return_counts=True)
    r, even = 0.5 * NI_ANG * np.sqrt(sizes), np.arange(0.0, 80.0, 0.02)
    pairs = np.sin(np.outer(q, r)) @ (number / r * np.exp(-0.5 * (r * 0.1) ** 2))
    mean = 16.0 * np.pi / NI_ANG**3 * 0.02 * np.sin(np.outer(q, even)) @ (even * np.exp(-0.5 * (even * 0.1) ** 2))
    slow = np.exp(-(q**2) * NI_U2_ANG2) * (pairs - mean)
    mine = q * (nickel(q) / form_factor("Ni", q) ** 2 - 1.0)
    for low, high in ((2.5, 4.1), (4.5, 5.48), (5.48, 6.7)):
        ring = (q > low) & (q < high)
        assert np.sum(mine[ring]) == pytest.approx(np.sum(slow[ring]), rel=0.02)


def test_missing_inputs_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="compton_hubbell1975"):
        load_compton(tmp_path)
