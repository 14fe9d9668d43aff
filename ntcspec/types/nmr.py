"""What the stages of the technique nmr hand on.

Symbols: nu frequency relative to the carrier (Hz), nu0 frequency of the reference compound's zero of shift (MHz), delta
shift (ppm), high frequency positive. Whatever a file's own orientation is, a decay is stored so that exp(+2 pi i nu t)
is a line at +nu.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text

# --- ingest ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NmrFid:
    """One raw measurement in the time domain, as measured. Time 0 is the first point of the file."""

    source: str = text("path of the main raw file as the study names it")
    format: str = text("raw format, e.g. 'spinsight'")
    format_evidence: str = text("what in the content told the format")
    files: tuple[str, ...] = text("every file that was read, main file first")
    time_s: Array = array("s", "time of a point after the first")
    real: Array = array("", "receiver channel in phase", ("time_s",))
    imaginary: Array = array("", "receiver channel a quarter turn ahead", ("time_s",))
    orientation: str = text("how the numbers of the file became exp(+2 pi i nu t) for a line at +nu")
    dwell_s: float = scalar("s", "time between complex points")
    width_hz: float = scalar("Hz", "spectral width, 1/dwell")
    carrier_mhz: float = scalar("MHz", "frequency of the receiver: nu = 0")
    zero_mhz: float = scalar("MHz", "frequency of shift 0 by the file's own reference; NaN where it has none")
    zero_evidence: str = text("how the file was referenced, or why its axis has no zero")
    nucleus: str = text("nucleus, e.g. '23Na'; empty where it is unknown")
    spinning_hz: float = scalar("Hz", "spinning rate; NaN where it is unknown")
    group_delay_points: float = scalar("1", "delay of the digital filter in points; 0 where the file has none")
    scans: float = scalar("1", "transients that were added up; NaN where it is unknown")
    pulse_program: str = text("pulse sequence as the file names it; empty where it does not")
    keys: tuple[str, ...] = text("keys of the parameter files, in order; they may repeat")
    values: tuple[str, ...] = text("value of each key")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("parameter files, whole")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("fid", "NMR signal as measured", "real", ("time_s",), ("imaginary",)),)

    def first(self, *names: str) -> str:
        """Value of the first key with one of these names, names in order of preference; '' if none."""
        pairs = list(zip(self.keys, self.values, strict=True))
        return next((value for name in names for key, value in pairs if key == name), "")


@dataclass(frozen=True)
class NmrSpectrum:
    """A raw file that holds a spectrum: transformed, phased and referenced by the program that wrote it."""

    source: str = text("path of the main raw file as the study names it")
    format: str = text("raw format, e.g. 'jcampdx'")
    format_evidence: str = text("what in the content told the format")
    files: tuple[str, ...] = text("every file that was read, main file first")
    offset_hz: Array = array("Hz", "frequency relative to shift 0, or to the first point without one; ascending")
    real: Array = array("", "absorption part as the file gives it", ("offset_hz",))
    imaginary: Array = array("", "dispersion part; NaN where the file has none", ("offset_hz",))
    zero_mhz: float = scalar("MHz", "frequency of shift 0; NaN where the file does not tell it")
    zero_evidence: str = text("how the file was referenced, or why its axis has no zero")
    observe_mhz: float = scalar("MHz", "observe frequency of the file")
    nucleus: str = text("nucleus, e.g. '23Na'; empty where it is unknown")
    spinning_hz: float = scalar("Hz", "spinning rate; NaN where it is unknown")
    broadening_hz: float = scalar("Hz", "Lorentzian width that its apodisation added; NaN where it is unknown")
    scans: float = scalar("1", "transients that were added up; NaN where it is unknown")
    pulse_program: str = text("pulse sequence as the file names it; empty where it does not")
    keys: tuple[str, ...] = text("keys of the parameter files, in order; they may repeat")
    values: tuple[str, ...] = text("value of each key")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("parameter files, whole")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("spectrum", "NMR spectrum of the file", "real", ("offset_hz",)),)


@dataclass(frozen=True)
class NmrIngested:
    """Result of `ingest`: what was measured, in the order of the study, and what gives the zero of the axis."""

    fids: tuple[NmrFid, ...] = text("raw measurements in the time domain")
    spectra: tuple[NmrSpectrum, ...] = text("raw files that hold a spectrum already")
    standard: tuple[NmrFid, ...] = text("measurement of the reference compound; empty if none was named")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


# --- reduce ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NmrReduced:
    """Result of `reduce`: a phased, referenced spectrum, before and after its baseline."""

    shift_ppm: Array = array("ppm", "shift, ascending; drawn right to left")
    real: Array = array("", "spectrum, absorption part, baseline taken off", ("shift_ppm",), "sigma")
    imaginary: Array = array("", "spectrum, dispersion part", ("shift_ppm",))
    baseline: Array = array("", "baseline that was taken off the absorption part", ("shift_ppm",))
    sigma: Array = array("", "standard uncertainty of a point by noise; neighbours are correlated", ("shift_ppm",))
    noise_correlation: Array = array("1", "correlation of the noise of points 0, 1, 2 ... apart")
    larmor_mhz: float = scalar("MHz", "frequency at shift 0")
    spinning_hz: float = scalar("Hz", "spinning rate; NaN where it is unknown")
    broadening_hz: float = scalar("Hz", "full width that apodisation adds to a line (Lorentzian); 0 for none")
    gaussian_hz: float = scalar("Hz", "full width that Gaussian apodisation adds to a line; 0 for none")
    nucleus: str = text("nucleus, e.g. '23Na'")
    reference_compound: str = text("what the shifts refer to")
    reference_ppm: float = scalar("ppm", "shift that was given to the reference compound")
    reference_method: str = text("how the axis was referenced")
    reference_error_ppm: float = scalar("ppm", "standard uncertainty of the zero of the axis; NaN where unknown")
    phase0_deg: float = scalar("deg", "zero-order phase that was applied, at the pivot")
    phase1_deg: float = scalar("deg", "first-order phase that was applied, over the whole width")
    pivot_ppm: float = scalar("ppm", "shift at which only the zero-order phase acts")
    echo_points: float = scalar("1", "position of the echo's top in points from the first; NaN for a plain decay")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("spectrum", "NMR spectrum", "real", ("shift_ppm",)),)


# --- measure --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NmrLine:
    """A named line as it was found without a model, for figures."""

    name: str = text("name of the line")
    low_ppm: float = scalar("ppm", "start of its range")
    high_ppm: float = scalar("ppm", "end of its range")
    position_ppm: float = scalar("ppm", "where it is highest; NaN where it was not detected")
    height: float = scalar("", "height there")
    detected: bool = text("whether it stands above 3 sigma")


@dataclass(frozen=True)
class NmrSideband:
    """A spinning sideband of a named line."""

    line: str = text("name of the line")
    order: int = scalar("1", "order, positive at high shift")
    shift_ppm: float = scalar("ppm", "where it is expected")
    half_width_ppm: float = scalar("ppm", "half of the window that it was summed over")
    area: float = scalar("", "intensity times ppm")
    area_error: float = scalar("", "standard uncertainty by noise")
    detected: bool = text("whether its area stands above 3 sigma")


@dataclass(frozen=True)
class NmrFit:
    """Sites fitted to a range: the model that was chosen.

    delta_iso_ppm and quadrupole_shift_ppm are means of the sites with a coupling, weighted by area: what shielding and
    what the coupling puts into the position. NaN where no site of the model has a coupling.
    """

    name: str = text("name of the fit")
    model: str = text("name of the model that was chosen")
    decided: bool = text("whether it is the best by BIC, by 2 or more")
    shift_ppm: Array = array("ppm", "shift of the points")
    data: Array = array("", "spectrum", ("shift_ppm",), "data_error")
    data_error: Array = array("", "standard uncertainty of a point", ("shift_ppm",))
    total: Array = array("", "sites and background", ("shift_ppm",))
    background: Array = array("", "background alone", ("shift_ppm",))
    sites: Array = array("", "each site alone, shape (sites, points)")
    site_names: tuple[str, ...] = text("names of the sites")
    site_models: tuple[str, ...] = text("model of each site: a line, quadrupolar or czjzek")
    parameter_names: tuple[str, ...] = text("'site.parameter' of each fitted parameter")
    parameters: Array = array("", "value of each parameter, in the units of the metrics")
    covariance: Array = array("", "their covariance by noise; NaN at a bound, infinite where undetermined")
    delta_iso_ppm: float = scalar("ppm", "mean isotropic shift of the sites with a coupling")
    quadrupole_shift_ppm: float = scalar("ppm", "mean quadrupolar shift of the same")
    shift_covariance: Array = array("", "covariance of these two by noise (ppm^2), shape (2, 2)")
    choice_delta_iso_ppm: Array = array("ppm", "delta_iso_ppm under each other choice")
    choice_quadrupole_shift_ppm: Array = array("ppm", "quadrupole_shift_ppm under each other choice")
    compared: dict[str, Any] = text("for each model tried: chi-square, parameters, BIC, why it was refused")


@dataclass(frozen=True)
class NmrMeasured(Metrics):
    """Result of `measure`: metrics, the fits and lines behind them, sidebands.

    by_choice holds the value of each metric under each other choice (phase, background, limits), NaN where missing.
    """

    choice_names: tuple[str, ...] = text("other choices that were tried")
    by_choice: Array = array("", "value of each metric under each of them, shape (metrics, choices)")
    reference_error_ppm: float = scalar("ppm", "standard uncertainty of the zero of the axis; in no u_sys")
    fits: tuple[NmrFit, ...] = text("fits, in the order of the config")
    lines: tuple[NmrLine, ...] = text("named lines, in the order of the config")
    sidebands: tuple[NmrSideband, ...] = text("spinning sidebands of the lines that ask for them")

    def plots(self) -> tuple[Plot, ...]:
        """The fits."""
        return tuple(
            Plot(f"fit_{f.name}", f"fit {f.name}", f"fits/{i:04d}/data", (f"fits/{i:04d}/shift_ppm",),
                 (f"fits/{i:04d}/total", f"fits/{i:04d}/background"))
            for i, f in enumerate(self.fits)
        )  # fmt: skip


@dataclass(frozen=True)
class NmrSplit(Metrics):
    """Changes from the first sample of a series, split into shielding and coupling."""

    samples: tuple[str, ...] = text("samples, the reference first")
    shielding_ppm: Array = array("ppm", "change of delta_iso from the first sample", ("sample",))
    quadrupole_ppm: Array = array("ppm", "change of the quadrupolar shift", ("sample",))
    cog_ppm: Array = array("ppm", "change of the centre of gravity, their sum", ("sample",))
    uncertainty_ppm: Array = array("ppm", "statistical uncertainty of the three, shape (samples, 3)")
    systematic_ppm: Array = array("ppm", "systematic uncertainty of the three, shape (samples, 3)")
    verdicts: tuple[str, ...] = text("what moved, in words, for each sample")
    sample: Array = array("1", "number of the sample")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("split", "change of the line's place", "cog_ppm", ("sample",), ("shielding_ppm", "quadrupole_ppm")),
    )
