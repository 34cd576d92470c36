"""
Backups: which claims are meant, and what each source of proofs holds about this namespace.

A claim is meant because a template mounts it, because a StatefulSet makes it, or because it is there. What a source
holds is joined here by uid and by reference; whether it proves anything is judged elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Final

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.collectors.access import View
from readiness.collectors.gatherers import proofs, workloads
from readiness.collectors.gatherers.gathered import Gathered
from readiness.evidence.backups import Backups, Claim, ClaimRecord, sources
from readiness.evidence.objects import Record, Ref, Unreadable
from readiness.evidence.resources import CLAIMS
from readiness.evidence.seen import Seen, Unseen, Why
from readiness.evidence.selecting import Scope
from readiness.evidence.workloads import Workload, Workloads, templates

_HELD: Final = frozenset({"Bound", "Lost"})
_NO_CLAIM: Final = "no PersistentVolumeClaim is mounted; databases outside the cluster need another kind"


def gather(view: View, want: BackupsExpectation, scope: Scope) -> Gathered[Backups]:
    """The claims are needed as a whole; each source that may count is seen or unseen by itself."""
    chosen, there = workloads.gather(view, want, scope), view.records(CLAIMS)
    for needed in (chosen.evidence, there):
        if isinstance(needed, Unseen):
            return Gathered(needed, lost=(needed,))
    assert isinstance(chosen.evidence, Seen)
    assert isinstance(there, Seen)
    deciding, unreadable = _deciding(want, chosen.evidence.value)
    using = view.kept.scoped(scope).claiming.of(chosen.evidence.value.items, _uses_claims)
    meant = tuple(one for one in compress(chosen.evidence.value.items, using) if _is_meant(want, one))
    claims = _claims(want, meant, there.value)
    bound = sum(isinstance(one, ClaimRecord) and one.phase == "Bound" for one in there.value.values())
    counted = sources(want)
    found = Backups(
        namespace=view.namespace,
        claims=claims,
        deciding=deciding,
        unreadable=unreadable,
        snapshots=proofs.snapshots(view) if "VolumeSnapshot" in counted else None,
        velero=proofs.velero(view, bound) if "Velero" in counted else (),
        cron_jobs=proofs.cron_jobs(view, want) if "CronJob" in counted else None,
        hint=chosen.evidence.value.hint or _NO_CLAIM,
    )
    lost = tuple(one for _, one in found.told(want) if isinstance(one, Unseen))
    return Gathered(Seen(found, min(chosen.evidence.as_of, there.as_of)), chosen.pending, lost)


def _deciding(want: BackupsExpectation, chosen: Workloads) -> tuple[tuple[Workload, ...], tuple[Unreadable, ...]]:
    """The workloads whose templates decide which claims are meant."""
    if want.claims == "Namespace":
        return (), ()
    if want.claims == "Mounted":
        return chosen.items, chosen.unreadable
    return (
        tuple(one for one in chosen.items if _is_meant(want, one)),
        tuple(one for one in chosen.unreadable if one.kind == "StatefulSet"),
    )


def _is_meant(want: BackupsExpectation, workload: Workload) -> bool:
    return want.claims in {"Mounted", "Namespace"} or workload.object.kind == "StatefulSet"


def _uses_claims(workload: Workload) -> bool:
    """Most workloads mount none, and then need not be looked at."""
    made = workload.replication is not None and bool(workload.replication.claim_templates)
    return made or any(volume.claim for _, template in templates(workload) for volume in template.volumes)


@dataclass(slots=True)
class _Use:
    """Who uses one claim, and what it is one of."""

    subjects: dict[Ref, None] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    family: str = ""
    owner: str = ""
    ordinal: int | None = None

    def by(self, workload: Workload, claim: str) -> None:
        self.subjects[workload.subject.at(item=claim)] = None
        self.known |= {(ref.kind, ref.name) for ref in (workload.subject, workload.object)}


def _claims(want: BackupsExpectation, using: tuple[Workload, ...], there: Mapping[str, Record]) -> tuple[Claim, ...]:
    by_name = {record.meta.name: record for record in there.values()}
    uses: defaultdict[str, _Use] = defaultdict(_Use)
    for workload in sorted(using, key=lambda one: (str(one.subject), str(one.object))):
        _mounted(workload, uses)
        _made(workload, uses, by_name)
    if want.claims == "Namespace":
        for name in [one for one in uses if not _is_held(by_name.get(one))]:
            del uses[name]
        for name in [one for one in by_name if _is_held(by_name[one]) and not uses[one].subjects]:
            uses[name].subjects[Ref("PersistentVolumeClaim", name, item=name)] = None
    return tuple(_claim(name, uses[name], by_name.get(name)) for name in sorted(uses))


def _mounted(workload: Workload, uses: defaultdict[str, _Use]) -> None:
    """Claims that a live template names; a StatefulSet's claim templates replace volumes of their name."""
    replaced = workload.replication.claim_templates if workload.replication else ()
    foreign_pod = workload.object.kind == "Pod" and workload.subject != workload.object
    for _, template in templates(workload):
        for volume in template.volumes:
            if volume.claim and volume.name not in replaced:
                use = uses[volume.claim]
                use.by(workload, volume.claim)
                if foreign_pod:
                    use.family = f"{workload.subject} volume {volume.name}"


def _made(workload: Workload, uses: defaultdict[str, _Use], by_name: Mapping[str, Record]) -> None:
    """Claims that a StatefulSet makes for every ordinal, and those it made for ordinals that it no longer has."""
    made = workload.replication
    if made is None:
        return
    wanted = range(made.first_ordinal, made.first_ordinal + made.replicas)
    for claim_template in made.claim_templates:
        stem = f"{claim_template}-{workload.object.name}-"
        left = {int(tail) for tail in _tails(stem, by_name)}
        for ordinal in sorted(left.union(wanted)):
            use = uses[f"{stem}{ordinal}"]
            use.family, use.owner, use.ordinal = f"{workload.uid} {claim_template}", workload.uid, ordinal
            if ordinal in wanted:
                use.by(workload, f"{stem}{ordinal}")


def _tails(stem: str, names: Mapping[str, Record]) -> Iterator[str]:
    """What follows the stem, where it is an ordinal as a StatefulSet writes it."""
    for name in names:
        tail = name.removeprefix(stem)
        if tail != name and tail.isascii() and tail.isdecimal() and str(int(tail)) == tail:
            yield tail


def _is_held(record: Record | None) -> bool:
    """Whether a claim holds (or has lost) a volume of its own; one that a Pod owns goes with the Pod.

    One that does not decode may hold a volume.
    """
    if isinstance(record, ClaimRecord):
        generic_ephemeral = record.meta.owner is not None and record.meta.owner.kind == "Pod"
        return record.phase in _HELD and not generic_ephemeral
    return record is not None


def _claim(name: str, use: _Use, record: Record | None) -> Claim:
    broken = isinstance(record, Unreadable)
    return Claim(
        name=name,
        subjects=tuple(use.subjects),
        known=frozenset(use.known),
        record=record if isinstance(record, ClaimRecord) else None,
        unreadable=Unseen(Why.UNREADABLE, f"PersistentVolumeClaim {name} cannot be decoded", CLAIMS.name)
        if broken
        else None,
        family=use.family,
        owner=use.owner,
        ordinal=use.ordinal,
    )
