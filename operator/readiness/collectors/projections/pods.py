"""
Pod templates: the part of a PodSpec that any kind judges.

Fields: Kubernetes API reference, core/v1 PodSpec and Container (read at v1.36).
"""

import sys
from typing import Final, Literal, cast

from readiness.collectors.projections.projection import Struct, labels_of, shared
from readiness.evidence.workloads import (
    Container,
    Mount,
    Port,
    Probe,
    Template,
    ValueSource,
    Variable,
    VariablesFrom,
    Volume,
    VolumeSource,
)


class _PortHandler(Struct):
    port: int | str | None = None


class _ProbeStruct(Struct):
    http_get: _PortHandler | None = None
    tcp_socket: _PortHandler | None = None
    grpc: _PortHandler | None = None
    exec: dict[str, object] | None = None


class _PortStruct(Struct):
    container_port: int = 0
    name: str = ""


class _Windows(Struct):
    run_as_user_name: str = ""


class _Security(Struct):
    run_as_user: int | None = None
    run_as_non_root: bool | None = None
    windows_options: _Windows | None = None


class _KeyRef(Struct):
    name: str = ""
    key: str = ""
    optional: bool | None = None


class _FileKeyRef(Struct):
    volume_name: str = ""
    path: str = ""
    key: str = ""
    optional: bool | None = None


class _ValueFrom(Struct):
    secret_key_ref: _KeyRef | None = None
    config_map_key_ref: _KeyRef | None = None
    field_ref: dict[str, object] | None = None
    resource_field_ref: dict[str, object] | None = None
    file_key_ref: _FileKeyRef | None = None


class _Env(Struct):
    name: str = ""
    value: str | None = None
    value_from: _ValueFrom | None = None


class _FromRef(Struct):
    name: str = ""
    optional: bool | None = None


class _EnvFrom(Struct):
    prefix: str = ""
    secret_ref: _FromRef | None = None
    config_map_ref: _FromRef | None = None


class _MountStruct(Struct):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""
    sub_path_expr: str = ""


class _ContainerStruct(Struct):
    name: str = ""
    image: str = ""
    restart_policy: str = ""
    liveness_probe: _ProbeStruct | None = None
    readiness_probe: _ProbeStruct | None = None
    startup_probe: _ProbeStruct | None = None
    ports: list[_PortStruct] | None = None
    security_context: _Security | None = None
    env: list[_Env] | None = None
    env_from: list[_EnvFrom] | None = None
    volume_mounts: list[_MountStruct] | None = None


class _Item(Struct):
    key: str = ""
    path: str = ""


class _SourceStruct(Struct):
    """A secret, configMap or projected source; Secret volumes say secretName, projections say name."""

    name: str = ""
    secret_name: str = ""
    items: list[_Item] | None = None
    optional: bool | None = None


class _ProjectedSource(Struct):
    secret: _SourceStruct | None = None
    config_map: _SourceStruct | None = None


class _Projected(Struct):
    sources: list[_ProjectedSource] | None = None


class _ClaimSource(Struct):
    claim_name: str = ""


class _Csi(Struct):
    node_publish_secret_ref: _FromRef | None = None


class _VolumeStruct(Struct):
    name: str = ""
    secret: _SourceStruct | None = None
    config_map: _SourceStruct | None = None
    projected: _Projected | None = None
    persistent_volume_claim: _ClaimSource | None = None
    csi: _Csi | None = None


class _Os(Struct):
    name: str = ""


class PodSpecStruct(Struct):
    """core/v1 PodSpec, partially."""

    containers: list[_ContainerStruct] | None = None
    init_containers: list[_ContainerStruct] | None = None
    ephemeral_containers: list[_ContainerStruct] | None = None
    volumes: list[_VolumeStruct] | None = None
    security_context: _Security | None = None
    os: _Os | None = None
    host_users: bool | None = None
    restart_policy: str = ""
    enable_service_links: bool | None = None
    image_pull_secrets: list[_FromRef] | None = None


class TemplateMetaStruct(Struct):
    """A template's own metadata."""

    labels: dict[str, str] | None = None


class TemplateStruct(Struct):
    """core/v1 PodTemplateSpec, or a Pod."""

    spec: PodSpecStruct
    metadata: TemplateMetaStruct | None = None


