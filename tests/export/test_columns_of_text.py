"""Columns of text are read back by our XDI reader, larch and numpy."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ntcspec.export.columns import columns
from ntcspec.readers import read_scans

FACTS = {"Element.symbol": "Cl", "Element.edge": "K", "Sample.name": "NaCl", "ntcspec.key": "abc"}
ENERGY = np.arange(2800.0, 2860.0, 0.5)


def test_our_reader_larch_and_numpy_read_the_same(tmp_path: Path) -> None:
    from larch.io import read_ascii

    mu = 0.3 + np.arctan((ENERGY - 2825) / 1.5)
    path = tmp_path / "norm.xdi"
    path.write_text(columns([("energy", "eV", ENERGY), ("mutrans", "", mu)], facts=FACTS, words=("SIMULATED data",)))
    (scan,) = read_scans(path, "norm.xdi", None, "")
    assert (scan.element, scan.edge) == ("Cl", "K") and "SIMULATED data" in scan.header
    group = read_ascii(str(path))
    for energy, values in (
        (scan.energy_ev, scan.mu("transmission")), (group.energy, group.mutrans), np.loadtxt(path).T,
    ):  # fmt: skip
        np.testing.assert_allclose(energy, ENERGY, rtol=1e-9)
        np.testing.assert_allclose(values, mu, rtol=1e-9)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=arrays(float, (7, 3), elements=st.floats(-1e9, 1e9)))
def test_ten_digits_come_back(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "x.dat"
    path.write_text(columns([(n, "", values[:, i]) for i, n in enumerate(("k", "chi", "sigma"))], facts=FACTS))
    np.testing.assert_allclose(np.loadtxt(path), values, rtol=1e-9, atol=1e-300)


def test_a_word_of_the_header_stays_on_its_line() -> None:
    text = columns([("k", "", ENERGY)], facts={"Sample.name": "two\nlines"}, words=("a\n1 2 3",))
    assert "# Sample.name: two lines\n" in text and "# a 1 2 3\n" in text
    assert all(line.startswith("#") for line in text.split("# ---")[0].splitlines())


@pytest.mark.parametrize("found", [[], [("k", "", ENERGY), ("chi", "", ENERGY[1:])], [("a b", "", ENERGY)]])
def test_what_cannot_be_written_is_refused(found: list[tuple[str, str, np.ndarray]]) -> None:
    with pytest.raises(ValueError):
        columns(found, facts=FACTS)
