"""The base of every configuration model: a parameter has a default, a unit, a range and a meaning, said once.

The schema for editors, the defaults of a run and the parameter tables in docs all come from these models.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ntcspec.formula import WAY_OUT, checked


class Parameters(BaseModel):
    """Frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


def param(default: Any, unit: str, meaning: str, **limits: Any) -> Any:
    """A parameter: default, unit ('' for none), meaning and limits (ge, gt, le, lt, min_length)."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit} if unit else None, **limits)


def required(meaning: str, **limits: Any) -> Any:
    """A key that the user must give."""
    return Field(..., description=meaning, **limits)


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        raise ValueError(f"lower end {pair[0]:g} must be below upper end {pair[1]:g}")
    return pair


def _formula(text: str) -> str:
    """A formula, or nothing."""
    try:
        return checked(text) if text.strip() else text
    except ValueError as error:
        raise ValueError(f"{error}; {WAY_OUT}") from None


Formula = Annotated[str, AfterValidator(_formula)]
Interval = Annotated[tuple[float, float], AfterValidator(_ascending)]
