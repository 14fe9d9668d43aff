"""Time of one spectrum from mu(E) to chi(R) and a wavelet map, in a warm process: ntcspec, plain larch, rexafs.

    OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1 python benchmarks/exafs_chain.py

ntcspec does more: it merges, checks, propagates the covariance of chi(k), and its metrics carry uncertainties. The last
line is the whole of a sample, from a file on disk to metrics, with the systematic variants and peaks of the default
study. Best of 20, in turn, as other work on the machine can only add time. Ratios are the point, not milliseconds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rexafs
from larch import Group
from larch.xafs import autobk, cauchy_wavelet, pre_edge, xftf

from ntcspec.config.exafs import MeasureVariants, ReduceVariants
from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.xas.features import measure_exafs
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.raw import ingest_files
from ntcspec.xas.reduce import reduce_exafs
from ntcspec.xas.wavelet import wavelet_exafs

E0, ETOK = 9881.0, 0.2624682917
TRANSFORM = {"kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning"}


def spectrum() -> tuple[np.ndarray, np.ndarray]:
    """Energy and mu of one shell on an arctan edge."""
    offset = np.concatenate(
        [np.arange(-200, -20, 5.0), np.arange(-20, 30, 0.5), np.arange(2.8, 13.5, 0.05) ** 2 / ETOK]
    )
    k = np.sqrt(np.maximum(offset, 1.0) * ETOK)
    chi = np.where(offset > 5, 0.8 * np.sin(3.9 * k) * np.exp(-0.01 * k**2) / k, 0.0)
    return E0 + offset, 0.4 - 2e-4 * offset + (0.5 + np.arctan(offset / 2) / np.pi) * (1 + chi)


def scan(energy: np.ndarray, mu: np.ndarray) -> XasScans:
    """The spectrum as `ingest` hands it on."""
    columns = (Column("energy", "eV", energy), Column("mu", "", mu))
    channel = Channel("transmission", "direct", ("mu",), "", "made up")
    rows = np.arange(energy.size)
    one = XasScan("made up", "", "", "", energy, rows, columns, (channel,), "", "Ta", "L3", (), "")
    return XasScans((one,))


def written(folder: Path, energy: np.ndarray, mu: np.ndarray) -> Path:
    """The spectrum as a file of XDI."""
    path = folder / "made_up.xdi"
    head = ["# XDI/1.0", "# Column.1: energy eV", "# Column.2: i0", "# Column.3: itrans", "# Element.symbol: Ta",
            "# Element.edge: L3", "#----"]  # fmt: skip
    rows = [f"{e:.4f} 100000.0 {1e5 * np.exp(-m):.6f}" for e, m in zip(energy, mu, strict=True)]
    path.write_text("\n".join([*head, *rows, ""]))
    return path


def best(*calls: Callable[[], object], repeats: int = 20) -> list[float]:
    """Shortest time of each call, ms; they take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repeats):
        for call, mine in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            mine.append(time.perf_counter() - start)
    return [1e3 * min(mine) for mine in times]


def main() -> None:
    energy, mu = spectrum()
    scans = scan(energy, mu)
    folder = tempfile.TemporaryDirectory()
    path = written(Path(folder.name), energy, mu)

    def plain_larch() -> None:
        group = Group(energy=energy.copy(), mu=mu.copy())
        pre_edge(group, e0=E0, pre1=-150, pre2=-50, norm1=100, norm2=650, nnorm=2)
        autobk(group, rbkg=1.0, kweight=2)
        xftf(group, kmin=3, kmax=12, dk=1, window="hanning", kweight=2)
        cauchy_wavelet(group, kweight=2, rmax_out=6)

    def reduced_by(taken: XasScans, variants: dict[str, object]) -> tuple:
        reduced = reduce_exafs(taken, edge_energy_ev=E0, e0_ev=E0, systematic=variants)  # type: ignore[arg-type]
        transformed = transform_exafs(reduced, **TRANSFORM)  # type: ignore[arg-type]
        return reduced, transformed, wavelet_exafs(transformed, family="cauchy", order=50)

    def chain() -> None:
        reduced_by(scans, {})

    def whole() -> None:
        taken = ingest_files(
            [path], [path.name], element="Ta", edge="L3", edge_energy_ev=E0, bad_rows="refuse", columns=None
        )
        box = {"lobe": {"k": [3.0, 8.0], "r": [3.2, 4.6]}}
        measure_exafs(
            *reduced_by(taken, ReduceVariants().model_dump()), reduce={"rbkg_ang": 1.0}, transform=TRANSFORM,
            wavelet={"family": "cauchy", "order": 50}, windows={"first_shell": [1.3, 2.6]}, boxes=box,
            systematic=MeasureVariants().model_dump(),
        )  # fmt: skip

    def rust() -> None:
        one = rexafs.Spectrum(energy.copy(), mu.copy())
        one.set_e0(E0)
        edge = rexafs.PrePostEdge(pre_edge_start=-150.0, pre_edge_end=-50.0, norm_start=100.0, norm_end=650.0, e0=E0)
        one.set_normalization_method(rexafs.NormalizationMethod.PrePostEdge(edge))
        background = rexafs.AUTOBK(ek0=E0, rbkg=1.0, kmin=0.0, kweight=2, clamp_lo=0, clamp_hi=0, window="Hanning")
        one.set_background_method(rexafs.BackgroundMethod.AUTOBK(background))
        one.set_fft(rexafs.XrayFFTF(kmin=3.0, kmax=12.0, dk=1.0, kweight=2, window="Hanning"))
        one.fft()
        if not len(one.chir_mag()):
            raise RuntimeError("rexafs gave no chi(R)")

    larch, rexafs_, plain, everything = best(plain_larch, rust, chain, whole)
    print(f"larch: pre_edge, autobk, xftf, cauchy_wavelet     {larch:6.2f} ms   1.00")
    print(f"rexafs: normalise, autobk, FT, no wavelet         {rexafs_:6.2f} ms   {rexafs_ / larch:.3f}")
    print(f"ntcspec: reduce, transform, wavelet               {plain:6.2f} ms   {plain / larch:.2f}")
    named = f"ntcspec: file to metrics, {variant_count()} variants, all peaks"
    print(f"{named:49} {everything:6.2f} ms   {everything / larch:.2f}")


def variant_count() -> int:
    """Systematic variants of the default study."""
    tables = (ReduceVariants().model_dump(), MeasureVariants().model_dump())
    return sum(len(values) for table in tables for values in table.values())


if __name__ == "__main__":
    main()
