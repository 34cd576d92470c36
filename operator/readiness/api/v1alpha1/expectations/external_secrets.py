"""Parameters of `externalSecrets`: which ExternalSecrets are judged, and which references must be backed by one."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from readiness.api.v1alpha1.durations import Between, Duration
from readiness.api.v1alpha1.parameters import Parameters, cel, schema
from readiness.api.v1alpha1.problems import Flaw
from readiness.api.v1alpha1.selector import LabelSelector
from readiness.api.v1alpha1.words import Provider

_NOTHING_JUDGED = "judge Referenced finds ExternalSecrets through references, which references Ignore leaves out"
_NOTHING_BEHIND = "alsoManagedBy concerns references, which references Ignore leaves out"


class ExternalSecretsExpectation(Parameters):
    """Secrets are synced from an external store, and workloads use only such secrets."""

    model_config = schema(
        cel(
            (
                "!(has(self.judge) && self.judge == 'Referenced' && has(self.references) && self.references == 'Ignore')",
                _NOTHING_JUDGED,
            ),
            ("!(has(self.alsoManagedBy) && has(self.references) && self.references == 'Ignore')", _NOTHING_BEHIND),
        )
    )

    minimum: Annotated[StrictInt, Field(ge=0, le=1000)] = 0
    """Fewer ExternalSecrets than this are not enough. Absent: 0, so that only those that exist are judged."""
    selector: LabelSelector | None = None
    """
    Which ExternalSecrets are judged and counted, by their own labels. Absent: all of them; scope never selects them.
    """
    judge: Literal["Namespace", "Referenced"] = "Namespace"
    """
    Namespace: every selected ExternalSecret of the namespace. Referenced: only those behind a reference of a selected
    workload. Absent: Namespace.
    """
    references: Literal["All", "Required", "Ignore"] = "All"
    """
    Which references of workloads to Secrets must be backed by an ExternalSecret. Required leaves out those marked
    optional. Absent: All.
    """
    also_managed_by: Annotated[
        tuple[Literal["Certificate", "SealedSecret"], ...], Field(min_length=1, max_length=2)
    ] = ()
    """Other objects that may stand behind a referenced Secret when they are Ready or Synced. Absent: none."""
    providers: Annotated[tuple[Provider, ...], Field(min_length=1, max_length=32)] | None = None
    """
    Allowed providers, as the store's spec.provider names them (vault, aws, ...), without regard to case; a generator
    counts as generator. Absent: any but fake.
    """
    max_age: Annotated[Duration, Between("1m", "8784h")] | None = None
    """How old the newest sync may be. Absent: twice the object's refreshInterval plus 5m, at least 15m."""
    allow_one_shot: StrictBool = False
    """
    true: ExternalSecrets that are never refreshed are allowed, and maxAge applies to them only if set. Absent: false,
    since what is never refreshed cannot be rotated.
    """

    def flaws(self) -> Iterator[Flaw]:
        if self.references != "Ignore":
            return
        if self.judge == "Referenced":
            yield Flaw("judge", _NOTHING_JUDGED, "set judge: Namespace, or references: All")
        if self.also_managed_by:
            yield Flaw("alsoManagedBy", _NOTHING_BEHIND, "remove it, or set references: All")
