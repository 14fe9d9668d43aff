"""The stages of each technique: what they take, which function does the work, which parameters it gets.

A stage gets its own config section as keyword arguments; `also` names sections that it gets whole, each under the
section's name, and `borrows` single parameters of the first stage. This table is what the workflow, the keys and the
records are built from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMMON = ("ntcspec.stage", "ntcspec.store", "ntcspec.types")


@dataclass(frozen=True)
class Stage:
    """One stage of one technique."""

    name: str
    inputs: tuple[str, ...]
    function: str
    result: str
    also: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.function.partition(":")[0]

    @property
    def modules(self) -> tuple[str, ...]:
        """Where the fingerprint of this stage starts."""
        return (*COMMON, self.module)

    @property
    def files(self) -> tuple[str, ...]:
        """What it writes into the measurement's folder."""
        return (f"{self.name}.nxs", f"{self.name}.json") if self.result == "Metrics" else (f"{self.name}.nxs",)

    def parameters(self, sections: Any) -> dict[str, Any]:
        """The keyword arguments of the function, from a measurement's config sections."""
        borrowed = {name: sections["ingest"][name] for name in self.borrows}
        return {**borrowed, **sections[self.name], **{name: sections[name] for name in self.also}}


STAGES: dict[str, tuple[Stage, ...]] = {
    "exafs": (
        Stage("ingest", (), "ntcspec.xas.raw:ingest_files", "XasScans"),
        Stage(
            "reduce",
            ("ingest",),
            "ntcspec.xas.reduce:reduce_exafs",
            "ExafsReduced",
            borrows=("element", "edge", "edge_energy_ev"),
        ),
        Stage("transform", ("reduce",), "ntcspec.xas.fourier:transform_exafs", "ExafsTransformed"),
        Stage("wavelet", ("transform",), "ntcspec.xas.wavelet:wavelet_exafs", "WaveletMap"),
        Stage(
            "measure",
            ("reduce", "transform", "wavelet"),
            "ntcspec.xas.features:measure_exafs",
            "Metrics",
            also=("transform", "wavelet"),
        ),
    ),
}


def stage_of(technique: str, name: str) -> Stage:
    """The stage of that name; KeyError without it."""
    return {stage.name: stage for stage in STAGES[technique]}[name]
