"""Published .gr files of PDFgetX3 through the real stages: files read, background taken off, transformed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gr_files import find, read

from ntcspec.config.scattering import Scattering
from ntcspec.scattering.raw import ingest_scattering
from ntcspec.scattering.reduce import reduce_scattering
from ntcspec.scattering.transform import transform_scattering
from ntcspec.types.scattering_pdf import ScatteringTransformed

UNITS = {"qa": "1/A", "qnm": "1/nm", "twotheta": "2theta_deg"}


@dataclass(frozen=True)
class Case:
    """A .gr file, and at how many points less than nothing is left (a note, no refusal)."""

    name: str
    negative: int = 0


CASES = (
    Case("ni_pdfttp/Ni.gr", 191),
    Case("ni_pdfttp/Ni-hires.gr"),
    Case("lab6_esrf/LaB6_0p4mm_011_av10_monitor.gr"),
    Case("tio2_film_on_glass/glass_noBKGsub.gr"),
    Case("tio2_film_on_glass/ito_minus-glass.gr", 185),
    Case("tio2_film_on_glass/tio2_minus-ito-glass.gr", 5),
    Case("zrp_layered/aZrP.gr"),
)


def through_the_stages(path: Path) -> tuple[np.ndarray, ScatteringTransformed]:
    """G(r) that is published, and ours by the config and the stages, with the header's parameters and no other."""
    published = read(path)
    keys = published.keys
    sample = find(path.parent, keys["inputfile"])
    container = find(path.parent, keys.get("backgroundfile") or keys["backgroundfiles"])
    wavelength = {"wavelength_ang": float(keys["wavelength"])} if keys["dataformat"].lower() == "twotheta" else {}
    rule = "pdfgetx3-2" if "pdfgetx-2" in keys.get("version", "") else "pdfgetx3-1"
    given: dict[str, Any] = {
        "ingest": {"container": container.name, "axis_unit": UNITS[keys["dataformat"].lower()], **wavelength},
        "reduce": {"container_scale": float(keys.get("bgscale") or keys["bgscales"]), "zeros": "keep"},
        "transform": {
            "qmin_inv_ang": float(keys["qmin"]), "qmax_inv_ang": float(keys["qmax"]),
            "qmaxinst_inv_ang": float(keys["qmaxinst"]), "rpoly_ang": float(keys["rpoly"]), "resampling": rule,
            "rmin_ang": float(keys["rmin"]), "rmax_ang": float(keys["rmax"]), "rstep_ang": float(keys["rstep"]),
            "systematic": {"qmax_shift_inv_ang": [], "rpoly_shift_ang": [], "container_scale_shift": []},
        },
    }  # fmt: skip
    config = Scattering(**given).model_dump()
    files = {"container": (container, container.name)}
    ingested = ingest_scattering([sample], [sample.name], files=files, **config["ingest"])
    reduced = reduce_scattering(ingested, composition=keys["composition"], **config["reduce"])
    return published.y, transform_scattering(reduced, composition=keys["composition"], **config["transform"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.rpartition("/")[2])
def test_published_g_of_r_comes_back_through_the_stages(data_folder: Path, case: Case) -> None:
    """Within 2e-5 1/A^2: they are printed with six digits."""
    wanted, found = through_the_stages(data_folder / "scattering" / case.name)
    assert found.g_r.shape == wanted.shape
    assert np.abs(wanted).max() > 1
    assert np.abs(found.g_r - wanted).max() <= 2e-5
    told = [note for note in found.notes if "is negative" in note]
    assert [note.split()[4] for note in told] == [str(case.negative)] * bool(case.negative), told
