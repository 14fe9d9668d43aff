"""Raw files that are there and cannot be read: a broken disc, a network share that went away, a file that vanished.

Nothing tells so before their bytes are asked for. Such a file takes its measurement out of the study, with the reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

from ntcspec.config.resolved import Excluded, MeasurementPlan, Study
from ntcspec.errors import Problems, UserError
from ntcspec.provenance import Hashes
from ntcspec.techniques import STAGES


def readable(study: Study, hashes: Hashes, among: Container[str] | None = None) -> Study:
    """The study without the measurements whose raw files cannot be read. Raises Problems where none is left.

    among: folders of the measurements that may be left out; without it all.
    """
    kept: list[MeasurementPlan] = []
    excluded: list[Excluded] = []
    problems: dict[str, UserError] = {}
    for measurement in study.measurements:
        names = _raw_files(measurement) if among is None or measurement.folder in among else ()
        found = [error for name in names if (error := _unreadable(study, hashes, name)) is not None]
        if found:
            problems.update({str(one): one for one in found})
            excluded.append(Excluded(measurement.sample, measurement.name, "; ".join(map(str, found))))
        else:
            kept.append(measurement)
    if not excluded:
        return study
    if not kept:
        raise Problems([*study.problems, *problems.values()])
    return replace(
        study,
        measurements=tuple(kept),
        excluded=(*study.excluded, *excluded),
        problems=(*study.problems, *problems.values()),
    )


def _raw_files(measurement: MeasurementPlan) -> Iterator[str]:
    yield from measurement.files
    yield from measurement.companions
    for stage in STAGES[measurement.technique]:
        yield from (one.file for one in stage.extra_files(measurement.parameters))


def _unreadable(study: Study, hashes: Hashes, name: str) -> UserError | None:
    if name in study.absent:
        return None
    try:
        hashes[study.root / study.raw(name)]
    except OSError as error:
        return UserError(name, f"cannot be read: {error.strerror or error}", "is its disc there, and whole?")
    return None
