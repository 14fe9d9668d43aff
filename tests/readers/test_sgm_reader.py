"""SGM HDF5 files: simulated ones against the truth they were made from, and what may be missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ntcspec.demo import sgm as writer
from ntcspec.demo.series import SERIES, Made, Member
from ntcspec.demo.xanes import make
from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, _hdf5, read_scans, sgm
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"
SAMPLES = [member for member in SERIES if member.stem in ("NaCl", "NTC-40h")]


@pytest.fixture(scope="module")
def made() -> Made:
    return make(RESOURCES, 11)


def a_file(folder: Path, frames: int = 40, start: float = 1060.0, **changes: Any) -> Path:
    """One pass with round numbers; `changes` replace datasets of entry1, None removes one."""
    i = np.arange(frames)
    spectra = np.zeros((frames, 256))
    spectra[:, 104] = 100 + i
    data: dict[str, Any] = {
        "command": np.bytes_("eemscan en 1060 1110 15"),
        "en": start + 1.25 * i,
        "i0": 1000.0 + i,
        "tey": 500.0 + 3 * i,
        "sdd1": spectra,
        "sdd2": 2 * spectra,
    }
    path = folder / "x.nxs"
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry1")
        entry.attrs["NX_class"] = "NXentry"
        for key, values in {**data, **changes}.items():
            if values is not None:
                entry.create_dataset(key, data=values)
    return path


def read(path: Path, spec: ColumnSpec | None = None) -> XasScan:
    file = _hdf5.load(path, "x.nxs")
    assert sgm.recognise(file)
    return sgm.read(file, sgm.recognise(file), spec)


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.fix
    return caught.value


def passes(made: Made, folder: Path, member: Member) -> tuple[XasScan, ...]:
    path = folder / "x.nxs"
    path.write_bytes(made.files[f"sgm/{member.stem}_NaK.nxs"])
    scans = read_scans(path, "raw/x.nxs")
    told = f"entry1/command: 'eemscan en 1060 1110 15', with entry1/i0; sample {member.name!r}"
    assert {(scan.format, scan.format_evidence) for scan in scans} == {("sgm", told)}
    return scans


def curve(found: dict[str, Any], sample: str, key: str, energy: Array) -> Array:
    grid = found["grid_ev"]
    return np.interp(energy, grid["start"] + grid["step"] * np.arange(grid["points"]), found["samples"][sample][key])


@pytest.mark.parametrize("member", SAMPLES, ids=[member.stem for member in SAMPLES])
def test_electron_yield_is_the_truth_within_noise(made: Made, tmp_path: Path, member: Member) -> None:
    found = made.truth["sgm Na K"]
    sample = member.name
    one = found["samples"][sample]
    scans = passes(made, tmp_path, member)
    assert [scan.source for scan in scans] == [f"raw/x.nxs::entry{n}" for n in (1, 2, 3)]
    for scan in scans:
        tey = scan.mu("tey") / one["tey_per_i0_and_step"] - curve(found, sample, "background_steps", scan.energy_ev)
        true = curve(found, sample, "mu_steps", scan.energy_ev)
        smooth = np.abs(np.gradient(np.gradient(true))) < 0.02
        off = (tey - true)[smooth] / one["tey_noise_per_point_steps"]
        assert 0.6 < np.std(off) < 1.5
        assert abs(np.mean(off)) < 4.0 * np.std(off) / np.sqrt(smooth.sum())


@pytest.mark.parametrize("member", SAMPLES, ids=[member.stem for member in SAMPLES])
def test_fluorescence_is_the_self_absorbed_truth_within_noise(made: Made, tmp_path: Path, member: Member) -> None:
    """A constant (scattering, tape, background) and a factor are free, and the shape is not."""
    found = made.truth["sgm Na K"]
    a = found["samples"][member.name]["self_absorption"]
    for scan in passes(made, tmp_path, member):
        true = curve(found, member.name, "mu_steps", scan.energy_ev)
        mu = scan.mu("fluorescence")
        sdds = np.sum([scan.column(f"sdd{i}").values for i in (1, 2, 3, 4)], axis=0)
        sigma = mu / np.sqrt(sdds * scan.column("frames").values)
        design = np.column_stack([true / (1.0 - a + a * true), np.ones_like(true)]) / sigma[:, None]
        _, chi2, _, _ = np.linalg.lstsq(design, mu / sigma, rcond=None)
        assert 0.7 < float(chi2[0]) / (mu.size - 2) < 1.4


def test_passes_are_binned_and_the_missing_frames_said(made: Made, tmp_path: Path) -> None:
    scans = passes(made, tmp_path, SAMPLES[0])
    for scan in scans:
        assert np.all(np.diff(scan.energy_ev) > 0)
        assert np.unique(np.rint(scan.energy_ev / sgm.GRID_EV)).size == scan.energy_ev.size
        assert any("bins of 0.1 eV" in note and "hold no frame and are left out" in note for note in scan.notes)
        assert any("region of interest 980 to" in note and "scattering is counted too" in note for note in scan.notes)
        assert "sample/name = NaCl" in scan.header
        assert (scan.element, scan.edge, scan.preferred) == ("", "", "")
    frames = [int(scan.column("frames").values.sum()) for scan in scans]
    assert frames == [writer.FRAMES, writer.FRAMES - writer.MISSING_FRAMES, writer.FRAMES]
    assert any("cut to the 297 frames of sdd1" in note for note in scans[writer.SHORT_PASS].notes)


def test_one_pass_may_be_selected(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "x.nxs"
    path.write_bytes(made.files["sgm/NaCl_NaK.nxs"])
    (scan,) = read_scans(path, "x.nxs", None, "entry2")
    assert scan.source == "x.nxs::entry2"
    with pytest.raises(UserError, match=r"no scan is called 'entry9'"):
        read_scans(path, "x.nxs", None, "entry9")
    assert sgm.REPEATS and sgm.names(_hdf5.load(path, "x.nxs")) == ("entry1", "entry2", "entry3")


def test_modes_by_hand(tmp_path: Path) -> None:
    scan = read(a_file(tmp_path))
    i = np.arange(40)
    assert {c.mode: c.formula for c in scan.channels} == {"fluorescence": "(sdd1 + sdd2) / i0", "tey": "tey / i0"}
    np.testing.assert_allclose(scan.mu("tey"), (500 + 3 * i) / (1000 + i), rtol=1e-12)
    np.testing.assert_allclose(scan.mu("fluorescence"), 3 * (100 + i) / (1000 + i), rtol=1e-12)
    assert scan.channels[1].evidence == "dataset entry1/tey; dataset entry1/i0"
    assert "Na Ka1 at 1040.3 eV, as Na K (1070.8 eV) is the one edge" in scan.channels[0].evidence


def test_counts_and_i0_are_binned_before_they_are_divided(tmp_path: Path) -> None:
    """Two frames a bin, in no order: the quotient of the sums, not the mean of quotients."""
    rng = np.random.default_rng(2)
    order = rng.permutation(40)
    energy = (1060.0 + 2.5 * (np.arange(40) // 2) + np.where(np.arange(40) % 2, 0.02, -0.02))[order]
    i0, tey = rng.uniform(100, 2000, 40), rng.uniform(100, 2000, 40)
    scan = read(a_file(tmp_path, en=energy, i0=i0, tey=tey))
    pairs = np.argsort(energy).reshape(20, 2)
    np.testing.assert_allclose(scan.mu("tey"), tey[pairs].sum(axis=1) / i0[pairs].sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(scan.energy_ev, 1060.0 + 2.5 * np.arange(20), rtol=1e-12)
    np.testing.assert_array_equal(scan.row_line, pairs.min(axis=1) + 1)
    np.testing.assert_array_equal(scan.column("frames").values, 2.0)


def test_dead_detectors_and_other_lengths_are_left_out(tmp_path: Path) -> None:
    scan = read(a_file(tmp_path, sdd2=np.zeros((40, 256)), pd=np.ones(90), clock=np.ones((40, 2))))
    assert scan.channels[0].formula == "sdd1 / i0"
    for words in ("sdd2: no counts, not summed", "left out, as en has 40 frames: pd (90 frames)", "clock was left out"):
        assert any(words in note for note in scan.notes)


def test_where_the_edge_is_not_clear_fluorescence_waits_for_the_study(tmp_path: Path) -> None:
    path = a_file(tmp_path, start=690.0)  # F K and Fe L3
    scan = read(path)
    assert [channel.mode for channel in scan.channels] == ["tey"]
    assert any("F K, Fe L3 lie(s) inside the scan" in note for note in scan.notes)
    scan = read(path, ColumnSpec(fluorescence=("sdd1", "sdd2")))
    assert {c.mode for c in scan.channels} == {"tey", "fluorescence"}
    assert "no known edge" in " ".join(read(a_file(tmp_path, start=1120.0)).notes)


def test_io_instead_of_i0_arrays_in_a_group_and_units(tmp_path: Path) -> None:
    path = a_file(tmp_path, i0=None, io=np.full(40, 7.0))
    with h5py.File(path, "a") as file:
        file["entry1/instrument/mono/en"] = np.linspace(1.06, 1.11, 40)
        file["entry1/instrument/mono/en"].attrs["units"] = "keV"
        del file["entry1/en"]
    scan = read(path)
    assert scan.channels[-1].formula == "tey / io"
    assert scan.energy_ev[0] == pytest.approx(1060.0) and "entry1/instrument/mono/en, in keV" in scan.energy_evidence
    assert "energy was converted from keV to eV (x 1000)" in scan.notes


def test_what_is_no_scan_of_the_energy_is_not_recognised(tmp_path: Path) -> None:
    for changes in ({"command": np.bytes_("cmesh xp 0 1")}, {"en": None}, {"i0": None}, {"command": None}):
        assert sgm.recognise(_hdf5.load(a_file(tmp_path, **changes), "x.nxs")) == ""


def test_damage(tmp_path: Path) -> None:
    assert "no photon energies in eV" in refusal(a_file(tmp_path, en=np.full(40, -1.0))).what
    assert "i0 does not fit the 40 energies" in refusal(a_file(tmp_path, i0=np.ones(90))).what
    assert "not (frames, bins)" in refusal(a_file(tmp_path, sdd1=np.ones(40))).what
    assert "have all signals" in refusal(a_file(tmp_path, frames=12, tey=np.ones(1))).what
    energy = 1060.0 + 1.25 * np.arange(40)
    energy[7] = np.nan
    scan = read(a_file(tmp_path, en=energy))
    assert scan.energy_ev.size == 39 and any("1 frame(s) without a finite energy" in note for note in scan.notes)
    nothing = a_file(tmp_path, tey=None, sdd1=None, sdd2=None)
    assert "no column is known as transmitted, fluorescence, tey or mu" in refusal(nothing).what
