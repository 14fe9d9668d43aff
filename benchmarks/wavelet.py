"""Time of a wavelet map of 200 (R) x 300 (k) points: ntcspec, larch and rexafs in the same run, single thread.

    OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1 python benchmarks/wavelet.py

The three do not compute the same thing: larch fixes the order by the number of R points and the length of its FFT at
4096; rexafs takes a power of two for the length and adds work arrays to its result. Best of 20, as other work on the
machine can only add time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import rexafs
from larch import Group
from larch.xafs import cauchy_wavelet

from ntcspec.xas import wavelet as ours
from ntcspec.xas.families import family

K = 0.05 * np.arange(300)
CHI = np.sin(2 * 2.1 * K + 0.4) * np.exp(-0.006 * K**2) / np.clip(K, 1, None) ** 2
R = np.linspace(1.0, 6.0, 200)


def best(call: Callable[[], object], repeats: int = 20) -> float:
    """Shortest time of a call, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def cold(name: str, order: float | None) -> float:
    """Time of a call that has to build the filter bank, ms."""

    def call() -> None:
        ours._bank.cache_clear()
        family.cache_clear()
        ours.wavelet(K, CHI * K**2, R, family=name, order=order)

    return best(call, 5)


def main() -> None:
    rmax = 200 * np.pi / (2048 * 0.05)  # larch: 200 points of R
    larch = best(lambda: cauchy_wavelet(K, CHI, group=Group(), kweight=2, rmax_out=rmax))
    model = rexafs.Wavelet((0.0, float(K[-1])), kweight=2, order=50, radii=list(R))
    rust = best(lambda: model.calculate(K, CHI))
    print(f"larch cauchy_wavelet   {larch:6.2f} ms\nrexafs Wavelet         {rust:6.2f} ms")
    for name, order in (("morlet", 49.0), ("cauchy", 50.0), ("cmor1.5-1.0", None)):
        first = cold(name, order)
        warm = best(lambda name=name, order=order: ours.wavelet(K, CHI * K**2, R, family=name, order=order))
        print(
            f"ntcspec {name:12s}   {warm:6.2f} ms warm ({larch / warm:4.1f} x larch, {rust / warm:4.1f} x rexafs), "
            f"{first:6.2f} ms with a new filter bank"
        )


if __name__ == "__main__":
    main()
