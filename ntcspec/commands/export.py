"""`ntcspec export`: results as files of other programs: Athena projects, PDFgetX3 files, columns of text.

Nothing is computed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ntcspec import store
from ntcspec.config.load import load_study
from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.errors import UserError
from ntcspec.export import athena
from ntcspec.export.columns import Column, columns
from ntcspec.export.pdfgetx import pdfgetx, rmcprofile
from ntcspec.provenance import write_atomic
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed
from ntcspec.types.nmr import NmrFit, NmrMeasured, NmrReduced
from ntcspec.types.raman import RamanMeasured, RamanReduced, RamanTransformed
from ntcspec.types.scattering import ScatteringReduced
from ntcspec.types.scattering_pdf import ScatteringTransformed
from ntcspec.types.xanes import XanesReduced

Files = dict[str, bytes]
MU = {
    "transmission": "mutrans",
    "fluorescence": "mufluor",
    "tey": "mutey",
}  # the first two as XDI's dictionary has them


def main(options: argparse.Namespace) -> int:
    """Exit code 1 if a measurement has no result to export; the others are written."""
    study: Study = load_study(options.study)
    groups: dict[str, list[athena.AthenaGroup]] = {}
    files: Files = {}
    missing: list[str] = []
    for m in study.measurements:
        try:
            if m.frames:
                raise UserError(f"{m.folder}/reduce.nxs", "frames are not exported", "read them from this file (HDF5)")
            spectra, text = EXPORTERS[m.technique](study, m)
        except UserError as problem:
            missing.append(f"{m.title}: {problem}")
            continue
        if spectra:
            groups.setdefault(m.name, []).extend(spectra)
        files |= {f"{m.folder.removeprefix('results/')}/{name}": data for name, data in text.items()}
    for name, found in groups.items():
        files[f"{name}.prj"] = athena.project(found, journal=[f"{study.name}: exported by ntcspec"])
    for name, data in sorted(files.items()):
        (options.to / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(options.to / name, data)
    print(f"{options.to.as_posix()}: {len(groups)} Athena projects, {len(files) - len(groups)} files of columns")
    for line in missing:
        print(f"not exported: {line}")
    return 1 if missing else 0


def _read(study: Study, m: MeasurementPlan, stage: str, kind: type) -> tuple[Any, dict[str, Any]]:
    path = study.root / m.folder / f"{stage}.nxs"
    return store.read(path, kind), store.read_record(path)


def _about(m: MeasurementPlan, record: Mapping[str, Any], notes: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader of the file must know."""
    simulated = ("SIMULATED data",) if m.simulated else ()
    victoreen = record["parameters"].get("victoreen")
    unsaid: tuple[str, ...] = (f"pre-edge line times E^-{victoreen}, which Athena has not",) if victoreen else ()
    unsaid += ("edge step by MBACK, which is kept fixed",) if _mback(record) else ()
    key = f"ntcspec {record['ntcspec']}, {record['stage']}, key {record['key']}"
    return (*simulated, f"{m.sample} / {m.name}", key, *unsaid, *notes)


def _mback(record: Mapping[str, Any]) -> bool:
    return bool(record["parameters"].get("normalisation") == "mback")


def _facts(m: MeasurementPlan, record: Mapping[str, Any], e0_ev: float) -> dict[str, str]:
    subject = m.parameters["subject"]
    return {
        "Element.symbol": subject["element"],
        "Element.edge": subject["edge"],
        "Sample.name": m.sample,
        "Scan.edge_energy": f"{e0_ev:.10g} eV",
        "ntcspec.key": record["key"],
    }


