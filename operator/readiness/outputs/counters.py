"""
What is counted while the operator works: the metrics that no look at the latest verdicts could tell.

One object on a registry handed in, so that tests, and two operators in one process, share no figures.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_EVALUATION: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_EVENT_TO_STATUS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)


class Counters:
    """Each attribute is one metric; its labels are named where it is made."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        def counter(name: str, said: str, *labels: str) -> Counter:
            return Counter(f"readiness_{name}", said, labels, registry=registry)

        def histogram(name: str, said: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"readiness_{name}", said, registry=registry, buckets=buckets)

        self.evaluations: Final = counter("evaluations_total", "Reviews judged, by the status of Ready.", "result")
        self.status_writes: Final = counter("status_writes_total", "Attempts to write a status.", "outcome")
        self.status_conflicts: Final = counter("status_conflicts_total", "Statuses that another writer replaced.")
        self.watch_restarts: Final = counter("watch_restarts_total", "Watches begun anew.", "resource", "reason")
        self.kind_errors: Final = counter("kind_errors_total", "Checks that failed by a defect of their own.", "kind")
        self.evaluation_duration: Final = histogram(
            "evaluation_duration_seconds", "How long judging one review took.", _EVALUATION
        )
        self.event_to_status: Final = histogram(
            "event_to_status_seconds", "From a change of evidence to the status that tells of it.", _EVENT_TO_STATUS
        )
        build = Gauge("readiness_build_info", "The operator's version; always 1.", ("version",), registry=registry)
        build.labels(version=version).set(1)
