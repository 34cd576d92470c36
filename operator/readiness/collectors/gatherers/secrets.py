"""Secrets: the ExternalSecrets of the namespace, what they read from, and who refers to the Secrets they write."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.collectors.access import View
from readiness.collectors.gatherers import workloads
from readiness.collectors.gatherers.gathered import Gathered
from readiness.evidence import references
from readiness.evidence.objects import Record, Unreadable
from readiness.evidence.references import Reference
from readiness.evidence.resources import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES, Resource
from readiness.evidence.secrets import (
    MANAGERS,
    ExternalSecret,
    Managed,
    Managers,
    Secrets,
    SecretStore,
    Stores,
    cluster_stores,
    unread,
)
from readiness.evidence.seen import MANY, Seen, Unseen
from readiness.evidence.selecting import Scope
from readiness.evidence.workloads import Workloads

R = TypeVar("R")


def gather(view: View, want: ExternalSecretsExpectation, scope: Scope) -> Gathered[Secrets]:
    """ExternalSecrets and workloads are needed as a whole; stores, and each other manager, by themselves."""
    external = view.records(EXTERNAL_SECRETS)
    if isinstance(external, Unseen):
        return Gathered(external, lost=(external,))
    using: Gathered[Workloads] = Gathered(Seen(Workloads(()), external.as_of))
    if want.references != "Ignore":
        using = workloads.gather(view, want, scope)
    if isinstance(using.evidence, Unseen):
        return Gathered(using.evidence, using.pending, using.lost)
    readable = _here(external.value, ExternalSecret)
    seen = Secrets(
        namespace=view.namespace,
        external=readable,
        stores=_stores(view),
        cluster_stores=_cluster_stores(view, Seen(readable, external.as_of)),
        others={kind: _managers(view, MANAGERS[kind]) for kind in want.also_managed_by},
        workloads=using.evidence.value,
        references=_references(view, scope, using.evidence.value),
        unreadable=_here(external.value, Unreadable),
    )
    optional = (seen.stores, seen.cluster_stores, *seen.others.values())
    as_of = min(one.as_of for one in (external, using.evidence, *optional) if isinstance(one, Seen))
    lost = tuple(one for one in optional if isinstance(one, Unseen))
    return Gathered(Seen(seen, as_of), using.pending, lost)


def _references(view: View, scope: Scope, using: Workloads) -> tuple[Reference, ...]:
    if len(using.items) <= MANY:
        return references.references(using.items)  # few are looked at again in less time than they are worth in memory
    kept = view.kept.scoped(scope)
    mentioned = kept.mentions.of(using.items, references.mentions)
    if kept.joined[0] is not mentioned:
        kept.joined = mentioned, references.joined(mentioned)
    return kept.joined[1]


def _here(records: Mapping[str, Record], kind: type[R]) -> tuple[R, ...]:
    """Those of one type by name; one that is being deleted proves nothing any more."""
    found = sorted(records.values(), key=lambda one: one.meta.name)
    return tuple(one for one in found if isinstance(one, kind) and not one.meta.deleting)


def _stores(view: View) -> Stores:
    found = view.records(SECRET_STORES)
    return found if isinstance(found, Unseen) else Seen(_by_name(found.value.values()), found.as_of)


def _cluster_stores(view: View, external: Seen[tuple[ExternalSecret, ...]]) -> Stores:
    """Each by a reference that is there; nothing is asked where nothing refers to one."""
    shown: list[Record] = []
    as_of = external.as_of
    for name in sorted({name for one in external.value for name in cluster_stores(one)}):
        found = view.referred(CLUSTER_SECRET_STORES, name)
        if isinstance(found, Unseen):
            return found
        as_of = min(as_of, found.as_of)
        if found.value is not None:
            shown.append(found.value)
    return Seen(_by_name(shown), as_of)


def _by_name(records: Iterable[Record]) -> Mapping[str, SecretStore | Unseen]:
    known = (one for one in records if isinstance(one, (SecretStore, Unreadable)))
    return {one.meta.name: unread(one) if isinstance(one, Unreadable) else one for one in known}


def _managers(view: View, resource: Resource) -> Managers:
    found = view.records(resource)
    if isinstance(found, Unseen):
        return found
    return Seen((*_here(found.value, Managed), *map(unread, _here(found.value, Unreadable))), found.as_of)
