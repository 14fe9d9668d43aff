"""Figure panels: from the artifacts of the stages to PNG, PDF and SVG that carry their record.

    data = panel_data("exafs.chi_r", entries, {"xlim": [0, 5]})    what is drawn, as arrays
    figure = draw(data)                                            the drawing, nothing else
    save(figure, Path("panels/3e"), record_json)                   3e.png, 3e.pdf, 3e.svg
    read_record(Path("panels/3e.pdf"))                             the record again

This module and `metadata` start without matplotlib and numpy; the functions import them when called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ntcspec.errors import UserError, did_you_mean
from ntcspec.plot import (
    exafs_options,
    frames_options,
    nmr_options,
    raman_options,
    scattering_options,
    study_options,
    xanes_options,
)
from ntcspec.plot import options as _options
from ntcspec.plot.metadata import read_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ntcspec.plot.data import PanelData

__all__ = ["KINDS", "Entry", "PanelKind", "description", "draw", "panel_data", "read_record", "resolve_options", "save"]


@dataclass(frozen=True)
class PanelKind:
    """One kind of panel.

    name: as the study names it, e.g. 'exafs.chi_k'.
    technique: technique of the artifacts.
    needs: stages whose artifacts it draws from; none where `series` is named.
    options: frozen dataclass of its options; every field has a default and says unit and meaning in its metadata.
    series: kind of the series analysis whose artifact it draws; then each entry is a series, not a sample.
    table: it draws the study's table of metrics and the properties of the samples, whatever their techniques.
    orders: it also writes what the order of the samples says of each metric.
    frames: it draws measurements of many spectra, and no others.
    """

    name: str
    technique: str
    needs: tuple[str, ...]
    options: type
    series: str = ""
    table: bool = False
    orders: bool = False
    frames: bool = False


@dataclass(frozen=True)
class Entry:
    """One sample in a panel, or one series of samples.

    stages: stage name, kind of series analysis, 'table' or 'orders' -> its result (a dataclass of ntcspec.types).
    missing: why there is nothing to draw; then `stages` is empty.
    """

    sample: str
    label: str
    simulated: bool
    stages: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


KINDS: Mapping[str, PanelKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            PanelKind("exafs.mu", "exafs", ("reduce",), exafs_options.MuOptions),
            PanelKind("exafs.chi_k", "exafs", ("transform",), exafs_options.ChiKOptions),
            PanelKind("exafs.chi_r", "exafs", ("transform",), exafs_options.ChiROptions),
            PanelKind("exafs.fit", "exafs", ("fit",), exafs_options.FitOptions),
            PanelKind("exafs.wavelet", "exafs", ("wavelet",), exafs_options.WaveletOptions),
            PanelKind("xanes.norm", "xanes", ("reduce", "measure"), xanes_options.NormOptions),
            PanelKind("xanes.pre_edge", "xanes", ("reduce", "measure"), xanes_options.PreEdgeOptions),
            PanelKind("xanes.difference", "xanes", ("transform",), xanes_options.DifferenceOptions),
            PanelKind("xanes.modes", "xanes", ("reduce",), xanes_options.ModesOptions),
            PanelKind("xanes.derivative", "xanes", ("transform",), xanes_options.DerivativeOptions),
            PanelKind("xanes.rank", "xanes", (), xanes_options.RankOptions, series="xanes.rank"),
            PanelKind("xanes.scores", "xanes", (), xanes_options.ScoresOptions, series="xanes.rank"),
            PanelKind("scattering.g_r", "scattering", ("transform",), scattering_options.GrOptions),
            PanelKind("scattering.i_q", "scattering", ("reduce",), scattering_options.IqOptions),
            PanelKind("scattering.s_q", "scattering", ("transform",), scattering_options.SqOptions),
            PanelKind("scattering.f_q", "scattering", ("transform",), scattering_options.SqOptions),
            PanelKind("scattering.difference", "scattering", ("measure",), scattering_options.DifferenceOptions),
            PanelKind("scattering.image", "scattering", ("reduce",), scattering_options.ImageOptions),
            PanelKind("scattering.rings", "scattering", ("reduce",), scattering_options.RingsOptions),
            PanelKind("raman.stack", "raman", ("reduce", "measure"), raman_options.StackOptions),
            PanelKind("raman.fit", "raman", ("measure",), raman_options.FitOptions),
            PanelKind("nmr.spectra", "nmr", ("reduce", "measure"), nmr_options.SpectraOptions),
            PanelKind("nmr.fit", "nmr", ("reduce", "measure"), nmr_options.FitOptions),
            *(
                PanelKind(f"{technique}.{name}", technique, (stage,), options, frames=True)
                for technique in ("xanes", "raman")
                for name, stage, options in (
                    ("frames", "reduce", frames_options.FramesOptions),
                    ("frame_metric", "measure", frames_options.FrameMetricOptions),
                    ("frame_map", "measure", frames_options.FrameMapOptions),
                )
            ),
            PanelKind("study.trend", "study", (), study_options.TrendOptions, table=True),
            PanelKind("study.correlation", "study", (), study_options.CorrelationOptions, table=True, orders=True),
        )
    }
)


Builders = Mapping[str, Callable[[Sequence[Entry], Any], "PanelData"]]


def _exafs() -> Builders:
    from ntcspec.plot import exafs

    return exafs.BUILDERS


def _xanes() -> Builders:
    from ntcspec.plot import xanes

    return xanes.BUILDERS


def _scattering() -> Builders:
    from ntcspec.plot import scattering

    return scattering.BUILDERS


def _raman() -> Builders:
    from ntcspec.plot import raman

    return raman.BUILDERS


def _nmr() -> Builders:
    from ntcspec.plot import nmr

    return nmr.BUILDERS


def _study() -> Builders:
    from ntcspec.plot import study_correlation, study_trend

    return {**study_trend.BUILDERS, **study_correlation.BUILDERS}


# Technique -> its builders. Loaded when called, but by plain imports: fingerprints of code follow those.
_BUILDERS: Mapping[str, Callable[[], Builders]] = MappingProxyType(
    {"exafs": _exafs, "nmr": _nmr, "raman": _raman, "scattering": _scattering, "study": _study, "xanes": _xanes}
)


def resolve_options(kind: str, options: Mapping[str, Any]) -> Any:
    """The options of a panel with defaults filled in: an instance of `KINDS[kind].options`.

    Raises:
        UserError: unknown kind, unknown option, or a value out of range.
    """
    if kind not in KINDS:
        raise UserError(
            "panel kind", f"no panel kind {kind!r}{did_you_mean(kind, KINDS)}", f"known: {', '.join(KINDS)}"
        )
    return _options.resolve(KINDS[kind].options, options, where=kind)


def panel_data(kind: str, entries: Sequence[Entry], options: Mapping[str, Any], *, title: str = "") -> PanelData:
    """What a panel of that kind draws for these entries, in their order.

    Entries without data are named in `PanelData.notes`; no entry is an error.

    Raises:
        UserError: unknown kind, unknown option, or a value out of range.
    """
    resolved = resolve_options(kind, options)
    builders = _BUILDERS[KINDS[kind].technique]()
    return replace(builders[kind](entries, resolved), title=title)


def description(kind: str) -> str:
    """What a panel of that kind draws, in a sentence or two."""
    return inspect.cleandoc(_BUILDERS[KINDS[kind].technique]()[kind].__doc__ or "")


def draw(data: PanelData, *, title: str = "") -> Figure:
    """Draw a panel; `title` stands in for an empty `data.title`."""
    from ntcspec.plot import figure

    return figure.draw(data, title=title)


def save(fig: Figure, stem: Path, record_json: str) -> list[Path]:
    """Write stem.png, stem.pdf and stem.svg with the record inside; the same figure gives the same bytes."""
    from ntcspec.plot import files

    return files.save(fig, stem, record_json)
