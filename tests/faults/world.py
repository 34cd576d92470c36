"""A small world: a few Deployments, one review, an operator, and everything that may befall them."""

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
from tests.cluster.kube import Json, Kube, without
from tests.cluster.objects import DELIVERY, SECURITY, deployment, review
from tests.cluster.running import Running
from tests.faults.conftest import green, held
from tests.faults.gateway import Asked, Gateway, Says
from tests.faults.hours import Hours

PATIENCE: Final = 40.0  # seconds, on a busy machine
PACE: Final = 0.2  # seconds of virtual time at each look: pauses pass tenfold, and no request runs out of time
HOLD: Final = "2m"
NAMES: Final = ("api", "web", "job-runner")
QUALITIES: Final = ("good", "without-probes", "root")
SPECS: Final[dict[str, Json]] = {
    "probes": {"areas": [DELIVERY]},
    "both": {"areas": [DELIVERY, SECURITY]},
    "suspended": {"areas": [DELIVERY, SECURITY], "suspend": True},
    "some": {"areas": [DELIVERY, SECURITY], "scope": {"selector": {"matchLabels": {"app": "web"}}}},
}
CHANGES: Final = (
    *((("deploy", name, quality)) for name in NAMES[:2] for quality in QUALITIES),
    *(("undeploy", name, "") for name in NAMES[:2]),
    *(("review", spec, "") for spec in SPECS),
    ("remove-review", "", ""),
)
FAULTS: Final = tuple(
    (name, "", "")
    for name in ("restart", "crash", "cut", "outage", "return", "mute", "storm", "refuse-writes", "calm", "minutes")
) + tuple((name, resource, "") for name in ("forbid", "permit") for resource in ("deployments", "pods"))

DISASTERS: Final = tuple((name, "", "") for name in ("another-server", "another-etcd", "back-in-time"))
"""The control plane itself: seconds each."""

Step = tuple[str, str, str]
STARTS: Final[tuple[list[Step], ...]] = (
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
    st.sampled_from(STARTS[:2]),
    st.lists(_STEPS, min_size=1, max_size=4),
    st.sampled_from(DISASTERS),
    st.lists(_STEPS, min_size=1, max_size=3),
)


def naive(spec: Json, deployments: list[Json]) -> bool:
    """What a reader of the review would say of these objects, without any of the operator's code."""
    if spec.get("suspend"):
        return False
    selector = spec.get("scope", {}).get("selector", {}).get("matchLabels", {})
    chosen = [one for one in deployments if selector.items() <= one["metadata"].get("labels", {}).items()]
    if not chosen:
        return False
    checks = {name for area in spec["areas"] for one in area["expectations"] for name in one["check"]}
    for one in chosen:
        pod = one["spec"]["template"]["spec"]
        for container in pod["containers"]:
            if "probes" in checks and not {"livenessProbe", "readinessProbe"} <= container.keys():
                return False
        if "nonRoot" in checks and pod.get("securityContext", {}).get("runAsNonRoot") is not True:
            return False
    return True


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
        body = deployment(name)
        if quality == "without-probes":
            for probe in ("livenessProbe", "readinessProbe"):
                body["spec"]["template"]["spec"]["containers"][0].pop(probe, None)
        elif quality == "root":
            body["spec"]["template"]["spec"]["securityContext"] = {"runAsNonRoot": None, "runAsUser": None}
        body["spec"]["template"]["spec"] = {**body["spec"]["template"]["spec"]}
        self._happened(self.space.apply(body))

    def _undeploy(self, name: str) -> None:
        self.space.delete(deployment(name))
        self._happened()

    def _review(self, spec: str) -> None:
        wanted = {"suspend": None, "scope": None, **SPECS[spec]}
        wanted = {key: value for key, value in wanted.items() if value is not None} if not self.review else wanted
        body = {**review(), "spec": wanted}
        written = self.space.apply(body)
        key = (written["metadata"]["uid"], written["metadata"]["generation"])
        self.born.setdefault(key, version_of(written))
        self._happened(written)

    def _remove_review(self) -> None:
        self.space.delete(review())
        self._happened()

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
        found = self.review
        return found is not None and naive(found["spec"], self._list("/apis/apps/v1", "deployments"))

    def agree(self, *, exactly: bool = False) -> None:
        """Wait until Ready=True only where the naive says so, or by rule Hold."""
        deadline = time.monotonic() + PATIENCE
        while not self._agrees(exactly):
            found = self.review
            told = line(found) if found else "no review"
            state = json.dumps({"expected": self.expected(), "away": self.away, "withdrawn": list(self.withdrawn)})
            assert time.monotonic() < deadline, f"{told}\n{state}"
            if self.running is not None:
                self.hours.pass_(self.running, PACE, PACE)
            time.sleep(0.02)

    def _agrees(self, exactly: bool) -> bool:
        found = self.review
        if found is None or self.away or self.gateway.rule(Asked("PUT", "", watch=False)) is not None:
            return not exactly or found is None  # nobody can write now; what is green ends by validUntil
        said = green(found) and found["status"]["observedGeneration"] == found["metadata"]["generation"]
        expected = self.expected()
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
                yield line(version)
            before = version

    def _was_good(self, since: int, until: int) -> bool:
        before = [good for version, good in self.timeline if version <= since][-1:]
        return any([*before, *(good for version, good in self.timeline if since < version <= until)])

    def _happened(self, written: Json | None = None) -> None:
        version = version_of(written) if written else self._version()
        self.timeline.append((version, self.expected()))

    def _version(self) -> int:
        path = f"/apis/apps/v1/namespaces/{self.space.name}/deployments"
        return int(self.kube.request("GET", path)["metadata"]["resourceVersion"])

    def _list(self, root: str, plural: str) -> list[Json]:
        return self.kube.list(f"{root}/namespaces/{self.space.name}/{plural}")
