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
BOXES = {
    "boxes": {"lobe": {"k": (3.0, 8.0), "r": (3.2, 4.6)}}, "windows": {"shell": (1.0, 2.6)}, "first_shell": "shell",
}  # fmt: skip
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


def test_each_neighbour_under_the_lobe_has_its_share(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    """Ta-Na, the triangle and the path through Ta all lie near 3.9 A."""
    found = run(made, crystal, feff_cache)
    (lobe,) = found.assignments
    share = dict(zip(lobe.atoms, lobe.atoms_share, strict=True))
    assert {"single Ta-Na", "triangle Ta-Cl-Cl", "forward Ta-Cl-Ta-Cl"} <= set(share)
    for kind, whole in zip(lobe.kinds, lobe.share, strict=True):
        assert sum(s for who, s in share.items() if who.split(" ")[0] == kind) == pytest.approx(whole)
    metric = by_name(found)["model.lobe.Ta-Na.share"]
    assert metric.value == share["single Ta-Na"] and metric.u_sys > 0
    assert share["forward Ta-Cl-Ta-Cl"] > 5 * abs(metric.value), "too weak to be claimed"
    assert any("forward Ta-Cl-Ta-Cl" in note and "single Ta-Na" in note for note in found.notes)


def test_what_is_known_too_badly_is_not_decided(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    (lobe,) = run(made, crystal, feff_cache, u_r_ang=0.2).assignments
    assert lobe.verdict == UNDECIDED and "difference" in lobe.reason


def test_the_first_shells_tail_makes_no_part_of_a_lobe(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    """With its tail in the box the first shell counts as one of those that make the lobe: the rest comes out smaller."""
    whole = run(made, crystal, feff_cache, measure={"boxes": BOXES["boxes"]})
    freed = run(made, crystal, feff_cache)
    forward = [by_name(f)["model.lobe.forward.share"].value for f in (freed, whole)]
    assert forward[0] > forward[1] + 0.03
    shell = {"boxes": {"lobe": {"k": (3.0, 8.0), "r": (1.5, 2.4)}}}
    own = by_name(run(made, crystal, feff_cache, measure={**BOXES, **shell}))
    assert own["model.lobe.Ta-Cl.share"].value > 0.9, "a box on the shell itself holds the shell"


def test_a_far_shell_may_be_softer_than_a_near_one_of_the_same_atoms(
    made: tuple[ExafsTransformed, WaveletMap], crystal: Path, feff_cache: Path
) -> None:
    one, far, near = (
        run(made, crystal, feff_cache, sigma2_of_ang2=known)
        for known in ({"Ta-Cl": 0.004}, {"Ta-Cl": 0.004, "Ta-Cl from 4": 0.03}, {"Ta-Cl": 0.03, "Ta-Cl from 1": 0.004})
    )
    sizes = [
        {(p.label, p.reff_ang < 3): p.chir_mag.max() for p in f.paths if p.label == "Ta-Cl"} for f in (one, far, near)
    ]
    assert sizes[1]["Ta-Cl", True] == sizes[0]["Ta-Cl", True] == sizes[2]["Ta-Cl", True]
    assert sizes[1]["Ta-Cl", False] < 0.5 * sizes[0]["Ta-Cl", False] and sizes[2] == sizes[0]


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
    """The lobe at 3.9 A: REFERENCE.json has 0.170 of the first shell, and its maximum in the wavelet map. Pt-K lies in
    the same box; whether it or the paths through Pt make the lobe hangs on how stiff they are, so it is undecided."""
    name = "BMM_Pt-L3-K2PtCl6.xdi"
    scans = ingest_files(
        [xas_data / name], [name], element="Pt", edge="L3", edge_energy_ev=11564.0, bad_rows="refuse", columns=None
    )
    found = reduce_exafs(scans, edge_energy_ev=11564.0, e0_ev=11567.0, norm2_ev=700.0, bkg_kmax_inv_ang=13.5)
    transformed = transform_exafs(found, kmax_inv_ang=12.5)
    r, size = transformed.r_ang, transformed.chir_mag
    for low, high, height, place in ((1.0, 3.0, 3.257, 1.93), (3.3, 5.0, 0.554, 3.90)):
        part = (r > low) & (r < high)
        assert size[part].max() == pytest.approx(height, abs=1e-3)
        assert r[part][size[part].argmax()] == pytest.approx(place, abs=5e-3)
    measured = transformed, wavelet_exafs(transformed, family="cauchy", order=50.0)
    far = measured[1].magnitude * (measured[1].r_ang > 3.2)[:, None]
    at = np.unravel_index(far.argmax(), far.shape)
    assert measured[1].r_ang[at[0]] == pytest.approx(3.74, abs=0.02)
    assert measured[1].k_inv_ang[at[1]] == pytest.approx(5.4, abs=0.15), "theirs has no window"
    cif = tmp_path / "K2PtCl6.cif"
    cif.write_text(K2PTCL6_CIF)
    known = {"Pt-Cl": 0.003, "Pt-Cl from 4": 0.03, "Pt-K": 0.015}
    generic = run(measured, cif, feff_cache, element="Pt", sigma2_of_ang2=known)
    assert generic.assignments[0].verdict == UNDECIDED
    stiff = run(measured, cif, feff_cache, element="Pt", sigma2_of_ang2={**known, "Pt-Cl-Pt-Cl": 0.006})
    forward = [a.share[a.kinds.index("forward")] for a in (generic.assignments[0], stiff.assignments[0])]
    assert forward[1] > forward[0] + 0.1, "how stiff the paths through Pt are decides what they make of the lobe"
    assert stiff.assignments[0].verdict == UNDECIDED
    lobe = by_name(generic)
    assert lobe["model.lobe.Pt-K.share"].value > 3 * lobe["model.lobe.Pt-Cl.share"].value
    assert lobe["model.lobe.model_over_data"].value == pytest.approx(1.0, abs=0.5)
