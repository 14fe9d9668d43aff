"""Calibration of the shift axis by silicon, by neon, or by both.

Symbols: s' displayed shift, s true one, nu absolute wavenumber in vacuum, nu_L that of the laser, delta = s - s',
x = (s' - origin) / 1000 cm^-1, c_k coefficients, u standard uncertainty.

    delta(s') = sum c_k x^k

- silicon: one line at 520.45(28) cm^-1, so a constant: delta = 520.45 - s'_Si. It settles the laser and the zero, and
  says nothing on the scale far from it.
- neon: lamp lines at known nu, s = nu_L - nu: a polynomial of the degree asked for, from all lines that match. It
  settles the scale, but the zero only as well as the laser is known: 0.1 nm at 532 nm are 3.5 cm^-1.
- both: the polynomial of neon without its constant, which silicon gives.

Order of steps for neon: peaks (local maxima 10 sigma above their surroundings); the offset that brings most of them
near lines of the table; nearest lines within 4 cm^-1; a line shape is fitted to each; polynomial; a line that is off by
more than 3.5 times the usual scatter, and by 0.3 cm^-1, is left out (a blend, another element); again until none is.

u of the polynomial comes from the scatter of the lines round it, which is that of the spectrometer, not of the fits.
The uncertainty of the reference value (0.28 cm^-1 of silicon, that of the laser) moves all shifts alike and is added. A
spectrometer that stitches windows has an axis that jumps between them, which no polynomial describes: calibrate the
range that is used.

The width of neon lines is that of the instrument. That of silicon holds its natural width as well and is only a limit.

Sources: N. Itoh, N. Shirono, J. Raman Spectrosc. 51, 2496 (2020) (silicon 520.45(28) cm^-1); E. B. Saloman, C. J.
Sansonetti, J. Phys. Chem. Ref. Data 33, 1113 (2004) (Ne I, wavelengths in air); refraction: P. E. Ciddor, Appl. Opt.
35, 1566 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.peaks.fit import Fit
from ntcspec.peaks.model import straight
from ntcspec.peaks.search import fit_lines
from ntcspec.types import Array, Note

SILICON_CM1, SILICON_ERROR_CM1 = 520.45, 0.28
SILICON_RANGE_CM1 = (500.0, 540.0)
NEON_AIR_NM = np.array(
    [533.07775, 534.10938, 540.05618, 565.66588, 568.98163, 574.82985, 576.44188, 582.01558, 585.24879, 588.18950,
     594.48342, 597.55340, 602.99969, 607.43377, 609.61631, 614.30626, 616.35939, 621.72812, 626.64950, 630.47890,
     633.44278, 638.29917, 640.22460, 650.65281, 653.28822, 659.89529, 667.82762, 671.70430, 692.94673, 702.40504,
     703.24131, 705.91074, 717.39381, 724.51666, 743.88984, 748.88712, 753.57739, 754.40439, 783.90550, 792.71170,
     793.69960, 794.31810, 808.24580, 811.85490, 812.89110, 813.64060, 825.93790, 826.60770, 830.03260, 836.57470,
     837.76080, 841.84270, 846.33580, 849.53600, 859.12580, 863.46470, 865.43830, 870.41120, 878.37530, 885.38670]
)  # fmt: skip
LASER_ERROR_NM = 0.1  # what a nominal laser line may be off by
STRONG = 10.0  # sigma, of a lamp line
NEAR_CM1, MATCH_CM1, LARGEST_OFFSET_CM1 = 1.5, 4.0, 15.0
OUTLIER, OUTLIER_CM1 = 3.5, 0.3
FITTED_WIDTHS = 4.0  # half range of a line fit, in widths
FEWEST_WIDTH = 3  # lines that tell the width of the instrument


@dataclass(frozen=True)
class Line:
    """One line as displayed, with its standard uncertainties."""

    shift_cm1: float
    error_cm1: float
    fwhm_cm1: float
    fwhm_error_cm1: float


@dataclass(frozen=True)
class Calibration:
    """delta = polynomial of coefficients in x, and what it rests on."""

    method: str
    coefficients: Array
    covariance: Array
    origin_cm1: float
    common_error_cm1: float  # of all shifts alike: reference value, laser
    displayed_cm1: Array  # the lines that it rests on
    true_cm1: Array
    instrument_fwhm_cm1: float  # NaN where unknown
    instrument_fwhm_error_cm1: float
    notes: tuple[Note, ...]

    def apply(self, shift_cm1: Array) -> tuple[Array, Array]:
        """True shift and its standard uncertainty, at displayed shifts."""
        powers = _powers(shift_cm1, self.origin_cm1, self.coefficients.size)
        variance = np.einsum("ik,kl,il->i", powers, self.covariance, powers) + self.common_error_cm1**2
        return shift_cm1 + powers @ self.coefficients, np.sqrt(variance)


def calibrate_silicon(shift_cm1: Array, intensity: Array, sigma: Array) -> Calibration:
    """A constant, from the spectrum of silicon; arrays of shape (points,).

    Raises UserError where there is no silicon line between 500 and 540 cm^-1.
    """
    found = _silicon_line(shift_cm1, intensity, sigma)
    offset = SILICON_CM1 - found.shift_cm1
    note = (
        f"silicon at {found.shift_cm1:.2f} +- {found.error_cm1:.2f} 1/cm, {found.fwhm_cm1:.2f} wide: "
        f"{offset:+.2f} 1/cm added to all shifts"
    )
    return Calibration(
        method=f"silicon {SILICON_CM1}({round(100 * SILICON_ERROR_CM1)}) 1/cm: offset",
        coefficients=np.array([offset]),
        covariance=np.array([[found.error_cm1**2]]),
        origin_cm1=SILICON_CM1,
        common_error_cm1=SILICON_ERROR_CM1,
        displayed_cm1=np.array([found.shift_cm1]),
        true_cm1=np.array([SILICON_CM1]),
        instrument_fwhm_cm1=float("nan"),
        instrument_fwhm_error_cm1=float("nan"),
        notes=(note,),
    )


def calibrate_neon(
    shift_cm1: Array,
    intensity: Array,
    sigma: Array,
    *,
    laser_nm: float,
    laser_error_nm: float = LASER_ERROR_NM,
    degree: int = 1,
) -> Calibration:
    """A polynomial from the spectrum of a neon lamp; arrays of shape (points,), laser wavelength in air.

    Raises UserError without a laser, and where fewer than degree + 2 lines match.
    """
    if not np.isfinite(laser_nm):
        raise UserError(
            "reduce.calibrate.neon", "the laser wavelength is not known", "give ingest.laser_nm, e.g. 532.05"
        )
    nu_laser = float(vacuum_wavenumber(laser_nm))
    table = nu_laser - vacuum_wavenumber(NEON_AIR_NM)
    peaks = _strong_peaks(shift_cm1, intensity, sigma)
    lines, true = _matched(shift_cm1, intensity, sigma, peaks, table)
    if len(lines) < degree + 2:
        what = f"{len(lines)} lines of neon were found between {shift_cm1[0]:.0f} and {shift_cm1[-1]:.0f} 1/cm"
        raise UserError(
            "reduce.calibrate.neon", what, f"degree {degree} needs {degree + 2}: lower neon_degree, or check laser_nm"
        )
    displayed = np.array([line.shift_cm1 for line in lines])
    origin = float(displayed.mean())
    good = _without_outliers(displayed, true, origin, degree)
    coefficients, covariance, scatter = _polynomial(displayed[good], true[good], origin, degree)
    width, width_error = _width([line for line, keep in zip(lines, good, strict=True) if keep])
    laser_error = abs(float(vacuum_wavenumber(laser_nm + laser_error_nm)) - nu_laser)
    notes = (
        f"neon: {int(good.sum())} lines, polynomial of degree {degree}, scatter {scatter:.2f} 1/cm, "
        f"laser {laser_nm:g} +- {laser_error_nm:g} nm is {laser_error:.2f} 1/cm on all shifts",
        *(f"neon: {len(lines) - int(good.sum())} lines did not fit and were left out" for _ in [0] if not good.all()),
    )
    return Calibration(
        method=f"neon, {int(good.sum())} lines, degree {degree}",
        coefficients=coefficients,
        covariance=covariance,
        origin_cm1=origin,
        common_error_cm1=laser_error,
        displayed_cm1=displayed[good],
        true_cm1=true[good],
        instrument_fwhm_cm1=width,
        instrument_fwhm_error_cm1=width_error,
        notes=notes,
    )


def combine(neon: Calibration, silicon: Calibration) -> Calibration:
    """The scale of neon with the zero of silicon."""
    at = silicon.displayed_cm1
    powers = _powers(at, neon.origin_cm1, neon.coefficients.size)[0]
    coefficients = neon.coefficients.copy()
    coefficients[0] += float(SILICON_CM1 - at[0] - powers @ neon.coefficients)
    # about the silicon line the constant is that of silicon alone; the slope keeps its uncertainty
    turn = np.eye(coefficients.size)
    turn[0] = -powers
    turn[0, 0] = 0.0
    covariance = turn @ neon.covariance @ turn.T
    covariance[0, 0] += silicon.covariance[0, 0]
    return Calibration(
        method=f"{neon.method}; zero from {silicon.method.removesuffix(': offset')}",
        coefficients=coefficients,
        covariance=covariance,
        origin_cm1=neon.origin_cm1,
        common_error_cm1=silicon.common_error_cm1,
        displayed_cm1=np.append(neon.displayed_cm1, at),
        true_cm1=np.append(neon.true_cm1, SILICON_CM1),
        instrument_fwhm_cm1=neon.instrument_fwhm_cm1,
        instrument_fwhm_error_cm1=neon.instrument_fwhm_error_cm1,
        notes=(*neon.notes, *silicon.notes),
    )


def vacuum_wavenumber(air_nm: float | Array) -> Array:
    """Wavenumber in vacuum (cm^-1) of a wavelength in standard air (nm); Ciddor (1996), 15 C, 101325 Pa."""
    k2 = (1e3 / np.asarray(air_nm)) ** 2  # 1/um^2; that in air for that in vacuum changes n by 1e-9
    n = 1.0 + 1e-8 * (5792105.0 / (238.0185 - k2) + 167917.0 / (57.362 - k2))
    return np.asarray(1e7 / (n * np.asarray(air_nm)))


def fit_line(shift_cm1: Array, intensity: Array, sigma: Array, *, near_cm1: float, half_range_cm1: float) -> Fit:
    """One pseudo-Voigt line on a straight line, near a place. Raises ValueError where points are too few."""
    inside = np.abs(shift_cm1 - near_cm1) <= half_range_cm1
    x = shift_cm1[inside]
    step = float(np.median(np.diff(shift_cm1)))
    return fit_lines(
        x,
        intensity[inside],
        sigma[inside],
        lines=1,
        shape="pseudo_voigt",
        centre_range=(near_cm1 - 0.5 * half_range_cm1, near_cm1 + 0.5 * half_range_cm1),
        fwhm_range=(0.5 * step, 1.5 * half_range_cm1),
        baseline=(straight(x),),
    )


def _line(fit: Fit) -> Line:
    """Centre and width; no uncertainty where the fit has none."""
    errors = dict(zip(fit.names, fit.errors, strict=True))
    centre, width = "line1.centre", "line1.fwhm"
    return Line(fit.of(centre), float(errors[centre]), fit.of(width), float(errors[width]))


def _silicon_line(shift: Array, intensity: Array, sigma: Array) -> Line:
    low, high = SILICON_RANGE_CM1
    inside = (shift >= low) & (shift <= high)
    where, fix = "reduce.calibrate.silicon", "is this the spectrum of a silicon wafer, with the line inside?"
    if np.count_nonzero(inside) < 12:
        raise UserError(where, f"{np.count_nonzero(inside)} points between {low:g} and {high:g} 1/cm", fix)
    top = int(np.argmax(np.where(inside, intensity, -np.inf)))
    height = intensity[top] - np.median(intensity[inside])
    if height < STRONG * sigma[top]:
        raise UserError(where, f"no line between {low:g} and {high:g} 1/cm", fix)
    fit = fit_line(shift, intensity, sigma, near_cm1=float(shift[top]), half_range_cm1=15.0)
    found = _line(fit)
    if not np.isfinite(found.error_cm1):
        raise UserError(where, f"the line near {shift[top]:.1f} 1/cm cannot be fitted", fix)
    return found


def _strong_peaks(shift: Array, intensity: Array, sigma: Array) -> Array:
    """Indices of local maxima that stand out of the lower part of their surroundings."""
    from scipy.ndimage import percentile_filter

    reach = max(round(30.0 / float(np.median(np.diff(shift)))), 5)
    under = percentile_filter(intensity, 20.0, size=2 * reach + 1, mode="nearest")
    inner = np.arange(2, intensity.size - 2)
    y = intensity
    highest = (
        (y[inner] >= y[inner - 1]) & (y[inner] > y[inner + 1]) & (y[inner] > y[inner - 2]) & (y[inner] > y[inner + 2])
    )
    tall = y[inner] - under[inner] > STRONG * np.maximum(sigma[inner], np.median(sigma))
    return inner[highest & tall]


def _matched(shift: Array, intensity: Array, sigma: Array, peaks: Array, table: Array) -> tuple[list[Line], Array]:
    """Fitted lines and the line of the table that each is."""
    if not peaks.size:
        return [], np.zeros(0)
    at = shift[peaks]
    trials = np.arange(-LARGEST_OFFSET_CM1, LARGEST_OFFSET_CM1 + 0.25, 0.25)
    away = np.abs(at[:, None, None] + trials[None, :, None] - table[None, None, :]).min(axis=2)
    score = np.clip(1.0 - away / NEAR_CM1, 0.0, None).sum(axis=0)
    offset = float(trials[np.argmax(score)])
    lines, true = [], []
    for reference in table:
        close = np.abs(at + offset - reference)
        best = int(np.argmin(close)) if close.size else 0
        others = np.delete(at, best)
        if close[best] > MATCH_CM1:
            continue
        gap = float(np.min(np.abs(others - at[best]))) if others.size else 100.0
        half = float(np.clip(0.6 * gap, 0.0, 12.0))
        try:
            found = _line(fit_line(shift, intensity, sigma, near_cm1=float(at[best]), half_range_cm1=half))
        except ValueError:  # a neighbour so near that points are too few
            continue
        if np.isfinite(found.error_cm1) and half > found.fwhm_cm1:
            lines.append(found)
            true.append(float(reference))
    return lines, np.array(true)


def _powers(shift: Array, origin: float, count: int) -> Array:
    return np.asarray(((shift[:, None] - origin) / 1000.0) ** np.arange(count))


def _polynomial(displayed: Array, true: Array, origin: float, degree: int) -> tuple[Array, Array, float]:
    """Coefficients, their covariance from the scatter, and the scatter (standard deviation)."""
    powers = _powers(displayed, origin, degree + 1)
    inverse = np.linalg.pinv(powers.T @ powers)
    coefficients = inverse @ powers.T @ (true - displayed)
    rest = true - displayed - powers @ coefficients
    variance = float(rest @ rest) / (displayed.size - degree - 1)
    return coefficients, np.asarray(inverse * variance), float(np.sqrt(variance))


def _without_outliers(displayed: Array, true: Array, origin: float, degree: int) -> Array:
    """Flags of the lines to keep."""
    good = np.ones(displayed.size, dtype=bool)
    while good.sum() > degree + 3:
        coefficients, _, _ = _polynomial(displayed[good], true[good], origin, degree)
        rest = np.abs(true - displayed - _powers(displayed, origin, degree + 1) @ coefficients)
        usual = 1.4826 * float(np.median(rest[good]))
        worst = int(np.argmax(np.where(good, rest, -1.0)))
        if rest[worst] <= max(OUTLIER * usual, OUTLIER_CM1):
            break
        good[worst] = False
    return good


def _width(lines: list[Line]) -> tuple[float, float]:
    """Median width of the lines and its standard uncertainty; NaN for fewer than three."""
    widths = np.array([line.fwhm_cm1 for line in lines])
    if widths.size < FEWEST_WIDTH:
        return float("nan"), float("nan")
    spread = 1.4826 * float(np.median(np.abs(widths - np.median(widths))))
    return float(np.median(widths)), 1.2533 * spread / float(np.sqrt(widths.size))
