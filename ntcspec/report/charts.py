"""From PanelData to a chart that plotly.js draws: the same curves, bands, marks and axes as on paper, as plain data.

    chart = {"arrays": [...], "data": [traces], "wide": layout, "narrow": layout, "legend": [{label, colour, group}]}

Traces and layouts are those of plotly.js, but that traces name their arrays (`pool.py`). `narrow` is for phones. What
users wrote (names, labels, units) never reaches plotly as markup: `marks_off`. The ordinate that the reader is told is
that of the data, before the offset of the drawing.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntcspec.plot import units
from ntcspec.plot.data import (
    BASELINE,
    CONTEXT,
    DATA,
    GUIDE,
    IMAGINARY,
    JOINED,
    LINE,
    NOISE,
    POINTS,
    REAL,
    RESIDUAL,
    SECOND,
    THIRD,
    TOTAL,
    VALUES,
    WINDOW,
    PanelData,
    Series,
)
from ntcspec.plot.palette import GREY, MARK, PALE, SPAN, hex_colours
from ntcspec.plot.plain import clean
from ntcspec.report.pool import Pool
from ntcspec.types import Array

Chart = dict[str, Any]
FULL, THIN = 1.7, 1.0  # px
LINES = {
    DATA: (FULL, "solid"), REAL: (THIN, "solid"), IMAGINARY: (THIN, "dot"), WINDOW: (THIN, "solid"),
    SECOND: (FULL, "dash"), THIRD: (FULL, "dot"), TOTAL: (FULL, "solid"), BASELINE: (THIN, "dash"),
    LINE: (THIN, "solid"), CONTEXT: (THIN, "solid"), GUIDE: (THIN, "solid"), JOINED: (THIN, "solid"),
    NOISE: (THIN, "dash"),
}  # fmt: skip
MARKERS = {POINTS: ("circle-open", 5), RESIDUAL: ("circle", 2.5), JOINED: ("circle", 6)}
MARKERS |= dict(zip(VALUES, (("circle", 8), ("square", 8), ("triangle-up", 9), ("diamond", 8)), strict=True))
BAND, RANGE = 0.3, 0.18  # how dark a standard uncertainty is, and a range over choices or a filled line
FONT = {"family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", "size": 13, "color": "#1a1a1a"}
HEIGHT, PER_LEVEL, MOST = 380, 42, 760  # px of a panel of curves
INSET_PX = 210
TOP, SPAN_NAMES_PX = 26, 32  # above the frame; for the names of spans
WIDE_CHARACTERS, NARROW_CHARACTERS = 80, 38  # of a line of an axis title


def chart(data: PanelData) -> Chart:
    """The chart of a panel."""
    from ntcspec.report import chart_maps, chart_rows

    if data.maps:
        return chart_maps.chart(data)
    return chart_rows.chart(data) if data.strips else curves(data)


def curves(data: PanelData) -> Chart:
    """A panel of curves, with its inset as a frame of its own below."""
    pool, palette = Pool(), hex_colours(data.palette)
    traces = [t for s in data.series for t in traces_of(pool, s, palette[s.colour])]
    traces += [t for s in data.inset for t in traces_of(pool, s, palette[s.colour], ("x2", "y2"))]
    return {
        "arrays": pool.arrays,
        "data": traces,
        "wide": _layout(data, palette, WIDE_CHARACTERS),
        "narrow": _layout(data, palette, NARROW_CHARACTERS),
        "legend": legend(data.series, palette),
    }


def legend(series: Sequence[Series], palette: Sequence[str]) -> list[dict[str, str]]:
    """Label and colour of each sample, in the order of drawing."""
    named = {s.colour: s for s in reversed(series) if s.label}
    return [
        {"label": clean(s.label), "colour": palette[s.colour], "group": f"g{s.colour}"}
        for s in sorted(named.values(), key=lambda s: s.colour)
    ]


# --- traces -------------------------------------------------------------------------------------


def traces_of(pool: Pool, s: Series, colour: str, axes: tuple[str, str] = ("x", "y")) -> list[Chart]:
    """The traces of one curve: its bands first, then the curve."""
    base = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "legendgroup": f"g{s.colour}", "showlegend": False}
    quiet = {**base, "hoverinfo": "skip"}
    parts: list[Chart] = []
    if s.role in VALUES:
        parts += _range_bar(pool, s, colour, quiet)
    elif s.y_low.size:
        parts.append(_band(pool, s, s.y_low, s.y_high, _pale(colour, RANGE), quiet))
    if s.y_error.size and s.role not in (*VALUES, POINTS):
        parts.append(_band(pool, s, s.y - s.y_error, s.y + s.y_error, _pale(colour, BAND), quiet))
    return [*parts, _curve(pool, s, colour, base)]


def _curve(pool: Pool, s: Series, colour: str, base: Chart) -> Chart:
    shown = GREY if s.role in (WINDOW, GUIDE) else colour
    words = " ".join(w for w in (clean(s.label or s.sample), clean(s.detail)) if w)
    name = marks_off(words if s.role == DATA or s.role in VALUES else f"{words}, {s.role}")
    height = "%{customdata:.5~g}" if s.offset else "%{y:.5~g}"
    at = pool.add(s.y)
    one: Chart = {
        **base, "name": name, "mode": _mode(s.role), "x": {"$": pool.add(s.x)}, "y": _plus(at, s.offset),
        "hovertemplate": f"{name}<br>%{{x:.7~g}}, {height}<extra></extra>",
    }  # fmt: skip
    if s.offset:
        one["customdata"] = {"$": at}
    if s.role in LINES:
        width, dash = LINES[s.role]
        one["line"] = {"color": shown, "width": width, "dash": dash, "simplify": False}  # or plotly leaves points out
    if s.role in MARKERS:
        symbol, size = MARKERS[s.role]
        one["marker"] = {"color": shown, "symbol": symbol, "size": size, "line": {"color": shown}}
    if s.role == CONTEXT:
        one["opacity"] = 0.45
    if s.role in (*VALUES, POINTS) and s.y_error.size:
        thick = 3 if s.role in VALUES else 0.8
        one["error_y"] = _error(pool, s.y_error, shown, thick)
    if s.role in VALUES and s.x_error.size:
        one["error_x"] = _error(pool, s.x_error, shown, THIN)
    return one


def _mode(role: str) -> str:
    return "lines+markers" if role == JOINED else "lines" if role in LINES else "markers"


def _error(pool: Pool, size: Array, colour: str, thickness: float) -> Chart:
    return {
        "type": "data", "array": {"$": pool.add(size)}, "color": colour, "thickness": thickness, "width": 0,
    }  # fmt: skip


def _range_bar(pool: Pool, s: Series, colour: str, base: Chart) -> list[Chart]:
    """Thin bars over the range of single values."""
    if not s.y_low.size:
        return []
    gap = np.full(s.x.shape, np.nan)
    x, y = np.column_stack([s.x, s.x, gap]).ravel(), np.column_stack([s.y_low, s.y_high, gap]).ravel()
    line = {"color": colour, "width": THIN}
    return [{**base, "mode": "lines", "x": {"$": pool.add(x)}, "y": _plus(pool.add(y), s.offset), "line": line}]


def _band(pool: Pool, s: Series, low: Array, high: Array, colour: str, base: Chart) -> Chart:
    good = np.isfinite(low) & np.isfinite(high)
    x = pool.add(s.x[good])
    around: Chart = {"loop": [pool.add(low[good]), pool.add(high[good])]}
    if s.offset:
        around["plus"] = s.offset
    return {
        **base, "mode": "lines", "x": {"loop": [x, x]}, "y": around, "fill": "toself", "fillcolor": colour,
        "line": {"width": 0, "simplify": False},
    }  # fmt: skip


def _plus(place: int, offset: float) -> Chart:
    return {"$": place, "plus": offset} if offset else {"$": place}


def _pale(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


# --- layout -------------------------------------------------------------------------------------


def base_layout(height: float, top: float = TOP, bottom: float = 56) -> Chart:
    """What all charts share."""
    return {
        "height": round(height), "autosize": True, "showlegend": False, "font": FONT, "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff", "margin": {"l": 64, "r": 14, "t": top, "b": bottom}, "hovermode": "closest",
        "hoverlabel": {"namelength": -1}, "separators": ".", "shapes": [], "annotations": [],
    }  # fmt: skip


def axis(label: str, unit: str, limits: Sequence[float] | Array, characters: int, *, log: bool = False) -> Chart:
    """A framed axis; `limits` in the order of drawing."""
    ends = [math.log10(v) for v in limits] if log else [float(v) for v in limits]
    return {
        "title": {"text": broken(units.axis_text(clean(label), clean(unit)), characters), "standoff": 8},
        "type": "log" if log else "linear", "range": ends, "showline": True, "mirror": "ticks", "ticks": "inside",
        "linecolor": "#333", "tickcolor": "#333", "zeroline": False, "showgrid": False, "automargin": True,
        "exponentformat": "power", "minexponent": 4, "hoverformat": ".7~g",
    }  # fmt: skip


def simulated_sign(above: float = 0) -> Chart:
    """SIMULATED, above the right end of the frame, that many pixels higher."""
    return {
        "text": "<b>SIMULATED</b>", "font": {"color": MARK, "size": 12}, "showarrow": False, "xref": "paper", "x": 1,
        "xanchor": "right", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4 + above,
    }  # fmt: skip


def _layout(data: PanelData, palette: Sequence[str], characters: int) -> Chart:
    levels = len({s.offset for s in data.series if s.label})
    main = min(HEIGHT + PER_LEVEL * max(levels - 1, 0), MOST)
    names = SPAN_NAMES_PX if any(span.name for span in data.spans) else 0
    below = _names_px(data, characters)
    layout = base_layout(main + names + below + (INSET_PX if data.inset else 0), TOP + names)
    x_limits = data.x_limits[::-1] if data.x_descending else data.x_limits
    layout["xaxis"] = x_axis(data, x_limits, characters)
    layout["yaxis"] = axis(data.y_label, data.y_unit, data.y_limits, NARROW_CHARACTERS, log=data.y_log)
    for span in data.spans:
        layout["shapes"].append(_span(span.low, span.high))
        middle = (max(span.low, data.x_limits[0]) + min(span.high, data.x_limits[1])) / 2
        layout["annotations"].append(_words_at_top(clean(span.name), math.log10(middle) if data.x_log else middle))
    for zero in data.zeros:
        line = {"color": PALE, "width": 0.8}
        layout["shapes"].append(
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": float(zero), "y1": float(zero), "line": line,
             "layer": "below"}
        )  # fmt: skip
    layout["annotations"] += _marks(data, palette)
    if data.simulated:
        layout["annotations"].append(simulated_sign(names))
    if not data.series:
        layout["annotations"].append(
            {"text": "nothing to draw", "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
        )
    if data.inset:
        _add_inset(layout, data)
    return layout


def x_axis(data: PanelData, limits: Sequence[float] | Array, characters: int) -> Chart:
    """The horizontal axis of a panel of curves or rows: numbers, or names of samples."""
    one = axis(data.x_label, data.x_unit, limits, characters, log=data.x_log)
    if data.x_names:
        places = list(range(1, len(data.x_names) + 1))
        names = [broken(clean(n), 24) for n in data.x_names]
        upright = bool(_names_px(data, characters))
        one |= {"tickvals": places, "ticktext": names, "tickmode": "array", "tickangle": -90 if upright else 0}
        one["ticklabeloverflow"] = "allow"  # else the last name is dropped before it is turned
    return one


def _names_px(data: PanelData, characters: int) -> float:
    """Room for names below the axis, which stand upright where they do not fit side by side; else 0."""
    lengths = [min(len(clean(name)), 24) for name in data.x_names]
    return 6.5 * max(lengths) if sum(lengths) > 1.2 * characters else 0.0


def _span(low: float, high: float) -> Chart:
    return {
        "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": low, "x1": high, "fillcolor": SPAN,
        "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _words_at_top(words: str, x: float) -> Chart:
    return {
        "text": broken(words, 14), "showarrow": False, "x": x, "yref": "paper", "y": 1, "yanchor": "bottom",
        "font": {"size": 11},
    }  # fmt: skip


def _marks(data: PanelData, palette: Sequence[str]) -> list[Chart]:
    """Letters above the curves. Samples that stand at one height share the letter of a feature."""
    levels = {s.colour: s.offset for s in reversed(data.series)}
    found: dict[tuple[float, str], list[Any]] = {}
    for mark in data.marks:
        found.setdefault((levels[mark.colour], mark.name), []).append(mark)
    return [
        {
            "text": broken(clean(name), 16), "x": float(np.mean([m.x for m in own])), "y": max(m.y for m in own),
            "ax": 0, "ay": -18, "showarrow": True, "arrowhead": 0, "arrowwidth": 1, "standoff": 3,
            "arrowcolor": palette[own[0].colour], "font": {"size": 11, "color": palette[own[0].colour]},
        }
        for (_, name), own in found.items()
    ]  # fmt: skip


def _add_inset(layout: Chart, data: PanelData) -> None:
    """The frame of the inset below that of the panel, with axes of its own."""
    drawn = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    low = (INSET_PX - 70) / drawn
    layout["yaxis"]["domain"] = [INSET_PX / drawn, 1]
    layout["xaxis"]["anchor"] = "y"
    below = axis(data.x_label, data.x_unit, data.inset_x_limits, NARROW_CHARACTERS)
    layout["xaxis2"] = {**below, "anchor": "y2"}
    layout["yaxis2"] = {
        **axis("", "", data.inset_y_limits, NARROW_CHARACTERS), "anchor": "x2", "domain": [0, low], "nticks": 5,
    }  # fmt: skip
    layout["annotations"].append(
        {"text": "inset", "showarrow": False, "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": low,
         "yanchor": "bottom", "yshift": 2, "font": {"size": 12}}
    )  # fmt: skip


# --- text ---------------------------------------------------------------------------------------

_SIMPLE_MATH = re.compile(r"\$([_^])(?:\{([^{}$]*)\}|([^{}$\\]))\$")
_SHIFT = {"_": "sub", "^": "sup"}


def marks_off(text: str) -> str:
    """Text that plotly shows as it is: neither tags nor templates of it; 'K$_2$' becomes 'K<sub>2</sub>'."""
    safe = html.escape(text, quote=False).replace("%{", "%\u200b{")
    return _SIMPLE_MATH.sub(lambda m: f"<{_SHIFT[m[1]]}>{m[2] or m[3]}</{_SHIFT[m[1]]}>", safe)


def broken(text: str, characters: int) -> str:
    """The same in lines of about that many characters; a longer word is broken."""
    lines = [""]
    for word in text.split(" "):
        while len(word) > characters:
            lines.append(word[:characters])
            word = word[characters:]
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= characters or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return "<br>".join(marks_off(line) for line in lines if line)
