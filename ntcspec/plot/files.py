"""Write a figure as PNG, PDF and SVG with its record inside; no time, program version or user in the bytes."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from ntcspec.files import new_file
from ntcspec.plot import style
from ntcspec.plot.metadata import PNG_KEYWORD, record_of


def save(fig: Figure, stem: Path, record_json: str) -> list[Path]:
    """Write stem.png, stem.pdf and stem.svg; returns their paths.

    Nothing is written before all three are rendered and give the record back; each file is replaced whole.

    Raises:
        UserError: a file cannot be written.
        RuntimeError: a record that the formats cannot carry (empty, or with characters that XML forbids).
    """
    stem = Path(stem)
    contents = {suffix: _render(fig, suffix, record_json) for suffix in ("png", "pdf", "svg")}
    paths = []
    for suffix, content in contents.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        if record_of(content, path.name) != record_json:
            raise RuntimeError(f"{path.name} does not give back the record that was put into it")
        paths.append(path)
    for path, content in zip(paths, contents.values(), strict=True):
        with new_file(path) as temporary:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
    return paths


def _render(fig: Figure, suffix: str, record: str) -> bytes:
    """The bytes of one format. Text in the metadata other than the record is fixed or comes from the figure."""
    words = {"Title": str(fig.get_label())}
    metadata = {
        "png": {"Software": None, PNG_KEYWORD: record},
        "pdf": {"Creator": "ntcspec", "Producer": None, "CreationDate": None, "Keywords": record},
        "svg": {"Creator": "ntcspec", "Date": None, "Description": record},
    }
    buffer = io.BytesIO()
    with style.context():
        fig.savefig(buffer, format=suffix, dpi=style.DPI, metadata={**metadata[suffix], **words})
    return buffer.getvalue()
