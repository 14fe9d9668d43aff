"""Frames for the tests of their panels: an edge that moves along a ramp, and the same over a small map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from synthetic_panels import LONG

from ntcspec.plot import Entry
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks
from ntcspec.types.frames import FrameMetric, FramesMeasured
from ntcspec.types.raman_frames import CorrectedFrame, RamanCorrected
from ntcspec.types.xas_frames import NormalisedFrame, XanesFrames

ENERGY = np.arange(1060.0, 1110.0, 0.5)
RAMP = np.arange(300.0, 420.0, 10.0)
NONE = np.empty(0)


def norms(count: int) -> Array:
    """Spectra with edges further and further up; the third is left out."""
    centre = 1071.0 + 2.0 * np.arange(count)[:, None] / count
    found = 0.5 + np.arctan((ENERGY - centre) / 0.6) / np.pi + np.exp(-(((ENERGY - centre - 2) / 1.2) ** 2))
    found[2] = np.nan
    return found


def reduced(along: Array = RAMP, *, names: tuple[str, ...] = ("temperature",), unit: str = "K") -> XanesFrames:
    """Frames as `reduce` hands them on, two blocks of them."""
    norm = norms(along.size)
    empty, words = np.full(along.size, np.nan), tuple("bad" if i == 2 else "" for i in range(along.size))

    def block(rows: slice) -> NormalisedFrame:
        lines = np.zeros((along[rows].size, 1, 3))
        return NormalisedFrame(
            norm[rows], empty[rows], empty[rows], empty[rows], lines, along[rows], empty[rows], words[rows], words[rows]
        )

    return XanesFrames(
        mode="fluorescence",
        energy_ev=ENERGY,
        basis=np.zeros((ENERGY.size, 2)),
        mean_norm=np.nanmean(norm, axis=0),
        e0_ev=1072.0,
        choice_names=(),
        coordinate_names=names,
        coordinate_units=(unit,) * len(names),
        frames=Blocks(NormalisedFrame, lambda: iter([block(slice(0, 5)), block(slice(5, None))])),
        chosen={},
        notes=(),
    )


def corrected(along: Array = RAMP) -> RamanCorrected:
    """The same spectra as Raman frames, in one block."""
    norm, empty = norms(along.size), np.full(along.size, np.nan)
    words = tuple("bad" if i == 2 else "" for i in range(along.size))
    none = np.zeros((along.size, 0, ENERGY.size))
    block = CorrectedFrame(100 * norm, 0 * norm, norm, none, empty, empty, along, empty, words, words)
    return RamanCorrected(
        shift_cm1=ENERGY - 1000,
        shift_error_cm1=np.full(ENERGY.size, np.nan),
        mean_intensity=np.nanmean(norm, axis=0),
        intensity_unit="counts",
        variant_names=(),
        laser_nm=532.0,
        calibration="",
        coordinate_names=("temperature",),
        coordinate_units=("K",),
        frames=Blocks(CorrectedFrame, lambda: iter([block])),
        chosen={},
        notes=(),
    )


def measured(along: Array = RAMP, *, across: Array | None = None, shift: float = 0.0) -> FramesMeasured:
    """Edge and area along a ramp; over a map where `across` is given."""
    value = 1071.0 + shift + 0.02 * np.arange(along.size)
    value[2] = np.nan
    second = np.full(along.size, np.nan) if across is None else across
    small = np.full(along.size, 0.01)
    unit = "K" if across is None else "mm"
    metrics = tuple(
        FrameMetric(name, "eV", unit, along, second, v, small, 5 * small)
        for name, v in (("e0.half_step", value), ("w.area", value - 1065))
    )
    names = ("temperature",) if across is None else ("x", "y")
    return FramesMeasured(
        metrics=(), notes=(), coordinate_names=names, coordinate_units=(unit,) * len(names), choice_names=("a", "b"),
        frame_metrics=metrics, source=("f",) * along.size, reason=("",) * along.size,
    )  # fmt: skip


def grid(columns: int = 5, rows: int = 4, jitter: float = 0.0) -> tuple[Array, Array]:
    """Positions of a map in mm, row by row, with the jitter of motors."""
    x, y = np.meshgrid(0.1 * np.arange(columns), 0.1 * np.arange(rows))
    noise = np.random.default_rng(1).normal(0.0, jitter, (2, x.size))
    return x.ravel() + noise[0], y.ravel() + noise[1]


def entries(kind: str, number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries that a kind can draw."""
    found = []
    for i in range(number):
        label = f"{LONG}{i}" if long else f"sample {i}"
        if kind.endswith(".frame_map"):
            x, y = grid()
            one = measured(x, across=y, shift=0.1 * i)
        else:
            one = measured(shift=0.1 * i)
        frames = corrected() if kind.startswith("raman.") else reduced()
        found.append(Entry(label.casefold(), label, simulated, {"reduce": frames, "measure": one}))
    return found


def without_values(label: str) -> Entry:
    """An entry whose artifacts hold NaN only."""
    x, y = grid()
    one = measured(x, across=y)
    nan = tuple(replace(m, value=np.full(x.size, np.nan)) for m in one.frame_metrics)
    hollow = replace(reduced(), mean_norm=np.full(ENERGY.size, np.nan))
    raman = replace(corrected(), mean_intensity=np.full(ENERGY.size, np.nan))
    stages = {"reduce": hollow, "raman": raman, "measure": replace(one, frame_metrics=nan)}
    return Entry(label.casefold(), label, False, stages)
