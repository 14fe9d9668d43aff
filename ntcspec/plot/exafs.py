"""EXAFS panels: mu(E), k-weighted chi(k), |chi(R)| and wavelet maps. numpy only; nothing is drawn here.

Every builder takes the entries and the resolved options and returns a PanelData. Steps: take the
artifact of each entry, or note why there is none; choose the horizontal range; make the curves; stack
them; write the notes. The first entry stands at the bottom of a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, exafs_fits, stack, units
from ntcspec.plot import exafs_options as options
from ntcspec.plot.build import NBSP, NONE, Found
from ntcspec.plot.data import DATA, IMAGINARY, REAL, WINDOW, Map, PanelData
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed, WaveletMap

PRE_EDGE_EV = 100.0  # energies drawn before E0 unless told otherwise
MAX_R = 6.0  # angstrom, highest R of a wavelet map unless told otherwise
PAST_WINDOW = 1.0  # 1/angstrom drawn past the Fourier window unless told otherwise


def mu(entries: Sequence[Entry], opts: options.MuOptions) -> PanelData:
    """Normalised absorption over energy, from `reduce`."""
    found, missing = build.find(entries, ExafsReduced, "norm")
    zero = {f.index: f.artifact.e0_ev if opts.relative_to_e0 else 0.0 for f in found}
    starts = [max(f.artifact.energy_ev[0], f.artifact.e0_ev - PRE_EDGE_EV) - zero[f.index] for f in found]
    ends = [f.artifact.energy_ev[-1] - zero[f.index] for f in found]
    x_limits = opts.xlim or ((min(starts), max(ends)) if found else (0.0, 1.0))
    groups, drawn = [], []
    for f in found:
        a: ExafsReduced = f.artifact
        x = a.energy_ev - zero[f.index]
        if not np.any((x >= x_limits[0]) & (x <= x_limits[1])):
            missing.append((f.entry, "no data in the drawn range"))
            continue
        band = build.band(a.mu_error / abs(a.edge_step), a.norm.shape, opts.band)
        groups.append([f.series(DATA, x, a.norm, band)])
        drawn.append(f)
    axes = {
        "x_label": "E − E₀" if opts.relative_to_e0 else "Photon energy",
        "x_unit": "eV",
        "y_label": "Normalised absorption",
        "y_unit": "1",
    }
    return build.curves(
        "exafs.mu",
        entries,
        groups,
        x_limits,
        axes,
        build.status_notes(drawn, missing),
        label_at_end=True,
        offset=opts.offset,
        ylim=opts.ylim,
    )


def chi_k(entries: Sequence[Entry], opts: options.ChiKOptions) -> PanelData:
    """k^w chi(k) without window, from `transform`; w is that of the data."""
    found, missing = build.find(entries, ExafsTransformed, "chi_weighted")
    found = build.same(found, missing, lambda a: a.kweight, "k weight {:g}, not that of the axis")
    weight = found[0].artifact.kweight if found else 2.0
    x_limits = opts.xlim or _k_range([f.artifact for f in found])
    found = build.drop_outside(found, missing, x_limits, "k_inv_ang")
    groups = []
    for f in found:
        a: ExafsTransformed = f.artifact
        group = [f.series(DATA, a.k_inv_ang, a.chi_weighted)]
        if opts.window:
            inside = (a.k_inv_ang >= x_limits[0]) & (a.k_inv_ang <= x_limits[1])
            height = float(np.nanmax(np.abs(a.chi_weighted[inside])))
            group.append(f.series(WINDOW, a.k_inv_ang, a.window * height))
        groups.append(group)
    axes = {
        "x_label": "k",
        "x_unit": "1/angstrom",
        "y_label": units.k_weighted("χ(k)", weight),
        "y_unit": units.angstrom_power(-weight),
    }
    window_note = ("Grey: Fourier window, scaled to each curve.",) if opts.window and groups else ()
    notes = (*window_note, *build.status_notes(found, missing))
    return build.curves("exafs.chi_k", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim)


def _k_range(artifacts: Sequence[ExafsTransformed]) -> tuple[float, float]:
    """From the first k of the data to a little past the last window, but not past the data."""
    if not artifacts:
        return 0.0, 1.0
    ends = []
    for a in artifacts:
        inside = a.k_inv_ang[a.window > 0] if a.window.shape == a.k_inv_ang.shape else a.k_inv_ang
        ends.append(min(float(a.k_inv_ang[-1]), float(inside[-1]) + PAST_WINDOW if inside.size else np.inf))
    return min(float(a.k_inv_ang[0]) for a in artifacts), max(ends)


def chi_r(entries: Sequence[Entry], opts: options.ChiROptions) -> PanelData:
    """|chi(R)|, with real and imaginary part on request, from `transform`."""
    found, missing = build.find(entries, ExafsTransformed, "chir_mag")
    found = build.same(found, missing, lambda a: a.kweight, "k weight {:g}, not that of the axis")
    weight = found[0].artifact.kweight if found else 2.0
    x_limits = opts.xlim or build.span([f.artifact.r_ang for f in found])
    found = build.drop_outside(found, missing, x_limits, "r_ang")
    groups = []
    for f in found:
        a: ExafsTransformed = f.artifact
        group = [f.series(DATA, a.r_ang, a.chir_mag, build.band(a.chir_mag_error, a.chir_mag.shape, opts.band))]
        if opts.components:
            group += [f.series(REAL, a.r_ang, a.chir_re), f.series(IMAGINARY, a.r_ang, a.chir_im)]
        groups.append(group)
    axes = {
        "x_label": "R, not phase-corrected",
        "x_unit": "angstrom",
        "y_label": "|χ(R)|",
        "y_unit": units.angstrom_power(-(weight + 1)),
    }
    part_note = ("Thin: real part (solid), imaginary part (dotted).",) if opts.components and groups else ()
    notes = (*part_note, *build.status_notes(found, missing))
    return build.curves("exafs.chi_r", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim)


# --- wavelet --------------------------------------------------------------------------------


def wavelet(entries: Sequence[Entry], opts: options.WaveletOptions) -> PanelData:
    """Wavelet magnitude over k and R with shared colour limits, from `wavelet`."""
    found, missing = build.find(entries, WaveletMap, "magnitude")
    found = build.same(found, missing, lambda a: a.kweight, "k weight {:g}, not that of the colour scale")
    x_limits = opts.xlim or build.span([f.artifact.k_inv_ang for f in found])
    low, high = build.span([f.artifact.r_ang for f in found])
    y_limits = opts.ylim or (low, min(high, MAX_R) if low < MAX_R else high)
    found = build.drop_outside(found, missing, x_limits, "k_inv_ang")
    found = build.drop_outside(found, missing, y_limits, "r_ang")
    at = opts.resolution_at_r or _strongest([f.artifact for f in found], x_limits, y_limits)
    maps = [_map(f, x_limits, y_limits, at) for f in found]
    top = max((float(np.nanmax(m.z)) for m in maps if np.any(np.isfinite(m.z))), default=0.0)
    z_limits = np.array(opts.zlim or (0.0, top if top > 0 else 1.0), dtype=float)
    weight = found[0].artifact.kweight if found else 2.0
    return PanelData(
        kind="exafs.wavelet",
        title="",
        x_label="k",
        x_unit="1/angstrom",
        y_label="R, not phase-corrected",
        y_unit="angstrom",
        z_label=f"|W| of {units.k_weighted('χ(k)', weight)}",
        z_unit=units.angstrom_power(-weight),
        x_limits=np.array(x_limits, dtype=float),
        y_limits=np.array(y_limits, dtype=float),
        z_limits=z_limits if maps else NONE,
        z_levels=np.linspace(z_limits[0], z_limits[1], opts.contours + 2)[1:-1] if maps else NONE,
        palette=len(entries),
        series=(),
        maps=tuple(maps),
        notes=(*_resolution_notes(maps), *build.status_notes(found, missing)),
        simulated=any(e.simulated for e in entries),
    )


def _strongest(artifacts: Sequence[WaveletMap], x_limits: Sequence[float], y_limits: Sequence[float]) -> float:
    """R of the strongest point of all maps inside the limits, to 0.1 angstrom but not below it; NaN without maps."""
    best, at = -np.inf, np.nan
    for a in artifacts:
        columns = (a.k_inv_ang >= x_limits[0]) & (a.k_inv_ang <= x_limits[1])
        rows = (a.r_ang >= y_limits[0]) & (a.r_ang <= y_limits[1])
        inside = np.nan_to_num(a.magnitude[np.ix_(rows, columns)], nan=-np.inf)
        if inside.max() > best:
            best, at = float(inside.max()), float(a.r_ang[rows][int(inside.max(axis=1).argmax())])
    return max(round(at, 1), 0.1) if artifacts else np.nan


def _map(f: Found, x_limits: Sequence[float], y_limits: Sequence[float], at: float) -> Map:
    a: WaveletMap = f.artifact
    rows, columns = stack.cut(a.r_ang, y_limits), stack.cut(a.k_inv_ang, x_limits)
    fwhm_k = float(np.interp(at, a.r_ang, a.fwhm_k_inv_ang))
    fwhm_r = float(np.interp(at, a.r_ang, a.fwhm_r_ang))
    return Map(
        sample=f.entry.sample,
        label=f.entry.label,
        simulated=f.entry.simulated,
        x=a.k_inv_ang[columns],
        y=a.r_ang[rows],
        z=a.magnitude[rows, columns],
        resolution=_resolution(a, at, fwhm_k, fwhm_r),
        resolution_at=at if np.isfinite(fwhm_k * fwhm_r) else np.nan,
        fwhm_x=fwhm_k,
        fwhm_y=fwhm_r,
    )


def _resolution(a: WaveletMap, at: float, fwhm_k: float, fwhm_r: float) -> str:
    """'Cauchy wavelet, order 10, k²-weighted. Ellipse: FWHM 1.20 Å⁻¹ × 0.30 Å at R = 2.4 Å.'"""
    morlet = a.family.casefold().startswith("morlet")
    parameter = f"ησ = {a.order**0.5:.3g}" if morlet else f"order {a.order:g}"
    weighting = f"k{units.superscript(a.kweight)}-weighted" if a.kweight else "no k weight"
    first = f"{a.family[:1].upper()}{a.family[1:]} wavelet, {parameter}, {weighting}."
    if not np.isfinite(fwhm_k * fwhm_r):
        return first + " Resolution not known."
    ellipse = f"Ellipse: FWHM {fwhm_k:.2f} Å⁻¹ × {fwhm_r:.2f} Å at R = {at:.3g} Å."
    return f"{first} {ellipse.replace(' ', NBSP)}"


def _resolution_notes(maps: Sequence[Map]) -> tuple[str, ...]:
    """One note for all maps, or one each where they differ."""
    words = {m.resolution for m in maps}
    return tuple(words) if len(words) <= 1 else tuple(f"{m.label}: {m.resolution}" for m in maps)


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {
    "exafs.mu": mu,
    "exafs.chi_k": chi_k,
    "exafs.chi_r": chi_r,
    "exafs.wavelet": wavelet,
    "exafs.fit": exafs_fits.fit,
}
