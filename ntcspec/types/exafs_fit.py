"""What the stage `fit` of the technique exafs hands on, and what a joint fit of several samples makes of it.

Symbols: k photoelectron wavenumber (1/Angstrom), R half path length, not phase-corrected (Angstrom), w exponent of the
k weight of the data's transform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ntcspec.types import Array, Metrics, Plot, array, scalar, text


@dataclass(frozen=True)
class FeffTable:
    """A path of FEFF as it was used, so that a fit can be made again without FEFF."""

    structure: str = text("name of the structure")
    index: int = scalar("1", "number of the path in FEFF's list")
    symbols: tuple[str, ...] = text("atoms, absorber first")
    xyz_ang: Array = array("angstrom", "their places, shape (legs, 3)")
    degeneracy: float = scalar("1", "number of such paths")
    reff_ang: float = scalar("angstrom", "half path length")
    k_inv_ang: Array = array("1/angstrom", "FEFF's grid, from the Fermi level")
    phase: Array = array("rad", "phase of the path", ("k_inv_ang",))
    amplitude: Array = array("angstrom", "amplitude of the path", ("k_inv_ang",))
    lambda_ang: Array = array("angstrom", "mean free path", ("k_inv_ang",))
    real_p_inv_ang: Array = array("1/angstrom", "real part of the complex wavenumber", ("k_inv_ang",))


@dataclass(frozen=True)
class FittedModel:
    """One model's fit to one data set."""

    name: str = text("name of the model")
    definition: dict[str, Any] = text("parameters and paths, as in the config")
    parameters: tuple[str, ...] = text("free parameters")
    value: Array = array("", "their values, in the units of what they stand in")
    u_noise: Array = array("", "standard uncertainty by the noise of the data; NaN at a bound")
    u_misfit: Array = array("", "what misfit of the model and constants add to it")
    correlation: Array = array("1", "correlation of the parameters, shape (parameters, parameters)")
    at_bound: tuple[str, ...] = text("parameters that ended at a bound")
    chi2: float = scalar("1", "sum of squared residuals, on the scale of the independent points")
    independent: float = scalar("1", "number of independent points")
    reduced_chi2: float = scalar("1", "chi2 over independent points minus parameters")
    r_factor: float = scalar("1", "sum of squared residuals over that of the data")
    aic: float = scalar("1", "Akaike's criterion, without a constant")
    bic: float = scalar("1", "Schwarz's criterion, without a constant")
    entries: tuple[str, ...] = text("paths of the model, by their names in the config")
    entry_chir_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R) of each, shape (entries, R)")
    k_inv_ang: Array = array("1/angstrom", "photoelectron wavenumber, inside the window")
    data_chi: Array = array("angstrom^-w", "windowed k^w chi(k) of the data", ("k_inv_ang",))
    model_chi: Array = array("angstrom^-w", "the same of the model", ("k_inv_ang",))
    r_ang: Array = array("angstrom", "R, not phase-corrected")
    data_re: Array = array("angstrom^-(w+1)", "real part of chi(R) of the data", ("r_ang",))
    data_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R) of the data", ("r_ang",))
    model_re: Array = array("angstrom^-(w+1)", "real part of chi(R) of the model", ("r_ang",))
    model_mag: Array = array("angstrom^-(w+1)", "magnitude of chi(R) of the model", ("r_ang",))
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


@dataclass(frozen=True)
class ExafsFits(Metrics):
    """Result of `fit`: every model that was fitted, and which of them the data prefer."""

    models: tuple[FittedModel, ...] = text("models that could be fitted, in the order of the config")
    failed: dict[str, str] = text("models that could not be fitted, with the reason")
    best: str = text("model of the lowest BIC")
    verdict: str = text("whether the data can tell the models apart")
    kweight: float = scalar("1", "exponent w of the k weight that is drawn")
    range_ang: tuple[float, ...] = text("R range of the fit (angstrom)")
    k_inv_ang: Array = array("1/angstrom", "photoelectron wavenumber")
    chi: Array = array("1", "chi(k) that was fitted", ("k_inv_ang",))
    chi_covariance: Array = array("1", "its covariance, shape (k, k)")
    variant_names: tuple[str, ...] = text("systematic variants of the reduction, 'parameter=value'")
    variant_chi: Array = array("1", "chi(k) of each, shape (variants, k)")
    setup: dict[str, Any] = text("space, k weights, R range and window of the fit")
    tables: tuple[FeffTable, ...] = text("paths of FEFF that the models use")
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("chi", "EXAFS that was fitted", "chi", ("k_inv_ang",)),)


@dataclass(frozen=True)
class ExafsJointFit(Metrics):
    """Result of the series `exafs.fit`: one model fitted to several samples at once, some parameters common to all."""

    model: str = text("name of the model")
    shared: tuple[str, ...] = text("parameters that all samples have in common")
    samples: tuple[str, ...] = text("samples, in study order")
    parameters: tuple[str, ...] = text("free parameters; those of sample number i end in __i")
    value: Array = array("", "their values, in the units of what they stand in")
    correlation: Array = array("1", "correlation of the parameters, shape (parameters, parameters)")
    fits: tuple[FittedModel, ...] = text("the fit of each sample, under its name; statistics are those of the whole")
    PLOTS: ClassVar[tuple[Plot, ...]] = ()
