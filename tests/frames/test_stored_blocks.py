"""Fields in blocks: written as they are made, read as they are gone through, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.stage import run_stage
from ntcspec.types import Array, array, text
from ntcspec.types.blocks import BLOCK_BYTES, Blocks, make_all

RECORD: dict[str, Any] = {
    "study": "s", "sample": "a", "measurement": "m", "technique": "xanes", "stage": "ingest", "order": 0,
    "simulated": False, "composition": "", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row."""

    spectrum: Array = array("eV", "a row")
    place: Array = array("s", "where")
    name: tuple[str, ...] = text("a name")


@dataclass(frozen=True)
class Result:
    """Something with rows."""

    title: str = text("a title")
    rows: Blocks[Row] = text("rows")


def result(sizes: tuple[tuple[int, int], ...]) -> Result:
    """Blocks of (rows, points)."""

    def make() -> Iterator[Row]:
        start = 0
        for rows, points in sizes:
            at = np.arange(start, start + rows, dtype=float)
            yield Row(at[:, None] + np.linspace(0, 0.5, points), at, tuple(f"é{i:.0f}" for i in at))
            start += rows

    return Result("t", Blocks(Row, make))


def test_rows_come_back_in_blocks_and_as_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.nxs"
    store.write(path, result(((3, 4), (2, 6), (1, 5))), RECORD)
    rows = store.read(path, Result).rows
    assert rows.column("place").tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert rows.column("name") == ("é0", "é1", "é2", "é3", "é4", "é5")
    spectra = rows.column("spectrum")
    assert spectra.shape == (6, 6)
    assert np.isnan(spectra[:3, 4:]).all() and np.isnan(spectra[5, 5]), "short rows end in NaN"
    assert spectra[4, 5] == 4.5
    assert [len(block.name) for block in rows] == [6], "small rows are read at once"
    assert [len(block.name) for block in rows] == [6], "and once more"
    with h5py.File(path) as file:
        assert file["entry/data/rows/spectrum"].attrs["units"] == "eV"


def test_large_rows_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    points = BLOCK_BYTES // 8 // 2
    store.write(tmp_path / "a.nxs", result(((5, points),)), RECORD)
    read = store.read(tmp_path / "a.nxs", Result).rows
    assert [len(block.place) for block in read] == [1, 1, 1, 1, 1]
    assert [len(part) for (part,) in read.parts("place")] == [5], "a small field by itself in one go"


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.nxs", "b.nxs"):
        store.write(tmp_path / name, result(((300, 40), (7, 40))), RECORD)
    assert (tmp_path / "a.nxs").read_bytes() == (tmp_path / "b.nxs").read_bytes()


def test_no_rows_at_all(tmp_path: Path) -> None:
    store.write(tmp_path / "a.nxs", result(()), RECORD)
    rows = store.read(tmp_path / "a.nxs", Result).rows
    assert list(rows) == [] and rows.column("place").size == 0


def broken(paths: list[Path], sources: list[str]) -> Result:
    """A stage whose second block cannot be made."""

    def make() -> Iterator[Row]:
        yield from result(((2, 3),)).rows
        raise UserError("b.xdi", "is gone", "copy it again")

    return Result("t", Blocks(Row, make))


def test_an_error_while_blocks_are_written_is_the_failure_of_the_stage(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        make_all(broken([], []))
    out = tmp_path / "ingest.nxs"
    about = {k: RECORD[k] for k in ("study", "sample", "measurement", "technique", "stage", "order", "simulated")}
    params = {
        "about": about, "settings": {}, "origin": [], "modules": ["ntcspec.stage"], "key": "k",
        "work": {"function": f"{__name__}:broken", "takes": []},
    }  # fmt: skip
    run_stage(params, [], [str(out)], str(tmp_path / "log"))
    failure = store.read_failure(out)
    assert failure is not None and failure.what == "is gone"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ingest.nxs", "log"], "nothing half-written is left"
    assert "error: b.xdi: is gone" in (tmp_path / "log").read_text()
