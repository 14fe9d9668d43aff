"""Where the workflow and the reference data lie: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path


def home() -> Path:
    """The folder that holds Snakefile, workflow/ and resources/."""
    package = Path(__file__).resolve().parent
    return package / "_workflow" if (package / "_workflow" / "Snakefile").is_file() else package.parent


def resource(name: str) -> Path:
    """A file of resources/."""
    return home() / "resources" / name
