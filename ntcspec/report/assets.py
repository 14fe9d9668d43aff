"""What the report brings with it: plotly.js from the installed plotly package, its own script, style and template."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from functools import cache
from importlib import metadata, util
from pathlib import Path

from ntcspec.errors import UserError

HERE = Path(__file__).parent
STYLE, SCRIPTS = "report.css", ("charts.js", "trace.js", "page.js")


@cache
def _plotly() -> bytes:
    """The file of plotly.js. The package itself is not imported: that takes time and is of no use here."""
    spec = util.find_spec("plotly")
    path = Path(spec.origin).parent / "package_data" / "plotly.min.js" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise UserError("plotly", "the package is not installed whole", "install it again: pip install plotly")
    return path.read_bytes()


def plotly_js() -> str:
    """The source of plotly.js."""
    return _plotly().decode("utf-8")


def packed(source: str) -> str:
    """A script for the page's own to unpack (zlib, base64): plotly.js in 40 % of its size."""
    return base64.b64encode(zlib.compress(source.encode(), 9)).decode("ascii")


def plotly_version() -> str:
    """'3.4.0 (Python package 7.1.0)'."""
    found = re.search(r"plotly\.js v([\w.-]+)", _plotly()[:400].decode("utf-8", "replace"))
    return f"{found[1] if found else 'of unknown version'} (Python package {metadata.version('plotly')})"


def style() -> str:
    return (HERE / "static" / STYLE).read_text(encoding="utf-8")


def script() -> str:
    """The page's own scripts, one after the other."""
    return "\n".join((HERE / "static" / name).read_text(encoding="utf-8") for name in SCRIPTS)


def inline(source: str) -> str:
    """A script that can stand inside a page: nothing in it ends the element early."""
    return re.sub(r"</(?=script)", r"<\\/", source, flags=re.IGNORECASE).replace("<!--", r"<\!--")


def policy_hash(source: str) -> str:
    """'sha256-...' of an inline script, as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}"


def fingerprints() -> dict[str, str]:
    """sha256 by name of everything that is not Python, so that a report is made again where one changes."""
    files = sorted(p for folder in ("static", "templates") for p in (HERE / folder).iterdir() if p.is_file())
    sources = {p.name: p.read_bytes() for p in files}
    sources["plotly.min.js"] = _plotly()
    return {name: hashlib.sha256(source).hexdigest()[:16] for name, source in sources.items()}
