"""
The table of kinds: one visible line per kind, nothing registered by import.

The two row functions are generic, so that a row whose model, evidence and module do not fit each other
is a type error; each row is erased to a plain `Kind` that the rest of the program can loop over.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Final, Protocol, TypeVar

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.api.v1alpha1.expectations.non_root import NonRootExpectation
from readiness.api.v1alpha1.expectations.probes import ProbesExpectation
from readiness.api.v1alpha1.parameters import Parameters
from readiness.evidence.backups import Backups
from readiness.evidence.configuration import Configurations
from readiness.evidence.objects import Unreadable
from readiness.evidence.resources import Resource
from readiness.evidence.secrets import Secrets
from readiness.evidence.seen import Many
from readiness.evidence.workloads import Workloads
from readiness.expectations.finding import Finding, one_per_subject, unreadable
from readiness.expectations.kinds import backups, configuration, external_secrets, non_root, probes

W = TypeVar("W", bound=Parameters)
W_contra = TypeVar("W_contra", bound=Parameters, contravariant=True)
E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What one subject's evidence led to, and until when that stands without looking again."""

    evidence: object
    findings: tuple[Finding, ...]
    until: datetime | None


@dataclass(slots=True)
class Memo:
    """What the subjects of one expectation led to, by uid, and what came of them all.

    An entry stands while the same evidence stands and its time is not up; `findings`, while no subject's differ.
    """

    subjects: dict[str, Remembered] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    findings: tuple[Finding, ...] = ()
    seen: object = None  # collectors hold weakly what they handed out

    def clear(self) -> None:
        """Forget everything."""
        self.subjects, self.unreadable, self.findings, self.seen = {}, (), (), None

    def renew(self, seen: Many[S], evaluate: Callable[[S], Iterable[Finding]], now: datetime) -> bool:
        """Judge what is not remembered; whether the findings of any subject differ from before."""
        entries: dict[str, Remembered] = {}
        differs = self.unreadable != seen.unreadable
        for uid, subject in seen:
            assert uid not in entries, f"two subjects have the uid {uid}"
            entry = self.subjects.get(uid)
            if entry is None or entry.evidence is not subject or (entry.until is not None and entry.until <= now):
                found = tuple(evaluate(subject))
                differs = differs or entry is None or entry.findings != found
                entry = Remembered(subject, found, min((f.holds_until for f in found if f.holds_until), default=None))
            entries[uid] = entry
        differs = differs or list(entries) != list(self.subjects)
        self.subjects, self.unreadable, self.seen = entries, seen.unreadable, seen
        return differs


class Evaluates(Protocol[W_contra, E_contra]):
    """What a module under `kinds/` offers."""

    @property
    def REASONS(self) -> tuple[str, ...]:  # noqa: N802  # a module's constant
        """Worst first."""
        ...

    def evaluate(self, want: W_contra, seen: E_contra, now: datetime, /) -> Iterator[Finding]:
        """Yield one finding per subject, met ones too."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: everything the engine needs to know of a kind."""

    name: str
    model: type[Parameters]
    evidence: type[object]
    reads: Callable[[Parameters], frozenset[Resource]]
    judge: Callable[[Parameters, object, datetime, Memo | None], tuple[Finding, ...]]
    reasons: tuple[str, ...]
    doc: str


def each(
    name: str,
    model: type[W],
    evidence: type[Many[S]],
    reads: Callable[[W], frozenset[Resource]],
    module: Evaluates[W, S],
    conclude: Callable[[W, tuple[Finding, ...]], Iterator[Finding]] | None = None,
) -> Kind:
    """A kind that is judged one subject at a time and remembered; `conclude` replaces the findings at the end."""

    def judge(want: Parameters, seen: object, now: datetime, memo: Memo | None) -> tuple[Finding, ...]:
        assert isinstance(want, model)
        assert isinstance(seen, evidence)
        memo = Memo() if memo is None else memo
        if memo.renew(seen, lambda subject: module.evaluate(want, subject, now), now):
            broken = map(unreadable, memo.unreadable)
            found = chain(broken, *(entry.findings for entry in memo.subjects.values()))
            merged = one_per_subject(found, module.REASONS)
            memo.findings = merged if conclude is None else tuple(conclude(want, merged))
        return memo.findings

    return Kind(name, model, evidence, _erased(model, reads), judge, module.REASONS, module.__doc__ or "")


def whole(
    name: str,
    model: type[W],
    evidence: type[E],
    reads: Callable[[W], frozenset[Resource]],
    module: Evaluates[W, E],
) -> Kind:
    """A kind whose subjects are joined: it is judged as a whole."""

    def judge(want: Parameters, seen: object, now: datetime, _memo: Memo | None) -> tuple[Finding, ...]:
        assert isinstance(want, model)
        assert isinstance(seen, evidence)
        return one_per_subject(module.evaluate(want, seen, now), module.REASONS)

    return Kind(name, model, evidence, _erased(model, reads), judge, module.REASONS, module.__doc__ or "")


def _erased(model: type[W], reads: Callable[[W], frozenset[Resource]]) -> Callable[[Parameters], frozenset[Resource]]:
    def erased(want: Parameters) -> frozenset[Resource]:
        assert isinstance(want, model)
        return reads(want)

    return erased


TABLE: Final[tuple[Kind, ...]] = (
    each("probes", ProbesExpectation, Workloads, Workloads.reads, probes),
    each("nonRoot", NonRootExpectation, Workloads, Workloads.reads, non_root),
    whole("externalSecrets", ExternalSecretsExpectation, Secrets, Secrets.reads, external_secrets),
    each(
        "configuration",
        ConfigurationExpectation,
        Configurations,
        Configurations.reads,
        configuration,
        configuration.conclude,
    ),
    whole("backups", BackupsExpectation, Backups, Backups.reads, backups),
)

_BY_NAME: Final = {kind.name: kind for kind in TABLE}


def by_name(name: str) -> Kind:
    """The kind of that name, as written in YAML; KeyError where there is none."""
    return _BY_NAME[name]
