"""`ntcspec check`: everything that is wrong with a study at once, raw files included."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ntcspec.commands.leftovers import told as left_over
from ntcspec.config.load import load_study
from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.errors import LIST_ALL, Problems, UserError, first_of
from ntcspec.plan import Plan
from ntcspec.types.blocks import make_all


def main(options: argparse.Namespace) -> int:
    """Exit code 1 if anything is wrong."""
    try:
        study = load_study(options.study)
        plan = Plan(study)
    except Problems as found:
        return _tell(found.problems, options.all)
    problems = list(plan.study.problems)
    for measurement in plan.study.measurements:
        try:
            _ingest(study, measurement)
        except UserError as error:
            problems.append(error)
    looked = _looked_at(study)
    if problems:
        _tell(problems, options.all)
        print(f"{study.name}: {len(problems)} problem{'s' * (len(problems) > 1)}; {looked} looked at", file=sys.stderr)
        return 1
    print(f"{study.name}: nothing wrong in {looked}")
    print(*(f"{line}\n" for line in left_over(plan)), sep="", end="")
    return 0


def _tell(problems: Sequence[UserError], everything: bool) -> int:
    lines = [str(problem) for problem in problems]
    print(*(lines if everything else first_of(lines, LIST_ALL)), sep="\n", file=sys.stderr)
    return 1


def _looked_at(study: Study) -> str:
    """'2 samples, 3 measurements, 5 raw files, 0 series, 1 trend, 2 claims, 4 panels'."""
    counts = {
        "sample": len(study.labels),
        "measurement": len(study.measurements),
        "raw file": sum(len(m.files) for m in study.measurements),
        "series": len(study.series),
        "trend": len(study.trends),
        "claim": len(study.claims),
        "panel": len(study.panels),
    }
    return ", ".join(f"{n} {what}{'' if n == 1 or what == 'series' else 's'}" for what, n in counts.items())


def _ingest(study: Study, measurement: MeasurementPlan) -> None:
    """Read the raw files just as the run would."""
    stage = measurement.stages[0]
    module, _, function = stage.function.partition(":")
    paths = [study.root / study.raw(name) for name in measurement.files]
    settings = stage.parameters(measurement.parameters)
    if stage.extra:
        extra = stage.extra_files(measurement.parameters)
        settings["files"] = {one.name: (study.root / study.raw(one.file), one.file) for one in extra}
    make_all(getattr(import_module(module), function)(paths, measurement.files, **settings))
