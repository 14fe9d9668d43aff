"""An Athena project (.prj), as Demeter 0.9.26 writes it: gzip of perl assignments, one block a spectrum.

Symbols: mu absorption, e0 edge energy, ranges relative to e0 as in `reduce`.

    $old_group = 'abcde';      five letters, made from the spectrum, so that the same data give the same bytes
    @args = ('key','value', ...);
    @x = ('energy', ...);  @y = ('mu', ...);
    [record]

Athena normalises and takes the background off again from mu with these parameters. Its conventions are a little
different: ranges include their last point, and the step is read at e0 itself and not at the nearest point (steps of
measured files agree within 0.4 %); its clamps are on unless they are 0, and its spline has other knots. What Athena
has no key for (Victoreen exponent, weights of scans) stands in the titles of the group.

Source: files written by Demeter, and larch.io.athena_project, which reads them back.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ntcspec.types import Array

VERSION = "0.9.26"  # of Demeter, whose layout this is
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WINDOWS = {"hanning": "hanning", "kaiser": "kaiser-bessel", "parzen": "parzen", "welch": "welch", "sine": "sine"}
ALWAYS: Mapping[str, str] = {
    "bkg_algorithm": "autobk", "bkg_eshift": "0", "bkg_fixstep": "0", "bkg_flatten": "1", "bkg_stan": "None",
    "bkg_tie_e0": "0", "bft_dr": "0.0", "bft_rmin": "1", "bft_rmax": "3", "bft_rwindow": "hanning", "datatype": "xmu",
    "fft_pc": "0", "importance": "1", "is_col": "0", "is_fit": "0", "is_kev": "0", "is_merge": "", "is_nor": "0",
    "is_pixel": "0", "is_special": "0", "is_xmu": "1", "marked": "1", "multiplier": "1", "plot_scale": "1",
    "plot_yoffset": "0", "plotspaces": "any", "recordtype": "mu(E)", "rmax_out": "10", "update_bft": "1",
    "update_bkg": "1", "update_fft": "1", "update_norm": "1",
}  # fmt: skip


@dataclass(frozen=True)
class AthenaGroup:
    """One spectrum. energy_ev, mu: shape (E,); parameters: Athena's own keys; titles: lines that Athena shows."""

    label: str
    energy_ev: Array
    mu: Array
    parameters: Mapping[str, str]
    titles: tuple[str, ...] = field(default=())


def normalisation(
    *, e0_ev: float, pre_ev: Sequence[float], post_ev: Sequence[float], degree: int, edge_step: float, element: str,
    edge: str,
) -> dict[str, str]:  # fmt: skip
    """Athena's keys of a normalisation: ranges relative to e0 (eV), degree of the post-edge polynomial."""
    return {
        "bkg_e0": _number(e0_ev), "bkg_pre1": _number(pre_ev[0]), "bkg_pre2": _number(pre_ev[1]),
        "bkg_nor1": _number(post_ev[0]), "bkg_nor2": _number(post_ev[1]), "bkg_nnorm": str(degree + 1),
        "bkg_step": _number(edge_step), "bkg_fitted_step": _number(edge_step), "bkg_z": element,
        "fft_edge": edge.lower(),
    }  # fmt: skip


def background(
    *, rbkg_ang: float, kweight: int, kmin_inv_ang: float, kmax_inv_ang: float, dk_inv_ang: float, window: str
) -> dict[str, str]:
    """Athena's keys of AUTOBK, with its clamps off."""
    return {
        "bkg_rbkg": _number(rbkg_ang), "bkg_kw": str(kweight), "bkg_spl1": _number(kmin_inv_ang),
        "bkg_spl2": _number(kmax_inv_ang), "bkg_dk": _number(dk_inv_ang), "bkg_kwindow": WINDOWS.get(window, "hanning"),
        "bkg_clamp1": "0", "bkg_clamp2": "0", "bkg_nclamp": "5",
    }  # fmt: skip


def fourier(
    *, kmin_inv_ang: float, kmax_inv_ang: float, dk_inv_ang: float, kweight: float, window: str
) -> dict[str, str]:
    """Athena's keys of the forward transform."""
    return {
        "fft_kmin": _number(kmin_inv_ang), "fft_kmax": _number(kmax_inv_ang), "fft_dk": _number(dk_inv_ang),
        "fft_kw": _number(kweight), "fft_kwindow": WINDOWS.get(window, "hanning"),
    }  # fmt: skip


def project(groups: Sequence[AthenaGroup], *, journal: Sequence[str] = ()) -> bytes:
    """The file. The same groups give the same bytes.

    Raises ValueError for no group, and arrays of unlike length or shorter than two points.
    """
    if not groups:
        raise ValueError("a project needs a spectrum")
    head = [f"# Athena project file -- Demeter version {VERSION}", "# This file was written by ntcspec", ""]
    taken: set[str] = set()
    blocks = [_block(group, taken) for group in groups]
    tail = [f"@journal = ({','.join(_quoted(line) for line in journal)});", "", "1;", "", ""]
    tail += ["# Local Variables:", "# truncate-lines: t", "# End:", ""]
    return gzip.compress("\n".join([*head, *blocks, *tail]).encode("utf-8"), mtime=0)


def _block(group: AthenaGroup, taken: set[str]) -> str:
    if group.energy_ev.shape != group.mu.shape or group.energy_ev.ndim != 1 or group.energy_ev.size < 2:
        raise ValueError(f"{group.label}: energy {group.energy_ev.shape} and mu {group.mu.shape} do not fit")
    name = _name(group, taken)
    taken.add(name)
    args = {
        **ALWAYS, "label": group.label, "tag": name, "datagroup": name, "npts": str(group.energy_ev.size),
        "xmin": _number(float(group.energy_ev[0])), "xmax": _number(float(group.energy_ev[-1])), **group.parameters,
    }  # fmt: skip
    pairs = [f"{_quoted(key)},{_quoted(value)}" for key, value in args.items()]
    pairs.append(f"'titles',[{','.join(_quoted(line) for line in group.titles)}]")
    return "\n".join(
        [
            f"$old_group = '{name}';",
            f"@args = ({','.join(pairs)});",
            f"@x = ({_list(group.energy_ev)});",
            f"@y = ({_list(group.mu)});",
            "[record]   # create object and set arrays in ifeffit",
            "",
        ]
    )


def _name(group: AthenaGroup, taken: set[str]) -> str:
    """Five small letters that no other group has."""
    seed = group.label.encode() + group.energy_ev.tobytes() + group.mu.tobytes()
    while True:
        digest = hashlib.sha256(seed).digest()
        name = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:5])
        if name not in taken:
            return name
        seed = digest


def _list(values: Array) -> str:
    return ",".join(f"'{value:.12g}'" for value in values)


def _number(value: float) -> str:
    return f"{float(value):.10g}"


def _quoted(text: str) -> str:
    """A perl string in single quotes, in which nothing but backslash and quote means anything; on one line."""
    line = " ".join(str(text).split())
    return "'" + line.replace("\\", "\\\\").replace("'", "\\'") + "'"
