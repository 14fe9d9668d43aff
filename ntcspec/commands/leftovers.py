"""Artifacts in results/ that belong to nothing in the study any more: named, and deleted when asked.

A sample that is taken out of samples.yaml leaves its artifacts behind, and so do panels, series and stages. Nothing in
the run reads them, but a stale figure can be mistaken for a current one. An artifact is one by the record that it
carries: a file without one (notes, logs, work of other programs), a symbolic link, and everything outside results/ is
never touched. A measurement that is left out because of an error is still in the study. Two studies may share one
folder: what the record says another study made is named as such.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ntcspec.errors import UserError
from ntcspec.plan import SUMS, Plan
from ntcspec.workflow import read_any_record

RESULTS, LOGS, LAST_GOOD = "results", "results/logs", "last-good"
SUFFIXES = (".nxs", ".json", ".csv", ".png", ".pdf", ".svg", ".html")


@dataclass(frozen=True)
class Leftover:
    """Artifacts of one thing that the study no longer has; paths from the study's root."""

    what: str  # 'sample c / exafs', 'panel chi_r', ...
    study: str  # the study that made them, by their records
    paths: tuple[str, ...]

    def __str__(self) -> str:
        n = len(self.paths)
        where = self.paths[0] if n == 1 else f"{os.path.commonpath([Path(p).parent for p in self.paths])}/"
        return f"{where}: {n} file{'s' * (n > 1)} of {self.what}"


def leftovers(plan: Plan) -> list[Leftover]:
    """What is left over, grouped by sample and measurement, series or panel, in the order of the paths."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path in _others(plan):
        try:
            record = read_any_record(plan.study.root / path)
            key = (_subject(record), str(record["study"]))
        except (UserError, OSError, ValueError, KeyError, TypeError):
            continue  # carries no record, so it is none of ours
        if not _left_out(record, plan):
            groups.setdefault(key, []).append(path)
    return [Leftover(what, study, tuple(paths)) for (what, study), paths in groups.items()]


def _subject(record: Mapping[str, object]) -> str:
    """What an artifact is of, from its record."""
    if "sample" in record:
        return f"sample {record['sample']} / {record['measurement']}"
    for name in ("series", "panel", "figure"):
        if name in record:
            return f"{name} {record[name]}"
    return f"the study's {record['stage']}"


def _left_out(record: Mapping[str, object], plan: Plan) -> bool:
    """Whether it is of a measurement that the study has, but that an error in its files takes out for now."""
    if record["study"] != plan.study.name:
        return False
    return any(
        e.sample == record.get("sample") and e.name in ("*", record.get("measurement")) for e in plan.study.excluded
    )


def _others(plan: Plan) -> Iterator[str]:
    """Files of results/ that the plan does not make, and that could be artifacts; no links are followed."""
    root, wanted = plan.study.root, {*plan.outputs(), SUMS}
    for folder, inside, files in os.walk(root / RESULTS):
        here = Path(folder).relative_to(root).as_posix()
        inside[:] = sorted(name for name in inside if f"{here}/{name}" != LOGS)
        for name in sorted(files):
            path = f"{here}/{name}"
            current = f"{here.removesuffix(f'/{LAST_GOOD}')}/{name}"  # the last good one of what the study has
            if not {path, current} & wanted and name.endswith(SUFFIXES) and not (root / path).is_symlink():
                yield path


def told(plan: Plan) -> list[str]:
    """One line for each thing that is left over, and what to do; nothing where there is none."""
    found = leftovers(plan)
    lines = [f"left over: {one}{made_by(one, plan)}" for one in found]
    fix = "not in the study any more, and used by nothing: `ntcspec clean` lists the files, and deletes them when asked"
    return [*lines, f"           {fix}"] if lines else []


def made_by(one: Leftover, plan: Plan) -> str:
    """', made by the study ...' where it was another one."""
    return "" if one.study == plan.study.name else f", made by the study {one.study!r}"


def delete(root: Path, found: Sequence[Leftover]) -> None:
    """Delete these artifacts, and the folders that are empty then."""
    for path in (root / name for one in found for name in one.paths):
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == root / RESULTS or any(folder.iterdir()):
                break
            folder.rmdir()
