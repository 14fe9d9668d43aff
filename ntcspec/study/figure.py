"""One figure of several panels: the data of the panels in; PNG, PDF and SVG out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ntcspec import store
from ntcspec.plot import save
from ntcspec.plot.data import PanelData
from ntcspec.plot.sheet import Page, draw_figure
from ntcspec.provenance import canonical

MM_PER_INCH = 25.4


def make_figure(
    settings: Mapping[str, Any], inputs: Sequence[Path], record: Mapping[str, Any], outputs: Sequence[Path]
) -> None:
    """Write <name>.png, .pdf, .svg (`outputs`).

    settings: panels (name by letter, in the order of `inputs`, the .nxs of the panels), rows of letters, width_mm,
    height_mm, title, samples (of the study, whose order is that of the colours).
    """
    panels = {letter: store.read(path, PanelData) for letter, path in zip(settings["panels"], inputs, strict=True)}
    width_in, height_in = settings["width_mm"] / MM_PER_INCH, settings["height_mm"] / MM_PER_INCH
    page = Page(width_in, height_in, settings["title"], tuple(settings["samples"]))
    figure = draw_figure(panels, settings["rows"], page)
    height_mm = figure.get_figheight() * MM_PER_INCH
    if height_mm > settings["height_mm"] + 0.1:
        print(f"note: the figure is {height_mm:.0f} mm high, more than height_mm, with frames as low as they may be")
    save(figure, outputs[0].with_suffix(""), canonical(record))
