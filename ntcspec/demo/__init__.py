"""Makes the simulated raw files of the demo study, each of which says that it is SIMULATED.

The pipeline never imports this package. `series` names the samples; each instrument is a module with a function
`make(resources, seed, *, glass)` that hands over the bytes of its files and their truth (`series.Made`).
Nothing is fitted to published spectra of these compounds: structures and textbook values go in, and what comes out
stays. The instruments run in two processes. Each has a random stream of its own, from the seed and its name, so that
one more instrument changes nothing in the files of the others.

EXAFS, one module an idea: `samples` (what is chosen), `structure` and `snapshots` (atoms), `disorder` (thermal
motion), `feff` (paths), `absorption` (mu(E)), `counts` (detectors), `hxma` (files), `exafs` (all together).
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntcspec.demo import manifest
from ntcspec.errors import UserError
from ntcspec.provenance import fingerprint, sha256_file

if TYPE_CHECKING:
    from ntcspec.demo.series import Made

__all__ = ["INSTRUMENTS", "Instrument", "find_resources", "instrument_seed", "make_all", "write_raw"]

Instrument = tuple[str, str]  # name, 'module:function'
SEED = 20240430
PROCESSES = 2
TRUTH = "truth.json"
INPUTS = (  # what every instrument may count on
    "NaTaCl6_P21c.cif",
    "TaCl5_C2m_MODEL_P1.cif",
    "NaCl_Fm-3m.cif",
    "cry_1600.npz",
    "gl4_1600.npz",
    "gl0_1600.npz",
    "raman_bands.tsv",
    "compton_hubbell1975.tsv",
)
INSTRUMENTS: tuple[Instrument, ...] = (  # those that take longest first
    ("exafs", "ntcspec.demo.exafs:make"),
    ("scattering", "ntcspec.demo.scattering:make"),
    ("xanes", "ntcspec.demo.xanes:make"),
    ("nmr", "ntcspec.demo.nmr:make"),
    ("raman", "ntcspec.demo.raman:make"),
    ("structures", "ntcspec.demo.structures:make"),
)


def find_resources() -> Path:
    """The folder resources/demo of a clone or of the installed package.

    Raises:
        UserError: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "resources" / "demo", package / "_workflow" / "resources" / "demo"):
        if all((folder / name).is_file() for name in INPUTS):
            return folder
    raise UserError("resources/demo", f"is missing or lacks one of {', '.join(INPUTS)}", "install ntcspec again")


def instrument_seed(seed: int, name: str) -> int:
    """Seed of one instrument (32 bits): the first bytes of sha256 of 'seed/name'."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")


def write_raw(target: Path, *, seed: int = SEED, resources: Path | None = None, force: bool = False) -> list[Path]:
    """Write the simulated raw files below `target`, one folder a beamline; returns their paths, sorted.

    The same seed gives the same bytes. `target`/truth.json, which is not among the returned paths, holds what an
    analysis should find; only tests read it. Files that are there and unchanged are left alone (nothing is computed);
    a file that someone changed is overwritten only with `force`. Starts processes: a script that calls this at its top
    level needs `if __name__ == "__main__"`.

    Raises:
        UserError: a file was changed by someone, an input is missing, or an instrument cannot be simulated here.
    """
    resources = find_resources() if resources is None else resources
    made_from = _made_from(resources, seed)
    found = manifest.load(target) if not force else {"made_from": None, "files": {}}
    touched = manifest.changed(target, found["files"])
    if touched:
        raise manifest.refuse(target, touched)
    if not manifest.is_complete(target, found, made_from):
        manifest.write(target, made_from, _files(make_all(resources, seed), seed), force=force)
    return sorted(target / name for name in manifest.load(target)["files"] if name != TRUTH)


def make_all(resources: Path, seed: int, instruments: Sequence[Instrument] | None = None) -> dict[str, Made]:
    """What each instrument hands over, by its name, in the order of the list (default `INSTRUMENTS`).

    Raises:
        UserError: an instrument cannot be simulated; the others are waited for, and nothing is written.
    """
    chosen = INSTRUMENTS if instruments is None else instruments
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(PROCESSES, len(chosen)), mp_context=context) as pool:
        jobs = {name: pool.submit(_make, where, resources, instrument_seed(seed, name)) for name, where in chosen}
        return {name: _result(name, job) for name, job in jobs.items()}


def _make(where: str, resources: Path, seed: int) -> Made:
    """Run in a process of its own."""
    module, _, function = where.partition(":")
    return getattr(import_module(module), function)(resources, seed)


def _result(name: str, job: Future[Made]) -> Made:
    """The result of one instrument; whatever went wrong is told with its name."""
    try:
        return job.result()
    except UserError:
        raise
    except Exception as error:
        what = f"cannot be simulated ({type(error).__name__}: {error})"
        raise UserError(
            f"ntcspec demo: {name}", what, "this is a defect of the simulation; please report it"
        ) from error


def _files(made: dict[str, Made], seed: int) -> dict[str, bytes]:
    """All files, truth.json included; UserError where two instruments write one file."""
    files: dict[str, bytes] = {}
    owner: dict[str, str] = {}
    for name, one in made.items():
        for path in one.files:
            if path in owner:
                what = f"{path} is written by {owner[path]} too"
                raise UserError(f"ntcspec demo: {name}", what, "this is a defect of the simulation; please report it")
            owner[path] = name
        files |= one.files
    truth = {"note": "SIMULATED; for tests only", "seed": seed, **{name: one.truth for name, one in made.items()}}
    text = json.dumps(truth, indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
    return {**files, TRUTH: f"{text}\n".encode()}


def _plain(value: Any) -> Any:
    """Scalars and arrays of numpy, which is not imported here, for JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"truth holds a {type(value).__name__}")


def _made_from(resources: Path, seed: int) -> dict[str, Any]:
    """What the files follow from: seed, code of each instrument, inputs. UserError for a missing input."""
    for name in INPUTS:
        if not (resources / name).is_file():
            raise UserError(str(resources / name), "no such file", "restore it, or leave `resources` to the program")
    found = {p.relative_to(resources).as_posix(): p for p in resources.rglob("*") if p.is_file() and p.suffix != ".md"}
    inputs = {name: sha256_file(found[name]) for name in sorted(found)}
    code = {name: fingerprint(where.partition(":")[0]) for name, where in INSTRUMENTS}
    return {"seed": seed, "instruments": code, "inputs": inputs}
