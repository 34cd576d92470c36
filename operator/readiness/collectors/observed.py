"""
When keys of ConfigMaps changed, as the operator itself saw it.

The API server says when somebody wrote to the data of a ConfigMap, not to which key, and says it again when the same
manager edits a label. Whoever compares each version with the one before knows better. It must not know who asks.

Kept are digests, never values; by uid, so that a ConfigMap of the same name is another one.
"""

import hashlib
import weakref
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from readiness.collectors.projections.config_maps import ConfigMapBody
from readiness.evidence.config_maps import Changes, ConfigMap

AT_ONCE: Final = timedelta(seconds=10)
"""A write seen this soon after it was made: nothing can have been written and taken back in between unseen."""


@dataclass(slots=True)
class _Entry:
    digests: dict[str, bytes]
    written: datetime | None
    immutable: bool
    changes: Changes
    shown: "weakref.ref[ConfigMap] | None" = None


class Observed:
    """The ConfigMaps of one namespace that rules needed."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def config_map(self, body: ConfigMapBody, at: datetime) -> ConfigMap:
        """The evidence of what was read at this instant: the same object while neither content nor changes differ."""
        entry = self._entries.get(body.uid)
        shown = entry.shown() if entry is not None and entry.shown is not None else None
        if entry is not None and shown is not None and shown.data is body.data:
            return shown
        digests = {key: _digest(value) for key, value in body.data.items()} | dict.fromkeys(body.binary, b"")
        if entry is None:
            since = body.created if body.immutable else body.written
            entry = self._entries[body.uid] = _Entry(digests, body.written, body.immutable, Changes(since))
        elif not entry.immutable:
            entry.changes = _compared(entry, body.written, digests, at.replace(microsecond=0))
        entry.digests, entry.written, entry.immutable = digests, body.written, body.immutable
        if shown is None or shown.data != body.data or shown.binary != body.binary or shown.changes != entry.changes:
            shown = ConfigMap(body.name, body.data, body.binary, entry.changes)
            entry.shown = weakref.ref(shown)
        return shown

    def keep(self, uids: Container[str]) -> None:
        """Forget ConfigMaps that are gone."""
        for uid in [uid for uid in self._entries if uid not in uids]:
            del self._entries[uid]


def _compared(entry: _Entry, written: datetime | None, digests: dict[str, bytes], at: datetime) -> Changes:
    """What is known of changes after one more version. Instants are whole seconds, as the API server's are."""
    before = entry.written
    newer = before is not None and written is not None and written > before
    # A removed key moves no time, and two writes can fall into one second: then the moment of seeing it bounds it.
    when = written if newer and written is not None else at
    keys = {key for key in entry.digests.keys() | digests.keys() if entry.digests.get(key) != digests.get(key)}
    changed = {**entry.changes.keys, **dict.fromkeys(keys, when)}
    if written == before or (newer and at - when <= AT_ONCE):
        return Changes(entry.changes.since, changed)
    # Nobody looked when it was written, so that any key may have been changed and changed back.
    return Changes(when, changed)


def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode(errors="surrogatepass"), digest_size=16).digest()