def template(struct: TemplateStruct) -> Template:
    """The record of one Pod template."""
    spec = struct.spec
    security = spec.security_context or _NO_SECURITY
    regular = [_container(one, "regular") for one in spec.containers or ()]
    initial = [
        _container(one, "sidecar" if one.restart_policy == "Always" else "init") for one in spec.init_containers or ()
    ]
    ephemeral = [_container(one, "ephemeral") for one in spec.ephemeral_containers or ()]
    return Template(
        labels=labels_of(struct.metadata.labels if struct.metadata else None),
        containers=(*regular, *initial, *ephemeral),
        volumes=shared(tuple(_volume(one) for one in spec.volumes or ())),
        run_as_user=security.run_as_user,
        run_as_non_root=security.run_as_non_root,
        windows_user=security.windows_options.run_as_user_name if security.windows_options else "",
        os=spec.os.name if spec.os else "",
        host_users=spec.host_users,
        restart_policy=spec.restart_policy or "Always",
        service_links=spec.enable_service_links is not False,
        pull_secrets=shared(tuple(ref.name for ref in spec.image_pull_secrets or () if ref.name)),
    )


_NO_SECURITY: Final = _Security()


def _container(one: _ContainerStruct, role: Literal["regular", "sidecar", "init", "ephemeral"]) -> Container:
    security = one.security_context or _NO_SECURITY
    made = Container(
        name=sys.intern(one.name),
        role=role,
        image=one.image,
        liveness=_probe(one.liveness_probe),
        readiness=_probe(one.readiness_probe),
        startup=_probe(one.startup_probe),
        ports=shared(tuple(Port(port.container_port, port.name) for port in one.ports or ())),
        run_as_user=security.run_as_user,
        run_as_non_root=security.run_as_non_root,
        windows_user=security.windows_options.run_as_user_name if security.windows_options else "",
        env=shared(tuple(_variable(entry) for entry in one.env or ())),
        env_from=shared(tuple(source for entry in one.env_from or () for source in _env_from(entry))),
        mounts=shared(
            tuple(
                Mount(mount.name, mount.mount_path, mount.sub_path or mount.sub_path_expr, bool(mount.sub_path_expr))
                for mount in one.volume_mounts or ()
            )
        ),
    )
    return shared(made)


def _variable(entry: _Env) -> Variable:
    return shared(Variable(sys.intern(entry.name), entry.value or "", _source(entry.value_from)))


def _probe(one: _ProbeStruct | None) -> Probe | None:
    return None if one is None else shared(_handler(one))


def _handler(one: _ProbeStruct) -> Probe:
    if one.http_get is not None:
        return Probe("httpGet", one.http_get.port)
    if one.tcp_socket is not None:
        return Probe("tcpSocket", one.tcp_socket.port)
    if one.grpc is not None:
        return Probe("grpc", one.grpc.port)
    return Probe("exec" if one.exec is not None else "")


def _source(one: _ValueFrom | None) -> ValueSource | None:
    if one is None:
        return None
    if one.secret_key_ref is not None:
        ref = one.secret_key_ref
        return ValueSource("Secret", ref.name, ref.key, optional=bool(ref.optional))
    if one.config_map_key_ref is not None:
        ref = one.config_map_key_ref
        return ValueSource("ConfigMap", ref.name, ref.key, optional=bool(ref.optional))
    if one.file_key_ref is not None:
        return ValueSource("File", one.file_key_ref.volume_name, one.file_key_ref.key, bool(one.file_key_ref.optional))
    return ValueSource("Field" if one.field_ref is not None else "ResourceField")


def _env_from(one: _EnvFrom) -> list[VariablesFrom]:
    pairs = (("ConfigMap", one.config_map_ref), ("Secret", one.secret_ref))
    return [
        VariablesFrom(cast("Literal['Secret', 'ConfigMap']", kind), ref.name, one.prefix, optional=bool(ref.optional))
        for kind, ref in pairs
        if ref is not None
    ]


def _volume(one: _VolumeStruct) -> Volume:
    sources: list[VolumeSource] = []
    if one.secret is not None:
        sources.append(_volume_source("Secret", one.secret))
    if one.config_map is not None:
        sources.append(_volume_source("ConfigMap", one.config_map))
    for part in (one.projected.sources if one.projected else None) or ():
        if part.secret is not None:
            sources.append(_volume_source("Secret", part.secret))
        if part.config_map is not None:
            sources.append(_volume_source("ConfigMap", part.config_map))
    if one.csi is not None and one.csi.node_publish_secret_ref is not None:
        sources.append(VolumeSource("CsiSecret", one.csi.node_publish_secret_ref.name))
    return Volume(
        one.name, tuple(sources), one.persistent_volume_claim.claim_name if one.persistent_volume_claim else ""
    )


def _volume_source(kind: Literal["Secret", "ConfigMap"], one: _SourceStruct) -> VolumeSource:
    items = tuple((item.key, item.path) for item in one.items or ())
    return VolumeSource(kind, one.secret_name or one.name, items, optional=bool(one.optional))
