"""
What a kind says of itself, as data: the docstring of its module, the fields of its parameter model, and its reasons with
the comment beside each and the advice on it. Whoever changes one of these changes the pages under docs/ and what
`readiness explain` prints.

It must not know how either of them looks.
"""

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from readiness.api.v1alpha1 import durations, reasons
from readiness.expectations import table
from readiness.outputs import advice

KINDS: Final = Path(table.__file__).parent / "kinds"
LABELS: Final = ("Reads", "Met", "Unmet", "Unknown", "Silent", "Known limits")
SHARED: Final = ("Expectations, whatever their kind.", "Evidence that was not seen.")
"""The headings in reasons.py under which the reasons stand that every kind may give."""

_EXAMPLE = re.compile(r"\n+^Example:$\n", re.MULTILINE)
_LABEL = re.compile(rf"^({'|'.join(LABELS)}): ")
_LABELLED = re.compile(rf"^(?=(?:{'|'.join(LABELS)}): )", re.MULTILINE)

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, in lines as it was written; those about one thing carry its label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field: what may be written there, and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of one model; the kind's own has no name."""

    name: str
    about: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of a reason; there is nothing to do where all is well."""

    means: str
    do: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that a reader needs to use one kind; reasons are worst first."""

    name: str
    statement: str
    parts: tuple[Part, ...]
    example: str
    groups: tuple[Group, ...]
    reasons: Mapping[str, Meaning]


def of(kind: table.Kind) -> Explanation:
    """What this kind says."""
    prose, *examples = _EXAMPLE.split(inspect.cleandoc(kind.doc), maxsplit=1)
    said = comments(source(kind).read_text(encoding="utf-8"))
    advised = advice.read().kinds[kind.name]
    return Explanation(
        kind.name,
        statement(kind.doc),
        tuple(_parts(prose)),
        textwrap.dedent("".join(examples)).strip(),
        tuple(_groups(kind.model.model_json_schema(by_alias=True))),
        {reason: Meaning(said[reason], advised[reason].do) for reason in kind.reasons},
    )


def source(kind: table.Kind) -> Path:
    """The module that judges it."""
    return KINDS / f"{snake(kind.name)}.py"


def snake(name: str) -> str:
    """`nonRoot` as its module is called."""
    return re.sub("(?<!^)([A-Z])", r"_\1", name).lower()


def statement(doc: str) -> str:
    """The first sentence."""
    return " ".join(doc.strip().partition("\n\n")[0].split())


def comments(text: str) -> dict[str, str]:
    """The comment beside each constant of a module's source whose value is a text, by that text."""
    beside = {
        token.start[0]: re.sub("^noqa: [A-Z0-9, ]+# ", "", token.string.lstrip("# "))
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found[str(node.value.value)] = next((beside[line] for line in lines if line in beside), "")
    return found


def shared() -> dict[str, Meaning]:
    """The reasons that every kind may give, in the order of reasons.py."""
    text = Path(reasons.__file__).read_text(encoding="utf-8")
    said, advised = comments(text), advice.read().common
    chosen = [part for part in re.split(r"^    # ", text, flags=re.MULTILINE) if part.startswith(SHARED)]
    listed = [reason for part in chosen for reason in re.findall(r'= "(\w+)"', part)]
    return {reason: Meaning(said[reason], advised[reason].do) for reason in listed}


def _parts(prose: str) -> Iterator[Part]:
    """Without the first paragraph, which is the statement."""
    for paragraph in prose.split("\n\n")[1:]:
        for part in filter(None, map(str.strip, _LABELLED.split(paragraph))):
            labelled = _LABEL.match(part)
            yield Part(labelled[1], part[labelled.end() :]) if labelled else Part("", part)


def _groups(schema: Schema) -> Iterator[Group]:
    """The fields of the model, then those of the models inside it."""
    if schema.get("properties"):
        yield Group("", "", tuple(_parameters(schema)))
        for name, inner in schema.get("$defs", {}).items():
            if inner.get("properties"):
                yield Group(name, " ".join(inner.get("description", "").split()), tuple(_parameters(inner)))


def _parameters(schema: Schema) -> Iterator[Parameter]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        needed = "Required. " if name in required else ""
        yield Parameter(name, _type(field), " ".join(f"{needed}{field.get('description', '')}".split()))


def _type(field: Schema) -> str:
    """What may be written there, in words; a model inside is called by its name."""
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"] if one.get("type") != "null")
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "enum" in field:
        return " | ".join(field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        entries = (*field.get("patternProperties", {}).values(), field.get("additionalProperties"))
        return f"map of {_type(next((one for one in entries if isinstance(one, Mapping)), {}))}"
    if field.get("pattern") == durations.PATTERN:
        return "duration"
    return {"string": "text", "integer": "number", "boolean": "true or false"}.get(str(field.get("type")), "any")
