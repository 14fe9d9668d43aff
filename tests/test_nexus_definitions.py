"""What application definitions ask for, and names that NeXus allows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.nexus import described
from ntcspec.types.nexus import Application, Field, Group, nexus_name

SETUP = {"scattering_configuration": "z(xx)z", "experiment": "Raman imaging", "detector": "single-channel"}


@dataclass
class Spectrum:
    laser_nm: float = 532.0
    mode: str = "tey"
    energy: Any = None
    follows: str = "NXraman"

    def application(self) -> Application:
        if self.follows == "NXraman":
            return Application("NXraman", "raman", {"wavelength": "laser_nm"})
        return Application("NXxas", "norm", {"energy": "energy", "intensity": "energy", "intensity_errors": "energy"})


def value(items: dict[str, Group | Field], path: str) -> Any:
    found: Any = Group("", items)
    for part in path.split("/"):
        found = found.items[part]
    return found.value


def test_raman_follows_its_definition_only_where_everything_is_known() -> None:
    record = {"sample": "a", "simulated": False, "parameters": {}, "setup": SETUP}
    application, items, missing = described(Spectrum(), record)
    assert application is not None and not missing
    assert value(items, "instrument/beam_incident/wavelength") == 532.0
    assert value(items, "instrument/detector_1/detector_channel_type") == "single-channel"
    assert value(items, "raman_experiment_type") == "Raman imaging"
    for less, words in (
        ({"setup": {**SETUP, "detector": None}}, "setup.detector"),
        ({"setup": {}}, "setup.scattering_configuration, setup.experiment, setup.detector"),
    ):
        application, items, missing = described(Spectrum(), {**record, **less})
        assert application is None and not items and words in missing
    application, items, missing = described(Spectrum(laser_nm=math.nan), record)
    assert application is None and not items and "ingest.laser_nm" in missing


@pytest.mark.parametrize("simulated", [True, False])
def test_absorption_says_element_edge_mode_and_whether_it_was_measured(simulated: bool) -> None:
    record = {"sample": "a", "simulated": simulated, "parameters": {"element": "Cl", "edge": "K"}}
    _, items, _ = described(Spectrum(follows="NXxas", energy=np.arange(3.0)), record)
    assert (value(items, "element/symbol"), value(items, "edge/name")) == ("Cl", "K")
    assert value(items, "is_experimental") is not simulated
    assert "total electron yield" in value(items, "experiment_description")
    _, items, _ = described(Spectrum(follows="NXxas", energy=np.empty(0)), record)
    assert "intensity_errors" not in items, "errors that are not known are not written"


def test_results_of_no_sample_and_without_a_definition_follow_none() -> None:
    assert described(object(), {"sample": "a"}) == (None, {}, "")
    assert described(Spectrum(), {"study": "s"}) == (None, {}, "")


@given(st.lists(st.text(max_size=30), max_size=8))
def test_names_are_allowed_and_unlike(words: list[str]) -> None:
    used: list[str] = []
    for one in words:
        used.append(nexus_name(one, used))
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in used)
    assert len(set(used)) == len(used)


def test_names_stay_readable() -> None:
    assert nexus_name("NTC 40 h__cl_k") == "NTC_40_h__cl_k"
    assert nexus_name("Ta₂O₅ (glühend)/a") == "Ta2O5_gluhend_a"
    assert nexus_name("α", {"_"}) == "__2"
