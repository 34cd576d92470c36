"""
Parameters of `configuration`: what a setting may be, and where it is read. A rule that contradicts itself, or that demands
nothing, is refused: it would be met by anything or by nothing, and both look like a judgement.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool

from readiness.api.v1alpha1.parameters import Parameters, cel, listed, schema, true
from readiness.api.v1alpha1.problems import Flaw
from readiness.api.v1alpha1.words import ContainerName, EnvName, FilePath

Format = Literal["yaml", "json", "toml", "properties", "env", "ini"]
FORMATS: dict[str, Format] = {
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "toml": "toml",
    "properties": "properties",
    "env": "env",
    "ini": "ini",
}
"""By the ending of a file's name."""

Value = Annotated[str, Field(max_length=1024)]
Values = Annotated[tuple[Value, ...], Field(min_length=1, max_length=64)]

_PLACE = "exactly one of env and file is needed"
_DEMAND = "at least one of oneOf, notOneOf, mustBeSet, mustBeUnset and source is needed"
_WILDCARD = "a name with * goes with notOneOf and mustBeUnset only"
_EXCLUDES = "mustBeUnset goes with no other demand"
_UNREADABLE = "the value of a Secret cannot be read, so source Secret never meets oneOf or notOneOf"
_SET = "mustBeSet and mayBeUnset exclude each other"
_FILE_SOURCE = "a file is read from a ConfigMap alone, so source concerns env only"
_RELOADS = "reloads concerns files: a running process never sees a changed variable"

# Fragments of CEL.
_VALUED = "has(self.oneOf) || has(self.notOneOf)"
_UNSET = true("mustBeUnset")
_ELSEWHERE = f"{true('mustBeSet')} || (has(self.source) && self.source != 'Any')"


class FileLocation(Parameters):
    """A value inside a configuration file, as the container sees the file."""

    mount_path: FilePath
    """The file's absolute path in the container, for example /etc/app/system.yaml, where a ConfigMap is mounted."""
    key: Annotated[str, Field(min_length=1, max_length=512)]
    r"""
    Where the value stands: dot-separated, \. for a dot inside a key, numbers for list items; the whole name for
    properties.
    """
    format: Format | None = None
    """The file's format. Absent: by the ending of its name."""

    def flaws(self) -> Iterator[Flaw]:
        if re.search(r"/\.\.?(/|$)", self.mount_path):
            yield Flaw("mountPath", "contains . or ..", "write the path as the kernel resolves it")
        if self.format is None and self.written_in is None:
            yield Flaw("format", "cannot be told from the file's ending", f"set format to {listed(get_args(Format))}")

    @property
    def written_in(self) -> Format | None:
        """The format as given, else by the file's ending; None never passes validation."""
        name = self.mount_path.rpartition("/")[2]
        return self.format or FORMATS.get(name.rpartition(".")[2].lower() if "." in name else "")


