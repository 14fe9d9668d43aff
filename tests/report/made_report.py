"""A report of made-up artifacts: every kind of panel without running a stage, and names that try to break the page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image
from synthetic_panels import entries_of

from ntcspec import store
from ntcspec.config.claims import KINDS as KINDS_OF_CLAIMS
from ntcspec.plot import KINDS, panel_data
from ntcspec.plot.data import PanelData
from ntcspec.provenance import canonical, make_record
from ntcspec.report import make_report, roles
from ntcspec.study.claims import claims_csv, claims_of
from ntcspec.study.table import metrics_csv, property_of, read_metrics
from ntcspec.study.trends import trends_csv, trends_of

FOLDER = 'a "folder" of <b>mine</b> ü'
SCRIPT = "<script>alert(1)</script>"
IMAGE = '<img src=x onerror="alert(2)">'
NAMES = (SCRIPT, IMAGE, "quotes \" ' ` and </script><!--", "with spaces, ünïcode ₂ Na₃Ta%{x}", "plain")
NUMBERS = {  # metric -> (unit, values of the samples with u_stat and u_sys)
    "shell.r": ("angstrom", [(1.86326315774414, 0.00043, 0.00667), (1.9, 0.001, 0.007), (1.95, 0.001, 0.007)]),
    "area": ("1", [(577268170.7, 449215.5867, 669731.2788), (1.2e-7, 3e-9, None), (3.0, None, None)]),
    "lost": ("eV", [(None, None, None), (None, None, None), (5.5, 0.1, 0.2)]),
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "study.trend": {"metrics": ["exafs.shell.r", "exafs.other.r"], "against": "milling_time"},
    "study.correlation": {"metrics": ["exafs.shell.r", "exafs.shell.n"], "against": "conductivity"},
    "exafs.chi_r": {"components": True},
}
FURTHER: Mapping[str, tuple[str, Mapping[str, Any]]] = {  # panels beside one of each kind
    "names": ("study.trend", {"metrics": ["exafs.shell.r"]}),
    "inset": ("xanes.norm", {"inset": [1070.0, 1076.0]}),
}
ABOUT = {  # of the study: who made it
    "description": f"what was measured {IMAGE}",
    "authors": [
        {"name": "Marie C. Example", "orcid": "0000-0002-1825-0097",
         "affiliation": {"name": f"Institute {SCRIPT}", "url": "https://ror.org/02grkyz14"}},
        {"name": IMAGE, "orcid": None, "affiliation": None},
    ],
    "licence": "CC-BY-4.0", "publisher": {"name": "An archive", "url": None}, "doi": "10.5281/zenodo.1234567",
    "funding": ["Grant 12"],
}  # fmt: skip
NOBODY = {"description": "", "authors": [], "licence": None, "publisher": None, "doi": None, "funding": []}
RAW = b"made up raw data"


@dataclass(frozen=True)
class MadeReport:
    """The page, the text of its table, and the panels in it."""

    path: Path
    metrics: str
    panels: Mapping[str, PanelData]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def panel_of(kind: str, number: int = 3, options: Mapping[str, Any] | None = None) -> PanelData:
    """A panel of that kind whose samples have hostile labels."""
    entries = entries_of(kind, number, simulated=True)
    named = [replace(e, label=n) for e, n in zip(entries, NAMES, strict=False)]
    return panel_data(kind, named, OPTIONS.get(kind, {}) if options is None else options)


def record(about: Mapping[str, Any], parameters: Mapping[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    shared = {"study": f"hostile {SCRIPT}", "simulated": True, "order": 1}
    return make_record(
        about={**shared, **about}, parameters=parameters, inputs=inputs, modules=("ntcspec.errors",), key="0" * 32,
        ancestry={},
    )  # fmt: skip


def entry(role: str, path: str, data: bytes = RAW, root: str = "study") -> dict[str, Any]:
    return {"role": role, "root": root, "path": path, "sha256": digest(data), "bytes": len(data)}


def measured(sample: str, place: int) -> dict[str, Any]:
    """What measure.json of a sample holds."""
    metrics = []
    for name, (unit, values) in NUMBERS.items():
        value, u_stat, u_sys = values[place]
        reason = "" if value is not None else f"below 3 sigma {IMAGE}"
        one = {"name": name, "value": value, "unit": unit, "u_stat": u_stat, "u_sys": u_sys, "reason": reason}
        metrics.append({**one, "method": f"as {SCRIPT} says"})
    about = {"sample": sample, "measurement": "ta", "technique": "exafs", "stage": "measure"}
    raw = [entry("raw", f"raw/{sample}.dat", f"raw of {place}".encode(), "raw")]
    return {"metrics": metrics, "notes": [f"a note {IMAGE}"], "failure": "", "record": record(about, {"a": 1}, raw)}


def make(folder: Path, kinds: Sequence[str] = tuple(KINDS), samples: int = 3, *, more: bool = True) -> MadeReport:
    """The report in `folder`; with `more` also claims and trends."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs: list[tuple[dict[str, Any], str]] = []
    ancestry: dict[str, Any] = {}

    def add(role: str, path: str, file: Path, own: Mapping[str, Any]) -> None:
        inputs.append(({"role": role, "root": "study", "path": path}, str(file)))
        ancestry[path] = {k: v for k, v in own.items() if k != "ancestry"}

    names = NAMES[:samples]
    found = [measured(name, i % 3) for i, name in enumerate(names)]
    for i, one in enumerate(found):
        file = folder / f"measure{i}.json"
        file.write_text(json.dumps(one), encoding="utf-8")
        add(roles.METRICS, f"results/{i}/ta/measure.json", file, one["record"])
    sources = [entry(roles.METRICS, f"results/{i}/ta/measure.json") for i in range(samples)]
    excluded = [{"sample": "left <i>out</i>", "name": "nmr", "reason": f"no such file {SCRIPT}"}]
    about = record({"stage": "table"}, {}, sources)
    metrics = metrics_csv(found, excluded if more else [], canonical(about))
    (folder / "metrics.csv").write_text(metrics, encoding="utf-8")
    add(roles.TABLE, "results/metrics.csv", folder / "metrics.csv", about)
    known = {n: {"value": i + 1.0, "u": 0.1, "unit": "h", "reason": ""} for i, n in enumerate(names)}
    claims = _claims(names) if more else {}
    if more:
        _tables(folder, metrics, names, known, claims, add)
    panels = {}
    drawn = {kind: (kind, OPTIONS.get(kind, {})) for kind in kinds} | (
        dict(FURTHER) if len(kinds) == len(KINDS) else {}
    )
    for name, (kind, options) in drawn.items():
        panels[name] = panel_of(kind, min(samples, 3), options)
        _panel(folder, name, panels[name], options, sources, add)
    if len(kinds) == len(KINDS):
        _figure(folder, {"A": "exafs.chi_k", "B": "exafs.wavelet"}, add)
    settings = {
        "samples": [_sample(n, known[n], more) for n in names],
        "measurements": [
            {"sample": n, "name": "ta", "technique": "exafs", "artifacts": [f"results/{i}/ta/measure.json"]}
            for i, n in enumerate(names)
        ],
        "excluded": excluded if more else [], "series": [],
        "about": ABOUT if more else NOBODY,
        "claims": {n: {"samples": c["samples"], "metrics": [c["metric"]]} for n, c in claims.items()}, "assets": {},
    }  # fmt: skip
    listed = [entry(origin["role"], origin["path"]) for origin, _ in inputs]
    whole = {**record({"stage": "report"}, {}, listed), "ancestry": ancestry}
    page = folder / "report.html"
    page.write_bytes(make_report(settings, inputs, whole).encode())
    return MadeReport(page, metrics, panels)