def _normalisation(m: MeasurementPlan, one: Any, record: Mapping[str, Any]) -> dict[str, str]:
    subject = m.parameters["subject"]
    fixed = {"bkg_fixstep": "1"} if _mback(record) else {}
    return fixed | athena.normalisation(
        e0_ev=one.e0_ev, pre_ev=one.chosen["pre_edge_range_ev"], post_ev=one.chosen["post_edge_range_ev"],
        degree=record["parameters"]["norm_degree"], edge_step=one.edge_step, element=subject["element"],
        edge=subject["edge"],
    )  # fmt: skip


def _exafs(study: Study, m: MeasurementPlan) -> tuple[list[athena.AthenaGroup], Files]:
    reduced, record = _read(study, m, "reduce", ExafsReduced)
    transformed, later = _read(study, m, "transform", ExafsTransformed)
    asked, window = record["parameters"], later["parameters"]
    parameters = {
        **_normalisation(m, reduced, record),
        **athena.background(
            rbkg_ang=asked["rbkg_ang"], kweight=asked["bkg_kweight"], kmin_inv_ang=asked["bkg_kmin_inv_ang"],
            kmax_inv_ang=reduced.chosen["bkg_kmax_inv_ang"], dk_inv_ang=asked["bkg_dk_inv_ang"],
            window=asked["bkg_window"], clamp_low=asked["clamp_low"], clamp_high=asked["clamp_high"],
            clamp_points=asked["clamp_points"],
        ),
        **athena.fourier(
            kmin_inv_ang=window["kmin_inv_ang"], kmax_inv_ang=window["kmax_inv_ang"], dk_inv_ang=window["dk_inv_ang"],
            kweight=window["kweight"], window=window["window"],
        ),
    }  # fmt: skip
    thick = ("chi(k) is corrected for over-absorption, mu is not",) if "over_absorption" in reduced.chosen else ()
    words = _about(m, record, thick)
    group = athena.AthenaGroup(m.label, reduced.energy_ev, reduced.mu, parameters, words)
    k, chi = reduced.k_inv_ang, reduced.chi
    sigma = np.sqrt(np.diag(reduced.chi_covariance)) if reduced.chi_covariance.size else None
    chi_k: list[Column] = [("k", "1/angstrom", k), ("chi", "", chi)]
    chi_k += [(f"chi{w}", f"angstrom^-{w}", k**w * chi) for w in (1, 2, 3)]
    chi_k += [("chi_error", "", sigma)] if sigma is not None else []
    unit = f"angstrom^-{transformed.kweight + 1:g}"
    chi_r: list[Column] = [
        ("r", "angstrom", transformed.r_ang), ("chir_mag", unit, transformed.chir_mag),
        ("chir_re", unit, transformed.chir_re), ("chir_im", unit, transformed.chir_im),
        ("chir_mag_error", unit, transformed.chir_mag_error),
    ]  # fmt: skip
    facts = _facts(m, record, reduced.e0_ev)
    mu: Column = (MU.get(reduced.mode, "mu"), "", reduced.mu)
    norm: list[Column] = [("energy", "eV", reduced.energy_ev), mu, ("norm", "", reduced.norm)]
    chosen = {"norm.xdi": norm, "chi_k.dat": chi_k, "chi_r.dat": [c for c in chi_r if c[2].size]}
    return [group], dict(_texts(chosen, facts, words))


def _xanes(study: Study, m: MeasurementPlan) -> tuple[list[athena.AthenaGroup], Files]:
    reduced, record = _read(study, m, "reduce", XanesReduced)
    groups: list[athena.AthenaGroup] = []
    files: Files = {}
    for one in reduced.spectra:
        corrected = ("norm is corrected for over-absorption, mu is not",) if one.norm_measured.size else ()
        words = _about(m, record, (f"detection: {one.mode}", *corrected))
        label = m.label if len(reduced.spectra) == 1 else f"{m.label} {one.mode}"
        groups.append(athena.AthenaGroup(label, one.energy_ev, one.mu, _normalisation(m, one, record), words))
        found: list[Column] = [
            ("energy", "eV", one.energy_ev), (MU[one.mode], "", one.mu), ("norm", "", one.norm), ("flat", "", one.flat),
            ("norm_low", "", one.norm_low), ("norm_high", "", one.norm_high), ("norm_error", "", one.norm_error),
        ]  # fmt: skip
        chosen = {f"norm_{one.mode}.xdi": [column for column in found if column[2].size]}
        files |= dict(_texts(chosen, _facts(m, record, one.e0_ev), words))
    return groups, files


