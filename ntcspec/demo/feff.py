"""Scattering paths of a cluster by FEFF6 (the feff6l that xraylarch ships), and chi(k) as their sum.

Symbols: k photoelectron wavenumber from E0 (1/A), q the same after a shift of E0, p complex wavenumber in the
muffin-tin potential (1/A), lambda mean free path (A), F and phi amplitude and phase of the path, N degeneracy, R half
path length (A).

    p = real[p] + i/lambda
    chi(k) = sum N S02 F(q) / (q R^2) Im exp(i [2 q R + phi(q) - 4 p sigma2 / R] - 2 R/lambda - 2 p^2 sigma2)

which is the EXAFS equation in the form of IFEFFIT and larch (M. Newville, J. Synchrotron Rad. 8 (2001) 322), the term
in sigma2/R included. F = mag[feff] * red factor, phi = real[2 phc] + phase[feff] of feffNNNN.dat.

Assumptions: self-consistency is not used (FEFF6 overlaps atomic potentials), Hedin-Lundqvist exchange, L3 hole (HOLE
4), paths of up to four legs. FEFF6 wants HOLE, not EDGE, and writes no chi.dat from feffNNNN.dat: the sum is made
here. Sites of one phase may share the potentials of one of them, which halves the time.
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.structure import Cluster
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

ETOK = 0.2624682917  # k^2 per eV (1/A^2 eV)
HOLE_L3 = 4
TIMEOUT_S = 120.0
OTHER_MACHINE = (
    "make the demo files on Linux x86_64, macOS or Windows with xraylarch installed by pip and copy the folder: "
    "nothing else in ntcspec runs FEFF"
)


@dataclass(frozen=True)
class FeffPath:
    """One scattering path, as feffNNNN.dat holds it."""

    number: int
    degeneracy: float
    reff_ang: float
    atoms: tuple[int, ...]  # indices into the cluster, absorber first
    k_inv_ang: Array
    phase: Array  # phi(k), rad
    amplitude: Array  # F(k), A
    lambda_ang: Array
    real_p_inv_ang: Array


def find_feff6l() -> Path:
    """The feff6l binary inside xraylarch.

    Raises:
        UserError: xraylarch has none for this platform.
    """
    from larch.utils import bindir  # 0.2 s

    name = "feff6l.exe" if platform.system() == "Windows" else "feff6l"
    path = Path(bindir) / name
    if not path.is_file():
        where = f"{platform.system()} {platform.machine()}"
        raise UserError(
            "ntcspec demo", f"xraylarch ships no feff6l for this platform ({where}: no {path})", OTHER_MACHINE
        )
    return path


def feff_input(
    cluster: Cluster,
    *,
    rmax_ang: float,
    criteria: tuple[float, float] = (4.0, 2.5),
    nleg: int = 4,
    control: str = "1 1 1 1",
) -> str:
    """Text of feff.inp.

    rmax_ang: longest half path length (A); criteria: least importance of a path (%), curved and plane wave; control:
    which modules run (potentials and phases, paths, path amplitudes, chi).
    """
    import xraydb

    others = sorted(set(cluster.symbols[1:]))
    potential = {symbol: i for i, symbol in enumerate(others, start=1)}
    absorber = cluster.symbols[0]
    lines = [
        f"TITLE {cluster.name}",
        f"HOLE {HOLE_L3} 1.0",
        f"CONTROL {control}",
        "PRINT 0 0 0 3",
        f"RMAX {rmax_ang:.3f}",
        f"CRITERIA {criteria[0]:.2f} {criteria[1]:.2f}",
        f"NLEG {nleg}",
        "POTENTIALS",
        f"0 {xraydb.atomic_number(absorber)} {absorber}",
        *[f"{i} {xraydb.atomic_number(symbol)} {symbol}" for symbol, i in potential.items()],
        "ATOMS",
    ]
    for i, (symbol, (x, y, z)) in enumerate(zip(cluster.symbols, cluster.xyz_ang, strict=True)):
        lines.append(f"{x + 0.0:.6f} {y + 0.0:.6f} {z + 0.0:.6f} {potential[symbol] if i else 0}")
    return "\n".join([*lines, "END", ""])


def scatterers(cluster: Cluster) -> tuple[str, ...]:
    """Elements around the absorber: clusters that agree in them may share potentials."""
    return tuple(sorted(set(cluster.symbols[1:])))


def run_potentials(cluster: Cluster) -> bytes:
    """Potentials and phase shifts of a cluster, as FEFF's phase.bin. Raises UserError as `run_feff` does."""
    with tempfile.TemporaryDirectory(prefix="ntcspec-feff-") as temporary:
        folder = Path(temporary)
        _call(cluster, feff_input(cluster, rmax_ang=1.0, control="1 0 0 0"), folder)
        return (folder / "phase.bin").read_bytes()


