"""Series `exafs.fit`: several samples at once, from what their own fits kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from path_models import OCTAHEDRON_CIF, reduced

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.types.exafs_fit import ExafsFits, ExafsJointFit
from ntcspec.xas.fits.fit import fit_exafs
from ntcspec.xas.fits.together import fit_together
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.paths.feff_files import read_paths
from ntcspec.xas.paths.path_chi import path_chi, path_tables

TRANSFORM = {
    "kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning", "nfft": 2048,
    "rmax_ang": 10.0,
}  # fmt: skip
MODEL = {
    "parameters": {"n": {"guess": 6}, "dr": {"guess": 0}, "ss": {"guess": 0.004}, "e0": {"guess": 0}},
    "paths": {"Cl": {"atoms": "Ta-Cl", "near_ang": 2.36, "n": "n", "s02": 0.9, "delta_r_ang": "dr", "sigma2_ang2": "ss", "e0_ev": "e0"}},
    "derived": {"two_r": {"expr": "2 * dr", "unit": "angstrom"}},
}  # fmt: skip
E0 = 1.4
RECORD = {
    "study": "s", "sample": "x", "measurement": "exafs", "technique": "exafs", "stage": "fit", "order": 0,
    "simulated": True, "composition": "", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def fitted(tacl6_folder: Path, feff_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ExafsFits]:
    cif = tmp_path_factory.mktemp("cif") / "octahedron.cif"
    cif.write_text(OCTAHEDRON_CIF)
    path, k = read_paths(tacl6_folder)[0], 0.05 * np.arange(281)

    def make(seed: int, **shell: float) -> ExafsFits:
        chi = np.random.default_rng(seed).normal(0.0, 2e-3, k.size)
        chi[k > 2] += path_chi(path_tables([path]), k[k > 2], s02=0.9, e0_ev=E0, **shell)[0]
        found = reduced(k, chi)
        paths = {
            "structures": {"crystal": {"file": cif.name, "site": None, "radius_ang": 5.0}}, "program": "feff6l",
            "max_length_ang": 3.0,
        }  # fmt: skip
        return fit_exafs(
            found, transform_exafs(found, **TRANSFORM), element="Ta", edge="L3", files={"crystal": cif},
            transform=TRANSFORM, paths=paths, measure={}, models={"one": MODEL}, space="r", kweights=(1, 2, 3),
            range_ang=(1.2, 2.6), cache=feff_cache,
        )  # fmt: skip

    return make


SHELLS: dict[str, dict[str, float]] = {
    "6 h": {"n": 6.0, "delta_r_ang": 0.0, "sigma2_ang2": 0.004},
    "40 h": {"n": 5.0, "delta_r_ang": 0.03, "sigma2_ang2": 0.006},
}


@pytest.fixture(scope="module")
def samples(fitted: Callable[..., ExafsFits]) -> dict[str, ExafsFits]:
    return {name: fitted(i, **shell) for i, (name, shell) in enumerate(SHELLS.items())}


def test_what_is_shared_is_known_better(samples: dict[str, ExafsFits]) -> None:
    joint = fit_together(samples, model="one", shared=["e0"])
    found = {m.name: m for m in joint.metrics}
    assert found["e0"].value == pytest.approx(E0, abs=4 * found["e0"].u_stat) and found["e0"].unit == "eV"
    alone = [next(m for m in one.metrics if m.name == "one.e0").u_stat for one in samples.values()]
    assert found["e0"].u_stat < 0.9 * min(alone)
    for name, shell in SHELLS.items():
        for parameter, truth in zip(("n", "dr", "ss"), shell.values(), strict=True):
            metric = found[f"{name}.{parameter}"]
            assert abs(metric.value - truth) < 4 * metric.u_stat
        assert found[f"{name}.two_r"].value == pytest.approx(2 * found[f"{name}.dr"].value)
        assert found[f"{name}.Cl.r"].value == pytest.approx(2.36 + found[f"{name}.dr"].value, abs=1e-4)
        assert f"{name}.e0" not in found
    mine = next(m for m in samples["40 h"].metrics if m.name == "one.dr").u_stat
    assert found["40 h.dr"].u_stat < mine, "R and E0 are correlated: what E0 gains, R gains"


def test_nothing_shared_is_every_sample_by_itself(samples: dict[str, ExafsFits]) -> None:
    joint = fit_together(samples, model="one", shared=[])
    for i, (name, one) in enumerate(samples.items()):
        for metric in (m for m in one.metrics if m.name in ("one.n", "one.dr", "one.e0", "one.ss")):
            same = next(m for m in joint.metrics if m.name == f"{name}.{metric.name.partition('.')[2]}")
            assert same.value == pytest.approx(metric.value, rel=1e-4, abs=1e-5)
            assert same.u_stat == pytest.approx(metric.u_stat, rel=1e-3)
        np.testing.assert_allclose(joint.fits[i].model_mag, one.models[0].model_mag, rtol=1e-3, atol=1e-4)


def test_it_comes_back_from_a_file(samples: dict[str, ExafsFits], tmp_path: Path) -> None:
    """Fits are kept whole: what is read back from a file is fitted to the same numbers."""
    kept: dict[str, ExafsFits] = {}
    for name, one in samples.items():
        store.write(tmp_path / f"{name}.nxs", one, RECORD)
        kept[name] = store.read(tmp_path / f"{name}.nxs", ExafsFits)
    again, before = (fit_together(found, model="one", shared=["e0"]) for found in (kept, samples))
    assert isinstance(again, ExafsJointFit)
    values = {m.name: (m.value, m.u_stat) for m in before.metrics}
    assert {m.name for m in again.metrics} == set(values)
    for metric in again.metrics:
        np.testing.assert_allclose((metric.value, metric.u_stat), values[metric.name], rtol=1e-9, atol=1e-12)


def test_samples_that_cannot_take_part_are_named(samples: dict[str, ExafsFits]) -> None:
    joint = fit_together({**samples, "lost": "no such file"}, model="one", shared=["e0"])
    assert "left out: lost (no such file)" in joint.notes and joint.samples == tuple(samples)
    with pytest.raises(UserError, match="1 samples with a fit of the model 'one'"):
        fit_together({"a": samples["6 h"], "b": "no"}, model="one", shared=[])
    with pytest.raises(UserError, match="did you mean 'one'"):
        fit_together(samples, model="on", shared=[])
    with pytest.raises(UserError, match="no parameter 'e1'"):
        fit_together(samples, model="one", shared=["e1"])
