"""Stage `paths` of the technique exafs: which scattering paths make the lobes of the wavelet map.

Symbols: s share of a kind of path in a box (`shares.py`), sigma2 mean-square disorder of a path, R its half length.

Order of steps, for each structure:
1. CIF -> atoms round the absorber -> FEFF (cached by content) -> paths;
2. chi(k) of each path with the config's S02, E0 shift and disorder, through the window, Fourier transform and wavelet
   of the data (`glass.py`);
3. for each box of the wavelet map the share of each kind of path, and of each kind and atoms (Ta-Na), with the
   uncertainty that follows from those of E0 (common to all paths), sigma2 and R (of each path by itself); a verdict
   between the kinds, which may be that it cannot be decided;
4. the size of the lobe over that of the first shell, in the model and in the data, for comparison.

Nothing is fitted: a structure is asked what it would give. The uncertainty of a share holds what the config calls
uncertain, not what the structure leaves out. It is a systematic uncertainty; there is no statistical one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array, Metric, Note
from ntcspec.types.exafs import ExafsPaths, ExafsTransformed, LobeAssignment, ScatteringPath, WaveletMap
from ntcspec.xas.paths.crystal import crystal_cluster, read_crystal
from ntcspec.xas.paths.feff_files import FeffPath, read_paths, strength_percent
from ntcspec.xas.paths.feff_input import feff6_input, feff8_input
from ntcspec.xas.paths.feff_run import run_feff
from ntcspec.xas.paths.glass import Glass, data_glass, glass_chi, through_glass
from ntcspec.xas.paths.path_chi import path_chi_gradient, path_tables
from ntcspec.xas.paths.shares import assign, box_gram, path_shares
from ntcspec.xas.strength import without_shell

CACHE = Path(".ntcspec/feff")  # in the folder of the study, where jobs run
METHOD = "FEFF paths through the window of the data; u_sys: from those of E0, sigma2 and R of the paths"
NO_STATISTICS = "u_stat: a model has none"
SINGLE = "single "
FROM = " from "
WORTH_TELLING = 0.01  # of the shares, in a note; paths.nxs holds all
NAN = float("nan")


@dataclass(frozen=True)
class Parameters:
    """Parameters of all paths; names and units as in `paths_exafs`."""

    s02: float
    e0_shift_ev: float
    u_e0_shift_ev: float
    sigma2_single_ang2: float
    sigma2_multiple_ang2: float
    sigma2_of_ang2: Mapping[str, float]
    u_sigma2_ang2: float
    u_r_ang: float

    def sigma2(self, paths: Sequence[FeffPath]) -> Array:
        """sigma2 (A^2) of each path."""
        return np.array([self._sigma2(path) for path in paths])

    def _sigma2(self, path: FeffPath) -> float:
        """Of its atoms as far as told, with 'Ta-Cl from 4' before 'Ta-Cl' beyond 4 A; else by its number of legs."""
        told = [(*key.partition(FROM)[::2], value) for key, value in self.sigma2_of_ang2.items()]
        known = [(float(start or 0.0), value) for atoms, start, value in told if atoms == path.label]
        own = self.sigma2_single_ang2 if path.nlegs == 2 else self.sigma2_multiple_ang2
        return max(((start, value) for start, value in known if start <= path.reff_ang), default=(0.0, own))[1]


def paths_exafs(
    transformed: ExafsTransformed,
    wavelet_map: WaveletMap,
    *,
    element: str,
    edge: str,
    files: Mapping[str, Path],
    structures: Mapping[str, Mapping[str, Any]],
    program: str,
    max_length_ang: float,
    measure: Mapping[str, Any],
    cache: Path = CACHE,
    **parameters: Any,
) -> ExafsPaths:
    """Shares of the kinds of paths in the boxes of `measure`, by structure.

    files: CIF of each structure; structures: its `site` (None: the element) and `radius_ang`; parameters: those of
    `Parameters`. Raises UserError for a CIF or site that cannot be used, and for what FEFF says is wrong.
    """
    glass, given = data_glass(transformed, wavelet_map), Parameters(**parameters)
    boxes = {name: (tuple(box["k"]), tuple(box["r"])) for name, box in (measure.get("boxes") or {}).items()}
    first = (measure.get("windows") or {}).get(measure.get("first_shell"))
    metrics: list[Metric] = []
    notes: list[Note] = []
    seen: list[ScatteringPath] = []
    models: list[Array] = []
    found: list[LobeAssignment] = []
    for name, structure in structures.items():
        site = structure["site"] if structure["site"] is not None else element
        paths, more = feff_paths(files[name], site, structure["radius_ang"], edge, program, max_length_ang, cache)
        notes += [f"{name}: {words}" for words in more]
        chi = _chi(paths, glass, given)
        each = np.abs(through_glass(chi, glass).chi_r)
        whole = through_glass(chi.sum(axis=0), glass)
        models.append(np.abs(whole.chi_r))
        seen += _listed(name, paths, each)
        for box, (k_box, r_box) in boxes.items():
            gram, why = _gram(glass, k_box, r_box, first)
            lobe, why = (None, why) if gram is None else _lobe(name, box, paths, chi, glass, given, gram)
            if lobe is None:
                notes.append(f"{name}, {box}: {why}")
                continue
            found.append(lobe)
            metrics += _share_metrics(lobe)
            metrics.append(_size_metric(name, box, np.abs(whole.wavelet), wavelet_map, k_box, r_box))
            notes.append(f"{name}, {box}: {lobe.verdict} ({lobe.reason})")
            notes.append(f"{name}, {box}: {_by_atoms(lobe)}")
    return ExafsPaths(
        metrics=tuple(metrics),
        notes=tuple(notes),
        r_ang=transformed.r_ang,
        structures=tuple(structures),
        model_chir_mag=np.array(models).reshape(len(models), transformed.r_ang.size),
        paths=tuple(seen),
        assignments=tuple(found),
    )


def feff_paths(
    file: Path, site: str | int, radius_ang: float, edge: str, program: str, max_length_ang: float, cache: Path
) -> tuple[tuple[FeffPath, ...], list[Note]]:
    """Paths of a structure, and notes on how they came about."""
    crystal = read_crystal(file)
    cluster = crystal_cluster(crystal, site=site, radius_ang=radius_ang)
    write = feff8_input if program == "feff8l" else feff6_input
    run = run_feff(write(cluster, edge=edge, rmax_ang=max_length_ang), cache=cache, program=program)
    paths = read_paths(run.folder)
    return paths, [*crystal.notes, f"{run.version}, {len(paths)} paths up to {max_length_ang:g} A round {cluster.name}"]


def _chi(paths: Sequence[FeffPath], glass: Glass, given: Parameters) -> Array:
    """chi(k) of each path. Raises UserError where the window reaches below the shifted origin of k."""
    try:
        return glass_chi(
            path_tables(paths), glass, s02=given.s02, sigma2_ang2=given.sigma2(paths), e0_ev=given.e0_shift_ev
        )
    except ValueError as problem:
        raise UserError("paths.e0_shift_ev", str(problem), "take a smaller shift, or a later kmin_inv_ang") from None


def _listed(name: str, paths: Sequence[FeffPath], chir_mag: Array) -> list[ScatteringPath]:
    return [
        ScatteringPath(name, p.index, p.label, p.kind, p.degeneracy, p.reff_ang, float(percent), mag)
        for p, percent, mag in zip(paths, strength_percent(paths), chir_mag, strict=True)
    ]


def _gram(
    glass: Glass, k_box: tuple[float, float], r_box: tuple[float, float], first: Sequence[float] | None
) -> tuple[Array | None, str]:
    """What is seen in a box, without the tail of the first shell where the box lies beside its R window `first`; None
    and why for an empty one."""
    beside = first is not None and (r_box[0] >= first[1] or r_box[1] <= first[0])
    rest = without_shell(glass.k_inv_ang, glass.window, first) if beside and first is not None else None
    try:
        return box_gram(glass, k_box=k_box, r_box=r_box, rest=rest), ""
    except ValueError as problem:
        return None, str(problem)


def _lobe(
    name: str, box: str, paths: Sequence[FeffPath], chi: Array, glass: Glass, given: Parameters, gram: Array
) -> tuple[LobeAssignment | None, str]:
    """Shares in one box and the verdict; None and why where the model gives nothing there."""
    d_chi, covariance = _derivatives(paths, glass, given)
    try:
        shares = path_shares(chi, gram, d_chi=d_chi, covariance=covariance)
    except ValueError as problem:
        return None, str(problem)
    verdict, atoms = (assign(shares, groups) for groups in ([p.kind for p in paths], [_who(p) for p in paths]))
    reason = f"{verdict.reason}; cancellation {shares.cancellation:.2f}"
    return LobeAssignment(
        name, box, verdict.verdict, reason, verdict.groups, verdict.share, verdict.uncertainty, atoms.groups,
        atoms.share, atoms.uncertainty,
    ), ""  # fmt: skip


def _who(path: FeffPath) -> str:
    """'single Ta-Na'."""
    return f"{path.kind} {path.label}"


def _by_atoms(lobe: LobeAssignment) -> str:
    """The shares by atoms that a reader will ask for, in words."""
    parts = zip(lobe.atoms, lobe.atoms_share, lobe.atoms_uncertainty, strict=True)
    return "shares " + ", ".join(f"{who} {s:.2f} +- {u:.2f}" for who, s, u in parts if abs(s) >= WORTH_TELLING)


def _derivatives(paths: Sequence[FeffPath], glass: Glass, given: Parameters) -> tuple[Array, Array]:
    """d chi by E0, then by sigma2 and by R of each path, shape (parameters, paths, k); covariance of those."""
    used, count = glass.weight != 0, len(paths)
    gradient = path_chi_gradient(
        path_tables(paths), glass.k_inv_ang[used], s02=given.s02, sigma2_ang2=given.sigma2(paths),
        e0_ev=given.e0_shift_ev,
    )  # fmt: skip
    d_chi = np.zeros((1 + 2 * count, count, glass.k_inv_ang.size))
    d_chi[0][:, used] = gradient["e0_ev"]
    for i in range(count):
        d_chi[1 + i, i, used] = gradient["sigma2_ang2"][i]
        d_chi[1 + count + i, i, used] = gradient["delta_r_ang"][i]
    errors = [given.u_e0_shift_ev, *[given.u_sigma2_ang2] * count, *[given.u_r_ang] * count]
    return d_chi, np.diag(np.square(errors))


def _share_metrics(lobe: LobeAssignment) -> list[Metric]:
    """'<structure>.<box>.<kind>.share', and of single scattering also by atoms, '<structure>.<box>.<atoms>.share':
    which neighbour lies under the lobe."""
    told = list(zip(lobe.kinds, lobe.share, lobe.uncertainty, strict=True))
    atoms = zip(lobe.atoms, lobe.atoms_share, lobe.atoms_uncertainty, strict=True)
    told += [(who.removeprefix(SINGLE), s, u) for who, s, u in atoms if who.startswith(SINGLE)]
    return [
        Metric(f"{lobe.structure}.{lobe.box}.{who}.share", float(s), "1", NAN, float(u), METHOD, NO_STATISTICS)
        for who, s, u in told
    ]


def _size_metric(
    name: str, box: str, model: Array, wavelet_map: WaveletMap, k_box: tuple[float, float], r_box: tuple[float, float]
) -> Metric:
    """'<structure>.<box>.model_over_data': maximum of |W| in the box over that of the whole map, model by data."""
    rows = (wavelet_map.r_ang >= r_box[0]) & (wavelet_map.r_ang <= r_box[1])
    columns = (wavelet_map.k_inv_ang >= k_box[0]) & (wavelet_map.k_inv_ang <= k_box[1])

    def ratio(magnitude: Array) -> float:
        return float(magnitude[rows][:, columns].max() / magnitude.max())

    value = ratio(model) / ratio(wavelet_map.magnitude)
    how = "maximum of |W| in the box over that of the first shell, model divided by data"
    return Metric(f"{name}.{box}.model_over_data", value, "1", NAN, NAN, how, "no uncertainty: nothing is fitted")
