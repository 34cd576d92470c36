"""
The base of everything an author writes. Unknown fields are refused, so that an operator older than the CRD says
InvalidSpec instead of ignoring a stricter field; frozen, since one object is judged by many expectations at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from readiness.api.v1alpha1.problems import Flaw, refused


class Parameters(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,  # for Python code; what people write is read by alias alone (see review.read)
        use_attribute_docstrings=True,
    )

    def flaws(self) -> Iterator[Flaw]:
        """
        What the fields contradict among themselves. Asked only when each of them is right by itself: a misspelt field
        would otherwise be reported a second time, as missing.
        """
        return iter(())

    @model_validator(mode="after")
    def _without_flaws(self) -> Self:
        found = tuple(self.flaws())
        if found:
            raise refused(*found)
        return self


def cel(*rules: tuple[str, str]) -> dict[str, Any]:
    """The same for the API server, which refuses at once what the operator could only report later."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]}


def true(field: str) -> str:
    """CEL for a boolean that is there and true."""
    return f"(has(self.{field}) && self.{field})"


def schema(extra: Mapping[str, Any]) -> ConfigDict:
    """`model_config` of a model that adds to its schema."""
    return ConfigDict(json_schema_extra=dict(extra))


def by_name() -> Any:
    """Metadata of a list whose entries are told apart by name: two managers can then own one entry each."""
    return Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]})


def listed(words: Sequence[str]) -> str:
    """`a, b or c`, as messages name the choices."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
