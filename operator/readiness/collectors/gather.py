"""
The evidence of one expectation, from what the gate shows: one line per evidence family.

A gatherer joins records into the evidence type that a kind judges. It never decides: what is missing
stays Unseen, per source where the evidence has several.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.collectors.access import View
from readiness.collectors.gatherers import backups, configuration, secrets, workloads
from readiness.collectors.gatherers.gathered import Gathered
from readiness.evidence.backups import Backups
from readiness.evidence.configuration import Configurations
from readiness.evidence.secrets import Secrets
from readiness.evidence.selecting import Scope
from readiness.evidence.workloads import Workloads

E = TypeVar("E")
W = TypeVar("W")

Gatherer = Callable[[View, object, Scope], Gathered]


def family(
    evidence: type[E], want: type[W], gatherer: Callable[[View, W, Scope], Gathered[E]]
) -> tuple[type[object], Gatherer]:
    """One row: the evidence type, the parameters it is gathered for, and how."""

    def erased(view: View, parameters: object, scope: Scope) -> Gathered:
        assert isinstance(parameters, want)
        return gatherer(view, parameters, scope)

    return evidence, erased


FAMILIES: Final[dict[type[object], Gatherer]] = dict(
    (
        family(Workloads, object, workloads.gather),
        family(Secrets, ExternalSecretsExpectation, secrets.gather),
        family(Configurations, ConfigurationExpectation, configuration.gather),
        family(Backups, BackupsExpectation, backups.gather),
    ),
)


def gather(evidence: type[object], want: object, view: View, scope: Scope) -> Gathered:
    """Evidence of the wanted type; KeyError where no family offers it."""
    return FAMILIES[evidence](view, want, scope)
