"""The Varian directory by nmrglue: sizes, parameters, orientation, shift axis; the same points as in Spinsight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntcspec.demo import find_resources, nmr
from ntcspec.demo.series import Made

ng = pytest.importorskip("nmrglue", reason="nmrglue, the Varian reader that is not ours, is not installed")
FOLDER = "varian/NTC-6h.fid"


@pytest.fixture(scope="module")
def made() -> Made:
    return nmr.make(find_resources(), 11)


@pytest.fixture(scope="module")
def read(made: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], npt.NDArray[np.complex64]]:
    target: Path = tmp_path_factory.mktemp("varian") / "NTC-6h.fid"
    target.mkdir()
    for name in ("fid", "procpar", "text"):
        (target / name).write_bytes(made.files[f"{FOLDER}/{name}"])
    return ng.varian.read(str(target))


def value(dic: dict[str, Any], name: str) -> float:
    return float(dic["procpar"][name]["values"][0])


def test_header_and_parameters(made: Made, read: tuple[dict[str, Any], Any]) -> None:
    dic, points = read
    assert points.shape == (2048,) and points.dtype == np.complex64
    assert dic["np"] == 4096 == value(dic, "np") and dic["nblocks"] == dic["ntraces"] == 1
    assert value(dic, "sw") == 1e5 and value(dic, "sfrq") == 105.67 and value(dic, "srate") == 12000
    assert value(dic, "at") == pytest.approx(0.02048) and dic["procpar"]["tn"]["values"] == ["Na23"]
    for text in (dic["procpar"]["comment"]["values"][0], made.files[f"{FOLDER}/text"].decode()):
        assert "SIMULATED" in text and "no measurement" in text


def test_points_are_the_conjugates_of_the_spinsight_ones(made: Made, read: tuple[dict[str, Any], Any]) -> None:
    raw = np.frombuffer(made.files["spinsight/NTC-6h/data"], ">i4").astype(np.float32)
    assert np.array_equal(read[1], raw[:2048] - 1j * raw[2048:])


def test_reference_parameters_agree_with_each_other(read: tuple[dict[str, Any], Any]) -> None:
    dic, _ = read
    left = (value(dic, "sfrq") - value(dic, "reffrq")) * 1e6
    assert left == pytest.approx(value(dic, "sw") / 2 - value(dic, "rfl") + value(dic, "rfp"), abs=0.01)


def test_peak_at_its_shift(made: Made, read: tuple[dict[str, Any], Any]) -> None:
    """x = conj(fid), ppm = (nu + sw/2 - rfl + rfp)/reffrq; NaCl and the sample fall where the truth has them."""
    dic, points = read
    truth = made.truth["samples"]["NTC 6 h"]
    assert truth["varian"] == FOLDER
    x = np.conj(points)[truth["left_shift_points"] :] * np.exp(-1j * np.deg2rad(truth["phase_deg"]))
    x = ng.proc_base.em(x, lb=50 / value(dic, "sw"))
    x[0] *= 0.5 - truth["rest_points"]
    size, sw = 32768, value(dic, "sw")
    nu = np.fft.fftshift(np.fft.fftfreq(size, 1 / sw))
    height = (np.fft.fftshift(np.fft.fft(x, size)) * np.exp(2j * np.pi * nu / sw * truth["rest_points"])).real
    ppm = (nu + sw / 2 - value(dic, "rfl") + value(dic, "rfp")) / value(dic, "reffrq")
    assert ppm[np.argmax(height)] == pytest.approx(truth["peak_ppm"], abs=0.2)
    salt = np.abs(ppm - 7.2) < 2
    assert ppm[salt][np.argmax(height[salt])] == pytest.approx(7.2, abs=0.2)
