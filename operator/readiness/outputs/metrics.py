"""
The latest verdicts and the state of the sources as Prometheus metrics, read anew at every scrape.

Nothing is remembered here: a review that is deleted disappears by itself. There is no label per object, and what is
zero for nearly everybody is left out, so that the number of series stays bounded by reviews and areas.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from readiness.evidence.seen import SourceState
from readiness.expectations.finding import Outcome
from readiness.judgement.areas import AreaVerdict
from readiness.judgement.tally import earliest
from readiness.judgement.verdict import Verdict
from readiness.outputs.counters import Counters
from readiness.outputs.text import clean

__all__ = ["Counters", "Exposition"]

_REVIEW: Final = ("namespace", "review")
_OWNED: Final = (*_REVIEW, "owner")
_AREA: Final = (*_REVIEW, "area", "owner")
_FAMILIES: Final = {
    "review_ready": ("1 while the review is certified.", _OWNED),
    "review_unknown": ("1 while it is not known whether the review is ready.", _OWNED),
    "review_valid_until_timestamp_seconds": ("When the certificate ends; absent without one.", _REVIEW),
    "review_last_evaluation_timestamp_seconds": ("When the review was last judged.", _REVIEW),
    "review_info": ("The revision judged and the reason of Ready; always 1.", (*_REVIEW, "revision", "reason")),
    "area_ready": ("1 while every blocking expectation of the area is met.", _AREA),
    "area_unknown": ("1 while it is not known whether the area is ready.", _AREA),
    "area_unknown_expectations": ("Expectations of the area that are unknown; absent while none is.", _AREA),
    "expectation_unmet_subjects": (
        "Subjects that are unmet and not excepted; absent while there are none.",
        (*_REVIEW, "area", "expectation", "kind", "severity"),
    ),
    "watch_last_contact_timestamp_seconds": ("When the source was last in contact.", ("resource",)),
    "watch_objects": ("Objects of the resource that are held.", ("resource",)),
    "evidence_unseen": ("Watches of the resource that show nothing, by reason.", ("resource", "reason")),
}


class Exposition(Collector):
    """Metrics of whatever the two callables return when Prometheus asks."""

    def __init__(self, verdicts: Callable[[], Iterable[Verdict]], sources: Callable[[], Iterable[SourceState]]) -> None:
        self._verdicts = verdicts
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        """The names alone, so that registering does not look at any verdict."""
        return _families().values()

    def collect(self) -> Iterable[Metric]:
        families = _families()
        for verdict in _latest(self._verdicts()):
            _add(families, _review(verdict))
            for area in verdict.areas:
                _add(families, _area(verdict, area))
        _add(families, _watches(list(self._sources())))
        return families.values()


_Sample = tuple[str, tuple[str, ...], float]


def _families() -> dict[str, GaugeMetricFamily]:
    return {
        name: GaugeMetricFamily(f"readiness_{name}", said, labels=labels) for name, (said, labels) in _FAMILIES.items()
    }


def _add(families: dict[str, GaugeMetricFamily], samples: Iterable[_Sample]) -> None:
    for name, labels, value in samples:
        families[name].add_metric(labels, value)


def _latest(verdicts: Iterable[Verdict]) -> Iterable[Verdict]:
    """One a name: Prometheus refuses the whole answer where a deleted review still stands beside its successor."""
    by_name: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        known = by_name.setdefault((verdict.namespace, verdict.name), verdict)
        if verdict.judged_at > known.judged_at:
            by_name[verdict.namespace, verdict.name] = verdict
    return by_name.values()


def _review(verdict: Verdict) -> Iterator[_Sample]:
    review = (verdict.namespace, verdict.name)
    owned = (*review, clean(verdict.owner, 128))
    revision = clean(verdict.subject.revision or "", 256) if verdict.subject else ""
    yield "review_ready", owned, verdict.ready.status == "True"
    yield "review_unknown", owned, verdict.ready.status == "Unknown"
    yield "review_last_evaluation_timestamp_seconds", review, verdict.judged_at.timestamp()
    yield "review_info", (*review, revision, verdict.ready.reason), 1
    if verdict.certificate is not None:
        yield "review_valid_until_timestamp_seconds", review, verdict.certificate.valid_until.timestamp()


def _area(verdict: Verdict, area: AreaVerdict) -> Iterator[_Sample]:
    review = (verdict.namespace, verdict.name)
    owned = (*review, area.name, clean(area.owner, 128))
    yield "area_ready", owned, area.outcome is Outcome.MET
    yield "area_unknown", owned, area.outcome is Outcome.UNKNOWN
    unknown = sum(one.outcome is Outcome.UNKNOWN for one in area.expectations)
    if unknown:
        yield "area_unknown_expectations", owned, unknown
    for one in area.expectations:
        if one.counts.unmet:
            labels = (*review, area.name, one.name, one.kind, one.severity)
            yield "expectation_unmet_subjects", labels, one.counts.unmet


def _watches(sources: list[SourceState]) -> Iterator[_Sample]:
    """One sample a resource, however many watches serve it: the oldest contact is the one that matters."""
    for resource in sorted({source.resource for source in sources}):
        alike = [source for source in sources if source.resource == resource]
        contact = earliest(source.last_contact for source in alike)
        if contact is not None:
            yield "watch_last_contact_timestamp_seconds", (resource,), contact.timestamp()
        yield "watch_objects", (resource,), sum(source.objects for source in alike)
        reasons = [source.state for source in alike if source.state is not None]
        for reason in sorted(set(reasons)):
            yield "evidence_unseen", (resource, reason), reasons.count(reason)
