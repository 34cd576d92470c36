"""
The models as a CustomResourceDefinition. One source for both, so that what the API server accepts is what the operator
reads. It knows the structural schema's rules and nothing of any model's meaning.
"""

from typing import Any, Final

from pydantic import BaseModel

from readiness.api.v1alpha1.spec import Spec
from readiness.api.v1alpha1.status import Status

Schema = dict[str, Any]

GROUP: Final = "readiness.dev"
VERSION: Final = "v1alpha1"

_KEPT: Final = frozenset(
    {"type", "description", "required", "enum", "pattern", "format", "minimum", "maximum"}
    | {f"{end}{what}" for end in ("min", "max") for what in ("Length", "Items", "Properties")}
)
# title and default are pydantic's; additionalProperties false is what pruning does; keys cannot be constrained there.
_DROPPED: Final = frozenset({"additionalProperties", "title", "default", "$defs", "propertyNames"})


def structural(model: type[BaseModel]) -> Schema:
    """A structural schema without `$ref`, `anyOf` null and defaults; ValueError for what it cannot express."""
    whole = model.model_json_schema(by_alias=True)
    return _walk(whole, whole.get("$defs", {}))


def _walk(node: Schema, definitions: dict[str, Schema]) -> Schema:
    made: Schema = {}
    for keyword, value in _flat(node, definitions).items():
        made |= _translated(keyword, value, definitions)
    if "description" in made:
        made["description"] = " ".join(made["description"].split())
    if made["type"] == "integer":
        made["format"] = "int64"
    if made["type"] == "array":
        made.setdefault("x-kubernetes-list-type", "atomic")
    return {keyword: made[keyword] for keyword in sorted(made, key=_reading_order)}


def _translated(keyword: str, value: Any, definitions: dict[str, Schema]) -> Schema:
    """One keyword of pydantic's as none or one of a structural schema."""
    if keyword == "properties":
        return {keyword: {name: _walk(field, definitions) for name, field in value.items()}}
    if keyword == "items" or (keyword == "additionalProperties" and value):
        return {keyword: _walk(value, definitions)}
    if keyword == "patternProperties":  # keys with a pattern, which only the model can check
        [entry] = value.values()
        return {"additionalProperties": _walk(entry, definitions)}
    if keyword in _KEPT or keyword.startswith("x-kubernetes-"):
        return {keyword: value}
    if keyword in _DROPPED:
        return {}
    raise ValueError(f"a structural schema cannot express {keyword}")


def _reading_order(keyword: str) -> tuple[int, str]:
    """What it is first, what it holds last."""
    known = {"description": 0, "type": 1, "properties": 8, "items": 8, "additionalProperties": 8}
    return known.get(keyword, 2), keyword


def _flat(node: Schema, definitions: dict[str, Schema]) -> Schema:
    """References resolved below their siblings, so that a field's description wins over its type's; `X | None` as X."""
    beside = {keyword: value for keyword, value in node.items() if keyword not in ("$ref", "anyOf")}
    if "$ref" in node:
        return _flat(definitions[node["$ref"].rpartition("/")[2]], definitions) | beside
    if "anyOf" in node:
        choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        if len(choices) != 1:
            raise ValueError("a structural schema cannot express a choice of types")
        return _flat(choices[0], definitions) | beside
    return node


# Without it a review that no operator has seen counts as healthy in kstatus. The only default in any schema.
_UNSEEN: Final[Schema] = {
    "observedGeneration": -1,
    "conditions": [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "Pending",
            "message": "Waiting for the operator",
            "lastTransitionTime": "1970-01-01T00:00:00Z",
        }
    ],
}

_READY: Final = '.status.conditions[?(@.type=="Ready")]'
_COLUMNS: Final = (
    ("Ready", "string", f"{_READY}.status", 0, "Whether everything that blocks is met."),
    ("Reason", "string", f"{_READY}.reason", 0, "Why."),
    ("Revision", "string", ".status.summary.revision", 0, "What was judged; ? when it is not verified."),
    ("Met", "string", ".status.summary.display", 0, "Blocking expectations that are met, of all."),
    ("Blocked By", "string", ".status.summary.blockedBy", 0, "Areas that are not ready."),
    # A date column prints <invalid> for a time in the future.
    ("Valid Until", "string", ".status.validUntil", 0, "How long the certificate stands without renewal."),
    ("Since", "date", ".status.summary.since", 0, "How long Ready has had its present status."),
    ("Owner", "string", ".spec.owner", 1, "Who answers for the review."),
    ("Age", "date", ".metadata.creationTimestamp", 1, "How long the review has existed."),
    ("Message", "string", ".status.summary.message", 1, "The worst subject and what is wrong with it."),
)

_METADATA: Final = {
    "apiVersion": {"type": "string", "description": "Version of the schema of this object: readiness.dev/v1alpha1."},
    "kind": {"type": "string", "description": "Kind of this object."},
    "metadata": {"type": "object"},
}


def documents() -> tuple[Schema, ...]:
    """Every CustomResourceDefinition, ready for JSON or YAML."""
    return (_review(),)


def _review() -> Schema:
    schema = {
        "type": "object",
        "description": (
            "What must hold for the workloads of a namespace before they may be called production-ready, "
            "and whether it holds now."
        ),
        "required": ["spec"],
        "properties": _METADATA | {"spec": structural(Spec), "status": structural(Status) | {"default": _UNSEEN}},
    }
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "selectableFields": [{"jsonPath": ".spec.owner"}],
        "additionalPrinterColumns": [_column(*column) for column in _COLUMNS],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"readinessreviews.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": "ReadinessReview",
                "listKind": "ReadinessReviewList",
                "plural": "readinessreviews",
                "singular": "readinessreview",
                "shortNames": ["rr"],
                "categories": ["readiness"],
            },
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def _column(name: str, type_: str, path: str, priority: int, description: str) -> Schema:
    column: Schema = {"name": name, "type": type_, "jsonPath": path, "description": description}
    return column | ({"priority": priority} if priority else {})
