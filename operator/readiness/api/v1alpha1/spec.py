"""
What a ReadinessReview's author writes. Defaults live here and in the descriptions, never in the schema: a default inside a
list makes a three-way diff drift for ever. What concerns several areas at once stands in structure.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from readiness.api.v1alpha1.check import Check
from readiness.api.v1alpha1.durations import Between, Duration
from readiness.api.v1alpha1.instants import Instant
from readiness.api.v1alpha1.parameters import Parameters, by_name, cel, schema
from readiness.api.v1alpha1.problems import Flaw
from readiness.api.v1alpha1.selector import LabelSelector
from readiness.api.v1alpha1.words import (
    LABEL_VALUE,
    ContainerName,
    Dashed,
    LabelKey,
    Owner,
    Runbook,
    Starred,
    Token,
    WorkloadKind,
    is_label_value,
)

_CERTIFIES_NOTHING = "a subject needs a revision or images"
_NO_LABEL_VALUE = "versionLabel needs a revision that can be a label's value"
_TWICE_ADVISORY = "enforceFrom already means Advisory until then, so severity Advisory contradicts it"
_EXCEPTS_ALL = "at least one of kind, name, container and item is needed"
_FITS_LABEL = f"self.revision.size() <= 63 && self.revision.matches('{LABEL_VALUE}')"
MAX_EXPECTATIONS = 128


class SubjectImage(Parameters):
    """An image that belongs to the certified revision."""

    image: Annotated[Token, Field(max_length=512)]
    """The image, compared as text with the newest templates of the selected workloads."""


class Subject(Parameters):
    """What is certified. A promotion changes it, so that no old answer can pass for the new revision."""

    model_config = schema(
        cel(
            ("has(self.revision) || has(self.images)", _CERTIFIES_NOTHING),
            (f"!has(self.versionLabel) || (has(self.revision) && {_FITS_LABEL})", _NO_LABEL_VALUE),
        )
    )

    revision: Annotated[Token, Field(max_length=256)] | None = None
    """The revision, any token: a commit, a version, a digest."""
    version_label: LabelKey | None = None
    """
    A label that the newest template of every workload selected below must carry, with the revision as its value.
    Absent: the revision is not verified by label.
    """
    selector: LabelSelector | None = None
    """The workloads that carry the revision, by their own labels. Absent: all that the review selects."""
    images: Annotated[tuple[SubjectImage, ...], Field(min_length=1, max_length=32)] = ()
    """Images each of which must be in the newest template of a selected workload. Absent: none is compared."""

    def flaws(self) -> Iterator[Flaw]:
        if self.revision is None and not self.images:
            yield Flaw("", _CERTIFIES_NOTHING, "set revision or images, or remove subject")
        if self.version_label is not None and not is_label_value(self.revision):
            yield Flaw("versionLabel", _NO_LABEL_VALUE, "set such a revision, or remove versionLabel")


class Scope(Parameters):
    """Which workloads are judged. Absent parts select everything."""

    selector: LabelSelector | None = None
    """By the workload's own labels. Absent: whatever its labels."""
    kinds: Annotated[tuple[WorkloadKind, ...], Field(min_length=1, max_length=16)] | None = None
    """By the workload's kind, for example Deployment or StatefulSet. Absent: every kind."""


class ExceptionEntry(Parameters):
    """A standing, reviewed exception: what it matches is still judged and counted, but decides nothing."""

    model_config = schema(
        cel(("has(self.kind) || has(self.name) || has(self.container) || has(self.item)", _EXCEPTS_ALL))
    )

    kind: WorkloadKind | None = None
    """The subject's kind. Absent: any."""
    name: Starred | None = None
    """The subject's name; it may end in * after at least three characters. Absent: any."""
    container: ContainerName | None = None
    """The container. Absent: any."""
    item: Starred | None = None
    """The claim, variable or Secret; it may end in * after at least three characters. Absent: any."""
    reason: Annotated[str, Field(min_length=10, max_length=256)]
    """Why this is meant to be so, for those who review it."""

    def flaws(self) -> Iterator[Flaw]:
        if not (self.kind or self.name or self.container or self.item):
            yield Flaw("", _EXCEPTS_ALL, "say what is excepted")


