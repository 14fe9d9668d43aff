"""Small artifacts of total scattering for the tests of the panels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry
from ntcspec.types.scattering import CalibrantCheck, ImageView, Part, ScatteringReduced
from ntcspec.types.scattering_pdf import PdfDifference, Propagation, ScatteringMeasured, ScatteringTransformed

EMPTY = np.zeros(0)
Q = np.arange(0.5, 24.0, 0.02)
R = np.arange(0.0, 30.0, 0.02)


def view(role: str = "sample", size: int = 64) -> ImageView:
    """Rings round a point beside the middle; a beam stop; one ring drawn, cut in two by the edge."""
    rows = columns = np.arange(size) * 4.0 + 1.5
    y, x = np.meshgrid(rows - 120.0, columns - 130.0, indexing="ij")
    radius = np.hypot(x, y)
    counts = 400.0 * np.exp(-radius / 90.0) * (1.0 + 0.6 * np.cos(radius / 6.0))
    counts[radius < 12] = np.nan
    angle = np.linspace(0.0, 2.0 * np.pi, 61)
    ring_rows, ring_columns = 120.0 + 100.0 * np.sin(angle), 130.0 + 100.0 * np.cos(angle)
    ring_rows[30] = ring_columns[30] = np.nan
    return ImageView(
        role, "raw/a.tif", rows, columns, counts, np.isnan(counts).astype(float), np.array([120.0, 130.0]),
        np.array([2.5]), np.zeros(61), ring_rows, ring_columns,
    )  # fmt: skip


def check() -> CalibrantCheck:
    expected = np.array([3.09, 3.57, 5.05, 5.92, 6.18])
    shift = np.array([1.0, -0.5, 0.8, 0.2, np.nan]) * 1e-3
    return CalibrantCheck(
        "Ni", "raw/Ni.tif", expected, shift, np.full(5, 4e-4), np.full(5, 0.05), 1.0001, 0.0001, np.zeros(2),
        np.full(2, 1e-5), "agrees", "all rings within three times their uncertainty",
    )  # fmt: skip


def reduced(height: float = 1.0) -> ScatteringReduced:
    smooth = 900.0 * np.exp(-Q / 5.0) + 60.0
    whole = smooth * (1.0 + 0.4 * height * np.sin(2.4 * Q) / (2.4 * Q))
    parts = (
        Part("sample", "raw/a.tif", Q, whole + 40.0, np.full_like(Q, 3.0), np.ones_like(Q), 0.0),
        Part("container", "raw/k.tif", Q, np.full_like(Q, 50.0), np.full_like(Q, 1.0), np.full_like(Q, -0.8), 0.02),
    )
    return ScatteringReduced(
        Q, whole, np.full_like(Q, 3.2), parts, 0.2095, {}, (), (check(),), (view(), view("calibrant"))
    )


def transformed(height: float = 1.0, *, absolute: bool = False) -> ScatteringTransformed:
    f = height * np.sin(2.4 * Q) * np.exp(-0.003 * Q**2)
    g = height * np.exp(-(((R - 2.4) / 0.15) ** 2)) * 4.0 + 0.5 * height * np.sin(2.0 * R) * np.exp(-R / 8.0)
    known = R if absolute else EMPTY
    none = np.zeros((0, 0))
    return ScatteringTransformed(
        normalisation="absolute" if absolute else "adhoc", absolute=absolute, verdict="", q_inv_ang=Q,
        s_q=1.0 + f / Q, s_sigma=np.full_like(Q, 0.01), f_q=f, f_sigma=0.01 * Q, i_q=900.0 * np.exp(-Q / 5.0),
        r_ang=R, g_r=g, g_sigma=np.full_like(R, 0.05), g_low=g - 0.1, g_high=g + 0.15, pair_g=1.0 + 0.0 * known,
        t_r=0.3 * known, r_r=0.3 * known**2, rho0_inv_ang3=0.03, low_r_slope=np.nan, low_r_slope_error=np.nan,
        qmin_inv_ang=0.5, qmax_inv_ang=22.0, qmaxinst_inv_ang=23.5, step_inv_ang=0.02, lorch=False, line=False,
        rpoly_ang=0.9, wavelength_ang=0.2095, scale=0.01, scale_bias=0.75, elements=("Na", "Ta", "Cl"),
        fractions=np.array([1, 1, 6]) / 8, pairs=("Ta-Cl",), pair_weight_q0=np.array([0.4]),
        pair_weight_q3=np.array([0.44]), variant_groups=("qmax_shift_inv_ang",), variant_names=("qmax=20",),
        variant_g=g[None, :], propagation=Propagation(none, EMPTY, none, none, none, none), chosen={}, notes=(),
    )  # fmt: skip


def difference(standard: str = "annealed") -> PdfDifference:
    d = np.sin(3.0 * R) * np.exp(-R / 6.0)
    return PdfDifference(standard, R, d, np.full_like(R, 0.07), d - 0.1, d + 0.1)


def measured(*differences: PdfDifference) -> ScatteringMeasured:
    return ScatteringMeasured((), (), (), np.zeros((0, 0)), (), EMPTY, EMPTY, EMPTY, differences or (difference(),))


def entry(label: str = "A", height: float = 1.0, *, simulated: bool = False, **stages: Any) -> Entry:
    artifacts = {"reduce": reduced(height), "transform": transformed(height), "measure": measured(), **stages}
    return Entry(label.casefold(), label, simulated, artifacts)


def entries(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries whose order fades."""
    from synthetic_panels import LONG

    labels = [f"{LONG}{i}" if long else f"sample {i}" for i in range(number)]
    return [entry(label, 1.0 / (1 + i), simulated=simulated) for i, label in enumerate(labels)]


def without_values(label: str) -> Entry:
    nothing = replace(view(), counts=np.full((64, 64), np.nan))
    no_ring = replace(check(), shift_inv_ang=np.full(5, np.nan))
    bad = replace(reduced(), intensity=np.full_like(Q, np.nan), views=(nothing,), checks=(no_ring,))
    nan_q, nan_r = np.full_like(Q, np.nan), np.full_like(R, np.nan)
    broken = replace(transformed(), s_q=nan_q, f_q=nan_q, g_r=nan_r)
    lost = measured(replace(difference(), difference=nan_r))
    return Entry(label.casefold(), label, False, {"reduce": bad, "transform": broken, "measure": lost})
