"""Reduction: the demo's images back to its model, parts and their sum, containers, calibrants, refusals."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import bxds_files
import numpy as np
import pytest

from ntcspec import store
from ntcspec.config.scattering import ScatteringIngest, ScatteringReduce
from ntcspec.demo import bxds, find_resources, scattering
from ntcspec.demo.scattering_beam import PACKING, Filling, compton
from ntcspec.demo.series import SERIES
from ntcspec.errors import UserError
from ntcspec.readers.scattering import read_pattern
from ntcspec.scattering.calibrant import check_calibrant, rings_of
from ntcspec.scattering.raw import ingest_scattering
from ntcspec.scattering.reduce import combine, reduce_scattering
from ntcspec.types.scattering import Part, ScatteringIngested, ScatteringPattern, ScatteringReduced

CAPILLARY = {"inner_mm": 0.8, "beam_mm": 0.3, "azimuth": "across"}
RANGE = {"q_range_inv_ang": (0.6, 24.0)}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bxds_files.write(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def read(images: Path) -> ScatteringIngested:
    return bxds_files.ingested(images)


@pytest.fixture(scope="module")
def truth() -> Any:
    return bxds_files.made().truth["samples"][bxds_files.NAME]


@pytest.fixture(scope="module")
def reduced(read: ScatteringIngested, truth: Any) -> ScatteringReduced:
    return reduce_scattering(
        read, composition="NaTaCl6", mu_inv_cm=truth["mu_inv_cm"], calibrant="Ni",
        **bxds_files.DETECTOR, **CAPILLARY, **RANGE,
    )  # fmt: skip


def model(q_edges: Any) -> Any:
    """Photons at full solid angle of the sample alone, without absorption, as the instrument spreads it; bin means."""
    resources = find_resources()
    beam = scattering.Beam(resources, bxds.Detector(bxds.Geometry(), bxds_files.SEED))
    member = next(m for m in SERIES if m.name == bxds_files.NAME)
    sample = scattering.curves(member, scattering.phases(resources, "gl4"), resources)
    filling = Filling(sample.fractions, sample.rho0_inv_ang3, PACKING)
    scattered = np.interp(beam.q, sample.q_inv_ang, sample.coherent) + compton(beam.compton, filling.fractions, beam.q)
    curve = bxds.spread(scattering.EXPOSURE_A2 * filling.column_inv_ang2 * scattered)
    fine = np.linspace(q_edges[0], q_edges[-1], 20 * (len(q_edges) - 1) + 1)
    middle = 0.5 * (fine[1:] + fine[:-1])
    return np.interp(middle, beam.q, curve).reshape(-1, 20).mean(axis=1)


def test_the_images_give_the_model_back(reduced: ScatteringReduced) -> None:
    """I(Q) of the sample alone is that of the model within its noise: no scale is fitted."""
    step = reduced.chosen["q_step_inv_ang"]
    edges = np.append(reduced.q_inv_ang - step / 2, reduced.q_inv_ang[-1] + step / 2)
    assert np.allclose(np.diff(reduced.q_inv_ang), step)
    expected = model(edges)
    deviation = (reduced.intensity - expected) / reduced.sigma
    far = reduced.q_inv_ang > 1.5  # below, sharp rings on few pixels: their mean is not that of the bin
    assert np.sqrt(np.mean(deviation[far] ** 2)) == pytest.approx(1.0, abs=0.12)
    assert abs(np.mean(deviation[far])) < 0.15
    assert np.sqrt(np.mean((reduced.intensity / expected - 1)[far] ** 2)) < 0.006


def test_without_correction_the_model_is_missed(
    read: ScatteringIngested, truth: Any, reduced: ScatteringReduced
) -> None:
    """Negative controls: no dark, another polarisation, absorption left out, the container unscaled."""
    step = reduced.chosen["q_step_inv_ang"]
    edges = np.append(reduced.q_inv_ang - step / 2, reduced.q_inv_ang[-1] + step / 2)
    expected, far = model(edges), reduced.q_inv_ang > 1.5

    def missed(source: ScatteringIngested, **more: Any) -> float:
        settings = {"mu_inv_cm": truth["mu_inv_cm"], **bxds_files.DETECTOR, **CAPILLARY, **RANGE, **more}
        one = reduce_scattering(source, composition="NaTaCl6", **settings)
        ratio = one.intensity[far] / expected[far]
        return float(np.std(ratio) / np.mean(ratio))

    read = replace(read, images=tuple(one for one in read.images if one.role != "calibrant"))
    good = missed(read)
    dark = replace(read, images=tuple(one for one in read.images if one.role != "dark"))
    assert missed(dark, saturation=60000.0) > 5 * good
    assert missed(read, polarisation=None) > 5 * good
    assert missed(read, polarisation=0.0) > 1.2 * good  # whole rings hardly tell; the corners do
    assert missed(read, container_scale=2.0) > 3 * good
    assert missed(read, solid_angle=False) > 5 * good


def test_parts_add_up(reduced: ScatteringReduced) -> None:
    """The contract: the sum of factor times intensity, each interpolated linearly, is the intensity."""
    assert [part.role for part in reduced.parts] == ["sample", "container"]
    total = sum(np.interp(reduced.q_inv_ang, p.q_inv_ang, p.factor * p.intensity) for p in reduced.parts)
    np.testing.assert_allclose(reduced.intensity, total, rtol=1e-12)
    np.testing.assert_array_equal(reduced.q_inv_ang, reduced.parts[0].q_inv_ang)
    assert np.all(reduced.parts[0].factor > 1) and np.all(reduced.parts[1].factor < 0)
    assert reduced.parts[1].factor_error == pytest.approx(0.0196, abs=0.001)
    assert reduced.chosen["scatter_over_counting"]["sample"] == pytest.approx(1.0, abs=0.02)


def test_sigma_of_interpolated_parts_by_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    q, own = np.linspace(1, 20, 60), np.linspace(0.9, 20.2, 75)
    sigma = np.full(q.size, 2.0), np.linspace(1.0, 4.0, own.size)

    def parts(a: Any, b: Any) -> tuple[Part, Part]:
        return (
            Part("sample", "s", q, a, sigma[0], np.full(q.size, 1.2), 0.0),
            Part("container", "c", own, b, sigma[1], np.full(own.size, -0.8), 0.0),
        )

    _, found = combine(parts(np.zeros(q.size), np.zeros(own.size)))
    runs = [combine(parts(*(s * rng.standard_normal(s.size) for s in sigma)))[0] for _ in range(4000)]
    np.testing.assert_allclose(found, np.std(runs, axis=0), rtol=0.06)
    unknown = (*parts(q, own)[:1], Part("air", "a", own, own, np.zeros(0), -np.ones(own.size), 0.0))
    assert not combine(unknown)[1].size


def test_rings_of_ni_and_the_beam_centre(reduced: ScatteringReduced, read: ScatteringIngested) -> None:
    check = reduced.checks[0]
    assert (check.name, check.verdict) == ("Ni", "agrees") and check.expected_inv_ang.size > 25
    assert check.scale == pytest.approx(
        3.52387 / 3.5239, abs=4 * check.scale_error + 1e-6
    )  # the demo's lattice constant
    assert np.all(np.abs(check.centre_m) < 5e-6)
    pulls = check.shift_inv_ang / check.shift_error_inv_ang
    assert np.sqrt(np.mean(pulls**2)) < 2.0
    moved = replace(read.geometry[0], poni1_m=read.geometry[0].poni1_m + 1e-4, distance_m=0.1806)
    off = reduce_scattering(
        replace(read, geometry=(moved,)), calibrant="Ni", container_scale=1.0, **bxds_files.DETECTOR, **RANGE
    ).checks[0]
    true = 2 * np.arcsin(off.expected_inv_ang * 0.2095 / (4 * np.pi))
    seen = 4 * np.pi / 0.2095 * np.sin(0.5 * np.arctan(0.18 * np.tan(true) / 0.1806))
    assert off.verdict == "off" and off.scale < 0.998
    np.testing.assert_allclose(off.expected_inv_ang + off.shift_inv_ang, seen, rtol=3e-4)
    np.testing.assert_allclose(off.centre_m, [-1e-4, 0.0], atol=1.5e-5)


def test_a_calibrant_of_another_exposure_than_the_dark(read: ScatteringIngested) -> None:
    """Its dark is left out, its rings are where they were; for the sample such a dark is refused."""
    times = {"sample": 10.0, "container": 10.0, "dark": 10.0, "calibrant": 1.0}
    timed = replace(read, images=tuple(replace(one, exposure_s=times.get(one.role, np.nan)) for one in read.images))
    one = reduce_scattering(timed, calibrant="Ni", container_scale=1.0, **RANGE)
    assert one.checks[0].verdict == "agrees" and any("dark, which was not taken off" in note for note in one.notes)
    short = replace(timed, images=tuple(replace(i, exposure_s=1.0) if i.role == "dark" else i for i in timed.images))
    with pytest.raises(UserError, match=r"dark.tif: exposed for 1 s, NTC-26h.tif for 10 s"):
        reduce_scattering(short, calibrant="Ni", container_scale=1.0, **RANGE)


def test_views(reduced: ScatteringReduced) -> None:
    sample, ni = reduced.views
    assert (sample.role, ni.role) == ("sample", "calibrant") and sample.counts.shape == (512, 512)
    assert sample.counts.dtype == np.float32 and np.isnan(sample.counts[sample.masked == 1.0]).all()
    np.testing.assert_allclose(ni.centre, [0.2072 / 4e-4 - 0.5 - 0.9, 0.2029 / 4e-4 - 0.5 - 1.35], atol=0.01)
    assert ni.ring_inv_ang.size == 30 and not sample.ring_inv_ang.size
    first = ni.ring_of_point == 0
    radius = np.hypot(ni.ring_rows[first] - ni.centre[0], ni.ring_columns[first] - ni.centre[1])
    expected = 450 * np.tan(2 * np.arcsin(rings_of("Ni", 4.0)[0] * 0.2095 / (4 * np.pi)))
    np.testing.assert_allclose(radius[np.isfinite(radius)], expected, rtol=2e-3)


def test_ceo2_against_the_published_pattern(data_folder: Path) -> None:
    """Dioptas' image, geometry and pattern: same rings, where CeO2 has them, once the image is turned over."""
    folder = data_folder / "scattering" / "image_ceo2_pilatus"
    files = {"poni": (folder / "CeO2_Pilatus1M.poni", "c.poni")}
    one = ingest_scattering([folder / "CeO2_Pilatus1M.tif"], ["c.tif"], files=files)
    with pytest.raises(UserError, match=r"c.tif: a dark region of 672 pixels lies round the beam centre"):
        reduce_scattering(one, flip="vertical", calibrant="CeO2", polarisation=0.0)
    settings = {"calibrant": "CeO2", "polarisation": 0.0, "beam_stop": "keep"}
    found = reduce_scattering(one, flip="vertical", **settings)
    published = read_pattern(folder / "CeO2_Pilatus1M.xy", "c.xy")
    theirs = check_calibrant("CeO2", "c.xy", published.q_inv_ang, published.intensity, published.sigma, tolerance=1e-3)
    ours = found.checks[0]
    assert ours.verdict == theirs.verdict == "agrees"
    assert ours.expected_inv_ang.size >= 15
    np.testing.assert_array_equal(ours.expected_inv_ang[:15], theirs.expected_inv_ang[:15])
    np.testing.assert_allclose(ours.shift_inv_ang[:10], theirs.shift_inv_ang[:10], atol=2e-4)
    wide = reduce_scattering(one, flip="vertical", **settings, q_step_inv_ang=0.04)
    which = np.floor(published.q_inv_ang / 0.04).astype(int)
    theirs_wide = np.bincount(which, published.intensity) / np.maximum(np.bincount(which), 1)
    at = np.floor(wide.q_inv_ang / 0.04).astype(int)
    inside = (wide.q_inv_ang > 1.0) & (wide.q_inv_ang < 8.0)
    assert np.corrcoef(theirs_wide[at[inside]], wide.intensity[inside])[0, 1] > 0.995
    assert any("turned over (vertical)" in note for note in found.notes)
    upside_down = reduce_scattering(one, **settings)
    assert upside_down.checks[0].verdict != "agrees"


