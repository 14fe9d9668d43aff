"""`frames` of a measurement: each spectrum is one of its own, and what differs from one to the next."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ntcspec.config.base import Parameters, param

Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ ]*$")]
GIVEN = ("step", "values", "table", "header")  # ways to give the coordinate


class Frames(Parameters):
    """Each scan is a spectrum of its own: a time series, a ramp, a map. Give its coordinate by `start` and `step`, by
    `values`, by a `table` or from the `header` of each file; without any of them frames are counted from 1."""

    along: Word = param("frame", "", "what differs from frame to frame, such as time or temperature; x of a map")
    unit: str = param("", "", "its unit")
    across: Word | None = param(
        None, "", "second coordinate, y of a map, in the same unit: from the second column of `table` or of `header`"
    )
    start: float = param(0.0, "", "coordinate of the first frame, with `step`")
    step: float | None = param(None, "", "from one frame to the next")
    values: tuple[float, ...] = param((), "", "one value a frame")
    table: str | None = param(
        None, "", "raw file with one row a frame, in the order of the frames: the coordinate, or two columns of a map"
    )
    header: tuple[str, ...] = param(
        (),
        "",
        "name of a line in each frame's header that holds the coordinate; two names for a map",
        max_length=2,
    )

    @model_validator(mode="after")
    def _one_way(self) -> Frames:
        given = [name for name in GIVEN if getattr(self, name) not in (None, ())]
        if len(given) > 1:
            raise ValueError(f"`{given[0]}` and `{given[1]}` both give the coordinate: keep one")
        if not given and self.along != "frame":
            raise ValueError(f"nothing gives {self.along!r}: add `step`, `values`, `table` or `header`")
        if self.step == 0:
            raise ValueError("`step` is 0: all frames would have one coordinate")
        if self.start and self.step is None:
            raise ValueError("`start` needs `step`")
        if self.across and not (self.table or len(self.header) == 2):
            raise ValueError("`across` needs a `table` of two columns, or two names under `header`")
        if len(self.header) == 2 and not self.across:
            raise ValueError("two names under `header` need `across`: what the second one is")
        return self
