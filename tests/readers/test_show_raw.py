"""`ntcspec show RAWFILE`: what became what and why, for every file of the collection; never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.cli import main
from ntcspec.demo.series import SERIES
from ntcspec.demo.xanes import make
from ntcspec.readers import describe

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"
SECTIONS = ("file      ", "format    ", "element   ", "energy    ", "rows      ", "columns", "modes")
REFUSED = {  # what the message says of files that hold no scan, or do not say which column is what
    "CLS_VLSPGM_SL2_FeSO4_excerpt.dat": "which ammeter is I0 differs",
    "FEFF6_TaCl6_bent15.chi": "the format of this file is not known",
    "FEFF6_TaCl6_linear.chi": "the format of this file is not known",
    "Ru_QAS.dat": "the format of this file is not known",
    "Ru_QAS_athena_k_chi.dat": "this is chi(k), already reduced",
    "SLS_PHOENIX_Al-K_tender.dat": "the format of this file is not known",
}


def show(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["show", str(path)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_every_file_is_shown_or_refused_with_a_way_out(xas_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [p for p in xas_data.rglob("*") if p.suffix in (".dat", ".xdi", ".prj", ".nxs", ".chi")]
    assert len(files) >= 20
    for path in files:
        code, out, err = show(path, capsys)
        if path.name in REFUSED:
            assert code == 1 and not out, path.name
            assert f"{path.name}" in err and REFUSED[path.name] in err and " -> " in err, path.name
            assert err.count("\n") == 1, path.name
            continue
        assert code == 0 and not err, path.name
        several = "\nscans     " in out
        assert all(f"\n{part}" in f"\n{out}" for part in (SECTIONS[:2] if several else SECTIONS)), path.name
        assert not several or "select" in out


def test_columns_with_their_roles_and_reasons(xas_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(xas_data / "CLS_SXRMB_Zn_foil_XANES_scan1.dat", capsys)
    for line in (
        "format    sxrmb: line 10: '# Facility: CLS SXRMB Beamline'; line 37: '# EnergyFeedback.X",
        "element   Zn K",
        "energy    9629.040 to 9779.280 eV: line 37: column 'EnergyFeedback'; Acquaman writes eV",
        "   2 EnergyFeedback           [eV]       energy",
        "   3 BeamlineI0Detector                  fluorescence: denominator, tey: denominator",
        "  fluorescence: ZnKa1 / BeamlineI0Detector",
        "line 20: 8511.06 to 8766.66 eV; line 14: scanned edge Zn K",
        "  tey: TEYDetector / BeamlineI0Detector",
        "  - energy: the readback, column 2 'EnergyFeedback'; the set point 'EnergyFeedback.X' differs by up to 0.05 eV",
    ):
        assert line in out
    _, out, _ = show(xas_data / "PF_BL12C_angle_Hg-L3.dat", capsys)
    assert "   2 Angle(o)                    [deg]      energy\n" in out
    _, out, _ = show(xas_data / "CLS_HXMA_dialectA_As_K.dat", capsys)
    assert "   4 MONO16061I1001:Energy:sp   [eV]       energy\n" in out
    assert out.count("       energy\n") == 1  # the feedback holds the same numbers


def test_both_yields_of_sgm_and_sxrmb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make(RESOURCES, 11)
    stem = next(member.stem for member in SERIES if member.stem == "NaCl")
    _, out, _ = show(rawfiles.write(tmp_path, made.files[f"sgm/{stem}_NaK.nxs"], "sgm.nxs"), capsys)
    assert "format    sgm: entry1/command: 'eemscan en 1060 1110 15', with entry1/i0" in out
    assert "repeat scans, all taken unless `select` says otherwise" in out
    assert "fluorescence: (sdd1 + sdd2 + sdd3" in out and "tey: tey / i0" in out
    assert "region of interest" in out
    _, out, _ = show(rawfiles.write(tmp_path, rawfiles.sxrmb(), "sxrmb.dat"), capsys)
    assert "  fluorescence: ClKa1 / BeamlineI0Detector" in out and "  tey: TEYDetector / BeamlineI0Detector" in out


def test_energy_column_in_kev(tmp_path: Path) -> None:
    rows = [f"{9.8 + 0.01 * i:.3f} {1000 + i} 500" for i in range(20)]
    lines = describe(rawfiles.read(tmp_path, rawfiles.xdi(["energy keV", "i0", "itrans"], rows)))
    assert [line for line in lines if line.endswith(" energy")] == ["   1 energy  [keV]      energy"]


def test_what_is_no_raw_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (b"", b"words\n", bytes(range(256)), b"\x89HDF\r\n\x1a\n", b"1 2\n3 4\n", np.zeros(9).tobytes()):
        code, out, err = show(rawfiles.write(tmp_path, content), capsys)
        assert code == 1 and not out and "x.dat" in err and " -> " in err and "Traceback" not in err
    assert show(tmp_path, capsys)[0] == 1 and show(tmp_path / "none", capsys)[0] == 1
