"""The default study run in this process: config and functions of the pipeline itself, without workflow and store."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ntcspec.config.load import load_study
from ntcspec.techniques import STAGES

ROOT = Path(__file__).parents[2]
Results = dict[str, Any]  # result of each stage by its name
LONG = ("paths", "fit", "bend")  # on request; have tests of their own


def run(study: Path, technique: str, samples: list[str] | None = None) -> dict[str, Results]:
    """Every stage of one technique for the samples of a study folder; an excluded one is a failure."""
    plan = load_study(study)
    chosen = [m for m in plan.measurements if m.technique == technique and (samples is None or m.sample in samples)]
    wanted = {m.name for m in chosen}
    excluded = [e for e in plan.excluded if e.name in ("*", *wanted) and (samples is None or e.sample in samples)]
    assert chosen and not excluded, plan.problems
    return {m.sample: run_stages(technique, m.files, m.parameters, study) for m in chosen}


def run_stages(technique: str, files: tuple[str, ...], sections: Mapping[str, Any], root: Path) -> Results:
    """Every stage of one measurement."""
    results: Results = {}
    for stage in STAGES[technique]:
        if stage.name in LONG or not stage.is_wanted(sections):
            continue
        module, _, function = stage.function.partition(":")
        inputs = [results[name] for name in stage.inputs if name in results]
        settings = stage.parameters(sections)
        if stage.extra:
            settings["files"] = {one.name: (root / one.file, one.file) for one in stage.extra_files(sections)}
        inputs = inputs or [[root / name for name in files], list(files)]
        results[stage.name] = getattr(import_module(module), function)(*inputs, **settings)
    return results


def make_study(folder: Path, raw: Path) -> Path:
    """A study folder with the default config and these raw files."""
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "raw").symlink_to(raw)
    return folder


def metric(results: Results, name: str) -> Any:
    """A metric by its name."""
    (found,) = [m for m in results["measure"].metrics if m.name == name]
    return found
