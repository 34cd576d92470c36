"""
docs/troubleshooting.md: every reason that `kubectl` can show, under a heading of its own, with what it means and what to do.

What a reason means is the comment beside it in the code; what to do about it stands in hack/troubleshooting.yaml. A reason
that is missing on either side, or that only one of them knows, ends the generation.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from hack import gen_docs
from readiness.api.v1alpha1 import reasons
from readiness.expectations import table
from readiness.outputs.events import Announcement

PATH = "docs/troubleshooting.md"
ADVICE = Path(__file__).parent / "troubleshooting.yaml"
SOURCE = "hack/troubleshooting.yaml, api/v1alpha1/reasons.py and expectations/kinds"
INTRODUCTION = """\
# Troubleshooting

Every reason, by the place in which it stands. Search this page for the word that `kubectl` shows.

## Where to look

```shell
# REASON is that of the condition Ready, BLOCKED BY names areas, MESSAGE the worst subject.
kubectl get rr -A -o wide
# Conditions, expectations, findings, Events.
kubectl describe rr NAME -n NAMESPACE
# What the operator itself lacks, a line each.
kubectl port-forward -n readiness-system deployment/readiness-operator 8080 & curl localhost:8080/readyz
```

The condition `Ready` sums up the areas, an area's condition its blocking expectations, an expectation its findings: follow
the reasons down to a finding, whose message names the object, the field and what to change. `Reconciling` and `Stalled`
repeat the reason of `Ready`: the first may come right by itself, the second needs a person. Events carry the reason of the
condition that they tell of, and say in `action` what happened.

Whatever is not known is Unknown, never met: a reason with that outcome says what is missing, not that something is wrong.
"""
TITLES: Mapping[str, str] = {
    "Ready: the review as a whole.": "Ready",
    "Why a review without any unmet expectation is still not certified.": "Ready, with nothing unmet",
    "Areas.": "Areas",
    "Expectations, whatever their kind.": "Expectations of every kind",
    "Evidence that was not seen.": "Evidence that was not seen",
    "EvidenceFresh.": "EvidenceFresh",
    "Events alone.": "Events",
}
"""Headings in reasons.py, and what they are called here."""

Advice = Mapping[str, Mapping[str, str]]


class IncompleteError(Exception):
    """The code and the advice do not know the same reasons."""


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    yield PATH, text(yaml.safe_load(ADVICE.read_text(encoding="utf-8")))


def text(advice: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [gen_docs.NOTE.format(source=SOURCE), INTRODUCTION, *_common(advice["common"])]
    _compare("kinds", {kind.name for kind in table.TABLE}, advice["kinds"].keys())
    for kind in table.TABLE:
        parts += _kind(kind, advice["kinds"][kind.name])
    return "\n".join(parts)


def sections() -> Iterator[tuple[str, dict[str, str]]]:
    """The parts of reasons.py: title, and what each reason in it means."""
    source = Path(reasons.__file__).read_text(encoding="utf-8")
    said = gen_docs.comments(source)
    for part in re.split(r"^    # ", source, flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        yield TITLES[heading], {reason: said[reason] for reason in re.findall(r'= \(?\s*"(\w+)"', part)}


def _common(advice: Advice) -> Iterator[str]:
    known = dict(sections())
    told = {reason for section in known.values() for reason in section}
    alone = sorted(set(get_args(get_type_hints(Announcement)["action"])) - told)
    _compare("common", told.union(alone), advice.keys())
    known["Events"] |= {action: advice[action]["means"] for action in alone}
    for title, meanings in known.items():
        yield f"## {title}\n"
        for reason, means in meanings.items():
            one = advice[reason]
            yield _entry(reason, one["seen"], means, one.get("do"))


def _kind(kind: table.Kind, advice: Advice) -> Iterator[str]:
    _compare(kind.name, set(kind.reasons), advice.keys())
    source = gen_docs.KINDS / f"{gen_docs.snake(kind.name)}.py"
    said = gen_docs.comments(source.read_text(encoding="utf-8"))
    yield f"## Findings of {kind.name}\n"
    yield f"{gen_docs.statement(kind.doc)} Parameters and limits: [{kind.name}](expectations/{kind.name}.md).\n"
    for reason in kind.reasons:
        one = advice[reason]
        yield _entry(reason, one["outcome"], said[reason], one.get("do"))


def _entry(reason: str, seen: str, means: str, do: str | None) -> str:
    """A heading, so that it can be linked to and is found by the site's search."""
    helps = f"\n**What to do:** {' '.join(do.split())}\n" if do else ""
    return f"### {reason}\n\n**{seen}:** {means.removesuffix('; of areas too')}.\n{helps}"


def _compare(where: str, code: set[str], said: Any) -> None:
    differing = sorted(code ^ set(said))
    if differing:
        raise IncompleteError(f"{where}: {', '.join(differing)} in only one of the code and {ADVICE.name}")
