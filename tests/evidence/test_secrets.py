"""What must be watched for externalSecrets, what an empty answer says, and what is shown of who uses a Secret."""

import pytest

from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.evidence.objects import Meta, Ref
from readiness.evidence.references import Reference, Use, references
from readiness.evidence.resources import (
    CERTIFICATES,
    CLUSTER_SECRET_STORES,
    EXTERNAL_SECRETS,
    LIVE_TEMPLATES,
    SEALED_SECRETS,
    SECRET_STORES,
)
from readiness.evidence.secrets import Secrets
from readiness.evidence.workloads import Container, Template, VariablesFrom, Workload

STORES = frozenset({EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES})


@pytest.mark.parametrize(
    ("want", "expected"),
    [
        (ExternalSecretsExpectation(), STORES | LIVE_TEMPLATES),
        (ExternalSecretsExpectation(references="Ignore"), STORES),
        (ExternalSecretsExpectation(also_managed_by=("Certificate",)), STORES | LIVE_TEMPLATES | {CERTIFICATES}),
        (ExternalSecretsExpectation(also_managed_by=("SealedSecret",)), STORES | LIVE_TEMPLATES | {SEALED_SECRETS}),
    ],
)
def test_no_more_is_watched_than_is_judged(want: ExternalSecretsExpectation, expected: frozenset[object]) -> None:
    assert Secrets.reads(want) == expected


def workload(name: str, *, optional: bool) -> Workload:
    source = VariablesFrom("Secret", "db", optional=optional)
    ref = Ref("Deployment", name)
    template = Template(containers=(Container("web", env_from=(source,)), Container("log", env_from=(source,))))
    return Workload(name, ref, ref, Meta(name, name), template)


def test_one_place_of_one_workload_counts_once() -> None:
    assert references([workload("api", optional=True)]) == (
        Reference("db", (Use(Ref("Deployment", "api"), "envFrom", optional=True),)),
    )


def test_the_order_of_workloads_shows_nowhere() -> None:
    pair = [workload("b", optional=False), workload("a", optional=True)]
    assert references(pair) == references(reversed(pair))
    assert str(references(pair)[0]) == "used by Deployment/a (envFrom) and 1 more"
    assert references(pair)[0].required
