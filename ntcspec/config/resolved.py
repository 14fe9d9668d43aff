"""A study with every parameter resolved: what `load_study` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ntcspec.config.about import About
from ntcspec.config.claims import Claim
from ntcspec.config.figures import Figure
from ntcspec.config.study import Panel, Series, Trend
from ntcspec.errors import UserError
from ntcspec.techniques import Stage, chain_of


@dataclass(frozen=True)
class MeasurementPlan:
    """One measurement with every parameter resolved."""

    sample: str
    name: str
    technique: str
    label: str
    composition: str
    simulated: bool
    files: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    folder: str
    companions: tuple[str, ...] = ()  # raw files beside `files` and the further ones, which belong to them
    setup: Mapping[str, Any] = field(default_factory=dict)  # what the study says of the instrument

    @property
    def frames(self) -> bool:
        """Whether each scan is a spectrum of its own."""
        return "frames" in self.parameters

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages, in their order."""
        return chain_of(self.technique, self.frames)

    @property
    def title(self) -> str:
        return f"{self.sample} / {self.name}"


@dataclass(frozen=True)
class Excluded:
    """A measurement that cannot run, and why."""

    sample: str
    name: str
    reason: str


@dataclass(frozen=True)
class Study:
    """A study, resolved. Paths in it are relative to `root`, those of raw files to `raw_root`."""

    name: str
    root: Path
    config: Path
    raw_root: str
    measurements: tuple[MeasurementPlan, ...]
    series: Mapping[str, Series]
    panels: Mapping[str, Panel]
    labels: Mapping[str, str]
    samples: Mapping[str, Mapping[str, Any]]
    trends: Mapping[str, Trend] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    about: About = field(default_factory=About)
    sources: tuple[Path, ...] = ()  # config.yaml and the files that it names, as absolute paths
    absent: Mapping[str, str] = field(default_factory=dict)  # sha256 of raw files that are known, but not here
    excluded: tuple[Excluded, ...] = ()
    problems: tuple[UserError, ...] = field(default=())

    def raw(self, name: str) -> str:
        """A raw file as seen from `root`."""
        return (Path(self.raw_root) / name).as_posix()
