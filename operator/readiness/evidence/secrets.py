"""
ExternalSecrets, the stores they read from, and the Secrets that workloads refer to.

No Secret is ever read: what is known of one is what the object behind it says of itself.
Facts about fields: External Secrets apis/externalsecrets/v1 (v1beta1 has the same status), cert-manager.io/v1
Certificate, bitnami.com/v1alpha1 SealedSecret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.evidence.objects import Meta, Unreadable
from readiness.evidence.references import Reference
from readiness.evidence.resources import (
    CERTIFICATES,
    CLUSTER_SECRET_STORES,
    EXTERNAL_SECRETS,
    LIVE_TEMPLATES,
    SEALED_SECRETS,
    SECRET_STORES,
    Resource,
)
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.workloads import Workloads

MANAGERS: Final[Mapping[str, Resource]] = {"Certificate": CERTIFICATES, "SealedSecret": SEALED_SECRETS}
"""What else may stand behind a Secret, as `alsoManagedBy` names it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The one condition of an object that says whether it works."""

    status: str
    reason: str = ""

    def __str__(self) -> str:
        """`False, SecretSyncedError`."""
        return f"{self.status}, {self.reason}" if self.reason else self.status


class Says(StrEnum):
    """What a foreign object says of itself, read by (status, reason) and never by status alone."""

    WORKS = "works"
    FAILED = "failed"
    MISSING = "missing"  # there is no Secret, and none is made
    DELETED = "deleted"  # the provider had nothing: the Secret is gone
    RETAINED = "retained"  # the provider had nothing: an old Secret was kept
    UNVALIDATED = "unvalidated"  # its controller cannot tell
    NOTHING = "nothing"  # (yet)
    NOT_UNDERSTOOD = "notUnderstood"


_SYNCED: Final = {
    "SecretSynced": Says.WORKS,
    "ResourceSynced": Says.WORKS,
    "SecretMissing": Says.MISSING,
    "ResourceMissing": Says.MISSING,
    "SecretDeleted": Says.DELETED,
    "ResourceDeleted": Says.DELETED,
}
_STORE: Final = {"Valid": Says.WORKS, "ValidationUnknown": Says.UNVALIDATED}
_CERTIFICATE: Final = {"Ready": Says.WORKS}


def _read(condition: Condition | None, when_true: Mapping[str, Says] | None) -> Says:
    """By the reason where it is True; without a table every reason will do, since the controller writes none."""
    if condition is None:
        return Says.NOTHING
    if condition.status == "True":
        return Says.WORKS if when_true is None else when_true.get(condition.reason, Says.NOT_UNDERSTOOD)
    return Says.FAILED if condition.status == "False" else Says.NOT_UNDERSTOOD


@dataclass(frozen=True, slots=True)
class StoreRef:
    """The store that an ExternalSecret reads from; an empty name names none."""

    kind: str
    name: str

    def __str__(self) -> str:
        """`ClusterSecretStore/vault`."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ExternalSecret:
    """One ExternalSecret.

    `target` is the Secret it writes, "" where it writes something else; `synced` the generation that was synced
    last, "" for none; `retained` says that the provider had nothing and the old Secret was kept; `stores` and
    `generators` (by kind) are those that its data really come from.
    """

    meta: Meta
    target: str
    stores: tuple[StoreRef, ...] = ()
    generators: tuple[str, ...] = ()
    creation_policy: str = "Owner"
    refresh_policy: str = ""
    interval: timedelta = timedelta(hours=1)
    windows: bool = False
    ready: Condition | None = None
    refreshed: datetime | None = None
    synced: str = ""
    retained: bool = False

    @property
    def says(self) -> Says:
        """With creationPolicy None there is no Secret, whatever the condition says; a sync that works leaves its traces."""
        if self.creation_policy == "None":
            return Says.MISSING
        said = _read(self.ready, _SYNCED)
        if said is not Says.WORKS:
            return said
        if self.retained:
            return Says.RETAINED
        return Says.WORKS if self.refreshed is not None and self.synced else Says.NOTHING

    @property
    def pinned(self) -> bool:
        """Whether its policy keeps it from ever asking the provider again."""
        return self.refresh_policy in {"CreatedOnce", "OnChange"}

    @property
    def one_shot(self) -> bool:
        """Whether it is fetched once: a secret that is rotated at the provider never arrives."""
        return self.pinned or self.interval <= timedelta()

    @property
    def usual_age(self) -> timedelta:
        """Within this a working ExternalSecret has refreshed: one failed attempt is forgiven."""
        return max(2 * self.interval + timedelta(minutes=5), timedelta(minutes=15))

    @property
    def first_sync(self) -> timedelta:
        """Within this a new ExternalSecret is given time to say anything at all."""
        return timedelta(minutes=10) if self.one_shot else 2 * self.interval


