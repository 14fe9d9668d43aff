"""Line of the central transition of a half-integer spin: powder, static or spinning at any rate and angle.

Symbols: I spin, nu0 Larmor frequency, CQ = e2qQ/h, eta asymmetry, PQ = CQ sqrt(1 + eta^2/3), nu_r spinning rate,
theta angle between rotor and field (all frequencies Hz), V field gradient with principal values (-(1 - eta)/2,
-(1 + eta)/2, 1) and spherical components V_2m, alpha and beta: where the rotor axis stands in its principal axes.

Second order of the quadrupolar coupling H = K sum_q (-1)^q T_2q V_2,-q with K = CQ / (2I (2I - 1)), on level m:

    E_m = (K^2/nu0) { |V_21|^2 [t1(m) - t1(-m)] + |V_22|^2 [t2(m) - t2(-m)] / 2 },
    t1(m) = (2m + 1)^2 (J - m(m + 1)) / 4,  t2(m) = (J - m(m + 1)) (J - (m + 1)(m + 2)) / 4,  J = I(I + 1),
    |V_21|^2 = |V b|^2 - (b V b)^2,  |V_22|^2 = tr V^2 / 2 - 3/4 (b V b)^2 - |V_21|^2,  b direction of the field,

and the central transition stands at nu = E_-1/2 - E_1/2 from its isotropic shift. The first order leaves it alone. For
I = 3/2 its mean over all orientations is -PQ^2 / (40 nu0): delta_QIS = -25000 (PQ/nu0)^2 ppm. An anisotropic shift adds
its own b V b times zeta, along the same principal axes. Of the satellites only the centreband is made: their first
order spreads the rest over sidebands far away.

Order of steps:
1. orientations on one octant (all tensors share their axes): an octahedral face cut into triangles, weights by solid
   angle (Alderman, Solum and Grant);
2. the frequency nu(t) over a turn of the rotor. It has harmonics up to the fourth, c_n, so few times give all of them;
3. phase 2 pi int (nu - c_0) dt; the Fourier components f_n of exp(i phase) give the sideband at c_0 + n nu_r its
   share |f_n|^2: the average over the third angle is exact, as frequencies at all times commute. Fast spinning
   (nu_r infinite): f_0 = 1 alone, and c_0 is the closed form of Freude and Haase. Static: c_0 alone with theta = 0;
4. each triangle is spread over the frequencies between its corners (`tent`), so that a few hundred orientations make a
   smooth line. What falls beyond the axis is lost, as behind the filter of a receiver.

Sources: A. Samoson, E. Kundla, E. Lippmaa, J. Magn. Reson. 49, 350 (1982); D. Freude, J. Haase, NMR Basic Princ. Prog.
29, 1 (1993); D. W. Alderman, M. S. Solum, D. M. Grant, J. Chem. Phys. 84, 3717 (1986); gamma average: M. Eden,
M. H. Levitt, J. Chem. Phys. 111, 1511 (1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import acos, cos, inf, isinf, sqrt

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

MAGIC_RAD = acos(1.0 / sqrt(3.0))
HARMONICS = 4
FEWEST_TIMES, MOST_TIMES = 16, 1024
NEGLIGIBLE = 1e-5  # share of a sideband that is left out
PAD = 2  # bins on either side, cut off at the end
SHARPEST, NARROW = 1e-2, 0.1  # narrowest flank, and narrowest tent that is not taken for a point, in bins
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Coupling:
    """CQ (Hz) and eta; zeta_hz and zeta_eta: anisotropy of the shift (largest principal value less the mean, high
    frequency positive, Hz) and its asymmetry, with the axes of the field gradient."""

    cq_hz: float
    eta: float
    zeta_hz: float = 0.0
    zeta_eta: float = 0.0


@dataclass(frozen=True)
class Octant:
    """Corners (alpha, beta), weights of the triangles (sum 1), numbers of their corners, shape (3, triangles)."""

    alpha: Array
    beta: Array
    weight: Array
    corners: Integers


@lru_cache(maxsize=8)
def octant(cuts: int) -> Octant:
    """One face of the octahedron, each edge cut into `cuts`: cuts^2 triangles."""
    number = {(i, j): k for k, (i, j) in enumerate((i, j) for i in range(cuts + 1) for j in range(cuts + 1 - i))}
    i, j = np.array(list(number)).T
    xyz = np.array([i, j, cuts - i - j], dtype=float)
    up = [(number[a, b], number[a + 1, b], number[a, b + 1]) for a, b in number if a + b < cuts]
    down = [(number[a + 1, b], number[a, b + 1], number[a + 1, b + 1]) for a, b in number if a + b < cuts - 1]
    corners = np.array(up + down).T
    unit = xyz / np.linalg.norm(xyz, axis=0)
    a, b, c = (unit[:, k] for k in corners)
    triple = np.abs(np.einsum("ij,ij->j", a, np.cross(b, c, axis=0)))
    dots = 1.0 + (a * b).sum(axis=0) + (b * c).sum(axis=0) + (a * c).sum(axis=0)
    weight = 2.0 * np.arctan2(triple, dots)  # solid angle, A. van Oosterom, J. Strackee (1983)
    return Octant(np.arctan2(unit[1], unit[0]), np.arccos(np.clip(unit[2], -1, 1)), weight / weight.sum(), corners)


def level_factors(spin: float, level: float = 0.5) -> tuple[float, float]:
    """Factors of |V_21|^2 and |V_22|^2 in E_(m - 1) - E_m, m = `level`, in units of CQ^2/nu0.

    level 1/2: the central transition, 3/2: the inner satellites (both have the same).
    Raises ValueError for a spin that has no central transition with quadrupolar coupling.
    """
    if spin < 1.5 or (2.0 * spin) % 2 != 1:
        raise ValueError(f"spin {spin:g}: the central transition needs 3/2, 5/2, 7/2 or 9/2")
    j = spin * (spin + 1.0)

    def one(m: float) -> float:
        up, down = (2.0 * m + 1.0) ** 2 * (j - m * (m + 1.0)), (2.0 * m - 1.0) ** 2 * (j - m * (m - 1.0))
        return (up - down) / 4.0

    def two(m: float) -> float:
        up, down = (j - m * (m + 1.0)) * (j - (m + 1.0) * (m + 2.0)), (j - m * (m - 1.0)) * (j - (m - 1.0) * (m - 2.0))
        return (up - down) / 8.0

    scale = (1.0 / (2.0 * spin * (2.0 * spin - 1.0))) ** 2
    return scale * (one(level - 1.0) - one(level)), scale * (two(level - 1.0) - two(level))


def quadrupole_shift_ppm(pq_hz: float, nu0_hz: float, spin: float = 1.5) -> float:
    """delta_QIS, mean shift of the central transition by the second order: -25000 (PQ/nu0)^2 ppm for spin 3/2."""
    factor = (spin * (spin + 1.0) - 0.75) / (spin * (2.0 * spin - 1.0)) ** 2
    return -3.0e6 / 40.0 * factor * (pq_hz / nu0_hz) ** 2


def harmonics(coupling: Coupling, nu0_hz: float, spin: float, points: Octant, theta_rad: float) -> Complex:
    """Harmonics c_0 ... c_4 of nu(t) (Hz) of the central transition for each orientation, (5, points)."""
    turns = np.arange(2 * HARMONICS + 2) / (2.0 * HARMONICS + 2.0)
    field = _field(points, theta_rad, turns)
    along, square, trace = _seen(field, _principal(coupling.eta))
    v1 = square - along**2
    v2 = 0.5 * trace - 0.75 * along**2 - v1
    one, two = level_factors(spin)
    frequency = coupling.cq_hz**2 / nu0_hz * (one * v1 + two * v2)
    if coupling.zeta_hz:
        frequency = frequency + coupling.zeta_hz * _seen(field, _principal(coupling.zeta_eta))[0]
    return np.fft.fft(frequency, axis=0)[: HARMONICS + 1] / turns.size


def satellite_centreband(
    coupling: Coupling, nu0_hz: float, spinning_hz: float, spin: float, points: Octant
) -> tuple[Array, Array]:
    """Frequency (Hz) and share of the centreband of the inner satellites at the magic angle, each (points,).

    The share is |f_0|^2 by the first order, 3 CQ / (2I (2I - 1)) b V b. Where CQ is so large that more than
    `MOST_TIMES` times would be needed, it is taken from a smaller one: it falls as 1/CQ. None of it is left where the
    sample does not spin, all of it where it spins infinitely fast.
    """
    turns = np.arange(2 * HARMONICS + 2) / (2.0 * HARMONICS + 2.0)
    along, square, trace = _seen(_field(points, MAGIC_RAD, turns), _principal(coupling.eta))
    v1 = square - along**2
    one, two = level_factors(spin, 1.5)
    c0 = coupling.cq_hz**2 / nu0_hz * (one * v1 + two * (0.5 * trace - 0.75 * along**2 - v1)).mean(axis=0)
    if isinf(spinning_hz):
        return c0, np.ones(c0.size)
    if spinning_hz == 0.0:
        return c0, np.zeros(c0.size)
    first = 3.0 * abs(coupling.cq_hz) / (2.0 * spin * (2.0 * spin - 1.0))
    used = min(first, spinning_hz * MOST_TIMES / 8.0)
    wave = used * np.fft.fft(along, axis=0)[: HARMONICS + 1] / turns.size
    share = np.abs(np.exp(1j * _phase(wave, spinning_hz)).mean(axis=0)) ** 2
    return c0, share * (used / first if first else 1.0)


def _principal(eta: float) -> tuple[float, float, float]:
    return (-0.5 + 0.5 * eta, -0.5 - 0.5 * eta, 1.0)


def _field(points: Octant, theta_rad: float, turns: Array) -> Array:
    """Direction of the field in the principal axes, (3, times, points), while the rotor turns about its axis."""
    ca, sa, cb, sb = np.cos(points.alpha), np.sin(points.alpha), np.cos(points.beta), np.sin(points.beta)
    axis, first, second = np.array([[sb * ca, sb * sa, cb], [cb * ca, cb * sa, -sb], [-sa, ca, 0.0 * ca]])
    turn = 2.0 * np.pi * turns[:, None]
    across = first[:, None] * np.cos(turn) + second[:, None] * np.sin(turn)
    return cos(theta_rad) * axis[:, None] + np.sin(theta_rad) * across


def _seen(field: Array, principal: tuple[float, float, float]) -> tuple[Array, Array, float]:
    """b V b, |V b|^2 and tr V^2 of a tensor with these principal values, b the direction of the field."""
    v = np.array(principal)
    squares = field**2
    return np.tensordot(v, squares, 1), np.tensordot(v**2, squares, 1), float(v @ v)


def sidebands(wave: Complex, spinning_hz: float) -> tuple[Array, Array]:
    """Offsets of the sidebands (Hz; m of them) and their shares of each orientation, (m, points), from c_0 ... c_4.

    Shares of an orientation sum to 1. spinning_hz : infinite for the centreband alone, 0 for a static sample.
    """
    if isinf(spinning_hz) or spinning_hz == 0.0:
        return np.zeros(1), np.ones((1, wave.shape[1]))
    phase = _phase(wave, spinning_hz)
    times = phase.shape[0]
    shares = np.abs(np.fft.fft(np.exp(1j * phase), axis=0) / times) ** 2
    strong = shares.max(axis=1) > NEGLIGIBLE
    orders = np.fft.fftfreq(times, 1.0 / times)
    return orders[strong] * spinning_hz, shares[strong]


def _phase(wave: Complex, spinning_hz: float) -> Array:
    """2 pi int (nu - c_0) dt over a turn, (times, points), at as many times as the sidebands need."""
    reach = float(np.abs(wave[1:]).sum(axis=0).max()) / spinning_hz
    times = int(np.clip(2 ** np.ceil(np.log2(8.0 + 6.0 * reach)), FEWEST_TIMES, MOST_TIMES))
    n = np.arange(1, HARMONICS + 1)
    turn = np.exp(2j * np.pi * np.outer(np.arange(times) / times, n)) / (1j * n * spinning_hz)
    return 2.0 * (turn @ wave[1:]).real


def tents(position: Array, share: Array, points: Octant, count: int, *, hats: bool = False) -> Array:
    """What falls into each of `count` bins, from position (in bins, 0 the middle of the first) and share, (m, points).

    The frequency is taken as linear over a triangle: its density is a tent between its corners, three ramps. Bins are
    boxes (k - 1/2 to k + 1/2: a histogram), or with `hats` overlap as hats from k - 1 to k + 1: a line narrower than a
    bin then keeps its place (`decay.decay_of` takes the hats out). The integrals over bins are exact: a ramp has the
    second difference of a B-spline, so each ramp is a few numbers, however wide, and two cumulative sums at the end
    make all tents. Very narrow ones are points, as the sums would lose their digits. What lies outside is left out.
    """
    corner = np.sort(position[:, points.corners] + PAD, axis=1)
    weight = points.weight * share[:, points.corners].mean(axis=1)
    low, middle, high = (corner[:, i].ravel() for i in range(3))
    keep = (high > 0.0) & (low < count + 2 * PAD) & (weight.ravel() > 0.0)
    low, middle, high, area = low[keep], middle[keep], high[keep], weight.ravel()[keep]
    narrow = high - low < NARROW
    sharp = _points((low + middle + high)[narrow] / 3.0, area[narrow], count + 2 * PAD, hats)
    low, middle, high, area = low[~narrow], middle[~narrow], high[~narrow], area[~narrow]
    middle = np.maximum(middle, low + SHARPEST)
    high = np.maximum(high, middle + SHARPEST)
    top = 2.0 * area / (high - low)
    up, down = top / (middle - low), top / (high - middle)
    second = np.zeros(count + 2 * PAD + 4)
    for at, slope in ((low, up), (middle, -up - down), (high, down)):
        _ramp(second, at, slope, count + 2 * PAD, hats)
    return (np.cumsum(np.cumsum(second))[: sharp.size] + sharp)[PAD : PAD + count]


def _points(at: Array, weight: Array, count: int, hats: bool) -> Array:
    """Weights that stand at one place each."""
    bin_of = np.floor(at if hats else at + 0.5).astype(np.int64)
    part = at - bin_of if hats else np.zeros(at.size)
    found = np.zeros(count)
    for k, share in ((bin_of, weight * (1.0 - part)), (bin_of + 1, weight * part)):
        inside = (k >= 0) & (k < count)
        found += np.bincount(k[inside], share[inside], count)
    return found


def _ramp(second: Array, at: Array, slope: Array, count: int, hats: bool) -> None:
    """Add second differences of the integrals over bins of slope * max(x - at, 0)."""
    inside = (at >= 0.0) & (at < count)
    a = slope[inside]
    x = at[inside] if hats else at[inside] + 0.5
    bin_of = x.astype(np.int64)
    u = x - bin_of
    taps: tuple[Array, ...]
    if hats:
        taps = ((1.0 - u) ** 3 / 6.0, 2.0 / 3.0 - u**2 + u**3 / 2.0, (1.0 + 3.0 * (u + u**2 - u**3)) / 6.0, u**3 / 6.0)
    else:
        taps = (0.5 * (1.0 - u) ** 2, 0.5 + u - u**2, 0.5 * u**2)
    for k, tap in enumerate(taps):
        second += np.bincount(bin_of + k, a * tap, second.size)
    x, a = at[at < 0.0], slope[at < 0.0]
    start = float(-a @ x)  # from the left of the bins a straight line comes in
    second[0] += start
    second[1] += float(a.sum()) - start


@dataclass(frozen=True)
class Axis:
    """Frequencies (Hz) from the isotropic shift 0: bin k stands for (k - count/2) width / count. nu0_hz: Larmor."""

    count: int
    width_hz: float
    nu0_hz: float
    spinning_hz: float = inf
    theta_rad: float = MAGIC_RAD

    @property
    def step_hz(self) -> float:
        """Distance of two bins."""
        return self.width_hz / self.count

    @property
    def frequency_hz(self) -> Array:
        """Middle of each bin."""
        return np.asarray((np.arange(self.count) - self.count // 2) * self.step_hz)


def line(axis: Axis, coupling: Coupling, spin: float = 1.5, cuts: int = 24) -> Array:
    """The powder line of a site on the axis, (count,); it sums to 1 where all of it falls on the axis.

    cuts : of an edge of the octant; the orientations number about cuts^2 / 2.
    Raises ValueError for a spin without central transition.
    """
    static = axis.spinning_hz == 0.0
    points = octant(cuts)
    wave = harmonics(coupling, axis.nu0_hz, spin, points, 0.0 if static else axis.theta_rad)
    return powder(axis, wave, points)


def powder(axis: Axis, wave: Complex, points: Octant, *, hats: bool = False) -> Array:
    """The line from the harmonics c_0 ... c_4 of each orientation, (count,); bins as in `tents`."""
    offset, share = sidebands(wave, axis.spinning_hz)
    return tents(
        (wave[0].real + offset[:, None]) / axis.step_hz + axis.count // 2, share, points, axis.count, hats=hats
    )