def _sample(name: str, known: Mapping[str, Any], more: bool) -> dict[str, Any]:
    properties = {"milling_time": dict(known)} if more else {}
    return {
        "name": name, "label": name, "composition": "Na$_2$Ta <b>", "simulated": True, "known": True,
        "properties": properties,
    }  # fmt: skip


def _panel(
    folder: Path, name: str, data: PanelData, options: Mapping[str, Any], sources: list[dict[str, Any]], add: Any
) -> None:
    entries = [{"sample": n, "label": n, "simulated": True, "missing": ""} for n in NAMES[:3]]
    parameters = {"kind": data.kind, "title": "", "options": dict(options), "entries": entries, "table": False}
    own = record({"stage": "panel", "panel": name}, parameters, sources)
    file = folder / f"{name}.nxs"
    store.write(file, data, own)
    Image.new("RGB", (60, 40), "white").save(folder / f"{name}.png")
    add(roles.PANEL, f"results/panels/{name}.nxs", file, own)
    add(roles.PICTURE, f"results/panels/{name}.png", folder / f"{name}.png", own)


def _figure(folder: Path, panels: Mapping[str, str], add: Any) -> None:
    """A figure of two of the panels."""
    sources = [entry(roles.PANEL, f"results/panels/{name}.nxs") for name in panels.values()]
    own = record({"stage": "figure", "figure": "Figure_1"}, {"panels": dict(panels)}, sources)
    Image.new("RGB", (120, 40), "white").save(folder / "Figure_1.png")
    add(roles.FIGURE, "results/figures/Figure_1.png", folder / "Figure_1.png", own)


def _claims(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    own = {"source": f"Fig. 1 {IMAGE}", "refuted_by": "another order", "samples": list(names)}
    claims = {
        "rises": {"kind": "trend", "says": f"r rises {SCRIPT}", "metric": "ta.shell.r", "goes": "up",
                  "against": "milling_time"},
        "near": {"kind": "window", "says": "r is near 2", "metric": "ta.shell.r", "range": [1.5, 2.5]},
        "lost": {"kind": "present", "says": "it is seen", "metric": "ta.lost"},
    }  # fmt: skip
    return {n: KINDS_OF_CLAIMS[str(c["kind"])](**{**own, **c}).model_dump(mode="json") for n, c in claims.items()}


def _tables(
    folder: Path, metrics: str, names: Sequence[str], known: Mapping[str, Any], claims: Mapping[str, Any], add: Any
) -> None:
    table = read_metrics(metrics)
    properties = {n: {"milling_time": property_of(known[n])} for n in names}
    about = record({"stage": "claims"}, {}, [entry("metrics", "results/metrics.csv")])
    text = claims_csv(claims_of(claims, table, properties, list(names)), canonical(about))
    (folder / "claims.csv").write_text(text, encoding="utf-8")
    add(roles.CLAIMS, "results/claims.csv", folder / "claims.csv", about)
    wanted = {"milling_time": {"scale": "linear", "metrics": ["ta.*"], "samples": None}}
    about = record({"stage": "trends"}, {}, [entry("metrics", "results/metrics.csv")])
    (folder / "trends.csv").write_text(
        trends_csv(trends_of(table, properties, wanted), canonical(about)), encoding="utf-8"
    )
    add(roles.TRENDS, "results/trends.csv", folder / "trends.csv", about)
