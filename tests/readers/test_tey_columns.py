"""`columns: {tey: ..}`: sample current over I0, beside or instead of fluorescence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles
from pydantic import ValidationError

from ntcspec.config.xas import Columns
from ntcspec.readers import ColumnSpec, read_xas

I = np.arange(20.0)  # noqa: E741
TEXT = "E mon drain diode\n" + "\n".join(f"{2800 + i} {1000 + i} {300 + 2 * i} {50 + i}" for i in range(20)) + "\n"


def test_electron_yield_alone_and_beside_fluorescence(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, TEXT, ColumnSpec(energy=1, i0="mon", tey="drain"))
    (channel,) = scan.channels
    assert (channel.mode, channel.formula) == ("tey", "drain / mon")
    assert channel.evidence == "columns.tey in the study; columns.i0 in the study"
    np.testing.assert_array_equal(scan.mu("tey"), (300 + 2 * I) / (1000 + I))
    scan = rawfiles.read(tmp_path, TEXT, ColumnSpec(energy=1, i0="mon", tey=3, fluorescence=("diode",)))
    assert {c.mode: c.formula for c in scan.channels} == {"fluorescence": "diode / mon", "tey": "drain / mon"}


@pytest.mark.parametrize(
    ("columns", "where", "what"),
    [
        (ColumnSpec(energy=1, tey=3), "x.dat: columns.tey", "it is of no use without i0"),
        (
            ColumnSpec(energy=1, i0=2, tey=3, fluorescence=(3,)),
            "x.dat: columns.tey",
            "'drain' is named as fluorescence",
        ),
        (ColumnSpec(energy=1, i0=2, tey="drian"), "x.dat: columns.tey", "no column 'drian' (did you mean 'drain'?)"),
        (ColumnSpec(energy=1, i0=2), "x.dat", "no column is known as transmitted, fluorescence, tey or mu"),
    ],
)
def test_what_makes_no_yield(tmp_path: Path, columns: ColumnSpec, where: str, what: str) -> None:
    error = rawfiles.refusal(tmp_path, TEXT, columns)
    assert error.where == where and what in error.what


def test_a_column_called_tey_is_one(tmp_path: Path) -> None:
    columns = ["energy eV", "i0", "itrans", "TEY"]
    rows = [f"{row}  {7 + i}" for i, row in enumerate(rawfiles.transmission_rows())]
    scan = rawfiles.read(tmp_path, rawfiles.xdi(columns, rows))
    assert [c.mode for c in scan.channels] == ["transmission", "tey"]
    np.testing.assert_array_equal(scan.mu("tey"), (7 + I) / (1000 + I))
    assert "TEY]" not in rawfiles.refusal(tmp_path, "E i0 TEY\n1 2 3\n2 3 4\n").fix
    assert "tey: TEY" in rawfiles.refusal(tmp_path, "E i0 TEY\n1 2 3\n2 3 4\n").fix


def test_the_study_can_overrule_a_hint_for_one_mode_only(tmp_path: Path) -> None:
    rows = [f"{row}  {7 + i}" for i, row in enumerate(rawfiles.transmission_rows())]
    text = rawfiles.xdi(["energy eV", "i0", "itrans", "x"], rows, "Scan.plot_hint: ln(itrans/i0)  --  ln($3/$2)")
    scan = rawfiles.read(tmp_path, text, ColumnSpec(i0="i0", tey="x"))
    assert {c.mode: c.formula for c in scan.channels} == {"transmission": "ln(itrans / i0)", "tey": "x / i0"}
    assert scan.preferred == "transmission"


def test_phoenix_has_one(xas_data: Path) -> None:
    name = "SLS_PHOENIX_Al-K_tender.dat"
    columns = ColumnSpec(energy=1, i0="I0_KEITHLEY1_c4", tey="KEITHLEY4_TEY_c10", fluorescence=("AlKa_sum_cps_c3",))
    table = np.loadtxt(xas_data / name)
    scan = read_xas(xas_data / name, name, columns)
    np.testing.assert_allclose(scan.mu("tey"), table[:, 9] / table[:, 3], rtol=1e-12)
    np.testing.assert_allclose(scan.mu("fluorescence"), table[:, 2] / table[:, 3], rtol=1e-12)


def test_the_model_and_the_reader_have_the_same_keys() -> None:
    assert set(Columns.model_fields) == set(ColumnSpec.__dataclass_fields__)
    assert Columns(i0=2, tey="drain").tey == "drain"
    with pytest.raises(ValidationError):
        Columns.model_validate({"tey": ["a", "b"]})
