"""Time of one NMR spectrum, files to phased and referenced spectrum, in a warm process; and of nmrglue's steps.

    OMP_NUM_THREADS=1 python benchmarks/nmr_chain.py [FOLDER of measured files, ../shared/data/nmr]

Simulated: a Spinsight echo of 2048 points. Measured, where the folder is there: Varian decay (16384 points),
Bruker decay behind a digital filter (9949 points), JCAMP-DX spectrum (2 x 16384 points as text).

ntcspec finds the top of the echo, phases, references, finds the baseline and the noise. nmrglue is given the top and
does: read, shift, apodise, zero fill, transform, ACME phase with both orders, or its own reader alone for JCAMP-DX; no
axis, no baseline, no noise. Processor time, least and median of 20, and the ratio of the medians.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import nmrglue as ng
import numpy as np

from ntcspec.demo import find_resources, nmr
from ntcspec.nmr.reduce import reduce_nmr
from ntcspec.readers.nmr import read_nmr
from ntcspec.types.nmr import NmrFid, NmrIngested

LEAST, REPEATS = 3, 20


def ours(path: Path) -> None:
    one = read_nmr(path, path.name)
    is_fid = isinstance(one, NmrFid)
    reduce_nmr(NmrIngested((one,) if is_fid else (), () if is_fid else (one,), ()), broadening_hz=1.0)


def theirs_after(points: np.ndarray, width_hz: float) -> None:
    """The steps that nmrglue has, on points that begin at the beginning of time."""
    x = ng.proc_base.em(points, lb=1.0 / width_hz)
    x[0] *= 0.5
    x = ng.proc_base.zf_auto(ng.proc_base.zf_double(x, 1))
    x = ng.proc_base.fft(x)
    ng.proc_autophase.autops(x, "acme", disp=False)


def spinsight_theirs(path: Path, top: int) -> None:
    """nmrglue does not read the format: numpy does, which costs it nothing."""
    numbers = np.fromfile(path / "data", ">i4").astype(float)
    half = numbers.size // 2
    theirs_after((numbers[:half] + 1j * numbers[half:])[top:], 1e5)


def varian_theirs(path: Path) -> None:
    about, x = ng.varian.read(str(path))
    theirs_after(x.astype(complex), float(about["procpar"]["sw"]["values"][0]))


def bruker_theirs(path: Path) -> None:
    about, x = ng.bruker.read(str(path))
    theirs_after(ng.bruker.remove_digital_filter(about, x), about["acqus"]["SW_h"])


def timed(work: Callable[[], None]) -> np.ndarray:
    for _ in range(LEAST):
        work()
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return 1e3 * np.array(times)


def show(name: str, own: Callable[[], None], other: Callable[[], None]) -> None:
    a, b = timed(own), timed(other)
    ratio = np.median(a) / np.median(b)
    own_ms, other_ms = (f"{t.min():7.1f} / {np.median(t):7.1f} ms" for t in (a, b))
    print(f"{name:32} ntcspec {own_ms}   nmrglue {other_ms}   ratio {ratio:.2f}")


def main() -> None:
    warnings.simplefilter("ignore")
    made = nmr.make(find_resources(), 1)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in made.files.items():
            if name.startswith("spinsight/NTC-40h/"):
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        one = Path(folder) / "spinsight" / "NTC-40h"
        show("Spinsight echo, 2048 points", lambda: ours(one), lambda: spinsight_theirs(one, 34))
    measured = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/nmr")
    if not measured.is_dir():
        print(f"no measured files at {measured}: name their folder")
        return
    varian, bruker = measured / "varian" / "ethylindanone_1H.fid", measured / "bruker" / "7Li_hahnecho"
    jcamp = measured / "jcamp" / "17O_La2NiO4_hahnecho.dx"
    show("Varian decay, 16384 points", lambda: ours(varian), lambda: varian_theirs(varian))
    show("Bruker decay, 9949 points", lambda: ours(bruker), lambda: bruker_theirs(bruker))
    show("JCAMP-DX spectrum, 2 x 16384", lambda: ours(jcamp), lambda: ng.jcampdx.read(str(jcamp)) and None)


if __name__ == "__main__":
    main()
