"""Decays to spectra: measured files at their known shifts, simulated ones against their truth, references, checks."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import nmr_files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals_for_nmr import CARRIER, NAN, ZERO, fid_of, highest, ingested, of_file, scaled, signal, spectrum_of

from ntcspec import store
from ntcspec.config.nmr import NmrIngest, NmrReduce
from ntcspec.demo import find_resources, nmr
from ntcspec.demo.series import Made
from ntcspec.errors import UserError
from ntcspec.nmr.raw import ingest_nmr
from ntcspec.nmr.reduce import reduce_nmr
from ntcspec.readers.nmr import read_nmr
from ntcspec.types.nmr import NmrIngested, NmrReduced, NmrSpectrum

NACL = {"compound": "NaCl(s)", "ppm": 7.2, "tolerance_ppm": 0.1, "window_ppm": 2.0}
AQUEOUS = {"method": "standard", "compound": "1 M NaCl(aq)", "ppm": 0.04}
ETHYLINDANONE = (7.757, 7.587, 7.469, 7.369, 2.832, 2.627, 1.022)  # 2-ethyl-1-indanone in CDCl3, multiplet centres


def apart_deg(a: float, b: float) -> float:
    return abs((a - b + 180.0) % 360.0 - 180.0)


def at_carrier(one: NmrReduced) -> float:
    """Applied phase at the carrier, where the first order of a rest of a point does nothing."""
    carrier = (CARRIER / one.larmor_mhz - 1.0) * 1e6
    width_ppm = 1e6 / one.larmor_mhz / 10.0  # 100 kHz
    return one.phase0_deg + one.phase1_deg * (carrier - one.pivot_ppm) / width_ppm


# --- measured -------------------------------------------------------------------------------------


def test_protons_at_their_shifts(data_folder: Path) -> None:
    """Residual CHCl3 at 7.26, multiplets of ethyl indanone, TMS at 0; as VnmrJ referenced them by the solvent."""
    folder = data_folder / "nmr" / "varian"
    one = reduce_nmr(of_file(folder / "ethylindanone_1H.fid"), broadening_hz=0.5, zero_fill=4)
    assert highest(one, 7.2, 7.3) == pytest.approx(7.26, abs=0.015)
    for shift in ETHYLINDANONE:
        inside = np.abs(one.shift_ppm - shift) < 0.045
        centre = np.average(one.shift_ppm[inside], weights=np.maximum(one.real[inside], 0))
        assert centre == pytest.approx(shift, abs=0.015), shift
    assert one.real.min() > -2e-3 * one.real.max() and apart_deg(one.phase0_deg, -90.733) < 2.0  # rp, of the conjugate
    other = reduce_nmr(of_file(folder / "cheminfo_1H.fid"), broadening_hz=0.5, zero_fill=4)
    assert highest(other, -0.1, 0.1) == pytest.approx(0.0, abs=0.002)
    assert highest(other, 7.26, 7.28) == pytest.approx(7.26, abs=0.015)


def test_lithium_echo_as_topspin_processed_it(data_folder: Path) -> None:
    """Correlation with 1r; magnitudes agree to 1e-5, and worse one point to either side: the axis is right to a point."""
    folder = data_folder / "nmr" / "bruker" / "7Li_hahnecho"
    one = reduce_nmr(of_file(folder), broadening_hz=500.0, zero_fill=1)
    vendor = read_nmr(folder / "pdata" / "1", "1r")
    assert isinstance(vendor, NmrSpectrum)
    shift = vendor.offset_hz / vendor.zero_mhz
    assert np.corrcoef(np.interp(shift, one.shift_ppm, one.real), vendor.real)[0, 1] >= 0.999
    ours, theirs = np.hypot(one.real + one.baseline, one.imaginary), np.hypot(vendor.real, vendor.imaginary)
    matches = [np.corrcoef(np.interp(shift + k * 0.78467, one.shift_ppm, ours), theirs)[0, 1] for k in (-1, 0, 1)]
    assert matches[1] > 0.99998 and max(matches[0], matches[2]) < 0.99998
    assert one.nucleus == "7Li" and one.spinning_hz == 7000 and np.isnan(one.echo_points) and one.broadening_hz == 500


def test_oxygen_spectrum_enters_as_a_spectrum(data_folder: Path) -> None:
    path = data_folder / "nmr" / "jcamp" / "17O_La2NiO4_hahnecho.dx"
    one = reduce_nmr(of_file(path))
    assert highest(one) == pytest.approx(533.6, abs=0.1) and one.broadening_hz == 25.0
    assert (one.phase0_deg, one.phase1_deg) == (0.0, 0.0) and one.nucleus == "17O"
    assert 0.9 < one.noise_correlation[1] < 1.0 and one.sigma[0] < 0.02 * one.real.max()


def test_a_reference_far_away_is_pointed_out(data_folder: Path) -> None:
    one = reduce_nmr(of_file(data_folder / "nmr" / "varian" / "dnplab_PROTON_07.fid"), broadening_hz=50.0)
    assert "-2492 ppm from shift 0: is that the reference of this nucleus?" in " ".join(one.notes)


# --- simulated, with their truth --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["NTC_06h", "NTC_40h"])
def test_spinsight_sets_against_their_truth(data_folder: Path, name: str) -> None:
    folder = data_folder / "nmr" / "spinsight_synthetic" / name
    truth = json.loads((folder / "truth.json").read_text())
    one = reduce_nmr(of_file(folder), check=NACL)
    assert one.echo_points == pytest.approx(truth["echo_top_point"], abs=0.1)
    assert apart_deg(one.chosen["phase_at_carrier_deg"], -truth["zero_order_phase_deg"]) < 2.0
    check = one.chosen["reference_check"]
    assert check["verdict"] == "passed" and check["found_ppm"] == pytest.approx(truth["nacl_ppm"], abs=0.05)
    assert one.spinning_hz == 12000 and one.sigma[0] == pytest.approx(
        1e6 * truth["noise_rel"] * np.sqrt(2048 - 40), rel=0.1
    )


@pytest.fixture(scope="module")
def made() -> Made:
    return nmr.make(find_resources(), 20260101)


def demo(made: Made, folder: Path, stem: str, kind: str = "spinsight") -> Path:
    for name, content in made.files.items():
        if name.startswith(f"{kind}/{stem}"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder / kind / (stem if kind == "spinsight" else f"{stem}.fid")


@pytest.mark.parametrize("sample", ["NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h"])
def test_demo_series_against_its_truth(made: Made, tmp_path: Path, sample: str) -> None:
    """Tops between points; a decay within the echo moves the strongest point, and the zero is that of a standard."""
    truth = made.truth["samples"][sample]
    stem = truth["spinsight"].partition("/")[2]
    standard = demo(made, tmp_path, "NaCl-aq")
    scans = ingest_nmr(
        [demo(made, tmp_path, stem)], [stem], files={"standard": (standard, "aq")}, standard="aq", simulated=True
    )
    one = reduce_nmr(scans, reference=AQUEOUS, check=NACL)
    assert one.echo_points == pytest.approx(truth["echo_top_points"], abs=0.1)
    assert apart_deg(at_carrier(one), -truth["phase_deg"]) < 2.0
    assert one.phase1_deg == pytest.approx(truth["first_order_phase_deg"], abs=40.0)  # 0.1 point is 36 degrees
    assert one.larmor_mhz == pytest.approx(made.truth["larmor_mhz"], abs=2e-6)
    assert one.chosen["reference_check"]["verdict"] == "passed" and 1e-5 < one.reference_error_ppm < 0.01
    assert highest(one, -15, -5) == pytest.approx(
        truth["peak_ppm"], abs=0.25
    )  # three points of a line 7 ppm wide, in noise
    assert one.reference_compound == "1 M NaCl(aq)" and one.reference_ppm == 0.04
    far = np.abs(one.shift_ppm - 60) < 30
    assert np.std(one.real[far]) == pytest.approx(one.sigma[0], rel=0.15)


def test_both_formats_of_one_measurement_give_one_spectrum(made: Made, tmp_path: Path) -> None:
    """Spinsight and Varian orientation, dwell in seconds and width in Hz, rmp1 and reffrq."""
    one, other = (reduce_nmr(of_file(demo(made, tmp_path, "NTC-6h", kind))) for kind in ("spinsight", "varian"))
    assert np.allclose(one.shift_ppm, other.shift_ppm, atol=1e-4)
    assert np.allclose(one.real, other.real, atol=2e-5 * one.real.max())


# --- made here ------------------------------------------------------------------------------------


def test_spectrum_of_known_lines() -> None:
    x = signal(noise=1e-5, phase_deg=50.0)
    one = reduce_nmr(ingested(fid_of(x)), zero_fill=4)
    zero_hz = (CARRIER - ZERO) * 1e6
    assert highest(one) == pytest.approx((zero_hz - 1100.0) / ZERO, abs=0.02)
    assert highest(one, 5.0, 20.0) == pytest.approx((zero_hz + 800.0) / ZERO, abs=0.05)
    step = one.shift_ppm[1] - one.shift_ppm[0]
    area = one.real.sum() * step * ZERO * 1e-5
    assert area == pytest.approx(1.1 / 2, rel=0.02)  # A/2 in units of points
    assert np.all(np.diff(one.shift_ppm) > 0) and one.noise_correlation[0] == pytest.approx(1.0)


@given(st.integers(-6, 6))
def test_nothing_depends_on_the_scale(power: int) -> None:
    raw = fid_of(signal(512, noise=0.01, phase_deg=-70.0, top=60.3), pulse_program="solidecho")
    one, other = reduce_nmr(ingested(raw)), reduce_nmr(ingested(scaled(raw, 10.0**power)))
    assert one.phase0_deg == pytest.approx(other.phase0_deg, abs=0.05) and one.echo_points == pytest.approx(
        other.echo_points, abs=1e-6
    )
    assert np.allclose(one.real * 10.0**power, other.real, atol=2e-3 * other.real.max())


@pytest.mark.parametrize(("noise", "most"), [(0.01, 1.0), (0.02, 2.0), (0.05, 3.5)])
def test_a_top_that_noise_hides_is_found_by_the_lines(noise: float, most: float) -> None:
    """The strongest point of these lies up to 14 points off."""
    apart = []
    for seed in range(12):
        raw = fid_of(signal(top=40.2, t2=0.015, noise=noise, seed=seed, phase_deg=70.0), pulse_program="solidecho")
        one = reduce_nmr(ingested(raw))
        apart.append(one.echo_points - 40.2)
    assert np.abs(apart).max() < most and np.std(apart) < 1.7


def test_one_line_alone_keeps_the_strongest_point() -> None:
    for seed in range(4):
        x = signal(lines=((500.0, 100.0, 1.0),), top=40.0, noise=0.01, seed=seed)
        one = reduce_nmr(ingested(fid_of(x, pulse_program="solidecho")))
        assert one.chosen["beginning_error_points"] is None and one.echo_points == np.argmax(np.abs(x))
        assert "do not tell the top" in " ".join(one.notes)


def test_reported_phases_give_the_same_spectrum_again() -> None:
    raw = fid_of(signal(noise=0.004, phase_deg=33.0, top=60.3, t2=0.01), pulse_program="solidecho")
    one = reduce_nmr(ingested(raw))
    known = {"echo_points": one.echo_points, "phase1_deg": one.phase1_deg}
    again = reduce_nmr(ingested(raw), phase0_deg=one.phase0_deg, **known)
    assert np.allclose(again.real, one.real, atol=1e-6 * one.real.max()) and again.phase0_deg == pytest.approx(
        one.phase0_deg
    )
    moved = reduce_nmr(ingested(raw), pivot_ppm=40.0)
    same = reduce_nmr(ingested(raw), phase0_deg=moved.phase0_deg, pivot_ppm=40.0, **known)
    assert np.allclose(same.real, one.real, atol=1e-6 * one.real.max())
    assert np.allclose(moved.real, one.real) and moved.pivot_ppm == pytest.approx(40.0, abs=0.3)
    turned = moved.phase1_deg * (moved.pivot_ppm - one.pivot_ppm) * ZERO * 1e-5
    assert apart_deg(moved.phase0_deg, one.phase0_deg + turned) < 0.01


def test_repeats_are_added() -> None:
    one = fid_of(signal(noise=0.01, seed=1), source="a")
    both = reduce_nmr(ingested(one, fid_of(signal(noise=0.01, seed=2), source="b")))
    single = reduce_nmr(ingested(one))
    assert both.real.max() == pytest.approx(2 * single.real.max(), rel=0.01)
    assert both.sigma[0] == pytest.approx(np.sqrt(2) * single.sigma[0], rel=0.1) and "2 decays added up" in both.notes
    with pytest.raises(UserError, match="b: points, dwell or carrier differ from those of a"):
        reduce_nmr(ingested(one, fid_of(signal(1024), source="b")))


def test_an_offset_of_the_receiver() -> None:
    x = signal(noise=0.002) + 0.03
    centre = (CARRIER - ZERO) * 1e6 / ZERO
    left, taken = (reduce_nmr(ingested(fid_of(x)), dc=dc) for dc in ("off", "auto"))
    spike = [np.abs(one.real[np.abs(one.shift_ppm - centre) < 0.3]).max() for one in (left, taken)]
    assert spike[1] < spike[0] / 5 and "offset of the receiver taken off" in " ".join(taken.notes)
    persists = signal(lines=((0.0, 1.0, 1.0),), noise=0.002)  # a line on the carrier is none
    assert "offset" not in " ".join(reduce_nmr(ingested(fid_of(persists, nucleus="23Na"))).notes)


def test_a_baseline_is_found_beside_lines_and_sidebands() -> None:
    """A hump of two bad first points; lines, sidebands that are too weak to see, and what they hold stay."""
    x = signal(noise=0.002, sidebands=0.001)
    bad = x.copy()
    bad[0] += 0.4
    right, hump = (reduce_nmr(ingested(fid_of(y)), phase0_deg=0.0, phase1_deg=0.0) for y in (x, bad))
    assert np.allclose(hump.real, right.real, atol=1.5 * right.sigma[0]) and hump.baseline.mean() == pytest.approx(
        0.2, rel=0.05
    )
    none = reduce_nmr(ingested(fid_of(bad)), phase0_deg=0.0, phase1_deg=0.0, baseline_degree=None)
    assert np.all(none.baseline == 0) and none.real.mean() > hump.real.mean()


def test_lines_everywhere_leave_no_baseline() -> None:
    lines = tuple((nu, 300.0, 1.0) for nu in range(-50000, 50000, 400))
    one = reduce_nmr(ingested(fid_of(signal(lines=lines, noise=0.001))), baseline_exclude_ppm=[(-600.0, 600.0)])
    assert np.all(one.baseline == 0) and "no baseline was taken off" in " ".join(one.notes)


def test_range_and_exclusion() -> None:
    one = reduce_nmr(ingested(fid_of(signal())), range_ppm=(-40.0, 30.0), baseline_exclude_ppm=[(100.0, 200.0)])
    assert one.shift_ppm[0] >= -40 and one.shift_ppm[-1] <= 30 and one.sigma.size == one.shift_ppm.size
    with pytest.raises(UserError, match="0 points between 900 and 990 ppm"):
        reduce_nmr(ingested(fid_of(signal())), range_ppm=(900.0, 990.0))


# --- reference --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        ingested(fid_of(signal(), zero_mhz=NAN, zero_evidence="never referenced")),
        NmrIngested((), (spectrum_of(np.ones(64), zero_mhz=NAN, zero_evidence="never referenced"),), ()),
    ],
)
def test_no_reference_is_an_error_that_says_why(one: NmrIngested) -> None:
    with pytest.raises(
        UserError, match=r"its axis has no zero .never referenced. -> name a measurement of the reference"
    ):
        reduce_nmr(one)


def test_files_that_were_never_referenced(tmp_path: Path) -> None:
    x = nmr_files.decay()
    never = [
        (nmr_files.spinsight(tmp_path / "a", x, rmp1="105.67", rmv1="0"), "it was never referenced"),
        (nmr_files.spinsight(tmp_path / "b", x, rmp1=None), "names no reference"),
        (nmr_files.spinsight(tmp_path / "c", x, rmvunits1="2"), "not in ppm"),
        (nmr_files.spinsight(tmp_path / "d", x, rmp1="399.48"), "lies too far from the carrier"),
        (nmr_files.varian(tmp_path / "e", x, rfl=0.0), "never referenced"),
        (nmr_files.varian(tmp_path / "f", x, rfl=20000.0), "put shift 0 at places 4700.0 Hz apart"),
        (nmr_files.varian(tmp_path / "g", x, rfl=None), "has no reference"),
        (nmr_files.bruker(tmp_path / "h", x), "acqus alone holds no reference"),
    ]
    for path, why in never:
        with pytest.raises(UserError, match=f"its axis has no zero .*{why}"):
            reduce_nmr(of_file(path))


def test_ways_to_a_zero() -> None:
    raw = fid_of(signal(noise=0.002), zero_mhz=NAN, zero_evidence="none")
    line_mhz = CARRIER - 1100.0e-6
    given = reduce_nmr(ingested(raw), reference={"method": "frequency", "zero_mhz": ZERO})
    scale = reduce_nmr(ingested(raw), reference={"method": "iupac", "tms_mhz": 399.48})
    assert given.larmor_mhz == ZERO and scale.larmor_mhz == pytest.approx(0.26451900 * 399.48, rel=1e-12)
    own = reduce_nmr(ingested(raw), reference={"method": "line", "compound": "X", "ppm": -10.0})
    assert highest(own) == pytest.approx(-10.0, abs=0.05) and own.larmor_mhz == pytest.approx(
        line_mhz / (1 - 1e-5), abs=5e-6
    )
    standard = fid_of(signal(lines=((250.0, 30.0, 1.0),), noise=0.002, phase_deg=80.0), source="aq")
    beside = reduce_nmr(ingested(raw, standard=standard), reference=AQUEOUS)
    assert beside.larmor_mhz == pytest.approx((CARRIER + 250e-6) / (1 + 0.04e-6), abs=2e-7)
    assert beside.reference_method.startswith("standard: 1 M NaCl(aq) (aq) at 105.67025")
    near = reduce_nmr(
        ingested(fid_of(signal(noise=0.002))),
        reference={"method": "line", "compound": "NaCl(s)", "ppm": 7.2, "near_ppm": 10.4},
    )
    assert highest(near, 5.0, 9.0) == pytest.approx(7.2, abs=0.05)


@pytest.mark.parametrize(
    ("reference", "match"),
    [
        ({"method": "guess"}, "'guess' is not known"),
        ({"method": "standard"}, "method `standard` without a measurement of it"),
        ({"method": "frequency"}, "method `frequency` needs it"),
        ({"method": "iupac"}, "method `iupac` needs the frequency of the protons"),
        ({"method": "line"}, "method `line` needs the compound and its shift"),
        ({"method": "line", "compound": "X", "ppm": 1.0, "near_ppm": 300.0}, "no line within 2 ppm of 300 ppm"),
    ],
)
def test_references_that_are_not_complete(reference: dict[str, object], match: str) -> None:
    with pytest.raises(UserError, match=match):
        reduce_nmr(ingested(fid_of(signal(noise=0.002))), reference=reference)


def test_a_nucleus_without_a_place_on_the_scale() -> None:
    with pytest.raises(UserError, match="the frequency of 24Na on the unified scale is not known here"):
        reduce_nmr(ingested(fid_of(signal(), nucleus="24Na")), reference={"method": "iupac", "tms_mhz": 400.0})


@pytest.mark.parametrize(("moved", "verdict"), [(0.0, "passed"), (0.3, "failed"), (40.0, "not found")])
def test_the_check_by_solid_nacl(moved: float, verdict: str) -> None:
    shift = (CARRIER - ZERO) * 1e6 / ZERO + 800.0 / ZERO
    raw = fid_of(signal(noise=0.001), zero_mhz=ZERO * (1 - moved * 1e-6))
    one = reduce_nmr(ingested(raw), check={**NACL, "ppm": shift})
    check = one.chosen["reference_check"]
    assert check["verdict"] == verdict and any("check of the axis" in note for note in one.notes)
    if verdict != "not found":
        assert check["found_ppm"] - shift == pytest.approx(moved, abs=0.05)


# --- the rest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"echo": "maybe"}, "'maybe' is not known"),
        ({"dc": "maybe"}, "'maybe' is not known"),
        ({"zero_fill": 0}, "zero_fill must be 1 or more"),
        ({"first_point": 2.0}, "first_point between 0 and 1"),
        ({"pivot_ppm": 1e5}, "lies outside"),
        ({"broadening_hz": -3.0}, "-3 Hz is no width"),
        (
            {"phase0_deg": 1.0, "pivot_ppm": 0.0, "reference": {"method": "line", "compound": "X", "ppm": 0.0}},
            "only after the phase",
        ),
    ],
)
def test_bad_parameters(keys: dict[str, object], match: str) -> None:
    with pytest.raises(UserError, match=match):
        reduce_nmr(ingested(fid_of(signal())), **keys)  # type: ignore[arg-type]


def test_what_cannot_be_one_measurement() -> None:
    with pytest.raises(UserError, match="there is no file"):
        reduce_nmr(NmrIngested((), (), ()))
    with pytest.raises(UserError, match="a spectrum beside other files"):
        reduce_nmr(NmrIngested((fid_of(signal()),), (spectrum_of(np.ones(64)),), ()))
    with pytest.raises(UserError, match="it has no imaginary part"):
        reduce_nmr(NmrIngested((), (spectrum_of(np.arange(64.0)),), ()), phase0_deg=10.0)


def test_the_config_names_what_the_stages_take() -> None:
    plain = NmrReduce().model_dump(mode="json")
    one = reduce_nmr(ingested(fid_of(signal(noise=0.002))), **plain)
    same = reduce_nmr(ingested(fid_of(signal(noise=0.002))))
    assert np.array_equal(one.real, same.real) and NmrReduce(check={}).check is not None
    assert set(NmrIngest().model_dump()) == {"standard", "nucleus", "spinning_hz", "trace"}
    with pytest.raises(ValueError, match="method `standard` needs `compound` and `ppm`"):
        NmrReduce(reference={"method": "standard"})


def plain(thing: object) -> object:
    if is_dataclass(thing):
        return {f.name: plain(getattr(thing, f.name)) for f in fields(thing)}
    if isinstance(thing, tuple):
        return [plain(one) for one in thing]
    if isinstance(thing, np.ndarray):
        return (thing.shape, repr(thing.tolist()))
    return repr(thing) if isinstance(thing, float) else thing


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    raw = replace(
        ingested(fid_of(signal(noise=0.002), keys=("a", "a"), values=("1", "2"))),
        spectra=(spectrum_of(np.arange(64.0)),),
    )
    one = reduce_nmr(ingested(fid_of(signal(noise=0.002))), check=NACL)
    record = {
        "study": "s",
        "stage": "x",
        "simulated": True,
        "ancestry": {},
        "parameters": {},
        "ntcspec": "0",
        "order": 1,
    }
    for thing, its in ((raw, NmrIngested), (one, NmrReduced)):
        store.write(tmp_path / f"{its.__name__}.nxs", thing, record)
        assert plain(store.read(tmp_path / f"{its.__name__}.nxs", its)) == plain(thing)
