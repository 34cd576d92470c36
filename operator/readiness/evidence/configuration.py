"""
What decides the settings of one workload: its templates, and of the ConfigMaps only those that a rule needs.

Parsed files are part of the evidence, since parsing strangers' texts is a collector's work.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation, FileLocation, Format
from readiness.evidence import mounts
from readiness.evidence.config_maps import ConfigMap, ConfigMaps, Place
from readiness.evidence.environment import NOT_WANTED, Absent, Doubt, Hidden, Set, Setting
from readiness.evidence.expansion import matches, may_match, parts
from readiness.evidence.objects import Unreadable
from readiness.evidence.resources import CONFIG_MAPS, LIVE_TEMPLATES, Resource
from readiness.evidence.seen import Unseen
from readiness.evidence.texts import Tree, lookup
from readiness.evidence.texts import Unreadable as UnreadableText
from readiness.evidence.workloads import Container, Template, Workload, templates


@dataclass(frozen=True, slots=True)
class Document:
    """A key of a ConfigMap, read as a file of this format."""

    config_map: str
    key: str
    format: Format


Documents = Mapping[Document, Tree | UnreadableText]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Configured:
    """One workload with what its settings rest on. The same object stands while none of it changed."""

    workload: Workload
    config_maps: ConfigMaps = field(default_factory=dict)
    documents: Documents = field(default_factory=dict)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Configurations:
    """The selected workloads of one namespace; as `Workloads`, each with its ConfigMaps."""

    items: tuple[Configured, ...]
    unreadable: tuple[Unreadable, ...] = ()
    outside: int = 0
    hint: str = ""

    def __iter__(self) -> Iterator[tuple[str, Configured]]:
        """Yield (uid, evidence)."""
        return ((one.workload.uid, one) for one in self.items)

    @staticmethod
    def reads(_want: object) -> frozenset[Resource]:
        """Which rule needs a ConfigMap is known only where the workloads are."""
        return LIVE_TEMPLATES | {CONFIG_MAPS}


@dataclass(frozen=True, slots=True)
class Needs:
    """What the rules need to know of one workload beyond its templates."""

    config_maps: frozenset[str] = frozenset()
    documents: frozenset[Document] = frozenset()


def judged(want: ConfigurationExpectation, template: Template) -> Iterator[Container]:
    """The containers that the rules are about: those named, else the regular ones."""
    for container in template.containers:
        if container.role != "ephemeral" and (
            container.role == "regular" if want.containers is None else container.name in want.containers
        ):
            yield container


def wanted(workload: Workload, want: ConfigurationExpectation) -> Needs:
    """The ConfigMaps, and the files in them, that a rule needs: nothing else is read."""
    names: set[str] = set()
    documents: set[Document] = set()
    for _, template in templates(workload):
        for container in judged(want, template):
            for rule in want.rules:
                if rule.file is not None:
                    documents |= set(_documents(template, container, rule.file))
                else:
                    names |= needed(container, rule.env or "")
    return Needs(frozenset(names | {one.config_map for one in documents}), frozenset(documents))


def is_mapped(workload: Workload) -> bool:
    """Whether any variable of it may come from a ConfigMap: most come from none, and need not be looked at."""
    return any(_reads_config_maps(one) for _, template in templates(workload) for one in template.containers)


def needed(container: Container, name: str) -> frozenset[str]:
    """Names of the ConfigMaps that may decide a variable, or those that fit a name with `*`.

    Walks back from the last entry, each entry once: only what an earlier one could still change is followed.
    """
    indices: defaultdict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(container.env):
        indices[entry.name].append(index)
    found: set[str] = set()
    asked = [(one, len(container.env)) for one in indices if matches(name, one)]
    if "*" in name:
        found |= _feeding(container, lambda prefix: may_match(name, prefix))
    elif not asked:
        asked.append((name, 0))
    visited: set[int | str] = set()
    while asked:
        one, end = asked.pop()
        before = bisect_left(indices.get(one, []), end) - 1
        place = indices[one][before] if before >= 0 else one
        if place in visited:
            continue
        visited.add(place)
        if isinstance(place, str):
            found |= _feeding(container, place.startswith)
            continue
        source = container.env[place].source
        if source is None:
            asked.extend((ref, place) for _, ref in parts(container.env[place].value) if ref)
        elif source.kind == "ConfigMap":
            found.add(source.name)
        if source is not None and source.optional:
            asked.append((one, place))
    return frozenset(found)


def _reads_config_maps(container: Container) -> bool:
    """Most do not, and nothing is followed for them."""
    return bool(container.env_from) or any(one.source and one.source.kind == "ConfigMap" for one in container.env)


def _feeding(container: Container, fits: Callable[[str], bool]) -> set[str]:
    return {entry.name for entry in container.env_from if entry.kind == "ConfigMap" and fits(entry.prefix)}


def _documents(template: Template, container: Container, file: FileLocation) -> Iterator[Document]:
    assert file.written_in is not None
    for candidate in mounts.at(template, container, file.mount_path):
        if isinstance(candidate, mounts.FromConfigMap):
            yield Document(candidate.config_map, candidate.key, file.written_in)


@dataclass(frozen=True, slots=True)
class InFile:
    """A setting in a mounted file; `follows`: the file changes with its ConfigMap while the container runs."""

    setting: Setting
    follows: bool = False


def in_file(seen: Configured, template: Template, container: Container, file: FileLocation) -> InFile | None:
    """What the container finds there; None where it mounts no such file."""
    absent: Setting | None = None
    follows = True
    rests: set[Place] = set()
    for candidate in mounts.at(template, container, file.mount_path):
        if isinstance(candidate, mounts.Expression):
            return InFile(Hidden(Doubt.NOT_KNOWN, f"the mount at {candidate.path} has a subPathExpr"))
        if isinstance(candidate, mounts.FromSecret):
            return InFile(Hidden(Doubt.IN_SECRET, f"Secret {candidate.name}, mounted there"))
        follows = candidate.follows
        found = seen.config_maps.get(candidate.config_map, NOT_WANTED)
        if isinstance(found, ConfigMap):
            rests.add(Place(candidate.config_map, candidate.key))
            if candidate.key in found.data.keys() | found.binary:
                return InFile(_read(seen, candidate, file, frozenset(rests)), follows)
        absent = absent or _without(candidate, found)
        if isinstance(absent, Hidden) and absent.doubt is not Doubt.NO_KEY:
            break
    if isinstance(absent, Absent):
        absent = Absent(frozenset(rests))
    return None if absent is None else InFile(absent, follows)


def _without(candidate: mounts.FromConfigMap, found: ConfigMap | Unseen | None) -> Setting:
    """Without a key that is not listed the Pod runs, but the rule then looks at a file that is not there: a doubt."""
    said = f"key {candidate.key} of ConfigMap {candidate.config_map}"
    if isinstance(found, Unseen):
        return Hidden(Doubt.UNSEEN, said, unseen=found)
    if candidate.optional and (found is None or candidate.listed):
        return Absent()
    return Hidden(Doubt.NO_CONFIG_MAP if found is None else Doubt.NO_KEY, said)


def _read(seen: Configured, candidate: mounts.FromConfigMap, file: FileLocation, rests: frozenset[Place]) -> Setting:
    assert file.written_in is not None
    place = Place(candidate.config_map, candidate.key)
    said = f"key {place.key} of ConfigMap {place.config_map}"
    tree = seen.documents.get(Document(candidate.config_map, candidate.key, file.written_in), _BINARY)
    found = tree if isinstance(tree, UnreadableText) else lookup(tree, file.key, whole=file.written_in == "properties")
    if isinstance(found, UnreadableText):
        return Hidden(Doubt.UNREADABLE, f"{said}: {found.said}")
    return Absent(rests) if found is None else Set(found, "ConfigMap", rests, place)


_BINARY = UnreadableText("it is binary")
