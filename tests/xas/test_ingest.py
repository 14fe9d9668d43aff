"""The `ingest` stage: what is repaired and noted, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, read_xas
from ntcspec.types import Array
from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.xas.ingest import edge_step, ingest

E0 = 9881.0


def mu_model(energy_ev: Array) -> Array:
    """An edge of height 1 at E0 on a falling line."""
    return 0.5 - 2e-4 * (energy_ev - E0) + 1.0 / (1.0 + np.exp(-np.clip(energy_ev - E0, -500, 500)))


def scan(energy_ev: Array | None = None, source: str = "x.dat", **changes: object) -> XasScan:
    """A transmission scan with a reference, first row on line 11."""
    energy = np.arange(9700.0, 10700.0, 5.0) if energy_ev is None else np.asarray(energy_ev, dtype=float)
    i0 = np.linspace(1e6, 9e5, energy.size)
    it = i0 * np.exp(-mu_model(energy))
    made = XasScan(
        source=source,
        format="test",
        format_evidence="",
        energy_evidence="",
        energy_ev=energy,
        row_line=np.arange(11, 11 + energy.size),
        columns=(
            Column("energy", "eV", energy),
            Column("i0", "", i0),
            Column("it", "", it),
            Column("ir", "", it * np.exp(-mu_model(energy))),
            Column("ring", "mA", np.full(energy.size, np.nan)),
        ),
        channels=(
            Channel("transmission", "log", ("i0",), "it", ""),
            Channel("reference", "log", ("it",), "ir", ""),
        ),
        preferred="",
        element="",
        edge="",
        notes=("as read",),
        header="",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def with_value(made: XasScan, column: str, row: int | slice, value: float) -> XasScan:
    """A scan whose `column` holds `value` at `row`."""

    def changed(old: Column) -> Column:
        values = old.values.copy()
        values[row] = value
        return replace(old, values=values)

    columns = tuple(changed(c) if c.name == column else c for c in made.columns)
    energy = columns[0].values if column == "energy" else made.energy_ev
    return replace(made, columns=columns, energy_ev=energy)


def check(*scans: XasScan, **changes: object) -> XasScans:
    keywords = {"element": "Ta", "edge": "L3", "edge_energy_ev": E0, **changes}
    return ingest(scans, **keywords)  # type: ignore[arg-type]


def refusal(*scans: XasScan, **changes: object) -> UserError:
    with pytest.raises(UserError) as caught:
        check(*scans, **changes)
    assert caught.value.fix
    return caught.value


def test_a_good_scan_passes_unchanged() -> None:
    made = scan()
    result = check(made, made)
    assert result == XasScans((made, made)) or all(s is made for s in result.scans)
    assert result.scans[0].notes == ("as read",)


def test_no_scan() -> None:
    refusal()


@pytest.mark.parametrize(("element", "edge"), [("W", "L3"), ("Ta", "L2"), ("W", "")])
def test_another_edge_than_the_study_says(element: str, edge: str) -> None:
    error = refusal(scan(element=element, edge=edge))
    assert error.what == f"the file states {' '.join(w for w in (element, edge) if w)}, the study Ta L3"


def test_case_of_element_and_edge_does_not_matter() -> None:
    check(scan(element="TA", edge="l3"))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("i0", np.nan, "'i0' is not a finite number"),
        ("it", np.inf, "'it' is not a finite number"),
        ("energy", np.nan, "'energy' is not a finite number"),
        ("energy", 0.0, "'energy' is not positive"),
        ("it", 0.0, "'it' is not positive"),
        ("i0", -5.0, "'i0' is not positive"),
        ("ir", 0.0, "'ir' is not positive"),
    ],
)
def test_bad_rows(column: str, value: float, reason: str) -> None:
    made = with_value(with_value(scan(), column, 40, value), column, 7, value)
    error = refusal(made)
    assert error.where == "x.dat, line 18"
    assert error.what.startswith(f"2 of 200 rows cannot be used: line 18 ({reason}")
    assert "line 51" in error.what
    assert "ingest: {bad_rows: drop}" in error.fix
    (kept,) = check(made, bad_rows="drop").scans
    assert kept.energy_ev.size == 198
    assert {18, 51}.isdisjoint(kept.row_line.tolist())
    assert all(c.values.size == 198 for c in kept.columns)
    assert kept.notes[0] == "as read" and kept.notes[1].startswith("2 row(s) were dropped as the study says: line 18")


def test_many_bad_rows_are_counted() -> None:
    error = refusal(with_value(scan(), "it", slice(20, 40), np.nan))
    assert "20 of 200 rows" in error.what and error.what.endswith("and 15 more")


def test_nan_in_a_column_that_no_mode_uses_is_no_matter() -> None:
    assert np.isnan(check(scan()).scans[0].column("ring").values).all()


def test_a_detector_that_was_not_there_costs_its_mode_only() -> None:
    (result,) = check(with_value(scan(), "ir", slice(None), 0.0)).scans
    assert [c.mode for c in result.channels] == ["transmission"]
    assert result.notes[-1] == "reference was left out: 'ir' is not positive in 200 of 200 rows"
    assert result.energy_ev.size == 200


def test_a_dead_detector_of_the_preferred_mode() -> None:
    error = refusal(with_value(scan(preferred="reference"), "ir", slice(None), 0.0))
    assert "reference cannot be computed: 'ir' is not positive in 200 of 200 rows" in error.what
    assert refusal(with_value(scan(), "it", slice(None), 0.0)).where == "x.dat, line 11"


def test_ratio_and_direct_modes() -> None:
    made = scan()
    flat = Column("flat", "", mu_model(made.energy_ev))
    channels = (
        Channel("fluorescence", "ratio", ("flat", "flat2"), "i0", ""),
        Channel("transmission", "direct", ("flat",), "", ""),
    )
    zeros = Column("flat2", "", np.zeros(200))  # counts of 0 are fine above a ratio
    made = replace(made, columns=(*made.columns, flat, zeros), channels=channels)
    check(made)
    assert "'i0' is not positive" in refusal(with_value(made, "i0", 3, 0.0)).what


def test_falling_energies_are_reversed() -> None:
    up = scan()
    order = np.arange(200)[::-1]
    down = replace(
        up,
        energy_ev=up.energy_ev[order],
        columns=tuple(replace(c, values=c.values[order]) for c in up.columns),
    )
    (result,) = check(down).scans
    np.testing.assert_array_equal(result.energy_ev, up.energy_ev)
    np.testing.assert_array_equal(result.mu("transmission"), up.mu("transmission"))
    assert result.row_line[0] == 210 and result.row_line[-1] == 11
    assert result.notes[-1] == "the energies fall: the rows were put in reverse order"


def test_equal_energies_are_averaged() -> None:
    energy = np.arange(9700.0, 10700.0, 5.0)
    energy[51] = energy[50]
    made = with_value(with_value(scan(energy), "i0", 50, 100.0), "i0", 51, 300.0)
    (result,) = check(made).scans
    assert result.energy_ev.size == 199
    assert result.column("i0").values[50] == 200.0
    assert result.column("i0").values[51] == made.column("i0").values[52]
    assert result.row_line[50:52].tolist() == [61, 63]
    assert "1 row(s) repeat an energy (9950 eV)" in result.notes[-1]


def test_slight_disorder_is_sorted() -> None:
    energy = np.arange(9700.0, 10700.0, 5.0)
    energy[[60, 61]] = energy[[61, 60]]
    (result,) = check(scan(energy)).scans
    assert np.all(np.diff(result.energy_ev) > 0)
    assert result.row_line[60:62].tolist() == [72, 71]
    assert result.notes[-1] == "the energy steps back 1 time(s) (line 72): the rows were sorted"
    np.testing.assert_allclose(result.mu("transmission"), mu_model(result.energy_ev), rtol=1e-12)


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (lambda e: np.concatenate([e, e]), 211),  # two sweeps
        (lambda e: np.concatenate([e[:100], e]), 111),  # started again
        (lambda e: np.concatenate([e, e[::-1]]), 215),  # there and back: 2 % of the range are 19.9 eV
        (lambda e: np.concatenate([e[:80], [9710.0], e[80:]]), 91),  # one wrong number
    ],
)
def test_energies_that_go_back(shape: Callable[[Array], Array], line: int) -> None:
    error = refusal(scan(shape(np.arange(9700.0, 10700.0, 5.0))))
    assert error.where == f"x.dat, line {line}"
    assert "the energy goes back from" in error.what


def test_too_few_rows() -> None:
    assert "9 usable rows" in refusal(scan(np.linspace(9700.0, 10000.0, 9))).what
    bad = with_value(scan(np.linspace(9700.0, 10000.0, 12)), "it", slice(0, 3), 0.0)
    assert "9 usable rows" in refusal(bad, bad_rows="drop").what


@pytest.mark.parametrize(
    ("first", "last", "where", "what"),
    [
        (9700.0, 9860.0, "x.dat, line 43", "the scan stops before the Ta L3 edge at 9881.0 eV"),
        (9890.0, 10500.0, "x.dat, line 11", "the scan starts behind the Ta L3 edge at 9881.0 eV"),
        (7000.0, 7900.0, "x.dat, lines 11 to 191", "the scan is nowhere near the Ta L3 edge at 9881.0 eV"),
        (12000.0, 12500.0, "x.dat, lines 11 to 111", "the scan is nowhere near"),
    ],
)
def test_ranges_without_the_edge(first: float, last: float, where: str, what: str) -> None:
    error = refusal(scan(np.arange(first, last + 1.0, 5.0)))
    assert error.where == where
    assert what in error.what
    assert f"it covers {first:.1f} to {last:.1f} eV" in error.what


def test_an_aborted_repeat_scan() -> None:
    short = scan(np.arange(9700.0, 10490.0, 5.0), source="short.dat")
    error = refusal(scan(), short, scan())
    assert error.where == "short.dat, line 168"
    assert "79 % of the range of x.dat" in error.what
    check(scan(), scan(np.arange(9700.0, 10510.0, 5.0)))


def test_swapped_detectors_are_noted() -> None:
    swapped = (Channel("transmission", "log", ("it",), "i0", ""),)
    (result,) = check(scan(channels=swapped)).scans
    assert "transmission: ln(it / i0) falls at the Ta L3 edge" in result.notes[-1]
    assert "swapped?" in result.notes[-1]
    error = refusal(scan(channels=swapped, preferred="transmission"))
    assert "falls at the Ta L3 edge" in error.what


def test_a_mode_without_edge_is_noted() -> None:
    made = with_value(scan(), "ir", slice(None), 1.0)
    flat = with_value(made, "it", slice(None), 2.0)
    flat = replace(flat, channels=(Channel("reference", "log", ("it",), "ir", ""), *made.channels[:0]))
    (result,) = check(flat).scans
    assert "reference: ln(it / ir) does not rise" in result.notes[-1]


def test_edge_step_is_the_height_over_the_line_before() -> None:
    energy = np.arange(9700.0, 10700.0, 5.0)
    height, scatter = edge_step(energy, mu_model(energy), E0)
    assert height == pytest.approx(1.0, abs=1e-3)
    assert scatter < 1e-6


@pytest.mark.parametrize(
    ("name", "element", "edge", "edge_ev"),
    [
        ("BMM_Ta-L3-Ta_foil.xdi", "Ta", "L3", 9881.1),
        ("BMM_Ta-L3-Ta2O5.xdi", "Ta", "L3", 9881.1),
        ("BMM_Pt-L3-K2PtCl6.xdi", "Pt", "L3", 11563.7),
        ("Cu-K_metal_rt.xdi", "Cu", "K", 8978.9),
        ("CLS_HXMA_dialectA_As_K.dat", "As", "K", 11866.7),
        ("WO3/W-L3_WO3_rt_01.xdi", "W", "L3", 10206.8),
    ],
)
def test_measured_scans_pass(xas_data: Path, name: str, element: str, edge: str, edge_ev: float) -> None:
    raw = read_xas(xas_data / name, name)
    (result,) = ingest([raw], element=element, edge=edge, edge_energy_ev=edge_ev).scans
    np.testing.assert_array_equal(result.energy_ev, raw.energy_ev)
    assert not any("transmission" in note and "edge" in note for note in result.notes)


def test_a_measured_excerpt_stops_before_the_edge(xas_data: Path) -> None:
    name = "CLS_HXMA_dialectB_ZnFe2O4_excerpt.dat"
    error = refusal(read_xas(xas_data / name, name), element="Zn", edge="K", edge_energy_ev=9658.6)
    assert (error.where, "stops before the Zn K edge" in error.what) == (f"{name}, line 37", True)


def test_the_empty_beam_of_tantalum_oxide_is_noted(xas_data: Path) -> None:
    name = "BMM_Ta-L3-Ta2O5.xdi"
    raw = read_xas(xas_data / name, name, ColumnSpec(energy=1, i0="I0", transmitted="It"))
    (result,) = ingest([raw], element="Ta", edge="L3", edge_energy_ev=9881.1).scans
    assert "transmission: ln(I0 / It) does not rise at the Ta L3 edge" in result.notes[-1]


def test_falling_angle_of_a_measured_scan_is_no_disorder(xas_data: Path) -> None:
    name = "PF_BL12C_angle_Hg-L3.dat"
    raw = read_xas(xas_data / name, name, ColumnSpec(angle=1, d_spacing_ang=3.13551, i0=4, transmitted=5))
    (result,) = ingest([raw], element="Hg", edge="L3", edge_energy_ev=12284.0).scans
    np.testing.assert_array_equal(result.energy_ev, raw.energy_ev)


faults = st.lists(
    st.tuples(
        st.sampled_from(["energy", "i0", "it", "ir"]),
        st.integers(0, 199),
        st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 9800.0, 10400.0]),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(faults, st.booleans(), st.sampled_from(["refuse", "drop"]))
def test_whatever_passes_has_rising_energies_and_finite_mu(
    changes: list[tuple[str, int, float]], falling: bool, bad_rows: str
) -> None:
    made = scan(np.arange(9700.0, 10700.0, 5.0)[:: -1 if falling else 1])
    for column, row, value in changes:
        made = with_value(made, column, row, value)
    try:
        (result,) = check(made, bad_rows=bad_rows).scans
    except UserError as error:
        assert changes and error.where.startswith("x.dat")
        return
    assert np.all(np.diff(result.energy_ev) > 0)
    assert {c.values.size for c in result.columns} == {result.energy_ev.size} == {result.row_line.size}
    for channel in result.channels:
        assert np.all(np.isfinite(result.mu(channel.mode)))


def test_more_rows_than_can_be_smoothed_are_refused() -> None:
    energy = np.linspace(9700.0, 10700.0, 100_001)
    with pytest.raises(
        UserError, match=r"x.dat: it has 100,001 rows, and 100,000 are the most -> average neighbouring"
    ):
        ingest([scan(energy)], element="Ta", edge="L3", edge_energy_ev=E0)
    assert ingest([scan(energy[1:])], element="Ta", edge="L3", edge_energy_ev=E0).scans[0].energy_ev.size == 100_000
