"""From the raw images back to G(r), by a reduction of its own: pyFAI for the angles, numpy for the rest.

Absolute route. Dark subtracted; the empty capillary, scaled by the known transmission, subtracted; integrated with
solid angle and polarisation; divided by the known absorption in the sample. One factor is fitted: that which brings the
intensity to <f^2> + Compton after Krogh-Moe and Norman, with the known density. No polynomial, no window. What comes out is compared with
`g_seen` over 1.8-20 A; the instrument's width of rings is in both. Pixels are not split: that would count their width
twice. The trends are those of the images, not of the truth.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.scattering import make
from ntcspec.demo.series import SERIES, Made

Array = npt.NDArray[np.float64]

SEED = 20240430
ORDER = [member.name for member in SERIES if member.glass is not None]  # in the order of milling
STEM = {member.name: member.stem for member in SERIES}
R = np.arange(3001) * 0.01
INPUTS = ("cry_1600.npz", "gl4_1600.npz", "gl0_1600.npz", "TaCl5_C2m_MODEL_P1.cif", "compton_hubbell1975.tsv")


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """resources/demo; where snapshots are still missing there, a copy with those of the reference data."""
    found = find_resources()
    missing = [name for name in INPUTS if not (found / name).is_file()]
    if not missing:
        return found
    whole = tmp_path_factory.mktemp("resources")
    for name in INPUTS:
        where = request.getfixturevalue("data_folder") / "simulation" if name in missing else found
        shutil.copy(where / name, whole / name)
    return whole


@pytest.fixture(scope="module")
def bridged(resources: Path) -> Made:
    return make(resources, SEED)


@pytest.fixture(scope="module")
def control(resources: Path) -> Made:
    """The same with the glass that has no bridges."""
    return make(resources, SEED, glass="gl0", samples=tuple(ORDER))


class Reduction:
    """Images -> G(r)."""

    def __init__(self, made: Made, folder: Path) -> None:
        pyfai = pytest.importorskip("pyFAI")
        for name, content in made.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        self.made, self.folder = made, folder / "bxds"
        self.integrator = pyfai.load(str(self.folder / "bxds.poni"))
        self.mask, self.dark = self.image("mask"), self.image("dark").astype(float)
        self.empty = self.curve("empty_kapton")

    def image(self, stem: str) -> Any:
        import fabio

        return fabio.open(str(self.folder / f"{stem}.tif")).data

    def curve(self, stem: str) -> Any:
        """Intensity on 2500 points, 0.5 to 24 1/A."""
        setting = {"radial_range": (0.5, 24.0), "mask": self.mask, "unit": "q_A^-1", "polarization_factor": 0.95}
        image = self.image(stem).astype(float) - self.dark
        return self.integrator.integrate1d(image, 2500, method=("no", "csr", "cython"), **setting)

    def f(self, name: str, resources: Path, empty: float) -> tuple[Array, Array]:
        """Q and F(Q) of a sample; `empty` times the empty capillary is subtracted."""
        import xraydb

        curve, truth = self.curve(STEM[name]), self.made.truth["samples"][name]
        q = np.asarray(curve.radial)
        two_theta = 2.0 * np.degrees(np.arcsin(q * 0.2095 / 4.0 / np.pi))
        factor = {k: np.interp(two_theta, truth["two_theta_deg"], truth[k]) for k in ("absorption", "empty_scale")}
        intensity = (curve.intensity - empty * factor["empty_scale"] * self.empty.intensity) / factor["absorption"]
        table = np.genfromtxt(resources / "compton_hubbell1975.tsv", names=True, skip_header=3)
        atoms = sum(truth["composition"].values())
        mean = square = incoherent = np.zeros(len(q))
        for element, count in truth["composition"].items():
            form = xraydb.f0(element, q / 4.0 / np.pi)
            mean, square = mean + count / atoms * form, square + count / atoms * form**2
            incoherent = incoherent + count / atoms * np.interp(q / 4.0 / np.pi, table["s"], table[element])
        recoil = 1.0 / (1.0 + 59.1811 / 510.999 * (1.0 - np.cos(np.radians(two_theta))))
        incoherent = incoherent * recoil ** self.made.truth["compton_power"]
        weight = q**2 * np.exp(-0.004 * q**2) / mean**2
        goal, step = square + incoherent, q[1] - q[0]
        scale = np.sum(weight * goal) - 2.0 * np.pi**2 * truth["rho0_inv_ang3"] / step
        scale /= np.sum(weight * intensity)
        return q, q * (scale * intensity - incoherent - square) / mean**2

    def g(self, name: str, resources: Path, empty: float = 1.0) -> Array:
        """G(r) on `R`; from 0 to 0.5 1/A F is a line."""
        q, f = self.f(name, resources, empty)
        grid = np.arange(0.0, 24.0, 0.005)
        line = np.interp(grid, np.append(0.0, q), np.append(0.0, f))
        return 2.0 / np.pi * 0.005 * (np.sin(np.outer(R, grid)) @ line)


@pytest.fixture(scope="module")
def reduction(bridged: Made, tmp_path_factory: pytest.TempPathFactory) -> Reduction:
    return Reduction(bridged, tmp_path_factory.mktemp("bridged"))


@pytest.fixture(scope="module")
def found(reduction: Reduction, resources: Path) -> dict[str, Array]:
    """G(r) by sample."""
    return {name: reduction.g(name, resources) for name in ["TaCl5", *ORDER]}


@pytest.fixture(scope="module")
def found_control(control: Made, resources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Array]:
    reduced = Reduction(control, tmp_path_factory.mktemp("control"))
    return {name: reduced.g(name, resources) for name in ORDER}


def rw(found: Array, known: Array, span: tuple[float, float] = (1.8, 20.0)) -> float:
    within = (span[0] <= R) & (span[1] >= R)
    return float(np.sqrt(np.sum((found - known)[within] ** 2) / np.sum(known[within] ** 2)))


def vertex(g: Array) -> float:
    """Place (A) of the highest point in 2-3 A, by a parabola through seven points."""
    top = int(200 + np.argmax(g[200:301]))
    a, b, _ = np.polyfit(R[top - 3 : top + 4], g[top - 3 : top + 4], 2)
    return float(-b / (2.0 * a))


@pytest.mark.parametrize("name", ["TaCl5", *ORDER])
def test_g_comes_back(reduction: Reduction, found: dict[str, Array], name: str) -> None:
    truth = reduction.made.truth["samples"][name]
    assert rw(found[name], np.array(truth["g_seen"])) < (0.10 if name in ("TaCl5", "NTC annealed") else 0.12)
    assert vertex(found[name]) == pytest.approx(truth["metrics"]["g_seen"]["first_peak_ang"], abs=0.01)
    assert vertex(found[name]) == pytest.approx(truth["metrics"]["g_qmax24"]["first_peak_ang"], abs=0.02)


def test_what_is_left_is_counting_noise(reduction: Reduction, found: dict[str, Array]) -> None:
    """Beyond 10 A the most glassy sample differs from the truth by as much as counting says."""
    truth = reduction.made.truth["samples"]["NTC 40 h"]
    rest = (found["NTC 40 h"] - np.array(truth["g_seen"]))[R > 10.0]
    assert np.std(rest) == pytest.approx(truth["noise_of_g_inv_ang2"], rel=0.25)


def trends(g: dict[str, Array], order: list[str]) -> dict[str, bool]:
    """Whether rms G over 5-20 A falls, and mean G over 3.5-4 A rises, at each step of `order`."""
    middle, chlorine = (R >= 5.0) & (R <= 20.0), (R >= 3.5) & (R <= 4.0)
    rms = [float(np.sqrt(np.mean(g[name][middle] ** 2))) for name in order]
    mean = [float(np.mean(g[name][chlorine])) for name in order]
    return {"middle falls": bool(np.all(np.diff(rms) < 0.0)), "chlorine rises": bool(np.all(np.diff(mean) > 0.0))}


def test_trends(found: dict[str, Array]) -> None:
    assert trends(found, ORDER) == {"middle falls": True, "chlorine rises": True}


def test_glass_without_bridges_fails_the_chlorine_trend(found_control: dict[str, Array]) -> None:
    """The negative control: order is lost all the same, but no Cl-Cl distance of 3.5-4 A comes up."""
    assert trends(found_control, ORDER) == {"middle falls": True, "chlorine rises": False}


def test_a_shuffled_series_fails_both_trends(found: dict[str, Array]) -> None:
    shuffled = [ORDER[i] for i in (2, 0, 4, 1, 3)]
    assert trends(found, shuffled) == {"middle falls": False, "chlorine rises": False}


def test_the_empty_capillary_matters(reduction: Reduction, found: dict[str, Array], resources: Path) -> None:
    """Unless it is subtracted, the most glassy sample is off by more than twice all errors of the reduction."""
    truth = np.array(reduction.made.truth["samples"]["NTC 40 h"]["g_seen"])
    wrong = reduction.g("NTC 40 h", resources, empty=0.0)
    assert rw(wrong, truth) > 2.0 * rw(found["NTC 40 h"], truth)


def test_same_seed_same_bytes(bridged: Made, resources: Path) -> None:
    """Twice the same, whichever samples are asked for; another seed changes noise, not structure."""
    again = make(resources, SEED, samples=("NTC 40 h",))
    assert all(bridged.files[name] == content for name, content in again.files.items())
    assert again.truth["samples"]["NTC 40 h"] == bridged.truth["samples"]["NTC 40 h"]
    assert set(bridged.files) - set(again.files) == {f"bxds/{STEM[n]}.tif" for n in ["TaCl5", *ORDER[:-1]]}


def test_every_file_says_simulated(bridged: Made) -> None:
    assert all(b"SIMULATED" in content[:1000] for content in bridged.files.values())
    assert "SIMULATED" in bridged.truth["note"]
    assert sum(map(len, bridged.files.values())) < 22e6


def test_counts_are_as_wished(bridged: Made) -> None:
    """Strongest ring near 2e4 counts, none saturated."""
    largest = [sample["largest_count"] for sample in bridged.truth["samples"].values()]
    assert 1e4 < max(largest) < 3e4
    assert min(largest) > 2e3


def test_noise_is_counting_noise(reduction: Reduction) -> None:
    """Neighbouring pixels of a smooth image (empty capillary) scatter as photons and read noise do."""
    image = reduction.image("empty_kapton").astype(float) - reduction.dark
    good = (reduction.mask == 0)[600:900, 600:900]
    pair = good[:, :-1] & good[:, 1:]
    part = image[600:900, 600:900]
    expected = np.mean(part[good]) + 3.0**2 + 3.0**2 / 64 + 2.0 / 12.0  # the dark is a mean of 64, both are rounded
    assert np.var((part[:, 1:] - part[:, :-1])[pair]) / 2.0 == pytest.approx(expected, rel=0.03)


def test_nickel_rings_lie_where_predicted(reduction: Reduction, bridged: Made) -> None:
    """First eight rings of fcc Ni: within a fifth of a pixel of the PONI file's geometry."""
    two_theta = reduction.integrator.integrate1d(
        reduction.image("Ni").astype(float) - reduction.dark, 3000, mask=reduction.mask, unit="2th_deg"
    )
    x, y = np.asarray(two_theta.radial), np.asarray(two_theta.intensity)
    for square in (3, 4, 8, 11, 16, 19, 20, 24):
        d = bridged.truth["ni"]["a_ang"] / np.sqrt(square)
        predicted = 2.0 * np.degrees(np.arcsin(0.2095 / 2.0 / d))
        near = np.abs(x - predicted) < 0.15
        floor = np.percentile(y[near], 10)
        centre = np.sum(((y - floor) * x)[near]) / np.sum((y - floor)[near])
        pixels = 180.0 * (np.tan(np.radians(centre)) - np.tan(np.radians(predicted))) / 0.4
        assert abs(pixels) < 0.2, square


def test_pyfai_refines_the_distance(reduction: Reduction, bridged: Made) -> None:
    """From 1 % in distance and 0.8 mm in centre off, rings picked twice, tilts fixed at zero: within 0.1 %."""
    from pyFAI.calibrant import get_calibrant
    from pyFAI.geometry import Geometry
    from pyFAI.goniometer import SingleGeometry

    true = bridged.truth["geometry"]
    nickel = get_calibrant("Ni")
    nickel.wavelength = true["wavelength_m"]
    image = np.where(reduction.mask == 1, 0.0, reduction.image("Ni").astype(float) - reduction.dark)
    start = Geometry(
        dist=1.01 * true["distance_m"],
        poni1=true["poni1_m"] + 0.0008,
        poni2=true["poni2_m"] - 0.0008,
        detector=reduction.integrator.detector,
        wavelength=true["wavelength_m"],
    )
    single = SingleGeometry("Ni", image, calibrant=nickel, detector=reduction.integrator.detector, geometry=start)
    for _ in range(2):
        single.extract_cp(max_rings=6)
        single.geometry_refinement.refine3(fix=["rot1", "rot2", "rot3", "wavelength"])
    assert single.geometry_refinement.dist == pytest.approx(true["distance_m"], rel=0.001)
