"""Models of path fits in YAML: what cannot be meant is refused when the study is read, with the key."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ntcspec.config.exafs import Exafs

GOOD: dict[str, Any] = {
    "parameters": {
        "n": {"guess": 6},
        "ss": {"guess": 0.004},
        "amp": {"set": 0.9, "u": 0.05},
        "far": {"expr": "2 * ss"},
    },
    "paths": {"Cl": {"atoms": "Ta-Cl", "near_ang": 2.3, "n": "n", "s02": "amp", "sigma2_ang2": "far", "r_ang": "reff"}},
    "derived": {"both": {"expr": "n * amp", "unit": "1"}},
}
STRUCTURES = {"structures": {"crystal": {"file": "raw/x.cif"}}}


def read(model: dict[str, Any], **paths: Any) -> Exafs:
    return Exafs.model_validate({"fit": {"models": {"m": model}}, "paths": paths or STRUCTURES})


def changed(section: str, name: str, **own: Any) -> dict[str, Any]:
    return {**GOOD, section: {**GOOD[section], name: own}}


def test_a_model_is_read() -> None:
    model = read(GOOD).fit.models["m"]
    assert model.parameters["amp"].u == 0.05 and model.paths["Cl"].n == "n" and model.paths["Cl"].c3_ang3 == 0.0


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (changed("parameters", "n", guess=6, set=5), "give one of `guess`, `set` and `expr`"),
        (changed("parameters", "n"), "give one of"),
        (changed("parameters", "amp", set=0.9, min=0), "bounds of a `guess`"),
        (changed("parameters", "n", guess=6, u=1), "uncertainty of a `set` value"),
        (changed("parameters", "n", guess=6, min=7, max=5), "`min` must be below `max`"),
        (changed("parameters", "far", expr="2 * s"), r"parameters\.far\.expr: no parameter 's'"),
        (changed("parameters", "idle", guess=1), "no path takes the parameter 'idle'"),
        (changed("paths", "Cl", atoms="Ta-Cl", n="n", sigma2_ang2="far", s02="ampl"), "did you mean 'amp'"),
        (changed("paths", "B", atoms="Ta-Cl", n="2n"), r"paths\.B\.n: '2n' is no arithmetic expression"),
        (changed("paths", "B", n="n"), "say which path"),
        (changed("paths", "B", atoms="Ta-Cl", near_ang=2, within_ang=(1, 2)), "not both"),
        (changed("paths", "B", atoms="Ta-Cl", r_ang=2, delta_r_ang=0), "not both"),
        (changed("paths", "B", atoms="Ta-Cl", structure="glas"), r"no structure 'glas' under `paths\.structures`"),
        (changed("derived", "x", expr="reff", unit="angstrom"), r"derived\.x\.expr: no parameter 'reff'"),
        (changed("parameters", "reff", set=2.3), "'reff' has a meaning of its own"),
        ({**GOOD, "paths": {}}, "at least 1 item"),
    ],
)
def test_what_cannot_be_meant_is_refused(model: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        read(model)


def test_models_need_a_structure() -> None:
    with pytest.raises(ValidationError, match=r"need a structure under `paths\.structures`"):
        read(GOOD, structures={})
