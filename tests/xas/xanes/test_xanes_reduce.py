"""The stage `reduce` of xanes: measured references, choices, modes, alignment, noise, and what it refuses."""

from __future__ import annotations

import inspect
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reduce_inputs as inputs

from ntcspec.config.xanes import Reduce
from ntcspec.demo import write_raw
from ntcspec.errors import UserError
from ntcspec.types.xas import XasScans
from ntcspec.xas import _larch
from ntcspec.xas.raw import ingest_files
from ntcspec.xas.xanes.reduce import reduce_xanes

GRID = inputs.GRID
SIGMA = 2e-3
FIXED = {"e0_ev": inputs.E0, "align": "none", "weights": "equal"}


def _noisy(seed: int, sigma: float = SIGMA) -> Any:
    return inputs.near_edge(GRID) + sigma * np.random.default_rng(seed).standard_normal(GRID.size)


def test_keywords_and_defaults_are_those_of_the_config() -> None:
    given = {k: p for k, p in inspect.signature(reduce_xanes).parameters.items() if p.kind is p.KEYWORD_ONLY}
    own = {"element", "edge", "edge_energy_ev", "composition", "references"}
    assert set(given) - own == set(Reduce.model_fields)
    for key, field in Reduce.model_fields.items():
        if key not in ("choices", "over_absorption"):
            assert given[key].default == field.default, key


# --- measured --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "e0", "step", "highest"),
    [("tey", 9663.39, 0.8794960497068689, 1.1927466797659603),
     ("fluorescence", 9662.94, 6.637495839335216, 1.0462028637034413)],
)  # fmt: skip
def test_zinc_foil_of_sxrmb(xas_data: Path, mode: str, e0: float, step: float, highest: float) -> None:
    scans = inputs.measured(xas_data / "CLS_SXRMB_Zn_foil_XANES_scan1.dat", element="Zn", edge="K")
    reduced = inputs.reduced(
        scans, element="Zn", mode=mode, e0_ev=e0, pre1_ev=-30.0, pre2_ev=-12.0, norm1_ev=40.0, norm2_ev=115.0
    )
    one = reduced.primary
    assert [s.mode for s in reduced.spectra] == [mode, *({"tey", "fluorescence"} - {mode})]
    assert one.edge_step == pytest.approx(step, rel=1e-9)
    assert one.norm.max() == pytest.approx(highest, rel=1e-9)
    assert one.mu.max() / one.mu[-20:].mean() == pytest.approx({"tey": 1.1404, "fluorescence": 1.0337}[mode], abs=1e-4)
    assert one.mu_error.size == one.norm_error.size == 0
    assert np.isnan(one.edge_step_error)


def test_spread_of_sixty_normalisations_of_nacl(xas_data: Path) -> None:
    scans = inputs.measured(xas_data / "CAMD_Cl-K_standards.prj", element="Cl", edge="K", select="NaCl")
    sixty = {
        **inputs.NO_CHOICES,
        "pre1_shift_ev": (0.0, 10.0),
        "pre2_shift_ev": (-5.0, 0.0),
        "norm1_shift_ev": (-10.0, -5.0, 0.0, 10.0, 20.0),
        "norm_degree": (0, 1, 2),
    }
    for name, choices in (("60", sixty), ("default", {})):
        one = inputs.reduced(scans, choices=choices).primary
        steps = one.choice_edge_step
        print(f"NaCl, {name}: {len(steps)} steps {steps.min():.3f} to {steps.max():.3f}, median {np.median(steps):.3f}")
        assert len(steps) == (60 if name == "60" else 48)
        assert 0.6 < steps.min() < one.edge_step < steps.max() < 1.05
        assert steps.max() / steps.min() > 1.1