@dataclass(frozen=True, slots=True)
class SecretStore:
    """A SecretStore or ClusterSecretStore: only what may be shown of one that another team owns."""

    meta: Meta
    provider: str
    ready: Condition | None = None
    restricted: bool = False
    namespaces: frozenset[str] = frozenset()
    by_pattern: bool = False

    @property
    def says(self) -> Says:
        """Whether its provider could be reached when it was validated last."""
        return _read(self.ready, _STORE)

    def admits(self, namespace: str) -> bool | None:
        """Whether its conditions let a namespace use it; None where they say so by selector or pattern only."""
        if not self.restricted or namespace in self.namespaces:
            return True
        return None if self.by_pattern else False


@dataclass(frozen=True, slots=True)
class Managed:
    """A Certificate or SealedSecret, and the Secret it writes; `observed` is the generation its status is of."""

    meta: Meta
    kind: str
    target: str
    ready: Condition | None = None
    observed: int | None = None
    expires: datetime | None = None

    @property
    def says(self) -> Says:
        """Of its own generation; what it says of an older one is nothing."""
        if self.observed != self.meta.generation:
            return Says.NOTHING
        return _read(self.ready, _CERTIFICATE if self.kind == "Certificate" else None)

    def __str__(self) -> str:
        """`Certificate/web`."""
        return f"{self.kind}/{self.meta.name}"


Stores = Seen[Mapping[str, SecretStore | Unseen]] | Unseen
"""By name; of cluster-scoped ones only those that an ExternalSecret here refers to."""

Managers = Seen[tuple[Managed | Unseen, ...]] | Unseen


@dataclass(frozen=True, slots=True)
class Secrets:
    """What stands behind the Secrets of one namespace. Objects that are being deleted are not in it.

    `others` holds, by kind, what else may stand behind a reference. `workloads` are those that the scope selects, and
    `references` are theirs; both are empty where references are ignored.
    """

    namespace: str
    external: tuple[ExternalSecret, ...]
    stores: Stores
    cluster_stores: Stores
    others: Mapping[str, Managers]
    workloads: Workloads
    references: tuple[Reference, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def hint(self) -> str:
        """Why nothing may have been selected."""
        return (
            f"{len(self.external)} ExternalSecrets in the namespace; "
            f"{len(self.workloads.items)} workloads selected, which refer to {len(self.references)} Secrets"
        )

    def managers(self, secret: str) -> Iterator[Managed | Unseen]:
        """What else may stand behind a Secret: also what is not seen, or does not decode, since it may be the one."""
        for source in self.others.values():
            if isinstance(source, Unseen):
                yield source
            else:
                yield from (one for one in source.value if isinstance(one, Unseen) or one.target == secret)
        yield from map(unread, self.unreadable)

    @staticmethod
    def reads(want: ExternalSecretsExpectation) -> frozenset[Resource]:
        """What must be watched."""
        behind = {EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES}
        others = {MANAGERS[kind] for kind in want.also_managed_by}
        return frozenset(behind | others) | (frozenset() if want.references == "Ignore" else LIVE_TEMPLATES)


def unread(thing: Unreadable) -> Unseen:
    """An object that does not decode, as evidence that is missing."""
    return Unseen(Why.UNREADABLE, f"{thing.kind}/{thing.meta.name}: {thing.message}")


def cluster_stores(external: ExternalSecret) -> frozenset[str]:
    """Names of the ClusterSecretStores that it reads from."""
    return frozenset(store.name for store in external.stores if store.kind == CLUSTER_SECRET_STORES.kind)
