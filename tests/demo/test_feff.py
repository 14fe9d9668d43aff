"""FEFF: larch as the independent oracle for the sum of paths, and errors where there is no FEFF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo.exafs import foil_cluster
from ntcspec.demo.feff import FeffPath, path_chi, paths_chi, run_feff, run_potentials, scatterers
from ntcspec.errors import UserError
from ntcspec.xas.paths import feff_run
from ntcspec.xas.paths.feff_input import feff6_input

K = np.arange(0.5, 16.01, 0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FeffPath]]:
    folder = tmp_path_factory.mktemp("feff")
    return folder, run_feff(foil_cluster()[0], rmax_ang=5.5, folder=folder)


@pytest.mark.parametrize(
    ("s02", "sigma2", "e0"), [(1.0, 0.0, 0.0), (0.88, 0.005, 0.0), (0.9, 0.003, 0.8), (0.9, 0.003, -2.5)]
)
def test_each_path_and_the_sum_agree_with_larch(
    run: tuple[Path, list[FeffPath]], s02: float, sigma2: float, e0: float
) -> None:
    """The same kind of spline (not-a-knot cubic), so rounding is all that may differ at e0 = 0.

    With a shift larch's constant k^2/E of 0.2624684240 (ours 0.2624682917, as IFEFFIT and FEFF) moves q by up to 3e-7:
    below 1e-7 in chi. The first point is left out: larch replaces it by an extrapolation.
    """
    from larch.xafs import feffpath, ff2chi, path2chi
    from larch.xafs.feffdat import FeffPathGroup

    folder, paths = run
    k = K if e0 <= 0 else K[K > 1.0]
    theirs: list[FeffPathGroup] = []
    for path in paths:
        group = feffpath(str(folder / f"feff{path.index:04d}.dat"), s02=s02, sigma2=sigma2, e0=e0)
        path2chi(group, k=k)
        mine = path_chi(path, k, s02=s02, sigma2_ang2=sigma2, e0_ev=e0)
        assert mine[1:] == pytest.approx(group.chi[1:], abs=1e-11 if e0 == 0.0 else 1e-7)
        theirs.append(group)
    total = ff2chi(theirs, k=k).chi
    mine = np.sum([path_chi(p, k, s02=s02, sigma2_ang2=sigma2, e0_ev=e0) for p in paths], axis=0)
    assert mine[1:] == pytest.approx(total[1:], abs=1e-6)
    assert np.max(np.abs(total)) > 0.05


def test_paths_together_are_paths_one_by_one(run: tuple[Path, list[FeffPath]]) -> None:
    _, paths = run
    sigma2 = [0.003 + 1e-4 * i for i in range(len(paths))]
    together = paths_chi(paths, K, sigma2_ang2=sigma2, s02=0.88, e0_ev=-1.0)
    alone = [path_chi(p, K, sigma2_ang2=s2, s02=0.88, e0_ev=-1.0) for p, s2 in zip(paths, sigma2, strict=True)]
    assert together == pytest.approx(np.array(alone), abs=1e-15)


def test_shared_potentials_of_the_same_cluster_change_nothing(run: tuple[Path, list[FeffPath]]) -> None:
    cluster = foil_cluster()[0]
    assert scatterers(cluster) == ("Ta",)
    shared = run_feff(cluster, rmax_ang=5.5, potentials=run_potentials(cluster))
    assert len(shared) == len(run[1])
    for mine, theirs in zip(shared, run[1], strict=True):
        assert mine.atoms == theirs.atoms and np.array_equal(mine.amplitude, theirs.amplitude)


def test_k_outside_the_table_is_refused(run: tuple[Path, list[FeffPath]]) -> None:
    with pytest.raises(ValueError, match="above the shifted E0"):
        path_chi(run[1][0], np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="within the table"):
        path_chi(run[1][0], np.array([1.0, 25.0]))


def test_input_asks_for_the_l3_hole() -> None:
    text = feff6_input(foil_cluster()[0], edge="L3", rmax_ang=5.5)
    assert "HOLE 4 1.0" in text and "EDGE" not in text
    assert "\n0 73 Ta\n1 73 Ta\n" in text and "\n0.000000 0.000000 0.000000 0\n" in text


def test_absent_feff_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    with pytest.raises(UserError, match=r"ships no feff6l for this platform.*copy the folder"):
        run_feff(foil_cluster()[0], rmax_ang=5.5)


@pytest.mark.parametrize(("content", "message"), [(b"\x7fELF no", "does not run"), (b"#!/bin/sh\necho no\n", "no")])
def test_feff_for_another_machine_or_failing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, message: str
) -> None:
    program = tmp_path / "feff6l"
    program.write_bytes(content)
    program.chmod(0o755)
    monkeypatch.setattr(feff_run, "find_binaries", lambda program: (tmp_path / program,))
    with pytest.raises(UserError, match=message):
        run_feff(foil_cluster()[0], rmax_ang=5.5)
