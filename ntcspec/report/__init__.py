"""results/report.html: the study in one file that opens without a network.

    html = make_report(settings, inputs, record)

`collect` reads what the study made, `charts` turns panels into charts of plotly.js, `page` writes the page. What is
shown of numbers and hashes comes from the artifacts and their records alone; the page computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def make_report(
    settings: Mapping[str, Any], inputs: Sequence[tuple[Mapping[str, Any], str]], record: Mapping[str, Any]
) -> str:
    """The page as text; the same inputs give the same text.

    settings: what the plan says of samples, measurements, panels and claims (ntcspec.plan.report).
    inputs: (origin, path) of the tables, metrics, stages, panels and their pictures.
    record: of the page, with the records of everything that it was made from as `ancestry`.
    """
    from ntcspec.report import collect, page

    return page.render(collect.collect(settings, inputs, record))
