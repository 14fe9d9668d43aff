"""The page: what was collected, set into the templates. Everything that users wrote passes through autoescape."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ntcspec.plot.plain import clean
from ntcspec.records import HTML_RECORD
from ntcspec.report import assets, tables
from ntcspec.report.charts import marks_off
from ntcspec.report.collect import Content, home_of, own_name
from ntcspec.report.embed import safe_json
from ntcspec.report.findings import findings
from ntcspec.report.numbers import plain
from ntcspec.report.panel_view import figure_view, panel_view, raw_files

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)  # plotly.js writes styles, and pictures for saving


def render(content: Content) -> str:
    """The whole page as text."""
    environment = Environment(
        loader=FileSystemLoader(assets.HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, "clean": clean, "label": _label, "breakable": _breakable}
    return environment.get_template("report.html.j2").render(context(content))


def _label(text: str) -> Markup:
    """A label as it stands on panels, with raised and lowered letters; only for text, not for attributes."""
    return Markup(marks_off(clean(text)))  # marks_off has escaped it


def _breakable(name: str) -> Markup:
    """A name of a metric that may go on in a new line after '.' and '_'."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])(?=.)", name))


def context(content: Content) -> dict[str, Any]:
    """What the templates take."""
    record = content.record
    ancestry = record["ancestry"]
    panels = [panel_view(one, ancestry) for one in content.panels]
    scripts = [assets.plotly_js(), assets.inline(assets.script())]
    return {
        "study": record["study"],
        "simulated": record["simulated"],
        "record": record,
        "trace": tables.trace,
        "names": tables.measurement_names(content),
        "measured": len(content.settings["measurements"]),  # one technique on one sample each
        "glance": tables.glance(content),
        "groups": tables.metric_groups(content),
        "claims": tables.claims(content),
        "tally": tables.tally(content),
        "trends": tables.trends(content),
        "panels": panels,
        "findings": findings(content),
        "raw_count": len(raw_files(record, ancestry)),
        "about": content.settings["about"],
        "figures": [figure_view(one, content.panels, ancestry) for one in content.figures],
        "packages": _packages(record),
        "stages": _stages(record),
        "plotly_version": assets.plotly_version(),
        "style": Markup(assets.style()),
        "plotly": Markup(assets.packed(scripts[0])),
        "script": Markup(scripts[1]),
        "policy": POLICY.format(scripts=" ".join(f"'{assets.policy_hash(s)}'" for s in scripts)),
        "record_open": Markup(HTML_RECORD),
        "record_json": Markup(safe_json(record)),  # cannot end its element
        "metrics_json": Markup(safe_json(_metrics(content))),
        "chart_json": [Markup(safe_json(p.chart)) for p in panels],
    }


def _metrics(content: Content) -> dict[str, Any]:
    """What a trace says of a metric: each path and each sentence once, rows as numbers of them."""
    texts: dict[str, int] = {}

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    rows = []
    for row in content.rows:
        home = home_of(content, row)
        if home:
            words = [place(text) for text in (home, own_name(row), row["unit"], row["method"], row["reason"])]
            rows.append([*words, row["value"], row["u_stat"], row["u_sys"]])
    return {"texts": list(texts), "rows": rows}


def _packages(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every program that had a part in the study, with its versions."""
    found: dict[str, dict[str, None]] = {}
    for one in (*record["ancestry"].values(), record):
        every = {"Python": one["python"], "ntcspec": one["ntcspec"], **one["packages"]}
        for name, version in every.items():
            found.setdefault(name, {})[version] = None
    order = sorted(found, key=lambda name: (name not in ("ntcspec", "Python"), name.lower()))
    return [(name, ", ".join(found[name])) for name in order]


def _stages(record: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """(stage, fingerprint of its code, number of artifacts)."""
    every = [*record["ancestry"].values(), record]
    counted = Counter((_stage(one), str(one["code"]["fingerprint"])) for one in every)
    return [(stage, code, number) for (stage, code), number in sorted(counted.items())]


def _stage(record: Mapping[str, Any]) -> str:
    return f"{record.get('technique') or 'study'}: {record['stage']}"
