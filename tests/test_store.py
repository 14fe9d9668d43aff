"""NeXus out, dataclass in: nothing is lost, and the same content gives the same bytes."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.plot.data import PanelData, Series
from ntcspec.types import Metric, Metrics
from ntcspec.types.exafs import ExafsTransformed, WaveletMap
from ntcspec.types.xas import Channel, Column, XasScan, XasScans

RECORD: dict[str, Any] = {
    "study": "s", "sample": "Ta₂O₅ <a>", "measurement": "exafs", "technique": "exafs", "stage": "ingest", "order": 0,
    "simulated": True, "composition": "Ta2O5", "parameters": {"a": [1, 2.5]}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip
NUMBERS = hnp.arrays(np.float64, st.integers(0, 40), elements=st.floats(width=64))
WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)


def scan(values: np.ndarray, words: str) -> XasScan:
    column = Column(name=words, unit="eV", values=values)
    channel = Channel(mode="transmission", kind="log", numerator=(words, "b"), denominator="c", evidence=words)
    return XasScan(
        source=words, format="xdi", format_evidence=words, energy_evidence="", energy_ev=values,
        row_line=np.arange(values.size), columns=(column, column), channels=(channel,), preferred="", element="Ta",
        edge="L3", notes=(words, "second"), header=words,
    )  # fmt: skip


def same(a: Any, b: Any) -> bool:
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


@settings(max_examples=30, deadline=None)
@given(NUMBERS, WORDS)
def test_round_trip_of_scans(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, words: str) -> None:
    path = tmp_path_factory.mktemp("store") / "a.nxs"
    before = XasScans(scans=(scan(values, words), scan(values[:1], "")))
    store.write(path, before, RECORD)
    assert same(before, store.read(path, XasScans))


def test_round_trip_of_metrics_keeps_nan_and_empty(tmp_path: Path) -> None:
    metric = Metric("a.b", float("nan"), "angstrom", 1.0, 2.0, "m", "below 3 sigma")
    for before in (Metrics((metric, metric), ("note",)), Metrics((), ())):
        store.write(tmp_path / "m.nxs", before, RECORD)
        assert same(before, store.read(tmp_path / "m.nxs", Metrics))


def wavelet() -> WaveletMap:
    r, k = np.linspace(1, 6, 80), np.linspace(0, 12, 90)
    values = np.outer(r, k)
    return WaveletMap("morlet", 49.0, 2.0, k, r, values, values, values, r, r, ())


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("a", "b"):
        path = tmp_path / name / "w.nxs"
        store.write(path, wavelet(), RECORD)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_viewers_find_the_default_plot(tmp_path: Path) -> None:
    store.write(tmp_path / "w.nxs", wavelet(), RECORD)
    with h5py.File(tmp_path / "w.nxs") as file:
        entry = file[file.attrs["default"]]
        data = entry[entry.attrs["default"]]
        assert data.attrs["NX_class"] == "NXdata"
        signal, axes = data[data.attrs["signal"]], [data[name] for name in data.attrs["axes"]]
        assert signal.shape == tuple(axis.size for axis in axes)
        assert [axis.attrs["units"] for axis in axes] == ["angstrom", "1/angstrom"]
        assert entry["title"].asstr()[()].startswith("SIMULATED")


def test_error_bars_are_linked(tmp_path: Path) -> None:
    values = {f.name: np.ones(5) for f in dataclasses.fields(ExafsTransformed)}
    words: dict[str, Any] = {"kweight": 2.0, "noise": 0.1, "chi_sigma": 0.1, "notes": ()}
    store.write(tmp_path / "t.nxs", ExafsTransformed(**{**values, **words}), RECORD)
    with h5py.File(tmp_path / "t.nxs") as file:
        assert "chir_mag_errors" in file["entry/chi_r"]
        assert list(file["entry/chi_r"].attrs["auxiliary_signals"]) == ["chir_re", "chir_im"]


def test_a_failure_stands_in_place_of_data(tmp_path: Path) -> None:
    store.write(tmp_path / "f.nxs", None, RECORD, UserError("a.dat, line 3", "is cut short", "mend it"))
    failure = store.read_failure(tmp_path / "f.nxs")
    assert failure is not None and str(failure) == "a.dat, line 3: is cut short -> mend it"
    with pytest.raises(UserError, match="is cut short"):
        store.read(tmp_path / "f.nxs", XasScans)
    assert store.read_record(tmp_path / "f.nxs") == RECORD


def test_what_is_no_artifact_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.nxs").write_text("no HDF5")
    with h5py.File(tmp_path / "foreign.nxs", "w") as file:
        file["x"] = 1
    for name, told in (
        ("text.nxs", "cannot be read as HDF5"),
        ("foreign.nxs", "without a record"),
        ("no.nxs", "no such file"),
    ):
        with pytest.raises(UserError, match=told):
            store.read_record(tmp_path / name)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m.nxs"
    store.write(path, Metrics((), ()), RECORD)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        store.write(path, Metrics((object(),), ()), RECORD)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.nxs"]


def test_silx_opens_what_we_write(tmp_path: Path) -> None:
    nxdata = pytest.importorskip("silx.io.nxdata")
    panel = PanelData(
        "exafs.chi_r", "", "R", "angstrom", "|chi(R)|", "angstrom^-3", "", "", np.array([0.0, 6.0]), np.array([0.0, 1.0]),
        np.empty(0), np.empty(0), 1,
        (Series("a", "label", "data", 0, True, np.arange(3.0), np.ones(3), np.ones(3), 0.0, 0.0),), (), (), True,
    )  # fmt: skip
    one = scan(np.linspace(1.0, 2.0, 5), "i0")
    raw = dataclasses.replace(one, channels=(Channel("transmission", "log", ("i0",), "i0", "made up"),))
    cases = {"w": (wavelet(), "1/angstrom"), "p": (panel, "angstrom"), "i": (XasScans((raw, raw)), "eV")}
    for name, (value, unit) in cases.items():
        store.write(tmp_path / f"{name}.nxs", value, RECORD)
        with h5py.File(tmp_path / f"{name}.nxs") as file:
            found = nxdata.get_default(file)
            assert found is not None and found.is_valid and not found.issues, name
            assert found.axes[-1].attrs["units"] == unit
            assert (found.errors is not None) == (name == "p")
