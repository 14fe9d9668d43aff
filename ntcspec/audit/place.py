"""Where the study of a file lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ntcspec.config.load import load_study
from ntcspec.config.resolved import Study
from ntcspec.errors import Problems, UserError
from ntcspec.plan import SUMS

CONFIGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Place:
    """The study that a file lies in; study is None where its config cannot be read, with the reason."""

    root: Path
    study: Study | None
    reason: str = ""

    def locate(self, root: str, path: str) -> Path | None:
        """The file of (root, path) as records name it; None for a raw file where nobody knows where these lie."""
        if root != "raw":
            return self.root / path
        return self.root / self.study.raw(path) if self.study else None


def place_of(path: Path, study: Path | None = None) -> Place | None:
    """The study whose results/ a file lies in; or the one that is named.

    A results/ without a config that can be read is a study's if check sums lie in it: the folder of somebody who keeps
    figures that came by mail may have that name, too.
    """
    if study is not None:
        loaded = load_study(study)
        return Place(loaded.root, loaded)
    root = root_of(path)
    if root is None:
        return None
    try:
        return Place(root, load_study(root))
    except Problems as problems:
        return Place(root, None, str(problems.problems[0])) if (root / SUMS).is_file() else None


def root_of(path: Path) -> Path | None:
    """The folder above the results/ that a file lies in."""
    return next((folder.parent for folder in path.absolute().parents if folder.name == "results"), None)


def artifact_of(named: Path) -> tuple[Path, str]:
    """(study, artifact) of what `ntcspec verify` is given: a study, or a file of one's results/.

    Raises UserError for a file that lies in no study's results/.
    """
    if named.is_dir() or named.suffix.lower() in CONFIGS:
        return named, ""
    root = root_of(named)
    if root is None:
        missing = "" if named.exists() else "no such file, and "
        fix = "name a study or a file of its results/; what a file alone can tell: ntcspec trace FILE"
        raise UserError(named.as_posix(), f"{missing}it lies in no study's results/", fix)
    return root, named.absolute().relative_to(root).as_posix()
