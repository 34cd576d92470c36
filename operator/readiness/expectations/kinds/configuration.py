"""
Switches that must not be wrong in production have values that are allowed there.

A simulation mode that stayed on, an in-memory fallback, a missing address: such an application starts, answers its
probes and does the wrong thing. A value is judged as the container gets it: envFrom in order, then env in order, the
last one wins, references are expanded, ConfigMaps are followed; or as it stands in a file that a ConfigMap provides.

Reads: the live templates of the selected workloads, Jobs and CronJobs included, and the ConfigMaps that a rule needs.
Secrets are not read: a value behind one is Unknown, unless the rule asks for no more than that it is set, or for where
it comes from. No value is shown unless oneOf names it.
Unmet: one finding per container and setting (per workload with appliesTo AnyContainer), naming what is wrong.
Unknown: also where nothing sets the variable and the rule does not say what that means, where a Secret or a Service may
set it, and where the ConfigMap changed after the workload's oldest Pod was created, since Pods may hold another value.
Silent: on what the image's own ENV sets (unsetMeans is about that), on command lines, on init containers and sidecars
unless containers names them, and on containers that do not mount the file of a rule.

Known limits: after a restart of the operator an edit of labels by the manager that wrote the data looks like a change,
and the removal of a key, or of an optional ConfigMap, moves no time. An immutable ConfigMap counts as unchanged since
its creation. A name with * that no variable of a container fits is met there if another container sets one; Services'
variables are looked for under it only where its fixed part has their form (*_SERVICE_HOST). In files, comments and
quotes of ini, substitutions of env, tags of YAML and dates of TOML are not interpreted but Unknown; whole numbers of
TOML are compared in decimal form.

Example:
    - name: switches
      check:
        configuration:
          rules:
          - {env: SIMULATION_MODE, oneOf: ["false", "0", "off"], unsetMeans: "false"}
          - {env: DB_PASSWORD, source: Secret}
          - {file: {mountPath: /etc/app/system.yaml, key: logging.level}, notOneOf: [debug, trace]}
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from readiness.api.v1alpha1 import instants
from readiness.api.v1alpha1.expectations.configuration import ConfigurationExpectation, ConfigurationRule
from readiness.api.v1alpha1.reasons import Reason
from readiness.evidence.config_maps import ANY_KEY, ConfigMap, Place
from readiness.evidence.configuration import Configured, in_file, judged
from readiness.evidence.environment import Absent, Doubt, Environment, Hidden, Set, Setting
from readiness.evidence.expansion import matches
from readiness.evidence.objects import Ref
from readiness.evidence.seen import Unseen
from readiness.evidence.workloads import Container, Template, Workload, templates
from readiness.expectations.finding import Finding, Outcome, at_revision, gaps, met, unknown, unmet, unseen, worst

NOT_ALLOWED: Final = "SettingNotAllowed"  # its value is not one of those allowed, or is a forbidden one
PRESENT: Final = "SettingPresent"  # it is set, and must not be
WRONG_SOURCE: Final = "SettingWrongSource"  # its value comes from elsewhere than the rule demands
MISSING: Final = "SettingMissing"  # it must be set, and is not, or is empty
CONFIG_MAP_MISSING: Final = "ConfigMapMissing"  # a ConfigMap that decides it does not exist
KEY_MISSING: Final = "ConfigMapKeyMissing"  # that ConfigMap does not have the key
UNREADABLE: Final = "FileUnreadable"  # the file, or the value in it, cannot be read
IN_SECRET: Final = "ValueInSecret"  # noqa: S105  # it is in a Secret, or may be
NOT_KNOWN: Final = "ValueNotKnown"  # only the kubelet knows it
STALE: Final = "StaleConfig"  # its ConfigMap changed after the oldest Pod was created
ABSENT: Final = "SettingAbsent"  # nothing is known to set it, and the rule does not say what that means
NOWHERE_SET: Final = "SettingNowhereSet"  # no selected container is seen to set it: the name may be misspelt
ASSUMED: Final = "DefaultAssumed"  # nothing sets it, and what the application then assumes is allowed
ALLOWED: Final = "SettingAllowed"  # it is as the rule demands
REASONS: Final = (
    NOT_ALLOWED,
    PRESENT,
    WRONG_SOURCE,
    MISSING,
    CONFIG_MAP_MISSING,
    KEY_MISSING,
    UNREADABLE,
    IN_SECRET,
    NOT_KNOWN,
    STALE,
    ABSENT,
    NOWHERE_SET,
    ASSUMED,
    ALLOWED,
)

SKEW: Final = timedelta(minutes=1)
_SETS: Final = frozenset({NOT_ALLOWED, PRESENT, WRONG_SOURCE, MISSING, ALLOWED})
"""Reasons of findings that prove that a container sets the name, where others are merely DefaultAssumed."""
_DOUBTS: Final = {
    Doubt.IN_SECRET: IN_SECRET,
    Doubt.NOT_KNOWN: NOT_KNOWN,
    Doubt.NO_CONFIG_MAP: CONFIG_MAP_MISSING,
    Doubt.NO_KEY: KEY_MISSING,
    Doubt.UNREADABLE: UNREADABLE,
}
_MAY_SET: Final = frozenset({STALE, *_DOUBTS.values()})
"""Reasons of findings after which a container may turn out to set the name: it need not be misspelt."""


def evaluate(want: ConfigurationExpectation, seen: Configured, now: datetime) -> Iterator[Finding]:
    """Judge every rule in every container; one finding per container and setting."""
    workload = seen.workload
    yield from gaps(workload)
    for revision, template in templates(workload):
        containers = [_Container(seen, template, one, now) for one in judged(want, template)]
        for rule in want.rules:
            answers = [answer for container in containers for answer in container.answers(rule)]
            each = [answer.finding for answer in answers]
            found = _any(workload, rule, answers) if want.applies_to == "AnyContainer" else each
            yield from at_revision(found, workload, revision)


def conclude(want: ConfigurationExpectation, found: tuple[Finding, ...]) -> Iterator[Finding]:
    """A name that no selected container sets may be misspelt: its default is then not assumed."""
    nowhere = {
        _item(rule) for rule in want.rules if not (rule.may_be_unset or any(_proves(rule, one) for one in found))
    }
    for finding in found:
        if finding.reason == ASSUMED and finding.subject.item in nowhere:
            yield unknown(finding.subject, NOWHERE_SET, _nowhere(finding, found))
        else:
            yield finding


@dataclass(frozen=True, slots=True)
class _Answer:
    """One rule in one container. `silent`: nothing there sets it, so that it contradicts no other container."""

    finding: Finding
    silent: bool = False


class _Container:
    """What one container says to the rules."""

    def __init__(self, seen: Configured, template: Template, container: Container, now: datetime) -> None:
        self._seen = seen
        self._template = template
        self._container = container
        self._now = now
        self._environment = Environment(container, seen.config_maps, service_links=template.service_links)

    def answers(self, rule: ConfigurationRule) -> Iterator[_Answer]:
        """One for each setting that the rule is about; none where the container does not mount the rule's file."""
        if rule.file is not None:
            found = in_file(self._seen, self._template, self._container, rule.file)
            if found is not None:
                yield self._answer(rule, _item(rule), found.setting, reread=rule.reloads and found.follows)
        elif rule.wildcard:
            settings, others = self._environment.matching(_item(rule))
            yield from (self._answer(rule, name, setting) for name, setting in settings.items())
            further = self._answer(rule, _item(rule), others)
            if not settings or further.finding.outcome is not Outcome.MET:
                yield further
        else:
            yield self._answer(rule, _item(rule), self._environment.value(_item(rule)))

    def _answer(self, rule: ConfigurationRule, item: str, setting: Setting, *, reread: bool = False) -> _Answer:
        workload = self._seen.workload
        subject = workload.subject.at(self._container.name, item)
        finding = _judged(rule, subject, setting, f"under env of container {self._container.name}")
        must_restart = rule.restarted_after_change == "Required" and not reread
        if finding.outcome is Outcome.MET and must_restart and not isinstance(setting, Hidden):
            stale = _stale(self._seen, subject, setting.rests_on, self._now)
            if stale is not None:
                return _Answer(stale)
        unset = isinstance(setting, Absent) and not (rule.must_be_unset or setting.may_be_link)
        return _Answer(finding, silent=unset or finding.reason == MISSING)


