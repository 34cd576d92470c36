"""
Secrets are synced from an external store, and the selected workloads use only such secrets.

A Secret that somebody applied by hand is in somebody's shell history, is not rotated, and is gone with the
cluster. One that is synced can be rotated where it is kept, as long as the sync still works.

Reads: ExternalSecrets, the SecretStores and ClusterSecretStores that they name, the live templates of the selected
workloads, and Certificates and SealedSecrets where alsoManagedBy lists them. Never a Secret itself.
Unmet: one finding per ExternalSecret that does not deliver, and one per Secret that a workload refers to and no
ExternalSecret delivers: env, envFrom, secret and projected volumes, csi nodePublishSecretRef and imagePullSecrets,
of every container. Ready=True alone is no proof: External Secrets says so too of a Secret that it deleted, never
found, or kept because the provider had nothing.
Silent: on ClusterExternalSecrets (the ExternalSecrets that they make are judged), on Secrets that no selected workload
refers to, on the imagePullSecrets of ServiceAccounts, and on volume types other than those above.
Known limits: with deletionPolicy Merge or Delete, External Secrets drops keys that are missing at the provider and
still reports success. Before its version 0.11 a Secret that was kept for want of data cannot be told from a synced
one. A ClusterGenerator is not read, so that only `providers` can say that generators are welcome. A
ClusterSecretStore that admits this namespace by label selector or pattern only is Unknown: name the namespace.

Example:
    - name: secrets-synced
      check: {externalSecrets: {minimum: 1, providers: [vault]}}
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1 import durations, instants
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.api.v1alpha1.reasons import Reason
from readiness.evidence.objects import Ref
from readiness.evidence.references import Reference
from readiness.evidence.secrets import ExternalSecret, Managed, Says, Secrets, SecretStore, StoreRef
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.selecting import compiled, matches
from readiness.expectations.finding import Finding, Outcome, gaps, met, unknown, unmet, unreadable, unseen, worst

DELETED: Final = "SecretDeleted"  # the provider has nothing, so the Secret was deleted
MISSING: Final = "SecretMissing"  # there is no Secret to write to, or it must not be created
STORE_NOT_READY: Final = "StoreNotReady"  # the store is missing, does not work, or excludes this namespace
NOT_SYNCED: Final = "SecretNotSynced"  # the last sync failed, or none ever came
TOO_OLD: Final = "SyncTooOld"  # the last sync that worked is older than maxAge
RETAINED: Final = "SecretRetained"  # the provider has nothing, and the old Secret was kept
PROVIDER_NOT_ALLOWED: Final = "ProviderNotAllowed"  # it reads from a provider that the review does not allow
ROTATION_IMPOSSIBLE: Final = "RotationImpossible"  # it is fetched once and never refreshed
NOT_EXTERNAL: Final = "SecretNotExternal"  # a workload refers to a Secret that nothing external delivers
TOO_FEW: Final = "TooFewExternalSecrets"  # fewer than minimum
STORE_UNKNOWN: Final = "StoreValidationUnknown"  # nobody can say whether the store works, or for this namespace
MAX_AGE_UNDECIDED: Final = "MaxAgeUndecided"  # syncWindows delay refreshes by intent: the author must set maxAge
PENDING: Final = "SyncPending"  # it was changed and not synced since
NEVER_SYNCED: Final = "NeverSynced"  # it is new and says nothing yet
SYNCED: Final = "SecretSynced"  # the last sync worked and is recent
REASONS: Final = (
    *(DELETED, MISSING, STORE_NOT_READY, NOT_SYNCED, TOO_OLD, RETAINED, PROVIDER_NOT_ALLOWED, ROTATION_IMPOSSIBLE),
    *(NOT_EXTERNAL, TOO_FEW, STORE_UNKNOWN, MAX_AGE_UNDECIDED, PENDING, NEVER_SYNCED, SYNCED),
)

_ORDER: Final = (*REASONS, *Why)
"""Lost evidence comes last: a certificate may outlive it for a while, and must not outlive what is Unknown besides."""

_DELIVERS_NOT: Final = {
    Says.FAILED: (NOT_SYNCED, "the last sync failed: see kubectl describe externalsecret"),
    Says.MISSING: (MISSING, "there is no Secret and creationPolicy makes none: set Owner, or create the Secret"),
    Says.DELETED: (DELETED, "the provider had nothing, so that the Secret was deleted: restore the value there"),
    Says.RETAINED: (RETAINED, "the provider had nothing, so that an old Secret was kept: restore the value there"),
}

_SKEW: Final = timedelta(minutes=1)


def evaluate(want: ExternalSecretsExpectation, seen: Secrets, now: datetime) -> Iterator[Finding]:
    """Judge ExternalSecrets first; each reference takes the outcome of what stands behind it."""
    wanted = [one for one in seen.references if one.required or want.references == "All"]
    used = {one.secret for one in wanted}
    selector = compiled(want.selector)
    chosen = {
        one.meta.name
        for one in seen.external
        if matches(selector, one.meta.labels) and (want.judge == "Namespace" or one.target in used)
    }
    by_target: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in seen.external:
        if one.meta.name in chosen or one.target in used:
            judged = _external(want, seen, one, now)
            yield judged
            if one.target:
                by_target[one.target].append(judged)
    hidden = [one for one in seen.unreadable if matches(selector, one.meta.labels)]
    yield from map(unreadable, hidden if want.references == "Ignore" else seen.unreadable)
    if len(chosen) + len(hidden) < want.minimum:
        said = f"{len(chosen)} ExternalSecrets are here and selected, minimum is {want.minimum}: sync more Secrets"
        yield unmet(Ref("Namespace", seen.namespace), TOO_FEW, said)
    yield from _unsure(seen)
    for reference in wanted:
        yield _reference(seen, reference, by_target.get(reference.secret, []), now)


def _unsure(seen: Secrets) -> Iterator[Finding]:
    """References that nobody could read; without workloads there would be none, and all of them fine."""
    yield from (unreadable(one) for one in seen.workloads.unreadable)
    for workload in seen.workloads.items:
        yield from gaps(workload)
    if not seen.workloads.items and seen.workloads.outside:
        said = f"the scope selects no workload, so that no reference is checked: {seen.workloads.hint}"
        yield unknown(Ref("Namespace", seen.namespace), Reason.NOTHING_SELECTED, said)


def _external(want: ExternalSecretsExpectation, seen: Secrets, one: ExternalSecret, now: datetime) -> Finding:
    """The worst of what its status, its refresh policy and its sources say."""
    subject = Ref("ExternalSecret", one.meta.name)
    found = [_status(want, one, subject, now), *_rotation(want, one, subject), *_sources(want, seen, one, subject)]
    return worst(found, _ORDER)


def _status(want: ExternalSecretsExpectation, one: ExternalSecret, subject: Ref, now: datetime) -> Finding:
    says = one.says
    if says in _DELIVERS_NOT:
        reason, said = _DELIVERS_NOT[says]
        policy = f", creationPolicy {one.creation_policy}" if says is Says.MISSING else ""
        return unmet(subject, reason, f"{said} (Ready: {one.ready or 'nothing'}{policy})")
    if says is Says.NOTHING:
        return _silent(one, subject, now)
    if says is Says.NOT_UNDERSTOOD:
        return _not_understood(subject, f"Ready: {one.ready}")
    return _freshness(want, one, subject, now)


def _not_understood(subject: Ref, seen: str) -> Finding:
    return unknown(subject, Reason.STATUS_NOT_UNDERSTOOD, f"{seen}: a status that no known version has")


def _silent(one: ExternalSecret, subject: Ref, now: datetime) -> Finding:
    """Nothing was synced yet: to be expected of a new object, and of no other."""
    until = one.meta.created + one.first_sync if one.meta.created else None
    said = "no sync is reported (Ready, refreshTime and syncedResourceVersion)"
    if until is not None and until <= now:
        return unmet(subject, NOT_SYNCED, f"{said}: is a controller running that handles its store's controller class?")
    return unknown(subject, NEVER_SYNCED, f"{said}: wait for the first one", holds_until=until)


def _freshness(want: ExternalSecretsExpectation, one: ExternalSecret, subject: Ref, now: datetime) -> Finding:
    assert one.refreshed is not None
    at = instants.text(one.refreshed)
    if one.refreshed > now + _SKEW:
        said = f"status.refreshTime {at} is in the future: is the clock of the controller right?"
        return unknown(subject, Reason.TIME_IN_FUTURE, said, holds_until=one.refreshed - _SKEW)
    undecided = one.windows and not one.one_shot and want.max_age is None
    limit = want.max_age or (None if undecided or one.one_shot else one.usual_age)
    until = one.refreshed + limit if limit else None
    if limit and until and until <= now:
        said = f"the last sync that worked ({at}) is older than {durations.text(limit)}: look at the store and the provider"
        return unmet(subject, TOO_OLD, said)
    if one.synced != str(one.meta.generation):
        said = f"generation {one.meta.generation} is not synced yet (last: {one.synced})"
        return unknown(subject, PENDING, said, holds_until=until)
    if undecided:
        said = "spec.syncWindows delay refreshes: set maxAge to the longest time that may pass between two windows"
        return unknown(subject, MAX_AGE_UNDECIDED, said)
    return met(subject, SYNCED, holds_until=until, evidence_time=one.refreshed)


def _rotation(want: ExternalSecretsExpectation, one: ExternalSecret, subject: Ref) -> Iterator[Finding]:
    how = f"refreshPolicy is {one.refresh_policy}" if one.pinned else "refreshInterval is 0"
    if one.pinned and one.creation_policy == "Orphan":
        said = f"{how} and creationPolicy Orphan, so that nobody would notice an edited Secret: set Owner or Periodic"
        yield unmet(subject, ROTATION_IMPOSSIBLE, said)
    elif one.one_shot and not want.allow_one_shot:
        said = (
            f"{how}, so that a rotated value never arrives: set Periodic and an interval, or allowOneShot in the review"
        )
        yield unmet(subject, ROTATION_IMPOSSIBLE, said)


def _sources(want: ExternalSecretsExpectation, seen: Secrets, one: ExternalSecret, subject: Ref) -> Iterator[Finding]:
    if not one.stores and not one.generators:
        yield unmet(subject, STORE_NOT_READY, "it names neither a store nor a generator: set spec.secretStoreRef")
    for kind in one.generators:
        name = "fake" if kind == "Fake" else "generator"
        yield from _provider(want, subject, name, f"generator {kind}")
        if kind == "ClusterGenerator" and want.providers is None:
            said = "a ClusterGenerator may be a fake one and is not read: list generator under providers to allow it"
            yield unknown(subject, STORE_UNKNOWN, said)
    for ref in one.stores:
        yield from _store(want, seen, ref, subject)


def _store(want: ExternalSecretsExpectation, seen: Secrets, ref: StoreRef, subject: Ref) -> Iterator[Finding]:
    source = {"SecretStore": seen.stores, "ClusterSecretStore": seen.cluster_stores}.get(ref.kind)
    if source is None:
        yield _not_understood(subject, f"storeRef.kind {ref.kind}")
        return
    store = source if isinstance(source, Unseen) else source.value.get(ref.name)
    if isinstance(store, Unseen):
        yield unseen(subject, store)
    elif store is None:
        yield unmet(subject, STORE_NOT_READY, f"{ref} does not exist: create it, or correct the reference")
    else:
        yield from _provider(want, subject, store.provider, str(ref))
        yield from _working(store, ref, subject, seen.namespace)


def _provider(want: ExternalSecretsExpectation, subject: Ref, provider: str, source: str) -> Iterator[Finding]:
    """Any provider but fake, unless the author lists those that may be."""
    if not provider:
        yield _not_understood(subject, f"{source} has no spec.provider")
    elif want.providers is None and provider.casefold() == "fake":
        said = f"{source} makes its values up (fake): read from a real provider"
        yield unmet(subject, PROVIDER_NOT_ALLOWED, said)
    elif want.providers is not None and provider.casefold() not in {one.casefold() for one in want.providers}:
        said = f"{source} reads from {provider}, which providers does not list: use one that it lists"
        yield unmet(subject, PROVIDER_NOT_ALLOWED, said)


def _working(store: SecretStore, ref: StoreRef, subject: Ref, namespace: str) -> Iterator[Finding]:
    admitted, says = store.admits(namespace), store.says
    if admitted is False:
        yield unmet(subject, STORE_NOT_READY, f"{ref} excludes this namespace (spec.conditions): ask its owner")
    if admitted is None:
        said = f"{ref} may admit this namespace by selector or pattern: have it listed by name under spec.conditions"
        yield unknown(subject, STORE_UNKNOWN, said)
    if says is Says.FAILED:
        yield unmet(subject, STORE_NOT_READY, f"{ref} is not ready ({store.ready}): correct it, or ask its owner")
    elif says in {Says.NOTHING, Says.UNVALIDATED}:
        said = f"{ref} was not validated (Ready: {store.ready or 'nothing'}): its provider or controller cannot tell"
        yield unknown(subject, STORE_UNKNOWN, said)
    elif says is not Says.WORKS:
        yield _not_understood(subject, f"{ref}, Ready: {store.ready}")


def _reference(seen: Secrets, reference: Reference, behind: list[Finding], now: datetime) -> Finding:
    """What the ExternalSecrets behind it say; without one, what any other allowed manager says."""
    subject = Ref("Secret", reference.secret, item=reference.secret)
    if behind:
        decisive = worst(behind, _ORDER)
        return replace(decisive, subject=subject, message=f"see {decisive.subject}; {reference}")
    found = [
        unseen(subject, one) if isinstance(one, Unseen) else _manager(one, subject, reference, now)
        for one in seen.managers(reference.secret)
    ]
    proven = [one for one in found if one.outcome is Outcome.MET]
    if proven:
        return proven[0]
    if found:
        return worst([one for one in found if one.outcome is Outcome.UNKNOWN] or found, _ORDER)
    kinds = " or ".join(("ExternalSecret", *seen.others))
    said = f"no {kinds} here targets it; {reference}; sync it, or except it with a reason"
    return unmet(subject, NOT_EXTERNAL, said)


def _manager(one: Managed, subject: Ref, reference: Reference, now: datetime) -> Finding:
    says = one.says
    if says is Says.NOTHING:
        return unknown(subject, PENDING, f"{one} does not say what became of its newest generation; {reference}")
    if says is Says.FAILED:
        return unmet(subject, NOT_SYNCED, f"{one} failed ({one.ready}): see its status; {reference}")
    if says is not Says.WORKS:
        return _not_understood(subject, f"{one}, {one.ready}")
    if one.expires is not None and one.expires <= now:
        return unmet(subject, NOT_SYNCED, f"{one} expired at {instants.text(one.expires)}: renew it; {reference}")
    return met(subject, SYNCED, f"made by {one}; {reference}", holds_until=one.expires)
