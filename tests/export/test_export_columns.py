"""Columns of text: missing numbers, and words that no text holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntcspec.export.columns import Column, columns
from ntcspec.export.words import one_line
from ntcspec.readers import read_scans

ENERGY = np.arange(2800.0, 2860.0, 0.5)
MU = 0.3 + np.arctan((ENERGY - 2825) / 1.5)
FACTS = {"Element.symbol": "Cl", "Element.edge": "K"}


def found(**more: np.ndarray) -> list[Column]:
    return [("energy", "eV", ENERGY), ("mufluor", "", MU), *((name, "", values) for name, values in more.items())]


def test_missing_numbers_stay_missing_and_their_rows_stay(tmp_path: Path) -> None:
    from larch.io import read_ascii

    error = np.where(ENERGY < 2802, np.nan, 0.01)
    path = tmp_path / "norm.xdi"
    path.write_text(columns(found(norm_error=error), facts=FACTS), encoding="utf-8")
    (scan,) = read_scans(path, "norm.xdi")
    for values in (scan.column("norm_error").values, read_ascii(str(path)).norm_error, np.loadtxt(path)[:, 2]):
        np.testing.assert_array_equal(values, error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=40), fact=st.text(max_size=20))
def test_any_words_make_a_file_that_is_read_back(tmp_path: Path, words: str, fact: str) -> None:
    path = tmp_path / "norm.xdi"
    text = columns(found(), facts={**FACTS, "Sample.name": fact}, words=(f"sample {words}",))
    path.write_bytes(text.encode("utf-8"))
    (scan,) = read_scans(path, "norm.xdi")
    assert (scan.element, scan.edge, scan.channels[0].mode) == ("Cl", "K", "fluorescence")
    np.testing.assert_allclose(scan.mu("fluorescence"), MU, rtol=1e-9)
    assert np.loadtxt(path, encoding="utf-8").shape == (ENERGY.size, 2)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("two\r\nlines\u2028and\x85more", "two lines and more"),
        ("\0a\x1bb\x7f", "\ufffda\ufffdb\ufffd"),
        ("\ud800", "\ufffd"),
        ("  Na₂O 😀  ", "Na₂O 😀"),
        ("", ""),
    ],
)
def test_one_line_is_one_line_of_text(words: str, wanted: str) -> None:
    assert one_line(words) == wanted and one_line(wanted) == wanted


@given(st.text())
def test_one_line_is_text_of_one_line(words: str) -> None:
    line = one_line(words)
    assert len(line.splitlines()) <= 1 and "\0" not in line and line.encode("utf-8").decode("utf-8") == line
