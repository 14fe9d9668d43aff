"""SPEC files, against silx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, describe_file, read_scans, read_xas
from ntcspec.types import Array

LABELS = "Mono Energy (eV)  Epoch  Seconds  I0  It  Ir  Dead time"
ONE = ("12", "ascan  energy 9800 9900 20 1", LABELS)


def table(rows: int = 20, seed: int = 1) -> Array:
    """Energy, epoch, seconds, three falling intensities and something else."""
    rng = np.random.default_rng(seed)
    energy = 9800 + 5.0 * np.arange(rows)
    counts = rng.uniform(0.5, 1.0, (rows, 3)) * np.array([1e5, 5e4, 2e4])
    return np.column_stack([energy, np.arange(rows), np.ones(rows), counts, np.zeros(rows)])


def spec(*scans: tuple[str, str, str, Array], between: str = "") -> str:
    """A file of scans: number, command, labels, rows."""
    lines = ["#F /data/foil", "#E 1700000000", "#D Sun Nov 22 2026", "#O0 energy  sx", ""]
    for number, command, labels, rows in scans:
        lines += [f"#S {number} {command}", "#D Sun Nov 22 2026", "#P0 9800 0", f"#N {len(rows[0])}", f"#L {labels}"]
        lines += [" ".join(f"{value:.10g}" for value in row) + between for row in rows]
        lines += ["#C done", ""]
    return "\n".join(lines) + "\n"


def test_roles_and_evidence(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, spec((*ONE, table())))
    assert (scan.format, scan.source) == ("spec", "x.dat")
    assert {c.mode: c.formula for c in scan.channels} == {"transmission": "ln(I0 / It)", "reference": "ln(It / Ir)"}
    assert scan.channels[0].evidence == "line 10: label 'I0'; line 10: label 'It'"
    assert scan.energy_evidence == "line 10: label 'Mono Energy (eV)'"
    assert "scan 12, line 6" in scan.format_evidence
    assert scan.row_line[0] == 11 and scan.columns[0].unit == "eV"
    assert scan.header.startswith("#F /data/foil") and "#L Mono Energy" in scan.header


def test_several_scans_agree_with_silx(tmp_path: Path) -> None:
    specfile = pytest.importorskip("silx.io.specfile")
    scans = [(str(n), "ascan  energy 9800 9900 20 1", LABELS, table(15 + n, n)) for n in (3, 4, 9)]
    path = rawfiles.write(tmp_path, spec(*scans, between="\n@A 0 1 2\\\n 3 4 5"))
    ours = read_scans(path, "x.spec", select="*")
    theirs = specfile.SpecFile(str(path))
    assert [scan.source for scan in ours] == ["x.spec::3", "x.spec::4", "x.spec::9"]
    for index, scan in enumerate(ours):
        assert [c.name for c in scan.columns] == theirs.labels(index)
        np.testing.assert_array_equal(np.column_stack([c.values for c in scan.columns]), theirs.data(index))
        assert any("multichannel analyser were not read" in note for note in scan.notes)
    (one,) = read_scans(path, "x.spec", select="9")
    np.testing.assert_array_equal(one.energy_ev, ours[2].energy_ev)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(2, 30)), min_size=1, max_size=4))
def test_any_numbers_agree_with_silx(tmp_path_factory: pytest.TempPathFactory, numbers: list[tuple[int, int]]) -> None:
    specfile = pytest.importorskip("silx.io.specfile")
    scans = [(str(n), "ascan energy 1 2 3 1", LABELS, table(rows, rows)) for n, rows in numbers]
    path = rawfiles.write(tmp_path_factory.mktemp("s"), spec(*scans))
    ours, theirs = read_scans(path, "x", select="*"), specfile.SpecFile(str(path))
    assert len(ours) == len(theirs)
    for index, scan in enumerate(ours):
        np.testing.assert_array_equal(np.column_stack([c.values for c in scan.columns]), theirs.data(index))


def test_the_same_number_twice(tmp_path: Path) -> None:
    path = rawfiles.write(tmp_path, spec((*ONE, table(20)), (*ONE, table(25))))
    with pytest.raises(UserError, match=r"holds 2 scans: '12\.1', '12\.2'"):
        read_xas(path, "x")
    assert read_scans(path, "x", select="12.2")[0].energy_ev.size == 25


def test_energy_in_kev_must_be_stated(tmp_path: Path) -> None:
    rows = table()
    rows[:, 0] /= 1000
    text = spec(("1", "ascan energy 9.8 9.9 20 1", LABELS.replace("Mono Energy (eV)", "energy"), rows))
    assert "energy_unit: keV" in rawfiles.refusal(tmp_path, text).fix
    assert rawfiles.read(tmp_path, text, ColumnSpec(energy_unit="keV")).energy_ev[0] == 9800.0
    stated = text.replace("#L energy", "#L energy (keV)")
    assert rawfiles.read(tmp_path, stated).energy_ev[0] == 9800.0


def test_what_is_no_scan_of_the_energy(tmp_path: Path) -> None:
    text = spec(("1", "ascan sx 0 1 20 1", LABELS.replace("Mono Energy (eV)", "sx"), table()), (*ONE, table()))
    path = rawfiles.write(tmp_path, text)
    with pytest.raises(UserError, match="no column is known as the energy"):
        read_scans(path, "x", select="1")
    shown = "\n".join(describe_file(path, "x"))
    assert "scans     2: choose with `select`" in shown
    assert "not readable as a scan: no column is known as the energy" in shown


def test_faults(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, spec((*ONE, table())).replace("  Dead time", ""))
    assert (error.where, error.what) == ("x.dat, line 10", "6 labels for rows of 7 numbers")
    empty = "\n".join(spec((*ONE, table())).split("\n")[:10])
    assert "has no rows" in rawfiles.refusal(tmp_path, empty + "\n").what
    aborted = spec((*ONE, table())).replace("#C done", "#C Mon.  Scan aborted after 20 points.")
    assert any("the scan was aborted (line 31" in note for note in rawfiles.read(tmp_path, aborted).notes)
    cut = rawfiles.read(tmp_path, spec((*ONE, table())).split("#C done")[0].rstrip()[:-12])
    assert any("was left out" in note for note in cut.notes)
