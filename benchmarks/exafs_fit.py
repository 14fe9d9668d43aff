"""Time of a fit with six paths of FEFF, in a warm process: ntcspec and larch.xafs.feffit, from the same start.

    OMP_NUM_THREADS=1 python benchmarks/exafs_fit.py

The crystal NaTaCl6 has six Ta-Cl distances; each is a path of its own with a common expansion, sigma2, S02 and E0, on
noisy data of those paths. The stage `fit` also runs FEFF (cached after the first time), starts from three E0 and
fits every systematic variant of the default study again. Best of some, in turn; ratios are the point.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from larch import Group
from larch.fitting import guess, param_group
from larch.xafs import feffit, feffit_dataset, feffit_transform, feffpath

from ntcspec.config.exafs import MeasureVariants
from ntcspec.demo import find_resources
from ntcspec.types.exafs import ExafsReduced
from ntcspec.xas.fits.build import build
from ntcspec.xas.fits.fit import data_set, fit_exafs
from ntcspec.xas.fits.solve import fit_paths
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.paths.assign import feff_paths
from ntcspec.xas.paths.path_chi import path_chi, path_tables

K = 0.05 * np.arange(281)
SIGMA = 1e-3
TRANSFORM = {
    "kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning", "nfft": 2048,
    "rmax_ang": 10.0,
}  # fmt: skip
SLOTS = {"n": "degen", "s02": "s02", "delta_r_ang": "alpha * reff", "sigma2_ang2": "ss", "e0_ev": "e0"}
START = {"s02": 0.9, "alpha": 0.0, "ss": 0.004, "e0": 0.0}
VARIANTS = ("e0_shift_ev=-1", "e0_shift_ev=1", "rbkg_shift_ang=-0.1", "rbkg_shift_ang=0.1", "norm1_shift_ev=50")


def reduced(chi: np.ndarray, seed: int) -> ExafsReduced:
    """What `reduce` would hand on, with variants of about the usual size."""
    none = np.zeros(0)
    rng = np.random.default_rng(seed)
    others = np.array([chi * (1 + 0.01 * rng.normal()) + rng.normal(0, SIGMA, K.size) for _ in VARIANTS])
    given: dict[str, Any] = {field.name: none for field in fields(ExafsReduced)}
    given |= {"mode": "", "notes": (), "chosen": {}, "e0_ev": 0.0, "edge_step": 1.0, "k_inv_ang": K, "chi": chi}
    given |= {"chi_covariance": SIGMA**2 * np.eye(K.size), "variant_names": VARIANTS, "variant_chi": others}
    return ExafsReduced(**given)


def best(*calls: Callable[[], object], repeats: int = 5) -> list[float]:
    """Shortest time of each call, s; they take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, mine in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            mine.append(time.perf_counter() - start)
    return [min(mine) for mine in times]


def main() -> None:
    folder = tempfile.TemporaryDirectory()
    cache, cif = Path(folder.name), find_resources() / "NaTaCl6_P21c.cif"
    start = time.perf_counter()
    paths, _ = feff_paths(cif, "Ta", 6.0, "L3", "feff6l", 3.0, cache)
    feff = time.perf_counter() - start
    (files,) = (p for p in cache.iterdir() if p.is_dir())
    chi = np.zeros(K.size)
    chi[K > 2] = path_chi(path_tables(paths), K[K > 2], s02=0.88, sigma2_ang2=0.005, e0_ev=1.5).sum(axis=0)
    chi += np.random.default_rng(1).normal(0.0, SIGMA, K.size)
    given = {
        "parameters": {name: {"guess": value} for name, value in START.items()},
        "paths": {f"Cl{p.index}": {"index": (p.index,), **SLOTS} for p in paths},
    }
    made = reduced(chi, 2)
    transformed = transform_exafs(made, **TRANSFORM)  # type: ignore[arg-type]
    setup = {"where": "r", "kweights": [1, 2, 3], "r_range_ang": [1.2, 2.6], "transform": TRANSFORM}

    def alone() -> None:
        fit_paths(build("m", given, {"crystal": paths}), [data_set(K, chi, made.chi_covariance, setup)])

    def stage() -> None:
        fit_exafs(
            made, transformed, element="Ta", edge="L3", files={"crystal": cif}, transform=TRANSFORM,
            paths={"structures": {"crystal": {"site": None, "radius_ang": 6.0}}, "program": "feff6l",
                   "max_length_ang": 3.0},
            measure={"systematic": MeasureVariants().model_dump()}, models={"m": given}, space="r",
            kweights=(1, 2, 3), range_ang=(1.2, 2.6), cache=cache,
        )  # fmt: skip

    def larch() -> None:
        them = [
            feffpath(
                str(files / f"feff{p.index:04d}.dat"), s02="s02", deltar="alpha*reff", sigma2="ss", e0="e0",
                label=str(p.index),
            )
            for p in paths
        ]  # fmt: skip
        trans = feffit_transform(
            kmin=3, kmax=12, dk=1, window="hanning", kweight=[1, 2, 3], rmin=1.2, rmax=2.6, fitspace="r"
        )
        parameters = param_group(**{name: guess(value) for name, value in START.items()})
        feffit(parameters, feffit_dataset(data=Group(k=K, chi=chi), transform=trans, paths=them, epsilon_k=SIGMA))

    theirs, ours, everything = best(larch, alone, stage)
    print(f"FEFF6 of the crystal, once                             {feff:7.3f} s")
    print(f"larch.feffit, {len(paths)} paths, 4 parameters                  {theirs:7.3f} s   1.00")
    print(f"ntcspec, the same fit                                  {ours:7.3f} s   {ours / theirs:.2f}")
    print(f"ntcspec, stage `fit`: 3 starts, variants, FEFF cached  {everything:7.3f} s   {everything / theirs:.2f}")


if __name__ == "__main__":
    main()
