"""LabSpec text in every layout: measured files against a plain parser, and files made to each layout."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers.raman import RamanSpec, describe_raman, read_raman, recognise
from ntcspec.readers.text import text_file

HEADER = [
    ("Acq. time (s)", "0.4"), ("Accumulations", "5"), ("Range", "Off"), ("Spike filter", "Off"), ("DeNoise", "Off"),
    ("Laser (nm)", "532 "), ("Spectro (cm-¹)", "300"), ("Range", "Visible"), ("Title", "a=b"), ("Date", "01.02.2023 10:11"),
    ("Acquired", "01.02.2023 10:11:12"),
]  # fmt: skip
AXES = ["#AxisType[0]=Intens", "#AxisUnit[0]=Cnt", "#AxisType[1]=Spectr", "#AxisUnit[1]=1/cm"]
SHIFT = np.round(np.linspace(100.0, 130.0, 16), 3)
COUNTS = np.round(500 + 100 * np.sin(SHIFT), 2)


def header(pairs=HEADER, axes=AXES) -> str:
    return "".join(f"#{key}=\t{value}\n" for key, value in pairs) + "".join(f"{line}\n" for line in axes)


def rows(shift=SHIFT, counts=COUNTS, end="\r\n") -> str:
    return "".join(f"{s:g}\t{c:g}{end}" for s, c in zip(shift, counts, strict=True))


def written(folder: Path, words: str | bytes, encoding: str = "cp1252") -> Path:
    path = folder / "x.txt"
    path.write_bytes(words if isinstance(words, bytes) else words.encode(encoding))
    return path


def read(folder: Path, words: str | bytes, encoding: str = "cp1252", spec: RamanSpec | None = None):
    return read_raman(written(folder, words, encoding), "x.txt", spec)


def plain(path: Path) -> np.ndarray:
    """The rows of a file, by numpy alone."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line for line in raw.decode("cp1252").replace("\r", "").split("\n") if line and line[0] != "#"]
    lead = len(lines[0]) - len(lines[0].lstrip("\t"))
    lines[0] = "\t".join(["nan"] * lead + [lines[0].lstrip("\t")]) if lead else lines[0]
    return np.array([[float(cell) for cell in line.split("\t")] for line in lines])


MEASURED = [
    "labspec/ZnF2_532.txt", "labspec/WT_spectrum_wn.txt.gz", "labspec/acetonitrile_473nm.txt", "diadfit/Ne1_01.txt",
    "diadfit/Ne2_01.txt", "diadfit/Ne5_01.txt", "diadfit/g36-mi1_03.txt", "diadfit/g45-mi1bub1_01.txt",
    "labspec5/ts.txt", "chada/Ho633_neon.txt", "chada/Ho633_Si.txt", "chada/Ho633_calcite.txt",
    "pypi/raman_fitting_Si_spectrum01.txt",
]  # fmt: skip


@pytest.mark.parametrize("name", MEASURED)
def test_measured_file_is_read_as_a_plain_parser_reads_it(data_folder: Path, name: str) -> None:
    path = data_folder / "raman" / name
    scan, table = read_raman(path, name), plain(path)
    if np.isnan(table[0, 0]):
        axis, values = table[0, 1:], table[1:, 1:]
        assert np.array_equal(scan.coordinates[:, 0], table[1:, 0])
    else:
        axis, values = table[:, 0], table[:, 1:].T
    order = np.argsort(axis)
    assert np.array_equal(scan.shift_cm1, axis[order])
    assert np.array_equal(scan.intensity, values[:, order])


def test_acquisition_of_measured_files(data_folder: Path) -> None:
    folder = data_folder / "raman"
    zn = read_raman(folder / "labspec/ZnF2_532.txt", "z")
    assert (zn.laser_nm, zn.exposure_s, zn.accumulations, zn.intensity_unit) == (532.0, 300.0, 12.0, "Cnt")
    assert zn.baseline_subtracted and [one.split()[0] for one in zn.history] == ["Base:Fit", "Base:Sub"] * 2
    assert zn.keys.count("Base:Sub") == 2 and zn.first("Range (cm-¹)") == "200...800"
    acn = read_raman(folder / "labspec/acetonitrile_473nm.txt", "a")
    assert (acn.laser_nm, acn.exposure_s, acn.accumulations) == (473.0, 0.4, 50.0)
    assert acn.filtered and not acn.baseline_subtracted and "descends" in " ".join(acn.notes)
    assert acn.axis_evidence == "AxisUnit[1]=1/cm"
    wt = read_raman(folder / "labspec/WT_spectrum_wn.txt.gz", "w")
    assert wt.axis_evidence.startswith("Spectro (cm-¹)=") and "ICS correction: On" in wt.history
    ts = read_raman(folder / "labspec5/ts.txt", "t")
    assert ts.intensity.shape == (100, 1024) and ts.coordinate_names == ("coordinate",)
    assert "does not state the unit" in " ".join(ts.notes)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("turn", [1, -1])