def test_every_choice_is_larch_with_its_parameters(xas_data: Path) -> None:
    scans = inputs.measured(xas_data / "CAMD_Cl-K_standards.prj", element="Cl", edge="K", select="KCl")
    one = inputs.reduced(scans, pre1_ev=-40.0, norm2_ev=100.0).primary
    mu = scans.scans[0].mu("transmission")
    for name, norm, step in zip(one.choice_names, one.choice_norm, one.choice_edge_step, strict=True):
        moved = dict(part.split("=") for part in name.split())
        theirs = _larch.pre_edge(
            one.energy_ev, mu, e0_ev=one.e0_ev,
            pre1_ev=-40.0 + float(moved["pre1_shift_ev"]), pre2_ev=-12.0 + float(moved["pre2_shift_ev"]),
            norm1_ev=25.0 + float(moved["norm1_shift_ev"]), norm2_ev=100.0 + float(moved["norm2_shift_ev"]),
            norm_degree=int(moved["norm_degree"]), victoreen=0,
        )  # fmt: skip
        assert step == pytest.approx(theirs.edge_step, abs=1e-9)
        assert np.abs(norm - theirs.norm).max() < 1e-9
    assert np.array_equal(one.norm_low, np.minimum(one.norm, one.choice_norm.min(axis=0)))
    assert np.array_equal(one.norm_high, np.maximum(one.norm, one.choice_norm.max(axis=0)))


# --- simulated raw files ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def near_edges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated near-edge files alone."""
    folder = tmp_path_factory.mktemp("near-edges")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ntcspec.demo.INSTRUMENTS", (("xanes", "ntcspec.demo.xanes:make"),))
        write_raw(folder)
    return folder


def _simulated(folder: Path, names: tuple[str, ...], element: str, select: str = "") -> XasScans:
    edge = {"Na": 1070.8, "Cl": 2822.0}[element]
    return ingest_files(
        [folder / n for n in names], names, element=element, edge="K", edge_energy_ev=edge, bad_rows="drop",
        columns=None, simulated=True, select=select,
    )  # fmt: skip


def test_sodium_under_eight_steps_of_background(near_edges: Path) -> None:
    """Three passes of SGM: the background of total electron yield falls by more than a step over the scan."""
    given = {"element": "Na", "mode": "tey", "e0_ev": 1077.0, "pre2_ev": -8.0, "norm1_ev": 12.0}
    results = {}
    for name in ("NTC-annealed", "NTC-40h"):
        scans = _simulated(near_edges, (f"sgm/{name}_NaK.nxs",), "Na", "*")
        assert len(scans.scans) == 3
        results[name] = one = inputs.reduced(scans, align="signal", **given).primary
        assert one.pre_edge[np.abs(one.energy_ev - 1077.0).argmin()] > 5.0 * one.edge_step
        above = one.energy_ev > 1077.0 + 15.0
        assert one.norm[above].mean() == pytest.approx(1.0, abs=0.1)  # oscillations over 18 eV
        assert one.norm[one.energy_ev < 1069.0] == pytest.approx(0.0, abs=0.08)
        assert 1.0 < one.norm.max() < 2.0
        assert np.abs(one.shift_ev).max() < 0.05
        assert 0 < one.edge_step_error < 0.02 * one.edge_step
        assert one.choice_names
    assert results["NTC-annealed"].norm.max() > results["NTC-40h"].norm.max()


def test_a_long_extrapolation_is_told(near_edges: Path) -> None:
    scans = _simulated(near_edges, ("sgm/NaCl_NaK.nxs",), "Na", "*")
    one = inputs.reduced(scans, element="Na", mode="tey", e0_ev=1077.0).primary
    assert any("extrapolated by 25 eV" in note for note in one.notes)
    flat = inputs.reduced(scans, element="Na", mode="tey", e0_ev=1077.0, norm_degree=0).primary
    assert not any("extrapolated" in note for note in flat.notes)
    assert flat.edge_step > 1.5 * one.edge_step  # that is why


