"""
The same judgement over YAML files, without a cluster: what `readiness review` does.

The pure half is the operator's own; only the inventory is filled from files. The barrier does not apply, and
what the files do not hold is seen and empty.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from readiness.api.v1alpha1 import review as reviews
from readiness.api.v1alpha1.review import Invalid, Review
from readiness.api.v1alpha1.status import Status
from readiness.collectors import files, sources
from readiness.collectors.access import Gate, View
from readiness.collectors.files import FileWorld
from readiness.collectors.sources import Found
from readiness.evidence.seen import Unseen
from readiness.expectations import table
from readiness.judgement import verdict as verdicts
from readiness.judgement.assess import assess
from readiness.judgement.verdict import Facts, Verdict
from readiness.outputs import conditions
from readiness.runtime import taking
from readiness.runtime.register import API_VERSION, REVIEWS
from readiness.runtime.settings import Settings

_NOTHING: Final = "the manifests hold no object"


@dataclass(frozen=True, slots=True)
class Input:
    """What was read, and what could not be: `named` holds the reviews if it is not None, else the manifests do."""

    manifests: Sequence[Found]
    named: Sequence[Found] | None
    namespace: str
    now: datetime
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A review as the operator would leave it: the object with its status, and what kinds raised on the way."""

    object: dict[str, Any]
    status: Status
    raised: tuple[str, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether Ready is True."""
        ready = self.status.condition("Ready")
        return ready is not None and ready.status == "True"


@dataclass(frozen=True, slots=True)
class Answers:
    """All reviews, or everything that is wrong with the input; `notes` are about what was left out."""

    reviews: tuple[Answered, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Sorted:
    """The reviews to judge, the objects they are judged by, and what is wrong with either."""

    reviews: list[tuple[Found, Review]] = field(default_factory=list)
    world: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def review(given: Input, settings: Settings) -> Answers:
    """Judge the reviews over the manifests; what stands beside the reviews in their file is judged too."""
    found = _sorted(given)
    if found.problems:
        return Answers(problems=tuple(found.problems), notes=tuple(found.notes))
    listed = {ns: frozenset(names) for ns, names in settings.evidence_namespaces.items()}
    allowed = [name for names in listed.values() for name in names]
    world = FileWorld(given.now, namespace=given.namespace, allowed=allowed)
    unread = [one for one in found.world if not world.add(one.value)]
    gate = Gate(world.sealed(), listed)
    answered = (_answered(one, whole, gate, settings, given.now) for one, whole in found.reviews)
    return Answers(tuple(answered), notes=(*found.notes, *_elsewhere(found, given.namespace), *_unjudged(unread)))


def _sorted(given: Input) -> _Sorted:
    result = _Sorted(problems=list(given.problems))
    candidates = [one for one in given.named or () if _is_review(one)]
    among = [one for one in given.manifests if _is_review(one)]
    if given.named is None:
        candidates = among
    elif among:
        result.notes.append(f"{len(among)} of the manifests are reviews, passed over because of --file")
    result.world = [one for one in (*(given.named or ()), *given.manifests) if not _is_review(one)]
    result.problems += sources.twice([*candidates, *result.world], given.namespace)
    for one in result.world:
        wrong = files.misfit(one.value)
        if wrong is not None:
            result.problems.append(f"{one.place}: {wrong}")
    for one in candidates:
        answer = reviews.read(_as_stored(one, given.namespace))
        if isinstance(answer, Invalid):
            result.problems += [f"{one.place}: {problem}" for problem in answer.problems]
        else:
            result.reviews.append((one, answer))
    if not result.problems:  # else it may stand in what could not be read
        result.problems += _missing(given, candidates, result.world)
    return result


def _missing(given: Input, candidates: Sequence[Found], world: Sequence[Found]) -> Iterator[str]:
    if not candidates:
        where = "the manifests: name its file with --file" if given.named is None else "the file that --file names"
        yield f"no ReadinessReview in {where}"
    if not world:
        yield _NOTHING


def _is_review(found: Found) -> bool:
    return found.type == (REVIEWS.group, REVIEWS.kind)


def _as_stored(found: Found, namespace: str) -> dict[str, Any]:
    """As an API server would hold it; whatever status stands in a file is never looked at."""
    given = {key: value for key, value in found.value["metadata"].items() if value is not None}
    meta = {"name": found.name, "namespace": found.namespace(namespace), "generation": 1, **given}
    meta["namespace"] = found.namespace(namespace)
    return {**found.value, "metadata": meta}


def _elsewhere(found: _Sorted, default: str) -> Iterator[str]:
    """The commonest reason for an empty answer: manifests without a namespace, and a review with one."""
    namespaces = {one.namespace(default) for one in found.world}
    for one, _ in found.reviews:
        own = one.namespace(default)
        if own not in namespaces:
            said = ", ".join(sorted(namespaces)[:8])
            yield f"{own}/{one.name} sees its own namespace alone, and the manifests are in {said}: see --namespace"


def _unjudged(unread: Iterable[Found]) -> Iterator[str]:
    """What runs Pods and is no workload that is known: in a cluster its Pods are judged, here there are none."""
    names = sorted(f"{one.type[1]}/{one.name}" for one in unread if _has_pod_template(one.value))
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        yield f"of these only the Pods would be judged, and files hold none: {', '.join(names[:8])}{more}"


def _has_pod_template(value: Mapping[str, Any]) -> bool:
    for step in ("spec", "template", "spec", "containers"):
        inner = value.get(step)
        if not isinstance(inner, Mapping):
            return isinstance(inner, list)
        value = inner
    return False


def _answered(found: Found, review: Review, gate: Gate, settings: Settings, now: datetime) -> Answered:
    before = Status()
    verdict, raised = _judged(review, gate.view(review.meta.namespace), settings, before, now)
    status = conditions.render(verdict, before, now)
    try:
        conditions.check_invariant(status, review.spec.suspend, review.meta.deleting, now)
    except conditions.InvariantBroken as broken:
        status = conditions.minimal(review.meta, before, now, str(broken))
    stored = _as_stored(found, review.meta.namespace)
    shown = {"apiVersion": API_VERSION, "kind": REVIEWS.kind, "metadata": stored["metadata"], "spec": stored["spec"]}
    return Answered({**shown, "status": status.dump()}, status, raised)


def _judged(
    review: Review, view: View, settings: Settings, before: Status, now: datetime
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, as the operator comes to it once every source was seen."""
    evidence = taking.take(review, view)
    selected, _ = taking.workloads(review, view)
    assessed = {}
    for key, (expectation, gathered) in evidence.items():
        name, want = expectation.check.one()
        assessed[key] = assess(table.by_name(name), want, gathered.evidence, now)
    lost: list[Unseen] = [absent for _, gathered in evidence.values() for absent in gathered.lost]
    facts = Facts(
        review=review,
        digest=reviews.digest(review.spec),
        assessed=assessed,
        workloads=selected,
        lost=tuple(dict.fromkeys(lost)),
        before=before,
        now=now,
        proven=True,
        hold_for=settings.hold_for,
    )
    raised = tuple(
        f"{'/'.join(key)}: {type(one.raised).__name__}: {one.raised}"
        for key, one in assessed.items()
        if one.raised is not None
    )
    return verdicts.decide(facts), raised
