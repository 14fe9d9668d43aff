"""HDF5 stacks: one row a scan, read one at a time, with the values that belong to it."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import field_of
from ntcspec.readers import ColumnSpec, _hdf5, describe_file, each_scan, read_scans
from ntcspec.types.xas import XasScan

ENERGY = np.linspace(8900.0, 9100.0, 41)
ROWS = np.arange(5.0)


def stack(path: Path, group: str = "entry/measurement", rows: int = 5) -> Path:
    with h5py.File(path, "a") as file:
        top = file.create_group(group)
        top["mono_energy"] = ENERGY
        top["mono_energy"].attrs["units"] = "eV"
        top["i0"] = 1000.0 + ROWS[:rows, None] + np.zeros(41)
        top["itrans"] = np.asarray(500.0 - 50 * ROWS[:rows, None] + np.zeros(41), dtype=np.float32)
        top["temperature"] = 300 + 10 * ROWS[:rows]
        top["image"] = np.zeros((3, 7))
    return path


def test_each_row_is_a_scan_with_its_values(tmp_path: Path) -> None:
    path = stack(tmp_path / "a.h5")
    found = list(each_scan(path, "raw/a.h5"))
    assert [source for source, _ in found] == [f"raw/a.h5::{i}" for i in range(1, 6)]
    for row, (source, scan) in enumerate(found):
        assert isinstance(scan, XasScan)
        assert (scan.source, scan.format) == (source, "hdf5 stack")
        np.testing.assert_allclose(scan.mu("transmission"), np.log((1000 + row) / (500 - 50 * row)))
        assert field_of(scan.header, "temperature") == 300 + 10 * row
        assert [c.name for c in scan.columns] == ["mono_energy", "i0", "itrans"], "what is no stack is left"
    assert "mono_energy[eV]" in found[0][1].energy_evidence  # type: ignore[union-attr]


def test_one_scan_can_be_chosen_and_several_need_a_choice(tmp_path: Path) -> None:
    path = stack(tmp_path / "a.h5")
    (one,) = read_scans(path, "a.h5", None, "3")
    assert field_of(one.header, "temperature") == 320
    with pytest.raises(UserError, match="the file holds 5 scans"):
        read_scans(path, "a.h5")
    assert "scans     5" in describe_file(path, "a.h5")[2]


def test_several_groups_have_names_with_the_group(tmp_path: Path) -> None:
    path = stack(stack(tmp_path / "a.h5", "one"), "two", 2)
    assert [source for source, _ in each_scan(path, "a.h5")][-3:] == ["a.h5::one/5", "a.h5::two/1", "a.h5::two/2"]
    (scan,) = read_scans(path, "a.h5", None, "two/2")
    np.testing.assert_allclose(scan.mu("transmission"), np.log(1001 / 450))


def test_roles_can_be_named(tmp_path: Path) -> None:
    path = stack(tmp_path / "a.h5")
    (scan,) = read_scans(path, "a.h5", ColumnSpec(i0="i0", fluorescence=("itrans",)), "1")
    assert [c.formula for c in scan.channels if c.mode == "fluorescence"] == ["itrans / i0"]


def test_only_the_row_that_is_asked_for_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stack(tmp_path / "a.h5")
    read: list[int | None] = []
    whole = _hdf5.Hdf5File.part
    monkeypatch.setattr(_hdf5.Hdf5File, "part", lambda f, p, i: read.append(i) or whole(f, p, i))
    scans = each_scan(path, "a.h5")
    next(scans)
    assert read == [0, 0]


def test_a_scan_that_cannot_be_read_takes_none_with_it(tmp_path: Path) -> None:
    path = tmp_path / "b.spec"
    rows = "\n".join(f"{e:.1f} 1000 500" for e in ENERGY)
    path.write_text(f"#F x\n\n#S 1 scan\n#L energy  i0  itrans\n{rows}\n\n#S 2 scan\n#L energy  i0  itrans\n\n"
                    f"#S 3 scan\n#L energy  i0  itrans\n{rows}\n")  # fmt: skip
    found = dict(each_scan(path, "b.spec"))
    assert list(found) == ["b.spec::1", "b.spec::2", "b.spec::3"]
    assert isinstance(found["b.spec::2"], UserError) and "has no rows" in found["b.spec::2"].what
    assert isinstance(found["b.spec::3"], XasScan)
    ((source, error),) = each_scan(tmp_path / "gone.dat", "gone.dat")
    assert source == "gone.dat" and isinstance(error, UserError)
