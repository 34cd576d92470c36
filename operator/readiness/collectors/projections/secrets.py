"""
ExternalSecrets and their stores, Certificates and SealedSecrets: what they say of themselves.

Fields: External Secrets apis/externalsecrets/v1 (what is read here is the same in v1beta1), cert-manager.io/v1,
bitnami.com/v1alpha1. Of a store only what reviews may see is kept: provider, Ready, and whom it admits.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from readiness.collectors.projections.projection import Instant, MetaStruct, Projection, Struct, meta_of
from readiness.evidence.objects import Record
from readiness.evidence.resources import (
    CERTIFICATES,
    CLUSTER_SECRET_STORES,
    EXTERNAL_SECRETS,
    SEALED_SECRETS,
    SECRET_STORES,
    Resource,
)
from readiness.evidence.secrets import Condition, ExternalSecret, Managed, SecretStore, StoreRef

_RETAINED: Final = "retained due to deletionpolicy=retain"
"""All that tells, in a message of a condition that is True, that the provider had no data (since v0.11)."""


class _Condition(Struct):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    observed_generation: int | None = None


class _Named(Struct):
    kind: str = ""
    name: str = ""


class _SourceRef(Struct):
    store_ref: _Named | None = None
    generator_ref: _Named | None = None


class _Entry(Struct):
    source_ref: _SourceRef | None = None


class _Target(Struct):
    name: str = ""
    creation_policy: str = ""
    manifest: _Named | None = None


class _ExternalSpec(Struct):
    secret_store_ref: _Named | None = None
    target: _Target | None = None
    refresh_policy: str = ""
    refresh_interval: str | None = None
    data: list[_Entry] | None = None
    data_from: list[_Entry] | None = None
    sync_windows: dict[str, msgspec.Raw] | None = None


class _ExternalStatus(Struct):
    refresh_time: Instant | None = None
    synced_resource_version: str = ""
    conditions: list[_Condition] | None = None


class _External(Struct):
    metadata: MetaStruct
    spec: _ExternalSpec
    status: _ExternalStatus | None = None


class _StoreCondition(Struct):
    namespaces: list[str] | None = None
    namespace_selector: dict[str, msgspec.Raw] | None = None
    namespace_regexes: list[str] | None = None


class _StoreSpec(Struct):
    provider: dict[str, msgspec.Raw] | None = None
    conditions: list[_StoreCondition] | None = None


class _Status(Struct):
    conditions: list[_Condition] | None = None
    observed_generation: int | None = None
    not_after: Instant | None = None


class _Store(Struct):
    metadata: MetaStruct
    spec: _StoreSpec
    status: _Status | None = None


class _ManagedSpec(Struct):
    secret_name: str = ""


class _Managed(Struct):
    metadata: MetaStruct
    spec: _ManagedSpec
    status: _Status | None = None


def _external(raw: bytes) -> ExternalSecret:
    one = _EXTERNAL.decode(raw)
    spec, target, status = one.spec, one.spec.target or _Target(), one.status or _ExternalStatus()
    elsewhere = target.manifest is not None and target.manifest.kind != "Secret"
    return ExternalSecret(
        meta=meta_of(one.metadata, EXTERNAL_SECRETS),
        target="" if elsewhere else target.name or one.metadata.name,
        stores=tuple(sorted(set(_stores(spec)), key=str)),
        generators=tuple(
            sorted({ref.kind for entry in spec.data_from or () if (ref := _generator(entry)) is not None})
        ),
        creation_policy=target.creation_policy or "Owner",
        refresh_policy=spec.refresh_policy,
        interval=timedelta(hours=1) if spec.refresh_interval is None else go_duration(spec.refresh_interval),
        windows=bool(spec.sync_windows),
        ready=_condition(status.conditions, "Ready"),
        refreshed=_utc(status.refresh_time),
        synced=status.synced_resource_version.partition("-")[0],
        retained=any(_RETAINED in one.message.casefold() for one in status.conditions or () if one.type == "Ready"),
    )


def _stores(spec: _ExternalSpec) -> Iterable[StoreRef]:
    """The stores that data really come from: an entry's own, else the common one."""
    default = spec.secret_store_ref or _Named()
    entries = [*(spec.data or ()), *(spec.data_from or ())]
    for entry in entries:
        if _generator(entry) is None:
            own = entry.source_ref.store_ref if entry.source_ref is not None else None
            yield _store_ref(own or default)
    if not entries and default.name:
        yield _store_ref(default)


