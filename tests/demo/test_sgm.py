"""The SGM files open in h5py and silx, have the passes, and hold the spectrum that the truth names."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest

from ntcspec.demo.series import NOTICE, Made
from ntcspec.demo.sgm import BIN_EV, EFFICIENCY, FRAMES, MISSING_FRAMES, fly, peak
from ntcspec.demo.xanes import PASSES, make

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"
NAME = "sgm/NTC-26h_NaK.nxs"
SDDS = [f"sdd{i}" for i in range(1, 5)]
PASSES_HAVE = ("en", "clock", "i0", "tey", "pd", *SDDS)


@pytest.fixture(scope="module")
def made() -> Made:
    return make(RESOURCES, 5)


def passes(made: Made, name: str = NAME) -> list[dict[str, np.ndarray]]:
    """All arrays of each pass."""
    with h5py.File(BytesIO(made.files[name]), "r") as file:
        return [{key: file[entry][key][()] for key in PASSES_HAVE} for entry in sorted(file)]


def test_layout_as_the_reader_of_the_beamline_expects_it(made: Made) -> None:
    for name in [name for name in made.files if name.startswith("sgm/")]:
        with h5py.File(BytesIO(made.files[name]), "r") as file:
            entries = [key for key in file if "NXentry" in str(file[key].attrs.get("NX_class"))]
            assert entries == ["entry1", "entry2", "entry3"] and len(entries) == PASSES
            for entry in entries:
                command = str(file[entry + "/command"][()], "utf-8").split()
                assert "scan" in command[0] and command[1:4] == ["en", "1060", "1110"]
                axis = file[entry + "/en"]
                assert axis.shape == (FRAMES,)
                signals = [
                    k for k, v in file[entry].items() if getattr(v, "shape", ()) and abs(v.shape[0] - FRAMES) < 30
                ]
                assert set(signals) == {"en", "clock", "i0", "tey", "pd", *SDDS}  # not emission
                assert all(file[entry][sdd].shape[1] == 256 and file[entry][sdd].dtype == np.uint16 for sdd in SDDS)
                assert np.array_equal(file[entry + "/emission"], BIN_EV * np.arange(256))
                assert file[entry].attrs["simulation_notice"] == NOTICE
            kind = file["entry1/sample/name"].id.get_type()
            assert kind.get_strpad() == h5py.h5t.STR_NULLPAD and kind.get_size() == 64
            assert (
                file["entry1/sample/name"][()].decode().replace(" ", "-", 1).replace(" ", "")
                == Path(name).name.split("_")[0]
            )


def test_silx_opens_it(made: Made, tmp_path: Path) -> None:
    silx_io = pytest.importorskip("silx.io")
    path = tmp_path / "scan.nxs"
    path.write_bytes(made.files[NAME])
    with silx_io.open(str(path)) as file:
        assert [key for key in file if silx_io.utils.get_h5_class(file[key]).name == "GROUP"] == [
            "entry1",
            "entry2",
            "entry3",
        ]
        assert file["entry2/sdd3"].shape == (FRAMES - MISSING_FRAMES, 256)


def test_frames_are_not_on_a_grid() -> None:
    energy, clock = fly(np.random.default_rng(0))
    assert energy[0] == pytest.approx(1060.0, abs=0.1) and energy[-1] == pytest.approx(1110.0, abs=0.1)
    step = np.diff(energy)
    assert np.std(step) > 0.01 and np.median(step) == pytest.approx(50.0 / FRAMES, rel=0.1)
    assert clock.sum() == pytest.approx(FRAMES * 0.05, rel=0.01)


def test_one_pass_lacks_the_last_frames_of_the_sdds(made: Made) -> None:
    assert [[len(one[sdd]) - len(one["en"]) for sdd in SDDS] for one in passes(made)] == [
        [0] * 4,
        [-MISSING_FRAMES] * 4,
        [0] * 4,
    ]


@pytest.mark.parametrize("sample", ["NaCl", "NTC annealed", "NTC 26 h", "NTC 40 h"])
def test_electron_yield_is_the_noise_free_spectrum_within_noise(made: Made, sample: str) -> None:
    found = made.truth["sgm Na K"]
    one, grid = found["samples"][sample], found["grid_ev"]
    axis = grid["start"] + grid["step"] * np.arange(grid["points"])
    name = f"sgm/{sample.replace(' ', '-', 1).replace(' ', '')}_NaK.nxs"
    for scan in passes(made, name):
        background, true = (np.interp(scan["en"], axis, one[key]) for key in ("background_steps", "mu_steps"))
        seen = scan["tey"] / scan["i0"] / one["tey_per_i0_and_step"] - background
        smooth = np.abs(np.interp(scan["en"], axis[1:-1], np.diff(one["mu_steps"], 2))) < 0.01
        off = (seen - true)[smooth] / one["tey_noise_per_point_steps"]
        assert 0.8 < np.std(off) < 1.5 and abs(np.mean(off)) < 5.0 * np.std(off) / np.sqrt(len(off))


def test_sdds_show_the_sodium_line_after_the_edge(made: Made) -> None:
    line = slice(98, 111)
    for one in passes(made, "sgm/NaCl_NaK.nxs"):
        for sdd, efficiency in zip(SDDS, EFFICIENCY, strict=True):
            counts = one[sdd]
            energy, i0 = one["en"][: len(counts)], one["i0"][: len(counts)]
            rate = counts[:, line].sum(axis=1) / i0
            rise = np.mean(rate[energy > 1090.0]) - np.mean(rate[energy < 1070.0])
            assert rise == pytest.approx(250.0 / 3.0e6 * efficiency, rel=0.2)


def test_a_peak_has_all_its_counts_and_its_width() -> None:
    share = peak(np.array(1041.0))
    centre = BIN_EV * np.arange(256)
    assert share.sum() == pytest.approx(1.0) and share @ centre == pytest.approx(1041.0, abs=0.1)
    assert np.sqrt(share @ (centre - 1041.0) ** 2) == pytest.approx(
        np.sqrt(3.65 * 0.115 * 1041 + 21**2 + 100 / 12), rel=0.01
    )