class Expectation(Parameters):
    """One statement that is met, unmet or unknown."""

    model_config = schema(
        cel(("!has(self.enforceFrom) || !has(self.severity) || self.severity != 'Advisory'", _TWICE_ADVISORY))
    )

    name: Dashed
    """The expectation's name, unique in its area: lower-case words joined by dashes."""
    severity: Literal["Blocking", "Advisory"] = "Blocking"
    """Advisory: shown, but never blocks. Absent: Blocking."""
    enforce_from: Instant | None = None
    """Until then the expectation is advisory. Absent: it is enforced at once."""
    runbook: Runbook | None = None
    """A link that is shown with findings. Absent: none."""
    scope: Scope | None = None
    """Narrows the review's scope; both must match. Absent: the review's scope."""
    when_nothing_selected: Literal["Unknown", "NotApplicable"] = "Unknown"
    """The outcome when nothing is there to judge. Absent: Unknown, since an empty selection proves nothing."""
    exceptions: Annotated[tuple[ExceptionEntry, ...], Field(alias="except", max_length=32)] = ()
    """Findings that are meant to be so. Absent: none."""
    check: Check
    """What is checked: exactly one kind with its parameters."""

    def flaws(self) -> Iterator[Flaw]:
        if self.enforce_from is not None and self.severity == "Advisory":
            yield Flaw("severity", _TWICE_ADVISORY, "remove severity, or enforceFrom")


class Area(Parameters):
    """A named group of expectations with an owner; it becomes one status condition."""

    name: Annotated[Dashed, Field(max_length=48)]
    """
    The area's name, unique in the review: lower-case words joined by dashes. The condition's type is the same in
    PascalCase with Ready at its end.
    """
    title: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """The name for people. Absent: the name."""
    owner: Owner | None = None
    """Who answers for the area. Absent: the review's owner."""
    expectations: Annotated[tuple[Expectation, ...], Field(min_length=1, max_length=32), by_name()]
    """What must hold in this area."""

    @property
    def condition_type(self) -> str:
        """It ends in Ready and begins with a word, so it is none of the review's own types in any letter case."""
        return "".join(word.capitalize() for word in self.name.split("-")) + "Ready"


class Spec(Parameters):
    """What must hold for the workloads of this namespace."""

    model_config = schema(
        cel(
            (
                f"self.areas.map(a, a.expectations.size()).sum() <= {MAX_EXPECTATIONS}",
                f"a review has at most {MAX_EXPECTATIONS} expectations",
            ),
            (
                "self.areas.all(a, self.areas.exists_one(b, a.name.replace('-', '') == b.name.replace('-', '')))",
                "names of areas differ in more than dashes, since they become types of conditions",
            ),
        )
    )

    owner: Owner | None = None
    """Who answers for the review; shown in columns and metrics. Absent: nobody is named."""
    description: Annotated[str, Field(max_length=1024)] | None = None
    """What the review is about, for people."""
    subject: Subject | None = None
    """What is certified. Absent: whatever runs."""
    scope: Scope | None = None
    """Which workloads are judged. Absent: every workload of the namespace."""
    valid_for: Annotated[Duration, Between("5m", "24h")] = timedelta(hours=1)
    """How long a certificate stands without renewal, from 5m to 24h. Absent: 1h."""
    grace_period: Annotated[Duration, Between("0s", "24h")] = timedelta(minutes=10)
    """How long not-ready counts as still reconciling before Stalled, up to 24h. Absent: 10m."""
    suspend: StrictBool = False
    """true: the review is not judged, and Ready is Unknown. Absent: false."""
    areas: Annotated[tuple[Area, ...], Field(min_length=1, max_length=16), by_name()]
    """The areas of the review."""
