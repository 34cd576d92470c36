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
from readiness.evidence.configuration import Configured
from readiness.evidence.references import Mention
from readiness.evidence.workloads import Workload, Workloads

SHELVES: Final = 64
"""Different wants, or scopes, at a time; one more costs time, never truth."""

T = TypeVar("T")

Shelf = weakref.WeakValueDictionary[str, Configured]
"""Composed evidence by the workload's uid."""


@dataclass(slots=True)
class Derived(Generic[T]):
    """One value for each workload of a sequence, made again only where another object stands at its place.

    A change keeps a workload's place; a removal moves those behind it, which costs time, never truth.
    """

    workloads: tuple[Workload, ...] = ()
    values: tuple[T, ...] = ()

    def of(self, workloads: tuple[Workload, ...], make: Callable[[Workload], T]) -> tuple[T, ...]:
        """The values, in the order of the workloads."""
        if workloads is not self.workloads:
            before: Iterable[tuple[Workload | None, T | None]] = zip(self.workloads, self.values, strict=True)
            pairs = zip(workloads, chain(before, repeat((None, None))), strict=False)
            self.values = tuple(
                value if one is known and value is not None else make(one) for one, (known, value) in pairs
            )
            self.workloads = workloads
        return self.values


@dataclass(slots=True)
class Scoped:
    """What is remembered of the workloads that one scope selects."""

    inside: Derived[bool] = field(default_factory=Derived)
    claiming: Derived[bool] = field(default_factory=Derived)
    mentions: Derived[tuple[Mention, ...]] = field(default_factory=Derived)
    selected: Workloads = field(default=Workloads(()))


class Kept:
    """One namespace's memory; the inventory owns it."""

    def __init__(self) -> None:
        self.observed: Final = Observed()
        self._shelves: OrderedDict[Hashable, Shelf] = OrderedDict()
        self._scopes: OrderedDict[Hashable, Scoped] = OrderedDict()

    def shelf(self, want: Hashable) -> Shelf:
        """What was composed for equal parameters."""
        return _recent(self._shelves, want, weakref.WeakValueDictionary)

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
