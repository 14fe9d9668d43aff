"""The simulated detector: geometry against pyFAI, files against other readers, counts against what was asked for."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import bxds


@pytest.fixture(scope="module")
def detector() -> bxds.Detector:
    return bxds.Detector(bxds.Geometry(), 1)


@pytest.mark.parametrize("rotations", [(0.003, -0.002), (0.1, 0.25)])
def test_geometry_agrees_with_pyfai(tmp_path: Path, rotations: tuple[float, float]) -> None:
    """Angles exactly; pyFAI keeps solid angle and polarisation in single precision. The second detector leans far."""
    pyfai = pytest.importorskip("pyFAI")
    mine = bxds.Geometry(rot1_rad=rotations[0], rot2_rad=rotations[1])
    (tmp_path / "x.poni").write_text(mine.poni())
    theirs = pyfai.load(str(tmp_path / "x.poni"))
    two_theta, chi = mine.angles()
    assert np.max(np.abs(two_theta - theirs.center_array(bxds.SHAPE, unit="2th_rad"))) < 1e-12
    turn = chi - theirs.center_array(bxds.SHAPE, unit="chi_rad")
    assert np.max(np.abs(np.angle(np.exp(1j * turn)))) < 1e-12
    assert np.max(np.abs(mine.solid_angle() - theirs.solidAngleArray(bxds.SHAPE))) < 1e-6
    assert np.max(np.abs(mine.polarisation() - theirs.polarization(bxds.SHAPE, factor=bxds.POLARISATION))) < 1e-6
    assert theirs.detector.orientation == 3
    assert "SIMULATED" in mine.poni().splitlines()[0]


def test_rings_are_whole_up_to_24() -> None:
    two_theta, _ = bxds.Geometry().angles()
    border = np.concatenate([two_theta[0], two_theta[-1], two_theta[:, 0], two_theta[:, -1]])
    assert 4.0 * np.pi / 0.2095 * np.sin(border.min() / 2.0) > 24.3


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("remark", ["even", "odd"])
def test_tiff_is_read_by_others(tmp_path: Path, kind: type, remark: str) -> None:
    fabio, tifffile = pytest.importorskip("fabio"), pytest.importorskip("tifffile")
    image: bxds.Image = (np.arange(35).reshape(5, 7) * 7).astype(kind)
    content = bxds.tiff(image, remark)
    assert content == bxds.tiff(image.copy(), remark)
    (tmp_path / "x.tif").write_bytes(content)
    assert np.array_equal(fabio.open(str(tmp_path / "x.tif")).data, image)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        assert np.array_equal(page.asarray(), image)
        assert page.dtype == kind
        assert page.description == f"{bxds.NOTICE} {remark}"
        assert not {"DateTime", "HostComputer", "Artist"} & {tag.name for tag in page.tags}
        assert page.tags["XResolution"].value == (25, 1) and page.tags["ResolutionUnit"].value == 3  # per cm


def test_counts_are_poisson_on_an_offset(detector: bxds.Detector) -> None:
    """Mean and variance of one image, dark subtracted, for a flat 50 photons; flaws and shadow apart."""
    good = detector.mask() == 0
    image = detector.expose(np.full(bxds.SHAPE, 50.0), 5).astype(float) - detector.dark(1)
    assert np.mean(image[good]) == pytest.approx(50.0, abs=0.05)
    noise = 50.0 + 9.0 + 9.0 / 64.0 + 2.0 / 12.0  # both images are rounded
    assert np.var(image[good]) == pytest.approx(noise, rel=0.01)


def test_mask_hides_what_is_wrong(detector: bxds.Detector) -> None:
    image = detector.expose(detector.expected(np.full(len(detector.grid_m), 100.0)), 5)
    good = detector.mask() == 0
    assert image[good].min() > 0 and image[good].max() < bxds.MOST
    assert np.sum(image == 0) == np.sum(image == bxds.MOST) == bxds.FLAWED
    assert not np.any(good & detector.shadow)
    assert 0.97 < good.mean() < 0.995
    row, column = np.unravel_index(np.argmin(detector.radius_m), bxds.SHAPE)
    assert detector.shadow[row, column]


def test_spread_keeps_the_light_and_has_the_width(detector: bxds.Detector) -> None:
    line = np.zeros(len(detector.grid_m))
    line[3000] = 1.0
    seen = bxds.spread(line)
    assert seen.sum() == pytest.approx(1.0)
    middle = np.sum(seen * detector.grid_m)
    width = np.sqrt(np.sum(seen * (detector.grid_m - middle) ** 2))
    assert width == pytest.approx(bxds.SPREAD_M, rel=0.01)


def test_seed_and_number_decide_the_noise(detector: bxds.Detector) -> None:
    photons = np.full(bxds.SHAPE, 5.0)
    first = detector.expose(photons, 1)
    assert np.array_equal(first, bxds.Detector(bxds.Geometry(), 1).expose(photons, 1))
    assert not np.array_equal(first, detector.expose(photons, 2))
