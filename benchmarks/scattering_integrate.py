"""Time and memory of an image of 2048 x 2048 pixels, warm, against pyFAI alone, and of the steps round it."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from ntcspec.scattering.capillary import Capillary, paalman_pings
from ntcspec.scattering.geometry import setup_for
from ntcspec.scattering.integrate import Correction, Options, integrate
from ntcspec.types.scattering import DetectorGeometry, ScatteringImage

SHAPE = (2048, 2048)
RUNS = 9


def image(role: str, pixels: np.ndarray) -> ScatteringImage:
    empty = np.zeros((0, 0))
    return ScatteringImage(role, f"{role}.tif", "tiff", "", pixels, 1, empty, float("nan"), 65535.0, (), "")


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """Smallest and median of several warm runs (s)."""
    what()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        what()
        times.append(time.perf_counter() - start)
    return min(times), statistics.median(times)


def main() -> None:
    pixel = {"pixel1": 2e-4, "pixel2": 2e-4, "max_shape": list(SHAPE), "orientation": 3}
    geometry = DetectorGeometry(
        "g.poni", "2.1", "Detector", pixel, 0.2, 0.205, 0.201, 0.003, -0.002, 0.0, 0.2095, (), ""
    )
    rng = np.random.default_rng(0)
    counts = (rng.poisson(500, SHAPE) + 200).astype(np.uint16)
    mask = np.zeros(SHAPE, np.uint8)
    mask[:3], mask[1010:1040, 990:1020] = 1, 1
    parts = Correction(image("mask", mask), image("dark", np.full(SHAPE, 200, np.uint16)))
    start = time.perf_counter()
    setup = setup_for(geometry, SHAPE, 0.2095)
    print(f"geometry, once                      {time.perf_counter() - start:.2f} s, {setup.bins} bins")
    one = image("sample", counts)
    signal = (counts - np.float32(200)).astype(np.float32)
    variance = signal.copy()

    def alone(split: str, engine: str) -> object:
        return setup.ai.integrate1d_ng(
            signal, setup.bins, variance=variance, mask=mask, unit="q_A^-1", polarization_factor=0.95,
            radial_range=(0.0, setup.last_inv_ang), method=(split, engine, "cython"), safe=False,
        )  # fmt: skip

    cases: dict[str, Callable[[], object]] = {
        "pyFAI alone, no split, histogram": lambda: alone("no", "histogram"),
        "pyFAI alone, bbox, csr": lambda: alone("bbox", "csr"),
        "integrate, with all checks": lambda: integrate(setup, one, parts, Options()),
        "integrate, sigma_clip": lambda: integrate(setup, one, parts, Options(reject="sigma_clip")),
        "capillary, ring": lambda: paalman_pings(Capillary(0.8, 0.27, 0.03, 0.01), np.linspace(0, 1, 2000)),
    }
    for name, case in cases.items():
        low, middle = timed(case)
        print(f"{name:35s} {1e3 * low:6.1f} ms min, {1e3 * middle:6.1f} ms median")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory                         {peak:.2f} GB")


if __name__ == "__main__":
    main()
