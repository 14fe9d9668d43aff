"""Snapshots: distances against a brute-force sum over images, shells, and the moments that the truth holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.exafs import Site, snapshot_clusters
from ntcspec.demo.exafs_truth import first_shell
from ntcspec.demo.snapshots import load_snapshots
from ntcspec.demo.structure import Cluster
from ntcspec.errors import UserError


@pytest.mark.parametrize("name", ["cry", "gl4", "gl0"])
def test_boxes_hold_natacl6(name: str) -> None:
    boxes = load_snapshots(find_resources(), name)
    assert len(boxes) == 3
    for box in boxes:
        assert Counter(box.symbols.tolist()) == {"Na": 200, "Ta": 200, "Cl": 1200}
        density = 200 * (22.990 + 180.948 + 6 * 35.453) * 1.66054 / abs(np.linalg.det(box.cell_ang))
        assert 2.7 < density < 3.1  # g/cm3


def test_distances_agree_with_a_sum_over_images() -> None:
    box = load_snapshots(find_resources(), "gl4")[1]
    images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for site in box.sites("Ta")[[0, 77, 199]]:
        all_images = (box.frac - box.frac[site])[None] + images[:, None]
        distance = np.linalg.norm(all_images @ box.cell_ang, axis=2)
        near = np.sort(distance[(distance < 7.0) & (distance > 0.0)])
        cluster = box.cluster(int(site), 7.0)
        assert cluster.symbols[0] == "Ta" and cluster.distance_ang[0] == 0.0
        assert cluster.distance_ang[1:] == pytest.approx(near, abs=1e-9)


def test_sites_are_chosen_once_and_for_all() -> None:
    one, again = (snapshot_clusters(find_resources(), "cry", 4) for _ in range(2))
    assert [c.name for c in one] == [c.name for c in again] and len({c.name for c in one}) == 12
    assert sum(c.weight for c in one) == pytest.approx(1.0)
    assert all(c.symbols[1:7] == ("Cl",) * 6 for c in one)


def test_moments_of_a_known_distribution() -> None:
    """Two distances, 2 and 4 neighbours: sigma2 = p q d^2, third moment p q (q - p) d^3."""
    xyz = np.vstack([np.zeros(3), 2.3 * np.eye(3), -2.3 * np.eye(3)[:1], 2.6 * -np.eye(3)[1:]])
    cluster = Cluster("made up", ("Ta", *["Cl"] * 6), xyz, np.zeros(7, dtype=np.int64), 1.0)
    found = first_shell([(0.5, Site(cluster, (), ())), (0.5, Site(cluster, (), ()))])
    p, q, d = 2 / 6, 4 / 6, 0.3
    assert found["n"] == 6.0 and found["r_ang"] == pytest.approx(2.4, abs=1e-5)
    assert found["sigma2_ang2"] == pytest.approx(p * q * d**2, abs=1e-6)
    assert found["c3_ang3"] == pytest.approx(p * q * (q - p) * d**3, abs=1e-7)


def test_a_broken_file_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cry_1600\.npz: holds no snapshots"):
        load_snapshots(tmp_path, "cry")
    (tmp_path / "cry_1600.npz").write_bytes(b"no zip")
    with pytest.raises(UserError, match="holds no snapshots"):
        load_snapshots(tmp_path, "cry")
