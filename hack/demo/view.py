"""A ReadinessReview as its readers see it: read from JSON alone, without any of the operator's own code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject that is unmet or unknown under one expectation."""

    expectation: str
    outcome: str
    reason: str
    subject: str
    message: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the demo asserts of it."""
        return self.expectation, self.reason, self.subject


@dataclass(frozen=True, slots=True)
class View:
    """One state of a review, and when it arrived (monotonic seconds)."""

    review: Json
    at: float

    @property
    def current(self) -> bool:
        """Whether the status is about the present spec."""
        generation: int = self.review["metadata"]["generation"]
        return bool(self.status.get("observedGeneration") == generation)

    @property
    def judged(self) -> bool:
        """Whether this is a verdict, and not the wait for one."""
        return self.ready.get("reason") not in {None, "Pending", "Evaluating"}

    @property
    def status(self) -> Json:
        """The operator's answer."""
        status: Json = self.review.get("status", {})
        return status

    @property
    def ready(self) -> Json:
        """The condition over all."""
        found: Json = next((one for one in self.status.get("conditions", []) if one["type"] == "Ready"), {})
        return found

    @property
    def row(self) -> str:
        """Its columns, as `kubectl get -w` would print them."""
        summary = self.status.get("summary", {})
        cells = [self.ready.get("reason", ""), f"met {summary.get('display', '-')}"]
        if self.status.get("validUntil"):
            cells.append(f"valid until {self.status['validUntil']}")
        if summary.get("blockedBy"):
            cells.append(f"blocked by {summary['blockedBy']}")
        return "  ".join(cells)

    def expectation(self, name: str) -> Json:
        """The answer to one expectation; empty before there is one."""
        for area in self.status.get("areas", []):
            for one in area.get("expectations", []):
                if one["name"] == name:
                    found: Json = one
                    return found
        return {}

    def findings(self) -> Iterator[Finding]:
        """Every finding that is listed."""
        for area in self.status.get("areas", []):
            for one in area.get("expectations", []):
                for finding in one.get("findings", []):
                    yield Finding(
                        one["name"],
                        finding["outcome"],
                        finding["reason"],
                        subject(finding),
                        finding.get("message", ""),
                    )


def subject(finding: Json) -> str:
    """`Deployment/api (container app, SETTING)`."""
    container, item = finding.get("container"), finding.get("item")
    inside = [f"container {container}"] if container else []
    inside += [item] if item and item != finding["name"] else []
    return f"{finding['kind']}/{finding['name']}" + (f" ({', '.join(inside)})" if inside else "")
