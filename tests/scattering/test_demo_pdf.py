"""From the demo's own model of the beam, without pixels, to its truth: G(r), first peak, order of the series, control.

The patterns here are I(Q) as a perfect integration of the demo's images would give them: coherent and Compton scattering
weakened by the capillary, and the halo of the empty one. G(r) of the truth is that of F(Q) as spread by the instrument.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from patterns import transform

from ntcspec.demo import bxds, find_resources
from ntcspec.demo.scattering import Q_RANGE, Beam, curves, f_seen, g_metrics, phases
from ntcspec.demo.scattering_beam import (
    PACKING,
    WAVELENGTH_ANG,
    Filling,
    absorption,
    compton,
    halo,
    load_compton,
    two_theta,
)
from ntcspec.demo.scattering_curves import Curves, g_of_r
from ntcspec.demo.scattering_pairs import Phase, r_grid
from ntcspec.demo.series import SERIES, Member
from ntcspec.scattering.measure import measure_scattering
from ntcspec.types import Metric
from ntcspec.types.scattering import Part, ScatteringReduced
from ntcspec.types.scattering_pdf import ScatteringTransformed

Q = np.linspace(0.3, 24.6, 1800)
MEMBERS = {m.name: m for m in SERIES if m.name != "NaCl"}
MILLED = ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h")
MOST_COUNTS = 1e7


@dataclass(frozen=True)
class Sample:
    """A sample of the demo: its truth, and what the two normalisations make of its pattern."""

    truth: np.ndarray
    adhoc: ScatteringTransformed
    absolute: ScatteringTransformed

    def metrics(self, which: str) -> dict[str, Metric]:
        m = measure_scattering(
            getattr(self, which), peaks={"first_shell": {"range_ang": (2.0, 2.65), "pair": ("Ta", "Cl")}},
            windows={"bridge": (3.5, 4.0)},
        )  # fmt: skip
        return {metric.name: metric for metric in m.metrics}


@cache
def beam() -> Beam:
    return Beam(find_resources(), bxds.Detector(bxds.Geometry(), 0))


@cache
def known(glass: str) -> dict[str, Phase]:
    return phases(find_resources(), glass)


def pattern(sample: Curves) -> ScatteringReduced:
    """Sample and empty capillary as counted, with the factors that absorption asks for."""
    table, spread = load_compton(find_resources()), beam()
    rings = bxds.spread(np.interp(spread.q, sample.q_inv_ang, sample.coherent))
    total = np.interp(Q, spread.q, np.maximum(rings, 0.0)) + compton(table, sample.fractions, Q)
    filling = Filling(sample.fractions, sample.rho0_inv_ang3, PACKING)
    own, wall = absorption(filling.mu_inv_ang, two_theta(Q))
    behind = halo(table, Q)
    counted = filling.column_inv_ang2 * own * total + wall * behind
    unit = MOST_COUNTS / counted.max()
    counted, behind = unit * counted, unit * behind
    parts = (
        Part("sample", "sample", Q, counted, np.sqrt(counted), 1 / own, 0.0),
        Part("container", "empty", Q, behind, np.sqrt(behind), -wall / own, 0.0),
    )
    intensity = (counted - wall * behind) / own
    return ScatteringReduced(Q, intensity, np.empty(0), parts, WAVELENGTH_ANG, {}, ())


@cache
def sample(name: str, glass: str = "gl4") -> Sample:
    member: Member = MEMBERS[name]
    model = curves(member, known(glass), find_resources())
    formula = "".join(f"{element}{count}" for element, count in member.composition.items())
    given = {"qmin_inv_ang": 0.5, "qmax_inv_ang": 24.0, "qmaxinst_inv_ang": 24.5, "rho0_inv_ang3": model.rho0_inv_ang3}
    of = pattern(model)
    both = [transform(of, formula, normalisation=n, **given) for n in ("adhoc", "absolute")]
    return Sample(g_of_r(f_seen(model, beam()), *Q_RANGE)[:3001], *both)


def rw(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(np.sum((found - wanted) ** 2) / np.sum(wanted**2)))


@pytest.mark.parametrize("name", MEMBERS)
def test_truth_comes_back(name: str) -> None:
    one = sample(name)
    r, used = r_grid()[:3001], slice(100, 3001)  # from 1 A, where PDFgetX3's polynomial ends
    np.testing.assert_allclose(one.absolute.r_ang, r, atol=1e-9)
    assert one.absolute.absolute, one.absolute.verdict
    assert rw(one.absolute.g_r[used], one.truth[used]) < 0.04
    assert rw(one.adhoc.g_r[used] / one.adhoc.scale_bias, one.truth[used]) < 0.10
    assert rw(one.adhoc.g_r[used], one.truth[used]) > 0.15  # the ad hoc scale itself is not absolute
    truth = g_metrics(r, one.truth)
    for which in ("adhoc", "absolute"):
        found = one.metrics(which)
        assert found["first_shell.maximum"].value == pytest.approx(truth["first_peak_ang"], abs=0.02)
        assert found["first_shell.position"].value == pytest.approx(truth["first_peak_ang"], abs=0.02)
    assert one.metrics("absolute")["mid_range.rms"].value == pytest.approx(truth["rms_g_5_20"], abs=0.03)
    assert one.metrics("absolute")["bridge.mean"].value == pytest.approx(truth["mean_g_3p5_4"], abs=0.02)


@pytest.mark.parametrize("which", ["adhoc", "absolute"])
def test_series_is_in_order(which: str) -> None:
    """5 to 20 A fades with the fraction of glass, 3.5 to 4 A rises, beyond 3 standard deviations each."""
    found = [sample(name).metrics(which) for name in MILLED]
    for name, sign in (("mid_range.rms", -1), ("bridge.mean", 1)):
        steps = [(a[name], b[name]) for a, b in pairwise(found)]
        for before, after in steps:
            assert sign * (after.value - before.value) > 3 * np.hypot(before.u_stat, after.u_stat), name


def test_octahedra_have_six_neighbours() -> None:
    found = sample("NTC 40 h").metrics("absolute")["first_shell.coordination"]
    assert found.value == pytest.approx(6.0, abs=0.5)


def test_the_control_glass_fails_the_rise_at_the_bridge() -> None:
    """gl0 has no bridging chlorine: its samples do not have what the bridged glass puts at 3.5 to 4 A."""
    bridged, control = (sample("NTC 40 h", glass).metrics("absolute")["bridge.mean"] for glass in ("gl4", "gl0"))
    start = sample("NTC annealed").metrics("absolute")["bridge.mean"]
    assert bridged.value - control.value > 3 * np.hypot(bridged.u_stat, control.u_stat)
    assert bridged.value - start.value > 0.5
    assert control.value - start.value < 0.1 * (bridged.value - start.value)


def test_fade_over_the_annealed_crystal_is_in_order() -> None:
    """Beside a crystalline standard the scatter of its shells cancels: the decay length falls from sample to sample."""
    standard = sample("NTC annealed").absolute
    lengths = []
    for name in MILLED[1:]:
        m = measure_scattering(
            sample(name).absolute, mid_range_ang=(3.0, 20.0), standards=("annealed",), references={"annealed": standard}
        )
        found = {metric.name: metric for metric in m.metrics}
        lengths.append(found["difference.annealed.decay_length"])
    *ordered, last = lengths  # of the last, nearly all glass, too few bins stand out
    assert [one.value for one in ordered] == sorted((one.value for one in ordered), reverse=True)
    for before, after in pairwise(ordered):
        assert before.value - after.value > 2 * np.hypot(before.u_sys, after.u_sys)
    assert np.isnan(last.value) and "no decay above 3 sigma" in last.reason
