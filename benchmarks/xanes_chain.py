"""Time of one near edge through all stages, in a warm process: ntcspec with 0 and 60 normalisations; plain larch.

    OMP_NUM_THREADS=1 python benchmarks/xanes_chain.py

larch does one normalisation, one smoothed derivative and one peak fit with a fixed number of lines; ntcspec finds five
features, decides between no line, one and two, tries other baselines, and propagates the noise. Best of 20.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from larch import Group
from larch.math import smooth
from larch.xafs import pre_edge, prepeaks_fit, prepeaks_setup
from lmfit.models import GaussianModel, LinearModel, LorentzianModel

from ntcspec.config.xanes import PeakFit
from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.xas.xanes.measure import measure_xanes
from ntcspec.xas.xanes.reduce import reduce_xanes
from ntcspec.xas.xanes.transform import transform_xanes

E0 = 2823.0
CHOICES = {
    "pre1_shift_ev": [0.0, 5.0],
    "pre2_shift_ev": [-3.0, 0.0],
    "norm1_shift_ev": [-5.0, 0.0, 5.0, 10.0, 15.0],
    "norm2_shift_ev": [-20.0, -10.0, 0.0],
}
FEATURES = {
    "a": {"range_ev": (2824.0, 2827.0)},
    "b": {"range_ev": (2827.0, 2830.0)},
    "c": {"range_ev": (2834.0, 2838.0), "smooth_ev": 0.8},
    "d": {"range_ev": (2843.0, 2850.0), "smooth_ev": 0.8},
    "pre": {"range_ev": (2820.5, 2822.8)},
}


def spectrum() -> tuple[np.ndarray, np.ndarray]:
    """Energy and mu: an edge with pre-edge peak, white line and three more features, and white noise."""
    energy = np.concatenate([np.arange(2780, 2817, 1.0), np.arange(2817, 2840, 0.15), np.arange(2840, 2900, 0.75)])

    def line(at: float, height: float, width: float) -> np.ndarray:
        return height * np.exp(-0.5 * ((energy - at) / width) ** 2)

    mu = 0.5 + np.arctan((energy - 2824.0) / 0.7) / np.pi
    mu += line(2821.5, 0.4, 0.45) + line(2825.3, 0.8, 0.9) + line(2828.2, 0.3, 0.8)
    mu += line(2836, 0.12, 2.0) + line(2846, 0.08, 3.0) - line(2831, 0.15, 1.5) - line(2841, 0.1, 2.0)
    return energy, 0.4 - 1e-3 * (energy - E0) + mu + 0.002 * np.random.default_rng(1).standard_normal(energy.size)


def scans_of(energy: np.ndarray, mu: np.ndarray) -> XasScans:
    """The spectrum as `ingest` hands it on."""
    columns = (Column("energy", "eV", energy), Column("mu", "", mu))
    channel = Channel("transmission", "direct", ("mu",), "", "made up")
    rows = np.arange(energy.size)
    one = XasScan("made up", "", "", "", energy, rows, columns, (channel,), "", "Cl", "K", (), "")
    return XasScans((one,))


def best(call: Callable[[], object], repeats: int = 20) -> float:
    """Shortest time of a call, ms."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def by_larch(energy: np.ndarray, mu: np.ndarray) -> None:
    """The same questions asked once, of larch."""
    group = Group(energy=energy.copy(), mu=mu.copy())
    pre_edge(group, e0=E0, pre1=-43, pre2=-8, norm1=25, norm2=75, nnorm=1)
    smooth(group.energy, np.gradient(group.norm, group.energy), sigma=0.25, gamma=0.25, xstep=0.1, form="gaussian")
    prepeaks_setup(group, emin=2815, emax=2823.5, elo=2820.5, ehi=2822.8)
    model = LinearModel(prefix="l_") + LorentzianModel(prefix="e_") + GaussianModel(prefix="p_")
    start = {"l_slope": 0, "l_intercept": 0, "e_center": 2825, "e_sigma": 1.5, "e_amplitude": 4}
    prepeaks_fit(group, model, model.make_params(**start, p_center=2821.6, p_sigma=0.5, p_amplitude=0.4))


def main() -> None:
    energy, mu = spectrum()
    scans = scans_of(energy, mu)
    given = {"range_ev": (2815.0, 2823.5), "peak_range_ev": (2820.5, 2822.8)}
    peaks = {"pre_edge": PeakFit(**given).model_dump()}
    ranges = {"e0_ev": E0, "pre2_ev": -8.0, "norm1_ev": 25.0}
    atom = {"element": "Cl", "edge": "K", "edge_energy_ev": 2822.4, "composition": "NaCl"}
    wanted = {"edge_range_ev": (2816.0, 2828.0), "features": FEATURES, "peaks": peaks, "mixture": None}
    print(f"{energy.size} points, 5 features, 1 peak fit")
    totals = []
    for name, choices in (("nominal", {}), ("60 choices", CHOICES)):
        reduced = reduce_xanes(scans, **atom, **ranges, choices=choices)
        transformed = transform_xanes(reduced, smooth_ev=0.25, standards=())
        stages = {
            "reduce": lambda c=choices: reduce_xanes(scans, **atom, **ranges, choices=c),
            "transform": lambda r=reduced: transform_xanes(r, smooth_ev=0.25, standards=()),
            "measure": lambda r=reduced, t=transformed: measure_xanes(r, t, windows={"w": (2823, 2829)}, **wanted),
        }
        times = {stage: best(call) for stage, call in stages.items()}
        totals.append(sum(times.values()))
        shown = ", ".join(f"{stage} {ms:.1f}" for stage, ms in times.items())
        print(f"  ntcspec, {name:<11} {totals[-1]:7.1f} ms  ({shown}), {len(reduced.primary.choice_names)} choices")
    larch = best(lambda: by_larch(energy, mu))
    print(f"  larch, nominal       {larch:7.1f} ms  (ntcspec nominal / larch: {totals[0] / larch:.2f})")


if __name__ == "__main__":
    main()
