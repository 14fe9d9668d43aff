"""Pictures in the page: few colours, but none that a reader could tell from those of the panel."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from PIL import Image

from ntcspec.report.embed import picture


def test_a_map_keeps_its_colours_and_paper_stays_white(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 600)
    colours = (255 * colormaps["viridis"](np.outer(x, x))[..., :3]).astype(np.uint8)
    drawn = np.full((1200, 800, 3), 255, np.uint8)  # mostly paper, as panels are
    drawn[50:650, 50:650] = colours
    drawn[700:704, 50:650] = (204, 121, 167)  # a curve
    drawn[710:714, 50:650] = (86, 180, 233)
    drawn[720:722, 50:650] = (253, 253, 253)  # what smoothing leaves beside it
    Image.fromarray(drawn).save(tmp_path / "map.png")
    uri, width, height = picture(tmp_path / "map.png")
    with Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        found = np.asarray(image.convert("RGB")).astype(int)
    assert (width, height) == (800, 1200) and (found[:40] == 255).all()
    assert np.abs(found - drawn).max() <= 20
