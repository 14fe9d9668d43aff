"""Tamperings with records, the study, check sums and the crate, and those of careful forgers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from forge import (
    SUMS,
    Record,
    edit_json,
    edit_nxs,
    edit_record,
    edit_yaml,
    put,
    replace,
    reseal,
    resum,
)
from tampered_files import FIGURE, REPORT, STUDY_FILE, scale_first
from tamperings import PANELS, A, B, Tampering, simple, tampering

# --- one field of a record; check sums are made to fit, so that the record alone tells ---------------------------------------

REDUCE = f"{A}/reduce.nxs"
CLAIMS = "results/claims.csv"


def record_field(what: str, name: str, change: Callable[[Record], None]) -> None:
    def deed(root: Path) -> None:
        edit_record(root / name, change)
        resum(root, name)

    tampering(f"record: {what} of {name}", name)(deed)


def first(record: Record) -> Record:
    return next(iter(record["inputs"]))


ENDS = (REPORT, STUDY_FILE, f"{FIGURE}.png", f"{FIGURE}.svg")
for where in (REDUCE, CLAIMS, f"{PANELS}/mu.png", f"{PANELS}/mu.svg", f"{A}/measure.json", *ENDS):
    record_field("a parameter", where, lambda r: r["parameters"].update(rbkg_ang=1.7))
for where in ENDS:
    record_field("hash of an input", where, lambda r: first(r).update(sha256="0" * 64))
    record_field("SIMULATED", where, lambda r: r.update(simulated=False))
    record_field("an ancestor less", where, lambda r: r["ancestry"].popitem())
    record_field("an ancestor's parameter", where, lambda r: r["ancestry"][REDUCE]["parameters"].update(rbkg_ang=1.7))
record_field("the figure", f"{FIGURE}.svg", lambda r: r.update(figure="Figure_2"))
record_field("its key", REDUCE, lambda r: r.update(key="0" * 32))
record_field("its key", CLAIMS, lambda r: r.update(key="0" * 32))
record_field("its seal", CLAIMS, lambda r: r.update(seal="0" * 32))
record_field("hash of an input", REDUCE, lambda r: first(r).update(sha256="0" * 64))
record_field("hash of an input", CLAIMS, lambda r: first(r).update(sha256="0" * 64))
record_field("path of an input", REDUCE, lambda r: first(r).update(path="results/c/exafs/ingest.nxs"))
record_field("role of an input", CLAIMS, lambda r: first(r).update(role="other"))
record_field("size of an input", REDUCE, lambda r: first(r).update(bytes=1))
record_field("an input less", f"{A}/ingest.nxs", lambda r: r["inputs"].pop())
record_field("order of the inputs", f"{A}/ingest.nxs", lambda r: r["inputs"].reverse())
record_field("version of a package", CLAIMS, lambda r: r["packages"].update(numpy="1.0"))
record_field("a package less", REDUCE, lambda r: r["packages"].popitem())
record_field("version of ntcspec", CLAIMS, lambda r: r.update(ntcspec="9.9"))
record_field("version of Python", f"{B}/wavelet.nxs", lambda r: r.update(python="2.7.18"))
record_field("fingerprint of the code", CLAIMS, lambda r: r["code"].update(fingerprint="0" * 16))
record_field("hash of a module", CLAIMS, lambda r: r["code"]["modules"].update({"ntcspec.errors": "0" * 16}))
record_field("a module less", REDUCE, lambda r: r["code"]["modules"].popitem())
record_field("SIMULATED", CLAIMS, lambda r: r.update(simulated=False))
record_field("SIMULATED", f"{PANELS}/map.png", lambda r: r.update(simulated=False))
record_field("the sample", REDUCE, lambda r: r.update(sample="b"))
record_field("the panel", f"{PANELS}/map.svg", lambda r: r.update(panel="chi_r"))
record_field("the study", CLAIMS, lambda r: r.update(study="another"))
record_field("a field more", CLAIMS, lambda r: r.update(checked_by="me"))
record_field("a field less", f"{B}/reduce.nxs", lambda r: r.pop("packages"))
record_field("its schema", CLAIMS, lambda r: r.update(schema="ntcspec-record/0"))
record_field("an ancestor less", CLAIMS, lambda r: r["ancestry"].pop(f"{A}/reduce.nxs"))
record_field("an ancestor more", CLAIMS, lambda r: r["ancestry"].update({"results/x.nxs": r["ancestry"][REDUCE]}))
record_field("an ancestor's parameter", CLAIMS, lambda r: r["ancestry"][REDUCE]["parameters"].update(rbkg_ang=1.7))
record_field(
    "an ancestor's raw hash", CLAIMS, lambda r: first(r["ancestry"][f"{B}/ingest.nxs"]).update(sha256="0" * 64)
)
record_field("all ancestors", f"{PANELS}/mu.png", lambda r: r.update(ancestry={}))
record_field("no ancestry at all", CLAIMS, lambda r: r.pop("ancestry"))
record_field("inputs that are no list", CLAIMS, lambda r: r.update(inputs="none"))

simple("png: no record", f"{PANELS}/chi_r.png", lambda p: replace(p, b"ntcspec\0", b"NTCSPEC\0"))
simple(
    "pdf: a parameter in its record", f"{PANELS}/mu.pdf", lambda p: replace(p, b'"simulated":true', b'"simulated":null')
)
simple(
    "svg: a letter of its record",
    f"{PANELS}/mu.svg",
    lambda p: replace(p, "&quot;study&quot;" if b"&quot;study" in p.read_bytes() else '"study"', '"Study"'),
)
simple("csv: the record's line", "results/metrics.csv", lambda p: replace(p, "# ntcspec-record", "# ntcspec record"))
simple("json: no record", f"{A}/measure.json", lambda p: edit_json(p, lambda d: d.pop("record")))


@tampering("pdf: SIMULATED taken out of its record, check sums made to fit", f"{PANELS}/map.pdf")
def _(root: Path) -> None:
    replace(root / PANELS / "map.pdf", b'"simulated":true', b'"simulated":null')
    resum(root, f"{PANELS}/map.pdf")


# --- what the study asks for ----------------------------------------------------------------------------------------------


def config(what: str, named: str, change: Callable[[Any], None]) -> None:
    tampering(f"config: {what}", named)(lambda root: edit_yaml(root / "config.yaml", change))


def samples(what: str, named: str, change: Callable[[Any], None]) -> None:
    tampering(f"samples: {what}", named)(lambda root: edit_yaml(root / "samples.yaml", lambda d: change(d["samples"])))


def exafs(data: Any) -> Any:
    return data["defaults"]["exafs"]


def files(sample: Any) -> list[str]:
    return sample["measurements"]["exafs"]["files"]


config("a parameter", f"{A}/transform.nxs", lambda d: exafs(d)["transform"].update(kmin_inv_ang=3.5))
config("a window", f"{B}/measure.nxs", lambda d: exafs(d)["measure"]["windows"].update(first_shell=[1.3, 2.5]))
config("title of a panel", f"{PANELS}/mu.nxs", lambda d: d["panels"]["mu"].update(title="better"))
config("kind of a panel", f"{PANELS}/mu.nxs", lambda d: d["panels"]["mu"].update(kind="exafs.chi_k"))
config("a panel less", SUMS, lambda d: d["panels"].pop("map"))
config("a panel more", f"{PANELS}/new.png", lambda d: d["panels"].update(new={"kind": "exafs.chi_k"}))
config("title of a figure", f"{FIGURE}.png", lambda d: d["figures"]["Figure_1"].update(title="better"))
config(
    "letters of a figure", f"{FIGURE}.png", lambda d: d["figures"]["Figure_1"].update(panels={"A": "mu", "B": "chi_r"})
)
config("a figure less", SUMS, lambda d: d.pop("figures"))
config("scale of a trend", "results/trends.csv", lambda d: d["trends"]["dose"].update(scale="log"))
config("name of the study", f"{A}/ingest.nxs", lambda d: d.update(study="another"))


@tampering("samples: one less", "results/metrics.csv")
def _(root: Path) -> None:
    edit_yaml(root / "samples.yaml", lambda d: d["samples"].pop("b"))
    (root / "claims.yaml").unlink()  # it compares the two


@tampering("samples: one renamed", "results/c/exafs/ingest.nxs")
def _(root: Path) -> None:
    edit_yaml(root / "samples.yaml", lambda d: d["samples"].update(c=d["samples"].pop("b")))
    edit_yaml(root / "claims.yaml", lambda d: d["claims"]["longer"].update(samples=["c"]))


samples("order of its files", f"{A}/ingest.nxs", lambda d: files(d["a"]).reverse())
samples("a file less", f"{A}/ingest.nxs", lambda d: files(d["a"]).pop())
samples("another file", f"{B}/ingest.nxs", lambda d: files(d["b"]).__setitem__(0, "raw/a1.xdi"))
samples("not simulated", f"{B}/ingest.nxs", lambda d: d["b"].update(simulated=False))
samples("a property", "results/trends.csv", lambda d: d["b"]["properties"]["dose"].update(value=3.0))
tampering("claim: turned round", CLAIMS)(
    lambda root: edit_yaml(root / "claims.yaml", lambda d: d["claims"]["longer"].update(relation="below"))
)
tampering("claims.yaml: gone", SUMS)(lambda root: (root / "claims.yaml").unlink())

# --- check sums -----------------------------------------------------------------------------------------------------------

simple("check sums: a line less", SUMS, lambda p: put(p, "".join(p.read_text().splitlines(True)[1:])))
simple("check sums: a line more", SUMS, lambda p: put(p, f"{p.read_text()}{'0' * 64}  panels/x.png\n"))
simple("check sums: a line twice", SUMS, lambda p: put(p, p.read_text() + p.read_text().splitlines(True)[0]))
simple("check sums: no line", SUMS, lambda p: put(p, p.read_text() + "all is well\n"))
simple("check sums: empty", SUMS, lambda p: put(p, ""))


@tampering("check sums: hash of a panel that a figure shows", SUMS)
def _(root: Path) -> None:
    line = next(x for x in (root / SUMS).read_text().splitlines() if x.endswith("panels/mu.png"))
    replace(root / SUMS, line, "0" * 64 + line[64:])


@tampering("check sums: hash of a stage", SUMS)
def _(root: Path) -> None:
    line = next(x for x in (root / SUMS).read_text().splitlines() if x.endswith("a/exafs/reduce.nxs"))
    replace(root / SUMS, line, "0" * 64 + line[64:])


@tampering("check sums: hash of a figure", f"{FIGURE}.svg")  # nothing tells which of the two was changed
def _(root: Path) -> None:
    line = next(x for x in (root / SUMS).read_text().splitlines() if x.endswith("Figure_1.svg"))
    replace(root / SUMS, line, "0" * 64 + line[64:])


# --- the crate -----------------------------------------------------------------------------------------------------------

CRATE = "results/ro-crate-metadata.json"
simple("crate: gone", CRATE, Path.unlink)
simple("crate: no JSON", CRATE, lambda p: put(p, p.read_bytes()[:-9]))
tampering("crate: the hash of a log", "results/logs/checksums.log")(
    lambda root: put(root / CRATE, '"sha256": "00'.join((root / CRATE).read_text().rsplit('"sha256": "', 1)))
)
simple("crate: a name", CRATE, lambda p: replace(p, "raw/a1.xdi", "raw/a9.xdi"))
simple("crate: a context of its own", CRATE, lambda p: edit_json(p, lambda d: d["@context"].append({"sha256": "x"})))
simple("crate: an entity twice", CRATE, lambda p: edit_json(p, lambda d: d["@graph"].append(d["@graph"][-1])))
simple("crate: an id that is no text", CRATE, lambda p: edit_json(p, lambda d: d["@graph"][-1].update({"@id": 3})))
simple("crate: an entity that is none", CRATE, lambda p: edit_json(p, lambda d: d["@graph"].append(7)))
simple("crate: another type", CRATE, lambda p: edit_json(p, lambda d: d["@graph"][-1].update({"@type": "Thing"})))
simple("crate: something beside its graph", CRATE, lambda p: edit_json(p, lambda d: d.update(note="all is well")))


def in_crate(what: str, named: str, identity: str, change: Callable[[Any], None]) -> None:
    def edit(document: Any) -> None:
        change(next(one for one in document["@graph"] if one["@id"] == identity))

    tampering(f"crate: {what}", named)(lambda root: edit_json(root / CRATE, edit))


for name, path in (
    ("report.html", REPORT),
    ("figures/Figure_1.pdf", f"{FIGURE}.pdf"),
    ("made_up.nxs", STUDY_FILE),
):
    in_crate(f"sha256 of {name}", path, name, lambda one: one.update(sha256="0" * 64))
    in_crate(f"a property more of {name}", path, name, lambda one: one.update(author={"@id": "#run"}))
    in_crate(f"no type of {name}", path, name, lambda one: one.pop("@type"))
in_crate("a file fewer in the data set", CRATE, "./", lambda one: one["hasPart"].pop())
in_crate("a file twice in the data set", CRATE, "./", lambda one: one["hasPart"].append(one["hasPart"][0]))
in_crate("another end of the run", CRATE, "#run", lambda one: one.update(result=one["result"][:1]))

# --- careful forgers: what they edit, and the check sums with it --------------------------------------------------------------


def forged(what: str, named: str, deed: Tampering) -> None:
    def both(root: Path) -> None:
        deed(root / named)
        resum(root, named)

    tampering(f"forged: {what}, check sums made to fit", named)(both)


forged("a value of a stage", f"{A}/reduce.nxs", lambda p: edit_nxs(p, scale_first))
forged("a metric", f"{A}/measure.json", lambda p: edit_json(p, lambda d: d["metrics"][0].update(value=9.0)))
forged(
    "a cell", "results/metrics.csv", lambda p: replace(p, "exafs,first_shell.position,", "exafs,first_shell.position,1")
)
forged("a cell of the samples", "results/samples.csv", lambda p: put(p, p.read_text()[:-3] + "9\n"))


@tampering("forged: a metric and its edge", f"{A}/measure.json")
def _(root: Path) -> None:
    """The number in measure.json, the hash of it in the tables and their seals, and the check sums: nxs tells."""
    name = f"{A}/measure.json"
    edit_json(root / name, lambda d: d["metrics"][0].update(value=9.0))
    fix_edge(root, name, "results/metrics.csv", "results/samples.csv")


@tampering("forged: both files of a measure, their edges, and all records of these", "results/metrics.csv")
def _(root: Path) -> None:
    """Numbers in measure.nxs and .json; the table still has the old one, and is all that tells."""
    edit_nxs(root / A / "measure.nxs", lambda f: f["entry/data/metrics/0000/value"].write_direct(_nine(f)))
    edit_json(root / A / "measure.json", lambda d: d["metrics"][0].update(value=9.0))
    resum(root, f"{A}/measure.nxs")
    fix_edge(
        root,
        f"{A}/measure.json",
        "results/metrics.csv",
        "results/samples.csv",
        "results/claims.csv",
        "results/trends.csv",
    )
    fix_edge(root, "results/metrics.csv", "results/claims.csv", "results/trends.csv")


def _nine(file: Any) -> Any:
    import numpy as np

    return np.asarray(9.0, file["entry/data/metrics/0000/value"].dtype)


def fix_edge(root: Path, name: str, *users: str) -> None:
    """What a forger does in the files made from `name`: its new hash and size, their seals, the check sums."""
    import hashlib

    data = (root / name).read_bytes()
    new = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    def change(record: Record) -> None:
        for member in (record, *record["ancestry"].values()):
            for one in member["inputs"]:
                if one["path"] == name:
                    one.update(new)
            reseal(member)

    for user in users:
        edit_record(root / user, change)
    resum(root, name, *users)


@tampering("forged: packages of a stage, with a right seal", f"{A}/wavelet.nxs")
def _(root: Path) -> None:
    def change(record: Record) -> None:
        record["packages"]["numpy"] = "1.0"
        reseal(record)

    edit_record(root / A / "wavelet.nxs", change)
    resum(root, f"{A}/wavelet.nxs")


# --- files of another time or place -------------------------------------------------------------------------------------------


@tampering("an older artifact copied back", f"{A}/transform.nxs")
def _(root: Path) -> None:
    """As a run with another kmin left it: whole in itself, with a right key and seal."""

    def older(record: Record) -> None:
        record["parameters"]["kmin_inv_ang"] = 2.5
        record["key"] = rightful_key(record)
        reseal(record)

    edit_record(root / A / "transform.nxs", older)
    resum(root, f"{A}/transform.nxs")


def rightful_key(record: Record) -> str:
    from ntcspec.provenance import about_of, key_of

    keys = {path: one["key"] for path, one in record["ancestry"].items()}
    named = [(i["role"], i["root"], i["path"], keys.get(i["path"], i["sha256"])) for i in record["inputs"]]
    return key_of(about_of(record), record["parameters"], record["code"]["fingerprint"], named)


@tampering("an artifact of another study", f"{PANELS}/mu.png")
def _(root: Path) -> None:
    def other(record: Record) -> None:
        record["study"] = "another"
        record["key"] = rightful_key(record)
        reseal(record)

    edit_record(root / PANELS / "mu.png", other)
    resum(root, f"{PANELS}/mu.png")


@tampering("another stage copied over it", f"{B}/reduce.nxs")
def _(root: Path) -> None:
    put(root / B / "reduce.nxs", (root / B / "ingest.nxs").read_bytes())