def test_the_container_by_self_scattering(read: ScatteringIngested, truth: Any) -> None:
    pytest.importorskip("ntcspec.scattering.atoms")
    settings = {**bxds_files.DETECTOR, **RANGE, "container_scale": "self_scattering"}
    known = reduce_scattering(
        read, composition="NaTaCl6", mu_inv_cm=truth["mu_inv_cm"], calibrant="Ni", **settings, **CAPILLARY
    )
    value, error = known.chosen["container_scale"], known.chosen["container_scale_error"]
    assert error < 0.12 and abs(value - 1.0) < 2 * error
    unknown = reduce_scattering(read, composition="NaTaCl6", calibrant="Ni", **settings)
    value, error = unknown.chosen["container_scale"], unknown.chosen["container_scale_error"]
    assert abs(value - np.mean(truth["empty_scale"])) < 2 * error and error > 0.2
    assert unknown.parts[1].factor_error == pytest.approx(error / value)


# --- patterns -------------------------------------------------------------------------------------

Q = np.linspace(0.5, 25.0, 800)
SAMPLE, CONTAINER, AIR = 100 * np.exp(-Q / 9) + 20, 30 * np.exp(-Q / 3) + 2, 4 + 0 * Q


def pattern(y: Any, role: str = "sample", q: Any = Q, sigma: float = 1.0, **more: Any) -> ScatteringPattern:
    one = ScatteringPattern(
        role=role, source=f"{role}.xy", format="columns", format_evidence="", axis_unit="1/A", axis_evidence="",
        wavelength_ang=0.2, wavelength_evidence="", q_inv_ang=q, intensity=np.asarray(y),
        sigma=np.full(len(q), sigma) if sigma else np.zeros(0), notes=(), header="",
    )  # fmt: skip
    return replace(one, **more)