def _any(workload: Workload, rule: ConfigurationRule, answers: list[_Answer]) -> Iterator[Finding]:
    """At least one container satisfies, and none contradicts; those that say nothing count only where all do."""
    speaking = [answer.finding for answer in answers if not answer.silent] or [answer.finding for answer in answers]
    if speaking:
        decisive = worst(speaking, REASONS)
        said = f"container {decisive.subject.container}: {decisive.message}" if decisive.message else ""
        yield replace(decisive, subject=workload.subject.at(item=_item(rule)), message=said)


def _judged(rule: ConfigurationRule, subject: Ref, setting: Setting, where: str) -> Finding:
    if rule.must_be_unset and (isinstance(setting, Set) or (isinstance(setting, Hidden) and setting.present)):
        return unmet(subject, PRESENT, f"set {_origin(setting)}, and must not be set: remove it")
    if isinstance(setting, Hidden):
        return _hidden(rule, subject, setting, where)
    return _absent(rule, subject, setting, where) if isinstance(setting, Absent) else _value(rule, subject, setting)


def _value(rule: ConfigurationRule, subject: Ref, setting: Set) -> Finding:
    origin = _origin(setting)
    if not _allowed(rule, setting.value):
        place = "under env" if setting.place is None else origin
        return unmet(subject, NOT_ALLOWED, f"the value {place} is not allowed{_choices(rule)}: change it there")
    if rule.source not in {"Any", setting.source}:
        return unmet(subject, WRONG_SOURCE, f"set {origin}; must come from a {rule.source}: refer to one instead")
    if rule.must_be_set and not setting.value:
        return unmet(subject, MISSING, f"empty {origin}; an empty value counts as not set: give it a value there")
    if rule.file is not None and rule.one_of is None and rule.not_one_of is not None and _placeholder(setting.value):
        return unknown(
            subject, NOT_KNOWN, f"a placeholder {origin}, which only the application resolves: write a value"
        )
    return met(subject, ALLOWED, f"{_shown(rule, setting.value)} {origin}")