def test_both_modes_of_sxrmb(near_edges: Path) -> None:
    names = ("sxrmb/NTC-26h_ClK_1.dat", "sxrmb/NTC-26h_ClK_2.dat")
    reduced = inputs.reduced(_simulated(near_edges, names, "Cl"), mode="tey", e0_ev=2825.0, align="signal")
    assert [s.mode for s in reduced.spectra] == ["tey", "fluorescence"]
    tey, fluorescence = reduced.spectra
    assert np.array_equal(tey.energy_ev, fluorescence.energy_ev)
    assert len(tey.choice_names) == 48
    assert tey.choice_names == fluorescence.choice_names
    assert np.abs(tey.norm - fluorescence.norm).max() < 0.25  # over-absorption
    assert any("almost at one energy" in note for note in tey.notes)


# --- choices ---------------------------------------------------------------------------------


def test_names_of_choices_hang_on_the_config_alone() -> None:
    other = GRID[GRID > 2793.3] + 0.37
    scans = ([inputs.scan(GRID, tey=_noisy(1))], [inputs.scan(other, tey=inputs.near_edge(other))])
    first, second = (inputs.reduced(s, e0_ev=2825.2).primary for s in scans)
    assert first.choice_names == second.choice_names
    assert len(first.choice_names) == 48
    assert (
        first.choice_names[0] == "pre1_shift_ev=0 pre2_shift_ev=-3 norm1_shift_ev=-5 norm2_shift_ev=-15 norm_degree=0"
    )


def test_the_unshifted_choice_is_the_nominal_and_empty_lists_give_none() -> None:
    scans = [inputs.scan(GRID, tey=_noisy(1))]
    one = inputs.reduced(scans, e0_ev=inputs.E0).primary
    same = one.choice_names.index("pre1_shift_ev=0 pre2_shift_ev=0 norm1_shift_ev=0 norm2_shift_ev=0 norm_degree=1")
    assert np.array_equal(one.choice_norm[same], one.norm)
    none = inputs.reduced(scans, e0_ev=inputs.E0, choices=inputs.NO_CHOICES).primary
    assert none.choice_names == ()
    assert none.choice_norm.shape == (0, GRID.size)
    assert np.array_equal(none.norm_low, none.norm)


def test_choices_that_the_data_do_not_allow_are_left_out() -> None:
    choices = {**inputs.NO_CHOICES, "pre1_shift_ev": (0.0, 21.0, 40.0), "norm2_shift_ev": (0.0, -70.0)}
    one = inputs.reduced([inputs.scan(GRID, tey=_noisy(1))], e0_ev=inputs.E0, choices=choices).primary
    assert one.choice_names == ("pre1_shift_ev=0 norm2_shift_ev=0",)
    assert sum("5 of 6 choices are not possible" in note for note in one.notes) == 1


def test_methods_can_be_choices() -> None:
    choices = {**inputs.NO_CHOICES, "normalisation": ("polynomial", "mback")}
    one = inputs.reduced([inputs.scan(GRID, tey=_noisy(1))], e0_ev=inputs.E0, choices=choices).primary
    assert one.choice_names == ("normalisation=polynomial", "normalisation=mback")
    assert np.array_equal(one.choice_norm[0], one.norm)
    assert one.choice_edge_step[1] == pytest.approx(one.edge_step, rel=0.05)


# --- modes, merging, noise -------------------------------------------------------------------


def test_a_secondary_mode_that_fails_is_left_out_the_primary_raises() -> None:
    scans = [inputs.scan(GRID, "a.dat", fluorescence=_noisy(1), tey=3.0 - inputs.near_edge(GRID), reference=_noisy(2))]
    reduced = inputs.reduced(scans, e0_ev=inputs.E0)
    assert [s.mode for s in reduced.spectra] == ["fluorescence"]
    assert any(n.startswith("tey left out: ") and "mu falls at the edge" in n for n in reduced.notes)
    with pytest.raises(UserError, match=r"a\.dat: tey: edge step"):
        inputs.reduced(scans, mode="tey", e0_ev=inputs.E0)


