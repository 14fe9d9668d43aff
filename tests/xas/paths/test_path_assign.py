"""The stage `paths`: FEFF's paths of a CIF through the data's own window, and who makes a lobe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from path_models import K2PTCL6_CIF, reduced

from ntcspec.config.exafs import Paths
from ntcspec.demo import find_resources
from ntcspec.errors import UserError
from ntcspec.types.exafs import ExafsPaths, ExafsTransformed, WaveletMap
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.paths.assign import paths_exafs
from ntcspec.xas.paths.shares import UNDECIDED
from ntcspec.xas.raw import ingest_files
from ntcspec.xas.reduce import reduce_exafs
from ntcspec.xas.wavelet import wavelet_exafs

K = 0.05 * np.arange(321)
BOXES = {"boxes": {"lobe": {"k": (3.0, 8.0), "r": (3.2, 4.6)}}}
DEFAULTS = {k: v for k, v in Paths().model_dump().items() if k != "structures"}


@pytest.fixture(scope="module")
def made() -> tuple[ExafsTransformed, WaveletMap]:
    """A measurement of one shell: the window and grids are what matters here."""
    transformed = transform_exafs(reduced(K, np.sin(4 * K) * np.exp(-0.008 * K**2)), kmax_inv_ang=13.0)
    return transformed, wavelet_exafs(transformed, family="cauchy", order=50.0)


def run(measured: tuple[ExafsTransformed, WaveletMap], cif: Path, cache: Path, **own: Any) -> ExafsPaths:
    structure = {"site": own.pop("site", None), "radius_ang": own.pop("radius_ang", 6.0)}
    keywords = {**DEFAULTS, "element": "Ta", "edge": "L3", "measure": BOXES, "cache": cache, **own}
    return paths_exafs(*measured, files={"model": cif}, structures={"model": structure}, **keywords)


@pytest.fixture(scope="module")
def crystal() -> Path:
    return find_resources() / "NaTaCl6_P21c.cif"


def by_name(found: ExafsPaths) -> dict[str, Any]:
    return {m.name: m for m in found.metrics}


def test_the_lobe_of_the_crystal_is_made_by_paths_through_the_absorber(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    found = run(made, crystal, feff_cache)
    (lobe,) = found.assignments
    assert lobe.verdict == "forward" and lobe.share.sum() == pytest.approx(1)
    metric = by_name(found)["model.lobe.forward.share"]
    assert 0.6 < metric.value < 0.9 and 0 < metric.u_sys < 0.15 and np.isnan(metric.u_stat) and metric.reason
    assert [p.reff_ang for p in found.paths] == sorted(p.reff_ang for p in found.paths)
    assert sum(p.degeneracy for p in found.paths if p.kind == "single" and p.reff_ang < 3) == 6
    strongest = max(found.paths, key=lambda p: p.strength_percent)
    assert strongest.label == "Ta-Cl" and strongest.chir_mag.size == found.r_ang.size
    assert any("forward" in note and "cancellation" in note for note in found.notes)


def test_what_is_known_too_badly_is_not_decided(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    (lobe,) = run(made, crystal, feff_cache, u_r_ang=0.2).assignments
    assert lobe.verdict == UNDECIDED and "difference" in lobe.reason


def test_a_common_amplitude_changes_no_share(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    one, two = (run(made, crystal, feff_cache, s02=s02) for s02 in (0.7, 1.0))
    assert one.assignments[0].share == pytest.approx(two.assignments[0].share)
    assert two.model_chir_mag / 0.7 * 0.7 == pytest.approx(one.model_chir_mag / 0.7, rel=1e-9)


def test_a_box_where_the_model_gives_nothing_is_told(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    away = {"boxes": {"lobe": {"k": (3.0, 8.0), "r": (9.0, 9.5)}}}
    found = run(made, crystal, feff_cache, measure=away)
    assert not found.assignments and any("no points inside" in note for note in found.notes)


def test_mistakes_name_the_file_or_the_key(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="holds no W"):
        run(made, crystal, feff_cache, element="W")
    with pytest.raises(UserError, match=r"paths.e0_shift_ev: .*above the shifted E0"):
        run(made, crystal, feff_cache, e0_shift_ev=60.0)
    broken = tmp_path / "broken.cif"
    broken.write_text("no structure\n")
    with pytest.raises(UserError, match=r"broken\.cif"):
        run(made, broken, feff_cache)


def test_k2ptcl6_as_measured_shows_its_assignment(xas_data: Path, feff_cache: Path, tmp_path: Path) -> None:
    """The lobe at 3.9 A: REFERENCE.json has 0.170 of the first shell; the end of the k range moves that by 0.013. Pt-K
    lies in the same box, and the paths through Pt cancel in part, so theirs is the largest share, and whether it is a
    majority hangs on what is known of the paths."""
    name = "BMM_Pt-L3-K2PtCl6.xdi"
    scans = ingest_files(
        [xas_data / name], [name], element="Pt", edge="L3", edge_energy_ev=11564.0, bad_rows="refuse", columns=None
    )
    found = reduce_exafs(scans, edge_energy_ev=11564.0, e0_ev=11567.0, norm2_ev=700.0, bkg_kmax_inv_ang=13.5)
    for kmax in (13.0, 12.0):
        transformed = transform_exafs(found, kmax_inv_ang=kmax)
        first, far = ((transformed.r_ang > a) & (transformed.r_ang < b) for a, b in ((1.0, 3.0), (3.3, 5.0)))
        ratio = transformed.chir_mag[far].max() / transformed.chir_mag[first].max()
        assert ratio == pytest.approx(0.170, abs=0.017)
    assert transformed.chir_mag.max() == pytest.approx(3.17458, rel=2e-3), "REFERENCE.json, the same parameters"
    cif = tmp_path / "K2PtCl6.cif"
    cif.write_text(K2PTCL6_CIF)
    measured = transformed, wavelet_exafs(transformed, family="cauchy", order=50.0)
    known = {"Pt-Cl": 0.003, "Pt-K": 0.015}
    generic = run(measured, cif, feff_cache, element="Pt", sigma2_of_ang2=known)
    assert generic.assignments[0].verdict == UNDECIDED
    stiff = run(measured, cif, feff_cache, element="Pt", sigma2_of_ang2={**known, "Pt-Cl-Pt-Cl": 0.006})
    forward = [a.share[a.kinds.index("forward")] for a in (generic.assignments[0], stiff.assignments[0])]
    assert forward[1] > forward[0] + 0.1, "how stiff the paths through Pt are decides what they make of the lobe"
    assert stiff.assignments[0].verdict == UNDECIDED
    assert by_name(stiff)["model.lobe.model_over_data"].value == pytest.approx(1.0, abs=1.0)
