"""Files in PDFgetX3's style, read back by diffpy, numpy, the way PDFgui does, and by our own reader of .gr."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntcspec.export.pdfgetx import pdfgetx, rmcprofile

X = np.arange(0, 301) * 0.01
Y = np.sin(7 * X) - 0.3 * X
SIGMA = 0.01 * X
FACTS = {"mode": "xray", "composition": "NaTaCl6", "qmax": "24", "rpoly": "0.9", "normalisation": "adhoc"}


def as_pdfgui_reads(text: str) -> dict[str, np.ndarray | str]:
    """The rules of diffpy.pdfgui's PDFDataSet.readStr: header up to '#### start data', columns r G [dr dG], errors > 0."""
    begin = re.search(r"^#+ start data\s*(?:#.*\s+)*", text, re.M)
    assert begin
    header, body = text[: begin.end()], text[begin.end() :].strip()
    qmax = re.search(r"\b(?:qmax|Qmax) *= *([-+.\dEe]+)\b", header)
    xray = re.search(r"(x-?ray|PDFgetX)", header, re.I)
    rows = np.array([[float(v) for v in line.split()] for line in body.splitlines()])
    return {"qmax": qmax[1] if qmax else "", "type": "X" if xray else "", "rows": rows}


@pytest.mark.parametrize("kind", ["iq", "sq", "fq", "gr"])
def test_diffpy_reads_it(tmp_path: Path, kind: str) -> None:
    parsers = pytest.importorskip("diffpy.utils.parsers")
    path = tmp_path / f"pdf.{kind}"
    path.write_text(pdfgetx(kind, X, Y, SIGMA, facts=FACTS, words=("SIMULATED data",)), encoding="utf-8")
    x, y, dx, dy = np.array(parsers.load_data(path)).T
    np.testing.assert_allclose([x, y, dy], [X[1:], Y[1:], SIGMA[1:]], rtol=1e-9)
    assert not dx.any()
    header = parsers.load_data(path, headers=True)
    assert header["composition"] == "NaTaCl6" and float(header["qmax"]) == 24 and header["outputtype"] == kind


def test_pdfgui_finds_range_radiation_and_errors() -> None:
    found = as_pdfgui_reads(pdfgetx("gr", X, Y, SIGMA, facts=FACTS))
    assert (found["qmax"], found["type"]) == ("24", "X")
    assert found["rows"].shape == (300, 4) and (found["rows"][:, 3] > 0).all()


def test_without_errors_there_are_two_columns_and_all_rows() -> None:
    rows = as_pdfgui_reads(pdfgetx("gr", X, Y, np.empty(0), facts=FACTS))["rows"]
    np.testing.assert_allclose(rows, np.column_stack([X, Y]), rtol=1e-9)


def test_layout_is_that_of_published_files(data_folder: Path, tmp_path: Path) -> None:
    """The reader of the tests, made for files that PDFgetX3 wrote, takes ours; the markers are the same lines."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scattering"))
    from gr_files import read

    published = (data_folder / "scattering" / "ni_pdfttp" / "Ni.gr").read_text(encoding="utf-8")
    ours = pdfgetx("gr", X, Y, np.empty(0), facts=FACTS)
    (tmp_path / "x.gr").write_text(ours, encoding="utf-8")
    for marker in ("[DEFAULT]", "#### start data", "#S 1", "#L r(Å)  G(Å$^{-2}$)"):
        assert f"\n{marker}\n" in f"\n{published}" and f"\n{marker}\n" in f"\n{ours}"
    found = read(tmp_path / "x.gr")
    assert found.keys["rpoly"] == "0.9"
    np.testing.assert_allclose(found.y, Y, rtol=1e-9, atol=1e-12)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=40), fact=st.text(max_size=20))
def test_any_words_leave_the_numbers_alone(tmp_path: Path, words: str, fact: str) -> None:
    path = tmp_path / "pdf.gr"
    path.write_bytes(pdfgetx("gr", X, Y, SIGMA, facts={**FACTS, "inputfile": fact}, words=(words,)).encode("utf-8"))
    rows = as_pdfgui_reads(path.read_text(encoding="utf-8"))["rows"]
    np.testing.assert_allclose(rows[:, 1], Y[1:], rtol=1e-9)


def test_rmcprofile_has_count_and_title_above() -> None:
    lines = rmcprofile(X, Y, title="two\nlines").splitlines()
    assert lines[:2] == ["301", "two lines"]
    np.testing.assert_allclose(np.loadtxt(lines[2:]), np.column_stack([X, Y]), rtol=1e-9, atol=1e-12)


def test_broken_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        pdfgetx("gr", X, Y[1:], np.empty(0), facts={})
    with pytest.raises(ValueError, match="not finite"):
        pdfgetx("gr", X, Y * np.nan, np.empty(0), facts={})
    with pytest.raises(KeyError):
        pdfgetx("xx", X, Y, np.empty(0), facts={})
    with pytest.raises(ValueError, match="one length"):
        rmcprofile(X, Y[1:], title="x")


def test_the_command_writes_what_the_stages_made(tmp_path: Path) -> None:
    """The exporter of the command, on artifacts that the store wrote."""
    from types import SimpleNamespace

    from ntcspec import store
    from ntcspec.commands.export import EXPORTERS

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scattering"))
    from patterns import counted, reduced, shells, transform

    q = np.arange(20, 1225) * 0.02
    pattern = counted(q, shells(q, "NaTaCl6", [("Ta", "Cl", 6, 2.36, 0.08)]), "NaTaCl6")
    of = reduced(q, pattern + 20, np.sqrt(pattern + 20), container=0 * q + 20, container_sigma=0 * q + 1)
    t = transform(of, "NaTaCl6", qmax_inv_ang=24.0)
    record = {"sample": "x", "study": "s", "measurement": "pdf", "simulated": True, "ancestry": {}, "key": "0123",
              "ntcspec": "0.1.0", "parameters": {"composition": "NaTaCl6"}}  # fmt: skip
    for stage, result in (("reduce", of), ("transform", t)):
        store.write(tmp_path / f"{stage}.nxs", result, {**record, "stage": stage})
    study, m = (
        SimpleNamespace(root=tmp_path),
        SimpleNamespace(folder=".", simulated=True, sample="x", name="pdf", label="x"),
    )
    groups, files = EXPORTERS["scattering"](study, m)  # type: ignore[arg-type]
    assert not groups and set(files) == {"pdf.iq", "pdf.sq", "pdf.fq", "pdf.gr", "gr.rmc", "sq.rmc"}
    text = files["pdf.gr"].decode()
    found = as_pdfgui_reads(text)
    assert found["qmax"] == "24" and "backgroundfiles = empty.xy" in text and "# SIMULATED data" in text
    assert "absolute = false" in text and "# not absolute: the ad hoc scale" in text
    np.testing.assert_allclose(found["rows"][:, 1], t.g_r[1:], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found["rows"][:, 3], t.g_sigma[1:], rtol=1e-8)
