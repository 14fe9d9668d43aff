"""Whatever the numbers, separators, line ends and encodings: what is written is read, and damage never gets through."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import rawfiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, describe, read_xas
from ntcspec.types import Array, XasScan

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


SEEDS = (
    rawfiles.xdi(
        ["energy eV", "i0", "itrans", "irefer", "mutrans"],
        [f"{9800 + i}.5 {1000 + i} {500 + i} 250 0.69" for i in range(12)],
        "Scan.plot_hint: ln(i0/itrans)  --  ln($2/$3)",
        "Element.symbol: Ta",
        "Element.edge: L3",
        labels="energy i0 itrans irefer mutrans",
    ),
    rawfiles.xdi(
        ["angle degrees", "i0", "itrans"],
        [f"{11.9 - 0.02 * i:.4f} 1000 500" for i in range(12)],
        "Mono.d_spacing: 3.13553",
    ),
    rawfiles.hxma("A", rawfiles.hxma_values(12), "1e+07(x .1 microseconds), 100, 2000, 300, 40"),
    rawfiles.hxma("B", rawfiles.hxma_values(12), "1e+07(x .1 microseconds), 100, 2000, 300, 40"),
    "# energy i0 it\n" + "\n".join(f"{9800 + i}.5 {1000 + i} {500 + i}" for i in range(12)) + "\n",
)
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


@MANY
@given(st.sampled_from(SEEDS), mutations, st.booleans())
def test_damaged_files_give_a_scan_or_a_user_error(
    seed: str, changes: list[tuple[int, str, bytes]], named: bool
) -> None:
    content = bytearray(seed.encode())
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
    path = rawfiles.write(Path(tempfile.mkdtemp()), bytes(content))
    try:
        scan = read_xas(path, "x.dat", ColumnSpec(energy=1, i0=2, transmitted=3) if named else None)
    except UserError as error:
        assert error.where.startswith("x.dat")
    else:
        assert isinstance(scan, XasScan)
        assert {c.values.shape for c in scan.columns} == {scan.energy_ev.shape} == {scan.row_line.shape}
        assert describe(scan)
