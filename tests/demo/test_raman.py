"""Simulated Raman spectra hold what their truth says: bands, trend, axis offset, noise, cosmic rays."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntcspec.demo import find_resources, raman, raman_bands
from ntcspec.demo.series import SERIES, Made
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]
SEED = 7
MILLED = [member for member in SERIES if member.glass is not None]


@pytest.fixture(scope="module")
def made() -> Made:
    return raman.make(find_resources(), SEED)


def rows(data: bytes) -> tuple[Array, Array]:
    """Shift and counts as the file has them, by a decoder that shares nothing with the writer."""
    cells = [line.split("\t") for line in data.decode("cp1252").splitlines() if not line.startswith("#")]
    table = np.array(cells, dtype=np.float64)
    return table[:, 0], table[:, 1]


def ascending(data: bytes) -> tuple[Array, Array]:
    shift, counts = rows(data)
    order = np.argsort(shift)
    return shift[order], counts[order]


def expected(name: str) -> tuple[Array, int]:
    """Noise-free counts and the number of accumulations."""
    table = raman_bands.load_bands(find_resources() / raman_bands.TABLE)
    member = next(member for member in SERIES if member.name == name)
    shot = raman.SHOTS[member.stem]
    return raman.mean_counts(raman.true_axis(), raman.bands_of(member, table), shot), shot.accumulations


def test_the_same_seed_gives_the_same_bytes(made: Made) -> None:
    again = raman.make(find_resources(), SEED)
    assert again.files == made.files and again.truth == made.truth
    other = raman.make(find_resources(), SEED + 1)
    assert all(other.files[name] != data for name, data in made.files.items())


def test_files_and_truth(made: Made) -> None:
    stems = ["TaCl5", "NTC-annealed", "NTC-6h", "NTC-26h", "NTC-36h", "NTC-40h", "Si"]
    assert set(made.files) == {f"labram/{stem}.txt" for stem in stems}
    assert sum(map(len, made.files.values())) < 200_000
    text = json.dumps(made.truth, allow_nan=False)
    assert "SIMULATED" in text and "INVENTED" in text
    assert {entry["file"] for entry in made.truth["samples"].values()} | {"labram/Si.txt"} == set(made.files)


def test_the_structure_model_is_named_and_has_no_influence(made: Made) -> None:
    other = raman.make(find_resources(), SEED, glass="gl0")
    assert other.files == made.files
    assert other.truth["structure_model"] == {"name": "gl0", "has_influence": False}


def test_silicon_shows_the_offset_of_the_axis(made: Made) -> None:
    from scipy.optimize import curve_fit

    def line(x: Array, x0: float, width: float, area: float, share: float, floor: float) -> Array:
        lorentz = 2 / np.pi / width / (1 + 4 * (x - x0) ** 2 / width**2)
        gauss = 2 / width * np.sqrt(np.log(2) / np.pi) * np.exp(-4 * np.log(2) * (x - x0) ** 2 / width**2)
        return area * (share * lorentz + (1 - share) * gauss) + floor

    shift, counts = ascending(made.files["labram/Si.txt"])
    near = np.abs(shift - 521.0) < 15.0
    start = (521.0, 4.0, 4e4, 0.5, 350.0)
    sigma = np.sqrt(counts[near] / made.truth["calibration"]["accumulations"])
    found, covariance = curve_fit(line, shift[near], counts[near], start, sigma, absolute_sigma=True)
    error = float(np.sqrt(covariance[0, 0]))
    assert error < 0.02
    # 5 standard errors, and 0.005 cm-1 because a pseudo-Voigt line is not quite the convolution in the file
    assert found[0] - 520.45 == pytest.approx(made.truth["axis_offset_cm1"], abs=5 * error + 0.005)
    assert made.truth["axis_offset_cm1"] == 1.3


@pytest.mark.parametrize("name", list(raman.SHOTS))
def test_noise_is_that_of_the_truth(made: Made, name: str) -> None:
    """Residuals in units of sqrt(y/accumulations) have unit spread; beyond 6 lie the cosmic rays and nothing else."""
    sample = next(s for s in made.truth["samples"].values() if s["file"] == f"labram/{name}.txt")
    member = next(m for m in SERIES if m.stem == name)
    mean, accumulations = expected(member.name)
    assert accumulations == sample["accumulations"]
    _, counts = ascending(made.files[sample["file"]])
    residual = (counts - mean) / np.sqrt(mean / accumulations)
    hit = [pixel for spike in sample["spikes"] for pixel in spike["pixels"]]
    assert sorted(np.flatnonzero(np.abs(residual) > 6.0)) == sorted(hit)
    clean = np.delete(residual, hit)
    assert np.mean(clean) == pytest.approx(0.0, abs=4 / np.sqrt(len(clean)))
    assert np.std(clean) == pytest.approx(1.0, abs=4 / np.sqrt(2 * len(clean)))


def test_cosmic_rays_are_where_the_truth_says(made: Made) -> None:
    spiky = {name: sample for name, sample in made.truth["samples"].items() if sample["spikes"]}
    assert set(spiky) == {"NTC 26 h"}
    sample = spiky["NTC 26 h"]
    mean, accumulations = expected("NTC 26 h")
    shift, counts = ascending(made.files[sample["file"]])
    assert len(sample["spikes"]) == raman.SPIKES
    for spike in sample["spikes"]:
        assert shift[spike["pixels"]] == pytest.approx(spike["shown_cm1"], abs=2e-3)
        noise = np.sqrt(mean[spike["pixels"]] / accumulations)
        assert np.all(np.abs(counts[spike["pixels"]] - mean[spike["pixels"]] - spike["counts_added"]) < 5 * noise)
        assert spike["counts_added"][0] > 14 * noise[0] and len(spike["pixels"]) <= 2
    assert b"#Spike filter=\tOff" in made.files[sample["file"]]
    others = [data for name, data in made.files.items() if name != sample["file"]]
    assert all(b"#Spike filter=\tMultiple accum." in data for data in others)


def test_one_axis_descends(made: Made) -> None:
    for name, sample in made.truth["samples"].items():
        step = np.diff(rows(made.files[sample["file"]])[0])
        assert np.all(step < 0) if sample["descending"] else np.all(step > 0), name
        assert 0.48 < np.abs(step).min() < np.abs(step).max() < 0.54
    assert sum(sample["descending"] for sample in made.truth["samples"].values()) == 1


def check_milling_trend(samples: list[dict[str, Any]]) -> None:
    """A1g becomes wider and F2g weaker from each sample to the next."""
    width = [sample["a1g_fwhm_cm1"] for sample in samples]
    area = [sample["f2g_area"] for sample in samples]
    assert np.all(np.diff(width) > 0), width
    assert np.all(np.diff(area) < 0), area


def test_milling_order_has_the_trend_and_a_shuffled_one_has_not(made: Made) -> None:
    ordered = [made.truth["samples"][member.name] for member in MILLED]
    check_milling_trend(ordered)
    shuffled = ordered.copy()
    random.Random(1).shuffle(shuffled)
    assert shuffled != ordered
    with pytest.raises(AssertionError):
        check_milling_trend(shuffled)


def test_noise_free_measures_are_those_of_a_direct_sum(made: Made) -> None:
    """Width and window area of the 26 h sample from pseudo-Voigt bands convolved with the instrument point by point."""
    fine = np.arange(0.0, 800.0, 0.05)
    kernel = np.exp(-4 * np.log(2) * (np.arange(-10.0, 10.001, 0.05) / 2.0) ** 2)
    sample = made.truth["samples"]["NTC 26 h"]
    total = np.zeros_like(fine)
    for band in sample["bands"]:
        x = 2 * (fine - band["shift_cm1"]) / band["fwhm_cm1"]
        scale = 2 * band["area"] / band["fwhm_cm1"]
        total += scale * (0.7 / np.pi / (1 + x**2) + 0.3 * np.sqrt(np.log(2) / np.pi) * np.exp(-np.log(2) * x**2))
    seen = np.convolve(total, kernel / kernel.sum(), mode="same")
    above = fine[(fine > 340) & (fine < 440) & (seen >= seen[(fine > 340) & (fine < 440)].max() / 2)]
    assert above[-1] - above[0] == pytest.approx(sample["a1g_fwhm_cm1"], abs=0.11)  # two grid steps
    window = (fine >= 130) & (fine <= 200)
    assert np.trapezoid(seen[window], fine[window]) == pytest.approx(sample["f2g_area"], rel=2e-3)


def test_every_band_has_a_source_and_the_glass_is_called_invented() -> None:
    table = raman_bands.load_bands(find_resources() / raman_bands.TABLE)
    assert set(table) == {"TaCl5", "crystal", "glass", "silicon"}
    assert all(band.source and band.assignment for bands in table.values() for band in bands)
    assert all("INVENTED" in band.source for band in table["glass"])
    assert not any("INVENTED" in band.source for phase in ("TaCl5", "crystal") for band in table[phase])


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        raman.make(tmp_path, SEED)
    (tmp_path / raman_bands.TABLE).write_text("phase\tshift\nglass\t1\n")
    with pytest.raises(UserError, match="columns are not phase"):
        raman.make(tmp_path, SEED)