def _absent(rule: ConfigurationRule, subject: Ref, setting: Absent, where: str) -> Finding:
    if setting.may_be_link:
        said = "not set in the template, but of the form that Services set: set it, or enableServiceLinks: false"
        return unknown(subject, ABSENT, f"{said} in the Pod's spec")
    if rule.must_be_unset:
        return met(subject, ALLOWED, "not set")
    place = f"in {_short(subject.item)}" if rule.file is not None else where
    if rule.must_be_set:
        return unmet(subject, MISSING, f"not set: set it {place}")
    if rule.wildcard:
        return met(subject, ASSUMED, "no variable of such a name is set")
    if rule.unset_means is None:
        return unknown(
            subject, ABSENT, f"not set: set it {place}, or say in unsetMeans what the application then assumes"
        )
    if not _allowed(rule, rule.unset_means):
        said = "not set, and what unsetMeans says is not allowed"
        return unmet(subject, NOT_ALLOWED, f"{said}{_choices(rule)}: set it {place}")
    return met(subject, ASSUMED, f"not set, which means {_shown(rule, rule.unset_means)}")


def _hidden(rule: ConfigurationRule, subject: Ref, setting: Hidden, where: str) -> Finding:
    said = _short(setting.said, 100)
    if rule.source != "Any" and setting.source not in {None, rule.source}:
        return unmet(subject, WRONG_SOURCE, f"set from {said}; must come from a {rule.source}: refer to one instead")
    if setting.counts and rule.one_of is None and rule.not_one_of is None:
        return met(subject, ALLOWED, f"set from {said}")
    if setting.unseen is not None:
        return unseen(subject, _naming(setting.unseen, said))
    return unknown(subject, _DOUBTS[setting.doubt], f"{said}: {_advice(setting, subject, where)}")


def _advice(setting: Hidden, subject: Ref, where: str) -> str:
    match setting.doubt:
        case Doubt.IN_SECRET if "envFrom" in setting.said and "*" not in subject.item:
            return f"repeat {_short(subject.item)} {where}"
        case Doubt.IN_SECRET | Doubt.NOT_KNOWN:
            return "its value cannot be read: set it as a literal or from a ConfigMap, or demand only mustBeSet"
        case Doubt.NO_CONFIG_MAP:
            return "there is no such ConfigMap: create it, or mark the reference optional"
        case Doubt.NO_KEY:
            return "there is no such key: add it, or narrow the expectation's scope"
        case _:
            return "make it a single plain value in a file of at most 64 KiB"


