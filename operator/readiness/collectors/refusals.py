"""
What an API server would refuse of any object, before its fields mean anything: names, labels, versions that are gone.

A file must not be judged by what no cluster would ever hold. It knows which resources evidence is read from, and of
the others only what holds for all of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from readiness.api.v1alpha1.problems import quoted
from readiness.api.v1alpha1.words import ContainerName, LabelKey, LabelValue, ObjectName
from readiness.collectors.projections import BY_RESOURCE

_NAME: Final[TypeAdapter[str]] = TypeAdapter(ObjectName)
_NAMESPACE: Final[TypeAdapter[str]] = TypeAdapter(ContainerName)
_KEY: Final[TypeAdapter[str]] = TypeAdapter(LabelKey)
_VALUE: Final[TypeAdapter[str]] = TypeAdapter(LabelValue)

_ANY_NAME: Final = ("rbac.authorization.k8s.io", ".openshift.io")
"""Groups whose names may hold colons."""
_SERVED: Final = {(one.group, one.kind) for one in BY_RESOURCE}
_BUILT_IN: Final = {kind.casefold(): (group, kind) for group, kind in _SERVED if "." not in group}
_OWN_GROUP: Final = "readiness.dev"
_OWN: Final = (f"{_OWN_GROUP}/v1alpha1", "ReadinessReview")


def refusals(path: str, value: object) -> Iterator[str]:
    """Everything that is wrong with one object; `path` stands before each field (`items[3].`, or nothing)."""
    if not isinstance(value, Mapping):
        yield f"{path.removesuffix('.') or 'the document'} must be a Kubernetes object, a mapping"
        return
    missing = [key for key in ("apiVersion", "kind") if not isinstance(value.get(key), str) or not value[key]]
    yield from (f"{path}{key} is required, as text" for key in missing)
    if not missing:
        yield from _type(path, value["apiVersion"], value["kind"])
    meta = value.get("metadata")
    if isinstance(meta, Mapping):
        yield from _names(path, meta, str(value.get("apiVersion", "")).rpartition("/")[0])
        yield from _texts(f"{path}metadata", meta)
        yield from _templates(path, value.get("spec"))
    elif value.get("kind") == "Kustomization":
        yield f"{path}kind Kustomization is for kustomize: pass what `kustomize build` prints, not its sources"
    else:
        yield f"{path}metadata is required"


def _type(path: str, version: str, kind: str) -> Iterator[str]:
    group = version.rpartition("/")[0]
    known, wanted = _BUILT_IN.get(kind.casefold(), ("", "")), ""
    if group == _OWN_GROUP and (version, kind) != _OWN:
        wanted = " ".join(_OWN)
    elif "." not in group and known[1] and (version, kind) != (_v1(known[0]), known[1]):
        # A group without a dot is Kubernetes' own, or misspelt; an unknown object would be passed over in silence.
        wanted = f"{_v1(known[0])} {known[1]}"
    if wanted:
        yield f"{path}apiVersion: {quoted(version)} serves no {quoted(kind)}: write {wanted}"


def _v1(group: str) -> str:
    return f"{group}/v1" if group else "v1"


def _names(path: str, meta: Mapping[str, Any], group: str) -> Iterator[str]:
    name, namespace = meta.get("name"), meta.get("namespace")
    if name is None or name == "":
        yield f"{path}metadata.name is required"
    elif not isinstance(name, str):
        yield f"{path}metadata.name: {quoted(name)} is no text: put it in quotes"
    elif not group.endswith(_ANY_NAME) and not _fits(_NAME, name):
        yield f"{path}metadata.name: {quoted(name)} cannot be an object's name"
    if namespace is not None and namespace != "" and not _fits(_NAMESPACE, namespace):
        yield f"{path}metadata.namespace: {quoted(namespace)} cannot be a namespace's name"
    for key in ("uid", "resourceVersion"):
        if not isinstance(meta.get(key), str | None):
            yield f"{path}metadata.{key}: {quoted(meta[key])} is no text: put it in quotes"


def _texts(path: str, meta: Mapping[str, Any]) -> Iterator[str]:
    yield from _labels(f"{path}.labels", meta.get("labels"))
    annotations = meta.get("annotations")
    if not isinstance(annotations, Mapping | None):
        yield f"{path}.annotations must be a mapping"
        return
    for key, value in (annotations or {}).items():
        if not _fits(_KEY, str(key).lower() if "/" in str(key) else key):
            yield f"{path}.annotations: {quoted(key)} cannot be an annotation's key"
        if not isinstance(value, str):
            yield f"{path}.annotations.{key}: {quoted(value)} is no text: put it in quotes"


def _labels(path: str, labels: object) -> Iterator[str]:
    if not isinstance(labels, Mapping | None):
        yield f"{path} must be a mapping"
        return
    for key, value in (labels or {}).items():
        if not _fits(_KEY, key):
            yield f"{path}: {quoted(key)} cannot be a label's key"
        elif not isinstance(value, str):
            yield f"{path}.{key}: {quoted(value)} is no text: put it in quotes"
        elif not _fits(_VALUE, value):
            yield f"{path}.{key}: {quoted(value)} cannot be a label's value: at most 63 letters, digits, -, _ and ."


def _templates(path: str, spec: object) -> Iterator[str]:
    """The metadata of Pod templates: of a workload, and of a CronJob's Jobs."""
    for step in ("template", "jobTemplate"):
        template = spec.get(step) if isinstance(spec, Mapping) else None
        if isinstance(template, Mapping):
            place = f"{path}spec.{step}"
            if isinstance(template.get("metadata"), Mapping):
                yield from _texts(f"{place}.metadata", template["metadata"])
            yield from _templates(f"{place}.", template.get("spec"))


def _fits(adapter: TypeAdapter[str], value: object) -> bool:
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
