"""Stage `bend` of the technique exafs: how far octahedra are bent, by the strength of the forward-scattering lobe.

Symbols: M absorber, X ligand at distance R1, t bend: each X-M-X' of an octahedron has the angle 180 - t degrees (three
axes, each bent in a plane of its own), rho ratio of the lobe to the first shell (`strength.py`), u its uncertainty.

The path M-X-M-X', through the absorber and half 2 R1 long, is focused forward where X-M-X' is straight, and fades
gradually as it bends. Order of steps:
1. FEFF for the octahedron at each angle (cached by content);
2. rho(t) of all paths together, through the window, transform and wavelet of the data: the same function as for data;
3. the angle at which rho(t) is the rho of the data, on a monotone cubic through the angles; u_stat from that of rho;
   u_sys from that of rho, and from sigma2 of single and of other paths, E0 and R1 of the model, each moved by its u.
   Where the data have more than the straight octahedron, the angle is 0 and u is where chi2 = (rho - rho(t))^2 / u^2
   has grown by 1, with u all uncertainties of rho together;
4. the verdict: an angle; 'at most' where u reaches the straight octahedron; 'cannot be decided' where the data have
   more of a lobe than that one, less than the most bent, or where u spans more than half of the angles.

It is the bend that all octahedra alike would need. Spreads of angles, of distances, other neighbours under the same
lobe (M-Na) and disorder that sigma2 does not hold all change rho as well: read it as a measure, and differences between
samples before values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.types import Array, Metric
from ntcspec.types.exafs import ExafsBend, ExafsMeasured, ExafsTransformed, WaveletMap
from ntcspec.xas.families import family
from ntcspec.xas.paths.assign import CACHE
from ntcspec.xas.paths.cluster import Cluster, cluster_from_atoms
from ntcspec.xas.paths.feff_files import FeffPath, read_paths
from ntcspec.xas.paths.feff_input import feff6_input, feff8_input
from ntcspec.xas.paths.feff_run import run_feff
from ntcspec.xas.paths.glass import Glass, data_glass, glass_chi
from ntcspec.xas.paths.path_chi import PathTables, path_tables
from ntcspec.xas.strength import lobe_ratio

LENGTH = 2.05  # longest half path length over R1: the forward path is 2 R1
UNDECIDED = "cannot be decided"
NAN = float("nan")


@dataclass(frozen=True)
class Model:
    """Parameters of all paths; u_ their standard uncertainties."""

    distance_ang: float
    u_distance_ang: float
    sigma2_single_ang2: float
    sigma2_multiple_ang2: float
    u_sigma2_ang2: float
    e0_shift_ev: float
    u_e0_shift_ev: float

    def varied(self) -> list[tuple[str, Model]]:
        """The model with each parameter moved by one standard uncertainty, to either side; sigma2 stays above 0."""
        moves = {
            "sigma2_single_ang2": self.u_sigma2_ang2, "sigma2_multiple_ang2": self.u_sigma2_ang2,
            "e0_shift_ev": self.u_e0_shift_ev, "distance_ang": self.u_distance_ang,
        }  # fmt: skip
        out = []
        for name, u in moves.items():
            for sign in (-1.0, 1.0) if u > 0 else ():
                value = getattr(self, name) + sign * u
                out.append((name, replace(self, **{name: max(value, 0.0) if name.startswith("sigma2") else value})))
        return out


def bent_octahedron(element: str, ligand: str, distance_ang: float, bend_deg: float) -> Cluster:
    """MX6 in which each X-M-X' has the angle 180 - bend_deg degrees."""
    rows: list[tuple[str, float, float, float]] = [(element, 0.0, 0.0, 0.0)]
    t = np.radians(bend_deg)
    for axis in range(3):
        ahead, aside = np.eye(3)[axis], np.eye(3)[(axis + 1) % 3]
        for place in (ahead, -np.cos(t) * ahead + np.sin(t) * aside):
            x, y, z = (distance_ang * place).tolist()
            rows.append((ligand, x, y, z))
    return cluster_from_atoms(f"{element}{ligand}6", rows, absorber=1, radius_ang=3.0 * distance_ang)


