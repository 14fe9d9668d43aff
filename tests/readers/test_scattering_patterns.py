"""Patterns: formats, units, wavelengths, refusals; and whatever the numbers, what is written is read."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers.scattering import PatternSpec, describe_scattering, is_image, read_pattern
from ntcspec.readers.scattering.pattern import to_q
from ntcspec.readers.scattering.pattern_header import _unit_in

AXIS = np.linspace(0.5, 24.0, 40)


def write(folder: Path, text: str, name: str = "x.dat") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(*columns: object) -> str:
    return "".join(" ".join(f"{value:.9g}" for value in row) + "\n" for row in zip(*columns, strict=True))  # type: ignore[call-overload]


def pyfai(unit: str = "q_A^-1", wave: str = "# Wavelength: 2.095e-11 m\n") -> str:
    return f"# == pyFAI calibration ==\n# Distance Sample to Detector: 0.2 m\n{wave}#\n# {unit}\t I\n"


@pytest.mark.parametrize(
    ("file", "form", "unit", "wave", "points", "last", "has_sigma"),
    [
        ("ni_pdfttp/Ni.chi", "srxplanar", "1/A", 0.1835957, 1576, 31.5, True),
        ("xpd_formats/KFe2As2-00838_twotheta.chi", "srxplanar", "2theta_deg", 0.1078, 2157, 42.837, True),
        ("tio2_film_on_glass/glass.chi", "fit2d_chi", "1/nm", np.nan, 1485, 32.2805, False),
        ("amorphous_glassure/Mg2SiO4_ambient.xy", "pyfai", "1/A", 0.1908, 4845, 28.4389, False),
        ("xpd_formats/Ni_chi_file.chi", "pyfai", "1/A", 0.1671, 1480, 31.5424, False),
        ("image_ceo2_pilatus/CeO2_Pilatus1M.xy", "pyfai", "2theta_deg", 0.4066, 1512, 8.2139, False),
    ],
)
def test_measured_files(
    data_folder: Path, file: str, form: str, unit: str, wave: float, points: int, last: float, has_sigma: bool
) -> None:
    path = data_folder / "scattering" / file
    assert not is_image(path, file)
    one = read_pattern(path, file)
    assert (one.format, one.axis_unit, one.q_inv_ang.size) == (form, unit, points)
    np.testing.assert_allclose(one.wavelength_ang, wave, rtol=1e-6)
    assert one.q_inv_ang[-1] == pytest.approx(last, rel=1e-5)
    assert bool(one.sigma.size) == has_sigma
    assert one.axis_evidence.startswith("line ") and (np.isnan(wave) or one.wavelength_evidence.startswith("line "))


def test_fit2d_and_srxplanar_of_one_image_agree(data_folder: Path) -> None:
    """Two programs, two headers, one image: the beam stop aside, the axes and intensities are the same."""
    folder = data_folder / "scattering" / "xpd_formats"
    own = read_pattern(folder / "KFe2As2-00838_twotheta.chi", "a")
    with pytest.raises(
        UserError, match=r"axis is an angle, and nothing says the wavelength -> give ingest\.wavelength_ang"
    ):
        read_pattern(folder / "KFe2As2-00838_fit2d.chi", "b")
    other = read_pattern(folder / "KFe2As2-00838_fit2d.chi", "b", spec=PatternSpec(wavelength_ang=0.1078))
    peak = (own.q_inv_ang > 2.0) & (own.q_inv_ang < 10.0)
    ours, theirs = own.intensity[peak], np.interp(own.q_inv_ang[peak], other.q_inv_ang, other.intensity)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99


def test_the_unit_is_what_the_study_says_else_what_the_header_says_else_refused(
    tmp_path: Path, data_folder: Path
) -> None:
    path = data_folder / "scattering" / "lab6_esrf" / "LaB6_0p4mm_011_av10_monitor.xye"
    with pytest.raises(UserError, match=r"nothing in the file says the unit of its axis -> give ingest\.axis_unit"):
        read_pattern(path, "l.xye")
    one = read_pattern(path, "l.xye", spec=PatternSpec("2theta_deg", 0.270793))
    reference = np.loadtxt(data_folder / "scattering/lab6_esrf/LaB6_0p4mm_011_av10_monitor.iq")
    # PDFgetX3's .iq lies on its own grid: its steps within this axis
    assert one.q_inv_ang[0] == pytest.approx(4 * np.pi / 0.270793 * np.sin(np.radians(1.60014 / 2)), rel=1e-12)
    assert one.q_inv_ang[0] < reference[0, 0] and one.q_inv_ang[-1] > reference[-1, 0]
    told = read_pattern(write(tmp_path, "# Q (1/nm)   I\n" + rows(10 * AXIS, AXIS)), "x")
    np.testing.assert_allclose(told.q_inv_ang, AXIS, rtol=1e-8)
    wins = read_pattern(write(tmp_path, pyfai("q_nm^-1") + rows(AXIS, AXIS)), "x", spec=PatternSpec("1/A", 0.3))
    assert wins.q_inv_ang[-1] == 24.0 and wins.wavelength_ang == 0.3
    assert any("study says the axis is 1/A, the header 1/nm" in note for note in wins.notes)
    assert any("wavelength: the study says 0.3 A, the header 0.2095 A" in note for note in wins.notes)


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("# Q (Å^-1)  I", "1/A"), ("#L Q($\\AA^{-1}$) I", "1/A"), ("# Q[A-1] I", "1/A"), ("Q (Inverse Angstroms)", "1/A"),
        ("# Q [Å⁻¹]", "1/A"), ("# q_A^-1 I", "1/A"), ("# Q(1/A)", "1/A"), ("# Q, 1/Angstrom", "1/A"),
        ("# q (1/nm) I", "1/nm"), ("# Q(nm^-1)", "1/nm"), ("# q_nm^-1 I", "1/nm"), ("Q (Inverse Nanometres)", "1/nm"),
        ("2theta (deg)  I", "2theta_deg"), ("# 2Theta(degree)", "2theta_deg"), ("#2th_deg I", "2theta_deg"),
        ("2-Theta Angle (Degrees)", "2theta_deg"), ("# 2θ (°) I", "2theta_deg"), ("# two_theta_rad I", "2theta_rad"),
        ("# Quality nm", ""), ("# d (A) I", ""), ("# tth I", ""), ("# Intensity (1/nm)", ""), ("# Freq 1/A", ""),
    ],
)  # fmt: skip
def test_units_as_headers_write_them(words: str, unit: str) -> None:
    assert _unit_in(words) == unit


@pytest.mark.parametrize(
    ("text", "spec", "message"),
    [
        (pyfai() + rows(10 * AXIS, AXIS), None, r"ends at Q = 240 1/A, not between 4 and 100 -> is ingest.axis_unit 1/nm\?"),
        (pyfai("q_nm^-1") + rows(AXIS, AXIS), None, r"ends at Q = 2.4 1/A, .* is ingest.axis_unit 1/A\?"),
        (pyfai("2th_deg") + rows(9 * AXIS, AXIS), None, r"2theta runs from 4.5 to 216 degrees"),
        (pyfai("2th_deg", "") + rows(AXIS, AXIS), None, r"nothing says the wavelength"),
        (pyfai(wave="# Wavelength: 2095 m\n") + rows(AXIS, AXIS), None, r"a wavelength of 2.095e\+13 A cannot be"),
        (pyfai() + rows(AXIS - 1, AXIS), None, r"Q starts at -0.5 1/A"),
        (pyfai() + rows(np.r_[AXIS[:9], AXIS[8:]], np.r_[0, AXIS]), None, r"x, line 15: the axis goes from .* must rise"),
        (pyfai() + rows(AXIS, AXIS) + "24.5 nan\n", None, r"x, line 46: a value is NaN or infinite"),
        (pyfai() + rows(AXIS, AXIS) + "24.5 1O.2\n", None, r"line 46, column 2 'intensity': '1O.2' is no number"),
        (pyfai() + rows(AXIS, AXIS, -AXIS), None, r"the third column, the uncertainty, is negative"),
        (pyfai() + rows(AXIS, AXIS, AXIS, AXIS), None, r"4 columns: an axis, an intensity"),
        (pyfai() + rows(AXIS[:5], AXIS[:5]), None, r"5 rows of numbers are no pattern"),
        ("no numbers here\n", None, r"there is no row of numbers"),
        ("title\nQ (Inverse Nanometres)\nIntensity\n  99\n" + rows(10 * AXIS, AXIS), None, r"line 4: 99 points are announced, 40 are there"),
        ("[DEFAULT]\nversion = diffpy.pdfgetx-2\noutputtype = gr\n" + rows(AXIS, AXIS), None, r"line 3: this is a result of PDFgetX3 \(gr\)"),
        ("[Experiment]\nintegrationspace = rspace\n#### start data\n" + rows(AXIS, AXIS), None, r"line 2: integrationspace 'rspace' is not known"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, text: str, spec: PatternSpec | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_pattern(write(tmp_path, text), "x", spec=spec)


def test_a_scan_of_the_sample_height_is_no_pattern(data_folder: Path) -> None:
    path = data_folder / "scattering" / "lab_absorption" / "CeO2_635um_zscan.xy"
    with pytest.raises(UserError, match=r"2theta runs from -0\.5 to 1 degrees"):
        read_pattern(path, "z.xy", spec=PatternSpec("2theta_deg", 0.7093))


def test_a_descending_axis_is_turned_round_and_zero_uncertainties_are_none(tmp_path: Path) -> None:
    text = pyfai() + rows(AXIS[::-1], AXIS[::-1] ** 2, 0 * AXIS)
    one = read_pattern(write(tmp_path, text), "x")
    np.testing.assert_allclose(one.intensity, AXIS**2, rtol=1e-8)
    assert not one.sigma.size and any("turned round" in n for n in one.notes) and any("all 0" in n for n in one.notes)
    assert any(line.startswith("uncertainty not in") for line in describe_scattering(tmp_path / "x.dat", "x"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.001, 0.5), min_size=20, max_size=40),
    st.sampled_from(["1/A", "1/nm", "2theta_deg", "2theta_rad"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_what_is_written_is_read(steps: list[float], unit: str, third: bool, end: str, data: st.DataObject) -> None:
    """Any axis in any unit, any counts, any line ends: numbers come back exactly, Q within rounding."""
    q = 4.5 * np.cumsum(steps) / np.sum(steps) + 0.1
    wave = 0.5
    theta = 2 * np.arcsin(q * wave / (4 * np.pi))
    axis = {"1/A": q, "1/nm": 10 * q, "2theta_deg": np.degrees(theta), "2theta_rad": theta}[unit]
    y = np.array(data.draw(st.lists(st.floats(-1e9, 1e9), min_size=q.size, max_size=q.size)))
    sigma = np.array(data.draw(st.lists(st.floats(1e-6, 1e6), min_size=q.size, max_size=q.size)))
    columns = [axis, y, sigma] if third else [axis, y]
    name = {"1/A": "q_A^-1", "1/nm": "q_nm^-1", "2theta_deg": "2th_deg", "2theta_rad": "2th_rad"}[unit]
    body = "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in zip(*columns, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.chi"
        path.write_bytes((pyfai(name, f"# Wavelength: {wave * 1e-10!r} m\n") + body).replace("\n", end).encode())
        one = read_pattern(path, "x.chi")
    np.testing.assert_array_equal(one.intensity, y)
    np.testing.assert_array_equal(one.sigma, sigma if third else np.zeros(0))
    np.testing.assert_allclose(one.q_inv_ang, q, rtol=1e-9)
    np.testing.assert_array_equal(one.q_inv_ang, to_q(axis, unit, one.wavelength_ang, "x"))
