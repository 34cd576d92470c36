"""
ConfigMaps: what they hold, and when that changed as far as anybody can tell.

A Pod keeps the variables it was started with, so that the time of a change matters as much as the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from readiness.evidence.objects import Meta
from readiness.evidence.seen import Unseen

ANY_KEY = ""
"""No key of a ConfigMap is empty, so this one can stand for all of them."""


@dataclass(frozen=True, slots=True)
class ConfigMapRecord:
    """A ConfigMap as watched by metadata: that it is there. Everything else is fetched with its content."""

    meta: Meta


@dataclass(frozen=True, slots=True)
class Place:
    """One key of a ConfigMap, present or not, that a setting rests on."""

    config_map: str
    key: str


@dataclass(frozen=True, slots=True)
class Changes:
    """When keys changed last: no later than `since` (None: nobody knows), except those that were seen to change."""

    since: datetime | None
    keys: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, key: str) -> datetime | None:
        """The latest instant at which this key may have changed."""
        if self.since is None:
            return None
        seen = [at for changed, at in self.keys.items() if key in {ANY_KEY, changed}]
        return max([self.since, *seen])


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ConfigMap:
    """One ConfigMap. The same object stands while neither its content nor what is known of its changes differs."""

    name: str
    data: Mapping[str, str]
    binary: frozenset[str] = frozenset()
    changes: Changes = field(default_factory=lambda: Changes(None))


ConfigMaps = Mapping[str, ConfigMap | Unseen | None]
"""By name; None: there is no such ConfigMap."""
