"""A small world: a few objects of every sort of evidence, one review, an operator, and everything that may befall them."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from tests.cluster.conftest import Space, version_of
from tests.cluster.contract import instant
from tests.cluster.history import History, condition, line
from tests.cluster.kube import Json, Kube, tolerating, without
from tests.cluster.objects import DELIVERY, SECURITY, area, deployment, expectation, review
from tests.cluster.running import Running
from tests.faults.conftest import green, held
from tests.faults.gateway import Asked, Gateway, Says
from tests.faults.hours import Hours
from tests.faults.naive import Objects, certain

PATIENCE: Final = 40.0  # seconds, on a busy machine
PACE: Final = 0.2  # seconds of virtual time at each look: pauses pass tenfold, and no request runs out of time
HOLD: Final = "2m"
NAMES: Final = ("api", "web", "job-runner")
QUALITIES: Final = ("good", "without-probes", "root", "next")
SWITCH: Final = ("settings", "SIMULATION_MODE")
_RULE: Final = {"env": SWITCH[1], "oneOf": ["false"], "restartedAfterChange": "NotRequired"}
SWITCHES: Final = area("switches", expectation("simulation-off", "configuration", {"rules": [_RULE]}))
SECRETS: Final = area(
    "secrets", expectation("synced", "externalSecrets", {"minimum": 1, "references": "Ignore", "maxAge": "48h"})
)
SPECS: Final[dict[str, Json]] = {
    "probes": {"areas": [DELIVERY]},
    "both": {"areas": [DELIVERY, SECURITY]},
    "switches": {"areas": [SWITCHES]},
    "revision": {"areas": [DELIVERY], "subject": {"revision": "2", "versionLabel": "version"}},
    "every": {"areas": [DELIVERY, SECURITY, SWITCHES, SECRETS]},
    "suspended": {"areas": [DELIVERY, SECURITY], "suspend": True},
    "some": {"areas": [DELIVERY, SECURITY], "scope": {"selector": {"matchLabels": {"app": "web"}}}},
}
CHANGES: Final = (
    *((("deploy", name, quality)) for name in NAMES[:2] for quality in QUALITIES),
    *(("undeploy", name, "") for name in NAMES[:2]),
    *(("pod", "api", quality) for quality in QUALITIES),
    *(("settings", value, "") for value in ("false", "true")),
    *(("sync", outcome, "") for outcome in ("True", "False")),
    *((what, "", "") for what in ("remove-pods", "remove-settings", "remove-secret")),
    *(("review", spec, "") for spec in SPECS),
    ("remove-review", "", ""),
)
EVIDENCE: Final = ("deployments", "pods", "configmaps", "externalsecrets")
FAULTS: Final = tuple(
    (name, "", "")
    for name in ("restart", "crash", "cut", "outage", "return", "mute", "storm", "refuse-writes", "calm", "minutes")
) + tuple((name, resource, "") for name in ("forbid", "permit") for resource in EVIDENCE)

DISASTERS: Final = tuple((name, "", "") for name in ("another-server", "another-etcd", "back-in-time"))
"""The control plane itself: seconds each."""

Step = tuple[str, str, str]
_GOOD: Final[list[Step]] = [("settings", "false", ""), ("sync", "True", ""), ("deploy", "api", "good")]
STARTS: Final[tuple[list[Step], ...]] = (
    [*_GOOD, ("review", "every", ""), ("settle", "", "")],
    [("deploy", "api", "good"), ("review", "both", ""), ("settle", "", "")],
    [("deploy", "api", "root"), ("review", "both", ""), ("settle", "", "")],
    [],
)
"""A certificate is at stake, one is in reach, or nothing is there."""
_STEPS: Final = st.one_of(st.sampled_from(CHANGES), st.sampled_from(FAULTS))
PLANS: Final = st.builds(
    lambda start, steps: [*start, *steps], st.sampled_from(STARTS), st.lists(_STEPS, min_size=3, max_size=9)
)
DISASTROUS: Final = st.builds(
    lambda start, before, disaster, after: [*start, ("snapshot", "", ""), *before, disaster, *after],
    st.sampled_from(STARTS[:3]),
    st.lists(_STEPS, min_size=1, max_size=4),
    st.sampled_from(DISASTERS),
    st.lists(_STEPS, min_size=1, max_size=3),
)


STORE: Final[Json] = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "SecretStore",
    "metadata": {"name": "vault"},
    "spec": {"provider": {"vault": {"server": "https://vault.example.com"}}},
}
EXTERNAL_SECRET: Final[Json] = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "db"},
    "spec": {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "SecretStore", "name": "vault"},
        "target": {"name": "db", "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": "password", "remoteRef": {"key": "shop/db"}}],
    },
}


def ready(status: str, reason: str) -> Json:
    """A condition of External Secrets."""
    at = "2026-01-01T00:00:00Z"
    return {"type": "Ready", "status": status, "reason": reason, "message": reason, "lastTransitionTime": at}


def of_quality(workload: Json, quality: str) -> Json:
    """Its template is good, or lacks one thing, or is the next version; each time a ConfigMap says whether it simulates."""
    inside, meta = workload["spec"]["template"]["spec"], workload["spec"]["template"]["metadata"]
    meta["labels"] = {**meta["labels"], "version": "2" if quality == "next" else "1"}
    container = inside["containers"][0]
    source = {"configMapKeyRef": {"name": SWITCH[0], "key": SWITCH[1]}}
    container["env"] = [{"name": SWITCH[1], "valueFrom": source}]
    if quality == "without-probes":
        for probe in ("livenessProbe", "readinessProbe"):
            container.pop(probe, None)
    elif quality == "root":
        inside["securityContext"] = {"runAsNonRoot": None, "runAsUser": None}
    return workload


def replica_set(above: Json, quality: str) -> Json:
    """As the Deployment's controller left it when it rolled on."""
    name = above["metadata"]["name"]
    labels = {"app": name, "pod-template-hash": quality}
    template = of_quality(deployment(name), quality)["spec"]["template"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{quality}",
            "labels": labels,
            "ownerReferences": [owner("apps/v1", "Deployment", above)],
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
        },
    }