def of(*patterns: ScatteringPattern, wave: float = 0.2) -> ScatteringIngested:
    return ScatteringIngested((), (), patterns, wave, ())


def test_air_and_container_of_patterns() -> None:
    sample = pattern(SAMPLE + 0.9 * (CONTAINER + AIR) + 0.1 * AIR)
    one = reduce_scattering(of(sample, pattern(CONTAINER + AIR, "container"), pattern(AIR, "air")), container_scale=0.9)
    np.testing.assert_allclose(one.intensity, SAMPLE, rtol=1e-9)
    np.testing.assert_allclose(one.sigma, np.sqrt(1 + 0.9**2 + 0.1**2), rtol=1e-12)
    twice = reduce_scattering(
        of(pattern(2 * sample.intensity), pattern(3 * (CONTAINER + AIR), "container"), pattern(AIR, "air")),
        container_scale=0.9, monitor=2.0, container_monitor=3.0, air_monitor=1.0,
    )  # fmt: skip
    np.testing.assert_allclose(twice.intensity, 2 * SAMPLE, rtol=1e-9)
    assert twice.chosen["monitor_over"] == {"container": pytest.approx(2 / 3), "air": 2.0}


def test_repeats_polarisation_and_other_axes() -> None:
    two = reduce_scattering(of(pattern(SAMPLE), pattern(SAMPLE + 2)), container_scale=1.0)
    np.testing.assert_allclose(two.intensity, SAMPLE + 1)
    np.testing.assert_allclose(two.sigma, 1 / np.sqrt(2))
    p = reduce_scattering(of(pattern(SAMPLE)), polarisation_1d=True)
    theta = np.arcsin(Q * 0.2 / (4 * np.pi))
    np.testing.assert_allclose(p.intensity, SAMPLE * 2 / (1 + np.cos(2 * theta) ** 2))
    other = np.linspace(0.4, 25.5, 500)
    moved = reduce_scattering(of(pattern(SAMPLE), pattern(0.3 * other, "container", other)), container_scale=1.0)
    np.testing.assert_allclose(moved.intensity, SAMPLE - 0.3 * Q, rtol=1e-9)


