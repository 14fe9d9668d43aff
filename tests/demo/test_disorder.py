"""sigma^2: the path formula against FEFF's own Debye model as larch ports it, and against closed forms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.disorder import einstein_msrd, molecular_msrd, path_sigma2
from ntcspec.demo.exafs import FOIL, Phase, foil_cluster
from ntcspec.demo.structure import clusters_from_cif


def test_debye_paths_agree_with_larch(static_phases: Mapping[str, Phase]) -> None:
    """Two, three and four legs. larch integrates by the trapezoidal rule with a tolerance of 1e-3, hence 0.3 %."""
    from larch.xafs.sigma2_models import sigma2_correldebye_py

    (foil,) = static_phases[FOIL].sites
    volume = 3.3013**3 / 2.0
    norman_bohr = (3.0 * volume / (4.0 * np.pi)) ** (1.0 / 3.0) / 0.529177
    legs = set()
    for path, mine in zip(foil.paths, foil.sigma2_ang2, strict=True):
        x, y, z = (foil.cluster.xyz_ang[list(path.atoms)] + 0.0).T
        n = len(path.atoms)
        theirs = sigma2_correldebye_py(n, 300.0, 240.0, norman_bohr, x, y, z, np.full(n, 180.948))
        assert mine == pytest.approx(theirs, rel=3e-3)
        legs.add(n)
    assert legs == {2, 3, 4}


def test_closed_forms() -> None:
    """Single scattering is the pair's own value; out and back twice is four times it; in line it is the end pair."""
    xyz = np.array([[0.0, 0, 0], [2.4, 0, 0], [-2.4, 0, 0]])
    msrd = np.array([[0.0, 0.003, 0.003], [0.003, 0.0, 0.005], [0.003, 0.005, 0.0]])
    assert path_sigma2(msrd, xyz, (0, 1)) == pytest.approx(0.003)
    assert path_sigma2(msrd, xyz, (0, 1, 0, 1)) == pytest.approx(4 * 0.003)
    assert path_sigma2(msrd, xyz, (0, 1, 0, 2)) == pytest.approx(0.005)
    assert path_sigma2(msrd, xyz, (0, 1, 2)) == pytest.approx(0.005)


def test_pairs_that_contradict_each_other_are_refused() -> None:
    """Two neighbours at 60 degrees that hardly move against the absorber cannot move far against each other."""
    xyz = np.array([[0.0, 0, 0], [2.0, 0, 0], [1.0, 3**0.5, 0]])
    msrd = np.array([[0.0, 0.001, 0.001], [0.001, 0.0, 0.5], [0.001, 0.5, 0.0]])
    with pytest.raises(ValueError, match="negative"):
        path_sigma2(msrd, xyz, (0, 1, 0, 2))


def test_einstein_limits() -> None:
    """High temperature: k T / (mu w^2); zero temperature: hbar / (2 mu w). SI constants of CODATA 2018."""
    omega = 2.0 * np.pi * 2.99792458e10 * 300.0
    mass = 30.0 * 1.66053907e-27
    hot = 1.380649e-23 * 20000.0 / (mass * omega**2) * 1e20
    cold = 1.054571817e-34 / (2.0 * mass * omega) * 1e20
    assert einstein_msrd(np.array(30.0), np.array(300.0), 20000.0) == pytest.approx(hot, rel=1e-4)
    assert einstein_msrd(np.array(30.0), np.array(300.0), 1.0) == pytest.approx(cold, rel=1e-5)


def test_molecular_values_lie_where_the_docstring_says(static_phases: Mapping[str, Phase]) -> None:
    (crystal,) = clusters_from_cif(find_resources() / "NaTaCl6_P21c.cif", "Ta", 7.0)
    pairs = molecular_msrd(crystal)
    assert pairs[0, 1:7] == pytest.approx([0.0026] * 6, abs=5e-5)
    assert pairs[0, 7] == 0.030  # Ta-Na
    within = pairs[1:7, 1:7][np.triu_indices(6, 1)]
    assert sorted(within) == pytest.approx([0.0044] * 3 + [0.0135] * 12, abs=1e-4)
    (dimer,) = static_phases["TaCl5"].sites
    assert molecular_msrd(dimer.cluster)[0, 1:7] == pytest.approx([0.0026] * 4 + [0.0049] * 2, abs=5e-5)


def test_foil_density_is_that_of_tantalum() -> None:
    _, msrd = foil_cluster()
    density = getattr(msrd, "keywords")["density_ang3"] * 180.948 * 1.66054  # noqa: B009
    assert density == pytest.approx(16.65, rel=0.005)
