"""
docs/troubleshooting.md: every reason that `kubectl` can show, under a heading of its own, with what it means and what to do.

What a reason means is the comment beside it in the code; what to do about it stands in `readiness.outputs.advice`. A reason
that only one of them knows ends the generation.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hack import gen_docs
from readiness.api.v1alpha1 import reasons
from readiness.expectations import table
from readiness.outputs import advice
from readiness.outputs.advice import Advice, Book
from readiness.outputs.events import Announcement

PATH = "docs/troubleshooting.md"
SOURCE = "outputs/advice.yaml, api/v1alpha1/reasons.py and expectations/kinds"
INTRODUCTION = """\
# Troubleshooting

Every reason, by the place in which it stands. Search this page for the word that `kubectl` shows.

## Where to look

```shell
# REASON is that of the condition Ready, BLOCKED BY names areas, MESSAGE the worst subject.
kubectl get rr -A -o wide
# Areas, expectations, findings since when and what to do; without NAME a line for each review.
readiness status NAME -n NAMESPACE
# Conditions, expectations, findings, Events: for where there is no `readiness`.
kubectl describe rr NAME -n NAMESPACE
# What a kind checks, its parameters, and every reason that it may give, with what to do.
readiness explain KIND
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


class IncompleteError(Exception):
    """The code and the advice do not know the same reasons."""


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    yield PATH, text(advice.read())


def text(book: Book) -> str:
    """The whole page."""
    parts = [gen_docs.NOTE.format(source=SOURCE), INTRODUCTION, *_common(book.common)]
    _compare("kinds", {kind.name for kind in table.TABLE}, book.kinds)
    for kind in table.TABLE:
        parts += _kind(kind, book.kinds[kind.name])
    return "\n".join(parts)


def sections() -> Iterator[tuple[str, dict[str, str]]]:
    """The parts of reasons.py: title, and what each reason in it means."""
    source = Path(reasons.__file__).read_text(encoding="utf-8")
    said = gen_docs.comments(source)
    for part in re.split(r"^    # ", source, flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        yield TITLES[heading], {reason: said[reason] for reason in re.findall(r'= \(?\s*"(\w+)"', part)}


def _common(advised: Mapping[str, Advice]) -> Iterator[str]:
    known = dict(sections())
    told = {reason for section in known.values() for reason in section}
    alone = sorted(set(get_args(get_type_hints(Announcement)["action"])) - told)
    _compare("common", told.union(alone), advised)
    known["Events"] |= {action: advised[action].means for action in alone}
    for title, meanings in known.items():
        yield f"## {title}\n"
        for reason, means in meanings.items():
            yield _entry(reason, advised[reason], means)


def _kind(kind: table.Kind, advised: Mapping[str, Advice]) -> Iterator[str]:
    _compare(kind.name, set(kind.reasons), advised)
    source = gen_docs.KINDS / f"{gen_docs.snake(kind.name)}.py"
    said = gen_docs.comments(source.read_text(encoding="utf-8"))
    yield f"## Findings of {kind.name}\n"
    yield f"{gen_docs.statement(kind.doc)} Parameters and limits: [{kind.name}](expectations/{kind.name}.md).\n"
    for reason in kind.reasons:
        yield _entry(reason, advised[reason], said[reason])


def _entry(reason: str, one: Advice, means: str) -> str:
    """A heading, so that it can be linked to and is found by the site's search."""
    helps = f"\n**What to do:** {one.do}\n" if one.do else ""
    return f"### {reason}\n\n**{one.seen}:** {means.removesuffix('; of areas too')}.\n{helps}"


def _compare(where: str, code: set[str], said: Any) -> None:
    differing = sorted(code ^ set(said))
    if differing:
        raise IncompleteError(f"{where}: {', '.join(differing)} in only one of the code and {advice.PATH.name}")
