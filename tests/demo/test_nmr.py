"""The simulated NMR data as a whole: same seed same bytes, size, truth."""

from __future__ import annotations

import json

import pytest

from ntcspec.demo import find_resources, nmr
from ntcspec.demo.series import SERIES, Made

SEED = 11


@pytest.fixture(scope="module")
def made() -> Made:
    return nmr.make(find_resources(), SEED)


def test_the_same_seed_gives_the_same_bytes(made: Made) -> None:
    again = nmr.make(find_resources(), SEED)
    assert again.files == made.files and again.truth == made.truth
    other = nmr.make(find_resources(), SEED + 1)
    data = [name for name in made.files if name.endswith(("/data", "/fid"))]
    assert len(data) == 8 and all(other.files[name] != made.files[name] for name in data)
    assert all(other.files[name] == text for name, text in made.files.items() if name not in data)


def test_size_and_truth(made: Made) -> None:
    assert sum(map(len, made.files.values())) < 300_000
    assert "SIMULATED" in json.dumps(made.truth, allow_nan=False)
    with_sodium = {member.name for member in SERIES if "Na" in member.composition}
    assert set(made.truth["samples"]) == with_sodium
    assert made.truth["reference"]["delta_iso_ppm"] == 0.04


def test_every_directory_says_that_it_is_simulated(made: Made) -> None:
    folders = {name.rpartition("/")[0] for name in made.files}
    for folder in folders:
        texts = [data for name, data in made.files.items() if name.startswith(f"{folder}/")]
        assert any(b"SIMULATED by ntcspec demo" in data for data in texts), folder


def test_the_structure_model_is_named_and_has_no_influence(made: Made) -> None:
    other = nmr.make(find_resources(), SEED, glass="gl0")
    assert other.files == made.files
    assert other.truth["structure_model"] == {"name": "gl0", "has_influence": False}


def test_tops_of_the_echoes_are_where_the_rotor_puts_them(made: Made) -> None:
    """tau = n rotor periods, the first point 20 us after the second pulse, 3 points of filter delay."""
    for member in SERIES:
        if member.stem not in nmr.RUNS:
            continue
        truth = made.truth["samples"][member.name]
        tau_us = 1e6 * nmr.RUNS[member.stem].tau_rotor / 12000
        assert truth["echo_top_points"] == pytest.approx((tau_us - 20) / 10 + 3, abs=1e-5)
        assert truth["left_shift_points"] + truth["rest_points"] == pytest.approx(truth["echo_top_points"], abs=1e-5)
        assert abs(truth["rest_points"]) <= 0.5
