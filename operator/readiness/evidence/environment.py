"""
The effective environment of a container, as the kubelet computes it (kubernetes pkg/kubelet/kubelet_pods.go,
makeEnvironmentVariables): envFrom in order, then env in order, the last one wins.

What cannot be read stays a doubt that names its source; it never becomes a value, and never an absence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

from readiness.evidence.config_maps import ANY_KEY, ConfigMaps, Place
from readiness.evidence.expansion import is_link, matches, may_match, parts
from readiness.evidence.seen import Unseen, Why
from readiness.evidence.workloads import Container, ValueSource, Variable, VariablesFrom

LONGEST: Final = 128 * 1024
"""No process on Linux can be started with a longer variable (MAX_ARG_STRLEN)."""
BUDGET: Final = 1024 * 1024
"""Characters that references may add in one container: each can double the one before it."""

Source = Literal["Literal", "Secret", "ConfigMap", "Other"]


class Doubt(Enum):
    """Why a setting cannot be told."""

    IN_SECRET = "a Secret may hold it, and Secrets are not read"  # noqa: S105  # a sentence
    NOT_KNOWN = "only the kubelet knows it"
    NO_CONFIG_MAP = "the ConfigMap does not exist"
    NO_KEY = "the ConfigMap does not have the key"
    UNREADABLE = "the file cannot be read"
    UNSEEN = "the ConfigMap was not seen"


@dataclass(frozen=True, slots=True)
class Set:
    """It has this value, from this place if it is in a ConfigMap; it rests on what further places lack."""

    value: str
    source: Source
    rests_on: frozenset[Place] = frozenset()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing sets it, which rests on what these places lack; `may_be_link`: a Service of that name would."""

    rests_on: frozenset[Place] = frozenset()
    may_be_link: bool = False


@dataclass(frozen=True, slots=True)
class Hidden:
    """Its value cannot be told. `present`: it is set for certain; `counts`: and, as far as references go, not empty."""

    doubt: Doubt
    said: str
    source: Source | None = None
    present: bool = False
    counts: bool = False
    unseen: Unseen | None = None


Setting = Set | Absent | Hidden

_SAID: Final = {
    "Secret": "key {key} of Secret {name}",
    "File": "key {key} of a file in volume {name}",
    "Field": "a field of the Pod",
    "ResourceField": "a resource of the container",
}

NOT_WANTED: Final = Unseen(Why.NOT_SYNCED, "this ConfigMap was not asked for", "configmaps")


