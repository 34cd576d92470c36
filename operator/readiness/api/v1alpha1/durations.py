"""
Durations as Go, Flux and cert-manager write them: `30s`, `26h`, `1h30m`. pydantic would read and write ISO 8601, which
nobody types and CEL's duration() does not parse, so the text form is kept here, for models, schema and messages alike.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from readiness.api.v1alpha1.problems import Flaw, parsed, refused

PATTERN = "^([0-9]+(ms|s|m|h))+$"
MAX_LENGTH = 16
"""Longer ones overflow CEL's duration(), whose message ("type conversion error") helps nobody."""

_PART = re.compile(r"([0-9]+)(ms|s|m|h)")
_WHOLE = re.compile(PATTERN)
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_LONGEST = 2**63 // 1_000_000
"""In milliseconds: Go counts nanoseconds in 64 bits, so the API server refuses more."""


def parse(text: str) -> timedelta:
    """ValueError for anything that the CRD's pattern refuses, and for more than Go can hold."""
    if len(text) > MAX_LENGTH or not text.isascii() or not _WHOLE.fullmatch(text):
        raise ValueError("not a duration such as 30s, 26h or 1h30m")
    milliseconds = sum(int(count) * _MILLISECONDS[unit] for count, unit in _PART.findall(text))
    if milliseconds > _LONGEST:
        raise ValueError("longer than 292 years")
    return timedelta(milliseconds=milliseconds)


def text(value: timedelta) -> str:
    """The shortest way to write it, so that `60m` and `1h` have one digest; `0s` for none at all."""
    left = value // timedelta(milliseconds=1)
    parts = []
    for unit, size in _MILLISECONDS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _read(value: object) -> object:
    return value if isinstance(value, timedelta) else parsed(parse, value, "30s, 26h or 1h30m")


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "maxLength": MAX_LENGTH}),
]


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a duration, both included; one declaration for the model and for the API server's CEL."""

    least: str
    most: str

    def _check(self, value: timedelta) -> timedelta:
        if not parse(self.least) <= value <= parse(self.most):
            raise refused(Flaw("", self._said, f"write a duration from {self.least} to {self.most}"))
        return value

    @property
    def _said(self) -> str:
        return f"must be from {self.least} to {self.most}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        within = f"duration(self) >= duration('{self.least}') && duration(self) <= duration('{self.most}')"
        return handler(schema) | {"x-kubernetes-validations": [{"rule": within, "message": self._said}]}
