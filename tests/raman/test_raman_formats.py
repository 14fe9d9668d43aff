"""LabSpec XML, JCAMP-DX and ROD."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers.raman import RamanSpec, read_raman, recognise
from ntcspec.readers.text import text_file


def scan_of(words: str, spec: RamanSpec | None = None):
    file = text_file(words.encode(), "x")
    reader, evidence = recognise(file)
    return reader.read(file, evidence, spec)


# --- LabSpec XML: made to the layout of files that LabSpec 6 wrote -----------------------------------

NM = np.linspace(530.0, 560.0, 12)


def xml(unit: str = "1/cm", axis: np.ndarray = NM, x: int = 1, y: int = 1, rows: int | None = None) -> str:
    def leaf(kind: str, name: str, words: object) -> str:
        return f'<LSX Format="{kind}" ID="{name}">{words}</LSX>'

    def place(i: int, name: str, values: np.ndarray) -> str:
        vector = f'<LSX Format="6" ID="0x7D6CD4DB" Size="{values.size}">\n{" ".join(map(str, values))}\n</LSX>'
        return f'<LSX ID="0x{i}">{vector}{leaf("7", "0x6D707974", name)}{leaf("7", "0x7C696E75", "µm")}</LSX>'

    spectral = f'<LSX ID="0x1"><LSX ID="0x7D6CD4DB">{" ".join(map(str, axis))}</LSX>'
    spectral += leaf("7", "0x6D707974", "Spectr") + leaf("7", "0x7C696E75", unit) + "</LSX>"
    intensity = f'<LSX ID="0x0">{leaf("7", "0x6D707974", "Intens")}{leaf("7", "0x7C696E75", "Cnt/sec")}</LSX>'
    extra = place(2, "X", 10.0 * np.arange(x)) + place(3, "Y", 1.0 * np.arange(y)) if x * y > 1 else ""
    entries = [
        ("Acq. time (s)", 2, ""),
        ("Accumulations", 3, ""),
        ("Laser (nm)", "633 ", 632.817),
        ("Range", "Off", ""),
    ]
    head = "".join(
        f'<LSX ID="0xAA{i}">{leaf("7", "0x6D6D616E", k)}{leaf("7", "0x7D6C61DB", v)}'
        + (leaf("5", "0x8736F70", e) if e else "") + "</LSX>"
        for i, (k, v, e) in enumerate(entries)
    )  # fmt: skip
    data = "".join(
        f'<LSX_Row Index="{i}">\n{" ".join(str(100 * i + j) for j in range(axis.size))}\n</LSX_Row>'
        for i in range(x * y if rows is None else rows)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<LSX_Data>\n<LSX_Tree ID="0x69746164">'
        f'<LSX ID="0x7A74D9D6"><LSX ID="0x7B697861">{intensity}{spectral}{extra}</LSX></LSX>'
        f'<LSX ID="0x6C62D4D9"><LSX ID="0x8716361">{head}</LSX></LSX></LSX_Tree>'
        f"<LSX_Matrix>{data}</LSX_Matrix></LSX_Data>"
    )


def test_xml_spectrum_and_its_units() -> None:
    scan = scan_of(xml())
    assert scan.format == "labspec_xml" and np.allclose(scan.shift_cm1, NM)
    assert (scan.laser_nm, scan.exposure_s, scan.accumulations, scan.intensity_unit) == (632.817, 2.0, 3.0, "Cnt/sec")
    nu = 1e7 / 632.817
    for unit, back in (
        ("nm", lambda s: 1e7 / (nu - s)),
        ("1/cm abs", lambda s: nu - s),
        ("eV", lambda s: (nu - s) / 8065.543937),
    ):
        again = scan_of(xml(unit, back(NM)))
        assert np.allclose(again.shift_cm1, NM, atol=1e-6), unit
        assert np.array_equal(np.sort(again.intensity), np.sort(scan.intensity))
    with pytest.raises(UserError, match="the unit 'furlong' of the axis is not known"):
        scan_of(xml("furlong"))


def test_xml_map_runs_along_x_first() -> None:
    scan = scan_of(xml(x=3, y=2))
    assert scan.coordinate_names == ("X", "Y") and scan.coordinate_units == ("µm", "µm")
    assert scan.coordinates.tolist() == [[0, 0], [10, 0], [20, 0], [0, 1], [10, 1], [20, 1]]
    assert np.array_equal(scan.intensity[:, 0], 100 * np.arange(6))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (xml()[:-20], "this XML is broken"),
        (xml(x=3, y=2, rows=5), "5 spectra where the axes ask for 6"),
        (xml(rows=0), "holds no spectrum"),
        (xml().replace("0x7B697861", "0x0"), "holds no axes"),
    ],
)
def test_xml_that_is_broken_says_so(words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scan_of(words)


# --- JCAMP-DX ----------------------------------------------------------------------------------------

HEAD = "##TITLE=quartz\n##JCAMP-DX=4.24\n##DATA TYPE=RAMAN SPECTRUM\n##XUNITS=1/CM\n##YUNITS=COUNTS\n##LASER=514.5\n"
# The worked example of the standard (McDonald and Wilks 1988): one line in all forms.
EXAMPLE = [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]
FORMS = {
    "affn": "100 1 2 3 3 2 1 0 -1 -2 -3",
    "pac": "100+1+2+3+3+2+1+0-1-2-3",
    "sqz": "100ABCCBA@abc",
    "dif": "100AJJ%jjjjjj",
    "difdup": "100AJT%jX",
}


@pytest.mark.parametrize("form", list(FORMS))
def test_jcamp_forms_of_the_standard(form: str) -> None:
    words = f"{HEAD}##FIRSTX=100\n##LASTX=109\n##NPOINTS=10\n##YFACTOR=2\n##XYDATA=(X++(Y..Y))\n{FORMS[form]}\n##END=\n"
    scan = scan_of(words)
    assert scan.format == "jcampdx" and scan.laser_nm == 514.5 and scan.intensity_unit == "COUNTS"
    assert np.array_equal(scan.shift_cm1, np.arange(100, 110)) and np.array_equal(
        scan.intensity[0], 2.0 * np.array(EXAMPLE)
    )


def dif_lines(values: list[int], width: int) -> str:
    """Lines in DIF form, with the check that each begins with the last value of the one before."""

    def letter(value: int, letters: str) -> str:
        digits = str(abs(value))
        return letters[int(digits[0]) if value >= 0 else 9 + int(digits[0])] + digits[1:]

    out = []
    for start in range(0, len(values), width):
        first = max(start - 1, 0)
        block = values[first : start + width]
        line = f"{start}" + letter(block[0], "@ABCDEFGHIabcdefghi")
        out.append(line + "".join(letter(b - a, "%JKLMNOPQRjklmnopqr") for a, b in pairwise(block)))
    return "\n".join(out)


@given(st.lists(st.integers(-99999, 99999), min_size=10, max_size=60), st.integers(3, 9))
def test_jcamp_differences_come_back(values: list[int], width: int) -> None:
    head = f"{HEAD}##FIRSTX=50\n##LASTX={49 + len(values)}\n##NPOINTS={len(values)}\n##XYDATA=(X++(Y..Y))\n"
    scan = scan_of(head + dif_lines(values, width) + "\n##END=\n")
    assert np.array_equal(scan.intensity[0], values)


def test_jcamp_pairs_and_wavelengths() -> None:
    pairs = "\n".join(f"{x}, {y}" for x, y in zip(range(20, 8, -1), range(12), strict=True))
    scan = scan_of(f"{HEAD}##XYPOINTS=(XY..XY)\n{pairs}\n##END=\n")
    assert np.array_equal(scan.shift_cm1, np.arange(9, 21)) and np.array_equal(scan.intensity[0], np.arange(11, -1, -1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "##FIRSTX=0\n##LASTX=9\n##NPOINTS=12\n##XYDATA=(X++(Y..Y))\n0 1 2 3 4 5 6 7 8 9 9\n",
            "10 points, NPOINTS says 12",
        ),
        ("##FIRSTX=0\n##LASTX=9\n##XYDATA=(X++(Y..Y))\n0AJJJJ\n4ZJJJJ\n", "begins with a difference|check fails"),
        ("##FIRSTX=0\n##LASTX=9\n##XYDATA=(X++(Y..Y))\n0AJJJJ\n4FJJJJ\n", "the check fails"),
        ("##FIRSTX=0\n##LASTX=9\n##XYDATA=(X++(Y..Y))\n0 1 ? 3\n", "a value is missing"),
        ("##XYDATA=(X++(Y..Y))\n0 1 2 3\n", "FIRSTX or LASTX is missing"),
        ("##FIRSTX=0\n##LASTX=9\n##XYDATA=(X++(Y..Y))\n0 1 2 $ 3\n", "characters of no JCAMP-DX form"),
        ("##FIRSTX=0\n##LASTX=9\n##XYDATA=(X++(Y..Y))\n0AZ99999999\n", "is to be repeated"),
        ("##PEAK TABLE=(XY..XY)\n1,2\n", "a peak table, no spectrum"),
        ("##XYPOINTS=(XY..XY)\n1,2 3\n", "odd number of values"),
        ("##XYPOINTS=(XY..XY)\n1,two\n", "'1,two' is no row of numbers"),
    ],
)
def test_jcamp_that_is_broken_says_so(body: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scan_of(HEAD + body + "##END=\n")


# --- ROD ---------------------------------------------------------------------------------------------


def test_rod_entry(data_folder: Path) -> None:
    path = data_folder / "raman" / "rod" / "rod_1000679.rod"
    scan = read_raman(path, "r")
    lines = path.read_text().split("_raman_spectrum.intensity\n")[1].splitlines()
    table = np.array([[float(c) for c in line.split()] for line in lines if line and line[0].isdigit()])
    assert (
        scan.format == "rod"
        and np.array_equal(scan.shift_cm1, table[:, 0])
        and np.array_equal(scan.intensity[0], table[:, 1])
    )
    assert scan.laser_nm == 488.0 and scan.exposure_s == 300.0 and not scan.baseline_subtracted
    assert scan.first("_chemical_name_mineral") == "K-cymrite"


ROD = (
    "data_1\n_raman_measurement_device.excitation_laser_wavelength 532\n_raman_measurement.baseline_correction yes\nloop_\n"
    "_raman_spectrum.raman_shift\n_raman_spectrum.intensity\n" + "".join(f"{100 + i} {i}\n" for i in range(10))
)


def test_rod_baseline_is_known() -> None:
    assert scan_of(ROD).baseline_subtracted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (ROD + ROD, "2 spectra in this file"),
        (ROD.replace("_raman_spectrum.intensity\n", ""), "a shift and no intensity"),
        (ROD.replace("104 4\n", "104 4 7\n"), "line 11: '104 4 7' is no row of 2 numbers"),
    ],
)
def test_rod_that_is_broken_says_so(words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scan_of(words)
