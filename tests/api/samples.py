"""
Reviews for the tests of the API: one with every field set, and one table of what is refused. Both the models' tests and
the API server's read them, so that the two ways in cannot drift apart unseen.
"""

from dataclasses import dataclass
from typing import Any

import yaml

Json = dict[str, Any]

FULL: Json = yaml.safe_load("""
owner: team-orders
description: Production readiness of the order platform.
subject:
  revision: v1.4.2
  versionLabel: app.kubernetes.io/version
  selector: {matchLabels: {team: orders}}
  images: [{image: "registry.example.com/orders/api@sha256:abc"}]
scope:
  selector:
    matchLabels: {app.kubernetes.io/part-of: order-platform}
    matchExpressions:
    - {key: tier, operator: NotIn, values: [test, ""]}
    - {key: legacy, operator: DoesNotExist}
  kinds: [Deployment, StatefulSet, Rollout]
validFor: 90m
gracePeriod: 0s
suspend: false
areas:
- name: architecture-and-deployment
  title: Architecture & Deployment
  owner: sre
  expectations:
  - name: probes-everywhere
    severity: Advisory
    runbook: https://runbooks.example.com/probes?of=api#top
    check: {probes: {require: [Liveness, Readiness, Startup]}}
  - name: simulation-off
    severity: Blocking
    enforceFrom: "2026-12-01T00:00:00Z"
    check:
      configuration:
        containers: [api]
        appliesTo: AnyContainer
        rules:
        - {env: SIMULATION_MODE, oneOf: ["false", "off"], unsetMeans: "false", mayBeUnset: true, restartedAfterChange: NotRequired}
        - {env: "*_ALLOW_INSECURE_DEFAULTS", mustBeUnset: true}
        - {env: DB_PASSWORD, mustBeSet: true, source: Secret}
        - {file: {mountPath: /etc/app/system.yaml, key: 'a.b\\.c.0', format: yaml}, notOneOf: ["true"], reloads: true}
  - name: databases-backed-up
    scope: {selector: {matchLabels: {tier: data}}, kinds: [StatefulSet]}
    whenNothingSelected: NotApplicable
    except:
    - {kind: StatefulSet, name: red*, container: redis, item: cache-redis-*, reason: a cache; rebuilt from the database}
    check:
      backups:
        maxAge: 26h
        provenBy: [Velero, CronJob]
        claims: StatefulSets
        replicas: One
        offCluster: false
        acceptIndirect: true
        cronJobs: [{name: dump, covers: [{kind: StatefulSet, name: timescaledb}]}]
- name: security-and-compliance
  expectations:
  - {name: non-root, check: {nonRoot: {}}}
  - name: secrets-synced
    check:
      externalSecrets:
        minimum: 1
        selector: {matchLabels: {team: orders}}
        judge: Referenced
        references: Required
        alsoManagedBy: [Certificate]
        providers: [vault]
        maxAge: 2h
        allowOneShot: true
""")


def review(spec: object, name: str = "sample", **metadata: object) -> Json:
    return {
        "apiVersion": "readiness.dev/v1alpha1",
        "kind": "ReadinessReview",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": spec,
    }


def expectation(name: str = "one", **fields: Any) -> Json:
    return {"name": name, "check": {"nonRoot": {}}, **fields}


def area(name: str = "area", *expectations: Json) -> Json:
    return {"name": name, "expectations": list(expectations or (expectation(),))}


def spec(*areas: Json, **fields: Any) -> Json:
    return {"areas": list(areas or (area(),)), **fields}


def checking(**check: Any) -> Json:
    return spec(area("area", expectation(check=check)))


def rule(**fields: Any) -> Json:
    return checking(configuration={"rules": [fields]})


def excepting(**entry: Any) -> Json:
    return spec(area("area", expectation() | {"except": [{"reason": "it is meant to be so", **entry}]}))


def selecting(**requirement: Any) -> Json:
    return spec(scope={"selector": {"matchExpressions": [requirement]}})


CHECK = "spec.areas[0].expectations[0].check"
RULE = f"{CHECK}.configuration.rules[0]"
EXCEPT = "spec.areas[0].expectations[0].except[0]"


@dataclass(frozen=True)
class Refused:
    """A spec, where the operator sees its first problem and what it says, and what the API server says: None if it cannot."""

    why: str
    spec: object
    path: str
    said: str
    server: str | None


MANY = [area(f"area{index}", *(expectation(f"e{i}") for i in range(26))) for index in range(5)]

