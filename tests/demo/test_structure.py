"""Clusters: distances and molecules that the structures are known for, whatever the crystal setting."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.structure import bcc_cluster, clusters_from_cif
from ntcspec.errors import UserError


def test_natacl6_has_one_site_with_six_chlorines_and_sodium_at_4_angstrom() -> None:
    (cluster,) = clusters_from_cif(find_resources() / "NaTaCl6_P21c.cif", "Ta", 6.0)
    assert cluster.symbols[0] == "Ta" and cluster.weight == 1.0
    assert cluster.symbols[1:7] == ("Cl",) * 6
    assert cluster.distance_ang[1:7].mean() == pytest.approx(2.380, abs=0.001)
    assert cluster.symbols[7] == "Na" and cluster.distance_ang[7] == pytest.approx(3.949, abs=0.001)


def test_tacl5_is_made_of_dimers() -> None:
    (cluster,) = clusters_from_cif(find_resources() / "TaCl5_C2m_MODEL_P1.cif", "Ta", 7.0)
    own = [s for s, m in zip(cluster.symbols, cluster.molecule, strict=True) if m == cluster.molecule[0]]
    assert Counter(own) == {"Ta": 2, "Cl": 10}
    assert cluster.distance_ang[1:7] == pytest.approx([2.2502] * 2 + [2.3053] * 2 + [2.5551] * 2, abs=1e-3)


def test_bcc_shells() -> None:
    distance = bcc_cluster("Ta", 3.3013, 5.0).distance_ang[1:]
    assert Counter(np.round(distance / 3.3013, 4).tolist()) == {0.8660: 8, 1.0: 6, 1.4142: 12}


def test_a_broken_or_wrong_structure_is_the_users_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.cif"
    broken.write_text("no cif\n")
    with pytest.raises(UserError, match="cannot be read as a CIF"):
        clusters_from_cif(broken, "Ta", 5.0)
    with pytest.raises(UserError, match="holds no Cu"):
        clusters_from_cif(find_resources() / "NaTaCl6_P21c.cif", "Cu", 5.0)
