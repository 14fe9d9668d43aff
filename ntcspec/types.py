"""What each stage hands on: every quantity named once, with its unit and a one-line meaning.

The store writes and reads these dataclasses by their field metadata: `array(unit, meaning, axes)`
says which unit an array has and along which other fields of the same dataclass it runs. `PLOTS`
lists what a NeXus viewer should draw; the first one is the default.

Symbols: E energy (eV), k photoelectron wavenumber (1/Angstrom), R half path length, not
phase-corrected (Angstrom), mu absorption coefficient times thickness (dimensionless).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Note = str  # one sentence: what was repaired or chosen, and why


def array(unit: str, meaning: str, axes: tuple[str, ...] = (), errors: str = "") -> Any:
    """A dataclass field that holds an array: unit, meaning, the fields it runs along, its error field."""
    return field(metadata={"unit": unit, "meaning": meaning, "axes": axes, "errors": errors})


def scalar(unit: str, meaning: str) -> Any:
    """A dataclass field that holds one number."""
    return field(metadata={"unit": unit, "meaning": meaning})


def text(meaning: str) -> Any:
    """A dataclass field that holds words."""
    return field(metadata={"meaning": meaning})


@dataclass(frozen=True)
class Plot:
    """One NXdata group: `signal` over `axes` (field names of the dataclass that lists it)."""

    name: str
    title: str
    signal: str
    axes: tuple[str, ...]
    auxiliary: tuple[str, ...] = ()


# --- ingest ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a raw file, as measured."""

    name: str = text("name in the file")
    unit: str = text("unit stated in the file, empty if none")
    values: Array = array("", "values, one a row")


DetectionMode = Literal["transmission", "fluorescence", "reference", "tey"]  # tey: total electron yield


@dataclass(frozen=True)
class Channel:
    """How mu(E) of one detection mode follows from the columns of a file.

    kind 'log':    mu = ln(sum(numerator) / denominator)
    kind 'ratio':  mu = sum(numerator) / denominator
    kind 'direct': mu = numerator[0], no denominator
    """

    mode: str = text("detection mode: transmission, fluorescence, reference or tey (total electron yield)")
    kind: str = text("log, ratio or direct")
    numerator: tuple[str, ...] = text("columns that are summed")
    denominator: str = text("column divided by; empty for 'direct'")
    evidence: str = text("the header line or configuration key that says so")

    @property
    def formula(self) -> str:
        """'ln(i0 / itrans)', as shown to the user."""
        top = " + ".join(self.numerator)
        if self.kind == "direct":
            return top
        top = f"({top})" if len(self.numerator) > 1 else top
        ratio = f"{top} / {self.denominator}"
        return f"ln({ratio})" if self.kind == "log" else ratio


@dataclass(frozen=True)
class XasScan:
    """One sweep of the monochromator as one raw file holds it."""

    source: str = text("path of the raw file as the study names it")
    format: str = text("raw format, e.g. 'xdi'")
    format_evidence: str = text("what in the content told the format")
    energy_evidence: str = text("what told the energy column and its unit")
    energy_ev: Array = array("eV", "photon energy")
    row_line: npt.NDArray[np.int64] = array("", "line of the raw file that each row stands on, from 1")
    columns: tuple[Column, ...] = text("every column of the file, energy included, as measured")
    channels: tuple[Channel, ...] = text("detection modes that the file supports")
    preferred: str = text("mode that the file itself names; empty if it names none")
    element: str = text("absorbing element stated in the file, empty if none")
    edge: str = text("absorption edge stated in the file, empty if none")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("header of the raw file, whole")

    def plots(self) -> tuple[Plot, ...]:
        """The intensities of the first detection mode, as measured."""
        names = [column.name for column in self.columns]
        first = self.channels[0] if self.channels else None
        wanted = [n for n in (*first.numerator, first.denominator) if n] if first else names[1:2]
        paths = [f"columns/{names.index(name):04d}/values" for name in dict.fromkeys(wanted) if name in names]
        if not paths:
            return ()
        return (Plot("scan", f"{self.source}: as measured", paths[0], ("energy_ev",), tuple(paths[1:])),)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def mu(self, mode: str) -> Array:
        """mu(E) of a detection mode (dimensionless), shape of `energy_ev`; KeyError without that mode."""
        for channel in self.channels:
            if channel.mode == mode:
                total = np.sum([self.column(n).values for n in channel.numerator], axis=0)
                if channel.kind == "direct":
                    return np.asarray(total, dtype=float)
                ratio = total / self.column(channel.denominator).values
                return np.asarray(np.log(ratio) if channel.kind == "log" else ratio, dtype=float)
        raise KeyError(mode)


@dataclass(frozen=True)
class XasScans:
    """Result of `ingest`: the repeat scans of one measurement, in the order of the study."""

    scans: tuple[XasScan, ...] = text("one entry a raw file")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


# --- exafs ----------------------------------------------------------------------------------


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


# --- measure --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A named number. NaN stands for missing, and then `reason` says why."""

    name: str = text("e.g. 'first_shell.position'")
    value: float = scalar("", "value in `unit`")
    unit: str = text("unit of value and uncertainties")
    u_stat: float = scalar("", "statistical standard uncertainty")
    u_sys: float = scalar("", "systematic uncertainty: spread over the choices that the config lists")
    method: str = text("how it was obtained, in a few words")
    reason: str = text("why value or an uncertainty is missing; empty if nothing is")


@dataclass(frozen=True)
class Metrics:
    """Result of `measure`."""

    metrics: tuple[Metric, ...] = text("in the order of the config")
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()