def test_modes_that_one_scan_lacks_are_left_out() -> None:
    scans = [inputs.scan(GRID, fluorescence=_noisy(1), tey=_noisy(2)), inputs.scan(GRID, tey=_noisy(3))]
    assert [s.mode for s in inputs.reduced(scans, **FIXED).spectra] == ["tey"]


@pytest.mark.parametrize("shift", [-0.9, 0.13])
def test_alignment_on_the_signal_moves_all_modes(shift: float) -> None:
    moved = GRID - shift
    drifted = inputs.scan(moved, fluorescence=_noisy(1), tey=_noisy(2))
    first = inputs.scan(GRID, fluorescence=_noisy(3), tey=_noisy(4))
    reduced = inputs.reduced([first, drifted], e0_ev=inputs.E0, align="signal")
    for one in reduced.spectra:
        assert one.shift_ev == pytest.approx([0.0, shift], abs=5 * one.shift_error_ev[1])
        assert 0 < one.shift_error_ev[1] < 0.02
    inside = slice(5, -5)
    clean = inputs.near_edge(reduced.primary.energy_ev)
    assert np.abs(reduced.primary.mu - clean)[inside].max() < 6 * SIGMA
    unaligned = inputs.reduced([first, drifted], e0_ev=inputs.E0, align="none").primary
    assert np.abs(unaligned.mu - inputs.near_edge(unaligned.energy_ev))[inside].max() > 15 * SIGMA


def test_uncertainty_of_the_shift_agrees_with_monte_carlo() -> None:
    found, claimed = [], []
    for seed in range(40):
        scans = [inputs.scan(GRID, tey=_noisy(2 * seed)), inputs.scan(GRID - 0.4, tey=_noisy(2 * seed + 1))]
        one = inputs.reduced(scans, e0_ev=inputs.E0, align="signal", choices=inputs.NO_CHOICES).primary
        found.append(one.shift_ev[1])
        claimed.append(one.shift_error_ev[1])
    # 40 draws: 11 % on the deviation
    assert np.std(found) == pytest.approx(np.mean(claimed), rel=0.4)


def test_errors_of_norm_cover_the_truth() -> None:
    """Claimed errors of merged scans against the scatter of norm, steps and lines included."""
    norms, errors, steps, step_errors = [], [], [], []
    for seed in range(150):
        scans = [inputs.scan(GRID, tey=_noisy(3 * seed + i)) for i in range(3)]
        one = inputs.reduced(scans, **FIXED, choices=inputs.NO_CHOICES).primary
        norms.append(one.norm)
        errors.append(one.norm_error)
        steps.append(one.edge_step)
        step_errors.append(one.edge_step_error)
    # 150 draws know a deviation to 6 %, all points together much better
    ratio = np.std(norms, axis=0) / np.sqrt(np.mean(np.square(errors), axis=0))
    assert ratio.mean() == pytest.approx(1.0, abs=0.04)
    assert np.abs(ratio - 1.0).max() < 0.3
    assert np.std(steps) == pytest.approx(np.mean(step_errors), rel=0.2)


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pre2_ev": -40.0}, r"a\.dat: data start -35\.0 eV from e0, the pre-edge range ends at -40 eV: data run from 2790"),
        ({"norm1_ev": 90.0}, r"a\.dat: data end 85 eV from e0, the post-edge range starts at 90 eV: data run .*norm1_ev"),
        ({"pre1_ev": -200.0}, r"a\.dat: data start -35 eV from e0, the pre-edge range is -200 to -12 eV.*pre1_ev and pre2"),
        ({"pre2_ev": -34.5}, r"0 points in the pre-edge range .*pre1_ev, pre2_ev.*data run from 2790"),
        ({"e0_ev": 3000.0}, r"e0 3000 eV is outside the data \(2790 to 2909\.75 eV\)"),
        ({"mode": "transmission"}, r"no transmission channel \(there is: tey\)"),
        ({"align": "reference"}, r"no reference channel to align on"),
    ],
)  # fmt: skip
def test_what_the_data_do_not_allow_is_refused(given: dict[str, Any], message: str) -> None:
    scans = [inputs.scan(GRID, "a.dat", tey=_noisy(i)) for i in range(2)]
    with pytest.raises(UserError, match=message):
        inputs.reduced(scans, **{"e0_ev": inputs.E0, **given})