class ConfigurationRule(Parameters):
    """What one setting must be."""

    model_config = schema(
        cel(
            ("has(self.env) != has(self.file)", _PLACE),
            (f"{_VALUED} || {_ELSEWHERE} || {_UNSET}", _DEMAND),
            (
                f"!has(self.env) || !self.env.contains('*') || !(has(self.oneOf) || has(self.unsetMeans) || {_ELSEWHERE})",
                _WILDCARD,
            ),
            (f"!{_UNSET} || !({_VALUED} || {_ELSEWHERE})", _EXCLUDES),
            (f"!has(self.source) || self.source != 'Secret' || !({_VALUED})", _UNREADABLE),
            ("!has(self.source) || self.source == 'Any' || !has(self.file)", _FILE_SOURCE),
            (f"!{true('reloads')} || has(self.file)", _RELOADS),
            (f"!{true('mustBeSet')} || !{true('mayBeUnset')}", _SET),
        )
    )

    env: EnvName | None = None
    """
    A variable's name. With notOneOf and mustBeUnset it may begin or end with one *, as in *_ALLOW_INSECURE_DEFAULTS.
    Exactly one of env and file.
    """
    file: FileLocation | None = None
    """A value in a file that a ConfigMap provides. Exactly one of env and file."""
    one_of: Values | None = None
    """The values that are allowed, without regard to case. Absent: any that notOneOf does not forbid."""
    not_one_of: Values | None = None
    """The values that are forbidden, without regard to case. Absent: none."""
    must_be_set: StrictBool = False
    """true: it must be set and not empty, whatever unsetMeans says. Absent: false."""
    must_be_unset: StrictBool = False
    """true: it must not be set at all. Absent: false."""
    source: Literal["Any", "Secret", "ConfigMap"] = "Any"
    """Where a variable's value must come from. Absent: Any."""
    unset_means: Value | None = None
    """
    What the application assumes when the Pod template does not set it (the image's own ENV included). Absent: not
    known, so that an unset one is Unknown.
    """
    may_be_unset: StrictBool = False
    """
    true: it is fine that no selected container sets it at all. Absent: false, since a misspelt name is set nowhere.
    """
    restarted_after_change: Literal["Required", "NotRequired"] = "Required"
    """Whether Pods must be younger than the newest change of the value in its ConfigMap. Absent: Required."""
    reloads: StrictBool = False
    """true: the application reads the mounted file again when it changes. Absent: false."""

    @property
    def wildcard(self) -> bool:
        return self.env is not None and "*" in self.env

    @cached_property
    def allowed(self) -> Mapping[str, str] | None:
        """What oneOf allows, as it is written there, by the value without regard to case; None: anything."""
        return None if self.one_of is None else {one.casefold(): one for one in reversed(self.one_of)}

    @cached_property
    def forbidden(self) -> frozenset[str]:
        """What notOneOf forbids, without regard to case."""
        return frozenset(one.casefold() for one in self.not_one_of or ())

    def flaws(self) -> Iterator[Flaw]:
        if (self.env is None) == (self.file is None):
            yield Flaw("", _PLACE, "name a variable with env, or a place in a file with file")
        valued = self.one_of is not None or self.not_one_of is not None
        elsewhere = self.must_be_set or self.source != "Any"
        if not (valued or elsewhere or self.must_be_unset):
            yield Flaw("", _DEMAND, "say what the setting must be")
        if self.wildcard and (self.one_of is not None or self.unset_means is not None or elsewhere):
            yield Flaw("env", _WILDCARD, "write one rule for each name, or use notOneOf or mustBeUnset")
        if self.must_be_unset and (valued or elsewhere):
            yield Flaw("mustBeUnset", _EXCLUDES, "remove mustBeUnset, or the other demands")
        if self.source == "Secret" and valued:
            yield Flaw("source", _UNREADABLE, "use mustBeSet, or source ConfigMap")
        yield from self._misplaced()

    def _misplaced(self) -> Iterator[Flaw]:
        if self.source != "Any" and self.file is not None:
            yield Flaw("source", _FILE_SOURCE, "remove source")
        if self.reloads and self.file is None:
            yield Flaw("reloads", _RELOADS, "remove reloads")
        if self.must_be_set and self.may_be_unset:
            yield Flaw("mayBeUnset", _SET, "remove one of them")
        if self.forbidden & (self.allowed or {}).keys():
            yield Flaw("notOneOf", "forbids a value that oneOf allows", "remove it from one of them")


class ConfigurationExpectation(Parameters):
    """Switches that must not be wrong in production have values that are allowed there."""

    rules: Annotated[tuple[ConfigurationRule, ...], Field(min_length=1, max_length=32)]
    """What must hold, one entry for each setting."""
    containers: Annotated[tuple[ContainerName, ...], Field(min_length=1, max_length=32)] | None = None
    """
    The containers that are judged, by name. Absent: the regular containers of every selected workload, Jobs and
    CronJobs included.
    """
    applies_to: Literal["EveryContainer", "AnyContainer"] = "EveryContainer"
    """
    Whether every container must satisfy a rule, or at least one of each workload while none contradicts it. Absent:
    EveryContainer.
    """
