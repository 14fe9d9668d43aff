"""What is put into the page: JSON that cannot end its element, and pictures small enough."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

COLOURS = 256  # of a picture
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def safe_json(value: Any) -> str:
    """JSON for <script type="application/json">, in which no character opens or ends a tag.

    Keys stay in their order, on which the keys of jobs hang.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.translate(_UNSAFE)


def picture(path: Path) -> tuple[str, int, int]:
    """A panel's PNG as a data URI in few colours, with its width and height in pixels. The record is left out."""
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}", few.width, few.height
