"""Athena projects: what we write, larch and our own reader read back, whatever stands in a label."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntcspec.export.athena import AthenaGroup, background, fourier, normalisation, project
from ntcspec.readers import read_scans

ENERGY = np.concatenate([np.arange(9700.0, 9870.0, 5.0), np.arange(9870.0, 9900.0, 0.5), np.arange(9900, 10700, 2.0)])
E0 = 9882.5


def mu(step: float = 0.8) -> np.ndarray:
    return 0.3 - 2e-4 * (ENERGY - E0) + step * (0.5 + np.arctan((ENERGY - E0) / 2) / np.pi)


def group(label: str = "one", step: float = 0.8, titles: tuple[str, ...] = ("SIMULATED data",)) -> AthenaGroup:
    parameters = {
        **normalisation(
            e0_ev=E0, pre_ev=(-150, -50), post_ev=(100, 700), degree=2, edge_step=step, element="Ta", edge="L3"
        ),
        **background(
            rbkg_ang=1.2, kweight=2, kmin_inv_ang=0, kmax_inv_ang=13.5, dk_inv_ang=0.1, window="hanning"
        ),
        **fourier(kmin_inv_ang=3, kmax_inv_ang=12, dk_inv_ang=1, kweight=2, window="hanning"),
    }  # fmt: skip
    return AthenaGroup(label, ENERGY, mu(step), parameters, titles)


def written(folder: Path, *groups: AthenaGroup) -> Path:
    path = folder / "x.prj"
    path.write_bytes(project(groups, journal=["made by a test"]))
    return path


def test_larch_reads_back_what_was_written(tmp_path: Path) -> None:
    from larch.io import read_athena

    found = read_athena(str(written(tmp_path, group("one"), group("two", 1.1))), do_preedge=False)
    names = [name for name in ("one", "two") if hasattr(found, name)]
    assert names == ["one", "two"]
    np.testing.assert_allclose(found.two.energy, ENERGY, rtol=1e-11)
    np.testing.assert_allclose(found.two.mu, mu(1.1), rtol=1e-11)
    stored = found.two.athena_params
    assert float(stored.bkg.e0) == E0 and float(stored.bkg.nor2) == 700 and int(stored.bkg.nnorm) == 3
    assert float(stored.bkg.rbkg) == 1.2 and float(stored.fft.kmax) == 12


def test_with_the_stored_parameters_larch_finds_the_stored_step(tmp_path: Path) -> None:
    from larch import Group
    from larch.io import read_athena
    from larch.xafs import pre_edge

    one = read_athena(str(written(tmp_path, group())), do_preedge=False).one
    b, again = one.athena_params.bkg, Group(energy=one.energy, mu=one.mu)
    pre_edge(
        again, e0=b.e0, pre1=b.pre1, pre2=b.pre2, norm1=b.nor1, norm2=b.nor2, nnorm=int(b.nnorm) - 1, nvict=0
    )  # fmt: skip
    assert again.edge_step == pytest.approx(0.8, rel=0.03)
    ours = Group(energy=ENERGY.copy(), mu=mu())
    pre_edge(ours, e0=E0, pre1=-150, pre2=-50, norm1=100, norm2=700, nnorm=2, nvict=0)
    assert again.edge_step == pytest.approx(ours.edge_step, rel=1e-9)


WORDS = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and text.isprintable())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(label=WORDS, title=WORDS)
def test_whatever_stands_in_a_label_is_text(tmp_path: Path, label: str, title: str) -> None:
    path = written(tmp_path, group(label, titles=(title,)))
    (scan,) = read_scans(path, "x.prj", None, "*")
    np.testing.assert_allclose(scan.energy_ev, ENERGY, rtol=1e-11)
    text = gzip.decompress(path.read_bytes()).decode()
    assert text.count("$old_group") - label.count("$old_group") - title.count("$old_group") == 1
    assert len([line for line in text.splitlines() if line.startswith("@args = (")]) == 1


@pytest.mark.parametrize("label", ["it's", "a\\", "$x @y `ls`", "two\nlines", 'say "no"', "1; system('ls');"])
def test_labels_that_perl_could_trip_over_come_back(tmp_path: Path, label: str) -> None:
    path = written(tmp_path, group(label), group("other"))
    wanted = " ".join(label.split())
    (scan,) = read_scans(path, "x.prj", None, wanted)
    np.testing.assert_allclose(scan.mu("transmission"), mu(), rtol=1e-11)


def test_the_same_groups_give_the_same_bytes_and_names_differ() -> None:
    groups = [group("a"), group("a"), group("b", 1.1)]
    assert project(groups) == project(groups)
    lines = gzip.decompress(project(groups)).decode().splitlines()
    assert len({line for line in lines if line.startswith("$old_group")}) == 3


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a spectrum"):
        project([])
    with pytest.raises(ValueError, match="do not fit"):
        project([AthenaGroup("x", ENERGY, mu()[:-1], {})])