def _stale(seen: Configured, subject: Ref, places: frozenset[Place], now: datetime) -> Finding | None:
    """Whether a Pod that runs may have been started with another value than is there now."""
    workload, oldest = seen.workload, seen.workload.oldest_pod
    if workload.object.kind == "CronJob" or not workload.pods:
        return None
    for place in sorted(places, key=lambda one: (one.config_map, one.key)):
        config_map = seen.config_maps.get(place.config_map)
        changed = config_map.changes.of(place.key) if isinstance(config_map, ConfigMap) else None
        said = _place(place)
        if changed is None or oldest is None:
            said = f"when {said} changed, or the oldest Pod was created, is not known"
            return unknown(subject, STALE, f"{said}: {_restart(workload)}")
        ahead = max(changed, oldest)
        if ahead - now > SKEW:
            said = f"{said} or a Pod is dated {instants.text(ahead)}, which is in the future: check the clocks"
            return unknown(subject, Reason.TIME_IN_FUTURE, said, holds_until=ahead - SKEW)
        if changed.replace(microsecond=0) > oldest:
            said = f"{said} changed at {instants.text(changed)}, the oldest Pod is of {instants.text(oldest)}"
            return unknown(subject, STALE, f"{said}: {_restart(workload)}")
    return None


def _restart(workload: Workload) -> str:
    kind, name = workload.object.kind, _short(workload.object.name)
    if kind in {"Deployment", "StatefulSet", "DaemonSet"}:
        return f"kubectl rollout restart {kind.lower()}/{name}"
    return f"replace {_short(str(workload.subject))}"


def _allowed(rule: ConfigurationRule, value: str) -> bool:
    folded = value.casefold()
    return folded not in rule.forbidden and (rule.allowed is None or folded in rule.allowed)


def _shown(rule: ConfigurationRule, value: str) -> str:
    """The value as the rule's author wrote it, if it is among oneOf: no other value is ever shown."""
    known = (rule.allowed or {}).get(value.casefold())
    return "a value that is allowed" if known is None else f'"{_short(known)}"'


def _choices(rule: ConfigurationRule) -> str:
    return f" (allowed: {_short(', '.join(rule.one_of))})" if rule.one_of else ""


def _placeholder(value: str) -> bool:
    return "${" in value or "{{" in value


def _origin(setting: Set | Hidden) -> str:
    if isinstance(setting, Hidden):
        return f"from {_short(setting.said, 100)}"
    return "by a literal in env" if setting.place is None else f"from {_place(setting.place)}"


def _place(place: Place) -> str:
    key = "" if place.key == ANY_KEY else f"key {_short(place.key)} of "
    return f"{key}ConfigMap {_short(place.config_map)}"


def _naming(source: Unseen, said: str) -> Unseen:
    return replace(source, message=f"{said}: {_short(source.message, 100)}")


def _item(rule: ConfigurationRule) -> str:
    if rule.file is not None:
        return f"{rule.file.mount_path}:{rule.file.key}"
    assert rule.env is not None
    return rule.env


def _proves(rule: ConfigurationRule, finding: Finding) -> bool:
    """Whether the finding shows that a container sets what the rule is about."""
    return finding.reason in _SETS and matches(_item(rule), finding.subject.item)


def _nowhere(assumed: Finding, found: tuple[Finding, ...]) -> str:
    """What to do about a name that nothing is seen to set; where one may set it, its doubt is to be settled first."""
    item = assumed.subject.item
    said = f"no selected container is seen to set {_short(item)}"
    doubts = (one for one in found if one.reason in _MAY_SET and matches(item, one.subject.item))
    doubtful = next(doubts, None)
    if doubtful is None:
        return f"{said}: correct the name, or set mayBeUnset: true"
    return f"{said} while {_short(str(doubtful.subject), 100)} is {doubtful.reason}: settle that first"


def _short(text: str, length: int = 48) -> str:
    """Cut in the middle: generated names are told apart by their ends."""
    if len(text) <= length:
        return text
    tail = length // 3
    return f"{text[: length - tail - 3]}...{text[-tail:]}"
