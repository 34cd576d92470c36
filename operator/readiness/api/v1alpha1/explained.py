"""
pydantic's errors in plain words, with the path as the author wrote it. The only module that knows pydantic's error types;
what it does not know it passes on as pydantic says it, so that nothing wrong is ever left unsaid.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from readiness.api.v1alpha1.parameters import listed
from readiness.api.v1alpha1.problems import REFUSED, Problem, quoted
from readiness.api.v1alpha1.words import FORMS

_PLAIN = re.compile("[A-Za-z0-9_-]{1,63}")
Location = Sequence[int | str]

# Keyed by pydantic's error type: what is said, and what to do; filled in with the error's own context.
_WORDS = {
    "missing": ("is required", "set it"),
    "string_type": ("must be text, not {found}", "put it in quotes"),
    "literal_error": ("is {found}", "choose {expected}"),
    "string_too_long": ("is longer than {max_length} characters", "shorten it"),
    "string_too_short": ("is shorter than {min_length} characters", "say more"),
    "string_pattern_mismatch": ("is {found}", "write {form}"),
    "too_long": ("has more than {max_length} entries", "remove some"),
    "too_short": ("has fewer entries than {min_length}", "add one, or remove the field"),
    "tuple_type": ("must be a list, not {found}", "write it as a list"),
    "dict_type": ("must be a mapping, not {found}", "write it as a mapping"),
    "model_type": ("must be a mapping, not {found}", "write {fields}"),
    "bool_type": ("must be true or false, not {found}", "write true or false, without quotes"),
    "int_type": ("must be a whole number, not {found}", "write it without quotes and without a fraction"),
    "greater_than_equal": ("is less than {ge}", "write {ge} or more"),
    "less_than_equal": ("is more than {le}", "write {le} or less"),
}


def problems(error: ValidationError, root: str, model: type[BaseModel]) -> Iterator[Problem]:
    """All of them, in the order of the fields."""
    details = error.errors(include_url=False)
    places = [detail["loc"] for detail in details]
    for detail in details:
        place = detail["loc"]
        if detail["type"] == "too_short" and any(len(p) > len(place) and p[: len(place)] == place for p in places):
            continue  # pydantic counts the valid entries only; the invalid ones are told by themselves
        yield from _problem(detail, root, model)


def _problem(detail: ErrorDetails, root: str, model: type[BaseModel]) -> Iterator[Problem]:
    path = written(root, detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == REFUSED:
        for flaw in context["flaws"]:
            yield Problem(f"{path}.{flaw.field}" if flaw.field else path, flaw.said, flaw.fix)
    elif detail["type"] in ("extra_forbidden", "invalid_key"):
        yield Problem(path, *_unknown(detail["loc"][-1], _at(model, detail["loc"][:-1])))
    elif detail["type"] in _WORDS:
        said, fix = _WORDS[detail["type"]]
        facts = context | {
            "found": quoted(detail["input"]),
            "form": FORMS.get(context.get("pattern", ""), f"what matches {context.get('pattern')}"),
            "expected": context.get("expected", "").replace("'", ""),
            "fields": _fields(_at(model, detail["loc"])),
        }
        yield Problem(path, said.format_map(facts), fix.format_map(facts))
    else:
        yield Problem(path, detail["msg"], "correct it")


def written(root: str, place: Location) -> str:
    """`spec.areas[1].expectations[0]`; keys that are no plain words stand quoted in brackets."""
    path = root
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":  # pydantic's mark for a mapping's key, after the key itself
            path += f".{part}" if _PLAIN.fullmatch(part) else f"[{quoted(part)}]"
    return path


def unknown(field: object, known: Sequence[str]) -> tuple[str, str]:
    """What is said of a field that this operator does not know, and the likeliest remedy."""
    said = "is not a field that this operator knows"
    by_letters = {name.casefold(): name for name in known}
    letters = field.replace("_", "").replace("-", "").casefold() if isinstance(field, str) else ""
    close = difflib.get_close_matches(letters, by_letters, n=1)
    if close:
        return said, f"write {by_letters[close[0]]}"
    if not known:
        return said, "remove it: nothing can be set here"
    return said, f"remove it, or write {listed(known)}; a newer field needs a newer operator"


def _fields(model: type[BaseModel] | None) -> str:
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    return f"a mapping with {listed(known)}" if known else "{}"


def _unknown(field: object, model: type[BaseModel] | None) -> tuple[str, str]:
    return unknown(field, [f.alias or name for name, f in model.model_fields.items()] if model else [])


def _at(model: type[BaseModel] | None, place: Location) -> type[BaseModel] | None:
    """The model that stands at a location, found by aliases; a list's index stays at its entries' model."""
    for part in place:
        if isinstance(part, str) and model is not None:
            fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = _model(fields.get(part))
    return model


def _model(annotation: object) -> type[BaseModel] | None:
    """The model inside `tuple[X, ...]`, `X | None` and their like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model(part)) is not None), None)
