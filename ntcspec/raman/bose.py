"""Stage `transform` of the technique raman: the thermal and the laser-frequency factor taken out. Optional.

Symbols: s Raman shift, nu_L absolute wavenumber of the laser, T temperature, n = 1/(exp(c2 s/T) - 1) Bose factor of the
vibration, c2 = h c/k = 1.438777 cm K, p = 3 where the detector counts photons (CCD), 4 where it measures energy.

    Stokes:  I(s) ~ (nu_L - s)^p (n + 1)/s g(s)
    reduced: I_R(s) = I(s) F(s)/F(s_ref),   F(s) = s (1 - exp(-c2 s/T)) / (nu_L - s)^p

F changes ratios: of 150 and 380 cm^-1 at 300 K by four. So it is never applied unasked, and both spectra are kept. It
is written as 1 at the reference shift s_ref, so that intensities stay of the same size. Below `lowest_cm1` nothing is
returned: there the edge filter, not the sample, makes the shape, and F tends to zero.

Source: F. L. Galeener, P. N. Sen, Phys. Rev. B 17, 1928 (1978); D. A. Long, The Raman Effect (Wiley 2002), chapter 5.
"""

from __future__ import annotations

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.raman import RamanReduced, RamanTransformed

C2_CM_K = 1.438776877  # h c / k, CODATA 2018, exact
LOWEST_CM1 = 80.0


def transform_raman(
    reduced: RamanReduced,
    *,
    temperature_k: float = 300.0,
    laser_power: float = 3.0,
    reference_cm1: float = 380.0,
    lowest_cm1: float = LOWEST_CM1,
) -> RamanTransformed:
    """The corrected spectra times F(s)/F(s_ref), above `lowest_cm1`.

    Raises UserError for an unknown laser, a temperature not above 0, a range without points.
    """
    if np.isnan(reduced.laser_nm):
        raise UserError("transform", "the laser wavelength is not known", "give ingest.laser_nm, e.g. 532.0")
    kept = reduced.shift_cm1 >= lowest_cm1
    if not kept.any():
        what = f"no point above {lowest_cm1:g} 1/cm"
        raise UserError("transform.lowest_cm1", what, f"the data end at {reduced.shift_cm1[-1]:.0f} 1/cm")
    factor = reduction_factor(
        reduced.shift_cm1[kept],
        laser_nm=reduced.laser_nm,
        temperature_k=temperature_k,
        laser_power=laser_power,
        reference_cm1=reference_cm1,
    )
    return RamanTransformed(
        shift_cm1=reduced.shift_cm1[kept],
        factor=factor,
        intensity=reduced.corrected[:, kept] * factor,
        sigma=reduced.sigma[:, kept] * factor,
        mean_intensity=reduced.mean_corrected[kept] * factor,
        temperature_k=temperature_k,
        laser_power=laser_power,
        notes=(
            f"Bose factor at {temperature_k:g} K and (nu_L - s)^{laser_power:g} taken out, 1 at {reference_cm1:g} 1/cm",
        ),
    )


def reduction_factor(
    shift_cm1: Array, *, laser_nm: float, temperature_k: float, laser_power: float, reference_cm1: float
) -> Array:
    """F(s)/F(s_ref) at shifts above 0 and below the wavenumber of the laser.

    Raises UserError for a temperature not above 0, and for shifts or a reference outside that range.
    """
    nu = 1e7 / laser_nm
    if not temperature_k > 0:
        raise UserError("transform.temperature_k", f"{temperature_k:g} K is not above 0", "give the temperature in K")
    low, high = min(float(shift_cm1.min()), reference_cm1), max(float(shift_cm1.max()), reference_cm1)
    if not 0.0 < low <= high < nu:
        what = f"shifts of {low:g} to {high:g} 1/cm: the factor holds for Stokes scattering, 0 to {nu:.0f} 1/cm"
        raise UserError("transform.lowest_cm1", what, "raise it above 0")

    def factor(s: Array) -> Array:
        return np.asarray(s * -np.expm1(-C2_CM_K * s / temperature_k) / (1.0 - s / nu) ** laser_power)

    return np.asarray(factor(shift_cm1) / factor(np.array(reference_cm1)))
