"""Charts of rows: one metric above another, each over an axis in its own unit, with the words on its order above it."""

from __future__ import annotations

from dataclasses import replace

from ntcspec.plot import units
from ntcspec.plot.data import PanelData, Series, Strip
from ntcspec.plot.palette import hex_colours
from ntcspec.plot.plain import clean
from ntcspec.report.charts import Chart, axis, base_layout, broken, legend, simulated_sign, traces_of, x_axis
from ntcspec.report.pool import Pool

FRAME_PX, LINE_PX = 84, 17
TOP, BOTTOM = 30, 60


def chart(data: PanelData) -> Chart:
    """The chart of a panel of rows."""
    pool, palette = Pool(), hex_colours(data.palette)
    traces = []
    for s in data.series:
        row = int(s.offset)
        name = f"y{row + 1}" if row else "y"
        traces += traces_of(pool, _in_unit(s, data.strips[row]), palette[s.colour], ("x", name))
    return {
        "arrays": pool.arrays,
        "data": traces,
        "wide": _layout(data, 96),
        "narrow": _layout(data, 40),
        "legend": legend(data.series, palette),
    }


def _in_unit(s: Series, strip: Strip) -> Series:
    """The values in the unit of the metric again, from heights in the row."""
    scale = strip.high - strip.low
    ends = {name: strip.low + scale * getattr(s, name) for name in ("y", "y_low", "y_high")}
    return replace(s, **ends, y_error=scale * s.y_error, offset=0.0)


def _words(strip: Strip, characters: int) -> str:
    said = " · ".join(clean(w) for w in (strip.change, strip.shown, strip.beyond) if w).replace("\u00a0", " ")
    return f"<b>{broken(clean(strip.label), characters)}</b><br>{broken(said, characters)}"


def _layout(data: PanelData, characters: int) -> Chart:
    words = [_words(strip, characters) for strip in data.strips]
    rooms = [LINE_PX * (w.count("<br>") + 1) + 8 for w in words]
    inside = sum(rooms) + FRAME_PX * len(rooms)
    layout = base_layout(inside + TOP + BOTTOM, TOP, BOTTOM)
    layout["xaxis"] = {**x_axis(data, data.x_limits, 40), "mirror": "all"}
    layout["xaxis"]["anchor"] = f"y{len(rooms)}" if len(rooms) > 1 else "y"
    below = 0.0
    for i in reversed(range(len(rooms))):
        strip, domain = data.strips[i], [below / inside, (below + FRAME_PX) / inside]
        name = str(i + 1) if i else ""
        one = axis(units.unit_text(clean(strip.unit)), "", (strip.low, strip.high), 20)
        layout[f"yaxis{name}"] = {**one, "anchor": "x", "domain": domain, "nticks": 4}
        layout["annotations"].append(
            {"text": words[i], "showarrow": False, "align": "left", "xref": "paper", "x": 0, "xanchor": "left",
             "yref": "paper", "y": domain[1], "yanchor": "bottom", "font": {"size": 12}}
        )  # fmt: skip
        below += FRAME_PX + rooms[i]
    if data.simulated:
        layout["annotations"].append({**simulated_sign(), "yshift": 12})
    return layout
