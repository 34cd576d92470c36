"""
The status of a ReadinessReview: the operator's answer and its only memory across a restart. Reading is tolerant, since an
older or a newer operator may have written it; what cannot be read counts as never written, which is never green.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from readiness.api.v1alpha1.instants import Instant

Text256 = Annotated[str, Field(max_length=256)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(max_length=63)]
ReasonText = Annotated[str, Field(max_length=64, pattern="^([A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?)?$")]
OutcomeText = Annotated[str, Field(json_schema_extra={"enum": ["Met", "Unmet", "Unknown", "NotApplicable"]})]


class Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )


class Condition(Part):
    """One condition, as the Kubernetes API conventions have it."""

    type: Annotated[str, Field(min_length=1, max_length=63)]
    """Ready, Reconciling, Stalled, EvidenceFresh, or an area's name in PascalCase with Ready at its end."""
    status: Literal["True", "False", "Unknown"]
    """True, False or Unknown. Reconciling and Stalled are present only while True."""
    observed_generation: int | None = None
    """The generation of the spec that this condition speaks of."""
    last_transition_time: Instant
    """When the status last changed, not the reason or the message."""
    reason: ReasonText
    """Why, as one CamelCase word."""
    message: Annotated[str, Field(max_length=512)]
    """Why, for people."""


class SubjectStatus(Part):
    """What was judged."""

    revision: Text256 | None = None
    """The revision of spec.subject."""
    verified: bool | None = None
    """Whether the workloads were seen to carry the revision, by versionLabel or images."""
    rolled_out: bool | None = None
    """Whether no older template of those workloads is live."""


class Summary(Part):
    """The review in numbers. Total, met, unmet, unknown and waived count blocking expectations only."""

    total: Count = 0
    """Blocking expectations: met + unmet + unknown + waived."""
    met: Count = 0
    """Blocking expectations that are met."""
    unmet: Count = 0
    """Blocking expectations that are unmet."""
    unknown: Count = 0
    """Blocking expectations of which it is not known whether they are met."""
    waived: Count = 0
    """Blocking expectations whose unmet findings a named person has accepted for a time."""
    advisory: Count = 0
    """Expectations that do not block."""
    not_applicable: Count = 0
    """Expectations with nothing to judge whose author said that this may be so."""
    excepted: Count = 0
    """Findings that an exception matches."""
    outside_scope: Count = 0
    """Workloads of the namespace that the review does not select."""
    display: Annotated[str, Field(max_length=32)] = ""
    """Met of total, for the column MET."""
    blocked_by: Annotated[str, Field(max_length=64)] | None = None
    """Areas that are not ready, cut to fit the column BLOCKED BY."""
    revision: Annotated[str, Field(max_length=16)] | None = None
    """The first characters of the revision, with ? when it is not verified, for the column REVISION."""
    since: Instant | None = None
    """When the present status of Ready began."""
    message: Annotated[str, Field(max_length=120)] | None = None
    """The worst subject and what is wrong with it, for the column MESSAGE."""


class Counts(Part):
    """Findings by outcome."""

    met: Count = 0
    """Subjects that are as expected."""
    unmet: Count = 0
    """Subjects that are not."""
    unknown: Count = 0
    """Subjects of which it is not known."""
    waived: Count = 0
    """Unmet subjects that a waiver covers."""
    excepted: Count = 0
    """Subjects that an exception matches; they decide nothing."""


class FindingStatus(Part):
    """One subject that is not as expected, or of which it is not known."""

    kind: Name
    """The subject's kind."""
    name: Annotated[str, Field(max_length=253)]
    """The subject's name."""
    container: Name | None = None
    """The container, where the finding is about one."""
    item: Annotated[str, Field(max_length=512)] | None = None
    """The claim, variable or Secret, where there is one."""
    outcome: OutcomeText
    """Unmet or Unknown."""
    reason: ReasonText
    """Why, as one CamelCase word."""
    message: Text256 = ""
    """What was seen, what was expected, and what to do."""


class ExpectationStatus(Part):
    """The answer to one expectation. A met one is kept short: reason, met, excepted and evidenceTime."""

    name: Name
    """The expectation's name."""
    kind: Name | None = None
    """The kind that was checked."""
    severity: Annotated[str, Field(json_schema_extra={"enum": ["Blocking", "Advisory"]})] | None = None
    """The severity in effect: Advisory until enforceFrom."""
    outcome: OutcomeText
    """Met, Unmet, Unknown, or NotApplicable where the author allows it."""
    reason: ReasonText
    """The reason of the worst finding."""
    message: Text256 | None = None
    """The outcome for people."""
    since: Instant | None = None
    """When this outcome began."""
    met: Count | None = None
    """How many subjects are as expected, when the outcome is Met."""
    excepted: Count | None = None
    """How many subjects an exception matches, when the outcome is Met."""
    evidence_time: Instant | None = None
    """The time of the oldest proof, where proofs are dated."""
    counts: Counts | None = None
    """Findings by outcome."""
    runbook: Annotated[str, Field(max_length=512)] | None = None
    """The runbook of the expectation."""
    findings: Annotated[tuple[FindingStatus, ...], Field(max_length=40)] = ()
    """Unmet and unknown findings, worst first; at most 40 in a review."""
    findings_omitted: Count | None = None
    """How many unmet and unknown findings are not listed."""


class AreaStatus(Part):
    """The answer to one area."""

    name: Name
    """The area's name."""
    outcome: OutcomeText
    """Met, Unmet or Unknown, over the area's blocking expectations."""
    expectations: Annotated[tuple[ExpectationStatus, ...], Field(max_length=32)] = ()
    """The answers to the area's expectations."""


class Status(Part):
    """The operator's answer."""

    observed_generation: int = -1
    """The generation of the spec that was judged; -1 while no operator has seen the review."""
    spec_digest: Annotated[str, Field(max_length=64)] | None = None
    """Identifies the expectations that were judged."""
    generation_since: Instant | None = None
    """When this generation was first judged."""
    subject: SubjectStatus | None = None
    """What was judged."""
    certified_at: Instant | None = None
    """Start of the unbroken certificate for this subject; absent when not certified."""
    valid_until: Instant | None = None
    """How long the certificate stands without renewal; absent when not certified."""
    not_ready_since: Instant | None = None
    """Present while Ready is not True."""
    last_evaluation_time: Instant | None = None
    """When this was judged; written only together with another change or a renewal."""
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=32,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    """Ready over all, one condition for each area, EvidenceFresh, and Reconciling or Stalled while true."""
    summary: Summary | None = None
    """The review in numbers, and what the columns show."""
    areas: Annotated[tuple[AreaStatus, ...], Field(max_length=16)] = ()
    """The answers in detail."""

    @classmethod
    def read(cls, raw: Mapping[str, object]) -> "Status":
        """From the status alone, not the whole object."""
        try:
            return cls.model_validate(dict(raw), by_alias=True, by_name=False)
        except ValidationError:
            return cls()

    def condition(self, type_: str) -> Condition | None:
        return next((condition for condition in self.conditions if condition.type == type_), None)

    def dump(self) -> dict[str, Any]:
        """As it is written: JSON values by alias; what is absent or empty is left out."""
        lean: dict[str, Any] = _lean(self.model_dump(mode="json", by_alias=True, exclude_none=True))
        return lean


def _lean(value: object) -> Any:
    if isinstance(value, dict):
        return {key: _lean(part) for key, part in value.items() if part != []}
    if isinstance(value, list):
        return [_lean(part) for part in value]
    return value
