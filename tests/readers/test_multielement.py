"""Detectors of many elements: the sum over live elements of region times dead-time factor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, read_xas
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

FE = "Fe-K_8channel_fluorescence.xdi"


def detector(
    folder: Path, counts: Array, factors: Array, *fields: str, kind: str = "DTFactor", columns: ColumnSpec | None = None
) -> XasScan:
    """A file with I0 = 1000, `counts` and `factors` of shape (elements, rows)."""
    n = len(counts)
    names = ["energy eV", "I0", *(f"Ta_La_mca{i}" for i in range(1, n + 1))]
    names += [f"{kind}_mca{i}" for i in range(1, n + 1)]
    rows = [
        f"{9800 + 10 * k} 1000 " + " ".join(f"{v!r}" for v in (*map(float, counts[:, k]), *map(float, factors[:, k])))
        for k in range(counts.shape[1])
    ]
    return rawfiles.read(folder, rawfiles.xdi(names, rows, *fields), columns)


def edge(elements: int, rows: int = 60) -> Array:
    """Counts behind an edge in the middle, each element with its own gain and its own share of scatter."""
    step = 1 / (1 + np.exp(-(np.arange(rows) - rows / 2)))
    gain, scatter = np.linspace(500, 2000, elements)[:, None], np.linspace(0.1, 0.4, elements)[:, None]
    return np.random.default_rng(3).poisson(gain * (scatter + step)).astype(float) + 1.0


def test_measured_eight_channels(xas_data: Path) -> None:
    scan = read_xas(xas_data / FE, FE)
    expected = sum(scan.column(f"Fe_Ka_mca{i}").values * scan.column(f"DTFactor_mca{i}").values for i in range(1, 5))
    np.testing.assert_allclose(scan.mu("fluorescence"), expected / scan.column("I0").values, rtol=1e-14)
    channel = next(c for c in scan.channels if c.mode == "fluorescence")
    assert channel.formula == "Fe_Ka sum (dead-time corrected) / I0"
    assert "Column.16: Fe_Ka_mca1" in channel.evidence and "DTFactor_mca1" in channel.evidence
    assert any("`reduce: {mode: fluorescence}`" in note for note in scan.notes)
    assert "elements 5, 6, 7, 8 are dead: Fe_Ka is zero throughout" in scan.notes
    assert any("over elements 1, 2, 3, 4; the largest dead-time factor is 1.001" in note for note in scan.notes)


def test_different_gains_and_scatter_are_no_reason_to_drop(tmp_path: Path) -> None:
    counts, factors = edge(6), np.full((6, 60), 1.25)
    scan = detector(tmp_path, counts, factors)
    np.testing.assert_allclose(scan.mu("fluorescence"), 1.25 * counts.sum(axis=0) / 1000)
    assert not any("left out" in note for note in scan.notes)


@pytest.mark.parametrize("how", ["drops out", "jumps", "spikes"])
def test_an_element_that_leaves_the_others_is_dropped(tmp_path: Path, how: str) -> None:
    counts, factors = edge(5), np.ones((5, 60))
    if how == "drops out":
        counts[2, 40:] = 0.0
    elif how == "jumps":
        counts[2, 42:] *= 1.6
    else:
        counts[2, 7] *= 40.0
    scan = detector(tmp_path, counts, factors)
    np.testing.assert_allclose(scan.mu("fluorescence"), np.delete(counts, 2, axis=0).sum(axis=0) / 1000)
    assert any("element 3 was left out: it does not follow the median" in note for note in scan.notes)


def test_of_two_elements_none_is_judged(tmp_path: Path) -> None:
    counts = edge(2)
    counts[1, 30:] = 1.0
    scan = detector(tmp_path, counts, np.ones((2, 60)))
    np.testing.assert_allclose(scan.mu("fluorescence"), counts.sum(axis=0) / 1000)


def test_factors_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"DTFactor_mca1 goes down to 0.8.*at least 1") as caught:
        detector(tmp_path, edge(3), np.full((3, 60), 0.8))
    assert "fluorescence: [Ta_La_mca1, ..]" in caught.value.fix


def test_input_over_output_rate(tmp_path: Path) -> None:
    counts = edge(2, 20)
    names = ["energy eV", "I0", "Ta_La_mca1", "Ta_La_mca2", "ICR_mca1", "OCR_mca1", "ICR_mca2", "OCR_mca2"]
    rows = [f"{9800 + 10 * k} 1000 {counts[0, k]:g} {counts[1, k]:g} 600 400 0 0" for k in range(20)]
    scan = rawfiles.read(tmp_path, rawfiles.xdi(names, rows))
    np.testing.assert_allclose(scan.mu("fluorescence"), (1.5 * counts[0] + counts[1]) / 1000)


def test_without_factors_the_regions_are_summed_as_they_are_and_said(tmp_path: Path) -> None:
    counts = edge(3)
    scan = detector(tmp_path, counts, np.ones((3, 60)), kind="Clock")
    np.testing.assert_allclose(scan.mu("fluorescence"), counts.sum(axis=0) / 1000)
    assert scan.channels[0].formula == "Ta_La sum (not dead-time corrected) / I0"
    (note,) = [note for note in scan.notes if "NOT corrected for dead time" in note]
    assert "over elements 1, 2, 3" in note and "neither dead-time factors nor count rates" in note


def test_factors_of_some_elements_only_are_for_the_study_to_judge(tmp_path: Path) -> None:
    names = ["energy eV", "I0", "Ta_La_mca1", "Ta_La_mca2", "DTFactor_mca1"]
    rows = [f"{9800 + 10 * k} 1000 1 2 1.1" for k in range(20)]
    error = rawfiles.refusal(tmp_path, rawfiles.xdi(names, rows))
    assert "which to add up is not for the program to choose" in error.what
    assert "fluorescence: [Ta_La_mca1, Ta_La_mca2]" in error.fix


def test_no_live_element(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="all elements of the detector are zero in Ta_La"):
        detector(tmp_path, np.zeros((3, 20)), np.ones((3, 20)))


def test_the_element_stated_chooses_the_line(tmp_path: Path) -> None:
    names = ["energy eV", "I0"]
    names += [f"{line}_mca{i}" for line in ("Ta_La", "Fe_Ka", "DTFactor") for i in (1, 2)]
    rows = [f"{9800 + 10 * k} 1000 1 2 30 40 1 1" for k in range(20)]
    scan = rawfiles.read(tmp_path, rawfiles.xdi(names, rows, "Element.symbol: Ta", "Element.edge: L3"))
    np.testing.assert_allclose(scan.mu("fluorescence"), 0.003)
    assert "not for the program to choose" in rawfiles.refusal(tmp_path, rawfiles.xdi(names, rows)).what


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 9), st.integers(0, 10_000))
def test_steady_elements_are_never_dropped(tmp_path_factory: pytest.TempPathFactory, elements: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = 1 + 5 / (1 + np.exp(-(np.arange(60) - 30)))
    counts = rng.poisson(rng.uniform(20, 5000, (elements, 1)) * shape).astype(np.float64) + 1.0
    scan = detector(tmp_path_factory.mktemp("e"), counts, np.ones_like(counts))
    np.testing.assert_allclose(scan.mu("fluorescence"), counts.sum(axis=0) / 1000)