ACCEPTED = {
    "no CronJob is listed, and none could leave the cluster": checking(backups={"offCluster": True, "cronJobs": []}),
    "no CronJob is listed, and Velero alone counts": checking(backups={"provenBy": ["Velero"], "cronJobs": []}),
}
"""An empty list says what an absent one says."""

REFUSED = (
    Refused("no areas", {}, "spec.areas", "is required", "spec.areas: Required value"),
    Refused(
        "empty areas",
        {"areas": []},
        "spec.areas",
        "has fewer entries than 1",
        "spec.areas in body should have at least 1 items",
    ),
    Refused(
        "seventeen areas",
        spec(*(area(f"a{i}") for i in range(17))),
        "spec.areas",
        "has more than 16 entries",
        "spec.areas: Too many: 17: must have at most 16 items",
    ),
    Refused(
        "130 expectations",
        spec(*MANY),
        "spec.areas",
        "hold 130 expectations, more than 128",
        "a review has at most 128 expectations",
    ),
    Refused(
        "an area twice",
        spec(area("a"), area("a")),
        "spec.areas[1].name",
        "becomes the same type of condition as spec.areas[0]",
        'Duplicate value: {"name":"a"}',
    ),
    Refused(
        "areas that differ in dashes",
        spec(area("a-b"), area("ab")),
        "spec.areas[1].name",
        "becomes the same type of condition as spec.areas[0]",
        "names of areas differ in more than dashes",
    ),
    Refused(
        "an expectation twice",
        spec(area("a", expectation("x"), expectation("x"))),
        "spec.areas[0].expectations[1].name",
        "is the name of spec.areas[0].expectations[0] too",
        'Duplicate value: {"name":"x"}',
    ),
    Refused(
        "an area's name in capitals",
        spec(area("Area")),
        "spec.areas[0].name",
        'is "Area"',
        "spec.areas[0].name in body should match",
    ),
    Refused(
        "an area's name of 49 characters",
        spec(area("a" * 49)),
        "spec.areas[0].name",
        "is longer than 48 characters",
        "spec.areas[0].name: Too long: may not be more than 48",
    ),
    Refused("no check", spec(area("a", {"name": "x"})), CHECK, "is required", f"{CHECK}: Required value"),
    Refused(
        "two kinds",
        checking(nonRoot={}, probes={}),
        CHECK,
        'names more than one kind: "nonRoot", "probes"',
        f"{CHECK}: Too many: 2: must have at most 1 item",
    ),
    Refused("no kind", checking(), CHECK, "names no kind", f"{CHECK} in body should have at least 1 properties"),
    Refused(
        "a kind that is null",
        checking(probes=None),
        CHECK,
        "names no kind",
        f"{CHECK} in body should have at least 1 properties",
    ),
    Refused(
        "an unknown kind",
        checking(probe={}),
        f"{CHECK}.probe",
        "is not a field that this operator knows",
        'unknown field "spec.areas[0].expectations[0].check.probe"',
    ),
    Refused(
        "a misspelt parameter",
        checking(probes={"requires": ["Startup"]}),
        f"{CHECK}.probes.requires",
        "is not a field that this operator knows",
        'unknown field "spec.areas[0].expectations[0].check.probes.requires"',
    ),
    Refused(
        "a parameter where there is none",
        checking(nonRoot={"strict": True}),
        f"{CHECK}.nonRoot.strict",
        "is not a field that this operator knows",
        'unknown field "spec.areas[0].expectations[0].check.nonRoot.strict"',
    ),
    Refused(
        "Python's name of a parameter",
        checking(backups={"max_age": "1h"}),
        f"{CHECK}.backups.max_age",
        "is not a field that this operator knows",
        'unknown field "spec.areas[0].expectations[0].check.backups.max_age"',
    ),
    Refused(
        "an unknown probe",
        checking(probes={"require": ["Live"]}),
        f"{CHECK}.probes.require[0]",
        'is "Live"',
        'Unsupported value: "Live": supported values: "Liveness", "Readiness", "Startup"',
    ),
    Refused(
        "no probe at all",
        checking(probes={"require": []}),
        f"{CHECK}.probes.require",
        "has fewer entries than 1",
        "should have at least 1 items",
    ),
    Refused(
        "four probes",
        checking(probes={"require": ["Startup"] * 4}),
        f"{CHECK}.probes.require",
        "has more than 3 entries",
        "must have at most 3 items",
    ),
    Refused(
        "a list that is text",
        checking(probes={"require": "Startup"}),
        f"{CHECK}.probes.require",
        'must be a list, not "Startup"',
        "must be of type array",
    ),
    Refused(
        "parameters that are a list",
        checking(probes=[]),
        f"{CHECK}.probes",
        'must be a mapping, not "list"',
        "must be of type object",
    ),
    Refused(
        "suspend as text",
        spec(suspend="true"),
        "spec.suspend",
        'must be true or false, not "true"',
        "must be of type boolean",
    ),
    Refused(
        "validFor too short",
        spec(validFor="4m59s"),
        "spec.validFor",
        "must be from 5m to 24h",
        "must be from 5m to 24h",
    ),
    Refused(
        "validFor too long", spec(validFor="24h1s"), "spec.validFor", "must be from 5m to 24h", "must be from 5m to 24h"
    ),
    Refused(
        "validFor without a unit",
        spec(validFor="60"),
        "spec.validFor",
        "is not a duration such as 30s, 26h or 1h30m",
        "spec.validFor in body should match",
    ),
    Refused(
        "validFor as a number",
        spec(validFor=60),
        "spec.validFor",
        "is not a duration such as 30s, 26h or 1h30m",
        "must be of type string",
    ),
    Refused(
        "validFor of 17 characters",
        spec(validFor="99999999999999999h"[:17]),
        "spec.validFor",
        "is not a duration such as 30s, 26h or 1h30m",
        "may not be more than 16",
    ),
    Refused(
        "validFor beyond Go's reach",
        spec(validFor="99999999h"),
        "spec.validFor",
        "is longer than 292 years",
        "type conversion error",
    ),
    Refused(
        "gracePeriod too long",
        spec(gracePeriod="25h"),
        "spec.gracePeriod",
        "must be from 0s to 24h",
        "must be from 0s to 24h",
    ),
    Refused(
        "a subject of nothing",
        spec(subject={}),
        "spec.subject",
        "a subject needs a revision or images",
        "a subject needs a revision or images",
    ),
    Refused(
        "a revision with a space",
        spec(subject={"revision": "a b"}),
        "spec.subject.revision",
        'is "a b"',
        "spec.subject.revision in body should match",
    ),
    Refused(
        "versionLabel without a revision",
        spec(subject={"versionLabel": "v", "images": [{"image": "a"}]}),
        "spec.subject.versionLabel",
        "versionLabel needs a revision that can be a label's value",
        "versionLabel needs a revision that can be a label's value",
    ),
    Refused(
        "versionLabel with a digest",
        spec(subject={"versionLabel": "v", "revision": "sha256:abc"}),
        "spec.subject.versionLabel",
        "versionLabel needs a revision that can be a label's value",
        "versionLabel needs a revision that can be a label's value",
    ),
    Refused(
        "versionLabel with 64 characters",
        spec(subject={"versionLabel": "v", "revision": "a" * 64}),
        "spec.subject.versionLabel",
        "versionLabel needs a revision that can be a label's value",
        "versionLabel needs a revision that can be a label's value",
    ),
    Refused(
        "a label key's name of 64 characters",
        spec(subject={"versionLabel": f"a/{'b' * 64}", "revision": "v"}),
        "spec.subject.versionLabel",
        "has a name of more than 63 characters",
        None,
    ),
    Refused(
        "a label key that is none",
        spec(scope={"selector": {"matchLabels": {"a key": "v"}}}),
        'spec.scope.selector.matchLabels["a key"]',
        'is "a key"',
        None,
    ),
    Refused(
        "a label value that is none",
        spec(scope={"selector": {"matchLabels": {"k": "-v"}}}),
        "spec.scope.selector.matchLabels.k",
        'is "-v"',
        "spec.scope.selector.matchLabels.k in body should match",
    ),
    Refused(
        "In without values",
        selecting(key="k", operator="In"),
        "spec.scope.selector.matchExpressions[0].values",
        "does not fit operator In",
        "In and NotIn need values, Exists and DoesNotExist take none",
    ),
    Refused(
        "Exists with values",
        selecting(key="k", operator="Exists", values=["v"]),
        "spec.scope.selector.matchExpressions[0].values",
        "does not fit operator Exists",
        "In and NotIn need values, Exists and DoesNotExist take none",
    ),
    Refused(
        "an unknown operator",
        selecting(key="k", operator="Equals"),
        "spec.scope.selector.matchExpressions[0].operator",
        'is "Equals"',
        'Unsupported value: "Equals"',
    ),
    Refused(
        "a kind in the wrong case",
        spec(scope={"kinds": ["Statefulset"]}),
        "spec.scope.kinds[0]",
        '"Statefulset" is not a kind',
        None,
    ),
    Refused(
        "a kind in the plural",
        spec(scope={"kinds": ["Deployments"]}),
        "spec.scope.kinds[0]",
        '"Deployments" is not a kind',
        None,
    ),
    Refused(
        "a kind that begins small",
        spec(scope={"kinds": ["deployment"]}),
        "spec.scope.kinds[0]",
        'is "deployment"',
        "spec.scope.kinds[0] in body should match",
    ),
    Refused(
        "a runbook that is no link",
        spec(area("a", expectation(runbook="javascript:alert(1)"))),
        "spec.areas[0].expectations[0].runbook",
        'is "javascript:alert(1)"',
        "runbook in body should match",
    ),
    Refused(
        "a day without a time",
        spec(area("a", expectation(enforceFrom="2026-12-01"))),
        "spec.areas[0].expectations[0].enforceFrom",
        "is not a time such as 2026-12-01T00:00:00Z",
        "enforceFrom in body should match",
    ),
    Refused(
        "a day of no calendar",
        spec(area("a", expectation(enforceFrom="2026-02-30T00:00:00Z"))),
        "spec.areas[0].expectations[0].enforceFrom",
        "is not an instant of any calendar",
        "must be of type date-time",
    ),
    Refused(
        "Advisory twice",
        spec(area("a", expectation(enforceFrom="2026-12-01T00:00:00Z", severity="Advisory"))),
        "spec.areas[0].expectations[0].severity",
        "enforceFrom already means Advisory until then",
        "enforceFrom already means Advisory until then",
    ),
    Refused(
        "an exception for everything",
        excepting(),
        EXCEPT,
        "at least one of kind, name, container and item is needed",
        "at least one of kind, name, container and item is needed",
    ),
    Refused("an exception for a*", excepting(name="ab*"), f"{EXCEPT}.name", 'is "ab*"', "name in body should match"),
    Refused(
        "an exception with * within",
        excepting(item="abc*d"),
        f"{EXCEPT}.item",
        'is "abc*d"',
        "item in body should match",
    ),
    Refused(
        "an exception without much reason",
        excepting(name="abc", reason="because"),
        f"{EXCEPT}.reason",
        "is shorter than 10 characters",
        "should be at least 10 chars long",
    ),
    Refused(
        "a minimum as text",
        checking(externalSecrets={"minimum": "1"}),
        f"{CHECK}.externalSecrets.minimum",
        'must be a whole number, not "1"',
        "must be of type integer",
    ),
    Refused(
        "a negative minimum",
        checking(externalSecrets={"minimum": -1}),
        f"{CHECK}.externalSecrets.minimum",
        "is less than 0",
        "should be greater than or equal to 0",
    ),
    Refused(
        "a minimum beyond reason",
        checking(externalSecrets={"minimum": 1001}),
        f"{CHECK}.externalSecrets.minimum",
        "is more than 1000",
        "should be less than or equal to 1000",
    ),
    Refused(
        "Referenced without references",
        checking(externalSecrets={"judge": "Referenced", "references": "Ignore"}),
        f"{CHECK}.externalSecrets.judge",
        "judge Referenced finds ExternalSecrets through references",
        "judge Referenced finds ExternalSecrets through references",
    ),
    Refused(
        "alsoManagedBy without references",
        checking(externalSecrets={"alsoManagedBy": ["Certificate"], "references": "Ignore"}),
        f"{CHECK}.externalSecrets.alsoManagedBy",
        "alsoManagedBy concerns references",
        "alsoManagedBy concerns references",
    ),
    Refused(
        "neither env nor file",
        rule(mustBeSet=True),
        RULE,
        "exactly one of env and file is needed",
        "exactly one of env and file is needed",
    ),
    Refused(
        "both env and file",
        rule(env="A", file={"mountPath": "/a.env", "key": "k"}, mustBeSet=True),
        RULE,
        "exactly one of env and file is needed",
        "exactly one of env and file is needed",
    ),
    Refused(
        "a rule that demands nothing",
        rule(env="A", mustBeSet=False, source="Any"),
        RULE,
        "at least one of oneOf, notOneOf",
        "at least one of oneOf, notOneOf",
    ),
    Refused(
        "* with oneOf",
        rule(env="A*", oneOf=["x"]),
        f"{RULE}.env",
        "a name with * goes with notOneOf and mustBeUnset only",
        "a name with * goes with notOneOf and mustBeUnset only",
    ),
    Refused(
        "* with unsetMeans",
        rule(env="A*", notOneOf=["x"], unsetMeans="y"),
        f"{RULE}.env",
        "a name with * goes with notOneOf and mustBeUnset only",
        "a name with * goes with notOneOf and mustBeUnset only",
    ),
    Refused("* at both ends", rule(env="*A*", mustBeUnset=True), f"{RULE}.env", 'is "*A*"', "env in body should match"),
    Refused("= in a name", rule(env="A=1", mustBeSet=True), f"{RULE}.env", 'is "A=1"', "env in body should match"),
    Refused(
        "set and unset",
        rule(env="A", mustBeSet=True, mustBeUnset=True),
        f"{RULE}.mustBeUnset",
        "mustBeUnset goes with no other demand",
        "mustBeUnset goes with no other demand",
    ),
    Refused(
        "set and perhaps unset",
        rule(env="A", mustBeSet=True, mayBeUnset=True),
        f"{RULE}.mayBeUnset",
        "mustBeSet and mayBeUnset exclude each other",
        "mustBeSet and mayBeUnset exclude each other",
    ),
    Refused(
        "the value of a Secret",
        rule(env="A", source="Secret", oneOf=["x"]),
        f"{RULE}.source",
        "the value of a Secret cannot be read",
        "the value of a Secret cannot be read",
    ),
    Refused(
        "a file's source",
        rule(file={"mountPath": "/a.env", "key": "k"}, source="ConfigMap"),
        f"{RULE}.source",
        "a file is read from a ConfigMap alone",
        "a file is read from a ConfigMap alone",
    ),
    Refused(
        "a variable that reloads",
        rule(env="A", mustBeSet=True, reloads=True),
        f"{RULE}.reloads",
        "reloads concerns files",
        "reloads concerns files",
    ),
    Refused(
        "allowed and forbidden",
        rule(env="A", oneOf=["on", "off"], notOneOf=["ON"]),
        f"{RULE}.notOneOf",
        "forbids a value that oneOf allows",
        None,
    ),
    Refused(
        "a value without quotes",
        rule(env="A", oneOf=[False]),
        f"{RULE}.oneOf[0]",
        "must be text, not false",
        "must be of type string",
    ),
    Refused(
        "a file of unknown format",
        rule(file={"mountPath": "/etc/app", "key": "k"}, mustBeSet=True),
        f"{RULE}.file.format",
        "cannot be told from the file's ending",
        None,
    ),
    Refused(
        "a file by a crooked path",
        rule(file={"mountPath": "/etc/../a.env", "key": "k"}, mustBeSet=True),
        f"{RULE}.file.mountPath",
        "contains . or ..",
        None,
    ),
    Refused(
        "a relative file",
        rule(file={"mountPath": "a.env", "key": "k"}, mustBeSet=True),
        f"{RULE}.file.mountPath",
        'is "a.env"',
        "mountPath in body should match",
    ),
    Refused(
        "CronJobs that prove nothing",
        checking(
            backups={
                "provenBy": ["Velero"],
                "cronJobs": [{"name": "a", "covers": [{"kind": "StatefulSet", "name": "b"}]}],
            }
        ),
        f"{CHECK}.backups.cronJobs",
        "cronJobs are listed, but provenBy does not name CronJob",
        "cronJobs are listed, but provenBy does not name CronJob",
    ),
    Refused(
        "indirect proof of nothing",
        checking(backups={"provenBy": ["CronJob"], "acceptIndirect": True}),
        f"{CHECK}.backups.acceptIndirect",
        "acceptIndirect concerns Velero",
        "acceptIndirect concerns Velero",
    ),
    Refused(
        "off-cluster snapshots",
        checking(backups={"provenBy": ["VolumeSnapshot"], "offCluster": True}),
        f"{CHECK}.backups.offCluster",
        "with offCluster neither a VolumeSnapshot",
        "with offCluster neither a VolumeSnapshot",
    ),
    Refused(
        "off-cluster by CronJob",
        checking(
            backups={"offCluster": True, "cronJobs": [{"name": "a", "covers": [{"kind": "StatefulSet", "name": "b"}]}]}
        ),
        f"{CHECK}.backups.offCluster",
        "with offCluster neither a VolumeSnapshot",
        "with offCluster neither a VolumeSnapshot",
    ),
    Refused(
        "off-cluster by inference",
        checking(backups={"offCluster": True, "acceptIndirect": True}),
        f"{CHECK}.backups.offCluster",
        "with offCluster neither a VolumeSnapshot",
        "with offCluster neither a VolumeSnapshot",
    ),
    Refused(
        "an unknown field of the spec",
        spec(profiles=["x"]),
        "spec.profiles",
        "is not a field that this operator knows",
        'unknown field "spec.profiles"',
    ),
    Refused("no spec", None, "spec", "is required", "spec: Required value"),
    Refused("a spec that is text", "all", "spec", 'must be a mapping, not "all"', "must be of type object"),
)
