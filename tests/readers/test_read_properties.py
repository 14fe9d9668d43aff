"""Whatever the numbers, separators, line ends and encodings: what is written is read, and damage never gets through."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import rawfiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import XAS_READERS, ColumnSpec, describe, read_scans, read_xas
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

counts = st.floats(min_value=1e-9, max_value=1e12, allow_nan=False)
signed = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False, allow_subnormal=False)
ends = st.sampled_from(["\n", "\r\n", "\r"])
encodings = st.sampled_from(["utf-8", "utf-8-sig", "cp1252"])


@st.composite
def tables(draw: st.DrawFn, width: int) -> Array:
    """Energies that rise, counts that are positive, the rest whatever it may be."""
    rows = draw(st.integers(2, 12))
    steps = draw(st.lists(st.floats(0.01, 50.0), min_size=rows, max_size=rows))
    energy = 2000.0 + np.cumsum(steps)
    others = draw(st.lists(st.lists(counts, min_size=width - 1, max_size=width - 1), min_size=rows, max_size=rows))
    return np.column_stack([energy, np.array(others)])


def save(content: str, end: str, encoding: str) -> Path:
    folder = Path(tempfile.mkdtemp())
    return rawfiles.write(folder, content.replace("\n", end).encode(encoding))


def check(scan: XasScan, values: Array) -> None:
    np.testing.assert_array_equal(np.column_stack([c.values for c in scan.columns]), values)
    np.testing.assert_array_equal(scan.energy_ev, values[:, 0])
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 1] / values[:, 2]))


@FEW
@given(tables(4), st.sampled_from([" ", "  ", "\t", ",", ", "]), ends, encodings, st.booleans())
def test_xdi_is_read_back_exactly(values: Array, separator: str, end: str, encoding: str, fortran: bool) -> None:
    rows = [separator.join(repr(float(v)) for v in row) for row in values]
    if fortran:
        rows = [row.replace("e", "D") for row in rows]
    text = rawfiles.xdi(["energy eV", "i0", "itrans", "temp °C"], rows)
    scan = read_xas(save(text, end, encoding), "x.dat")
    check(scan, values)
    first = text.split("\n").index(rows[0]) + 1
    assert scan.row_line.tolist() == list(range(first, first + len(rows)))
    assert scan.column("temp").unit == "°C"


@FEW
@given(tables(5), st.sampled_from([" ", "\t", ",", ", ", ";"]), ends, encodings, st.booleans())
def test_named_columns_are_read_back_exactly(
    values: Array, separator: str, end: str, encoding: str, named: bool
) -> None:
    rows = [separator.join(repr(float(v)) for v in row) for row in values]
    text = "Gemessen für °C\n" + separator.join(["E", "i0", "it", "µ", "x"]) + "\n" + "\n".join(rows) + "\n"
    columns = ColumnSpec(energy="E", i0="i0", transmitted="it") if named else ColumnSpec(energy=1, i0=2, transmitted=3)
    scan = read_xas(save(text, end, encoding), "x.dat", columns)
    check(scan, values)
    assert [c.name for c in scan.columns] == ["E", "i0", "it", "µ", "x"]


@FEW
@given(tables(10), st.sampled_from("AB"), ends)
def test_hxma_is_read_back_exactly(values: Array, dialect: str, end: str) -> None:
    values[:, [0, 2]] = values[:, [2, 0]]
    values[:, 2] = np.sort(2000.0 + np.arange(len(values)) + values[:, 2] / 1e6)
    scan = read_xas(save(rawfiles.hxma(dialect, values), end, "utf-8"), "x.dat")
    found = np.column_stack([c.values for c in scan.columns])
    np.testing.assert_array_equal(found[:, 1:], values)
    np.testing.assert_array_equal(scan.energy_ev, values[:, 2])
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 4] / values[:, 5]))


@FEW
@given(tables(4), st.integers(0, 11), st.integers(0, 3), st.sampled_from(["abc", "--1", "1_0", "1,5", "", "٣", "1.e+"]))
def test_a_garbled_cell_never_gets_through(values: Array, row: int, column: int, cell: str) -> None:
    cells = [[repr(float(v)) for v in line] for line in values]
    row = row % (len(cells) - 1)  # the last row may be dropped as cut off
    cells[row][column] = cell
    text = rawfiles.xdi(["energy eV", "i0", "itrans", "t"], ["\t".join(line) for line in cells])
    try:
        read_xas(save(text, "\n", "utf-8"), "x.dat")
    except UserError as error:
        if cell and len(cells) > 2:
            assert f"line {9 + row}" in error.where
    else:
        raise AssertionError("a garbled cell was read")


COUNTS = np.random.default_rng(5).poisson(900, (4, 12)).astype(float)
# a whole file of each text format, and of each dialect that takes another way through its reader
SEEDS: dict[str, str] = {
    "xdi": rawfiles.xdi(
        ["energy eV", "i0", "itrans", "irefer", "mutrans"],
        [f"{9800 + i}.5 {1000 + i} {500 + i} 250 0.69" for i in range(12)],
        "Scan.plot_hint: ln(i0/itrans)  --  ln($2/$3)",
        "Element.symbol: Ta",
        "Element.edge: L3",
        labels="energy i0 itrans irefer mutrans",
    ),
    "xdi, angle": rawfiles.xdi(
        ["angle degrees", "i0", "itrans"],
        [f"{11.9 - 0.02 * i:.4f} 1000 500" for i in range(12)],
        "Mono.d_spacing: 3.13553",
    ),
    "xdi, bioxas": rawfiles.bioxas(COUNTS, 50 * COUNTS, ring="2900"),
    "hxma a": rawfiles.hxma("A", rawfiles.hxma_values(12), "1e+07(x .1 microseconds), 100, 2000, 300, 40"),
    "hxma b": rawfiles.hxma("B", rawfiles.hxma_values(12), "1e+07(x .1 microseconds), 100, 2000, 300, 40"),
    "sxrmb": rawfiles.sxrmb(12),
    "sxrmb-dacq": rawfiles.sxrmb_dacq(rows=12, background="1e7"),
    "vlspgm": rawfiles.sgm_dacq(12),
    "pf9809": rawfiles.pf9809(12),
    "spec": rawfiles.spec(12),
    "athena": rawfiles.athena(12),
    "athena, json": rawfiles.athena_json(12),
    "columns": "# energy i0 it\n" + "\n".join(f"{9800 + i}.5 {1000 + i} {500 + i}" for i in range(12)) + "\n",
}
mutations = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(["replace", "insert", "delete", "cut", "repeat"]),
        st.one_of(
            st.binary(min_size=1, max_size=3), st.sampled_from([b"\n", b",", b"#", b'"', b"$", b"-", b"9", b"nan"])
        ),
    ),
    min_size=1,
    max_size=8,
)
NAMED = ColumnSpec(energy=1, i0=2, transmitted=3)


def test_the_seeds_are_whole_files_of_each_text_format() -> None:
    found = set()
    for name, seed in SEEDS.items():
        columns = NAMED if name == "columns" else None
        scans = read_scans(save(seed, "\n", "utf-8"), "x.dat", columns, "*")
        assert all(scan.energy_ev.size == 12 and scan.channels for scan in scans), name
        found |= {scan.format for scan in scans}
    assert found == {*(reader.NAME for reader in XAS_READERS), "columns"}


def a_scan_or_a_user_error(content: bytes, columns: ColumnSpec | None) -> None:
    path = rawfiles.write(Path(tempfile.mkdtemp()), content)
    try:
        scans = read_scans(path, "x.dat", columns, "*")
    except UserError as error:
        assert error.where.startswith("x.dat") and error.what and error.fix
        return
    for scan in scans:
        assert isinstance(scan, XasScan)
        assert {c.values.shape for c in scan.columns} == {scan.energy_ev.shape} == {scan.row_line.shape}
        assert describe(scan)


@MANY
@given(st.sampled_from(sorted(SEEDS)), mutations, st.booleans())
def test_damaged_files_give_a_scan_or_a_user_error(
    name: str, changes: list[tuple[int, str, bytes]], named: bool
) -> None:
    content = bytearray(SEEDS[name].encode())
    for place, how, piece in changes:
        place %= len(content) + 1
        if how == "insert":
            content[place:place] = piece
        elif how == "replace":
            content[place : place + len(piece)] = piece
        elif how == "delete":
            del content[place : place + 20]
        elif how == "cut":
            del content[max(place, 1) :]
        else:
            content[place:place] = content[place : place + 60]
    a_scan_or_a_user_error(bytes(content), NAMED if named else None)


@pytest.mark.parametrize("name", sorted(SEEDS))
@FEW
@given(st.floats(0.0, 1.0), st.integers(0, 255), st.booleans())
def test_any_one_byte_lost_or_changed(name: str, place: float, byte: int, cut: bool) -> None:
    content = bytearray(SEEDS[name].encode())
    at = min(int(place * len(content)), len(content) - 1)
    if cut:
        del content[at:]
    else:
        content[at] = byte
    a_scan_or_a_user_error(bytes(content), NAMED if name == "columns" else None)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_file_cut_in_its_rows_never_gives_another_number(name: str) -> None:
    """Whatever is cut off, the rows that are read are rows of the whole file, unless the reader says it may be cut."""
    content = SEEDS[name].encode()
    columns = NAMED if name == "columns" else None
    (whole, *_) = read_scans(save(SEEDS[name], "\n", "utf-8"), "x.dat", columns, "*")
    known = {tuple(row) for row in np.column_stack([column.values for column in whole.columns])}
    for end in range(len(content) - 1, len(content) // 2, -7):
        path = rawfiles.write(Path(tempfile.mkdtemp()), content[:end])
        try:
            (scan, *_) = read_scans(path, "x.dat", columns, "*")
        except UserError:
            continue
        if any("may be cut off" in note for note in scan.notes) or len(scan.columns) != len(whole.columns):
            continue
        rows = {tuple(row) for row in np.column_stack([column.values for column in scan.columns])}
        assert rows <= known, end
