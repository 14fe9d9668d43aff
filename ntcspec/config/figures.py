"""Figures of several panels with letters, in config.yaml: the model, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from ntcspec.config.base import Parameters, param, required
from ntcspec.config.yamlfile import Key, YamlFile
from ntcspec.errors import UserError, did_you_mean
from ntcspec.plot import mosaic


def _letter(given: object) -> object:
    if not (isinstance(given, str) and given.isascii() and given.isalpha() and len(given) == 1):
        raise ValueError(f"a panel is named by one letter, A to Z or a to z, not by {given!r}")
    return given


Letter = Annotated[str, Field(pattern=r"^[A-Za-z]$"), BeforeValidator(_letter)]


class Figure(Parameters):
    """Several panels on one page, each with its letter."""

    panels: dict[Letter, str] = required("names of panels by their letter, in reading order", min_length=1)
    columns: int | None = param(
        None, "", "panels beside one another; without it as many as have room at 80 mm each", ge=1
    )
    rows: tuple[str, ...] | None = param(
        None,
        "",
        "in place of `columns`: the letters as they stand on the page, row by row, e.g. `[BC, DD]`; a letter that "
        "stands several times fills all these places, a dot leaves one free",
        min_length=1,
    )
    width_mm: float = param(183.0, "mm", "width of the page: two columns of a journal have 183, one has 89", gt=0)
    height_mm: float = param(
        240.0, "mm", "most that the page may be high: frames get lower to fit, down to half their height", gt=0
    )
    title: str = param("", "", "title above the panels")

    @model_validator(mode="after")
    def _one_layout(self) -> Figure:
        if self.columns is not None and self.rows is not None:
            raise ValueError("give `columns` or `rows`, not both")
        return self

    def layout(self) -> tuple[str, ...]:
        """The letters row by row."""
        if self.rows is not None:
            return self.rows
        fitting = int((self.width_mm + mosaic.GUTTER_MM) // (mosaic.USUAL_MM + mosaic.GUTTER_MM))
        return mosaic.usual_rows(list(self.panels), self.columns or min(max(fitting, 1), len(self.panels)))


def mistakes(figures: Mapping[str, Figure], panels: Collection[str], file: YamlFile) -> Iterator[UserError]:
    """Everything that is wrong with the figures of a study that has these panels."""
    for name, figure in figures.items():
        yield from _wrong_panels(("figures", name, "panels"), figure, panels, file)
        yield from _wrong_layout(("figures", name), figure, file)


def _wrong_panels(key: Key, figure: Figure, panels: Collection[str], file: YamlFile) -> Iterator[UserError]:
    seen: dict[str, str] = {}
    for letter, panel in figure.panels.items():
        where = file.where((*key, letter))
        if panel not in panels:
            hint = did_you_mean(panel, panels)
            yield UserError(where, f"no panel {panel!r}{hint}", "use a name from `panels`")
        elif panel in seen:
            yield UserError(where, f"panel {panel!r} stands under {seen[panel]!r} already", "keep one of the two")
        seen.setdefault(panel, letter)


def _wrong_layout(key: Key, figure: Figure, file: YamlFile) -> Iterator[UserError]:
    rows = figure.layout()
    wrong = mosaic.mistakes(rows, figure.panels)
    where = file.where((*key, "rows" if figure.rows is not None else "columns" if figure.columns else "width_mm"))
    for what in wrong:
        yield UserError(where, what, "write the letters of `panels` as they stand on the page, e.g. rows: [BC, DD]")
    if wrong:
        return
    columns = len(rows[0])
    widths = {n: mosaic.width_of(c, columns, figure.width_mm, mosaic.GUTTER_MM) for n, c in mosaic.cells(rows).items()}
    narrow = [letter for letter, width in widths.items() if width < mosaic.LEAST_MM]
    if narrow:
        what = (
            f"too narrow: {', '.join(narrow)} ({min(widths.values()):.0f} mm; a panel needs {mosaic.LEAST_MM:.0f} mm)"
        )
        yield UserError(where, what, "put fewer panels beside one another, or give a wider `width_mm`")
