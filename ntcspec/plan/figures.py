"""The jobs of figures of several panels."""

from __future__ import annotations

from ntcspec.plan.job import Job, Jobs, make_job

FIGURE_MODULES = ("ntcspec.stage", "ntcspec.study.figure")
FIGURE_SUFFIXES = ("png", "pdf", "svg")


def figure_job(book: Jobs, name: str) -> Job:
    """The job of one figure, which takes the data of its panels. The first output carries the key."""
    figure = book.study.figures[name]
    files = [f"results/panels/{panel}.nxs" for panel in figure.panels.values()]
    inputs = tuple(book.artifact("panel", file) for file in files)
    about = {**book.about_study("figure", any(book.jobs[file].about["simulated"] for file in files)), "figure": name}
    parameters = {
        "panels": dict(figure.panels),
        "rows": list(figure.layout()),
        "width_mm": figure.width_mm,
        "height_mm": figure.height_mm,
        "title": figure.title,
        "samples": list(book.study.labels),
    }
    outputs = tuple(f"results/figures/{name}.{suffix}" for suffix in FIGURE_SUFFIXES)
    return make_job(outputs, about, parameters, inputs, FIGURE_MODULES)
