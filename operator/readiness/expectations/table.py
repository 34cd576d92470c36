"""
The table of kinds: one visible line per kind, nothing registered by import.

The two row functions are generic, so that a row whose model, evidence and module do not fit each other
is a type error; each row is erased to a plain `Kind` that the rest of the program can loop over.
"""

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.api.v1alpha1.expectations.non_root import NonRootExpectation
from readiness.api.v1alpha1.expectations.probes import ProbesExpectation
from readiness.api.v1alpha1.parameters import Parameters
from readiness.evidence.backups import Backups
from readiness.evidence.configuration import Configurations
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


Memo = MutableMapping[str, Remembered]
"""By the subject's uid. An entry stands while the same evidence stands and its time is not up."""


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
        found: list[Finding] = [unreadable(thing) for thing in seen.unreadable]
        kept: dict[str, Remembered] = {}
        for uid, subject in seen:
            entry = memo.get(uid) if memo is not None else None
            if entry is None or entry.evidence is not subject or (entry.until is not None and entry.until <= now):
                judged = tuple(module.evaluate(want, subject, now))
                entry = Remembered(subject, judged, min((f.holds_until for f in judged if f.holds_until), default=None))
            kept[uid] = entry
            found.extend(entry.findings)
        if memo is not None:
            memo.clear()
            memo.update(kept)
        merged = one_per_subject(found, module.REASONS)
        return merged if conclude is None else tuple(conclude(want, merged))

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
