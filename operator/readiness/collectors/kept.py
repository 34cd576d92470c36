"""
What is remembered of a namespace from one gathering of evidence to the next.

Kinds that are judged one subject at a time look again only at evidence that is another object than before
(expectations/table.py). So a gatherer that composes evidence must hand out the same object while nothing of it
changed. It is held weakly: as long as a memo refers to it, it is worth finding again, and not longer.

What a gatherer derives from each of ten thousand workloads is derived again only where the workload is another object.
"""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final, Generic, TypeVar

from readiness.collectors.observed import Observed
from readiness.evidence.configuration import Configurations, Configured
from readiness.evidence.references import Mention, Reference
from readiness.evidence.workloads import Workload, Workloads

SHELVES: Final = 64
"""Different wants, or scopes, at a time; one more costs time, never truth."""

T = TypeVar("T")


class Shelf:
    """Composed evidence by the workload's uid, and that of all workloads as it was handed out last."""

    def __init__(self) -> None:
        self.by_uid: Final = weakref.WeakValueDictionary[str, Configured]()
        self._last: weakref.ref[Configurations] | None = None

    def last(self) -> tuple[Configured, ...]:
        """Most of it is found at the same place again, which is faster than by uid."""
        evidence = self._last() if self._last is not None else None
        return evidence.items if evidence is not None else ()

    def handed_out(self, evidence: Configurations) -> None:
        """Remember it as long as somebody else does."""
        self._last = weakref.ref(evidence)


@dataclass(slots=True)
class Derived(Generic[T]):
    """One value for each workload of a sequence, made again only where another object stands at its place.

    A change keeps a workload's place; a removal moves those behind it, which costs time, never truth.
    """

    workloads: tuple[Workload, ...] = ()
    values: tuple[T, ...] = ()

    def of(self, workloads: tuple[Workload, ...], make: Callable[[Workload], T]) -> tuple[T, ...]:
        """The values, in the order of the workloads; the same tuple while they are equal."""
        if workloads is not self.workloads:
            before: Iterable[tuple[Workload | None, T | None]] = zip(self.workloads, self.values, strict=True)
            pairs = zip(workloads, chain(before, repeat((None, None))), strict=False)
            values = tuple(value if one is known and value is not None else make(one) for one, (known, value) in pairs)
            self.values = self.values if self.values == values else values
            self.workloads = workloads
        return self.values


Join = tuple[tuple[tuple[Mention, ...], ...], tuple[Reference, ...]]
"""What all workloads mention, and what that comes to."""


@dataclass(slots=True)
class Scoped:
    """What is remembered of the workloads that one scope selects."""

    inside: Derived[bool] = field(default_factory=Derived)
    claiming: Derived[bool] = field(default_factory=Derived)
    mapped: Derived[bool] = field(default_factory=Derived)
    mentions: Derived[tuple[Mention, ...]] = field(default_factory=Derived)
    joined: Join = ((), ())
    selected: Workloads | None = None
    pending: bool = False


class Kept:
    """One namespace's memory; the inventory owns it."""

    def __init__(self) -> None:
        self.observed: Final = Observed()
        self._shelves: OrderedDict[Hashable, Shelf] = OrderedDict()
        self._scopes: OrderedDict[Hashable, Scoped] = OrderedDict()

    def shelf(self, want: Hashable) -> Shelf:
        """What was composed for equal parameters."""
        return _recent(self._shelves, want, Shelf)

    def scoped(self, scope: Hashable) -> Scoped:
        """What was derived from the workloads of an equal scope."""
        return _recent(self._scopes, scope, Scoped)


def _recent(known: OrderedDict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    """The value of that key; of too many the one that was asked for longest ago is dropped."""
    if key not in known:
        known[key] = make()
    known.move_to_end(key)
    if len(known) > SHELVES:
        known.popitem(last=False)
    return known[key]