def test_zeros_where_no_pixel_lay_are_no_points(data_folder: Path) -> None:
    """srxplanar pads both ends of Ni.chi with zeros, and the container with them."""
    folder = data_folder / "scattering" / "ni_pdfttp"
    one = reduce_scattering(
        ingest_scattering([folder / "Ni.chi"], ["Ni.chi"], files={"container": (folder / "kapton.chi", "kapton.chi")}),
        container_scale=1.0, calibrant="Ni",
    )  # fmt: skip
    raw, wall = np.loadtxt(folder / "Ni.chi", skiprows=31), np.loadtxt(folder / "kapton.chi", skiprows=31)
    assert one.q_inv_ang[0] >= 0.06 and one.q_inv_ang[-1] < 31.4 and np.all(one.sigma > 0)
    expected = np.interp(one.q_inv_ang, raw[:, 0], raw[:, 1]) - np.interp(one.q_inv_ang, wall[:, 0], wall[:, 1])
    np.testing.assert_allclose(one.intensity, expected, atol=1e-6)
    assert one.checks[0].verdict == "agrees" and any("without a pixel were left out" in note for note in one.notes)


def test_zeros_can_be_kept_and_the_published_intensity_of_pdfgetx3(data_folder: Path) -> None:
    """LaB6 with its capillary taken off, two-theta to Q: equal to the .iq that PDFgetX3 wrote, on its grid."""
    folder = data_folder / "scattering" / "ni_pdfttp"
    kept = reduce_scattering(
        ingest_scattering([folder / "Ni.chi"], ["Ni.chi"], files={"container": (folder / "kapton.chi", "kapton.chi")}),
        container_scale=1.0, calibrant="Ni", zeros="keep",
    )  # fmt: skip
    assert kept.q_inv_ang[0] == 0.0 and kept.intensity[0] == kept.sigma[0] == 0.0 and kept.checks[0].verdict == "agrees"
    folder, name = data_folder / "scattering" / "lab6_esrf", "LaB6_0p4mm_011_av10_monitor"
    capillary = folder / "0p4mm_capillary_018_av17_monitor.xye"
    one = ingest_scattering(
        [folder / f"{name}.xye"], ["l.xye"], files={"container": (capillary, "c.xye")},
        axis_unit="2theta_deg", wavelength_ang=0.270793,
    )  # fmt: skip
    found = reduce_scattering(one, container_scale=1.0, calibrant="LaB6")
    published = np.loadtxt(folder / f"{name}.iq")
    np.testing.assert_allclose(
        np.interp(published[:, 0], found.q_inv_ang, found.intensity), published[:, 1], rtol=1e-10
    )
    assert found.checks[0].verdict == "agrees" and found.checks[0].expected_inv_ang.size > 30


