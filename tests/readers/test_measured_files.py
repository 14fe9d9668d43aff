"""Every measured text file of the collection, against numbers that other programs obtained from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, describe, read_xas
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

REFERENCE_NAMES = (
    "BMM_Ta-L3-Ta_foil.xdi",
    "BMM_Ta-L3-Ta2O5.xdi",
    "BMM_Pt-L3-K2PtCl6.xdi",
    "Cu-K_metal_rt.xdi",
    "CLS_HXMA_dialectA_As_K.dat",
)
DIALECT_B = "CLS_HXMA_dialectB_ZnFe2O4_excerpt.dat"


@pytest.fixture(scope="module")
def reference(xas_data: Path) -> dict[str, Any]:
    return json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))


def edge_step(energy_ev: Array, mu: Array, parameters: dict[str, Any]) -> float:
    """Edge step by a line before and a parabola behind the edge (least squares), as in the reference."""
    x = energy_ev - parameters["e0"]
    before = (x >= parameters["pre1"]) & (x <= parameters["pre2"])
    behind = (x >= parameters["norm1"]) & (x <= parameters["norm2"])
    line = np.polyfit(x[before], mu[before], 1)
    return float(np.polyval(np.polyfit(x[behind], mu[behind] - np.polyval(line, x[behind]), 2), 0.0))


def open_scan(folder: Path, name: str, columns: ColumnSpec | None = None) -> XasScan:
    return read_xas(folder / name, f"raw/{name}", columns)


@pytest.mark.parametrize("name", REFERENCE_NAMES)
def test_rows_and_edge_step(xas_data: Path, reference: dict[str, Any], name: str) -> None:
    scan = open_scan(xas_data, name)
    expected = reference[name]
    assert scan.energy_ev.size == expected["npts"]
    assert scan.source == f"raw/{name}"
    step = edge_step(scan.energy_ev, scan.mu("transmission"), expected["params_pre_edge"])
    assert step == pytest.approx(expected["edge_step"], rel=2e-3)


def test_repeat_scans_of_wo3(xas_data: Path, reference: dict[str, Any]) -> None:
    expected = reference["WO3/W-L3_WO3_rt_0[123].xdi"]
    scans = [open_scan(xas_data, f"WO3/W-L3_WO3_rt_0{i}.xdi") for i in (1, 2, 3)]
    assert [scan.energy_ev.size for scan in scans] == [expected["npts"]] * 3
    assert {(scan.element, scan.edge, scan.preferred) for scan in scans} == {("W", "L3", "")}
    mu = np.mean([scan.mu("transmission") for scan in scans], axis=0)
    step = edge_step(scans[0].energy_ev, mu, expected["params_pre_edge"])
    assert step == pytest.approx(expected["edge_step"], rel=2e-3)
    assert [c.name for c in scans[0].columns] == ["energy", "itrans", "i0"]  # it comes before i0 in these files


def test_tantalum_oxide_stands_in_the_reference_position(xas_data: Path) -> None:
    scan = open_scan(xas_data, "BMM_Ta-L3-Ta2O5.xdi")
    (channel,) = scan.channels
    assert (channel.mode, channel.formula) == ("transmission", "ln(It / Ir)")
    assert "line 40" in channel.evidence and "ln($6/$7)" in channel.evidence
    assert scan.preferred == "transmission"
    assert any("ln(I0 / It) is therefore not offered" in note for note in scan.notes)
    np.testing.assert_allclose(scan.mu("transmission"), scan.column("xmu").values, atol=2e-6)  # the beamline's own mu


def test_the_study_can_overrule_the_plot_hint(xas_data: Path) -> None:
    columns = ColumnSpec(energy="energy", i0="I0", transmitted="It")
    scan = open_scan(xas_data, "BMM_Ta-L3-Ta2O5.xdi", columns)
    assert {c.mode: c.formula for c in scan.channels} == {
        "transmission": "ln(I0 / It)",
        "reference": "ln(It / Ir)",
    }
    assert scan.preferred == ""
    assert scan.channels[0].evidence == "columns.i0 in the study; columns.transmitted in the study"
    assert any("win over the file's own hint" in note for note in scan.notes)
    assert any("'xmu' of the file differs" in note for note in scan.notes)
    assert not any("not offered" in note for note in scan.notes)


def test_roles_of_a_foil_and_where_they_come_from(xas_data: Path) -> None:
    scan = open_scan(xas_data, "BMM_Ta-L3-Ta_foil.xdi")
    assert (scan.format, scan.element, scan.edge) == ("xdi", "Ta", "L3")
    assert scan.format_evidence == "line 1: '# XDI/1.0 BlueSky/1.5.3'"
    assert scan.energy_evidence == "line 37: '# Column.1: energy eV'"
    assert (scan.row_line[0], scan.row_line[-1]) == (48, 458)
    reference = next(c for c in scan.channels if c.mode == "reference")
    assert (reference.formula, reference.evidence) == (
        "ln(itrans / irefer)",
        "line 42: '# Column.6: itrans'; line 43: '# Column.7: irefer'",
    )
    assert scan.header.startswith("# XDI/1.0") and scan.header.endswith("irefer")
    assert not any("differs" in note for note in scan.notes)  # mutrans of the file agrees with the counts
    assert scan.column("i0").unit == "" and scan.column("measurement_time").unit == "seconds"


def test_element_from_the_scan_family(xas_data: Path) -> None:
    scan = open_scan(xas_data, "Cu-K_metal_rt.xdi")
    assert (scan.element, scan.edge) == ("Cu", "K")
    np.testing.assert_allclose(scan.mu("transmission"), scan.column("mutrans").values, atol=1e-6)


def test_hxma_dialect_a_by_process_variables(xas_data: Path) -> None:
    scan = open_scan(xas_data, "CLS_HXMA_dialectA_As_K.dat")
    assert scan.format == "hxma"
    assert {c.mode: c.formula for c in scan.channels} == {
        "transmission": "ln(BL1606-ID1:mcs04:fbk / BL1606-ID1:mcs05:fbk)",
        "reference": "ln(BL1606-ID1:mcs05:fbk / BL1606-ID1:mcs06:fbk)",
        "fluorescence": "BL1606-ID1:mcs03:fbk / BL1606-ID1:mcs04:fbk",
    }
    np.testing.assert_array_equal(scan.energy_ev, scan.column("MONO16061I1001:Energy:sp").values)
    assert (scan.energy_ev[0], scan.row_line[0]) == (11667.001, 7)


def test_hxma_dialect_b_by_labels(xas_data: Path, reference: dict[str, Any]) -> None:
    scan, expected = open_scan(xas_data, DIALECT_B), reference[DIALECT_B]
    assert scan.energy_ev.size == expected["rows"]
    assert scan.energy_ev[:3].tolist() == expected["energy_achieved_first3"]
    for mode, key in (
        ("transmission", "mu_trans_ln_I0_I1_first3"),
        ("reference", "mu_ref_ln_I1_I2_first3"),
        ("fluorescence", "fluo_Idiode_I0_first3"),
    ):
        np.testing.assert_allclose(scan.mu(mode)[:3], expected[key], atol=6e-7)
    assert scan.format_evidence.startswith("line 5: '# CLS Data Acquisition'")
    assert [c.name for c in scan.columns][1] == "BL1606-ID-1 Energy Setting"
    assert "line 8: label 'I0'" in scan.channels[0].evidence


def test_regions_named_by_the_study_are_summed_as_they_are(xas_data: Path) -> None:
    name = "Fe-K_8channel_fluorescence.xdi"
    rois = tuple(f"Fe_Ka_mca{i}" for i in range(1, 5))
    scan = open_scan(xas_data, name, ColumnSpec(energy="Energy", i0="I0", fluorescence=rois))
    total = np.sum([scan.column(roi).values for roi in rois], axis=0)
    np.testing.assert_array_equal(scan.mu("fluorescence"), total / scan.column("I0").values)
    assert any("dead time" in note for note in scan.notes)


def test_named_columns_of_qas(xas_data: Path) -> None:
    with pytest.raises(UserError) as caught:
        open_scan(xas_data, "Ru_QAS.dat")
    assert "columns: {energy: energy, i0: i0, transmitted: it, reference: ir, fluorescence: [iff]}" in caught.value.fix
    columns = ColumnSpec(energy="energy", i0="i0", transmitted="it", reference=4, fluorescence=("IFF",))
    scan = open_scan(xas_data, "Ru_QAS.dat", columns)
    table = np.loadtxt(xas_data / "Ru_QAS.dat")
    np.testing.assert_array_equal(scan.energy_ev, table[:, 0])
    np.testing.assert_array_equal(scan.mu("reference"), np.log(table[:, 2] / table[:, 3]))
    np.testing.assert_array_equal(scan.mu("fluorescence"), table[:, 4] / table[:, 1])


def test_named_columns_of_sxrmb(xas_data: Path, reference: dict[str, Any]) -> None:
    name = "CLS_SXRMB_Zn_foil_XANES_scan1.dat"
    columns = ColumnSpec(energy="EnergyFeedback", i0="BeamlineI0Detector", fluorescence=("ZnKa1",))
    scan = open_scan(xas_data, name, columns)
    assert scan.energy_ev.size == reference[name]["rows"]
    np.testing.assert_allclose(scan.mu("fluorescence")[:3], reference[name]["pfy_over_i0_first3"], atol=6e-7)


def test_energies_of_phoenix_are_ev(xas_data: Path) -> None:
    columns = ColumnSpec(energy=1, i0="I0_KEITHLEY1_c4", fluorescence=("AlKa_sum_cps_c3",))
    scan = open_scan(xas_data, "SLS_PHOENIX_Al-K_tender.dat", columns)
    assert scan.energy_ev[0] == 1479.998754
    assert any("no unit is stated" in note for note in scan.notes)


def test_monochromator_angle_of_the_photon_factory(xas_data: Path) -> None:
    name = "PF_BL12C_angle_Hg-L3.dat"
    with pytest.raises(UserError, match="this is an angle, not an energy"):
        open_scan(xas_data, name, ColumnSpec(energy=1, i0=4, transmitted=5))
    scan = open_scan(xas_data, name, ColumnSpec(angle=1, d_spacing_ang=3.13551, i0=4, transmitted=5))
    assert scan.energy_ev.size == 818  # as its own header says
    assert scan.energy_ev[0] == pytest.approx(12049.0, abs=0.5)  # Init-Eng
    assert [c.name for c in scan.columns][:3] == ["Angle(c)", "Angle(o)", "time/s"]


def test_an_athena_export_of_chi_is_refused(xas_data: Path) -> None:
    with pytest.raises(UserError, match=r"this is chi\(k\), already reduced"):
        open_scan(xas_data, "Ru_QAS_athena_k_chi.dat")


def test_description(xas_data: Path) -> None:
    lines = "\n".join(describe(open_scan(xas_data, "BMM_Ta-L3-Ta2O5.xdi")))
    assert "format    xdi: line 1" in lines
    assert "element   Ta L3" in lines
    assert "9681.073 to 10733.990 eV: line 41" in lines
    assert "transmission (the file's choice): ln(It / Ir)" in lines
    assert "6 It                [nA]       transmission: numerator" in lines
    assert "line 40: '# Scan.plot_hint" in lines
