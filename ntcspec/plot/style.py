"""How panels look: widths, fonts, colours, ticks. The one place to change it.

Single column of 85 mm, drawn at final size: no text is smaller than 7 pt when printed. DejaVu Sans comes
with matplotlib, so that the same input gives the same bytes wherever the same matplotlib runs. SVG text is
drawn as paths for that reason (a viewer without the font would shift it); the PDF keeps text as text
(TrueType, editable in vector programs).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.ticker import ScalarFormatter
from matplotlib.typing import ColorType

from ntcspec.plot.palette import CYCLE, GREY, MARK, NO_DATA, PALE, SEQUENTIAL, SEQUENTIAL_END
from ntcspec.plot.units import superscript

__all__ = ["CYCLE", "GREY", "MARK", "NO_DATA", "PALE", "colours", "context"]

WIDTH_IN = 3.346  # 85 mm
EDGE_IN = 0.05  # white space around everything
GAP_IN = 0.06  # between blocks
FONT_PT = 7.0  # everything but axis labels
LABEL_PT = 8.0  # axis labels and title
LETTER_PT = 10.0  # of a panel in a figure of several
LINE_SPACING = 1.2
DPI = 300

LINE_PT = 1.0
THIN_PT = 0.5
FRAME_PT = 0.7
MAP_COLOURS = "viridis"

RC = {
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": FONT_PT,
    "axes.labelsize": LABEL_PT,
    "axes.linewidth": FRAME_PT,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "axes.formatter.use_mathtext": False,
    "axes.labelpad": 3.0,
    "mathtext.fontset": "dejavusans",
    "lines.linewidth": LINE_PT,
    "xtick.labelsize": FONT_PT,
    "ytick.labelsize": FONT_PT,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "xtick.major.width": FRAME_PT,
    "ytick.major.width": FRAME_PT,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "xtick.major.pad": 2.5,
    "ytick.major.pad": 2.5,
    "text.hinting": "none",
    "text.usetex": False,
    "path.simplify": True,
    "svg.hashsalt": "ntcspec",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


class Numbers(ScalarFormatter):
    """Plain tick labels with '×10⁻⁴' in one place above the axis: real characters instead of slow mathtext."""

    def get_offset(self) -> str:
        exponent = super().get_offset().replace("−", "-").partition("e")[2]
        return f"×10{superscript(float(exponent))}" if exponent else ""


@contextmanager
def context() -> Iterator[None]:
    """The style on top of matplotlib's own defaults; the user's matplotlibrc has no say, and nothing stays set."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)  # type: ignore[arg-type]
        yield


def colours(number: int) -> list[ColorType]:
    """One colour a sample: the colour-blind safe cycle, or a dark-to-light sequence where that is too short."""
    if number <= len(CYCLE):
        return list(CYCLE[:number])
    ramp = matplotlib.colormaps[SEQUENTIAL]
    return [ramp(SEQUENTIAL_END * i / (number - 1)) for i in range(number)]
