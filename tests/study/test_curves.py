"""Which metrics a viewer is offered, against what, and which comes first."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from ntcspec.study.curves import curves
from ntcspec.types.nexus import Field, Group
from ntcspec.types.study import Number

NAN = math.nan
TABLE = {
    "a": {"exafs.r": Number(2.1, "angstrom", 0.03, 0.04, ""), "exafs.n": Number(6.0, "1", 0.1, NAN, "")},
    "b": {"exafs.r": Number(2.0, "angstrom", 0.01, 0.0, ""), "raman.fwhm": Number(9.0, "1/cm", 0.1, 0.1, "")},
    "c": {"exafs.r": Number(NAN, "angstrom", NAN, NAN, "below 3 sigma"), "exafs.n": Number(4.0, "1", 0.1, 0.2, "")},
}


def known(value: float | None, unit: str = "S/cm", u: float | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit, "u": u, "source": "", "reason": "" if value is not None else "broke"}


def sample(name: str, simulated: bool = False, **properties: Any) -> dict[str, Any]:
    return {"name": name, "label": None, "composition": None, "simulated": simulated, "properties": properties}


def trend(*metrics: str, scale: str = "linear") -> dict[str, Any]:
    return {"scale": scale, "metrics": list(metrics), "samples": None}


def array(group: Group, name: str) -> Any:
    item = group.items[name]
    assert isinstance(item, Field)
    return item.value


SAMPLES = [
    sample("a", conductivity=known(1e-3, u=1e-4)),
    sample("b", conductivity=known(1e-6)),
    sample("c", conductivity=known(1e-4)),
]


def test_the_first_trend_comes_first_in_the_order_of_its_property() -> None:
    found = dict(curves(TABLE, SAMPLES, {"conductivity": trend("exafs.r", "exafs.n", scale="log")}))
    assert list(found) == ["exafs_r_against_conductivity", "exafs_n_against_conductivity"]
    first = found["exafs_r_against_conductivity"]
    assert array(first, "conductivity").tolist() == [1e-6, 1e-3] and array(first, "samples") == "b; a"
    assert array(first, "value").tolist() == [2.0, 2.1]
    assert array(first, "value_errors") == pytest.approx([0.01, 0.05])
    assert np.array_equal(array(first, "conductivity_errors"), [NAN, 1e-4], equal_nan=True)
    assert json.loads(first.attributes["SILX_style"])["axes_scale_types"] == ["log"]
    assert "SIMULATED" not in array(first, "title")


def test_an_uncertainty_that_is_not_known_is_not_drawn() -> None:
    (plot,) = dict(curves(TABLE, SAMPLES, {"conductivity": trend("exafs.n")})).values()
    assert array(plot, "samples") == "c; a"
    assert np.array_equal(array(plot, "value_errors"), [math.hypot(0.1, 0.2), NAN], equal_nan=True)
    assert "SILX_style" not in plot.attributes


def test_simulated_samples_are_named_so() -> None:
    mixed = [sample("a", simulated=True, conductivity=known(1.0)), *SAMPLES[1:]]
    found = dict(curves(TABLE, mixed, {"conductivity": trend("exafs.r")}))
    assert array(found["exafs_r_against_conductivity"], "title").startswith("SIMULATED data: exafs.r")


def test_without_trends_all_metrics_against_the_first_property_of_two_samples() -> None:
    one = [sample("a", age=known(1.0, "d"), time=known(3.0, "h")), sample("b", time=known(2.0, "h")), sample("c")]
    found = dict(curves(TABLE, one, {}))
    assert list(found) == ["exafs_r_against_time"]
    idle = {"conductivity": trend("no.such")}
    assert next(iter(curves(TABLE, one, idle)))[0] == "exafs_r_against_time", (
        "a trend that cannot be drawn is no hindrance"
    )


def test_without_properties_against_the_place_in_the_study() -> None:
    found = dict(curves(TABLE, [sample("a"), sample("b"), sample("c", age=known(None, "d"))], {}))
    assert list(found) == ["exafs_r_against_place", "exafs_n_against_place"]
    assert array(found["exafs_n_against_place"], "place").tolist() == [1.0, 3.0]


def test_a_property_may_have_any_name() -> None:
    samples = [sample(name, value=known(i, "V")) for i, name in enumerate("ab", 1)]
    (plot,) = dict(curves(TABLE, samples, {"value": trend("exafs.r")})).values()
    assert array(plot, "value").tolist() == [2.1, 2.0] and array(plot, "value_2").tolist() == [1.0, 2.0]
    assert plot.attributes["axes"] == ["value_2"] and plot.attributes["signal"] == "value"


def test_one_sample_has_no_curve() -> None:
    assert dict(curves({"a": TABLE["a"]}, SAMPLES[:1], {"conductivity": trend("exafs.r")})) == {}
    assert dict(curves({}, [], {})) == {}
