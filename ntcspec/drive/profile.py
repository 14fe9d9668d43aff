"""Profiles of `ntcspec run`: a folder that says where jobs run.

`config.yaml` is a profile of Snakemake. A folder with `allocation.yaml` instead (options of Slurm's `srun`) means one
allocation, with `ntcspec run` inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import yaml

from ntcspec.errors import UserError
from ntcspec.places import home

HERE = ("local", "dryrun", "touch")  # executors of Snakemake itself, without jobs elsewhere
CONFIG, ALLOCATION = "config.yaml", "allocation.yaml"
TYPES = (str, int, float, bool)


@dataclass(frozen=True)
class Profile:
    """Where jobs run: by which executor of Snakemake, or inside which allocation."""

    folder: Path
    executor: str = "local"
    allocation: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0

    @property
    def elsewhere(self) -> bool:
        """Snakemake sends jobs away."""
        return self.executor not in HERE

    @property
    def settings(self) -> str:
        """The file that a user changes: of a profile of ours a copy."""
        file = self.folder / (ALLOCATION if self.allocation else CONFIG)
        return f"a copy of {file}" if file.is_relative_to(home()) else str(file)

    @property
    def slurm(self) -> bool:
        return self.executor == "slurm" or bool(self.allocation)


def find_profile(name: str) -> Profile:
    """A profile of ours by name, or one by path. Raises UserError where it is none or needs what is not installed."""
    ours = home() / "workflow" / "profiles"
    folder = ours / name if (ours / name).is_dir() else Path(name).resolve()
    if (folder / ALLOCATION).is_file():
        profile = Profile(folder, allocation=_options(folder / ALLOCATION))
    elif (folder / CONFIG).is_file():
        settings = _mapping(folder / CONFIG)
        profile = Profile(folder, str(settings.get("executor", "local")), retries=_retries(settings))
    else:
        known = ", ".join(sorted(path.name for path in ours.iterdir() if path.is_dir()))
        raise UserError(f"--profile {name}", "no such profile", f"one of {known}, or a folder with config.yaml")
    _needs(profile)
    return profile


def _needs(profile: Profile) -> None:
    """What has to be installed for it."""
    plugin = f"snakemake-executor-plugin-{profile.executor}"
    if profile.elsewhere and find_spec(plugin.replace("-", "_")) is None:
        what = "'ntcspec[slurm]'" if profile.slurm else plugin
        raise UserError(str(profile.folder), f"needs {plugin}, which is not installed", f"pip install {what}")
    program = "srun" if profile.allocation else "sbatch"
    if profile.slurm and which(program) is None:
        raise UserError(str(profile.folder), f"no {program} on this machine", "start it on a login node of the cluster")


def _options(path: Path) -> dict[str, Any]:
    options = _mapping(path)
    for key, value in options.items():
        if not isinstance(value, TYPES):
            raise UserError(f"{path}: {key}", f"{value!r} is no value", "one word or number, as `srun` takes it")
    if "cpus-per-task" not in options:
        raise UserError(str(path), "has no cpus-per-task", "say how many processors the run may use")
    return options


def _retries(settings: Mapping[str, Any]) -> int:
    """How often Snakemake starts a job again; it knows the key by two names, and says itself where it is no number."""
    found = settings.get("retries", settings.get("restart-times", 0))
    return found if isinstance(found, int) else 0


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(str(path), f"cannot be read ({error})", "mend the file") from None
    if not isinstance(found, dict):
        raise UserError(str(path), "holds no keys", "write lines of the form `key: value`")
    return {str(key): value for key, value in found.items()}