def test_encodings_line_ends_and_directions(tmp_path: Path, encoding: str, ends: str, turn: int) -> None:
    words = header() + rows(SHIFT[::turn], COUNTS[::turn], ends)
    scan = read(tmp_path, words, encoding)
    assert scan.format == "labspec" and np.array_equal(scan.shift_cm1, SHIFT)
    assert np.array_equal(scan.intensity, COUNTS[None])
    assert [k for k, _ in HEADER if k == "Range"] == [k for k in scan.keys if k == "Range"]
    assert scan.first("Range") == "Off" and scan.first("Title") == "a=b"
    assert scan.first("Spectro (cm-¹)") == "300" and scan.exposure_s == 0.4 and not scan.filtered


@pytest.mark.parametrize("lead", [1, 2, 3])
@pytest.mark.parametrize("with_header", [True, False])
@pytest.mark.parametrize("comma", [True, False])
def test_series_maps_and_volumes(tmp_path: Path, lead: int, with_header: bool, comma: bool) -> None:
    rng = np.random.default_rng(3)
    values, places = np.round(rng.normal(100, 9, (5, 16)), 2), np.round(rng.normal(0, 9, (5, lead)), 2)
    words = "\t" * lead + "\t".join(f"{s:g}" for s in SHIFT[::-1]) + "\n"
    for place, row in zip(places, values, strict=True):
        words += "\t".join(f"{v:g}" for v in [*place, *row[::-1]]) + "\n"
    words = words.replace(".", ",") if comma else words
    axes = [
        *AXES,
        "#AxisType[2]=X",
        "#AxisUnit[2]=µm",
        "#AxisType[3]=Y",
        "#AxisUnit[3]=µm",
        "#AxisType[4]=Z",
        "#AxisUnit[4]=µm",
    ]
    scan = read(tmp_path, (header(axes=axes) if with_header else "") + words)
    assert scan.format == "labspec" and np.array_equal(scan.intensity, values)
    assert np.array_equal(scan.coordinates, places) and np.array_equal(scan.shift_cm1, SHIFT)
    expected = ("X", "Y", "Z")[:lead] if with_header or lead > 1 else ("coordinate",)
    assert scan.coordinate_names == expected
    assert ("decimal commas" in " ".join(scan.notes)) == comma


def test_decimal_comma_of_a_single_spectrum(tmp_path: Path) -> None:
    pairs = [(key, value.replace(".", ",") if key[0] != "D" else value) for key, value in HEADER]
    scan = read(tmp_path, header(pairs) + rows().replace(".", ","))
    assert np.array_equal(scan.intensity, COUNTS[None]) and scan.exposure_s == 0.4


def test_stitched_windows_are_sorted_and_double_points_averaged(tmp_path: Path) -> None:
    one, two = np.arange(100.0, 200.0, 1.5), np.arange(190.0, 300.0, 1.0)
    shift = np.concatenate([one, two])
    scan = read(tmp_path, header() + rows(shift, shift * 2))
    assert np.all(np.diff(scan.shift_cm1) > 0) and scan.shift_cm1.size == np.unique(shift).size
    assert np.allclose(scan.intensity[0], 2 * scan.shift_cm1) and "stitched" in " ".join(scan.notes)


def test_wavelength_axis_needs_the_laser(tmp_path: Path) -> None:
    nm = 1e7 / (1e7 / 532.0 - SHIFT)
    axes = [*AXES[:3], "#AxisUnit[1]=nm"]
    body = "".join(f"{w:.9g}\t{c:g}\n" for w, c in zip(nm, COUNTS, strict=True))
    scan = read(tmp_path, header(axes=axes) + body)
    assert np.allclose(scan.shift_cm1, SHIFT, atol=1e-3) and "0.1 nm there moves all shifts by 3.5" in " ".join(
        scan.notes
    )
    without = header([pair for pair in HEADER if "Laser" not in pair[0]], axes) + body
    with pytest.raises(UserError, match=r"the axis is in nm and the file does not state the laser.*laser_nm"):
        read(tmp_path, without)
    again = read(tmp_path, without, spec=RamanSpec(laser_nm=532.0))
    assert np.array_equal(again.shift_cm1, scan.shift_cm1)
    with pytest.raises(UserError, match="no laser of a Raman spectrometer"):
        read(tmp_path, without, spec=RamanSpec(laser_nm=5320.0))


