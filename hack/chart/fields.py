"""
The shape of the chart's values: types and bounds only.

Defaults and what they mean stand in values.yaml, where people read them; the settings have a model of their own.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Object = dict[str, Any]
Texts = dict[str, str]
Port = Annotated[int, Field(ge=1, le=65535)]
Identity = Annotated[int, Field(ge=1, le=2**31 - 1)]
Interval = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h))+$")]


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Variable(BaseModel):
    """core/v1 EnvVar, as far as it is our business: a setting in a variable would win over `settings` unseen."""

    name: Annotated[str, Field(min_length=1, json_schema_extra={"not": {"pattern": "^READINESS_"}})]


Argument = Annotated[
    str, Field(json_schema_extra={"not": {"pattern": "^--(settings|kubeconfig|watch-namespace|listen-port)(=|$)"}})
]
"""What the chart itself decides by `settings` is not decided twice."""


class Image(_Values):
    repository: Annotated[str, Field(pattern=r"^[^\s@]+$")]
    tag: Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$")]
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]
    pull_policy: Literal["IfNotPresent", "Always", "Never"]


class Crds(_Values):
    install: bool
    keep: bool


class Rbac(_Values):
    create: bool
    cluster_scoped_evidence: bool
    aggregated_roles: bool


class ServiceAccount(_Values):
    create: bool
    name: str
    annotations: Texts


class Service(_Values):
    annotations: Texts


class NetworkPolicy(_Values):
    enabled: bool
    from_: Annotated[list[Object], Field(alias="from")]
    api_server_ports: Annotated[list[Port], Field(min_length=1)]
    extra_egress: list[Object]


class ServiceMonitor(_Values):
    enabled: bool
    labels: Texts
    interval: Interval
    scrape_timeout: Interval


class Values(_Values):
    """values.yaml; `settings` is put in from the settings' model."""

    name_override: Annotated[str, Field(max_length=63)]
    fullname_override: Annotated[str, Field(max_length=50)]
    replicas: Annotated[int, Field(ge=0, le=1)]
    image: Image
    image_pull_secrets: list[Object]
    settings: Object
    crds: Crds
    rbac: Rbac
    service_account: ServiceAccount
    pod_labels: Texts
    pod_annotations: Texts
    extra_env: list[Variable]
    extra_args: list[Argument]
    extra_volumes: list[Object]
    extra_volume_mounts: list[Object]
    run_as_user: Identity
    run_as_group: Identity
    resources: Object
    priority_class_name: str
    node_selector: Texts
    tolerations: list[Object]
    affinity: Object
    service: Service
    network_policy: NetworkPolicy
    service_monitor: ServiceMonitor
