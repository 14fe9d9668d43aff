"""Path fits with larch feffit, for tests: N, R and sigma2 of one or two shells from chi(k) of the pipeline.

k 3.5-13.5 1/A, weights 1, 2, 3 together, R 1.1-2.6 A. Each shell has a feffNNNN.dat of its own: two paths of larch that
share a file overwrite each other's parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
S02 = 0.88


@dataclass(frozen=True)
class Fitted:
    """One shell as fitted."""

    n: float
    r_ang: float
    sigma2_ang2: float


def fit(k: Array, chi: Array, files: list[Path], n: list[int | None]) -> list[Fitted]:
    """Fit one shell a file; n: its coordination number, fixed, or None where it is fitted. One E0 for all."""
    from larch import Group
    from larch.fitting import param, param_group
    from larch.xafs import feffit, feffit_dataset, feffit_transform, feffpath

    assert len(set(files)) == len(files)
    known: dict[str, Any] = {"e0": param(0.0, vary=True)}
    paths = []
    for i, (file, number) in enumerate(zip(files, n, strict=True)):
        known[f"n{i}"] = param(5.0 if number is None else float(number), vary=number is None)
        known[f"dr{i}"] = param(0.03, vary=True)
        known[f"s{i}"] = param(0.003, vary=True, min=0.0)
        path = feffpath(str(file), label=str(i), s02=f"{S02} * n{i}", e0="e0", deltar=f"dr{i}", sigma2=f"s{i}")
        path.degen = 1.0
        paths.append(path)
    transform = feffit_transform(
        kmin=3.5, kmax=13.5, kweight=[1, 2, 3], dk=1, window="hanning", rmin=1.1, rmax=2.6, fitspace="r"
    )
    data = feffit_dataset(data=Group(k=k, chi=chi), pathlist=paths, transform=transform)
    found = feffit(param_group(**known), data).params
    return [
        Fitted(found[f"n{i}"].value, path.reff + found[f"dr{i}"].value, found[f"s{i}"].value)
        for i, path in enumerate(paths)
    ]
