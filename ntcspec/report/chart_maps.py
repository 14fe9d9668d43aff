"""Charts of maps: equal frames with shared colours; three abreast, or one on a phone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ntcspec.plot import units
from ntcspec.plot.data import FOUND, RING, Map, PanelData
from ntcspec.plot.palette import NO_DATA
from ntcspec.plot.plain import clean
from ntcspec.report.charts import Chart, axis, base_layout, broken, simulated_sign
from ntcspec.report.pool import Pool
from ntcspec.types import Array

ROW = {1: 330, 2: 290, 3: 230}  # px of a frame, by number of columns
USUAL_PX = {True: 340, False: 900}  # width of the chart on a phone, else
GAP_PX, TITLE_PX, TICKS_PX = 10, 34, 24
TOP, BOTTOM = 26, 126  # px above the maps; below, with the colour bar
LEFT, RIGHT = 64, 14
COLOURS = "Viridis"
OUTLINES: dict[str, Chart] = {
    RING: {"line": {"color": "white", "width": 1, "dash": "dash"}},
    FOUND: {"line": {"color": "#ff9d3b", "width": 1.2}},
}
CROSS = {"marker": {"symbol": "cross-thin", "size": 11, "color": "white", "line": {"color": "white", "width": 1.6}}}


def chart(data: PanelData) -> Chart:
    """The chart of a panel of maps."""
    pool = Pool()
    traces = [t for i, one in enumerate(data.maps, 1) for t in _traces(pool, data, one, i)]
    columns = min(len(data.maps), 3)
    return {
        "arrays": pool.arrays,
        "data": traces,
        "wide": _layout(data, columns, narrow=False),
        "narrow": _layout(data, 1, narrow=True),
        "legend": [],
    }


def _name(number: int) -> str:
    return "" if number == 1 else str(number)


def _traces(pool: Pool, data: PanelData, one: Map, number: int) -> list[Chart]:
    axes = {"xaxis": f"x{_name(number)}", "yaxis": f"y{_name(number)}"}
    z = np.log10(np.where(one.z > 0, one.z, np.nan)) if data.z_log else one.z
    place = pool.add_map(z)
    height = "%{customdata:.4~g}" if data.z_log else "%{z:.4~g}"
    label = broken(clean(one.label), 60)
    colours: Chart = {
        "type": "heatmap", "x": {"$": pool.add(one.x)}, "y": {"$": pool.add(one.y)}, "z": {"$": place},
        "coloraxis": "coloraxis", **axes, "name": label,
        "hovertemplate": f"{label}<br>%{{x:.5~g}}, %{{y:.5~g}}: {height}<extra></extra>",
    }  # fmt: skip
    if data.z_log:
        colours["customdata"] = {"$": place, "ten": True}
    return [colours, *(_contour(colours, level) for level in _heights(data.z_levels, data.z_log)),
            *(_outline(pool, o, axes) for o in one.outlines)]  # fmt: skip


def _heights(levels: Array, log: bool) -> list[float]:
    return [math.log10(v) if log else float(v) for v in levels]


def _contour(colours: Chart, level: float) -> Chart:
    shared = {name: colours[name] for name in ("x", "y", "z", "xaxis", "yaxis")}
    lines = {"type": "constraint", "operation": "=", "value": level}
    return {
        **shared, "type": "contour", "contours": lines, "line": {"color": "rgba(255,255,255,0.8)", "width": 1},
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _outline(pool: Pool, outline: Any, axes: Chart) -> Chart:
    look = OUTLINES.get(outline.role)
    return {
        "type": "scatter", "mode": "lines" if look else "markers", "x": {"$": pool.add(outline.x)},
        "y": {"$": pool.add(outline.y)}, **axes, "name": broken(clean(outline.name), 60), "hoverinfo": "name",
        "showlegend": False, **(look or CROSS),
    }  # fmt: skip


def _layout(data: PanelData, columns: int, *, narrow: bool) -> Chart:
    number = len(data.maps)
    rows = -(-number // columns)
    width = (USUAL_PX[narrow] - LEFT - RIGHT - (columns - 1) * GAP_PX) / columns
    frame = float(ROW[columns])
    if data.equal:
        frame = min(width * float(np.ptp(data.y_limits) / np.ptp(data.x_limits)), 2 * frame)
    inside = rows * (frame + TITLE_PX) + (rows - 1) * TICKS_PX
    layout = base_layout(inside + TOP + BOTTOM, TOP, BOTTOM)
    layout["plot_bgcolor"] = NO_DATA
    gap = 0.03 if columns > 1 else 0.0
    share = (1 - gap * (columns - 1)) / columns
    for i, one in enumerate(data.maps):
        row, column = divmod(i, columns)
        top = 1 - (row * (frame + TITLE_PX + TICKS_PX) + TITLE_PX) / inside
        left = column * (share + gap)
        domain = ([left, left + share], [max(top - frame / inside, 0.0), top])
        _axes(layout, data, i + 1, domain, left=column == 0, bottom=i + columns >= number)
        layout["annotations"].append(_title(one.label, left, top, 40 if columns == 1 else 70 // columns))
        if math.isfinite(one.resolution_at):
            layout["shapes"].append(_ellipse(data, one, i + 1))
    layout["coloraxis"] = _colours(data)
    if data.simulated:
        layout["annotations"].append(simulated_sign())
    return layout


def _axes(
    layout: Chart, data: PanelData, number: int, domain: tuple[list[float], list[float]], *, left: bool, bottom: bool
) -> None:
    name = _name(number)
    x = axis(data.x_label if bottom else "", data.x_unit if bottom else "", data.x_limits, 34)
    y = axis(data.y_label if left else "", data.y_unit if left else "", data.y_limits, 26)
    x |= {"domain": domain[0], "anchor": f"y{name}", "showticklabels": bottom, "nticks": 7}
    y |= {"domain": domain[1], "anchor": f"x{name}", "showticklabels": left, "nticks": 6}
    if data.equal:
        y |= {"scaleanchor": f"x{name}", "constrain": "domain"}
        x |= {"constrain": "domain"}
    elif number > 1:
        x["matches"], y["matches"] = "x", "y"
    layout[f"xaxis{name}"], layout[f"yaxis{name}"] = x, y


def _title(label: str, left: float, top: float, characters: int) -> Chart:
    return {
        "text": broken(clean(label), characters), "showarrow": False, "xref": "paper", "x": left, "xanchor": "left",
        "yref": "paper", "y": top, "yanchor": "bottom", "yshift": 1, "font": {"size": 12}, "align": "left",
    }  # fmt: skip


def _ellipse(data: PanelData, one: Map, number: int) -> Chart:
    """FWHM along both axes, in the upper right corner, as on paper."""
    (x0, x1), (y0, y1) = data.x_limits, data.y_limits
    x = max(x1 - 0.04 * (x1 - x0) - one.fwhm_x / 2, (x0 + x1) / 2)
    y = max(y1 - 0.07 * (y1 - y0) - one.fwhm_y / 2, (y0 + y1) / 2)
    return {
        "type": "circle", "xref": f"x{_name(number)}", "yref": f"y{_name(number)}", "x0": x - one.fwhm_x / 2,
        "x1": x + one.fwhm_x / 2, "y0": y - one.fwhm_y / 2, "y1": y + one.fwhm_y / 2,
        "line": {"color": "white", "width": 1.5},
    }  # fmt: skip


def _colours(data: PanelData) -> Chart:
    low, high = _heights(data.z_limits, data.z_log)
    bar: Chart = {
        "orientation": "h", "thickness": 12, "x": 0.5, "xanchor": "center", "len": 0.9, "y": 0, "yref": "container",
        "yanchor": "bottom", "ypad": 6,
        "title": {"text": axis(data.z_label, data.z_unit, (0, 1), 40)["title"]["text"], "side": "top"},
        "exponentformat": "power", "nticks": 6,
    }  # fmt: skip
    if data.z_log:
        powers = _powers(low, high)
        bar |= {
            "tickmode": "array",
            "tickvals": powers,
            "ticktext": [units.power_of_ten(float(f"{10**p:.3g}")) for p in powers],
        }
    return {"colorscale": COLOURS, "cmin": low, "cmax": high, "colorbar": bar}


def _powers(low: float, high: float) -> Sequence[float]:
    """Places of round numbers on a logarithmic scale: 1, 2 and 5 times powers of ten."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    return [p for d in decades for n in (1, 2, 5) if low <= (p := d + math.log10(n)) <= high]
