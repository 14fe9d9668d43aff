"""Long paths for `neighbours.py`: through check, run, verify, pack, and verify of the unpacked pack. MADE UP data."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from neighbours_files import CONFIG, Row, command, write, xdi

LONG = "".join(chr(97 + i * 7 % 26) for i in range(99))
Case = tuple[int, str, str, str]  # bytes of the study's root, raw file, sample, measurement
CASES: dict[str, Case] = {
    "root of 300 bytes": (300, "good.xdi", "s", "exafs"),
    "root of 1,000 bytes": (1000, "good.xdi", "s", "exafs"),
    "raw file of 254 bytes": (0, "é" * 125 + ".xdi", "s", "exafs"),
    "raw file of 300 bytes": (0, "é" * 148 + ".xdi", "s", "exafs"),
    "sample and measurement of 100 bytes": (0, "good.xdi", "s" + LONG, "m" + LONG),
    "sample of 154 bytes": (0, "good.xdi", "Na" * 2 + "é" * 75, "exafs"),
}


def paths(folder: Path) -> Iterator[Row]:
    """Each case as a study of its own, as far as it goes."""
    for number, (what, (length, raw, sample, measurement)) in enumerate(CASES.items()):
        top = folder / str(number)
        study = deep(top, length)
        if len(raw.encode()) < 256:
            write(study / "raw" / raw, xdi(400))
        one = {"technique": "exafs", "element": "Ta", "edge": "L3", "files": [f"raw/{raw}"]}
        config = {**CONFIG, "panels": {"chi_r": {"kind": "exafs.chi_r"}}}
        write(study / "config.yaml", yaml.safe_dump(config, sort_keys=False).encode())
        samples = {"samples": {sample: {"simulated": True, "measurements": {measurement: one}}}}
        write(study / "samples.yaml", yaml.safe_dump(samples, allow_unicode=True).encode())
        cpu, peak, outcome = through(study, top)
        yield (what, f"{len(os.fsencode(study))} bytes", cpu, peak, outcome)


def deep(top: Path, length: int) -> Path:
    """A folder whose path has that many bytes, or a plain one."""
    while len(os.fsencode(top)) < length - 100:
        top = top / ("d" * 60)
    return top / ("x" * max(length - len(os.fsencode(top)) - 1, 5))


def through(study: Path, top: Path) -> tuple[float, float, str]:
    """Processor s, MB, and how far it went."""
    cpu = peak = 0.0
    pack = top / "pack.zip"
    for words in (("check", study), ("run", study, "--cores", "1"), ("verify", study), ("pack", study, "--to", pack)):
        cost = command(*words)
        cpu, peak = cpu + cost.cpu, max(peak, cost.peak)
        if cost.code:
            return cpu, peak, f"{words[0]}: {cost.told('samples.yaml', 'the path of')}"
    with zipfile.ZipFile(pack) as file:
        file.extractall(top / "there")
    (there,) = (top / "there").iterdir()
    cost = command("verify", there)
    return cpu + cost.cpu, peak, f"works; unpacked elsewhere: {cost.told()}"
