"""`ntcspec check`: everything that is wrong with a study at once, raw files included."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from ntcspec.config.load import load_study
from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.errors import UserError
from ntcspec.techniques import STAGES


def main(options: argparse.Namespace) -> int:
    """Exit code 1 if anything is wrong."""
    study = load_study(options.study)
    problems = list(study.problems)
    for measurement in study.measurements:
        try:
            _ingest(study, measurement)
        except UserError as error:
            problems.append(error)
    for problem in problems:
        print(problem, file=sys.stderr)
    files = sum(len(m.files) for m in study.measurements)
    found = f"{len(study.measurements)} measurements, {files} raw files, {len(study.panels)} panels"
    if problems:
        print(f"{study.name}: {len(problems)} problem{'s' * (len(problems) > 1)}; {found} looked at", file=sys.stderr)
        return 1
    print(f"{study.name}: nothing wrong in {found}")
    return 0


def _ingest(study: Study, measurement: MeasurementPlan) -> None:
    """Read the raw files just as the run would."""
    stage = STAGES[measurement.technique][0]
    module, _, function = stage.function.partition(":")
    paths = [study.root / study.raw(name) for name in measurement.files]
    settings = stage.parameters(measurement.parameters)
    if stage.extra:
        extra = stage.extra_files(measurement.parameters)
        settings["files"] = {one.name: (study.root / study.raw(one.file), one.file) for one in extra}
    getattr(import_module(module), function)(paths, measurement.files, **settings)
