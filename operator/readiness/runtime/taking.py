"""
The evidence of a whole review, taken in one step: the part that the operator and the offline review share.
"""

from collections.abc import Iterator
from typing import Final

from readiness.api.v1alpha1.review import Expectation, Review
from readiness.collectors import gather
from readiness.collectors.access import View
from readiness.collectors.gatherers.gathered import Gathered
from readiness.evidence.resources import LIVE_TEMPLATES, Resource
from readiness.evidence.seen import Seen, Unseen
from readiness.evidence.selecting import Scope, compiled
from readiness.evidence.workloads import Workloads
from readiness.expectations import table

Key = tuple[str, str]
"""Area and expectation, by name."""

Evidence = dict[Key, tuple[Expectation, Gathered[object]]]
_EVERY_REVIEW: Final = LIVE_TEMPLATES


def reads(review: Review) -> frozenset[Resource]:
    """Every resource that the review's evidence comes from."""
    wanted: set[Resource] = set(_EVERY_REVIEW)
    for _, expectation in expectations(review):
        name, parameters = expectation.check.one()
        wanted |= table.by_name(name).reads(parameters)
    return frozenset(wanted)


def expectations(review: Review) -> Iterator[tuple[Key, Expectation]]:
    """Every expectation by its key, in the order of the spec."""
    for area in review.spec.areas:
        for expectation in area.expectations:
            yield (area.name, expectation.name), expectation


def take(review: Review, view: View, missing: tuple[Unseen, ...] = ()) -> Evidence:
    """The evidence of every expectation, as of one moment; what reads a missing source is that Unseen."""
    return {key: (one, _gathered(review, one, view, missing)) for key, one in expectations(review)}


def workloads(review: Review, view: View, missing: tuple[Unseen, ...] = ()) -> tuple[Seen[Workloads] | Unseen, bool]:
    """The workloads that the review's own scope selects, and whether some are still being read."""
    for absent in missing:
        if absent.resource in {resource.name for resource in LIVE_TEMPLATES}:
            return absent, False
    return selected(view, _scope(review, None))


def selected(view: View, scope: Scope) -> tuple[Seen[Workloads] | Unseen, bool]:
    """The workloads of one scope, and whether some are still being read."""
    found = gather.gather(Workloads, None, view, scope)
    if isinstance(found.evidence, Unseen):
        return found.evidence, found.pending
    assert isinstance(found.evidence.value, Workloads)
    return Seen(found.evidence.value, found.evidence.as_of), found.pending


def scopes(review: Review) -> tuple[Scope, ...]:
    """Every scope of the review, its own first."""
    every = (_scope(review, None), *(_scope(review, one) for _, one in expectations(review)))
    return tuple(dict.fromkeys(every))


def _gathered(review: Review, expectation: Expectation, view: View, missing: tuple[Unseen, ...]) -> Gathered[object]:
    name, want = expectation.check.one()
    kind = table.by_name(name)
    read = {resource.name for resource in kind.reads(want)}
    for absent in missing:
        if absent.resource in read:
            return Gathered(absent, lost=(absent,))
    return gather.gather(kind.evidence, want, view, _scope(review, expectation))


def _scope(review: Review, expectation: Expectation | None) -> Scope:
    scopes = [scope for scope in (review.spec.scope, expectation.scope if expectation else None) if scope is not None]
    return Scope(
        tuple(compiled(scope.selector) for scope in scopes if scope.selector is not None),
        tuple(frozenset(scope.kinds) for scope in scopes if scope.kinds is not None),
    )