def _scattering(study: Study, m: MeasurementPlan) -> tuple[list[athena.AthenaGroup], Files]:
    reduced, _ = _read(study, m, "reduce", ScatteringReduced)
    t, record = _read(study, m, "transform", ScatteringTransformed)
    asked = record["parameters"]
    facts = _pdf_facts(reduced, t, asked)
    words = _about(m, record, (t.verdict,))
    bands = t.propagation.covariance
    found = {
        "iq": (t.q_inv_ang, t.i_q, np.sqrt(np.maximum(bands[0], 0.0)) if bands.size else bands.ravel()),
        "sq": (t.q_inv_ang, t.s_q, t.s_sigma),
        "fq": (t.q_inv_ang, t.f_q, t.f_sigma),
        "gr": (t.r_ang, t.g_r, t.g_sigma),
    }
    texts = {f"pdf.{kind}": pdfgetx(kind, *data, facts=facts, words=words) for kind, data in found.items()}
    title = f"{m.label}: {t.normalisation}"
    texts["gr.rmc"] = rmcprofile(t.r_ang, t.g_r, title=f"{title}, G(r) 1/A^2 = 4 pi rho0 r (g - 1)")
    texts["sq.rmc"] = rmcprofile(t.q_inv_ang, t.s_q, title=f"{title}, S(Q) Faber-Ziman")
    return [], {name: text.encode() for name, text in texts.items()}


def _pdf_facts(reduced: ScatteringReduced, t: ScatteringTransformed, asked: Mapping[str, Any]) -> dict[str, str]:
    """PDFgetX3's keys, and ours for what it has none for."""
    by_role = {role: [p.source for p in reduced.parts if p.role == role] for role in ("sample", "container", "air")}
    behind = by_role["container"] + by_role["air"]
    facts = {"dataformat": "QA", "inputfile": " ".join(by_role["sample"])}
    facts |= {"backgroundfiles": " ".join(behind)} if behind else {}
    facts["mode"] = "xray"
    facts |= {"wavelength": f"{t.wavelength_ang:.10g}"} if np.isfinite(t.wavelength_ang) else {}
    facts["composition"] = str(asked["composition"])
    facts |= {"rpoly": f"{t.rpoly_ang:g}"} if np.isfinite(t.rpoly_ang) else {}
    numbers = {
        "qmaxinst": t.qmaxinst_inv_ang, "qmin": t.qmin_inv_ang, "qmax": t.qmax_inv_ang, "rmin": t.r_ang[0],
        "rmax": t.r_ang[-1], "rstep": t.r_ang[1] - t.r_ang[0],
    }  # fmt: skip
    facts |= {key: f"{value:.10g}" for key, value in numbers.items()}
    window = "lorch" if t.lorch else "step"
    return facts | {"termination": window, "normalisation": t.normalisation, "absolute": str(t.absolute).lower()}