def _store_ref(named: _Named) -> StoreRef:
    return StoreRef(named.kind or "SecretStore", named.name)


def _generator(entry: _Entry) -> _Named | None:
    return entry.source_ref.generator_ref if entry.source_ref is not None else None


def _store(resource: Resource) -> Callable[[bytes], Record]:
    def decode(raw: bytes) -> SecretStore:
        one = _STORE.decode(raw)
        conditions = (one.spec.conditions if resource is CLUSTER_SECRET_STORES else None) or ()
        return SecretStore(
            meta=meta_of(one.metadata, resource, labels=()),
            provider=next(iter(one.spec.provider or ()), ""),
            ready=_condition(one.status.conditions if one.status else None, "Ready"),
            restricted=bool(conditions),
            namespaces=frozenset(name for condition in conditions for name in condition.namespaces or ()),
            by_pattern=any(
                condition.namespace_selector is not None or condition.namespace_regexes for condition in conditions
            ),
        )

    return decode


def _certificate(raw: bytes) -> Managed:
    one = _MANAGED.decode(raw)
    status = one.status or _Status()
    ready = next((condition for condition in status.conditions or () if condition.type == "Ready"), None)
    return Managed(
        meta=meta_of(one.metadata, CERTIFICATES, labels=()),
        kind="Certificate",
        target=one.spec.secret_name,
        ready=_condition(status.conditions, "Ready"),
        observed=ready.observed_generation if ready else None,
        expires=_utc(status.not_after),
    )


def _sealed(raw: bytes) -> Managed:
    one = _MANAGED.decode(raw)
    status = one.status or _Status()
    return Managed(
        meta=meta_of(one.metadata, SEALED_SECRETS, labels=()),
        kind="SealedSecret",
        target=one.metadata.name,
        ready=_condition(status.conditions, "Synced"),
        observed=status.observed_generation,
    )


def _utc(instant: datetime | None) -> datetime | None:
    """An offset can lead out of the calendar, where comparing would fail."""
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError:
        raise msgspec.ValidationError("a time is out of range") from None


def _condition(conditions: list[_Condition] | None, wanted: str) -> Condition | None:
    found = next((one for one in conditions or () if one.type == wanted), None)
    return None if found is None else Condition(found.status, found.reason)


_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"[+-]?(?:0|(?:{_PART.pattern})+)")
_LONGEST: Final = 2**63 / 1e9  # in seconds: Go counts nanoseconds in 64 bits


def go_duration(text: str) -> timedelta:
    """What Go's time.ParseDuration makes of it; the schema of the CRD admits any text."""
    if len(text) > 64 or not _WHOLE.fullmatch(text):
        raise msgspec.ValidationError("refreshInterval is not a duration")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if seconds > _LONGEST:
        raise msgspec.ValidationError("refreshInterval is longer than Go can hold")
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


_EXTERNAL: Final = msgspec.json.Decoder(_External)
_STORE: Final = msgspec.json.Decoder(_Store)
_MANAGED: Final = msgspec.json.Decoder(_Managed)

PROJECTIONS: Final = (
    Projection(EXTERNAL_SECRETS, _external),
    Projection(SECRET_STORES, _store(SECRET_STORES)),
    # It does not say whom it concerns: the gate asks which ExternalSecrets refer to it.
    Projection(CLUSTER_SECRET_STORES, _store(CLUSTER_SECRET_STORES), concerns=lambda _: None),
    Projection(CERTIFICATES, _certificate),
    Projection(SEALED_SECRETS, _sealed),
)
