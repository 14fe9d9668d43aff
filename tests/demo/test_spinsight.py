"""Spinsight directories, decoded by a reader that shares nothing with the writer, hold the lines of the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntcspec.demo import find_resources, nmr
from ntcspec.demo.series import Made

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
STEMS = ["NaCl", "NTC-annealed", "NTC-6h", "NTC-26h", "NTC-36h", "NTC-40h", "NaCl-aq"]
MILLED = STEMS[1:6]


@pytest.fixture(scope="module")
def made() -> Made:
    return nmr.make(find_resources(), 11)


def entry(made: Made, stem: str) -> dict[str, Any]:
    everything = [*made.truth["samples"].values(), made.truth["reference"]]
    return next(one for one in everything if one["spinsight"] == f"spinsight/{stem}")


def keys(data: bytes) -> dict[str, str]:
    """Each line has one '=', as some readers demand."""
    pairs = [line.split("=") for line in data.decode("ascii").splitlines()]
    assert all(len(pair) == 2 for pair in pairs)
    return dict(pairs)


def decode(made: Made, stem: str) -> tuple[Complex, float, dict[str, str]]:
    """Points, spectral width (Hz) and the keys of all three text files."""
    found: dict[str, str] = {}
    for name in ("acq", "acq_2", "proc"):
        found |= keys(made.files[f"spinsight/{stem}/{name}"])
    numbers = np.frombuffer(made.files[f"spinsight/{stem}/data"], ">f4" if found["datatype"] == "1" else ">i4")
    half = int(found["current_size1"])
    assert len(numbers) == 2 * half
    points = numbers[:half].astype(np.float64) + 1j * numbers[half:].astype(np.float64)
    assert found["dw"].endswith("s")
    return points, 1.0 / float(found["dw"][:-1]), found


def spectrum(made: Made, stem: str, broadening_hz: float = 0.0) -> tuple[Array, Array]:
    """ppm axis by rmp1 and rmv1, and the absorption spectrum, with shift and phase of the truth."""
    points, width, found = decode(made, stem)
    truth = entry(made, stem)
    tail = points[truth["left_shift_points"] :] * np.exp(-1j * np.deg2rad(truth["phase_deg"]))
    tail *= np.exp(-np.pi * broadening_hz * np.arange(len(tail)) / width)
    tail[0] *= 0.5 - truth["rest_points"]  # the top lies beside the first point
    size = 32768
    frequency = np.fft.fftshift(np.fft.fftfreq(size, 1.0 / width))
    height = np.fft.fftshift(np.fft.fft(tail, size)) * np.exp(2j * np.pi * frequency / width * truth["rest_points"])
    reference = float(found["rmp1"])
    ppm = ((float(found["sf1"]) - reference) * 1e6 + frequency) / reference + float(found["rmv1"])
    return ppm, height.real


def test_layout(made: Made) -> None:
    spinsight = {name for name in made.files if name.startswith("spinsight/")}
    assert spinsight == {f"spinsight/{stem}/{name}" for stem in STEMS for name in ("data", "acq", "acq_2", "proc")}
    for stem in STEMS:
        points, width, found = decode(made, stem)
        assert width == pytest.approx(1e5) and found["al"] == found["current_size1"]
        assert float(found["aqtm"][:-1]) == pytest.approx(len(points) / width)
        assert found["ch1"] == "1" and found["sf1"] == "105.67000000" and found["use_array"] == "0"
        assert found["com"].count("SIMULATED") == 1 and "no measurement" in found["com"]
        assert found["rmvunits1"] == "1" and found["domain1"] == "0" and found["current_size2"] == "1"
        assert found["datatype"] == ("1" if stem == "NTC-36h" else "0")


@pytest.mark.parametrize(("stem", "ppm", "within"), [("NaCl-aq", 0.04, 0.02), ("NaCl", 7.2, 0.02)])
def test_references_are_at_their_shifts(made: Made, stem: str, ppm: float, within: float) -> None:
    axis, height = spectrum(made, stem)
    assert axis[np.argmax(height)] == pytest.approx(ppm, abs=within + 0.03)  # half a step of the axis is 0.014 ppm


@pytest.mark.parametrize("stem", MILLED)
def test_centre_of_gravity_is_delta_iso_and_quadrupolar_shift(made: Made, stem: str) -> None:
    """CoG = (1-x) c + x g, c = delta_iso - 25000 (PQ/nu0)^2, g = delta_iso - 125000 (sigma/nu0)^2.

    Window -60 to 2 ppm, without NaCl. Tolerance 0.2 ppm: noise gives 0.05 (standard deviation over seeds), the
    satellite centreband (0.5 % of the area, some 6 ppm away) 0.03, Lorentzian wings cut by the window as much again.
    """
    truth, phases = entry(made, stem), made.truth["phases"]
    larmor = made.truth["larmor_mhz"]
    crystal, glass = phases["crystal"], phases["glass"]
    pq2 = crystal["cq_mhz"] ** 2 * (1 + crystal["eta"] ** 2 / 3)
    cog_crystal = crystal["delta_iso_ppm"] - 25000 * pq2 / larmor**2
    cog_glass = glass["delta_iso_ppm"] - 125000 * (glass["sigma_mhz"] / larmor) ** 2
    expected = (1 - truth["glass"]) * cog_crystal + truth["glass"] * cog_glass
    assert truth["cog_ppm"] == pytest.approx(expected, abs=1e-3)
    assert glass["sigma_mhz"] == 2 * glass["sigma_mrsimulator_mhz"]
    axis, height = spectrum(made, stem)
    window = (axis > -60) & (axis < 2)
    found = float(axis[window] @ height[window] / height[window].sum())
    assert found == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("stem", MILLED)
def test_line_and_nacl_share(made: Made, stem: str) -> None:
    """Maximum and width of the line after 50 Hz broadening; NaCl in 7.2 +- 3 ppm over a straight baseline."""
    truth = entry(made, stem)
    axis, height = spectrum(made, stem, 50.0)
    assert axis[np.argmax(height)] == pytest.approx(truth["peak_ppm"], abs=0.2)
    above = axis[(height >= height.max() / 2)]
    assert np.ptp(above) * made.truth["larmor_mhz"] == pytest.approx(truth["fwhm_hz"] + 35, abs=40)
    near = np.abs(axis - 7.2) < 3
    edges = np.abs(np.abs(axis - 7.2) - 3.5) < 0.5
    base = np.polynomial.Polynomial.fit(axis[edges], height[edges], 1)(axis[near])
    share = (height[near] - base).sum() / height[(axis > -60) & (axis < 11)].sum()
    assert share == pytest.approx(truth["nacl_fraction"], abs=0.008)
    assert 0.02 <= truth["nacl_fraction"] <= 0.05


def test_the_centre_of_gravity_falls_with_milling_and_the_width_grows(made: Made) -> None:
    cog = [entry(made, stem)["cog_ppm"] for stem in MILLED]
    width = [entry(made, stem)["fwhm_hz"] for stem in MILLED]
    assert np.all(np.diff(cog) < 0) and np.all(np.diff(width) > 0)


def test_echo_is_symmetric_about_its_top(made: Made) -> None:
    """26 h: the top falls on a point. Before it the signal is the mirror image, larger by exp(2 t/T2)."""
    points, width, _ = decode(made, "NTC-26h")
    truth = entry(made, "NTC-26h")
    assert truth["rest_points"] == 0.0
    top = truth["left_shift_points"]
    turned = points * np.exp(-1j * np.deg2rad(truth["phase_deg"]))
    k = np.arange(1, 45)
    mirror = np.conj(turned[top + k]) * np.exp(2 * k / width / truth["t2_s"])
    assert np.std(turned[top - k] - mirror) / abs(points[top]) < 3 * truth["noise"]


@pytest.mark.parametrize("stem", STEMS)
def test_noise_and_filter_delay(made: Made, stem: str) -> None:
    """Before the delayed start there is noise alone; its size is that of the last quarter, whose signal has decayed."""
    points, _, _ = decode(made, stem)
    truth = entry(made, stem)
    top = abs(points[truth["left_shift_points"]])
    assert np.all(np.abs(points[: truth["group_points"]]) < 5 * truth["noise"] * top)
    assert abs(points[truth["group_points"]]) > 0.3 * top
    late = points[-len(points) // 4 :] / top
    spread = np.concatenate([late.real, late.imag]) if stem.startswith("NTC") else np.diff(late.real) / np.sqrt(2)
    assert np.std(spread) == pytest.approx(truth["noise"], rel=0.15)


def test_sidebands_stand_at_multiples_of_the_spinning_frequency(made: Made) -> None:
    """Sum over the samples, 200 Hz broadening: each order has more area than its surroundings, about half a percent."""
    for order in (-2, -1, 1, 2):
        excess = []
        for stem in MILLED:
            axis, height = spectrum(made, stem, 200.0)
            place = made.truth["phases"]["crystal"]["delta_iso_ppm"] + 4 + order * made.truth["sideband_spacing_ppm"]
            near, aside = np.abs(axis - place) < 8, (np.abs(axis - place) > 20) & (np.abs(axis - place) < 45)
            line = height[(axis > -60) & (axis < 11)].sum()
            excess.append((height[near] - height[aside].mean()).sum() / line)
        assert 0.002 < np.mean(excess) < 0.009
