"""What the stages of the technique raman hand on.

Symbols: s Raman shift (cm^-1, Stokes side positive), y intensity as the file gives it, B baseline under the bands.

One measurement holds m spectra on one axis of n points: m = 1 for a single spectrum, more for a series, a line or a
map. Arrays over all of them have the shape (m, n), tables of values (m, columns).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Note, Plot, array, scalar, text
from ntcspec.types.nexus import Application

# --- ingest ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RamanScan:
    """One raw file: one spectrum, or a series, line or map of spectra on one axis."""

    source: str = text("path of the raw file as the study names it")
    format: str = text("raw format, e.g. 'labspec'")
    format_evidence: str = text("what in the content told the format")
    axis_evidence: str = text("what told the unit of the axis")
    shift_cm1: Array = array("1/cm", "Raman shift as the file gives it, ascending, not calibrated")
    intensity: Array = array("", "intensity as the file gives it, shape (spectra, points)")
    mean_intensity: Array = array("", "intensity, mean of all spectra", ("shift_cm1",))
    intensity_unit: str = text("unit of the intensity that the file states; empty if none")
    coordinate_names: tuple[str, ...] = text("what differs from spectrum to spectrum, e.g. 'X', 'Y', 'Time'")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate; empty where the file states none")
    coordinates: Array = array("", "coordinates of each spectrum, shape (spectra, coordinates)")
    laser_nm: float = scalar("nm", "laser wavelength; NaN where it is unknown")
    exposure_s: float = scalar("s", "time of one exposure; NaN where it is unknown")
    accumulations: float = scalar("1", "number of exposures; NaN where it is unknown")
    spike_filter: str = text("spike filter of the acquisition; empty where the file does not say")
    history: tuple[str, ...] = text("what the acquisition program did to the data, in its order")
    keys: tuple[str, ...] = text("keys of the header, in order; they repeat")
    values: tuple[str, ...] = text("value of each key")
    notes: tuple[Note, ...] = text("repairs and choices, in the order they were made")
    header: str = text("header of the raw file, whole")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("scan", "Raman spectrum as measured", "mean_intensity", ("shift_cm1",)),)

    def first(self, *names: str) -> str:
        """Value of the first header key with one of these names, names in order of preference; '' if none."""
        pairs = list(zip(self.keys, self.values, strict=True))
        return next((value for name in names for key, value in pairs if key == name), "")

    @property
    def baseline_subtracted(self) -> bool:
        """Whether the acquisition program has already taken a baseline away."""
        return any(one.startswith("Base:") and "Sub" in one for one in self.history)

    @property
    def filtered(self) -> bool:
        """Whether the acquisition program has already looked for spikes."""
        return self.spike_filter.strip().casefold() not in ("", "off", "no", "none")


@dataclass(frozen=True)
class RamanIngested:
    """Result of `ingest`: the files of one measurement, in the order of the study."""

    scans: tuple[RamanScan, ...] = text("one entry a raw file")
    silicon: tuple[RamanScan, ...] = field(default=(), metadata={"meaning": "spectrum of silicon, if one was named"})
    neon: tuple[RamanScan, ...] = field(default=(), metadata={"meaning": "spectrum of neon, if one was named"})
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


# --- reduce ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RamanReduced:
    """Result of `reduce`: calibrated axis, spikes taken out, baseline found."""

    shift_cm1: Array = array("1/cm", "Raman shift, calibrated, ascending; the points as measured")
    shift_error_cm1: Array = array("1/cm", "standard uncertainty of the calibration; NaN if not calibrated")
    measured_shift_cm1: Array = array("1/cm", "Raman shift as the file gives it")
    intensity: Array = array("", "intensity without spikes, shape (spectra, points)")
    sigma: Array = array("", "standard uncertainty of a point of intensity, shape (spectra, points)")
    baseline: Array = array("", "baseline, shape (spectra, points)")
    corrected: Array = array("", "intensity minus baseline, shape (spectra, points)")
    mean_intensity: Array = array("", "intensity, mean of all spectra", ("shift_cm1",))
    mean_baseline: Array = array("", "baseline, mean of all spectra", ("shift_cm1",))
    mean_corrected: Array = array("", "intensity minus baseline, mean of all spectra", ("shift_cm1",))
    intensity_unit: str = text("unit of the intensities: counts, counts/s or arb. units")
    variant_names: tuple[str, ...] = text("other baselines, 'method parameter=value'")
    variant_baseline: Array = array("", "baseline of the mean spectrum by each, shape (variants, points)")
    spikes: Array = array("1", "1 where a spike was taken out, shape (spectra, points)")
    saturated: Array = array("1", "1 where the detector was saturated, shape (spectra, points)")
    coordinate_names: tuple[str, ...] = text("what differs from spectrum to spectrum")
    coordinate_units: tuple[str, ...] = text("unit of each coordinate")
    coordinates: Array = array("", "coordinates of each spectrum, shape (spectra, coordinates)")
    laser_nm: float = scalar("nm", "laser wavelength; NaN where it is unknown")
    calibration: str = text("how the axis was calibrated; empty if not")
    instrument_fwhm_cm1: float = scalar("1/cm", "width that the instrument gives a sharp line; NaN if unknown")
    instrument_fwhm_error_cm1: float = scalar("1/cm", "standard uncertainty of that width; NaN if unknown")
    chosen: dict[str, Any] = text("what the program chose by itself")
    notes: tuple[Note, ...] = text("choices and warnings, in the order they were made")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("raman", "Raman spectrum without baseline", "mean_corrected", ("shift_cm1",)),
        Plot("measured", "Raman spectrum and baseline", "mean_intensity", ("shift_cm1",), ("mean_baseline",)),
    )

    def application(self) -> Application:
        """NXraman, which names no array of the spectrum itself."""
        return Application("NXraman", "raman", {"wavelength": "laser_nm"})


# --- transform ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RamanTransformed:
    """Result of `transform`: the corrected spectrum reduced by the Bose and the laser-frequency factor."""

    shift_cm1: Array = array("1/cm", "Raman shift; only where the factor is trusted")
    factor: Array = array(
        "1", "what the corrected intensity was multiplied by, 1 at the reference shift", ("shift_cm1",)
    )
    intensity: Array = array("", "reduced intensity, shape (spectra, points)")
    sigma: Array = array("", "standard uncertainty of a point, shape (spectra, points)")
    mean_intensity: Array = array("", "reduced intensity, mean of all spectra", ("shift_cm1",))
    temperature_k: float = scalar("K", "temperature of the Bose factor")
    laser_power: float = scalar("1", "exponent of the laser-frequency factor: 3 for photon counts, 4 for energy")
    notes: tuple[Note, ...] = text("choices and warnings")
    PLOTS: ClassVar[tuple[Plot, ...]] = (
        Plot("reduced", "Bose-reduced Raman spectrum", "mean_intensity", ("shift_cm1",)),
    )


# --- measure --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BandFit:
    """Lines and a straight line fitted to a range of the mean spectrum: the number of lines that was chosen."""

    name: str = text("name of the band, e.g. 'a1g'")
    shift_cm1: Array = array("1/cm", "Raman shift")
    data: Array = array("", "intensity minus baseline", ("shift_cm1",), "data_error")
    data_error: Array = array("", "standard uncertainty that the fit was weighted with", ("shift_cm1",))
    total: Array = array("", "straight line and lines", ("shift_cm1",))
    background: Array = array("", "straight line alone", ("shift_cm1",))
    lines: Array = array("", "each line alone, shape (lines, points), ascending positions")
    compared: dict[str, Any] = text("for each number of lines tried: chi-square, parameters, AICc, BIC")


@dataclass(frozen=True)
class RamanTable:
    """The metrics of every spectrum of a series or a map: one row a spectrum, one column a metric."""

    names: tuple[str, ...] = text("metrics")
    metric_units: tuple[str, ...] = text("unit of each metric")
    values: Array = array("", "value, NaN where it is missing, shape (spectra, metrics)")
    u_stat: Array = array("", "statistical standard uncertainty, shape (spectra, metrics)")


@dataclass(frozen=True)
class RamanMeasured(Metrics):
    """Result of `measure`: metrics of the mean spectrum, the fits behind them, and the table of all spectra.

    by_baseline holds the value of each metric over each other baseline, NaN where it is missing.
    """

    baseline_names: tuple[str, ...] = text("other baselines")
    by_baseline: Array = array("", "value of each metric over each of them, shape (metrics, baselines)")
    fits: tuple[BandFit, ...] = text("band fits, in the order of the config")
    tables: tuple[RamanTable, ...] = text("one table where there are several spectra; empty for a single one")

    def plots(self) -> tuple[Plot, ...]:
        """The band fits."""
        return tuple(
            Plot(f"fit_{f.name}", f"fit {f.name}", f"fits/{i:04d}/data", (f"fits/{i:04d}/shift_cm1",),
                 (f"fits/{i:04d}/total", f"fits/{i:04d}/background"))
            for i, f in enumerate(self.fits)
        )  # fmt: skip
