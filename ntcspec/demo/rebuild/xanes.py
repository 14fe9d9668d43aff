"""Recompute the site spectra of resources/demo/xanes with FEFF10: an optional step, about 15 to 70 s per site.

    python -m venv feff && feff/bin/pip install feff10-rs==0.2.4 "numpy>=2.2"
    feff/bin/python -m ntcspec.demo.rebuild.xanes OUT [--snapshots resources/demo] [--sites Na:gl4:6 Cl:gl4:10 ...]

(ntcspec itself must be importable, for instance by PYTHONPATH; of its dependencies only numpy is needed.) Sites whose
file exists in OUT are left out, so a run that was stopped continues. One process, sites in sequence; FEFF10 talks on
standard output. Nothing runs this by default.

What is done for each site: an absorber is drawn from a snapshot (sites take turns among the snapshots of the file,
numpy PCG64, seed SEED), all atoms within CLUSTER_ANG around it go to FEFF10 with SCF + FMS:

    EDGE K; S02 1.0; EXCHANGE 0 (Hedin-Lundqvist) without shifts; SCF 4.0 A, 40 iterations, mixing 0.1;
    XANES to k = 5 1/A, step 0.05 1/A, 0.1 eV at the edge; FMS 5.6 A (Na) or 5.2 A (Cl); COREHOLE FSR

One unique potential per element and one for the absorber. The structure 'NaCl' is the static lattice (one site); for
its Cl the SCF with an FSR core hole fails in FEFF10, also with slow mixing, and COREHOLE RPA with mixing 0.02 is taken.

FEFF broadens by the natural core-hole width and by nothing else, and divides by its own mu0 50 eV above the edge, so
each site has an edge step near 1. Energies are FEFF's own, with the Fermi level of each cluster; they need one common
shift per edge. A file holds a line of origin and the columns energy (eV), mu and mu0 (both in edge steps).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.snapshots import Snapshot, load_snapshots
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

SEED = 20240430
NUMBER = {"Na": 11, "Cl": 17, "Ta": 73}
LMAX_SCF = {"Na": 2, "Cl": 2, "Ta": 3}
FMS_ANG = {"Na": 5.6, "Cl": 5.2}
CLUSTER_ANG = 7.5
NACL_ANG = 5.6402
USUAL = ("SCF 4.0 0 40 0.1 1", "COREHOLE FSR")
SCF_AND_HOLE = {"NaCl_Cl": ("SCF 4.0 0 100 0.02 10", "COREHOLE RPA")}
SITES = ("Na:gl4:6", "Cl:gl4:10", "Na:cry:6", "Cl:cry:10", "Cl:NaCl:1")
INSTALL = "pip install feff10-rs==0.2.4 into an environment of its own, and run this with its Python"


def rock_salt(absorber: str, radius_ang: float) -> tuple[list[str], Array]:
    """Symbols and positions (A) of all atoms around an atom of NaCl, nearest first, without the atom itself."""
    reach = int(radius_ang / (0.5 * NACL_ANG)) + 1
    steps = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = 0.5 * NACL_ANG * np.linalg.norm(steps, axis=1)
    order = np.argsort(distance, kind="stable")
    order = order[(distance[order] > 0.0) & (distance[order] <= radius_ang)]
    other = {"Na": "Cl", "Cl": "Na"}[absorber]
    symbols = [absorber if steps[i].sum() % 2 == 0 else other for i in order]
    return symbols, 0.5 * NACL_ANG * steps[order]


def draw_sites(box: Snapshot, shots: int, absorber: str, count: int) -> list[tuple[int, int]]:
    """(snapshot, atom) of the sites: snapshots in turn, atoms without repetition; more sites keep the first ones."""
    atoms = np.random.default_rng([SEED, NUMBER[absorber]]).permutation(box.sites(absorber))
    return [(i % shots, int(atoms[i])) for i in range(count)]


def clusters(folder: Path, absorber: str, structure: str, count: int) -> Iterator[tuple[str, list[str], Array]]:
    """Origin, symbols and positions (A) of the atoms around each site, the absorber left out.

    Raises:
        UserError: there is no such file of snapshots.
    """
    if structure == "NaCl":
        symbols, xyz = rock_salt(absorber, CLUSTER_ANG)
        yield f"NaCl rock salt a = {NACL_ANG} A, static", symbols, xyz
        return
    boxes = load_snapshots(folder, structure)
    for shot, atom in draw_sites(boxes[0], len(boxes), absorber, count):
        vectors = boxes[shot].vectors_from(atom)
        distance = np.linalg.norm(vectors, axis=1)
        order = np.argsort(distance, kind="stable")[1:]  # without the atom itself
        near = order[distance[order] <= CLUSTER_ANG]
        title = f"{structure}_1600.npz snapshot {shot} atom {atom}, {len(near)} atoms"
        yield title, [str(symbol) for symbol in boxes[shot].symbols[near]], vectors[near]


def feff_input(absorber: str, symbols: list[str], xyz_ang: Array, scf: str, hole: str) -> str:
    """Text of feff.inp for FEFF10, absorber at the origin."""
    others = list(dict.fromkeys(symbols))
    lines = [
        "TITLE ntcspec demo",
        "EDGE K",
        "S02 1.0",
        "CONTROL 1 1 1 1 1 1",
        "PRINT 0 0 0 0 0 0",
        "EXCHANGE 0 0.0 0.0",
        scf,
        "XANES 5.0 0.05 0.1",
        f"FMS {FMS_ANG[absorber]} 0",
        "RPATH -1",
        hole,
        "POTENTIALS",
        f" 0 {NUMBER[absorber]} {absorber} {LMAX_SCF[absorber]} 3 0.01",
    ]
    for i, symbol in enumerate(others, start=1):
        lines.append(f" {i} {NUMBER[symbol]} {symbol} {LMAX_SCF[symbol]} 3 {symbols.count(symbol)}")
    lines += ["ATOMS", f" 0 0 0 0 {absorber} 0.0"]
    for symbol, (x, y, z) in zip(symbols, xyz_ang, strict=True):
        r = float(np.sqrt(x * x + y * y + z * z))
        lines.append(f" {x:.5f} {y:.5f} {z:.5f} {others.index(symbol) + 1} {symbol} {r:.5f}")
    return "\n".join([*lines, "END", ""])


def compute(text: str) -> Array:
    """Energy (eV), mu, mu0 of one site for this feff.inp, shape (points, 3).

    Raises:
        UserError: feff10-rs is not installed, or FEFF10 fails for this site.
    """
    try:
        import feff10
    except ImportError as error:
        raise UserError("ntcspec.demo.rebuild.xanes", "feff10 cannot be imported", INSTALL) from error
    with tempfile.TemporaryDirectory(prefix="ntcspec-feff10-") as folder:
        source = Path(folder, "feff.inp")
        source.write_text(text, encoding="utf-8")
        try:
            feff10.run(str(source), folder)
            table = np.loadtxt(Path(folder, "xmu.dat"), comments="#")
        except (feff10.FeffError, OSError, ValueError) as error:
            raise UserError(
                "FEFF10", f"failed for this site: {error}", "look at its log, or leave the site out"
            ) from error
    return table[:, [0, 3, 4]]


def write_spectrum(path: Path, title: str, table: Array) -> None:
    """Three columns behind a line of origin."""
    rows = [f"{energy:.4f} {mu:.6f} {mu0:.6f}" for energy, mu, mu0 in table]
    path.write_text("\n".join([f"# {title}", "# energy_eV mu mu0", *rows, ""]), encoding="utf-8")


def run(absorber: str, structure: str, count: int, folder: Path, out: Path) -> int:
    """Write the spectra of one job that are not there yet; returns how many sites failed."""
    failed = 0
    for i, (title, symbols, xyz) in enumerate(clusters(folder, absorber, structure, count)):
        path = out / f"{structure}_{absorber}{'' if structure == 'NaCl' else i}.dat"
        if path.exists():
            continue
        start = time.perf_counter()
        try:
            table = compute(feff_input(absorber, symbols, xyz, *SCF_AND_HOLE.get(path.stem, USUAL)))
        except UserError as error:
            failed += 1
            print(f"{path.name}: {error}", file=sys.stderr, flush=True)
            continue
        write_spectrum(path, f"FEFF10 {absorber} K, {title}", table)
        print(f"{path.name} {len(symbols)} atoms {time.perf_counter() - start:.1f} s", flush=True)
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Entry point; sites are `element:structure:count` for structures `<structure>_1600.npz` and 'NaCl'."""
    parser = argparse.ArgumentParser(description="FEFF10 site spectra of the simulated demo study")
    parser.add_argument("out", type=Path)
    parser.add_argument("--snapshots", type=Path, default=Path("resources/demo"), help="folder of the *_1600.npz")
    parser.add_argument("--sites", nargs="+", default=list(SITES), help="element:structure:count ...")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    try:
        for job in options.sites:
            absorber, structure, count = job.split(":")
            failed += run(absorber, structure, int(count), options.snapshots, options.out)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
