"""Stage `fit`: measured standards with known structures, and what is said where a model or the data do not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from path_models import AU_CIF, K2PTCL6_CIF, TA_CIF, reduced

from ntcspec.errors import UserError
from ntcspec.types import Metric
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed
from ntcspec.types.exafs_fit import ExafsFits
from ntcspec.xas.fits.fit import fit_exafs
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.paths.feff_files import read_paths
from ntcspec.xas.paths.path_chi import path_chi, path_tables
from ntcspec.xas.raw import ingest_files
from ntcspec.xas.reduce import reduce_exafs

TRANSFORM = {
    "kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning", "nfft": 2048,
    "rmax_ang": 10.0,
}  # fmt: skip
SYSTEMATIC = {"e0_shift_ev": [-1.0, 1.0], "rbkg_shift_ang": [-0.1, 0.1], "norm1_shift_ev": [50.0]}
ONE = {
    "parameters": {
        "s02": {"set": 0.9, "u": 0.05}, "n": {"guess": 6}, "dr": {"guess": 0}, "ss": {"guess": 0.004},
        "e0": {"guess": 0},
    },
    "paths": {
        "Cl": {
            "atoms": "Pt-Cl", "near_ang": 2.3, "n": "n", "s02": "s02", "delta_r_ang": "dr", "sigma2_ang2": "ss",
            "e0_ev": "e0",
        }
    },
}  # fmt: skip
FEFF_ANG = 0.01  # error of FEFF's phase in R, which no uncertainty of a fit holds
Made = tuple[ExafsReduced, ExafsTransformed]


def measured(file: Path, element: str, e0_ev: float, transform: Mapping[str, Any]) -> Made:
    scans = ingest_files(
        [file], [file.name], element=element, edge="L3", edge_energy_ev=e0_ev, bad_rows="refuse", columns=None
    )
    found = reduce_exafs(
        scans, edge_energy_ev=e0_ev, e0_ev=e0_ev, norm2_ev=700.0, bkg_kmax_inv_ang=13.5, systematic=SYSTEMATIC
    )
    return found, transform_exafs(found, **transform)


def run(
    made: Made, cif: Path, cache: Path, models: Mapping[str, Any], *, element: str, program: str = "feff8l",
    max_length_ang: float = 4.0, radius_ang: float = 5.5, range_ang: tuple[float, float] = (1.0, 2.6),
    transform: Mapping[str, Any] = TRANSFORM, **more: Any,
) -> ExafsFits:  # fmt: skip
    paths = {
        "structures": {"crystal": {"file": cif.name, "site": None, "radius_ang": radius_ang}}, "program": program,
        "max_length_ang": max_length_ang,
    }  # fmt: skip
    wanted = {"space": "r", "kweights": (1, 2, 3), **more}
    return fit_exafs(
        *made, element=element, edge="L3", files={"crystal": cif}, transform=transform, paths=paths,
        measure={"systematic": {"kmax_shift_inv_ang": (-1.0,), "kmin_shift_inv_ang": (-0.5, 0.5)}}, models=models,
        range_ang=range_ang, cache=cache, **wanted,
    )  # fmt: skip


def by_name(fits: ExafsFits) -> dict[str, Metric]:
    return {metric.name: metric for metric in fits.metrics}


@pytest.fixture
def cif(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "structure.cif").write_text(text)
        return tmp_path / "structure.cif"

    return write


@pytest.fixture(scope="module")
def k2ptcl6(xas_data: Path) -> Made:
    return measured(xas_data / "BMM_Pt-L3-K2PtCl6.xdi", "Pt", 11567.0, TRANSFORM)


def test_k2ptcl6_as_measured(k2ptcl6: Made, cif: Callable[[str], Path], feff_cache: Path) -> None:
    """Six Cl at 2.32 A (crystal structure). S02 is not fitted: 0.9 for every compound, before any fit was made."""
    fits = run(k2ptcl6, cif(K2PTCL6_CIF), feff_cache, {"one": ONE}, element="Pt")
    found = by_name(fits)
    r, n = found["one.Cl.r"], found["one.n"]
    assert r.value == pytest.approx(2.32, abs=0.02) and r.unit == "angstrom" and n.unit == "1"
    assert n.value == pytest.approx(6.0, rel=0.10)
    assert abs(r.value - 2.32) < 2 * np.hypot(r.u_stat, r.u_sys) and abs(n.value - 6.0) < 2 * np.hypot(
        n.u_stat, n.u_sys
    )
    assert r.u_stat < r.u_sys, "the noise of this beamline is far below what FEFF gets wrong"
    model = fits.models[0]
    assert model.r_factor < 0.03 and model.reduced_chi2 > 100.0
    np.testing.assert_allclose(model.model_mag, model.entry_chir_mag[0], rtol=1e-12)
    assert np.corrcoef(model.data_re[33:85], model.model_re[33:85])[0, 1] > 0.98


@pytest.mark.parametrize("program", ["feff6l", "feff8l"])
def test_s02_of_a_gold_foil_gives_the_six_neighbours_of_platinum(
    k2ptcl6: Made, xas_data: Path, cif: Callable[[str], Path], feff_cache: Path, program: str
) -> None:
    """S02 measured on 12 neighbours at the same edge of the next element, with the same program and window; what FEFF's
    amplitude gets wrong goes with it. With S02 = 0.9 FEFF 6 alone would make N 12 % too small."""
    name = "Au-L3_standards_athena0.8.prj"
    scans = ingest_files(
        [xas_data / name], [name], element="Au", edge="L3", edge_energy_ev=11919.0, bad_rows="refuse", columns=None,
        select="Au foil",
    )  # fmt: skip
    reduced_foil = reduce_exafs(scans, edge_energy_ev=11919.0, e0_ev=11919.0, systematic=SYSTEMATIC)
    slots = {"n": 12, "s02": "s02", "delta_r_ang": "dr", "sigma2_ang2": "ss", "e0_ev": "e0"}
    foil = {
        "parameters": {n: {"guess": start} for n, start in {"s02": 0.9, "dr": 0.0, "ss": 0.008, "e0": 0.0}.items()},
        "paths": {"Au": {"atoms": "Au-Au", "near_ang": 2.88, **slots}},
    }
    made = reduced_foil, transform_exafs(reduced_foil, **TRANSFORM)
    keywords: Any = {"element": "Au", "program": program, "range_ang": (1.8, 3.4)}
    s02 = by_name(run(made, cif(AU_CIF), feff_cache, {"fcc": foil}, **keywords))["fcc.s02"]
    u = float(np.hypot(s02.u_stat, s02.u_sys))
    assert 0.7 < s02.value < 1.0 and u < 0.08
    known = {**ONE, "parameters": {**ONE["parameters"], "s02": {"set": s02.value, "u": u}}}
    n = by_name(run(k2ptcl6, cif(K2PTCL6_CIF), feff_cache, {"one": known}, element="Pt", program=program))["one.n"]
    assert n.value == pytest.approx(6.0, rel=0.10)


def test_ta_foil_has_the_distances_of_bcc(xas_data: Path, cif: Callable[[str], Path], feff_cache: Path) -> None:
    """a = 3.3058 A: 2.863, 3.306 and 4.675 A. Each shell has its own distance; further paths only stand in the way."""
    transform = {**TRANSFORM, "kmin_inv_ang": 3.5, "kmax_inv_ang": 13.0}
    common = {"n": "degen", "s02": "s02", "e0_ev": "e0"}
    shells = {
        f"Ta{i}": {**common, "atoms": "Ta-Ta", "near_ang": r, "delta_r_ang": f"dr{i}", "sigma2_ang2": f"ss{i}"}
        for i, r in enumerate((2.86, 3.31, 4.68))
    }
    beyond = {
        "far": {"atoms": "Ta-Ta", "within_ang": (5.3, 5.8), "delta_r_ang": "reff * dr2 / 4.675", "sigma2_ang2": "ss2"},
        "triangles": {"atoms": "Ta-Ta-Ta", "within_ang": (4.0, 5.8), "delta_r_ang": "reff * dr0 / 2.863", "sigma2_ang2": "1.5 * ss0"},
        "forward": {"atoms": "Ta-Ta-Ta-Ta", "within_ang": (4.0, 5.8), "delta_r_ang": "reff * dr0 / 2.863", "sigma2_ang2": "2 * ss0"},
    }  # fmt: skip
    free = {"s02": 0.9, "e0": 0.0, **{f"dr{i}": 0.0 for i in range(3)}, **{f"ss{i}": 0.005 for i in range(3)}}
    model = {
        "parameters": {name: {"guess": start} for name, start in free.items()},
        "paths": {**shells, **{name: {**common, **one} for name, one in beyond.items()}},
    }
    made = measured(xas_data / "BMM_Ta-L3-Ta_foil.xdi", "Ta", 9881.1, transform)
    fits = run(
        made, cif(TA_CIF), feff_cache, {"bcc": model}, element="Ta", max_length_ang=5.8, radius_ang=7.0,
        range_ang=(1.6, 4.7), transform=transform,
    )  # fmt: skip
    found = by_name(fits)
    for i, crystal in enumerate((2.8629, 3.3058, 4.6751)):
        metric = found[f"bcc.Ta{i}.r"]
        assert metric.value == pytest.approx(crystal, abs=0.02)
        assert abs(metric.value - crystal) < 2 * np.hypot(metric.u_sys, FEFF_ANG)
    assert "bcc.far.r" not in found, "an entry of several paths has no one length"
    assert found["bcc.s02"].value == pytest.approx(0.95, abs=0.15)


@pytest.fixture(scope="module")
def simulated(tacl6_folder: Path) -> Callable[..., Made]:
    """chi of shells of one path, with weak white noise."""
    path = read_paths(tacl6_folder)[0]

    def make(*shells: Mapping[str, float], noise: float = 3e-4) -> Made:
        k = 0.05 * np.arange(281)
        chi = np.random.default_rng(2).normal(0.0, noise, k.size)
        for shell in shells:
            chi[k > 2] += path_chi(path_tables([path]), k[k > 2], s02=0.9, **shell)[0]
        found = reduced(k, chi)
        return found, transform_exafs(found, **TRANSFORM)

    return make


def ta_model(**extra: Any) -> dict[str, Any]:
    cl = {"atoms": "Ta-Cl", "near_ang": 2.36, "s02": 0.9, "sigma2_ang2": "ss", "e0_ev": "e0"}
    base = {"ss": {"guess": 0.004}, "e0": {"guess": 0.0}}
    if extra.get("two"):
        free = {"near": {"guess": 0.5, "min": 0, "max": 1}, "r1": {"guess": 2.28}, "r2": {"guess": 2.48}}
        return {
            "parameters": {**base, **free},
            "paths": {"A": {**cl, "n": "6 * near", "r_ang": "r1"}, "B": {**cl, "n": "6 * (1 - near)", "r_ang": "r2"}},
            "derived": {"mean_r": {"expr": "near * r1 + (1 - near) * r2", "unit": "angstrom"}},
        }
    skew = {"c3": {"guess": 0.0}} if extra.get("c3") else {}
    path = {**cl, "n": "n", "delta_r_ang": "dr", **({"c3_ang3": "c3"} if skew else {})}
    return {"parameters": {**base, "n": {"guess": 6}, "dr": {"guess": 0}, **skew}, "paths": {"Cl": path}}


MODELS = {"one": ta_model(), "two": ta_model(two=True), "skewed": ta_model(c3=True)}
TACL5_LIKE = (
    {"n": 4.0, "delta_r_ang": -0.08, "sigma2_ang2": 0.004},
    {"n": 2.0, "delta_r_ang": 0.2, "sigma2_ang2": 0.004},
)


@pytest.fixture
def crystal(tmp_path: Path) -> Path:
    """An octahedron in a large cell: FEFF's cluster is that of the fixture."""
    from path_models import OCTAHEDRON_CIF

    (tmp_path / "octahedron.cif").write_text(OCTAHEDRON_CIF)
    return tmp_path / "octahedron.cif"


