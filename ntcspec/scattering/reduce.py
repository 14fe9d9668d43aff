"""Stage `reduce` of the technique scattering: I(Q) of the sample alone, with its uncertainty.

Order of steps:
1. I(Q) of sample, container, air and calibrant: images are integrated (`integrate`), patterns averaged (`exposures`);
2. the range of Q that is kept, where all of them were measured;
3. absorption in the capillary (`capillary`), where its diameter and the density (or absorption) of the sample are
   known; polarisation of patterns, on request;
4. monitors, scale of the container (`container`), factors; the sum is linear in the exposures, which are handed on;
5. rings of the calibrant against its lattice (`calibrant`); images made small for figures (`image_view`).

Nothing is normalised to the atoms here, and the geometry is never changed by what the calibrant says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering import container as boxes
from ntcspec.scattering.calibrant import check_calibrant, rings_of
from ntcspec.scattering.capillary import Absorption, Capillary, mu_inv_cm, paalman_pings
from ntcspec.scattering.exposures import Exposure, common_range, cut, from_patterns
from ntcspec.scattering.geometry import Setup, setup_for, two_theta_of
from ntcspec.scattering.image_view import view_of
from ntcspec.scattering.integrate import Correction, Integrated, Options, integrate
from ntcspec.types import Array, Note
from ntcspec.types.scattering import (
    CalibrantCheck,
    ImageView,
    Part,
    ScatteringImage,
    ScatteringIngested,
    ScatteringReduced,
)

TAKEN_OFF = ("container", "air")
BELOW_ZERO = 0.25  # share of points 3 sigma below: more than that is no noise
MOST = 0.5  # the same below 0 where errors are unknown: of a thin film on glass noise makes nearly half
OF_IMAGES = (
    "polarisation", "solid_angle", "flip", "errors", "gain", "read_noise", "dark_frames", "reject", "reject_z",
    "saturation", "saturated", "negative", "beam_stop",
)  # fmt: skip


@dataclass(frozen=True)
class _Measured:
    """Exposures by role; of images also how they were integrated."""

    exposures: dict[str, Exposure]
    setup: Setup | None = None
    images: Mapping[str, Integrated] | None = None


@dataclass(frozen=True)
class _Tube:
    """The capillary, and the same with the packing off by its uncertainty."""

    capillary: Capillary
    other: Capillary
    mu_inv_cm: float


def reduce_scattering(
    ingested: ScatteringIngested,
    *,
    composition: str = "",
    q_range_inv_ang: Sequence[float] | None = None,
    q_step_inv_ang: float | None = None,
    orientation: int | None = None,
    zeros: str = "leave_out",
    polarisation_1d: bool = False,
    monitor: float | None = None,
    container_monitor: float | None = None,
    air_monitor: float | None = None,
    container_scale: float | str = "auto",
    container_scale_error: float = 0.0,
    calibrant: str = "",
    ring_tolerance: float = 1e-3,
    rings: Sequence[float] = (),
    azimuth: str = "ring",
    **more: Any,
) -> ScatteringReduced:
    """I(Q) of the sample, the exposures it is made of, checks and views.

    composition : formula of the sample; absorption and the fit of the container need it
    more : the parameters of `integrate.Options` and of the capillary (density_g_cm3, packing, packing_error, mu_inv_cm,
    inner_mm, wall_mm, wall, wall_density_g_cm3, beam_mm), all as in the configuration

    Raises
    ------
    UserError
        What keeps an image or a pattern from being used, ranges or exposures that do not match, a container whose scale
        nothing says, a container that leaves less than nothing.
    """
    options = Options(**{name: more.pop(name) for name in OF_IMAGES if name in more})
    measured = _measure(ingested, options, orientation, q_step_inv_ang, zeros)
    wave = ingested.wavelength_ang
    tube = _tube(composition, wave, **more)
    others = [measured.exposures[role] for role in TAKEN_OFF if role in measured.exposures]
    low, high, notes = common_range(measured.exposures["sample"], others, q_range_inv_ang)
    kept = {role: cut(one, low, high) for role, one in measured.exposures.items() if role != "calibrant"}
    absorption = {role: _absorption(tube, one.q, wave, azimuth) for role, one in kept.items()}
    polarisation = {
        role: _polarisation(one.q, wave, polarisation_1d and measured.setup is None) for role, one in kept.items()
    }
    given = {"sample": monitor, "container": container_monitor, "air": air_monitor}
    monitors, monitor_notes = boxes.monitors(kept["sample"], kept, given)
    scale = _scale(
        container_scale,
        container_scale_error,
        kept,
        composition,
        wave,
        absorption,
        polarisation,
        monitors,
        tube,
        azimuth,
    )
    factors = boxes.factors(kept, absorption, polarisation, scale.value, monitors)
    parts = tuple(_part(one, factors[role], scale) for role, one in kept.items())
    intensity, sigma = combine(parts)
    _check_left(intensity, sigma, kept)
    name = calibrant or ""
    checks, check_notes = _checks(measured, name, ring_tolerance)
    return ScatteringReduced(
        q_inv_ang=kept["sample"].q,
        intensity=intensity,
        sigma=sigma,
        parts=parts,
        wavelength_ang=wave,
        chosen=_chosen(measured, kept, scale, monitors, tube, absorption),
        notes=(
            *ingested.notes,
            *(note for one in measured.exposures.values() for note in one.notes),
            *notes,
            *monitor_notes,
            *scale.notes,
            *_absorption_notes(tube, absorption["sample"], azimuth),
            *check_notes,
        ),
        checks=checks,
        views=_views(measured, name, rings),
    )


def combine(parts: Sequence[Part]) -> tuple[Array, Array]:
    """Sum of factor * intensity of all parts on the axis of the first, and its uncertainty by counting.

    The uncertainty of a point between two others is that of their weighted mean; it is empty where one is unknown.
    """
    q = parts[0].q_inv_ang
    total, variance = np.zeros(q.size), np.zeros(q.size)
    for part in parts:
        total += np.interp(q, part.q_inv_ang, part.factor * part.intensity)
        if part.sigma.size:
            variance += _between(q, part.q_inv_ang, (part.factor * part.sigma) ** 2)
    known = all(part.sigma.size for part in parts)
    return total, np.sqrt(variance) if known else np.zeros(0)


def _between(q: Array, axis: Array, variance: Array) -> Array:
    """Variance of a linear interpolation between independent points."""
    right = np.clip(np.searchsorted(axis, q), 1, axis.size - 1)
    share = np.clip((q - axis[right - 1]) / (axis[right] - axis[right - 1]), 0.0, 1.0)
    return (1.0 - share) ** 2 * variance[right - 1] + share**2 * variance[right]


# --- exposures ------------------------------------------------------------------------------------


def _measure(
    ingested: ScatteringIngested, options: Options, orientation: int | None, step: float | None, zeros: str
) -> _Measured:
    roles = ("sample", *TAKEN_OFF, "calibrant")
    if not ingested.images:
        found = {role: from_patterns(ingested.patterns, role, zeros) for role in roles}
        return _Measured({role: one for role, one in found.items() if one is not None})
    geometry, first = ingested.geometry[0], ingested.images[0]
    shape = (int(first.pixels.shape[0]), int(first.pixels.shape[1]))
    setup = setup_for(geometry, shape, ingested.wavelength_ang, orientation=orientation, step_inv_ang=step)
    correction = Correction(ingested.image("mask"), ingested.image("dark"), ingested.image("flat"))
    images, exposures = {}, {}
    for role in roles:
        image = ingested.image(role)
        if image is None:
            continue
        own, more = correction, list[str]()
        if role == "calibrant" and _other_exposure(image, correction.dark):
            own = replace(correction, dark=None)
            more.append("exposed for another time than the dark, which was not taken off")
        one = integrate(setup, image, own, options)
        images[role] = one
        told = [f"{image.source}: {note}" for note in (*image.notes, *more, *one.notes)]
        told = [*geometry.notes, *told] if role == "sample" and orientation is None else told
        if role == "sample" and options.flip != "none":
            told.append(f"images, mask, dark and flat were turned over ({options.flip}) before they were integrated")
        exposures[role] = Exposure(
            role, image.source, one.q, one.intensity, one.sigma, image.exposure_s, tuple(told), one.scatter
        )
    return _Measured(exposures, setup, images)


def _other_exposure(image: ScatteringImage, dark: ScatteringImage | None) -> bool:
    """Of a calibrant it does not matter: places of rings do not hang on the dark."""
    return dark is not None and abs(image.exposure_s - dark.exposure_s) > 0.01 * image.exposure_s


def _part(one: Exposure, factor: Array, scale: boxes.Scale) -> Part:
    return Part(
        role=one.role,
        source=one.source,
        q_inv_ang=one.q,
        intensity=one.intensity,
        sigma=one.sigma,
        factor=factor,
        factor_error=scale.error if one.role == "container" else 0.0,
    )


def _check_left(intensity: Array, sigma: Array, kept: Mapping[str, Exposure]) -> None:
    if kept["sample"].intensity.mean() <= 0.0:
        what = "it counts nothing on average, or less, before container and air are taken off"
        raise UserError(kept["sample"].source, what, "was it exposed, and the dark for as long?")
    less = intensity < (-3.0 * sigma if sigma.size else 0.0)
    share = float(np.mean(less))
    if len(kept) > 1 and share > (BELOW_ZERO if sigma.size else MOST):
        source = kept["container" if "container" in kept else "air"].source
        what = f"less than nothing is left of the sample at {share:.0%} of the points once this is taken off"
        raise UserError(source, what, "was it exposed longer? Give the monitors, or a smaller container_scale")


# --- absorption and polarisation ------------------------------------------------------------------


def _tube(
    composition: str,
    wavelength_ang: float,
    *,
    density_g_cm3: float | None = None,
    packing: float = 0.5,
    packing_error: float = 0.1,
    mu_inv_cm: float | None = None,
    inner_mm: float | None = None,
    wall_mm: float = 0.0,
    wall: str = "",
    wall_density_g_cm3: float | None = None,
    beam_mm: float | None = None,
) -> _Tube | None:
    """The capillary, or None where too little is known of it."""
    if inner_mm is None or (mu_inv_cm is None and density_g_cm3 is None):
        return None
    if np.isnan(wavelength_ang):
        raise UserError("reduce.inner_mm", "absorption needs the wavelength", "give ingest.wavelength_ang")
    own = mu_inv_cm
    if own is None:
        own = packing * _mu(composition, float(density_g_cm3 or 0.0), wavelength_ang, "composition of the sample")
    wall_mu = _mu(wall, float(wall_density_g_cm3 or 0.0), wavelength_ang, "reduce.wall") if wall_mm else 0.0
    tube = Capillary(inner_mm, 0.1 * own, wall_mm, 0.1 * wall_mu, beam_mm)
    return _Tube(tube, replace(tube, mu_inv_mm=0.1 * own * (1.0 + packing_error)), own)


_mu = mu_inv_cm  # the parameter of this name hides the function


def _absorption(tube: _Tube | None, q: Array, wavelength_ang: float, azimuth: str) -> Absorption | None:
    return None if tube is None else paalman_pings(tube.capillary, two_theta_of(q, wavelength_ang), azimuth)


def _absorption_notes(tube: _Tube | None, found: Absorption | None, azimuth: str) -> tuple[Note, ...]:
    if tube is None or found is None:
        return ("absorption in the sample was not corrected: the capillary is not known",)
    how = "averaged round the ring" if azimuth == "ring" else "in the plane across the capillary"
    low, high = float(found.s_sc.min()), float(found.s_sc.max())
    return (f"absorption: mu R = {tube.capillary.mu_r:.3g}, A_s,sc {low:.4f} to {high:.4f}, {how}",)


def _polarisation(q: Array, wavelength_ang: float, wanted: bool) -> Array:
    """P of whole rings, which holds for any degree of polarisation; 1 where it is not wanted."""
    if not wanted:
        return np.ones(q.size)
    if np.isnan(wavelength_ang):
        raise UserError("reduce.polarisation_1d", "polarisation needs the wavelength", "give ingest.wavelength_ang")
    return 0.5 * (1.0 + np.cos(two_theta_of(q, wavelength_ang)) ** 2)


# --- container ------------------------------------------------------------------------------------


def _scale(
    wanted: float | str,
    error: float,
    kept: Mapping[str, Exposure],
    composition: str,
    wavelength_ang: float,
    absorption: Mapping[str, Absorption | None],
    polarisation: Mapping[str, Array],
    monitors: Mapping[str, float],
    tube: _Tube | None,
    azimuth: str,
) -> boxes.Scale:
    """c: given, by absorption, or fitted."""
    if "container" not in kept:
        return boxes.Scale(0.0, 0.0, "none")
    if not isinstance(wanted, str):
        return boxes.Scale(float(wanted), error, "given")
    if wanted == "self_scattering":
        own = 1.0 / ((_of(absorption["sample"], kept["sample"], "s_sc")) * polarisation["sample"])
        a, box = absorption["container"], kept["container"]
        wall = (a.c_sc / (a.c_c * a.s_sc) if a else np.ones(box.q.size)) / polarisation["container"]
        return boxes.fit_self_scattering(
            kept["sample"], box, composition, wavelength_ang, (own, wall), monitors["container"], tube is not None
        )
    ratio = absorption["container"]
    if tube is None or ratio is None:
        fix = "give density_g_cm3 (or mu_inv_cm) and inner_mm; or container_scale: a number, or self_scattering"
        raise UserError("reduce.container_scale", "nothing says how much the sample weakens the container", fix)
    more = paalman_pings(tube.other, two_theta_of(kept["container"].q, wavelength_ang), azimuth)
    change = float(np.mean((more.c_sc / more.c_c) / (ratio.c_sc / ratio.c_c)) - 1.0)
    mean = float(np.mean(ratio.c_sc / ratio.c_c))
    note = f"the container is multiplied by {mean:.4f} on average, what the sample lets through, +- {abs(change):.1%}"
    return boxes.Scale(1.0, abs(change), "absorption", (f"{note} by the packing",))


def _of(found: Absorption | None, one: Exposure, name: str) -> Array:
    return np.ones(one.q.size) if found is None else getattr(found, name)


def _chosen(
    measured: _Measured,
    kept: Mapping[str, Exposure],
    scale: boxes.Scale,
    monitors: Mapping[str, float],
    tube: _Tube | None,
    absorption: Mapping[str, Absorption | None],
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "q_first_inv_ang": float(kept["sample"].q[0]),
        "q_last_inv_ang": float(kept["sample"].q[-1]),
        "points": int(kept["sample"].q.size),
    }
    if measured.setup is not None:
        found["q_step_inv_ang"] = measured.setup.step_inv_ang
        found["orientation"] = int(measured.setup.ai.detector.orientation)
        rates = {role: one.scatter for role, one in measured.exposures.items() if np.isfinite(one.scatter)}
        found["scatter_over_counting"] = {role: round(value, 4) for role, value in rates.items()}
    if "container" in kept:
        found |= {
            "container_scale": scale.value,
            "container_scale_error": scale.error * scale.value,
            "container_scale_from": scale.method,
        }
    if monitors:
        found["monitor_over"] = dict(monitors)
    if tube is not None:
        a = absorption["sample"]
        found |= {"mu_inv_cm": tube.mu_inv_cm, "mu_r": tube.capillary.mu_r}
        found["absorption"] = [] if a is None else [float(a.s_sc[0]), float(a.s_sc[-1])]
    return found


# --- calibrant and views --------------------------------------------------------------------------


def _checks(measured: _Measured, name: str, tolerance: float) -> tuple[tuple[CalibrantCheck, ...], tuple[Note, ...]]:
    """The calibrant, or the sample where that is one; nothing where none is named."""
    alongside = "calibrant" in measured.exposures
    if not name:
        if alongside:
            source = measured.exposures["calibrant"].source
            raise UserError(f"{source}: reduce.calibrant", "nothing says which substance it is", "name it: Ni, CeO2 ..")
        return (), ()
    role = "calibrant" if alongside else "sample"
    one = measured.exposures[role]
    image = (measured.setup, measured.images[role]) if measured.setup is not None and measured.images else None
    check = check_calibrant(name, one.source, one.q, one.intensity, one.sigma, tolerance=tolerance, image=image)
    return (check,), (f"{one.source}: {check.verdict}: {check.reason}",)


def _views(measured: _Measured, name: str, rings: Sequence[float]) -> tuple[ImageView, ...]:
    if measured.setup is None or measured.images is None:
        return ()
    found = []
    for role in ("sample", "calibrant"):
        if role not in measured.images:
            continue
        one, label = measured.images[role], measured.exposures[role].source
        own = role == "calibrant" or "calibrant" not in measured.images
        drawn = rings_of(name, float(one.q[-1])) if name and own else np.zeros(0)
        if role == "sample" and len(rings):
            drawn = np.asarray(rings, dtype=np.float64)
        found.append(view_of(measured.setup, role, label, one.signal, one.used, list(drawn)))
    return tuple(found)
