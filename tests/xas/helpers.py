"""Scans for tests: from arrays, and the measured files that REFERENCE.json describes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced
from ntcspec.types.xas import Channel, Column, XasScan, XasScans

# file -> (delimiter, energy column, numerator, denominator) of mu = ln(numerator / denominator), and tabulated edge (eV)
FILES: dict[str, tuple[str | None, int, int, int, float]] = {
    "BMM_Ta-L3-Ta_foil.xdi": (None, 0, 4, 5, 9881.1),
    "BMM_Ta-L3-Ta2O5.xdi": (None, 0, 5, 6, 9881.1),
    "BMM_Pt-L3-K2PtCl6.xdi": (None, 0, 4, 5, 11563.7),
    "Cu-K_metal_rt.xdi": (None, 0, 1, 2, 8978.9),
    "CLS_HXMA_dialectA_As_K.dat": (",", 3, 5, 6, 11866.7),
}
WO3 = "WO3/W-L3_WO3_rt_0[123].xdi"
WO3_EDGE_EV = 10206.8
EXAFS_NAMES = (*FILES, WO3)


def scan(
    energy_ev: Array, mu: Array, *, reference: Array | None = None, mode: str = "transmission", source: str = "scan.dat"
) -> XasScan:
    """A scan that holds mu(E) and, if given, the mu of a reference foil, directly."""
    columns = [Column("energy", "eV", energy_ev), Column("mu", "", mu)]
    channels = [Channel(mode, "direct", ("mu",), "", "made by a test")]
    if reference is not None:
        columns.append(Column("mu_reference", "", reference))
        channels.append(Channel("reference", "direct", ("mu_reference",), "", "made by a test"))
    return XasScan(
        source=source,
        format="test",
        format_evidence="",
        energy_evidence="",
        energy_ev=energy_ev,
        row_line=np.arange(1, len(energy_ev) + 1),
        columns=tuple(columns),
        channels=tuple(channels),
        preferred="",
        element="",
        edge="",
        notes=(),
        header="",
    )


def scans(energy_ev: Array, *mus: Array, references: Sequence[Array] | None = None) -> XasScans:
    """Repeat scans on one grid."""
    foils = references or [None] * len(mus)
    return XasScans(
        tuple(
            scan(energy_ev, mu, reference=foil, source=f"scan{i}.dat")
            for i, (mu, foil) in enumerate(zip(mus, foils, strict=True))
        )
    )


def table(path: Path, delimiter: str | None = None) -> Array:
    """The numbers of a text file."""
    return np.loadtxt(path, comments="#", delimiter=delimiter)


def measured(folder: Path, name: str) -> XasScans:
    """Scans of a name in REFERENCE.json."""
    if name == WO3:
        rows = [table(folder / f"WO3/W-L3_WO3_rt_0{i}.xdi") for i in (1, 2, 3)]
        return XasScans(tuple(scan(r[:, 0], -np.log(r[:, 1] / r[:, 2]), source=f"{i}.xdi") for i, r in enumerate(rows)))
    delimiter, energy, top, bottom, _ = FILES[name]
    rows = table(folder / name, delimiter)
    return XasScans((scan(rows[:, energy], np.log(rows[:, top] / rows[:, bottom]), source=name),))


def edge_energy_ev(name: str) -> float:
    """Tabulated edge of a name in REFERENCE.json."""
    return WO3_EDGE_EV if name == WO3 else FILES[name][4]


def reference(folder: Path) -> dict[str, Any]:
    """REFERENCE.json."""
    return json.loads((folder / "REFERENCE.json").read_text(encoding="utf-8"))


def reduce_parameters(expected: dict[str, Any], name: str) -> dict[str, Any]:
    """Keywords of reduce_exafs that a record of REFERENCE.json pins. 'clamps: 0' is both clamps 0."""
    pre, bkg = expected["params_pre_edge"], expected["params_autobk"]
    return {
        "edge_energy_ev": edge_energy_ev(name),
        "weights": "equal",
        "e0_ev": pre["e0"],
        "pre1_ev": pre["pre1"],
        "pre2_ev": pre["pre2"],
        "norm1_ev": pre["norm1"],
        "norm2_ev": pre["norm2"],
        "norm_degree": pre["nnorm"],
        "victoreen": pre["nvict"],
        "rbkg_ang": bkg["rbkg"],
        "bkg_kweight": bkg["kweight"],
        "bkg_kmin_inv_ang": bkg["kmin"],
        "bkg_kmax_inv_ang": bkg["kmax"],
        "clamp_low": 0.0,
        "clamp_high": 0.0,
    }


def rexafs_chain(reduced: ExafsReduced, expected: dict[str, Any]) -> tuple[Array, Array, Array, Array]:
    """k, chi, R, |chi(R)| of the same mu(E) by rexafs, with the parameters that REFERENCE.json pins."""
    import rexafs

    pre, bkg, ft = expected["params_pre_edge"], expected["params_autobk"], expected["params_ft"]
    spectrum = rexafs.Spectrum(reduced.energy_ev.copy(), reduced.mu.copy())
    spectrum.set_e0(pre["e0"])
    edge = rexafs.PrePostEdge(
        pre_edge_start=pre["pre1"], pre_edge_end=pre["pre2"], norm_start=pre["norm1"], norm_end=pre["norm2"],
        norm_polyorder=pre["nnorm"], n_victoreen=pre["nvict"], e0=pre["e0"],
    )  # fmt: skip
    spectrum.set_normalization_method(rexafs.NormalizationMethod.PrePostEdge(edge))
    background = rexafs.AUTOBK(
        ek0=pre["e0"], rbkg=bkg["rbkg"], kmin=bkg["kmin"], kmax=bkg["kmax"], kweight=bkg["kweight"], clamp_lo=0,
        clamp_hi=0, dk=0.1, window="Hanning", linear_regularization=0.0,
    )  # fmt: skip
    spectrum.set_background_method(rexafs.BackgroundMethod.AUTOBK(background))
    transform = rexafs.XrayFFTF(kmin=ft["kmin"], kmax=ft["kmax"], dk=ft["dk"], kweight=ft["kweight"], window="Hanning")
    spectrum.set_fft(transform)
    spectrum.fft()
    return spectrum.k(), spectrum.chi(), spectrum.r(), spectrum.chir_mag()


def edge_model(energy_ev: Array, *, e0_ev: float = 10000.0, step: float = 1.0) -> Array:
    """A smooth edge with a white line and one EXAFS shell, on a falling background."""
    above = np.clip(energy_ev - e0_ev, 0.0, None)
    k = np.sqrt(0.2624682917 * above)
    chi = 0.5 * np.sin(2 * 2.0 * k + 0.3) * np.exp(-0.01 * k**2) / np.clip(k, 1.0, None) ** 1.5
    edge = 0.5 + np.arctan((energy_ev - e0_ev) / 2.0) / np.pi
    line = 0.8 * np.exp(-0.5 * ((energy_ev - e0_ev - 3.0) / 2.5) ** 2)
    return 0.4 - 1.0e-4 * (energy_ev - e0_ev) + step * (edge * (1.0 + chi * (k > 1.5)) + line)


def edge_grid(e0_ev: float = 10000.0) -> Array:
    """Energies of a usual EXAFS scan: 5 eV, 0.5 eV, then 0.05 1/Angstrom to k = 14."""
    k = np.arange(2.9, 14.0, 0.05)
    return e0_ev + np.concatenate([np.arange(-200.0, -25.0, 5.0), np.arange(-25.0, 31.0, 0.5), k**2 / 0.2624682917])