def _raman(study: Study, m: MeasurementPlan) -> tuple[list[athena.AthenaGroup], Files]:
    """Mean spectrum with its baselines; the Bose-reduced one where there is one; of a map a row a spectrum."""
    reduced, record = _read(study, m, "reduce", RamanReduced)
    measured, _ = _read(study, m, "measure", RamanMeasured)
    counts = reduced.intensity_unit
    error = np.sqrt((reduced.sigma**2).sum(axis=0)) / reduced.sigma.shape[0]
    others = np.vstack([reduced.mean_baseline, reduced.variant_baseline])
    chosen: dict[str, list[Column]] = {
        "raman.dat": [
            ("shift", "1/cm", reduced.shift_cm1), ("shift_displayed", "1/cm", reduced.measured_shift_cm1),
            ("intensity", counts, reduced.mean_intensity), ("intensity_error", counts, error),
            ("baseline", counts, reduced.mean_baseline), ("corrected", counts, reduced.mean_corrected),
            ("baseline_low", counts, others.min(axis=0)), ("baseline_high", counts, others.max(axis=0)),
        ]
    }  # fmt: skip
    if (study.root / m.folder / "transform.nxs").is_file():
        bose, _ = _read(study, m, "transform", RamanTransformed)
        mean = (("shift", "1/cm", bose.shift_cm1), ("bose_reduced", counts, bose.mean_intensity))
        chosen["raman_bose.dat"] = [*mean, ("factor", "", bose.factor)]
    for table in measured.tables:
        places = zip(reduced.coordinate_names, reduced.coordinate_units, reduced.coordinates.T, strict=True)
        rows: list[Column] = [("_".join(name.split()) or "coordinate", unit, values) for name, unit, values in places]
        for i, (name, unit) in enumerate(zip(table.names, table.metric_units, strict=True)):
            rows += [(name, unit, table.values[:, i]), (f"u({name})", unit, table.u_stat[:, i])]
        chosen["raman_map.dat"] = rows
    axis = (reduced.calibration or "axis not calibrated",)
    facts = {"Sample.name": m.sample, "ntcspec.key": record["key"]}
    return [], dict(_texts(chosen, facts, _about(m, record, axis)))


def _nmr(study: Study, m: MeasurementPlan) -> tuple[list[athena.AthenaGroup], Files]:
    """Spectrum with its baseline; of each fit data, sum, background and sites. Shifts ascend."""
    reduced, record = _read(study, m, "reduce", NmrReduced)
    measured, later = _read(study, m, "measure", NmrMeasured)
    facts = {"Sample.name": m.sample, "Nmr.nucleus": reduced.nucleus, "Nmr.mhz_at_0_ppm": f"{reduced.larmor_mhz:.10g}"}
    broadened = f"apodisation: {reduced.broadening_hz:g} Hz Lorentzian, {reduced.gaussian_hz:g} Hz Gaussian"
    said = (f"axis: {reduced.reference_method}; {reduced.reference_compound}", broadened)
    chosen: list[Column] = [
        ("shift", "ppm", reduced.shift_ppm), ("real", "", reduced.real), ("imaginary", "", reduced.imaginary),
        ("real_error", "", reduced.sigma), ("baseline", "", reduced.baseline),
    ]  # fmt: skip
    files = dict(_texts({"nmr.dat": chosen}, {**facts, "ntcspec.key": record["key"]}, _about(m, record, said)))
    for fit in measured.fits:
        words = _about(m, later, (*said, f"fit {fit.name}, model {fit.model}"))
        name = f"nmr_fit_{fit.name}.dat"
        files |= dict(_texts({name: _nmr_fit(fit)}, {**facts, "ntcspec.key": later["key"]}, words))
    return [], files


def _nmr_fit(fit: NmrFit) -> list[Column]:
    sites = zip(fit.site_names, fit.sites, strict=True)
    return [
        ("shift", "ppm", fit.shift_ppm), ("data", "", fit.data), ("data_error", "", fit.data_error),
        ("fit", "", fit.total), ("background", "", fit.background),
        *((f"site_{name}", "", curve) for name, curve in sites),
    ]  # fmt: skip


def _texts(
    chosen: Mapping[str, list[Column]], facts: Mapping[str, str], words: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    for name, found in chosen.items():
        yield name, columns(found, facts=facts, words=words).encode()


EXPORTERS = {"exafs": _exafs, "nmr": _nmr, "raman": _raman, "scattering": _scattering, "xanes": _xanes}
