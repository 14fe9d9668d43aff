"""Time of a series of near edges: all frames at once, against the stages of one spectrum called for each frame.

    OMP_NUM_THREADS=1 python benchmarks/xanes_frames.py [FRAMES]

The same numbers both times: e0, edge step, two features, a window, 48 normalisations. In a warm process, without files
and reading. Of single frames 20 are timed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.config.xanes import Xanes
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks
from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.types.xas_frames import NormalisedFrame, RawFrame, XasFrames
from ntcspec.xas.frames.measure import measure_frames
from ntcspec.xas.frames.reduce import reduce_frames
from ntcspec.xas.xanes.measure import measure_xanes
from ntcspec.xas.xanes.reduce import reduce_xanes
from ntcspec.xas.xanes.transform import transform_xanes

ENERGY = np.concatenate([np.arange(2780, 2815, 1.0), np.arange(2815, 2845, 0.15), np.arange(2845, 2920, 1.0)])
ATOM = {"element": "Cl", "edge": "K", "edge_energy_ev": 2822.4}
FEATURES = {"white": {"range_ev": (2823.0, 2829.0)}, "c": {"range_ev": (2832.0, 2842.0), "smooth_ev": 0.8}}
BLOCK = 400


def series(count: int) -> Array:
    """mu of frames in which the edge moves and the white line fades."""
    rng = np.random.default_rng(1)
    t = np.linspace(0.0, 1.0, count)[:, None]
    edge = 2823.0 + 1.5 * t
    mu = 0.2 + 1e-3 * (ENERGY - 2823) + 0.5 + np.arctan((ENERGY - edge) / 0.8) / np.pi
    mu += (0.8 - 0.5 * t) * np.exp(-0.5 * (ENERGY - edge - 2) ** 2)
    mu += 0.1 * np.exp(-0.5 * ((ENERGY - edge - 14) / 4) ** 2)
    return mu + rng.normal(0.0, 1e-3, mu.shape)


def scan(mu: Array) -> XasScan:
    """One frame as a scan."""
    columns = (Column("energy", "eV", ENERGY), Column("mu", "", mu))
    channel = Channel("transmission", "direct", ("mu",), "", "")
    lines = np.arange(1, mu.size + 1)
    return XasScan("scan", "", "", "", ENERGY, lines, columns, (channel,), "", "", "", (), "")


def frames(mus: Array) -> XasFrames:
    """All frames as `ingest` hands them on."""

    def make() -> Iterator[RawFrame]:
        for start in range(0, len(mus), BLOCK):
            part = mus[start : start + BLOCK]
            at, none = np.arange(start, start + len(part), dtype=float), np.full(len(part), np.nan)
            words = ("",) * len(part)
            yield RawFrame(np.repeat(ENERGY[None], len(part), axis=0), part[:, None], at, none, words, words)

    return XasFrames(scan(mus[0]), ("mu",), ("time",), ("s",), Blocks(RawFrame, make), ())


def together(mus: Array, settings: dict[str, Any]) -> tuple[float, float]:
    """Seconds of both stages for all frames."""
    start = time.perf_counter()
    reduced = reduce_frames(frames(mus), **ATOM, **settings["reduce"])
    blocks = list(reduced.frames)
    middle = time.perf_counter()
    reduced = replace(reduced, frames=Blocks(NormalisedFrame, lambda: iter(blocks)))  # as if read from a file
    measure_frames(reduced, **settings["measure"], transform=settings["transform"])
    return middle - start, time.perf_counter() - middle


def alone(mu: Array, settings: dict[str, Any]) -> float:
    """Seconds of the three stages of one spectrum."""
    start = time.perf_counter()
    reduced = reduce_xanes(XasScans((scan(mu),)), composition="", **ATOM, **settings["reduce"])
    measure_xanes(reduced, transform_xanes(reduced, **settings["transform"]), **settings["measure"])
    return time.perf_counter() - start


def main() -> None:
    settings = Xanes().model_dump(mode="json")
    settings["reduce"] |= {"e0_ev": 2823.5, "pre2_ev": -8.0}
    settings["measure"] |= {"features": FEATURES, "windows": {"w": (2822.0, 2830.0)}}
    counts = [int(sys.argv[1])] if len(sys.argv) > 1 else [50, 500, 5000]
    mus = series(max(counts))
    together(mus[:BLOCK], settings)  # warm
    single = float(np.median([alone(mu, settings) for mu in mus[:: max(1, len(mus) // 20)]]))
    print(f"{ENERGY.size} points; one spectrum by itself: {1e3 * single:.1f} ms")
    for count in counts:
        reduce, measure = min((together(mus[:: len(mus) // count][:count], settings) for _ in range(3)), key=sum)
        each = 1e3 * (reduce + measure) / count
        parts = f"reduce {1e3 * reduce / count:.2f}, measure {1e3 * measure / count:.2f}"
        print(f"  {count:5d} frames: {each:.2f} ms each ({parts}); {1e3 * single / each:.0f} times as fast")


if __name__ == "__main__":
    main()
