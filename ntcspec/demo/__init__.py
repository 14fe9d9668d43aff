"""Makes the simulated raw files of the demo study, each of which says that it is SIMULATED.

The pipeline never imports this package. So far: a Ta L3 EXAFS pair, crystalline NaTaCl6 and TaCl5 (dimer model), two
scans each with a Ta foil behind the sample, in the raw formats of the HXMA beamline. One module an idea, in the order
of the work:
`samples` (what is chosen), `structure` (atoms), `disorder` (thermal motion), `feff` (paths), `absorption` (mu(E)),
`counts` (detectors), `hxma` (files), `exafs` (all together, and the truth), `manifest` (what is already there).
Nothing is fitted to published spectra of these compounds: known structures and textbook values go in, and what comes
out stays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ntcspec.demo import manifest
from ntcspec.errors import UserError

__all__ = ["write_raw"]

MODEL = 1  # raise it when the same seed and structures give other files
STRUCTURES = ("NaTaCl6_P21c.cif", "TaCl5_C2m_MODEL_P1.cif")


def find_resources() -> Path:
    """The folder resources/demo of a clone or of the installed package.

    Raises:
        UserError: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "resources" / "demo", package / "_workflow" / "resources" / "demo"):
        if all((folder / name).is_file() for name in STRUCTURES):
            return folder
    raise UserError("resources/demo", f"is missing or lacks {' or '.join(STRUCTURES)}", "install ntcspec again")


def _made_from(resources: Path, seed: int) -> dict[str, Any]:
    """What the files follow from; UserError for a missing structure."""
    for name in STRUCTURES:
        if not (resources / name).is_file():
            raise UserError(str(resources / name), "no such file", "restore it, or leave `resources` to the program")
    return {"model": MODEL, "seed": seed, "inputs": {name: manifest.sha256(resources / name) for name in STRUCTURES}}


def write_raw(target: Path, *, seed: int = 20240430, resources: Path | None = None, force: bool = False) -> list[Path]:
    """Write the simulated raw files into `target`/hxma and return their paths (without truth.json), sorted.

    The same seed gives the same bytes. Files that are there and unchanged are left alone (nothing is computed);
    a file that someone changed is overwritten only with `force`.

    Raises:
        UserError: a file was changed by someone, a structure is missing, or FEFF is not available on this platform.
    """
    resources = find_resources() if resources is None else resources
    made_from = _made_from(resources, seed)
    found = manifest.load(target) if not force else {"made_from": None, "files": {}}
    touched = manifest.changed(target, found["files"])
    if touched:
        raise manifest.refuse(target, touched)
    if not manifest.is_complete(target, found, made_from):
        from ntcspec.demo.exafs import simulate  # numpy, scipy, xraydb, pymatgen: 2 s

        manifest.write(target, made_from, simulate(resources, seed), force=force)
    files = manifest.load(target)["files"]
    return sorted(target / name for name in files if name.endswith(".dat"))
