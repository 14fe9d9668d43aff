"""From PanelData to a matplotlib figure: no pyplot, no global state, the same data give the same figure."""

from __future__ import annotations

from matplotlib.figure import Figure

from ntcspec.plot import curves, maps, page, strips, style
from ntcspec.plot.data import PanelData
from ntcspec.plot.plain import describe
from ntcspec.plot.words import Pen


def draw(data: PanelData, *, title: str = "") -> Figure:
    """The figure of a panel; `title` stands in for an empty `data.title`. Its label describes it in words."""
    with style.context():
        figure = Figure(figsize=(style.WIDTH_IN, 3.0), dpi=style.DPI, facecolor="white")
        draw_panel(Pen(figure), data, title)
        figure.set_label(describe(data))
        return figure


def draw_panel(pen: Pen, data: PanelData, title: str = "") -> None:
    """Draw a panel where the pen is, in the style that is set; what it took stands in `pen.took`."""
    head = page.head(pen, data.title or title, data.simulated)
    (maps if data.maps else strips if data.strips else curves).draw(pen, data, head)