def test_scans_that_cannot_be_aligned_are_refused() -> None:
    scans = [inputs.scan(GRID, tey=_noisy(1)), inputs.scan(GRID, "b.dat", tey=inputs.near_edge(GRID, e0_ev=2835.0))]
    with pytest.raises(UserError, match=r"b\.dat: .*spectrum.*first scan"):
        inputs.reduced(scans, e0_ev=inputs.E0, align="signal")


def test_no_edge_near_the_tabulated_one() -> None:
    with pytest.raises(UserError, match=r"0 points between .*S K edge|reduce\.e0_ev"):
        inputs.reduced([inputs.scan(GRID, tey=_noisy(1))], element="S")


def test_unknown_options_are_refused() -> None:
    scans = XasScans((inputs.scan(GRID, tey=_noisy(1)),))
    base = {"element": "Cl", "edge": "K", "edge_energy_ev": 2822.0, "composition": ""}
    for given in ({"align": "x"}, {"spikes": "x"}, {"normalisation": "x"}, {"choices": {"x": (1.0,)}}):
        with pytest.raises(UserError, match="unknown"):
            reduce_xanes(scans, **{**base, **given})  # type: ignore[arg-type]


def test_time_of_a_spectrum(xas_data: Path) -> None:
    scans = inputs.measured(xas_data / "CAMD_Cl-K_standards.prj", element="Cl", edge="K", select="NaCl")
    sixty = {**inputs.NO_CHOICES, "pre1_shift_ev": tuple(range(15)), "norm1_shift_ev": tuple(range(4))}

    def best(choices: dict[str, Any]) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            inputs.reduced(scans, choices=choices)
            times.append(time.perf_counter() - start)
        return min(times)

    nominal, many = best(inputs.NO_CHOICES), best(sixty)
    print(
        f"{scans.scans[0].energy_ev.size} points: nominal {1e3 * nominal:.1f} ms, with 60 choices {1e3 * many:.1f} ms"
    )
    assert many < 0.1  # measured 15 ms; a busy machine is no defect


def test_the_spiked_first_point_of_a_simulated_file(near_edges: Path) -> None:
    """As the file has it, without the reader, which leaves that row out by itself."""
    scans = []
    for number in (1, 2):
        name = f"sxrmb/NTC-26h_ClK_{number}.dat"
        rows = [x.split() for x in (near_edges / name).read_text().splitlines() if x.strip() and x[0] != "#"]
        table = np.array(rows, dtype=float)
        _, first = np.unique(table[:, 1], return_index=True)
        table = table[first]
        scans.append(inputs.scan(table[:, 1], name, fluorescence=table[:, 5] / table[:, 2]))
    one = inputs.reduced(scans, e0_ev=2825.0, align="none", choices=inputs.NO_CHOICES).primary
    told = [note for note in one.notes if "spike" in note]
    assert len(told) == 1
    assert "NTC-26h_ClK_2.dat: spike in fluorescence at 2800.05 eV dropped, +0.18" in told[0]
    assert one.norm[0] == pytest.approx(0.0, abs=0.05)
    kept, alone = (
        inputs.reduced(scans[1:], e0_ev=2825.0, choices=inputs.NO_CHOICES, spikes=spikes).primary
        for spikes in ("keep", "drop")
    )
    assert kept.norm[0] > 0.3
    assert alone.energy_ev[0] == kept.energy_ev[1]