def bend_exafs(
    transformed: ExafsTransformed,
    wavelet_map: WaveletMap,
    measured: ExafsMeasured,
    *,
    element: str,
    edge: str,
    ligand: str,
    box: str,
    angles_deg: Sequence[float],
    program: str,
    measure: Mapping[str, Any],
    cache: Path = CACHE,
    **parameters: Any,
) -> ExafsBend:
    """The bend that gives the ratio `<box>.ratio` of `measured`.

    measure: the section of that stage, of which box and first shell are taken; parameters: those of `Model`. Raises
    UserError for a box that is not there, a first shell without window, and for what FEFF says is wrong.
    """
    boxes, windows = measure["boxes"], measure["windows"]
    if box not in boxes:
        what = f"no box {box!r} under measure.boxes{did_you_mean(box, boxes)}"
        raise UserError("bend.box", what, "name the box of the forward-scattering lobe")
    if measure["first_shell"] not in windows:
        what = f"no window {measure['first_shell']!r} under measure.windows"
        raise UserError("measure.first_shell", what, "name the window of the first shell")
    glass, model = data_glass(transformed, wavelet_map), Model(**parameters)
    octahedra = [
        _paths(bent_octahedron(element, ligand, model.distance_ang, t), edge, model, program, cache) for t in angles_deg
    ]
    tables = [path_tables(paths) for paths in octahedra]
    ratio = lobe_ratio(
        family(glass.family, glass.order), glass.k_inv_ang, glass.wavelet_r_ang, family=glass.family, order=glass.order,
        k_box=boxes[box]["k"], r_box=boxes[box]["r"], first=windows[measure["first_shell"]],
        kweight=transformed.kweight, chi_sigma=0.0,
    )  # fmt: skip

    def curve(of: Model) -> Array:
        pairs = zip(octahedra, tables, strict=True)
        chis = [_chi(paths, table, glass, of, model.distance_ang) for paths, table in pairs]
        return np.array([ratio(chi, glass.weight, slopes=False).value for chi in chis])

    angles = np.array(angles_deg, dtype=np.float64)
    nominal = curve(model)
    varied = [(name, curve(other)) for name, other in model.varied()]
    seen = next(m for m in measured.metrics if m.name == f"{box}.ratio")
    metric, verdict = _angle(box, seen, angles, nominal, varied)
    names = tuple(name for name, _ in varied)
    return ExafsBend(
        metrics=(metric,), notes=(f"{box}: {verdict}",), box=box, angle_deg=angles, ratio=nominal, varied=names,
        varied_ratio=np.array([c for _, c in varied]).reshape(len(varied), angles.size), data_ratio=seen.value,
        data_u_stat=seen.u_stat, data_u_sys=seen.u_sys, verdict=verdict,
    )  # fmt: skip


def _paths(cluster: Cluster, edge: str, model: Model, program: str, cache: Path) -> tuple[FeffPath, ...]:
    write = feff8_input if program == "feff8l" else feff6_input
    text = write(cluster, edge=edge, rmax_ang=LENGTH * model.distance_ang, criteria=(0.0, 0.0))
    return read_paths(run_feff(text, cache=cache, program=program).folder)


def _chi(paths: Sequence[FeffPath], tables: PathTables, glass: Glass, model: Model, distance_ang: float) -> Array:
    """chi of the octahedron, shape (k,); all lengths scale with the distance."""
    sigma2 = [model.sigma2_single_ang2 if p.nlegs == 2 else model.sigma2_multiple_ang2 for p in paths]
    longer = (model.distance_ang / distance_ang - 1.0) * np.array([p.reff_ang for p in paths])
    try:
        found = glass_chi(tables, glass, sigma2_ang2=sigma2, delta_r_ang=longer, e0_ev=model.e0_shift_ev)
    except ValueError as problem:
        raise UserError("bend.e0_shift_ev", str(problem), "take a smaller shift, or a later kmin_inv_ang") from None
    return np.asarray(found.sum(axis=0))


