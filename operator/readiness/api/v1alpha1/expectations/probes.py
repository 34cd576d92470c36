"""Parameters of `probes`: which probes every long-running container must declare."""

from typing import Annotated, Literal

from pydantic import Field

from readiness.api.v1alpha1.parameters import Parameters

Probe = Literal["Liveness", "Readiness", "Startup"]


class ProbesExpectation(Parameters):
    """Every regular container and sidecar of a long-running workload declares the probes asked for."""

    require: Annotated[tuple[Probe, ...], Field(min_length=1, max_length=3)] = ("Liveness", "Readiness")
    """The probes that must be declared. Absent: Liveness and Readiness."""
