"""Time of Raman spectra through all stages, in a warm process: one spectrum, 19 baselines, a map of 100 x 100.

    OMP_NUM_THREADS=1 python benchmarks/raman_chain.py [SPECTRA]

Beside it what a script of pybaselines and lmfit needs for one baseline and one fit with a fixed number of lines, and
for the map (a hundred spectra, times the number). ntcspec does more: spikes, noise, saturation, no line against
one and two, regions, ratios before and after Bose reduction, all of it over other baselines for the mean spectrum.
Processor time, which other work on the machine changes least; best of 20 for spectra, once for the map. SPECTRA: number
in the map, 10000 unless given.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from lmfit.models import LinearModel, PseudoVoigtModel
from pybaselines import Baseline

from ntcspec.raman.baseline import METHODS
from ntcspec.raman.bose import transform_raman
from ntcspec.raman.measure import measure_raman
from ntcspec.raman.reduce import reduce_raman
from ntcspec.types.raman import RamanIngested, RamanScan

SHIFT = np.linspace(50.0, 560.0, 1000)
BANDS = {"a1g": {"range_cm1": (330.0, 450.0), "peak_range_cm1": (345.0, 435.0)}}
REGIONS = {"a": (340.0, 440.0), "b": (130.0, 200.0)}


def spectra(count: int) -> RamanScan:
    """Spectra with A1g and F2g on a curved background, counted; spikes in one of ten."""
    rng = np.random.default_rng(1)
    centre, height = rng.uniform(378, 384, count)[:, None], rng.uniform(500, 3000, count)[:, None]
    lines = height / (1 + 4 * ((SHIFT - centre) / 10) ** 2) + 0.4 * height / (1 + 4 * ((SHIFT - 176) / 12) ** 2)
    y = rng.poisson(400 + 500 * np.exp(-SHIFT / 150) + 0.3 * SHIFT + lines).astype(float)
    hit = rng.random(count) < 0.1
    y[np.flatnonzero(hit), rng.integers(20, 980, int(hit.sum()))] += 3000
    places = np.arange(float(count))[:, None] if count > 1 else np.zeros((1, 0))
    names = ("number",) if count > 1 else ()
    return RamanScan(
        "made up", "", "", "", SHIFT, y, y.mean(axis=0), "Cnt", names, ("",) * len(names), places, 532.0, 10.0, 1.0,
        "Off", (), (), (), (), "",
    )  # fmt: skip


def best(call: Callable[[], object], repeats: int = 20) -> float:
    """Shortest processor time of a call, ms."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def script(y: np.ndarray) -> None:
    """One baseline by pybaselines and one fit by lmfit."""
    rest = y - Baseline(SHIFT).arpls(y, lam=1e6)[0]
    inside = (SHIFT > 330) & (SHIFT < 450)
    x, part, weights = SHIFT[inside], rest[inside], 1 / np.sqrt(np.maximum(y[inside], 1))
    model = PseudoVoigtModel() + LinearModel()
    start = model.make_params(
        center=x[np.argmax(part)], sigma=5, amplitude=15 * part.max(), fraction=0.5, slope=0, intercept=0
    )
    model.fit(part, start, x=x, weights=weights, scale_covar=False)


def chain(scan: RamanScan, bands: dict[str, dict[str, object]], baselines: tuple[str, ...] | None = None) -> object:
    more = {} if baselines is None else {"baselines": baselines}
    reduced = reduce_raman(RamanIngested((scan,)), **more)
    bose = transform_raman(reduced, temperature_k=295.0)
    return measure_raman(reduced, bose, bands=bands, regions=REGIONS, ratios={"b_to_a": ("b", "a")})


def main() -> None:
    one = spectra(1)
    two = {"a1g": {**BANDS["a1g"], "lines": (1, 2)}}
    many = spectra(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    hundred = many.intensity[:100]
    lmfit = best(lambda: [script(y) for y in hundred], 3) / hundred.shape[0]
    print(f"pybaselines + lmfit, one baseline, one fit               {lmfit:8.1f} ms (mean of {hundred.shape[0]})")
    rows = {
        "no other baseline, no line or one": lambda: chain(one, BANDS, ()),
        "5 other baselines, none, one or two lines": lambda: chain(one, two),
        "19 other baselines, none, one or two lines": lambda: chain(one, two, tuple(METHODS)[1:]),
    }
    for name, call in rows.items():
        took = best(call)
        print(f"ntcspec, {name:47} {took:8.1f} ms ({took / lmfit:4.1f} x the script)")
    count = many.intensity.shape[0]
    begin, wall = time.process_time(), time.perf_counter()
    chain(many, BANDS)
    seconds, wall = time.process_time() - begin, time.perf_counter() - wall
    other = 1e-3 * lmfit * count
    words = f"ntcspec {seconds:.1f} s ({wall:.1f} s by the clock), the script {other:.0f} s ({other / seconds:.1f} x)"
    print(f"map of {count} spectra: {words}")


if __name__ == "__main__":
    main()