class Environment:
    """One container's variables, resolved once and asked by name."""

    def __init__(self, container: Container, config_maps: ConfigMaps, *, service_links: bool = True) -> None:
        self._container = container
        self._config_maps = config_maps
        self._service_links = service_links
        self._budget = BUDGET
        self._by_name: dict[str, Setting] = {}
        self._plain = all(map(_is_plain, container.env))
        for entry in () if self._plain else container.env:
            self._by_name[entry.name] = self._entry(entry)

    def value(self, name: str) -> Setting:
        """The setting of that name once every entry is applied."""
        found = self._by_name.get(name)
        if found is None and self._plain:
            last = next((entry for entry in reversed(self._container.env) if entry.name == name), None)
            found = None if last is None else self._entry(last)
        return self._from(name) if found is None else found

    def matching(self, pattern: str) -> tuple[dict[str, Set | Hidden], Absent | Hidden]:
        """What is set under names that match the pattern (one `*`), and what is known of all further such names."""
        names = {entry.name for entry in self._container.env}
        rests: set[Place] = set()
        doubt: Hidden | None = None
        for entry in reversed(self._container.env_from):
            if not may_match(pattern, entry.prefix):
                continue
            found = self._cloud(entry)
            if isinstance(found, Hidden):
                doubt = doubt or found
            elif found is not None:
                names |= {entry.prefix + key for key in found}
                rests.add(Place(entry.name, ANY_KEY))
        settings = {name: self.value(name) for name in sorted(names) if matches(pattern, name)}
        for setting in settings.values():
            if isinstance(setting, Absent):
                rests |= setting.rests_on
        present = {name: setting for name, setting in settings.items() if not isinstance(setting, Absent)}
        return present, doubt or Absent(frozenset(rests), self._link(pattern))

    def _entry(self, entry: Variable) -> Setting:
        source = entry.source
        if source is None:
            return self._composed(entry.value)
        if source.kind == "ConfigMap":
            return self._key(entry.name, source)
        doubt = Doubt.IN_SECRET if source.kind == "Secret" else Doubt.NOT_KNOWN
        said = _SAID[source.kind].format(name=source.name, key=source.key)
        if source.optional:
            return Hidden(doubt, f"{said}, which is optional", present=_is_set(self.value(entry.name)))
        return Hidden(doubt, said, "Secret" if source.kind == "Secret" else "Other", present=True, counts=True)

    def _key(self, name: str, source: ValueSource) -> Setting:
        found = self._config_maps.get(source.name, NOT_WANTED)
        place = Place(source.name, source.key)
        if found is not None and not isinstance(found, Unseen) and source.key in found.data:
            return Set(found.data[source.key], "ConfigMap", frozenset({place}), place)
        said = f"key {source.key} of ConfigMap {source.name}"
        if isinstance(found, Unseen):
            present = not source.optional or _is_set(self.value(name))
            return Hidden(Doubt.UNSEEN, said, None if source.optional else "ConfigMap", present=present, unseen=found)
        if source.optional:
            earlier = self.value(name)
            return earlier if found is None else _resting(earlier, place)
        doubt = Doubt.NO_CONFIG_MAP if found is None else Doubt.NO_KEY
        return Hidden(doubt, said, "ConfigMap", present=True)

    def _from(self, name: str) -> Setting:
        """By envFrom alone: a later source that cannot be read puts a doubt on whatever an earlier one says."""
        rests: set[Place] = set()
        doubt: Hidden | None = None
        setting: Setting = Absent()
        for entry in reversed(self._container.env_from):
            key = name.removeprefix(entry.prefix)
            if not name.startswith(entry.prefix) or not key:
                continue
            found = self._cloud(entry)
            if isinstance(found, Hidden):
                doubt = doubt or found
            elif found is not None:
                place = Place(entry.name, key)
                rests.add(place)
                if key in found:
                    setting = Set(found[key], "ConfigMap", frozenset(rests), place)
                    break
        if doubt is not None:
            return replace(doubt, present=_is_set(setting))
        return setting if isinstance(setting, Set) else Absent(frozenset(rests), self._link(name))

    def _cloud(self, entry: VariablesFrom) -> Mapping[str, str] | Hidden | None:
        """What an envFrom source sets; None: nothing, since it is optional and not there."""
        if entry.kind == "Secret":
            return Hidden(Doubt.IN_SECRET, f"Secret {entry.name}, later in envFrom, may set it")
        found = self._config_maps.get(entry.name, NOT_WANTED)
        if isinstance(found, Unseen):
            return Hidden(Doubt.UNSEEN, f"ConfigMap {entry.name}", unseen=found)
        if found is not None:
            return found.data
        return None if entry.optional else Hidden(Doubt.NO_CONFIG_MAP, f"ConfigMap {entry.name}, in envFrom")

    def _composed(self, text: str) -> Setting:
        """`$(NAME)` sees earlier entries only; what it does not resolve stays as it is written."""
        if "$" not in text and len(text) <= LONGEST:
            return Set(text, "Literal")  # most are: nothing is resolved for them
        whole: list[str] = []
        doubts: list[Hidden] = []
        rests: set[Place] = set()
        for part, name in parts(text):
            setting = self.value(name) if name else Set(part, "Literal")
            if isinstance(setting, Absent) and setting.may_be_link:
                setting = Hidden(Doubt.NOT_KNOWN, f"it refers to {name}, which a Service may set")
            if isinstance(setting, Hidden):
                doubts.append(setting)
                continue
            rests |= setting.rests_on
            whole.append(setting.value if isinstance(setting, Set) else part)
            self._budget -= len(whole[-1]) if name else 0
            if self._budget < 0:
                return Hidden(Doubt.NOT_KNOWN, "its references make it too long", "Literal", present=True)
        if doubts:
            counts = all(doubt.counts for doubt in doubts)
            return replace(doubts[0], source="Literal", present=True, counts=counts)
        value = "".join(whole)
        if len(value) > LONGEST:
            return Hidden(Doubt.NOT_KNOWN, "it is longer than a variable can be", "Literal", present=True)
        return Set(value, "Literal", frozenset(rests))

    def _link(self, name: str) -> bool:
        """The links of the `kubernetes` Service are set even where enableServiceLinks is false."""
        return (self._service_links or name.startswith("KUBERNETES_")) and is_link(name)


def _is_plain(entry: Variable) -> bool:
    """Whether no earlier entry can have a part in its value."""
    return not entry.source.optional if entry.source is not None else "$" not in entry.value


def _is_set(setting: Setting) -> bool:
    return isinstance(setting, Set) or (isinstance(setting, Hidden) and setting.present)


def _resting(setting: Setting, place: Place) -> Setting:
    """The same, known only because that place lacks the key."""
    return setting if isinstance(setting, Hidden) else replace(setting, rests_on=setting.rests_on | {place})
