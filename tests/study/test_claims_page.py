"""The example of docs/claims.md is what the program makes of it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import yaml

from ntcspec.config.claims import ClaimsFile
from ntcspec.study.claims import claims_of
from ntcspec.types.study import Number

PAGE = (Path(__file__).parents[2] / "docs/claims.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """The cells of the table that begins with this head."""
    lines = PAGE.split(head)[1].splitlines()[2:]
    table = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_example_gives_the_verdicts_that_the_page_prints() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    claims = ClaimsFile.model_validate(yaml.safe_load(text)).claims
    table: dict[str, dict[str, Number]] = {}
    for sample, metric, *numbers, reason in rows("| sample | metric | value | u_stat | u_sys | reason |"):
        value, stat, sys = (float(n) if n else math.nan for n in numbers)
        table.setdefault(sample, {})[metric] = Number(value, "1", stat, sys, reason)
    properties = {
        s: {"conductivity": Number(x, "S/cm", math.nan, 0.0, "")}
        for s, x in zip("ABC", (1e-6, 1e-5, 1e-3), strict=True)
    }
    tested = claims_of({n: c.model_dump(mode="json") for n, c in claims.items()}, table, properties, [])
    printed = {name: verdict for name, verdict, _ in rows("| claim | verdict | because |")}
    assert {t.name: t.finding.verdict for t in tested} == printed and len(printed) == 5
