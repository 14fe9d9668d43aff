"""Noise-free K-edge spectra of the series, from FEFF10 site spectra in resources/demo/xanes.

Symbols: N(E) absorption of the core shell in edge steps (0 below, about 1 above the edge), s a site, n sites, x the
fraction of glass, dE the shift of the edge, G a Gaussian of the beamline's resolution.

    N_phase(E) = sum_s w_s N_s(E - dE)             N_sample = (1 - x) N_crystal + x N_glass, then convolved with G

Standard error of a phase mean: std_s / sqrt(n), point by point (equal weights; not for standards).

Assumptions:
- Crystal and glass are sites of MD snapshots at 300 K, so thermal motion is in both. TaCl5 (a MODEL; axial, bridging
  and equatorial Cl 4:2:4) and NaCl are static lattices and therefore sharper than a measurement.
- FEFF spectra have the natural core-hole width and no instrument in them. Inelastic losses beyond FEFF's self-energy,
  many-electron excitations and excitons are not there.
- One shift per edge. Cl K: the white line of NaCl goes to 2826.27 eV, where a measured NaCl spectrum has it (Cl K
  standards of CAMD, in the Athena examples of xraylarch). Na K: none, FEFF's own energies, for want of a measurement
  with known calibration; they are likely to lie some eV high.
- Below the first point of FEFF the Lorentzian tail of the edge goes on as 1/(E0 - E).
- Only structure differs between samples. Nothing is tuned: the Na K white line becomes LOWER AND BROADER with the
  fraction of glass, where the paper's sharpens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.series import GLASS, SERIES, Member
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

FOLDER = "xanes"
FINE_EV = 0.05
TOP = 0.85
FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))
TACL5_SHARES = {"tacl5_Cla.dat": 0.4, "tacl5_Clb.dat": 0.2, "tacl5_Cle.dat": 0.4}


@dataclass(frozen=True)
class Edge:
    """One K edge as the demo has it; all energies after the shift."""

    element: str
    e0_ev: float  # where the bare edge step is taken
    shift_ev: float  # added to FEFF's energies
    grid_ev: tuple[float, float]  # range of the noise-free spectra
    preedge_ev: float  # where pre-edge heights are read
    line_ev: float  # K alpha


CL_K = Edge("Cl", 2825.0, 3.6, (2795.0, 2905.0), 2821.9, 2622.0)
NA_K = Edge("Na", 1077.0, 0.0, (1055.0, 1125.0), 1076.8, 1041.0)
EDGES = {edge.element: edge for edge in (CL_K, NA_K)}


@dataclass(frozen=True)
class Phase:
    """Mean of the site spectra of one phase on `fine_grid`, and its standard error (0 for standards)."""

    files: tuple[str, ...]
    mean: Array
    error: Array


def fine_grid(edge: Edge) -> Array:
    """Energies (eV) of the noise-free spectra, 0.05 eV apart."""
    start, stop = edge.grid_ev
    return np.linspace(start, stop, round((stop - start) / FINE_EV) + 1)


def phase_files(resources: Path, phase: str, element: str, glass: str) -> tuple[str, ...]:
    """Names of the site spectra, in order of their numbers.

    Raises:
        UserError: there are none for this glass or phase.
    """
    known = {("TaCl5", "Cl"): tuple(TACL5_SHARES), ("NaCl", "Na"): ("NaCl_Na.dat",), ("NaCl", "Cl"): ("NaCl_Cl.dat",)}
    if (phase, element) in known:
        return known[(phase, element)]
    stem = {"crystal": "cry", "glass": glass}[phase]
    found = [path.name for path in (resources / FOLDER).glob(f"{stem}_{element}*.dat")]
    if not found:
        fix = f"leave `glass` at {GLASS!r}, or compute them: python -m ntcspec.demo.rebuild.xanes --help"
        what = (
            f"holds no {element} K spectra of {stem!r}: near-edge spectra were computed for the glass {GLASS!r} alone"
        )
        raise UserError(str(resources / FOLDER), what, fix)
    return tuple(sorted(found, key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)]))


def read_site(path: Path, edge: Edge) -> Array:
    """N of one site on `fine_grid`, shifted.

    Raises:
        UserError: the file is missing or no such table.
    """
    from scipy.interpolate import PchipInterpolator

    try:
        energy, mu, _ = np.loadtxt(path, comments="#", unpack=True)
        curve = PchipInterpolator(energy + edge.shift_ev, mu)
    except (OSError, ValueError) as error:
        raise UserError(str(path), f"is no site spectrum ({error})", "restore the file") from error
    grid, first = fine_grid(edge), float(energy[0] + edge.shift_ev)
    tail = mu[0] * (edge.e0_ev - first) / (edge.e0_ev - np.minimum(grid, first))
    return np.where(grid < first, tail, curve(np.maximum(grid, first)))


def load_phase(resources: Path, phase: str, edge: Edge, glass: str = GLASS) -> Phase:
    """A phase: 'crystal', 'glass', 'TaCl5' or 'NaCl'. Raises UserError as `phase_files` and `read_site`."""
    files = phase_files(resources, phase, edge.element, glass)
    sites = np.array([read_site(resources / FOLDER / name, edge) for name in files])
    if phase not in ("crystal", "glass"):
        shares = np.array([TACL5_SHARES.get(name, 1.0) for name in files])
        return Phase(files, shares @ sites, np.zeros(sites.shape[1]))
    error = sites.std(axis=0, ddof=1) / np.sqrt(len(sites)) if len(sites) > 1 else np.full(sites.shape[1], np.inf)
    return Phase(files, sites.mean(axis=0), error)


def load_phases(resources: Path, edge: Edge, glass: str = GLASS) -> dict[str, Phase]:
    """All phases that hold the element. Raises UserError."""
    names = ("TaCl5", "NaCl", "crystal", "glass") if edge.element == "Cl" else ("NaCl", "crystal", "glass")
    return {name: load_phase(resources, name, edge, glass) for name in names}


def members(edge: Edge) -> tuple[Member, ...]:
    """The samples of the series that contain the element."""
    return tuple(member for member in SERIES if edge.element in member.composition)


def shares_of(member: Member) -> dict[str, float]:
    """Fraction of each phase in the sample."""
    if member.glass is None:
        return {member.name: 1.0}
    return {"crystal": 1.0 - member.glass, "glass": member.glass}


def sample_spectrum(
    member: Member, phases: Mapping[str, Phase], edge: Edge, resolution_ev: float
) -> tuple[Array, Array]:
    """N of the sample and its standard error by the choice of sites, on `fine_grid`; resolution is a FWHM in eV.

    The error is not convolved, which makes it a little too large.
    """
    from scipy.ndimage import gaussian_filter1d

    shares = shares_of(member)
    mean = np.sum([share * phases[name].mean for name, share in shares.items()], axis=0)
    error = np.sqrt(np.sum([(share * phases[name].error) ** 2 for name, share in shares.items()], axis=0))
    return gaussian_filter1d(mean, resolution_ev / FWHM / FINE_EV, mode="nearest"), error


def white_line(energy_ev: Array, spectrum: Array) -> tuple[float, float]:
    """Energy (eV) and height of the highest point, refined by a parabola through three points."""
    top = int(np.argmax(spectrum))
    left, middle, right = spectrum[top - 1 : top + 2]
    offset = 0.5 * (left - right) / (left - 2.0 * middle + right)
    return float(energy_ev[top] + offset * FINE_EV), float(middle - 0.25 * (left - right) * offset)


def top_width(energy_ev: Array, spectrum: Array) -> float:
    """Width (eV) of the main peak at 85 % of its height: below that the plateau beyond the edge begins."""
    top = int(np.argmax(spectrum))
    below = spectrum < TOP * spectrum[top]
    return float(energy_ev[top + np.argmax(below[top:])] - energy_ev[top - np.argmax(below[top::-1])])
