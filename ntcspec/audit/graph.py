"""A family as a drawn graph: an SVG with names, short hashes and states. The same family gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from ntcspec.audit.layout import Layout, lay_out
from ntcspec.audit.look import CHANGED, MISSING, OK, UNKNOWN
from ntcspec.audit.tree import Family, Node

WIDTH, HEIGHT = 232, 62  # of a box, in pixels
GAP, BEND_GAP = 78, 16
STEP = WIDTH + 84  # from layer to layer
MARGIN, HEAD = 24, 92
LETTERS = 32  # that fit into a box
COLOUR = {OK: "#1b7f4d", CHANGED: "#c1121f", MISSING: "#c1121f", UNKNOWN: "#5f6b7a"}
FILL = {"raw": "#fdf6e3", "study": "#eef4fb", "file": "#ffffff"}
STYLE = (
    "text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;font-size:11px;fill:#1f2933}"
    ".t{font-size:12.5px;font-weight:bold}.h{font-size:17px;font-weight:bold}.s{font-weight:bold}"
    ".m{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:10.5px}"
    ".e{fill:none;stroke:#98a2b3;stroke-width:1.3}.b{stroke-width:2.4;stroke:#c1121f}"
)
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 has no place for


def graph_svg(family: Family) -> str:
    """The drawing as text of an SVG file."""
    inputs = {name: [path for _, path in node.inputs] for name, node in family.nodes.items()}
    layout = lay_out(inputs, family.top, GAP, BEND_GAP)
    wide = 2 * MARGIN + max(layout.layers.values()) * STEP + WIDTH
    high = 2 * MARGIN + HEAD + max(layout.y.values()) + HEIGHT
    return "\n".join(_svg(family, layout, max(wide, 760), high)) + "\n"


def _svg(family: Family, layout: Layout, wide: float, high: float) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    size = f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="trace-title trace-desc">'
    yield f'<title id="trace-title">{_text(_title(family))}</title>'
    yield f'<desc id="trace-desc">{_text(_description(family))}</desc>'
    yield f"<style>{STYLE}</style>"
    yield f'<rect width="{wide:.0f}" height="{high:.0f}" fill="#ffffff"/>'
    yield from _head(family)
    for source, target, bends in layout.edges:
        yield _edge(family, layout, source, target, bends)
    for name, node in family.nodes.items():
        x, y = MARGIN + layout.layers[name] * STEP, MARGIN + HEAD + layout.y[name]
        yield from _box(node, x, y, name == family.top)
    yield "</svg>"


def _title(family: Family) -> str:
    return f"{family.top}{' - SIMULATED data' if family.simulated else ''}"


def _description(family: Family) -> str:
    """What a reader who cannot see the drawing should know."""
    raw = [node for node in family.nodes.values() if node.root == "raw"]
    made = len(family.nodes) - len(raw) - 1
    words = [f"{family.top} was made from {len(raw)} raw files by way of {made} other artifacts."]
    words += [f"{family.count(state)} {state}." for state in (OK, CHANGED, MISSING, UNKNOWN) if family.count(state)]
    bad = [f"{node.path} {node.state}." for node in family.nodes.values() if node.state in (CHANGED, MISSING)]
    return " ".join([*words, *bad, *(f"{path}: {what}." for path, what in family.findings)])


def _head(family: Family) -> Iterator[str]:
    """Title, what is wrong, and what the boxes mean."""
    yield f'<text class="h" x="{MARGIN}" y="{MARGIN + 14}">{_text(_title(family))}</text>'
    counts = ", ".join(f"{family.count(s)} {s}" for s in (OK, CHANGED, MISSING, UNKNOWN) if family.count(s))
    found = f"; the record contradicts itself in {len(family.findings)} places" if family.findings else ""
    yield f'<text x="{MARGIN}" y="{MARGIN + 34}">{_text(f"{len(family.nodes)} files: {counts}{found}")}</text>'
    x, y = MARGIN, MARGIN + 46
    for root, words, wide in (("raw", "raw file", 84), ("study", "artifact", 84), ("file", "what is traced", 118)):
        yield (
            f'<rect x="{x}" y="{y}" width="14" height="12" rx="{0 if root == "raw" else 4}" fill="{FILL[root]}" '
            f'stroke="#334155" stroke-width="{2 if root == "file" else 1}"/>'
        )
        yield f'<text x="{x + 20}" y="{y + 10}">{words}</text>'
        x += wide
    for state in (OK, CHANGED, MISSING, UNKNOWN):
        yield f'<rect x="{x}" y="{y}" width="5" height="12" fill="{COLOUR[state]}"/>'
        yield f'<text class="s" x="{x + 10}" y="{y + 10}" style="fill:{COLOUR[state]}">{state}</text>'
        x += 46 if state == OK else 90


def _edge(family: Family, layout: Layout, source: str, target: str, bends: tuple[float, ...]) -> str:
    """A smooth line from the right of one box to the left of the other, through its bends."""
    middle, start = MARGIN + HEAD + HEIGHT / 2, layout.layers[source]
    points = [(MARGIN + start * STEP + WIDTH, layout.y[source] + middle)]
    for number, y in enumerate(bends, start + 1):
        x = MARGIN + number * STEP
        points += [(x, y + middle), (x + WIDTH, y + middle)]
    points.append((MARGIN + layout.layers[target] * STEP, layout.y[target] + middle))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for number in range(0, len(points) - 1, 2):
        (x, y), (to_x, to_y) = points[number], points[number + 1]
        half = (x + to_x) / 2
        path += f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        if number + 2 < len(points):
            path += f"L{points[number + 2][0]:.1f} {points[number + 2][1]:.1f}"
    bad = " b" if family.nodes[source].state in (CHANGED, MISSING) else ""
    return f'<path class="e{bad}" d="{path}"/>'


def _box(node: Node, x: float, y: float, is_top: bool) -> Iterator[str]:
    colour = COLOUR[node.state]
    dashed = ' stroke-dasharray="5 3"' if node.state in (MISSING, UNKNOWN) else ""
    heavy = 2.4 if is_top or node.state in (CHANGED, MISSING) else 1
    stroke = colour if node.state in (CHANGED, MISSING) else "#334155"
    yield f"<g><title>{_text(_whole(node))}</title>"
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="{0 if node.root == "raw" else 8}" '
        f'fill="{FILL[node.root]}" stroke="{stroke}" stroke-width="{heavy}"{dashed}/>'
    )
    yield f'<rect x="{x + 5:.1f}" y="{y + 7:.1f}" width="5" height="{HEIGHT - 14}" fill="{colour}"/>'
    title, subject = _words(node)
    yield f'<text class="t" x="{x + 17:.1f}" y="{y + 19:.1f}">{_text(_short(title, LETTERS - 3))}</text>'
    yield f'<text x="{x + 17:.1f}" y="{y + 35:.1f}">{_text(_short(subject, LETTERS + 1))}</text>'
    if node.sha256:
        size = _size(node.bytes)
        yield f'<text class="m" x="{x + 17:.1f}" y="{y + 52:.1f}">{node.sha256[:8]}  {size}</text>'
    place = f'x="{x + WIDTH - 8:.1f}" y="{y + 52:.1f}" text-anchor="end"'
    yield f'<text class="s" {place} style="fill:{colour}">{node.state}</text>'
    yield "</g>"


def _words(node: Node) -> tuple[str, str]:
    """The two lines of names in a box."""
    folder, _, name = node.path.rpartition("/")
    if node.root == "raw":
        return name, folder or "raw file"
    record = node.record
    subject = " / ".join(str(record[key]) for key in ("sample", "measurement") if record.get(key))
    if node.root == "file":
        return node.path, f"{record['stage']} {subject}".strip() if record else "a number of this table"
    return name, subject or folder


def _whole(node: Node) -> str:
    """What stands in full where the box has room for the beginning."""
    parts = [node.path, node.state]
    if node.sha256:
        parts.append(f"sha256 {node.sha256}, {node.bytes} bytes")
    if node.record:
        parts.append(f"code {node.record['code']['fingerprint']}, key {node.record['key']}")
        parts += ["SIMULATED"] * bool(node.record["simulated"])
    return "\n".join(parts)


def _short(text: str, letters: int) -> str:
    """The beginning and the end of a long name: names of a series differ at their ends."""
    if len(text) <= letters:
        return text
    return f"{text[: letters // 2 - 1]}…{text[-(letters - letters // 2) :]}"


def _size(count: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def _text(text: str) -> str:
    """Text as XML may hold it."""
    return escape(NO_XML.sub("\ufffd", text))