def run_feff(
    cluster: Cluster, *, rmax_ang: float, folder: Path | None = None, potentials: bytes | None = None
) -> list[FeffPath]:
    """Paths of the cluster in the order of their length; FEFF works in `folder`, or in a temporary one that is removed.

    potentials: phase.bin of a cluster with the same `scatterers`; without it those of the cluster itself.
    Raises:
        UserError: feff6l is absent, does not run on this platform, or fails.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ntcspec-feff-") as temporary:
            return run_feff(cluster, rmax_ang=rmax_ang, folder=Path(temporary), potentials=potentials)
    if potentials is not None:
        (folder / "phase.bin").write_bytes(potentials)
    control = "1 1 1 1" if potentials is None else "0 1 1 1"
    _call(cluster, feff_input(cluster, rmax_ang=rmax_ang, control=control), folder)
    files = sorted(folder.glob("feff[0-9]*.dat"))
    if not files:
        raise UserError(str(find_feff6l()), f"found no path in {cluster.name}", OTHER_MACHINE)
    return [read_path(file, cluster) for file in files]


def _call(cluster: Cluster, text: str, folder: Path) -> None:
    """Run FEFF in `folder` on this input."""
    program = find_feff6l()
    (folder / "feff.inp").write_text(text)
    try:
        done = subprocess.run([program], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except OSError as error:
        raise UserError(str(program), f"does not run on this machine ({error})", OTHER_MACHINE) from error
    except subprocess.TimeoutExpired as error:
        raise UserError(
            str(program), f"did not end within {TIMEOUT_S:.0f} s for {cluster.name}", OTHER_MACHINE
        ) from error
    if "Feff done" not in done.stdout:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["no message"]
        raise UserError(str(program), f"failed for {cluster.name}: {last[0].strip()}", OTHER_MACHINE)


def read_path(file: Path, cluster: Cluster) -> FeffPath:
    """Read feffNNNN.dat and find its atoms in the cluster.

    Raises:
        ValueError: the file is not a feffNNNN.dat, or an atom is not in the cluster.
    """
    lines = file.read_text().splitlines()
    rule = next((i for i, line in enumerate(lines) if line.strip().startswith("-----")), None)
    head = next((i for i, line in enumerate(lines) if "real[2*phc]" in line), None)
    if rule is None or head is None:
        raise ValueError(f"{file.name}: not a feffNNNN.dat of FEFF6")
    legs, degeneracy, reff = (float(word) for word in lines[rule + 1].split()[:3])
    atoms = []
    for line in lines[rule + 3 : rule + 3 + int(legs)]:
        xyz = np.array([float(word) for word in line.split()[:3]])
        offset = np.linalg.norm(cluster.xyz_ang - xyz, axis=1)
        if offset.min() > 1e-3:  # the file has four decimals
            raise ValueError(f"{file.name}: no atom of {cluster.name} at {xyz}")
        atoms.append(int(offset.argmin()))
    table = np.array(" ".join(lines[head + 1 :]).split(), dtype=np.float64).reshape(-1, 7)
    k, two_phc, mag, phase, reduction, mean_free_path, real_p = table.T
    number = int("".join(c for c in file.stem if c.isdigit()))
    return FeffPath(number, degeneracy, reff, tuple(atoms), k, two_phc + phase, mag * reduction, mean_free_path, real_p)


def paths_chi(
    paths: Sequence[FeffPath], k_inv_ang: Array, *, sigma2_ang2: Sequence[float], s02: float = 1.0, e0_ev: float = 0.0
) -> Array:
    """chi(k) of each path (formula in the module docstring), shape (paths, k).

    paths: of one run of FEFF, so that they share the k of their tables; sigma2_ang2: one value a path; k_inv_ang: must
    lie above the shifted origin, k^2 > 0.2625 e0_ev, and below the end of the tables (20 1/A); e0_ev: shift of E0,
    larch's sign (positive moves the origin up).
    Raises:
        ValueError: k out of that range, or tables that differ in k.
    """
    from scipy.interpolate import CubicSpline

    table = paths[0].k_inv_ang
    if not all(np.array_equal(path.k_inv_ang, table) for path in paths):
        raise ValueError("paths of different runs of FEFF")
    square = k_inv_ang**2 - e0_ev * ETOK
    if np.min(square) <= 0.0 or np.max(square) > table[-1] ** 2:
        raise ValueError("k must lie above the shifted E0 and within the table of FEFF")
    q = np.sqrt(square)
    columns = np.array([[p.phase, p.amplitude, p.lambda_ang, p.real_p_inv_ang] for p in paths])
    phase, amplitude, mean_free_path, real_p = np.moveaxis(CubicSpline(table, columns, axis=2)(q), 1, 0)
    p = real_p + 1j / mean_free_path
    reff = np.array([path.reff_ang for path in paths])[:, None]
    degeneracy = np.array([path.degeneracy for path in paths])[:, None]
    sigma2 = np.array(sigma2_ang2)[:, None]
    exponent = 1j * (2.0 * q * reff + phase - 4.0 * p * sigma2 / reff)
    exponent += -2.0 * reff * p.imag - 2.0 * p**2 * sigma2
    return (degeneracy * s02 * amplitude * np.exp(exponent) / (q * reff**2)).imag


def path_chi(
    path: FeffPath, k_inv_ang: Array, *, sigma2_ang2: float = 0.0, s02: float = 1.0, e0_ev: float = 0.0
) -> Array:
    """chi(k) of one path, shape of `k_inv_ang`; parameters and errors as in `paths_chi`."""
    return paths_chi([path], k_inv_ang, sigma2_ang2=[sigma2_ang2], s02=s02, e0_ev=e0_ev)[0]
