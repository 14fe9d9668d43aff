"""Stage `measure`: lines, sidebands, fits, what other choices make of them, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_spectra import CRYSTAL, GLASS, LORENTZIAN_HZ, NACL, demo_sample, modelled, spinsight
from pydantic import ValidationError

from ntcspec import store
from ntcspec.config.nmr_measure import NmrMeasure
from ntcspec.errors import UserError
from ntcspec.nmr.asked import fit_of, line_of
from ntcspec.nmr.measure import measure_nmr
from ntcspec.nmr.sites import Site
from ntcspec.nmr.split import split_nmr
from ntcspec.types import Metric
from ntcspec.types.nmr import NmrMeasured, NmrReduced

WIDE = [-70, 50]
BOTH = {
    "na": {
        "range_ppm": WIDE, "satellites": True, "lorentzian_hz": LORENTZIAN_HZ,
        "sites": {"crystal": CRYSTAL, "glass": GLASS, "nacl": NACL},
        "models": {"crystal": ["crystal", "nacl"], "glass": ["glass", "nacl"], "both": ["crystal", "glass", "nacl"]},
    }
}  # fmt: skip
PLAIN = Site("line", "gaussian", (-20.0, 5.0), (20.0, 2000.0))
SHARP = Site("sharp", "lorentzian", (-20.0, 5.0), (20.0, 2000.0))


def settings(**section: Any) -> dict[str, Any]:
    """Keyword arguments as the workflow makes them from the configuration."""
    return NmrMeasure(**section).model_dump(mode="json")


def by_name(measured: NmrMeasured) -> dict[str, Metric]:
    names = [m.name for m in measured.metrics]
    assert len(set(names)) == len(names)
    return {m.name: m for m in measured.metrics}


def made(*sites: tuple[Site, list[float]], noise: float = 0.01, seed: int = 3, **how: Any) -> NmrReduced:
    return modelled(list(sites), noise=noise, rng=np.random.default_rng(seed), **how)


# --- published truth ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["NTC_06h", "NTC_40h"])
@pytest.mark.parametrize("broadening_hz", [0.0, 50.0])
def test_synthetic_echoes_give_back_their_truth(data_folder: Path, name: str, broadening_hz: float) -> None:
    reduced, truth = spinsight(data_folder / "nmr" / "spinsight_synthetic" / name, broadening_hz=broadening_hz)
    nacl = {**NACL, "model": "lorentzian"}
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS, "nacl": nacl}}}
    found = by_name(measure_nmr(reduced, **settings(fits=fits)))
    assert found["na.glass.delta_iso"].value == pytest.approx(truth["delta_iso_ppm"], abs=0.1)
    assert found["na.glass.sigma"].value == pytest.approx(truth["sigma_czjzek_Hz"] / 1e6, rel=0.05)
    assert found["na.nacl.fraction"].value == pytest.approx(truth["nacl_fraction"], abs=0.01)
    assert found["na.nacl.position"].value == pytest.approx(truth["nacl_ppm"], abs=0.05)
    assert found["na.glass.gaussian"].value == pytest.approx(truth["gauss_FWHM_Hz"], rel=0.05)  # without apodisation
    assert found["na.cog"].value == pytest.approx(truth["cog_czjzek_pred_ppm"], abs=0.1)
    assert "twice that of mrsimulator" in found["na.glass.sigma"].method
    assert "not of nuclei" in found["na.nacl.fraction"].method


def test_the_demo_series_moves_by_its_couplings_and_not_by_shielding() -> None:
    found = {stem: measure_nmr(demo_sample(stem, glass), **settings(fits=BOTH))
             for stem, glass in (("NTC-annealed", 0.0), ("NTC-26h", 0.45), ("NTC-36h", 0.75))}  # fmt: skip
    assert [one.fits[0].model for one in found.values()] == ["crystal", "both", "both"]
    truth = {"NTC-26h": 0.45, "NTC-36h": 0.75}
    crystal, glass = (-25000 * pq2 / 105.6697**2 for pq2 in (0.9**2 * 1.12, 5 * 0.6**2))
    split = split_nmr(found, fit="na")
    for i, (stem, share) in enumerate(truth.items(), 1):
        metrics = by_name(found[stem])
        assert metrics["na.delta_iso"].value == pytest.approx(-9.0, abs=0.06)
        assert metrics["na.glass.fraction"].value / (1 - metrics["na.nacl.fraction"].value) == pytest.approx(
            share, abs=0.05
        )
        assert metrics["na.glass.sigma"].value == pytest.approx(0.6, abs=0.02)
        assert split.quadrupole_ppm[i] == pytest.approx(share * (glass - crystal), abs=0.08)
        assert abs(split.shielding_ppm[i]) < 3 * np.hypot(split.uncertainty_ppm[i, 0], split.systematic_ppm[i, 0])
        assert "no change of the isotropic shift is seen" in split.verdicts[i]
        assert "quadrupolar shift changes by" in split.verdicts[i]
    assert split.samples == ("NTC-annealed", "NTC-26h", "NTC-36h")
    assert split.cog_ppm == pytest.approx(split.shielding_ppm + split.quadrupole_ppm)


def test_a_series_that_only_changes_its_shielding_is_seen_as_that() -> None:
    """Negative control: the same phases, all shifts 0.6 ppm lower in the second sample."""
    found = {
        "before": measure_nmr(demo_sample("NTC-36h", 0.75, seed=1), **settings(fits=BOTH)),
        "after": measure_nmr(demo_sample("NTC-36h", 0.75, seed=2, delta_iso_ppm=-9.6), **settings(fits=BOTH)),
    }
    split = split_nmr(found, fit="na")
    assert split.shielding_ppm[1] == pytest.approx(-0.6, abs=0.06)
    assert abs(split.quadrupole_ppm[1]) < 0.1
    assert "isotropic shift changes by -0." in split.verdicts[1]
    assert "quadrupolar shift changes by" not in split.verdicts[1]


# --- lines without a model ------------------------------------------------------------------


def test_a_line_without_a_model() -> None:
    reduced = made((SHARP, [40.0, -9.37, 150.0]))
    found = by_name(measure_nmr(reduced, **settings(lines={"main": {"range_ppm": [-40, 20]}})))
    for key, truth, unit in (("position", -9.37, "ppm"), ("fwhm", 150.0, "Hz"), ("area", 40.0, "")):
        one = found[f"main.{key}"]
        assert one.unit == unit and one.u_stat > 0 and one.u_sys >= 0
        # a Lorentzian has 3 % of its area beyond +-30 ppm
        assert one.value == pytest.approx(truth, abs=4 * one.u_stat + (1.5 if key == "area" else 0.02 * abs(truth)))
    assert "no apodisation" in found["main.fwhm"].method
    apodised = made((SHARP, [40.0, -9.37, 150.0]), broadening_hz=50.0)
    wider = by_name(measure_nmr(apodised, **settings(lines={"main": {"range_ppm": [-40, 20]}})))["main.fwhm"]
    assert wider.value == pytest.approx(200.0, rel=0.03) and "50 Hz Lorentzian is in it" in wider.method
    fit = {"na": {"range_ppm": [-40, 20], "sites": {"line": {"model": "lorentzian", "shift_ppm": [-20, 5]}}}}
    without = by_name(measure_nmr(apodised, **settings(fits=fit)))["na.line.fwhm"]
    assert without.value == pytest.approx(150.0, abs=4 * without.u_stat) and "not in the widths" in without.method


@pytest.mark.parametrize("broadening_hz", [0.0, 80.0])
def test_uncertainties_of_lines_cover(broadening_hz: float) -> None:
    values, errors = [], []
    for seed in range(200):
        reduced = made((PLAIN, [10.0, -9.0, 250.0]), noise=0.01, seed=seed, broadening_hz=broadening_hz)
        off = {"phase_deg": 0, "limits_ppm": 0, "backgrounds": []}
        one = by_name(measure_nmr(reduced, **settings(lines={"main": {"range_ppm": [-20, 2]}}, choices=off)))
        keys = ["main.position", "main.cog", "main.area", "main.fwhm", "main.height"]
        values.append([one[k].value for k in keys])
        errors.append([one[k].u_stat for k in keys])
    ratio = np.median(errors, axis=0) / np.std(values, axis=0)
    assert ratio[:3] == pytest.approx(np.ones(3), abs=0.25)
    assert (ratio > 0.75).all() and (ratio < 1.6).all()  # width and height choose among points


def test_nothing_is_not_detected() -> None:
    reduced = made((PLAIN, [0.001, -9.0, 250.0]), noise=0.05)
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS}}}
    found = by_name(measure_nmr(reduced, **settings(lines={"main": {"range_ppm": [-20, 2]}}, fits=fits)))
    for name in ("main.position", "main.cog", "main.fwhm", "na.glass.delta_iso", "na.glass.sigma"):
        assert np.isnan(found[name].value) and np.isnan(found[name].u_stat), name
        assert found[name].reason.startswith("not detected: below 3 sigma"), name
    assert np.isfinite(found["main.area"].value) and found["main.area"].reason.startswith("not detected")


def test_a_range_that_is_barely_wide_enough_stands_all_choices() -> None:
    """Narrowed by 1 ppm at both ends nothing would be left of it."""
    reduced = made((SHARP, [40.0, -9.37, 30.0]))
    found = by_name(measure_nmr(reduced, **settings(lines={"main": {"range_ppm": [-10.9, -7.8]}})))
    assert np.isfinite(found["main.position"].u_sys) and found["main.position"].reason == ""


# --- sidebands ------------------------------------------------------------------------------


def test_sidebands_hold_what_the_simulation_put_there() -> None:
    strong = Site("s", "quadrupolar", (-20.0, 0.1, 0.0, 20.0), (0.0, 5.0, 1.0, 800.0))
    reduced = made(
        (strong, [100.0, -5.0, 3.0, 0.2, 150.0]), width_hz=100000.0, spinning_hz=8000.0, count=4096, noise=0.003
    )
    lines = {"main": {"range_ppm": [-42, -2], "sidebands": 3}}
    measured = measure_nmr(reduced, **settings(lines=lines))
    found = by_name(measured)
    spacing = 8000.0 / 105.67
    assert [b.order for b in measured.sidebands] == [-3, -2, -1, 1, 2, 3]
    centre = found["main.position"].value
    assert [b.shift_ppm for b in measured.sidebands] == pytest.approx(
        [centre + n * spacing for n in (-3, -2, -1, 1, 2, 3)]
    )
    clean = made(
        (strong, [100.0, -5.0, 3.0, 0.2, 150.0]), noise=1e-9, width_hz=100000.0, spinning_hz=8000.0, count=4096
    )
    x, inside = clean.shift_ppm, {}
    for n in range(-3, 4):
        inside[n] = clean.real[(x >= -42 + n * spacing) & (x < -2 + n * spacing)].sum()
    expected = 1 - inside[0] / sum(inside.values())
    share = found["main.sideband_share"]
    assert share.value > 5 * share.u_stat
    assert share.value == pytest.approx(expected, abs=3 * share.u_stat)
    assert {b.order for b in measured.sidebands if b.detected} >= {-1, 1}


def test_sidebands_beyond_the_spectrum_are_missing_and_not_zero() -> None:
    reduced = made((PLAIN, [40.0, -9.0, 200.0]), spinning_hz=40000.0)  # of 50 kHz
    lines = {"main": {"range_ppm": [-40, 20], "sidebands": 1}}
    share = by_name(measured := measure_nmr(reduced, **settings(lines=lines)))["main.sideband_share"]
    assert np.isnan(share.value) and "no sideband lies within the spectrum" in share.reason
    assert any("sidebands -1, +1 are not in the spectrum" in note for note in measured.notes)


def test_a_plain_line_has_no_sidebands() -> None:
    reduced = made((PLAIN, [40.0, -9.0, 200.0]))
    measured = measure_nmr(reduced, **settings(lines={"main": {"range_ppm": [-20, 2], "sidebands": 3}}))
    share = by_name(measured)["main.sideband_share"]
    assert abs(share.value) < 4 * share.u_stat and not any(b.detected for b in measured.sidebands)
    assert any("sidebands -3, -2, +3 are not in the spectrum" in note for note in measured.notes)


# --- uncertainties, choices, words ----------------------------------------------------------


def test_a_phase_error_is_in_the_systematic_uncertainty() -> None:
    glass = Site("glass", "czjzek", (-20.0, 0.05, 1.0), (0.0, 1.5, 800.0))
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS}}}
    reduced = made((glass, [100.0, -9.0, 0.5, 200.0]))
    dispersion = np.imag(
        np.fft.fft(np.fft.ifft(reduced.real) * (np.arange(reduced.real.size) < reduced.real.size // 2))
    )
    reduced = replace(reduced, imaginary=2.0 * dispersion)
    few, many = (
        by_name(
            measure_nmr(reduced, **settings(fits=fits, choices={"phase_deg": deg, "limits_ppm": 0, "backgrounds": []}))
        )
        for deg in (1.0, 4.0)
    )
    assert few["na.glass.sigma"].u_sys > 0
    assert many["na.glass.sigma"].u_sys == pytest.approx(4 * few["na.glass.sigma"].u_sys, rel=0.3)
    assert many["na.glass.sigma"].u_stat == few["na.glass.sigma"].u_stat


def test_the_reference_is_apart() -> None:
    reduced = made((PLAIN, [40.0, -9.0, 200.0]))
    lines = settings(lines={"main": {"range_ppm": [-20, 2]}})
    found, other = (
        by_name(measure_nmr(replace(reduced, reference_error_ppm=u), **lines)) for u in (0.02, float("nan"))
    )
    assert found["reference_error"].value == 0.02 and found["reference_error"].reason == ""
    assert found["main.position"] == other["main.position"]
    assert other["reference_error"].reason == "no uncertainty of the reference is known"


def test_a_plain_line_tells_no_shielding_from_coupling() -> None:
    fits = {"na": {"range_ppm": WIDE, "sites": {"line": {"model": "gaussian", "shift_ppm": [-20, 5]}}}}
    found = by_name(measure_nmr(made((PLAIN, [40.0, -9.0, 200.0])), **settings(fits=fits)))
    for name in ("na.delta_iso", "na.quadrupole_shift", "na.cog"):
        assert np.isnan(found[name].value) and "tells no shielding from coupling" in found[name].reason
    assert found["na.delta_bic"].reason == "only one model was tried"


def test_where_shape_cannot_tell_it_is_said() -> None:
    """A small coupling under a broad line: the sum of shielding and quadrupolar shift is all that is known."""
    glass = Site("glass", "czjzek", (-20.0, 0.05, 1.0), (0.0, 1.5, 800.0))
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS}}}
    measured = measure_nmr(made((glass, [40.0, -9.0, 0.1, 500.0]), noise=0.05), **settings(fits=fits))
    assert any("cannot be told apart" in note for note in measured.notes) or any(
        "limit of its range" in n for n in measured.notes
    )


def test_a_site_that_is_not_in_the_model_says_why() -> None:
    measured = measure_nmr(demo_sample("NTC-annealed", 0.0), **settings(fits=BOTH))
    glass = by_name(measured)["na.glass.sigma"]
    assert np.isnan(glass.value) and glass.reason.startswith("not in the model")
    assert set(measured.fits[0].compared) == {"crystal", "glass", "both"}


def test_an_unknown_spinning_rate_is_said() -> None:
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS}}}
    glass = Site("glass", "czjzek", (-20.0, 0.05, 1.0), (0.0, 1.5, 800.0))
    reduced = replace(made((glass, [100.0, -9.0, 0.5, 200.0])), spinning_hz=float("nan"))
    measured = measure_nmr(reduced, **settings(fits=fits))
    assert any("infinitely fast spinning" in note for note in measured.notes)
    measured = measure_nmr(replace(reduced, spinning_hz=0.0), **settings(fits=fits))
    assert any("does not spin: the spinning rate is 0" in note for note in measured.notes)


def test_the_artifact_survives_the_store(tmp_path: Path) -> None:
    fits = {"na": {"range_ppm": WIDE, "sites": {"glass": GLASS, "nacl": NACL}}}
    lines = {"main": {"range_ppm": [-20, 2], "sidebands": 1}}
    measured = measure_nmr(made((PLAIN, [40.0, -9.0, 200.0])), **settings(fits=fits, lines=lines))
    record = {"study": "s", "stage": "measure", "simulated": False, "ancestry": {}, "parameters": {}, "ntcspec": "0"}
    store.write(tmp_path / "m.nxs", measured, record)
    again = store.read(tmp_path / "m.nxs", NmrMeasured)
    for one, other in zip(measured.metrics, again.metrics, strict=True):
        assert str(one) == str(other)
    assert again.fits[0].site_names == ("glass", "nacl") and again.sidebands == measured.sidebands
    assert again.lines[0].detected is True and isinstance(again.fits[0].decided, bool)


# --- what is refused ------------------------------------------------------------------------

ONE = {"range_ppm": WIDE, "sites": {"glass": GLASS}}


@pytest.mark.parametrize(
    ("asked", "facts", "words"),
    [
        ({"lines": {"a": {"range_ppm": [-300, 2]}}}, {}, r"measure\.lines\.a\.range_ppm: -300 to 2 ppm is beyond the spectrum, -236\.6 to 236\.\d ppm -> narrow"),
        ({"lines": {"a": {"range_ppm": [1.0, 1.2]}}}, {}, r"measure\.lines\.a\.range_ppm: \d points between 1 and 1\.2 ppm -> at least 12"),
        ({"lines": {"a": {"range_ppm": [2, 1]}}}, {}, r"measure\.lines\.a\.range_ppm: 2 to 1 is not an ascending range"),
        ({"lines": {"a": {"range_ppm": [1, 20], "sideband": 1}}}, {}, r"unknown parameter 'sideband' \(did you mean 'sidebands'\?\)"),
        ({"lines": {"a": {"range_ppm": [1, 20], "sidebands": 1}}}, {"spinning_hz": float("nan")}, r"measure\.lines\.a\.sidebands: the spinning rate is unknown -> .*give the spinning rate"),
        ({"lines": {"a": {"range_ppm": [-100, 100], "sidebands": 1}}}, {}, r"the line's range is 200 ppm wide, sidebands stand 114 ppm apart -> narrow"),
        ({"lines": {"a": {"range_ppm": [1, 9]}}, "fits": {"a": ONE}}, {}, r"measure\.lines\.a: the name is used twice"),
        ({"fits": {"a": {**ONE, "range_ppm": [-400, 50]}}}, {}, r"measure\.fits\.a\.range_ppm: -400 to 50 ppm is beyond"),
        ({"fits": {"a": ONE}}, {"nucleus": "22Na"}, r"measure\.spin: the spin of 22Na is not known \(did you mean '23Na'\?\) -> give spin"),
        ({"fits": {"a": ONE}}, {"nucleus": ""}, r"measure\.spin: the spin of an unnamed nucleus is not known -> give spin"),
        ({"fits": {"a": ONE}}, {"nucleus": "29Si"}, r"measure\.spin: site glass has a quadrupolar coupling, but 29Si has spin 0\.5"),
        ({"fits": {"a": ONE}, "spin": 1.0}, {}, r"measure\.spin: .* spin 1 -> only spins 3/2"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**GLASS, "sigma_mhz": [0.05, 5.0]}}}}}, {}, r"measure\.fits\.a\.sites\.g\.sigma_mhz: 5 MHz moves the line by -280 ppm, the spectrum is 473 ppm wide -> lower"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**CRYSTAL, "cq_mhz": [0.1, 20.0]}}}}}, {}, r"measure\.fits\.a\.sites\.g\.cq_mhz: 20 MHz"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**GLASS, "sigma_mhz": [0.0, 1.0]}}}}}, {}, r"sigma_mhz: starts at 0 -> give a range above 0"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**CRYSTAL, "eta": [0.0, 1.2]}}}}}, {}, r"eta lies between 0 and 1"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**GLASS, "model": "czjzeck"}}}}}, {}, r"sites\.g\.model: unknown model 'czjzeck' \(did you mean 'czjzek'\?\)"),
        ({"fits": {"a": {**ONE, "sites": {"g": {"model": "czjzek"}}}}}, {}, r"measure\.fits\.a\.sites\.g: shift_ppm is missing"),
        ({"fits": {"a": {**ONE, "sites": {}}}}, {}, r"measure\.fits\.a\.sites: no site to fit"),
        ({"fits": {"a": {**ONE, "models": {"m": ["gloss"]}}}}, {}, r"measure\.fits\.a\.models\.m: no site is called 'gloss' \(did you mean 'glass'\?\)"),
        ({"fits": {"a": {**ONE, "models": {"m": ["glass", "glass"]}}}}, {}, r"is no list of different sites"),
        ({"fits": {"a": {**ONE, "background": "cubic"}}}, {}, r"measure\.fits\.a\.background: unknown background 'cubic'"),
        ({"choices": {"backgrounds": ["cubic"]}}, {}, r"measure\.choices\.backgrounds: unknown background"),
        ({"lines": {"a": {"range_ppm": [1, 9]}}}, {"larmor_mhz": float("nan")}, r"the frequency at 0 ppm is unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(asked: dict[str, Any], facts: dict[str, Any], words: str) -> None:
    reduced = replace(made((PLAIN, [40.0, -9.0, 200.0])), **facts)
    with pytest.raises(UserError, match=words):
        measure_nmr(reduced, **asked)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"lines": {"a": {"range_ppm": [1, 9]}}, "fits": {"a": ONE}}, "'a' is used twice"),
        ({"fits": {"a": {**ONE, "models": {"m": ["gloss"]}}}}, "there is no site 'gloss'"),
        ({"fits": {"a": {**ONE, "models": {"m": []}}}}, "give different sites"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**GLASS, "sigma_mhz": [0, 1]}}}}}, "`sigma_mhz` must start above 0"),
        ({"fits": {"a": {**ONE, "sites": {"g": {**CRYSTAL, "eta": [0, 2]}}}}}, "`eta` lies between 0 and 1"),
        ({"lines": {"a": {"range_ppm": [9, 1]}}}, "lower end 9 must be below upper end 1"),
        ({"fits": {"a": {**ONE, "sites": {}}}}, "at least 1 item"),
    ],
)
def test_the_configuration_refuses_the_same(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        NmrMeasure(**section)


def test_defaults_of_the_configuration_are_those_of_the_functions() -> None:
    given = settings(
        lines={"a": {"range_ppm": [1, 9]}},
        fits={"f": {"range_ppm": WIDE, "sites": {"g": GLASS, "c": CRYSTAL, "n": NACL}}},
    )
    assert line_of("a", given["lines"]["a"]) == line_of("a", {"range_ppm": [1, 9]})
    bare = {"range_ppm": WIDE, "sites": {"g": GLASS, "c": CRYSTAL, "n": NACL}}
    assert fit_of("f", given["fits"]["f"]) == fit_of("f", bare)


# --- split ----------------------------------------------------------------------------------


def test_a_split_needs_two_samples_that_have_the_fit() -> None:
    fits = {"na": {"range_ppm": WIDE, "sites": {"line": {"model": "gaussian", "shift_ppm": [-20, 5]}}}}
    plain = measure_nmr(made((PLAIN, [40.0, -9.0, 200.0])), **settings(fits=fits))
    glass = measure_nmr(made((PLAIN, [40.0, -9.0, 200.0])), **settings(fits={"na": ONE}))
    with pytest.raises(UserError, match=r"1 sample with fit 'na' -> at least 2"):
        split_nmr({"a": glass, "b": plain, "c": "no such file"}, fit="na")
    with pytest.raises(UserError, match=r"split\.reference: no fit 'na' of 'b'"):
        split_nmr({"a": glass, "b": plain}, fit="na", reference="b")
    both = split_nmr({"a": glass, "b": plain, "c": "no such file", "d": glass}, fit="na")
    assert both.notes[:2] == (
        "left out: b (no site of its model has a coupling: no split is possible)",
        "left out: c (no such file)",
    )
    assert both.samples == ("a", "d") and both.cog_ppm == pytest.approx([0.0, 0.0])
