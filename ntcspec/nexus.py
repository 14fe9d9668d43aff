"""What application definitions of NeXus ask for beside a result's own arrays. No file is known here.

An entry names a definition only where everything that it requires is known: from the raw files, or from the study.
Where something is missing, the entry says what, and how the study could say it.

NXxas: `intensity` is the normalised absorption. The definitions by detection mode (NXxas_trans, NXxas_tfy, NXxas_tey)
ask for mu as that mode gives it, which is another quantity; it stands in the entry as a plot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ntcspec.types.nexus import Application, Field, Group

VERSION = "v2024.02-2011-gaf199a51"  # of the definitions, as `git describe` names them; pynxtools 0.16.0 holds them
HOME = "https://github.com/FAIRmat-NFDI/nexus_definitions/blob/af199a51"
FOLDERS = {"NXxas": "contributed_definitions", "NXraman": "applications"}
MODES = {"transmission": "transmission", "fluorescence": "fluorescence yield", "tey": "total electron yield"}

Items = dict[str, Group | Field]


def described(result: Any, record: Mapping[str, Any]) -> tuple[Application | None, Items, str]:
    """The definition that an entry follows, what it adds to the entry, and why it follows none where it could.

    result: dataclass of a stage; record: its record, whose parameters and `setup` say what no array says.
    """
    application: Application | None = result.application() if hasattr(result, "application") else None
    if application is None or "sample" not in record:
        return None, {}, ""
    items, missing = _BUILDERS[application.name](application, result, record)
    if missing:
        return None, {}, f"not {application.name}: {missing}"
    address = f"{HOME}/{FOLDERS[application.name]}/{application.name}.nxdl.xml"
    definition = Field(application.name, attributes={"version": VERSION, "URL": address})
    return application, {"definition": definition, **items}, ""


def _xas(application: Application, result: Any, record: Mapping[str, Any]) -> tuple[Items, str]:
    known = record["parameters"]
    fields = {name: value_at(result, path) for name, path in application.fields.items()}
    units = {"energy": "eV"}
    mode = MODES.get(result.mode, result.mode)
    items: Items = {
        "experiment_description": Field(f"{known['element']} {known['edge']} absorption by {mode}, normalised"),
        "element": Group("NXelement", {"name": Field(known["element"]), "symbol": Field(known["element"])}),
        "edge": Group("NXabsorption_edge", {"name": Field(known["edge"])}),
        "is_experimental": Field(not record["simulated"]),
    }
    items |= {name: Field(value, units.get(name, "1")) for name, value in fields.items() if value.size}
    return items, ""


def _raman(application: Application, result: Any, record: Mapping[str, Any]) -> tuple[Items, str]:
    setup = record.get("setup") or {}
    laser_nm = float(value_at(result, application.fields["wavelength"]))
    missing = [
        f"setup.{name}" for name in ("scattering_configuration", "experiment", "detector") if not setup.get(name)
    ]
    if missing:
        return {}, f"the study does not say {', '.join(missing)}"
    if math.isnan(laser_nm):
        return {}, "neither the raw file nor the study says the laser wavelength (ingest.laser_nm)"
    beam = {"wavelength": Field(laser_nm, "nm"), "parameter_reliability": Field("nominal")}
    instrument: Items = {
        "scattering_configuration": Field(setup["scattering_configuration"]),
        "beam_incident": Group("NXbeam", beam),
        "detector_1": Group("NXdetector", {"detector_channel_type": Field(setup["detector"])}),
    }
    return {
        "experiment_type": Field("Raman spectroscopy"),
        "raman_experiment_type": Field(setup["experiment"]),
        "instrument": Group("NXinstrument", instrument),
    }, ""


_BUILDERS = {"NXxas": _xas, "NXraman": _raman}


def value_at(value: Any, path: str) -> Any:
    """What stands at 'spectra/0000/norm' in a dataclass."""
    for part in path.split("/"):
        value = value[int(part)] if part.isdigit() else getattr(value, part)
    return np.asarray(value) if isinstance(value, np.ndarray) else value
