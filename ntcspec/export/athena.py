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

A group without AUTOBK's parameters is a XANES group: Athena then makes no chi(k) of it.

Words are perl strings on one line, plain or in double quotes with every odd character as \\x{..}, as Demeter writes
them. Three habits of larch are met as well: it skips a line with the word undef, reads => as a colon, and takes a list
of one string for its letters.

Sources: files written by Demeter; Demeter::Data::Prj and Demeter::Data (B. Ravel), which read them and say what values
they take; larch.io.athena_project, which reads them too.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ntcspec.export.words import one_line
from ntcspec.types import Array

VERSION = "0.9.26"  # of Demeter, whose layout this is
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WINDOWS = {name: name for name in ("hanning", "parzen", "welch", "sine", "gaussian")} | {"kaiser": "kaiser-bessel"}
ALWAYS: Mapping[str, str] = {
    "bkg_algorithm": "autobk", "bkg_eshift": "0", "bkg_fixstep": "0", "bkg_flatten": "1", "bkg_stan": "None",
    "bkg_tie_e0": "0", "bft_dr": "0.0", "bft_rmin": "1", "bft_rmax": "3", "bft_rwindow": "hanning",
    "fft_pc": "0", "importance": "1", "is_col": "0", "is_fit": "0", "is_kev": "0", "is_merge": "", "is_nor": "0",
    "is_pixel": "0", "is_special": "0", "is_xmu": "1", "marked": "1", "multiplier": "1", "plot_scale": "1",
    "plot_yoffset": "0", "plotspaces": "any", "recordtype": "mu(E)", "rmax_out": "10", "update_bft": "1",
    "update_bkg": "1", "update_fft": "1", "update_norm": "1",
}  # fmt: skip
XANES: Mapping[str, str] = {"is_xanes": "1", "plotspaces": "energy", "recordtype": "xanes(E)"}
MISREAD = re.compile(r"undef|=>|\\x\{|[^ -~]")  # by larch or, in single quotes, by Athena
VERBATIM = frozenset(" !#%&'()*+,-./:;<=?[]^_`|}~")  # ASCII that means nothing in double quotes, to perl or larch


@dataclass(frozen=True)
class AthenaGroup:
    """One spectrum. energy_ev, mu: shape (E,); parameters: Athena's own keys; titles: lines that Athena shows.

    A label that larch could not tell from one before it gets a number behind it.
    """

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
    *, rbkg_ang: float, kweight: int, kmin_inv_ang: float, kmax_inv_ang: float, dk_inv_ang: float, window: str,
    clamp_low: float = 0.0, clamp_high: float = 0.0, clamp_points: int = 5,
) -> dict[str, str]:  # fmt: skip
    """Athena's keys of AUTOBK.

    Athena takes clamps that are whole numbers, so they are rounded, and acts on 5 points whatever the file says.
    KeyError for a window that Athena does not know.
    """
    low, high = (round(clamp) if clamp_points else 0 for clamp in (clamp_low, clamp_high))
    return {
        "bkg_rbkg": _number(rbkg_ang), "bkg_kw": str(kweight), "bkg_spl1": _number(kmin_inv_ang),
        "bkg_spl2": _number(kmax_inv_ang), "bkg_dk": _number(dk_inv_ang), "bkg_kwindow": WINDOWS[window],
        "bkg_clamp1": str(low), "bkg_clamp2": str(high), "bkg_nclamp": str(max(1, clamp_points)),
    }  # fmt: skip


def fourier(
    *, kmin_inv_ang: float, kmax_inv_ang: float, dk_inv_ang: float, kweight: float, window: str
) -> dict[str, str]:
    """Athena's keys of the forward transform. KeyError for a window that Athena does not know."""
    return {
        "fft_kmin": _number(kmin_inv_ang), "fft_kmax": _number(kmax_inv_ang), "fft_dk": _number(dk_inv_ang),
        "fft_kw": _number(kweight), "fft_kwindow": WINDOWS[window],
    }  # fmt: skip


def project(groups: Sequence[AthenaGroup], *, journal: Sequence[str] = ()) -> bytes:
    """The file. The same groups give the same bytes.

    Raises ValueError for no group, and arrays that are of unlike length, shorter than two points or not finite.
    """
    if not groups:
        raise ValueError("a project needs a spectrum")
    head = [f"# Athena project file -- Demeter version {VERSION}", "# This file was written by ntcspec", ""]
    taken: set[str] = set()
    seen: set[str] = set()
    blocks = [_block(group, taken, seen) for group in groups]
    tail = [f"@journal = ({''.join(_quoted(line) + ',' for line in journal)});", "", "1;", "", ""]
    tail += ["# Local Variables:", "# truncate-lines: t", "# End:", ""]
    return gzip.compress("\n".join([*head, *blocks, *tail]).encode("utf-8"), mtime=0)


def _block(group: AthenaGroup, taken: set[str], seen: set[str]) -> str:
    if group.energy_ev.shape != group.mu.shape or group.energy_ev.ndim != 1 or group.energy_ev.size < 2:
        raise ValueError(f"{group.label}: energy {group.energy_ev.shape} and mu {group.mu.shape} do not fit")
    if not (np.isfinite(group.energy_ev).all() and np.isfinite(group.mu).all()):
        raise ValueError(f"{group.label}: energy or mu is not finite")
    name = _name(group, taken)
    taken.add(name)
    kind = {} if "bkg_rbkg" in group.parameters else XANES
    args = {
        **ALWAYS, **kind, "label": _label(group, name, seen), "tag": name, "datagroup": name,
        "npts": str(group.energy_ev.size), "xmin": _number(float(group.energy_ev[0])),
        "xmax": _number(float(group.energy_ev[-1])), **group.parameters,
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
    seed = one_line(group.label).encode() + group.energy_ev.tobytes() + group.mu.tobytes()
    while True:
        digest = hashlib.sha256(seed).digest()
        name = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:5])
        if name not in taken:
            return name
        seed = digest


def _label(group: AthenaGroup, name: str, seen: set[str]) -> str:
    """The label, or `name` where it is empty. larch makes names of labels and drops groups of the same name."""
    label = one_line(group.label) or name
    tried, number = label, 1
    while (plain := re.sub(r"[\W_]+", "_", tried).strip("_")) in seen:
        number += 1
        tried = f"{label} ({number})"
    seen.add(plain)
    return tried


def _list(values: Array) -> str:
    return ",".join(f"'{value:.12g}'" for value in values)


def _number(value: float) -> str:
    return f"{float(value):.10g}"


def _quoted(text: str) -> str:
    """A perl string. Single quotes, in which only backslash and quote mean anything, unless that would be misread."""
    line = one_line(text)
    if MISREAD.search(line):
        return '"' + "".join(_escaped(c) for c in line).replace("undef", r"\x{75}ndef") + '"'
    return "'" + line.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _escaped(character: str) -> str:
    """One character in double quotes. larch reads \\x{..} up to four digits; beyond, UTF-8 is better than nothing."""
    if character in '\\"':
        return "\\" + character
    if character in VERBATIM or (character.isascii() and character.isalnum()) or ord(character) > 0xFFFF:
        return character
    return f"\\x{{{ord(character):x}}}"
