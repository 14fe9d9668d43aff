"""Renishaw WDF: files written here block by block, read through the maker's package. Measured ones were compared with
RosettaSciIO (13 files: single, series, line, map, aborted; axes in 1/cm and nm), which the licence keeps out of here."""

from __future__ import annotations

import builtins
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers.raman import describe_raman, is_raman, read_raman, renishaw

SHIFT = np.linspace(560.0, 70.0, 50).astype("<f4")
LASER_NM = 532.25
X, Y, TIME, FLAGS = 3, 4, 11, 17
MICRON, FILETIME, SHIFT_UNIT, NM_UNIT, COUNTS = 5, 24, 1, 3, 6


def block(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<IQ", 1, 16 + len(body)) + body


def origin(kind: int, unit: int, values: np.ndarray, primary: bool = True) -> bytes:
    return struct.pack("<II16s", kind | (0x80000000 if primary else 0), unit, b"label") + values.tobytes()


def wdf(
    rows: np.ndarray, axis: np.ndarray = SHIFT, unit: int = SHIFT_UNIT, origins: tuple[bytes, ...] = (), *,
    flags: int = 0, collected: int | None = None, blocks: bytes = b"",
) -> bytes:  # fmt: skip
    """A WDF file: header of 512 bytes, then blocks of identifier, number, size, content."""
    m, n = rows.shape
    head = struct.pack(
        "<4sIQQ16s12x IIIQQI III24s4H IIQQI f48x32s160s 48x32x32x",
        b"WDF1", 1, 512, flags, bytes(16), 0, 0, n, m, m if collected is None else collected, 1, 1, n, len(origins),
        b"WiRE", 5, 0, 0, 0, 1, 1, 0, 0, COUNTS, 1e7 / LASER_NM, b"me", b"a title",
    )  # fmt: skip
    spectral = struct.pack("<II", 1, unit) + axis.astype("<f4").tobytes()
    content = head + block(b"DATA", rows.astype("<f4").tobytes()) + block(b"XLST", spectral)
    content += block(b"ORGN", struct.pack("<I", len(origins)) + b"".join(origins)) + block(b"TEXT", b"made up")
    return content + blocks


def read(folder: Path, content: bytes):
    path = folder / "x.wdf"
    path.write_bytes(content)
    return read_raman(path, "x.wdf")


COUNTED = np.random.default_rng(3).poisson(900, (6, 50)).astype(float)


def test_a_single_spectrum(tmp_path: Path) -> None:
    scan = read(tmp_path, wdf(COUNTED[:1]))
    assert scan.format == "renishaw" and np.array_equal(scan.shift_cm1, SHIFT[::-1].astype(float))
    assert np.array_equal(scan.intensity[0], COUNTED[0, ::-1]) and scan.coordinates.shape == (1, 0)
    assert scan.laser_nm == pytest.approx(LASER_NM, abs=1e-4) and not scan.filtered
    assert np.isnan(scan.exposure_s) and np.isnan(scan.accumulations)
    assert (scan.first("title"), scan.first("comment"), scan.intensity_unit) == ("a title", "made up", "counts")
    assert "written by WiRE 5.0.0.0" in scan.format_evidence and "descends" in " ".join(scan.notes)
    path = tmp_path / "x.wdf"
    assert is_raman(path, "x.wdf") and "format    renishaw: the file begins with WDF1" in "\n".join(
        describe_raman(path, "x.wdf")
    )


def test_coordinates_of_a_map_that_was_stopped(tmp_path: Path) -> None:
    x, y = np.tile([0.0, 5.0, 10.0], 2), np.repeat([1.0, 2.0], 3)
    flags = origin(FLAGS, 0, np.zeros(6, dtype="<u8"))
    content = wdf(COUNTED, origins=(flags, origin(X, MICRON, x), origin(Y, MICRON, y)), collected=4, flags=0b10100)
    scan = read(tmp_path, content)
    assert scan.intensity.shape == (4, 50) and scan.coordinate_names == ("X", "Y")
    assert scan.coordinate_units == ("µm", "µm") and np.array_equal(scan.coordinates, np.stack([x, y], axis=1)[:4])
    said = " ".join(scan.notes)
    assert "4 of 6 spectra were collected" in said and "detector was saturated" in said and scan.filtered


def test_times_of_a_series_are_seconds_from_the_first(tmp_path: Path) -> None:
    ticks = (132_000_000_000_000_000 + np.array([0, 15, 30, 45, 60, 75]) * 10_000_000).astype("<u8")
    scan = read(tmp_path, wdf(COUNTED, origins=(origin(TIME, FILETIME, ticks), origin(X, MICRON, np.zeros(6), False))))
    assert scan.coordinate_names == ("Time",) and scan.coordinate_units == ("s",)
    assert scan.coordinates[:, 0].tolist() == [0, 15, 30, 45, 60, 75]


def test_an_axis_in_nm_needs_no_more_than_the_laser_of_the_file(tmp_path: Path) -> None:
    nm = 1e7 / (1e7 / LASER_NM - SHIFT)
    scan = read(tmp_path, wdf(COUNTED[:1], nm, NM_UNIT, blocks=block(b"WARP", b"")))
    assert np.allclose(scan.shift_cm1, SHIFT[::-1], atol=2e-3)  # float32 of nm
    assert "has processed the data" in " ".join(scan.notes)


def test_what_is_not_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="each spectrum has an axis of its own"):
        read(tmp_path, wdf(COUNTED, flags=0b1000))
    with pytest.raises(UserError, match="the unit 'Pixels' of the axis is not known"):
        read(tmp_path, wdf(COUNTED[:1], unit=16))
    plain = builtins.__import__

    def without(name: str, *rest, **more):
        if name == "wdf":
            raise ImportError(name)
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        UserError, match="package that reads it is not installed -> pip install renishaw-wdf, or export"
    ):
        read(tmp_path, wdf(COUNTED[:1]))


WHOLE = wdf(COUNTED[:2], origins=(origin(X, MICRON, np.arange(2.0)),))


@given(st.integers(4, len(WHOLE)), st.binary(max_size=5), st.integers(0, 60))
def test_a_damaged_file_is_read_or_refused_but_never_crashes(at: int, put: bytes, cut: int) -> None:
    try:
        scan = renishaw.read(WHOLE[:at] + put + WHOLE[at + cut :], "x")
    except UserError as error:
        assert error.what and error.fix
    else:
        assert np.all(np.diff(scan.shift_cm1) > 0)


@given(st.integers(4, len(WHOLE) - 1))
def test_a_file_that_was_cut_off_gives_its_numbers_or_none(end: int) -> None:
    try:
        scan = renishaw.read(WHOLE[:end], "x")
    except UserError:
        return
    assert np.array_equal(scan.intensity, COUNTED[:2, ::-1])