@pytest.mark.parametrize(
    ("patterns", "settings", "message"),
    [
        ((pattern(SAMPLE), pattern(CONTAINER, "container")), {}, r"reduce.container_scale: nothing says how much the sample weakens"),
        ((pattern(SAMPLE), pattern(CONTAINER[:600], "container", Q[:600])), {"container_scale": 1.0}, r"container.xy: the container was measured from 0.5 to 18.87 1/A, the sample is kept from 0.5 to 25 -> .*narrow"),
        ((pattern(SAMPLE), pattern(9 * SAMPLE, "container")), {"container_scale": 1.0}, r"container.xy: less than nothing is left of the sample at 100% .*exposed longer"),
        ((pattern(SAMPLE), pattern(CONTAINER, "container")), {"container_scale": 1.0, "monitor": 2.0}, r"reduce.container_monitor: the monitor of the container is missing"),
        ((pattern(SAMPLE), pattern(SAMPLE, q=Q + 0.01)), {}, r"sample.xy: its axis is not that of sample.xy"),
        ((pattern(SAMPLE),), {"q_range_inv_ang": (24.9, 40.0)}, r"4 points of the sample lie between 24.9 and 25"),
        ((pattern(SAMPLE),), {"inner_mm": 0.8, "density_g_cm3": 3.0}, r"has no composition"),
        ((pattern(SAMPLE),), {"inner_mm": 0.8, "density_g_cm3": 3.0, "composition": "Na(Cl"}, r"the formula 'Na\(Cl' does not parse: '\)' is missing"),
        ((pattern(SAMPLE), pattern(SAMPLE, "calibrant")), {}, r"calibrant.xy: reduce.calibrant: nothing says which substance"),
        ((pattern(SAMPLE),), {"calibrant": "CeO3"}, r"reduce.calibrant: there is no calibrant 'CeO3' \(did you mean 'CeO2'\?\)"),
    ],
)  # fmt: skip
def test_refusals(patterns: tuple[ScatteringPattern, ...], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        reduce_scattering(of(*patterns), **settings)


def test_no_wavelength() -> None:
    for settings in ({"polarisation_1d": True}, {"inner_mm": 0.8, "mu_inv_cm": 2.0}):
        with pytest.raises(UserError, match=r"needs the wavelength -> give ingest\.wavelength_ang"):
            reduce_scattering(of(pattern(SAMPLE), wave=np.nan), **settings)


def test_exposures_of_headers_scale_the_container(
    read: ScatteringIngested, reduced: ScatteringReduced, truth: Any
) -> None:
    """A container exposed for three times as long as its header says is put right; half-told exposures are refused."""
    timed = {"sample": 2.0, "container": 6.0}
    images = tuple(
        replace(one, exposure_s=timed.get(one.role, np.nan), pixels=one.pixels * (3 if one.role == "container" else 1))
        for one in read.images
        if one.role not in ("dark", "calibrant")
    )
    plain = tuple(replace(one, exposure_s=np.nan) for one in read.images if one.role not in ("dark", "calibrant"))
    settings = {"container_scale": 1.0, "saturation": 60000.0, **RANGE}
    long = reduce_scattering(replace(read, images=images), **settings)
    same = reduce_scattering(replace(read, images=plain), **settings)
    np.testing.assert_allclose(long.intensity, same.intensity, rtol=1e-5)
    assert any("exposed for 6 s, the sample for 2 s: times 0.3333" in note for note in long.notes)
    half = tuple(replace(one, exposure_s=2.0 if one.role == "sample" else np.nan) for one in plain)
    with pytest.raises(UserError, match=r"the headers say the exposure of sample, not of container"):
        reduce_scattering(replace(read, images=half), **settings)


# --- ingest ---------------------------------------------------------------------------------------


def test_simulated_files_must_be_called_so(images: Path) -> None:
    with pytest.raises(UserError, match=r"its header says 'SIMULATED by ntcspec demo', the study does not"):
        bxds_files.ingested(images, simulated=False)


def test_what_ingest_refuses(images: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"NTC-26h.tif: ingest.poni: an image needs its geometry"):
        bxds_files.ingested(images, without=("poni",))
    np.save(tmp_path / "small.npy", np.zeros((20, 30), np.uint16))
    files = {"poni": (images / "bxds.poni", "bxds.poni")}
    with pytest.raises(UserError, match=r"small.npy: an image of 20 rows x 30 columns; bxds.poni is of 1024 x 1024"):
        ingest_scattering([tmp_path / "small.npy"], ["small.npy"], files=files, simulated=True)
    with pytest.raises(UserError, match=r"small.npy: mask of 20 rows x 30 columns, the sample of 1024 x 1024"):
        ingest_scattering(
            [images / "Ni.tif"],
            ["Ni.tif"],
            files={**files, "mask": (tmp_path / "small.npy", "small.npy")},
            simulated=True,
        )
    np.save(tmp_path / "all.npy", np.ones((1024, 1024), np.uint8))
    with pytest.raises(
        UserError, match=r"all.npy: 100.0% of the pixels are masked -> is the mask the other way round\?"
    ):
        ingest_scattering(
            [images / "Ni.tif"], ["Ni.tif"], files={**files, "mask": (tmp_path / "all.npy", "all.npy")}, simulated=True
        )
    text = tmp_path / "c.xy"
    text.write_text("# q_A^-1 I\n" + "".join(f"{q} 1\n" for q in Q))
    with pytest.raises(UserError, match=r"c.xy: the sample is an image, and this container is text"):
        ingest_scattering([images / "Ni.tif"], ["Ni.tif"], files={**files, "container": (text, "c.xy")}, simulated=True)
    with pytest.raises(UserError, match=r"c.xy: this is a pattern, Ni.tif an image"):
        ingest_scattering([images / "Ni.tif", text], ["Ni.tif", "c.xy"], files=files, simulated=True)
    with pytest.raises(UserError, match=r"bxds.poni: ingest.poni: c.xy is text, so a pattern is looked for"):
        ingest_scattering([text], ["c.xy"], files=files)


def test_several_containers_are_averaged(images: Path) -> None:
    files = {"poni": (images / "bxds.poni", "b")} | {
        f"container.{n}": (images / "empty_kapton.tif", f"e{n}.tif") for n in (1, 2)
    }
    one = ingest_scattering([images / "Ni.tif"], ["Ni.tif"], files=files, simulated=True)
    both = one.image("container")
    assert both is not None and both.frames == 2 and both.source == "e1.tif + e2.tif"


def test_the_store_keeps_all_of_it(read: ScatteringIngested, reduced: ScatteringReduced, tmp_path: Path) -> None:
    record = {"study": "s", "sample": "x", "measurement": "m", "stage": "ingest", "simulated": True, "ancestry": {},
              "composition": "", "order": 0, "ntcspec": "0", "parameters": {}}  # fmt: skip
    for value in (read, reduced):
        path = tmp_path / "a.nxs"
        store.write(path, value, record)
        back = store.read(path, type(value))
        store.write(tmp_path / "b.nxs", back, record)
        assert path.read_bytes() == (tmp_path / "b.nxs").read_bytes()
    pixels = store.read(path, ScatteringReduced).views[0].counts
    np.testing.assert_array_equal(pixels, reduced.views[0].counts)


# --- configuration --------------------------------------------------------------------------------


def test_parameters_are_those_of_the_functions() -> None:
    """Names and defaults of the models and of the functions are the same."""
    from ntcspec.scattering import integrate, reduce

    wanted = {name: field.default for name, field in ScatteringIngest.model_fields.items()}
    own = inspect.signature(ingest_scattering).parameters
    assert {n: p.default for n, p in own.items() if n in wanted} == wanted
    wanted = {name: field.default for name, field in ScatteringReduce.model_fields.items()}
    known: dict[str, Any] = {}
    for function in (integrate.Options, reduce._tube, reduce_scattering):
        known |= {n: p.default for n, p in inspect.signature(function).parameters.items()}
    assert {n: known[n] for n in wanted} == wanted
    assert set(reduce.OF_IMAGES) == set(inspect.signature(integrate.Options).parameters)


def test_the_models_refuse_what_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"container_scale: absorption needs `inner_mm`"):
        ScatteringReduce(container_scale="absorption")
    with pytest.raises(ValueError, match="`wall_mm` needs `wall`"):
        ScatteringReduce(wall_mm=0.02)
    assert ScatteringReduce(container_scale=0.5).container_scale == 0.5
    assert (
        ScatteringIngest(container=("a", "b")).container == ("a", "b")
        and ScatteringIngest(container="a").container == "a"
    )
