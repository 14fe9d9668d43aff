"""Tamperings with bytes, data and whole files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forge import (
    SUMS,
    edit_json,
    edit_nxs,
    edit_pixel,
    flip,
    put,
    replace,
    resum,
)
from tamperings import PANELS, A, B, simple, tampering

# --- bytes of one file ------------------------------------------------------------------------------------------------

simple("raw: one bit", "raw/a1.xdi", lambda p: flip(p, -20))
simple("raw: a byte of its header", "raw/b.xdi", lambda p: flip(p, 3))
simple("raw: a line more", "raw/a2.xdi", lambda p: put(p, p.read_bytes() + b"# note\n"))
simple("raw: line ends of another system", "raw/a2.xdi", lambda p: put(p, p.read_bytes().replace(b"\n", b"\r\n")))
simple("ingest: one bit", f"{A}/ingest.nxs", lambda p: flip(p, 3000))
simple("reduce: one bit at its end", f"{A}/reduce.nxs", lambda p: flip(p, -1))
simple("nxs of a panel: one bit", f"{PANELS}/mu.nxs", lambda p: flip(p, 2048))
simple("png: one bit in the pixels", f"{PANELS}/chi_r.png", lambda p: flip(p, len(p.read_bytes()) * 2 // 3))
simple("pdf: one bit in a stream", f"{PANELS}/map.pdf", lambda p: flip(p, p.read_bytes().index(b"stream") + 40))
simple("csv: cut", "results/metrics.csv", lambda p: put(p, p.read_bytes()[:-40]))
simple("nxs: cut", f"{B}/transform.nxs", lambda p: put(p, p.read_bytes()[: p.stat().st_size // 2]))
simple("png: cut", f"{PANELS}/mu.png", lambda p: put(p, p.read_bytes()[:5000]))
simple("json: empty", f"{B}/measure.json", lambda p: put(p, b""))
simple("svg: empty", f"{PANELS}/map.svg", lambda p: put(p, b""))
simple("raw: empty", "raw/b.xdi", lambda p: put(p, b""))
simple("pdf: something else", f"{PANELS}/mu.pdf", lambda p: put(p, b"%PDF-1.4\n%%EOF\n"))

# --- data inside a file that stays whole of its kind --------------------------------------------------------------------

TRANSFORM = f"{A}/transform.nxs"


def scale_first(file: Any) -> None:
    """Another value in the first array of an artifact."""
    names: list[str] = []
    file["entry/data"].visititems(lambda name, item: names.append(name) if getattr(item, "size", 0) > 9 else None)
    file[f"entry/data/{names[0]}"][1] *= 1.001


def title(file: Any) -> None:
    del file["entry/title"]
    file["entry/title"] = "a / exafs / transform"


simple("nxs: a value", TRANSFORM, lambda p: edit_nxs(p, scale_first))
simple("nxs: an attribute", TRANSFORM, lambda p: edit_nxs(p, lambda f: f["entry"].attrs.update(simulated=False)))
simple("nxs: the title", TRANSFORM, lambda p: edit_nxs(p, title))
simple("nxs: a data set more", f"{B}/wavelet.nxs", lambda p: edit_nxs(p, lambda f: f.create_dataset("entry/x", data=1)))
simple("png: a pixel, with right checksums", f"{PANELS}/chi_r.png", edit_pixel)
simple("svg: a path", f"{PANELS}/chi_r.svg", lambda p: replace(p, '<path d="M ', '<path d="M 1 1 L '))
simple("json: a metric", f"{B}/measure.json", lambda p: edit_json(p, lambda d: d["metrics"][0].update(value=9.0)))
simple("json: an uncertainty", f"{B}/measure.json", lambda p: edit_json(p, lambda d: d["metrics"][0].update(u_sys=0.0)))
simple("json: a note", f"{A}/measure.json", lambda p: edit_json(p, lambda d: d["notes"].append({"what": "fine"})))
simple(
    "csv: a number",
    "results/metrics.csv",
    lambda p: replace(p, "exafs,first_shell.position,", "exafs,first_shell.position,1"),
)
simple("csv: a row more", "results/samples.csv", lambda p: put(p, p.read_text() + "c,c,,no\n"))
simple("claims: a verdict", "results/claims.csv", lambda p: replace(p, ",holds,", ",does not hold,"))
simple("trends: a row less", "results/trends.csv", lambda p: put(p, "".join(p.read_text().splitlines(True)[:-1])))


# --- the report, figures of several panels, the file of the whole study ---------------------------------------------------

REPORT, STUDY_FILE, FIGURE = "results/report.html", "results/made_up.nxs", "results/figures/Figure_1"


def point(file: Any) -> None:
    """Another value of a point in a plot of the study file."""
    file["study/exafs_first_shell_position_against_dose/value"][0] += 0.1


def link_away(file: Any) -> None:
    """A plot of one sample shows the spectrum of the other."""
    del file["a__exafs/intensity"]
    file["a__exafs/intensity"] = file["b__exafs/intensity"]


simple("report: a letter", REPORT, lambda p: replace(p, "made up", "made uq"))
simple("report: a script", REPORT, lambda p: replace(p, "</body>", "<script>alert(1)</script></body>"))
simple("report: cut", REPORT, lambda p: put(p, p.read_bytes()[:-100]))
simple("report: gone", REPORT, Path.unlink)
simple("report: no record", REPORT, lambda p: replace(p, 'id="ntcspec-record"', 'id="record"'))
simple("figure: a pixel", f"{FIGURE}.png", edit_pixel)
simple("figure: a path in its svg", f"{FIGURE}.svg", lambda p: replace(p, "<path ", '<path stroke="red" '))
simple("figure: one bit of its pdf", f"{FIGURE}.pdf", lambda p: flip(p, p.read_bytes().index(b"stream") + 40))
simple("figure: gone", f"{FIGURE}.svg", Path.unlink)
simple("study file: a point of a plot", STUDY_FILE, lambda p: edit_nxs(p, point))
simple("study file: a plot of another sample", STUDY_FILE, lambda p: edit_nxs(p, link_away))
simple(
    "study file: the plot that it opens on", STUDY_FILE, lambda p: edit_nxs(p, lambda f: f.attrs.update(default="b"))
)
simple("study file: cut", STUDY_FILE, lambda p: put(p, p.read_bytes()[:-200]))
simple("study file: gone", STUDY_FILE, Path.unlink)


@tampering("panel in place of a figure, check sums made to fit", f"{FIGURE}.png")
def _(root: Path) -> None:
    put(root / f"{FIGURE}.png", (root / PANELS / "mu.png").read_bytes())
    resum(root, f"{FIGURE}.png")


@tampering("forged: a panel, check sums made to fit; the report tells", f"{PANELS}/mu.png")
def _(root: Path) -> None:
    edit_pixel(root / PANELS / "mu.png")
    resum(root, f"{PANELS}/mu.png")


# --- files as such ------------------------------------------------------------------------------------------------------


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


simple("nxs: gone", f"{B}/ingest.nxs", Path.unlink)
simple("png: gone", f"{PANELS}/map.png", Path.unlink)
simple("claims: gone", "results/claims.csv", Path.unlink)
simple("raw: gone", "raw/a1.xdi", Path.unlink)
simple("check sums: gone", SUMS, Path.unlink)
simple("csv: a folder in its place", "results/samples.csv", to_folder)
simple("nxs: a link to another sample's", f"{B}/reduce.nxs", lambda p: to_link(p, "../../a/exafs/reduce.nxs"))
simple("svg: a link that leads nowhere", f"{PANELS}/mu.svg", lambda p: to_link(p, "nothing.svg"))
simple("raw: a link to another scan", "raw/a2.xdi", lambda p: to_link(p, "a1.xdi"))
simple("raw: renamed", "raw/b.xdi", lambda p: p.rename(p.with_name("c.xdi")))


def swap(one: Path, other: Path) -> None:
    between = one.with_name("between")
    one.rename(between), other.rename(one), between.rename(other)


@tampering("transform of two samples swapped", f"{A}/transform.nxs")
def _(root: Path) -> None:
    swap(root / A / "transform.nxs", root / B / "transform.nxs")


@tampering("png of two panels swapped", f"{PANELS}/chi_r.png")
def _(root: Path) -> None:
    swap(root / PANELS / "chi_r.png", root / PANELS / "map.png")


@tampering("png of two panels swapped, check sums made to fit", f"{PANELS}/map.png")
def _(root: Path) -> None:
    swap(root / PANELS / "chi_r.png", root / PANELS / "map.png")
    resum(root, f"{PANELS}/chi_r.png", f"{PANELS}/map.png")


@tampering("png and svg of one panel swapped, check sums made to fit", f"{PANELS}/mu.png")
def _(root: Path) -> None:
    swap(root / PANELS / "mu.png", root / PANELS / "mu.svg")
    resum(root, f"{PANELS}/mu.png", f"{PANELS}/mu.svg")


@tampering("raw files of one sample swapped", "raw/a1.xdi")
def _(root: Path) -> None:
    swap(root / "raw/a1.xdi", root / "raw/a2.xdi")


@tampering("two stages of one sample swapped", f"{A}/reduce.nxs")
def _(root: Path) -> None:
    swap(root / A / "reduce.nxs", root / A / "ingest.nxs")
