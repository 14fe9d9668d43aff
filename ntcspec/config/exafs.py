"""Parameters of the technique `exafs`, one model a stage."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ntcspec.config.base import Interval, Parameters, param, required
from ntcspec.config.exafs_fit import Fit
from ntcspec.config.xas import Calibration, Ingest, Name, Normalisation, OverAbsorption
from ntcspec.errors import did_you_mean


def _atoms(key: str) -> str:
    if not re.fullmatch(r"[A-Z][a-z]?(-[A-Z][a-z]?)+( from [0-9]+([.][0-9]+)?)?", key):
        raise ValueError("name the atoms of a path, absorber first, such as Ta-Na, or Ta-Cl from 4 (angstrom)")
    return key


PathAtoms = Annotated[str, AfterValidator(_atoms)]
Window = Literal["hanning", "kaiser", "parzen", "welch", "gaussian", "sine"]


class ReduceVariants(Parameters):
    """Other choices that are as reasonable: each is run alone, and the spread is the systematic uncertainty."""

    e0_shift_ev: tuple[float, ...] = param((-1.0, 1.0), "eV", "added to e0_ev")
    rbkg_shift_ang: tuple[float, ...] = param((-0.1, 0.1), "angstrom", "added to rbkg_ang")
    pre1_shift_ev: tuple[float, ...] = param((), "eV", "added to pre1_ev")
    pre2_shift_ev: tuple[float, ...] = param((), "eV", "added to pre2_ev")
    norm1_shift_ev: tuple[float, ...] = param((50.0,), "eV", "added to norm1_ev")
    norm2_shift_ev: tuple[float, ...] = param((), "eV", "added to norm2_ev, or to the end of data")
    norm_degree: tuple[int, ...] = param((), "", "other degrees of the post-edge polynomial")


class Rebin(Parameters):
    """Bins of constant width in energy and, above the edge, in k; a bin without points is left out."""

    pre_step_ev: float = param(5.0, "eV", "width below the edge", gt=0)
    edge_range_ev: Interval = param((-30.0, 50.0), "eV", "the edge, from e0: bins of `edge_step_ev`")
    edge_step_ev: float = param(0.5, "eV", "width at the edge", gt=0)
    kstep_inv_ang: float = param(0.05, "1/angstrom", "width in k above the edge", gt=0)

    @model_validator(mode="after")
    def _round_the_edge(self) -> Rebin:
        if not self.edge_range_ev[0] < 0 < self.edge_range_ev[1]:
            raise ValueError("`edge_range_ev` must begin below 0 and end above it")
        return self


class ThickOrThin(OverAbsorption):
    """Correction of fluorescence EXAFS for over-absorption (self-absorption), by a sample of any thickness."""

    correct: bool = param(False, "", "correct chi(k) where the mode is fluorescence")
    areal_density_mg_cm2: float | None = param(
        None, "mg/cm^2", "mass of the sample per area of its surface; without it it is thick for all beams", gt=0
    )


class Reduce(Parameters):
    """Merge, normalise, subtract the background: chi(k)."""

    mode: Literal["auto", "transmission", "fluorescence", "tey", "reference"] = param(
        "auto", "", "detection mode; `auto`: what the file names, else transmission, fluorescence, electron yield"
    )
    align: Literal["auto", "reference", "signal", "none"] = param(
        "auto",
        "",
        "align repeat scans on the reference channel or on the spectrum itself; `auto`: reference if all have it",
    )
    weights: Literal["variance", "equal"] = param("variance", "", "weights of repeat scans: 1/variance, or all equal")
    spikes: Literal["drop", "keep"] = param("keep", "", "single points that no other scan has")
    glitches_ev: tuple[Interval, ...] = param((), "eV", "ranges, on the axis as measured, whose points are left out")
    calibrate: Calibration | None = param(None, "", "energy calibration; without it the axis is taken as measured")
    rebin: Rebin | None = param(None, "", "bins, for a scan of many more points than the EXAFS needs")
    e0_ev: float | None = param(None, "eV", "energy origin of k; without it the steepest point of the edge", gt=0)
    pre1_ev: float = param(-150.0, "eV", "start of the pre-edge range, from e0", lt=0)
    pre2_ev: float = param(-50.0, "eV", "end of the pre-edge range, from e0", lt=0)
    norm1_ev: float = param(100.0, "eV", "start of the post-edge range, from e0", gt=0)
    norm2_ev: float | None = param(None, "eV", "end of the post-edge range, from e0; without it the end of data", gt=0)
    norm_degree: int = param(2, "", "degree of the post-edge polynomial", ge=0, le=3)
    victoreen: int = param(0, "", "energy exponent of the pre-edge line", ge=0, le=4)
    normalisation: Normalisation = param(
        "polynomial", "", "edge step: between pre-edge line and post-edge curve at e0, or `mback`: tabulated absorption"
    )
    rbkg_ang: float = param(1.0, "angstrom", "background is what lies below this R (not phase-corrected)", gt=0, lt=3)
    bkg_kweight: int = param(2, "", "k weight of the background fit", ge=0, le=3)
    bkg_kmin_inv_ang: float = param(0.0, "1/angstrom", "start of the background fit", ge=0)
    bkg_kmax_inv_ang: float | None = param(
        None, "1/angstrom", "end of the background fit; without it the end of data", gt=0
    )
    bkg_dk_inv_ang: float = param(0.1, "1/angstrom", "taper of the background fit's window", ge=0)
    bkg_window: Window = param("hanning", "", "window of the background fit")
    clamp_low: float = param(0.0, "", "clamp of the spline at low k", ge=0)
    clamp_high: float = param(0.0, "", "clamp of the spline at high k", ge=0)
    clamp_points: int = param(3, "", "points that the clamps act on", ge=0)
    kstep_inv_ang: float = param(0.05, "1/angstrom", "step of the k grid", gt=0)
    nfft: int = param(2048, "", "points of the Fourier transform", ge=512, le=65536)
    over_absorption: ThickOrThin = ThickOrThin()
    systematic: ReduceVariants = ReduceVariants()

    @model_validator(mode="after")
    def _ranges(self) -> Reduce:
        if self.pre1_ev >= self.pre2_ev:
            raise ValueError("`pre1_ev` must be below `pre2_ev`")
        if self.norm2_ev is not None and self.norm1_ev >= self.norm2_ev:
            raise ValueError("`norm1_ev` must be below `norm2_ev`")
        return self


class Transform(Parameters):
    """Fourier transform of k^w chi(k); the wavelet uses the same range, weight and window."""

    kweight: int = param(2, "", "exponent w of the k weight", ge=0, le=3)
    kmin_inv_ang: float = param(3.0, "1/angstrom", "start of the k range", ge=0)
    kmax_inv_ang: float = param(12.0, "1/angstrom", "end of the k range", gt=0)
    dk_inv_ang: float = param(1.0, "1/angstrom", "taper of the window", ge=0)
    window: Window = param("hanning", "", "window")
    nfft: int = param(2048, "", "points of the Fourier transform", ge=512, le=65536)
    rmax_ang: float = param(10.0, "angstrom", "end of the R grid that is stored", gt=0, le=30)
    back_rmin_ang: float = param(1.0, "angstrom", "start of the back transform", ge=0)
    back_rmax_ang: float = param(3.0, "angstrom", "end of the back transform", gt=0)
    back_dr_ang: float = param(0.5, "angstrom", "taper of the back transform", ge=0)
    noise_range_ang: Interval = param((15.0, 25.0), "angstrom", "R range that holds nothing but noise")

    @model_validator(mode="after")
    def _ranges(self) -> Transform:
        if self.kmin_inv_ang >= self.kmax_inv_ang:
            raise ValueError("`kmin_inv_ang` must be below `kmax_inv_ang`")
        if self.back_rmin_ang >= self.back_rmax_ang:
            raise ValueError("`back_rmin_ang` must be below `back_rmax_ang`")
        return self


class Wavelet(Parameters):
    """Wavelet map of the windowed k^w chi(k)."""

    family: str = param("morlet", "", "`morlet`, `cauchy`, or a complex family of PyWavelets such as `cmor1.5-1.0`")
    eta_sigma: float | None = param(
        None, "", "Morlet: eta times sigma (Funke 2005); order = (eta sigma)^2; default 7", gt=0, le=30
    )
    order: float | None = param(None, "", "Cauchy: order n (Munoz 2003); default 50", gt=0, le=900)
    rmin_ang: float = param(1.0, "angstrom", "start of the R grid", gt=0)
    rmax_ang: float = param(6.0, "angstrom", "end of the R grid", gt=0)
    rstep_ang: float = param(0.025, "angstrom", "step of the R grid", gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Wavelet:
        if self.eta_sigma is not None and self.order is not None:
            raise ValueError("give `eta_sigma` or `order`, not both")
        if self.rmin_ang >= self.rmax_ang:
            raise ValueError("`rmin_ang` must be below `rmax_ang`")
        return self


class Structure(Parameters):
    """A crystal structure that FEFF computes scattering paths of."""

    file: str = required("CIF, as path from `raw_root`; a structure without disorder")
    site: str | int | None = param(
        None, "", "absorbing atom: element, label in the CIF or number of the site; without it the element"
    )
    radius_ang: float = param(6.0, "angstrom", "atoms within this distance of the absorber", gt=1, le=12)


class Paths(Parameters):
    """FEFF paths of structures through the window and transforms of the data: which kind of path makes each lobe of
    the wavelet map (the boxes of `measure`). Without structures the stage is not run."""

    structures: dict[Name, Structure] = param({}, "", "structures by name")
    program: Literal["feff6l", "feff8l"] = param("feff6l", "", "the FEFF that comes with xraylarch")
    max_length_ang: float = param(5.5, "angstrom", "longest half path length", gt=1, le=10)
    s02: float = param(0.9, "", "amplitude reduction factor", gt=0, le=1.5)
    e0_shift_ev: float = param(0.0, "eV", "FEFF's origin of k minus that of the data")
    u_e0_shift_ev: float = param(2.0, "eV", "its standard uncertainty", ge=0)
    sigma2_single_ang2: float = param(0.006, "angstrom^2", "mean-square disorder of single scattering paths", ge=0)
    sigma2_multiple_ang2: float = param(0.010, "angstrom^2", "mean-square disorder of all other paths", ge=0)
    sigma2_of_ang2: dict[PathAtoms, Annotated[float, Field(ge=0)]] = param(
        {}, "angstrom^2",
        "mean-square disorder of paths by their atoms, before the two above: {Ta-Na: 0.02, Ta-Cl from 4: 0.03}, where "
        "`from 4` means half path lengths of 4 angstrom or more",
    )  # fmt: skip
    u_sigma2_ang2: float = param(0.003, "angstrom^2", "standard uncertainty of each, one path from another", ge=0)
    u_r_ang: float = param(0.02, "angstrom", "standard uncertainty of each half path length, one from another", ge=0)


class Box(Parameters):
    """A rectangle in the wavelet map."""

    k: Interval = param(..., "1/angstrom", "k range")
    r: Interval = param(..., "angstrom", "R range")


class MeasureVariants(Parameters):
    """Other reasonable transforms; each is run alone."""

    kmin_shift_inv_ang: tuple[float, ...] = param((-0.5, 0.5), "1/angstrom", "added to kmin_inv_ang")
    kmax_shift_inv_ang: tuple[float, ...] = param((-1.0,), "1/angstrom", "added to kmax_inv_ang")
    dk_shift_inv_ang: tuple[float, ...] = param((), "1/angstrom", "added to dk_inv_ang")
    kweight: tuple[Annotated[int, Field(ge=0, le=3)], ...] = param(
        (1, 3), "", "other k weights; they count for ratios alone, since other numbers change with the weight as such"
    )


class Measure(Parameters):
    """Metrics of the peaks in |chi(R)| and of the lobes in the wavelet map."""

    windows: dict[Name, Interval] = param({"first_shell": (1.0, 3.0)}, "angstrom", "named R windows")
    boxes: dict[Name, Box] = param({}, "", "named boxes in the wavelet map")
    first_shell: str = param("first_shell", "", "the window that holds the first shell; `ratio` is to that one")
    peaks_range_ang: Interval = param((0.5, 6.0), "angstrom", "R range in which every peak is listed and judged")
    systematic: MeasureVariants = MeasureVariants()

    @model_validator(mode="after")
    def _names(self) -> Measure:
        for name in self.windows.keys() & self.boxes.keys():
            raise ValueError(f"{name!r} names a window and a box: the metrics could not be told apart")
        return self


class Bend(Parameters):
    """Bend of octahedra by their forward-scattering lobe. Without `ligand` the stage is not run."""

    ligand: str | None = param(None, "", "element at the corners of the octahedra, such as Cl")
    box: Name = param("multiple_scattering", "", "box of `measure` that holds the lobe")
    angles_deg: Annotated[tuple[Annotated[float, Field(ge=0, le=80)], ...], Field(min_length=4)] = param(
        (0, 5, 10, 15, 20, 25, 30, 35, 40, 45), "degree", "bends that FEFF computes, ascending"
    )
    program: Literal["feff6l", "feff8l"] = param("feff6l", "", "the FEFF that comes with xraylarch")
    distance_ang: float = param(2.35, "angstrom", "absorber-ligand distance", gt=1, le=4)
    u_distance_ang: float = param(0.02, "angstrom", "its standard uncertainty", ge=0)
    sigma2_single_ang2: float = param(0.006, "angstrom^2", "mean-square disorder of the first shell", ge=0)
    sigma2_multiple_ang2: float = param(0.010, "angstrom^2", "mean-square disorder of all other paths", ge=0)
    u_sigma2_ang2: float = param(0.003, "angstrom^2", "standard uncertainty of each of the two", ge=0)
    e0_shift_ev: float = param(0.0, "eV", "FEFF's origin of k minus that of the data")
    u_e0_shift_ev: float = param(2.0, "eV", "its standard uncertainty", ge=0)

    @model_validator(mode="after")
    def _ascending(self) -> Bend:
        if any(b <= a for a, b in zip(self.angles_deg, self.angles_deg[1:], strict=False)):
            raise ValueError("`angles_deg` must ascend")
        return self


class Exafs(Parameters):
    """All stages of the technique `exafs`."""

    ingest: Ingest = Ingest()
    reduce: Reduce = Reduce()
    transform: Transform = Transform()
    wavelet: Wavelet = Wavelet()
    measure: Measure = Measure()
    paths: Paths = Paths()
    fit: Fit = Fit()
    bend: Bend = Bend()

    @model_validator(mode="after")
    def _bend(self) -> Exafs:
        if self.bend.ligand is not None and self.bend.box not in self.measure.boxes:
            hint = did_you_mean(self.bend.box, self.measure.boxes)
            raise ValueError(f"bend.box: no box {self.bend.box!r} under `measure.boxes`{hint}")
        if self.bend.ligand is not None and self.measure.first_shell not in self.measure.windows:
            raise ValueError(f"measure.first_shell: no window {self.measure.first_shell!r} under `measure.windows`")
        return self

    @model_validator(mode="after")
    def _structures(self) -> Exafs:
        if self.fit.models and not self.paths.structures:
            raise ValueError("`fit.models` need a structure under `paths.structures`, of which FEFF makes their paths")
        known = self.paths.structures
        for model, path in ((m, p) for m, one in self.fit.models.items() for p in one.paths.values()):
            if path.structure is not None and path.structure not in known:
                hint = did_you_mean(path.structure, known)
                raise ValueError(f"fit.models.{model}: no structure {path.structure!r} under `paths.structures`{hint}")
        return self
