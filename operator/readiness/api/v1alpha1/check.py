"""
The one place where an expectation names its kind. Each field is a kind, called as in YAML; the table of kinds is compared
with these names by a test. It must not know what a kind means.
"""

from readiness.api.v1alpha1.expectations.backups import BackupsExpectation
from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation
from readiness.api.v1alpha1.expectations.external_secrets import ExternalSecretsExpectation
from readiness.api.v1alpha1.expectations.non_root import NonRootExpectation
from readiness.api.v1alpha1.expectations.probes import ProbesExpectation
from readiness.api.v1alpha1.parameters import Parameters, schema


class Check(Parameters):
    """What is checked: exactly one kind with its parameters."""

    # Bounds on the number of properties cost the API server nothing on each status write, as a CEL union would.
    model_config = schema({"minProperties": 1, "maxProperties": 1})

    probes: ProbesExpectation | None = None
    """Every regular container and sidecar of a long-running workload declares the probes asked for."""
    non_root: NonRootExpectation | None = None
    """No container can run as root on its node."""
    external_secrets: ExternalSecretsExpectation | None = None
    """Secrets are synced from an external store, and workloads use only such secrets."""
    configuration: ConfigurationExpectation | None = None
    """Switches that must not be wrong in production have values that are allowed there."""
    backups: BackupsExpectation | None = None
    """Every persistent volume that a workload uses has a recent, usable backup."""

    def one(self) -> tuple[str, Parameters]:
        """The kind as written in YAML, and its parameters; read() lets no check pass that has not exactly one."""
        given = tuple((kind, getattr(self, name)) for name, kind in _NAMES.items() if getattr(self, name) is not None)
        [(kind, parameters)] = given
        return kind, parameters


_NAMES = {name: field.alias or name for name, field in Check.model_fields.items()}
KINDS = tuple(_NAMES.values())
"""Every kind, as written in YAML."""
