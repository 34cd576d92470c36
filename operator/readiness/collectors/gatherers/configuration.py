"""Configuration: the selected workloads, each with the ConfigMaps and files that its rules need, and no others."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, repeat
from types import MappingProxyType
from typing import Final

from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.collectors.access import View
from readiness.collectors.fetched import Absent, Pending
from readiness.collectors.gatherers import workloads
from readiness.collectors.gatherers.gathered import Gathered
from readiness.collectors.kept import Shelf
from readiness.collectors.projections.config_maps import ConfigMapBody
from readiness.evidence.config_maps import ConfigMap, ConfigMapRecord, ConfigMaps
from readiness.evidence.configuration import Configurations, Configured, Document, Documents, Needs, is_mapped, wanted
from readiness.evidence.objects import Unreadable as UnreadableObject
from readiness.evidence.resources import CONFIG_MAPS
from readiness.evidence.seen import MANY, Seen, Unseen, Why
from readiness.evidence.selecting import Scope
from readiness.evidence.texts import Tree, Unreadable
from readiness.evidence.workloads import Workload


def gather(view: View, want: ConfigurationExpectation, scope: Scope) -> Gathered[Configurations]:
    """Every selected workload; a ConfigMap that is not seen is a doubt of its own, no loss of the others."""
    selected = workloads.gather(view, want, scope)
    if isinstance(selected.evidence, Unseen):
        return Gathered(selected.evidence, selected.pending, selected.lost)
    found, as_of = selected.evidence.value, selected.evidence.as_of
    reader = _Reader(view)
    shelf = view.kept.shelf(want) if len(found.items) > MANY else Shelf()  # see runtime: few are not remembered
    in_files = any(rule.file is not None for rule in want.rules)
    mapped = view.kept.scoped(scope).mapped.of(found.items, is_mapped)
    triples = zip(found.items, mapped, chain(shelf.last(), repeat(None)), strict=False)
    items = tuple(
        _configured(one, before, want if in_files or needs else None, shelf, reader) for one, needs, before in triples
    )
    as_of = min(as_of, reader.as_of) if reader.as_of is not None else as_of
    evidence = Configurations(items, found.unreadable, found.outside, found.hint)
    shelf.handed_out(evidence)
    return Gathered(Seen(evidence, as_of), selected.pending or reader.pending, tuple(reader.lost.values()))


def _configured(
    workload: Workload,
    before: Configured | None,
    want: ConfigurationExpectation | None,
    shelf: Shelf,
    reader: "_Reader",
) -> Configured:
    """`want` is None where nothing of it can be in a ConfigMap."""
    if before is None or before.workload is not workload:
        before = shelf.by_uid.get(workload.uid)
    if before is not None and before.workload is workload:
        maps = before.config_maps
        if not maps or all(_same(shown, reader.config_map(name)) for name, shown in maps.items()):
            return before
    needs = Needs() if want is None else wanted(workload, want)
    read = {name: reader.config_map(name) for name in sorted(needs.config_maps)}
    documents = dict(pair for one in needs.documents for pair in reader.document(one))
    found = Configured(workload, read or _NO_MAPS, documents or _NO_DOCUMENTS)
    shelf.by_uid[workload.uid] = found
    return found


def _same(before: ConfigMap | Unseen | None, after: ConfigMap | Unseen | None) -> bool:
    """A ConfigMap is the same object while nothing of it changed."""
    return before is after or (isinstance(before, Unseen) and before == after)


class _Reader:
    """Reads each ConfigMap once per gathering, and only those that are asked for."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._state = view.records(CONFIG_MAPS)
        self._read: dict[str, ConfigMap | Unseen | None] = {}
        self._bodies: dict[str, ConfigMapBody] = {}
        self.as_of: datetime | None = None
        self.pending = False
        self.lost: dict[str, Unseen] = {}
        if isinstance(self._state, Seen):
            view.kept.observed.keep(self._state.value)

    def config_map(self, name: str) -> ConfigMap | Unseen | None:
        """One ConfigMap, why it is not seen, or None where there is none."""
        if name not in self._read:
            found = self._read[name] = self._find(name)
            if isinstance(found, Unseen):
                self.lost.setdefault(found.reason, found)
        return self._read[name]

    def document(self, one: Document) -> Iterator[tuple[Document, Tree | Unreadable]]:
        """The file, where the ConfigMap has it as text."""
        body = self._bodies.get(one.config_map)
        if body is not None and one.key in body.data:
            yield one, body.tree(one.key, one.format)

    def _find(self, name: str) -> ConfigMap | Unseen | None:
        if isinstance(self._state, Unseen):
            return self._state
        self.as_of = self._state.as_of
        record = self._view.named(CONFIG_MAPS, name)
        if isinstance(record, UnreadableObject):
            return Unseen(Why.UNREADABLE, record.message, CONFIG_MAPS.name)
        if not isinstance(record, ConfigMapRecord):
            return None
        found = self._view.body(CONFIG_MAPS, name, record.meta.version)
        if isinstance(found, Pending):
            self.pending = True
            return _ON_ITS_WAY
        if isinstance(found, Seen):
            assert isinstance(found.value, ConfigMapBody)
            self._bodies[name] = found.value
            return self._view.kept.observed.config_map(found.value, found.as_of)
        assert isinstance(found, (Unseen, Absent))
        return found if isinstance(found, Unseen) else None


_NO_MAPS: Final[ConfigMaps] = MappingProxyType({})  # shared: most workloads need none
_NO_DOCUMENTS: Final[Documents] = MappingProxyType({})
_ON_ITS_WAY = Unseen(Why.NOT_SYNCED, "the ConfigMap is being fetched", CONFIG_MAPS.name)
