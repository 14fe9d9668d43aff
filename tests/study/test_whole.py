"""The file of the whole study: where it opens when there is little to open, and what becomes of failures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.study.whole import whole_study
from ntcspec.types.exafs import ExafsTransformed

RECORD: dict[str, Any] = {
    "study": "s", "sample": "a <b>", "measurement": "exafs", "technique": "exafs", "stage": "transform", "order": 2,
    "simulated": False, "composition": "Ta2O5", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip
WHOLE = {"study": "one sample", "stage": "study", "simulated": False, "parameters": {}, "ntcspec": "0", "ancestry": {}}
METRICS = """\
# ntcspec-record {}
sample,technique,measurement,metric,value,unit,u_stat,u_sys,method,reason
a <b>,exafs,exafs,first_shell.position,1.95,angstrom,0.01,,peak,
a <b>,exafs,exafs,lobe.height,,1,,,peak,below 3 sigma
"""
ENTRY = {
    "sample": "a <b>", "measurement": "exafs", "composition": "Ta2O5", "simulated": False, "folder": "results/a_b_/exafs/",
    "stages": ["transform"], "shown": "transform",
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "samples": [{"name": "a <b>", "label": None, "composition": "Ta2O5", "simulated": False, "properties": {}}],
    "trends": {}, "entries": [ENTRY], "excluded": [], "linked": False,
}  # fmt: skip


def made(folder: Path, failure: UserError | None = None, **settings: Any) -> Path:
    values = {f.name: np.ones(5) for f in dataclasses.fields(ExafsTransformed)}
    values["r_ang"] = np.arange(5.0)
    words: dict[str, Any] = {"kweight": 2.0, "noise": 0.1, "chi_sigma": 0.1, "notes": ()}
    artifact = folder / "transform.nxs"
    store.write(artifact, ExafsTransformed(**{**values, **words}), RECORD, failure)
    found = {"results/a_b_/exafs/transform.nxs": artifact}
    entries, default = whole_study({**SETTINGS, **settings}, {"metrics": METRICS}, found, WHOLE)
    store.write_tree(folder / "whole.nxs", entries, default, WHOLE)
    return folder / "whole.nxs"


def test_one_sample_opens_on_its_spectrum(tmp_path: Path) -> None:
    nxdata = pytest.importorskip("silx.io.nxdata")
    with h5py.File(made(tmp_path)) as file:
        assert file.attrs["default"] == "a_b__exafs"
        plot = nxdata.get_default(file)
        assert plot is not None and plot.is_valid and plot.group.name == "/a_b__exafs/transform/chi_r"
        assert plot.axes_names == ["R, not phase-corrected (angstrom)"] and plot.errors is not None
        metrics = file["a_b__exafs/metrics"]
        assert metrics["reason"].asstr()[()].tolist() == ["", "below 3 sigma"]
        assert np.array_equal(metrics["value"], [1.95, np.nan], equal_nan=True)
        assert file["a_b__exafs/transform/sequence_index"][()] == 1
    assert store.read_record(tmp_path / "whole.nxs") == WHOLE
    assert ("a_b__exafs", "- a <b> / exafs") in store.outline(tmp_path / "whole.nxs")


def test_where_everything_failed_the_reasons_are_there(tmp_path: Path) -> None:
    excluded = [{"sample": "b", "name": "*", "reason": "samples.yaml, line 4: no files"}]
    with h5py.File(made(tmp_path, UserError("a.dat", "is cut short", "mend it"), excluded=excluded)) as file:
        assert file.attrs["default"] == "study" and "default" not in file["study"].attrs
        assert file["a_b__exafs/failure/description"].asstr()[()] == "a.dat: is cut short -> mend it"
        assert file["b/failure/description"].asstr()[()] == "samples.yaml, line 4: no files"
        assert not [name for name in file["a_b__exafs/transform"] if name.startswith("chi")]


def test_a_sample_called_study_takes_nothing_from_the_study(tmp_path: Path) -> None:
    excluded = [{"sample": "study", "name": "*", "reason": "r"}, {"sample": "a <b>", "name": "exafs", "reason": "r"}]
    with h5py.File(made(tmp_path, excluded=excluded)) as file:
        assert set(file) == {"study", "study_2", "a_b__exafs", "a_b__exafs_2"}


def test_a_sample_may_begin_with_the_sign_of_the_record_and_a_reason_have_lines(tmp_path: Path) -> None:
    rows = '#1,raman,raman,a1g.position,,1/cm,,,fit,"no line\n# at 380"\n'
    tables = {"metrics": METRICS + rows}
    entries, _ = whole_study({**SETTINGS, "entries": []}, tables, {}, WHOLE)
    store.write_tree(tmp_path / "whole.nxs", entries, store.STUDY, WHOLE)
    with h5py.File(tmp_path / "whole.nxs") as file:
        table = file["study/metrics"]
        assert table["sample"].asstr()[()].tolist() == ["a <b>", "a <b>", "#1"]
        assert table["reason"].asstr()[()].tolist()[-1] == "no line\n# at 380"


def test_a_large_study_links_to_its_artifacts(tmp_path: Path) -> None:
    """Nothing is copied; a viewer that follows links opens on the same plot."""
    nxdata = pytest.importorskip("silx.io.nxdata")
    whole = made(tmp_path, linked=True)
    beside = tmp_path / "a_b_/exafs/transform.nxs"
    beside.parent.mkdir(parents=True)
    (tmp_path / "transform.nxs").rename(beside)
    with h5py.File(whole) as file:
        entry = file["a_b__exafs"]
        assert isinstance(entry.get("transform", getlink=True), h5py.ExternalLink)
        plot = nxdata.get_default(file)
        assert plot is not None and plot.is_valid and plot.group.name == "/entry/chi_r"
        assert plot.group.file.filename == str(beside)
        assert set(entry) == {"title", "sample", "transform"}
        assert np.array_equal(file["study/metrics/value"], [1.95, np.nan], equal_nan=True)
    assert store.contents(whole)["/a_b__exafs/transform"] == "a_b_/exafs/transform.nxs:/entry"
    beside.unlink()
    assert store.contents(whole)["/a_b__exafs/transform"] == "a_b_/exafs/transform.nxs:/entry"  # as in a copy elsewhere


def test_a_failed_measurement_of_a_large_study_says_why(tmp_path: Path) -> None:
    tables = {"metrics": METRICS + "a <b>,exafs,exafs,,,,,,,no such file\n"}
    entries, _ = whole_study({**SETTINGS, "linked": True}, tables, {}, WHOLE)
    assert entries["a_b__exafs"].items["failure"].items["description"].value == "no such file"  # type: ignore[union-attr]
