"""Instruments that cost nothing, for the tests of `write_raw`; run in processes of their own, so importable by name."""

from __future__ import annotations

import time
from pathlib import Path

from ntcspec.demo.series import Made
from ntcspec.errors import UserError


def slow(resources: Path, seed: int) -> Made:
    time.sleep(0.3)
    return Made({f"slow/{i}.dat": f"slow {seed} {i}\n".encode() for i in range(2)}, {"seed": seed})


def quick(resources: Path, seed: int) -> Made:
    return Made({"quick/image.bin": bytes(range(256)), "quick/seed.txt": str(seed).encode()}, {"seed": seed})


def same_file(resources: Path, seed: int) -> Made:
    return Made({"quick/seed.txt": b"mine"})


def refusing(resources: Path, seed: int) -> Made:
    raise UserError("glass.cif", "no such file", "restore it")


def broken(resources: Path, seed: int) -> Made:
    raise ZeroDivisionError("of a kind")
