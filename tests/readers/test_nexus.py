"""NeXus files: Diamond B18 as measured, NXxas old and new as the tests write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, _hdf5, describe_file, read_scans, read_xas
from ntcspec.types import Array

B18 = "DLS_B18_PtSn_1.nxs"
ENERGY = np.linspace(9800.0, 9950.0, 31)
ABOVE, BELOW = np.linspace(1000, 900, 31), np.linspace(500, 300, 31)


def entry(file: Any, name: str, nx_class: str = "NXentry") -> Any:
    group = file.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def nxxas(file: Any, name: str, mode: str, energy: Array = ENERGY, unit: str = "eV", rows: int = 31) -> None:
    """The application definition of the standard."""
    top = entry(file, name)
    top["definition"] = "NXxas"
    instrument = entry(top, "instrument", "NXinstrument")
    instrument["monochromator/energy"] = energy
    instrument["monochromator/energy"].attrs["units"] = unit
    instrument["incoming_beam/data"] = ABOVE
    instrument["absorbed_beam/data"] = BELOW[:rows]
    data = entry(top, "data", "NXdata")
    data["energy"] = h5py.SoftLink(f"/{name}/instrument/monochromator/energy")
    if mode:
        data["mode"] = mode


def test_diamond_b18(xas_data: Path) -> None:
    scan = read_xas(xas_data / B18, f"raw/{B18}")
    assert (scan.format, scan.source, scan.preferred) == ("nexus", f"raw/{B18}", "")
    assert {c.mode: c.formula for c in scan.channels} == {"transmission": "ln(I0 / It)", "reference": "ln(It / Iref)"}
    np.testing.assert_allclose(scan.mu("transmission"), scan.column("lnI0It").values, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(scan.mu("reference"), scan.column("lnItIref").values, rtol=1e-14, atol=1e-15)
    assert not any("differs" in note for note in scan.notes)
    with h5py.File(xas_data / B18) as file:
        np.testing.assert_array_equal(scan.energy_ev, file["entry1/instrument/qexafs_energy/qexafs_energy"][()])
    assert scan.channels[0].evidence == (
        "entry1/instrument/qexafs_counterTimer01/I0; entry1/instrument/qexafs_counterTimer01/It"
    )
    assert "no unit stated" in scan.energy_evidence and "GDA 8.41.XAS" in scan.format_evidence
    assert "entry1/scan_command = qexafs_energy 29000.0 30050.0" in scan.header


@pytest.mark.parametrize(
    ("stated", "mode", "formula"),
    [
        ("Transmission", "transmission", "ln(incoming_beam / absorbed_beam)"),
        ("Fluorescence Yield", "fluorescence", "absorbed_beam / incoming_beam"),
        ("Total Electron Yield", "tey", "absorbed_beam / incoming_beam"),
    ],
)
def test_nxxas_of_the_standard(tmp_path: Path, stated: str, mode: str, formula: str) -> None:
    with h5py.File(tmp_path / "x.nxs", "w") as file:
        nxxas(file, "entry", stated)
    scan = read_xas(tmp_path / "x.nxs", "x.nxs")
    assert [(c.mode, c.formula) for c in scan.channels] == [(mode, formula)]
    assert scan.preferred == mode
    assert f"entry/data/mode = {stated!r}" in scan.channels[0].evidence
    assert scan.energy_evidence == "entry/instrument/monochromator/energy [eV]"
    np.testing.assert_allclose(scan.mu(mode), np.log(ABOVE / BELOW) if mode == "transmission" else BELOW / ABOVE)


def test_nxxas_without_a_mode_needs_the_study(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.nxs", "w") as file:
        nxxas(file, "entry", "")
    with pytest.raises(UserError, match="'incoming_beam' is I0, but no column is known as transmitted"):
        read_xas(tmp_path / "x.nxs", "x.nxs")
    scan = read_xas(tmp_path / "x.nxs", "x.nxs", ColumnSpec(transmitted="absorbed_beam"))
    assert scan.channels[0].formula == "ln(incoming_beam / absorbed_beam)"
    assert any("does not state a detection mode" in note for note in scan.notes)


def test_several_entries_and_kev(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.nxs", "w") as file:
        nxxas(file, "scan_1", "Transmission", ENERGY / 1000, "keV")
        nxxas(file, "scan_2", "Transmission")
        entry(file, "notes", "NXcollection")
    with pytest.raises(UserError, match="the file holds 2 scans: 'scan_1', 'scan_2'"):
        read_xas(tmp_path / "x.nxs", "x.nxs")
    scans = read_scans(tmp_path / "x.nxs", "x.nxs", select="scan_2|scan_1")
    assert [scan.source for scan in scans] == ["x.nxs::scan_2", "x.nxs::scan_1"]
    np.testing.assert_allclose(scans[0].energy_ev, scans[1].energy_ev)
    assert "energy was converted from keV to eV (x 1000)" in scans[1].notes
    assert "scan_1/" not in scans[0].header
    assert "  'scan_2'" in describe_file(tmp_path / "x.nxs", "x.nxs")


@pytest.mark.parametrize("below", ["", "xas"])
def test_successor_of_nxxas(tmp_path: Path, below: str) -> None:
    with h5py.File(tmp_path / "x.nxs", "w") as file:
        top = entry(file, "entry")
        place = entry(top, below, "NXsubentry") if below else top
        for name, value in (("definition", "NXxas"), ("mode", "TFY"), ("element", "Ta"), ("edge", "L3")):
            place[name] = value
        place["energy"], place["intensity"] = ENERGY, BELOW
        place["energy"].attrs["units"] = "eV"
    scan = read_xas(tmp_path / "x.nxs", "x.nxs")
    assert (scan.element, scan.edge, scan.preferred) == ("Ta", "L3", "fluorescence")
    np.testing.assert_array_equal(scan.mu("fluorescence"), BELOW)


def test_arrays_of_different_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.nxs", "w") as file:
        nxxas(file, "entry", "Transmission", rows=29)
    with pytest.raises(UserError, match=r"arrays of different length.*absorbed_beam/data 29"):
        read_xas(tmp_path / "x.nxs", "x.nxs")


def test_foreign_and_damaged_files(tmp_path: Path, xas_data: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        entry(file, "entry")["something"] = ENERGY
    with pytest.raises(UserError, match="no known layout of scans is in it") as caught:
        read_xas(tmp_path / "x.h5", "x.h5")
    assert "nexus" in caught.value.fix
    (tmp_path / "cut.nxs").write_bytes((xas_data / B18).read_bytes()[:300_000])
    with pytest.raises(UserError, match="cannot be read"):
        read_xas(tmp_path / "cut.nxs", "cut.nxs")


def test_external_links_are_left_alone(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = ENERGY
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["there"] = h5py.ExternalLink("other.h5", "/secret")
        file["loop"] = h5py.SoftLink("/")
        file["gone"] = h5py.SoftLink("/nowhere")
        file["here"] = ENERGY
        file["again"] = h5py.SoftLink("/here")
        file["through"] = h5py.SoftLink("/there")
        file["text"] = np.array([b"NUL padded\0\0"])
    found = _hdf5.load(tmp_path / "x.h5", "x.h5")
    assert set(found.nodes) == {"here", "again", "text"}
    np.testing.assert_array_equal(found.numbers("again"), ENERGY)
    assert found.text("text") == "NUL padded"
    with pytest.raises(UserError, match="no dataset of numbers"):
        found.numbers("there")


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.999))
def test_files_that_are_cut_off_give_a_user_error(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    path = tmp_path_factory.mktemp("h") / "x.nxs"
    with h5py.File(path, "w") as file:
        nxxas(file, "entry", "Transmission")
    content = path.read_bytes()
    path.write_bytes(content[: 8 + int(share * (len(content) - 8))])
    with pytest.raises(UserError, match="cannot be read"):
        read_xas(path, "x.nxs")
