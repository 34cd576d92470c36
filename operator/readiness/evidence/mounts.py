"""
Which key of which ConfigMap a container sees under a path: the longest mount wins, in it the last source.

Facts about fields: Kubernetes API reference, core/v1 VolumeMount (subPath), ConfigMapVolumeSource and projected
volumes (items, optional). Contents are not needed here: what only they can decide is offered in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.evidence.workloads import Container, Mount, Template, VolumeSource


@dataclass(frozen=True, slots=True)
class FromConfigMap:
    """A key that stands there if the ConfigMap has it.

    `listed`: by name, so that it must be there unless optional; `follows`: the file changes with the ConfigMap.
    """

    config_map: str
    key: str
    optional: bool = False
    listed: bool = False
    follows: bool = True


@dataclass(frozen=True, slots=True)
class FromSecret:
    """A Secret that stands there, or may."""

    name: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A mount whose subPathExpr only the kubelet can resolve."""

    path: str


Candidate = FromConfigMap | FromSecret | Expression


def at(template: Template, container: Container, path: str) -> tuple[Candidate, ...]:
    """What may stand under an absolute path, the strongest first; nothing where no ConfigMap or Secret is mounted."""
    wanted = _parts(path)
    covering = [mount for mount in container.mounts if wanted[: len(_parts(mount.path))] == _parts(mount.path)]
    if not covering:
        return ()
    mount = max(covering, key=lambda one: len(_parts(one.path)))
    sources = next((volume.sources for volume in template.volumes if volume.name == mount.volume), ())
    relevant = [source for source in sources if source.kind != "CsiSecret"]
    if not relevant:
        return ()
    if mount.expression and "$" in mount.sub_path:
        return (Expression(mount.path),)
    inside = _parts(mount.sub_path) + wanted[len(_parts(mount.path)) :]
    return tuple(one for source in reversed(relevant) for one in _candidates(source, inside, mount))


def _candidates(source: VolumeSource, inside: tuple[str, ...], mount: Mount) -> Iterator[Candidate]:
    keys = [key for key, shown in source.items if _parts(shown) == inside]
    if not source.items and len(inside) == 1:
        keys = list(inside)
    for key in keys[-1:]:
        if source.kind == "Secret":
            yield FromSecret(source.name)
        else:
            listed = bool(source.items or mount.sub_path)
            yield FromConfigMap(source.name, key, source.optional, listed, follows=not mount.sub_path)


def _parts(path: str) -> tuple[str, ...]:
    """Of a path, without what a kernel skips."""
    found: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del found[-1:]
        elif part not in {"", "."}:
            found.append(part)
    return tuple(found)
