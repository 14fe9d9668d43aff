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
here.
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
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


def feff_input(cluster: Cluster, *, rmax_ang: float, criteria: tuple[float, float] = (4.0, 2.5), nleg: int = 4) -> str:
    """Text of feff.inp.

    rmax_ang: longest half path length (A); criteria: least importance of a path (%), curved and plane wave.
    """
    import xraydb

    others = sorted(set(cluster.symbols[1:]))
    potential = {symbol: i for i, symbol in enumerate(others, start=1)}
    absorber = cluster.symbols[0]
    lines = [
        f"TITLE {cluster.name}",
        f"HOLE {HOLE_L3} 1.0",
        "CONTROL 1 1 1 1",
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


def run_feff(cluster: Cluster, *, rmax_ang: float, folder: Path | None = None) -> list[FeffPath]:
    """Paths of the cluster in the order of their length; FEFF works in `folder`, or in a temporary one that is removed.

    Raises:
        UserError: feff6l is absent, does not run on this platform, or fails.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ntcspec-feff-") as temporary:
            return run_feff(cluster, rmax_ang=rmax_ang, folder=Path(temporary))
    program = find_feff6l()
    (folder / "feff.inp").write_text(feff_input(cluster, rmax_ang=rmax_ang))
    try:
        done = subprocess.run([program], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except OSError as error:
        raise UserError(str(program), f"does not run on this machine ({error})", OTHER_MACHINE) from error
    except subprocess.TimeoutExpired as error:
        raise UserError(
            str(program), f"did not end within {TIMEOUT_S:.0f} s for {cluster.name}", OTHER_MACHINE
        ) from error
    files = sorted(folder.glob("feff[0-9]*.dat"))
    if not files or "Feff done" not in done.stdout:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or ["no message"]
        raise UserError(str(program), f"failed for {cluster.name}: {last[0].strip()}", OTHER_MACHINE)
    return [read_path(file, cluster) for file in files]


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
    table = np.array([[float(word) for word in line.split()] for line in lines[head + 1 :] if line.strip()])
    k, two_phc, mag, phase, reduction, mean_free_path, real_p = table.T
    number = int("".join(c for c in file.stem if c.isdigit()))
    return FeffPath(number, degeneracy, reff, tuple(atoms), k, two_phc + phase, mag * reduction, mean_free_path, real_p)


def path_chi(
    path: FeffPath, k_inv_ang: Array, *, sigma2_ang2: float = 0.0, s02: float = 1.0, e0_ev: float = 0.0
) -> Array:
    """chi(k) of one path (formula in the module docstring), shape of `k_inv_ang`.

    k_inv_ang: must lie above the shifted origin, k^2 > 0.2625 e0_ev, and below the end of the FEFF table (20 1/A);
    e0_ev: shift of E0, larch's sign (positive moves the origin up).
    Raises:
        ValueError: k out of that range.
    """
    from scipy.interpolate import CubicSpline

    square = k_inv_ang**2 - e0_ev * ETOK
    if np.min(square) <= 0.0 or np.max(square) > path.k_inv_ang[-1] ** 2:
        raise ValueError("k must lie above the shifted E0 and within the table of FEFF")
    q = np.sqrt(square)

    def at_q(column: Array) -> Array:
        return CubicSpline(path.k_inv_ang, column)(q)

    p = at_q(path.real_p_inv_ang) + 1j / at_q(path.lambda_ang)
    reff = path.reff_ang
    exponent = 1j * (2.0 * q * reff + at_q(path.phase) - 4.0 * p * sigma2_ang2 / reff)
    exponent += -2.0 * reff * p.imag - 2.0 * p**2 * sigma2_ang2
    wave = path.degeneracy * s02 * at_q(path.amplitude) * np.exp(exponent) / (q * reff**2)
    return wave.imag