def pod(of: Json) -> Json:
    """One that this ReplicaSet made; nobody runs it."""
    meta, template = of["metadata"], of["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{meta['name']}-0",
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner("apps/v1", "ReplicaSet", of)],
        },
        "spec": template["spec"],
    }


def owner(api_version: str, kind: str, of: Json) -> Json:
    meta = of["metadata"]
    return {"apiVersion": api_version, "kind": kind, "name": meta["name"], "uid": meta["uid"], "controller": True}


@dataclass
class World:
    """One namespace; the operator may serve others before and after it."""

    space: Space
    kube: Kube
    gateway: Gateway
    hours: Hours
    begin: Callable[[], Running]
    running: Running | None = None
    away: bool = False
    withdrawn: dict[str, ExitStack] = field(default_factory=dict)
    timeline: list[tuple[int, bool]] = field(default_factory=list)  # (version, verdict of the naive) from then on
    born: dict[tuple[str, int], int] = field(default_factory=dict)  # (uid, generation) -> version
    inherited: str = ""  # uid of the review that was there when history began anew
    anew: History | None = None

    # --- the operator

    def start(self) -> None:
        self.running = self.begin()
        self.running.__enter__()

    def stop(self) -> None:
        if self.running is not None:
            running, self.running = self.running, None
            running.__exit__()

    # --- what may happen

    def do(self, step: Step) -> None:
        what, name, quality = step
        getattr(self, "_" + what.replace("-", "_"))(*(one for one in (name, quality) if one))
        self.agree()

    def _deploy(self, name: str, quality: str) -> None:
        self._happened(self.space.apply(of_quality(deployment(name), quality)))

    def _undeploy(self, name: str) -> None:
        """Nobody collects here what is left behind."""
        if name == "api":
            self._remove_pods()
        self._delete(deployment(name))

    def _pod(self, name: str, quality: str) -> None:
        """One that an older revision of this quality left, if there is such a Deployment."""
        found = [one for one in self._list("/apis/apps/v1", "deployments") if one["metadata"]["name"] == name]
        if not found:
            return
        self.space.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
        made = self.space.apply(replica_set(found[0], quality))
        with tolerating(409):  # it is there already
            self._happened(self.space.create(pod(made)))

    def _remove_pods(self) -> None:
        for one in self._list("/api/v1", "pods"):
            self._delete({"apiVersion": "v1", "kind": "Pod", **one})
        self.kube.request("DELETE", f"/apis/apps/v1/namespaces/{self.space.name}/replicasets")

    def _settings(self, value: str) -> None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SWITCH[0]}, "data": {SWITCH[1]: value}}
        self._happened(self.space.apply(body))

    def _remove_settings(self) -> None:
        self._delete({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SWITCH[0]}})

    def _sync(self, outcome: str) -> None:
        """External Secrets wrote the Secret, or could not."""
        store = self.space.apply(STORE)
        self.kube.put_status({**store, "status": {"capabilities": "ReadWrite", "conditions": [ready("True", "Valid")]}})
        made = self.space.apply(EXTERNAL_SECRET)
        self._happened(made)
        status = {
            "conditions": [ready(outcome, "SecretSynced" if outcome == "True" else "SecretSyncedError")],
            "refreshTime": self.hours.wall().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "syncedResourceVersion": f"{made['metadata']['generation']}-0",
            "binding": {"name": "db"},
        }
        self._happened(self.kube.put_status({**made, "status": status}))

    def _remove_secret(self) -> None:
        self._delete(EXTERNAL_SECRET)

    def _review(self, spec: str) -> None:
        wanted = {"suspend": None, "scope": None, "subject": None, **SPECS[spec]}
        wanted = {key: value for key, value in wanted.items() if value is not None} if not self.review else wanted
        body = {**review(), "spec": wanted}
        written = self.space.apply(body)
        key = (written["metadata"]["uid"], written["metadata"]["generation"])
        self.born.setdefault(key, version_of(written))
        self._happened(written)

    def _remove_review(self) -> None:
        self._delete(review())

    def _settle(self) -> None:
        self.agree(exactly=True)

    def _restart(self) -> None:
        self.stop()
        self.start()

    def _crash(self) -> None:
        """Nothing that it wanted to say at its end gets out."""
        self.gateway.refuse()
        self.stop()
        if not self.away:
            self.gateway.accept()
        self.start()

    def _cut(self) -> None:
        self.gateway.cut()

    def _outage(self) -> None:
        self.away = True
        self.gateway.refuse()

    def _return(self) -> None:
        self.away = False
        self.gateway.accept()

    def _mute(self) -> None:
        """Every open connection falls silent, until the operator notices by itself."""
        self.gateway.mute()
        self._minutes(340)

    def _minutes(self, seconds: float = 200) -> None:
        assert self.running is not None
        self.hours.pass_(self.running, seconds)

    def _storm(self) -> None:
        counter = iter(range(10**9))
        self.gateway.rule = lambda _: Says(429, {"Retry-After": "1"}) if next(counter) % 3 else None

    def _refuse_writes(self) -> None:
        def rule(asked: Asked) -> Says | None:
            return Says(500) if asked.method in {"PUT", "POST"} else None

        self.gateway.rule = rule

    def _calm(self) -> None:
        self.gateway.rule = lambda _: None

    def _forbid(self, resource: str) -> None:
        if resource not in self.withdrawn:
            self.withdrawn[resource] = ExitStack()
            self.withdrawn[resource].enter_context(without(self.kube, resource))
            self.gateway.cut()

    def _permit(self, resource: str = "") -> None:
        for name in list(self.withdrawn) if not resource else [resource]:
            if name in self.withdrawn:
                self._close(name)

    def _close(self, _: str) -> None:
        """In any order: all are given back, and those that remain are taken again."""
        kept = [name for name in self.withdrawn if name != _]
        for name in reversed(list(self.withdrawn)):
            self.withdrawn.pop(name).close()
        for name in kept:
            self._forbid(name)

    def _another_server(self) -> None:
        self.kube.cluster.stop_apiserver()
        self.kube.cluster.start_apiserver()

    def _another_etcd(self) -> None:
        """It crashes under the running API server, and has lost nothing when it is back."""
        self._copy("crash")
        self.kube.cluster.restore_etcd(self._copied("crash"), restart_apiserver=False)

    def _snapshot(self) -> None:
        kept = list(self.withdrawn)
        self._permit()
        self._copy("snapshot")
        for resource in kept:
            self._forbid(resource)

    def _back_in_time(self) -> None:
        """No version of before is comparable with one of after: what is followed begins anew."""
        kept = list(self.withdrawn)
        self._permit()
        self.hold()
        self.kube.cluster.restore_etcd(self._copied("snapshot"))
        self.close()
        self.anew = self.space.history = History(self.kube)
        self.timeline, self.born = [(0, self.expected())], {}
        if (found := self.review) is not None:
            self.inherited = found["metadata"]["uid"]
            self.born[self.inherited, found["metadata"]["generation"]] = 0
        for resource in kept:
            self._forbid(resource)

    def _copied(self, name: str) -> Path:
        return self.kube.cluster.folder / f"copy-{name}"

    def _copy(self, name: str) -> None:
        shutil.rmtree(self._copied(name), ignore_errors=True)
        self.kube.cluster.snapshot_etcd(self._copied(name))

    def heal(self) -> None:
        self._calm()
        self._permit()
        self._return()

    def close(self) -> None:
        if self.anew is not None:
            self.anew.stop()

    # --- what must hold

    def hold(self) -> None:
        """Everything that was written so far is held against what there was."""
        assert not (found := list(self.premature())), "\n".join(found)
        assert not (found := self.space.violations()), "\n".join(found)

    @property
    def review(self) -> Json | None:
        found = self._list("/apis/readiness.dev/v1alpha1", "readinessreviews")
        return found[0] if found else None

    def expected(self) -> bool:
        """The naive verdict upon the live objects."""
        return self._certain(self.review, Objects.read(self.kube, self.space.name))

    def _certain(self, review: Json | None, objects: Objects) -> bool:
        return review is not None and certain(review["spec"], objects)

    def agree(self, *, exactly: bool = False) -> None:
        """Wait until Ready=True only where the naive says so, or by rule Hold."""
        deadline = time.monotonic() + PATIENCE
        objects = Objects.read(self.kube, self.space.name)  # nobody else changes any
        while not self._agrees(objects, exactly=exactly):
            found = self.review
            told = line(found) if found else "no review"
            expected = self._certain(found, objects)
            state = json.dumps({"expected": expected, "away": self.away, "withdrawn": list(self.withdrawn)})
            assert time.monotonic() < deadline, f"{told}\n{state}"
            if self.running is not None:
                self.hours.pass_(self.running, PACE, PACE)
            time.sleep(0.02)

    def _agrees(self, objects: Objects, *, exactly: bool) -> bool:
        found = self.review
        if found is None or self.away or self.gateway.rule(Asked("PUT", "", watch=False)) is not None:
            return not exactly or found is None  # nobody can write now; what is green ends by validUntil
        said = green(found) and found["status"]["observedGeneration"] == found["metadata"]["generation"]
        expected = self._certain(found, objects)
        if exactly:
            done = found["status"]["observedGeneration"] == found["metadata"]["generation"]
            return done and said == expected and not held(found) and condition(found)["reason"] != "Evaluating"
        if said and not expected:
            return held(found) and instant(found["status"]["validUntil"]) > self.hours.wall()
        return True

    def premature(self) -> Iterator[str]:
        """Versions that turned green without any moment, since that generation exists, at which all was good."""
        before: Json | None = None
        for version in self.space.versions("prod"):
            uid, generation = version["metadata"]["uid"], version["metadata"]["generation"]
            if before is None and uid == self.inherited:
                before = version
            turned = green(version) and (
                before is None or not green(before) or before["status"]["observedGeneration"] != generation
            )
            of_it = version.get("status", {}).get("observedGeneration") == generation
            if turned and of_it and not self._was_good(self.born[uid, generation], version_of(version)):
                yield f"{line(version)}\n  {self.timeline}\n  born {self.born}"
            before = version

    def _was_good(self, since: int, until: int) -> bool:
        before = [good for version, good in self.timeline if version <= since][-1:]
        return any([*before, *(good for version, good in self.timeline if since < version <= until)])

    def _happened(self, written: Json) -> None:
        if not self.timeline or version_of(written) > self.timeline[-1][0]:  # otherwise it changed nothing
            self.timeline.append((version_of(written), self.expected()))

    def _delete(self, body: Json) -> None:
        """Its version is told nowhere: it is at least the next one. What it makes good may be certified at once."""
        version = self._version() + 1
        if self.space.delete(body):
            self.timeline.append((version, self.expected()))

    def _version(self) -> int:
        path = f"/apis/apps/v1/namespaces/{self.space.name}/deployments"
        return int(self.kube.request("GET", path)["metadata"]["resourceVersion"])

    def _list(self, root: str, plural: str) -> list[Json]:
        return self.kube.list(f"{root}/namespaces/{self.space.name}/{plural}")
