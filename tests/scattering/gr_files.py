"""Published .gr files with their inputs: header, raw columns and our G(r) with the parameters of the header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntcspec.formula import fractions
from ntcspec.scattering import adhoc
from ntcspec.scattering.atoms import averages
from ntcspec.scattering.axis import grid
from ntcspec.scattering.sine import Sine


@dataclass(frozen=True)
class Published:
    """What PDFgetX3 wrote: header and columns."""

    keys: dict[str, str]
    x: np.ndarray
    y: np.ndarray


def read(path: Path) -> Published:
    """Any output of PDFgetX3."""
    head, _, body = path.read_text(encoding="utf-8", errors="replace").partition("#### start data")
    keys = dict(re.findall(r"^(\w+)\s*=\s*(.*?)\s*$", head, re.M))
    rows = [line.split() for line in (body or head).splitlines() if line.strip() and not line.startswith("#")]
    return Published(keys, *np.array(rows, dtype=float).T)


def raw(path: Path) -> np.ndarray:
    """Columns of a raw 1D file: the rows of two or three numbers, after any header."""
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = [float(word) for word in line.split()]
        except ValueError:
            rows = []
            continue
        rows = [*rows, row] if len(row) in (2, 3) else []
    return np.array(rows).T


def to_q(x: np.ndarray, keys: dict[str, str]) -> np.ndarray:
    form = keys["dataformat"].lower()
    if form == "twotheta":
        return 4 * np.pi / float(keys["wavelength"]) * np.sin(np.radians(x / 2))
    return x / 10 if form == "qnm" else x


def find(folder: Path, name: str) -> Path:
    return next(p for p in folder.iterdir() if p.name.lower() == name.lower())


def inputs(path: Path) -> tuple[Published, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Header, Q, I, Q and I of the background times its scale."""
    found = read(path)
    keys = found.keys
    sample = raw(find(path.parent, keys["inputfile"]))
    name = keys.get("backgroundfile") or keys["backgroundfiles"]
    back = raw(find(path.parent, name))
    scale = float(keys.get("bgscale") or keys["bgscales"])
    return found, to_q(sample[0], keys), sample[1], to_q(back[0], keys), scale * back[1]


def reproduce(path: Path) -> tuple[Published, np.ndarray, np.ndarray, np.ndarray]:
    """(published, Q, F, G) with the parameters of the header; G on the r of the file."""
    found, q, intensity, q_back, back = inputs(path)
    keys = found.keys
    qmaxinst = float(keys["qmaxinst"])
    rule = "pdfgetx3-2" if "pdfgetx-2" in keys.get("version", "") else "pdfgetx3-1"
    points = grid(q, qmin_inv_ang=float(keys["qmin"]), qmaxinst_inv_ang=qmaxinst, rule=rule)
    y = points.to_grid(intensity - np.interp(q, q_back, back))
    composition = fractions(keys["composition"], "test")
    norm = adhoc.prepare(points.q_inv_ang, averages(composition, points.q_inv_ang), rpoly_ang=float(keys["rpoly"]))
    f = norm.f_of(y)
    sine = Sine(points.q_inv_ang, points.step_inv_ang, float(keys["qmin"]), float(keys["qmax"]), float(keys["rstep"]))
    return found, points.q_inv_ang, f, sine(f, found.x)
