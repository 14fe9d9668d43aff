"""S(Q), F(Q), G(r) of a sample from the pair distributions of its phases.

Symbols: Q = 4 pi sin(theta) / lambda (1/A); f_a(Q) form factor of the neutral atom (Waasmaier and Kirfel, Acta Cryst.
A 51 (1995) 416, from xraydb; no resonant term); <f> = sum c_a f_a, <f^2> = sum c_a f_a^2 over the atoms; g_ab(r) - 1
and rho0 as in `scattering_pairs`; D diameter of the coherent domain (A).

    w_ab(Q) = c_a c_b f_a f_b / <f>^2                                         (twice for a != b)
    F_ab(Q) = 4 pi rho0 int r e(r) (g_ab(r) - 1) sin(Qr) dr
    F(Q) = Q (S(Q) - 1) = sum w_ab(Q) F_ab(Q)                                 S(Q) after Faber and Ziman
    G(r) = 2/pi int_0^Qmax F(Q) sin(Qr) dQ

This is the Debye sum, arranged by distance. Only (g - 1) is summed, so that neither shape nor surface of the grains
scatters at small angles. The envelope of a crystalline domain is that of a sphere (PDFgui's `spdiameter`),
e(r) = 1 - 3/2 (r/D) + 1/2 (r/D)^3 for r < D, on all correlations; a glass has e = 1. Phases of one composition mix as
F = sum x F. Without termination (Qmax infinite) weights that depend on Q have no place: there w_ab(Q = 0) is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.scattering_pairs import R_MAX_ANG, STEP_ANG, Pairs, Phase, pair_keys, r_grid

Array = npt.NDArray[np.float64]

POINTS = 2**15  # of the sine transform: dQ = pi / (POINTS * STEP_ANG) = 0.00959 1/A
Q_MAX_INV_ANG = 32.0
FADE_ANG = 20.0  # the sum over distances ends at 150 A in a cosine of this length


@dataclass(frozen=True)
class Curves:
    """What X-rays see of one sample."""

    fractions: dict[str, float]
    rho0_inv_ang3: float
    excess: Pairs  # rho0 e(r) (g_ab - 1) in 1/A^3, summed over the phases
    q_inv_ang: Array  # dQ, 2 dQ ... 32 1/A
    f_inv_ang: Array  # F(Q)

    @property
    def coherent(self) -> Array:
        """<f^2> + <f>^2 (S - 1), electron units per atom."""
        mean, square = averages(self.fractions, self.q_inv_ang)
        return square + mean**2 * self.f_inv_ang / self.q_inv_ang


def form_factor(element: str, q_inv_ang: Array) -> Array:
    """f(Q) of the neutral atom in electrons."""
    import xraydb

    return np.asarray(xraydb.f0(element, np.atleast_1d(q_inv_ang) / (4.0 * np.pi)), float)


def averages(fractions: dict[str, float], q_inv_ang: Array) -> tuple[Array, Array]:
    """<f> and <f^2> over the atoms."""
    f = {name: form_factor(name, q_inv_ang) for name in fractions}
    mean = sum((share * f[name] for name, share in fractions.items()), np.zeros(len(q_inv_ang)))
    square = sum((share * f[name] ** 2 for name, share in fractions.items()), np.zeros(len(q_inv_ang)))
    return mean, square


def weights(fractions: dict[str, float], q_inv_ang: Array) -> Pairs:
    """Faber-Ziman weight of each pair of elements at each Q; they sum to 1."""
    mean, _ = averages(fractions, q_inv_ang)
    f = {name: form_factor(name, q_inv_ang) for name in fractions}
    keys = pair_keys(list(fractions))
    return {(a, b): (1.0 + (a != b)) * fractions[a] * fractions[b] * f[a] * f[b] / mean**2 for a, b in keys}


def sphere(r_ang: Array, diameter_ang: float) -> Array:
    """Share of the pairs at distance r that both lie within a sphere."""
    x = np.minimum(r_ang / diameter_ang, 1.0)
    return 1.0 - 1.5 * x + 0.5 * x**3


def mix(parts: list[tuple[float, Phase, float | None]]) -> Curves:
    """Curves of a mixture: (fraction of the atoms, phase, diameter of its domains or None) of each phase."""
    from scipy.fft import dst

    r = r_grid()
    fractions = parts[0][1].fractions
    fade = 0.5 + 0.5 * np.cos(np.pi * np.clip((r - R_MAX_ANG + FADE_ANG) / FADE_ANG, 0.0, 1.0))
    excess = {key: np.zeros(len(r)) for key in pair_keys(list(fractions))}
    for share, phase, diameter in parts:
        envelope = fade if diameter is None else fade * sphere(r, diameter)
        for key, value in phase.excess.items():
            excess[key] += share * phase.rho0_inv_ang3 * envelope * value
    q = np.arange(1, POINTS, dtype=np.float64) * (np.pi / (POINTS * STEP_ANG))
    kept = q <= Q_MAX_INV_ANG
    total = np.zeros(int(kept.sum()))
    for key, weight in weights(fractions, q[kept]).items():
        padded = np.zeros(POINTS - 1)
        padded[: len(r) - 1] = (r * excess[key])[1:]
        total += weight * (2.0 * np.pi * STEP_ANG) * dst(padded, type=1)[kept]  # dst carries a factor of 2
    rho0 = sum(share * phase.rho0_inv_ang3 for share, phase, _ in parts)
    return Curves(fractions, rho0, excess, q[kept], total)


def g_of_r(f_inv_ang: Array, q_min_inv_ang: float, q_max_inv_ang: float) -> Array:
    """G(r) in 1/A^2 on `r_grid` from F(Q) on the points of `Curves`, to Qmax, no window; below Qmin F is a line to 0.

    The points of F and of r are those of one sine transform, so that this is the trapezoidal rule.
    """
    from scipy.fft import dst

    step = np.pi / (POINTS * STEP_ANG)
    first, last = int(np.ceil(q_min_inv_ang / step)), int(q_max_inv_ang / step)
    padded = np.zeros(POINTS - 1)
    padded[:last] = f_inv_ang[:last]
    if first > 1:
        padded[:first] = f_inv_ang[first - 1] * np.arange(1, first + 1) / first
    padded[last - 1] *= 0.5
    return np.append(0.0, dst(padded, type=1)[: len(r_grid()) - 1]) * step / np.pi


def g_unterminated(curves: Curves) -> Array:
    """G(r) = 4 pi r rho0 sum w_ab(0) (g_ab - 1) in 1/A^2 on `r_grid`: the pair distribution, at infinite Qmax."""
    flat = weights(curves.fractions, np.zeros(1))
    total = sum((float(flat[key][0]) * value for key, value in curves.excess.items()), np.zeros(len(r_grid())))
    return 4.0 * np.pi * r_grid() * total