def test_two_distances_are_told_from_one_and_one_from_two(simulated: Callable[..., Made], crystal: Path, feff_cache: Path) -> None:  # fmt: skip
    keywords: Any = {"element": "Ta", "program": "feff6l"}
    split = run(simulated(*TACL5_LIKE), crystal, feff_cache, MODELS, **keywords)
    assert split.best == "two" and "under every variant" in split.verdict and split.verdict in split.notes
    found = by_name(split)
    assert found["two.mean_r"].value == pytest.approx(2.36 + (4 * -0.08 + 2 * 0.2) / 6, abs=0.005)
    assert found["two.near"].value == pytest.approx(4 / 6, abs=0.02) and found["one.bic_above_best"].value > 6
    single = run(simulated({"n": 6.0, "sigma2_ang2": 0.006}, noise=1e-3), crystal, feff_cache, MODELS, **keywords)
    assert single.best == "one" or "cannot be decided" in single.verdict, "the control: nothing to find"
    assert by_name(single)["one.bic_above_best"].value < 6
    assert by_name(single)["one.Cl.r"].value == pytest.approx(2.36, abs=0.003)


def test_a_model_that_fails_takes_no_other_with_it(simulated: Callable[..., Made], crystal: Path, feff_cache: Path) -> None:  # fmt: skip
    models = {
        "good": ta_model(),
        "no path": {**ta_model(), "paths": {"Cl": {"atoms": "Ta-Br", "n": "n + dr + ss + e0"}}},
        "many": {
            "parameters": {f"p{i}": {"guess": 0.1} for i in range(15)},
            "paths": {"Cl": {"atoms": "Ta-Cl", "near_ang": 2.36, "n": " + ".join(f"p{i}" for i in range(15))}},
        },
    }
    fits = run(simulated({"n": 6.0}), crystal, feff_cache, models, element="Ta", program="feff6l")
    assert [m.name for m in fits.models] == ["good"] and set(fits.failed) == {"no path", "many"}
    assert "fit.models.no path.paths.Cl: no such path" in fits.failed["no path"] and "Ta-Cl" in fits.failed["no path"]
    assert "15 free parameters" in fits.failed["many"]
    with pytest.raises(UserError, match="15 free parameters"):
        run(simulated({"n": 6.0}), crystal, feff_cache, {"many": models["many"]}, element="Ta", program="feff6l")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ({"atoms": "Ta-Cl-Cl", "n": "n + dr + ss + e0"}, r"paths are meant.*say near_ang"),
        ({"index": (99,), "n": "n + dr + ss + e0"}, "no such path"),
        ({"atoms": "Ta-Cl", "near_ang": 2.3, "n": "n +"}, r"paths\.Cl\.n: 'n \+' is no arithmetic"),
        ({"atoms": "Ta-Cl", "near_ang": 2.3, "structure": "glass", "n": "n"}, "no structure 'glass'"),
        ({"atoms": "Ta-Cl", "near_ang": 2.3, "n": "n * m"}, "no parameter 'm'"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(
    simulated: Callable[..., Made], crystal: Path, feff_cache: Path, path: dict[str, Any], why: str
) -> None:
    models = {"m": {**ta_model(), "paths": {"Cl": path}}}
    with pytest.raises(UserError, match=why):
        run(simulated({"n": 6.0}), crystal, feff_cache, models, element="Ta", program="feff6l", max_length_ang=5.0)
