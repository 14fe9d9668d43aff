"""Time of one spectrum from mu(E) to chi(R) and a wavelet map, in a warm process: ntcspec, plain larch, rexafs.

    OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1 python benchmarks/exafs_chain.py

ntcspec does more: it merges, checks, propagates the covariance of chi(k), and its metrics carry uncertainties. Best of
20, as other work on the machine can only add time. Ratios are the point, not milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import rexafs
from larch import Group
from larch.xafs import autobk, cauchy_wavelet, pre_edge, xftf

from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.xas.features import measure_exafs
from ntcspec.xas.fourier import transform_exafs
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


def best(call: Callable[[], object], repeats: int = 20) -> float:
    """Shortest time of a call, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def main() -> None:
    energy, mu = spectrum()
    scans = scan(energy, mu)

    def plain_larch() -> None:
        group = Group(energy=energy.copy(), mu=mu.copy())
        pre_edge(group, e0=E0, pre1=-150, pre2=-50, norm1=100, norm2=650, nnorm=2)
        autobk(group, rbkg=1.0, kweight=2)
        xftf(group, kmin=3, kmax=12, dk=1, window="hanning", kweight=2)
        cauchy_wavelet(group, kweight=2, rmax_out=6)

    def ours(variants: dict[str, list[float]], metrics: bool) -> None:
        reduced = reduce_exafs(scans, edge_energy_ev=E0, e0_ev=E0, systematic=variants)
        transformed = transform_exafs(reduced, **TRANSFORM)
        wavelet_map = wavelet_exafs(transformed, family="cauchy", order=50)
        if metrics:
            box = {"lobe": {"k": [4, 10], "r": [1.3, 2.6]}}
            measure_exafs(
                reduced, transformed, wavelet_map, reduce={"rbkg_ang": 1.0}, transform=TRANSFORM,
                wavelet={"family": "cauchy", "order": 50}, windows={"shell": [1.3, 2.6]}, boxes=box,
                systematic={"kmin_shift_inv_ang": [-0.5, 0.5]},
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

    larch = best(plain_larch)
    chain = best(lambda: ours({}, False))
    other = best(rust)
    full = best(lambda: ours({"e0_shift_ev": [-1, 1], "rbkg_shift_ang": [-0.1, 0.1]}, True))
    print(f"larch: pre_edge, autobk, xftf, cauchy_wavelet     {larch:6.1f} ms   1.0")
    print(f"rexafs: normalise, autobk, FT, no wavelet         {other:6.1f} ms   {other / larch:.2f}")
    print(f"ntcspec: reduce, transform, wavelet               {chain:6.1f} ms   {chain / larch:.1f}")
    print(f"ntcspec: the same, 4 variants, all metrics        {full:6.1f} ms   {full / larch:.1f}")


if __name__ == "__main__":
    main()
