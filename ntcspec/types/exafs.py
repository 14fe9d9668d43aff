"""What the stages of the technique exafs hand on.

Symbols: E energy (eV), k photoelectron wavenumber (1/Angstrom), R half path length, not
phase-corrected (Angstrom), mu absorption coefficient times thickness (dimensionless).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text
from ntcspec.types.nexus import Application


@dataclass(frozen=True)
class ExafsReduced:
    """Result of `reduce`: merged mu(E), its normalisation and chi(k)."""

    mode: str = text("detection mode that was reduced")
    energy_ev: Array = array("eV", "photon energy, grid of the first scan")
    mu: Array = array("1", "merged absorption", ("energy_ev",), "mu_error")
    mu_error: Array = array(
        "1", "standard uncertainty of mu; empty where it cannot be known from one scan", ("energy_ev",)
    )
    pre_edge: Array = array("1", "pre-edge line", ("energy_ev",))
    post_edge: Array = array("1", "post-edge polynomial", ("energy_ev",))
    norm: Array = array("1", "normalised absorption (mu - pre_edge) / edge_step", ("energy_ev",))
    background: Array = array("1", "atomic background mu0(E)", ("energy_ev",))
    e0_ev: float = scalar("eV", "energy origin of k")
    edge_step: float = scalar("1", "edge step")
    k_inv_ang: Array = array("1/angstrom", "photoelectron wavenumber")
    chi: Array = array("1", "EXAFS chi(k)", ("k_inv_ang",))
    chi_covariance: Array = array(
        "1", "covariance of chi from mu_error, shape (k, k); shape (0, 0) if mu_error is empty"
    )
    variant_names: tuple[str, ...] = text("systematic variants, 'parameter=value'")
    variant_chi: Array = array("1", "chi(k) of each variant, shape (variants, k)")
    shift_ev: Array = array("eV", "energy shift added to each scan to align it on the first")
    shift_error_ev: Array = array("eV", "standard uncertainty of each shift")
    weight: Array = array("1", "weight of each scan in the merge, sum 1")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("chi", "EXAFS", "chi", ("k_inv_ang",)),
        Plot("normalised", "normalised absorption", "norm", ("energy_ev",)),
        Plot("absorption", "absorption", "mu", ("energy_ev",), ("pre_edge", "post_edge", "background")),
    )

    def application(self) -> Application:
        """NXxas: the normalised spectrum."""
        return Application("NXxas", "normalised", {"energy": "energy_ev", "intensity": "norm"})


@dataclass(frozen=True)
class ExafsTransformed:
    """Result of `transform`: Fourier transform of k^w chi(k) and back transform, IFEFFIT conventions."""

    kweight: float = scalar("1", "exponent w of the k weight")
    k_inv_ang: Array = array("1/angstrom", "photoelectron wavenumber")
    chi_weighted: Array = array("angstrom^-w", "k^w chi(k), without window", ("k_inv_ang",))
    window: Array = array("1", "Fourier window", ("k_inv_ang",))
    r_ang: Array = array("angstrom", "R, not phase-corrected")
    chir_re: Array = array("angstrom^-(w+1)", "real part of chi(R)", ("r_ang",))
    chir_im: Array = array("angstrom^-(w+1)", "imaginary part of chi(R)", ("r_ang",))
    chir_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R)", ("r_ang",), "chir_mag_error")
    chir_mag_error: Array = array("angstrom^-(w+1)", "standard uncertainty of |chi(R)|", ("r_ang",))
    noise: float = scalar("angstrom^-(w+1)", "rms of |chi(R)| over the noise range of R")
    chi_sigma: float = scalar("1", "standard uncertainty of chi(k) that explains `noise`, taken as white")
    q_inv_ang: Array = array("1/angstrom", "wavenumber of the back transform")
    chiq_re: Array = array("angstrom^-w", "real part of the back transform", ("q_inv_ang",))
    chiq_mag: Array = array("angstrom^-w", "magnitude of the back transform", ("q_inv_ang",))
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("chi_r", "magnitude of chi(R)", "chir_mag", ("r_ang",), ("chir_re", "chir_im")),
        Plot("chi_k_weighted", "weighted chi(k)", "chi_weighted", ("k_inv_ang",), ("window",)),
        Plot("chi_q", "back transform", "chiq_re", ("q_inv_ang",), ("chiq_mag",)),
    )


@dataclass(frozen=True)
class WaveletMap:
    """Wavelet transform of the windowed k^w chi(k), scaled so that A sin(2 k R0) has |W| = A at R0."""

    family: str = text("mother wavelet")
    order: float = scalar("1", "order n: Cauchy order, or (eta sigma)^2 for Morlet")
    kweight: float = scalar("1", "exponent w of the k weight")
    k_inv_ang: Array = array("1/angstrom", "photoelectron wavenumber")
    r_ang: Array = array("angstrom", "R, not phase-corrected")
    magnitude: Array = array("angstrom^-w", "magnitude of W(R, k)", ("r_ang", "k_inv_ang"))
    real: Array = array("angstrom^-w", "real part of W(R, k)", ("r_ang", "k_inv_ang"))
    imag: Array = array("angstrom^-w", "imaginary part of W(R, k)", ("r_ang", "k_inv_ang"))
    fwhm_k_inv_ang: Array = array("1/angstrom", "resolution in k: FWHM of |W| of a delta in k", ("r_ang",))
    fwhm_r_ang: Array = array("angstrom", "resolution in R: FWHM of |W| of a sinusoid", ("r_ang",))
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("wavelet", "wavelet magnitude", "magnitude", ("r_ang", "k_inv_ang")),)


@dataclass(frozen=True)
class RPeak:
    """One peak of |chi(R)|, or one extremum of Im chi(R)."""

    curve: str = text("magnitude or imaginary")
    r_ang: float = scalar("angstrom", "R, not phase-corrected")
    u_stat_ang: float = scalar("angstrom", "statistical standard uncertainty of R")
    u_sys_ang: float = scalar("angstrom", "systematic uncertainty of R; NaN where a variant has no such peak")
    height: float = scalar("angstrom^-(w+1)", "value of the curve there")
    height_error: float = scalar("angstrom^-(w+1)", "statistical standard uncertainty of the value")
    flags: str = text("why it may say nothing of the sample; empty where nothing speaks against it")


@dataclass(frozen=True)
class ExafsMeasured(Metrics):
    """Result of `measure`: metrics of named windows and boxes, and every peak of chi(R) with what it is worth."""

    peaks: tuple[RPeak, ...] = text("peaks of |chi(R)|, then extrema of Im chi(R), by R")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


# --- paths ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScatteringPath:
    """One path of FEFF, seen through the window and transforms of the data."""

    structure: str = text("name of the structure that it is of")
    index: int = scalar("1", "number of the path in FEFF's list")
    label: str = text("atoms from absorber to absorber, e.g. 'Ta-Cl-Ta-Cl'")
    kind: str = text("single, forward (in line, through or past an atom), triangle or other")
    degeneracy: float = scalar("1", "number of such paths")
    reff_ang: float = scalar("angstrom", "half path length")
    strength_percent: float = scalar("%", "FEFF's estimate of its size, the largest being 100")
    chir_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R), on the R grid of the transform")


@dataclass(frozen=True)
class LobeAssignment:
    """Which kind of path makes a lobe of the wavelet map, by one structure."""

    structure: str = text("name of the structure")
    box: str = text("name of the box in the wavelet map")
    verdict: str = text("kind of path, or 'cannot be decided'")
    reason: str = text("the numbers behind the verdict")
    kinds: tuple[str, ...] = text("kinds of path, largest share first")
    share: Array = array("1", "share of each kind; they sum to 1")
    uncertainty: Array = array("1", "standard uncertainty of each share from those of the path parameters")
    atoms: tuple[str, ...] = text("the same by kind and atoms, e.g. 'single Ta-Na', largest share first")
    atoms_share: Array = array("1", "share of each; they sum to 1")
    atoms_uncertainty: Array = array("1", "standard uncertainty of each")


@dataclass(frozen=True)
class ExafsPaths(Metrics):
    """Result of `paths`: what structures would give through the same window and transforms, and who makes each lobe."""

    r_ang: Array = array("angstrom", "R, not phase-corrected")
    structures: tuple[str, ...] = text("names of the structures")
    model_chir_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R) of all paths, shape (structures, R)")
    paths: tuple[ScatteringPath, ...] = text("paths of all structures, by length")
    assignments: tuple[LobeAssignment, ...] = text("one entry a structure and box")

    PLOTS: ClassVar[tuple[Plot, ...]] = ()


# --- bend -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExafsBend(Metrics):
    """Result of `bend`: strength of the forward-scattering lobe of bent octahedra, beside that of the data."""

    box: str = text("box of the lobe in the wavelet map")
    angle_deg: Array = array("degree", "bend: each ligand-absorber-ligand angle of the octahedron is 180 minus it")
    ratio: Array = array("1", "strength of the lobe over the first shell, model", ("angle_deg",))
    varied: tuple[str, ...] = text("parameter of the model that was moved by its uncertainty")
    varied_ratio: Array = array("1", "the ratio then, shape (varied, angles)")
    data_ratio: float = scalar("1", "the ratio in the data")
    data_u_stat: float = scalar("1", "its statistical standard uncertainty")
    data_u_sys: float = scalar("1", "its systematic uncertainty")
    verdict: str = text("what can be said of the bend")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("bend", "lobe of bent octahedra", "ratio", ("angle_deg",)),)
