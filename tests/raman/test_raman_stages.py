"""The stages together: reduce and measure of single spectra, repeats, maps; the store; the demo's truth."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from spectra_for_raman import gauss, load, lorentz, scan_of

from ntcspec import store
from ntcspec.demo import find_resources
from ntcspec.demo import raman as demo_raman
from ntcspec.errors import UserError
from ntcspec.raman.baseline import METHODS
from ntcspec.raman.bose import transform_raman
from ntcspec.raman.measure import measure_raman
from ntcspec.raman.reduce import reduce_raman
from ntcspec.readers.raman import read_raman
from ntcspec.types.raman import RamanIngested, RamanMeasured, RamanReduced, RamanTransformed

X = np.arange(70.0, 560.0, 0.6)
BANDS = {"a1g": {"range_cm1": (330.0, 450.0), "peak_range_cm1": (345.0, 435.0), "lines": (1, 2)}}
REGIONS = {"a1g_region": (340.0, 440.0), "f2g_region": (130.0, 200.0)}
RATIOS = {"f2g_to_a1g": ("f2g_region", "a1g_region")}


def curve(height=2000.0, centre: float = 381.0, width: float = 10.0, f2g: float = 0.5):
    """A spectrum as counted, on a background that curves."""
    bands = height * lorentz(X, centre, width) + f2g * height * lorentz(X, 176, 12)
    return 400 + 500 * np.exp(-X / 150) + 0.3 * X + bands


def counted(seed: int = 0, **more: float):
    return np.random.default_rng(seed).poisson(curve(**more)).astype(float)


def reduced(y, scan: dict[str, object] | None = None, silicon=(), **more: object) -> RamanReduced:
    return reduce_raman(RamanIngested((scan_of(X, y, **(scan or {})),), silicon), **more)


def metrics(found: RamanMeasured) -> dict[str, object]:
    return {one.name: one for one in found.metrics}


def test_values_of_a_known_spectrum() -> None:
    one = reduced(counted(1))
    found = metrics(measure_raman(one, transform_raman(one), bands=BANDS, regions=REGIONS, ratios=RATIOS))
    a1g = found["a1g.position"]
    assert a1g.value == pytest.approx(381, abs=4 * a1g.u_stat) and a1g.u_stat < 0.1
    assert found["a1g.lines"].value == 1.0 and "one line" in found["a1g.splitting"].reason
    assert "not calibrated" in a1g.reason and np.isfinite(a1g.u_sys)
    area = found["a1g.area"]
    whole = found["a1g_region.area"]  # without a line of its own under it: the baseline is the larger uncertainty
    assert whole.u_sys > 2 * whole.u_stat and whole.u_sys > area.u_sys
    assert abs(area.value - 2000 * 10 * np.pi / 2) < 3 * np.hypot(area.u_stat, area.u_sys)
    measured, bose = found["f2g_to_a1g"], found["f2g_to_a1g.bose_reduced"]
    assert 3.0 < measured.value / bose.value < 4.5  # the factor between 176 and 381 cm^-1
    assert found["a1g_region.fwhm"].value == pytest.approx(10, abs=1.0)


def test_a_known_axis_counts_in_u_sys() -> None:
    silicon = scan_of(X, 300 + 20_000 * gauss(X, 521.75, 4.0))
    one = reduced(counted(2, centre=382.3), silicon=(silicon,))
    found = metrics(measure_raman(one, bands=BANDS, regions=REGIONS))
    position = found["a1g.position"]
    assert position.value == pytest.approx(381.0, abs=0.1) and 0.28 <= position.u_sys < 0.35 and position.reason == ""
    assert one.calibration.startswith("silicon") and np.allclose(
        one.shift_cm1 - one.measured_shift_cm1, -1.3, atol=0.01
    )


def test_znf2_of_a_file_that_labspec_has_treated(data_folder: Path) -> None:
    """A1g at 346; the width over 19 baselines 28 to 33; the area by a factor of 1.5 to 2."""
    scan, _ = load(data_folder, "labspec/ZnF2_532.txt")
    one = RamanIngested((scan,))
    with pytest.raises(UserError, match=r"LabSpec has already taken a baseline away .*rebaseline: true"):
        reduce_raman(one)
    kept = reduce_raman(one, baseline="none")
    assert np.array_equal(kept.corrected, kept.intensity) and kept.variant_names == ()
    assert "cannot be known" in " ".join(kept.notes)
    begin = time.perf_counter()
    again = reduce_raman(one, rebaseline=True, baselines=tuple(METHODS)[1:])
    seconds = time.perf_counter() - begin
    found = measure_raman(again, bands={"a1g": {"range_cm1": (260.0, 440.0), "peak_range_cm1": (320.0, 370.0), "fwhm_range_cm1": (10.0, 80.0)}},
                          regions={"a1g_region": (280.0, 420.0)})  # fmt: skip
    named = metrics(found)
    assert named["a1g.position"].value == pytest.approx(346.3, abs=0.7)
    assert named["a1g.fwhm"].value == pytest.approx(31, abs=4) and 0.1 < named["a1g.fwhm"].u_sys < 5
    area = named["a1g_region.area"]
    tried = found.by_baseline[[m.name for m in found.metrics].index("a1g_region.area")]
    assert len(tried) == 19 and 1.5 < np.nanmax(tried) / np.nanmin(tried) < 2.2
    assert area.u_sys == pytest.approx(np.ptp(np.append(tried, area.value)) / 2) and area.u_sys > 5 * area.u_stat
    assert seconds < 4.0  # 0.3 s where nothing else runs


def test_a_baseline_that_misses_the_background_is_named() -> None:
    hump = 600 * gauss(X, 450, 220)  # of a glass slide
    y = np.random.default_rng(4).poisson(curve() + hump).astype(float)
    one = reduced(y, baselines=("arpls lam=1e4", "asls lam=1e9"))
    near, said = one.chosen["points_near_baseline"], " ".join(one.notes)
    assert list(near) == ["arpls", "arpls lam=1e4", "asls lam=1e9"] and near["arpls"] > 0.7
    assert "baseline asls lam=1e9: " in said and "does it follow the background?" in said
    assert "baseline arpls lam=1e4" not in said


def test_rates_stay_rates() -> None:
    """Intensities per second keep their unit, in metrics and in tables; nothing is multiplied by time."""
    _, _, y = small_map(10)
    rate = reduced(y / 10.0, {"intensity_unit": "Cnt/sec"})
    found = measure_raman(rate, bands=BANDS, regions=REGIONS)
    units = {m.name: m.unit for m in found.metrics}
    assert (units["a1g.height"], units["a1g.area"], units["a1g.fwhm"]) == ("counts/s", "counts/s/cm", "1/cm")
    table = found.tables[0]
    assert dict(zip(table.names, table.metric_units, strict=True))["a1g_region.area"] == "counts/s/cm"
    for told, unit in (("ARBITRARY UNITS", "arb. units"), ("a.u.", "arb. units"), ("Cnt", "counts"), ("", "counts")):
        assert reduced(y[:1], {"intensity_unit": told}, baselines=()).intensity_unit == unit
    plain = metrics(measure_raman(reduced(y), bands=BANDS, regions=REGIONS))
    area = metrics(found)["a1g_region.area"]
    assert area.value == pytest.approx(plain["a1g_region.area"].value / 10, rel=1e-6)
    assert area.u_stat == pytest.approx(plain["a1g_region.area"].u_stat / 10, rel=1e-3)


def test_every_line_of_two_has_a_value_over_every_baseline() -> None:
    y = np.random.default_rng(6).poisson(curve(centre=360.0) + 2500 * lorentz(X, 420, 9)).astype(float)
    found = measure_raman(reduced(y), bands=BANDS)
    lines = [i for i, m in enumerate(found.metrics) if ".line" in m.name and m.name != "a1g.lines"]
    assert len(lines) == 8 and np.isfinite(found.by_baseline[lines]).all()
    height = metrics(found)["a1g.line1.height"]
    assert height.value == pytest.approx(2000, rel=0.03) and 0 < height.u_sys < 200


def test_repeats_are_averaged_by_their_exposures() -> None:
    rng = np.random.default_rng(8)
    scans = tuple(scan_of(X, rng.poisson(curve() * n) / n, accumulations=float(n), source=f"{n}.txt") for n in (1, 3))
    both = reduce_raman(RamanIngested(scans), baselines=())
    assert both.chosen["weights"] == [0.25, 0.75]
    assert np.allclose(both.intensity, 0.25 * scans[0].intensity + 0.75 * scans[1].intensity)
    pull = (both.intensity[0] - curve()) / both.sigma[0]
    assert np.std(pull) == pytest.approx(1.0, abs=0.1) and np.median(
        both.sigma[0] / np.sqrt(curve() / 4)
    ) == pytest.approx(1, abs=0.1)


def test_spikes_are_left_to_labspec_where_it_looked_for_them() -> None:
    y = counted(3)
    y[300] += 4000
    off, on = reduced(y, baselines=()), reduced(y, {"spike_filter": "Multiple accum."}, baselines=())
    assert off.spikes[0, 300] == 1 and off.intensity[0, 300] < 3000 and "1 spikes" in " ".join(off.notes)
    assert on.spikes.sum() == 0 and "left to the acquisition (spike filter: Multiple accum.)" in " ".join(on.notes)
    assert reduced(y, {"spike_filter": "Multiple accum."}, baselines=(), spikes="on").spikes[0, 300] == 1


def test_a_known_width_of_the_instrument_finds_spikes_on_steep_lines() -> None:
    y = counted(9, height=3000.0)
    at = int(np.argmin(np.abs(X - 383.4)))
    y[at] += 1300
    y[at + 1] += 400
    blind, known = reduced(y, baselines=()), reduced(y, baselines=(), instrument_fwhm_cm1=2.0)
    assert blind.spikes[0, at] == 0, "a line of two points could look like that"
    assert known.spikes[0, at] == 1 and known.spikes.sum() == 2
    assert known.instrument_fwhm_cm1 == 2.0 and np.isnan(known.instrument_fwhm_error_cm1)
    assert reduced(counted(9, height=3000.0), baselines=(), instrument_fwhm_cm1=2.0).spikes.sum() == 0


def small_map(m: int = 40):
    rng = np.random.default_rng(12)
    centre, height = rng.uniform(378, 384, m), rng.uniform(500, 3000, m)
    height[0] = 0.0
    y = np.array([rng.poisson(curve(h, c)) for h, c in zip(height, centre, strict=True)]).astype(float)
    return centre, height, y


def test_every_spectrum_of_a_map_has_its_row() -> None:
    centre, height, y = small_map()
    one = reduced(y)
    found = measure_raman(
        one, bands={"a1g": BANDS["a1g"] | {"lines": (1,), "shape": "lorentzian"}}, regions=REGIONS, ratios=RATIOS
    )
    (table,) = found.tables
    assert table.values.shape == (40, len(table.names)) == table.u_stat.shape and len(table.metric_units) == len(
        table.names
    )
    at = {name: i for i, name in enumerate(table.names)}
    position, error = table.values[:, at["a1g.line1.position"]], table.u_stat[:, at["a1g.line1.position"]]
    pull = (position - centre)[1:] / error[1:]
    assert np.abs(np.mean(pull)) < 0.6 and 0.6 < np.std(pull) < 1.5
    assert np.isnan(position[0]) and np.isnan(table.values[0, at["a1g_region.centroid"]])
    assert np.isnan(table.values[0, at["f2g_to_a1g"]])
    ok = np.isfinite(table.values[1:, at["a1g_region.area"]])
    assert np.corrcoef(table.values[1:, at["a1g_region.area"]][ok], height[1:][ok])[0, 1] > 0.99


def test_a_row_is_what_the_spectrum_alone_gives() -> None:
    _, _, y = small_map(10)
    band = {"a1g": BANDS["a1g"] | {"lines": (1,), "shape": "lorentzian"}}
    table = measure_raman(reduced(y), bands=band).tables[0]
    alone = metrics(measure_raman(reduced(y[4]), bands=band))
    for column, name in (
        ("a1g.line1.position", "a1g.position"),
        ("a1g.line1.fwhm", "a1g.fwhm"),
        ("a1g.line1.area", "a1g.area"),
    ):
        at = table.names.index(column)
        assert table.values[4, at] == pytest.approx(alone[name].value, abs=0.05 * alone[name].u_stat)


def plain(thing: object) -> object:
    """A dataclass as lists and dictionaries; NaN equals NaN."""
    if is_dataclass(thing):
        return {f.name: plain(getattr(thing, f.name)) for f in fields(thing)}
    if isinstance(thing, tuple):
        return [plain(one) for one in thing]
    if isinstance(thing, np.ndarray):
        return (thing.shape, repr(thing.tolist()))
    return repr(thing) if isinstance(thing, float) else thing


@pytest.mark.parametrize("kind", ["single", "map"])
def test_what_is_stored_comes_back(tmp_path: Path, kind: str) -> None:
    y = counted(4) if kind == "single" else small_map(10)[2]
    silicon = scan_of(X, 300 + 20_000 * gauss(X, 521.75, 4.0))  # has a plot of the same name as the scans
    scan = RamanIngested((scan_of(X, y, keys=("Range", "Range"), values=("Off", "Visible")),), (silicon,))
    one = reduce_raman(scan)
    bose = transform_raman(one)
    found = measure_raman(one, bose, bands=BANDS, regions=REGIONS, ratios=RATIOS)
    record = {
        "study": "s",
        "stage": "x",
        "simulated": True,
        "ancestry": {},
        "parameters": {},
        "ntcspec": "0",
        "order": 1,
    }
    for thing, its in ((scan, RamanIngested), (one, RamanReduced), (bose, RamanTransformed), (found, RamanMeasured)):
        path = tmp_path / f"{its.__name__}.nxs"
        store.write(path, thing, record)
        assert plain(store.read(path, its)) == plain(thing)


def test_demo_series_against_its_truth(tmp_path: Path) -> None:
    """Crystalline samples: position within 0.1, width within 2 %; A1g widens over the series, and F2g falls."""
    made = demo_raman.make(find_resources(), 20260101)

    def scan(name: str):
        path = tmp_path / "x.txt"
        path.write_bytes(made.files[name])
        return read_raman(path, name)

    silicon, widths, ratios = scan("labram/Si.txt"), [], []
    for sample in ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h"):
        truth = made.truth["samples"][sample]
        one = reduce_raman(RamanIngested((scan(truth["file"]),), (silicon,)), range_cm1=(70.0, 560.0))
        found = metrics(measure_raman(one, bands=BANDS, regions=REGIONS, ratios=RATIOS))
        width, ratio = found["a1g_region.fwhm"], found["f2g_to_a1g"]
        assert abs(width.value - truth["a1g_fwhm_cm1"]) < 3 * np.hypot(width.u_stat, width.u_sys) + 0.3
        if sample == "NTC annealed":
            assert found["a1g.position"].value == pytest.approx(truth["a1g_position_cm1"], abs=0.1)
            assert found["a1g.fwhm"].value == pytest.approx(truth["a1g_fwhm_cm1"], rel=0.02)
        assert abs(ratio.value - truth["f2g_to_a1g"]) < 2 * np.hypot(ratio.u_stat, ratio.u_sys)
        widths.append(width.value)
        ratios.append(ratio.value)
    assert np.all(np.diff(widths) > 0) and np.all(np.diff(ratios) < 0)


def test_saturated_points_are_kept_out_of_fits() -> None:
    clipped = np.minimum(counted(5, height=80_000.0), 65535.0)
    one = reduced(clipped, baselines=())
    found = metrics(measure_raman(one, bands={"a1g": BANDS["a1g"] | {"lines": (1,), "shape": "lorentzian"}}))
    assert one.saturated.sum() > 3 and "saturated" in " ".join(one.notes)
    assert found["a1g.fwhm"].value == pytest.approx(10.0, abs=0.3)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"range_cm1": (900.0, 990.0)}, "0 points between 900 and 990"),
        ({"spikes": "maybe"}, "'maybe' is not known"),
        ({"baseline": "snap"}, "unknown baseline 'snap'"),
        ({"baselines": ("snap",)}, "reduce.baselines: unknown baseline"),
        ({"noise": "pink"}, "unknown noise"),
    ],
)
def test_bad_parameters_of_reduce(keys: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        reduced(counted(), **keys)


def test_files_that_cannot_be_one_measurement() -> None:
    y = counted()
    with pytest.raises(UserError, match="there is no file"):
        reduce_raman(RamanIngested(()))
    with pytest.raises(UserError, match="exposures of 20 s"):
        reduce_raman(RamanIngested((scan_of(X, y), scan_of(X, y, exposure_s=20.0))))
    with pytest.raises(UserError, match="10 spectra in it"):
        reduce_raman(RamanIngested((scan_of(X, y), scan_of(X, small_map(10)[2]))))
    with pytest.raises(UserError, match="runs from 300"):
        reduce_raman(RamanIngested((scan_of(X, y), scan_of(X + 230, y))))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"bands": BANDS, "regions": {"a1g": (340.0, 440.0)}}, "the name is used twice"),
        (
            {"regions": REGIONS, "ratios": {"r": ("f2g_region", "a1g_regio")}},
            "no region is called 'a1g_regio' .did you mean",
        ),
        ({"regions": REGIONS, "ratios": {"r": ("f2g_region",)}}, "does not name two regions"),
        ({"regions": {"far": (600.0, 700.0)}}, "beyond the data"),
    ],
)
def test_bad_parameters_of_measure(keys: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure_raman(reduced(counted(), baselines=()), **keys)
