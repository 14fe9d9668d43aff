"""Turn pydantic's findings into one line each: file, line, key, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ntcspec.config.yamlfile import Key
from ntcspec.errors import UserError, did_you_mean

Where = Callable[[Key], str]
M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], data: Any, where: Where, problems: list[UserError]) -> M | None:
    """Validate `data`; on failure add one problem per finding and return None."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems.extend(_problem(finding, model, where) for finding in error.errors(include_url=False))
        return None


def _problem(finding: ErrorDetails, model: type[BaseModel], where: Where) -> UserError:
    key = tuple(part for part in finding["loc"] if not _is_union_tag(part))
    kind, value = finding["type"], finding.get("input")
    if kind == "extra_forbidden":
        known = fields_at(model, key[:-1])
        return UserError(
            where(key), f"unknown key{did_you_mean(str(key[-1]), known)}", f"known here: {', '.join(sorted(known))}"
        )
    if kind == "missing":
        meaning = _meaning(model, key)
        return UserError(where(key), "this key is missing", f"add it: {meaning}" if meaning else "add it")
    what = finding["msg"].removeprefix("Value error, ")
    what = what[0].lower() + what[1:]
    shown = "" if isinstance(value, Mapping) or kind == "value_error" else f", not {value!r}"
    meaning = _meaning(model, key)
    return UserError(where(key), f"{what}{shown}", f"it means: {meaning}" if meaning else "")


def _is_union_tag(part: str | int) -> bool:
    return isinstance(part, str) and part in {"str", "int", "float", "[key]", "none"}


def fields_at(model: type[BaseModel], key: Key) -> list[str]:
    """Names of the keys that are known at a key path; empty where anything goes."""
    found = _model_at(model, key)
    return list(found.model_fields) if found else []


def _meaning(model: type[BaseModel], key: Key) -> str:
    while key and isinstance(key[-1], int):
        key = key[:-1]
    parent = _model_at(model, key[:-1]) if key else None
    if parent is None or key[-1] not in parent.model_fields:
        return ""
    info = parent.model_fields[str(key[-1])]
    extra = info.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    return f"{info.description or ''}{f' ({unit})' if unit else ''}"


def _model_at(model: type[BaseModel], key: Key) -> type[BaseModel] | None:
    """Follow a key path through nested models, mappings and tuples."""
    annotation: Any = model
    for part in key:
        inner = _models_in(annotation)
        if inner and part in inner[0].model_fields:
            annotation = inner[0].model_fields[str(part)].annotation
        elif not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            continue  # a mapping's key or a list's index: the model is that of its values
        else:
            return None
    inner = _models_in(annotation)
    return inner[0] if inner else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