def inverse(angles: Array, ratio: Array, value: float) -> float:
    """Angle at which a falling ratio has a value; 0 where the value is above all, NaN where it is below.

    ratio is taken from its maximum on, as far as it falls; between the angles a monotone cubic (F. N. Fritsch, R. E.
    Carlson, SIAM J. Numer. Anal. 17, 238 (1980)).
    """
    from scipy.interpolate import PchipInterpolator

    top = int(ratio.argmax())
    falls = np.flatnonzero(np.diff(ratio[top:]) >= 0)
    end = top + (int(falls[0]) if falls.size else ratio.size - top - 1)
    x, y = angles[top : end + 1], ratio[top : end + 1]
    if not np.isfinite(value) or value < y[-1] or y.size < 2:
        return NAN
    return float(PchipInterpolator(y[::-1], x[::-1])(value)) if value < y[0] else float(x[0])


def _angle(
    box: str, seen: Metric, angles: Array, nominal: Array, varied: Sequence[tuple[str, Array]]
) -> tuple[Metric, str]:
    """The metric '<box>.bend' and the verdict in words."""
    how = "bend of all octahedra alike that gives the ratio of the lobe; u_sys: ratio, and sigma2, E0, R of the model"
    if not np.isfinite(seen.value):
        reason = f"no ratio: {seen.reason}"
        return Metric(f"{box}.bend", NAN, "degree", NAN, NAN, how, reason), f"{UNDECIDED}: {reason}"
    value = inverse(angles, nominal, seen.value)
    u_ratio = float(np.nan_to_num(seen.u_sys))
    parts = [_reach(value, angles, [(nominal, seen.value + u_ratio), (nominal, seen.value - u_ratio)])]
    model = 0.0  # of the ratio of the straight octahedron
    for group in dict.fromkeys(name for name, _ in varied):
        curves = [curve for name, curve in varied if name == group]
        parts.append(_reach(value, angles, [(curve, seen.value) for curve in curves]))
        model = float(np.hypot(model, max(abs(curve.max() - nominal.max()) for curve in curves)))
    u_stat = _reach(value, angles, [(nominal, seen.value + seen.u_stat), (nominal, seen.value - seen.u_stat)])
    u_sys = float(np.sqrt(np.sum(np.square(parts))))
    slack = float(np.linalg.norm([seen.u_stat, u_ratio, model]))
    above = seen.value - float(nominal.max())
    if above >= 0.0:  # the angle stands at its end, where no single parameter moves it
        u_sys = inverse(angles, nominal, float(nominal.max()) + above - float(np.hypot(above, slack)))
    verdict = _verdict(seen.value, slack, angles, nominal, value, float(np.hypot(u_stat, u_sys)))
    lost = verdict.startswith(UNDECIDED)
    kept = (NAN, NAN, NAN) if lost else (value, u_stat, u_sys)
    return Metric(f"{box}.bend", kept[0], "degree", kept[1], kept[2], how, verdict if lost else ""), verdict


def _reach(value: float, angles: Array, cases: Sequence[tuple[Array, float]]) -> float:
    """Largest distance from `value` of the angles that (curve, ratio) give."""
    return max(abs(inverse(angles, curve, ratio) - value) for curve, ratio in cases)


def _verdict(seen: float, slack: float, angles: Array, ratio: Array, value: float, u: float) -> str:
    """What can be said of the bend; slack: how far data and model may lie apart, in units of the ratio."""
    ends = f"{ratio[0]:.3f} (straight) to {ratio.min():.3f}"
    if seen - slack > ratio.max():
        return f"{UNDECIDED}: ratio {seen:.3f} is above that of every octahedron, {ends}"
    if not np.isfinite(value):
        return f"{UNDECIDED}: ratio {seen:.3f} is below what the model spans, {ends}"
    if not np.isfinite(u) or u > 0.5 * float(np.ptp(angles)):
        return f"{UNDECIDED}: {value:.1f} degrees, but the uncertainty spans the angles of the model"
    if value - u <= 0.0:
        return f"at most {value + u:.0f} degrees: straight octahedra are within one standard uncertainty"
    return f"{value:.1f} +- {u:.1f} degrees"
