"""What the stages `transform` and `measure` of the technique scattering hand on.

Symbols: Q (1/A); S(Q) structure factor after Faber and Ziman; F = Q (S - 1); r distance (A); rho0 atoms per A^3;

    G(r) = 2/pi int F(Q) sin(Qr) dQ = 4 pi r rho0 (g(r) - 1)      T(r) = G + 4 pi r rho0      R(r) = r T(r)

D(r) of Keen (J. Appl. Cryst. 34, 172 (2001)) over the squared mean form factor is G(r): the same numbers.

A *variant* is the transform made again with one parameter changed to another value that is as reasonable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text

# --- transform ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Propagation:
    """How small changes of I(Q) reach F(Q), and the covariance that counting gives I(Q).

    dF = H (diag(gain) + left^T right) dI,    H = 1 - filter_left^T filter_right
    """

    covariance: Array = array(
        "", "of I on the grid of F: entry (b, k) is cov(I_k, I_(k+b)), zero beyond the last b; empty where unknown"
    )
    gain: Array = array("", "dF/dI of the same point at constant scale")
    left: Array = array("", "response of F to the scale and to the constant, shape (terms, Q)")
    right: Array = array("", "response of scale and constant to I, shape (terms, Q)")
    filter_left: Array = array("", "correction of F: polynomial or low-r filter, shape (rank, Q)")
    filter_right: Array = array("", "the same, the side of what is corrected, shape (rank, Q)")


@dataclass(frozen=True)
class ScatteringTransformed:
    """Result of `transform`: S(Q), F(Q), G(r) with what noise and other reasonable parameters make of them."""

    normalisation: str = text("adhoc (as PDFgetX3: the scale is not absolute) or absolute (electron units)")
    absolute: bool = scalar("", "whether G(r) is absolute: the slope at low r is -4 pi rho0 within its uncertainty")
    verdict: str = text("why it is absolute or not")
    q_inv_ang: Array = array("1/A", "Q of S and F")
    s_q: Array = array("1", "structure factor", ("q_inv_ang",), "s_sigma")
    s_sigma: Array = array("1", "standard uncertainty by counting; empty where unknown", ("q_inv_ang",))
    f_q: Array = array("1/A", "F(Q)", ("q_inv_ang",), "f_sigma")
    f_sigma: Array = array("1/A", "standard uncertainty by counting; empty where unknown", ("q_inv_ang",))
    i_q: Array = array("", "I(Q) of the sample on these points", ("q_inv_ang",))
    r_ang: Array = array("A", "r")
    g_r: Array = array("1/A^2", "G(r), the reduced pair distribution function", ("r_ang",), "g_sigma")
    g_sigma: Array = array(
        "1/A^2", "standard uncertainty by counting, from the full covariance; empty where unknown", ("r_ang",)
    )
    g_low: Array = array("1/A^2", "lowest G(r) of all variants", ("r_ang",))
    g_high: Array = array("1/A^2", "highest G(r) of all variants", ("r_ang",))
    pair_g: Array = array("1", "g(r); empty unless absolute and rho0 is known", ("r_ang",))
    t_r: Array = array("1/A^2", "T(r) = G + 4 pi r rho0; empty unless absolute and rho0 is known", ("r_ang",))
    r_r: Array = array("1/A", "R(r) = r T; empty unless absolute and rho0 is known", ("r_ang",))
    rho0_inv_ang3: float = scalar("1/A^3", "number density of atoms; NaN where it is not given")
    low_r_slope: float = scalar("1/A^3", "slope of G(r) below the first peak; NaN for adhoc")
    low_r_slope_error: float = scalar("1/A^3", "its uncertainty: counting, ripples and variants; NaN for adhoc")
    qmin_inv_ang: float = scalar("1/A", "start of the transform")
    qmax_inv_ang: float = scalar("1/A", "end of the transform")
    qmaxinst_inv_ang: float = scalar("1/A", "end of the data that are used")
    step_inv_ang: float = scalar("1/A", "spacing of the nodes of the transform")
    lorch: bool = scalar("", "whether F was multiplied by the Lorch window")
    line: bool = scalar("", "whether F is continued below qmin by a line to 0; else it is 0 there")
    rpoly_ang: float = scalar(
        "A", "G below it is noise: degree of the polynomial times pi / range of Q; NaN for absolute"
    )
    wavelength_ang: float = scalar("A", "wavelength; NaN where it is unknown")
    scale: float = scalar("", "what I(Q) was multiplied by")
    scale_bias: float = scalar(
        "1", "scale over that of absolute normalisation, if S(Q) were 1: what the ad hoc scale makes of amplitudes"
    )
    elements: tuple[str, ...] = text("elements, in the order of the formula")
    fractions: Array = array("1", "fraction of the atoms of each")
    pairs: tuple[str, ...] = text("pairs of elements, 'Ta-Cl'")
    pair_weight_q0: Array = array("1", "Faber-Ziman weight of each pair at Q = 0")
    pair_weight_q3: Array = array("1", "the same at Q = 3 1/A")
    variant_groups: tuple[str, ...] = text("parameter that each variant changes")
    variant_names: tuple[str, ...] = text("'parameter=value' of each variant")
    variant_g: Array = array("1/A^2", "G(r) of each variant, shape (variants, r)")
    propagation: Propagation = text("how noise reaches F(Q)")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("pdf", "G(r)", "g_r", ("r_ang",)),
        Plot("structure_factor", "S(Q)", "s_q", ("q_inv_ang",)),
        Plot("reduced_structure_function", "F(Q)", "f_q", ("q_inv_ang",)),
    )

    @property
    def d_r(self) -> Array:
        """D(r) over the squared mean form factor: G(r)."""
        return self.g_r

    @property
    def composition(self) -> dict[str, float]:
        """Fraction of the atoms of each element."""
        return dict(zip(self.elements, self.fractions.tolist(), strict=True))


# --- measure --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PdfPeak:
    """One fitted peak of G(r)."""

    name: str = text("name in the config")
    r_ang: Array = array("A", "r of the fit")
    data: Array = array("1/A^2", "G(r)", ("r_ang",))
    model: Array = array("1/A^2", "the fitted shell with its baseline", ("r_ang",))
    baseline: Array = array("1/A^2", "the baseline", ("r_ang",))
    r_factor: float = scalar("1", "rms of what is left over rms of G(r) in the range")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("peak", "fitted peak", "data", ("r_ang",), ("model", "baseline")),)


@dataclass(frozen=True)
class PdfDifference:
    """G(r) of the sample minus G(r) of a standard."""

    standard: str = text("sample that was subtracted")
    r_ang: Array = array("A", "r")
    difference: Array = array("1/A^2", "G(sample) - G(standard)", ("r_ang",), "sigma")
    sigma: Array = array("1/A^2", "standard uncertainty by counting; empty where unknown", ("r_ang",))
    low: Array = array("1/A^2", "lowest difference of all variants made alike for both", ("r_ang",))
    high: Array = array("1/A^2", "highest difference of all variants made alike for both", ("r_ang",))
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("difference", "minus a standard", "difference", ("r_ang",)),)


@dataclass(frozen=True)
class ScatteringMeasured(Metrics):
    """Result of `measure`: metrics, fitted peaks, envelope and differences."""

    variant_names: tuple[str, ...] = text("variants of the transform")
    by_variant: Array = array("", "value of each metric under each variant, shape (metrics, variants); NaN: missing")
    peaks: tuple[PdfPeak, ...] = text("fitted peaks")
    envelope_r_ang: Array = array("A", "middle of each bin of the envelope")
    envelope: Array = array("1/A^2", "rms of G(r) in the bin without the noise", ("envelope_r_ang",), "envelope_sigma")
    envelope_sigma: Array = array("1/A^2", "its standard uncertainty by counting; empty where unknown", ())
    differences: tuple[PdfDifference, ...] = text("one entry a standard")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("envelope", "envelope of G(r)", "envelope", ("envelope_r_ang",)),)
