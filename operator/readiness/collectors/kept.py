"""
What is remembered of a namespace from one gathering of evidence to the next.

Kinds that are judged one subject at a time look again only at evidence that is another object than before
(expectations/table.py). So a gatherer that composes evidence must hand out the same object while nothing of it
changed. It is held weakly: as long as a memo refers to it, it is worth finding again, and not longer.
"""

import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from readiness.collectors.observed import Observed
from readiness.evidence.configuration import Configured

SHELVES: Final = 64
"""Different wants at a time; one more costs time, never truth."""

Shelf = weakref.WeakValueDictionary[str, Configured]
"""Composed evidence by the workload's uid."""


class Kept:
    """One namespace's memory; the inventory owns it."""

    def __init__(self) -> None:
        self.observed: Final = Observed()
        self._shelves: OrderedDict[Hashable, Shelf] = OrderedDict()

    def shelf(self, want: Hashable) -> Shelf:
        """What was composed for equal parameters."""
        shelf = self._shelves.setdefault(want, weakref.WeakValueDictionary())
        self._shelves.move_to_end(want)
        if len(self._shelves) > SHELVES:
            self._shelves.popitem(last=False)
        return shelf