def test_range_key_tells_the_unit_and_axis_lines_win(tmp_path: Path) -> None:
    pairs = [("Acq. time (s)", "1"), ("Range (nm)", "425...625"), ("Laser", "405nm_Edge")]
    nm = np.linspace(425, 430, 16)
    body = rows(nm, COUNTS)
    assert np.allclose(read(tmp_path, header(pairs, []) + body).shift_cm1, 1e7 / 405 - 1e7 / nm, atol=0.2)
    assert np.allclose(read(tmp_path, header(pairs) + body).shift_cm1, np.round(nm, 6), atol=1e-3)


def test_labspec_4_header(tmp_path: Path) -> None:
    pairs = [
        ("Exposition", "10"),
        ("Accumulation", "30"),
        ("Spectro", "979.889"),
        ("Laser", "532.1"),
        ("Grating", "1800"),
    ]
    scan = read(tmp_path, header(pairs, []) + rows())
    assert (scan.exposure_s, scan.accumulations, scan.laser_nm) == (10.0, 30.0, 532.1)
    assert "does not state the unit" in " ".join(scan.notes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (header(), "no row of numbers"),
        (header() + rows() + "131\t1\t2\r\n132\t3\r\n", "line 32: 3 columns where the first row has 2"),
        (header() + rows().replace("500", "5oo", 1) + "131\t12x\r\n", "'12x' is no number"),
        (header() + rows(counts=[*COUNTS[:3], np.nan, *COUNTS[4:]]), "no intensity at 106 on the axis"),
        (header() + "100\t3\n101\t4\n", "2 points: a spectrum needs at least 8"),
        (header() + rows(np.tile([1.0, 2.0, 1.5, 3.0], 4)), "goes to and fro"),
        ("\t" + "\t".join("123456789") + "\n", "an axis without spectra"),
        ("some words\nwithout numbers\n", "no Raman spectrum in a known format"),
        (b"WDF1\x00\x02abc", "this WiRE file is cut off or broken"),
        (b"LabSpec6\x00\x01", "binary LabSpec 6 file"),
        (b"\x1f\x8b\x08broken", "gzip file is broken"),
        (b"", "file is empty"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, words: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, words)


def test_a_row_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    scan = read(tmp_path, header() + rows() + "131.0")
    assert scan.shift_cm1.size == 16 and "was left out: it holds 1 of 2 numbers" in " ".join(scan.notes)


@given(
    st.lists(st.integers(-500, 60000), min_size=8, max_size=40),
    st.sampled_from(["\t", ";", ",", " "]),
    st.booleans(),
)
def test_two_columns_come_back_whatever_the_separator(counts: list[int], separator: str, descending: bool) -> None:
    shift = 50.0 + 0.25 * np.arange(len(counts))
    order = slice(None, None, -1) if descending else slice(None)
    words = "".join(f"{s:.2f}{separator}{c}.5\n" for s, c in list(zip(shift, counts, strict=True))[order])
    file = text_file(words.encode(), "x")
    reader, evidence = recognise(file)
    scan = reader.read(file, evidence)
    assert scan.format == "columns_text" and np.array_equal(scan.shift_cm1, shift)
    assert np.array_equal(scan.intensity[0], [float(f"{c}.5") for c in counts])


def test_plain_text_header_names_unit_and_laser(tmp_path: Path) -> None:
    words = "excitation 785 nm line\nwavelength (nm); counts\n" + "".join(f"{800 + i},5;{i},25\n" for i in range(20))
    scan = read(tmp_path, words)
    assert scan.laser_nm == 785.0 and scan.shift_cm1[0] == pytest.approx(1e7 / 785 - 1e7 / 800.5)
    assert scan.intensity[0, 1] == 1.25


def test_describe_says_how_it_was_read(tmp_path: Path) -> None:
    lines = describe_raman(written(tmp_path, header() + rows()), "x.txt")
    assert "100 to 130 1/cm, 16 points: AxisUnit[1]=1/cm" in " ".join(lines) and "532 nm, 0.4 s x 5" in " ".join(lines)


def test_demo_files_are_read(tmp_path: Path) -> None:
    from ntcspec.demo import find_resources, raman

    made = raman.make(find_resources(), 7)
    for name, content in made.files.items():
        scan = read(tmp_path, content)
        assert scan.format == "labspec" and scan.shift_cm1.size == 1024 and np.all(np.diff(scan.shift_cm1) > 0), name
        assert scan.laser_nm == 532.0 and scan.filtered == ("26h" not in name)


@given(st.integers(0, 600), st.binary(max_size=6), st.integers(0, 40))
def test_a_damaged_file_is_read_or_refused_but_never_crashes(at: int, put: bytes, cut: int) -> None:
    content = (header() + rows()).encode("cp1252")
    at = min(at, len(content))
    try:
        file = text_file(content[:at] + put + content[at + cut :], "x")
        reader, evidence = recognise(file)
        scan = reader.read(file, evidence)
    except UserError as error:
        assert error.what
    else:
        assert np.isfinite(scan.intensity).all() and np.all(np.diff(scan.shift_cm1) > 0)
