"""The CustomResourceDefinition: structural, bounded, described, and generated from the models."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from hack import generate
from readiness.api import crd

[REVIEW] = crd.documents()
[VERSION] = REVIEW["spec"]["versions"]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, field in node.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in node:
            yield from nodes(node[keyword], f"{path}[]")


def test_the_repository_holds_what_the_models_say() -> None:
    for generator in generate.GENERATORS:
        for path, text in generator():
            assert (generate.ROOT / path).read_text(encoding="utf-8") == text, f"{path}: run make generate"


def test_fits_into_an_annotation_of_client_side_apply() -> None:
    assert len(json.dumps(REVIEW, separators=(",", ":"))) < 200_000


def test_nothing_under_spec_has_a_default() -> None:
    assert [path for path, node in nodes(SCHEMA) if "default" in node] == [".status"]


def test_everything_is_bounded() -> None:
    unbounded = [
        path
        for path, node in nodes(SCHEMA["properties"]["spec"])
        if (node["type"] == "string" and not {"maxLength", "enum"} & node.keys())
        or (node["type"] == "array" and "maxItems" not in node)
        or ("additionalProperties" in node and "maxProperties" not in node)
    ]
    assert unbounded == []


def test_every_field_is_described() -> None:
    plain = (".apiVersion", ".kind", ".metadata")
    assert [
        p for p, node in nodes(SCHEMA) if not p.endswith("[]") and p not in plain and "description" not in node
    ] == []


def test_descriptions_are_sentences_on_one_line() -> None:
    for path, node in nodes(SCHEMA):
        text = node.get("description", "A.")
        assert text.endswith("."), path
        assert text == " ".join(text.split()), path


def test_every_rule_says_what_is_wrong() -> None:
    rules = [rule for _, node in nodes(SCHEMA) for rule in node.get("x-kubernetes-validations", ())]
    assert rules
    assert all(rule.keys() == {"rule", "message"} for rule in rules)


def test_lists_say_how_they_merge() -> None:
    by_key = {
        path: node["x-kubernetes-list-map-keys"]
        for path, node in nodes(SCHEMA)
        if node.get("x-kubernetes-list-type") == "map"
    }
    assert by_key == {".spec.areas": ["name"], ".spec.areas[].expectations": ["name"], ".status.conditions": ["type"]}
    assert {node["x-kubernetes-list-type"] for _, node in nodes(SCHEMA) if node["type"] == "array"} == {"map", "atomic"}


def test_the_generation_may_be_minus_one() -> None:
    generation = SCHEMA["properties"]["status"]["properties"]["observedGeneration"]
    assert "minimum" not in generation
    assert generation["format"] == "int64"


def test_the_contract_with_kubectl() -> None:
    assert REVIEW["spec"]["names"]["shortNames"] == ["rr"]
    assert REVIEW["spec"]["names"]["categories"] == ["readiness"]
    assert VERSION["selectableFields"] == [{"jsonPath": ".spec.owner"}]
    assert [c["name"] for c in VERSION["additionalPrinterColumns"] if not c.get("priority")] == [
        "Ready",
        "Reason",
        "Revision",
        "Met",
        "Blocked By",
        "Valid Until",
        "Since",
    ]


def test_what_a_structural_schema_cannot_say_is_an_error() -> None:
    class Choice(BaseModel):
        either: int | str

    class Single(BaseModel):
        const: Literal["one"]

    with pytest.raises(ValueError, match="a choice of types"):
        crd.structural(Choice)
    with pytest.raises(ValueError, match="cannot express const"):
        crd.structural(Single)


def test_a_field_s_own_words_win_over_its_type_s() -> None:
    class Inner(BaseModel):
        """Of the type."""

        number: int

    class Outer(BaseModel):
        bare: Inner
        told: Annotated[Inner | None, Field(description="Of the field.")] = None
        keyed: dict[str, int] = {}  # pydantic copies it

    schema = crd.structural(Outer)
    assert schema["required"] == ["bare"]
    assert schema["properties"]["bare"]["description"] == "Of the type."
    assert schema["properties"]["told"]["description"] == "Of the field."
    assert schema["properties"]["told"]["properties"] == {"number": {"type": "integer", "format": "int64"}}
    assert schema["properties"]["keyed"] == {
        "type": "object",
        "additionalProperties": {"type": "integer", "format": "int64"},
    }
